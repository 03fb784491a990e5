"""Who is told of a grant 临时授权: managers when it is asked for, the asker when it is decided, and who answers for the
file when it is given.

Of a reason that somebody got to know, only those are told who know reasons themselves: to the others it would say that
there is one.
"""

from collections.abc import Iterable

from django.utils import timezone

from grids import alerts
from grids.models import Alert, Post, ResponsiblePerson, User
from grids.permissions import Permission

from .models import Grant
from .names import mask_name

_WHAT = {
    Grant.What.FILE: "临时查看一份档案",
    Grant.What.AREA: "临时查看一个区域的档案",
    Grant.What.REASON: "知晓一份档案的保密类别",
}


def asked(grant: Grant, managers: list[Post]) -> None:
    text = f"{grant.holder.name}（{grant.holder.label}）申请{_WHAT[Grant.What(grant.what)]}，请审批"
    _raise(grant, "asked", Alert.Kind.GRANT_ASKED, text, [post.user for post in managers], wants_act=True)


def given(grant: Grant) -> None:
    settle(grant)
    # What removes the file finds the alerts about it, also those from before anybody knew whose it was.
    Alert.objects.filter(event_key__startswith=f"grant:{grant.pk}:").update(subject_id=grant.youth_id)
    text = f"您申请{_WHAT[Grant.What(grant.what)]}，已批准，到 {_moment(grant.ends_at)} 止"
    _raise(grant, "decided", Alert.Kind.GRANT_DECIDED, text, [grant.holder])
    people = [
        person for person in _responsible(grant) if person.pk not in (grant.holder_id, grant.decided_by_id)
    ]
    words = (
        f"{_file(grant)}获准由{grant.holder.name}（{grant.holder.label}）查看，到 {_moment(grant.ends_at)} 止"
    )
    _raise(grant, "given", Alert.Kind.GRANT_GIVEN, words, people, path=_path_of_file(grant))


def declined(grant: Grant) -> None:
    settle(grant)
    text = f"您申请{_WHAT[Grant.What(grant.what)]}，未获批准"
    _raise(grant, "decided", Alert.Kind.GRANT_DECIDED, text, [grant.holder])


def lapsed(grant: Grant) -> None:
    settle(grant)
    text = f"您申请{_WHAT[Grant.What(grant.what)]}，久未审批，已自动撤回，需要时请重新申请"
    _raise(grant, "decided", Alert.Kind.GRANT_DECIDED, text, [grant.holder])


def ended(grant: Grant) -> None:
    if grant.ended_by_id != grant.holder_id:
        text = f"您的临时授权 {grant.number} 已由{grant.ended_by}提前结束"
        _raise(grant, "ended", Alert.Kind.GRANT_DECIDED, text, [grant.holder])


def emergency(grant: Grant, managers: list[Post]) -> None:
    """At once to the managers, who review it, and to whoever answers for the file."""
    people = [post.user for post in managers]
    _raise(
        grant,
        "emergency",
        Alert.Kind.GRANT_EMERGENCY,
        f"{grant.holder.name}（{grant.holder.label}）紧急查阅了{_file(grant)}，请复核",
        people,
        wants_act=True,
    )
    told = {person.pk for person in people} | {grant.holder_id}
    others = [person for person in _responsible(grant) if person.pk not in told]
    text = (
        f"{_file(grant)}被{grant.holder.name}（{grant.holder.label}）紧急查阅，到 {_moment(grant.ends_at)} 止"
    )
    _raise(grant, "given", Alert.Kind.GRANT_GIVEN, text, others, path=_path_of_file(grant))


def climbed(grant: Grant, managers: list[Post]) -> None:
    text = f"{grant.holder.name}（{grant.holder.label}）的紧急查阅超时无人复核，请复核"
    people = [post.user for post in managers]
    _raise(grant, "climbed", Alert.Kind.GRANT_EMERGENCY, text, people, wants_act=True)


def reviewed(grant: Grant) -> None:
    settle(grant)
    text = f"您的紧急查阅 {grant.number} 已复核：{grant.get_finding_display()}"
    _raise(grant, "reviewed", Alert.Kind.GRANT_DECIDED, text, [grant.holder])


def settle(grant: Grant) -> None:
    """What was waited for is done."""
    for event in ("asked", "emergency", "climbed"):
        alerts.settle(f"grant:{grant.pk}:{event}")


def _raise(
    grant: Grant,
    event: str,
    kind: Alert.Kind,
    text: str,
    people: Iterable[User],
    *,
    wants_act: bool = False,
    path: str = "",
) -> None:
    alerts.raise_alert(
        event_key=f"grant:{grant.pk}:{event}",
        kind=kind,
        text=text[:200],
        addressees=people,
        path=path or f"/grants/{grant.pk}/",
        subject_id=grant.youth_id,
        due_at=grant.review_due_at if kind == Alert.Kind.GRANT_EMERGENCY else None,
        wants_act=wants_act,
    )


def _responsible(grant: Grant) -> list[User]:
    """Who answers for the file, or leads the area. Of a reason, those who know reasons there."""
    if grant.youth is None:
        leads = Post.objects.current().filter(is_lead=True, division=grant.code).select_related("user")
        return [post.user for post in leads]
    answers = ResponsiblePerson.objects.filter(grid=grant.youth.grid_id).select_related("user")
    people = [row.user for row in answers]
    if grant.what == Grant.What.REASON:
        return [p for p in people if p.may_in(Permission.KNOW_REASONS, grant.youth.grid_id)]
    return people


def _file(grant: Grant) -> str:
    if grant.youth is not None:
        return f"{mask_name(grant.youth.name)}的档案"
    return "您所辖区域的档案" if grant.what == Grant.What.AREA else "一份档案（没有找到）"


def _path_of_file(grant: Grant) -> str:
    return f"/youths/{grant.youth_id}/" if grant.youth_id else "/alerts/"


def _moment(at: object) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}"  # type: ignore[arg-type]
