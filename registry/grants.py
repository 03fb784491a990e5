"""Grants 临时授权: asked with a reason, given by a named manager, for a while; and emergency access 紧急查阅.

未成年人网络保护条例 art. 36: what goes beyond a post needs the approval of a named manager, each single one recorded.

What a grant allows, decided here:
- to look (查看): to read the file's page and its history. Never a list, a count, an export, a print or a write: those
  ask `visible_to`, which knows nothing of grants. `Youth.objects.readable_by` does, and nothing else.
- over an area: the same for any one file there that its holder can name exactly (ID number or whole name).
- to know a reason (知晓保密类别): of one file, on its page. It does not allow to add or end a private category.
- it holds while its holder has a post or grid of the service, and only while the file lies in the area of the manager
  who gave it. Nothing is swept: the clock decides.

Nobody can probe by asking: a request looks nobody up. It holds the words, and goes to the managers of the area that the
asker named; they look among the files that they see themselves, where a sealed, an unknown and a foreign person are
equally absent. So the answer, its status and its statements depend on what was typed into the form and on nothing else.

An emergency must answer at once, so it tells whether there is one such file, and nothing more: sealed, unknown and
ambiguous are one answer. Each try is recorded, found or not, is reviewed by a manager, and a day has few of them.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from grids.models import Division, Post, User
from grids.permissions import ROLE_PERMISSIONS, Permission, Role
from grids.scope import covers

from . import grant_alerts as tell
from .holding import Refused, once
from .models import Grant, Youth
from .reasons import knows_reasons_of
from .sought import Sought

MANAGERS = tuple(role for role, may in ROLE_PERMISSIONS.items() if Permission.APPROVE_GRANTS in may)
CADRES = (Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY)
DISTRICT = 6  # digits of a district's code
_NOT_YOURS = "这份档案不在您负责的区域，请由所在区县团委或市团委办理。"


# --- Asking


@transaction.atomic
def ask(
    *,
    what: str,
    code: str,
    reason: str,
    days: int,
    by: User,
    submission_key: UUID,
    sought: Sought | None = None,
) -> Grant:
    """Ask to see a file (`sought`) or the files of an area (`code`). Looks nobody up. Raises Refused."""
    if not by.may(Permission.SEE_YOUTHS):
        raise Refused("您的任职不能申请临时授权。")
    fields = {"what": what, "code": code, "reason": reason, "days": _days(days)}
    grant, is_new = _recorded(by, submission_key, about=sought.words if sought else "", **fields)
    if is_new:
        tell.asked(grant, managers_of(grant.code, but=by))
    return grant


@transaction.atomic
def ask_reason(*, youth: Youth, reason: str, days: int, by: User, submission_key: UUID) -> Grant:
    """Ask to know the private category of a file that the asker can read, whether or not it has one. Raises Refused."""
    _refuse_known(youth, by=by)
    fields = {
        "what": Grant.What.REASON,
        "code": youth.grid_id[:DISTRICT],
        "reason": reason,
        "days": _days(days),
    }
    grant, is_new = _recorded(by, submission_key, youth=youth, **fields)
    if is_new:
        tell.asked(grant, managers_of(grant.code, but=by))
    return grant


def _refuse_known(youth: Youth, *, by: User) -> None:
    if knows_reasons_of(by, youth):
        raise Refused("您已经可以看到这份档案的全部类别，不必申请。")


def _days(days: int) -> int:
    if not 1 <= days <= settings.GRANT_MOST_DAYS:
        raise Refused(f"授权最短 1 天，最长 {settings.GRANT_MOST_DAYS} 天。", field="days")
    return days


def _recorded(by: User, submission_key: UUID, **fields: object) -> tuple[Grant, bool]:
    """(the grant of this submission, whether it is new)."""
    mine = Grant.objects.visible_to(by).filter(holder=by, submission_key=submission_key)
    if earlier := mine.first():
        return earlier, False
    try:
        with once():
            return Grant.objects.create(holder=by, submission_key=submission_key, **fields), True
    except Refused:
        if earlier := mine.first():  # the same form, sent twice at one moment
            return earlier, False
        raise


# --- Emergency


@transaction.atomic
def look_at_once(
    *,
    reason: str,
    by: User,
    submission_key: UUID,
    sought: Sought | None = None,
    youth: Youth | None = None,
) -> Grant:
    """紧急查阅: a file at once (`sought`), or the reason of one that `by` can read (`youth`). Raises Refused.

    The grant that comes back is in the state `nobody` when there is not exactly one such file.
    """
    User.objects.select_for_update(no_key=True).get(
        pk=by.pk
    )  # two tries at one moment are counted one after the other
    mine = Grant.objects.visible_to(by).filter(holder=by)
    if earlier := mine.filter(submission_key=submission_key).first():
        return earlier
    if not any(post.role in CADRES for post in by.current_posts):
        raise Refused("紧急查阅限有任职的团干部。请联系社区（村）或街道负责人。")
    now = timezone.now()
    tried = mine.filter(is_emergency=True, asked_at__gt=now - timedelta(days=1)).count()
    if tried >= settings.EMERGENCIES_A_DAY:
        raise Refused(f"24 小时内最多紧急查阅 {settings.EMERGENCIES_A_DAY} 次，请联系区县团委或市团委。")
    if youth is not None:
        _refuse_known(youth, by=by)
    if sought is not None and sought.among(Youth.objects.readable_by(by)).exists():
        raise Refused("这个人的档案您本来就能看，请直接查询。")
    what = Grant.What.FILE if youth is None else Grant.What.REASON
    youth = youth or _the_one(sought)
    code = (youth.grid_id if youth else by.prefixes(Permission.SEE_YOUTHS)[0])[:DISTRICT]
    times = (
        {"starts_at": now, "ends_at": now + timedelta(minutes=settings.EMERGENCY_MINUTES)} if youth else {}
    )
    grant, _ = _recorded(
        by,
        submission_key,
        what=what,
        code=code,
        reason=reason,
        is_emergency=True,
        youth=youth,
        state=Grant.State.GIVEN if youth else Grant.State.NOBODY,
        asked_at=now,
        review_due_at=now + timedelta(hours=settings.GRANT_REVIEW_HOURS),
        review_level="district" if len(code) == DISTRICT else "city",
        **times,
    )
    tell.emergency(grant, managers_of(code, but=by))
    return grant


def _the_one(sought: Sought | None) -> Youth | None:
    """The only file that the words fit; None when there is none, and when there are several."""
    if sought is None:
        return None
    everyone = Youth.objects.everyone(
        because="emergency access looks beyond one's scope; each try is recorded"
    )
    found = list(sought.among(everyone)[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def review(grant: Grant, *, finding: str, note: str, by: User) -> Grant:
    """A manager says whether an emergency was one. Raises Refused."""
    held = _held(grant, by=by)
    refuse_reviewed(held)
    refuse_own(held, by=by)
    if not covers(by.prefixes(Permission.APPROVE_GRANTS), held.code):
        raise Refused(_NOT_YOURS)
    held.reviewed_at, held.reviewed_by, held.finding, held.review_note = timezone.now(), by, finding, note
    held.save(update_fields=["reviewed_at", "reviewed_by", "finding", "review_note"])
    tell.reviewed(held)
    return held


def refuse_reviewed(held: Grant) -> None:
    if not held.is_to_review:
        raise Refused("这里没有要复核的查阅，可能别人已经复核。")


@transaction.atomic
def climb_due(now: datetime | None = None) -> int:
    """Emergencies that nobody reviewed in time go up to the city. Run by the sweep; returns how many did."""
    now = now or timezone.now()
    due = Grant.objects.everyone(
        because="the sweep raises every review that is owed, whoever owes it"
    ).to_review()
    late = due.filter(review_level="district", review_due_at__lte=now).select_related("holder", "youth")
    raised = list(late.select_for_update(of=("self",), skip_locked=True))
    for grant in raised:
        grant.review_level = "city"
        grant.review_due_at = now + timedelta(hours=settings.GRANT_REVIEW_HOURS)
        grant.save(update_fields=["review_level", "review_due_at"])
        tell.climbed(grant, managers_of(grant.code[:4], but=grant.holder))
    return len(raised)


# --- Deciding


def managers_of(code: str, *, but: User | None = None) -> list[Post]:
    """Who may decide about this area: the posts of its district, or where that has nobody else, of the city."""
    posts = Post.objects.current().filter(role__in=MANAGERS, user__is_active=True)
    near = posts.filter(division__in=[code[:DISTRICT], code[:4]]).exclude(user=but)
    found = list(near.select_related("user", "division").order_by("-is_lead", "id"))
    return [post for post in found if post.division_id == code[:DISTRICT]] or found


def found_for(grant: Grant, *, by: User) -> list[Youth]:
    """Among the files of this manager, those that may be meant; at most ten."""
    mine = Youth.objects.visible_to(by, Permission.APPROVE_GRANTS).select_related(
        "resident", "grid__community"
    )
    if grant.youth_id:
        return list(mine.filter(pk=grant.youth_id))
    return list(Sought.read(grant.about or "", code=grant.code).among(mine).order_by("grid_id", "id")[:10])


@transaction.atomic
def approve(grant: Grant, *, days: int, by: User, youth: Youth | None = None, note: str = "") -> Grant:
    """Give it for so many days from now. `youth`: whom the manager found for the words. Raises Refused."""
    held = _to_decide(grant, by=by)
    if not held.holder.may(Permission.SEE_YOUTHS):
        raise Refused("申请人已经没有任职，不能批准。")
    if held.what == Grant.What.AREA:
        if not covers(by.prefixes(Permission.APPROVE_GRANTS), held.code):
            raise Refused(_NOT_YOURS)
    else:
        held.youth = _own_file(held.youth_id or (youth.pk if youth else None), by=by)
        areas = by.prefixes(Permission.APPROVE_GRANTS)
        held.code = next(area for area in areas if held.youth.grid_id.startswith(area))
    now = timezone.now()
    held.starts_at, held.ends_at = now, now + timedelta(days=_days(days))
    _decide(held, Grant.State.GIVEN, by=by, note=note)
    tell.given(held)
    return held


def _own_file(youth_id: UUID | None, *, by: User) -> Youth:
    mine = Youth.objects.visible_to(by, Permission.APPROVE_GRANTS)
    found: Youth | None = mine.filter(pk=youth_id).first() if youth_id else None
    if found is None:
        raise Refused(_NOT_YOURS)
    return found


@transaction.atomic
def decline(grant: Grant, *, note: str, by: User) -> Grant:
    """Refuse it with a reason. Raises Refused."""
    held = _to_decide(grant, by=by)
    _decide(held, Grant.State.DECLINED, by=by, note=note)
    tell.declined(held)
    return held


def _decide(held: Grant, state: str, *, by: User, note: str) -> None:
    held.state, held.decided_by, held.decided_at, held.decision_note, held.about = (
        state,
        by,
        timezone.now(),
        note,
        "",
    )
    held.save()


@transaction.atomic
def end(grant: Grant, *, by: User) -> Grant:
    """Take back what is not decided, or end what runs: by its holder or a manager. Raises Refused."""
    held = _held(grant, by=by)
    if held.state == Grant.State.ASKED and held.holder_id == by.pk:
        held.state, held.about = Grant.State.TAKEN_BACK, ""
        held.save(update_fields=["state", "about"])
        tell.settle(held)
    elif held.is_running:
        held.ends_at, held.ended_by = max(timezone.now(), held.starts_at), by  # type: ignore[type-var]
        held.save(update_fields=["ends_at", "ended_by"])
        tell.ended(held)
    else:
        raise Refused("这项授权已经不在生效。")
    return held


def _to_decide(grant: Grant, *, by: User) -> Grant:
    held = _held(grant, by=by)
    refuse_decided(held)
    refuse_own(held, by=by)
    return held


def refuse_decided(held: Grant) -> None:
    if held.state != Grant.State.ASKED:
        raise Refused("这项申请已经办理过了，没有重复办理。")


def refuse_own(held: Grant, *, by: User) -> None:
    if held.holder_id == by.pk:
        raise Refused("不能办理自己的申请，请由另一位负责人办理。")
    if not by.may(Permission.APPROVE_GRANTS):
        raise Refused("您的任职不能审批临时授权。")


def _held(grant: Grant, *, by: User) -> Grant:
    """The grant read again under a lock, still in the sight of `by`. Raises Grant.DoesNotExist."""
    mine = Grant.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    held: Grant = mine.select_related("holder", "youth").get(pk=grant.pk)
    return held


@transaction.atomic
def lapse_unanswered(now: datetime | None = None) -> int:
    """Requests that nobody decided for as long as a grant may last are over, and the words in them are forgotten.

    Run every night; returns how many. The asker is told, and may ask again.
    """
    asked = Grant.objects.everyone(because="the night ends every request that was left lying").asked()
    old = asked.filter(asked_at__lte=(now or timezone.now()) - timedelta(days=settings.GRANT_MOST_DAYS))
    lapsed = list(old.select_related("holder").select_for_update(of=("self",), skip_locked=True))
    for grant in lapsed:
        grant.state, grant.about, grant.decision_note = Grant.State.TAKEN_BACK, "", "久未审批，自动撤回"
        grant.save(update_fields=["state", "about", "decision_note"])
        tell.lapsed(grant)
    return len(lapsed)


def waiting(user: User) -> dict[str, int]:
    """What a manager's day shows: how many are asked for, how many emergencies are to be reviewed."""
    if not user.may(Permission.APPROVE_GRANTS):
        return {}
    others = Grant.objects.visible_to(user).exclude(holder=user)
    return others.aggregate(
        asked=Count("pk", filter=Q(state=Grant.State.ASKED)),
        to_review=Count("pk", filter=Q(is_emergency=True, reviewed_at=None)),
    )


def place_of(code: str) -> str:
    """An area in words."""
    return str(Division.objects.filter(pk=code).first() or code)
