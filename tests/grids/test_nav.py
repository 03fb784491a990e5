"""The frame shows each person the doors that open for him or her, and nobody else's alerts."""

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from grids.context_processors import Nav
from grids.models import Alert, User

YOUTH_PAGES = {"查询", "我的网格", "迁移", "提醒"}


def nav_of(user: User | None, path: str = "/") -> Nav:
    request = RequestFactory().get(path)
    if user is not None:
        request.user = user
    return Nav(request)


def labels(user: User) -> set[str]:
    nav = nav_of(user)
    return {item.label for item in [*nav.items, *nav.phone]}


def test_a_grid_worker_has_a_today_and_a_cadre_a_desk(wang_shanshan: User, jiujiang: User) -> None:
    assert nav_of(wang_shanshan).home_label == "今日"
    assert nav_of(jiujiang).home_label == "工作台"


def test_an_administrator_sees_administration_and_no_youth_pages(sysadmin: User) -> None:
    assert "管理" in labels(sysadmin)
    assert not labels(sysadmin) & YOUTH_PAGES


def test_an_auditor_sees_neither(auditor: User) -> None:
    assert not labels(auditor) & {"管理", *YOUTH_PAGES}


def test_the_place_where_one_is_is_marked(sysadmin: User) -> None:
    current = [item.label for item in nav_of(sysadmin, "/admin/grids/").items if item.is_current]
    assert current == ["管理"]


def test_the_badge_counts_ones_own_alerts_that_are_unread(wang_shanshan: User, yang_ying: User) -> None:
    for number, person in enumerate([wang_shanshan, wang_shanshan, yang_ying]):
        Alert.objects.create(
            event_key=f"offer:{number}", addressee=person, kind=Alert.Kind.HANDOVER_OFFERED, text="有人迁入"
        )
    assert nav_of(wang_shanshan).alert_count == 2
    assert nav_of(yang_ying).alert_count == 1


@pytest.mark.django_db
def test_a_page_without_a_frame_asks_the_database_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        nav = nav_of(None)
        assert (nav.items, nav.phone, nav.alert_count) == ([], [], 0)
