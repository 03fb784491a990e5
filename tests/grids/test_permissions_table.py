"""The table of roles says what the service agreed with its people, role by role, in one place."""

import pytest
from django.http import HttpRequest, HttpResponse

from grids.models import Assignment, Post, User
from grids.permissions import ROLE_LEVEL, ROLE_PERMISSIONS, Permission, Role, requires
from tests.factories import HUAQIANG, YINHU, assign, fresh, give_post, make_user

P = Permission
OFFICERS = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}

# The agreed table, a line for each right: who holds it by role. "Named" persons come beside it.
AGREED = {
    P.SEE_YOUTHS: {Role.GRID_WORKER, Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.ENROL: {Role.GRID_WORKER, Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.KNOW_REASONS: {Role.DISTRICT, Role.CITY},
    P.SEARCH_PEOPLE: {
        Role.GRID_WORKER, Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY, Role.SERVICE_CENTRE,
    },
    P.EXPORT: {Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.RECEIVE_REQUESTS: {Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.ANSWER_REQUESTS: {Role.DISTRICT, Role.CITY},
    P.SEE_BOARD: {Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.PROPOSE_CASES: {Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY},
    P.LEAD_CASES: {Role.STREET, Role.DISTRICT, Role.CITY},
    P.ANSWER_REFERRALS: {Role.AGENCY},
    P.LOAD_FEEDS: {Role.DISTRICT, Role.CITY},
    P.APPROVE_FEEDS: {Role.CITY},
    P.APPROVE_GRANTS: {Role.DISTRICT, Role.CITY},
    P.SEAL: {Role.DISTRICT, Role.CITY},
    P.MANAGE_PLACES: {Role.DISTRICT, Role.CITY, Role.SYSTEM_ADMIN},
    P.MANAGE_STAFF: {Role.SECURITY_ADMIN},
    P.READ_AUDIT: {Role.AUDITOR},
}  # fmt: skip


@pytest.mark.parametrize("permission", Permission)
def test_each_right_is_held_by_the_agreed_roles(permission: Permission) -> None:
    assert {role for role, held in ROLE_PERMISSIONS.items() if permission in held} == AGREED[permission]


def test_every_role_has_its_rights_and_its_level() -> None:
    assert set(ROLE_PERMISSIONS) == set(ROLE_LEVEL) == set(Role.values)


def test_whoever_keeps_the_machine_or_the_accounts_sees_no_youth_and_no_resident() -> None:
    for role in OFFICERS:
        assert not ROLE_PERMISSIONS[role] & {P.SEE_YOUTHS, P.ENROL, P.SEARCH_PEOPLE, P.EXPORT, P.KNOW_REASONS}


def test_the_three_officers_share_nothing() -> None:
    held = [ROLE_PERMISSIONS[role] for role in OFFICERS]
    assert sum(map(len, held)) == len(frozenset().union(*held))


def test_whoever_approves_a_feed_is_above_whoever_loads_one() -> None:
    assert AGREED[P.APPROVE_FEEDS] < AGREED[P.LOAD_FEEDS]


def test_a_named_person_of_the_street_knows_reasons_and_the_others_do_not(wanli: User) -> None:
    assert not wanli.may(P.KNOW_REASONS)
    named = make_user()
    give_post(named, Role.STREET, "340207004", knows_reasons=True)
    assert named.prefixes(P.KNOW_REASONS) == ["340207004"]
    assert not named.may_in(P.KNOW_REASONS, "340207005")


def test_a_worker_reaches_as_far_as_the_assignments_and_no_further(wang_shanshan: User) -> None:
    """The post of a grid worker gives nothing by itself: sight ends on the day the responsibility ends."""
    assert wang_shanshan.prefixes(P.SEE_YOUTHS) == [f"{YINHU}001"]
    wang_shanshan.assignments.update(ends_on="2026-01-01")
    assert fresh(wang_shanshan).reach == {}
    assert Post.objects.filter(user=wang_shanshan).current().exists()


def test_deputies_and_league_leaders_work_like_the_lead(deputy: User, league_leader: User) -> None:
    for helper in (deputy, league_leader):
        assert helper.reach == {p: [f"{YINHU}001"] for p in ROLE_PERMISSIONS[Role.GRID_WORKER]}


def test_a_wider_area_takes_in_a_narrower_one(yang_ying: User) -> None:
    assert yang_ying.prefixes(P.SEE_YOUTHS) == [HUAQIANG]
    assign(yang_ying, f"{YINHU}001", Assignment.Kind.DEPUTY)
    assert fresh(yang_ying).prefixes(P.SEE_YOUTHS) == [f"{YINHU}001", HUAQIANG]
    assert fresh(yang_ying).prefixes(P.EXPORT) == [HUAQIANG]


def test_rights_of_two_posts_do_not_mix(db: None) -> None:
    """Export in one's community does not follow one into the grid next door."""
    both = make_user(posts=[(Role.COMMUNITY, HUAQIANG)], leads=[f"{YINHU}001"])
    assert both.may_in(P.SEE_YOUTHS, f"{YINHU}001")
    assert not both.may_in(P.EXPORT, f"{YINHU}001")


def test_a_post_that_is_over_or_yet_to_come_gives_nothing(db: None) -> None:
    user = make_user()
    give_post(user, Role.CITY, "3402", ends_on="2026-01-01")
    give_post(user, Role.DISTRICT, "340207", starts_on="2100-01-01")
    assert user.reach == {}


def test_a_switched_off_account_may_nothing(jiujiang: User) -> None:
    jiujiang.is_active = False
    assert jiujiang.reach == {}
    assert not jiujiang.is_staff


def test_djangos_own_permissions_open_nothing(sysadmin: User) -> None:
    assert not sysadmin.has_perm("registry.view_youth")
    assert not sysadmin.has_perm("grids.change_grid")


def test_a_view_says_what_it_wants() -> None:
    @requires(P.EXPORT, P.READ_AUDIT)
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert view.required_permissions == (P.EXPORT, P.READ_AUDIT)  # type: ignore[attr-defined]
