"""The cast: a few people on the real division tree, by whom the tests tell their rules.

Everybody's password is `tests.factories.PASSWORD`; `sign_in(user)` gives a browser in which that person is signed in.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from grids.models import Assignment, User
from grids.permissions import Role
from tests.factories import HUAQIANG, PASSWORD, PINGPU, YINHU, assign, make_user

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """`sign_in(yang_ying).get("/")`: a client of one's own for each person."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client_of


@pytest.fixture
def city_cadre(db: None) -> User:
    """周敏 of the city's league committee 团市委, lead of the city."""
    return make_user("city", "周敏", posts=[(Role.CITY, "3402")], is_lead=True, password=PASSWORD)


@pytest.fixture
def jiujiang(db: None) -> User:
    """王磊 of the league committee of 鸠江区, its lead."""
    return make_user("jiujiang", "王磊", posts=[(Role.DISTRICT, "340207")], is_lead=True, password=PASSWORD)


@pytest.fixture
def fanchang(db: None) -> User:
    """许静 of the league committee of 繁昌区, its lead."""
    return make_user("fanchang", "许静", posts=[(Role.DISTRICT, "340212")], is_lead=True, password=PASSWORD)


@pytest.fixture
def wanli(db: None) -> User:
    """陈亮 of 湾里街道, its lead; not one of the named persons who know private reasons."""
    return make_user("wanli", "陈亮", posts=[(Role.STREET, "340207004")], is_lead=True, password=PASSWORD)


@pytest.fixture
def yang_ying(db: None) -> User:
    """杨颖, league secretary of 华强社区, leads the community and walks its seven grids."""
    return make_user(
        "huaqiang",
        "杨颖",
        posts=[(Role.COMMUNITY, HUAQIANG)],
        leads=[f"{HUAQIANG}{number:03d}" for number in range(1, 8)],
        is_lead=True,
        password=PASSWORD,
    )


@pytest.fixture
def wang_shanshan(db: None) -> User:
    """汪珊珊, grid worker 网格员 of the first grid of 银湖社区, next to 华强社区."""
    return make_user(
        "wangshanshan",
        "汪珊珊",
        posts=[(Role.GRID_WORKER, YINHU)],
        leads=[f"{YINHU}001"],
        password=PASSWORD,
    )


@pytest.fixture
def fanchang_worker(db: None) -> User:
    """鲁平, grid worker of the first grid of 平铺村 in 繁昌区, another district."""
    return make_user(
        "luping",
        "鲁平",
        posts=[(Role.GRID_WORKER, PINGPU)],
        leads=[f"{PINGPU}001"],
        password=PASSWORD,
    )


@pytest.fixture
def deputy(db: None) -> User:
    """李梅, deputy in 汪珊珊's grid."""
    return make_user(
        "limei", "李梅", posts=[(Role.GRID_WORKER, YINHU)], deputises=[f"{YINHU}001"], password=PASSWORD
    )


@pytest.fixture
def league_leader(db: None) -> User:
    """赵阳, league group leader 团小组长 in 汪珊珊's grid; without a post."""
    user = make_user("zhaoyang", "赵阳", password=PASSWORD)
    assign(user, f"{YINHU}001", Assignment.Kind.LEAGUE_LEADER)
    return user


@pytest.fixture
def legal_aid(db: None) -> User:
    """李志远 of the legal aid centre, an agency 协作单位."""
    return make_user("lizhiyuan", "李志远", posts=[(Role.AGENCY, None)], password=PASSWORD)


@pytest.fixture
def centre(db: None) -> User:
    """The citizens' service centre 市民服务中心: people and housing, not the register."""
    return make_user("centre", "市民服务中心", posts=[(Role.SERVICE_CENTRE, "3402")], password=PASSWORD)


@pytest.fixture
def sysadmin(db: None) -> User:
    return make_user("sysadmin", "系统管理员", posts=[(Role.SYSTEM_ADMIN, None)], password=PASSWORD)


@pytest.fixture
def security(db: None) -> User:
    return make_user("security", "安全管理员", posts=[(Role.SECURITY_ADMIN, None)], password=PASSWORD)


@pytest.fixture
def auditor(db: None) -> User:
    return make_user("auditor", "审计员", posts=[(Role.AUDITOR, None)], password=PASSWORD)
