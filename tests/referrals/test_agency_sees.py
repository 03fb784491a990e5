"""What an agency's people see: their own referrals and nothing else, at any address, with any id."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from grids.models import User
from referrals import cases, referrals
from referrals.models import Agency, Case, Referral
from registry.models import Youth
from tests.addresses import ADDRESSES, World
from tests.cast import SignIn
from tests.factories import YINHU, make_enrolment, make_youth
from tests.referrals.people import make_agency, make_case, make_member, make_referral
from tests.test_addresses import walk

HERE = f"{YINHU}001"
# Of the case, of the other agency, of the file: nothing of it may reach the lawyer.
FORBIDDEN = (
    "晚上睡不着", "师范附小", "陈老师", "心理疏导", "请安排每周一次谈话", "团队里的话", "鸠江区里的话", "王老师的话",
    "关爱对象", "留守", "服刑", "个案", "340207********", "奶奶住",
)  # fmt: skip


class Help:
    """小海's case with two referrals: the lawyer's, and the school's, with notes of all levels."""

    def __init__(self, jiujiang: User) -> None:
        self.youth: Youth = make_youth("张小海", grid=HERE, age=9)
        make_enrolment(self.youth, "left_behind")
        self.case: Case = make_case(self.youth, jiujiang)
        self.aid: Agency = make_agency()
        self.school = make_agency("师范附小", kind="school", helps=["counselling"])
        self.lawyer: User = make_member(self.aid, "lawyer", "李律师")
        self.teacher = make_member(self.school, "teacher", "陈老师")
        self.own: Referral = make_referral(self.case, self.aid, jiujiang)
        self.other = make_referral(
            self.case, self.school, jiujiang, asked="请安排每周一次谈话", fields=["age_sex"]
        )
        cases.add_note(case=self.case, level="team", text="团队里的话", by=jiujiang)
        cases.add_note(case=self.case, level="own", text="鸠江区里的话", by=jiujiang)
        referrals.add_note(referral=self.other, level="team", text="王老师的话", by=self.teacher)


@pytest.fixture
def help_given(wang_shanshan: User, jiujiang: User) -> Help:
    return Help(jiujiang)


def text_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_inbox_shows_the_own_referral_and_its_page_what_was_given(
    help_given: Help, sign_in: SignIn
) -> None:
    client = sign_in(help_given.lawyer)
    for url in ("/", "/referrals/"):
        assert "法律援助：张小海" in text_of(client, url)
    page = text_of(client, f"/referrals/{help_given.own.pk}/")
    assert "请办理交通事故赔偿" in page
    assert "男，9 周岁" in page
    assert str(help_given.youth.pk) not in page
    assert str(help_given.case.pk) not in page


def test_whom_nobody_named_is_called_by_what_was_given(help_given: Help, sign_in: SignIn) -> None:
    client = sign_in(help_given.teacher)
    page = text_of(client, "/") + text_of(client, f"/referrals/{help_given.other.pk}/")
    assert "心理疏导：男，9 周岁" in page
    assert "小海" not in page


def test_one_who_belongs_to_no_agency_has_an_empty_inbox(
    help_given: Help, sign_in: SignIn, legal_aid: User
) -> None:
    page = text_of(sign_in(legal_aid), "/")
    assert "您还不属于任何协作单位" in page
    assert "小海" not in page


@pytest.mark.ignore_template_errors  # of Django's own administration
def test_a_crawl_of_every_address_with_every_id_finds_nothing_of_others(
    help_given: Help, sign_in: SignIn, wanli: User
) -> None:
    world = World()
    lawyer = help_given.lawyer
    client = sign_in(lawyer)
    ids = [
        help_given.youth.pk, help_given.case.pk, help_given.other.pk, help_given.aid.pk, help_given.school.pk,
        world.case.pk, world.referral.pk, world.agency.pk, world.youth.pk,
    ]  # fmt: skip
    urls = {world.address(name, lawyer)[0] for name in ADDRESSES if not name.startswith("login")}
    for name, pattern in walk(get_resolver()):
        converters = pattern.pattern.converters
        if list(map(type, converters.values())) and len(converters) == 1 and not name.startswith("admin:"):
            [(argument, converter)] = converters.items()
            if type(converter).__name__ == "UUIDConverter":
                urls |= {reverse(name, kwargs={argument: key}) for key in ids}
    assert len(urls) > 400
    for url in sorted(urls):
        for method in ("get", "post"):
            if "logout" in url or (method == "post" and "password" in url):
                continue
            with transaction.atomic():
                answer = getattr(client, method)(url)
                seen = answer.content.decode(errors="replace")
                # The published rules of processing speak of kinds of data, and of nobody.
                for word in () if url == "/rules-of-processing/" else FORBIDDEN:
                    assert word not in seen, f"{method} {url}: {word}"
                own = re.search(str(help_given.own.pk), url) or url in ("/", "/referrals/")
                assert own or "张小海" not in seen, f"{method} {url}"
                transaction.set_rollback(True)


def test_what_the_agency_notes_for_itself_is_not_on_the_case(
    help_given: Help, sign_in: SignIn, jiujiang: User, wang_shanshan: User
) -> None:
    referrals.add_note(referral=help_given.own, level="own", text="当事人欠着律师费", by=help_given.lawyer)
    referrals.add_note(referral=help_given.own, level="team", text="已向法院递交诉状", by=help_given.lawyer)
    page = text_of(sign_in(jiujiang), f"/cases/{help_given.case.pk}/")
    assert "已向法院递交诉状" in page
    assert "鸠江区里的话" in page
    assert "当事人欠着律师费" not in page
    worker = text_of(sign_in(wang_shanshan), f"/cases/{help_given.case.pk}/")
    assert "团队里的话" in worker
    assert "鸠江区里的话" not in worker


def test_the_street_reads_the_case_and_another_district_does_not(
    help_given: Help, sign_in: SignIn, wanli: User, fanchang: User
) -> None:
    url = f"/cases/{help_given.case.pk}/"
    assert sign_in(wanli).get(url).status_code == 200
    assert sign_in(fanchang).get(url).status_code == 404


def test_no_page_of_a_case_names_a_category_to_who_may_not_know(
    help_given: Help, sign_in: SignIn, wang_shanshan: User
) -> None:
    make_enrolment(help_given.youth, "custody_child")
    client = sign_in(wang_shanshan)
    for url in ("/cases/", f"/cases/{help_given.case.pk}/", f"/youths/{help_given.youth.pk}/"):
        assert "服刑" not in text_of(client, url), url
