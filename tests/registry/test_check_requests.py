"""Check requests 校核: asked by a correction of a fed value, answered by the source or settled by what it feeds."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grids.models import Alert, User
from registry import check_requests, corrections
from registry.holding import Refused
from registry.models import Batch, CheckRequest, Fact, Reading, Source, Youth
from tests.cast import SignIn
from tests.factories import PINGPU, YINHU, make_fact, make_youth

pytestmark = pytest.mark.django_db
GRID = f"{YINHU}001"
WHY = "test"
_numbers = iter(range(10_000))


def correct(youth: Youth, by: User, **changes: Any) -> None:
    """The worker found something else."""
    youth.refresh_from_db()
    now = corrections.observed(youth)
    facts = corrections.PersonFacts(**{**vars(now), **changes})
    corrections.correct(youth=youth, facts=facts, reason="班主任说", version=youth.version, by=by)


def asked(youth: Youth) -> list[tuple[str, str, str]]:
    return [(r.source_id, r.field, r.state) for r in youth.check_requests.order_by("created_at", "field")]


def batch_of(source: str, kind: str = "facts") -> Batch:
    return Batch.objects.create(
        source_id=source, kind=kind, as_of=timezone.localdate(), sha256=str(next(_numbers)), state="applied",
        file_name="f.csv",
    )  # fmt: skip


@pytest.fixture
def youth(wang_shanshan: User) -> Youth:
    made = make_youth("张小海", grid=GRID)
    make_fact(made.resident, "in_school", source_id="education", unit="湾里中学")
    return made


# --- Asked


def test_a_correction_of_what_a_department_said_asks_it_to_check(youth: Youth, wang_shanshan: User) -> None:
    correct(youth, wang_shanshan, school="dropped_out", school_unit="")
    request = youth.check_requests.get()
    assert (request.source_id, request.field, request.by) == ("education", "school", wang_shanshan)
    assert request.says.startswith("在学 湾里中学")
    assert request.found.startswith("辍学")
    assert request.due_on == timezone.localdate() + timedelta(days=10)


def test_every_department_that_says_otherwise_is_asked_and_one_that_agrees_is_not(
    youth: Youth, wang_shanshan: User
) -> None:
    make_fact(youth.resident, "dropped_out", source_id="civil_affairs")
    make_fact(youth.resident, "in_school", source_id="hrss", unit="芜湖技师学院")
    correct(youth, wang_shanshan, school="dropped_out", school_unit="")
    assert sorted(asked(youth)) == [("education", "school", "open"), ("hrss", "school", "open")]


def test_what_nobody_fed_is_nobodys_to_check(wang_shanshan: User) -> None:
    youth = make_youth(grid=GRID)
    correct(youth, wang_shanshan, school="dropped_out", work="employed", phone="13800001234")
    assert asked(youth) == []


def test_a_name_is_asked_of_who_feeds_residents_and_a_phone_number_of_nobody(
    youth: Youth, wang_shanshan: User
) -> None:
    correct(youth, wang_shanshan, name="张晓海", phone="13800001234")
    assert asked(youth) == [("police", "name", "open")]
    assert (youth.check_requests.get().says, youth.check_requests.get().found) == ("张小海", "张晓海")


def test_a_later_correction_of_the_same_replaces_the_question(youth: Youth, wang_shanshan: User) -> None:
    correct(youth, wang_shanshan, school="dropped_out", school_unit="")
    correct(youth, wang_shanshan, school="truant", school_unit="")
    assert [state for _, _, state in asked(youth)] == ["replaced", "open"]
    correct(youth, wang_shanshan, school="in_school", school_unit="湾里中学")
    assert [state for _, _, state in asked(youth)] == ["replaced", "replaced"]


def test_values_are_encrypted_at_rest(youth: Youth, wang_shanshan: User) -> None:
    correct(youth, wang_shanshan, name="张晓海")
    with connection.cursor() as cursor:
        cursor.execute("SELECT says::text || found::text FROM registry_checkrequest")
        assert "张" not in cursor.fetchone()[0]


# --- Settled by a later feed


@pytest.fixture
def open_request(youth: Youth, wang_shanshan: User) -> CheckRequest:
    correct(youth, wang_shanshan, school="dropped_out", school_unit="")
    made: CheckRequest = youth.check_requests.get()
    return made


def test_a_later_value_that_agrees_closes_it(youth: Youth, open_request: CheckRequest) -> None:
    batch = batch_of("education")
    make_fact(
        youth.resident, "dropped_out", source_id="education", batch=batch, starts_on=timezone.localdate()
    )
    assert check_requests.settle_after(batch) == 1
    open_request.refresh_from_db()
    assert (open_request.state, open_request.answered_by) == ("agreed", None)
    assert check_requests.settle_after(batch) == 0


def test_a_later_value_that_differs_or_of_another_source_closes_nothing(
    youth: Youth, open_request: CheckRequest
) -> None:
    make_fact(youth.resident, "truant", source_id="education", starts_on=timezone.localdate())
    make_fact(youth.resident, "dropped_out", source_id="civil_affairs", starts_on=timezone.localdate())
    assert check_requests.settle_after(batch_of("education")) == 0
    assert check_requests.settle_after(batch_of("civil_affairs")) == 0


def test_a_value_withdrawn_settles_that_nothing_of_the_sort_is_so(youth: Youth, wang_shanshan: User) -> None:
    correct(youth, wang_shanshan, school="none", school_unit="")
    assert check_requests.settle_after(batch_of("education")) == 0
    Fact.objects.everyone(because=WHY).filter(source="education").update(ends_on=timezone.localdate())
    assert check_requests.settle_after(batch_of("education")) == 1


def test_settling_takes_one_statement_however_many_are_open(
    wang_shanshan: User, django_assert_num_queries: Any
) -> None:
    for number in range(4):
        each = make_youth(f"王{number}".replace("0", "零"), grid=GRID)
        make_fact(each.resident, "in_school", source_id="education")
        correct(each, wang_shanshan, school="dropped_out")
        make_fact(each.resident, "dropped_out", source_id="education", starts_on=timezone.localdate())
    batch = batch_of("education")
    with django_assert_num_queries(1):
        assert check_requests.settle_after(batch) == 4


# --- Answered


def test_an_answer_is_recorded_once_and_the_worker_hears_of_it(
    open_request: CheckRequest, jiujiang: User, wang_shanshan: User
) -> None:
    check_requests.answer(open_request, state="changed", note="已更正学籍", by=jiujiang)
    open_request.refresh_from_db()
    assert (open_request.state, open_request.answered_by) == ("changed", jiujiang)
    alert = Alert.objects.get(kind="check_answered")
    assert alert.addressee == wang_shanshan
    assert "张小海" not in alert.text
    with pytest.raises(Refused, match="已办结"):
        check_requests.answer(open_request, state="confirmed", note="x", by=jiujiang)


def test_a_question_about_another_district_cannot_be_answered(
    open_request: CheckRequest, fanchang: User
) -> None:
    with pytest.raises(CheckRequest.DoesNotExist):
        check_requests.answer(open_request, state="changed", note="x", by=fanchang)


# --- The pages


def test_the_list_shows_what_is_open_in_ones_own_area(
    open_request: CheckRequest, jiujiang: User, fanchang: User, sign_in: SignIn
) -> None:
    page = sign_in(jiujiang).get("/feeds/checks/").content.decode()
    assert "张*海" in page
    assert "张小海" not in page
    assert "在学 湾里中学" in page
    assert "张*海" not in sign_in(fanchang).get("/feeds/checks/").content.decode()


def test_an_answer_on_the_page(open_request: CheckRequest, jiujiang: User, sign_in: SignIn) -> None:
    client, url = sign_in(jiujiang), f"/feeds/checks/{open_request.pk}/"
    wrong = client.post(url, {"state": "maybe", "note": ""})
    assert wrong.status_code == 422
    assert "请选择来源怎样答复" in wrong.content.decode()
    sent = {"state": "confirmed", "note": "学籍系统仍在籍"}
    assert client.post(url, sent).status_code == 302
    again = client.post(url, sent, follow=True).content.decode()
    assert "已办结" in again
    assert "学籍系统仍在籍" in client.get("/feeds/checks/?state=done").content.decode()


def test_the_sheet_for_a_source_holds_its_questions_and_no_others(
    youth: Youth, open_request: CheckRequest, jiujiang: User, wang_shanshan: User, sign_in: SignIn
) -> None:
    far = make_youth("王小河", grid=f"{PINGPU}001")
    make_fact(far.resident, "in_school", source_id="education")
    correct(youth, wang_shanshan, name="张晓海")
    answer = sign_in(jiujiang).post("/feeds/checks/sheet/", {"source": "education"})
    rows: Any = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    table = [row for row in rows if row[0] and str(row[0]).isdigit()]
    assert len(table) == 1
    assert youth.resident.id_number in table[0]
    assert "no-store" in answer["Cache-Control"]
    reading = Reading.objects.everyone(because=WHY).latest("at")
    assert (reading.by, reading.subject_ids, reading.purpose) == (jiujiang, [youth.pk], "提请教育校核")
    assert sign_in(jiujiang).post("/feeds/checks/sheet/", {"source": "nobody"}).status_code == 404


def test_an_answered_one_is_not_found_by_another_district(
    open_request: CheckRequest, fanchang: User, sign_in: SignIn
) -> None:
    assert sign_in(fanchang).get(f"/feeds/checks/{open_request.pk}/").status_code == 404


def test_the_list_takes_as_many_statements_however_long_it_is(
    wang_shanshan: User, jiujiang: User, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/feeds/checks/").status_code == 200
        return len(captured)

    def add(name: str) -> None:
        each = make_youth(name, grid=GRID)
        make_fact(each.resident, "in_school", source_id="education")
        correct(each, wang_shanshan, school="dropped_out")

    add("王一")
    client.get("/feeds/checks/")
    before = cost()
    for name in ("王二", "王三", "王四"):
        add(name)
    assert cost() == before <= 12


def test_every_source_that_feeds_has_its_licence_stated() -> None:
    for source in Source.objects.all():
        assert source.department
        assert source.purpose
        assert source.catalogue_number.startswith("样例")
        assert source.licence_ends_on
        assert {schedule.kind for schedule in source.schedules.all()} == set(source.kinds)
