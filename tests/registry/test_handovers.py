"""The life of a handover, and what holds at any moment of it."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.models import Alert, Assignment, ResponsiblePerson, User
from registry import handovers, moves
from registry.handovers import HandoverEnded
from registry.invariants import findings
from registry.models import Handover, Youth
from registry.moves import MoveRefused
from tests.factories import (
    HUAQIANG,
    YINHU,
    assign,
    fresh,
    make_dwelling,
    make_handover,
    make_user,
    make_youth,
)

pytestmark = pytest.mark.django_db

OLD, NEW = f"{HUAQIANG}001", f"{YINHU}001"


@pytest.fixture
def handover(yang_ying: User, wang_shanshan: User) -> Handover:
    """张小海 moves from 杨颖's grid to 汪珊珊's, by her own report."""
    youth = make_youth("张小海", age=9, grid=OLD)
    moves.report_move(
        resident=youth.resident,
        dwelling=make_dwelling(NEW),
        moved_on=timezone.localdate() - timedelta(days=1),
        by=yang_ying,
    )
    return youth.handovers.get()


def may_open(user: User, youth: Youth) -> bool:
    return Youth.objects.visible_to(fresh(user)).filter(pk=youth.pk).exists()


def responsible_for(youth: Youth) -> list[User]:
    youth.refresh_from_db()
    return [answer.user for answer in ResponsiblePerson.objects.filter(grid_id=youth.grid_id)]


def test_until_acceptance_the_old_worker_is_responsible_and_only_she_opens_the_file(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    assert responsible_for(handover.youth) == [yang_ying]
    assert may_open(yang_ying, handover.youth)
    assert not may_open(wang_shanshan, handover.youth)


def test_from_acceptance_the_new_worker_has_all_and_the_old_one_sees_only_the_end(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    youth = handovers.accept(handover, by=wang_shanshan)
    assert responsible_for(youth) == [wang_shanshan]
    assert may_open(wang_shanshan, youth)
    assert not may_open(yang_ying, youth)
    seen = Handover.objects.visible_to(yang_ying).get()
    assert (seen.state, seen.ended_by) == ("accepted", wang_shanshan)
    assert youth.next_due_on == timezone.localdate() + timedelta(days=7)


def test_acceptance_settles_what_was_asked_and_tells_the_old_worker(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    handovers.accept(handover, by=wang_shanshan)
    assert list(Alert.objects.open().values_list("kind", "addressee_id")) == [
        ("handover_accepted", yang_ying.pk)
    ]


def test_who_accepted_and_why_stands_in_the_history_of_file_and_handover(
    handover: Handover, wang_shanshan: User
) -> None:
    youth = handovers.accept(handover, by=wang_shanshan)
    for record in (youth.history.first(), handover.history.first()):
        assert record.history_user == wang_shanshan
        assert "接" in record.history_change_reason


def test_the_second_of_two_who_accept_is_told_that_the_first_was_faster(
    handover: Handover, wang_shanshan: User, wanli: User
) -> None:
    handovers.accept(handover, by=wang_shanshan)
    with pytest.raises(HandoverEnded, match=f"已经结束：{wang_shanshan.name}于"):
        handovers.accept(handover, by=wanli)
    assert handover.youth.history.filter(history_change_reason="接收交接").count() == 1


def test_a_returned_handover_leaves_the_old_grid_responsible_with_the_reason(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    handovers.return_to_sender(handover, reason="not_found", note="敲门三次无人", by=wang_shanshan)
    assert responsible_for(handover.youth) == [yang_ying]
    alert = Alert.objects.open().get()
    assert (alert.addressee, alert.kind, alert.wants_act) == (yang_ying, "handover_returned", True)
    assert "查无此人" in alert.text


def test_after_a_return_the_old_side_can_offer_again(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    handovers.return_to_sender(handover, reason="wrong_address", by=wang_shanshan)
    again = handovers.offer_again(handover.youth, by=yang_ying)
    assert (again.state, again.to_grid_id) == ("offered", NEW)
    assert (
        Alert.objects.open().filter(addressee=wang_shanshan, event_key=f"handover:{again.pk}:offered").count()
        == 1
    )


def test_there_is_nothing_to_offer_again_while_a_handover_is_open(
    handover: Handover, yang_ying: User
) -> None:
    with pytest.raises(HandoverEnded):
        handovers.offer_again(handover.youth, by=yang_ying)


def test_what_nobody_accepts_climbs_level_by_level_and_each_level_is_told_once(
    handover: Handover, yang_ying: User, wanli: User, jiujiang: User, city_cadre: User
) -> None:
    now = timezone.now()
    for hours, level in ((73, "community"), (98, "street"), (123, "district"), (148, "city"), (300, "city")):
        handovers.escalate_due(now + timedelta(hours=hours))
        handovers.escalate_due(now + timedelta(hours=hours))
        handover.refresh_from_db()
        assert (handover.state, handover.level) == ("escalated", level)
        assert responsible_for(handover.youth) == [yang_ying]
    told = Alert.objects.filter(kind="handover_escalated").values_list("addressee__username", flat=True)
    assert sorted(told) == ["city", "jiujiang", "wanli"]  # 银湖社区 has no lead of its own


def test_nothing_climbs_before_its_time(handover: Handover) -> None:
    assert handovers.escalate_due(timezone.now() + timedelta(hours=71)) == 0


def test_a_new_worker_of_the_grid_finds_the_open_handover_in_the_inbox(
    handover: Handover, wang_shanshan: User
) -> None:
    today = timezone.localdate()
    Assignment.objects.filter(user=wang_shanshan, grid_id=NEW).update(ends_on=today)
    successor = make_user(name="刘洋")
    assign(successor, NEW, starts_on=today)
    handovers.escalate_due()
    assert Alert.objects.filter(addressee=successor, kind="handover_offered").count() == 1


def test_out_of_the_city_stays_open_until_the_answer_is_recorded(yang_ying: User) -> None:
    youth = make_youth(grid=OLD)
    handover = make_handover(youth, None)
    assert responsible_for(youth) == [yang_ying]
    handovers.answer(handover, note="浦东新区团委已接收", by=yang_ying)
    handover.refresh_from_db()
    assert (handover.state, handover.note) == ("answered", "浦东新区团委已接收")


def test_the_database_refuses_a_second_open_handover_of_one_youth(handover: Handover) -> None:
    with pytest.raises(IntegrityError, match="handover_one_open_per_youth"), transaction.atomic():
        Handover.objects.create(
            youth=handover.youth, move=handover.move, from_grid_id=OLD, to_grid_id=NEW, due_at=timezone.now()
        )


def test_handover_history_can_be_added_to_but_never_altered(handover: Handover) -> None:
    with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
        handover.history.update(note="改了")


def test_a_report_that_changes_nothing_is_refused_in_words(handover: Handover, yang_ying: User) -> None:
    resident = handover.youth.resident
    home = resident.residences.current().get().dwelling
    with pytest.raises(MoveRefused, match="不需要再报"):
        moves.report_move(resident=resident, dwelling=home, moved_on=timezone.localdate(), by=yang_ying)
    with pytest.raises(MoveRefused, match="不能晚于今天"):
        moves.report_move(
            resident=resident, dwelling=None, moved_on=timezone.localdate() + timedelta(days=1), by=yang_ying
        )
    with pytest.raises(MoveRefused, match="早于已登记"):
        moves.report_move(
            resident=resident, dwelling=make_dwelling(OLD), moved_on=date(2001, 1, 1), by=yang_ying
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_the_same_moment_exactly_one_wins(
    handover: Handover, wang_shanshan: User, wanli: User
) -> None:
    start = threading.Barrier(2)

    def accept(by: User) -> str:
        start.wait(timeout=10)
        try:
            handovers.accept(handover, by=by)
        except HandoverEnded:
            return "told"
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, [wang_shanshan, wanli])) == ["told", "won"]
    assert handover.youth.history.filter(history_change_reason="接收交接").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_accepting_while_the_youth_moves_on_leaves_a_whole_state(
    handover: Handover, yang_ying: User, wang_shanshan: User, city_cadre: User
) -> None:
    third = make_dwelling(f"{YINHU}002")
    start = threading.Barrier(2)

    def accept() -> None:
        start.wait(timeout=10)
        with contextlib.suppress(HandoverEnded):
            handovers.accept(handover, by=wang_shanshan)
        connection.close()

    def move_on() -> None:
        start.wait(timeout=10)
        resident = handover.youth.resident
        moves.report_move(resident=resident, dwelling=third, moved_on=timezone.localdate(), by=yang_ying)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(accept), pool.submit(move_on)]:
            done.result(timeout=30)
    assert [f["check"] for f in findings() if not f["ok"]] == []
    assert handover.youth.handovers.get(state="offered").to_grid_id == f"{YINHU}002"


# --- At any moment, whatever happens

GRIDS = [f"{HUAQIANG}001", f"{HUAQIANG}002", f"{YINHU}001", f"{YINHU}002"]
STEPS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 3)),
    st.tuples(st.just("leave"), st.none()),
    st.tuples(st.just("accept"), st.none()),
    st.tuples(st.just("return"), st.none()),
    st.tuples(st.just("offer_again"), st.none()),
    st.tuples(st.just("escalate"), st.none()),
    st.tuples(st.just("answer"), st.none()),
    st.tuples(st.just("change_worker"), st.integers(0, 3)),
    st.tuples(st.just("end_worker"), st.integers(0, 3)),
)


class Town:
    """One youth, four grids, workers who come and go; days pass with every step."""

    def __init__(self, by: User) -> None:
        self.by = by
        self.homes = [make_dwelling(code) for code in GRIDS]
        self.youth = make_youth(dwelling=self.homes[0])
        self.day = timezone.localdate() - timedelta(days=100)
        self.clock = timezone.now()

    def open_handover(self) -> Handover | None:
        return self.youth.handovers.filter(state__in=["offered", "escalated"]).first()

    def do(self, step: str, place: int | None) -> None:
        self.day += timedelta(days=1)
        handover = self.open_handover()
        if step in ("move", "leave"):
            self._move(self.homes[place] if place is not None else None)
        elif step == "escalate":
            self.clock += timedelta(hours=80)
            handovers.escalate_due(self.clock)
        elif step == "offer_again":
            self._unless_ended(handovers.offer_again, self.youth)
        elif step in ("change_worker", "end_worker"):
            self._change_worker(GRIDS[place or 0], successor=step == "change_worker")
        elif handover and step == "answer" and handover.to_grid_id is None:
            handovers.answer(handover, note="已答复", by=self.by)
        elif handover and step == "accept" and handover.to_grid_id:
            handovers.accept(handover, by=self.by)
        elif handover and step == "return" and handover.to_grid_id:
            handovers.return_to_sender(handover, reason="not_found", by=self.by)

    def _move(self, dwelling: Any) -> None:
        try:
            with transaction.atomic():
                moves.report_move(
                    resident=self.youth.resident, dwelling=dwelling, moved_on=self.day, by=self.by
                )
        except MoveRefused:
            pass

    def _unless_ended(self, verb: Any, subject: Any) -> None:
        try:
            with transaction.atomic():
                verb(subject, by=self.by)
        except HandoverEnded:
            pass

    def _change_worker(self, grid: str, *, successor: bool) -> None:
        today = timezone.localdate()
        Assignment.objects.filter(grid_id=grid, kind="lead", ends_on=None).update(ends_on=today)
        if successor and not Assignment.objects.filter(grid_id=grid, kind="lead", starts_on=today).exists():
            assign(make_user(), grid, starts_on=today)

    def check(self) -> None:
        self.youth.refresh_from_db()
        answers = ResponsiblePerson.objects.filter(grid_id=self.youth.grid_id).select_related("user")
        assert len(answers) == 1
        assert self.youth.handovers.filter(state__in=["offered", "escalated"]).count() <= 1
        handover = self.open_handover()
        if handover:
            assert handover.from_grid_id == self.youth.grid_id
            assert (handover.to_grid_id or "") == self.youth.lives_in
        for assignment in Assignment.objects.current().select_related("user"):
            sees = may_open(assignment.user, self.youth)
            assert sees == (assignment.grid_id == self.youth.grid_id)
        assert [f for f in findings() if not f["ok"]] == []


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_every_youth_has_one_responsible_person_and_at_most_one_open_handover(
    steps: list[tuple[str, int | None]], city_cadre: User
) -> None:
    with transaction.atomic():
        town = Town(by=city_cadre)
        town.check()
        for step, place in steps:
            town.do(step, place)
            town.check()
        transaction.set_rollback(True)
    assert connection.in_atomic_block
