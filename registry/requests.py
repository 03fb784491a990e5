"""Requests 个人信息请求: received, answered in writing, and done (个人信息保护法 44–50; 网络数据安全管理条例 23).

Community, street, district and city receive; district and city answer. No law gives a number of days: the deadline is
a term of registry/retention.toml.

Decided here: a child may ask for himself or herself (未成年人网络保护条例 34 names both). To delete means to make the
closed file anonymous before its time; a file that is open is closed first, since as long as the duty to help runs the
law does not ask for its deletion (art. 47). What departments hold of somebody who lives here is not ours to delete, and
would come back with the next file: it is refused in writing, and the department named. Nobody's answer says anything
of what is sealed.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from grids import alerts
from grids.models import Alert, Post, User
from grids.permissions import Permission, Role

from . import retention, seal_ledger
from .holding import Refused, once
from .models import PersonRequest, Resident, Youth
from .retention_policy import term

_Capacity, _Identity = PersonRequest.Capacity, PersonRequest.Identity
# By what an identity can have been checked, of whom.
PROOFS: dict[str, tuple[str, ...]] = {
    _Capacity.SELF: (_Identity.CARD, _Identity.BOOK),
    _Capacity.GUARDIAN: (_Identity.BOOK, _Identity.GUARDIANSHIP),
    _Capacity.RELATIVE: (_Identity.KINSHIP,),
    _Capacity.AGENT: (_Identity.MANDATE,),
}
_EVENING = time(23, 59)
_MISMATCH = "这样核对不能证明申请人的身份，请按申请人是谁来选。"


def area_of(resident: Resident) -> str:
    """The grid whose people see to a request about this person: the file's, else that of the home, or of the last one.

    "" for somebody who never lived here.
    """
    youth: Youth | None = getattr(resident, "youth", None)
    if youth is not None:
        return str(youth.grid_id)
    home = (
        resident.residences.select_related("dwelling").order_by(F("ends_on").desc(nulls_first=True)).first()
    )
    return str(home.dwelling.grid_id) if home else ""


@transaction.atomic
def receive(
    *,
    resident: Resident,
    kind: str,
    capacity: str,
    asker_name: str,
    asker_contact: str = "",
    identity: str,
    wants: str,
    received_on: date,
    by: User,
    submission_key: UUID | None = None,
) -> PersonRequest:
    """Take a request in. The same submission twice makes one. Raises Refused.

    The caller has obtained the resident in scope. Whoever answers in the area is told at once.
    """
    grid = area_of(resident)
    if not by.may_in(Permission.RECEIVE_REQUESTS, grid or "-"):
        raise Refused("这个人不在您的范围内。")
    about = PersonRequest.objects.visible_to(by).filter(resident=resident)
    if submission_key and (first := about.filter(submission_key=submission_key).first()):
        return first
    if identity not in PROOFS[capacity]:
        raise Refused(_MISMATCH, field="identity")
    if received_on > timezone.localdate():
        raise Refused("收到日期不能晚于今天。", field="received_on")
    made = PersonRequest(
        resident=resident,
        grid_id=grid,
        kind=kind,
        capacity=capacity,
        asker_name=asker_name,
        asker_contact=asker_contact,
        identity=identity,
        wants=wants,
        received_on=received_on,
        due_on=term("answer").after(received_on),
        received_by=by,
        submission_key=submission_key,
    )
    with once():
        made.save(force_insert=True)
    _tell(
        made,
        "received",
        Alert.Kind.REQUEST_RECEIVED,
        f"收到一件个人信息请求（{made.get_kind_display()}），请在 {made.due_on:%m-%d} 前书面答复",
        answerers(grid),
    )
    return made


def answerers(grid: str) -> list[int]:
    """Who answers in this area: the district's cadres, else the city's."""
    posts = Post.objects.current().filter(user__is_active=True)
    for role, code in ((Role.DISTRICT, grid[:6]), (Role.CITY, grid[:4])):
        found = sorted(set(posts.filter(role=role, division=code).values_list("user_id", flat=True)))
        if found:
            return found
    return []


def _tell(request: PersonRequest, event: str, kind: str, text: str, people: list[int]) -> int:
    """An alert that names nobody. Without the file's id: the sweep settles what is about a closed file."""
    return alerts.raise_alert(
        event_key=f"request:{request.pk}:{event}",
        kind=kind,
        text=text,
        addressees=people,
        path=f"/requests/{request.pk}/",
        wants_act=event != "answered",
        due_at=None
        if event == "answered"
        else timezone.make_aware(datetime.combine(request.due_on, _EVENING)),
    )


def remind_due(*, today: date | None = None) -> int:
    """On the day an answer is due, tell whoever answers and whoever received it; returns alerts written. Nightly."""
    today = today or timezone.localdate()
    everyone = PersonRequest.objects.everyone(because="deadlines are kept whoever looks")
    due = everyone.open().filter(due_on__lte=today)
    return sum(
        _tell(
            request,
            "due",
            Alert.Kind.REQUEST_DUE,
            f"个人信息请求（{request.get_kind_display()}）{request.due_on:%m-%d} 到期，还没有书面答复",
            [*answerers(request.grid_id), request.received_by_id],
        )
        for request in due
    )


def waiting(user: User) -> dict[str, int]:
    """What the day page of whoever receives or answers shows: how many wait, how many are late."""
    if not user.may(Permission.RECEIVE_REQUESTS):
        return {}
    late = Count("pk", filter=Q(due_on__lt=timezone.localdate()))
    mine = PersonRequest.objects.visible_to(user).open().order_by()
    return dict(mine.aggregate(open=Count("pk"), late=late))


# --- Deleting


@dataclass(frozen=True)
class Erasure:
    """Whether what is asked to be deleted can go today. `refusal`: what a refusal in writing would say, if not."""

    may: bool
    what: str = ""
    refusal: str = ""
    close_first: bool = False


def erasure_of(request: PersonRequest) -> Erasure:
    """What deleting would mean for the person of this request."""
    resident = request.resident
    if resident is None:
        return Erasure(False)
    youth: Youth | None = getattr(resident, "youth", None)
    if youth is None:
        return Erasure(False, refusal=_THEIRS + _until(resident))
    if youth.state != Youth.State.CLOSED:
        return Erasure(
            False,
            refusal="档案还在使用，是履行法定职责所必需的，依照个人信息保护法第四十七条现在不能删除；"
            "情况消失、结档以后可以再提出。",
            close_first=True,
        )
    if reason := retention.keeps_back(youth):
        return Erasure(False, refusal=reason)
    return Erasure(
        True, what="这份已结的档案立即匿名化：姓名、走访、认定、附言全部删除，只留不能复原的统计数字。"
    )


_THEIRS = (
    "您所说的信息由有关部门依法登记（实有人口、住房、就学、就业等），我们没有为本人建立档案，不能替部门删除；"
    "请向登记的部门提出。"
)


def _until(resident: Resident) -> str:
    """Of somebody who has left: until when it is kept. (Unless he or she is somebody's guardian; that is not said.)"""
    if resident.residences.current().exists():
        return ""
    left_on = resident.residences.aggregate(on=Max("ends_on"))["on"]
    return (
        f"本人已不在本市，我们这里的登记最迟在 {term('left').after(left_on)} 之后自动删除。"
        if left_on
        else ""
    )


# --- The answer


def answer(
    request: PersonRequest, *, outcome: str, text: str, done: str = "", erase: bool = False, by: User
) -> PersonRequest:
    """Answer in writing, once. `erase`: the closed file becomes anonymous in the same moment.

    An erasure is told to the ledger first, so that no restored backup brings the file back. Raises
    PersonRequest.DoesNotExist when it left the scope of `by`, Refused when it is answered already, when a deletion is
    granted without being done, or cannot be done.
    """
    erased: list[str] = []
    try:
        with transaction.atomic():
            held, youth = _answered(request, outcome=outcome, text=text, done=done, erase=erase, by=by)
            if youth is not None:
                erased.append(str(youth.pk))
                said = {"by": by.pk, "closed_on": str(youth.closed_on)}
                seal_ledger.add(seal_ledger.ERASED, str(youth.pk), said)
                retention.make_anonymous(youth, by=by)
                held.refresh_from_db(fields=["resident"])
            _tell_answered(held, by=by)
    except BaseException:
        for file in erased:
            seal_ledger.add(seal_ledger.VOID, file)
        raise
    return held


def _answered(
    request: PersonRequest, *, outcome: str, text: str, done: str, erase: bool, by: User
) -> tuple[PersonRequest, Youth | None]:
    """The request with its answer, and the file that is to go with it."""
    mine = PersonRequest.objects.visible_to(by, Permission.ANSWER_REQUESTS)
    held: PersonRequest = mine.select_for_update(of=("self",)).get(pk=request.pk)
    if not held.is_open:
        raise Refused(
            f"这件请求已由{held.answered_by}于 {held.answered_on} 答复：{held.get_outcome_display()}。"
        )
    youth = _to_erase(held, outcome, erase=erase)
    held.outcome, held.answer, held.done = outcome, text, done
    held.answered_by, held.answered_on = by, timezone.localdate()
    held.save(update_fields=["outcome", "answer", "done", "answered_by", "answered_on"])
    return held, youth


def _tell_answered(held: PersonRequest, *, by: User) -> None:
    alerts.settle(f"request:{held.pk}:")
    if held.received_by_id != by.pk:
        told = f"个人信息请求（{held.get_kind_display()}）已答复：{held.get_outcome_display()}"
        _tell(held, "answered", Alert.Kind.REQUEST_ANSWERED, told, [held.received_by_id])


def _to_erase(held: PersonRequest, outcome: str, *, erase: bool) -> Youth | None:
    """The closed file that is to become anonymous with this answer, locked. Raises Refused."""
    granted = outcome in (PersonRequest.Outcome.GRANTED, PersonRequest.Outcome.PARTLY)
    if held.kind != PersonRequest.Kind.DELETE:
        return None
    if erase and not granted:
        raise Refused("不同意或撤回的请求，不能同时删除。", field="erase")
    if not erase:
        if outcome == PersonRequest.Outcome.GRANTED:
            raise Refused(
                "同意删除的，请同时勾选删除；办不到的，选部分同意或不同意，写明理由。", field="erase"
            )
        return None
    possible = erasure_of(held)
    if not possible.may:
        raise Refused(possible.refusal, field="erase")
    assert held.resident is not None, "what may be erased is of somebody"  # noqa: S101
    everyone = Youth.objects.everyone(because="the file of the request in hand; it is only locked")
    return everyone.select_for_update(of=("self",)).get(resident=held.resident)
