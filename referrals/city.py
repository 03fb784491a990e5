"""Agencies of the sample city with their people, and story 1 as it stands today: 小海's case with two referrals.

It grew from an urgent report 问题上报 of 杨颖's; another report of hers waits for an answer.

李志远 of the demo's cast belongs to the legal aid centre; the others have users of their own with the same password.
"""

from datetime import date, timedelta

from django.utils import timezone

from grids.models import Post, User
from grids.permissions import Role
from registry.holding import keep
from registry.models import Youth

from . import referrals, reports
from .models import Agency, AgencyMember

# login of its user, name, agency, kind, area, what it helps with
AGENCIES = (
    ("lizhiyuan", "李志远", "芜湖市法律援助中心", "legal_aid", "3402", ["legal_aid"]),
    ("minzheng", "汪建国", "鸠江区民政局", "civil_affairs", "340207", ["allowance", "orphan", "care_now", "care_long"]),
    ("xinli", "孙雯", "芜湖市未成年人心理辅导中心", "social_work", "3402", ["counselling", "company"]),
    ("xuexiao", "程老师", "湾里中心小学", "school", "340207004", ["schooling", "counselling"]),
)  # fmt: skip
FOUND = "父亲病重住院，母亲已故，孩子车祸受伤，跟着奶奶。肇事方的赔偿没有谈妥，医药费困难，孩子夜里常哭。"


def build(today: date) -> None:
    """Called when the city stands. The case only in a city that lives today: its dates are those of the acts."""
    city = User.objects.get(username="city")
    lawyer = User.objects.get(username="lizhiyuan")
    for number, (login, name, agency, kind, area, helps) in enumerate(AGENCIES, start=1):
        made = Agency.objects.create(
            name=agency, kind=kind, area_id=area, helps=helps, agreement_number=f"芜青协〔{today.year}〕{number}号",
            agreement_ends_on=today + timedelta(days=200 + 30 * number),
        )  # fmt: skip
        user = lawyer if login == lawyer.username else _user(login, name, lawyer, city, today)
        AgencyMember.objects.create(
            agency=made, user=user, starts_on=today - timedelta(days=90), approved_by=city
        )
    if today == timezone.localdate():
        _story()


def _user(login: str, name: str, like: User, approver: User, today: date) -> User:
    """Somebody of an agency, with the password that everybody of the demo has."""
    user = User.objects.create(username=login, name=name, password=like.password)
    since = today - timedelta(days=120)
    post = Post(user=user, role=Role.AGENCY, starts_on=since, approved_by=approver)
    keep(post, by=approver, why="建立样例城市")
    return user


def _story() -> None:
    cadre = User.objects.get(username="jiujiang")
    youth = (
        Youth.objects.visible_to(cadre)
        .select_related("resident")
        .filter(name="张小海")
        .order_by("id")
        .first()
    )
    if youth is None:
        return
    worker = User.objects.get(username="huaqiang")
    report = reports.make_report(youth=youth, kind="emergency", found=FOUND, urgent=True, by=worker)
    case = reports.open_case(
        report, youth=youth, title="车祸赔偿和今后的生活", because=FOUND, needs=["law", "money"], by=cadre,
        goals="赔偿到位；治好腿伤；有生活来源，继续上学。",
    )  # fmt: skip
    pond = "水塘边没有护栏，放学的孩子在那里玩水。"
    reports.make_report(grid=youth.grid, place="村口水塘", kind="hazard", found=pond, by=worker)
    asked = (
        ("芜湖市法律援助中心", "legal_aid", "请代理车祸赔偿，至今没有谈妥。", "other", "未成年人保护法第一百零四条"),
        ("鸠江区民政局", "allowance", "请核定临时救助和医疗救助。", "relief", "未成年人保护法第九十一条"),
    )  # fmt: skip
    for name, help_kind, words, duty, clause in asked:
        referrals.send(
            case=case, agency=Agency.objects.get(name=name), help_kind=help_kind, asked=words,
            fields=["name", "age_sex", "phone", "family"], duty=duty, clause=clause,
            due_on=timezone.localdate() + timedelta(days=20), by=cadre,
        )  # fmt: skip
    officer = User.objects.get(username="minzheng")
    referrals.accept(referral=case.referrals.get(help="allowance"), by=officer)
