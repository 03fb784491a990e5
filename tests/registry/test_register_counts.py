"""Counts of a whole city or district 名册计数: kept while files change, equal to the files, no reason to wait."""

from collections import Counter
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone

from grids.models import User
from registry import invariants, register_counts
from registry.filters.lists import YouthList
from registry.models import RegisterCount, Youth
from tests.factories import HUAQIANG, PINGPU, YINHU, make_enrolment, make_handover, make_youth, refreshed

DAYS = (-40, -1, 0, 3, 7, 8, 60)


def assert_equal_to_files() -> None:
    found = {finding["check"]: finding for finding in invariants.findings()}
    assert found["register_counts_equal_files"]["ok"], found["register_counts_equal_files"]


def some_files() -> list[Youth]:
    """Files of two districts with every kind of due day, a closed one, and one that is being handed over."""
    today = timezone.localdate()
    made = []
    for number, days in enumerate(DAYS):
        grid = (f"{HUAQIANG}001", f"{YINHU}001", f"{PINGPU}001")[number % 3]
        made.append(make_youth(grid=grid, next_due_on=today + timedelta(days=days)))
        make_enrolment(made[-1], ("left_behind", "idle")[number % 2])
        refreshed(made[-1])
    closed = make_youth(grid=f"{HUAQIANG}001")
    Youth.objects.everyone(because="test").filter(pk=closed.pk).update(
        state="closed", closed_on=today, closed_reason="已返乡"
    )
    make_handover(made[0], f"{YINHU}001")
    return made


def counts_of(user: User, query: str, *, live: bool) -> dict[str, dict[str, int]]:
    """Facet → label → number; `live`: from the files themselves, by a condition that everybody meets."""
    params = QueryDict(query + ("&age_max=40" if live else ""))
    listing = YouthList(user, params)
    assert listing.is_valid
    assert listing.counts._is_counted is not live
    return {
        facet.title: {link.label: link.count for link in facet.links} for facet in listing.counts.facets()
    }


@pytest.mark.parametrize("division", ["", "3402", "340207"])
@pytest.mark.parametrize("conditions", ["", "category=idle", "state=all", "state=handover", "visit_due=week"])
def test_counted_is_what_counting_the_files_gives(city_cadre: User, conditions: str, division: str) -> None:
    some_files()
    query = f"{conditions}&division={division}"
    counted = counts_of(city_cadre, query, live=False)
    assert counted == counts_of(city_cadre, query, live=True)
    assert sum(counted["档案"].values())


def test_every_change_of_a_file_is_counted(db: None) -> None:
    files = some_files()
    assert_equal_to_files()
    everyone = Youth.objects.everyone(because="test")
    everyone.filter(pk=files[1].pk).update(grid=f"{PINGPU}001")
    everyone.open().filter(pk__in=[file.pk for file in files]).update(next_due_on=timezone.localdate())
    everyone.filter(pk=files[2].pk).update(
        state="closed", closed_on=timezone.localdate(), closed_reason="已返乡"
    )
    make_enrolment(files[3], "street")
    refreshed(files[3])
    assert_equal_to_files()


def test_what_changes_nothing_that_is_counted_adds_no_row(db: None) -> None:
    file = some_files()[0]
    before = RegisterCount.objects.count()
    Youth.objects.everyone(because="test").filter(pk=file.pk).update(estate="华强小区", grade="A")
    assert RegisterCount.objects.count() == before


def test_put_together_the_rows_are_fewer_and_say_the_same(city_cadre: User) -> None:
    some_files()
    before = counts_of(city_cadre, "", live=False)
    register_counts.compact(worth=10_000)
    many = RegisterCount.objects.count()
    register_counts.compact(worth=1)
    assert RegisterCount.objects.count() < many
    assert counts_of(city_cadre, "", live=False) == before
    kinds = Counter(RegisterCount.objects.values_list("area", "state", "category_mask", "next_due_on"))
    assert set(kinds.values()) == {1}
    assert_equal_to_files()


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_one_moment_do_not_wait_for_each_other() -> None:
    first, second = (make_youth(grid=f"{HUAQIANG}001", next_due_on=timezone.localdate()) for _ in range(2))
    written = Event()

    def write_the_other() -> None:
        Youth.objects.everyone(because="test").filter(pk=second.pk).update(next_due_on=None, state="closed",
            closed_on=timezone.localdate(), closed_reason="已返乡")  # fmt: skip
        written.set()
        connection.close()

    with transaction.atomic():
        Youth.objects.everyone(because="test").filter(pk=first.pk).update(
            next_due_on=timezone.localdate() + timedelta(3)
        )
        thread = Thread(target=write_the_other)
        thread.start()
        assert written.wait(10), "the second waits for the first one's count"
    thread.join()
    assert_equal_to_files()
