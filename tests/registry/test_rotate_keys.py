"""Keys are changed while people work: everything moves to the first key, nothing is lost, histories included."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids import encryption
from grids.encryption import encrypt
from grids.models import User
from registry import rotation
from registry.models import Batch, BatchChange, Enrolment, Resident, Visit, Youth
from tests.factories import make_enrolment, make_resident, make_visit, make_youth, number_of

OLD, NEW, INDEX = "11" * 32, "44" * 32, "22" * 32
BEFORE, AFTER, WITHOUT_OLD = (
    f"1:{OLD},index:{INDEX}",
    f"2:{NEW},1:{OLD},index:{INDEX}",
    f"2:{NEW},index:{INDEX}",
)


@pytest.fixture
def ring(settings: Any) -> Iterator[Any]:
    """`use(ring, …)` takes effect at once; afterwards the keys of the tests serve again."""
    yield settings
    encryption.keys.cache_clear()


def use(ring: Any, text: str) -> None:
    ring.FIELD_KEYS = text
    encryption.keys.cache_clear()


def rotate(*arguments: str) -> tuple[int, str]:
    """(exit code, what it says)."""
    said = StringIO()
    try:
        call_command("rotate_keys", *arguments, stdout=said, stderr=said)
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def heads(model: Any, column: str) -> set[tuple[int, int]]:
    with connection.cursor() as cursor:
        heads = f"SELECT DISTINCT substring({column} FROM 1 FOR 2) FROM {model._meta.db_table}"  # noqa: S608
        cursor.execute(f"{heads} WHERE {column} IS NOT NULL")
        return {(bytes(row[0])[0], bytes(row[0])[1]) for row in cursor.fetchall()}


@pytest.fixture
def written(ring: Any, db: None) -> Youth:
    """小海's file, all of it written under the old key."""
    use(ring, BEFORE)
    youth = make_youth("张小海", grade_reason="祖母年老体弱", resident_fields={"phone": "13955300001"})
    make_enrolment(youth, "idle", evidence="离校半年,家长确认")
    make_visit(youth, found="家里冷清")
    return youth


def test_everything_moves_to_the_first_key_and_reads_without_the_old_one(ring: Any, written: Youth) -> None:
    number = number_of(written)
    use(ring, AFTER)
    assert rotate("--check")[0] == 1
    code, said = rotate()
    assert (code, "全部换到当前密钥" in said, "registry_resident：已换" in said) == (0, True, True)
    use(ring, WITHOUT_OLD)
    for model, column in (
        (Resident, "id_number"),
        (Resident, "phone"),
        (Visit, "found"),
        (Enrolment, "evidence"),
        (Youth.history.model, "grade_reason"),
        (Enrolment.history.model, "evidence"),
    ):
        assert heads(model, column) == {(1, 2)}, column
    written.refresh_from_db()
    assert (written.grade_reason, written.resident.phone) == ("祖母年老体弱", "13955300001")
    assert Youth.history.get(id=written.pk).grade_reason == "祖母年老体弱"
    assert Resident.objects.everyone(because="test").with_id_number(number).get() == written.resident
    code, said = rotate("--check")
    assert (code, "全部在当前密钥下" in said) == (0, True)


def test_it_moves_from_aes_to_sm4_as_well(ring: Any, written: Youth) -> None:
    ring.FIELD_CIPHER = "sm4"
    assert rotate()[0] == 0
    assert heads(Resident, "id_number") == {(2, 1)}
    written.refresh_from_db()
    assert written.grade_reason == "祖母年老体弱"


def test_a_killed_run_is_taken_up_where_it_ended(ring: Any, written: Youth) -> None:
    for _ in range(4):
        make_resident()
    use(ring, AFTER)
    left = rotation.left_over()

    def kill(name: str, done: int) -> None:
        if name == "registry_resident":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(limit=2, report=kill)
    assert 0 < rotation.left_over() < left
    assert rotate("--batch", "2")[0] == 0
    assert rotation.left_over() == 0


def test_what_is_done_is_not_done_again(ring: Any, written: Youth) -> None:
    use(ring, AFTER)
    assert rotation.rotate().written > 0
    assert rotation.rotate().written == 0


def test_a_history_lets_nothing_but_a_rotation_pass(ring: Any, written: Youth) -> None:
    table = Youth.history.model._meta.db_table
    forged = encrypt("别的原因", "youth_grade_reason")

    def run(statement: str, *values: Any, rotating: bool) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('wuhu_youth.rotating', %s, true)", ["on" if rotating else ""])
            cursor.execute(statement, values)

    with pytest.raises(IntegrityError, match="只能追加"):
        run(f"UPDATE {table} SET grade_reason = %s", forged, rotating=False)  # noqa: S608
    for what in ("grade = 'A'", "grade_reason = NULL", "history_user_id = NULL, history_change_reason = 'x'"):
        with pytest.raises(IntegrityError, match="只能追加"):
            run(f"UPDATE {table} SET {what}", rotating=True)  # noqa: S608
    with pytest.raises(IntegrityError, match="只能追加"):
        run(f"DELETE FROM {table}", rotating=True)  # noqa: S608


def test_a_value_that_no_key_opens_is_named_and_stays(ring: Any, written: Youth) -> None:
    use(ring, WITHOUT_OLD)
    code, said = rotate()
    assert (code, "registry_resident.id_number：1 个值用现有密钥都打不开" in said) == (1, True)
    assert heads(Resident, "id_number") == {(1, 1)}


def test_an_image_kept_by_a_batch_stays_equal_to_its_row(ring: Any, written: Youth, city_cadre: User) -> None:
    """Undoing compares them."""
    batch = Batch.objects.create(
        source_id="police", kind="residents", as_of=timezone.localdate(), sha256="0", file_name="a.csv", state="applied"
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)"
            " SELECT %s, 'registry_resident', id::text, to_jsonb(r), to_jsonb(r) FROM registry_resident r",
            [batch.pk],
        )
    use(ring, AFTER)
    assert rotate()[0] == 0
    use(ring, WITHOUT_OLD)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(c.former = to_jsonb(r) AND c.latter = to_jsonb(r)), count(*)"
            " FROM registry_batchchange c JOIN registry_resident r ON r.id::text = c.row_key"
        )
        assert cursor.fetchone() == (True, 1)
    assert BatchChange.objects.get().former["id_number"].startswith(r"\x0102")


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_left_to_the_next_pass(ring: Any) -> None:
    use(ring, BEFORE)
    youth, other = make_youth("张小海"), make_youth("李小山")
    use(ring, AFTER)
    rival = connection.copy()
    try:
        rival.set_autocommit(False)
        with rival.cursor() as cursor:
            cursor.execute("SELECT FROM registry_resident WHERE id = %s FOR UPDATE", [youth.resident_id])
            rotation.rotate()
            assert heads(Resident, "id_number") == {(1, 1), (1, 2)}
            new = encrypt(number_of(other), "id_number")  # what a process with the new keys writes meanwhile
            cursor.execute(
                "UPDATE registry_resident SET phone = %s WHERE id = %s",
                [encrypt("13955300009", "phone"), youth.resident_id],
            )
        rival.commit()
    finally:
        rival.close()
    assert new[:2] == bytes((1, 2))
    assert rotate()[0] == 0
    youth.resident.refresh_from_db()
    assert youth.resident.phone == "13955300009"
    assert heads(Resident, "id_number") == {(1, 2)}
