"""Sheets to take away 导出: the list as it stands on the screen, and who took it when."""

from io import BytesIO
from typing import Any

import xlsxwriter
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from grids.models import User

from .filters.lists import Row, YouthList, place_names
from .models import Youth
from .names import mask_name

MOST_ROWS = 10_000
_COLUMNS = [
    ("序号", 6), ("姓名", 10), ("性别", 6), ("年龄", 6), ("类别", 18), ("关注等级", 9), ("区县", 12),
    ("街道（乡镇）", 16), ("社区（村）", 18), ("网格", 12), ("责任人", 10), ("最近核实", 12), ("下次走访", 12),
    ("走访情况", 16), ("档案", 8),
]  # fmt: skip
_TEXT_STAYS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_TEXT_LIMIT = 32_767  # of a cell


def youth_sheet(listing: YouthList, *, by: User) -> BytesIO:
    """An XLSX of exactly this list: masked names, no ID number, no address; the caller has checked its length."""
    rows = listing.all_rows(MOST_ROWS)
    file = BytesIO()
    with xlsxwriter.Workbook(file, _TEXT_STAYS_TEXT) as book:
        sheet = book.add_worksheet("名单")
        bold = book.add_format({"bold": True})
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EDF0F4"})
        first = _write_heading(sheet, bold, listing, len(rows), by)
        for column, (title, width) in enumerate(_COLUMNS):
            sheet.write_string(first, column, title, head)
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(_cells(number, row)):
                _write(sheet, first + number, column, value)
        sheet.freeze_panes(first + 1, 2)
        sheet.autofilter(first, 0, first + len(rows), len(_COLUMNS) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(first)
        sheet.set_footer("&L内部资料 注意保密&R第 &P 页 / 共 &N 页")
    return file


def _write_heading(sheet: Any, bold: Any, listing: YouthList, length: int, by: User) -> int:
    """What the list is, who took it and when; returns the row of the column heads."""
    conditions = [chip.text for chip in listing.chips() if not chip.text.startswith("查询词")]
    if listing.search and len(conditions) < len(listing.chips()):
        conditions.append("按查询词")
    sheet.write_string(0, 0, "芜湖市重点青少年服务 · 人员名单（内部资料 注意保密）", bold)
    moment = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    sheet.write_string(1, 0, f"导出人：{by.name}（{by.label}）    导出时间：{moment}")
    said = "；".join(conditions) or "全部在管"
    sheet.write_string(2, 0, f"范围：{listing.places.scope_label}    条件：{said}")
    sheet.write_string(3, 0, f"共 {length:,} 人。姓名已脱敏；仅用于青少年服务工作，不得外传，用后及时删除。")
    return 5


def _write(sheet: Any, row: int, column: int, value: str | int) -> None:
    """Text stays text, whatever it begins with."""
    if isinstance(value, int):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, value[:_TEXT_LIMIT])


def _cells(number: int, row: Row) -> list[str | int]:
    youth = row.youth
    return [
        number,
        mask_name(youth.name),
        youth.get_sex_display(),
        youth.age,
        "、".join(row.categories),
        youth.grade,
        *place_names(youth),
        row.responsible,
        youth.last_verified_on.isoformat() if youth.last_verified_on else "从未",
        youth.next_due_on.isoformat() if youth.next_due_on else "",
        _lateness(youth),
        youth.get_state_display(),
    ]


def _lateness(youth: Youth) -> str:
    if youth.state != Youth.State.OPEN or youth.next_due_on is None:
        return ""
    days = (youth.next_due_on - timezone.localdate()).days
    if days < 0:
        return f"已逾期 {-days} 天"
    return f"还有 {days} 天" if days else "今天到期"


def download(file: BytesIO, name: str) -> HttpResponse:
    """The sheet as a download named in Chinese, with the day it was made."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(file.getvalue(), content_type=kind)
    filename = f"{name}_{timezone.localdate():%Y%m%d}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
    response["Cache-Control"] = "no-store, private"
    return response
