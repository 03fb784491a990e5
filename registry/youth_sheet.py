"""The list of the register as a sheet: masked names, no ID number, no address, marked for whoever takes it."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils import timezone

from .cells import harmless
from .exports import WORKBOOK, made_line
from .filters.lists import Row, YouthList, place_names
from .marks import PROPERTY, hidden, plain
from .models import Export, Youth
from .names import mask_name

_COLUMNS = [
    ("序号", 6), ("姓名", 10), ("性别", 6), ("年龄", 6), ("类别", 18), ("关注等级", 9), ("区县", 12),
    ("街道（乡镇）", 16), ("社区（村）", 18), ("网格", 12), ("责任人", 10), ("最近核实", 12), ("下次走访", 12),
    ("走访情况", 16), ("档案", 8),
]  # fmt: skip
_REPORT_EVERY = 500


def youth_sheet(
    listing: YouthList, rows: list[Row], export: Export, *, report: Callable[[int], None] | None = None
) -> BytesIO:
    """An XLSX of exactly these rows of the list. `report` is told how many are written."""
    file = BytesIO()
    mark = hidden(export.token)
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        book.set_custom_property(PROPERTY, plain(export.token))
        sheet = book.add_worksheet("名单")
        bold = book.add_format({"bold": True})
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EDF0F4"})
        first = _write_heading(sheet, bold, listing, export, mark)
        for column, (title, width) in enumerate(_COLUMNS):
            sheet.write_string(first, column, title + (mark if title in ("责任人", "档案") else ""), head)
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(_cells(number, row, mark)):
                _write(sheet, first + number, column, value)
            if report and number % _REPORT_EVERY == 0:
                report(number)
        sheet.freeze_panes(first + 1, 2)
        sheet.autofilter(first, 0, first + len(rows), len(_COLUMNS) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(first)
        sheet.set_footer(f"&L内部资料 注意保密 {export.number}&R第 &P 页 / 共 &N 页")
    return file


def _write_heading(sheet: Any, bold: Any, listing: YouthList, export: Export, mark: str) -> int:
    """What the list is, who took it and when; returns the row of the column heads."""
    conditions = [chip.text for chip in listing.chips() if not chip.text.startswith("查询词")]
    if listing.search and len(conditions) < len(listing.chips()):
        conditions.append("按查询词")
    sheet.write_string(0, 0, f"芜湖市重点青少年服务 · 人员名单{mark}（内部资料 注意保密）", bold)
    sheet.write_string(1, 0, harmless(made_line(export)))
    said = "；".join(conditions) or "全部在管"
    sheet.write_string(2, 0, f"范围：{listing.places.scope_label}    条件：{said}")
    note = f"共 {export.row_count:,} 人。姓名已脱敏；仅用于青少年服务工作{mark}，不得外传，用后及时删除。"
    sheet.write_string(3, 0, note)
    return 5


def _write(sheet: Any, row: int, column: int, value: str | int) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, harmless(value))


def _cells(number: int, row: Row, mark: str) -> list[str | int]:
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
        # In every row: rows are what is copied into other sheets.
        f"{youth.get_state_display()}{mark}",
    ]


def _lateness(youth: Youth) -> str:
    if youth.state != Youth.State.OPEN or youth.next_due_on is None:
        return ""
    days = (youth.next_due_on - timezone.localdate()).days
    if days < 0:
        return f"已逾期 {-days} 天"
    return f"还有 {days} 天" if days else "今天到期"
