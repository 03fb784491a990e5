"""The sheet to take away: exactly the list, masked, and harmless to open."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grids.models import User
from grids.permissions import Role
from registry import exports
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, give_post, make_grid, make_user, make_youth
from tests.registry.test_youth_list import names_in

HEAD = 5


def sheet(client: Client, query: str = "") -> list[list[Any]]:
    response = client.get(f"/youths/export/{query}")
    assert response.status_code == 200
    return CalamineWorkbook.from_filelike(BytesIO(response.content)).get_sheet_by_index(0).to_python()


def names(rows: list[list[Any]]) -> list[Any]:
    return [row[1] for row in rows[HEAD + 1 :]]


def test_the_sheet_is_the_list_in_its_order(sign_in: SignIn, jiujiang: User) -> None:
    for name in ("张小海", "李明", "欧阳娜"):
        make_youth(name, grid=f"{YINHU}001", categories=["left_behind"])
    make_youth("王五", grid=f"{YINHU}001", categories=["idle"])
    make_youth("何平", grid=f"{PINGPU}001", categories=["left_behind"])
    client = sign_in(jiujiang)
    query = "?category=left_behind&sort=-name"
    rows = sheet(client, query)
    assert names(rows) == names_in(client.get(f"/youths/{query}")) == ["张*海", "欧阳*", "李*"]
    assert rows[HEAD][:5] == ["序号", "姓名", "性别", "年龄", "类别"]
    assert rows[HEAD + 1][4] == "留守"


def test_the_sheet_says_who_took_it_when_and_what_it_is(sign_in: SignIn, jiujiang: User) -> None:
    make_youth(grid=f"{YINHU}001", categories=["left_behind"])
    rows = sheet(sign_in(jiujiang), "?category=left_behind&age_max=15")
    heading = " ".join(str(row[0]) for row in rows[:HEAD])
    assert "王磊" in heading
    assert f"{timezone.localdate():%Y-%m-%d}" in heading
    assert "类别：留守" in heading
    assert "15 岁及以下" in heading
    assert "共 1 人" in heading


def test_the_sheet_holds_no_whole_name_and_no_id_number(sign_in: SignIn, jiujiang: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001")
    client = sign_in(jiujiang)
    address = client.post("/youths/search/", {"q": "小海"})["Location"]
    text = str(sheet(client, address.partition("/youths/")[2]))
    assert "张*海" in text
    assert "小海" not in text
    assert str(youth.resident.id_number) not in text


def test_a_private_reason_is_in_the_sheet_only_of_who_may_know(
    sign_in: SignIn, jiujiang: User, wanli: User
) -> None:
    make_youth(grid=f"{YINHU}001", categories=["custody_child"])
    assert sheet(sign_in(jiujiang))[HEAD + 1][4] == "服刑子女"
    assert sheet(sign_in(wanli))[HEAD + 1][4] == "关爱对象"


def test_a_name_that_looks_like_a_formula_stays_text(sign_in: SignIn, jiujiang: User) -> None:
    make_grid(f"{YINHU}001", name='=HYPERLINK("http://example.org")')
    make_youth("=cmd·x", grid=f"{YINHU}001")
    response = sign_in(jiujiang).get("/youths/export/")
    with ZipFile(BytesIO(response.content)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "<hyperlink" not in page


def test_the_file_has_a_chinese_name_with_the_day(sign_in: SignIn, jiujiang: User) -> None:
    response = sign_in(jiujiang).get("/youths/export/")
    assert f"青少年名单_{timezone.localdate():%Y%m%d}.xlsx" in unquote(response["Content-Disposition"])
    assert "no-store" in response["Cache-Control"]


def test_a_grid_worker_has_no_button_and_the_address_refuses(
    sign_in: SignIn, wang_shanshan: User, jiujiang: User
) -> None:
    make_youth(grid=f"{YINHU}001")
    client = sign_in(wang_shanshan)
    assert "/youths/export/" not in client.get("/youths/").content.decode()
    assert client.get("/youths/export/").status_code == 403
    assert "/youths/export/" in sign_in(jiujiang).get("/youths/").content.decode()


def test_who_walks_a_grid_elsewhere_takes_away_only_where_export_is_allowed(
    sign_in: SignIn, db: None
) -> None:
    secretary = make_user("secretary", "书记", leads=[f"{YINHU}001"])
    give_post(secretary, Role.COMMUNITY, HUAQIANG)
    make_youth("张小海", grid=f"{HUAQIANG}001")
    make_youth("李明", grid=f"{YINHU}001")
    client = sign_in(secretary)
    assert sorted(names_in(client.get("/youths/"))) == ["张*海", "李*"]
    assert names(sheet(client)) == ["张*海"]


def test_a_list_too_long_for_a_sheet_says_how_to_narrow_it(
    sign_in: SignIn, jiujiang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    for _ in range(3):
        make_youth(grid=f"{YINHU}001")
    page = sign_in(jiujiang).get("/youths/export/?age_max=15")
    text = re.sub(r"<[^>]+>", "", page.content.decode())
    assert page.status_code == 422
    assert "当前条件下有 3 人，一次最多导出 2 人" in text
    assert "/youths/?age_max=15" in page.content.decode()


def test_a_bad_condition_leads_back_to_the_page_that_names_it(sign_in: SignIn, jiujiang: User) -> None:
    response = sign_in(jiujiang).get("/youths/export/?age_max=old")
    assert response["Location"] == "/youths/?age_max=old"


def test_the_sheet_costs_the_same_statements_for_any_length(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    client.get("/youths/export/")
    costs = []
    for number in (2, 30):
        for _ in range(number):
            make_youth(grid=f"{YINHU}001", next_due_on=timezone.localdate() + timedelta(days=number))
        with CaptureQueriesContext(connection) as captured:
            rows = sheet(client)
        costs.append(len(captured))
    assert len(names(rows)) == 32
    assert costs[0] == costs[1] <= 12
