"""One timeline of a case 个案: what was found, asked, done and reached, in the order in which it happened.

Joined from the reports 问题上报 that it grew from, the case's steps, its referrals' steps, notes and, since it was
opened, the visits 走访 to the youth. Notes for one's own unit are only there for that unit; what an agency notes for
itself is never here. Who reported is on the report alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from grids.models import User

from .codes import HelpKind, Outcome
from .models import Case, CaseNote, CaseStep, Referral, ReferralStep, Report

# Found shortly before: the visit that led to the case belongs to its story.
BEFORE = timedelta(days=14)


@dataclass(frozen=True)
class Event:
    """One act: `kind` is found, asked, done or reached, in the four words of the page."""

    at: datetime
    kind: str
    who: str
    title: str
    text: str = ""
    tag: str = ""

    @property
    def label(self) -> str:
        return {"found": "发现", "asked": "请求", "done": "办理", "reached": "结果"}[self.kind]


_REACHED = {CaseStep.Kind.CLOSED, CaseStep.Kind.DECLINED}
_STEPS: dict[str, tuple[str, str]] = {
    ReferralStep.Kind.SENT: ("asked", "请{agency}办理{help}"),
    ReferralStep.Kind.ACCEPTED: ("done", "{agency}接收{help}"),
    ReferralStep.Kind.DECLINED: ("done", "{agency}不接收{help}"),
    ReferralStep.Kind.IN_PROGRESS: ("done", "{agency}开始办理{help}"),
    ReferralStep.Kind.REPORTED: ("reached", "{agency}反馈{help}"),
    ReferralStep.Kind.WITHDRAWN: ("done", "撤回给{agency}的{help}"),
    ReferralStep.Kind.CLIMBED: ("asked", "{agency}的{help}超期，上报"),
    ReferralStep.Kind.DUE: ("done", "{agency}的{help}改定期限"),
}


def units_of(user: User) -> set[str]:
    """The divisions whose own notes the person reads: where he or she holds a post or has a grid."""
    posts = {post.division_id for post in user.current_posts if post.division_id}
    return posts | {assignment.grid.community_id for assignment in user.current_assignments}


def timeline(case: Case, user: User, referrals: Iterable[Referral]) -> list[Event]:
    """Everything, oldest first, as far as this reader sees it. 5 statements, always."""
    named = {referral.pk: referral for referral in referrals}
    events = [event for report in case.reports.all() for event in _of_report(report)]
    events += [_of_step(step) for step in case.steps.select_related("by")]
    steps = ReferralStep.objects.visible_to(user).filter(referral__case=case).select_related("by")
    events += [_of_referral(step, named[step.referral_id]) for step in steps if step.referral_id in named]
    mine = Q(level=CaseNote.Level.TEAM) | Q(agency=None, division__in=units_of(user))
    events += [_of_note(note) for note in case.notes.filter(mine).select_related("by", "agency", "division")]
    since = case.created_at - BEFORE
    events += [
        _of_visit(visit) for visit in case.youth.visits.filter(created_at__gte=since).select_related("by")
    ]
    return sorted(events, key=lambda event: event.at)


def _of_report(report: Report) -> list[Event]:
    """What was found, and where it was told as the law wants it."""
    events = [Event(report.found_at, "found", "工作人员", f"上报：{report.get_kind_display()}", report.found)]
    if report.told_at:
        words = f"已向{report.get_authority_display()}报告"
        events.append(Event(report.told_at, "done", "工作人员", words, f"回执：{report.receipt}"))
    return events


def _of_step(step: CaseStep) -> Event:
    kind = "reached" if step.kind in _REACHED else "found" if step.kind == CaseStep.Kind.PROPOSED else "done"
    return Event(step.at, kind, str(step.by or "系统"), str(step.get_kind_display()), step.text or "")


def _of_referral(step: ReferralStep, referral: Referral) -> Event:
    kind, title = _STEPS[step.kind]
    words = title.format(agency=referral.agency, help=HelpKind(referral.help).label)
    tag = str(Outcome(referral.outcome).label) if step.kind == ReferralStep.Kind.REPORTED else ""
    return Event(step.at, kind, str(step.by or "系统"), words, step.text or "", tag)


def _of_note(note: CaseNote) -> Event:
    whose = f"{note.agency}记录" if note.agency else "记录"
    return Event(
        note.at, "done", str(note.by), whose, note.text, "只本单位可见" if note.level == "own" else ""
    )


def _of_visit(visit: Any) -> Event:
    return Event(visit.created_at, "found", str(visit.by), f"{visit.get_method_display()}走访", visit.found)
