"""Who is responsible: exactly one answer for every grid, in every combination of leads, gaps, posts and periods."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.models import Assignment, Grid, Post, ResponsiblePerson, User
from grids.permissions import Permission, Role
from grids.refusals import words_of
from grids.staff import StaffRefused, change_lead
from tests.factories import HUAQIANG, YINHU, assign, fresh, give_post, make_grid, make_user

FIRST = f"{HUAQIANG}001"
LEVELS = [
    (Role.CITY, "3402", "市团委负责人"),
    (Role.DISTRICT, "340207", "区县团委负责人"),
    (Role.STREET, "340207004", "街道负责人"),
    (Role.COMMUNITY, HUAQIANG, "社区（村）负责人"),
]


def answer(code: str = FIRST) -> tuple[User, str]:
    responsible = ResponsiblePerson.objects.select_related("user").get(pk=code)
    return responsible.user, responsible.code


def refused(error: Any) -> str:
    return words_of(error.value)


def test_the_lead_of_the_grid_answers_and_without_one_the_next_level_up(db: None) -> None:
    make_grid(FIRST)
    for role, division, words in LEVELS:
        lead = make_user(posts=[(role, division)], is_lead=True)
        assert answer() == (lead, division)
        assert words in ResponsiblePerson.objects.get(pk=FIRST).why
    worker = make_user(leads=[FIRST])
    assert answer() == (worker, FIRST)
    assert ResponsiblePerson.objects.get(pk=FIRST).why == "是本网格的责任网格员"


def test_deputies_and_league_leaders_help_and_do_not_answer(city_cadre: User) -> None:
    for kind in (Assignment.Kind.DEPUTY, Assignment.Kind.LEAGUE_LEADER):
        helper = make_user()
        assign(helper, FIRST, kind)
        assert helper.may_in(Permission.SEE_YOUTHS, FIRST)
    assert answer() == (city_cadre, "3402")


def test_a_post_that_does_not_lead_answers_for_nothing(city_cadre: User) -> None:
    make_grid(FIRST)
    make_user(posts=[(Role.COMMUNITY, HUAQIANG)])
    assert answer() == (city_cadre, "3402")


def test_a_period_begins_on_its_first_day_and_is_over_on_its_last(city_cadre: User) -> None:
    worker = make_user()
    assign(worker, FIRST, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 26))
    answers = {}
    for day in (23, 24, 25, 26):
        assignment = worker.assignments.get()
        # The database reads its own clock: the period is laid around today instead.
        shift = timezone.localdate() - date(2026, 11, day)
        Assignment.objects.filter(pk=assignment.pk).update(
            starts_on=date(2026, 11, 24) + shift, ends_on=date(2026, 11, 26) + shift
        )
        answers[day] = answer()[0]
        assert fresh(worker).may(Permission.SEE_YOUTHS) is (day in (24, 25))
    assert answers == {23: city_cadre, 24: worker, 25: worker, 26: city_cadre}


def test_the_database_and_the_program_have_the_same_today(city_cadre: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_date")
        assert cursor.fetchone()[0] == timezone.localdate()


def test_a_grid_has_one_lead_at_a_time(db: None) -> None:
    assign(make_user(), FIRST, ends_on=date(2026, 1, 1))
    assign(make_user(), FIRST, starts_on=date(2026, 1, 1))
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        assign(make_user(), FIRST, starts_on=date(2025, 12, 31), ends_on=date(2026, 1, 1))
    assert "已有责任人" in refused(error)


def test_a_person_is_in_a_grid_once(db: None) -> None:
    worker = make_user(leads=[FIRST])
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        assign(worker, FIRST, Assignment.Kind.DEPUTY)
    assert "已在这个网格任职" in refused(error)


def test_a_division_has_one_lead_at_a_time(jiujiang: User) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        give_post(make_user(), Role.DISTRICT, "340207", is_lead=True)
    assert "已有负责人" in refused(error)
    give_post(make_user(), Role.DISTRICT, "340207")


def commit(act: Callable[[], Any]) -> None:
    """The act, with the checks that wait for the end of a transaction."""
    with transaction.atomic():
        act()
        connection.check_constraints()


@pytest.mark.parametrize(
    "change",
    [
        {"ends_on": date(2100, 1, 1)},
        {"is_lead": False},
        {"role": Role.DISTRICT, "division_id": "340207"},
        None,
    ],
)
def test_the_citys_lead_is_never_empty(city_cadre: User, change: dict[str, Any] | None) -> None:
    posts = Post.objects.filter(user=city_cadre)
    with pytest.raises(IntegrityError) as error:
        commit(lambda: posts.update(**change) if change else posts.delete())
    assert "市团委负责人不能空缺" in refused(error)


def test_the_citys_lead_changes_hands_in_one_transaction(city_cadre: User) -> None:
    today = timezone.localdate()
    with transaction.atomic():
        Post.objects.filter(user=city_cadre).update(ends_on=today)
        successor = make_user()
        give_post(successor, Role.CITY, "3402", is_lead=True, starts_on=today)
        connection.check_constraints()
    make_grid(FIRST)
    assert answer() == (successor, "3402")


def test_whoever_answers_cannot_be_switched_off(city_cadre: User, wang_shanshan: User) -> None:
    for user in (city_cadre, wang_shanshan):
        account = User.objects.filter(pk=user.pk)
        with pytest.raises(IntegrityError) as error:
            commit(partial(account.update, is_active=False))
        assert "此人还是责任人" in refused(error)


def test_history_of_who_answered_is_added_to_and_never_altered(wang_shanshan: User) -> None:
    rows = wang_shanshan.assignments.get().history.all()
    for act in (lambda: rows.update(history_change_reason="x"), rows.delete):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            act()
        assert "只能追加" in refused(error)


# --- The change of a lead


def test_a_change_of_the_lead_leaves_no_day_without_one(wang_shanshan: User, jiujiang: User) -> None:
    grid = Grid.objects.get(pk=f"{YINHU}001")
    newcomer = make_user(name="新人")
    made = change_lead(grid, to=newcomer, by=jiujiang)
    assert made is not None
    assert answer(grid.pk) == (newcomer, grid.pk)
    old = wang_shanshan.assignments.get()
    assert old.ends_on == made.starts_on == timezone.localdate()
    assert made.approved_by == jiujiang
    latest = old.history.latest()
    assert (latest.history_user, latest.history_change_reason) == (jiujiang, "更换网格责任人")
    assert not fresh(wang_shanshan).may(Permission.SEE_YOUTHS)


def test_a_change_that_is_planned_takes_place_on_its_day(wang_shanshan: User, jiujiang: User) -> None:
    grid = Grid.objects.get(pk=f"{YINHU}001")
    next_week = timezone.localdate() + timedelta(days=7)
    newcomer = make_user()
    change_lead(grid, to=newcomer, by=jiujiang, on=next_week)
    assert answer(grid.pk)[0] == wang_shanshan
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        assert fresh(newcomer).may(Permission.SEE_YOUTHS)
        assert not fresh(wang_shanshan).may(Permission.SEE_YOUTHS)
    with pytest.raises(StaffRefused, match="已安排了以后接任"):
        change_lead(grid, to=make_user(), by=jiujiang)


def test_a_grid_left_without_a_lead_is_answered_for_by_its_community(yang_ying: User, jiujiang: User) -> None:
    change_lead(Grid.objects.get(pk=FIRST), to=None, by=jiujiang)
    assert answer() == (yang_ying, HUAQIANG)


def test_two_changes_on_one_day_leave_the_last(wang_shanshan: User, jiujiang: User) -> None:
    grid = Grid.objects.get(pk=f"{YINHU}001")
    first, second = make_user(), make_user()
    change_lead(grid, to=first, by=jiujiang)
    change_lead(grid, to=second, by=jiujiang)
    assert answer(grid.pk)[0] == second
    change_lead(grid, to=first, by=jiujiang)
    assert answer(grid.pk)[0] == first


def test_somebody_who_cannot_answer_is_refused_in_words(
    wang_shanshan: User, jiujiang: User, auditor: User
) -> None:
    grid = Grid.objects.get(pk=f"{YINHU}001")
    gone = make_user(name="已离职", is_active=False)
    for user, words in (
        (wang_shanshan, "已经是这个网格的责任人"),
        (gone, "账号已停用"),
        (auditor, "不能兼任"),
    ):
        with pytest.raises(StaffRefused, match=words):
            change_lead(grid, to=user, by=jiujiang)
    assert answer(grid.pk)[0] == wang_shanshan


# --- Any combination

days = st.integers(-3, 3)
periods = st.tuples(days, st.none() | days).filter(lambda p: p[1] is None or p[1] >= p[0])
people = st.tuples(st.sampled_from(["grid", *(level for _, level, _ in LEVELS[1:])]), st.booleans(), periods)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(staff=st.lists(people, max_size=8))
def test_every_combination_of_staff_gives_exactly_one_answer_and_the_nearest(
    city_cadre: User, staff: list[tuple[str, bool, tuple[int, int | None]]]
) -> None:
    today = timezone.localdate()
    roles = {division: role for role, division, _ in LEVELS}
    expected: dict[int, User] = {4: city_cadre}
    with transaction.atomic():
        make_grid(FIRST)
        for place, leads, (start, end) in staff:
            period = {
                "starts_on": today + timedelta(days=start),
                "ends_on": None if end is None else today + timedelta(days=end),
            }
            user = make_user()
            try:
                with transaction.atomic():
                    if place == "grid":
                        assign(user, FIRST, "lead" if leads else "deputy", **period)
                    else:
                        give_post(user, roles[place], place, is_lead=leads, **period)
            except IntegrityError:
                continue  # a second lead in the same period, which the database refuses
            if leads and start <= 0 and (end is None or end > 0):
                expected[15 if place == "grid" else len(place)] = user
        nearest = max(expected)
        assert [row.user for row in ResponsiblePerson.objects.all()] == [expected[nearest]]
        assert answer() == (expected[nearest], FIRST[:nearest])
        transaction.set_rollback(True)
