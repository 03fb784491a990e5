"""Verbs on enrolments 类别认定: add a category, end one."""

import calendar
import re
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from . import register_row
from .holding import Refused, hold, keep, once, refuse_used
from .models import Category, Enrolment, Youth
from .models.youths import age_on
from .reasons import knows_reasons
from .visits import visit_period

# 预防未成年人犯罪法 art. 59: records of police, courts and special education are sealed and rest on nobody's evidence.
_SEALED_SOURCES = re.compile(
    r"公安|派出所|民警|法院|检察院|判决|裁定|拘留|行政处罚|治安处罚|不起诉|专门学校|专门教育|工读"
)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def review_day(category: Category) -> date:
    """When a category verified today is looked at again."""
    return add_months(timezone.localdate(), category.review_months)


@transaction.atomic
def enrol(
    *,
    youth: Youth,
    category: Category,
    starts_on: date,
    evidence: str,
    clause: str = "",
    review_on: date | None = None,
    by: User,
    submission_key: UUID | None = None,
) -> Enrolment:
    """Add a category to an open file. The clause and the review date default to the category's.

    The same submission twice makes one. Raises Refused (ages, dates, evidence, or the category runs already).
    """
    held = hold(youth, by=by, permission=Permission.ENROL)
    if submission_key and (first := held.enrolments.filter(submission_key=submission_key).first()):
        done: Enrolment = first
        return done
    refuse_used(submission_key)
    _check_may(held, category, by=by)
    review_on = review_on or review_day(category)
    _check_days(held, category, starts_on=starts_on, review_on=review_on)
    _check_evidence(held, category, evidence)
    enrolment = Enrolment(
        youth=held,
        category=category,
        starts_on=starts_on,
        evidence=evidence,
        clause=clause or category.clause,
        verified_by=by,
        review_on=review_on,
        submission_key=submission_key,
    )
    with once():
        keep(enrolment, by=by, why="认定类别")
    _come_sooner(held, by=by)
    register_row.refresh([held.pk])
    return enrolment


def _check_may(youth: Youth, category: Category, *, by: User) -> None:
    if category.is_private and not knows_reasons(by, youth.grid_id):
        raise Refused("请选择列表中的类别。", field="category")
    if youth.enrolments.open().filter(category=category).exists():
        raise Refused("这个类别已经认定，不必重复添加。", field="category")


def _check_days(youth: Youth, category: Category, *, starts_on: date, review_on: date) -> None:
    today = timezone.localdate()
    if starts_on > today:
        raise Refused("起始日期不能晚于今天。", field="starts_on")
    if starts_on < youth.resident.birth_on:
        raise Refused("起始日期不能早于出生日期。", field="starts_on")
    if review_on <= today:
        raise Refused("复核日期要晚于今天。", field="review_on")
    if review_on > add_months(today, 24):
        raise Refused("复核日期最晚在两年之内。", field="review_on")
    limits = f"{category.name}要求 {category.age_min}–{category.age_max} 周岁"
    for day, words in ((starts_on, "起始日"), (today, "今天")):
        age = age_on(youth.resident.birth_on, day)
        if not category.age_min <= age <= category.age_max:
            raise Refused(f"{limits}，{words} {day} 时 {age} 周岁，不能认定。", field="category")


def _check_evidence(youth: Youth, category: Category, evidence: str) -> None:
    if category.code == "misconduct" and (word := _SEALED_SOURCES.search(evidence)):
        raise Refused(
            f"依据里不能写“{word[0]}”：公安、法院、检察和专门教育的记录依法封存，"
            "只能写家长、学校、社区或本人的说法。",
            field="evidence",
        )
    if category.code == "left_behind" and youth.resident.hukou_is_rural is False:
        raise Refused("登记为非农村户籍，不属于农村留守儿童；如登记有误，请先更正。", field="category")


def _come_sooner(youth: Youth, *, by: User) -> None:
    """A new category may ask for a visit earlier than planned. The words are the same for every category."""
    latest = timezone.localdate() + visit_period(youth)
    if youth.next_due_on is None or youth.next_due_on > latest:
        youth.next_due_on = latest
        keep(youth, by=by, why="调整走访安排", fields=["next_due_on"])


@transaction.atomic
def end(*, enrolment: Enrolment, ends_on: date, reason: str, by: User) -> Enrolment:
    """End a category with a reason. Ending what has ended changes nothing. Raises Refused.

    Raises Enrolment.DoesNotExist when `by` may not know of it (any more).
    """
    held = hold(enrolment.youth, by=by, permission=Permission.ENROL)
    known = held.enrolments.known_to(by, held).select_related("category")
    current: Enrolment = known.get(pk=enrolment.pk)
    if current.ends_on is not None:
        return current
    if ends_on < current.starts_on:
        raise Refused(f"终止日期不能早于起始日期 {current.starts_on}。", field="ends_on")
    if ends_on > timezone.localdate():
        raise Refused("终止日期不能晚于今天。", field="ends_on")
    _end(current, ends_on=ends_on, reason=reason, by=by)
    register_row.refresh([held.pk])
    return current


@transaction.atomic
def review(*, enrolment: Enrolment, note: str, by: User) -> Enrolment:
    """A category was looked at again 复核 and still holds: the next review is a period away, `note` says what was seen.

    The same day's review twice changes nothing. Raises Refused when the category has ended, and
    Enrolment.DoesNotExist when `by` may not know of it (any more).
    """
    held = hold(enrolment.youth, by=by, permission=Permission.ENROL)
    known = held.enrolments.known_to(by, held).select_related("category")
    current: Enrolment = known.get(pk=enrolment.pk)
    if current.ends_on is not None:
        raise Refused(f"这个类别已于 {current.ends_on} 终止，不用再复核。")
    if current.review_on != review_day(current.category):
        current.review_on, current.review_note = review_day(current.category), note
        keep(current, by=by, why="复核，仍符合", fields=["review_on", "review_note"])
    return current


def end_all(youth: Youth, *, reason: str, by: User) -> None:
    """End every open enrolment of a file that is being closed. The caller holds the file and refreshes the copies."""
    for enrolment in youth.enrolments.open():
        _end(enrolment, ends_on=timezone.localdate(), reason=reason, by=by)


def _end(enrolment: Enrolment, *, ends_on: date, reason: str, by: User) -> None:
    enrolment.ends_on, enrolment.end_reason, enrolment.ended_by = ends_on, reason, by
    keep(enrolment, by=by, why="终止类别", fields=["ends_on", "end_reason", "ended_by"])
