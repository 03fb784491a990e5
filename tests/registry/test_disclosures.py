"""Disclosures 提供记录: what went out rests on consent or duty, is never altered, and opens into names in scope."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import User
from registry import consents, disclosures
from registry.holding import Refused
from registry.models import CheckRequest, DisclosedPerson, Disclosure, Reading, Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_consent, make_disclosure, make_handover, make_youth

pytestmark = pytest.mark.django_db
HERE = f"{YINHU}001"


def disclose(youth: Youth, by: User, **fields: Any) -> Disclosure:
    today = timezone.localdate()
    values: dict[str, Any] = {
        "given_on": today, "receiver": "芜湖市法律援助中心", "receiver_kind": "agency", "fields": ["phone", "name"],
        "why": "办理赔偿", "means": "letter", "until": today + timedelta(days=60), **fields,
    }  # fmt: skip
    return disclosures.disclose(youth=youth, by=by, **values)


def test_it_rests_on_the_standing_consent_and_names_it(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    with pytest.raises(Refused, match="没有“向协作单位提供信息”的有效同意"):
        disclose(youth, wang_shanshan)
    consent = make_consent(youth)
    made = disclose(youth, wang_shanshan)
    assert (made.basis, made.fields, made.persons.get().consent) == ("consent", ["name", "phone"], consent)
    consents.withdraw(consent=consent, by=wang_shanshan)
    with pytest.raises(Refused, match="有效同意"):
        disclose(youth, wang_shanshan)


def test_a_consent_to_something_else_does_not_do(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    make_consent(youth, "pairing")
    with pytest.raises(Refused, match="有效同意"):
        disclose(youth, wang_shanshan)


def test_or_on_a_duty_with_its_clause(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    made = disclose(youth, wang_shanshan, duty="report", receiver="公安派出所", receiver_kind="judicial")
    assert made.basis_words == "强制报告（未成年人保护法第十一条）"
    with pytest.raises(Refused, match="条款或文书"):
        disclose(youth, wang_shanshan, duty="other")


def test_no_school_is_told_a_category(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    with pytest.raises(Refused, match="不得写明类别"):
        disclose(youth, wang_shanshan, duty="relief", receiver_kind="school", fields=["name", "category"])


def test_the_same_form_twice_is_one_disclosure(wang_shanshan: User) -> None:
    youth, key = make_youth(grid=HERE), uuid4()
    first = disclose(youth, wang_shanshan, duty="relief", submission_key=key)
    assert disclose(youth, wang_shanshan, duty="relief", submission_key=key) == first
    other = make_youth("李明", grid=HERE)
    with pytest.raises(Refused, match="页面已过期"):
        disclose(other, wang_shanshan, duty="relief", submission_key=key)


# --- What the database holds


def refused(sql: str, params: list[Any], constraint: str) -> None:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
    assert error.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_what_was_given_is_never_altered_or_deleted() -> None:
    made = make_disclosure(make_youth(grid=HERE))
    for table, key in (("registry_disclosure", made.pk), ("registry_disclosedperson", made.persons.get().pk)):
        refused(f"UPDATE {table} SET id = id WHERE id = %s", [key], "history_is_append_only")  # noqa: S608
        refused(f"DELETE FROM {table} WHERE id = %s", [key], "history_is_append_only")  # noqa: S608


def test_the_database_wants_the_persons_own_standing_consent() -> None:
    youth, other = make_youth(grid=HERE), make_youth("李明", grid=HERE)
    made = make_disclosure(youth, basis="duty")
    consent = make_consent(other)
    with pytest.raises(IntegrityError, match="有效的"), transaction.atomic():
        DisclosedPerson.objects.create(
            disclosure=made, youth=other, consent=consent
        )  # by duty: none is named
    for given_on, person in (
        (timezone.localdate(), youth),
        (timezone.localdate() - timedelta(days=40), other),
    ):
        act = Disclosure.objects.create(
            given_on=given_on, receiver="甲", receiver_kind="agency", fields=["name"], why="乙", means="phone",
            basis="consent", until=given_on, by=made.by,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="有效的"), transaction.atomic():
            DisclosedPerson.objects.create(disclosure=act, youth=person, consent=consent)


# --- Pages


def test_a_form_on_the_persons_page(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    client, url = sign_in(wang_shanshan), f"/youths/{youth.pk}/disclose/"
    assert client.post(url, {}).status_code == 422
    form = {
        "given_on": str(timezone.localdate()), "receiver": "上海市浦东新区团委", "receiver_kind": "committee",
        "fields_given": ["name", "address"], "why": "转介关爱", "means": "letter", "duty": "transfer",
        "until": str(timezone.localdate() + timedelta(days=60)),
    }  # fmt: skip
    answer = client.post(url, form | {"duty": "consent"})
    assert "请先征求并登记同意" in answer.content.decode()
    assert "请选择依据" in client.post(url, form | {"duty": ""}).content.decode()
    answer = client.post(url, form, follow=True)
    text = answer.content.decode()
    assert "已登记" in text
    for word in ("上海市浦东新区团委", "姓名、住址", "转介关爱", "国发〔2016〕13号"):
        assert word in text


def test_the_letter_of_a_move_out_of_the_city_is_filled_in_beforehand(
    sign_in: SignIn, wang_shanshan: User
) -> None:
    youth = make_youth(grid=HERE)
    handover = make_handover(youth, None)
    client, url = sign_in(wang_shanshan), f"/youths/{youth.pk}/disclose/"
    assert url in client.get(f"/handovers/{handover.pk}/").content.decode()
    text = client.get(url).content.decode()
    for word in ("共青团上海市浦东新区委员会", "转请接续关爱"):
        assert word in text
    assert "委员会" not in client.get(f"/youths/{make_youth(grid=HERE).pk}/disclose/").content.decode()


def test_the_list_is_of_the_own_area_and_names_nobody(
    sign_in: SignIn, jiujiang: User, fanchang: User, yang_ying: User
) -> None:
    make_disclosure(make_youth("张小海", grid=HERE), receiver="甲中心")
    make_disclosure(make_youth("王小河", grid=f"{PINGPU}001"), receiver="乙中心")
    for user, seen, hidden in ((jiujiang, "甲中心", "乙中心"), (fanchang, "乙中心", "甲中心")):
        text = sign_in(user).get("/disclosures/").content.decode()
        assert seen in text
        assert hidden not in text
        for name in ("小海", "张*海", "小河", "王*河"):
            assert name not in text
    assert "甲中心" not in sign_in(yang_ying).get("/disclosures/").content.decode()
    assert not Reading.objects.everyone(because="test").exists()


def test_it_counts_and_opens_into_those_in_scope_alone(
    sign_in: SignIn, jiujiang: User, yang_ying: User
) -> None:
    here, there = make_youth("张小海", grid=f"{HUAQIANG}001"), make_youth("王小河", grid=f"{PINGPU}001")
    made = make_disclosure(here)
    DisclosedPerson.objects.create(disclosure=made, youth=there)
    client = sign_in(yang_ying)
    assert "1 人" in client.get("/disclosures/").content.decode()
    text = client.get(f"/disclosures/{made.pk}/").content.decode()
    assert "张*海" in text
    assert "王*河" not in text
    [reading] = Reading.objects.everyone(because="test")
    assert reading.subject_ids == [here.pk]


def test_the_auditor_sees_ids_and_neither_name_nor_purpose(sign_in: SignIn, auditor: User) -> None:
    youth = make_youth("张小海", grid=HERE)
    made = make_disclosure(youth, why="办理赔偿")
    client = sign_in(auditor)
    assert "芜湖市法律援助中心" in client.get("/disclosures/").content.decode()
    text = client.get(f"/disclosures/{made.pk}/").content.decode()
    assert str(youth.pk) in text
    for word in ("小海", "张*海", "赔偿"):
        assert word not in text


def test_it_is_searched_by_receiver_and_period(sign_in: SignIn, jiujiang: User) -> None:
    make_disclosure(make_youth(grid=HERE), receiver="甲中心")
    make_disclosure(
        make_youth(grid=HERE), receiver="乙学校", given_on=timezone.localdate() - timedelta(days=50)
    )
    client = sign_in(jiujiang)
    since = timezone.localdate() - timedelta(days=10)
    for query in ("receiver=甲", f"since={since}"):
        text = client.get(f"/disclosures/?{query}").content.decode()
        assert ("甲中心" in text, "乙学校" in text) == (True, False), query
    assert client.get("/disclosures/?since=2026-02-30").status_code == 422
    assert client.get("/disclosures/?since=2026-02-03&until=2026-02-01").status_code == 422


def test_the_list_costs_the_same_statements_for_any_length(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    client.get("/disclosures/")
    costs = []
    for number in (1, 12):
        for _ in range(number):
            make_disclosure(make_youth(grid=HERE))
        with CaptureQueriesContext(connection) as captured:
            client.get("/disclosures/")
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 9


def test_a_sheet_of_checks_is_a_disclosure_of_those_in_it(sign_in: SignIn, jiujiang: User) -> None:
    youth = make_youth("张小海", grid=HERE)
    for field in ("school", "name"):
        CheckRequest.objects.create(
            youth=youth, source_id="education", field=field, says="甲", found="乙", by=jiujiang,
            due_on=timezone.localdate() + timedelta(days=10),
        )  # fmt: skip
    answer = sign_in(jiujiang).post("/feeds/checks/sheet/", {"source": "education"})
    assert answer.status_code == 200
    [person] = DisclosedPerson.objects.everyone(because="test").select_related("disclosure")
    assert person.youth == youth
    assert set(person.disclosure.fields) == {"name", "id_number", "school_work"}
    assert person.disclosure.duty == "check"
