"""Rules of pairings 结对帮扶, told by 张小海, whose neighbour 李明 of the procuratorate calls him every month."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids.models import Alert, User
from referrals import pairings
from referrals.models import Pairing, PairingContact
from referrals.pairings import Mentor
from registry import consents, handovers, seals
from registry.holding import FileClosed, Refused
from registry.models import Disclosure, Youth
from tests.factories import PINGPU, YINHU, closed, make_consent, make_handover, make_youth
from tests.referrals.people import make_agency
from tests.registry.test_seals import WORDS, ask, dump, seal

HERE = f"{YINHU}001"
LI_MING = Mentor(kind="person", name="李明", phone="13955300001", unit="市检察院")
PLAN = "每月通一次电话，开学前买书包。"


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=HERE, age=9)


def today(days: int = 0) -> date:
    return timezone.localdate() + timedelta(days=days)


def paired(youth: Youth, by: User, **fields: Any) -> Pairing:
    """Since five days, on a consent (given ten days ago, where there is none)."""
    if not youth.consents.standing().filter(purpose="pairing").exists():
        make_consent(youth, "pairing")
    values = {"mentor": LI_MING, "plan": PLAN, "starts_on": today(-5), "submission_key": uuid4(), **fields}
    return pairings.pair(youth=youth, by=by, **values)


def called(pairing: Pairing, by: User, on: date | None = None, **fields: Any) -> PairingContact:
    values = {"how": "phone", "text": "聊了学校的事，心情不错。", "submission_key": uuid4(), **fields}
    return pairings.record_contact(pairing=pairing, on=on or today(), by=by, **values)


def end(pairing: Pairing, by: User, **fields: Any) -> Pairing:
    values = {"because": "done", "outcome": "reached", "result": "孩子爱上学了。", **fields}
    return pairings.end(pairing=pairing, by=by, **values)


def withdraw(pairing: Pairing, by: User) -> None:
    consents.withdraw(consent=pairing.consent, by=by)
    pairing.consent.refresh_from_db()


def everything(model: Any = Pairing) -> list[Any]:
    return list(model.objects.everyone(because="test").order_by("pk"))


def refused(sql: str, match: str | None = None) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


class TestStarting:
    def test_not_without_the_consent_to_it(self, xiaohai: Youth, jiujiang: User) -> None:
        make_consent(xiaohai, "sharing")
        with pytest.raises(Refused, match="监护人同意"):
            pairings.pair(youth=xiaohai, mentor=LI_MING, plan=PLAN, by=jiujiang)
        assert everything() == []

    def test_a_youth_without_a_category_is_paired_on_the_guardians_consent(
        self, xiaohai: Youth, jiujiang: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        assert pairing.consent.giver == "guardian"
        assert (pairing.mentor_words, pairing.phone) == ("市检察院 李明", "13955300001")
        assert pairing.next_due_on == today(25)
        assert pairing.is_running

    def test_from_fourteen_on_the_own_consent(self, jiujiang: User, wang_shanshan: User) -> None:
        pairing = paired(make_youth("陈小雨", grid=HERE, age=15), jiujiang)
        assert pairing.consent.giver == "self"

    def test_not_before_anybody_agreed_nor_in_the_future(self, xiaohai: Youth, jiujiang: User) -> None:
        for day, words in ((today(-11), "才同意"), (today(1), "晚于今天")):
            with pytest.raises(Refused, match=words):
                paired(xiaohai, jiujiang, starts_on=day)

    def test_the_same_submission_makes_one(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        assert paired(xiaohai, jiujiang, submission_key=pairing.submission_key) == pairing
        assert len(everything()) == 1
        other = make_youth("李小山", grid=HERE, age=9)
        with pytest.raises(Refused, match="页面已过期"):
            paired(other, jiujiang, submission_key=pairing.submission_key)

    def test_only_whoever_leads_cases_there_pairs(
        self, xiaohai: Youth, wang_shanshan: User, fanchang: User, yang_ying: User
    ) -> None:
        for user in (wang_shanshan, fanchang, yang_ying):
            with pytest.raises(Youth.DoesNotExist):
                paired(xiaohai, user)

    @pytest.mark.parametrize("word", ["父亲服刑", "留守儿童", "有不良行为"])
    def test_the_plan_names_no_category(self, xiaohai: Youth, jiujiang: User, word: str) -> None:
        with pytest.raises(Refused, match="类别"):
            paired(xiaohai, jiujiang, plan=f"{word}，每月看望。")

    def test_a_unit_is_named_and_an_agency_serves_there(self, xiaohai: Youth, jiujiang: User) -> None:
        with pytest.raises(Refused, match="单位"):
            paired(xiaohai, jiujiang, mentor=Mentor(kind="unit", name="李明", phone="1"))
        elsewhere = make_agency("繁昌义工队", kind="volunteers", area_id="340212", helps=["company"])
        mentor = Mentor(kind="unit", name="李明", phone="1", unit=elsewhere.name, agency=elsewhere)
        with pytest.raises(Refused, match="不在这里"):
            paired(xiaohai, jiujiang, mentor=mentor)

    def test_what_the_mentor_is_told_is_a_disclosure_on_the_same_consent(
        self, xiaohai: Youth, jiujiang: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang, told=["name", "phone", "category", "health"])
        disclosure = Disclosure.objects.visible_to(jiujiang).get()
        assert disclosure.pk == pairing.disclosure_id
        assert (disclosure.receiver, disclosure.receiver_kind) == ("市检察院 李明", "person")
        assert disclosure.fields == ["name", "phone"]
        assert disclosure.persons.get().consent == pairing.consent

    def test_nothing_told_is_no_disclosure(self, xiaohai: Youth, jiujiang: User) -> None:
        assert paired(xiaohai, jiujiang).disclosure_id is None
        assert everything(Disclosure) == []


class TestContacts:
    def test_a_call_by_phone_counts_and_the_next_is_due_in_a_month(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        called(pairing, wang_shanshan, today(-2))
        pairing.refresh_from_db()
        assert pairing.next_due_on == today(28)

    def test_one_that_is_entered_late_leaves_the_plan(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        called(pairing, wang_shanshan)
        called(pairing, wang_shanshan, today(-4))
        pairing.refresh_from_db()
        assert pairing.next_due_on == today(30)

    def test_the_same_submission_is_one(self, xiaohai: Youth, jiujiang: User, wang_shanshan: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        contact = called(pairing, wang_shanshan)
        assert called(pairing, wang_shanshan, submission_key=contact.submission_key) == contact
        assert pairing.contacts.count() == 1

    def test_only_of_days_on_which_it_ran(self, xiaohai: Youth, jiujiang: User, wang_shanshan: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        for day in (today(-6), today(1)):
            with pytest.raises(Refused):
                called(pairing, wang_shanshan, day)

    def test_nobody_beyond_the_area_logs_one(
        self, xiaohai: Youth, jiujiang: User, fanchang_worker: User
    ) -> None:
        with pytest.raises(Youth.DoesNotExist):
            called(paired(xiaohai, jiujiang), fanchang_worker)

    def test_a_new_plan_moves_the_due_day_and_stays_in_the_course(
        self, xiaohai: Youth, jiujiang: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        changed = pairings.change_plan(
            pairing=pairing, plan="补习数学。", every_days=7, phone=pairing.phone, by=jiujiang
        )
        assert changed.next_due_on == today(2)
        pairings.change_plan(
            pairing=pairing, plan="补习数学。", every_days=7, phone=pairing.phone, by=jiujiang
        )
        assert [step.kind for step in changed.steps.all()] == ["started", "planned"]


class TestConsent:
    def test_a_withdrawal_stops_contacts_at_once_and_tells_worker_and_cadre(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        withdraw(pairing, wang_shanshan)
        for user in (jiujiang, wang_shanshan):
            alert = Alert.objects.of(user).get(kind=Alert.Kind.PAIRING_STOPPED)
            assert alert.text == "张*海的结对帮扶同意已撤回或到期，请马上告诉结对人不要再联系"
        assert not pairing.is_running
        with pytest.raises(Refused, match="不能联系"):
            called(pairing, wang_shanshan)
        # What was before the withdrawal is still written down.
        called(pairing, wang_shanshan, today(-1))
        with pytest.raises(Refused, match="撤回"):
            pairings.change_plan(pairing=pairing, plan="x", every_days=7, phone="1", by=jiujiang)

    def test_another_purposes_withdrawal_changes_nothing(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        consents.withdraw(consent=make_consent(xiaohai, "photo"), by=jiujiang)
        assert not Alert.objects.exists()
        assert called(pairing, jiujiang)

    def test_it_goes_on_when_there_is_a_new_consent_and_a_cadre_says_so(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        withdraw(pairing, wang_shanshan)
        with pytest.raises(Refused, match="没有"):
            pairings.rest_on_new_consent(pairing=pairing, by=jiujiang)
        new = make_consent(xiaohai, "pairing", agreed_on=today())
        assert not Pairing.objects.visible_to(jiujiang).running().exists()
        assert pairings.rest_on_new_consent(pairing=pairing, by=jiujiang).consent == new
        assert called(pairing, wang_shanshan)
        assert not Alert.objects.of(jiujiang).open().exists()

    def test_one_that_runs_out_is_told_by_the_sweep_once(self, jiujiang: User, wang_shanshan: User) -> None:
        youth = make_youth("陈小雨", grid=HERE, age=15)
        consent = make_consent(youth, "pairing", ends_on=today(1))
        paired(youth, jiujiang)
        assert pairings.remind() == 0
        type(consent).objects.everyone(because="test").filter(pk=consent.pk).update(ends_on=today())
        assert pairings.remind() == 2
        assert pairings.remind() == 0


class TestReminders:
    def late(self, youth: Youth, by: User) -> Pairing:
        make_consent(youth, "pairing", agreed_on=today(-60))
        return paired(youth, by, starts_on=today(-40))

    def test_whoever_answers_is_reminded_once_and_a_contact_settles_it(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User, deputy: User
    ) -> None:
        pairing = self.late(xiaohai, jiujiang)
        assert pairings.remind() == 1
        assert pairings.remind() == 0
        alert = Alert.objects.get()
        assert (alert.addressee, alert.path) == (wang_shanshan, f"/pairings/{pairing.pk}/")
        assert "李明" not in alert.text
        called(pairing, deputy)
        assert not Alert.objects.open().exists()

    def test_after_a_handover_the_new_grids_worker_is_reminded(
        self, xiaohai: Youth, jiujiang: User, fanchang: User, wang_shanshan: User, fanchang_worker: User
    ) -> None:
        pairing = self.late(xiaohai, jiujiang)
        pairings.remind()
        handovers.accept(make_handover(xiaohai, f"{PINGPU}001"), by=fanchang_worker)
        due = Alert.objects.filter(kind=Alert.Kind.PAIRING_DUE)
        assert [alert.addressee for alert in due.open()] == [fanchang_worker]
        assert Pairing.objects.visible_to(fanchang).get() == pairing
        assert not Pairing.objects.visible_to(jiujiang).exists()
        assert called(Pairing.objects.visible_to(fanchang_worker).get(), fanchang_worker)

    def test_nobody_of_what_has_stopped_or_ended(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User
    ) -> None:
        other = make_youth("李小山", grid=HERE, age=9)
        withdraw(self.late(xiaohai, jiujiang), jiujiang)
        end(self.late(other, jiujiang), jiujiang)
        pairings.remind()
        assert not Alert.objects.filter(kind=Alert.Kind.PAIRING_DUE).exists()


class TestEnding:
    def test_with_why_and_what_came_of_it(self, xiaohai: Youth, jiujiang: User) -> None:
        ended = end(paired(xiaohai, jiujiang), jiujiang)
        assert (ended.ends_on, ended.outcome, ended.is_running) == (today(), "reached", False)
        with pytest.raises(Refused, match="已于"):
            called(ended, jiujiang)

    @pytest.mark.parametrize("fields", [{"because": ""}, {"outcome": ""}, {"result": ""}])
    def test_nothing_of_it_is_left_out(self, xiaohai: Youth, jiujiang: User, fields: dict[str, str]) -> None:
        with pytest.raises(Refused, match="原因和结果"):
            end(paired(xiaohai, jiujiang), jiujiang, **fields)

    def test_not_before_its_latest_contact(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        called(pairing, jiujiang)
        with pytest.raises(Refused, match="最近一次联系"):
            end(pairing, jiujiang, ends_on=today(-1))

    def test_of_a_closed_file_it_can_still_be_ended(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        closed(xiaohai)
        pairing.refresh_from_db()
        with pytest.raises(FileClosed):
            called(pairing, jiujiang)
        assert end(pairing, jiujiang, because="left").is_ended


class TestTheDatabase:
    def test_none_starts_without_a_consent_that_holds(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        others = make_consent(make_youth("李小山", grid=HERE, age=9), "pairing")
        sharing = make_consent(xiaohai, "sharing")
        for consent in (others, sharing):
            refused(f"UPDATE referrals_pairing SET consent_id = '{consent.pk}'", "有效同意")  # noqa: S608
        withdraw(pairing, jiujiang)
        values = {name: getattr(pairing, name) for name in ("kind", "mentor", "phone", "plan", "starts_on")}
        for consent in (pairing.consent, others, sharing):
            with pytest.raises(IntegrityError, match="有效同意"), transaction.atomic():
                Pairing.objects.create(
                    youth=xiaohai, consent=consent, next_due_on=today(), by=jiujiang, **values
                )
        refused("UPDATE referrals_pairing SET consent_id = NULL")

    @pytest.mark.parametrize(
        "change",
        [
            "ends_on = current_date",
            "ends_on = current_date, because = 'done', outcome = 'reached', ended_by_id = by_id, ended_at = now()",
            "ends_on = current_date, because = 'done', result = plan, ended_by_id = by_id, ended_at = now()",
            "mentor = plan",
            "starts_on = starts_on - 1",
            "every_days = 90",
        ],
    )
    def test_none_ends_without_an_outcome_or_is_altered(
        self, xiaohai: Youth, jiujiang: User, change: str
    ) -> None:
        paired(xiaohai, jiujiang)
        refused(f"UPDATE referrals_pairing SET {change}")  # noqa: S608

    def test_not_by_a_direct_save_either(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        pairing.ends_on = today()
        with pytest.raises(IntegrityError), transaction.atomic():
            pairing.save()

    def test_what_has_ended_stays(self, xiaohai: Youth, jiujiang: User) -> None:
        end(paired(xiaohai, jiujiang), jiujiang)
        refused("UPDATE referrals_pairing SET outcome = 'eased'", "不能改动")
        refused("UPDATE referrals_pairing SET ends_on = NULL, because = '', outcome = '', result = NULL")

    def test_contacts_and_steps_are_never_altered_and_nothing_is_deleted(
        self, xiaohai: Youth, jiujiang: User
    ) -> None:
        called(paired(xiaohai, jiujiang), jiujiang)
        refused("UPDATE referrals_pairingcontact SET contact_on = contact_on - 1")
        refused("UPDATE referrals_pairingstep SET at = now()")
        for table in ("pairing", "pairingcontact", "pairingstep"):
            refused(f"DELETE FROM referrals_{table}")  # noqa: S608

    def test_no_contact_is_saved_for_a_day_without_consent(self, xiaohai: Youth, jiujiang: User) -> None:
        pairing = paired(xiaohai, jiujiang)
        withdraw(pairing, jiujiang)
        with pytest.raises(IntegrityError, match="不能联系"), transaction.atomic():
            PairingContact.objects.create(
                pairing=pairing, on=today(), how="phone", text="打了电话", by=jiujiang
            )


class TestSealing:
    def test_a_pairing_goes_with_what_hangs_on_it_and_comes_back(
        self, wang_shanshan: User, jiujiang: User, city_cadre: User
    ) -> None:
        youth = make_youth("张小海", grid=HERE, age=15, categories=["left_behind", "misconduct"])
        pairing = paired(youth, jiujiang, plan=WORDS, told=["name"])
        other = paired(youth, jiujiang)
        called(pairing, jiujiang)
        made = seal(youth, jiujiang, others=[f"pairings:{pairing.pk}"])
        assert everything() == [other]
        assert everything(PairingContact) == everything(Disclosure) == []
        for table, text in dump():
            assert str(pairing.pk) not in text, table
        seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
        assert {each.plan for each in everything()} == {WORDS, PLAN}
        assert len(everything(PairingContact)) == len(everything(Disclosure)) == 1

    def test_one_contact_goes_alone(self, wang_shanshan: User, jiujiang: User) -> None:
        youth = make_youth("张小海", grid=HERE, age=15, categories=["left_behind", "misconduct"])
        pairing = paired(youth, jiujiang)
        chosen, other = called(pairing, jiujiang, text=WORDS), called(pairing, jiujiang)
        seal(youth, jiujiang, others=[f"contacts:{chosen.pk}"])
        assert everything(PairingContact) == [other]

    def test_with_the_file_all_of_it_goes(
        self, wang_shanshan: User, jiujiang: User, city_cadre: User
    ) -> None:
        youth = make_youth("张小海", grid=HERE, age=15, categories=["left_behind", "misconduct"])
        called(paired(youth, jiujiang, told=["name"]), jiujiang)
        made = seal(youth, jiujiang, whole_file=True)
        assert everything() == everything(PairingContact) == []
        seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
        assert len(everything()) == len(everything(PairingContact)) == 1
