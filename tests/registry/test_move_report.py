"""A worker reports that a youth lives somewhere else now 报告迁移."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from grids.models import User
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_dwelling, make_youth

GRID = f"{YINHU}001"
STREET = "340207004"


def sent(**changes: Any) -> dict[str, Any]:
    typed = {
        "where": "city",
        "moved_on": str(timezone.localdate()),
        "street": STREET,
        "community": HUAQIANG,
        "submission_key": str(uuid.uuid4()),
        "step": "report",
    }
    return {**typed, **changes}


def url(youth: Youth) -> str:
    return f"/youths/{youth.pk}/move/"


def test_a_move_to_another_grid_offers_a_handover_and_leaves_the_file_here(
    wang_shanshan: User, yang_ying: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=GRID)
    door = make_dwelling(f"{HUAQIANG}002", code="F-NEW")
    answer = sign_in(wang_shanshan).post(url(youth), sent(house_code="F-NEW"), follow=True)
    youth.refresh_from_db()
    handover = youth.handovers.get()
    assert (youth.grid_id, youth.lives_in, handover.to_grid_id) == (GRID, door.grid_id, door.grid_id)
    assert "对方接收前仍由您这里负责" in answer.content.decode()


def test_a_move_sent_twice_is_one_move(wang_shanshan: User, yang_ying: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(f"{HUAQIANG}002", code="F-NEW")
    client, form = sign_in(wang_shanshan), sent(house_code="F-NEW")
    assert [client.post(url(youth), form).status_code for _ in range(2)] == [302, 302]
    assert youth.resident.moves.count() == 1
    assert youth.handovers.count() == 1


def test_a_move_within_the_grid_changes_nobodys_duty(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(GRID, code="F-NEAR")
    answer = sign_in(wang_shanshan).post(url(youth), sent(house_code="F-NEAR"), follow=True)
    assert "责任不变" in answer.content.decode()
    assert not youth.handovers.exists()


def test_doors_are_found_by_words_within_the_community(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(f"{HUAQIANG}001", code="F-A", estate="枫林湾", building="5栋", room="501")
    make_dwelling(f"{HUAQIANG}001", code="F-B", estate="枫林湾", building="5栋", room="502")
    make_dwelling(f"{PINGPU}001", code="F-C", estate="枫林湾", building="5栋", room="501")
    client = sign_in(wang_shanshan)
    found = client.post(url(youth), sent(step="find", words="枫林 501")).content.decode()
    assert 'value="F-A"' in found
    assert 'value="F-B"' not in found
    assert 'value="F-C"' not in found
    assert youth.resident.moves.count() == 0
    assert client.post(url(youth), sent(words="枫林 501", door="F-A")).status_code == 302
    assert youth.resident.moves.filter(to_dwelling__code="F-A").exists()


def test_any_door_of_the_city_may_be_moved_to(
    wang_shanshan: User, fanchang_worker: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(f"{PINGPU}001", code="F-FAR")
    assert sign_in(wang_shanshan).post(url(youth), sent(house_code="F-FAR")).status_code == 302


def test_leaving_the_city_names_the_county(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID)
    typed = sent(where="away", province="31", city="3101", county="310115", note="母亲电话说的")
    answer = sign_in(wang_shanshan).post(url(youth), typed, follow=True)
    move = youth.resident.moves.get()
    assert (move.kind, move.destination_code) == ("out", "310115")
    assert "上海市浦东新区" in answer.content.decode()
    assert "得到答复前" in answer.content.decode()


def test_each_choice_opens_the_next(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    client = sign_in(wang_shanshan)
    away = client.post(url(youth), sent(step="find", where="away", province="31")).content.decode()
    assert 'value="3101"' in away
    assert 'value="310115"' not in away
    city = client.post(url(youth), sent(step="find", street="340212103", community="")).content.decode()
    assert f'value="{PINGPU}"' in city


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where": ""}, "请选择搬到市内还是外地"),
        ({"where": "moon"}, "moon"),
        ({"moved_on": "9999-12-31"}, "不能晚于今天"),
        ({"moved_on": "2000-01-01"}, "现住址从"),
        ({"moved_on": "2026-02-30"}, "没有这一天"),
        ({"house_code": "NO-SUCH"}, "没有这个房屋编号"),
        ({"house_code": "\0"}, "空字符|Null|没有这个房屋编号|请写小区"),
        ({"words": "没有的小区"}, "没有找到这样的房屋"),
        ({"words": ""}, "请写小区"),
        ({"words": "%"}, "没有找到这样的房屋"),
        ({"street": "x", "words": "翠竹"}, "请在列表中重新选择"),
        ({"street": "3402\0", "words": "翠竹"}, "请在列表中重新选择"),
        ({"door": "F-OTHER", "words": "翠竹园"}, "请在列表中重新选择"),
        ({"where": "away"}, "请写明知道的线索"),
        ({"where": "away", "province": "31"}, "请选择迁往的市和县"),
        ({"where": "away", "province": "31", "city": "3101", "county": "340207"}, "请在列表中重新选择"),
        ({"where": "away", "note": "字" * 201}, "最多 200 个字"),
    ],
)
def test_bad_input_is_answered_beside_the_field(
    wang_shanshan: User, sign_in: SignIn, changes: dict[str, Any], message: str
) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(f"{HUAQIANG}001", code="F-HERE")
    answer = sign_in(wang_shanshan).post(url(youth), sent(**changes))
    assert answer.status_code == 422
    assert any(words in answer.content.decode() for words in message.split("|"))
    assert not youth.resident.moves.exists()


def test_the_door_where_somebody_lives_is_no_move(wang_shanshan: User, sign_in: SignIn) -> None:
    home = make_dwelling(GRID, code="F-HOME")
    youth = make_youth(dwelling=home)
    answer = sign_in(wang_shanshan).post(url(youth), sent(house_code="F-HOME"))
    assert answer.status_code == 422
    assert "不需要再报迁移" in answer.content.decode()


def test_the_day_of_the_last_move_is_too_early(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_dwelling(f"{HUAQIANG}002", code="F-NEW")
    first = youth.resident.residences.get().starts_on
    answer = sign_in(wang_shanshan).post(url(youth), sent(house_code="F-NEW", moved_on=str(first)))
    assert answer.status_code == 422
    later = sent(house_code="F-NEW", moved_on=str(first + timedelta(days=1)))
    assert sign_in(wang_shanshan).post(url(youth), later).status_code == 302
