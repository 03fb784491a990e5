"""The sample city's agencies, and story 1 in it: what the demo's cast finds."""

from datetime import date

import pytest
from django.core.management import call_command

from grids.models import User
from referrals.models import AgencyMember, Case, Referral, Report
from registry.models import Disclosure

pytestmark = pytest.mark.django_db


def test_li_zhiyuan_finds_what_the_legal_aid_centre_was_asked_for_and_nothing_else() -> None:
    call_command("build_city", seed=7, scale=0.002, verbosity=0)
    lawyer = User.objects.get(username="lizhiyuan")
    assert str(AgencyMember.objects.current().get(user=lawyer).agency) == "芜湖市法律援助中心"
    [asked] = Referral.objects.addressed_to(lawyer)
    assert (asked.help, asked.state) == ("legal_aid", "sent")
    cadre = User.objects.get(username="jiujiang")
    assert Case.objects.visible_to(cadre).get().owner == cadre
    assert [report.state for report in Report.objects.visible_to(cadre).order_by("about")] == ["new", "case"]
    assert Disclosure.objects.visible_to(cadre).filter(means="platform").count() == 2


def test_a_city_of_another_day_has_agencies_and_no_case() -> None:
    call_command("build_city", seed=7, scale=0.002, places_only=True, today=date(2026, 3, 1), verbosity=0)
    assert AgencyMember.objects.count() == 4
    assert not Case.objects.everyone(because="test").exists()
