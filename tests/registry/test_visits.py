"""Visits 走访: recording one, what it confirms, what it needs, and when the next falls due."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from grids.models import User
from registry import register_row
from registry.models import Youth
from registry.visits import record_visit
from tests.cast import SignIn
from tests.factories import PINGPU, YINHU, make_need, make_visit, make_youth

GRID = f"{YINHU}001"


def sent(**changes: Any) -> dict[str, Any]:
    typed = {
        "visited_on": str(timezone.localdate()),
        "method": "home",
        "met": "guardian",
        "found": "奶奶照看，孩子上学。",
        "submission_key": str(uuid.uuid4()),
    }
    return {**typed, **changes}


def visited(client: Any, youth: Youth, **changes: Any) -> Youth:
    answer = client.post(f"/visits/new/?youth={youth.pk}", sent(**changes))
    assert answer.status_code == 302, answer.context["form"].errors
    assert answer.headers["Location"] == f"/youths/{youth.pk}/"
    youth.refresh_from_db()
    return youth


@pytest.mark.parametrize(("grade", "days"), [("A", 7), ("B", 30), ("C", 90)])
def test_the_next_visit_follows_from_the_grade(
    wang_shanshan: User, sign_in: SignIn, grade: str, days: int
) -> None:
    youth = visited(sign_in(wang_shanshan), make_youth(grid=GRID, grade=grade))
    assert youth.next_due_on == timezone.localdate() + timedelta(days=days)
    assert youth.visits.get().by == wang_shanshan


def test_a_category_may_ask_for_visits_more_often(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID, grade="C", age=9, categories=["custody_child"])
    visited(sign_in(wang_shanshan), youth)
    assert youth.next_due_on == timezone.localdate() + timedelta(days=30)


def test_a_worker_may_name_another_day(wang_shanshan: User, sign_in: SignIn) -> None:
    client, today = sign_in(wang_shanshan), timezone.localdate()
    for days in (3, 120):
        youth = visited(client, make_youth(grid=GRID), next_due_on=str(today + timedelta(days=days)))
        assert youth.next_due_on == today + timedelta(days=days)


def test_nobody_met_means_to_try_again_soon(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = visited(sign_in(wang_shanshan), make_youth(grid=GRID, grade="C"), met="nobody", found="敲门没人")
    assert youth.next_due_on == timezone.localdate() + timedelta(days=7)
    assert youth.last_verified_on is None


def test_a_confirmed_address_verifies_the_file(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = visited(sign_in(wang_shanshan), make_youth(grid=GRID), confirmed=["address", "guardian"])
    assert youth.last_verified_on == timezone.localdate()
    assert register_row.refresh(None) == 0


def test_a_visit_entered_late_leaves_the_plan(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    client = sign_in(wang_shanshan)
    visited(client, youth)
    planned = youth.next_due_on
    visited(client, youth, visited_on=str(timezone.localdate() - timedelta(days=9)))
    assert youth.next_due_on == planned
    assert youth.visits.count() == 2


def test_a_form_sent_twice_makes_one_visit(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    client, form = sign_in(wang_shanshan), sent(needs=["care"])
    answers = [client.post(f"/visits/new/?youth={youth.pk}", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert youth.visits.count() == 1
    assert youth.open_and_closed_needs.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sendings_at_the_same_moment_make_one_visit(wang_shanshan: User) -> None:
    youth = make_youth(grid=GRID)
    key, start, made = uuid.uuid4(), threading.Barrier(2), []

    def send() -> None:
        start.wait()
        visit = record_visit(
            youth=youth,
            visited_on=timezone.localdate(),
            method="home",
            met="youth",
            found="在家",
            by=wang_shanshan,
            submission_key=key,
        )
        made.append(visit.pk)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert youth.visits.count() == 1


def test_a_visit_opens_and_resolves_needs(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_need(youth, "school")
    client = sign_in(wang_shanshan)
    visited(client, youth, needs=["care", "money"], resolved=["school"], outcome="已复学")
    assert youth.needs == ["care", "money"]
    assert youth.open_and_closed_needs.get(kind="school").outcome == "已复学"
    visited(client, youth, needs=["care"])
    assert youth.open_and_closed_needs.count() == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visited_on": "9999-12-31"}, "不能晚于今天"),
        ({"visited_on": "0001-01-01"}, "不能早于出生日期"),
        ({"visited_on": "2026-02-30"}, "没有这一天"),
        ({"visited_on": "\0"}, "没有这一天"),
        ({"method": "drone"}, "drone"),
        ({"met": ""}, "请选择见到了谁"),
        ({"found": ""}, "请写几句"),
        ({"found": "字" * 2001}, "最多 2000 个字"),
        ({"found": "字\0"}, "无法保存的字符"),
        ({"confirmed": ["horoscope"]}, "请只选列表中的项目"),
        ({"needs": ["gold"]}, "请只选列表中的项目"),
        ({"resolved": ["school"]}, "怎么解决的"),
        ({"met": "nobody", "confirmed": ["address"]}, "没有见到人"),
        ({"next_due_on": "2026-01-01"}, "也不能在今天以前"),
        ({"next_due_on": "9999-12-31"}, "天之内"),
        ({"submission_key": "x"}, "页面已过期"),
    ],
)
def test_bad_input_is_answered_beside_the_field(
    wang_shanshan: User, sign_in: SignIn, changes: dict[str, Any], message: str
) -> None:
    youth = make_youth(grid=GRID)
    make_need(youth, "school")
    answer = sign_in(wang_shanshan).post(f"/visits/new/?youth={youth.pk}", sent(**changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not youth.visits.exists()


def test_what_was_typed_stays_in_the_form(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    answer = sign_in(wang_shanshan).post(f"/visits/new/?youth={youth.pk}", sent(found="写了很多", met=""))
    assert "写了很多" in answer.content.decode()


NOBODY = "?youth=00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("query", ["", "?youth=", "?youth=x", "?youth=%00", NOBODY])
def test_a_visit_to_nobody_is_missing(wang_shanshan: User, sign_in: SignIn, query: str) -> None:
    client = sign_in(wang_shanshan)
    assert client.get(f"/visits/new/{query}").status_code == 404
    assert client.post(f"/visits/new/{query}", sent()).status_code == 404


def test_a_foreign_youth_is_not_visited(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=f"{PINGPU}001")
    client = sign_in(wang_shanshan)
    assert client.post(f"/visits/new/?youth={youth.pk}", sent()).status_code == 404
    assert not youth.visits.exists()


def test_the_newest_visit_stands_first(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    today = timezone.localdate()
    for days in (40, 10, 70):
        make_visit(youth, visited_on=today - timedelta(days=days), found=f"第{days}天前")
    page = sign_in(wang_shanshan).get(f"/youths/{youth.pk}/").content.decode()
    assert page.index("第10天前") < page.index("第40天前") < page.index("第70天前")
