"""Reports 问题上报: made by whoever sees youths there, asked of the level above, answered with what was done.

Decided here:
- Everybody who sees youths in an area reports there, and sees its reports. Whoever answers for the grid, and the cadres
  of the community and above, answer; a deputy or a league group leader 团小组长 does not.
- An ordinary report goes to whoever answers for the grid; when that is the finder, to the first level above that has
  somebody else. An urgent one goes to all of them up to the district at once. What nobody answered in time climbs,
  level by level, to the city.
- A child in danger (one of the nine situations) makes a report urgent. It stays red until which authority was told,
  when, by whom and under which number is written down: posting it here is not the legal report (未成年人保护法 11).
  Before that it is neither answered nor joined; a case may be opened at once, and it stays red all the same.
- A report is joined to another one about the very same youth, dwelling or grid, so that both have one scope and go with
  one file. What has been joined is answered with the other.
- What was written when it was found is never altered, and what has ended stays as it ended (a trigger).
- Who found it is known to those who see the report. The family's sheet (registry/request_sheet.py) does not name
  reports, no agency sees one, and paper does not name the finder.
- A closed file takes no new report; what is found of that person again opens the file first, or is reported of the
  home.
- The report of a household stays when one person's file is sealed: it is the home's, and names nobody by id.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from grids.models import Grid, Post, ResponsiblePerson, User
from grids.permissions import Permission, Role
from registry.holding import Refused, hold, once, refuse_used
from registry.models import Dwelling, Handover, Residence, Youth

from . import cases, report_alerts
from .models import Case, Report
from .models.reports import ORDINARY, UNTOLD, URGENT
from .report_alerts import LEVELS

_DIGITS = {"community": 12, "street": 9, "district": 6, "city": 4}
_CADRES = (Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY)
_NOT_YOURS = "这件事由责任网格员和上级答复，您可以看进展。"


# --- Making one


@transaction.atomic
def make_report(
    *,
    youth: Youth | None = None,
    dwelling: Dwelling | None = None,
    grid: Grid | None = None,
    place: str = "",
    kind: str,
    found: str,
    urgent: bool = False,
    danger: str = "",
    by: User,
    submission_key: UUID | None = None,
) -> Report:
    """Report what was found about a youth, a household (its dwelling), or a place in a grid. Raises Refused.

    The same submission twice makes one report. Those who must act are told in the same transaction.
    """
    if submission_key:
        mine = Report.objects.visible_to(by).filter(found_by=by, submission_key=submission_key)
        if first := mine.first():
            done: Report = first
            return done
        refuse_used(submission_key)
    made = Report(**_subject(youth, dwelling, grid, place, by=by), kind=kind, found=found)
    made.found_by, made.submission_key = by, submission_key
    made.urgent, made.danger = urgent or bool(danger), danger
    made.rank = UNTOLD if danger else URGENT if urgent else ORDINARY
    made.level = _first_level(made.grid_id, but=by, least="district" if made.urgent else "grid")
    made.due_at = made.found_at + timedelta(hours=_hours(urgent=made.urgent))
    with once():
        made.save(force_insert=True)
    report_alerts.tell([made.pk])
    if made.danger:
        report_alerts.ask_which_authority(made)
    return made


def _subject(
    youth: Youth | None, dwelling: Dwelling | None, grid: Grid | None, place: str, *, by: User
) -> dict[str, Any]:
    """The columns that say what it is about, read again in the scope of `by`. Raises Refused, or DoesNotExist."""
    if youth is not None:
        held = hold(youth, by=by)
        return {"about": Report.About.YOUTH, "youth": held, "grid": held.grid}
    if dwelling is not None:
        door: Dwelling = Dwelling.objects.visible_to(by).select_related("grid").get(pk=dwelling.pk)
        return {"about": Report.About.HOUSEHOLD, "dwelling": door, "grid": door.grid}
    if grid is None or not place:
        raise Refused("请写明是哪个地方。", field="where")
    if not by.may_in(Permission.SEE_YOUTHS, grid.pk):
        raise Refused("这个网格不在您负责的范围内。", field="grid")
    return {"about": Report.About.PLACE, "place": place, "grid": grid}


def _hours(*, urgent: bool) -> int:
    return int(settings.REPORT_HOURS_URGENT if urgent else settings.REPORT_HOURS)


def _first_level(grid: str, *, but: User, least: str) -> str:
    """The first level, from `least` on, that has somebody else than the finder to answer."""
    if least == "grid" and not ResponsiblePerson.objects.filter(grid=grid, user=but).exists():
        return "grid"
    posts = Post.objects.current().filter(user__is_active=True, role__in=_CADRES).exclude(user=but)
    above = posts.filter(division_id__in=[grid[:digits] for digits in _DIGITS.values()])
    held = set(above.values_list("role", flat=True))
    return next((level for level in LEVELS[LEVELS.index(least) :] if level in held), "city")


# --- Who may do what with one


def may_answer(report: Report, user: User) -> bool:
    """Whoever answers for the grid, and the cadres of its community and above."""
    if any(
        post.role in _CADRES and report.grid_id.startswith(post.division_id or "-")
        for post in user.current_posts
    ):
        return True
    return ResponsiblePerson.objects.filter(grid=report.grid_id, user=user).exists()


def _held(report: Report, *, by: User, answers: bool = True) -> Report:
    """The report again under a lock, in scope, and one that `by` may act on. Raises Refused, Report.DoesNotExist."""
    mine = Report.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    held: Report = mine.select_related("youth", "grid__community", "ended_by").get(pk=report.pk)
    if not may_answer(held, by) and (answers or held.found_by_id != by.pk):
        raise Refused(_NOT_YOURS)
    return held


def _to_end(report: Report, *, by: User, case: bool = False) -> Report:
    held = _held(report, by=by)
    if not held.is_new:
        when = f"{timezone.localtime(held.ended_at):%m-%d %H:%M}"
        raise Refused(f"{held.ended_by}已于 {when} 处理：{held.get_state_display()}。")
    if held.is_untold and not case:
        raise Refused("孩子有危险的，先写明报告了哪个机关，才能答复或合并。")
    return held


# --- What is done with one


@transaction.atomic
def tell_authority(
    report: Report, *, authority: str, told_at: datetime, told_by: str, receipt: str, by: User
) -> Report:
    """Write down the legal report 强制报告 of a child in danger, once: then it is no longer red. Raises Refused."""
    held = _held(report, by=by, answers=False)
    if not held.danger:
        raise Refused("只有孩子有危险的上报才要登记。")
    if not held.is_untold:
        raise Refused(f"已经登记过：{held.get_authority_display()}，{held.receipt}。")
    if told_at > timezone.now():
        raise Refused("报告时间不能晚于现在。", field="told_at")
    held.authority, held.told_at, held.told_by, held.receipt = authority, told_at, told_by, receipt
    held.told_entered_by, held.told_entered_at, held.rank = by, timezone.now(), URGENT
    held.save(
        update_fields=[
            "authority",
            "told_at",
            "told_by",
            "receipt",
            "told_entered_by",
            "told_entered_at",
            "rank",
        ]
    )
    report_alerts.authority_was_told(held)
    return held


@transaction.atomic
def answer(report: Report, *, outcome: str, by: User) -> Report:
    """End it with what was done, and tell the finder. Raises Refused."""
    held = _to_end(report, by=by)
    held.outcome = outcome
    _end(held, Report.State.ANSWERED, by=by, words="已答复")
    return held


def joinable(report: Report) -> list[Report]:
    """Other reports about the very same that this one can be joined to, the latest first."""
    same = Report.objects.everyone(because="about the very same youth, dwelling or grid as the one in hand")
    same = same.filter(
        about=report.about, youth=report.youth_id, dwelling=report.dwelling_id, grid=report.grid_id
    )
    others = same.exclude(pk=report.pk).exclude(state=Report.State.JOINED).exclude(rank=UNTOLD)
    return list(others.order_by("-found_at", "id")[:20])


@transaction.atomic
def join(report: Report, *, to: Report, by: User) -> Report:
    """Two workers found the same: this one is answered with the other. Raises Refused."""
    pair = Report.objects.visible_to(by).filter(pk__in=[report.pk, to.pk])
    list(pair.order_by("id").select_for_update(of=("self",), no_key=True))
    held = _to_end(report, by=by)
    if held.joined.exists():
        raise Refused("已有别的上报并入这一件，请把另一件并到这里来。", field="to")
    other = next((each for each in joinable(held) if each.pk == to.pk), None)
    if other is None:
        raise Refused("只能并入关于同一个人、同一户或同一网格的另一件上报。", field="to")
    held.joined_to = other
    _end(held, Report.State.JOINED, by=by, words="并入了另一件")
    return held


def of_case(report: Report, *, by: User) -> list[Youth]:
    """Whose case it can become: the youth's, or one of those who live in the household; nobody's for a place."""
    if report.about == Report.About.PLACE:
        return []
    files = Youth.objects.visible_to(by, Permission.PROPOSE_CASES).open()
    if report.youth_id:
        return list(files.filter(pk=report.youth_id))
    living = Residence.objects.visible_to(by).current().filter(dwelling=report.dwelling_id)
    return list(files.filter(resident__in=living.values("resident_id")).order_by("birth_on", "id"))


@transaction.atomic
def open_case(
    report: Report,
    *,
    youth: Youth,
    because: str,
    needs: Iterable[str] = (),
    title: str = "",
    goals: str = "",
    by: User,
    submission_key: UUID | None = None,
) -> Case:
    """Open a case from it, or propose one, which goes on with it. The same submission makes one. Raises Refused."""
    # The file before the report, as an accepted handover locks them.
    hold(youth, by=by, permission=Permission.PROPOSE_CASES)
    if submission_key:
        mine = Report.objects.visible_to(by).filter(pk=report.pk, case__submission_key=submission_key)
        if again := mine.select_related("case").first():
            assert again.case is not None  # noqa: S101 - found by its case
            return again.case
    held = _to_end(report, by=by, case=True)
    if youth.pk not in [each.pk for each in of_case(held, by=by)]:
        raise Refused("这个青少年不住在这一户，请重新选择。", field="youth")
    held.case = cases.open_case(
        youth=youth,
        because=because,
        needs=needs,
        title=title,
        goals=goals,
        by=by,
        submission_key=submission_key,
    )
    words = "已立个案" if held.case.state == Case.State.OPEN else "已提出立个案"
    _end(held, Report.State.CASE, by=by, words=words)
    return held.case


def _end(held: Report, state: str, *, by: User, words: str) -> None:
    held.state, held.ended_by, held.ended_at = state, by, timezone.now()
    held.save(update_fields=["state", "outcome", "joined_to", "case", "ended_by", "ended_at"])
    report_alerts.ended(held, by=by, words=words)


# --- What happens by itself


@transaction.atomic
def climb_due(now: datetime | None = None) -> int:
    """Raise what nobody answered in time one level; returns how many. Run by the sweep."""
    now = now or timezone.now()
    everyone = Report.objects.everyone(because="the sweep raises every report that is owed an answer")
    due = everyone.filter(state=Report.State.NEW, due_at__lte=now).exclude(level="city")
    late = list(due.order_by("id").select_for_update(of=("self",), no_key=True, skip_locked=True)[:500])
    for report in late:
        report.level = LEVELS[LEVELS.index(report.level) + 1]
        report.due_at = now + timedelta(hours=settings.ESCALATION_HOURS)
        report.save(update_fields=["level", "due_at"])
    if late:
        report_alerts.tell([report.pk for report in late])
    return len(late)


@transaction.atomic
def follow() -> int:
    """Tell whoever answers by now: after a change of worker, a new cadre. Run by the sweep."""
    return report_alerts.tell()


def follow_handover(handover: Handover, youth: Youth, *, by: User) -> None:
    """The new grid is asked at once for what the old one has not answered; the reports are in its scope by now."""
    waiting_ones = Report.objects.everyone(
        because="what is reported of a file goes with it, whoever accepts it"
    )
    report_alerts.tell(waiting_ones.filter(youth=youth, state=Report.State.NEW).values_list("pk", flat=True))


def waiting(user: User) -> dict[str, int]:
    """For the day page: how many wait in the person's area, how many are urgent, how many red, how many late."""
    if not user.may(Permission.SEE_YOUTHS):
        return {}
    new = Q(state=Report.State.NEW)
    return dict(
        Report.objects.visible_to(user).pending().order_by().aggregate(
            pending=Count("pk"),
            urgent=Count("pk", filter=Q(rank__lte=URGENT)),
            untold=Count("pk", filter=Q(rank=UNTOLD)),
            late=Count("pk", filter=new & Q(due_at__lt=timezone.now())),
        )
    )  # fmt: skip
