"""Who is told of cases and referrals. An agency is told that something is asked, and nothing of whom."""

from collections.abc import Iterable

from django.utils import timezone

from grids import alerts
from grids.models import Alert, Post, User
from grids.permissions import Permission

from .codes import HelpKind, Outcome
from .models import AgencyMember, Case, Referral


def leads_around(code: str) -> list[User]:
    """Those who lead cases for this grid, the nearest first: leads of its street, district, city."""
    posts = Post.objects.current().filter(
        is_lead=True, user__is_active=True, division_id__in=[code[:length] for length in (9, 6, 4)]
    )
    ordered = sorted(posts.select_related("user", "division"), key=lambda post: -len(post.division_id or ""))
    return [post.user for post in ordered if Permission.LEAD_CASES in post.permissions]


def proposed(case: Case) -> None:
    text = f"{case.opened_by}（{case.opened_by.label}）为{case.youth.masked_name}提出个案，请决定是否立案"
    _of_case(case, "proposed", Alert.Kind.CASE_PROPOSED, text, leads_around(case.youth.grid_id)[:2], act=True)


def decided(case: Case, *, by: User) -> None:
    alerts.settle(f"case:{case.pk}:proposed")
    words = "已立案" if case.is_running else "未立案，理由见个案"
    if case.opened_by_id != by.pk:
        text = f"您为{case.youth.masked_name}提出的个案{words}"
        _of_case(case, "decided", Alert.Kind.CASE_DECIDED, text, [case.opened_by])


def carried(case: Case, former: User | None, *, running: int, event: str, by: User) -> None:
    """After a handover: the new owner, and the old one, are told what came along and who leads it now."""
    along = f"，带着 {running} 项没办完的转介" if running else ""
    name = case.youth.masked_name
    if case.owner is not None and case.owner_id not in (by.pk, former.pk if former else None):
        text = f"{name}的个案随档案转来{along}，现在由您牵头"
        _of_case(case, f"carried:{event}", Alert.Kind.CASE_CARRIED, text, [case.owner])
    if former is not None and former.pk != case.owner_id:
        text = f"{name}的个案已随档案转走{along}，现在由{case.owner}牵头"
        # To a page that the former owner may still open: what is left of it here is the alert.
        alerts.raise_alert(
            event_key=f"case:{case.pk}:left:{event}", kind=Alert.Kind.CASE_CARRIED, text=text[:200],
            addressees=[former], path="/cases/", subject_id=case.youth_id, wants_act=False,
        )  # fmt: skip


def sent(referral: Referral) -> None:
    """To the agency's people: what is asked and until when, not of whom."""
    until = f"{timezone.localtime(referral.answer_by):%m-%d %H:%M}"
    text = f"{referral.sent_by.label}请贵单位办理：{_help(referral)}，请在 {until} 前答复"
    _to_agency(referral, "sent", Alert.Kind.REFERRAL_SENT, text)


def answered(referral: Referral) -> None:
    """Accepted or declined: to the owner."""
    alerts.settle(f"referral:{referral.pk}:sent")
    alerts.settle(f"referral:{referral.pk}:late:")
    declined = referral.state == Referral.State.DECLINED
    words = "不接收转介，请另请单位" if declined else "已接收转介"
    text = f"{_name(referral)}：{referral.agency}{words}（{_help(referral)}）"
    _to_owner(referral, f"answered:{referral.state}", Alert.Kind.REFERRAL_ANSWERED, text, act=False)


def reported(referral: Referral) -> None:
    alerts.settle(f"referral:{referral.pk}:")
    outcome = Outcome(referral.outcome).label
    text = f"{_name(referral)}：{referral.agency}反馈{_help(referral)}“{outcome}”"
    _to_owner(referral, "reported", Alert.Kind.REFERRAL_REPORTED, text, act=False)


def withdrawn(referral: Referral) -> None:
    alerts.settle(f"referral:{referral.pk}:")
    text = f"{_help(referral)}的转介已撤回，不用再办"
    _to_agency(referral, "withdrawn", Alert.Kind.REFERRAL_SENT, text, act=False)


def consent_withdrawn(referral: Referral) -> None:
    text = f"{_name(referral)}：同意已撤回，请{referral.agency}办理{_help(referral)}的转介随之结束"
    _to_owner(referral, "consent", Alert.Kind.REFERRAL_ANSWERED, text, act=False)


def late(referral: Referral) -> None:
    """It has climbed: to whoever leads the level that it has reached, and a reminder to the agency."""
    waits = "答复" if referral.state == Referral.State.SENT else "反馈"
    phase = "answer" if referral.state == Referral.State.SENT else "report"
    text = f"{_name(referral)}：{referral.agency}超期没有{waits}（{_help(referral)}），请督促"
    event = f"late:{phase}:{referral.level}"
    if referral.level == Referral.Level.OWNER:
        _to_owner(referral, event, Alert.Kind.REFERRAL_LATE, text, act=True)
        reminder = f"{_help(referral)}的转介超期没有{waits}，请尽快办理"
        _to_agency(referral, f"late:{phase}:reminder", Alert.Kind.REFERRAL_SENT, reminder)
        return
    digits = 6 if referral.level == Referral.Level.DISTRICT else 4
    leads = Post.objects.current().filter(is_lead=True, division_id=referral.case.youth.grid_id[:digits])
    people = [post.user for post in leads.select_related("user")]
    _raise(
        referral, event, Alert.Kind.REFERRAL_LATE, text, people, path=f"/cases/{referral.case_id}/", act=True
    )


def _name(referral: Referral) -> str:
    return referral.case.youth.masked_name


def _help(referral: Referral) -> str:
    return str(HelpKind(referral.help).label)


def _to_owner(referral: Referral, event: str, kind: Alert.Kind, text: str, *, act: bool) -> None:
    owner = referral.case.owner
    people = [owner] if owner is not None else []
    _raise(referral, event, kind, text, people, path=f"/cases/{referral.case_id}/", act=act)


def _to_agency(referral: Referral, event: str, kind: Alert.Kind, text: str, *, act: bool = True) -> None:
    members = AgencyMember.objects.current().filter(agency_id=referral.agency_id, user__is_active=True)
    people = [member.user for member in members.select_related("user")]
    _raise(referral, event, kind, text, people, path=f"/referrals/{referral.pk}/", act=act)


def _raise(
    referral: Referral,
    event: str,
    kind: Alert.Kind,
    text: str,
    people: Iterable[User],
    *,
    path: str,
    act: bool,
) -> None:
    due_at = referral.answer_by if referral.state == Referral.State.SENT else None
    alerts.raise_alert(
        event_key=f"referral:{referral.pk}:{event}", kind=kind, text=text[:200], addressees=people, path=path,
        subject_id=referral.case.youth_id, due_at=due_at, wants_act=act,
    )  # fmt: skip


def _of_case(
    case: Case, event: str, kind: Alert.Kind, text: str, people: Iterable[User], *, act: bool = False
) -> None:
    alerts.raise_alert(
        event_key=f"case:{case.pk}:{event}", kind=kind, text=text[:200], addressees=people,
        path=f"/cases/{case.pk}/", subject_id=case.youth_id, wants_act=act,
    )  # fmt: skip
