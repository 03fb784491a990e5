"""Agencies 协作单位: registered, changed, ended; who answers for them.

Decided here:
- Whoever manages places manages agencies that serve the own area: a district those of its area, the city and the system
  administrator all. Whoever leads cases there sees them.
- Who makes somebody an agency's member approves it by that (未成年人网络保护条例 36); the post 协作单位人员 itself is
  given by the security administrator. An agency user without an agency has an empty inbox.
- An agency with referrals that are not reported back is not ended.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.refusals import words_of
from registry.holding import Refused, keep

from .models import Agency, AgencyMember, Referral


@transaction.atomic
def save(
    *,
    agency: Agency | None = None,
    name: str,
    kind: str,
    area: str,
    helps: Iterable[str],
    agreement_number: str = "",
    agreement_ends_on: date | None = None,
    contact: str = "",
    by: User,
    submission_key: UUID | None = None,
) -> Agency:
    """Register an agency, or change what is said of one. `area`: a division's code. Raises Refused."""
    if (
        agency is None
        and submission_key
        and (first := Agency.objects.filter(submission_key=submission_key).first())
    ):
        return first
    if by.prefixes(Permission.MANAGE_PLACES) and not by.may_in(Permission.MANAGE_PLACES, area):
        raise Refused("服务区域要在您管理的范围内。", field="area")
    held = _held(agency, by=by) if agency is not None else Agency(submission_key=submission_key)
    held.name, held.kind, held.area_id, held.helps = name, kind, area, list(helps)
    held.agreement_number, held.agreement_ends_on, held.contact = agreement_number, agreement_ends_on, contact
    if Agency.objects.filter(name=name).exclude(pk=held.pk).exists():
        raise Refused("已有同名的单位。", field="name")
    try:
        with transaction.atomic():
            keep(held, by=by, why="修改协作单位" if agency else "登记协作单位")
    except IntegrityError as error:
        raise Refused(f"{words_of(error)}。") from None
    return held


def _held(agency: Agency, *, by: User) -> Agency:
    return Agency.objects.managed_by(by).select_for_update(of=("self",)).get(pk=agency.pk)


@transaction.atomic
def end(*, agency: Agency, by: User) -> Agency:
    """No new referrals from now on, and nobody of it signs in to them. Raises Refused."""
    held = _held(agency, by=by)
    if held.closed_on is not None:
        return held
    everyone = Referral.objects.everyone(because="whether any is running, wherever; none is shown")
    if everyone.running().filter(agency=held).exists():
        raise Refused("还有转介没有反馈，请等办完或撤回以后再停止合作。")
    held.closed_on = timezone.localdate()
    keep(held, by=by, why="停止合作", fields=["closed_on"])
    for member in held.members.current():
        member.ends_on = timezone.localdate()
        keep(member, by=by, why="停止合作", fields=["ends_on"])
    return held


def candidates() -> "list[User]":
    """Who can be made a member: holds a post of an agency today and belongs to none."""
    users = User.objects.filter(is_active=True, posts__role="agency").distinct().order_by("name", "username")
    taken = set(AgencyMember.objects.current().values_list("user_id", flat=True))
    return [user for user in users if user.pk not in taken and user.may(Permission.ANSWER_REFERRALS)]


@transaction.atomic
def add_member(*, agency: Agency, user: User, ends_on: date | None = None, by: User) -> AgencyMember:
    """From today on. Raises Refused."""
    held = _held(agency, by=by)
    if not held.is_working:
        raise Refused("这个单位已停止合作。")
    if ends_on is not None and ends_on <= timezone.localdate():
        raise Refused("终止日期要晚于今天。", field="ends_on")
    member = AgencyMember(agency=held, user=user, ends_on=ends_on, approved_by=by)
    try:
        with transaction.atomic():
            keep(member, by=by, why="加入协作单位")
    except IntegrityError as error:
        raise Refused(f"{words_of(error)}。", field="user") from None
    return member


@transaction.atomic
def end_member(*, member: AgencyMember, by: User) -> AgencyMember:
    """From today on this person sees nothing of the agency's any more. A second time changes nothing."""
    _held(member.agency, by=by)
    held = AgencyMember.objects.select_for_update().get(pk=member.pk)
    if held.is_current:
        held.ends_on = timezone.localdate()
        keep(held, by=by, why="离开协作单位", fields=["ends_on"])
    return held
