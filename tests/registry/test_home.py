"""`/`: a worker's today, a cadre's board, and a plain page for those who see no youth."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from grids import alerts
from grids.models import Alert, Assignment, User
from grids.permissions import Role
from registry import handovers as verbs
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    assign,
    fresh,
    give_post,
    make_dwelling,
    make_enrolment,
    make_grid,
    make_handover,
    make_move,
    make_user,
    make_youth,
)

pytestmark = pytest.mark.django_db
HERE, NEXT_DOOR, FAR = f"{YINHU}001", f"{HUAQIANG}002", f"{PINGPU}001"


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def page_of(client: Client) -> str:
    return client.get("/").content.decode()


def length_of(client: Client, url: str) -> int:
    """How many rows the list behind an address has, counted over its pages."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    context = answer.context
    if "enrolments" in url:
        return int(context["page"].paginator.count)
    rows = len(context["rows"]) if "rows" in context else len(context["page"].rows)
    assert rows < 50, "more than one page: count smaller things"
    return rows


class TestToday:
    def test_tells_in_the_order_of_urgency_what_waits(self, sign_in: SignIn, wang_shanshan: User) -> None:
        late = make_youth("李明", grid=HERE, next_due_on=in_days(-3))
        make_youth("欧阳娜娜", grid=HERE, next_due_on=in_days(1))
        make_youth("赵云", grid=HERE, next_due_on=in_days(8))
        make_handover(make_youth("陈静妍", grid=NEXT_DOOR, age=9), make_dwelling(HERE, estate="银湖苑"))
        page = page_of(sign_in(wang_shanshan))
        main = page.split("<main")[1]
        waiting, visits = main.split('id="visits"')
        assert "陈*妍 迁入第1网格" in waiting
        assert "银湖苑" in waiting
        assert "陈静妍" not in page
        assert visits.index("李*") < visits.index("欧阳*")
        assert "已逾期 3 天" in visits
        assert f"/visits/new/?youth={late.pk}" in visits
        assert "赵*" not in visits

    def test_figures_open_lists_as_long_as_they_say(
        self, sign_in: SignIn, wang_shanshan: User, wanli: User
    ) -> None:
        for days in (-3, -1, 0, 0, 1, 7, 8):
            make_youth(grid=HERE, next_due_on=in_days(days))
        make_youth(grid=HERE, state=Youth.State.CLOSED)
        make_handover(make_youth(grid=NEXT_DOOR), HERE)
        make_enrolment(make_youth(grid=HERE, next_due_on=in_days(40)), "idle", review_on=in_days(5))
        client = sign_in(wang_shanshan)
        figures = client.get("/").context["today"].figures
        assert [figure.count for figure in figures] == [1, 2, 2, 4, 0, 1]
        for figure in figures:
            if figure.url.startswith("/"):
                assert length_of(client, figure.url) == figure.count, figure.label

    def test_what_was_returned_stays_until_its_whereabouts_are_settled(
        self, sign_in: SignIn, wang_shanshan: User, yang_ying: User
    ) -> None:
        handover = make_handover(make_youth("陈静妍", grid=HERE), NEXT_DOOR)
        client = sign_in(wang_shanshan)
        assert "去向待查</h2>" not in page_of(client)
        verbs.return_to_sender(handover, reason="not_found", note="房东说没来过", by=yang_ying)
        page = page_of(client)
        assert "查无此人：房东说没来过" in page
        assert f"/handovers/{handover.pk}/" in page
        again = verbs.offer_again(handover.youth, by=wang_shanshan)
        verbs.accept(again, by=yang_ying)
        assert "陈*妍" not in page_of(client).split('id="visits"')[1]

    def test_somebody_who_left_without_a_handover_is_to_be_settled_too(
        self, sign_in: SignIn, wang_shanshan: User
    ) -> None:
        make_move(make_youth("李明", grid=HERE), make_dwelling(FAR))
        assert [item.youth.name for item in sign_in(wang_shanshan).get("/").context["today"].astray] == [
            "李明"
        ]

    def test_an_alert_of_ones_own_tells_of_a_handover_once(
        self, sign_in: SignIn, wang_shanshan: User
    ) -> None:
        handover = make_handover(make_youth("陈静妍", grid=NEXT_DOOR), HERE)
        verbs.ensure_alerts()
        page = page_of(sign_in(wang_shanshan))
        assert page.count("接收：") == 1
        assert f'href="/handovers/{handover.pk}/"' not in page

    @pytest.mark.parametrize("role", ["deputy", "league_leader"])
    def test_deputies_and_league_leaders_see_what_waits_in_their_grid(
        self, role: str, sign_in: SignIn, request: pytest.FixtureRequest, wang_shanshan: User
    ) -> None:
        person: User = request.getfixturevalue(role)
        make_youth("李明", grid=HERE, next_due_on=in_days(-1))
        make_handover(make_youth("陈静妍", grid=NEXT_DOOR), HERE)
        verbs.ensure_alerts()
        page = page_of(sign_in(person))
        assert "陈*妍 迁入第1网格" in page
        assert "李*" in page

    def test_nothing_of_another_grid(self, sign_in: SignIn, wang_shanshan: User) -> None:
        make_youth("李明", grid=NEXT_DOOR, next_due_on=in_days(-1))
        client = sign_in(wang_shanshan)
        assert "李*" not in page_of(client)
        assert [figure.count for figure in client.get("/").context["today"].figures] == [0] * 6

    def test_a_private_reason_due_for_review_is_not_for_the_grid_worker(
        self, sign_in: SignIn, wang_shanshan: User
    ) -> None:
        make_enrolment(make_youth(grid=HERE), "custody_child", review_on=in_days(1))
        client = sign_in(wang_shanshan)
        assert "服刑" not in page_of(client)
        assert client.get("/").context["today"].review_count == 0

    @pytest.mark.parametrize("grids", [1, 2, 7])
    def test_costs_the_same_for_one_grid_for_two_and_for_seven(
        self, grids: int, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        codes = [f"{HUAQIANG}{number:03d}" for number in range(1, grids + 1)]
        worker = make_user(posts=[(Role.GRID_WORKER, HUAQIANG)], leads=codes)
        for code in codes:
            for _ in range(3):
                make_youth(grid=code, next_due_on=in_days(-1))
                make_handover(make_youth(grid=HERE), code)
                make_move(make_youth(grid=code), make_dwelling(FAR))
        verbs.ensure_alerts()
        client = sign_in(worker)
        client.get("/")
        # frame: session, user, posts, assignments, badge; the reading; alerts 2; files, handovers; what is said of the
        # chosen files, their doors, their former handovers; reviews, candidates, grids
        with django_assert_num_queries(17):
            page = client.get("/")
        assert len(page.context["today"].grids) == (grids if grids > 1 else 0)

    def test_figures_grid_by_grid_open_their_lists(
        self, sign_in: SignIn, yang_ying: User, wanli: User
    ) -> None:
        make_youth(grid=NEXT_DOOR, next_due_on=in_days(-1))
        make_youth(grid=f"{HUAQIANG}003", next_due_on=in_days(2))
        make_handover(make_youth(grid=HERE), NEXT_DOOR)
        client = sign_in(yang_ying)
        rows = client.get("/").context["today"].grids
        assert [row.name for row in rows] == [f"第{number}网格" for number in range(1, 8)]
        for row in rows:
            for figure in row.figures:
                assert length_of(client, figure.url) == figure.count, (row.name, figure.label)

    def test_ends_with_the_assignment(self, sign_in: SignIn, wang_shanshan: User) -> None:
        make_youth("李明", grid=HERE, next_due_on=in_days(-1))
        Assignment.objects.filter(user=wang_shanshan).update(ends_on=timezone.localdate())
        assert "李*" not in page_of(sign_in(fresh(wang_shanshan)))

    def test_an_empty_day_says_so(self, sign_in: SignIn, wang_shanshan: User) -> None:
        page = page_of(sign_in(wang_shanshan))
        assert "七天内没有要走访的人" in page
        assert "没有新的提醒" in page


@pytest.fixture
def busy_city(wang_shanshan: User, yang_ying: User, fanchang_worker: User) -> None:
    """Something of everything, in two streets of one district and in another district."""
    other_street = "340207001"
    community = make_grid(f"{other_street}001001")
    for number, grid in enumerate((HERE, NEXT_DOOR, FAR, community.code)):
        make_youth(grid=grid, age=10, categories=["left_behind"], next_due_on=in_days(-number))
        make_youth(
            grid=grid, age=10, categories=["custody_child", "left_behind"], last_verified_on=in_days(-90)
        )
        make_youth(grid=grid, age=20, categories=["idle"], last_verified_on=in_days(-89))
        make_youth(grid=grid, state=Youth.State.CLOSED)
    for start, end in (
        (HERE, NEXT_DOOR),
        (HERE, FAR),
        (FAR, NEXT_DOOR),
        (NEXT_DOOR, community.code),
        (HERE, HERE),
    ):
        youth = make_youth(grid=start, last_verified_on=in_days(-1))
        if start == end:
            make_move(youth, make_dwelling(end))
        else:
            make_handover(youth, end)
    make_handover(make_youth(grid=HERE), None)
    make_handover(make_youth(grid=HERE), NEXT_DOOR, state="escalated", level="street")
    make_move(make_youth(grid=HERE), make_dwelling(NEXT_DOOR), moved_on=in_days(-7))


class TestBoard:
    @pytest.mark.parametrize("person", ["wanli", "jiujiang", "fanchang", "city_cadre"])
    def test_every_figure_opens_a_list_of_exactly_that_length(
        self, person: str, sign_in: SignIn, busy_city: None, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(person))
        board = client.get("/").context["board"]
        assert board.rows
        opened = 0
        for figure in [*board.totals, *(figure for row in board.rows for figure in row.figures)]:
            if figure.count or figure in board.totals:
                assert length_of(client, figure.url) == figure.count, (figure.label, figure.url)
                opened += 1
        assert opened > 10

    def test_rows_are_the_divisions_one_level_below(
        self, sign_in: SignIn, busy_city: None, city_cadre: User, wanli: User
    ) -> None:
        city, street = (sign_in(user).get("/").context["board"] for user in (city_cadre, wanli))
        assert "鸠江区" in [row.name for row in city.rows]
        assert {len(row.code) for row in city.rows} == {6}
        assert "华强社区" in [row.name for row in street.rows]

    def test_a_move_between_two_communities_is_in_and_out_of_them_but_not_of_their_street(
        self, sign_in: SignIn, wanli: User, wang_shanshan: User, yang_ying: User
    ) -> None:
        make_move(make_youth(grid=HERE), make_dwelling(NEXT_DOOR))
        board = sign_in(wanli).get("/").context["board"]

        def moved(figures: list[Any]) -> list[int]:
            return [figure.count for figure in figures if "天迁" in figure.label]

        assert moved(board.totals) == [0, 0]
        rows = {row.code: moved(row.figures) for row in board.rows}
        assert (rows[YINHU], rows[HUAQIANG]) == ([0, 1], [1, 0])

    def test_private_categories_are_counted_only_for_those_who_know(
        self, sign_in: SignIn, busy_city: None, wanli: User, jiujiang: User
    ) -> None:
        assert "服刑" not in page_of(sign_in(wanli))
        assert "服刑子女" in page_of(sign_in(jiujiang))

    def test_somebody_with_two_streets_has_a_row_for_each(self, sign_in: SignIn, busy_city: None) -> None:
        cadre = make_user(posts=[(Role.STREET, "340207004"), (Role.STREET, "340207001")])
        client = sign_in(cadre)
        board = client.get("/").context["board"]
        assert [row.code for row in board.rows] == ["340207001", "340207004"]
        for figure in [*board.totals, *(figure for row in board.rows for figure in row.figures)]:
            assert length_of(client, figure.url) == figure.count, (figure.label, figure.url)

    def test_costs_the_same_whatever_the_city_holds(
        self,
        sign_in: SignIn,
        busy_city: None,
        city_cadre: User,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = sign_in(city_cadre)
        client.get("/")
        # frame 5; places, categories, youths, handovers 2, moves 3, alerts, grants, requests, reports, cases, pairings
        with django_assert_num_queries(20):
            client.get("/")

    def test_the_urgent_list_is_live_and_quick(self, sign_in: SignIn, city_cadre: User) -> None:
        alerts.raise_alert(
            event_key="handover:1:escalated:city",
            kind=Alert.Kind.HANDOVER_ESCALATED,
            text="陈*妍的交接超时无人接收",
            addressees=[city_cadre],
        )
        page = page_of(sign_in(city_cadre))
        assert 'data-live-every="5"' in page
        assert "陈*妍的交接超时无人接收" in page


class TestTheOthers:
    @pytest.mark.parametrize(
        ("person", "shown"),
        [
            ("legal_aid", "发给本单位的转介"),
            ("centre", "人房查询"),
            ("sysadmin", "区划与网格"),
            ("security", "用户与任职"),
            ("auditor", "查阅审计"),
        ],
    )
    def test_read_what_they_can_do_and_nothing_of_any_youth(
        self, person: str, shown: str, sign_in: SignIn, request: pytest.FixtureRequest
    ) -> None:
        make_youth("李明", grid=HERE, next_due_on=in_days(-1))
        page = page_of(sign_in(request.getfixturevalue(person)))
        assert shown in page
        assert "李*" not in page
        assert "data-live-alerts" not in page

    def test_whoever_has_no_post_is_told_whom_to_ask(self, sign_in: SignIn) -> None:
        assert "您目前没有任职" in page_of(sign_in(make_user()))

    def test_the_system_administrator_hears_of_alerts_that_the_gateway_refused(
        self, sign_in: SignIn, sysadmin: User, wang_shanshan: User
    ) -> None:
        alerts.raise_alert(
            event_key="e", kind=Alert.Kind.FAMILY_MOVED, text="李*", addressees=[wang_shanshan]
        )
        Alert.objects.update(parked_at=timezone.now())
        page = page_of(sign_in(sysadmin))
        assert "1 条提醒试了五次没有送到" in page
        assert "李*" not in page
        again = sign_in(sysadmin).post("/alerts/parked/", follow=True).content.decode()
        assert "1 条提醒已重新排队" in again
        assert "没有送到" not in again

    def test_an_agency_that_is_also_a_grid_worker_has_a_day(self, sign_in: SignIn, legal_aid: User) -> None:
        assign(legal_aid, HERE, Assignment.Kind.DEPUTY)
        give_post(legal_aid, Role.GRID_WORKER, YINHU)
        assert "今日" in page_of(sign_in(fresh(legal_aid)))
