"""Sealing 封存: a notice takes everything out in one act, and from then on it never was."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from grids.models import User
from registry import enrolments, seals, youths
from registry.invariants import findings
from registry.models import (
    Enrolment,
    Seal,
    Youth,
)
from registry.sealing import Choice
from registry.seals import Notice
from tests.factories import (
    YINHU,
    make_youth,
)

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
    chosen = {name: tuple(ids) if name != "whole_file" else ids for name, ids in choice.items()}
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


def _category(code: str) -> Any:
    from registry.models import Category

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
    assert youth.next_due_on < later
    graded = youths.set_grade(youth=youth, grade="C", reason="家访稳定", version=youth.version, by=city_cadre)
    seal(youth, jiujiang, enrolments=[made.pk])
    youth.refresh_from_db()
    assert youth.next_due_on == later
    told = list(Youth.history.filter(id=youth.pk).order_by("history_date"))
    assert [row.next_due_on for row in told] == [later, later]
    assert (graded.grade, youth.grade) == ("C", "C")
