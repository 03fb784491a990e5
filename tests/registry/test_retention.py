"""Retention 保存期限: one policy file, closed files that are only read, and what is over goes, on its day and once."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.checks import Error
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from grids.models import AccountEvent, Alert, User
from grids.models import SignIn as SignedIn
from registry import corrections, presence, retention, retention_policy, youths
from registry.feeds.undo import CannotUndo, undo
from registry.invariants import findings
from registry.models import (
    AnonymousEnrolment,
    AnonymousFile,
    Batch,
    BatchChange,
    Candidate,
    Disclosure,
    Enrolment,
    Export,
    Fact,
    Grant,
    Household,
    Move,
    Residence,
    Resident,
    RetentionRun,
    Search,
    Upload,
    Visit,
    Youth,
)
from registry.retention_policy import term
from registry.sql import statements
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    YINHU,
    closed,
    make_consent,
    make_disclosure,
    make_dwelling,
    make_enrolment,
    make_fact,
    make_guardianship,
    make_handover,
    make_need,
    make_resident,
    make_visit,
    make_youth,
    years_ago,
)

pytestmark = pytest.mark.django_db
GRID = f"{YINHU}001"
WHY = "test"
TODAY = date(2026, 11, 24)
Text = Callable[[str, str], str]


def before(key: str, day: date) -> date:
    """The latest day that is over on this one."""
    start = day
    while term(key).after(start) > day:
        start -= timedelta(days=1)
    return start


def everyone(model: Any) -> Any:
    return model.objects.everyone(because=WHY)


def sound() -> None:
    """The invariants hold; those of who answers for which grid are not told here."""
    staff = {"city_has_lead", "grid_one_responsible_person", "moved_youth_has_a_handover"}
    assert {found["check"] for found in findings() if not found["ok"]} <= staff


# --- The policy


def test_every_field_of_every_model_has_a_line_and_every_line_a_field() -> None:
    assert retention_policy.policy_is_complete() == []


def changed(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> list[Error]:
    """What the check finds when the file reads otherwise."""
    text = retention_policy.FILE.read_text()
    assert old in text
    stated = retention_policy.read(text.replace(old, new, 1))
    monkeypatch.setattr(retention_policy, "policy", lambda: stated)
    found: Any = retention_policy.policy_is_complete()
    return list(found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["phone phone_index",', '["phone_index",', "registry.Resident.phone 没有写明"),
        ('["phone phone_index",', '["phone phone_index religion",', "registry.Resident 没有 religion"),
        ('["phone phone_index",', '["phone phone_index name",', "registry.Resident.name 写了两次"),
        ('[models."registry.Visit"]', '[models."registry.Visits"]', "registry.Visit 没有保存期限"),
        ('[models."registry.Visit"]', '[models."registry.Visits"]', "没有 registry.Visits 这个模型"),
    ],
)
def test_the_start_fails_when_a_field_has_no_line_or_a_line_no_field(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, told: str
) -> None:
    assert any(told in str(fault.msg) for fault in changed(monkeypatch, old, new))
    with pytest.raises(SystemCheckError, match=r"保存期限|写明|字段|模型|两次"):
        call_command("check")


def test_gunicorn_and_the_worker_do_not_start_either(monkeypatch: pytest.MonkeyPatch) -> None:
    from wuhu_youth.checks import refuse_unsound

    refuse_unsound()
    changed(monkeypatch, '["phone phone_index",', '["phone_index",')
    with pytest.raises(SystemCheckError, match=r"Resident\.phone"):
        refuse_unsound()


def test_a_history_has_the_fields_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = changed(
        monkeypatch, '["opened_reason closed_reason grade_reason"', '["opened_reason grade_reason"'
    )
    told = " ".join(str(fault.msg) for fault in faults)
    assert "registry.Youth.closed_reason" in told
    assert "registry.HistoricalYouth.closed_reason" in told


def test_every_term_says_how_long_and_why() -> None:
    for each in retention_policy.policy().terms.values():
        assert each.text
        assert each.reason, each.key
    # Where no law gives a number, the reason says so.
    for key in ("file", "left", "answer"):
        assert "法律" in term(key).reason


def test_a_term_ends_on_the_day_of_its_month_and_no_day_before() -> None:
    file = term("file")
    assert file.after(date(2024, 11, 24)) == date(2026, 11, 24)
    assert file.after(date(2024, 2, 29)) == date(2026, 2, 28)
    assert term("batch_images").after(date(2026, 8, 26)) == date(2026, 11, 24)


def test_working_days_leave_out_saturdays_and_sundays() -> None:
    answer = term("answer")
    assert answer.after(date(2026, 11, 24)) == date(2026, 12, 15)  # a Tuesday, three weeks on
    assert answer.after(date(2026, 11, 28)) == date(2026, 12, 18)  # a Saturday


def test_the_policy_is_shown_in_plain_chinese_to_everybody(
    sign_in: SignIn, wang_shanshan: User, legal_aid: User, auditor: User
) -> None:
    for user in (wang_shanshan, legal_aid, auditor):
        page = sign_in(user).get("/rules-of-processing/").content.decode()
        assert "不满十四周岁儿童的专门规则" in page
        assert f"版本 {retention_policy.policy().version}" in page
        for each in retention_policy.policy().terms.values():
            assert each.text in page
        assert "registry." not in page
        assert "HistoricalYouth" not in page


# --- Closed files are only read


@pytest.fixture
def shut(wang_shanshan: User) -> Youth:
    """A file with something of everything, closed two years ago."""
    youth = make_youth("张小海", grid=GRID, age=15, opened_on=years_ago(3), grade_reason="奶奶照看")
    make_enrolment(
        youth, "idle", starts_on=years_ago(3), ends_on=years_ago(2, days=30), end_reason="已复学",
    )  # fmt: skip
    make_enrolment(youth, "custody_child", starts_on=years_ago(3))
    visit = make_visit(youth, by=wang_shanshan, visited_on=years_ago(2, days=40))
    make_need(youth, "school", visit=visit, closed_on=years_ago(2, days=20), outcome="已复学")
    make_need(youth, "money")
    return closed(youth, before("file", timezone.localdate()), "已满 16 周岁")


def refused(statement: str, *parameters: Any) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_youth SET grade = 'A' WHERE id = %s",
        "UPDATE registry_youth SET closed_on = current_date WHERE id = %s",
        "UPDATE registry_youth SET opened_reason = NULL WHERE id = %s",
        "DELETE FROM registry_youth WHERE id = %s",
        "UPDATE registry_enrolment SET clause = 'x' WHERE youth_id = %s",
        "UPDATE registry_enrolment SET ends_on = NULL, end_reason = NULL WHERE youth_id = %s",
        "UPDATE registry_visit SET method = 'phone' WHERE youth_id = %s",
        "DELETE FROM registry_visit WHERE youth_id = %s",
        "UPDATE registry_need SET kind = 'law' WHERE youth_id = %s AND closed_on IS NULL",
        "INSERT INTO registry_need (youth_id, kind, opened_on) VALUES (%s, 'law', current_date)",
    ],
)
def test_the_database_refuses_to_write_to_a_closed_file(shut: Youth, statement: str) -> None:
    assert "这份档案已结" in refused(statement, str(shut.pk)) or "不能删除" in refused(
        statement, str(shut.pk)
    )


def test_saying_that_a_run_removes_is_not_enough(shut: Youth) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('wuhu_youth.removing', 'on', true)")
    assert "这份档案已结" in refused("DELETE FROM registry_visit WHERE youth_id = %s", str(shut.pk))
    assert "只能追加" in refused("DELETE FROM registry_historicalyouth WHERE id = %s", str(shut.pk))


def test_nothing_moves_from_an_open_file_into_a_closed_one(shut: Youth) -> None:
    visit = make_visit(make_youth("李小山", grid=GRID))
    assert "这份档案已结" in refused(
        "UPDATE registry_visit SET youth_id = %s WHERE id = %s", str(shut.pk), str(visit.pk)
    )


def test_copies_follow_the_person_and_a_closed_file_can_be_opened_again(
    shut: Youth, wang_shanshan: User
) -> None:
    everyone(Resident).filter(pk=shut.resident_id).update(name="张晓海")
    from registry import register_row

    assert register_row.refresh([shut.pk]) == 1
    opened = youths.open_file(resident=shut.resident, reason="又搬回来", by=wang_shanshan)
    assert opened.pk == shut.pk
    make_visit(opened, by=wang_shanshan)
    assert opened.visits.count() == 2


def test_the_page_of_a_closed_file_says_until_when_it_is_kept(
    shut: Youth, wang_shanshan: User, sign_in: SignIn
) -> None:
    page = sign_in(wang_shanshan).get(f"/youths/{shut.pk}/").content.decode()
    assert term("file").after(shut.closed_on or TODAY).isoformat() in page


# --- Closed files become anonymous


def test_a_file_goes_on_its_day_and_not_the_day_before(shut: Youth) -> None:
    due = term("file").after(shut.closed_on or TODAY)
    assert "files" not in retention.apply(today=due - timedelta(days=1))
    assert everyone(Youth).count() == 1
    assert retention.apply(today=due)["files"] == 1
    assert not everyone(Youth).exists()


def test_an_anonymous_file_keeps_figures_and_leads_to_nobody(shut: Youth, wang_shanshan: User) -> None:
    Alert.objects.create(
        event_key="x",
        addressee=wang_shanshan,
        kind="family_moved",
        text="张*海的家人搬走了",
        subject_id=shut.pk,
    )
    resident = shut.resident
    candidate = Candidate.objects.create(
        resident=resident, category_id="idle", kind="leave", enrolment=shut.enrolments.get(category="idle"),
        grid_id=GRID, is_quiet=False, since_on=years_ago(3), reason="已复学", clause="x", fingerprint="x",
        state="verified", decided_at=timezone.now(), decided_by=wang_shanshan,
    )  # fmt: skip
    retention.apply()
    kept = AnonymousFile.objects.get()
    assert (kept.district, kept.visit_count, kept.handover_count) == ("340207", 1, 0)
    assert (kept.needs_met, kept.needs_left) == (["school"], ["money"])
    assert kept.opened_month.day == kept.closed_month.day == 1
    assert kept.age_closed in (12, 13)
    assert {row.category_id for row in kept.enrolments.all()} == {"idle", "custody_child"}
    for model in (Youth, Enrolment, Visit, Candidate):
        assert not everyone(model).exists(), model
    for history in (Youth.history, Enrolment.history):
        assert not history.exists()
    assert not Alert.objects.exists()
    assert everyone(Resident).get() == resident  # who lives here stays
    assert candidate.pk
    sound()


def test_nothing_that_is_kept_holds_the_file_s_or_the_person_s_key(shut: Youth) -> None:
    keys = [str(shut.pk), shut.name, str(shut.resident.person_number), "奶奶照看", "家中整洁"]
    retention.apply()
    with connection.cursor() as cursor:
        for table in ("registry_anonymousfile", "registry_anonymousenrolment", "registry_retentionrun"):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")  # noqa: S608
            text = cursor.fetchone()[0]
            assert text
            assert not any(key in text for key in keys), table


def test_every_table_that_points_to_a_file_goes_with_it() -> None:
    """A new model with a foreign key into a file has to be thought of in retention.sql."""
    deletes = [statements("retention.sql")["file_parts"], *(each.deletes for each in retention.hanging)]
    emptied = re.findall(r"DELETE FROM (\w+)", " ".join(deletes))
    seen, waiting = set(), [Youth]
    while waiting:
        model: Any = waiting.pop()
        for relation in model._meta.related_objects:
            if relation.related_model not in seen and not relation.related_model._meta.auto_created:
                seen.add(relation.related_model)
                waiting.append(relation.related_model)
    assert Visit in seen
    for model in seen:
        assert model._meta.db_table in emptied, model
    for model in (Youth, Enrolment):
        assert model.history.model._meta.db_table in emptied


def test_twice_has_no_effect_the_second_time(shut: Youth) -> None:
    assert retention.apply() == {"files": 1}
    assert retention.apply() == {}
    assert AnonymousFile.objects.count() == 1
    assert RetentionRun.objects.count() == 2


def test_a_dry_run_says_the_same_and_changes_nothing(shut: Youth) -> None:
    assert retention.apply(dry_run=True) == {"files": 1}
    assert everyone(Youth).count() == 1
    assert not AnonymousFile.objects.exists()
    assert not RetentionRun.objects.exists()


def test_killed_halfway_it_goes_on_from_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("王一", "王二", "王三", "王四", "王五"):
        closed(make_youth(name, grid=GRID), years_ago(3))
    whole = retention._make_anonymous
    done: list[Any] = []

    def killed(cursor: Any, files: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(files)
        whole(cursor, files)

    monkeypatch.setattr(retention, "_make_anonymous", killed)
    with pytest.raises(KeyboardInterrupt):
        retention.apply(files_at_once=2)
    monkeypatch.undo()
    run = RetentionRun.objects.get()
    assert (run.counts, run.ended_at) == ({"files": 4}, None)
    assert (everyone(Youth).count(), AnonymousFile.objects.count()) == (1, 4)
    assert retention.apply(files_at_once=2) == {"files": 1}
    assert AnonymousFile.objects.count() == 5
    run.refresh_from_db()
    assert run.counts == {"files": 4, "interrupted": 1}
    assert run.ended_at
    sound()


def test_it_stops_in_time_and_leaves_the_rest_for_the_next_night() -> None:
    closed(make_youth(grid=GRID), years_ago(3))
    assert retention.apply(seconds=1e-9) == {}
    assert retention.apply() == {"files": 1}


def test_one_waits_while_its_handover_out_of_the_city_is_not_answered() -> None:
    youth = make_youth(grid=GRID)
    make_handover(youth, None)
    closed(youth, years_ago(3))
    assert "files" not in retention.apply()


def test_one_waits_while_what_was_given_to_others_must_be_kept(shut: Youth) -> None:
    today = timezone.localdate()
    everyone(Youth).filter(pk=shut.pk).update(
        state="open", closed_on=None, closed_reason=None, next_due_on=today
    )
    given = years_ago(2, days=30)
    make_consent(shut, agreed_on=years_ago(3))
    make_disclosure(shut, given_on=given)
    closed(shut, before("file", today))
    assert "files" not in retention.apply()
    assert retention.apply(today=term("disclosure").after(given) - timedelta(days=1)) == {}
    assert retention.apply(today=term("disclosure").after(given))["files"] == 1
    sound()


def test_what_a_higher_app_hangs_on_a_file_goes_first_or_keeps_it_back(
    shut: Youth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "hanging", [])
    retention.goes_with_a_file(
        "DELETE FROM registry_search WHERE q IS NULL AND %(files)s::uuid[] IS NOT NULL",
        waits="EXISTS (SELECT FROM registry_search WHERE y.state = 'closed')",
        words="还有进行中的个案，先结案。",
    )
    search = Search.objects.create(owner=shut.visits.get().by)
    assert "files" not in retention.apply()
    assert retention.keeps_back(shut) == "还有进行中的个案，先结案。"
    retention.hanging[0] = retention.Hanging(retention.hanging[0].deletes)
    assert retention.apply() == {"files": 1}
    assert not Search.objects.filter(pk=search.pk).exists()


# --- People


def left(resident: Resident, on: date) -> Resident:
    resident.residences.current().update(ends_on=on)
    presence.follow_residents([resident.pk])
    return resident


def test_who_left_the_city_goes_after_two_years_and_not_the_day_before() -> None:
    household = Household.objects.create(number="H1")
    gone = make_resident("李小山", dwelling=make_dwelling(GRID), household=household)
    make_fact(gone, "in_school")
    make_guardianship(gone)
    stays = make_resident("王小河", dwelling=make_dwelling(GRID))
    on = timezone.localdate() - timedelta(days=10)
    left(gone, on)
    due = term("left").after(on)
    assert "residents" not in retention.apply(today=due - timedelta(days=1))
    assert retention.apply(today=due)["residents"] == 1
    assert everyone(Resident).filter(name__in=["李小山", "王小河"]).get() == stays
    assert not everyone(Fact).exists()
    assert not everyone(Household).exists()
    assert not Household.history.exists()
    sound()


def test_the_dead_go_after_two_years() -> None:
    dead = make_resident("李大山", birth_on=years_ago(60), dwelling=make_dwelling(GRID))
    on = timezone.localdate() - timedelta(days=3)
    make_fact(dead, "deceased", starts_on=on)
    assert "residents" not in retention.apply(today=term("left").after(on) - timedelta(days=1))
    assert retention.apply(today=term("left").after(on))["residents"] == 1


def test_a_parent_who_works_elsewhere_stays_while_somebody_s_guardian() -> None:
    child = make_resident("张小海", dwelling=make_dwelling(GRID))
    father = left(make_resident("张大海", birth_on=years_ago(40), dwelling=make_dwelling(GRID)), years_ago(3))
    make_guardianship(child, guardian=father)
    assert "residents" not in retention.apply()
    child.guardianships.update(ends_on=timezone.localdate())
    assert retention.apply()["residents"] == 1
    assert child.guardianships.get().guardian is None


def test_guardians_go_in_the_same_run_as_their_wards(shut: Youth) -> None:
    gone = years_ago(3)
    father = left(make_resident("张大海", birth_on=years_ago(60), dwelling=make_dwelling(GRID)), gone)
    child = left(make_resident("张小河", dwelling=make_dwelling(GRID)), gone)
    assert father.pk < child.pk
    make_guardianship(child, guardian=father)
    assert retention.apply()["residents"] == 2
    assert "residents" not in retention.apply()


def test_whoever_has_a_file_stays_with_it(shut: Youth) -> None:
    left(shut.resident, years_ago(3))
    assert retention.apply(today=term("file").after(shut.closed_on or TODAY) - timedelta(days=1)) == {}
    assert retention.apply() == {"files": 1, "residents": 1}
    assert not everyone(Resident).filter(pk=shut.resident_id).exists()


# --- What was said of them


def test_facts_and_guardianships_go_two_years_after_their_end_unless_there_is_a_file() -> None:
    end = before("ended", timezone.localdate())
    person = make_resident("李小山", dwelling=make_dwelling(GRID))
    over = make_fact(person, "in_school", starts_on=years_ago(5), ends_on=end)
    fresh = make_fact(person, "employed", starts_on=years_ago(5), ends_on=end + timedelta(days=1))
    running = make_fact(person, "disabled", starts_on=years_ago(9))
    make_guardianship(person, starts_on=years_ago(9), ends_on=end)
    youth = make_youth("张小海", grid=GRID)
    of_file = make_fact(youth.resident, "in_school", starts_on=years_ago(5), ends_on=end)
    counts = retention.apply()
    assert (counts["facts"], counts["guardianships"]) == (1, 1)
    kept = set(everyone(Fact).values_list("pk", flat=True))
    assert kept == {fresh.pk, running.pk, of_file.pk}
    assert over.pk not in kept
    sound()


def test_earlier_homes_and_moves_go_and_the_present_home_stays() -> None:
    person = make_resident("李小山")
    end = before("ended", timezone.localdate())
    first, second = make_dwelling(GRID), make_dwelling(f"{HUAQIANG}001")
    Residence.objects.create(resident=person, dwelling=first, starts_on=years_ago(9), ends_on=end)
    Residence.objects.create(resident=person, dwelling=second, starts_on=end)
    presence.follow_residents([person.pk])
    Move.objects.create(resident=person, kind="within", from_dwelling=first, to_dwelling=second, moved_on=end)
    counts = retention.apply()
    assert (counts["residences"], counts["moves"]) == (1, 1)
    assert everyone(Residence).get().dwelling == second
    sound()


def test_candidates_go_by_how_they_ended(wang_shanshan: User) -> None:
    def candidate(state: str, decided_on: date) -> Candidate:
        at = timezone.make_aware(datetime.combine(decided_on, time(12)))
        by = None if state == "withdrawn" else wang_shanshan
        return Candidate.objects.create(
            resident=make_resident("李小山", dwelling=make_dwelling(GRID)), category_id="idle", grid_id=GRID,
            is_quiet=False, since_on=years_ago(3), reason="x", clause="x", fingerprint="x", state=state,
            decided_at=at, decided_by=by, decision_reason="不符合",
        )  # fmt: skip

    today = timezone.localdate()
    candidate("withdrawn", before("candidate_withdrawn", today))
    kept = {
        candidate("withdrawn", before("candidate_withdrawn", today) + timedelta(days=1)).pk,
        candidate("set_aside", before("candidate", today) + timedelta(days=1)).pk,
    }
    candidate("set_aside", before("candidate", today))
    assert retention.apply() == {"candidates": 2}
    assert set(everyone(Candidate).values_list("pk", flat=True)) == kept


# --- Feeds, searches, alerts, accounts


def batch(**fields: Any) -> Batch:
    return Batch.objects.create(
        source_id="police", kind="residents", as_of=TODAY, sha256=uuid4().hex, file_name="a.csv", state="applied",
        **fields,
    )  # fmt: skip


def test_images_of_a_batch_go_and_it_can_no_longer_be_undone(jiujiang: User) -> None:
    days = term("batch_images").days
    old = batch(created_at=timezone.now() - timedelta(days=days))
    new = batch(created_at=timezone.now() - timedelta(days=days - 1))
    for each in (old, new):
        for number in range(3):
            BatchChange.objects.create(batch=each, table_name="registry_fact", row_key=str(number), former={})
    assert retention.apply(rows_at_once=2) == {"images": 3}
    assert BatchChange.objects.filter(batch=new).count() == 3
    old.refresh_from_db()
    assert old.images_gone_at
    Batch.objects.filter(pk=new.pk).update(state="undone")
    with pytest.raises(CannotUndo, match="已经清除"):
        undo(old, by=jiujiang)


def test_searches_uploads_alerts_and_account_rows_go_by_their_terms(
    wang_shanshan: User, jiujiang: User
) -> None:
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=365 * 4)
    Search.objects.create(owner=wang_shanshan, q="张小海", created_at=now - timedelta(days=30))
    Search.objects.create(owner=wang_shanshan, q="李小山", created_at=now - timedelta(days=29))
    Search.objects.create(owner=wang_shanshan, name="常用", created_at=long_ago)
    Upload.objects.create(
        source_id="police", kind="residents", mode="delta", as_of=TODAY, file_name="a.csv", size=1, loaded_by=jiujiang,
        state="applied", submission_key=uuid4(), file_gone=True, created_at=long_ago,
    )  # fmt: skip
    kinds: list[dict[str, Any]] = [{"done_at": long_ago}, {"wants_act": False}, {}]
    for number, fields in enumerate(kinds):
        Alert.objects.create(
            event_key=f"x{number}", addressee=jiujiang, kind="candidates", text="x", created_at=long_ago,
            **{"wants_act": True, **fields},
        )  # fmt: skip
    SignedIn.objects.create(
        user=jiujiang, session_key="k", device="desk", browser="x", idle_seconds=9, started_at=long_ago,
        ended_at=long_ago, end="idle",
    )  # fmt: skip
    AccountEvent.objects.create(user=jiujiang, kind="sessions_ended", at=long_ago)
    counts = retention.apply()
    assert counts == {"uploads": 1, "searches": 1, "alerts": 2, "sign_ins": 1, "account_events": 1}
    assert Alert.objects.get().event_key == "x2"  # what wants an act and was not done stays
    wang_shanshan.assignments.update(ends_on=timezone.localdate())
    User.objects.filter(pk=wang_shanshan.pk).update(is_active=False)
    assert retention.apply() == {"searches": 2}


def test_disclosures_grants_and_exports_go_after_three_years(yang_ying: User, jiujiang: User) -> None:
    today = timezone.localdate()
    youth = make_youth(grid=GRID)
    over = before("disclosure", today)
    make_disclosure(youth, given_on=over, until=over)
    in_use = make_disclosure(youth, given_on=over, until=over + timedelta(days=1))
    long_ago = timezone.make_aware(datetime.combine(before("grant", today), time(12)))
    Grant.objects.create(
        what="area", code=YINHU, holder=yang_ying, reason="x", days=1, state="declined", asked_at=long_ago,
        decided_at=long_ago, decided_by=jiujiang, decision_note="x", submission_key=uuid4(),
    )  # fmt: skip
    Export.objects.create(
        by=jiujiang,
        post="x",
        kind="youths",
        ordinal=1,
        made_at=long_ago,
        mark=b"12345678",
        day=long_ago.date(),
    )
    assert retention.apply() == {"disclosures": 1, "grants": 1, "exports": 1}
    assert everyone(Disclosure).get() == in_use
    assert retention.apply() == {}


# --- The command, the nightly task, the log


def test_the_command_says_what_it_did_and_of_which_day(shut: Youth) -> None:
    out = StringIO()
    due = term("file").after(shut.closed_on or TODAY)
    call_command("apply_retention", "--dry-run", "--today", due.isoformat(), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"today": due.isoformat(), "dry_run": True, "counts": {"files": 1}}
    out = StringIO()
    call_command("apply_retention", stdout=out)
    assert out.getvalue() == "档案匿名化：1\n"
    out = StringIO()
    call_command("apply_retention", stdout=out)
    assert out.getvalue() == "没有到期的数据。\n"


def test_it_runs_every_night_by_itself(shut: Youth, settings: Any) -> None:
    from registry.tasks import apply_retention

    assert settings.CELERY_BEAT_SCHEDULE["retention"]["task"] == apply_retention.name
    apply_retention.delay()
    assert AnonymousFile.objects.count() == 1
    assert RetentionRun.objects.get().by is None


def test_the_administrator_sees_numbers_and_no_name(shut: Youth, sysadmin: User, sign_in: SignIn) -> None:
    retention.apply()
    page = sign_in(sysadmin).get("/admin/registry/retentionrun/").content.decode()
    assert "档案匿名化 1" in page
    assert shut.name not in page


def test_the_log_of_the_register_is_sound_after_a_year_of_nights(shut: Youth) -> None:
    make_youth("李小山", grid=GRID)
    for day in range(0, 400, 100):
        retention.apply(today=timezone.localdate() + timedelta(days=day))
    sound()
    assert AnonymousEnrolment.objects.count() == 2


def test_the_policy_file_is_the_one_place(settings: Any) -> None:
    """Numbers of days are not written again in the code."""
    from registry import feed_files, reading_chain

    assert timedelta(days=term("errors_sheet").days) == feed_files.ERRORS_KEPT_FOR
    assert term("reading").months == reading_chain.KEEP_MONTHS
    text = (Path(settings.BASE_DIR) / "registry" / "retention.py").read_text()
    assert "24 months" not in text


def test_a_correction_of_a_closed_file_is_refused_by_the_verb_as_well(
    shut: Youth, wang_shanshan: User
) -> None:
    from registry.holding import FileClosed

    with pytest.raises(FileClosed):
        corrections.correct(
            youth=shut, facts=corrections.observed(shut), reason="x", version=shut.version, by=wang_shanshan
        )
