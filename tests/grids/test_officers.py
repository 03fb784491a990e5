"""The three officers 三员: each holds one office and nothing else, and none of them comes near a youth."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from grids.models import Assignment, Post, User
from grids.permissions import OFFICERS, ROLE_LEVEL, ROLE_PERMISSIONS, Permission, Role
from grids.refusals import words_of
from tests.cast import SignIn
from tests.factories import HUAQIANG, YINHU, assign, give_post, make_user, make_youth

AREAL = [role for role in Role if ROLE_LEVEL[role]]
NEVER = {
    Permission.SEE_YOUTHS, Permission.ENROL, Permission.KNOW_REASONS, Permission.SEARCH_PEOPLE, Permission.EXPORT,
    Permission.LEAD_CASES, Permission.ANSWER_REFERRALS, Permission.LOAD_FEEDS, Permission.APPROVE_FEEDS,
    Permission.APPROVE_GRANTS, Permission.SEE_BOARD,
}  # fmt: skip
DIVISION_OF = {"community": HUAQIANG, "street": "340207004", "district": "340207", "city": "3402", None: None}


def post(user: User, role: Role, **fields: date | User) -> Post:
    return Post.objects.create(user=user, role=role, division_id=DIVISION_OF[ROLE_LEVEL[role]], **fields)


@pytest.mark.parametrize("officer", OFFICERS)
def test_an_officer_has_no_right_over_the_register(officer: Role) -> None:
    assert not ROLE_PERMISSIONS[officer] & NEVER


@pytest.mark.parametrize("officer", OFFICERS)
def test_an_officer_opens_no_youth(officer: Role, sign_in: SignIn) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001")
    browser = sign_in(make_user("officer", posts=[(officer, None)]))
    for address in (
        "/youths/",
        f"/youths/{youth.pk}/",
        f"/youths/{youth.pk}/history/",
        "/residents/",
        "/alerts/",
    ):
        assert browser.get(address).status_code in (403, 404), address


@pytest.mark.parametrize("other", [role for role in Role if role != Role.AUDITOR])
def test_the_database_refuses_a_second_office_or_an_area_beside_one(other: Role, db: None) -> None:
    for first, second in ((Role.AUDITOR, other), (other, Role.AUDITOR)):
        user = make_user()
        post(user, first)
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            post(user, second)
        assert "互不兼任" in words_of(error.value)


def test_service_roles_go_together(db: None) -> None:
    user = make_user()
    for role in (Role.COMMUNITY, Role.GRID_WORKER, Role.AGENCY):
        post(user, role)
    assert user.posts.count() == 3


def test_one_office_after_another_duty_has_ended_is_allowed(db: None) -> None:
    user = make_user()
    post(user, Role.COMMUNITY, starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 1))
    post(user, Role.AUDITOR, starts_on=date(2026, 1, 1))
    post(user, Role.AUDITOR, starts_on=date(2027, 1, 1))  # the same office twice is one office
    assert user.posts.count() == 3


def test_the_database_refuses_a_grid_to_an_officer_and_an_office_to_whoever_has_one(auditor: User) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        assign(auditor, f"{YINHU}001", Assignment.Kind.DEPUTY)
    assert "不能负责网格" in words_of(error.value)
    worker = make_user(deputises=[f"{YINHU}001"])
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        give_post(worker, Role.SECURITY_ADMIN, None)
    assert "不能负责网格" in words_of(error.value)


def test_a_form_is_told_in_words(auditor: User) -> None:
    second = Post(user=auditor, role=Role.CITY, division_id="3402")
    with pytest.raises(ValidationError, match="互不兼任"):
        second.validate_constraints()


def test_the_database_lets_nobody_approve_a_duty_of_ones_own(city_cadre: User, wang_shanshan: User) -> None:
    with pytest.raises(IntegrityError, match="post_approved_by_another"), transaction.atomic():
        post(wang_shanshan, Role.COMMUNITY, approved_by=wang_shanshan)
    with pytest.raises(IntegrityError, match="assignment_approved_by_another"), transaction.atomic():
        assign(wang_shanshan, f"{YINHU}002", approved_by=wang_shanshan)
    assert assign(wang_shanshan, f"{YINHU}002", approved_by=city_cadre).approved_by == city_cadre
