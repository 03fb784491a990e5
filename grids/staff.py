"""Who may hold which duties together, and the change of a grid's responsible person."""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .models import Assignment, Grid, User
from .permissions import OFFICERS, Role


class StaffRefused(Exception):
    """The change of a post or of a responsibility is not possible. `str()` is a message for the user."""


def refuse_mixed_duties(user: User, *, role: str | None, besides: int | None = None) -> None:
    """Raises StaffRefused when the role (None: responsibility for a grid) does not go with what the person has.

    `besides` is the post that is being changed itself.
    """
    not_over = Q(ends_on=None) | Q(ends_on__gt=timezone.localdate())
    posts = user.posts.filter(not_over)
    others = set((posts.exclude(pk=besides) if besides else posts).values_list("role", flat=True))
    if role in OFFICERS:
        if others - {role} or user.assignments.filter(not_over).exists():
            raise StaffRefused(f"{Role(role).label}不能兼任其他职务：此人还有别的任职或网格责任，请先结束。")
    elif others & set(OFFICERS):
        raise StaffRefused("此人是系统管理员、安全管理员或审计员，不能兼任其他职务。")


@transaction.atomic
def change_lead(grid: Grid, *, to: User | None, by: User, on: date | None = None) -> Assignment | None:
    """更换网格责任人: the lead until now ends on the day `on` (default today), `to` begins on it.

    `to=None` leaves the grid to the lead of its community. Whoever helped in the grid and now leads it stops helping.
    Raises StaffRefused. Handovers are addressed to the grid and thus to whoever leads it next.
    """
    on = on or timezone.localdate()
    # One change of a grid at a time.
    Grid.objects.select_for_update().get(pk=grid.pk)
    leads = grid.assignments.filter(kind=Assignment.Kind.LEAD)
    old = leads.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lte=on).select_related("user").first()
    if leads.filter(starts_on__gt=on).exists():
        raise StaffRefused("这个网格已安排了以后接任的责任人，请先在网格责任里调整那一条。")
    if old is not None and to == old.user:
        raise StaffRefused(f"{old.user.name}已经是这个网格的责任人。")
    if to is not None:
        _refuse_as_lead(to)
    if old is not None:
        _end(old, on=on, by=by)
    if to is None:
        return None
    helping = grid.assignments.filter(Q(ends_on=None) | Q(ends_on__gt=on), user=to)
    for assignment in helping:
        if assignment.starts_on > on:
            raise StaffRefused(f"已安排{to.name}以后在这个网格协助，请先在网格责任里调整那一条。")
        _end(assignment, on=on, by=by)
    new = Assignment(grid=grid, user=to, kind=Assignment.Kind.LEAD, starts_on=on, approved_by=by)
    new._history_user = by  # type: ignore[attr-defined]
    new.save()
    return new


def _refuse_as_lead(user: User) -> None:
    if not user.is_active:
        raise StaffRefused(f"{user.name}的账号已停用，请换一个人，或先由安全管理员启用账号。")
    refuse_mixed_duties(user, role=None)


def _end(assignment: Assignment, *, on: date, by: User) -> None:
    assignment.ends_on = on
    assignment._history_user = by  # type: ignore[attr-defined]
    assignment._change_reason = "更换网格责任人"  # type: ignore[attr-defined]
    assignment.save(update_fields=["ends_on"])
