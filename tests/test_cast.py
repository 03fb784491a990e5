"""The tests' own people and files are as true as the product's: what they say of themselves holds."""

import pytest
from django.test import Client

from grids.models import ResponsiblePerson, User
from grids.permissions import Permission
from registry import register_row
from registry.id_numbers import parse
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    YINHU,
    make_dwelling,
    make_fact,
    make_grid,
    make_guardianship,
    make_handover,
    make_need,
    make_resident,
    make_visit,
    make_youth,
    number_of,
)


def test_a_generated_id_number_is_valid_and_says_the_birth_date(db: None) -> None:
    resident = make_resident("小海", sex="2")
    read = parse(number_of(resident))
    assert (read.birth_on, read.sex) == (resident.birth_on, "2")


def test_yang_ying_answers_for_her_seven_grids_and_nobody_else_does(yang_ying: User) -> None:
    answers = dict(ResponsiblePerson.objects.values_list("grid_id", "user_id"))
    assert answers == {f"{HUAQIANG}00{number}": yang_ying.pk for number in range(1, 8)}
    assert yang_ying.prefixes(Permission.SEE_YOUTHS) == [HUAQIANG]


def test_the_officers_see_no_youth(sysadmin: User, security: User, auditor: User, legal_aid: User) -> None:
    for user in (sysadmin, security, auditor, legal_aid):
        assert not user.may(Permission.SEE_YOUTHS)


def test_the_list_columns_of_a_made_youth_equal_their_sources(wang_shanshan: User) -> None:
    youth = make_youth("欧阳娜", grid=f"{YINHU}001", categories=["left_behind", "idle"])
    make_guardianship(youth.resident, "欧阳海", status="away_for_work")
    make_fact(youth.resident, "in_school", unit="湾里中学")
    make_need(youth, "care")
    make_visit(youth, by=wang_shanshan)
    make_handover(youth, make_dwelling(f"{HUAQIANG}001"))
    youth.refresh_from_db()
    assert (youth.category_mask, youth.school, youth.guardian, youth.needs) == (
        17,
        "in_school",
        "unattended",
        ["care"],
    )
    assert youth.grid_id == f"{YINHU}001"
    assert youth.lives_in == f"{HUAQIANG}001"
    assert register_row.refresh(None) == 0


def test_a_youth_without_an_id_number_has_a_file(db: None) -> None:
    youth = make_youth("无名", age=7, resident_fields={"id_number": None})
    assert youth.resident.masked_id_number == "无证件号码"
    assert youth.age == 7


def test_a_closed_file_says_when_and_why(db: None) -> None:
    youth = make_youth("李四", state=Youth.State.CLOSED, grid=make_grid())
    assert youth.closed_on is not None
    assert youth.closed_reason


def test_each_person_signs_in_to_a_browser_of_their_own(
    sign_in: SignIn, yang_ying: User, city_cadre: User
) -> None:
    one, other = sign_in(yang_ying), sign_in(city_cadre)
    assert isinstance(one, Client)
    assert one.session["_auth_user_id"] == str(yang_ying.pk)
    assert other.session["_auth_user_id"] == str(city_cadre.pk)


class TestAfterACommittingTest:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.mark.parametrize("time", ["first", "second"])
    def test_the_reference_rows_are_there(self, time: str) -> None:
        assert make_youth(categories=["idle"]).category_mask == 1
