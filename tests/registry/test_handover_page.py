"""The handover's page: what each side sees and may do, before and after."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from grids.models import Alert, User
from registry import handovers as verbs
from registry.models import Handover, Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_dwelling, make_handover, make_visit, make_youth

pytestmark = pytest.mark.django_db
OLD_GRID, NEW_GRID = f"{YINHU}001", f"{HUAQIANG}002"


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    """张小海, of 汪珊珊's grid in 银湖社区, in a private category and an open one."""
    return make_youth("张小海", grid=OLD_GRID, age=10, categories=["left_behind", "custody_child"], grade="A")


@pytest.fixture
def handover(xiaohai: Youth, yang_ying: User) -> Handover:
    """He moved into 杨颖's second grid yesterday; a feed said so."""
    home = make_dwelling(NEW_GRID, estate="梧桐苑", building="7栋", unit="1单元", room="301")
    return make_handover(xiaohai, home)


def url(handover: Handover, act: str = "") -> str:
    return f"/handovers/{handover.pk}/" + (f"{act}/" if act else "")


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


class TestBeforeAccepting:
    def test_the_receiving_side_sees_whom_where_and_until_when_and_nothing_of_the_file(
        self, sign_in: SignIn, yang_ying: User, handover: Handover, xiaohai: Youth
    ) -> None:
        make_visit(xiaohai, found="父亲在狱中，奶奶照看")
        page = text_of(sign_in(yang_ying), url(handover))
        for shown in ("张*海", "10 周岁", "A 级", "梧桐苑 7栋1单元301", "银湖社区", "汪珊珊", "还剩"):
            assert shown in page, shown
        for hidden in ("张小海", "留守", "服刑", "关爱对象", "奶奶", str(xiaohai.pk)):
            assert hidden not in page, hidden

    def test_the_receiving_side_cannot_open_the_file(
        self, sign_in: SignIn, yang_ying: User, handover: Handover, xiaohai: Youth
    ) -> None:
        assert sign_in(yang_ying).get(f"/youths/{xiaohai.pk}/").status_code == 404

    def test_the_old_side_keeps_the_file_and_cannot_accept(
        self, sign_in: SignIn, wang_shanshan: User, handover: Handover, xiaohai: Youth
    ) -> None:
        client = sign_in(wang_shanshan)
        page = text_of(client, url(handover))
        assert f"/youths/{xiaohai.pk}/" in page
        assert "接收前仍由原网格负责" in page
        assert client.post(url(handover, "accept")).status_code == 404
        assert client.post(url(handover, "return"), {"reason": "not_found"}).status_code == 404

    def test_a_third_grid_finds_the_same_404_as_for_a_handover_that_never_was(
        self, sign_in: SignIn, fanchang_worker: User, handover: Handover
    ) -> None:
        client = sign_in(fanchang_worker)
        for act in ("", "accept", "return", "answer", "again"):
            for missing in (url(handover, act), f"/handovers/{uuid4()}/" + (f"{act}/" if act else "")):
                answer = client.post(missing) if act else client.get(missing)
                assert answer.status_code == 404, missing

    def test_the_page_costs_the_same_whoever_looks(
        self,
        sign_in: SignIn,
        yang_ying: User,
        handover: Handover,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        client = sign_in(yang_ying)
        client.get(url(handover))
        with django_assert_num_queries(10):  # frame 5, handover, history; a reading 3
            client.get(url(handover))


class TestAccepting:
    def test_opens_the_file_and_says_when_the_first_visit_is(
        self, sign_in: SignIn, yang_ying: User, handover: Handover, xiaohai: Youth
    ) -> None:
        answer = sign_in(yang_ying).post(url(handover, "accept"), follow=True)
        assert answer.redirect_chain == [(f"/youths/{xiaohai.pk}/", 302)]
        xiaohai.refresh_from_db()
        assert xiaohai.grid_id == NEW_GRID
        assert f"已接收张*海，首次走访定在 {xiaohai.next_due_on:%m-%d}" in answer.content.decode()

    def test_the_old_side_reads_when_and_by_whom_and_no_longer_where(
        self, sign_in: SignIn, yang_ying: User, wang_shanshan: User, handover: Handover, xiaohai: Youth
    ) -> None:
        verbs.accept(handover, by=yang_ying)
        client = sign_in(wang_shanshan)
        page = text_of(client, url(handover))
        assert "杨颖" in page
        assert "已接收" in page
        for hidden in ("梧桐苑", "A 级", "10 周岁", str(xiaohai.pk)):
            assert hidden not in page, hidden
        assert client.get(f"/youths/{xiaohai.pk}/").status_code == 404

    def test_whoever_comes_second_is_told_who_was_faster(
        self, sign_in: SignIn, yang_ying: User, wanli: User, handover: Handover
    ) -> None:
        verbs.accept(handover, by=yang_ying)
        answer = sign_in(wanli).post(url(handover, "accept"), follow=True)
        assert answer.redirect_chain == [(url(handover), 302)]
        assert "这个交接已经结束" in answer.content.decode()
        assert "杨颖" in answer.content.decode()

    def test_pressed_twice_it_is_accepted_once(
        self, sign_in: SignIn, yang_ying: User, handover: Handover
    ) -> None:
        client = sign_in(yang_ying)
        for _ in range(2):
            assert client.post(url(handover, "accept")).status_code == 302
        assert Handover.objects.everyone(because="test").get().history.filter(state="accepted").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_the_same_moment_one_wins_and_the_other_reads_a_friendly_message(
        self, sign_in: SignIn, yang_ying: User, wanli: User, handover: Handover
    ) -> None:
        start = threading.Barrier(2)
        answers: dict[str, Any] = {}

        def accept(user: User, client: Client) -> None:
            try:
                start.wait(timeout=10)
                answers[user.username] = client.post(url(handover, "accept"), follow=True)
            finally:
                connections.close_all()

        people = [(user, sign_in(user)) for user in (yang_ying, wanli)]
        threads = [threading.Thread(target=accept, args=person) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        pages = [answer.content.decode() for answer in answers.values()]
        assert sorted(answer.status_code for answer in answers.values()) == [200, 200]
        assert sum("已接收张*海，首次走访定在" in page for page in pages) == 1
        assert sum("这个交接已经结束" in page for page in pages) == 1


class TestReturning:
    def test_wants_a_reason_and_keeps_what_was_typed(
        self, sign_in: SignIn, yang_ying: User, handover: Handover
    ) -> None:
        answer = sign_in(yang_ying).post(url(handover, "return"), {"note": "敲门三次"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "请选择退回原因" in page
        assert "敲门三次" in page
        assert Handover.objects.visible_to(yang_ying).get().is_open

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"reason": "other"}, "请写明退回的原因"),
            ({"reason": "other", "note": "   "}, "请写明退回的原因"),
            ({"reason": "nonsense"}, "没有这个原因"),
            ({"reason": "not_found", "note": "查" * 501}, "最多 500 字"),
            ({"reason": "not_found", "submission_key": "nonsense"}, "有效"),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field(
        self, given: dict[str, str], message: str, sign_in: SignIn, yang_ying: User, handover: Handover
    ) -> None:
        answer = sign_in(yang_ying).post(url(handover, "return"), given)
        assert answer.status_code == 422
        assert message in answer.content.decode()

    def test_leaves_it_with_the_old_grid_which_reads_why(
        self, sign_in: SignIn, yang_ying: User, wang_shanshan: User, handover: Handover, xiaohai: Youth
    ) -> None:
        sign_in(yang_ying).post(url(handover, "return"), {"reason": "not_found", "note": "房东说没来过"})
        page = text_of(sign_in(wang_shanshan), url(handover))
        assert "查无此人（房东说没来过）" in page
        assert "重新发起交接" in page
        xiaohai.refresh_from_db()
        assert xiaohai.grid_id == OLD_GRID

    def test_the_old_side_can_offer_it_again_once_the_address_proved_right(
        self, sign_in: SignIn, yang_ying: User, wang_shanshan: User, handover: Handover
    ) -> None:
        verbs.return_to_sender(handover, reason="not_found", by=yang_ying)
        client = sign_in(wang_shanshan)
        answer = client.post(url(handover, "again"), follow=True)
        assert "已重新发起张*海的交接" in answer.content.decode()
        assert client.post(url(handover, "again"), follow=True).status_code == 200
        assert Handover.objects.visible_to(wang_shanshan).open().count() == 1
        assert Alert.objects.of(yang_ying).open().count() == 1

    def test_after_it_was_accepted_returning_is_too_late(
        self, sign_in: SignIn, yang_ying: User, wanli: User, handover: Handover
    ) -> None:
        verbs.accept(handover, by=yang_ying)
        answer = sign_in(wanli).post(url(handover, "return"), {"reason": "not_found"}, follow=True)
        assert "这个交接已经结束" in answer.content.decode()


class TestOutOfTheCity:
    @pytest.fixture
    def gone(self, xiaohai: Youth) -> Handover:
        return make_handover(xiaohai, None)

    def test_names_the_league_committee_of_the_destination(
        self, sign_in: SignIn, wang_shanshan: User, gone: Handover
    ) -> None:
        assert "共青团上海市浦东新区委员会" in text_of(sign_in(wang_shanshan), url(gone))

    def test_an_unknown_destination_names_none(
        self, sign_in: SignIn, wang_shanshan: User, gone: Handover
    ) -> None:
        Handover.objects.everyone(because="test").update(destination_code="")
        page = text_of(sign_in(wang_shanshan), url(gone))
        assert "去向不详" in page
        assert "共青团" not in page.split("<main")[1].split("</main")[0]

    def test_stays_open_until_the_answer_is_recorded(
        self, sign_in: SignIn, wang_shanshan: User, gone: Handover
    ) -> None:
        client = sign_in(wang_shanshan)
        empty = client.post(url(gone, "answer"), {"note": " "})
        assert empty.status_code == 422
        assert "请写明外地的答复" in empty.content.decode()
        done = client.post(url(gone, "answer"), {"note": "已收函，由当地接续关爱"}, follow=True)
        assert "已记录外地对张*海的答复" in done.content.decode()
        gone.refresh_from_db()
        assert (gone.state, gone.note, gone.ended_by) == ("answered", "已收函，由当地接续关爱", wang_shanshan)

    def test_nobody_here_can_accept_it(self, sign_in: SignIn, wang_shanshan: User, gone: Handover) -> None:
        assert sign_in(wang_shanshan).post(url(gone, "accept")).status_code == 404

    def test_a_handover_within_the_city_takes_no_answer(
        self, sign_in: SignIn, wang_shanshan: User, handover: Handover
    ) -> None:
        assert sign_in(wang_shanshan).post(url(handover, "answer"), {"note": "x"}).status_code == 404


class TestTheList:
    def test_holds_both_sides_and_nobody_elses(
        self, sign_in: SignIn, yang_ying: User, wang_shanshan: User, fanchang_worker: User, handover: Handover
    ) -> None:
        for user, count in ((yang_ying, 1), (wang_shanshan, 1), (fanchang_worker, 0)):
            assert sign_in(user).get("/handovers/").context["count"] == count

    def test_every_count_is_the_length_of_its_list(
        self, sign_in: SignIn, wanli: User, yang_ying: User, wang_shanshan: User, handover: Handover
    ) -> None:
        for state in ("escalated", "returned", "cancelled"):
            ended: dict[str, Any] = {} if state == "escalated" else {"ended_at": timezone.now()}
            if state == "returned":
                ended |= {"return_reason": "not_found", "ended_by": yang_ying}
            make_handover(make_youth(grid=OLD_GRID), NEW_GRID, state=state, **ended)
        make_handover(make_youth(grid=OLD_GRID), None)
        client = sign_in(wanli)
        for direction in ("", "in", "out", "abroad"):
            states = client.get(f"/handovers/?direction={direction}").context["states"]
            for state, _, count in states:
                page = client.get(f"/handovers/?direction={direction}&state={state}")
                assert len(page.context["rows"]) == page.context["count"] == count, (direction, state)

    def test_the_most_urgent_comes_first(self, sign_in: SignIn, wanli: User, handover: Handover) -> None:
        urgent = make_handover(make_youth(grid=OLD_GRID), NEW_GRID, due_at=timezone.now())
        rows = sign_in(wanli).get("/handovers/").context["rows"]
        assert [row["handover"].pk for row in rows] == [urgent.pk, handover.pk]

    def test_costs_the_same_for_one_and_for_twenty(
        self,
        sign_in: SignIn,
        wanli: User,
        handover: Handover,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        make_handover(make_youth(grid=OLD_GRID), None)
        client = sign_in(wanli)
        client.get("/handovers/")
        for _ in range(2):
            with django_assert_num_queries(10):  # of the frame 5; the reading, places, page, counties, counts
                client.get("/handovers/")
            for _ in range(10):
                make_handover(make_youth(grid=OLD_GRID), NEW_GRID)

    def test_a_place_outside_ones_area_is_refused_in_words(self, sign_in: SignIn, wanli: User) -> None:
        for division in (PINGPU, "nonsense", "999999"):
            answer = sign_in(wanli).get(f"/handovers/?division={division}")
            assert answer.status_code == 422
            assert "没有这个地区" in answer.content.decode()
