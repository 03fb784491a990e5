"""Pairings 结对帮扶: started on a consent, kept up by contacts, planned anew, ended with what came of it.

Decided here:
- Whoever leads cases there pairs, plans and ends; whoever sees the youth logs contacts, the responsible worker above
  all, who is reminded. A youth without a category can be paired too.
- It starts on the standing consent to `pairing`, the guardian's under 14. When that consent is withdrawn or runs out,
  contacts stop at once by themselves: the database takes none for that day or later. It is then ended with its
  outcome, or goes on when there is a new consent and somebody who leads cases says so.
- Contact is due at least once a month, for everybody: the rhythm names no category. A phone call counts.
- What the mentor is told (name, age, telephone, address) rests on the same consent, whose text names it, and is a
  disclosure 提供记录. The category is not among it, nor in the words of the plan.
- Of a closed file a pairing can still be ended, since it must not stay open for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.refusals import words_of
from registry import consents, disclosures
from registry.holding import Refused, hold, once, refuse_used
from registry.models import Consent, ConsentPurpose, DisclosedField, Disclosure, Handover, Youth

from . import pairing_alerts, words
from .codes import RECEIVER_KINDS
from .models import Agency, Pairing, PairingContact, PairingStep
from .models.pairings import PairingQuerySet

# What the text of the consent says that the mentor gets to know, but for the needs, which are told in the plan.
TOLD = (DisclosedField.NAME, DisclosedField.AGE_SEX, DisclosedField.PHONE, DisclosedField.ADDRESS)
TOLD_UNTIL = timedelta(days=365)
_K = PairingStep.Kind
_ENDING = ["ends_on", "because", "outcome", "result", "ended_by", "ended_at"]
_NO_CONSENT = "没有“结对帮扶”的有效同意：不满十四周岁的由监护人同意，满十四周岁的由本人同意。请先登记同意。"


@dataclass(frozen=True)
class Mentor:
    """结对人: a person, or a unit with whoever keeps the contact; `agency` where the unit is one."""

    kind: str
    name: str
    phone: str
    unit: str = ""
    agency: Agency | None = None

    @property
    def words(self) -> str:
        return f"{self.unit} {self.name}" if self.unit else self.name

    @property
    def receiver_kind(self) -> str:
        if self.agency is not None:
            return RECEIVER_KINDS[self.agency.kind]
        is_unit = self.kind == Pairing.Kind.UNIT
        return Disclosure.ReceiverKind.AGENCY if is_unit else Disclosure.ReceiverKind.PERSON


def pairings_of(youth: Youth) -> PairingQuerySet:
    """The pairings of a file that was obtained in scope."""
    related: Any = youth  # the register's types do not know of us
    found: PairingQuerySet = related.pairings.all()
    return found


@transaction.atomic
def pair(
    *,
    youth: Youth,
    mentor: Mentor,
    plan: str,
    every_days: int = Pairing.Rhythm.MONTH,
    starts_on: date | None = None,
    told: Iterable[str] = (),
    by: User,
    submission_key: UUID | None = None,
) -> Pairing:
    """Start a pairing on the consent that holds. `told`: what the mentor is told, DisclosedField codes. Raises Refused.

    The same submission makes one.
    """
    held = hold(youth, by=by, permission=Permission.LEAD_CASES)
    if submission_key and (first := pairings_of(held).filter(submission_key=submission_key).first()):
        done: Pairing = first
        return done
    refuse_used(submission_key)
    starts_on = starts_on or timezone.localdate()
    words.check(plan, "plan")
    _check_mentor(held, mentor)
    consent = _consent_on(held, starts_on)
    pairing = Pairing(
        youth=held, consent=consent, kind=mentor.kind, mentor=mentor.name, unit=mentor.unit or None,
        phone=mentor.phone, agency=mentor.agency, plan=plan, every_days=every_days, starts_on=starts_on,
        next_due_on=starts_on + timedelta(days=every_days), by=by, submission_key=submission_key,
    )  # fmt: skip
    chosen = [field for field in TOLD if field.value in set(told)]
    if chosen:
        pairing.disclosure_id = _tell(held, mentor, chosen, consent, by=by).pk
    _save_new(pairing)
    _step(pairing, _K.STARTED, by=by, text=f"{mentor.words}\n{plan}")
    return pairing


def _check_mentor(youth: Youth, mentor: Mentor) -> None:
    if mentor.kind == Pairing.Kind.UNIT and not mentor.unit:
        raise Refused("单位结对的，要写明单位。", field="unit")
    words.check(mentor.unit, "unit")
    if mentor.agency is not None and not (mentor.agency.is_working and mentor.agency.serves(youth.grid_id)):
        raise Refused("这个单位不在这里帮扶，请另选单位。", field="agency")


def _consent_on(youth: Youth, day: date) -> Consent:
    """The consent that holds today and held on the day. Raises Refused."""
    if day > timezone.localdate():
        raise Refused("开始日期不能晚于今天。", field="starts_on")
    consent = consents.standing(youth, ConsentPurpose.PAIRING)
    if consent is None:
        raise Refused(_NO_CONSENT)
    if consent.agreed_on > day:
        raise Refused(f"{consent.agreed_on} 才同意结对，开始日期不能更早。", field="starts_on")
    return consent


def _save_new(row: Pairing | PairingContact) -> None:
    """Insert once; what the database refuses is said in its words."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "submission_key" in str(error):
            with once():
                raise
        raise Refused(f"{words_of(error)}。") from None


def _tell(
    youth: Youth, mentor: Mentor, fields: list[DisclosedField], consent: Consent, *, by: User
) -> Disclosure:
    today = timezone.localdate()
    until = min(consent.last_day or date.max, today + TOLD_UNTIL)
    return disclosures.disclose(
        youth=youth, given_on=today, receiver=mentor.words[:100], receiver_kind=mentor.receiver_kind,
        fields=fields, why="结对帮扶", means=Disclosure.Means.SPOKEN, until=until, purpose=ConsentPurpose.PAIRING,
        agreement_number=mentor.agency.agreement_number if mentor.agency else "", by=by,
    )  # fmt: skip


def _step(pairing: Pairing, kind: str, *, by: User, text: str) -> None:
    PairingStep.objects.create(pairing=pairing, kind=kind, by=by, text=text)


# --- While it runs


def _held(
    pairing: Pairing, *, by: User, permission: Permission = Permission.LEAD_CASES, closed_too: bool = False
) -> Pairing:
    """The pairing again under a lock, the file locked before it, in the scope of `by`, not ended. Raises Refused.

    Raises Youth.DoesNotExist when the file has meanwhile passed to another grid, FileClosed when it was closed.
    """
    if closed_too:
        mine = Youth.objects.visible_to(by, permission).select_for_update(of=("self",), no_key=True)
        youth: Youth = mine.select_related("resident").get(pk=pairing.youth_id)
    else:
        youth = hold(pairing.youth, by=by, permission=permission)
    found = pairings_of(youth).select_for_update(of=("self",)).select_related("consent")
    held: Pairing = found.get(pk=pairing.pk)
    held.youth = youth
    if held.is_ended:
        raise Refused(f"这次结对已于 {held.ends_on} 结束。")
    return held


def _running(pairing: Pairing, *, by: User, permission: Permission = Permission.LEAD_CASES) -> Pairing:
    held = _held(pairing, by=by, permission=permission)
    if not held.consent_holds:
        raise Refused("同意已撤回或到期，结对人不能再联系。请结束这次结对，或者重新征求同意。")
    return held


@transaction.atomic
def record_contact(
    *, pairing: Pairing, on: date, how: str, text: str, by: User, submission_key: UUID | None = None
) -> PairingContact:
    """Log one contact; the next falls due a rhythm after the latest. Whoever sees the youth may. Raises Refused."""
    held = _held(pairing, by=by, permission=Permission.SEE_YOUTHS)
    if submission_key and (first := held.contacts.filter(submission_key=submission_key).first()):
        done: PairingContact = first
        return done
    refuse_used(submission_key)
    words.check(text, "text")
    if on > timezone.localdate():
        raise Refused("联系日期不能晚于今天。", field="on")
    if on < held.starts_on:
        raise Refused(f"结对从 {held.starts_on} 开始，联系日期不能更早。", field="on")
    contact = PairingContact(pairing=held, on=on, how=how, text=text, by=by, submission_key=submission_key)
    _save_new(contact)
    _replan(held)
    return contact


def _replan(pairing: Pairing) -> None:
    """When the next contact is due: a rhythm after the latest there was, else after the start."""
    latest = pairing.contacts.order_by("-on").values_list("on", flat=True).first()
    due = max(latest or pairing.starts_on, pairing.starts_on) + timedelta(days=pairing.every_days)
    if due != pairing.next_due_on:
        pairing.next_due_on = due
        pairing.save(update_fields=["next_due_on"])
        pairing_alerts.no_longer_due(pairing)


@transaction.atomic
def change_plan(*, pairing: Pairing, plan: str, every_days: int, phone: str, by: User) -> Pairing:
    """The plan, how often, where the mentor is reached. What is as it was leaves no step. Raises Refused."""
    held = _running(pairing, by=by)
    words.check(plan, "plan")
    said = []
    if every_days != held.every_days:
        said.append(f"{Pairing.Rhythm(every_days).label}联系一次")
    if plan != held.plan:
        said.append(plan)
    if phone != held.phone:
        said.append("结对人换了电话")
    if not said:
        return held
    held.plan, held.every_days, held.phone = plan, every_days, phone
    held.save(update_fields=["plan", "every_days", "phone"])
    _step(held, _K.PLANNED, by=by, text="\n".join(said))
    _replan(held)
    return held


@transaction.atomic
def rest_on_new_consent(*, pairing: Pairing, by: User) -> Pairing:
    """Go on, on the consent that holds now: after the 14th birthday, a new text, a withdrawal. Raises Refused."""
    held = _held(pairing, by=by)
    consent = consents.standing(held.youth, ConsentPurpose.PAIRING)
    if consent is None:
        raise Refused(_NO_CONSENT)
    if consent.pk == held.consent_id:
        return held
    held.consent = consent
    held.save(update_fields=["consent"])
    _step(held, _K.CONSENT, by=by, text=f"{consent.giver_words} {consent.agreed_on} 同意")
    pairing_alerts.goes_on(held)
    return held


@transaction.atomic
def end(
    *, pairing: Pairing, because: str, outcome: str, result: str, ends_on: date | None = None, by: User
) -> Pairing:
    """End it, with why and what came of it: all are required. Raises Refused."""
    held = _held(pairing, by=by, closed_too=True)
    words.check(result, "result")
    ends_on = ends_on or timezone.localdate()
    latest = held.contacts.order_by("-on").values_list("on", flat=True).first()
    if ends_on > timezone.localdate():
        raise Refused("结束日期不能晚于今天。", field="ends_on")
    if ends_on < max(held.starts_on, latest or held.starts_on):
        raise Refused("结束日期不能早于开始和最近一次联系。", field="ends_on")
    held.ends_on, held.because, held.outcome, held.result = ends_on, because, outcome, result or None
    held.ended_by, held.ended_at = by, timezone.now()
    try:
        with transaction.atomic():
            held.save(update_fields=_ENDING)
    except IntegrityError as error:
        raise Refused(f"{words_of(error)}。") from None
    _step(held, _K.ENDED, by=by, text=f"{held.get_because_display()}：{held.get_outcome_display()}\n{result}")
    pairing_alerts.ended(held)
    return held


# --- What happens by itself


def consent_withdrawn(consent: Consent) -> None:
    """Contacts have stopped with it; whoever answers for the youth, and whoever paired, is told at once."""
    if consent.purpose == ConsentPurpose.PAIRING:
        pairing_alerts.tell_stopped(consent_id=consent.pk)


@transaction.atomic
def remind() -> int:
    """Alerts of contacts that are due, and of pairings whose consent ran out; returns how many. Run by the sweep."""
    return pairing_alerts.tell_due() + pairing_alerts.tell_stopped()


def follow_handover(handover: Handover, youth: Youth, *, by: User) -> None:
    """The pairings go with the file: the old grid's worker is no longer asked, the new one's is from now on."""
    for pairing in pairings_of(youth).filter(ends_on=None):
        pairing_alerts.no_longer_due(pairing)
    pairing_alerts.tell_due(youth_id=youth.pk)
