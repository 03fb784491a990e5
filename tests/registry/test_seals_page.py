"""The pages of sealing 封存: from a person's page, past one that says what follows, to a notice that names nobody."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids.models import User
from registry.models import Reading, Seal, Visit, Youth
from registry.youths import close_file
from tests.cast import SignIn
from tests.factories import make_need, make_visit, make_youth
from tests.registry.test_seals import HERE, WORDS, of_category

PAGE = "/seals/new/"
NOTICE = {
    "organ": "court",
    "organ_name": "芜湖市鸠江区人民法院",
    "notice_number": "（2026）皖0207刑封12号",
    "notice_on": "2026-11-20",
    "record": "crime",
}


@pytest.fixture
def accused(wang_shanshan: User) -> Youth:
    youth = make_youth("张小海", grid=HERE, categories=["left_behind", "misconduct"])
    make_visit(youth, by=wang_shanshan, found=WORDS)
    make_need(youth, "law")
    return youth


def post(browser: Client, youth: Youth, step: str = "", **more: Any) -> Any:
    data = {"youth": str(youth.pk), "submission_key": str(uuid4()), **more}
    return browser.post(PAGE, {**data, **({"step": step, **NOTICE, **more} if step else {})})


def choice(youth: Youth) -> dict[str, Any]:
    return {
        "enrolments": [str(of_category(youth, "misconduct").pk)],
        "visits": [str(visit.pk) for visit in youth.visits.all()],
    }


def test_from_the_persons_page_to_the_notice(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    browser = sign_in(jiujiang)
    page = browser.get(f"/youths/{accused.pk}/").content.decode()
    assert 'action="/seals/new/"' in page
    first = post(browser, accused)
    assert first.status_code == 200
    assert "只勾选和这件事有关的" in first.content.decode()
    assert WORDS in first.content.decode()
    checked = post(browser, accused, "check", **choice(accused)).content.decode()
    assert "您自己也查不到" in checked
    assert "整份档案一并封存" not in checked
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', checked))
    assert sent["notice_number"] == NOTICE["notice_number"]
    done = post(browser, accused, "seal", **choice(accused))
    made = Seal.objects.visible_to(jiujiang).get()
    assert (done.status_code, done.headers["Location"]) == (302, f"/seals/{made.pk}/")
    told = browser.get(done.headers["Location"]).content.decode()
    assert NOTICE["notice_number"] in told
    for word in ("张小海", "张*海", WORDS, str(accused.pk)):
        assert word not in told
        assert word not in browser.get("/seals/").content.decode()
    after = browser.get(f"/youths/{accused.pk}/").content.decode()
    assert WORDS not in after
    assert "不良行为" not in after


def test_going_back_keeps_what_was_typed(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    again = post(sign_in(jiujiang), accused, "back", **choice(accused))
    assert again.status_code == 200
    assert NOTICE["notice_number"] in again.content.decode()
    assert again.content.decode().count(" checked") == 2


def test_it_is_said_when_the_whole_file_goes(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    every = [str(enrolment.pk) for enrolment in accused.enrolments.all()]
    for chosen in ({"enrolments": every}, {"whole_file": "on"}):
        assert "整份档案一并封存" in post(sign_in(jiujiang), accused, "check", **chosen).content.decode()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "请选择要封存的内容"),
        ({"whole_file": "on", "notice_number": ""}, "请写通知书文号"),
        ({"whole_file": "on", "notice_on": "2126-01-01"}, "不能晚于今天"),
        ({"enrolments": [str(uuid4())]}, "请只选列表中的项目"),
        ({"facts": ["1"]}, "请只选列表中的项目"),
    ],
)
def test_what_cannot_be_is_said_beside_it(
    accused: Youth, jiujiang: User, sign_in: SignIn, sent: dict[str, Any], said: str
) -> None:
    answer = post(sign_in(jiujiang), accused, "seal", **sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Seal.objects.visible_to(jiujiang).exists()


def test_another_persons_things_cannot_be_sent_in(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    other = make_youth("李小山", grid=HERE, categories=["idle"])
    mine = make_visit(other)
    for sent in ({"enrolments": [str(of_category(other, "idle").pk)]}, {"visits": [str(mine.pk)]}):
        assert post(sign_in(jiujiang), accused, "seal", **sent).status_code == 422
    assert other.enrolments.exists()


@pytest.mark.parametrize("who", ["fanchang", "wanli", "yang_ying", "wang_shanshan", "centre", "auditor"])
def test_others_are_not_offered_it_and_may_not(
    request: pytest.FixtureRequest, accused: Youth, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(request.getfixturevalue(who))
    assert post(browser, accused).status_code == (404 if who == "fanchang" else 403)
    assert post(browser, accused, "seal", whole_file="on").status_code == (404 if who == "fanchang" else 403)
    assert 'action="/seals/new/"' not in browser.get(f"/youths/{accused.pk}/").content.decode()
    assert Youth.objects.everyone(because="test").filter(pk=accused.pk).exists()


def test_a_closed_file_can_be_sealed(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    close_file(youth=accused, reason="已满 18 周岁", by=jiujiang)
    browser = sign_in(jiujiang)
    assert 'action="/seals/new/"' in browser.get(f"/youths/{accused.pk}/").content.decode()
    assert post(browser, accused, "seal", **choice(accused)).status_code == 302
    assert [e.category_id for e in accused.enrolments.all()] == ["left_behind"]


def test_no_reading_tells_that_somebody_sealed(accused: Youth, jiujiang: User, sign_in: SignIn) -> None:
    browser = sign_in(jiujiang)
    post(browser, accused)
    post(browser, accused, "check", **choice(accused))
    post(browser, accused, "seal", **choice(accused))
    said = {(row.page, row.purpose) for row in Reading.objects.everyone(because="test")}
    assert said == {("youth", "一人一档")}


def test_two_people_reopen_on_the_page(
    accused: Youth, jiujiang: User, city_cadre: User, fanchang: User, sign_in: SignIn
) -> None:
    first, second = sign_in(jiujiang), sign_in(city_cadre)
    post(first, accused, "seal", **choice(accused))
    address = f"/seals/{Seal.objects.visible_to(jiujiang).get().pk}/"
    assert sign_in(fanchang).get(address).status_code == 404
    bare = first.post(address, {"document_number": "", "ground": "reoffence"})
    assert bare.status_code == 422
    asked = first.post(address, {"document_number": "（2027）皖02刑再1号", "ground": "retrial"})
    assert (asked.status_code, asked.headers["Location"]) == (302, address)
    assert "等另一位有封存权限的人核准" in first.get(address).content.decode()
    assert "启封待核准" in second.get("/seals/").content.decode()
    assert "须由两人办理" in first.post(f"{address}decide/", {"step": "reopen"}, follow=True).content.decode()
    assert "（2027）皖02刑再1号" in second.get(address).content.decode()
    opened = second.post(f"{address}decide/", {"step": "reopen"})
    assert opened.headers["Location"] == f"/youths/{accused.pk}/"
    assert Visit.objects.everyone(because="test").get().found == WORDS
    assert "已启封" in first.get(address).content.decode()
    assert second.post(f"{address}decide/", {"step": "reopen"}).headers["Location"] == address


def test_a_declined_reopening_stays_sealed(
    accused: Youth, jiujiang: User, city_cadre: User, sign_in: SignIn
) -> None:
    first, second = sign_in(jiujiang), sign_in(city_cadre)
    post(first, accused, "seal", **choice(accused))
    address = f"/seals/{Seal.objects.visible_to(jiujiang).get().pk}/"
    first.post(address, {"document_number": "（2027）皖02刑再1号", "ground": "retrial"})
    second.post(f"{address}decide/", {"step": "decline"})
    page = first.get(address).content.decode()
    assert "未予启封" in page
    assert "申请启封" in page


def test_the_pages_ask_the_same_number_of_questions_however_many_notices(
    accused: Youth, jiujiang: User, sign_in: SignIn
) -> None:
    browser = sign_in(jiujiang)
    counts = []
    for code in ("misconduct", "left_behind"):
        post(browser, accused, "seal", enrolments=[str(of_category(accused, code).pk)])
        browser.get("/seals/")
        with CaptureQueriesContext(connection) as captured:
            browser.get("/seals/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 9
