"""How long help is kept, under which keys, and what happens to it with the file and its needs."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from grids.models import User
from referrals import cases, referrals
from referrals.cases import NeedOutcome
from referrals.models import Case, CaseNeed, CaseNote, CaseStep, Referral, ReferralStep
from registry import retention, seals
from registry.models import Need, Youth
from tests.factories import YINHU, closed, make_youth
from tests.referrals.people import make_agency, make_case, make_member, make_referral
from tests.registry.test_rotate_keys import AFTER, BEFORE, WITHOUT_OLD, ring, rotate, use  # noqa: F401 - a fixture
from tests.registry.test_seals import ask, seal

MODELS = (Case, CaseNeed, CaseNote, CaseStep, Referral, ReferralStep)


def everything(model: Any) -> list[Any]:
    return list(model.objects.everyone(because="test").order_by("pk"))


def ended_case(youth: Youth, cadre: User) -> Case:
    """With a referral that was reported back, and a note."""
    agency = make_agency()
    lawyer = make_member(agency, "lawyer", "李律师")
    case = make_case(youth, cadre)
    referral = make_referral(case, agency, cadre)
    referrals.accept(referral=referral, by=lawyer)
    referrals.report_back(referral=referral, outcome="reached", result="赔偿到账", by=lawyer)
    cases.add_note(case=case, level="team", text="奶奶来过电话", by=cadre)
    outcomes = {need.pk: NeedOutcome("reached", "办好了") for need in case.needs.all()}
    return cases.close(case=case, outcomes=outcomes, conclusion="好了", asked="youth", view="好", by=cadre)


def test_help_goes_with_the_file_when_its_time_is_over(wang_shanshan: User, jiujiang: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    ended_case(youth, jiujiang)
    closed(youth, timezone.localdate())
    due = timezone.localdate() + timedelta(days=4 * 366)
    retention.apply(today=due)
    assert not Youth.objects.everyone(because="test").exists()
    for model in MODELS:
        assert not everything(model), model


def test_an_open_case_keeps_the_file_back(wang_shanshan: User, jiujiang: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    make_case(youth, jiujiang)
    closed(youth, timezone.localdate())
    retention.apply(today=timezone.localdate() + timedelta(days=4 * 366))
    assert Youth.objects.everyone(because="test").get() == youth


def test_keys_are_changed_under_steps_and_ended_cases_too(
    ring: Any,  # noqa: F811
    db: None,
    wang_shanshan: User,
    jiujiang: User,
) -> None:
    use(ring, BEFORE)
    ended_case(make_youth("张小海", grid=f"{YINHU}001", age=9), jiujiang)
    use(ring, AFTER)
    assert rotate()[0] == 0
    use(ring, WITHOUT_OLD)
    assert everything(Referral)[0].result == "赔偿到账"
    assert everything(Case)[0].conclusion == "好了"
    assert [note.text for note in everything(CaseNote)] == ["奶奶来过电话"]
    assert "赔偿到账" in {step.text for step in everything(ReferralStep)}


def test_what_a_case_says_of_a_need_is_sealed_with_it_and_comes_back(
    wang_shanshan: User, jiujiang: User, city_cadre: User
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9, categories=["misconduct"])
    make_case(youth, jiujiang)
    need = Need.objects.everyone(because="test").get(kind="law")
    sealed = seal(youth, by=jiujiang, needs=[need.pk])
    assert [str(each) for each in everything(CaseNeed)] == ["心理疏导"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    seals.reopen(reopening=ask(sealed, jiujiang), by=city_cadre)
    assert [str(each) for each in everything(CaseNeed)] == ["法律援助", "心理疏导"]
