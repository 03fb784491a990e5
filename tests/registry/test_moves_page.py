"""The list of moves: in and out, by division and period, as names."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from grids.models import User
from registry import handovers as verbs
from registry.models import Move, Youth
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    make_dwelling,
    make_handover,
    make_move,
    make_resident,
    make_youth,
)

pytestmark = pytest.mark.django_db
HERE, NEXT_DOOR, FAR = f"{YINHU}001", f"{HUAQIANG}002", f"{PINGPU}001"


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


@pytest.fixture
def within_the_street(wang_shanshan: User, yang_ying: User) -> Youth:
    """From 银湖社区 to its neighbour 华强社区: of one street."""
    youth = make_youth("张小海", grid=HERE, age=10, categories=["custody_child"], grade="A")
    make_handover(youth, make_dwelling(NEXT_DOOR, estate="梧桐苑", building="7栋", unit="1单元", room="301"))
    return youth


@pytest.fixture
def to_another_district(fanchang_worker: User) -> Youth:
    youth = make_youth("李明", grid=HERE, age=15)
    make_handover(youth, FAR)
    return youth


@pytest.fixture
def out_of_the_city() -> Youth:
    youth = make_youth("欧阳娜娜", grid=HERE, age=20)
    make_handover(youth, None)
    return youth


@pytest.fixture
def everybody(within_the_street: Youth, to_another_district: Youth, out_of_the_city: Youth) -> None:
    """And an adult, and one who moved long ago."""
    adult = make_youth("王大山", grid=HERE, age=24, state="closed")
    make_move(adult, make_dwelling(NEXT_DOOR))
    make_move(make_youth("赵云", grid=HERE), make_dwelling(NEXT_DOOR), moved_on=days_ago(31))


class TestWhoSeesWhat:
    def test_a_move_is_in_for_one_side_and_out_for_the_other(
        self, sign_in: SignIn, wang_shanshan: User, yang_ying: User, wanli: User, everybody: None
    ) -> None:
        for user, counts in ((wang_shanshan, [3, 0, 3, 0]), (yang_ying, [1, 1, 0, 0]), (wanli, [3, 0, 2, 1])):
            directions = sign_in(user).get("/moves/").context["directions"]
            assert [number for _, _, number in directions] == counts, user

    def test_a_foreign_district_lists_nothing(
        self, sign_in: SignIn, fanchang_worker: User, within_the_street: Youth
    ) -> None:
        assert sign_in(fanchang_worker).get("/moves/").context["count"] == 0

    def test_whoever_waits_to_be_accepted_is_a_masked_name_with_a_new_address(
        self, sign_in: SignIn, yang_ying: User, within_the_street: Youth
    ) -> None:
        page = sign_in(yang_ying).get("/moves/").content.decode()
        for shown in ("张*海", "10 岁", "梧桐苑 7栋1单元301", "待接收", "银湖社区"):
            assert shown in page, shown
        for hidden in ("张小海", str(within_the_street.pk), "服刑", "翠竹园"):
            assert hidden not in page, hidden

    def test_the_old_side_sees_no_door_outside_its_area(
        self, sign_in: SignIn, wang_shanshan: User, within_the_street: Youth
    ) -> None:
        page = sign_in(wang_shanshan).get("/moves/").content.decode()
        assert "梧桐苑" not in page
        assert "鸠江区华强社区" in page
        assert f"/youths/{within_the_street.pk}/" in page

    def test_from_acceptance_the_new_side_opens_the_file_and_the_old_one_the_handover(
        self, sign_in: SignIn, wang_shanshan: User, yang_ying: User, within_the_street: Youth
    ) -> None:
        handover = within_the_street.handovers.get()
        verbs.accept(handover, by=yang_ying)
        assert f"/youths/{within_the_street.pk}/" in sign_in(yang_ying).get("/moves/").content.decode()
        old = sign_in(wang_shanshan).get("/moves/").content.decode()
        assert f"/youths/{within_the_street.pk}/" not in old
        assert f"/handovers/{handover.pk}/" in old

    def test_out_of_the_city_names_the_county(
        self, sign_in: SignIn, wang_shanshan: User, out_of_the_city: Youth
    ) -> None:
        assert "上海市浦东新区" in sign_in(wang_shanshan).get("/moves/").content.decode()

    def test_a_move_that_never_took_place_is_not_listed(
        self, sign_in: SignIn, wang_shanshan: User, out_of_the_city: Youth
    ) -> None:
        Move.objects.everyone(because="test").update(voided_at=timezone.now())
        assert sign_in(wang_shanshan).get("/moves/").context["count"] == 0


class TestAsking:
    def test_every_count_is_the_length_of_its_list(
        self, sign_in: SignIn, wanli: User, jiujiang: User, city_cadre: User, everybody: None
    ) -> None:
        for user in (wanli, jiujiang, city_cadre):
            client = sign_in(user)
            for who in ("register", "under26", "all"):
                for direction, _, count in client.get(f"/moves/?who={who}").context["directions"]:
                    page = client.get(f"/moves/?who={who}&direction={direction}")
                    assert len(page.context["rows"]) == page.context["count"] == count
                    for code, _, number in page.context["divisions"]:
                        narrowed = client.get(f"/moves/?who={who}&direction={direction}&division={code}")
                        assert len(narrowed.context["rows"]) == number, (who, direction, code)

    def test_who_tells_apart_files_the_young_and_everybody(
        self, sign_in: SignIn, wang_shanshan: User, everybody: None
    ) -> None:
        grandfather = make_resident("钱爷爷", age=70, dwelling=make_dwelling(HERE))
        make_move(make_youth(grid=HERE), make_dwelling(HERE))
        Move.objects.create(
            resident=grandfather, kind="out", from_dwelling=grandfather.residences.get().dwelling,
            from_grid_id=HERE, moved_on=days_ago(2),
        )  # fmt: skip
        client = sign_in(wang_shanshan)
        counts = {
            who: client.get(f"/moves/?who={who}").context["count"] for who in ("register", "under26", "all")
        }
        assert counts == {"register": 4, "under26": 5, "all": 6}

    def test_a_period_includes_both_its_days(
        self, sign_in: SignIn, wang_shanshan: User, yang_ying: User
    ) -> None:
        for days in (1, 2, 3):
            make_move(make_youth(grid=HERE), make_dwelling(NEXT_DOOR), moved_on=days_ago(days))
        page = sign_in(wang_shanshan).get(f"/moves/?from={days_ago(3)}&to={days_ago(2)}")
        assert page.context["count"] == 2

    def test_nothing_said_means_the_last_thirty_days(
        self, sign_in: SignIn, wang_shanshan: User, yang_ying: User
    ) -> None:
        for days in (29, 30):
            make_move(make_youth(grid=HERE), make_dwelling(NEXT_DOOR), moved_on=days_ago(days))
        assert sign_in(wang_shanshan).get("/moves/").context["count"] == 1

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("from=2026-13-01", "日期要写成 2026-11-24 这样"),
            ("from=2026-11-02&to=2026-11-01", "结束日期不能早于开始日期"),
            (f"division={PINGPU}", "没有这个地区"),
            ("division=%00", "没有这个地区"),
            ("who=nobody", "nobody"),
            ("direction=up", "up"),
        ],
    )
    def test_a_condition_that_makes_no_sense_is_said_beside_its_field(
        self, query: str, message: str, sign_in: SignIn, wang_shanshan: User
    ) -> None:
        answer = sign_in(wang_shanshan).get(f"/moves/?{query}")
        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert "请先更正上面标出的条件" in answer.content.decode()

    def test_pages_go_forth_and_back(self, sign_in: SignIn, wang_shanshan: User, yang_ying: User) -> None:
        for days in range(60):
            make_move(make_youth(grid=HERE), make_dwelling(NEXT_DOOR), moved_on=days_ago(days % 7))
        client = sign_in(wang_shanshan)
        first = client.get("/moves/")
        second = client.get("/moves/" + first.context["page"].next_url)
        names = [row.move.pk for page in (first, second) for row in page.context["rows"]]
        assert len(names) == len(set(names)) == 60
        back = client.get("/moves/" + second.context["page"].previous_url)
        assert [row.move.pk for row in back.context["rows"]] == names[:50]
        assert back.context["page"].previous_url == ""
        assert client.get("/moves/?after=nonsense").status_code == 404

    def test_costs_the_same_for_one_and_for_twenty(
        self, sign_in: SignIn, wanli: User, everybody: None, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = sign_in(wanli)
        client.get("/moves/")
        for _ in range(2):
            # frame 5; the reading, places, counts 3, page 2, handovers, counties
            with django_assert_num_queries(14):
                client.get("/moves/")
            for _ in range(10):
                make_handover(make_youth(grid=HERE), NEXT_DOOR)
