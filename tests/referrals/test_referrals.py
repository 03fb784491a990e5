"""Rules of referrals 转介: least data, a basis, answered in time, reported back with an outcome."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids.models import Alert, User
from referrals import referrals
from referrals.models import Agency, AgencyMember, Case, Referral
from registry import consents
from registry.holding import Refused
from registry.models import Disclosure, Youth
from tests.factories import YINHU, fresh, make_guardianship, make_youth
from tests.referrals.people import make_agency, make_case, make_member, make_referral


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=f"{YINHU}001", age=9)


@pytest.fixture
def case(xiaohai: Youth, jiujiang: User) -> Case:
    return make_case(xiaohai, jiujiang)


@pytest.fixture
def aid(db: None) -> Agency:
    return make_agency()


@pytest.fixture
def lawyer(aid: Agency) -> User:
    return make_member(aid, "lawyer", "李志远")


@pytest.fixture
def referral(case: Case, aid: Agency, jiujiang: User, lawyer: User) -> Referral:
    return make_referral(case, aid, jiujiang)


class TestSending:
    def test_exactly_the_fields_given_are_disclosed(
        self, referral: Referral, xiaohai: Youth, jiujiang: User
    ) -> None:
        disclosure = Disclosure.objects.visible_to(jiujiang).get()
        assert disclosure.pk == referral.disclosure_id
        assert disclosure.fields == ["name", "age_sex", "phone"] == list(json.loads(referral.given))
        assert (disclosure.receiver, disclosure.agreement_number) == (
            "芜湖市法律援助中心",
            "芜青协〔2026〕3号",
        )
        assert (disclosure.until, disclosure.basis) == (referral.due_on, "consent")
        assert json.loads(referral.given)["name"] == "张小海"

    def test_without_consent_or_duty_nothing_is_sent(self, case: Case, aid: Agency, jiujiang: User) -> None:
        with pytest.raises(Refused, match="同意"):
            referrals.send(
                case=case, agency=aid, help_kind="legal_aid", asked="请办理赔偿", fields=["name"],
                due_on=timezone.localdate(), by=jiujiang,
            )  # fmt: skip
        assert not Disclosure.objects.visible_to(jiujiang).exists()

    def test_a_withdrawn_consent_carries_nothing_new(self, referral: Referral, jiujiang: User) -> None:
        other = make_agency("弋江区律师事务所")
        assert referral.consent is not None
        consents.withdraw(consent=referral.consent, by=jiujiang)
        with pytest.raises(Refused, match="有效同意"):
            referrals.send(
                case=referral.case, agency=other, help_kind="legal_aid", asked="请办理赔偿", fields=["name"],
                due_on=timezone.localdate(), by=jiujiang,
            )  # fmt: skip

    def test_what_rests_on_a_withdrawn_consent_ends_with_it(
        self, referral: Referral, lawyer: User, jiujiang: User
    ) -> None:
        assert referral.consent is not None
        consents.withdraw(consent=referral.consent, by=jiujiang)
        referral.refresh_from_db()
        assert (referral.state, referral.reason) == ("withdrawn", "当事人撤回了同意")
        assert "撤回" in Alert.objects.of(lawyer).open().get().text
        assert "同意已撤回" in Alert.objects.of(jiujiang).get().text

    def test_a_duty_names_its_clause(self, case: Case, aid: Agency, jiujiang: User) -> None:
        duty = {"duty": "other", "clause": ""}
        with pytest.raises(Refused, match="条款"):
            make_referral(case, aid, jiujiang, **duty)
        made = make_referral(case, aid, jiujiang, duty="other", clause="未成年人保护法第一百零四条")
        assert (made.basis, made.consent) == ("duty", None)

    def test_to_a_company_only_by_consent(self, case: Case, jiujiang: User) -> None:
        company = make_agency("芜湖某电子公司", kind="company", helps=["job"])
        with pytest.raises(Refused, match="同意"):
            make_referral(case, company, jiujiang, duty="other", clause="某条")

    def test_the_category_is_no_field(self, case: Case, aid: Agency, jiujiang: User) -> None:
        made = make_referral(case, aid, jiujiang, fields=["name", "category", "visits"])
        assert made.fields == ["name"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"agreement_ends_on": "2020-01-01"}, "协议已到期"),
            ({"closed_on": "2020-01-01"}, "另选单位"),
            ({"area_id": "340212"}, "另选单位"),
            ({"helps": ["job"]}, "另选单位"),
        ],
    )
    def test_who_cannot_help_here_is_not_asked(
        self, case: Case, aid: Agency, jiujiang: User, change: dict[str, object], words: str
    ) -> None:
        Agency.objects.filter(pk=aid.pk).update(**change)
        aid.refresh_from_db()
        with pytest.raises(Refused, match=words):
            make_referral(case, aid, jiujiang, help_kind="legal_aid")

    def test_where_a_guardian_is_goes_to_nobody(
        self, case: Case, aid: Agency, jiujiang: User, xiaohai: Youth
    ) -> None:
        make_guardianship(xiaohai.resident, relation="51", status="in_prison")
        granny = make_guardianship(xiaohai.resident, relation="62", status="at_home")
        made = make_referral(case, aid, jiujiang, fields=["family"])
        assert json.loads(made.given) == {"family": f"祖母 {granny.guardian_name}"}

    @pytest.mark.parametrize("word", ["父亲服刑", "留守儿童"])
    def test_what_is_asked_names_no_category(
        self, case: Case, aid: Agency, jiujiang: User, word: str
    ) -> None:
        with pytest.raises(Refused, match="类别"):
            make_referral(case, aid, jiujiang, asked=f"{word}，请帮忙")


class TestAnswering:
    def test_step_by_step_to_an_outcome(self, referral: Referral, lawyer: User, jiujiang: User) -> None:
        assert Alert.objects.of(lawyer).get().kind == Alert.Kind.REFERRAL_SENT
        referrals.accept(referral=referral, by=lawyer)
        referrals.begin(referral=referral, by=lawyer)
        done = referrals.report_back(
            referral=referral, outcome="reached", result="赔偿 12 万元到账", by=lawyer
        )
        assert [step.kind for step in done.steps.all()] == ["sent", "accepted", "in_progress", "reported"]
        assert [alert.kind for alert in Alert.objects.of(jiujiang).order_by("created_at")] == [
            "referral_answered", "referral_reported",
        ]  # fmt: skip
        assert not Alert.objects.of(lawyer).open().filter(wants_act=True).exists()

    def test_what_is_not_accepted_cannot_be_reported_back(self, referral: Referral, lawyer: User) -> None:
        with pytest.raises(Refused, match="待接收"):
            referrals.report_back(referral=referral, outcome="reached", result="好", by=lawyer)

    def test_declining_wants_a_reason_and_tells_the_owner(
        self, referral: Referral, lawyer: User, jiujiang: User
    ) -> None:
        referrals.decline(referral=referral, reason="已由外地法院受理", by=lawyer)
        assert "不接收" in Alert.objects.of(jiujiang).get().text
        with pytest.raises(Refused, match="不接收"):
            referrals.accept(referral=referral, by=lawyer)

    def test_another_agency_s_people_cannot(self, referral: Referral) -> None:
        stranger = make_member(
            make_agency("师范附小", kind="school", helps=["schooling"]), "teacher", "陈老师"
        )
        with pytest.raises(Referral.DoesNotExist):
            referrals.accept(referral=referral, by=stranger)

    def test_nor_can_who_left_the_agency(self, referral: Referral, lawyer: User) -> None:
        lawyer.memberships.update(ends_on=timezone.localdate())
        with pytest.raises(Referral.DoesNotExist):
            referrals.accept(referral=referral, by=fresh(lawyer))

    def test_nor_the_cadre_in_their_place(self, referral: Referral, jiujiang: User) -> None:
        with pytest.raises(Referral.DoesNotExist):
            referrals.accept(referral=referral, by=jiujiang)

    def test_the_agency_is_not_told_of_whom(self, referral: Referral, lawyer: User) -> None:
        text = Alert.objects.of(lawyer).get().text
        assert "海" not in text
        assert text.startswith("鸠江区团委请贵单位办理：法律援助")


class TestClimbing:
    def test_unanswered_it_climbs_to_owner_district_and_city(
        self, referral: Referral, lawyer: User, jiujiang: User, city_cadre: User
    ) -> None:
        now = timezone.now()
        assert referrals.climb_due(now) == 0
        for hours, level in ((73, "owner"), (98, "district"), (123, "city")):
            assert referrals.climb_due(now + timedelta(hours=hours)) == 1
            referral.refresh_from_db()
            assert referral.level == level
        assert referrals.climb_due(now + timedelta(hours=500)) == 0
        assert Alert.objects.of(city_cadre).get().kind == Alert.Kind.REFERRAL_LATE
        assert Alert.objects.of(jiujiang).filter(kind="referral_late").count() == 2
        assert Alert.objects.of(lawyer).count() == 2

    def test_answered_it_rests_until_the_outcome_is_due(
        self, referral: Referral, lawyer: User, jiujiang: User
    ) -> None:
        referrals.climb_due(timezone.now() + timedelta(hours=73))
        referrals.accept(referral=referral, by=lawyer)
        assert not Alert.objects.of(jiujiang).open().filter(kind="referral_late").exists()
        assert referrals.climb_due(timezone.now() + timedelta(days=20)) == 0
        assert referrals.climb_due(timezone.now() + timedelta(days=22)) == 1

    def test_the_sweep_told_twice_tells_once(self, referral: Referral, jiujiang: User) -> None:
        late = timezone.now() + timedelta(hours=73)
        referrals.climb_due(late)
        assert referrals.climb_due(late) == 0
        assert Alert.objects.of(jiujiang).filter(kind="referral_late").count() == 1


class TestTheDatabase:
    @pytest.mark.parametrize(
        "change",
        [
            "state = 'reported'",
            "state = 'reported', ended_at = now(), ended_by_id = sent_by_id, climbs_at = NULL",
            "state = 'reported', ended_at = now(), ended_by_id = sent_by_id, climbs_at = NULL, outcome = 'reached'",
            "state = 'declined', ended_at = now(), ended_by_id = sent_by_id, climbs_at = NULL",
            "state = 'withdrawn', ended_at = now(), ended_by_id = sent_by_id, climbs_at = NULL",
            "state = 'in_progress'",
            "fields = '{name,category}'",
            "given = asked",
            "agency_id = gen_random_uuid()",
        ],
    )
    def test_no_referral_ends_without_an_outcome_or_a_reason(self, referral: Referral, change: str) -> None:
        refused(f"UPDATE referrals_referral SET {change}")  # noqa: S608

    def test_not_by_a_direct_save_either(self, referral: Referral, lawyer: User) -> None:
        referral = referrals.accept(referral=referral, by=lawyer)
        referral.state, referral.ended_at, referral.ended_by = "reported", timezone.now(), lawyer
        referral.climbs_at = None
        with pytest.raises(IntegrityError, match="referral_reported_with_an_outcome"), transaction.atomic():
            referral.save(update_fields=["state", "ended_at", "ended_by", "climbs_at"])
        with pytest.raises(IntegrityError), transaction.atomic():
            referral.save()

    def test_what_was_reported_is_never_altered(self, referral: Referral, lawyer: User) -> None:
        referrals.accept(referral=referral, by=lawyer)
        referrals.report_back(referral=referral, outcome="eased", result="调解中", by=lawyer)
        refused("UPDATE referrals_referral SET outcome = 'reached'")

    @pytest.mark.parametrize(
        "table", ["referral", "referralstep", "agency", "agencymember", "historicalagency"]
    )
    def test_nothing_is_deleted(self, referral: Referral, table: str) -> None:
        refused(f"DELETE FROM referrals_{table}")  # noqa: S608

    def test_only_who_has_a_post_for_it_is_an_agency_s(
        self, aid: Agency, jiujiang: User, city_cadre: User
    ) -> None:
        with pytest.raises(IntegrityError, match="没有“协作单位人员”的任职"), transaction.atomic():
            AgencyMember.objects.create(agency=aid, user=jiujiang, approved_by=city_cadre)


def refused(sql: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
