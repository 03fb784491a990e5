"""The search page of the register: who is listed, what the counts say, and what it never gives away."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from grids.models import User
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    make_fact,
    make_grid,
    make_guardianship,
    make_handover,
    make_move,
    make_need,
    make_youth,
    years_ago,
)

TODAY = timezone.localdate


def in_days(days: int) -> Any:
    return TODAY() + timedelta(days=days)


def names_in(response: Any) -> list[str]:
    """The masked names of one page, in its order."""
    table = re.search(r"<tbody>(.*)</tbody>", response.content.decode(), re.S)
    return re.findall(r"<tr>\s*<td[^>]*><a [^>]*>([^<]*)</a>", table[1]) if table else []


def ids_in(response: Any) -> list[str]:
    table = re.search(r"<tbody>(.*)</tbody>", response.content.decode(), re.S)
    return re.findall(r'<tr>\s*<td[^>]*><a href="/youths/([0-9a-f-]{36})/"', table[1]) if table else []


def link(response: Any, rel: str) -> str:
    found = re.search(rf'href="([^"]*)" rel="{rel}"', response.content.decode())
    return unescape(found[1]) if found else ""


def walk(client: Client, query: str) -> list[str]:
    """The ids of the whole list, page by page."""
    found: list[str] = []
    address = f"/youths/{query}"
    while True:
        response = client.get(address)
        assert response.status_code == 200
        found += ids_in(response)
        following = link(response, "next")
        if not following:
            return found
        address = f"/youths/{following}"


def counts_in(response: Any) -> dict[str, tuple[str, int]]:
    """{label: (link, number)} of all counts beside the list."""
    pattern = r'<li><a href="([^"]*)"[^>]*><span>([^<]*)</span><b>([\d,]+)</b>'
    found = re.findall(pattern, response.content.decode())
    return {label: (unescape(url), int(number.replace(",", ""))) for url, label, number in found}


def total_in(response: Any) -> int:
    found = re.search(r"共 ([\d,]+) 人</h2>", response.content.decode())
    assert found
    return int(found[1].replace(",", ""))


def without_ids(response: Any) -> str:
    """The page but for what differs between any two requests."""
    text = response.content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text)


@pytest.fixture
def families(db: None) -> dict[str, Youth]:
    """A few files in three communities of two districts."""
    return {
        "海": make_youth("张小海", grid=f"{HUAQIANG}001", age=9, grade="A", next_due_on=in_days(-3)),
        "志": make_youth(
            "朱立志", grid=f"{HUAQIANG}002", age=17, categories=["idle"], next_due_on=in_days(0)
        ),
        "娜": make_youth(
            "欧阳娜娜", grid=f"{YINHU}001", age=14, categories=["left_behind"], next_due_on=in_days(7)
        ),
        "轩": make_youth(
            "赵轩", grid=f"{YINHU}001", age=16, categories=["misconduct", "idle"], next_due_on=in_days(8)
        ),
        "晨": make_youth(
            "冯晨", grid=f"{YINHU}002", age=8, categories=["custody_child"], next_due_on=in_days(30)
        ),
        "平": make_youth(
            "何平", grid=f"{PINGPU}001", age=10, categories=["left_behind"], next_due_on=in_days(-1)
        ),
        "结": make_youth("韩结", grid=f"{YINHU}001", age=25, state="closed", closed_reason="迁出"),
    }


def listed(client: Client, query: str, families: dict[str, Youth]) -> str:
    """Which of the families are listed, by the last characters of their names, sorted."""
    by_id = {str(youth.pk): key for key, youth in families.items()}
    return "".join(sorted(by_id[key] for key in walk(client, query)))


def test_a_cadre_sees_the_open_files_of_the_district_and_no_others(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth]
) -> None:
    assert listed(sign_in(jiujiang), "", families) == "".join(sorted("海志娜轩晨"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("category=idle", "志轩"),
        ("category=left_behind", "娜"),
        ("category=custody_child", "晨"),
        ("age_min=14", "志娜轩"),
        ("age_max=9", "海晨"),
        ("age_min=14&age_max=16", "娜轩"),
        ("division=340207", "海志娜轩晨"),
        ("division=340207004", "海志娜轩晨"),
        (f"division={YINHU}", "娜轩晨"),
        (f"division={YINHU}002", "晨"),
        ("division=3402", "海志娜轩晨"),
        ("grade=A", "海"),
        ("state=closed", "结"),
        ("state=all", "海志娜轩晨结"),
        ("state=open", "海志娜轩晨"),
        ("visit_due=overdue", "海"),
        ("visit_due=today", "志"),
        ("visit_due=week", "志娜"),
        ("visit_due=overdue&state=closed", ""),
        (f"category=idle&division={YINHU}", "轩"),
    ],
)
def test_each_condition_narrows_the_list(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth], query: str, expected: str
) -> None:
    assert listed(sign_in(jiujiang), f"?{query}", families) == "".join(sorted(expected))


def test_school_work_guardian_hukou_need_and_moves_narrow_the_list(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth]
) -> None:
    make_fact(families["海"].resident, "dropped_out")
    make_fact(families["志"].resident, "preparing")
    make_guardianship(families["娜"].resident, relation="51", status="away_for_work")
    make_need(families["轩"], "law")
    make_move(families["晨"], None, moved_on=in_days(-10), destination_code="310115")
    client = sign_in(jiujiang)
    assert listed(client, "?school=dropped_out", families) == "海"
    assert listed(client, "?work=preparing", families) == "志"
    assert listed(client, "?guardian=unattended", families) == "娜"
    assert listed(client, "?need=law", families) == "轩"
    assert listed(client, "?moved_days=30", families) == "晨"
    assert listed(client, "?moved_days=9", families) == ""
    assert listed(client, "?hukou=here", families) == "".join(sorted("海志娜轩晨"))
    assert listed(client, "?hukou=elsewhere", families) == ""


def test_unverified_for_ninety_days_includes_the_day_itself_and_the_never_verified(
    sign_in: SignIn, jiujiang: User
) -> None:
    grid = make_grid()
    never = make_youth("从未", grid=grid)
    ninety = make_youth("九十", grid=grid, last_verified_on=in_days(-90))
    make_youth("近日", grid=grid, last_verified_on=in_days(-89))
    found = walk(sign_in(jiujiang), "?unverified_days=90")
    assert set(found) == {str(never.pk), str(ninety.pk)}


def test_ages_are_whole_years_and_the_birthday_counts(sign_in: SignIn, jiujiang: User) -> None:
    grid = make_grid()
    sixteen = make_youth("满", birth_on=years_ago(16), grid=grid)
    almost = make_youth("差", birth_on=years_ago(16) + timedelta(days=1), grid=grid)
    client = sign_in(jiujiang)
    assert walk(client, "?age_min=16") == [str(sixteen.pk)]
    assert walk(client, "?age_max=15") == [str(almost.pk)]


def test_a_file_in_handover_is_found_by_its_state_and_stays_with_the_old_grid(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User, families: dict[str, Youth]
) -> None:
    make_handover(families["海"], f"{YINHU}001")
    client = sign_in(jiujiang)
    assert listed(client, "?state=handover", families) == "海"
    assert counts_in(client.get("/youths/"))["交接中"][1] == 1
    assert "海" not in listed(sign_in(wang_shanshan), "", families)


# --- Every count opens into its names


@pytest.mark.parametrize("who", ["city_cadre", "jiujiang", "wanli", "yang_ying", "wang_shanshan"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?category=idle",
        "?state=all",
        "?state=closed",
        "?state=handover",
        f"?division={YINHU}",
        "?visit_due=week&age_max=15",
        "?category=left_behind&visit_due=overdue&state=all",
    ],
)
def test_every_count_is_the_length_of_the_list_behind_its_link(
    sign_in: SignIn, request: pytest.FixtureRequest, families: dict[str, Youth], who: str, query: str
) -> None:
    make_handover(families["海"], f"{YINHU}001")
    client = sign_in(request.getfixturevalue(who))
    page = client.get(f"/youths/{query}")
    if page.status_code == 422:  # a place outside this person's area
        return
    assert total_in(page) == len(walk(client, query))
    for label, (url, number) in counts_in(page).items():
        assert number == len(walk(client, url)), label


def test_a_worker_of_several_grids_counts_by_grid(sign_in: SignIn, families: dict[str, Youth]) -> None:
    from tests.factories import make_user

    worker = make_user("liang", "两格", leads=[f"{HUAQIANG}001", f"{YINHU}001"])
    page = sign_in(worker).get("/youths/")
    counts = counts_in(page)
    assert counts["华强社区 第1网格"][1] == 1
    assert counts["银湖社区 第1网格"][1] == 2
    assert total_in(page) == 3


def test_the_counts_and_the_rows_come_from_one_snapshot(
    sign_in: SignIn, transactional_db: None, jiujiang: User
) -> None:
    """A file that is opened by somebody else while the page is being read is in none of its parts."""
    grid = make_grid()
    make_youth("先到", grid=grid)
    seen: list[str] = []

    def open_another() -> None:
        try:
            make_youth("后到", grid=grid)
        finally:
            connection.close()

    def interfere(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if 'FROM "registry_youth"' in sql and not seen:
            seen.append(sql)
            other = Thread(target=open_another)
            other.start()
            other.join()
        return result

    client = sign_in(jiujiang)
    with connection.execute_wrapper(interfere):
        page = client.get("/youths/")
    assert seen
    assert (total_in(page), names_in(page)) == (1, ["先*"])
    assert total_in(client.get("/youths/")) == 2


@pytest.mark.parametrize("who", ["city_cadre", "jiujiang", "yang_ying", "wang_shanshan"])
def test_the_page_costs_the_same_few_statements_for_five_files_and_for_sixty(
    sign_in: SignIn, request: pytest.FixtureRequest, who: str
) -> None:
    user: User = request.getfixturevalue(who)
    grid = make_grid(f"{HUAQIANG}001" if who == "yang_ying" else f"{YINHU}001")
    client = sign_in(user)
    client.get("/youths/")
    costs = []
    for number in (5, 55):
        for _ in range(number):
            make_youth(grid=grid, categories=["left_behind"])
        with CaptureQueriesContext(connection) as captured:
            page = client.get("/youths/?category=left_behind&age_max=15&sort=name")
        costs.append(len(captured))
    assert len(ids_in(page)) == 50
    assert costs[0] == costs[1] <= 12


# --- Need to know


def test_who_may_not_know_reads_for_care_and_is_offered_no_private_category(
    sign_in: SignIn, wang_shanshan: User, families: dict[str, Youth]
) -> None:
    text = sign_in(wang_shanshan).get("/youths/").content.decode()
    assert "服刑" not in text
    assert "不良" not in text
    assert "custody_child" not in text
    assert "misconduct" not in text


def test_a_street_that_may_not_know_sees_the_youth_but_not_the_reason(
    sign_in: SignIn, wanli: User, jiujiang: User, families: dict[str, Youth]
) -> None:
    page = sign_in(wanli).get(f"/youths/?division={YINHU}002")
    assert names_in(page) == ["冯*"]
    assert "关爱对象" in page.content.decode()
    assert "服刑子女" in sign_in(jiujiang).get(f"/youths/?division={YINHU}002").content.decode()


def test_of_two_categories_who_may_not_know_reads_the_one_that_is_no_secret(
    sign_in: SignIn, wanli: User, families: dict[str, Youth]
) -> None:
    client = sign_in(wanli)
    row = client.get("/youths/?category=idle&age_max=16").content.decode()
    assert 'data-label="类别">闲散</td>' in row
    assert counts_in(client.get("/youths/"))["闲散"][1] == 2


def test_a_private_category_answers_like_a_word_that_means_nothing(
    sign_in: SignIn,
    wanli: User,
    families: dict[str, Youth],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = sign_in(wanli)
    client.get("/youths/")
    with CaptureQueriesContext(connection) as private:
        known = client.get("/youths/?category=custody_child")
    with django_assert_num_queries(len(private)):
        unknown = client.get("/youths/?category=nonsense")
    assert known.status_code == unknown.status_code == 422
    assert "没有这个类别" in known.content.decode()
    assert without_ids(known) == without_ids(unknown)


def test_a_foreign_place_answers_like_one_that_does_not_exist(
    sign_in: SignIn, wanli: User, families: dict[str, Youth]
) -> None:
    client = sign_in(wanli)
    foreign = client.get(f"/youths/?division={PINGPU}")
    nowhere = client.get("/youths/?division=340299")
    inside = client.get("/youths/?division=340207004999")
    assert {foreign.status_code, nowhere.status_code, inside.status_code} == {422}
    assert without_ids(foreign) == without_ids(nowhere) == without_ids(inside)


# --- What people type into addresses


@pytest.mark.parametrize(
    "query",
    [
        "age_min=abc",
        "age_min=-1",
        "age_min=41",
        "age_min=" + "9" * 5000,
        "age_min=12&age_max=9",
        "age_min=1%00",
        "unverified_days=0",
        "unverified_days=99999999999999999999",
        "moved_days=1.5",
        "category=idle%00",
        "category=idle&category=street",
        "state=everything",
        "visit_due=tomorrow",
        "school=%27%3B--",
        "division=34020",
        "division=%F0%9F%98%80",
        "division=%D9%A3%D9%A4%D9%A0%D9%A2%D9%A0%D9%A7",
        "division=340207%00",
        "grade=D",
        "need=%3Cscript%3E",
    ],
)
def test_a_bad_value_is_named_beside_its_field_in_chinese(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth], query: str
) -> None:
    page = sign_in(jiujiang).get(f"/youths/?{query}")
    text = page.content.decode()
    assert page.status_code == 422
    assert re.search(r'aria-invalid="true"', text)
    assert "条件有误" in text
    assert "<script>" not in text
    assert not ids_in(page)


@pytest.mark.parametrize(
    "query", ["sort=secret", "sort=--due", "after=xyz", "before=%00%00", "after=" + "A" * 400]
)
def test_a_bad_order_or_place_shows_the_first_page_and_says_so(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth], query: str
) -> None:
    page = sign_in(jiujiang).get(f"/youths/?{query}")
    assert page.status_code == 200
    assert len(ids_in(page)) == 5
    assert 'class="notice warn"' in page.content.decode()


def test_what_was_typed_stays_in_the_field(sign_in: SignIn, jiujiang: User) -> None:
    assert 'value="十六"' in sign_in(jiujiang).get("/youths/?age_min=十六").content.decode()


# --- Orders and pages


@pytest.fixture
def crowd(db: None) -> list[Youth]:
    """120 files with many ties, some never verified, some closed without a due day."""
    grids = [make_grid(f"{HUAQIANG}00{number}") for number in range(1, 4)]
    made = []
    for number in range(120):
        closed = number % 10 == 0
        made.append(
            make_youth(
                ("张小海", "李明", "欧阳娜", "单立")[number % 4],
                birth_on=years_ago(10 + number % 3),
                grid=grids[number % 3],
                state="closed" if closed else "open",
                next_due_on=None if closed else in_days(number % 7 - 3),
                last_verified_on=None if number % 5 == 0 else in_days(-(number % 6)),
            )
        )
    return made


def expected_order(youths: list[Youth], sort: str) -> list[str]:
    """What the order means, said again in Python: ties by id, in the direction of the order."""
    far = in_days(10_000)
    keys: dict[str, Callable[[Youth], Any]] = {
        "due": lambda y: (y.next_due_on or far, y.pk.bytes),
        "name": lambda y: (y.pinyin, y.name, y.pk.bytes),
        "verified": lambda y: (y.last_verified_on or in_days(-10_000), y.pk.bytes),
        "grid": lambda y: (y.grid_id, y.pk.bytes),
        "age": lambda y: (-y.birth_on.toordinal(), bytes(255 - byte for byte in y.pk.bytes)),
    }
    ordered = sorted(youths, key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return [str(youth.pk) for youth in ordered]


@pytest.mark.parametrize(
    "sort", [f"{sign}{key}" for key in ("due", "name", "verified", "age", "grid") for sign in ("", "-")]
)
def test_pages_forward_and_back_hold_everybody_once_in_order(
    sign_in: SignIn, jiujiang: User, crowd: list[Youth], sort: str
) -> None:
    client = sign_in(jiujiang)
    expected = expected_order(crowd, sort)
    pages, address = [], f"/youths/?state=all&sort={sort}"
    while address:
        page = client.get(address)
        pages.append(ids_in(page))
        last, following = page, link(page, "next")
        address = f"/youths/{following}" if following else ""
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [key for page in pages for key in page] == expected
    for earlier in reversed(pages[:-1]):
        last = client.get(f"/youths/{link(last, 'prev')}")
        assert ids_in(last) == earlier
    assert not link(last, "prev")


def test_the_usual_order_is_by_due_day_with_the_latest_first(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth]
) -> None:
    page = sign_in(jiujiang).get("/youths/")
    assert names_in(page) == ["张*海", "朱*志", "欧阳*", "赵*", "冯*"]
    assert "已逾期 3 天" in page.content.decode()
    assert 'aria-sort="ascending"' in page.content.decode()


def test_the_next_page_goes_on_from_its_place_though_the_row_has_changed(
    sign_in: SignIn, jiujiang: User, crowd: list[Youth]
) -> None:
    client = sign_in(jiujiang)
    first = client.get("/youths/")
    before = ids_in(client.get(f"/youths/{link(first, 'next')}"))
    moved_on = Youth.objects.everyone(because="test").filter(pk=ids_in(first)[-1])
    moved_on.update(next_due_on=in_days(90))
    assert ids_in(client.get(f"/youths/{link(first, 'next')}")) == before


def test_an_address_shows_no_name_and_no_birth_date(
    sign_in: SignIn, jiujiang: User, crowd: list[Youth]
) -> None:
    for sort in ("name", "age"):
        address = link(sign_in(jiujiang).get(f"/youths/?sort={sort}"), "next")
        assert re.fullmatch(r"\?sort=\w+&after=[\w-]+", address)
        assert "zhang" not in address


# --- Scripts, and the way around them


def test_htmx_gets_the_part_that_changes_and_the_address_to_show(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth]
) -> None:
    client = sign_in(jiujiang)
    part = client.get("/youths/?category=idle", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert part["HX-Push-Url"] == "/youths/?category=idle"
    assert "HX-Request" in part["Vary"]
    restored = client.get("/youths/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_each_condition_has_a_chip_that_takes_it_away(
    sign_in: SignIn, jiujiang: User, families: dict[str, Youth]
) -> None:
    text = sign_in(jiujiang).get("/youths/?category=idle&age_max=16&unverified_days=90").content.decode()
    chips = {
        unescape(label): unescape(url)
        for url, label in re.findall(r'class="chip" href="([^"]*)">([^<]*)<', text)
    }
    assert chips == {
        "类别：闲散": "?age_max=16&unverified_days=90",
        "16 岁及以下": "?category=idle&unverified_days=90",
        "90 天未核实": "?category=idle&age_max=16",
    }


def test_the_page_is_kept_by_no_cache(sign_in: SignIn, jiujiang: User) -> None:
    assert "no-store" in sign_in(jiujiang).get("/youths/")["Cache-Control"]


def test_an_empty_list_says_what_to_do_next(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    assert "范围内还没有青少年档案" in client.get("/youths/").content.decode()
    assert "清空条件" in client.get("/youths/?category=idle").content.decode()


def test_who_has_no_part_in_the_register_is_turned_away(
    sign_in: SignIn, centre: User, auditor: User, legal_aid: User
) -> None:
    for user in (centre, auditor, legal_aid):
        assert sign_in(user).get("/youths/").status_code == 403
