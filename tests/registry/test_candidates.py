"""Verbs on candidates: visited, it is so, it is not so; by whom, once, and what follows."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from grids.models import Alert, User
from registry import candidates, register_row
from registry.codes import PersonMet
from registry.holding import Refused
from registry.models import Candidate, Enrolment, Youth
from tests.factories import (
    PINGPU,
    YINHU,
    fresh,
    give_post,
    make_candidate,
    make_enrolment,
    make_user,
    make_youth,
    years_ago,
)

pytestmark = pytest.mark.django_db
GRID, FAR = f"{YINHU}001", f"{PINGPU}001"
_State = Candidate.State


def again(candidate: Candidate) -> Candidate:
    """As it stands now."""
    return Candidate.objects.everyone(because="test").get(pk=candidate.pk)


def verify(candidate: Candidate, by: User) -> Youth | None:
    return candidates.verify(candidate, evidence="奶奶说父母去年外出,已核实。", on=years_ago(1), by=by)


class TestItIsSo:
    def test_opens_a_file_and_enrols_on_the_evidence_and_clause(self, wang_shanshan: User) -> None:
        candidate = make_candidate(grid=GRID)
        youth = verify(candidate, wang_shanshan)
        assert youth is not None
        assert (youth.grid_id, youth.state, youth.opened_reason) == (GRID, "open", "")
        enrolment = youth.enrolments.get()
        assert (enrolment.category_id, enrolment.starts_on) == ("left_behind", years_ago(1))
        assert (enrolment.evidence, enrolment.clause) == ("奶奶说父母去年外出,已核实。", candidate.clause)
        after = again(candidate)
        assert (after.state, after.decided_by, after.enrolment) == (_State.VERIFIED, wang_shanshan, enrolment)
        assert register_row.refresh(None) == 0

    def test_uses_the_file_that_is_open(self, wang_shanshan: User) -> None:
        youth = make_youth(grid=GRID, age=11)
        candidate = make_candidate(youth.resident)
        assert verify(candidate, wang_shanshan) == youth
        assert youth.enrolments.count() == 1

    def test_of_somebody_enrolled_meanwhile_is_only_noted(self, wang_shanshan: User) -> None:
        youth = make_youth(grid=GRID, age=11)
        candidate = make_candidate(youth.resident)
        enrolment = make_enrolment(youth, "left_behind")
        verify(candidate, wang_shanshan)
        assert again(candidate).enrolment == enrolment
        assert youth.enrolments.count() == 1

    def test_twice_is_once(self, wang_shanshan: User) -> None:
        candidate = make_candidate(grid=GRID)
        first, second = verify(candidate, wang_shanshan), verify(candidate, wang_shanshan)
        assert first == second
        assert Enrolment.objects.everyone(because="test").count() == 1

    def test_what_a_verb_refuses_leaves_nothing_behind(self, wang_shanshan: User) -> None:
        candidate = make_candidate(grid=GRID)
        candidate.resident.hukou_is_rural = False
        candidate.resident.save()
        with pytest.raises(Refused, match="非农村户籍"):
            verify(candidate, wang_shanshan)
        assert again(candidate).state == _State.OPEN
        assert not Youth.objects.everyone(because="test").exists()

    def test_ends_an_enrolment_that_seems_over(self, wang_shanshan: User) -> None:
        youth = make_youth(grid=GRID, age=11)
        enrolment = make_enrolment(youth, "left_behind")
        candidate = make_candidate(
            youth.resident, kind="leave", enrolment=enrolment, reason="母亲自上月起在家"
        )
        candidates.verify(candidate, evidence="母亲已回家照护", on=timezone.localdate(), by=wang_shanshan)
        enrolment.refresh_from_db()
        assert (enrolment.ends_on, enrolment.end_reason) == (timezone.localdate(), "母亲已回家照护")
        assert youth.state == "open"

    def test_other_help_opens_a_file_without_a_category_and_without_the_reason(self, fanchang: User) -> None:
        candidate = make_candidate(topic="unattended_in_fact", grid=FAR)
        youth = verify(candidate, fanchang)
        assert youth is not None
        assert youth.opened_reason == candidates.OPENED_FOR_HELP
        assert not youth.enrolments.exists()

    def test_is_not_for_those_who_must_not_know(self, fanchang_worker: User, fanchang: User) -> None:
        candidate = make_candidate(topic="custody_child", grid=FAR)
        for act in (
            lambda: verify(candidate, fanchang_worker),
            lambda: candidates.set_aside(candidate, reason="不是", by=fanchang_worker),
        ):
            with pytest.raises(Candidate.DoesNotExist):
                act()
        assert verify(candidate, fanchang) is not None

    def test_nor_for_another_grid(self, wang_shanshan: User) -> None:
        with pytest.raises(Candidate.DoesNotExist):
            verify(make_candidate(grid=FAR), wang_shanshan)


class TestItIsNotSo:
    def test_keeps_who_and_why(self, wang_shanshan: User) -> None:
        candidate = make_candidate(grid=GRID)
        for _ in range(2):
            candidates.set_aside(candidate, reason="母亲在家", by=wang_shanshan)
        after = again(candidate)
        assert (after.state, after.decided_by, after.decision_reason) == (
            _State.SET_ASIDE,
            wang_shanshan,
            "母亲在家",
        )

    def test_after_somebody_else_decided_is_too_late(self, wang_shanshan: User, wanli: User) -> None:
        candidate = make_candidate(grid=GRID)
        verify(candidate, wang_shanshan)
        with pytest.raises(candidates.CandidateEnded, match="汪珊珊刚刚办理"):
            candidates.set_aside(candidate, reason="不是", by=wanli)

    def test_after_the_facts_ended_is_too_late(self, wang_shanshan: User) -> None:
        candidate = make_candidate(grid=GRID)
        Candidate.objects.everyone(because="test").update(state="withdrawn", decided_at=timezone.now())
        with pytest.raises(candidates.CandidateEnded, match="自动撤回"):
            verify(candidate, wang_shanshan)


class TestVisited:
    def test_is_told_to_those_who_may_know_and_decide(self, fanchang_worker: User, fanchang: User) -> None:
        candidate = make_candidate(topic="custody_child", grid=FAR)
        candidates.record_visit(
            candidate, result="seen", met="guardian", note="奶奶在照顾", by=fanchang_worker
        )
        after = again(candidate)
        assert (after.state, after.visited_by, after.visit_note) == (
            _State.OPEN,
            fanchang_worker,
            "奶奶在照顾",
        )
        alert = Alert.objects.of(fanchang).get()
        assert (alert.kind, alert.text) == ("candidate_visited", "陈*桐已走访，请核定")
        assert not Alert.objects.of(fanchang_worker).exists()
        verify(again(candidate), fanchang)
        assert not Alert.objects.of(fanchang).open().exists()

    def test_goes_to_the_named_person_of_the_street_first(
        self, fanchang_worker: User, fanchang: User
    ) -> None:
        named = make_user(name="街道指定人员")
        give_post(named, "street", PINGPU[:9], knows_reasons=True)
        candidate = make_candidate(topic="custody_child", grid=FAR)
        candidates.record_visit(candidate, result="seen", met="youth", by=fanchang_worker)
        assert Alert.objects.of(fresh(named)).exists()
        assert not Alert.objects.of(fanchang).exists()

    def test_stands_on_the_file_as_the_visit_that_it_was(self, fanchang_worker: User, fanchang: User) -> None:
        candidate = make_candidate(topic="custody_child", grid=FAR)
        candidates.record_visit(
            candidate, result="seen", met="guardian", note="奶奶在照顾", by=fanchang_worker
        )
        youth = verify(again(candidate), fanchang)
        assert youth is not None
        visit = youth.visits.get()
        assert (visit.by, visit.found, visit.met) == (fanchang_worker, "奶奶在照顾", PersonMet.GUARDIAN)
        decided_at = again(candidate).decided_at
        assert decided_at is not None
        assert visit.created_at < decided_at  # it led to the decision, it is not yet help

    def test_twice_by_one_person_is_once(self, fanchang_worker: User, fanchang: User) -> None:
        candidate = make_candidate(topic="custody_child", grid=FAR)
        for result in ("seen", "not_found"):
            candidates.record_visit(candidate, result=result, met="youth", by=fanchang_worker)
        assert again(candidate).visit_result == "seen"
        assert Alert.objects.of(fanchang).count() == 1

    def test_by_a_second_person_is_too_late(self, fanchang_worker: User) -> None:
        other = make_user(name="鲁安", leads=[], deputises=[FAR])
        candidate = make_candidate(topic="custody_child", grid=FAR)
        candidates.record_visit(candidate, result="seen", met="youth", by=other)
        with pytest.raises(candidates.CandidateEnded, match="鲁安已经走访过"):
            candidates.record_visit(candidate, result="seen", met="youth", by=fanchang_worker)

    @pytest.mark.parametrize(("result", "state"), [("seen", "verified"), ("not_found", "set_aside")])
    def test_is_the_answer_for_a_moving_child(
        self, wang_shanshan: User, jiujiang: User, result: str, state: str
    ) -> None:
        candidate = make_candidate(topic="moving_child", grid=GRID)
        candidates.record_visit(candidate, result=result, met="youth", by=wang_shanshan)
        assert again(candidate).state == state
        assert not Alert.objects.of(jiujiang).exists()
        assert not Youth.objects.everyone(because="test").exists()

    def test_ends_the_alert_of_the_grid_when_nothing_is_left(self, fanchang_worker: User) -> None:
        Alert.objects.create(
            event_key=f"candidates:{PINGPU}:1", addressee=fanchang_worker, kind="candidates", text="请走访"
        )
        both = [make_candidate(topic=topic, grid=FAR) for topic in ("custody_child", "moving_child")]
        candidates.record_visit(both[0], result="seen", met="youth", by=fanchang_worker)
        assert Alert.objects.of(fanchang_worker).open().exists()
        candidates.record_visit(both[1], result="seen", met="youth", by=fanchang_worker)
        assert not Alert.objects.of(fanchang_worker).open().exists()

    def test_after_the_decision_says_only_that_it_is_no_longer_needed(
        self, fanchang_worker: User, fanchang: User
    ) -> None:
        candidate = make_candidate(topic="custody_child", grid=FAR)
        candidates.set_aside(candidate, reason="母亲已离婚并取得监护权", by=fanchang)
        with pytest.raises(candidates.CandidateEnded, match=r"^这次走访已经不需要了。$"):
            candidates.record_visit(candidate, result="seen", met="youth", by=fanchang_worker)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins(wang_shanshan: User, wanli: User) -> None:
    candidate = make_candidate(grid=GRID)
    start = threading.Barrier(2)
    ended: list[str] = []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except candidates.CandidateEnded as refusal:
            ended.append(str(refusal))
        finally:
            connections.close_all()

    acts = (
        lambda: verify(candidate, wang_shanshan),
        lambda: candidates.set_aside(candidate, reason="不是", by=wanli),
    )
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(ended) == 1
    after = again(candidate)
    enrolled = Enrolment.objects.everyone(because="test").count()
    assert (after.state, enrolled) in {(_State.VERIFIED, 1), (_State.SET_ASIDE, 0)}


def test_one_is_open_at_a_time(wang_shanshan: User) -> None:
    from django.db import IntegrityError, transaction

    candidate = make_candidate(grid=GRID)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_candidate(candidate.resident)
    candidates.set_aside(candidate, reason="母亲在家", by=wang_shanshan)
    assert make_candidate(candidate.resident).suggested_on >= timezone.localdate() - timedelta(days=1)
