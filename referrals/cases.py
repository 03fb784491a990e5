"""Cases 个案: opened or proposed, led by an owner, closed on an outcome for each need, reopened.

Decided here:
- Whoever leads cases there (street, district, city) opens one and owns it; a community proposes one, and whoever leads
  cases decides. Grid workers report; they read the cases of their youths and write notes for the team.
- Several cases may run for one youth. A case is for needs 需求 of the file: adding one to the case opens it in the
  file, and "solved" at the closing closes it there; what was only eased or not solved stays open in the file.
- A case without a need is closed only when it has been said what it was for: at least one need with an outcome.
- The owner follows the responsible division: after a handover somebody who leads cases in the new area, of the same
  level as before where there is one, and no change where the owner leads cases there too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.refusals import words_of
from registry import register_row
from registry.codes import NeedKind
from registry.holding import Refused, hold, once, refuse_used
from registry.models import Handover, Need, Youth

from . import case_alerts, words
from .codes import Outcome
from .models import Case, CaseNeed, CaseNote, CaseStep
from .models.cases import CaseQuerySet

NEXT_STEP = timedelta(days=30)
LATEST_STEP = timedelta(days=180)
TITLE_LENGTH = 40
_K = CaseStep.Kind


def cases_of(youth: Youth) -> CaseQuerySet:
    """The cases of a file that was obtained in scope."""
    related: Any = youth  # the register's types do not know of us
    found: CaseQuerySet = related.cases.all()
    return found


@transaction.atomic
def open_case(
    *,
    youth: Youth,
    because: str,
    by: User,
    submission_key: UUID | None = None,
    title: str = "",
    needs: Iterable[str] = (),
    goals: str = "",
    due_on: date | None = None,
) -> Case:
    """Open a case for a youth, or propose one where `by` does not lead cases. `needs`: NeedKind codes. Raises Refused.

    `because`: what was found. Without a title it is called after its beginning. The same submission makes one case.
    """
    if not by.may_in(Permission.PROPOSE_CASES, youth.grid_id):
        raise Refused("个案由社区（村）以上提出；发现问题，请上报。")
    held = hold(youth, by=by, permission=Permission.PROPOSE_CASES)
    if submission_key and (first := cases_of(held).filter(submission_key=submission_key).first()):
        done: Case = first
        return done
    refuse_used(submission_key)
    leads = by.may_in(Permission.LEAD_CASES, held.grid_id)
    words.check(title, "title")
    words.check(goals, "goals")
    case = Case(
        youth=held, title=title or _title_of(because), because=because, goals=goals or None, opened_by=by,
        state=Case.State.OPEN if leads else Case.State.PROPOSED, owner=by if leads else None,
        due_on=_due_day(due_on), submission_key=submission_key,
    )  # fmt: skip
    with once():
        case.save(force_insert=True)
    _step(case, _K.OPENED if leads else _K.PROPOSED, by=by, text=because)
    _add_needs(case, needs)
    if not leads:
        case_alerts.proposed(case)
    return case


def _title_of(because: str) -> str:
    """The first sentence, or a title that says nothing where the sentence says too much."""
    first = because.replace("\n", "。").split("。")[0].strip()[:TITLE_LENGTH]
    return first if first and not words.telling_word(first) else "联合帮扶"


def _due_day(day: date | None) -> date:
    today = timezone.localdate()
    if day is None:
        return today + NEXT_STEP
    if day < today:
        raise Refused("下一步期限不能在今天以前。", field="due_on")
    if day > today + LATEST_STEP:
        raise Refused(f"下一步期限最晚在 {LATEST_STEP.days} 天之内。", field="due_on")
    return day


def _step(case: Case, kind: str, *, by: User | None, text: str = "") -> CaseStep:
    return CaseStep.objects.create(case=case, kind=kind, by=by, text=text or None)


def held_case(case: Case, *, by: User, permission: Permission = Permission.LEAD_CASES) -> Case:
    """The case again under a lock, the file locked before it, in the scope of `by`.

    Raises Youth.DoesNotExist when it has meanwhile passed to another grid, FileClosed when the file was closed.
    """
    youth = hold(case.youth, by=by, permission=permission)
    held: Case = (
        cases_of(youth).select_for_update(of=("self",)).select_related("owner", "opened_by").get(pk=case.pk)
    )
    return held


def running_case(case: Case, *, by: User, permission: Permission = Permission.LEAD_CASES) -> Case:
    """The same, of a case that is running. Raises Refused."""
    held = held_case(case, by=by, permission=permission)
    if not held.is_running:
        raise Refused(f"这个个案{held.get_state_display()}，不能再办理。")
    return held


# --- While it runs


@transaction.atomic
def decide(*, case: Case, accepted: bool, reason: str = "", by: User) -> Case:
    """A proposed case is opened, and owned by whoever opens it; or not, with a reason. Raises Refused."""
    held = held_case(case, by=by)
    if held.state != Case.State.PROPOSED:
        raise Refused(f"这个个案已经{held.get_state_display()}。")
    if not accepted and not reason:
        raise Refused("请写明不立案的理由。", field="reason")
    if accepted:
        held.state, held.owner = Case.State.OPEN, by
    else:
        held.state, held.conclusion = Case.State.DECLINED, reason
        held.ended_at, held.ended_by = timezone.now(), by
    held.save()
    _step(held, _K.OPENED if accepted else _K.DECLINED, by=by, text=reason)
    case_alerts.decided(held, by=by)
    return held


@transaction.atomic
def plan(*, case: Case, goals: str, due_on: date, needs: Iterable[str] = (), by: User) -> Case:
    """Goals, the next due day, and needs to add. What is as it was leaves no step. Raises Refused."""
    held = running_case(case, by=by)
    words.check(goals, "goals")
    if goals != (held.goals or ""):
        held.goals = goals or None
        _step(held, _K.GOALS, by=by, text=goals or "（空）")
    if due_on != held.due_on:
        held.due_on = _due_day(due_on)
        _step(held, _K.DUE, by=by, text=due_on.isoformat())
    held.save(update_fields=["goals", "due_on"])
    if added := _add_needs(held, needs):
        _step(held, _K.NEEDS, by=by, text="、".join(added))
    return held


def _add_needs(case: Case, kinds: Iterable[str]) -> list[str]:
    """Needs of the file, opened there where they are not, for this case; returns the labels of the new ones."""
    wanted = list(dict.fromkeys(kinds))
    if not wanted:
        return []
    youth = case.youth
    open_there = {need.kind: need for need in youth.open_and_closed_needs.open()}
    Need.objects.bulk_create(Need(youth=youth, kind=kind) for kind in wanted if kind not in open_there)
    register_row.refresh([youth.pk])
    here = set(case.needs.values_list("need_id", flat=True))
    found = {need.kind: need for need in youth.open_and_closed_needs.open() if need.pk not in here}
    new = [found[kind] for kind in wanted if kind in found]
    CaseNeed.objects.bulk_create(CaseNeed(case=case, need=need) for need in new)
    return [str(NeedKind(need.kind).label) for need in new]


@transaction.atomic
def add_note(*, case: Case, level: str, text: str, by: User, submission_key: UUID | None = None) -> CaseNote:
    """A note for the team, or for the writer's own unit alone. Whoever sees the youth may write one. Raises Refused."""
    held = held_case(case, by=by, permission=Permission.SEE_YOUTHS)
    if submission_key and (first := held.notes.filter(submission_key=submission_key).first()):
        done: CaseNote = first
        return done
    refuse_used(submission_key)
    if level == CaseNote.Level.TEAM:
        words.check(text, "text")
    note = CaseNote(
        case=held, level=level, text=text, by=by, division_id=unit_of(by), submission_key=submission_key
    )
    with once():
        note.save(force_insert=True)
    return note


def unit_of(user: User) -> str | None:
    """The division of the widest post, else the community of the first grid."""
    codes = [post.division_id for post in user.current_posts if post.division_id]
    codes += [assignment.grid.community_id for assignment in user.current_assignments]
    return min(codes, key=len) if codes else None


# --- The end, and after it


@dataclass(frozen=True)
class NeedOutcome:
    outcome: str
    note: str


@transaction.atomic
def close(
    *, case: Case, outcomes: Mapping[int, NeedOutcome], conclusion: str, asked: str, view: str, by: User
) -> Case:
    """Close on an outcome for each need, and the view that was asked. `outcomes`: id of the CaseNeed → what came of it.

    What is solved is closed in the file too. Raises Refused.
    """
    held = running_case(case, by=by)
    words.check(conclusion, "conclusion")
    needs = list(held.needs.select_related("need"))
    now = timezone.now()
    for each in needs:
        if each.outcome and each.pk not in outcomes:
            continue  # solved before the case was reopened
        told = outcomes.get(each.pk)
        if told is None or not told.outcome or not told.note:
            raise Refused(f"请写明“{each}”的结果。", field=f"note_{each.pk}")
        each.outcome, each.note, each.decided_at, each.decided_by = told.outcome, told.note, now, by
        each.save()
        if told.outcome == Outcome.REACHED and each.need.closed_on is None:
            each.need.closed_on, each.need.outcome = timezone.localdate(), told.note
            each.need.save(update_fields=["closed_on", "outcome"])
    held.state, held.ended_at, held.ended_by = Case.State.CLOSED, now, by
    held.conclusion, held.asked, held.view = conclusion, asked, view
    try:
        with transaction.atomic():
            held.save()
    except IntegrityError as error:
        raise Refused(f"{words_of(error)}。") from None
    _step(held, _K.CLOSED, by=by, text=_closing_words(held, needs))
    register_row.refresh([held.youth_id])
    return held


def _closing_words(case: Case, needs: Iterable[CaseNeed]) -> str:
    """What stands in the timeline for good, also after the case is reopened."""
    lines = [f"{need}：{need.get_outcome_display()}。{need.note}" for need in needs]
    return "\n".join([str(case.conclusion), *lines, f"{case.get_asked_display()}的意见：{case.view}"])


@transaction.atomic
def reopen(*, case: Case, reason: str, due_on: date | None = None, by: User) -> Case:
    """Go on with a closed case. What was solved stays so; the other needs are asked for again at the next closing."""
    held = held_case(case, by=by)
    if held.state != Case.State.CLOSED:
        raise Refused(f"这个个案{held.get_state_display()}，不用重新进行。")
    held.state, held.owner, held.due_on = Case.State.REOPENED, by, _due_day(due_on)
    held.ended_at = held.ended_by = held.conclusion = held.view = None
    held.asked = ""
    held.save()
    held.needs.exclude(outcome=Outcome.REACHED).update(
        outcome="", note=None, decided_at=None, decided_by=None
    )
    _step(held, _K.REOPENED, by=by, text=reason)
    return held


# --- What follows a handover, and what keeps a file open


def keeps_open(youth: Youth) -> str:
    """Why the file cannot be closed: nobody could go on with a case on a closed one. "" when it can."""
    number = cases_of(youth).unfinished().count()
    return f"还有 {number} 件个案没有结，先结案再结档。" if number else ""


def follow_handover(handover: Handover, youth: Youth, *, by: User) -> None:
    """The cases go with the file: each gets an owner who leads cases where it is now; its referrals go on."""
    for case in cases_of(youth).unfinished().select_related("owner").select_for_update(of=("self",)):
        if case.state == Case.State.PROPOSED:
            case_alerts.proposed(case)
            continue
        former = case.owner
        if former is not None and former.may_in(Permission.LEAD_CASES, youth.grid_id):
            continue
        case.youth = youth
        case.owner = _owner_there(former, youth.grid_id)
        case.save(update_fields=["owner"])
        _step(case, _K.OWNER, by=None, text=f"随交接改由{case.owner}（{case.owner.label}）牵头")
        running = case.referrals.running().count()
        case_alerts.carried(case, former, running=running, event=str(handover.pk), by=by)


def _owner_there(former: User | None, grid: str) -> User:
    """Of the same level as before where there is one, else the nearest above; the city's lead is always there."""
    leads = case_alerts.leads_around(grid)
    before = (
        min((len(post.division_id) for post in former.current_posts if post.division_id), default=9)
        if former
        else 9
    )
    for lead in leads:
        if any(post.division_id and len(post.division_id) <= before for post in lead.current_posts):
            return lead
    return leads[-1]
