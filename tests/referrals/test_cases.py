"""Rules of cases 个案, told by 小海, who has lost his father and is in none of the five categories."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids.models import Alert, User
from grids.permissions import Role
from referrals import cases, referrals
from referrals.cases import NeedOutcome
from referrals.models import Case
from registry import handovers, youths
from registry.holding import Refused
from registry.models import Need, Youth
from tests.factories import HUAQIANG, PINGPU, YINHU, make_handover, make_user, make_youth
from tests.referrals.people import ACCIDENT, make_agency, make_case, make_member, make_referral

HERE = f"{YINHU}001"


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=HERE, age=9)


def all_cases() -> list[Case]:
    return list(Case.objects.everyone(because="test"))


def reached(case: Case, word: str = "办好了") -> dict[int, NeedOutcome]:
    return {need.pk: NeedOutcome("reached", word) for need in case.needs.all()}


def close(case: Case, by: User, **fields: object) -> Case:
    values = {
        "outcomes": reached(case), "conclusion": "赔偿到位，孩子在校。", "asked": "guardian", "view": "奶奶满意。",
        **fields,
    }  # fmt: skip
    return cases.close(case=case, by=by, **values)  # type: ignore[arg-type]


class TestOpening:
    def test_whoever_leads_cases_opens_one_and_owns_it(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        assert (case.state, case.owner) == ("open", jiujiang)
        assert case.title == "父亲车祸去世，赔偿没有人办；孩子跟奶奶住，晚上睡不着"
        assert [str(need) for need in case.needs.order_by("pk")] == ["法律援助", "心理疏导"]
        xiaohai.refresh_from_db()
        assert sorted(xiaohai.needs) == ["counselling", "law"]

    def test_the_same_submission_makes_one(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        again = make_case(xiaohai, jiujiang, submission_key=case.submission_key)
        assert again == case
        assert len(all_cases()) == 1

    def test_a_community_proposes_and_the_street_decides(self, yang_ying: User, wanli: User) -> None:
        case = make_case(make_youth("张小海", grid=f"{HUAQIANG}001"), yang_ying)
        assert (case.state, case.owner) == ("proposed", None)
        assert Alert.objects.of(wanli).get().kind == Alert.Kind.CASE_PROPOSED
        decided = cases.decide(case=case, accepted=True, by=wanli)
        assert (decided.state, decided.owner) == ("open", wanli)
        assert Alert.objects.of(yang_ying).get().kind == Alert.Kind.CASE_DECIDED
        assert not Alert.objects.of(wanli).open().exists()

    def test_what_is_not_opened_ends_with_a_reason(self, yang_ying: User, wanli: User) -> None:
        case = make_case(make_youth("张小海", grid=f"{HUAQIANG}001"), yang_ying)
        with pytest.raises(Refused, match="理由"):
            cases.decide(case=case, accepted=False, by=wanli)
        assert cases.decide(case=case, accepted=False, reason="村里已办妥", by=wanli).state == "declined"

    def test_a_grid_worker_reports_instead(self, xiaohai: Youth, wang_shanshan: User) -> None:
        with pytest.raises(Refused, match="上报"):
            make_case(xiaohai, wang_shanshan)

    def test_nobody_opens_one_beyond_the_own_area(self, xiaohai: Youth, fanchang: User) -> None:
        with pytest.raises(Refused):
            make_case(xiaohai, fanchang)

    @pytest.mark.parametrize("word", ["父亲服刑", "强制戒毒", "留守儿童", "有不良行为"])
    def test_a_title_names_no_category(self, xiaohai: Youth, jiujiang: User, word: str) -> None:
        with pytest.raises(Refused, match="类别"):
            make_case(xiaohai, jiujiang, title=word)
        assert make_case(xiaohai, jiujiang, because=f"{word}，没人管。").title == "联合帮扶"


class TestClosing:
    def test_every_need_wants_an_outcome_in_words(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        one = case.needs.order_by("pk")[0]
        with pytest.raises(Refused, match="心理疏导"):
            close(case, jiujiang, outcomes={one.pk: NeedOutcome("reached", "办好了")})

    def test_what_is_solved_is_closed_in_the_file_and_the_rest_stays_open(
        self, xiaohai: Youth, jiujiang: User
    ) -> None:
        case = make_case(xiaohai, jiujiang)
        law, talk = case.needs.order_by("pk")
        outcomes = {law.pk: NeedOutcome("reached", "赔偿到位"), talk.pk: NeedOutcome("eased", "好一些")}
        closed = close(case, jiujiang, outcomes=outcomes)
        assert (closed.state, closed.asked) == ("closed", "guardian")
        xiaohai.refresh_from_db()
        assert xiaohai.needs == ["counselling"]
        assert Need.objects.everyone(because="test").get(kind="law").outcome == "赔偿到位"

    def test_not_before_every_referral_is_reported_back(self, xiaohai: Youth, jiujiang: User) -> None:
        agency = make_agency()
        lawyer = make_member(agency, "lawyer", "李律师")
        referral = make_referral(make_case(xiaohai, jiujiang), agency, jiujiang)
        with pytest.raises(Refused, match="转介"):
            close(referral.case, jiujiang)
        referrals.accept(referral=referral, by=lawyer)
        referrals.report_back(referral=referral, outcome="reached", result="已立案", by=lawyer)
        assert close(referral.case, jiujiang).state == "closed"

    def test_a_case_that_is_for_nothing_cannot_be_closed(self, xiaohai: Youth, jiujiang: User) -> None:
        with pytest.raises(Refused, match="需求"):
            close(make_case(xiaohai, jiujiang, needs=()), jiujiang, outcomes={})

    def test_reopened_it_asks_again_for_what_was_not_solved(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        law, talk = case.needs.order_by("pk")
        outcomes = {law.pk: NeedOutcome("reached", "赔偿到位"), talk.pk: NeedOutcome("not_reached", "没有去")}
        close(case, jiujiang, outcomes=outcomes)
        again = cases.reopen(case=case, reason="又睡不着了", by=jiujiang)
        assert again.state == "reopened"
        assert [need.outcome for need in again.needs.order_by("pk")] == ["reached", ""]
        with pytest.raises(Refused, match="心理疏导"):
            close(again, jiujiang, outcomes={})
        done = close(again, jiujiang, outcomes={talk.pk: NeedOutcome("reached", "去了六次")})
        closings = [step.text or "" for step in done.steps.filter(kind="closed")]
        assert "没有去" in closings[0]
        assert "去了六次" in closings[1]

    def test_a_file_is_not_closed_over_an_open_case(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        with pytest.raises(Refused, match="1 件个案"):
            youths.close_file(youth=xiaohai, reason="已满 26 周岁", by=jiujiang)
        close(case, jiujiang)
        assert youths.close_file(youth=xiaohai, reason="已满 26 周岁", by=jiujiang).state == "closed"


class TestTheDatabase:
    """No case, and no need of one, ends without an outcome: by SQL, by a direct save, or by deleting."""

    def test_not_by_a_direct_save(self, xiaohai: Youth, jiujiang: User) -> None:
        case = make_case(xiaohai, jiujiang)
        case.state = "closed"
        with (
            pytest.raises(IntegrityError, match="每一项需求"),
            transaction.atomic(),
        ):
            case.save()

    @pytest.mark.parametrize(
        "change",
        [
            "state = 'closed'",
            "state = 'closed', ended_at = now(), ended_by_id = owner_id",
            "state = 'closed', ended_at = now(), ended_by_id = owner_id, conclusion = title",
            "state = 'declined', ended_at = now(), ended_by_id = owner_id",
            "owner_id = NULL",
            "opened_on = opened_on - 1",
        ],
    )
    def test_not_by_sql(self, xiaohai: Youth, jiujiang: User, change: str) -> None:
        make_case(xiaohai, jiujiang)
        refused(f"UPDATE referrals_case SET {change}")  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE referrals_caseneed SET outcome = 'reached', note = (SELECT title FROM referrals_case LIMIT 1),"
                " decided_at = now(), decided_by_id = (SELECT owner_id FROM referrals_case LIMIT 1)"
            )
        refused(f"UPDATE referrals_case SET {change}")  # noqa: S608

    @pytest.mark.parametrize("table", ["case", "caseneed", "casestep", "casenote"])
    def test_nothing_is_deleted(self, xiaohai: Youth, jiujiang: User, table: str) -> None:
        case = make_case(xiaohai, jiujiang)
        cases.add_note(case=case, level="team", text="已联系学校", by=jiujiang)
        refused(f"DELETE FROM referrals_{table}")  # noqa: S608

    @pytest.mark.parametrize("table", ["casestep", "casenote"])
    def test_what_happened_is_never_altered(self, xiaohai: Youth, jiujiang: User, table: str) -> None:
        case = make_case(xiaohai, jiujiang)
        cases.add_note(case=case, level="team", text="已联系学校", by=jiujiang)
        refused(f"UPDATE referrals_{table} SET at = now() - interval '1 day'")  # noqa: S608

    def test_an_outcome_of_a_closed_case_stays(self, xiaohai: Youth, jiujiang: User) -> None:
        close(make_case(xiaohai, jiujiang), jiujiang)
        refused("UPDATE referrals_caseneed SET outcome = 'eased'")
        refused("UPDATE referrals_case SET asked = 'youth'")


def refused(sql: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


class TestHandover:
    def test_the_case_follows_the_youth_into_another_district(
        self, xiaohai: Youth, jiujiang: User, fanchang: User, fanchang_worker: User
    ) -> None:
        agency = make_agency()
        referral = make_referral(make_case(xiaohai, jiujiang), agency, jiujiang)
        handovers.accept(make_handover(xiaohai, f"{PINGPU}001"), by=fanchang_worker)
        case = Case.objects.visible_to(fanchang).get()
        assert (case.owner, case.state) == (fanchang, "open")
        assert case.referrals.get() == referral
        assert not Case.objects.visible_to(jiujiang).exists()
        came = Alert.objects.of(fanchang).get(kind=Alert.Kind.CASE_CARRIED)
        assert came.text == "张*海的个案随档案转来，带着 1 项没办完的转介，现在由您牵头"
        left = Alert.objects.of(jiujiang).get(kind=Alert.Kind.CASE_CARRIED)
        assert left.text == "张*海的个案已随档案转走，带着 1 项没办完的转介，现在由许静牵头"

    def test_within_the_district_its_owner_stays(
        self, xiaohai: Youth, jiujiang: User, yang_ying: User
    ) -> None:
        case = make_case(xiaohai, jiujiang)
        handovers.accept(make_handover(xiaohai, f"{HUAQIANG}001"), by=yang_ying)
        case.refresh_from_db()
        assert case.owner == jiujiang

    def test_a_street_s_case_goes_to_the_new_street_where_it_has_a_lead(
        self, xiaohai: Youth, wanli: User, fanchang: User, fanchang_worker: User
    ) -> None:
        pingpu = make_user("pingpu", "吴镇", posts=[(Role.STREET, PINGPU[:9])], is_lead=True)
        case = make_case(xiaohai, wanli)
        handovers.accept(make_handover(xiaohai, f"{PINGPU}001"), by=fanchang_worker)
        case = Case.objects.visible_to(fanchang).get(pk=case.pk)
        assert case.owner == pingpu


def test_a_note_for_the_own_unit_is_no_telling_word_s_business(xiaohai: Youth, jiujiang: User) -> None:
    case = make_case(xiaohai, jiujiang, because=ACCIDENT)
    with pytest.raises(Refused, match="服刑"):
        cases.add_note(case=case, level="team", text="父亲服刑", by=jiujiang)
    assert cases.add_note(case=case, level="own", text="父亲服刑", by=jiujiang).division_id == "340207"


def test_the_next_step_is_planned_within_half_a_year(xiaohai: Youth, jiujiang: User) -> None:
    case = make_case(xiaohai, jiujiang)
    assert case.due_on == timezone.localdate() + timedelta(days=30)
    with pytest.raises(Refused, match="180"):
        cases.plan(case=case, goals="", due_on=timezone.localdate() + timedelta(days=200), by=jiujiang)
