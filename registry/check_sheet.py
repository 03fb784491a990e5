"""The sheet of open check requests 校核 for one source, to be sent to it and to come back with its answers."""

from collections.abc import Iterable
from io import BytesIO

import xlsxwriter
from django.utils import timezone

from .cells import harmless
from .check_requests import LABELS
from .exports import WORKBOOK, made_line
from .marks import PROPERTY, hidden, plain
from .models import CheckRequest, Export, Source

MOST_ROWS = 5_000
_COLUMNS = [
    ("序号", 6), ("姓名", 12), ("公民身份号码", 22), ("人员编号", 16), ("项目", 10), ("贵单位数据", 30),
    ("走访所见", 30), ("提出日期", 12), ("答复期限", 12), ("答复（原值正确/已更正）", 22), ("说明", 30),
]  # fmt: skip


def check_sheet(source: Source, requests: Iterable[CheckRequest], export: Export) -> BytesIO:
    """An XLSX, all cells text. It names people in full: it goes to the department that has their data anyway."""
    file = BytesIO()
    mark = hidden(export.token)
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        book.set_custom_property(PROPERTY, plain(export.token))
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EDF0F4", "text_wrap": True})
        sheet = book.add_worksheet("校核")
        sheet.write_string(
            0, 0, f"数据校核清单：{source.department or source.name}", book.add_format({"bold": True})
        )
        sheet.write_string(1, 0, f"目录编号：{source.catalogue_number or '—'}    {made_line(export)}")
        sheet.write_string(
            2, 0, f"依据《政务数据共享条例》提请校核。内部资料{mark}，注意保密，用后及时删除。"
        )
        for column, (title, width) in enumerate(_COLUMNS):
            sheet.write_string(4, column, title + (mark if title == "项目" else ""), head)
            sheet.set_column(column, column, width)
        for number, request in enumerate(requests, start=1):
            for column, value in enumerate(_cells(number, request)):
                sheet.write_string(4 + number, column, harmless(value), text)
        sheet.freeze_panes(5, 2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L内部资料 注意保密&R第 &P 页 / 共 &N 页")
    file.seek(0)
    return file


def _cells(number: int, request: CheckRequest) -> list[str]:
    resident = request.youth.resident
    return [
        str(number),
        resident.name,
        resident.id_number or "",
        resident.person_number or "",
        LABELS[request.field],
        request.says,
        request.found,
        str(timezone.localdate(request.created_at)),
        str(request.due_on),
        "",
        "",
    ]
