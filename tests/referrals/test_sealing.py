"""Sealing 封存 reaches what others did for the young person: with the file all of it, or one case, or one report."""

from typing import Any

import pytest
from django.db import connection

from grids.models import Alert, User
from referrals.models import Case, Report
from registry import seals
from registry.models import Disclosure, Seal, Youth
from tests.factories import YINHU, make_report, make_youth
from tests.referrals.people import make_agency, make_case, make_member, make_referral
from tests.registry.test_seals import WORDS, ask, dump, of_category, seal

HERE = f"{YINHU}001"


@pytest.fixture
def helped(wang_shanshan: User, jiujiang: User) -> Youth:
    """小海, with a case that an agency helps in and one that has nothing to do with it."""
    youth = make_youth("张小海", grid=HERE, categories=["left_behind", "misconduct"])
    agency = make_agency()
    make_member(agency, "lizhiyuan", "李志远")
    for because in (WORDS, "家里漏雨"):
        make_referral(make_case(youth, jiujiang, because=because), agency, jiujiang)
    for found in (WORDS, "家里漏雨"):
        make_report(youth, by=wang_shanshan, found=found)
    return youth


def everything(model: Any) -> list[Any]:
    return list(model.objects.everyone(because="test").order_by("pk"))


def case_of(because: str) -> Case:
    return next(case for case in everything(Case) if case.because == because)


def test_one_case_goes_with_its_referrals_and_alerts_and_comes_back_as_it_was(
    helped: Youth, jiujiang: User, city_cadre: User
) -> None:
    case, other = case_of(WORDS), case_of("家里漏雨")
    alerts = Alert.objects.count()
    before = dict(dump())
    made = seal(helped, jiujiang, others=[f"cases:{case.pk}"])
    assert everything(Case) == [other]
    assert Alert.objects.count() < alerts
    for table, text in dump():
        assert str(case.pk) not in text, table
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    assert {case.because for case in everything(Case)} == {WORDS, "家里漏雨"}
    after = dict(dump())
    assert {name: len(text) for name, text in after.items() if name.startswith("referrals_")} == {
        name: len(text) for name, text in before.items() if name.startswith("referrals_")
    }
    assert Alert.objects.count() == alerts


def test_one_report_goes_alone(helped: Youth, jiujiang: User) -> None:
    chosen, other = sorted(everything(Report), key=lambda report: report.found != WORDS)
    assert chosen.found == WORDS
    seal(helped, jiujiang, others=[f"reports:{chosen.pk}"])
    assert everything(Report) == [other]
    assert len(everything(Case)) == 2
    for table, text in dump():
        assert str(chosen.pk) not in text, table


def test_another_persons_case_cannot_be_named(helped: Youth, jiujiang: User) -> None:
    other = make_youth("李小山", grid=HERE, categories=["misconduct"])
    with pytest.raises(Youth.DoesNotExist):
        seal(other, jiujiang, others=[f"cases:{case_of(WORDS).pk}"])
    assert len(everything(Case)) == 2
    assert not Seal.objects.visible_to(jiujiang).exists()


def test_with_the_file_everything_goes(helped: Youth, jiujiang: User, city_cadre: User) -> None:
    made = seal(helped, jiujiang, whole_file=True)
    assert everything(Case) == everything(Report) == everything(Youth) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'referrals_%'")
        for (table,) in cursor.fetchall():
            if "agency" not in table:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
                assert cursor.fetchone() == (0,), table
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    assert len(everything(Case)) == len(everything(Report)) == 2
    assert of_category(helped, "misconduct").youth_id == helped.pk


def test_the_form_offers_them(helped: Youth, jiujiang: User, sign_in: Any) -> None:
    page = sign_in(jiujiang).post("/seals/new/", {"youth": str(helped.pk)}).content.decode()
    assert "个案" in page
    assert "问题上报" in page
    assert f'value="{case_of(WORDS).pk}"' in page


def test_what_was_given_with_a_referral_goes_with_its_case(helped: Youth, jiujiang: User) -> None:
    assert len(everything(Disclosure)) == 2
    seal(helped, jiujiang, others=[f"cases:{case_of(WORDS).pk}"])
    (left,) = everything(Disclosure)
    assert left.persons.get().youth_id == helped.pk


def test_a_record_of_what_was_given_can_go_alone(helped: Youth, jiujiang: User, city_cadre: User) -> None:
    chosen, other = everything(Disclosure)
    made = seal(helped, jiujiang, others=[f"disclosures:{chosen.pk}"])
    assert everything(Disclosure) == [other]
    seals.reopen(reopening=ask(made, jiujiang), by=city_cadre)
    assert everything(Disclosure) == [chosen, other]
    assert chosen.persons.get().youth_id == helped.pk
