"""Requests 个人信息请求: received by cadres, answered in writing in time, and done as far as the law allows."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import Alert, User
from registry import requests as verbs
from registry import retention, seal_ledger
from registry.forms.requests import RequestForm
from registry.holding import Refused
from registry.models import AnonymousFile, PersonRequest, Reading, RetentionRun, Youth
from registry.public_ids import public_id
from registry.retention_policy import term
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    closed,
    make_disclosure,
    make_dwelling,
    make_enrolment,
    make_fact,
    make_guardianship,
    make_need,
    make_request,
    make_resident,
    make_visit,
    make_youth,
)

pytestmark = pytest.mark.django_db
GRID = f"{HUAQIANG}001"
WHY = "test"


@pytest.fixture
def youth(yang_ying: User) -> Youth:
    made = make_youth("张小海", grid=GRID, age=15, resident_fields={"phone": "13800001234"})
    make_enrolment(made, "idle", evidence="班主任王老师说他不来上学了")
    return made


def receive(youth: Youth, by: User, **fields: Any) -> PersonRequest:
    values: dict[str, Any] = {
        "kind": "see", "capacity": "guardian", "asker_name": "李秀英", "identity": "guardianship", "wants": "想看看",
        "received_on": timezone.localdate(), **fields,
    }  # fmt: skip
    return verbs.receive(resident=youth.resident, by=by, **values)


def answer(request: PersonRequest, by: User, outcome: str = "granted", **fields: Any) -> PersonRequest:
    return verbs.answer(request, outcome=outcome, text=fields.pop("text", "已当面交付清单"), by=by, **fields)


# --- Received


def test_a_request_is_due_after_so_many_working_days_and_the_district_hears_of_it(
    youth: Youth, yang_ying: User, jiujiang: User, city_cadre: User
) -> None:
    made = receive(youth, yang_ying, received_on=timezone.localdate())
    assert made.due_on == term("answer").after(timezone.localdate())
    alert = Alert.objects.get()
    assert (alert.addressee, alert.kind) == (jiujiang, "request_received")
    assert "张" not in alert.text
    assert timezone.localdate(alert.due_at) == made.due_on


def test_where_the_district_has_no_cadre_the_city_hears_of_it(
    youth: Youth, yang_ying: User, city_cadre: User
) -> None:
    receive(youth, yang_ying)
    assert Alert.objects.get().addressee == city_cadre


@pytest.mark.parametrize(
    ("capacity", "identity", "fits"),
    [
        ("self", "card", True),
        ("self", "guardianship", False),
        ("guardian", "card", False),
        ("guardian", "book", True),
        ("relative", "kinship", True),
        ("relative", "card", False),
        ("agent", "mandate", True),
        ("agent", "book", False),
    ],
)
def test_identity_is_checked_as_what_the_person_asks(
    youth: Youth, yang_ying: User, capacity: str, identity: str, fits: bool
) -> None:
    if fits:
        assert receive(youth, yang_ying, capacity=capacity, identity=identity).capacity == capacity
    else:
        with pytest.raises(Refused, match="核对"):
            receive(youth, yang_ying, capacity=capacity, identity=identity)


def test_a_double_tap_makes_one_request(youth: Youth, yang_ying: User) -> None:
    key = uuid4()
    first = receive(youth, yang_ying, submission_key=key)
    assert receive(youth, yang_ying, submission_key=key) == first
    other = make_youth("李小山", grid=GRID)
    with pytest.raises(Refused, match="过期"):
        receive(other, yang_ying, submission_key=key)


def test_nothing_is_received_that_comes_tomorrow(youth: Youth, yang_ying: User) -> None:
    with pytest.raises(Refused, match="不能晚于今天"):
        receive(youth, yang_ying, received_on=timezone.localdate() + timedelta(days=1))


def test_a_worker_receives_none_and_nobody_one_of_another_area(
    youth: Youth, wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    for user in (wang_shanshan, fanchang):
        with pytest.raises(Refused, match="不在您的范围"):
            receive(youth, user)
    assert sign_in(wang_shanshan).get("/requests/").status_code == 403
    assert sign_in(fanchang).get(f"/requests/new/?youth={youth.pk}").status_code == 404


def test_the_words_are_encrypted_at_rest(youth: Youth, yang_ying: User) -> None:
    receive(youth, yang_ying, wants="想看看走访记录", asker_contact="13900005678")
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM registry_personrequest r")
        text = cursor.fetchone()[0]
    assert not any(word in text for word in ("李秀英", "走访记录", "13900005678"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_personrequest SET outcome = 'refused'",
        "UPDATE registry_personrequest SET answered_on = current_date",
        "UPDATE registry_personrequest SET resident_id = NULL",
        "UPDATE registry_personrequest SET due_on = received_on",
    ],
)
def test_the_database_wants_an_answer_in_writing_and_a_person_while_it_is_open(
    youth: Youth, statement: str
) -> None:
    make_request(youth.resident)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# --- Whose it is


def test_the_request_follows_the_file_into_another_district(
    youth: Youth, yang_ying: User, jiujiang: User, fanchang: User
) -> None:
    made = receive(youth, yang_ying)
    everyone = Youth.objects.everyone(because=WHY)
    for user, sees in ((yang_ying, True), (jiujiang, True), (fanchang, False)):
        assert PersonRequest.objects.visible_to(user).exists() is sees
    make_youth(grid=f"{PINGPU}001")
    everyone.filter(pk=youth.pk).update(grid=f"{PINGPU}001")
    for user, sees in ((yang_ying, False), (jiujiang, False), (fanchang, True)):
        assert PersonRequest.objects.visible_to(user).exists() is sees
    with pytest.raises(PersonRequest.DoesNotExist):
        answer(made, jiujiang)
    assert answer(made, fanchang).answered_by == fanchang


def test_of_somebody_without_a_file_it_is_where_it_was_received(
    yang_ying: User, jiujiang: User, fanchang: User
) -> None:
    resident = make_resident("王小河", dwelling=make_dwelling(GRID))
    made = verbs.receive(
        resident=resident, kind="copy", capacity="self", asker_name="王小河", identity="card", wants="复制",
        received_on=timezone.localdate(), by=yang_ying,
    )  # fmt: skip
    assert PersonRequest.objects.visible_to(jiujiang).get() == made
    assert not PersonRequest.objects.visible_to(fanchang).exists()


# --- Due


def test_an_alert_comes_on_the_due_day_and_not_the_day_before(
    youth: Youth, yang_ying: User, jiujiang: User
) -> None:
    made = receive(youth, yang_ying)
    assert verbs.remind_due(today=made.due_on - timedelta(days=1)) == 0
    assert verbs.remind_due(today=made.due_on) == 2  # who answers, and who received it
    assert verbs.remind_due(today=made.due_on + timedelta(days=1)) == 0
    told = Alert.objects.filter(kind="request_due")
    assert {alert.addressee for alert in told} == {jiujiang, yang_ying}
    answer(made, jiujiang)
    assert not Alert.objects.filter(kind__in=["request_due", "request_received"], done_at=None).exists()
    assert Alert.objects.get(kind="request_answered").addressee == yang_ying


def test_the_list_has_the_overdue_first_and_masks_names(
    youth: Youth, jiujiang: User, sign_in: SignIn
) -> None:
    late = make_youth("李小山", grid=GRID)
    today = timezone.localdate()
    make_request(youth.resident, due_on=today + timedelta(days=3))
    make_request(late.resident, due_on=today - timedelta(days=2), received_on=today - timedelta(days=30))
    page = sign_in(jiujiang).get("/requests/").content.decode()
    assert page.index("李*山") < page.index("张*海")
    assert "已逾期 2 天" in page
    assert "张小海" not in page
    assert "李秀英" not in page
    only_late = sign_in(jiujiang).get("/requests/?state=late").content.decode()
    assert "李*山" in only_late
    assert "张*海" not in only_late
    assert sign_in(jiujiang).get("/requests/?state=x").status_code == 422


def test_due_ones_stand_on_the_day_page_of_who_receives_and_who_answers(
    youth: Youth, yang_ying: User, jiujiang: User, sign_in: SignIn
) -> None:
    today = timezone.localdate()
    make_request(youth.resident, due_on=today - timedelta(days=1), received_on=today - timedelta(days=30))
    for user in (yang_ying, jiujiang):
        page = sign_in(user).get("/").content.decode()
        assert "个人信息请求" in page
        assert "1 件待答复，其中 1 件已逾期" in page


def test_the_list_takes_as_many_statements_however_long_it_is(
    youth: Youth, jiujiang: User, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/requests/").status_code == 200
        return len(captured)

    make_request(youth.resident)
    cost()
    before = cost()
    for name in ("王一", "王二", "王三"):
        make_request(make_youth(name, grid=GRID).resident)
    assert cost() == before <= 12


# --- Taken in on the page


def test_a_request_is_taken_in_from_a_number(youth: Youth, yang_ying: User, sign_in: SignIn) -> None:
    client = sign_in(yang_ying)
    found = client.post("/requests/new/", {"step": "find", "number": youth.resident.id_number})
    assert found.status_code == 200
    text = found.content.decode()
    assert str(youth.resident.id_number) not in text
    sent = {
        "step": "receive", "number": str(public_id("resident", youth.resident_id)), "kind": "correct",
        "capacity": "guardian", "asker_name": "李秀英", "identity": "book", "wants": "电话换了",
        "received_on": timezone.localdate().isoformat(), "submission_key": str(uuid4()),
    }  # fmt: skip
    answer = client.post("/requests/new/", sent)
    made = PersonRequest.objects.everyone(because=WHY).get()
    assert answer.headers["Location"] == f"/requests/{made.pk}/"
    assert client.post("/requests/new/", sent).headers["Location"] == f"/requests/{made.pk}/"
    wrong = client.post(
        "/requests/new/", {**sent, "wants": "", "identity": "card", "submission_key": str(uuid4())}
    )
    assert wrong.status_code == 422
    assert "请写明具体要求" in wrong.content.decode()


def test_kin_of_the_dead_and_those_who_left_are_heard_where_the_person_lived_last(
    yang_ying: User, fanchang: User, jiujiang: User, sign_in: SignIn
) -> None:
    gone = make_resident("王小河", dwelling=make_dwelling(GRID))
    left_on = timezone.localdate() - timedelta(days=40)
    gone.residences.update(ends_on=left_on)
    number = str(gone.id_number)
    far = sign_in(fanchang).post("/requests/new/", {"step": "find", "number": number})
    assert "没有这个人" in far.content.decode()
    found = sign_in(yang_ying).post("/requests/new/", {"step": "find", "number": number})
    assert "王小河" in found.content.decode()
    made = verbs.receive(
        resident=gone, kind="delete", capacity="relative", asker_name="王大河", identity="kinship", wants="删除",
        received_on=timezone.localdate(), by=yang_ying,
    )  # fmt: skip
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert str(term("left").after(left_on)) in page


@pytest.mark.parametrize(
    "number", ["", "340207199001011234", "R00000", "00000000-0000-4000-8000-000000000001"]
)
def test_a_number_that_is_not_here_says_so_and_no_more(
    youth: Youth, yang_ying: User, fanchang_worker: User, sign_in: SignIn, number: str
) -> None:
    far = make_youth("王小河", grid=f"{PINGPU}001")
    client = sign_in(yang_ying)
    answer = client.post("/requests/new/", {"step": "find", "number": number})
    assert answer.status_code == 422
    foreign = client.post("/requests/new/", {"step": "find", "number": far.resident.id_number})
    assert foreign.status_code == 422
    assert "在您负责的范围内没有这个人" in foreign.content.decode()
    assert "王小河" not in foreign.content.decode()


def test_every_choice_of_the_form_refuses_a_foreign_id(yang_ying: User) -> None:
    far = make_youth("王小河", grid=f"{PINGPU}001")
    form = RequestForm({"number": str(public_id("resident", far.resident_id))}, user=yang_ying)
    assert not form.is_valid()
    assert form.resident is None


# --- Answered


def test_only_district_and_city_answer_and_once(
    youth: Youth, yang_ying: User, jiujiang: User, city_cadre: User, sign_in: SignIn
) -> None:
    made = receive(youth, yang_ying)
    sent = {"outcome": "granted", "answer": "已当面交付清单", "done": "9 页"}
    assert sign_in(yang_ying).post(f"/requests/{made.pk}/answer/", sent).status_code == 403
    with pytest.raises(PersonRequest.DoesNotExist):
        answer(made, yang_ying)
    assert sign_in(jiujiang).post(f"/requests/{made.pk}/answer/", sent).status_code == 302
    made.refresh_from_db()
    assert (made.outcome, made.answer, made.answered_by) == ("granted", "已当面交付清单", jiujiang)
    with pytest.raises(Refused, match="已由王磊"):
        answer(made, city_cadre)
    again = sign_in(city_cadre).post(f"/requests/{made.pk}/answer/", sent, follow=True)
    assert "已由王磊" in again.content.decode()


def test_a_refusal_needs_its_reason_in_writing(youth: Youth, jiujiang: User, sign_in: SignIn) -> None:
    made = make_request(youth.resident, "delete")
    url = f"/requests/{made.pk}/answer/"
    empty = sign_in(jiujiang).post(url, {"outcome": "refused", "answer": " "})
    assert empty.status_code == 422
    assert "不同意的写明理由" in empty.content.decode()
    assert sign_in(jiujiang).post(url, {"outcome": "refused", "answer": "档案还在使用"}).status_code == 302
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert "档案还在使用" in page
    assert 'name="outcome"' not in page


def test_correct_leads_to_the_correction(youth: Youth, jiujiang: User, sign_in: SignIn) -> None:
    made = make_request(youth.resident, "correct")
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert f"/youths/{youth.pk}/correct/" in page


def test_the_page_of_a_request_is_a_reading_of_the_person(
    youth: Youth, jiujiang: User, yang_ying: User, sign_in: SignIn
) -> None:
    made = make_request(youth.resident)
    sign_in(jiujiang).get(f"/requests/{made.pk}/")
    seen = sign_in(yang_ying).get(f"/youths/{youth.pk}/readings/").content.decode()
    assert "王磊" in seen
    assert "个人信息请求" in seen


# --- Deleted


def test_an_open_file_is_closed_before_it_is_deleted(youth: Youth, jiujiang: User, sign_in: SignIn) -> None:
    made = make_request(youth.resident, "delete")
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert "先结档" in page
    assert "第四十七条" in page
    with pytest.raises(Refused, match="还在使用"):
        answer(made, jiujiang, erase=True)
    with pytest.raises(Refused, match="勾选删除"):
        answer(made, jiujiang)
    assert answer(made, jiujiang, "refused", text="档案还在使用").outcome == "refused"


def test_granting_a_deletion_makes_the_closed_file_anonymous_at_once(
    youth: Youth, jiujiang: User, sign_in: SignIn
) -> None:
    make_visit(youth)
    resident = youth.resident
    made = make_request(resident, "delete")
    closed(youth)
    sent = {"outcome": "granted", "answer": "已删除", "erase": "on"}
    assert sign_in(jiujiang).post(f"/requests/{made.pk}/answer/", sent).status_code == 302
    assert not Youth.objects.everyone(because=WHY).exists()
    assert AnonymousFile.objects.count() == 1
    run = RetentionRun.objects.get()
    assert (run.by, run.counts) == (jiujiang, {"files": 1})
    made.refresh_from_db()
    assert made.resident is None  # the proof stays, and points to nobody
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert "张" not in page.split("<main")[1]
    assert "已经删除" in page
    assert "已删除" in sign_in(jiujiang).get("/requests/?state=done").content.decode()


def test_a_restored_backup_does_not_bring_an_erased_file_back(youth: Youth, jiujiang: User) -> None:
    """The ledger outside the database tells of it, and the site does not open before it is erased again."""
    key = youth.pk
    made = make_request(youth.resident, "delete")
    closed(youth)
    answer(made, jiujiang, erase=True)
    assert seal_ledger.ahead() == []
    back = make_youth(resident=youth.resident, id=key, categories=["idle"])  # as it was in the backup: open
    make_visit(back)
    assert [entry.act for entry in seal_ledger.ahead()] == ["erased"]
    call_command("replay_seals")
    assert not Youth.objects.everyone(because=WHY).filter(pk=key).exists()
    assert seal_ledger.ahead() == []


def test_an_erasure_that_fails_is_taken_back_from_the_ledger(
    youth: Youth, jiujiang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise DatabaseError

    made = make_request(youth.resident, "delete")
    closed(youth)
    monkeypatch.setattr(retention, "make_anonymous", fails)
    with pytest.raises(DatabaseError):
        answer(made, jiujiang, erase=True)
    assert seal_ledger.ahead() == []
    made.refresh_from_db()
    assert made.is_open


def test_what_was_given_to_others_keeps_the_file_back(youth: Youth, jiujiang: User) -> None:
    made = make_request(youth.resident, "delete")
    make_disclosure(youth)
    closed(youth)
    with pytest.raises(Refused, match="提供记录依法保存到"):
        answer(made, jiujiang, erase=True)
    assert Youth.objects.everyone(because=WHY).exists()


def test_a_refused_deletion_deletes_nothing(youth: Youth, jiujiang: User) -> None:
    made = make_request(youth.resident, "delete")
    closed(youth)
    with pytest.raises(Refused, match="不能同时删除"):
        answer(made, jiujiang, "refused", erase=True)
    assert Youth.objects.everyone(because=WHY).exists()


def test_what_departments_hold_of_somebody_who_lives_here_is_theirs_to_delete(
    jiujiang: User, sign_in: SignIn
) -> None:
    made = make_request(make_resident("王小河", dwelling=make_dwelling(GRID)), "delete")
    page = sign_in(jiujiang).get(f"/requests/{made.pk}/").content.decode()
    assert "不能替部门删除" in page


def test_an_open_request_keeps_the_data_until_it_is_answered(youth: Youth, jiujiang: User) -> None:
    made = make_request(youth.resident)
    closed(youth)
    today = term("file").after(timezone.localdate())
    assert "files" not in retention.apply(today=today)
    answer(made, jiujiang)
    assert retention.apply(today=today)["files"] == 1


def test_answered_requests_go_after_three_years_and_not_the_day_before(youth: Youth, jiujiang: User) -> None:
    answer(make_request(youth.resident), jiujiang)
    over = term("request").after(timezone.localdate())
    assert "requests" not in retention.apply(today=over - timedelta(days=1))
    assert retention.apply(today=over)["requests"] == 1


# --- The sheet


@pytest.fixture
def told(youth: Youth, yang_ying: User) -> Youth:
    """Something of everything, with words that belong into no sheet."""
    make_enrolment(youth, "custody_child", evidence="父亲在白湖监狱服刑")
    make_guardianship(youth.resident, status="in_prison", destination_code="341800")
    make_fact(youth.resident, "in_school", unit="湾里中学", source_id="education")
    make_fact(youth.resident, "in_prison")
    make_visit(youth, by=yang_ying, found="邻居吴阿姨说家里常吵架")
    make_need(youth, "counselling")
    make_disclosure(youth, receiver="芜湖市妇联")
    make_disclosure(youth, receiver="鸠江公安分局", duty="report")
    make_disclosure(youth, receiver="某检察院", duty="inquiry", clause="调取函 1 号")
    return youth


def sheet(request: PersonRequest, by: User, sign_in: SignIn, query: str = "") -> str:
    answer = sign_in(by).get(f"/requests/{request.pk}/sheet/{query}")
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1]


def printed(page: str) -> str:
    """Without the form that offers pieces of text: it is not printed."""
    start, end = page.find("<form"), page.find("</form>")
    return page if start < 0 else page[:start] + page[end:]


def test_the_sheet_tells_what_is_held_about_the_person(told: Youth, jiujiang: User, sign_in: SignIn) -> None:
    page = sheet(make_request(told.resident), jiujiang, sign_in)
    for word in (
        "张小海", told.resident.id_number or "", "13800001234", "湾里中学", "张大海", "闲散青少年", "心理疏导",
        "芜湖市妇联", "教育",
    ):  # fmt: skip
        assert word in page, word


def test_the_sheet_names_no_one_else_and_no_reason_that_is_another_s(
    told: Youth, jiujiang: User, sign_in: SignIn
) -> None:
    page = printed(sheet(make_request(told.resident), jiujiang, sign_in))
    for word in (
        "服刑", "监狱", "在教", "吴阿姨", "王老师", "杨颖", "核实人", "鸠江公安分局", "检察院", "宣城",
    ):  # fmt: skip
        assert word not in page, word


def test_with_no_other_category_the_file_says_that_somebody_is_cared_for(
    jiujiang: User, sign_in: SignIn
) -> None:
    youth = make_youth("李小山", grid=GRID, age=12, categories=["custody_child"])
    page = sheet(make_request(youth.resident), jiujiang, sign_in)
    assert "关爱对象" in page
    assert "服刑" not in page


def test_one_s_own_conduct_is_one_s_own_data(jiujiang: User, sign_in: SignIn) -> None:
    youth = make_youth("李小山", grid=GRID, age=15, categories=["misconduct"])
    assert "不良行为" in sheet(
        make_request(youth.resident, capacity="self", identity="card"), jiujiang, sign_in
    )


def test_free_text_stands_there_only_when_chosen(told: Youth, jiujiang: User, sign_in: SignIn) -> None:
    made = make_request(told.resident)
    visit = told.visits.get()
    assert "吴阿姨" not in printed(sheet(made, jiujiang, sign_in))
    chosen = sheet(made, jiujiang, sign_in, f"?text=visit-{visit.pk}")
    assert "吴阿姨" in printed(chosen)
    foreign = make_visit(make_youth("王小河", grid=f"{PINGPU}001"), found="别人的走访")
    answer = sign_in(jiujiang).get(f"/requests/{made.pk}/sheet/?text=visit-{foreign.pk}")
    assert answer.status_code == 422
    assert "别人的走访" not in answer.content.decode()


def test_who_receives_prints_no_sheet_and_each_print_is_recorded(
    told: Youth, yang_ying: User, jiujiang: User, sign_in: SignIn
) -> None:
    made = make_request(told.resident)
    assert sign_in(yang_ying).get(f"/requests/{made.pk}/sheet/").status_code == 403
    sheet(made, jiujiang, sign_in)
    reading = Reading.objects.everyone(because=WHY).latest("id")
    assert (reading.by, reading.purpose) == (jiujiang, "个人信息请求：查阅清单")


def test_there_is_no_sheet_for_what_does_not_ask_to_see(told: Youth, jiujiang: User, sign_in: SignIn) -> None:
    made = make_request(told.resident, "delete")
    assert sign_in(jiujiang).get(f"/requests/{made.pk}/sheet/").status_code == 404


def test_a_resident_without_a_file_has_a_sheet_too(jiujiang: User, sign_in: SignIn) -> None:
    resident = make_resident("王小河", dwelling=make_dwelling(GRID))
    page = sheet(make_request(resident, "copy", capacity="self", identity="card"), jiujiang, sign_in)
    assert "没有建立档案" in page
    assert "王小河" in page


def test_the_register_is_sound_after_a_deletion(youth: Youth, jiujiang: User, city_cadre: User) -> None:
    made = make_request(youth.resident, "delete")
    closed(youth)
    answer(made, jiujiang, erase=True)
    call_command("check_register", "--json")  # exits with 1 when something does not hold


def test_a_request_waits_for_its_moment_even_over_the_end_of_a_month() -> None:
    assert term("answer").after(date(2026, 12, 21)) == date(2027, 1, 11)
