"""Consents 同意: recorded, withdrawn, and asked for by whatever builds on one: `standing(youth, purpose)`.

Decided here, where the law leaves it open:
- From 14 the person agrees; a guardian's word is then not taken instead (个人信息保护法 31 speaks of under 14 alone).
- A guardian's consent ends by itself on the 14th birthday, even if the paper says longer: help that rests on it goes on
  only when the person has agreed. It is shown as due RENEW_AHEAD days before, so that nobody is left without.
- A new consent to the same purpose (another text, another scope) ends the standing one on its own first day.
- A closed file takes no new consent; a withdrawal is taken at any time, whoever owns the day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.refusals import words_of

from .holding import Refused, hold
from .models import Consent, ConsentPurpose, ConsentText, Youth

AGE_OF_CONSENT = 14
RENEW_AHEAD = timedelta(days=30)

Follow = Callable[[Consent], None]
_followers: list[Follow] = []


def on_withdrawal(follow: Follow) -> None:
    """Have a higher app follow a consent that is taken back, in the same transaction: an app says so when it starts."""
    _followers.append(follow)


def birthday(born_on: date, years: int) -> date:
    """The day somebody turns so old; born on 29 February: on the 28th in other years, as the database has it."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return born_on.replace(year=born_on.year + years, day=28)


def standing(youth: Youth, purpose: str, day: date | None = None) -> Consent | None:
    """The consent of this person to this purpose that holds on the day (today), or None."""
    found: Consent | None = youth.consents.standing(day).filter(purpose=purpose).first()
    return found


def current_text(purpose: str) -> ConsentText:
    """The text that is shown now. Every purpose has one from the start (migration 0020)."""
    found = ConsentText.objects.filter(purpose=purpose).order_by("-version").first()
    assert found is not None, "every purpose has a text"  # noqa: S101
    return found


@transaction.atomic
def give(
    *,
    youth: Youth,
    text: ConsentText,
    giver: str,
    guardian_name: str = "",
    relation: str = "",
    means: str,
    agreed_on: date,
    last_day: date | None = None,
    note: str = "",
    by: User,
    submission_key: UUID | None = None,
) -> Consent:
    """Record what was agreed, under the text that was shown. `last_day`: the last on which it holds. Raises Refused."""
    held = hold(youth, by=by)
    if submission_key and (first := held.consents.filter(submission_key=submission_key).first()):
        done: Consent = first
        return done
    is_guardian = giver == Consent.Giver.GUARDIAN
    fourteen = birthday(held.resident.birth_on, AGE_OF_CONSENT)
    _check(held, giver=giver, agreed_on=agreed_on, last_day=last_day, fourteen=fourteen)
    ends_on = last_day + timedelta(days=1) if last_day else None
    if is_guardian:
        ends_on = min(ends_on, fourteen) if ends_on else fourteen
    consent = Consent(
        youth=held, purpose=text.purpose, text=text, giver=giver, means=means, note=note or None, by=by,
        guardian_name=guardian_name if is_guardian else None, relation=relation if is_guardian else "",
        agreed_on=agreed_on, ends_on=ends_on, submission_key=submission_key,
    )  # fmt: skip
    for earlier in held.consents.standing(agreed_on).filter(purpose=text.purpose):
        earlier.ends_on = agreed_on
        earlier.save(update_fields=["ends_on"])
    try:
        with transaction.atomic():
            consent.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"{words_of(error)}。", field="agreed_on") from None
    return consent


def _check(youth: Youth, *, giver: str, agreed_on: date, last_day: date | None, fourteen: date) -> None:
    today = timezone.localdate()
    if agreed_on > today:
        raise Refused("同意日期不能晚于今天。", field="agreed_on")
    if agreed_on < youth.resident.birth_on:
        raise Refused("同意日期不能早于出生日期。", field="agreed_on")
    if last_day and last_day < agreed_on:
        raise Refused("有效期不能早于同意日期。", field="last_day")
    if agreed_on < fourteen and giver != Consent.Giver.GUARDIAN:
        raise Refused("同意那天不满十四周岁，要由监护人同意。", field="giver")
    if agreed_on >= fourteen and giver != Consent.Giver.SELF:
        raise Refused("同意那天已满十四周岁，要由本人同意。", field="giver")


@transaction.atomic
def withdraw(*, consent: Consent, note: str = "", by: User) -> Consent:
    """Take a consent back, from today on: `standing` answers None at once. Raises Refused when it no longer holds.

    Raises Consent.DoesNotExist when the file has meanwhile passed out of the scope of `by`.
    """
    mine = Consent.objects.visible_to(by, Permission.SEE_YOUTHS)
    held: Consent = mine.select_for_update(of=("self",), no_key=True).get(pk=consent.pk)
    today = timezone.localdate()
    if held.withdrawn_on is not None:
        raise Refused(f"这项同意已于 {held.withdrawn_on} 撤回。")
    if held.ends_on is not None and held.ends_on <= today:
        raise Refused("这项同意已经到期，不用撤回。")
    held.ends_on = held.withdrawn_on = today
    held.withdrawn_at, held.withdrawn_by, held.withdrawal_note = timezone.now(), by, note or None
    held.save(update_fields=["ends_on", "withdrawn_on", "withdrawn_at", "withdrawn_by", "withdrawal_note"])
    for follow in _followers:
        follow(held)
    return held


@dataclass(frozen=True)
class Standing:
    """One purpose on the person's page: the consent that holds, else the last there was."""

    purpose: str
    label: str
    consent: Consent | None
    holds: bool
    is_due: bool  # the guardian's consent ends, or ended, with the 14th birthday, and the person has not been asked

    @property
    def state(self) -> str:
        if self.consent is None:
            return "没有"
        if self.holds:
            return "有效"
        return "已撤回" if self.consent.withdrawn_on else "已到期"


def by_purpose(youth: Youth, consents: Iterable[Consent]) -> list[Standing]:
    """Every purpose of the closed list, with the consent that counts; `consents` are the file's, the newest first."""
    today = timezone.localdate()
    fourteen = birthday(youth.birth_on, AGE_OF_CONSENT)
    found: dict[str, Consent] = {}
    for consent in consents:
        found.setdefault(consent.purpose, consent)
    return [_standing(purpose, found.get(purpose), today, fourteen) for purpose in ConsentPurpose]


def _standing(purpose: ConsentPurpose, consent: Consent | None, today: date, fourteen: date) -> Standing:
    holds = consent is not None and (consent.ends_on is None or consent.ends_on > today)
    is_due = (
        consent is not None
        and consent.giver == Consent.Giver.GUARDIAN
        and consent.withdrawn_on is None
        and consent.ends_on == fourteen
        and fourteen <= today + RENEW_AHEAD
    )
    return Standing(purpose.value, str(purpose.label), consent, holds, is_due)
