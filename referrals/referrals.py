"""Referrals 转介: sent with the least data, answered, worked on, reported back with an outcome; late ones climb.

Decided here:
- It rests on the standing consent to `sharing`, which it names, or on a statutory duty with its clause; to companies,
  volunteers and the like on consent alone. Sending it is a disclosure 提供记录 of exactly the fields given.
- An agency whose agreement is over, or that stopped working with us, is not asked.
- It is to be accepted or declined within REFERRAL_ANSWER_HOURS, and never later than it is due; then it climbs to the
  owner, the lead of the district, the city. So does what is accepted and not reported back by the end of its day.
- Reporting back is possible as soon as it is accepted. What was reported is never altered; more is a new referral.
- A withdrawn one ends with a reason; what was given stays recorded as given. When the consent is taken back on which it
  rests, it ends by that.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from grids.models import User
from registry import consents, disclosures
from registry.holding import Refused, once, refuse_used
from registry.models import Consent, ConsentPurpose, Disclosure, Youth

from . import case_alerts, words
from .cases import running_case
from .codes import ONLY_BY_CONSENT, RECEIVER_KINDS, HelpKind, ReferralField
from .given import given
from .models import Agency, Case, CaseNote, Referral, ReferralStep

LONGEST = timedelta(days=365)
_S, _K, _L = Referral.State, ReferralStep.Kind, Referral.Level
_NEXT: dict[str, str] = {_L.AGENCY: _L.OWNER, _L.OWNER: _L.DISTRICT, _L.DISTRICT: _L.CITY}

_ENDING = ["state", "answered_at", "ended_at", "ended_by", "climbs_at", "reason", "outcome", "result"]


def end_of(day: date) -> datetime:
    """The moment in which a day is over."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


@transaction.atomic
def send(
    *,
    case: Case,
    agency: Agency,
    help_kind: str,
    asked: str,
    fields: Iterable[str],
    duty: str = "",
    clause: str = "",
    due_on: date,
    by: User,
    submission_key: UUID | None = None,
) -> Referral:
    """Ask an agency for one kind of help. `duty` "": it rests on the standing consent. Raises Refused."""
    held = running_case(case, by=by)
    if submission_key and (first := held.referrals.filter(submission_key=submission_key).first()):
        done: Referral = first
        return done
    refuse_used(submission_key)
    chosen = [code for code in ReferralField.values if code in set(fields)]
    _check(held, agency, help_kind=help_kind, asked=asked, fields=chosen, duty=duty, due_on=due_on)
    youth = held.youth
    consent = None if duty else consents.standing(youth, ConsentPurpose.SHARING)
    if not duty and consent is None:
        raise Refused(
            "没有“向协作单位提供信息”的有效同意。请先在档案里登记同意；依法必须提供的，选择法定职责。",
            field="duty",
        )
    if duty and not clause:
        raise Refused("请写明条款。", field="clause")
    disclosure = _disclose(youth, agency, chosen, asked, duty=duty, clause=clause, until=due_on, by=by)
    now = timezone.now()
    answer_by = min(now + timedelta(hours=settings.REFERRAL_ANSWER_HOURS), end_of(due_on))
    referral = Referral(
        case=held, agency=agency, help=help_kind, asked=asked, fields=chosen,
        given=json.dumps(given(youth, chosen), ensure_ascii=False), basis="duty" if duty else "consent",
        consent=consent, duty=duty, clause=clause if duty else "", disclosure_id=disclosure.pk, sent_at=now,
        sent_by=by, answer_by=answer_by, due_on=due_on, climbs_at=answer_by, submission_key=submission_key,
    )  # fmt: skip
    with once():
        referral.save(force_insert=True)
    _step(referral, _K.SENT, by=by, text=asked)
    case_alerts.sent(referral)
    return referral


def _check(
    case: Case, agency: Agency, *, help_kind: str, asked: str, fields: list[str], duty: str, due_on: date
) -> None:
    today = timezone.localdate()
    words.check(asked, "asked")
    if not fields:
        raise Refused("请至少选一项要提供的内容。", field="fields_given")
    if not agency.is_working or not agency.serves(case.youth.grid_id) or help_kind not in agency.helps:
        raise Refused("这个单位不在这里办理这一项，请另选单位。", field="agency")
    if agency.agreement_is_over:
        raise Refused("这个单位的协议已到期，续签以后才能转介。", field="agency")
    if duty and agency.kind in ONLY_BY_CONSENT:
        raise Refused("向企业、志愿队伍等提供信息，只能依据本人或监护人的同意。", field="duty")
    if not today <= due_on <= today + LONGEST:
        raise Refused("反馈期限要在今天到一年之内。", field="due_on")
    running = case.referrals.running().filter(agency=agency, help=help_kind)
    if running.exists():
        raise Refused(f"已经请{agency}办理{HelpKind(help_kind).label}，还没有反馈。", field="agency")


def _disclose(
    youth: Youth,
    agency: Agency,
    fields: list[str],
    asked: str,
    *,
    duty: str,
    clause: str,
    until: date,
    by: User,
) -> Disclosure:
    return disclosures.disclose(
        youth=youth, given_on=timezone.localdate(), receiver=agency.name, receiver_kind=RECEIVER_KINDS[agency.kind],
        fields=fields, why=asked, means=Disclosure.Means.PLATFORM, duty=duty, clause=clause,
        agreement_number=agency.agreement_number, until=until, by=by,
    )  # fmt: skip


def _step(referral: Referral, kind: str, *, by: User | None, text: str = "") -> None:
    ReferralStep.objects.create(referral=referral, kind=kind, by=by, text=text or None)


# --- By the agency


def _own(referral: Referral, *, by: User) -> Referral:
    """The referral again under a lock, one that `by` may answer. Raises Referral.DoesNotExist."""
    mine = Referral.objects.addressed_to(by).select_for_update(of=("self",))
    held: Referral = mine.select_related("agency", "case__owner", "case__youth", "sent_by").get(
        pk=referral.pk
    )
    return held


def _refuse_unless(held: Referral, *states: str) -> None:
    if held.state not in states:
        raise Refused(f"这项转介{held.get_state_display()}，不能这样办理。")


@transaction.atomic
def accept(*, referral: Referral, by: User) -> Referral:
    """The agency takes it on. A second time changes nothing. Raises Refused."""
    held = _own(referral, by=by)
    if held.state in (_S.ACCEPTED, _S.IN_PROGRESS):
        return held
    _refuse_unless(held, _S.SENT)
    held.state, held.answered_at = _S.ACCEPTED, timezone.now()
    held.level, held.climbs_at = _L.AGENCY, end_of(held.due_on)
    held.save(update_fields=["state", "answered_at", "level", "climbs_at"])
    _step(held, _K.ACCEPTED, by=by)
    case_alerts.answered(held)
    return held


@transaction.atomic
def decline(*, referral: Referral, reason: str, by: User) -> Referral:
    """The agency does not take it on, with a reason. Raises Refused."""
    held = _own(referral, by=by)
    _refuse_unless(held, _S.SENT)
    held.state, held.reason, held.answered_at = _S.DECLINED, reason, timezone.now()
    _end(held, by=by)
    _step(held, _K.DECLINED, by=by, text=reason)
    case_alerts.answered(held)
    return held


@transaction.atomic
def begin(*, referral: Referral, by: User) -> Referral:
    """Work on it has begun. A second time changes nothing. Raises Refused."""
    held = _own(referral, by=by)
    if held.state == _S.IN_PROGRESS:
        return held
    _refuse_unless(held, _S.ACCEPTED)
    held.state = _S.IN_PROGRESS
    held.save(update_fields=["state"])
    _step(held, _K.IN_PROGRESS, by=by)
    return held


@transaction.atomic
def report_back(*, referral: Referral, outcome: str, result: str, by: User) -> Referral:
    """What came of it, in a code and in words: both are required. Raises Refused."""
    held = _own(referral, by=by)
    _refuse_unless(held, _S.ACCEPTED, _S.IN_PROGRESS)
    held.state, held.outcome, held.result = _S.REPORTED, outcome, result
    _end(held, by=by)
    _step(held, _K.REPORTED, by=by, text=result)
    case_alerts.reported(held)
    return held


@transaction.atomic
def add_note(
    *, referral: Referral, level: str, text: str, by: User, submission_key: UUID | None = None
) -> CaseNote:
    """A note by the agency: for its own people, or for the case's team as well. Raises Refused."""
    held = _own(referral, by=by)
    if submission_key and (first := held.notes.filter(submission_key=submission_key).first()):
        done: CaseNote = first
        return done
    refuse_used(submission_key)
    note = CaseNote(
        case=held.case,
        referral=held,
        agency=held.agency,
        level=level,
        text=text,
        by=by,
        submission_key=submission_key,
    )
    with once():
        note.save(force_insert=True)
    return note


# --- By those who sent it


@transaction.atomic
def withdraw(*, referral: Referral, reason: str, by: User) -> Referral:
    """Take it back, with a reason. Raises Refused."""
    case = running_case(referral.case, by=by)
    found = case.referrals.select_for_update(of=("self",)).select_related("agency", "sent_by")
    held: Referral = found.get(pk=referral.pk)
    if not held.is_running:
        raise Refused(f"这项转介{held.get_state_display()}，不用撤回。")
    held.case = case
    held.state, held.reason = _S.WITHDRAWN, reason
    _end(held, by=by)
    _step(held, _K.WITHDRAWN, by=by, text=reason)
    case_alerts.withdrawn(held)
    return held


def consent_withdrawn(consent: Consent) -> None:
    """What rests on a consent that was taken back is not gone on with: the agency and the owner are told at once."""
    everyone = Referral.objects.everyone(
        because="the consent was obtained in scope; what rests on it ends with it"
    )
    resting = everyone.running().filter(consent=consent).order_by("id").select_for_update(of=("self",))
    for held in resting.select_related("agency", "case__owner", "case__youth", "sent_by"):
        assert consent.withdrawn_by is not None, "a consent is taken back by somebody"  # noqa: S101
        held.state, held.reason = _S.WITHDRAWN, "当事人撤回了同意"
        _end(held, by=consent.withdrawn_by)
        _step(held, _K.WITHDRAWN, by=consent.withdrawn_by, text=held.reason)
        case_alerts.withdrawn(held)
        case_alerts.consent_withdrawn(held)


def _end(held: Referral, *, by: User) -> None:
    held.ended_at, held.ended_by, held.climbs_at = timezone.now(), by, None
    held.save(update_fields=_ENDING)


# --- By the sweep


def climb_due(now: datetime | None = None) -> int:
    """Raise what is due one level, and tell whoever leads it. Run by the sweep; returns how many were raised."""
    now = now or timezone.now()
    raised = 0
    with transaction.atomic():
        everyone = Referral.objects.everyone(because="the sweep raises whatever is due, wherever it is")
        due = (
            everyone.filter(climbs_at__lte=now)
            .order_by("id")
            .select_for_update(of=("self",), skip_locked=True)
        )
        for referral in due.select_related("agency", "case__owner", "case__youth"):
            referral.level = _NEXT[referral.level]
            last = referral.level == _L.CITY
            referral.climbs_at = None if last else now + timedelta(hours=settings.ESCALATION_HOURS)
            referral.save(update_fields=["level", "climbs_at"])
            _step(referral, _K.CLIMBED, by=None, text=f"上报{referral.get_level_display()}")
            case_alerts.late(referral)
            raised += 1
    return raised
