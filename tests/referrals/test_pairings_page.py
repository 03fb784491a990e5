"""The pages of pairings 结对帮扶, and the coverage: every figure is the length of the list behind it, for everybody."""

import random
import re
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids.models import User
from referrals.models import Pairing
from registry.models import Disclosure, Reading, Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_consent, make_youth
from tests.referrals.people import make_agency
from tests.referrals.test_pairings import called, end, paired, today, withdraw

HERE = f"{YINHU}001"
FORM = {
    "kind": "person",
    "name": "李明",
    "phone": "13955300001",
    "plan": "每月通一次电话",
    "every_days": "30",
}
EVERYBODY = [
    "city_cadre", "jiujiang", "fanchang", "wanli", "yang_ying", "wang_shanshan", "deputy", "league_leader",
    "fanchang_worker",
]  # fmt: skip


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=HERE, age=9)


def text(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


class TestTheWay:
    """From the person's page to an outcome."""

    def test_without_a_consent_the_page_leads_to_asking_for_it(
        self, xiaohai: Youth, jiujiang: User, sign_in: SignIn
    ) -> None:
        browser = sign_in(jiujiang)
        assert f"/pairings/new/?youth={xiaohai.pk}" in text(browser, f"/youths/{xiaohai.pk}/")
        page = text(browser, f"/pairings/new/?youth={xiaohai.pk}")
        assert "由监护人同意" in page
        assert f"/youths/{xiaohai.pk}/consent/?purpose=pairing" in page
        sent = {**FORM, "starts_on": str(today()), "submission_key": str(uuid4())}
        assert browser.post(f"/pairings/new/?youth={xiaohai.pk}", sent).status_code == 422

    def test_a_cadre_pairs_a_worker_logs_and_the_cadre_ends(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User, sign_in: SignIn
    ) -> None:
        make_consent(xiaohai, "pairing")
        cadre, worker = sign_in(jiujiang), sign_in(wang_shanshan)
        sent = {
            **FORM,
            "starts_on": str(today(-3)),
            "told": ["name", "phone"],
            "submission_key": str(uuid4()),
        }
        for _ in range(2):  # a double tap
            answer = cadre.post(f"/pairings/new/?youth={xiaohai.pk}", sent)
        pairing = Pairing.objects.visible_to(jiujiang).get()
        assert answer.headers["Location"] == f"/pairings/{pairing.pk}/"
        assert Disclosure.objects.visible_to(jiujiang).count() == 1
        page = text(worker, f"/pairings/{pairing.pk}/")
        assert "改计划" not in page
        contact = {"on": str(today()), "how": "phone", "text": "聊了学校的事", "submission_key": str(uuid4())}
        for _ in range(2):
            assert worker.post(f"/pairings/{pairing.pk}/contact/", contact).status_code == 302
        assert pairing.contacts.count() == 1
        assert "聊了学校的事" in text(cadre, f"/pairings/{pairing.pk}/")
        assert "姓名、联系方式" in text(cadre, f"/pairings/{pairing.pk}/")
        ending = {"because": "done", "outcome": "reached", "ends_on": str(today())}
        assert cadre.post(f"/pairings/{pairing.pk}/end/", ending).status_code == 422
        assert cadre.post(f"/pairings/{pairing.pk}/end/", {**ending, "result": "好多了"}).status_code == 302
        page = text(cadre, f"/pairings/{pairing.pk}/")
        assert "已结束" in page
        assert "登记一次联系" not in page

    def test_a_pairing_of_an_agency_is_named_after_it(
        self, xiaohai: Youth, jiujiang: User, sign_in: SignIn
    ) -> None:
        agency = make_agency("爱心企业", kind="company", helps=["company"])
        make_consent(xiaohai, "pairing")
        sent = {**FORM, "kind": "unit", "agency": str(agency.pk), "starts_on": str(today()), "told": ["name"]}
        assert sign_in(jiujiang).post(f"/pairings/new/?youth={xiaohai.pk}", sent).status_code == 302
        pairing = Pairing.objects.visible_to(jiujiang).get()
        assert (pairing.mentor_words, pairing.agency) == ("爱心企业 李明", agency)
        assert Disclosure.objects.visible_to(jiujiang).get().receiver_kind == "employer"

    def test_after_a_withdrawal_everybody_reads_that_contacts_stop_and_a_new_consent_resumes(
        self, xiaohai: Youth, jiujiang: User, wang_shanshan: User, sign_in: SignIn
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        withdraw(pairing, wang_shanshan)
        assert "不能再联系" in text(sign_in(wang_shanshan), f"/pairings/{pairing.pk}/")
        cadre = sign_in(jiujiang)
        assert cadre.get(f"/pairings/{pairing.pk}/plan/").status_code == 302
        assert "依据新的同意继续" not in text(cadre, f"/pairings/{pairing.pk}/")
        answer = cadre.post(f"/pairings/{pairing.pk}/resume/")
        assert "没有" in str(next(iter(get_messages(answer.wsgi_request))))
        make_consent(xiaohai, "pairing", agreed_on=today())
        assert "依据新的同意继续" in text(cadre, f"/pairings/{pairing.pk}/")
        assert cadre.post(f"/pairings/{pairing.pk}/resume/").status_code == 302
        assert Pairing.objects.visible_to(jiujiang).running().count() == 1

    def test_a_plan_is_changed_and_a_telling_word_is_refused(
        self, xiaohai: Youth, jiujiang: User, sign_in: SignIn
    ) -> None:
        pairing = paired(xiaohai, jiujiang)
        url = f"/pairings/{pairing.pk}/plan/"
        sent = {"plan": "父亲服刑，多看望", "every_days": "7", "phone": "1"}
        answer = sign_in(jiujiang).post(url, sent)
        assert answer.status_code == 422
        assert "不一定应当知道类别" in answer.content.decode()
        assert sign_in(jiujiang).post(url, {**sent, "plan": "多看望"}).status_code == 302

    def test_the_list_says_what_is_due_first(self, xiaohai: Youth, jiujiang: User, sign_in: SignIn) -> None:
        make_consent(xiaohai, "pairing", agreed_on=today(-60))
        paired(xiaohai, jiujiang, starts_on=today(-40))
        browser = sign_in(jiujiang)
        assert "已逾期 10 天" in text(browser, "/pairings/")
        assert "1 对结对" in text(browser, "/")
        assert "共 0 对" in text(browser, "/pairings/?state=ended")


# --- Figures


def scatter(jiujiang: User, fanchang: User, seed: int) -> None:
    """Files here and there, in any categories or none, paired, stopped, ended, or never."""
    dice = random.Random(seed)  # noqa: S311 - of a test
    categories: list[list[str]] = [
        [],
        ["left_behind"],
        ["custody_child"],
        ["misconduct", "left_behind"],
        ["idle"],
    ]
    for number in range(14):
        grid = dice.choice([HERE, f"{YINHU}002", f"{HUAQIANG}001", f"{PINGPU}001"])
        youth = make_youth(
            f"张小{number}", grid=grid, age=dice.choice([9, 15]), categories=dice.choice(categories)
        )
        leader = fanchang if grid.startswith("340212") else jiujiang
        fate = dice.choice(["none", "running", "running", "due", "stopped", "ended", "twice"])
        if fate == "none":
            continue
        make_consent(youth, "pairing", agreed_on=today(-60))
        pairing = paired(youth, leader, starts_on=today(-40 if fate == "due" else -5))
        if fate == "twice":
            paired(youth, leader)
        elif fate == "stopped":
            withdraw(pairing, leader)
        elif fate == "ended":
            end(pairing, leader)


def rows(page: str) -> int:
    body = page.split('id="results"')[1]
    return len(re.findall(r"<tr>\s*<td>", body))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_is_the_length_of_the_list_behind_it_for_everybody(
    request: pytest.FixtureRequest, jiujiang: User, fanchang: User, sign_in: SignIn, seed: int
) -> None:
    cast = {who: request.getfixturevalue(who) for who in EVERYBODY}
    scatter(jiujiang, fanchang, seed)
    opened = 0
    for who, user in cast.items():
        browser = sign_in(user)
        for start in ("/pairings/coverage/", "/pairings/"):
            page = text(browser, start)
            shown = page.split('class="facets' if start == "/pairings/" else 'class="two"')[-1]
            links = re.findall(r'href="(\?[^"]*)"[^>]*>(?:<span>[^<]*</span><b>)?(?:[^<\d]* )?(\d+)', shown)
            assert links, (who, start)
            for address, number in links:
                url = address.replace("&amp;", "&")
                assert rows(text(browser, start + url)) == int(number), (who, url)
                opened += 1
    assert opened > 100


@pytest.mark.parametrize("who", EVERYBODY)
def test_private_categories_are_covered_only_for_whoever_knows_reasons(
    request: pytest.FixtureRequest, sign_in: SignIn, who: str
) -> None:
    user = request.getfixturevalue(who)
    for grid in (HERE, f"{HUAQIANG}001", f"{PINGPU}001"):
        make_youth("张小海", grid=grid, age=9, categories=["custody_child"])
    browser = sign_in(user)
    page = text(browser, "/pairings/coverage/")
    knows = who in ("city_cadre", "jiujiang", "fanchang")
    assert ("custody_child" in page) is knows
    assert ("服刑子女" in page) is knows
    # As unknown as any other word.
    asked = text(browser, "/pairings/coverage/?category=custody_child")
    other = text(browser, "/pairings/coverage/?category=nothing")
    if not knows:
        assert rows(asked) == rows(other)
        assert "服刑子女" not in asked


def test_no_page_of_a_pairing_names_the_category(
    jiujiang: User, wang_shanshan: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=HERE, age=9, categories=["custody_child"])
    pairing = paired(youth, jiujiang)
    called(pairing, wang_shanshan)
    for user in (jiujiang, wang_shanshan):
        for url in (f"/pairings/{pairing.pk}/", "/pairings/?state=running"):
            page = text(sign_in(user), url)
            for word in ("服刑", "custody", "关爱对象"):
                assert word not in page, (user, url)


def test_looking_is_recorded(xiaohai: Youth, jiujiang: User, sign_in: SignIn) -> None:
    pairing = paired(xiaohai, jiujiang)
    for url in ("/pairings/", f"/pairings/{pairing.pk}/", "/pairings/coverage/?paired=yes"):
        before = Reading.objects.everyone(because="test").count()
        text(sign_in(jiujiang), url)
        readings = Reading.objects.everyone(because="test")
        assert readings.count() == before + 1
        assert readings.latest("id").subject_ids == [xiaohai.pk], url


@pytest.mark.parametrize("url", ["/pairings/?state=running", "/pairings/coverage/?paired=all"])
def test_the_number_of_statements_does_not_grow_with_the_list(
    jiujiang: User, wang_shanshan: User, sign_in: SignIn, url: str
) -> None:
    browser = sign_in(jiujiang)
    text(browser, url)
    counted: list[int] = []
    for names in (["张小海"], ["李小山", "陈小雨", "王小河"]):
        for name in names:
            called(paired(make_youth(name, grid=HERE, age=9), jiujiang), wang_shanshan)
        with CaptureQueriesContext(connection) as captured:
            text(browser, url)
        counted.append(len(captured))
    assert counted[0] == counted[1] <= 16


def test_a_page_of_one_pairing_takes_as_many_statements_with_many_contacts(
    xiaohai: Youth, jiujiang: User, wang_shanshan: User, sign_in: SignIn
) -> None:
    pairing = paired(xiaohai, jiujiang)
    browser = sign_in(jiujiang)
    text(browser, f"/pairings/{pairing.pk}/")
    counted: list[int] = []
    for days in ([0], [1, 2, 3]):
        for day in days:
            called(pairing, wang_shanshan, today(-day))
        with CaptureQueriesContext(connection) as captured:
            text(browser, f"/pairings/{pairing.pk}/")
        counted.append(len(captured))
    assert counted[0] == counted[1]
