"""Consents 同意: under 14 the guardian's, from 14 the person's own; one that stands; taken back at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from grids.models import User
from registry import consents
from registry.holding import FileClosed, Refused
from registry.models import Consent, ConsentPurpose, ConsentText, Youth
from tests.cast import SignIn
from tests.factories import YINHU, make_consent, make_youth, years_ago

pytestmark = pytest.mark.django_db
HERE = f"{YINHU}001"
TODAY = timezone.localdate


def give(youth: Youth, by: User, purpose: str = "pairing", **fields: Any) -> Consent:
    values: dict[str, Any] = {"means": "signed", "agreed_on": TODAY(), **fields}
    if youth.age < 14 and "giver" not in values:
        values |= {"giver": "guardian", "guardian_name": "张大海", "relation": "51"}
    values.setdefault("giver", "self")
    return consents.give(youth=youth, text=consents.current_text(purpose), by=by, **values)


def test_every_purpose_has_a_text() -> None:
    assert {consents.current_text(purpose).version for purpose in ConsentPurpose} == {1}


def test_under_fourteen_the_guardian_agrees_and_it_ends_at_fourteen(wang_shanshan: User) -> None:
    child = make_youth(grid=HERE, age=12)
    consent = give(child, wang_shanshan)
    assert consent.ends_on == consents.birthday(child.birth_on, 14)
    assert consents.standing(child, "pairing") == consent
    assert consents.standing(child, "photo") is None
    assert consents.standing(child, "pairing", consent.ends_on) is None
    with pytest.raises(Refused, match="监护人"):
        give(child, wang_shanshan, "photo", giver="self")


def test_from_fourteen_the_person_agrees(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, birth_on=years_ago(14))
    with pytest.raises(Refused, match="本人同意"):
        give(youth, wang_shanshan, giver="guardian", guardian_name="张大海", relation="51")
    assert give(youth, wang_shanshan).ends_on is None


def test_the_day_of_the_fourteenth_birthday_decides(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, birth_on=years_ago(14, days=5))
    with pytest.raises(Refused, match="不满十四周岁"):
        give(youth, wang_shanshan, agreed_on=TODAY() - timedelta(days=6))
    assert give(youth, wang_shanshan, agreed_on=TODAY() - timedelta(days=5))


def test_a_withdrawal_counts_at_once(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    consent = give(youth, wang_shanshan, agreed_on=TODAY() - timedelta(days=3))
    consents.withdraw(consent=consent, note="本人来电", by=wang_shanshan)
    assert consents.standing(youth, "pairing") is None
    with pytest.raises(Refused, match="撤回"):
        consents.withdraw(consent=consent, by=wang_shanshan)
    assert give(youth, wang_shanshan), "whoever took it back may agree again, the same day too"
    assert youth.consents.count() == 2


def test_a_new_consent_ends_the_one_before(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    first = give(youth, wang_shanshan, agreed_on=TODAY() - timedelta(days=30))
    second = give(youth, wang_shanshan, note="不同意周末")
    first.refresh_from_db()
    assert (first.ends_on, first.withdrawn_on) == (TODAY(), None)
    assert consents.standing(youth, "pairing") == second


def test_the_same_form_twice_is_one_consent(wang_shanshan: User) -> None:
    youth, key = make_youth(grid=HERE, age=17), uuid4()
    assert give(youth, wang_shanshan, submission_key=key) == give(youth, wang_shanshan, submission_key=key)
    assert youth.consents.count() == 1


def test_a_closed_file_takes_none_but_gives_back(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17, state="closed")
    with pytest.raises(FileClosed):
        give(youth, wang_shanshan)
    consents.withdraw(consent=make_consent(youth), by=wang_shanshan)
    assert consents.standing(youth, "sharing") is None


def test_nobody_records_or_withdraws_elsewhere(wang_shanshan: User, fanchang_worker: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    consent = make_consent(youth)
    with pytest.raises(Youth.DoesNotExist):
        give(youth, fanchang_worker)
    with pytest.raises(Consent.DoesNotExist):
        consents.withdraw(consent=consent, by=fanchang_worker)


def test_words_lie_encrypted(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=12)
    give(youth, wang_shanshan, guardian_name="宇文成都", giver="guardian", relation="51", note="只给律师")
    with connection.cursor() as cursor:
        cursor.execute("SELECT registry_consent::text FROM registry_consent")
        text = str(cursor.fetchall())
    assert "宇文" not in text
    assert "律师" not in text


# --- What the database holds


def refused(sql: str, params: list[Any], constraint: str) -> None:
    with (
        pytest.raises(DatabaseError) as error,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)
    assert error.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_the_database_takes_no_childs_own_word() -> None:
    child = make_youth(grid=HERE, age=12)
    for fields, name in (
        ({"giver": "self", "ends_on": TODAY()}, "consent_under_14_is_guardians"),
        (
            {"giver": "guardian", "guardian_name": "甲", "relation": "51", "ends_on": None},
            "consent_of_guardian_ends_at_14",
        ),
    ):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            make_consent(child, **fields)
        assert error.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_the_database_takes_one_standing_consent_per_purpose() -> None:
    youth = make_youth(grid=HERE, age=17)
    make_consent(youth)
    make_consent(youth, "photo")
    with pytest.raises(IntegrityError, match="consent_one_standing_per_purpose"), transaction.atomic():
        make_consent(youth, agreed_on=TODAY() - timedelta(days=100))
    make_consent(
        youth, agreed_on=TODAY() - timedelta(days=100), ends_on=TODAY() - timedelta(days=50)
    )  # one that was over before


def test_the_database_lets_a_consent_end_and_nothing_else() -> None:
    youth = make_youth(grid=HERE, age=17)
    consent = make_consent(youth)
    for change in ("purpose = 'photo'", "agreed_on = agreed_on - 1", "note = 'x'", "by_id = by_id + 1"):
        refused(f"UPDATE registry_consent SET {change} WHERE id = %s", [consent.pk], "consent_only_ends")  # noqa: S608
    refused("DELETE FROM registry_consent WHERE id = %s", [consent.pk], "consent_only_ends")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_consent SET ends_on = current_date WHERE id = %s", [consent.pk])
    refused(
        "UPDATE registry_consent SET ends_on = current_date + 9 WHERE id = %s",
        [consent.pk],
        "consent_only_ends",
    )


def test_a_published_text_is_never_altered() -> None:
    text = ConsentText.objects.get(purpose="photo")
    refused("UPDATE registry_consenttext SET body = 'x' WHERE id = %s", [text.pk], "history_is_append_only")
    refused("DELETE FROM registry_consenttext WHERE id = %s", [text.pk], "history_is_append_only")
    other = ConsentText.objects.get(purpose="pairing")
    consent = make_consent(make_youth(grid=HERE, age=17))
    with pytest.raises(IntegrityError, match="不一致"), transaction.atomic():
        Consent.objects.create(
            youth=consent.youth, purpose="photo", text=other, giver="self", means="signed", agreed_on=TODAY(),
            by=consent.by,
        )  # fmt: skip


# --- Pages


def test_the_page_shows_each_purpose_and_how_it_stands(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    give(youth, wang_shanshan, note="不同意周末")
    text = sign_in(wang_shanshan).get(f"/youths/{youth.pk}/").content.decode()
    for word in ("结对帮扶", "有效", "不同意周末", "拍照和使用照片", "没有"):
        assert word in text


def test_recording_shows_the_text_first(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=12)
    client = sign_in(wang_shanshan)
    url = f"/youths/{youth.pk}/consent/"
    assert "同意什么事" in client.get(url).content.decode()
    assert client.get(f"{url}?purpose=war").status_code == 422
    page = client.get(f"{url}?purpose=photo").content.decode()
    assert "照片只用于工作留档" in page
    assert "第 1 版" in page
    form = {"version": "1", "giver": "guardian", "means": "signed", "agreed_on": str(TODAY())}
    answer = client.post(f"{url}?purpose=photo", form)
    assert answer.status_code == 422
    assert "请填写监护人姓名" in answer.content.decode()
    answer = client.post(f"{url}?purpose=photo", form | {"guardian_name": "张大海", "relation": "51"})
    assert answer.status_code == 302
    assert consents.standing(youth, "photo") is not None


def test_a_text_that_changed_meanwhile_is_read_again(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    ConsentText.objects.create(purpose="photo", version=2, body="新版")
    form = {"version": "1", "giver": "self", "means": "signed", "agreed_on": str(TODAY())}
    answer = sign_in(wang_shanshan).post(f"/youths/{youth.pk}/consent/?purpose=photo", form)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "刚换了新版" in text
    assert 'name="version" value="2"' in text


def test_withdrawing_says_what_follows(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE, age=17)
    consent = give(youth, wang_shanshan)
    client, url = sign_in(wang_shanshan), f"/consents/{consent.pk}/withdraw/"
    assert "从今天起生效" in client.get(url).content.decode()
    answer = client.post(url, {"note": "本人来电"}, follow=True)
    assert "已撤回" in answer.content.decode()
    assert consents.standing(youth, "pairing") is None
    assert "已于" in client.post(url, {}, follow=True).content.decode()


def test_what_ends_at_fourteen_is_due_on_the_page(sign_in: SignIn, wang_shanshan: User) -> None:
    soon = make_youth(grid=HERE, birth_on=years_ago(14, days=-10))
    later = make_youth("李明", grid=HERE, age=12)
    client = sign_in(wang_shanshan)
    for youth, due in ((soon, True), (later, False)):
        make_consent(youth)
        text = client.get(f"/youths/{youth.pk}/").content.decode()
        assert ("须本人同意" in text) is due


def test_a_new_text_is_published_by_adding_it(sign_in: SignIn, sysadmin: User, wang_shanshan: User) -> None:
    client = sign_in(sysadmin)
    form = {"purpose": "photo", "version": "2", "body": "第二版的话", "published_on": str(TODAY())}
    assert client.post("/admin/registry/consenttext/add/", form).status_code == 302
    assert consents.current_text("photo").body == "第二版的话"
    again = client.post("/admin/registry/consenttext/add/", form)
    assert "这个事项已有这一版文本" in again.content.decode()
    youth = make_youth(grid=HERE, age=17)
    page = sign_in(wang_shanshan).get(f"/youths/{youth.pk}/consent/?purpose=photo").content.decode()
    assert "第二版的话" in page
