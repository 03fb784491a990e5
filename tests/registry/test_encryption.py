"""Encrypted columns: readable with the key alone, in their own column alone, and found without being stored."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from grids import encryption
from grids.encryption import (
    EncryptedTextField,
    Keys,
    _hmac,
    blind_index,
    current_head,
    decrypt,
    encrypt,
    reencrypt,
)
from grids.models import User
from registry.enrolments import end, review
from registry.handovers import return_to_sender
from registry.models import Enrolment, Guardianship, Handover, Resident, Search, Visit, Youth
from registry.models.residents import id_number_index
from registry.moves import report_move
from registry.youths import set_grade
from tests.factories import (
    HUAQIANG,
    YINHU,
    make_dwelling,
    make_enrolment,
    make_guardianship,
    make_handover,
    make_resident,
    make_user,
    make_visit,
    make_youth,
    number_of,
)

ONE, TWO, INDEX = "11" * 32, "22" * 32, "33" * 32
KEY = bytes(range(64))


@pytest.fixture
def ring(settings: Any) -> Iterator[Any]:
    """`ring.FIELD_KEYS = …` takes effect at once; afterwards the keys of the tests serve again."""
    encryption.keys.cache_clear()
    yield settings
    encryption.keys.cache_clear()


def use(ring: Any, text: str) -> None:
    ring.FIELD_KEYS = text
    encryption.keys.cache_clear()


@settings(max_examples=50, deadline=None)
@given(text=st.text(min_size=1, max_size=200))
def test_what_was_encrypted_is_read_again(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        return
    assert decrypt(encrypt(text, "note"), "note") == text


def test_the_same_text_never_looks_the_same() -> None:
    assert encrypt("340207201412031230", "id_number") != encrypt("340207201412031230", "id_number")


def test_algorithm_and_key_stand_with_the_value() -> None:
    value = encrypt("x", "note")
    assert value[:2] == bytes((1, 1))
    assert len(value) == 2 + 12 + 1 + 16


@pytest.mark.parametrize("place", [0, 1, 2, 13, 14, -1])
def test_an_altered_value_is_refused(place: int) -> None:
    value = bytearray(encrypt("340207201412031230", "id_number"))
    value[place] ^= 1
    with pytest.raises(ValueError, match="encrypted value"):
        decrypt(bytes(value), "id_number")


@pytest.mark.parametrize("value", [b"", b"\x01\x01", b"\x01\x01" + b"\0" * 12, b"plain text of somebody"])
def test_what_is_no_encrypted_value_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="encrypted value"):
        decrypt(value, "id_number")


def test_a_value_moved_to_another_column_is_refused() -> None:
    with pytest.raises(ValueError, match="another column"):
        decrypt(encrypt("13900000000", "phone"), "id_number")


def test_an_old_key_still_reads_and_a_lost_one_does_not(ring: Any) -> None:
    use(ring, f"1:{ONE},index:{INDEX}")
    old = encrypt("张小海", "note")
    use(ring, f"2:{TWO},1:{ONE},index:{INDEX}")
    assert decrypt(old, "note") == "张小海"
    assert encrypt("x", "note")[1] == 2
    use(ring, f"2:{TWO},index:{INDEX}")
    with pytest.raises(ValueError, match="unknown algorithm or key"):
        decrypt(old, "note")
    use(ring, f"1:{TWO},index:{INDEX}")
    with pytest.raises(ValueError, match="altered"):
        decrypt(old, "note")


def test_a_refusal_does_not_say_what_the_value_was(ring: Any) -> None:
    with pytest.raises(ValueError, match="altered") as error:
        decrypt(encrypt("340207201412031230", "id_number"), "phone")
    assert "340207" not in repr(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"1:{ONE}",
        f"index:{INDEX}",
        f"1:{ONE[:-2]},index:{INDEX}",
        f"1:{'zz' * 32},index:{INDEX}",
        f"one:{ONE},index:{INDEX}",
        f"1:{ONE},1:{TWO},index:{INDEX}",
        ONE,
    ],
)
def test_keys_that_are_none_stop_the_start_and_are_not_repeated(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS") as error:
        Keys(text)
    assert ONE[:-2] not in str(error.value)


def test_the_blind_index_is_keyed_and_of_its_column(ring: Any) -> None:
    use(ring, f"1:{ONE},index:{INDEX}")
    index = blind_index("340207201412031230", "id_number")
    assert len(index) == 32
    assert index == blind_index("340207201412031230", "id_number")
    assert index != blind_index("340207201412031230", "phone")
    use(ring, f"1:{ONE},index:{TWO}")
    assert index != blind_index("340207201412031230", "id_number")


# --- The ciphers of the country 国密


def test_sm4_by_setting_and_what_aes_wrote_is_read_beside_it(ring: Any) -> None:
    use(ring, f"1:{ONE},index:{INDEX}")
    aes = encrypt("张小海", "note")
    ring.FIELD_CIPHER = "sm4"
    sm4 = encrypt("张小海", "note")
    assert (aes[:2], sm4[:2]) == (bytes((1, 1)), bytes((2, 1)))
    assert len(aes) == len(sm4)
    assert decrypt(aes, "note") == decrypt(sm4, "note") == "张小海"
    with pytest.raises(ValueError, match="another column"):
        decrypt(sm4, "phone")
    with pytest.raises(ValueError, match="altered"):
        decrypt(sm4[:-1] + bytes([sm4[-1] ^ 1]), "note")


def test_a_cipher_that_is_none_stops(ring: Any) -> None:
    ring.FIELD_CIPHER = "des"
    with pytest.raises(ImproperlyConfigured, match="FIELD_CIPHER"):
        encrypt("x", "note")


def test_the_index_by_sm3_is_another_index(ring: Any) -> None:
    sha256 = blind_index("340207201412031230", "id_number")
    ring.INDEX_HASH = "sm3"
    sm3 = blind_index("340207201412031230", "id_number")
    assert len(sm3) == 32
    assert sm3 != sha256
    # The example of GB/T 15852.2: HMAC-SM3 is HMAC over SM3 with blocks of 64 bytes.
    inner = hashlib.new("sm3", bytes(b ^ 0x36 for b in KEY) + b"x").digest()
    assert _hmac(KEY, b"x", "sm3") == hashlib.new("sm3", bytes(b ^ 0x5C for b in KEY) + inner).digest()


# --- Written anew under another key


def test_writing_anew_keeps_the_text_and_equal_values_equal(ring: Any) -> None:
    use(ring, f"1:{ONE},index:{INDEX}")
    old, other = encrypt("张小海", "note"), encrypt("张小海", "note")
    assert reencrypt(old, "note") == old
    use(ring, f"2:{TWO},1:{ONE},index:{INDEX}")
    new = reencrypt(old, "note")
    assert new[:2] == current_head() == bytes((1, 2))
    assert decrypt(new, "note") == "张小海"
    assert reencrypt(old, "note") == new  # so an image of a row stays equal to the row
    assert reencrypt(other, "note") != new
    assert new[2:14] not in (old[2:14], reencrypt(other, "note")[2:14])
    with pytest.raises(ValueError, match="another column"):
        reencrypt(old, "phone")


# --- In the tables


def raw(model: type[Any], column: str) -> list[bytes]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM {table} WHERE "{column}" IS NOT NULL')  # noqa: S608
        return [bytes(row[0]) for row in cursor.fetchall()]


def test_numbers_phones_and_notes_do_not_stand_in_the_table(db: None) -> None:
    youth = make_youth("张小海", resident_fields={"phone": "13955300001"})
    number = number_of(youth)
    make_guardianship(youth.resident, guardian_id_number="340207197001011239", relation="52")
    make_visit(youth, found="家里冷清，孩子说想妈妈", corrected="电话换了")
    Search.objects.create(owner=make_user(), q="张小海")
    secrets: dict[tuple[type[Any], str], str] = {
        (Resident, "id_number"): number,
        (Resident, "phone"): "13955300001",
        (Guardianship, "guardian_id_number"): "340207197001011239",
        (Visit, "found"): "家里冷清，孩子说想妈妈",
        (Visit, "corrected"): "电话换了",
        (Search, "q"): "张小海",
    }
    for (model, column), secret in secrets.items():
        values = raw(model, column)
        assert values, column
        for value in values:
            assert secret.encode() not in value
            assert value[:2] == bytes((1, 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(r::text, '') FROM registry_resident r")
        everything = cursor.fetchone()[0]
    assert number not in everything
    assert number.encode().hex() not in everything


def test_a_number_is_found_by_its_index_alone(db: None) -> None:
    resident = make_resident("李四")
    make_resident("王五")
    number = number_of(resident)
    found = Resident.objects.everyone(because="test").with_id_number(number)
    assert found.get() == resident
    assert found.get().id_number == number
    assert raw(Resident, "id_number_index").count(id_number_index(number)) == 1
    assert number not in str(found.query)


def test_nothing_is_stored_for_nothing(db: None) -> None:
    resident = make_resident(id_number=None, phone="")
    resident.refresh_from_db()
    assert (resident.phone, resident.id_number) == ("", "")
    assert raw(Resident, "phone") == raw(Resident, "id_number") == []


def test_words_about_a_person_do_not_stand_in_the_tables_or_their_histories(db: None) -> None:
    youth = make_youth("张小海", grade_reason="祖母年老体弱", opened_reason="孤儿,受过伤")
    make_enrolment(youth, "idle", evidence="离校半年,家长确认")
    make_handover(youth, None, state="answered", ended_at=timezone.now(), note="昆山团委已接收")
    secrets: dict[tuple[Any, str], str] = {
        (Youth, "grade_reason"): "祖母年老体弱",
        (Youth, "opened_reason"): "孤儿,受过伤",
        (Youth.history.model, "grade_reason"): "祖母年老体弱",
        (Enrolment, "evidence"): "离校半年,家长确认",
        (Enrolment.history.model, "evidence"): "离校半年,家长确认",
        (Handover, "note"): "昆山团委已接收",
        (Handover.history.model, "note"): "昆山团委已接收",
    }
    for (model, column), secret in secrets.items():
        assert [decrypt(value, purpose_of(model, column)) for value in raw(model, column)] == [secret]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT string_agg(r::text, '') FROM {model._meta.db_table} r")  # noqa: S608
            assert secret not in cursor.fetchone()[0]


def test_what_is_secret_about_a_person_stands_nowhere_in_the_database(db: None, yang_ying: User) -> None:
    """Every row of every table, as a dump would write it, after the verbs that take such words have run."""
    youth = make_youth("张小海", grid=f"{HUAQIANG}001", age=12, resident_fields={"phone": "13955300001"})
    number = number_of(youth)
    make_guardianship(youth.resident, "张大海", guardian_id_number="340207197001011239", relation="51")
    set_grade(youth=youth, grade="A", reason="词一:祖母病重", version=youth.version, by=yang_ying)
    enrolment = make_enrolment(youth, "left_behind", evidence="词二:父母在昆山务工")
    review(enrolment=enrolment, note="词三:仍在外地", by=yang_ying)
    end(enrolment=enrolment, ends_on=timezone.localdate(), reason="词四:母亲回来了", by=yang_ying)
    make_visit(youth, found="词五:家里冷清", corrected="词六:电话换了")
    report_move(
        resident=youth.resident, dwelling=make_dwelling(f"{YINHU}001"), moved_on=timezone.localdate(),
        note="词七:邻居说搬走了", by=yang_ying,
    )  # fmt: skip
    handover = youth.handovers.get()
    return_to_sender(handover, reason="other", note="词八:敲门无人应", by=yang_ying)
    secrets = [number, "13955300001", "340207197001011239", *(f"词{n}" for n in "一二三四五六七八")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'"
        )
        tables = [table for (table,) in cursor.fetchall()]
        assert {"registry_resident", "registry_historicalyouth", "registry_batchchange"} <= set(tables)
        names_found = False
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(r::text, ' '), '') FROM {table} r")  # noqa: S608
            dump = cursor.fetchone()[0]
            names_found = names_found or "张小海" in dump
            for secret in secrets:
                assert secret not in dump, (table, secret)
                assert secret.encode().hex() not in dump, (table, secret)
    assert names_found, "a name, which is not encrypted, would have been found"


def purpose_of(model: Any, column: str) -> str:
    return str(model._meta.get_field(column).purpose)


def test_an_empty_note_is_empty_before_and_after_it_was_stored(db: None) -> None:
    youth = make_youth("张小海")
    assert (Youth().closed_reason, youth.closed_reason) == ("", "")
    youth.refresh_from_db()
    assert youth.closed_reason == ""


def test_every_encrypted_column_has_a_purpose_of_its_own() -> None:
    """A history's column has that of the column it keeps."""
    purposes = [
        field.purpose
        for model in apps.get_models()
        if not hasattr(model, "instance_type")
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    ]
    assert len(purposes) == len(set(purposes)) >= 20


def test_append_only_tables_name_their_encrypted_columns_and_no_others(db: None) -> None:
    """What the trigger does not name, a rotation of keys could not write anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgargs FROM pg_trigger WHERE tgname = 'append_only'")
        named = {
            table: {c.decode() for c in bytes(args).split(b"\0") if c} for table, args in cursor.fetchall()
        }
    models = {model._meta.db_table: model for model in apps.get_models()}
    for table, columns in named.items():
        fields = models[table]._meta.local_fields if table in models else []
        assert columns == {f.column for f in fields if isinstance(f, EncryptedTextField)}, table
    histories = {table for table, model in models.items() if hasattr(model, "instance_type")}
    assert histories <= set(named)
