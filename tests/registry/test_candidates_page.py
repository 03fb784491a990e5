"""The pages of candidates: who reads what, from the worker's phone to the cadre's funnel. Story 3 at the end."""

import csv
import html
import json
import re
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from grids.models import Alert, Division, User
from registry import rules
from registry.models import Candidate, Enrolment, Resident, Youth
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    make_candidate,
    make_dwelling,
    make_enrolment,
    make_grid,
    make_guardianship,
    make_resident,
    make_user,
    make_visit,
    make_worker,
    make_youth,
    years_ago,
)

pytestmark = pytest.mark.django_db
GRID, NEXT_DOOR, FAR = f"{YINHU}001", f"{HUAQIANG}001", f"{PINGPU}001"
# What would give a private reason away.
TELLING = (
    "服刑", "戒毒", "在教", "custody", "misconduct", "不良行为", "保密", "unattended_in_fact", "无人抚养", "流动",
    "moving_child",
)  # fmt: skip


def text_of(client: Client, address: str, **post: Any) -> str:
    answer = client.post(address, post, follow=True) if post else client.get(address, follow=True)
    return answer.content.decode()


def page(candidate: Candidate, act: str = "") -> str:
    return f"/candidates/{candidate.pk}/" + (f"{act}/" if act else "")


def names_in(page: str) -> list[str]:
    """The ids that the rows of a list open."""
    return re.findall(r'<td class="nowrap"><a href="/candidates/([0-9a-f-]{36})/', page)


def again(candidate: Candidate) -> Candidate:
    return Candidate.objects.everyone(because="test").get(pk=candidate.pk)


# --- The worker


def test_a_worker_reads_the_reason_of_an_open_category_and_verifies(
    sign_in: SignIn, wang_shanshan: User
) -> None:
    candidate = make_candidate(grid=GRID)
    client = sign_in(wang_shanshan)
    assert names_in(text_of(client, "/candidates/")) == [str(candidate.pk)]
    shown = text_of(client, page(candidate))
    for words in (
        "留守",
        candidate.reason,
        "陈雨桐",
        "11 周岁",
        "国发〔2016〕13号",
    ):
        assert words in shown, words
    form = {"evidence": "奶奶说父母去年外出", "on": str(years_ago(1)), "submission_key": str(uuid4())}
    answer = client.post(page(candidate, "verify"), form, follow=True)
    youth = Youth.objects.everyone(because="test").get()
    assert answer.redirect_chain == [(f"/youths/{youth.pk}/", 302)]
    assert "已认定陈*桐为农村留守儿童" in answer.content.decode()
    assert names_in(text_of(client, "/candidates/")) == []


def test_the_form_is_filled_so_that_one_tap_will_do(sign_in: SignIn, wang_shanshan: User) -> None:
    candidate = make_candidate(grid=GRID)
    client = sign_in(wang_shanshan)
    shown = text_of(client, page(candidate))
    evidence = re.search(r'<textarea name="evidence"[^>]*>(.*?)</textarea>', shown, re.DOTALL)
    day = re.search(r'<input type="date" name="on" value="([^"]+)"', shown)
    assert evidence is not None
    assert day is not None
    form = {"evidence": html.unescape(evidence[1]), "on": day[1]}
    assert client.post(page(candidate, "verify"), form).status_code == 302
    assert Enrolment.objects.everyone(because="test").get().evidence == candidate.reason + "，已核实。"


def test_setting_aside_wants_a_reason(sign_in: SignIn, wang_shanshan: User) -> None:
    candidate = make_candidate(grid=GRID)
    client = sign_in(wang_shanshan)
    answer = client.post(page(candidate, "set-aside"), {"reason": ""})
    assert answer.status_code == 422
    assert "请写明搁置的原因" in answer.content.decode()
    assert "已搁置陈*桐的线索" in text_of(client, page(candidate, "set-aside"), reason="母亲在家")
    assert again(candidate).state == "set_aside"


def test_what_cannot_be_enrolled_comes_back_beside_the_form(sign_in: SignIn, wang_shanshan: User) -> None:
    candidate = make_candidate(grid=GRID)
    form = {"evidence": "看过了", "on": str(timezone.localdate() + timedelta(days=1))}
    answer = sign_in(wang_shanshan).post(page(candidate, "verify"), form)
    assert answer.status_code == 422
    assert "起始日期不能晚于今天" in answer.content.decode()


def test_whoever_comes_second_is_told_who_was_faster(
    sign_in: SignIn, wang_shanshan: User, wanli: User
) -> None:
    candidate = make_candidate(grid=GRID)
    form = {"evidence": "奶奶说父母去年外出", "on": str(years_ago(1))}
    sign_in(wang_shanshan).post(page(candidate, "verify"), form)
    answer = sign_in(wanli).post(page(candidate, "set-aside"), {"reason": "不是"}, follow=True)
    assert answer.redirect_chain == [(page(candidate), 302)]
    assert "汪珊珊刚刚办理了这条线索：已核实" in answer.content.decode()


def test_a_double_tap_makes_one(sign_in: SignIn, wang_shanshan: User) -> None:
    candidate = make_candidate(grid=GRID)
    client = sign_in(wang_shanshan)
    form = {"evidence": "奶奶说父母去年外出", "on": str(years_ago(1)), "submission_key": str(uuid4())}
    answers = [client.post(page(candidate, "verify"), form).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Enrolment.objects.everyone(because="test").count() == 1


def test_ending_a_category_that_seems_over(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth(grid=GRID, age=11)
    enrolment = make_enrolment(youth, "left_behind")
    reason = "母亲自上月起在家"
    candidate = make_candidate(youth.resident, kind="leave", enrolment=enrolment, reason=reason)
    client = sign_in(wang_shanshan)
    shown = text_of(client, page(candidate))
    assert "留守 · 拟退出" in shown
    assert "属实，终止类别" in shown
    form = {"evidence": "母亲已回家", "on": str(timezone.localdate())}
    assert "已终止张*海的农村留守儿童" in text_of(client, page(candidate, "verify"), **form)


def test_another_grid_finds_nothing(sign_in: SignIn, wang_shanshan: User) -> None:
    candidate = make_candidate(grid=FAR)
    client = sign_in(wang_shanshan)
    assert names_in(text_of(client, "/candidates/")) == []
    assert client.get(page(candidate)).status_code == 404
    for act in ("verify", "set-aside", "visited"):
        assert client.post(page(candidate, act), {"result": "seen", "reason": "x"}).status_code == 404


# --- Quietly


def quiet_pair(grid: str = FAR) -> tuple[Candidate, Candidate]:
    """A private candidate and an ordinary wish for a visit, of two children alike in all that a worker may see."""
    home = make_dwelling(grid)
    twins = [make_resident("陈雨桐", age=11, sex="2", dwelling=home) for _ in range(2)]
    return make_candidate(twins[0], "custody_child"), make_candidate(twins[1], "moving_child")


def without_ids(page: str) -> str:
    """A page without what differs from one person, form and request to another."""
    page = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", page)
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "TOKEN", page)
    return re.sub(r'nonce="[^"]+"|[0-9a-f]{32}', "R", page)


def without_times(page: str) -> str:
    return re.sub(r"<time[^>]*>[^<]+</time>", "TIME", page)


def test_a_private_candidate_and_an_ordinary_visit_read_the_same_to_the_byte(
    sign_in: SignIn, fanchang_worker: User
) -> None:
    private, ordinary = quiet_pair()
    client = sign_in(fanchang_worker)
    for act in ("", "visited"):
        shown = [
            without_ids(text_of(client, page(candidate, act), **({"result": ""} if act else {})))
            for candidate in (private, ordinary)
        ]
        assert shown[0] == shown[1]
        assert "走访 陈*桐" in shown[0]
        assert not [word for word in TELLING if word in shown[0]]


def test_after_the_visit_they_read_the_same_whatever_became_of_them(
    sign_in: SignIn, fanchang_worker: User, fanchang: User
) -> None:
    private, ordinary = quiet_pair()
    worker = sign_in(fanchang_worker)
    landed = [
        without_ids(text_of(worker, page(candidate, "visited"), result="seen", note="奶奶在照顾"))
        for candidate in (private, ordinary)
    ]
    assert landed[0].replace("共 1 条", "共 0 条").count("已记下对陈*桐的走访") == 1
    form = {"evidence": "父亲服刑，奶奶照顾", "on": str(years_ago(0, days=30))}
    assert sign_in(fanchang).post(page(private, "verify"), form).status_code == 302
    shown = [without_ids(text_of(worker, page(candidate))) for candidate in (private, ordinary)]
    # A file was opened for one; whoever answers for the grid sees the file, and that it is there.
    assert "打开档案" in shown[0]
    link = '<span class="push"><a class="button small" href="/youths/ID/">打开档案</a></span>'
    assert without_times(shown[0].replace(link, "")) == without_times(shown[1])


def test_the_list_tells_them_apart_by_nothing(sign_in: SignIn, fanchang_worker: User) -> None:
    private, ordinary = quiet_pair()
    make_candidate(topic="left_behind", grid=FAR)
    client = sign_in(fanchang_worker)
    shown = text_of(client, "/candidates/")
    assert len(names_in(shown)) == 3
    assert not [word for word in TELLING if word in shown]
    rows = {
        found: row for row in re.findall(r"<tr>\n<td.*?</tr>", shown, re.DOTALL) for found in names_in(row)
    }
    assert without_ids(rows[str(private.pk)]) == without_ids(rows[str(ordinary.pk)])
    assert re.findall(r"<span>(关爱对象|留守)</span><b>(\d)</b>", shown) == [("留守", "1"), ("关爱对象", "2")]


@pytest.mark.parametrize(
    "query",
    [
        "topic=custody_child",
        "topic=moving_child",
        "topic=unattended_in_fact",
        "topic=misconduct",
        "topic=nothing",
    ],
)
def test_no_filter_of_a_private_kind_is_known(sign_in: SignIn, fanchang_worker: User, query: str) -> None:
    quiet_pair()
    client = sign_in(fanchang_worker)
    answer = client.get(f"/candidates/?{query}")
    assert answer.status_code == 422
    assert names_in(answer.content.decode()) == []


@pytest.mark.parametrize("state", ["verified", "enrolled", "helped", "set_aside", "withdrawn", "suggested"])
def test_no_state_beyond_visited_is_known(
    sign_in: SignIn, fanchang_worker: User, fanchang: User, state: str
) -> None:
    private, ordinary = quiet_pair()
    client = sign_in(fanchang_worker)
    for candidate in (private, ordinary):
        client.post(page(candidate, "visited"), {"result": "seen"})
    form = {"evidence": "父亲服刑，奶奶照顾", "on": str(years_ago(0, days=30))}
    sign_in(fanchang).post(page(private, "verify"), form)
    assert names_in(text_of(client, f"/candidates/?state={state}")) == []
    assert set(names_in(text_of(client, "/candidates/?state=visited"))) == {str(private.pk), str(ordinary.pk)}
    for kind in ("enter", "leave"):
        assert names_in(text_of(client, f"/candidates/?state=visited&kind={kind}")) == []


def test_nothing_is_decided_by_who_must_not_know(sign_in: SignIn, fanchang_worker: User) -> None:
    private, ordinary = quiet_pair()
    client = sign_in(fanchang_worker)
    for act in ("verify", "set-aside"):
        answers = [
            client.post(page(c, act), {"reason": "x", "evidence": "x"}).status_code
            for c in (private, ordinary)
        ]
        assert answers == [404, 404]


def test_one_that_was_decided_without_a_visit_is_simply_no_longer_needed(
    sign_in: SignIn, fanchang_worker: User, fanchang: User
) -> None:
    private, _ = quiet_pair()
    sign_in(fanchang).post(page(private, "set-aside"), {"reason": "父亲上月已释放"})
    client = sign_in(fanchang_worker)
    for shown in (text_of(client, page(private)), text_of(client, page(private, "visited"), result="seen")):
        assert "这次走访已经不需要了" in shown
        assert not [word for word in (*TELLING, "释放") if word in shown]


def test_those_who_may_know_read_the_reason_and_that_the_worker_does_not(
    sign_in: SignIn, fanchang: User
) -> None:
    private, _ = quiet_pair()
    shown = text_of(sign_in(fanchang), page(private))
    for words in ("服刑子女", private.reason, "没有告诉原因", "属实，认定"):
        assert words in shown, words


def test_a_street_without_a_named_person_reads_no_more_than_the_worker(sign_in: SignIn, wanli: User) -> None:
    private = make_candidate(topic="custody_child", grid=NEXT_DOOR)
    client = sign_in(wanli)
    for shown in (text_of(client, "/candidates/"), text_of(client, page(private))):
        assert not [word for word in TELLING if word in shown]


def test_two_quiet_ones_about_one_person_are_one_visit(
    sign_in: SignIn, fanchang_worker: User, fanchang: User
) -> None:
    first = make_candidate(topic="custody_child", grid=FAR)
    second = make_candidate(first.resident, "moving_child")
    worker = sign_in(fanchang_worker)
    assert len(names_in(text_of(worker, "/candidates/"))) == 1
    assert re.findall(r"<span>关爱对象</span><b>(\d)</b>", text_of(worker, "/candidates/")) == ["1"]
    assert len(names_in(text_of(sign_in(fanchang), "/candidates/"))) == 2
    assert text_of(worker, "/").count("走访：陈*桐") == 1
    shown = names_in(text_of(worker, "/candidates/"))[0]
    text_of(worker, f"/candidates/{shown}/visited/", result="seen")
    assert again(first).visited_by == again(second).visited_by == fanchang_worker
    assert (again(first).state, again(second).state) == ("open", "verified")
    assert names_in(text_of(worker, "/candidates/")) == []
    assert len(names_in(text_of(worker, "/candidates/?state=visited"))) == 1


# --- The list


def test_pages_by_keyset_without_gap_or_double(sign_in: SignIn, wang_shanshan: User) -> None:
    day = timezone.localdate()
    made = [make_candidate(grid=GRID, suggested_on=day - timedelta(days=n % 7)) for n in range(53)]
    client = sign_in(wang_shanshan)
    first = text_of(client, "/candidates/")
    follow = re.search(r'href="(\?after=[^"]+)" rel="next"', first)
    assert follow is not None
    second = text_of(client, "/candidates/" + html.unescape(follow[1]))
    assert len(names_in(first)) == 50
    assert sorted(names_in(first) + names_in(second)) == sorted(str(candidate.pk) for candidate in made)


def test_the_longest_waiting_comes_first_and_age_narrows(sign_in: SignIn, wang_shanshan: User) -> None:
    day = timezone.localdate()
    old, new = (make_candidate(grid=GRID, suggested_on=day - timedelta(days=n)) for n in (31, 1))
    client = sign_in(wang_shanshan)
    assert names_in(text_of(client, "/candidates/")) == [str(old.pk), str(new.pk)]
    assert names_in(text_of(client, "/candidates/?age=month")) == [str(old.pk)]
    assert names_in(text_of(client, "/candidates/?age=week")) == [str(new.pk)]


def test_names_are_masked_in_the_list(sign_in: SignIn, wang_shanshan: User) -> None:
    make_candidate(grid=GRID)
    shown = text_of(sign_in(wang_shanshan), "/candidates/")
    assert "陈*桐" in shown
    assert "陈雨桐" not in shown


def counts_of(page: str) -> list[tuple[str, int]]:
    """(address, number) of every count and figure on a page that opens the list."""
    found = re.findall(r'href="([^"]*)"[^>]*>(?:<span>[^<]*</span>)?<b>([\d,]+)</b>', page)
    found += re.findall(r'<td class="num"[^>]*><a href="(/candidates/[^"]*)"[^>]*>([\d,]+)</a>', page)
    return [(html.unescape(url), int(number.replace(",", ""))) for url, number in found]


@pytest.fixture
def fanchang_at_work(fanchang: User, fanchang_worker: User) -> None:
    """Candidates in every state, in two communities of 繁昌."""
    other = "340212103203001"
    make_grid(other)
    states: list[dict[str, Any]] = [
        {},
        {"state": "withdrawn", "decided_at": timezone.now()},
        {
            "state": "set_aside",
            "decided_at": timezone.now(),
            "decided_by": fanchang,
            "decision_reason": "不是",
        },
    ]
    for grid in (FAR, other):
        for fields in states:
            for topic in ("left_behind", "custody_child", "moving_child"):
                make_candidate(topic=topic, grid=grid, **fields)
        for category in ("left_behind", "custody_child"):
            for visited in (False, True):
                youth = make_youth(grid=grid, age=10)
                make_candidate(
                    youth.resident, category, state="verified", decided_at=timezone.now() - timedelta(hours=1),
                    decided_by=fanchang, enrolment=make_enrolment(youth, category),
                )  # fmt: skip
                if visited:
                    make_visit(youth, visited_on=timezone.localdate())


@pytest.mark.usefixtures("fanchang_at_work")
@pytest.mark.parametrize("who", ["fanchang", "city_cadre", "fanchang_worker"])
def test_every_count_opens_exactly_so_many_names(
    request: pytest.FixtureRequest, sign_in: SignIn, who: str
) -> None:
    client = sign_in(request.getfixturevalue(who))
    for start in (
        "/candidates/",
        "/candidates/?state=visited",
        "/candidates/?topic=left_behind&state=suggested",
    ):
        opened = 0
        for url, number in counts_of(text_of(client, start)):
            address = url if url.startswith("/") else f"/candidates/{url}"
            assert len(names_in(text_of(client, address))) == number, address
            opened += 1
        assert opened > 8


@pytest.mark.usefixtures("fanchang_at_work")
def test_the_funnel_runs_from_suggested_to_helped_by_division(sign_in: SignIn, fanchang: User) -> None:
    shown = text_of(sign_in(fanchang), "/candidates/")
    totals = re.findall(
        r'<a class="figure" href="[^"]*"><b>(\d+)</b><small>(提出|已核实|已认定|已帮扶)', shown
    )
    assert totals == [("20", "提出"), ("8", "已核实"), ("8", "已认定"), ("4", "已帮扶")]
    assert "平铺镇" in shown


@pytest.mark.usefixtures("fanchang_at_work")
def test_the_funnel_of_who_must_not_know_counts_what_he_may_know(sign_in: SignIn) -> None:
    secretary = make_user(name="平铺村书记", posts=[("community", PINGPU)])
    totals = re.findall(
        r'<a class="figure" href="[^"]*"><b>(\d+)</b>', text_of(sign_in(secretary), "/candidates/")
    )
    assert totals == ["4", "2", "2", "1"]


def test_a_worker_without_figures_has_no_funnel(sign_in: SignIn, fanchang_worker: User) -> None:
    assert "线索办理进展" not in text_of(sign_in(fanchang_worker), "/candidates/")


# --- What it costs


@pytest.mark.parametrize(("who", "statements"), [("fanchang_worker", 14), ("fanchang", 15)])
def test_the_list_costs_the_same_whatever_it_holds(
    request: pytest.FixtureRequest,
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
    who: str,
    statements: int,
) -> None:
    """Frame 5; places, categories, page, doors, reading, states, topics, ages, divisions; the funnel."""
    client = sign_in(request.getfixturevalue(who))
    client.get("/candidates/")
    for _ in range(2):
        quiet_pair()
        make_candidate(grid=FAR)
        with django_assert_num_queries(statements):
            client.get("/candidates/")


def test_a_candidate_costs_the_same_whoever_looks(
    sign_in: SignIn, fanchang_worker: User, fanchang: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    private, ordinary = quiet_pair()
    client = sign_in(fanchang_worker)
    client.get(page(private))
    for candidate in (private, ordinary):
        with django_assert_num_queries(11):  # frame 5, candidate, home, reading and its transaction 3, file
            client.get(page(candidate))
    client = sign_in(fanchang)
    client.get(page(private))
    with django_assert_num_queries(11):
        client.get(page(private))


# --- The command


def test_the_command_prints_one_object() -> None:
    out = StringIO()
    call_command("suggest_candidates", json=True, stdout=out)
    printed = json.loads(out.getvalue())
    assert set(printed) == {"candidates", "suggested", "open", "renewed", "withdrawn", "alerts", "seconds"}
    out = StringIO()
    call_command("suggest_candidates", "--category", "idle", stdout=out)
    assert out.getvalue().startswith("新线索 0 条")


# --- Story 3: the 46 children


JUSTICE = ["公民身份号码", "人员编号", "事项", "起始日期", "终止日期", "单位", "等级", "去向"]


@pytest.fixture
def families(fanchang_worker: User) -> list[tuple[Resident, Resident]]:
    """46 families over seven communities of 繁昌, a worker in each; of nothing is known but who is whose parent."""
    communities = list(
        Division.objects.filter(code__startswith="340212", level="community").order_by("code")[:6]
    )
    grids = [FAR, *(f"{community.code}001" for community in communities)]
    for code in grids[1:]:
        make_worker(code)
    made = []
    for number in range(46):
        father = make_resident("陈建军", date(1988, 5, 1) + timedelta(days=number))
        child = make_resident(
            "陈雨桐", age=4 + number % 13, sex="2", dwelling=make_dwelling(grids[number % 7])
        )
        make_guardianship(child, father, status="unknown")
        make_guardianship(child, "陈秀珍", relation="62", kind="entrusted", status="at_home")
        made.append((father, child))
    return made


def justice_list(path: Path, fathers: list[Resident]) -> Path:
    kinds = ("服刑", "强制隔离戒毒")
    rows = [[f.id_number, "", kinds[n % 2], "2026-03-01", "", "", "", ""] for n, f in enumerate(fathers)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([JUSTICE, *rows])
    return path


def test_story_3_the_46_children(
    sign_in: SignIn,
    families: list[tuple[Resident, Resident]],
    tmp_path: Path,
    fanchang: User,
    fanchang_worker: User,
    city_cadre: User,
) -> None:
    # The list comes in the evening: only parents, no child on it.
    file = justice_list(tmp_path / "justice.csv", [father for father, _ in families])
    out = StringIO()
    call_command(
        "load_feed", "facts", file, source="justice", as_of=str(timezone.localdate()), json=True, stdout=out
    )
    counts = json.loads(out.getvalue())
    assert (counts["accepted"], counts["candidates"], counts["alerts"]) == (46, 46, 7)
    cadre, worker = sign_in(fanchang), sign_in(fanchang_worker)
    assert "共 46 条" in text_of(cadre, "/candidates/?topic=custody_child")

    # The workers are asked quietly: how many, and to go; nothing else, anywhere.
    alert = Alert.objects.of(fanchang_worker).get()
    mine = names_in(text_of(worker, "/candidates/"))
    assert alert.text == f"第1网格有 {len(mine)} 条新线索，请走访"
    seen = ["/", "/alerts/", "/alerts/live/", "/candidates/", "/youths/", f"/alerts/{alert.pk}/"]
    seen += [f"/candidates/{candidate}/" for candidate in mine]
    for address in seen:
        shown = text_of(worker, address)
        assert not [word for word in TELLING if word in shown], address

    # One goes, and tells what is to be seen; the district knows why, and decides.
    first = f"/candidates/{mine[0]}/"
    text_of(worker, f"{first}visited/", result="seen", met="guardian", note="奶奶在照顾，孩子在上学")
    assert "已走访，请核定" in text_of(cadre, "/alerts/")
    shown = text_of(cadre, first)
    assert "奶奶在照顾，孩子在上学" in shown
    assert "随祖母居住" in shown
    form = {"evidence": "父亲服刑自 2026-03-01，随祖母居住，已当面核实。", "on": "2026-03-01"}
    assert cadre.post(f"{first}verify/", form).status_code == 302
    youth = Youth.objects.everyone(because="test").get()
    assert youth.enrolments.get().category_id == "custody_child"

    # From then on the child is on the register for care; the worker still does not know why.
    for address in (
        "/",
        "/youths/",
        f"/youths/{youth.pk}/",
        f"/youths/{youth.pk}/history/",
        first,
        "/candidates/",
    ):
        shown = text_of(worker, address)
        assert not [word for word in TELLING if word in shown], address
    assert "关爱对象" in text_of(worker, f"/youths/{youth.pk}/")
    secretary = make_user(name="平铺村书记", posts=[("community", PINGPU)])
    sheet = b"".join(sign_in(secretary).get("/youths/export/"))
    assert not [word for word in TELLING if word.encode() in sheet]

    # The coverage: 46 suggested, one verified and enrolled, none helped until somebody comes again.
    def funnel(client: Client) -> list[str]:
        return re.findall(r'<a class="figure" href="[^"]*"><b>(\d+)</b>', text_of(client, "/candidates/"))

    assert funnel(cadre) == funnel(sign_in(city_cadre)) == ["46", "1", "1", "0"]
    make_visit(youth, by=fanchang_worker, visited_on=timezone.localdate())
    assert funnel(cadre) == ["46", "1", "1", "1"]
    helped = text_of(cadre, "/candidates/?kind=enter&state=helped")
    assert names_in(helped) == [mine[0]]


# --- Today


def test_today_leads_from_the_phone_to_the_result(sign_in: SignIn, fanchang_worker: User) -> None:
    private, ordinary = quiet_pair()
    client = sign_in(fanchang_worker)
    shown = text_of(client, "/")
    for candidate in (private, ordinary):
        assert f'href="{page(candidate)}" aria-label="走访：陈*桐"' in shown
    assert not [word for word in TELLING if word in shown]
    text_of(client, page(private, "visited"), result="seen")
    assert page(private) not in text_of(client, "/")


def test_a_candidate_goes_with_the_responsibility(wang_shanshan: User, yang_ying: User) -> None:
    youth = make_youth(grid=GRID, age=11)
    candidate = make_candidate(youth.resident)
    youth.grid_id = NEXT_DOOR
    youth.save()
    assert rules.follow() == 1
    assert Candidate.objects.visible_to(yang_ying).get() == candidate
    assert not Candidate.objects.visible_to(wang_shanshan).exists()
