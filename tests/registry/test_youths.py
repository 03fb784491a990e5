"""The person's page 一人一档 and the acts on the file itself: open, verify, correct, grade, close."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import User
from registry import register_row, youths
from registry.holding import FileClosed, StaleEdit
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import (
    PINGPU,
    YINHU,
    fresh,
    give_post,
    make_dwelling,
    make_fact,
    make_guardianship,
    make_handover,
    make_household,
    make_move,
    make_need,
    make_resident,
    make_user,
    make_visit,
    make_youth,
    years_ago,
)

GRID = f"{YINHU}001"


def page_of(client: Any, youth: Youth) -> str:
    response = client.get(f"/youths/{youth.pk}/")
    assert response.status_code == 200
    return str(response.content.decode())


# --- The page


def test_the_page_tells_who_is_responsible_and_why(wang_shanshan: User, sign_in: SignIn) -> None:
    page = page_of(sign_in(wang_shanshan), make_youth("张小海", grid=GRID))
    assert "汪珊珊" in page
    assert "是本网格的责任网格员" in page


def test_the_page_shows_the_person_with_a_masked_number(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID, age=12, grade="A", grade_reason="无人监护")
    page = page_of(sign_in(wang_shanshan), youth)
    assert "<h1>张小海</h1>" in page
    assert youth.resident.masked_id_number in page
    assert str(youth.resident.id_number) not in page
    assert "12 周岁" in page
    assert "无人监护" in page
    assert "繁昌区平铺镇平铺村" in page
    assert "（农村）" in page


def test_the_page_shows_family_visits_needs_moves_and_where_the_person_lived(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    home = make_dwelling(GRID, estate="桂花苑")
    household = make_household()
    youth = make_youth(
        "张小海",
        dwelling=home,
        resident_fields={"household": household, "relation": "41"},
        categories=["left_behind"],
    )
    grandmother = make_resident("王秀英", age=66, dwelling=home, household=household, relation="10")
    make_guardianship(youth.resident, grandmother, relation="62")
    make_guardianship(youth.resident, "张大海", status="away_for_work", destination_code="310115")
    make_visit(youth, by=wang_shanshan, found="奶奶腿脚不便")
    make_need(youth, "care")
    make_move(youth, make_dwelling(GRID, estate="枫林湾"))
    page = page_of(sign_in(wang_shanshan), youth)
    for words in (
        "王秀英",
        "祖母",
        "张大海",
        "外出务工",
        "上海市浦东新区",
        "奶奶腿脚不便",
        "监护照料",
        "桂花苑",
        "枫林湾",
        "国发〔2016〕13号",
    ):
        assert words in page


def test_the_number_of_statements_does_not_grow_with_visits_and_family(
    wang_shanshan: User, sign_in: SignIn, jiujiang: User
) -> None:
    client = sign_in(wang_shanshan)

    def counted(youth: Youth) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page_of(client, youth)
        return len(queries)

    def family(size: int) -> Youth:
        household, home = make_household(), make_dwelling(GRID)
        fields = {"household": household, "relation": "41"}
        youth = make_youth(dwelling=home, resident_fields=fields, categories=["left_behind"])
        for number in range(size):
            make_resident(f"家人{number}", age=60, dwelling=home, household=household, relation="62")
            make_guardianship(
                youth.resident, f"监护人{number}", status="away_for_work", destination_code="310115"
            )
            make_visit(youth, by=wang_shanshan)
            make_fact(youth.resident, "in_school", unit="湾里中学")
        make_handover(youth, make_dwelling(GRID))
        return youth

    few, many = family(1), family(8)
    counted(few)
    assert counted(few) == counted(many) <= 42  # with cases, reports and pairings


def test_a_file_out_of_scope_and_a_missing_one_give_the_same_404(
    fanchang_worker: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=GRID)
    client = sign_in(fanchang_worker)
    for path in ("", "history/", "verify/", "correct/", "grade/", "close/", "enrol/", "move/"):
        foreign = client.get(f"/youths/{youth.pk}/{path}")
        missing = client.get(f"/youths/{uuid.uuid4()}/{path}")
        assert foreign.status_code == missing.status_code == 404
        assert _without_request_id(foreign) == _without_request_id(missing)
        assert client.post(f"/youths/{youth.pk}/{path}").status_code in (404, 405)


def _without_request_id(response: Any) -> str:
    return str(response.content.decode()).replace(response.headers["X-Request-ID"], "")


def test_a_handover_under_way_stands_at_the_top(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID)
    make_handover(youth, make_dwelling(f"{PINGPU}001"))
    page = page_of(sign_in(wang_shanshan), youth)
    assert "平铺村 第1网格" in page
    assert "对方接收前，仍由本网格负责" in page


def test_a_closed_file_is_only_read(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, state=Youth.State.CLOSED)
    client = sign_in(wang_shanshan)
    page = page_of(client, youth)
    assert "只能查看" in page
    assert "核实无误" not in page
    for path in ("verify", "correct", "grade", "close", "enrol", "move"):
        response = client.post(f"/youths/{youth.pk}/{path}/", {"reason": "试试"})
        assert response.headers["Location"] == f"/youths/{youth.pk}/"
    with pytest.raises(FileClosed):
        youths.set_grade(youth=youth, grade="A", reason="试试", version=1, by=wang_shanshan)


# --- What may not be known


@pytest.fixture
def child(db: None) -> Youth:
    """小雨, whose father serves a sentence; enrolled in that category by the district."""
    youth = make_youth("小雨", grid=GRID, age=9, categories=["custody_child"])
    make_guardianship(youth.resident, "雨大山", status="in_prison", destination_code="340103")
    make_guardianship(youth.resident, "雨奶奶", relation="62", status="at_home")
    return youth


SECRETS = ("服刑", "custody", "戒毒", "保密", "合肥", "第四类")


def test_a_worker_is_not_told_why_and_nothing_gives_it_away(
    child: Youth, wang_shanshan: User, jiujiang: User, sign_in: SignIn
) -> None:
    category: Any = child.enrolments.get()
    category._history_user = jiujiang
    category._change_reason = "认定类别"
    category.save()
    client = sign_in(wang_shanshan)
    pages = [
        page_of(client, child),
        client.get(f"/youths/{child.pk}/history/").content.decode(),
        client.get(f"/visits/new/?youth={child.pk}").content.decode(),
        client.get(f"/youths/{child.pk}/close/").content.decode(),
        client.get(f"/youths/{child.pk}/enrol/").content.decode(),
        client.get("/enrolments/").content.decode(),
    ]
    assert "关爱对象" in pages[0]
    for page in pages:
        for secret in SECRETS:
            assert secret not in page
    assert "认定类别" not in pages[1]


def test_a_guardian_of_whom_nothing_is_said_is_like_one_of_whom_nothing_is_known(
    child: Youth, wang_shanshan: User, sign_in: SignIn
) -> None:
    other = make_youth("小云", grid=GRID, age=9, categories=["custody_child"])
    make_guardianship(other.resident, "雨大山", status="unknown")
    client = sign_in(wang_shanshan)
    row = '<tr><td>雨大山</td><td data-label="关系">父亲</td>'
    hidden, unknown = (page_of(client, youth).split(row)[1].split("</tr>")[0] for youth in (child, other))
    assert hidden == unknown


def test_those_who_need_to_know_are_told(child: Youth, jiujiang: User, sign_in: SignIn) -> None:
    page = page_of(sign_in(jiujiang), child)
    assert "服刑在教人员未成年子女" in page
    assert "保密" in page
    assert "合肥市庐阳区" in page


def test_a_named_person_of_the_street_is_told(child: Youth, sign_in: SignIn) -> None:
    named = make_user(name="儿童督导员")
    give_post(named, "street", "340207004", knows_reasons=True)
    assert "服刑在教人员未成年子女" in page_of(sign_in(fresh(named)), child)


def test_what_justice_says_of_a_young_parent_stands_nowhere_on_the_parents_own_file(
    jiujiang: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=GRID, age=22)
    make_fact(youth.resident, "in_detox")
    make_fact(youth.resident, "employed", unit="湾里面馆")
    page = page_of(sign_in(jiujiang), youth)
    assert "湾里面馆" in page
    assert "戒毒" not in page


# --- Verify


def test_one_tap_verifies_the_file(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID)
    response = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/verify/", follow=True)
    youth.refresh_from_db()
    assert youth.last_verified_on == timezone.localdate()
    assert "已核实张小海的档案" in response.content.decode()
    latest = Youth.history.filter(id=youth.pk).latest()
    assert (latest.history_user, latest.history_change_reason) == (wang_shanshan, "核实无误")


def test_verifying_twice_leaves_one_record(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    client = sign_in(wang_shanshan)
    before = Youth.history.filter(id=youth.pk).count()
    for _ in range(2):
        client.post(f"/youths/{youth.pk}/verify/")
    assert Youth.history.filter(id=youth.pk).count() == before + 1


# --- Grade


def test_a_higher_grade_brings_the_next_visit_nearer(wang_shanshan: User, sign_in: SignIn) -> None:
    today = timezone.localdate()
    youth = make_youth(grid=GRID, grade="C", next_due_on=today + timedelta(days=60))
    sent = {"grade": "A", "reason": "监护差，常一人在家", "version": youth.version}
    client = sign_in(wang_shanshan)
    for _ in range(2):
        assert client.post(f"/youths/{youth.pk}/grade/", sent).status_code == 302
    youth.refresh_from_db()
    assert (youth.grade, youth.next_due_on) == ("A", today + timedelta(days=7))
    assert "常一人在家" in page_of(client, youth)


def test_a_grade_needs_a_reason_and_a_letter(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/grade/", {"grade": "D", "version": 1})
    assert answer.status_code == 422
    assert "请选择 A、B 或 C" in answer.content.decode()
    assert "请写明定级原因" in answer.content.decode()


def test_a_stale_grade_shows_both(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    youths.set_grade(youth=youth, grade="A", reason="监护差", version=youth.version, by=wang_shanshan)
    sent = {"grade": "C", "reason": "监护好", "version": youth.version}
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/grade/", sent)
    assert answer.status_code == 409
    assert "监护差" in answer.content.decode()
    with pytest.raises(StaleEdit):
        youths.set_grade(youth=youth, grade="C", reason="监护好", version=youth.version, by=wang_shanshan)


# --- Close


def test_closing_ends_the_categories_with_the_reason(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID, categories=["left_behind"])
    client = sign_in(wang_shanshan)
    assert "农村留守儿童" in client.get(f"/youths/{youth.pk}/close/").content.decode()
    answer = client.post(f"/youths/{youth.pk}/close/", {"reason": "已满 16 周岁"}, follow=True)
    youth.refresh_from_db()
    assert youth.state == Youth.State.CLOSED
    assert youth.category_mask == 0
    assert youth.enrolments.get().end_reason == "结档：已满 16 周岁"
    assert "只能查看" in answer.content.decode()


def test_a_file_with_a_category_one_may_not_know_is_closed_by_others(
    child: Youth, wang_shanshan: User, jiujiang: User, sign_in: SignIn
) -> None:
    answer = sign_in(wang_shanshan).post(f"/youths/{child.pk}/close/", {"reason": "搬走了"})
    assert answer.status_code == 422
    assert "须由区县团委办理结档" in answer.content.decode()
    assert "服刑" not in answer.content.decode()
    assert sign_in(jiujiang).post(f"/youths/{child.pk}/close/", {"reason": "已满 18"}).status_code == 302


def test_a_file_being_handed_over_is_not_closed(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_handover(youth, make_dwelling(f"{PINGPU}001"))
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/close/", {"reason": "搬走了"})
    assert answer.status_code == 422
    assert "正在交接" in answer.content.decode()


# --- Open


def find(client: Any, number: str) -> HttpResponse:
    answer: HttpResponse = client.post("/youths/new/", {"number": number, "step": "find"})
    return answer


def test_a_file_is_opened_by_id_number_with_a_reason(wang_shanshan: User, sign_in: SignIn) -> None:
    resident = make_resident("小海", age=9, dwelling=make_dwelling(GRID))
    client = sign_in(wang_shanshan)
    assert "小海" in find(client, str(resident.id_number).lower()).content.decode()
    sent = {"number": resident.id_number, "step": "open", "reason": "孤儿", "grade": "A"}
    answer = client.post("/youths/new/", sent)
    youth = Youth.objects.visible_to(wang_shanshan).get()
    assert answer.headers["Location"] == f"/youths/{youth.pk}/"
    assert (youth.grid_id, youth.opened_reason, youth.name, youth.opened_by) == (
        GRID,
        "孤儿",
        "小海",
        wang_shanshan,
    )
    assert client.post("/youths/new/", sent).headers["Location"] == f"/youths/{youth.pk}/"
    assert register_row.refresh(None) == 0


def test_a_file_is_opened_by_person_number_with_a_category(wang_shanshan: User, sign_in: SignIn) -> None:
    resident = make_resident("阿强", age=17, id_number=None, dwelling=make_dwelling(GRID))
    sent = {
        "number": resident.person_number,
        "step": "open",
        "category": "idle",
        "starts_on": str(timezone.localdate() - timedelta(days=200)),
        "evidence": "母亲说退学在家",
        "grade": "B",
        "submission_key": str(uuid.uuid4()),
    }
    client = sign_in(wang_shanshan)
    for _ in range(2):
        assert client.post("/youths/new/", sent).status_code == 302
    youth = Youth.objects.visible_to(wang_shanshan).get()
    assert youth.enrolments.get().category_id == "idle"
    assert youth.category_mask == 1


def test_a_refused_category_opens_no_file(wang_shanshan: User, sign_in: SignIn) -> None:
    resident = make_resident(age=20, dwelling=make_dwelling(GRID))
    sent = {
        "number": resident.id_number,
        "step": "open",
        "category": "left_behind",
        "starts_on": str(timezone.localdate()),
        "evidence": "父母外出",
        "grade": "B",
    }
    answer = sign_in(wang_shanshan).post("/youths/new/", sent)
    assert "0–15 周岁" in answer.content.decode()
    assert not Youth.objects.visible_to(wang_shanshan).exists()


@pytest.mark.parametrize("step", ["find", "open"])
def test_somebody_out_of_scope_is_as_unknown_as_nobody(
    wang_shanshan: User, sign_in: SignIn, step: str
) -> None:
    elsewhere = make_resident(dwelling=make_dwelling(f"{PINGPU}001"))
    nobody = make_resident(dwelling=None)
    client = sign_in(wang_shanshan)
    sent = {"step": step, "reason": "孤儿", "grade": "B"}
    for resident in (elsewhere, nobody):
        answer = client.post("/youths/new/", {**sent, "number": resident.id_number})
        assert answer.status_code == 422
        assert "在您负责的范围内没有这个人" in answer.content.decode()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("", "请填写证件号码"),
        ("34020720100101001", "位数不对"),
        ("340207201013010011", "出生日期不存在"),
        ("340207201001010010", "校验位不对"),
        ("3402072010010100X1", "非法字符"),
        ("340207100101001", "没有这个人"),
        ("不知道", "没有这个人"),
        ("9" * 41, "号码太长"),
        ("34\0", ""),
    ],
)
def test_a_number_that_cannot_be_is_explained(
    wang_shanshan: User, sign_in: SignIn, number: str, message: str
) -> None:
    answer = find(sign_in(wang_shanshan), number)
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_closed_file_is_opened_again_where_the_person_lives_now(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    resident = make_resident(age=9, dwelling=make_dwelling(GRID))
    closed = make_youth(resident=resident, grid=f"{PINGPU}001", state=Youth.State.CLOSED)
    sent = {"number": resident.id_number, "step": "open", "reason": "孤儿", "grade": "B"}
    sign_in(wang_shanshan).post("/youths/new/", sent)
    closed.refresh_from_db()
    assert (closed.state, closed.grid_id, closed.closed_on) == (Youth.State.OPEN, GRID, None)


def test_nobody_of_26_gets_a_file(wang_shanshan: User, sign_in: SignIn) -> None:
    resident = make_resident(birth_on=years_ago(26), dwelling=make_dwelling(GRID))
    sent = {"number": resident.id_number, "step": "open", "reason": "孤儿", "grade": "B"}
    answer = sign_in(wang_shanshan).post("/youths/new/", sent)
    assert "已满 26 周岁" in answer.content.decode()


def test_somebody_of_25_does(wang_shanshan: User) -> None:
    born = years_ago(26) + timedelta(days=1)
    resident = make_resident(birth_on=date(born.year, born.month, born.day), dwelling=make_dwelling(GRID))
    assert youths.open_file(resident=resident, reason="残疾", by=wang_shanshan).age == 25
