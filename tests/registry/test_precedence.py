"""Which statement counts: departments by one table, a worker's word unless something newer was fed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import User
from registry import corrections, precedence, register_row
from registry.codes import Denial, FactKind
from registry.invariants import findings
from registry.models import Batch, Fact, FactRank, Youth
from tests.cast import SignIn
from tests.factories import YINHU, make_youth, refreshed

pytestmark = pytest.mark.django_db
GRID = f"{YINHU}001"
_batches = iter(range(10_000))


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def says(
    youth: Youth, source: str | None, kind: str, *, since: int, fed: int | None = None, **more: Any
) -> Fact:
    """A statement about the youth that began `since` days ago, in a file of the day `fed` days ago."""
    batch = None
    if fed is not None and source is not None:
        batch = Batch.objects.create(
            source_id=source, kind="facts", as_of=ago(fed), sha256=str(next(_batches)), state="applied",
            file_name="f.csv",
        )  # fmt: skip
    made: Fact = youth.resident.facts.create(
        kind=kind, source_id=source, batch=batch, starts_on=ago(since), **more
    )
    refreshed(youth)
    return made


def counts(youth: Youth, subject: str = "school") -> str:
    """What counts of a subject: the same in the function and in the list column."""
    fact = youth.resident.facts.get(pk=precedence.counting_ids(youth.resident_id)[subject])
    if subject in ("school", "work"):
        column = getattr(youth, subject)
        assert column == ("unknown" if fact.kind in Denial.values else fact.kind)
    return f"{fact.source_id or 'worker'} {fact.kind}"


def test_the_department_that_knows_best_counts_whenever_it_spoke() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "dropped_out", since=90, fed=60)
    says(youth, "hrss", "in_school", since=30, fed=1)
    assert counts(youth) == "education dropped_out"


def test_of_one_department_the_newest_statement_counts() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "dropped_out", since=200, fed=190)
    says(youth, "education", "in_school", since=30, fed=20)
    assert counts(youth) == "education in_school"


def test_of_one_day_the_graver_statement_counts() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "truant", since=30)
    says(youth, "education", "in_school", since=30)
    assert counts(youth) == "education truant"


@pytest.mark.parametrize(
    ("fed", "who"), [(5, "worker no_school"), (3, "worker no_school"), (2, "education in_school")]
)
def test_a_workers_word_stands_above_an_older_feed_and_below_a_newer_one(fed: int, who: str) -> None:
    """The worker looked three days ago; a file of the same day is no news."""
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=400, fed=fed)
    says(youth, None, Denial.NO_SCHOOL, since=3)
    assert counts(youth) == who


def test_a_worker_is_compared_with_the_department_that_counts_not_with_any_newer_one() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=400, fed=10)
    says(youth, "hrss", "dropped_out", since=2, fed=1)
    says(youth, None, "truant", since=5)
    assert counts(youth) == "worker truant"


def test_what_is_over_counts_no_more() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=400, fed=10, ends_on=ago(0))
    says(youth, "hrss", "in_school", since=500, fed=200)
    assert counts(youth) == "hrss in_school"


def test_an_end_that_lies_ahead_is_no_end_yet() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=400, fed=10, ends_on=ago(-100))
    assert counts(youth) == "education in_school"


def test_school_and_work_are_two_subjects_and_every_other_kind_is_its_own() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=30)
    says(youth, "hrss", "employed", since=30)
    says(youth, "disability", "disabled", since=30, level="2")
    says(youth, "civil_affairs", "disabled", since=3, level="3")
    assert counts(youth) == "education in_school"
    assert counts(youth, "work") == "hrss employed"
    assert counts(youth, "disabled") == "disability disabled"


def test_the_order_of_departments_is_one_table_that_can_be_changed() -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "dropped_out", since=90)
    says(youth, "civil_affairs", "in_school", since=90)
    assert counts(youth) == "education dropped_out"
    FactRank.objects.filter(kind="in_school", source="civil_affairs").update(rank=1)
    assert counts(refreshed(youth)) == "civil_affairs in_school"


def test_subjects_are_the_same_in_the_database_and_in_python() -> None:
    youth = make_youth(grid=GRID)
    for kind in (*FactKind.values, *Denial.values):
        youth.resident.facts.all().delete()
        youth.resident.facts.create(kind=kind, starts_on=ago(1))
        assert list(precedence.counting_ids(youth.resident_id)) == [precedence.subject_of(kind)]


def test_check_register_holds_whatever_was_said() -> None:
    youth = make_youth(grid=GRID)
    for number, kind in enumerate(("in_school", "truant", "employed", "unemployed")):
        says(youth, "education", kind, since=number * 10, fed=number)
    assert register_row.refresh(None) == 0
    assert [
        f["check"] for f in findings() if not f["ok"] and f["check"] == "register_row_equals_sources"
    ] == []


# --- The person's page


def test_both_sides_of_a_dispute_stay_visible_with_a_mark_on_what_counts(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=GRID)
    says(youth, "education", "in_school", since=400, fed=40, unit="湾里中学")
    says(youth, "civil_affairs", "dropped_out", since=90, fed=20)
    says(youth, "disability", "disabled", since=900, level="2")
    page = sign_in(wang_shanshan).get(f"/youths/{youth.pk}/").content.decode()
    assert page.count("以此为准") == 1
    assert page.count("说法不一") == 1
    for words in ("湾里中学", "教育", str(ago(40)), "民政", str(ago(20)), "残联"):
        assert words in page


def test_a_correction_stands_beside_what_the_department_said(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    fed = says(youth, "education", "in_school", since=400, fed=40, unit="湾里中学")
    now = corrections.observed(youth)
    assert (now.school, now.school_unit) == ("in_school", "湾里中学")
    found = corrections.PersonFacts(**{**vars(now), "school": "none", "school_unit": ""})
    corrections.correct(youth=youth, facts=found, reason="老师说", version=youth.version, by=wang_shanshan)
    fed.refresh_from_db()
    youth.refresh_from_db()
    assert fed.ends_on is None
    assert counts(youth) == "worker no_school"
    assert corrections.observed(youth).school == "none"
    page = sign_in(wang_shanshan).get(f"/youths/{youth.pk}/").content.decode()
    assert "湾里中学" in page
    assert "走访所见" in page


def test_the_page_takes_as_many_statements_however_much_was_said(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    youth, client = make_youth(grid=GRID), sign_in(wang_shanshan)
    says(youth, "education", "in_school", since=30, fed=3)
    client.get(f"/youths/{youth.pk}/")

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(f"/youths/{youth.pk}/").status_code == 200
        return len(captured)

    before = cost()
    for number, kind in enumerate(("truant", "employed", "disabled", "ill", "low_income")):
        says(youth, "civil_affairs", kind, since=number, fed=number)
    assert cost() == before
