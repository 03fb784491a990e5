"""Categories 类别认定: adding one, ending one, and the reviews that fall due."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from grids.models import User
from registry import register_row
from registry.enrolments import add_months
from registry.models import Enrolment, Youth
from tests.cast import SignIn
from tests.factories import PINGPU, YINHU, make_enrolment, make_youth, years_ago

GRID = f"{YINHU}001"


def sent(category: str = "left_behind", **changes: Any) -> dict[str, Any]:
    typed = {
        "category": category,
        "starts_on": str(timezone.localdate() - timedelta(days=5)),
        "evidence": "奶奶说父母去年外出",
        "submission_key": str(uuid.uuid4()),
    }
    return {**typed, **changes}


def test_a_category_takes_its_clause_and_review_date(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=12)
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/enrol/", sent())
    enrolment = youth.enrolments.select_related("category").get()
    assert answer.headers["Location"] == f"/youths/{youth.pk}/"
    assert enrolment.clause == enrolment.category.clause
    assert enrolment.review_on == add_months(timezone.localdate(), 6)
    assert enrolment.verified_by == wang_shanshan
    youth.refresh_from_db()
    assert youth.category_mask == 16
    assert register_row.refresh(None) == 0


def test_a_form_sent_twice_makes_one_enrolment(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=12)
    client, form = sign_in(wang_shanshan), sent()
    assert [client.post(f"/youths/{youth.pk}/enrol/", form).status_code for _ in range(2)] == [302, 302]
    assert youth.enrolments.count() == 1


def test_a_category_that_runs_is_not_added_again(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=12, categories=["left_behind"])
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/enrol/", sent())
    assert "已经认定" in answer.content.decode()
    assert youth.enrolments.count() == 1


@pytest.mark.parametrize(
    ("age", "category", "message"),
    [
        (16, "left_behind", "要求 0–15 周岁"),
        (5, "idle", "要求 6–25 周岁"),
        (5, "street", "要求 6–25 周岁"),
        (18, "custody_child", "要求 0–17 周岁"),
    ],
)
def test_ages_are_those_of_the_category(
    jiujiang: User, sign_in: SignIn, age: int, category: str, message: str
) -> None:
    youth = make_youth(grid=GRID, age=age)
    answer = sign_in(jiujiang).post(f"/youths/{youth.pk}/enrol/", sent(category))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not youth.enrolments.exists()


def test_the_age_counts_on_the_first_day_too(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, birth_on=years_ago(6))
    early = sent("idle", starts_on=str(years_ago(1)))
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/enrol/", early)
    assert "时 5 周岁" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("category", "", "请选择类别"),
        ("category", "sixth", "请选择列表中的类别"),
        ("category", "a\0", "请选择列表中的类别|空字符|Null"),
        ("starts_on", "", "请填写日期"),
        ("starts_on", "2026-02-30", "没有这一天"),
        ("starts_on", "0001-01-01", "不能早于出生日期"),
        ("starts_on", "9999-12-31", "不能晚于今天"),
        ("evidence", "  ", "请写明认定依据"),
        ("evidence", "据" * 501, "最多 500 个字"),
        ("clause", "条" * 201, "最多 200 个字"),
        ("review_on", "2020-01-01", "复核日期要晚于今天"),
        ("review_on", "9999-12-31", "两年之内"),
    ],
)
def test_bad_input_is_answered_beside_the_field(
    wang_shanshan: User, sign_in: SignIn, field: str, value: str, message: str
) -> None:
    youth = make_youth(grid=GRID, age=12)
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/enrol/", sent(**{field: value}))
    assert answer.status_code == 422
    assert any(words in answer.content.decode() for words in message.split("|"))
    assert not youth.enrolments.exists()


def test_a_private_category_is_as_unknown_to_a_worker_as_none(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=12)
    client = sign_in(wang_shanshan)
    answers = [
        client.post(
            f"/youths/{youth.pk}/enrol/", sent(code, submission_key=str(uuid.UUID(int=1)))
        ).content.decode()
        for code in ("custody_child", "no_such_one")
    ]
    assert "请选择列表中的类别" in answers[0]
    assert not youth.enrolments.exists()


def test_those_who_know_reasons_add_a_private_category(jiujiang: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=12, grade="C", next_due_on=timezone.localdate() + timedelta(days=90))
    assert sign_in(jiujiang).post(f"/youths/{youth.pk}/enrol/", sent("custody_child")).status_code == 302
    youth.refresh_from_db()
    assert youth.category_mask == 8
    assert youth.next_due_on == timezone.localdate() + timedelta(days=30)


def test_misconduct_rests_on_no_police_or_court_record(jiujiang: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=15)
    client = sign_in(jiujiang)
    refused = client.post(f"/youths/{youth.pk}/enrol/", sent("misconduct", evidence="派出所有处罚记录"))
    assert "依法封存" in refused.content.decode()
    assert not youth.enrolments.exists()
    given = sent("misconduct", evidence="班主任说本学期多次旷课、夜不归宿")
    assert client.post(f"/youths/{youth.pk}/enrol/", given).status_code == 302


def test_a_town_hukou_makes_no_rural_left_behind_child(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, age=9, resident_fields={"hukou_is_rural": False})
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/enrol/", sent())
    assert "非农村户籍" in answer.content.decode()


def test_ending_is_kept_with_reason_and_person(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID, age=12, categories=["left_behind"])
    enrolment = youth.enrolments.get()
    client = sign_in(wang_shanshan)
    typed = {"ends_on": str(timezone.localdate()), "reason": "母亲已回家"}
    for _ in range(2):
        assert client.post(f"/enrolments/{enrolment.pk}/end/", typed).status_code == 302
    enrolment.refresh_from_db()
    youth.refresh_from_db()
    assert (enrolment.end_reason, enrolment.ended_by, youth.category_mask) == ("母亲已回家", wang_shanshan, 0)
    history = client.get(f"/youths/{youth.pk}/history/").content.decode()
    assert "终止类别：农村留守儿童" in history
    assert "母亲已回家" in history


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"ends_on": "2001-01-01", "reason": "回家"}, "不能早于起始日期"),
        ({"ends_on": "9999-12-31", "reason": "回家"}, "不能晚于今天"),
        ({"ends_on": "2026-02-30", "reason": "回家"}, "没有这一天"),
        ({"ends_on": "2026-11-01", "reason": ""}, "请写明终止原因"),
    ],
)
def test_an_end_that_cannot_be_is_explained(
    wang_shanshan: User, sign_in: SignIn, typed: dict[str, str], message: str
) -> None:
    youth = make_youth(grid=GRID, age=12, categories=["left_behind"])
    answer = sign_in(wang_shanshan).post(f"/enrolments/{youth.enrolments.get().pk}/end/", typed)
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_review_that_holds_sets_the_next_one(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=GRID, age=12)
    late = make_enrolment(youth, "left_behind", review_on=timezone.localdate() - timedelta(days=3))
    client = sign_in(wang_shanshan)
    typed = {"step": "review", "review-note": "父母仍在外务工"}
    for _ in range(2):
        assert client.post(f"/enrolments/{late.pk}/end/", typed).status_code == 302
    late.refresh_from_db()
    assert late.review_on == add_months(timezone.localdate(), 6)
    history = client.get(f"/youths/{youth.pk}/history/").content.decode()
    assert history.count("复核，仍符合") == history.count("父母仍在外务工") == 1
    assert "复核：农村留守儿童" in history


def test_a_review_says_what_was_seen(wang_shanshan: User, sign_in: SignIn) -> None:
    enrolment = make_youth(grid=GRID, age=12, categories=["left_behind"]).enrolments.get()
    answer = sign_in(wang_shanshan).post(f"/enrolments/{enrolment.pk}/end/", {"step": "review"})
    assert answer.status_code == 422
    assert "请写明复核时看到的情况" in answer.content.decode()


def test_an_enrolment_one_may_not_know_is_as_missing_as_a_foreign_one(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    private = make_youth(grid=GRID, age=12, categories=["custody_child"]).enrolments.get()
    foreign = make_youth(grid=f"{PINGPU}001", age=12, categories=["left_behind"]).enrolments.get()
    client = sign_in(wang_shanshan)
    for pk in (private.pk, foreign.pk, uuid.uuid4()):
        assert client.get(f"/enrolments/{pk}/end/").status_code == 404
        assert client.post(f"/enrolments/{pk}/end/", {"reason": "试试"}).status_code == 404
    assert Enrolment.objects.everyone(because="test").filter(ends_on=None).count() == 2


def test_reviews_due_are_those_in_scope_that_one_may_know(
    wang_shanshan: User, jiujiang: User, sign_in: SignIn
) -> None:
    soon = timezone.localdate() + timedelta(days=3)

    def due(name: str, category: str, grid: str = GRID, review_on: date = soon) -> Youth:
        youth = make_youth(name, grid=grid, age=12)
        make_enrolment(youth, category, review_on=review_on)
        return youth

    due("张小海", "left_behind")
    due("李小雨", "custody_child")
    due("王小云", "left_behind", f"{PINGPU}001")
    due("赵小天", "left_behind", review_on=timezone.localdate() + timedelta(days=60))
    worker = sign_in(wang_shanshan).get("/enrolments/").content.decode()
    cadre = sign_in(jiujiang).get("/enrolments/").content.decode()
    assert "张*海" in worker
    assert "李*雨" not in worker
    assert "共 1 条" in worker
    assert "共 2 条" in cadre
    for page in (worker, cadre):
        assert "王*云" not in page
        assert "赵*天" not in page


def test_months_end_on_a_day_that_exists() -> None:
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)
