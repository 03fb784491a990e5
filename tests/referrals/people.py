"""What tests of help make: agencies with their people, cases, referrals."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from grids.models import User
from grids.permissions import Role
from referrals import cases, referrals
from referrals.models import Agency, AgencyMember, Case, Referral
from registry.models import Youth
from tests.factories import PASSWORD, fresh, make_consent, make_user

ACCIDENT = "父亲车祸去世，赔偿没有人办；孩子跟奶奶住，晚上睡不着。"


def make_agency(name: str = "芜湖市法律援助中心", **fields: Any) -> Agency:
    values = {
        "kind": "legal_aid", "area_id": "3402", "helps": ["legal_aid"], "agreement_number": "芜青协〔2026〕3号",
        "agreement_ends_on": timezone.localdate() + timedelta(days=300), **fields,
    }  # fmt: skip
    return Agency.objects.create(name=name, **values)


def join(user: User, agency: Agency, **fields: Any) -> User:
    """Make the user one of the agency's people."""
    approver = User.objects.filter(username="approver").first() or make_user("approver", "批准人")
    AgencyMember.objects.create(agency=agency, user=user, **{"approved_by": approver, **fields})
    return fresh(user)


def make_member(agency: Agency, username: str, name: str) -> User:
    return join(make_user(username, name, posts=[(Role.AGENCY, None)], password=PASSWORD), agency)


def make_case(youth: Youth, by: User, **fields: Any) -> Case:
    values = {"because": ACCIDENT, "needs": ["law", "counselling"], "submission_key": uuid4(), **fields}
    return cases.open_case(youth=youth, by=by, **values)


def make_referral(case: Case, agency: Agency, by: User, **fields: Any) -> Referral:
    """Sent on consent (given now, where there is none), due in twenty days."""
    if not case.youth.consents.standing().exists():
        make_consent(case.youth)
    values = {
        "help_kind": agency.helps[0], "asked": "请办理交通事故赔偿", "fields": ["name", "age_sex", "phone"],
        "due_on": timezone.localdate() + timedelta(days=20), "submission_key": uuid4(), **fields,
    }  # fmt: skip
    return referrals.send(case=case, agency=agency, by=by, **values)
