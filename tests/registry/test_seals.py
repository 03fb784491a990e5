"""Sealing 封存: a notice takes everything out in one act, and from then on it never was."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from grids.encryption import keys
from grids.models import Alert, User
from registry import (
    enrolments,
    rules,
    seal_groups,
    seal_ledger,
    seal_texts,
    sealing_of,
    seals,
    visits,
    youths,
)
from registry.city import loading
from registry.feeds.undo import undo
from registry.holding import Refused
from registry.invariants import findings
from registry.models import (
    Batch,
    Candidate,
    Category,
    Enrolment,
    Export,
    Fact,
    Grant,
    Handover,
    Move,
    PersonRequest,
    Reading,
    Reopening,
    Resident,
    Seal,
    Visit,
    Youth,
)
from registry.sealing import Choice
from registry.seals import Notice
from tests.cast import SignIn
from tests.factories import (
    YINHU,
    fresh,
    make_candidate,
    make_disclosure,
    make_enrolment,
    make_fact,
    make_handover,
    make_need,
    make_request,
    make_visit,
    make_youth,
    number_of,
)
from tests.registry.test_feed_kinds import FACTS, load_facts
from tests.registry.test_load_feed import ago, key, load, write
from wuhu_youth.checks import refuse_older_database

HERE = f"{YINHU}001"
NOTICE = Notice(
    organ="court",
    organ_name="芜湖市鸠江区人民法院",
    notice_number="（2026）皖0207刑封12号",
    notice_on=date(2026, 11, 20),
    record="crime",
)
WORDS = "偷了同学的电动车"  # what must be found nowhere afterwards


def seal(youth: Youth, by: User, **choice: Any) -> Seal:
    chosen: dict[str, Any] = {
        name: tuple(ids) if name != "whole_file" else ids for name, ids in choice.items()
    }
    return seals.seal(youth=youth, notice=NOTICE, choice=Choice(**chosen), by=by, submission_key=uuid4())


def everything(model: Any) -> Any:
    return model.objects.everyone(because="test")


def dump() -> Iterator[tuple[str, str]]:
    """(table, all its rows as text), of every table but those of the seals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            if table not in ("registry_seal", "registry_tombstone", "registry_reopening"):
                cursor.execute(f"SELECT coalesce(string_agg(r::text, ' '), '') FROM {table} r")  # noqa: S608
                yield table, cursor.fetchone()[0]


def assert_sound() -> None:
    assert [finding["check"] for finding in findings() if not finding["ok"]] == []


@pytest.fixture
def accused(wang_shanshan: User, city_cadre: User) -> Youth:
    """小海, left behind, and since last month in the category of misconduct."""
    youth = make_youth("张小海", grid=HERE, categories=["left_behind"])
    enrolments.enrol(
        youth=youth,
        category=_category("misconduct"),
        starts_on=timezone.localdate() - timedelta(days=40),
        evidence=WORDS,
        by=city_cadre,
    )
    youth.refresh_from_db()
    return youth


def _category(code: str) -> Category:
    return Category.objects.get(pk=code)


def of_category(youth: Youth, code: str) -> Enrolment:
    found: Enrolment = youth.enrolments.get(category=code)
    return found


# --- What is taken


def test_a_seal_takes_the_enrolment_and_its_history(accused: Youth, jiujiang: User) -> None:
    misconduct = of_category(accused, "misconduct")
    made = seal(accused, jiujiang, enrolments=[misconduct.pk])
    accused.refresh_from_db()
    assert [e.category_id for e in accused.enrolments.all()] == ["left_behind"]
    assert not Enrolment.history.filter(id=misconduct.pk).exists()
    assert accused.category_mask == _category("left_behind").bit
    assert made.area_id == "340207"
    for table, text in dump():
        assert str(misconduct.pk) not in text, table
    assert_sound()


def test_the_plan_is_what_it_would_be_without_the_sealed_enrolment(city_cadre: User, jiujiang: User) -> None:
    later = timezone.localdate() + timedelta(days=80)
    youth = make_youth("张小海", grid=HERE, categories=["left_behind"], next_due_on=later)
    made = enrolments.enrol(
        youth=youth,
        category=_category("misconduct"),
        starts_on=timezone.localdate(),
        evidence=WORDS,
        by=city_cadre,
    )
    youth.refresh_from_db()
    assert youth.next_due_on is not None
    assert youth.next_due_on < later
    graded = youths.set_grade(youth=youth, grade="C", reason="家访稳定", version=youth.version, by=city_cadre)
    seal(youth, jiujiang, enrolments=[made.pk])
    youth.refresh_from_db()
    assert youth.next_due_on == later
    told = list(Youth.history.filter(id=youth.pk).order_by("history_date"))
    assert [row.next_due_on for row in told] == [later, later]
    assert (graded.grade, youth.grade) == ("C", "C")


def test_chosen_visits_go_with_their_needs_and_the_dates_that_they_set(
    accused: Youth, wang_shanshan: User, jiujiang: User
) -> None:
    before = (accused.next_due_on, accused.last_verified_on)
    told = visits.record_visit(
        youth=accused,
        visited_on=timezone.localdate(),
        method="home",
        met="guardian",
        found=WORDS,
        confirmed=["address"],
        needs=["law"],
        by=wang_shanshan,
    )
    accused.refresh_from_db()
    assert (accused.next_due_on, accused.last_verified_on) != before
    seal(accused, jiujiang, visits=[told.pk])
    accused.refresh_from_db()
    assert (accused.next_due_on, accused.last_verified_on) == before
    assert not accused.visits.exists()
    assert accused.needs == []
    assert {e.category_id for e in accused.enrolments.all()} == {"left_behind", "misconduct"}
    assert_sound()


def test_a_later_visit_keeps_what_it_has_set(accused: Youth, wang_shanshan: User, jiujiang: User) -> None:
    days = [timezone.localdate() - timedelta(days=9), timezone.localdate() - timedelta(days=2)]
    made = [
        visits.record_visit(
            youth=accused, visited_on=day, method="home", met="youth", found="在家", confirmed=["address"],
            by=wang_shanshan,
        )
        for day in days
    ]  # fmt: skip
    seal(accused, jiujiang, visits=[made[0].pk])
    accused.refresh_from_db()
    assert (accused.next_due_on, accused.last_verified_on) == (made[1].next_due_on, days[1])


def test_a_file_that_was_opened_for_it_alone_goes_and_the_person_stays(
    wang_shanshan: User, city_cadre: User, jiujiang: User
) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"])
    make_visit(youth, by=wang_shanshan, found=WORDS)
    make_need(youth, "law")
    make_handover(youth, f"{YINHU}002")
    Alert.objects.create(
        event_key="handover:x", addressee=wang_shanshan, kind="family_moved", text="李*", subject_id=youth.pk
    )
    seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk])
    assert not everything(Youth).filter(pk=youth.pk).exists()
    for table, text in dump():
        if table.startswith("registry_reading"):
            continue
        assert str(youth.pk) not in text, table
    kept = everything(Resident).get(pk=youth.resident_id)
    assert kept.residences.exists()
    assert not everything(Handover).exists()
    assert not everything(Visit).exists()
    assert_sound()


def test_a_file_with_a_reason_of_its_own_stays(jiujiang: User, city_cadre: User) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"], opened_reason="孤儿")
    seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk])
    youth.refresh_from_db()
    assert (youth.state, youth.category_mask) == ("open", 0)
    assert_sound()


def test_a_whole_file_goes_when_the_notice_is_about_all_of_it(accused: Youth, jiujiang: User) -> None:
    make_fact(accused.resident, "in_school", unit="芜湖一中")  # a worker's observation
    seal(accused, jiujiang, whole_file=True)
    assert not everything(Youth).exists()
    assert not everything(Fact).exists()
    assert not Youth.history.exists()
    assert_sound()


def test_candidates_go_and_the_message_counts_those_that_are_left(
    wang_shanshan: User, jiujiang: User
) -> None:
    youth = make_youth("张小海", grid=HERE, age=17, categories=["idle"], opened_reason="孤儿")
    other = make_candidate(make_youth("李小山", grid=HERE, age=12).resident, "street", grid=HERE)
    mine = make_candidate(youth.resident, "idle", grid=HERE, suggested_at=other.suggested_at)
    told = Alert.objects.create(
        event_key=f"candidates:{YINHU}:1",
        addressee=wang_shanshan,
        kind="candidates",
        text="第1网格有 2 条新线索，请走访",
        created_at=other.suggested_at,
    )
    seal(youth, jiujiang, enrolments=[of_category(youth, "idle").pk])
    assert not everything(Candidate).filter(pk=mine.pk).exists()
    told.refresh_from_db()
    assert told.text == "第1网格有 1 条新线索，请走访"
    assert told.done_at is None


def test_a_message_about_nothing_else_goes_and_the_one_it_replaced_waits_again(
    wang_shanshan: User, jiujiang: User
) -> None:
    youth = make_youth("张小海", grid=HERE, age=17, categories=["idle"], opened_reason="孤儿")
    make_candidate(make_youth("李小山", grid=HERE, age=12).resident, "street", grid=HERE)
    mine = make_candidate(youth.resident, "idle", grid=HERE, suggested_at=timezone.now())
    values = {"addressee": wang_shanshan, "kind": "candidates", "text": "第1网格有 1 条新线索，请走访"}
    older = Alert.objects.create(
        event_key=f"candidates:{YINHU}:1",
        created_at=mine.suggested_at - timedelta(days=1),
        done_at=mine.suggested_at,
        **values,
    )
    Alert.objects.create(event_key=f"candidates:{YINHU}:2", created_at=mine.suggested_at, **values)
    seal(youth, jiujiang, enrolments=[of_category(youth, "idle").pk])
    assert Alert.objects.get() == older
    older.refresh_from_db()
    assert older.done_at is None


def test_what_hangs_on_another_matter_stays(accused: Youth, wang_shanshan: User, jiujiang: User) -> None:
    kept = make_visit(accused, by=wang_shanshan, found="奶奶照看")
    leaving = make_candidate(
        accused.resident, "left_behind", kind="leave", enrolment=of_category(accused, "left_behind")
    )
    seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    assert list(accused.visits.all()) == [kept]
    assert everything(Candidate).get() == leaving


# --- Who may, and what is refused


def test_only_the_district_and_the_city_seal_and_only_in_their_area(
    accused: Youth, fanchang: User, wanli: User, wang_shanshan: User, city_cadre: User
) -> None:
    for user in (fanchang, wanli, wang_shanshan):
        with pytest.raises(Youth.DoesNotExist):
            seal(accused, user, enrolments=[of_category(accused, "misconduct").pk])
    assert accused.enrolments.count() == 2
    assert seal(accused, city_cadre, enrolments=[of_category(accused, "misconduct").pk]).area_id == "3402"


def test_the_notices_of_an_area_are_seen_there_and_above(
    accused: Youth, jiujiang: User, fanchang: User, city_cadre: User, wanli: User
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    assert [list(Seal.objects.visible_to(user)) for user in (jiujiang, city_cadre, fanchang, wanli)] == [
        [made], [made], [], [],
    ]  # fmt: skip


def test_nothing_chosen_a_coming_day_and_what_is_another_persons_are_refused(
    accused: Youth, jiujiang: User
) -> None:
    with pytest.raises(Refused, match="请选择"):
        seal(accused, jiujiang)
    coming = Notice(**{**NOTICE.__dict__, "notice_on": timezone.localdate() + timedelta(days=1)})
    mine = Choice(enrolments=(of_category(accused, "misconduct").pk,))
    with pytest.raises(Refused, match="不能晚于今天"):
        seals.seal(youth=accused, notice=coming, choice=mine, by=jiujiang, submission_key=uuid4())
    other = make_youth("李小山", grid=HERE, categories=["idle"])
    with pytest.raises(Youth.DoesNotExist):
        seal(accused, jiujiang, enrolments=[of_category(other, "idle").pk])
    assert other.enrolments.exists()
    assert not Seal.objects.visible_to(jiujiang).exists()


def test_the_same_submission_seals_once(accused: Youth, jiujiang: User) -> None:
    key, chosen = uuid4(), Choice(enrolments=(of_category(accused, "misconduct").pk,))
    made = [
        seals.seal(youth=accused, notice=NOTICE, choice=chosen, by=jiujiang, submission_key=key)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert Seal.objects.visible_to(jiujiang).count() == 1


# --- What the database holds


def attempt(sql: str, parameters: list[Any] | None = None) -> str:
    """The name of the constraint that refuses this statement."""
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(refused.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def test_history_lets_go_nothing_without_a_notice_of_the_same_transaction(
    accused: Youth, jiujiang: User
) -> None:
    taking = "DELETE FROM registry_historicalenrolment"
    assert attempt(taking) == "history_is_append_only"
    assert attempt("DELETE FROM registry_enrolment") == "enrolment_never_deleted"
    for setting in ("on", str(uuid4())):
        assert attempt(f"SET LOCAL wuhu_youth.sealing = '{setting}'; {taking}") == "history_is_append_only"
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    assert attempt(taking) == "history_is_append_only"
    with connection.cursor() as cursor:  # as any later transaction finds it
        cursor.execute("UPDATE registry_seal SET written_in = written_in - 1")
    assert attempt(f"SET LOCAL wuhu_youth.sealing = '{made.pk}'; {taking}") == "history_is_append_only"


def test_a_notice_has_its_envelope_until_it_is_reopened(accused: Youth, jiujiang: User) -> None:
    seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    for change in ("envelope = NULL", "key = NULL", "reopened_at = now()"):
        sql = f"UPDATE registry_seal SET {change}"  # noqa: S608
        assert attempt(sql) == "seal_has_its_envelope_until_reopened"


def test_the_notice_the_envelope_and_the_tombstones_name_nobody(accused: Youth, jiujiang: User) -> None:
    number = number_of(accused)
    seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(s::text, '') FROM registry_seal s)"
            " || (SELECT string_agg(t::text, '') FROM registry_tombstone t)"
        )
        text = cursor.fetchone()[0]
    index = bytes(accused.resident.id_number_index or b"").hex()
    for word in (str(accused.pk), number, index, "张小海", WORDS, "misconduct", NOTICE.notice_number):
        assert word not in text
        assert word.encode().hex() not in text


def test_two_envelopes_are_as_large_as_each_other(accused: Youth, jiujiang: User) -> None:
    other = make_youth("李小山", grid=HERE, categories=["misconduct"])
    for number in range(5):
        make_visit(other, found=f"{WORDS}{number}")
    made = [
        seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk]) for youth in (accused, other)
    ]
    assert len({len(bytes(each.envelope or b"")) for each in made}) == 1


# --- What comes again


def test_a_rule_does_not_suggest_again_what_was_sealed_but_what_is_newer(
    jiujiang: User, wang_shanshan: User
) -> None:
    youth = make_youth("张小海", grid=HERE, age=17, categories=["idle"], opened_reason="孤儿")
    make_fact(youth.resident, "dropped_out", starts_on=timezone.localdate() - timedelta(days=400))
    seal(youth, jiujiang, enrolments=[of_category(youth, "idle").pk])
    assert rules.suggest("idle").new == 0
    assert rules.suggest("idle", [youth.resident_id]).new == 0
    assert not everything(Candidate).exists()
    assert not Alert.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_tombstone SET until_on = until_on - 500")
    assert rules.suggest("idle").new == 1


def test_a_file_that_brings_a_sealed_fact_again_is_accepted_and_leaves_no_trace(
    tmp_path: Path, jiujiang: User, city_cadre: User
) -> None:
    resident = make_youth("张小海", grid=HERE, age=17).resident
    rows = [
        [key(resident), "旷课", ago(60), "", "", "", ""],
        [key(resident), "在学", ago(90), "", "芜湖一中", "", ""],
    ]
    load_facts(tmp_path / "1.csv", [*rows, rows[1]])
    sealed = resident.facts.get(kind="truant")
    seal(resident.youth, jiujiang, facts=[sealed.pk])
    assert [fact.kind for fact in resident.facts.all()] == ["in_school"]
    figures = []
    for number, ends_on in enumerate(["", "", ago(1), ago(1)]):
        again = [[key(resident), "旷课", ago(60), ends_on, "", "", ""], rows[1]]
        # No file is taken twice: the second of two that say the same has its rows the other way round.
        figures.append(load_facts(tmp_path / f"again{number}.csv", again[:: -1 if number % 2 else 1]))
    # As about anybody else: new, known, changed, known; the other row was known all the time.
    assert [(f["rows"], f["accepted"], f["rejected"], f["unchanged"]) for f in figures] == [
        (2, 2, 0, 1), (2, 2, 0, 2), (2, 2, 0, 1), (2, 2, 0, 2),
    ]  # fmt: skip
    assert all(not f["candidates"] and not f["alerts"] and f["errors_file"] is None for f in figures)
    assert [fact.kind for fact in resident.facts.all()] == ["in_school"]
    assert_sound()


def test_a_dry_run_and_a_held_file_remember_nothing_that_was_said(tmp_path: Path, jiujiang: User) -> None:
    resident = make_youth("张小海", grid=HERE, age=17).resident
    row = [key(resident), "旷课", ago(60), "", "", "", ""]
    load_facts(tmp_path / "1.csv", [row])
    seal(resident.youth, jiujiang, facts=[resident.facts.get().pk])
    again = write(tmp_path / "2.csv", [row, row], FACTS)
    assert load(again, "facts", source="education", dry_run=True)["unchanged"] == 0
    assert load(again, "facts", source="education")["unchanged"] == 0


def test_undoing_a_batch_does_not_bring_back_what_was_sealed(
    tmp_path: Path, jiujiang: User, city_cadre: User
) -> None:
    resident = make_youth("张小海", grid=HERE, age=17).resident
    load_facts(tmp_path / "1.csv", [[key(resident), "旷课", ago(60), "", "", "", ""]])
    changed = load_facts(tmp_path / "2.csv", [[key(resident), "旷课", ago(60), ago(1), "", "", ""]])
    seal(resident.youth, jiujiang, facts=[resident.facts.get().pk])
    undo(Batch.objects.get(pk=changed["batch"]), by=city_cadre)
    assert not resident.facts.exists()


def test_a_persons_own_new_word_is_a_new_record_and_nothing_of_the_past_comes_with_it(
    accused: Youth, jiujiang: User, city_cadre: User
) -> None:
    seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    again = enrolments.enrol(
        youth=accused,
        category=_category("misconduct"),
        starts_on=timezone.localdate() - timedelta(days=40),
        evidence="母亲今天说，又逃学了",
        by=city_cadre,
    )
    assert list(Enrolment.history.filter(youth_id=accused.pk, category_id="misconduct")) == list(
        Enrolment.history.filter(id=again.pk)
    )


def test_the_very_form_that_wrote_it_is_used_up(accused: Youth, jiujiang: User, city_cadre: User) -> None:
    key = uuid4()
    form: dict[str, Any] = {
        "youth": accused, "category": _category("street"), "starts_on": timezone.localdate(), "evidence": WORDS,
        "by": city_cadre, "submission_key": key,
    }  # fmt: skip
    made = enrolments.enrol(**form)
    seal(accused, jiujiang, enrolments=[made.pk])
    with pytest.raises(Refused, match="页面已过期"):
        enrolments.enrol(**form)


# --- Reopening


def ask(sealed: Seal, by: User) -> Reopening:
    return seals.ask_to_reopen(
        sealed=sealed, ground="retrial", document_number="（2027）皖02刑再1号", by=by, submission_key=uuid4()
    )


def tables(youth: Youth) -> dict[str, list[Any]]:
    """Everything of a file and its person, by table."""
    found: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for table in ("enrolment", "historicalenrolment", "visit", "need", "handover", "candidate", "youth"):
            column = {"youth": "id", "candidate": "resident_id"}.get(table, "youth_id")
            value = youth.resident_id if table == "candidate" else youth.pk
            cursor.execute(
                f"SELECT to_jsonb(t) - 'version' FROM registry_{table} t WHERE {column} = %s"  # noqa: S608
                " ORDER BY 1",
                [value],
            )
            found[table] = [_stripped(row) for (row,) in cursor.fetchall()]
    return found


def _stripped(row: Any) -> dict[str, Any]:
    """Without encrypted values, which are new each time they are written."""
    row = json.loads(row) if isinstance(row, str) else row
    return {name: value for name, value in row.items() if not str(value).startswith(r"\x")}


def test_two_people_reopen_and_everything_is_back(
    wang_shanshan: User, jiujiang: User, city_cadre: User
) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"])
    make_visit(youth, by=wang_shanshan, found=WORDS)
    make_need(youth, "law")
    make_handover(youth, f"{YINHU}002")
    make_candidate(youth.resident, "misconduct", grid=HERE)
    before = tables(youth)
    made = seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk])
    assert not any(tables(youth).values())
    assert seals.reopen(reopening=ask(made, jiujiang), by=city_cadre) == youth.pk
    assert tables(youth) == before
    assert everything(Visit).get().found == WORDS
    made.refresh_from_db()
    assert made.is_reopened
    assert made.envelope is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_tombstone")
        assert cursor.fetchone() == (0,)
    assert_sound()


def test_nobody_reopens_alone_and_nobody_twice(
    accused: Youth, jiujiang: User, city_cadre: User, fanchang: User
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    asked = ask(made, jiujiang)
    with pytest.raises(Refused, match="两人"):
        seals.reopen(reopening=asked, by=jiujiang)
    with pytest.raises(Reopening.DoesNotExist):
        seals.reopen(reopening=asked, by=fanchang)
    with pytest.raises(Refused, match="已有一个启封申请"):
        ask(made, city_cadre)
    assert attempt(
        "UPDATE registry_reopening SET decided_by_id = asked_by_id, state = 'granted', decided_at = now()"
    ) == ("reopening_by_two")
    seals.reopen(reopening=asked, by=city_cadre)
    with pytest.raises(Refused, match="已办结"):
        seals.reopen(reopening=asked, by=city_cadre)
    with pytest.raises(Refused, match="已经启封"):
        ask(made, jiujiang)


def test_a_declined_request_leaves_it_sealed_and_another_may_follow(
    accused: Youth, jiujiang: User, city_cadre: User
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    seals.decline(reopening=ask(made, jiujiang), by=city_cadre)
    made.refresh_from_db()
    assert not made.is_reopened
    assert ask(made, jiujiang).state == "asked"


def test_what_was_opened_meanwhile_is_kept_and_the_past_comes_to_it(
    wang_shanshan: User, jiujiang: User, city_cadre: User
) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"])
    make_visit(youth, by=wang_shanshan, found=WORDS)
    made = seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk])
    today = youths.open_file(resident=youth.resident, reason="孤儿", by=wang_shanshan)
    assert seals.reopen(reopening=ask(made, jiujiang), by=city_cadre) == today.pk
    today.refresh_from_db()
    assert today.opened_reason == "孤儿"
    assert today.visits.get().found == WORDS
    assert today.enrolments.get().category_id == "misconduct"
    assert_sound()


def test_a_conflict_with_today_is_refused_and_nothing_is_half_done(
    accused: Youth, jiujiang: User, city_cadre: User
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    make_enrolment(accused, "misconduct")
    asked = ask(made, jiujiang)
    with pytest.raises(Refused, match="冲突"):
        seals.reopen(reopening=asked, by=city_cadre)
    asked.refresh_from_db()
    made.refresh_from_db()
    assert (asked.state, made.is_reopened) == ("asked", False)


# --- The ledger, and a database restored from a backup


def test_after_a_restore_the_ledger_is_ahead_until_it_is_replayed(
    accused: Youth, jiujiang: User, tmp_path: Path
) -> None:
    misconduct = of_category(accused, "misconduct")
    with transaction.atomic():  # what happened after the backup
        made = seal(accused, jiujiang, enrolments=[misconduct.pk])
        transaction.set_rollback(True)
    assert accused.enrolments.count() == 2
    assert [entry.seal for entry in seal_ledger.ahead()] == [str(made.pk)]
    out = StringIO()
    call_command("replay_seals", stdout=out)
    assert "1" in out.getvalue()
    assert "张" not in out.getvalue()
    assert seal_ledger.ahead() == []
    assert [e.category_id for e in accused.enrolments.all()] == ["left_behind"]
    again = Seal.objects.visible_to(jiujiang).get()
    assert (again.pk, again.notice_number, again.sealed_at) == (made.pk, NOTICE.notice_number, made.sealed_at)
    assert_sound()
    call_command("replay_seals", stdout=out)
    assert Seal.objects.visible_to(jiujiang).count() == 1


def test_what_was_not_in_the_backup_leaves_its_tombstones(tmp_path: Path, jiujiang: User) -> None:
    resident = make_youth("张小海", grid=HERE, age=17).resident
    row = [key(resident), "旷课", ago(60), "", "", "", ""]
    with transaction.atomic():
        load_facts(tmp_path / "1.csv", [row])
        seal(resident.youth, jiujiang, facts=[resident.facts.get().pk])
        transaction.set_rollback(True)
    call_command("replay_seals", stdout=StringIO())
    assert load_facts(tmp_path / "2.csv", [row])["accepted"] == 1
    assert not resident.facts.exists()


def test_a_replayed_seal_can_be_reopened(accused: Youth, jiujiang: User, city_cadre: User) -> None:
    with transaction.atomic():
        seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
        transaction.set_rollback(True)
    call_command("replay_seals", stdout=StringIO())
    seals.reopen(reopening=ask(Seal.objects.visible_to(jiujiang).get(), jiujiang), by=city_cadre)
    assert of_category(accused, "misconduct").evidence == WORDS
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_tombstone")
        assert cursor.fetchone() == (0,)
    assert seal_ledger.ahead() == []


def test_a_seal_that_fails_takes_its_line_back(
    accused: Youth, jiujiang: User, settings: Any, tmp_path: Path
) -> None:
    chosen = [of_category(accused, "misconduct").pk]
    settings.SEAL_LEDGER = tmp_path / "there is" / "no file" / "here"
    (tmp_path / "there is").write_text("")
    with pytest.raises(OSError, match=r".+"):
        seal(accused, jiujiang, enrolments=chosen)
    assert accused.enrolments.count() == 2
    assert not Seal.objects.visible_to(jiujiang).exists()


def test_the_ledger_names_nobody_and_shows_what_was_done_to_it(accused: Youth, jiujiang: User) -> None:
    for code in ("misconduct", "left_behind"):
        seal(accused, jiujiang, enrolments=[of_category(accused, code).pk])
    ledger = seal_ledger.path()
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert ledger.stat().st_mode & 0o077 == 0
    assert len(list(seal_ledger.entries())) == 2
    for text in (b"".join(lines), b"".join(map(base64.b64decode, lines))):
        assert str(accused.pk).encode() not in text
    ledger.write_bytes(lines[1])
    with pytest.raises(seal_ledger.LedgerBroken, match="接不上"):
        list(seal_ledger.entries())
    ledger.write_bytes(lines[0][:20] + b"AAAA" + lines[0][24:] + lines[1])
    with pytest.raises(seal_ledger.LedgerBroken, match="读不出来"):
        list(seal_ledger.entries())


# --- Forgetting fails at the start


def test_every_model_that_can_reach_a_person_says_how_it_is_sealed() -> None:
    assert sealing_of.undeclared() == []
    named = {model._meta.label for model in sealing_of.reaching(apps.get_models())}
    assert {"registry.Visit", "registry.HistoricalYouth", "registry.DisclosedPerson"} <= named
    assert "grids.User" not in named


@isolate_apps("registry")
def test_a_new_model_that_does_not_say_so_stops_the_start() -> None:
    class Pledge(models.Model):
        visit = models.ForeignKey(Visit, models.PROTECT)

        class Meta:
            app_label = "registry"

    found = sealing_of.undeclared([*apps.get_models(), Pledge])
    assert {(error.id, error.obj) for error in found} == {
        ("registry.E001", Pledge),
        ("registry.E002", Pledge),
    }


def test_every_line_of_the_table_is_a_model_and_every_condition_runs(accused: Youth) -> None:
    for label in sealing_of.SEALED:
        apps.get_model(label)
    with connection.cursor() as cursor:
        for table, condition in sealing_of.of_file():
            sql = f"SELECT count(*) FROM {table} t WHERE {condition}"  # noqa: S608
            cursor.execute(sql, {"youth": accused.pk, "resident": accused.resident_id})


# --- Words, and what a higher app keeps


def test_words_on_what_stays_go_alone_and_out_of_the_history(
    accused: Youth, jiujiang: User, city_cadre: User
) -> None:
    handover = make_handover(accused, f"{YINHU}002", note=WORDS)
    move = handover.move
    Move.objects.everyone(because="test").filter(pk=move.pk).update(note=WORDS)
    youths.set_grade(youth=accused, grade="A", reason=WORDS, version=accused.version, by=city_cadre)
    accused.refresh_from_db()
    names = [text.name for text in seal_texts.texts_of(accused)]
    assert len(names) == 3
    made = seal(accused, jiujiang, texts=names)
    assert everything(Handover).get().note == ""
    assert everything(Move).get().note == ""
    accused.refresh_from_db()
    assert (accused.grade, accused.grade_reason) == ("A", "")
    assert {row.grade_reason for row in Youth.history.filter(id=accused.pk)} == {""}
    assert {row.note for row in Handover.history.all()} == {""}
    assert seal_texts.texts_of(accused) == []
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    accused.refresh_from_db()
    assert accused.grade_reason == WORDS
    assert everything(Move).get().note == WORDS
    assert [row.note for row in Handover.history.all()] == [WORDS]
    assert_sound()


def test_the_reason_of_a_file_does_not_keep_it_when_it_is_sealed_too(
    jiujiang: User, city_cadre: User
) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"], opened_reason=WORDS)
    words = [text.name for text in seal_texts.texts_of(youth)]
    seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk], texts=words)
    assert not everything(Youth).exists()
    assert_sound()


def test_a_higher_app_offers_what_it_keeps(
    accused: Youth, jiujiang: User, wang_shanshan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, chosen = make_visit(accused, by=wang_shanshan), make_visit(accused, by=wang_shanshan)
    group = seal_groups.Group(
        key="letters",
        label="信件",
        help_text="",
        offered=lambda youth: [(str(visit.pk), "信") for visit in youth.visits.all()],
        takes=(("registry_visit", "t.youth_id = %(youth)s AND t.id::text = ANY (%(chosen)s)"),),
    )
    monkeypatch.setitem(seal_groups.GROUPS, "letters", group)
    seal(accused, jiujiang, others=[f"letters:{chosen.pk}"])
    assert list(accused.visits.all()) == [kept]


def test_a_key_that_is_rotated_leaves_envelopes_and_tombstones_as_they_are(
    accused: Youth, jiujiang: User, city_cadre: User, settings: Any
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    stones = _stones()
    old = settings.FIELD_KEYS
    new = f"2:{'ab' * 32},{old},seal:{keys().seal.hex()}"
    _take_up(settings, new)
    call_command("rotate_keys", stdout=StringIO())
    index = re.search(r"index:[0-9a-f]{64}", old)
    assert index is not None
    _take_up(settings, f"2:{'ab' * 32},{index[0]},seal:{keys().seal.hex()}")  # the old key is gone for good
    assert _stones() == stones
    assert [entry.seal for entry in seal_ledger.entries()] == [str(made.pk)]
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    assert of_category(accused, "misconduct").evidence == WORDS


def _take_up(settings: Any, field_keys: str) -> None:
    settings.FIELD_KEYS = field_keys
    keys.cache_clear()


def _stones() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, mark::text FROM registry_tombstone ORDER BY 1")
        return list(cursor.fetchall())


@pytest.fixture(autouse=True)
def _keys_of_the_settings() -> Iterator[None]:
    yield
    keys.cache_clear()


def test_a_stored_sheet_that_names_the_person_is_gone(
    accused: Youth, jiujiang: User, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EXPORT_FILES_DIR = tmp_path
    reading = Reading.objects.create(
        by=jiujiang,
        post="",
        page="youths_export",
        subject="youth",
        count=1,
        subject_ids=[accused.pk],
        request_id="",
    )
    values = {"by": jiujiang, "post": "", "kind": "youths", "state": "ready", "ends_at": timezone.now()}
    hit, miss = (
        Export.objects.create(ordinal=number, mark=bytes([number]), reading_id=reading_id, **values)
        for number, reading_id in enumerate((reading.pk, None))
    )
    for export in (hit, miss):
        export.path.write_text("x")
    with django_capture_on_commit_callbacks(execute=True):
        seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    assert (hit.path.exists(), miss.path.exists()) == (False, True)
    assert Export.objects.visible_to(jiujiang).get(state="gone") == hit


def test_a_seal_costs_the_same_number_of_statements_however_much_there_is(
    accused: Youth, jiujiang: User, wang_shanshan: User
) -> None:
    other = make_youth("李小山", grid=HERE, categories=["left_behind", "misconduct"])
    for _ in range(8):
        make_visit(other, by=wang_shanshan, found=WORDS)
    counts = []
    for youth in (accused, other):
        chosen = [visit.pk for visit in youth.visits.all()]
        with CaptureQueriesContext(connection) as captured:
            seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk], visits=chosen)
        counts.append(len(captured))
    assert abs(counts[0] - counts[1]) <= 4  # the dates are mended for the first alone
    assert max(counts) < 60


def test_a_lost_ledger_is_noticed_at_the_start_and_written_again(
    accused: Youth, jiujiang: User, city_cadre: User
) -> None:
    made = seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    (before,) = seal_ledger.entries()
    seal_ledger.path().unlink()
    assert seal_ledger.missing() == [str(made.pk)]
    with pytest.raises(SystemCheckError, match="SEAL_LEDGER"):
        refuse_older_database()
    call_command("replay_seals", stdout=StringIO())
    assert list(seal_ledger.entries()) == [before]
    refuse_older_database()
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    seal_ledger.path().unlink()
    refuse_older_database()  # nothing stands that it would have to tell of


def test_a_new_sample_city_begins_the_ledger_anew(
    accused: Youth, jiujiang: User, django_capture_on_commit_callbacks: Any
) -> None:
    seal(accused, jiujiang, enrolments=[of_category(accused, "misconduct").pk])
    with django_capture_on_commit_callbacks(execute=True):
        loading.empty()
    assert seal_ledger.ahead() == []
    assert seal_ledger.missing() == []
    assert len(list(seal_ledger.entries())) == 2


@pytest.mark.django_db(transaction=True)
def test_who_writes_while_it_is_sealed_waits_and_then_finds_nothing(
    jiujiang: User, wang_shanshan: User, city_cadre: User
) -> None:
    youth = make_youth("李小山", grid=HERE, categories=["misconduct"])
    outcomes: list[str] = []

    def visit() -> None:
        try:
            visits.record_visit(
                youth=youth, visited_on=timezone.localdate(), method="home", met="youth", found="在家",
                by=fresh(wang_shanshan),
            )  # fmt: skip
            outcomes.append("written")
        except Youth.DoesNotExist:
            outcomes.append("not there")
        finally:
            connection.close()

    worker = Thread(target=visit)
    with transaction.atomic():
        seal(youth, jiujiang, enrolments=[of_category(youth, "misconduct").pk])
        worker.start()
        worker.join(timeout=1)
        assert outcomes == []  # it waits for the lock of the file
    worker.join(timeout=20)
    assert outcomes == ["not there"]
    assert not everything(Visit).exists()
    assert_sound()


def test_a_grant_and_a_request_that_speak_of_it_can_go_alone(
    accused: Youth, jiujiang: User, wanli: User, city_cadre: User
) -> None:
    grants = [
        Grant.objects.create(
            holder=wanli, what="reason", youth=accused, code=HERE, reason=reason, submission_key=uuid4()
        )
        for reason in (WORDS, "家访需要")
    ]
    asked = [
        make_request(accused.resident, by=jiujiang, wants=wants) for wants in (WORDS, "想看看登记了什么")
    ]
    Alert.objects.create(
        event_key=f"grant:{grants[0].pk}:asked",
        addressee=jiujiang,
        kind="grant_asked",
        text="x",
        subject_id=accused.pk,
    )
    Alert.objects.create(
        event_key=f"request:{asked[0].pk}:due", addressee=jiujiang, kind="grant_asked", text="x"
    )
    made = seal(accused, jiujiang, others=[f"grants:{grants[0].pk}", f"requests:{asked[0].pk}"])
    assert everything(Grant).get() == grants[1]
    assert everything(PersonRequest).get() == asked[1]
    assert not Alert.objects.exists()
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    assert {grant.reason for grant in everything(Grant)} == {WORDS, "家访需要"}
    assert everything(PersonRequest).count() == Alert.objects.count() == 2


def test_the_form_asks_no_more_however_much_there_is(
    accused: Youth, jiujiang: User, wang_shanshan: User, sign_in: SignIn
) -> None:
    browser, counts = sign_in(jiujiang), []
    browser.get("/")
    for _ in range(2):
        for _ in range(4):
            make_visit(accused, by=wang_shanshan)
            make_request(accused.resident, by=jiujiang)
            make_disclosure(accused, by=jiujiang)
        with CaptureQueriesContext(connection) as captured:
            assert browser.post("/seals/new/", {"youth": str(accused.pk)}).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 36
