"""Corrections 更正 of the person behind a file: what is kept, what is refused, and two people at once."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from grids.models import User
from registry import corrections, register_row
from registry.models import Correction, Youth
from tests.cast import SignIn
from tests.factories import YINHU, make_fact, make_youth

GRID = f"{YINHU}001"


def correction_of(youth: Youth, **changes: Any) -> dict[str, Any]:
    """The form of a correction as the browser sends it: what stands there, with some of it changed."""
    now = corrections.observed(youth)
    rural = {True: "yes", False: "no", None: "unknown"}[now.hukou_is_rural]
    typed = {**vars(now), "hukou_is_rural": rural, "version": youth.version, "reason": "看了户口簿"}
    return {**typed, "submission_key": str(uuid.uuid4()), **changes}


def test_a_correction_keeps_before_after_who_and_why(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID)
    client = sign_in(wang_shanshan)
    response = client.post(
        f"/youths/{youth.pk}/correct/",
        correction_of(youth, name="张晓海", phone="138 0000 1234"),
        follow=True,
    )
    page = response.content.decode()
    youth.refresh_from_db()
    assert (youth.name, youth.pinyin) == ("张晓海", "zhangxiaohai")
    assert "已更正张晓海的姓名、联系方式" in page or "已更正张小海的姓名、联系方式" in page
    assert "<del>张小海</del>" in page
    assert "<ins>张晓海</ins>" in page
    assert "看了户口簿" in page
    assert register_row.refresh(None) == 0


def test_what_a_worker_observes_of_school_ends_what_a_department_said(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=GRID)
    make_fact(youth.resident, "dropped_out", unit="湾里中学")
    sent = correction_of(youth, school="in_school", school_unit="芜湖一中")
    sign_in(wang_shanshan).post(f"/youths/{youth.pk}/correct/", sent)
    youth.refresh_from_db()
    assert youth.school == "in_school"
    facts = youth.resident.facts.order_by("id").values_list("kind", "unit", "source", "ends_on")
    told: list[Any] = list(facts)
    assert told == [
        ("dropped_out", "湾里中学", None, timezone.localdate()),
        ("in_school", "芜湖一中", None, None),
    ]


def test_a_correction_sent_twice_is_one_correction(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    sent = correction_of(youth, name="张晓海")
    client = sign_in(wang_shanshan)
    answers = [client.post(f"/youths/{youth.pk}/correct/", sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert youth.corrections.count() == 1


def test_a_key_used_for_another_file_is_refused(wang_shanshan: User, sign_in: SignIn) -> None:
    one, other = make_youth(grid=GRID), make_youth("李四", grid=GRID)
    client, key = sign_in(wang_shanshan), str(uuid.uuid4())
    client.post(f"/youths/{one.pk}/correct/", correction_of(one, name="张三", submission_key=key))
    answer = client.post(
        f"/youths/{other.pk}/correct/", correction_of(other, name="李五", submission_key=key)
    )
    assert answer.status_code == 422
    assert "页面已过期" in answer.content.decode()
    assert other.corrections.count() == 0


def test_a_stale_correction_shows_both_versions_and_keeps_what_was_typed(
    wang_shanshan: User, yang_ying: User, deputy: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=GRID)
    mine = correction_of(youth, name="张晓海")
    sign_in(deputy).post(f"/youths/{youth.pk}/correct/", correction_of(youth, name="章小海"))
    client = sign_in(wang_shanshan)
    answer = client.post(f"/youths/{youth.pk}/correct/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "李梅" in page
    assert '<th scope="row">姓名</th><td>张晓海</td><td>章小海' in page
    assert 'value="张晓海"' in page
    again = mine | {"version": answer.context["form"].data["version"]}
    assert client.post(f"/youths/{youth.pk}/correct/", again).status_code == 302
    youth.refresh_from_db()
    assert youth.name == "张晓海"


def test_a_stale_correction_leaves_alone_what_the_other_one_changed(
    wang_shanshan: User, deputy: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=GRID)
    client = sign_in(wang_shanshan)
    opened = client.get(f"/youths/{youth.pk}/correct/").context["form"]
    mine = correction_of(youth, name="张晓海", seen=opened.initial["seen"])
    sign_in(deputy).post(f"/youths/{youth.pk}/correct/", correction_of(youth, phone="13800001234"))
    answer = client.post(f"/youths/{youth.pk}/correct/", mine)
    assert answer.status_code == 409
    shown = answer.context["form"].data
    assert (shown["name"], shown["phone"]) == ("张晓海", "13800001234")
    client.post(f"/youths/{youth.pk}/correct/", shown.dict())
    youth.resident.refresh_from_db()
    assert (youth.resident.name, youth.resident.phone) == ("张晓海", "13800001234")


@pytest.mark.parametrize("seen", ["", "x", "[]", "[1]", '"x"', "{}", "1", "null"])
def test_a_form_that_says_nonsense_of_what_it_was_opened_with_still_shows_both(
    wang_shanshan: User, deputy: User, sign_in: SignIn, seen: str
) -> None:
    youth = make_youth("张小海", grid=GRID)
    mine = correction_of(youth, name="张晓海", seen=seen)
    sign_in(deputy).post(f"/youths/{youth.pk}/correct/", correction_of(youth, phone="13800001234"))
    assert sign_in(wang_shanshan).post(f"/youths/{youth.pk}/correct/", mine).status_code == 409


def test_nothing_changed_makes_no_correction(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/correct/", correction_of(youth), follow=True)
    assert "没有改动" in answer.content.decode()
    assert not Correction.objects.everyone(because="test").exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "请填写姓名"),
        ("name", "   ", "请填写姓名"),
        ("name", "字" * 51, "最多 50 个字"),
        ("name", "张\0海", "看不见的控制字符"),
        ("name", "张?海", "丢失的字"),
        ("birth_on", "2026-02-30", "没有这一天"),
        ("birth_on", "昨天", "没有这一天"),
        ("birth_on", "0001-01-01", "不能早于 1900 年"),
        ("birth_on", "9999-12-31", "不能晚于今天"),
        ("birth_on", "2012-01-\0", "没有这一天"),
        ("birth_on", "2011-03-04", "与证件号码里的出生日期不一致"),
        ("sex", "7", "7"),
        ("sex", "2", "与证件号码里的性别不一致"),
        ("phone", "电话", "电话只能是数字"),
        ("phone", "1" * 31, "号码太长"),
        ("phone", "138\0", "无法保存|空字符|号码"),
        ("school", "prison", "prison"),
        ("school_unit", "校" * 101, "最多 100 个字，现在是 101 个字"),
        ("work_unit", "厂\0", "无法保存的字符"),
        ("hukou_is_rural", "maybe", "maybe"),
        ("reason", "", "请写明怎么知道的"),
        ("reason", "因" * 101, "最多 100 个字"),
        ("version", "x", "整数"),
        ("version", str(2**40), "2147483647"),
        ("submission_key", "nonsense", "页面已过期"),
    ],
)
def test_bad_input_is_answered_beside_the_field(
    wang_shanshan: User, sign_in: SignIn, field: str, value: str, message: str
) -> None:
    youth = make_youth(grid=GRID)
    answer = sign_in(wang_shanshan).post(
        f"/youths/{youth.pk}/correct/", correction_of(youth, **{field: value})
    )
    assert answer.status_code == 422
    assert any(words in answer.content.decode() for words in message.split("|"))
    youth.refresh_from_db()
    assert youth.name == "张小海"


@pytest.mark.parametrize("name", ["㛃", "𠮷", "买买提·艾力", "Anna Maria", "字" * 50, "李　四"])
def test_a_rare_or_long_name_is_stored(wang_shanshan: User, sign_in: SignIn, name: str) -> None:
    youth = make_youth(grid=GRID)
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/correct/", correction_of(youth, name=name))
    assert answer.status_code == 302
    youth.refresh_from_db()
    assert youth.name == ("李四" if name == "李　四" else name)
