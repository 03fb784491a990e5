"""The sheet to take away: exactly the list, masked, and harmless to open."""

import re
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
import time_machine
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grids.models import User
from grids.permissions import Role
from registry import cells, export_work, exports, marks
from registry.models import Export, Reading
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


# --- Counted and capped


def exports_of(user: User) -> list[Export]:
    return list(Export.objects.visible_to(user).filter(by=user).order_by("ordinal"))


def test_every_sheet_is_a_row_with_its_number_and_its_reading(sign_in: SignIn, jiujiang: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001")
    rows = sheet(sign_in(jiujiang))
    [export] = exports_of(jiujiang)
    assert (export.kind, export.row_count, export.ordinal, export.post) == ("youths", 1, 1, jiujiang.label)
    assert export.number in str(rows[1][0])
    reading = Reading.objects.everyone(because="test").get(pk=export.reading_id or 0)
    assert reading.subject_ids == [youth.pk]


def test_a_day_has_so_many_exports_and_rows(sign_in: SignIn, jiujiang: User, settings: Any) -> None:
    make_youth(grid=f"{YINHU}001")
    make_youth(grid=f"{YINHU}001")
    client = sign_in(jiujiang)
    settings.EXPORTS_A_DAY, settings.EXPORT_ROWS_A_DAY = 3, 5
    assert [client.get("/youths/export/").status_code for _ in range(3)] == [200, 200, 429]
    assert "这份有 2 行，您今天已经导出 4 行，一天最多 5 行" in client.get("/youths/export/").content.decode()
    settings.EXPORT_ROWS_A_DAY = 100
    assert client.get("/youths/export/").status_code == 200
    refused = client.get("/youths/export/?grade=B")
    assert refused.status_code == 429
    assert "一天最多 3 份" in refused.content.decode()
    assert "/youths/?grade=B" in refused.content.decode()
    assert len(exports_of(jiujiang)) == 3
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert sign_in(jiujiang).get("/youths/export/").status_code == 200


def test_what_was_not_exported_was_not_read(sign_in: SignIn, jiujiang: User, settings: Any) -> None:
    make_youth(grid=f"{YINHU}001")
    settings.EXPORTS_A_DAY = 0
    assert sign_in(jiujiang).get("/youths/export/").status_code == 429
    assert not exports_of(jiujiang)


def test_two_at_once_take_two_numbers(jiujiang: User) -> None:
    exports.begin(kind="youths", rows=1, by=jiujiang)
    with pytest.raises(IntegrityError, match="export_numbered_by_day"), transaction.atomic():
        Export.objects.create(by=jiujiang, kind="youths", ordinal=1, mark=b"12345678")


# --- Marked


def saved(tmp_path: Path, data: bytes, name: str = "a.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def told(path: Path, by: User) -> str:
    out = StringIO()
    call_command("whose_export", str(path), by=by.username, stdout=out)
    return out.getvalue()


def test_a_leaked_copy_tells_whose_it_was(
    sign_in: SignIn, jiujiang: User, wanli: User, auditor: User, security: User, tmp_path: Path
) -> None:
    make_youth(grid=f"{YINHU}001")
    sheet(sign_in(wanli))
    answer = sign_in(jiujiang).get("/youths/export/")
    path = saved(tmp_path, answer.content)
    for officer in (auditor, security):
        assert "王磊（登录名 jiujiang" in told(path, officer)
        assert "陈亮" not in told(path, officer)
    with pytest.raises(CommandError, match="只有审计员"):
        told(path, jiujiang)


def test_and_so_does_a_row_of_it_in_another_sheet_or_encoding(
    sign_in: SignIn, jiujiang: User, auditor: User, tmp_path: Path
) -> None:
    make_youth(grid=f"{YINHU}001")
    row = sheet(sign_in(jiujiang))[HEAD + 1]
    text = ",".join(str(cell) for cell in row)
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert "王磊" in told(saved(tmp_path, text.encode(encoding), "a.csv"), auditor), encoding
    again = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(again) as book:
        book.add_worksheet().write_row(3, 2, [str(cell) for cell in row])
    assert "王磊" in told(again, auditor)


def test_a_file_without_a_mark_or_with_a_made_up_one_tells_nobody(auditor: User, tmp_path: Path) -> None:
    for text in ("张三,李四", "A" * 40, "\u200b\u200c" * 60):
        with pytest.raises(CommandError, match="没有找到标记"):
            told(saved(tmp_path, text.encode(), "a.csv"), auditor)


def test_people_read_none_of_it(sign_in: SignIn, jiujiang: User) -> None:
    make_youth(grid=f"{YINHU}001")
    rows = sheet(sign_in(jiujiang))
    assert marks.without(rows[HEAD + 1][-1]) == "在管"
    assert len(rows[HEAD + 1][-1]) > 40
    assert marks.without(str(rows[0][0])) == "芜湖市重点青少年服务 · 人员名单（内部资料 注意保密）"


def test_the_auditors_sheet_is_marked_as_well(
    sign_in: SignIn, auditor: User, security: User, tmp_path: Path
) -> None:
    answer = sign_in(auditor).get("/readings/export/")
    assert "审计员" in told(saved(tmp_path, answer.content), security)


def test_every_print_says_who_printed_it_and_when(sign_in: SignIn, jiujiang: User) -> None:
    youth = make_youth(grid=f"{YINHU}001")
    for path in ("/youths/", f"/youths/{youth.pk}/", "/disclosures/"):
        [line] = re.findall(
            r'<p class="print-only">([^<]*)</p>', sign_in(jiujiang).get(path).content.decode()
        )
        assert f"打印人：王磊（{jiujiang.label}）" in line, path
        assert f"{timezone.localdate():%Y-%m-%d}" in line, path


# --- Harmless


@pytest.mark.parametrize("text", ["=1+1", "+8613800000000", "-1", "@x", "\t=1", "\r=1", "'=1", "''+1", "＝1"])
def test_what_could_be_a_formula_goes_out_behind_an_apostrophe_and_comes_back(text: str) -> None:
    assert cells.harmless(text) == f"'{text}"
    assert cells.bare(cells.harmless(text)) == text


@pytest.mark.parametrize("text", ["", "张三", "'90后", "a=b", "1-2"])
def test_what_could_not_stays_as_it_is(text: str) -> None:
    assert cells.harmless(text) == text
    assert cells.bare(text) == text


def test_no_cell_of_the_sheet_begins_like_a_formula(sign_in: SignIn, jiujiang: User) -> None:
    make_grid(f"{YINHU}001", name="=1+1")
    make_youth(grid=f"{YINHU}001")
    rows = sheet(sign_in(jiujiang))
    assert "'=1+1" in rows[HEAD + 1]
    assert not [cell for row in rows for cell in row if str(cell)[:1] in "=+-@" and str(cell)]


# --- Long ones


@pytest.fixture
def long_lists(settings: Any, tmp_path: Path) -> Path:
    settings.EXPORT_AT_ONCE_ROWS = 1
    settings.EXPORT_FILES_DIR = tmp_path / "exports"
    return tmp_path / "exports"


def test_a_long_list_is_made_by_the_worker_and_fetched(
    sign_in: SignIn, jiujiang: User, long_lists: Path, auditor: User
) -> None:
    youths = [make_youth(name, grid=f"{YINHU}001") for name in ("张小海", "李明")]
    client = sign_in(jiujiang)
    answer = client.get("/youths/export/?sort=name")
    [export] = exports_of(jiujiang)
    assert answer["Location"] == f"/exports/{export.pk}/"
    assert (export.state, export.query) == ("ready", "sort=name")
    assert "下载" in client.get(answer["Location"]).content.decode()
    file = client.get(f"/exports/{export.pk}/file/")
    assert "no-store" in file["Cache-Control"]
    rows = CalamineWorkbook.from_filelike(BytesIO(file.getvalue())).get_sheet_by_index(0).to_python()
    assert names(rows) == ["李*", "张*海"]
    assert export.path.stat().st_mode & 0o777 == 0o600
    reading = Reading.objects.everyone(because="test").get(pk=export.reading_id or 0)
    assert set(reading.subject_ids) == {youth.pk for youth in youths}
    assert "王磊" in told(export.path, auditor)


def test_nobody_else_fetches_it_nor_the_owner_in_another_post(
    sign_in: SignIn, jiujiang: User, wanli: User, auditor: User, long_lists: Path
) -> None:
    make_youth(grid=f"{YINHU}001")
    make_youth(grid=f"{YINHU}001")
    sign_in(jiujiang).get("/youths/export/")
    [export] = exports_of(jiujiang)
    assert sign_in(wanli).get(f"/exports/{export.pk}/file/").status_code == 404
    assert sign_in(wanli).get(f"/exports/{export.pk}/").status_code == 404
    assert sign_in(auditor).get(f"/exports/{export.pk}/file/").status_code == 403
    assert export.number in sign_in(auditor).get("/exports/").content.decode()
    assert export.number not in sign_in(wanli).get("/exports/").content.decode()
    jiujiang.posts.update(ends_on=timezone.localdate())
    give_post(jiujiang, Role.DISTRICT, PINGPU[:6])
    assert sign_in(jiujiang).get(f"/exports/{export.pk}/file/").status_code == 404


def test_its_file_lives_for_a_day(sign_in: SignIn, jiujiang: User, long_lists: Path) -> None:
    make_youth(grid=f"{YINHU}001")
    make_youth(grid=f"{YINHU}001")
    sign_in(jiujiang).get("/youths/export/")
    [export] = exports_of(jiujiang)
    assert export_work.purge() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        assert sign_in(jiujiang).get(f"/exports/{export.pk}/file/").status_code == 404
        assert export_work.purge() == 1
    assert not list(long_lists.iterdir())
    assert exports_of(jiujiang)[0].state == "gone"


def test_a_lost_task_is_sent_again_and_one_too_many_does_nothing(jiujiang: User, long_lists: Path) -> None:
    make_youth(grid=f"{YINHU}001")
    export = exports.begin(kind="youths", rows=1, by=jiujiang, state="making")
    assert export_work.send_lost() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert export_work.send_lost() == 1
    assert exports_of(jiujiang)[0].state == "ready"
    export_work.make(export.pk)
    assert Reading.objects.everyone(because="test").count() == 1


def test_who_may_no_longer_export_gets_no_file(jiujiang: User, long_lists: Path) -> None:
    make_youth(grid=f"{YINHU}001")
    export = exports.begin(kind="youths", rows=1, by=jiujiang, state="making")
    jiujiang.posts.update(ends_on=timezone.localdate())
    export_work.make(export.pk)
    [export] = exports_of(jiujiang)
    assert (export.state, export.reading_id) == ("failed", None)
    assert not long_lists.exists()


def test_pressing_twice_makes_one(sign_in: SignIn, jiujiang: User, long_lists: Path, settings: Any) -> None:
    make_youth(grid=f"{YINHU}001")
    make_youth(grid=f"{YINHU}001")
    Export.objects.create(
        by=jiujiang, post=jiujiang.label, kind="youths", ordinal=1, mark=b"12345678", state="making"
    )
    sign_in(jiujiang).get("/youths/export/")
    assert len(exports_of(jiujiang)) == 1


# --- Outside a test's own transaction


@pytest.mark.django_db(transaction=True)
def test_reading_export_and_sheet_are_one_transaction(
    sign_in: SignIn, jiujiang: User, long_lists: Path, settings: Any
) -> None:
    """As in production, where the page's snapshot is begun by hand: short, capped and made by the worker."""
    make_youth(grid=f"{YINHU}001")
    client = sign_in(jiujiang)
    assert client.get("/youths/export/").status_code == 200
    assert Reading.objects.everyone(because="test").count() == 1
    settings.EXPORTS_A_DAY = 1
    assert client.get("/youths/export/").status_code == 429
    assert Reading.objects.everyone(because="test").count() == 1, "what was not exported was not read"
    assert len(exports_of(jiujiang)) == 1
    settings.EXPORTS_A_DAY = 20
    make_youth(grid=f"{YINHU}001")
    answer = client.get("/youths/export/")
    assert answer.status_code == 302
    assert exports_of(jiujiang)[-1].state == "ready"
    file = client.get(f"{answer['Location']}file/")
    assert file.status_code == 200
    file.close()
    assert Reading.objects.everyone(because="test").count() == 2
