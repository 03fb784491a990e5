"""Pages of help: what they cost, and that every figure is as long as the list behind it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from grids.models import User
from referrals import cases, referrals
from referrals.cases import NeedOutcome
from referrals.models import Agency, AgencyMember, Case
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_user, make_youth
from tests.referrals.people import make_agency, make_case, make_member, make_referral

HERE = f"{YINHU}001"


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=HERE, age=9)


@pytest.mark.parametrize("number", [1, 6])
def test_a_case_costs_the_same_whatever_it_holds(
    number: int,
    xiaohai: Youth,
    jiujiang: User,
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    case = make_case(xiaohai, jiujiang)
    for each in range(number):
        make_referral(case, make_agency(f"第{each}律师事务所"), jiujiang)
        cases.add_note(case=case, level="team", text="已联系", by=jiujiang)
    client = sign_in(jiujiang)
    client.get(f"/cases/{case.pk}/")
    # frame 4, badge; the transaction 2; case, reading; referrals, needs, posts of the owner 2; timeline 4
    with django_assert_num_queries(17):
        client.get(f"/cases/{case.pk}/")


@pytest.mark.parametrize("number", [1, 6])
def test_the_inbox_costs_the_same_for_one_and_for_many(
    number: int,
    wang_shanshan: User,
    jiujiang: User,
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    aid = make_agency()
    lawyer = make_member(aid, "lawyer", "李律师")
    for _ in range(number):
        make_referral(make_case(make_youth(grid=HERE), jiujiang), aid, jiujiang)
    client = sign_in(lawyer)
    client.get("/")
    # frame 4, badge; the transaction 2; counts, page, reading, agency
    with django_assert_num_queries(11):
        client.get("/")


@pytest.mark.parametrize("who", ["city_cadre", "jiujiang", "wanli", "yang_ying", "wang_shanshan", "fanchang"])
def test_every_figure_is_as_long_as_the_list_behind_it(
    who: str, jiujiang: User, wanli: User, fanchang: User, wang_shanshan: User, yang_ying: User,
    request: pytest.FixtureRequest, sign_in: SignIn,
) -> None:  # fmt: skip
    reader = request.getfixturevalue(who)
    today = timezone.localdate()
    for place, leads in ((HERE, jiujiang), (f"{HUAQIANG}001", wanli), (f"{PINGPU}001", fanchang)):
        for due in (0, 5):
            make_case(make_youth(grid=place), leads, due_on=today + timedelta(days=due))
    make_case(make_youth(grid=f"{HUAQIANG}002"), yang_ying)
    closed = make_case(make_youth(grid=HERE), jiujiang)
    outcomes = {need.pk: NeedOutcome("reached", "好了") for need in closed.needs.all()}
    cases.close(case=closed, outcomes=outcomes, conclusion="好了", asked="youth", view="好", by=jiujiang)
    client = sign_in(reader)
    listed = client.get("/cases/").context["listed"]
    for key, _, number in listed.states:
        page = client.get(f"/cases/?state={key}").context["page"]
        assert len(page.rows) == number, key
        assert all(reader.may_in("see_youths", case.youth.grid_id) for case in page.rows)


def test_the_caseload_of_an_agency_opens_into_names(xiaohai: Youth, jiujiang: User, sign_in: SignIn) -> None:
    aid = make_agency()
    make_referral(make_case(xiaohai, jiujiang), aid, jiujiang)
    make_case(make_youth("李小山", grid=HERE), jiujiang)
    client = sign_in(jiujiang)
    assert client.get(f"/agencies/{aid.pk}/").context["load"] == {"running": 1, "ended": 0}
    page = client.get(f"/cases/?agency={aid.pk}&state=running").content.decode()
    assert "张*海" in page
    assert "李*山" not in page


class TestAgencies:
    def test_a_district_registers_one_of_its_area_and_lets_somebody_in(
        self, jiujiang: User, sign_in: SignIn
    ) -> None:
        client = sign_in(jiujiang)
        given = {"name": "鸠江区民政局", "kind": "civil_affairs", "area": "340207", "helps": ["allowance"]}
        answer = client.post("/agencies/new/", given)
        agency = Agency.objects.get()
        assert answer.headers["Location"] == f"/agencies/{agency.pk}/"
        officer = make_user("officer", "赵科长", posts=[("agency", None)])
        client.post(f"/agencies/{agency.pk}/members/", {"user": officer.pk})
        member = AgencyMember.objects.get()
        assert (member.user, member.approved_by) == (officer, jiujiang)
        client.post(f"/agencies/{agency.pk}/members/end/", {"member": member.pk})
        assert not AgencyMember.objects.current().exists()

    def test_not_of_another_area(self, jiujiang: User, sign_in: SignIn) -> None:
        given = {"name": "繁昌区民政局", "kind": "civil_affairs", "area": "340212", "helps": ["allowance"]}
        assert sign_in(jiujiang).post("/agencies/new/", given).status_code == 422
        assert not Agency.objects.exists()

    def test_one_that_still_works_on_something_is_not_ended(
        self, xiaohai: Youth, jiujiang: User, city_cadre: User, sign_in: SignIn
    ) -> None:
        aid = make_agency()
        lawyer = make_member(aid, "lawyer", "李律师")
        referral = make_referral(make_case(xiaohai, jiujiang), aid, jiujiang)
        client = sign_in(city_cadre)
        assert "还有转介没有反馈" in client.post(f"/agencies/{aid.pk}/end/", follow=True).content.decode()
        referrals.decline(referral=referral, reason="人手不够", by=lawyer)
        client.post(f"/agencies/{aid.pk}/end/")
        aid.refresh_from_db()
        assert aid.closed_on == timezone.localdate()
        assert not AgencyMember.objects.current().exists()


def test_a_double_tap_on_every_form_makes_one(xiaohai: Youth, jiujiang: User, sign_in: SignIn) -> None:
    client = sign_in(jiujiang)
    page = client.get(f"/youths/{xiaohai.pk}/case/")
    key = page.context["form"].initial["submission_key"]
    given = {
        "submission_key": key, "title": "车祸赔偿", "because": "没人办", "needs": ["law"],
        "due_on": timezone.localdate().isoformat(),
    }  # fmt: skip
    for _ in range(2):
        assert client.post(f"/youths/{xiaohai.pk}/case/", given).status_code == 302
    assert Case.objects.visible_to(jiujiang).count() == 1
