"""Readings 查阅记录: who looked at one person, for whoever has the file in scope; the auditor's pages 查阅审计."""

from io import BytesIO
from typing import Any
from uuid import UUID

import xlsxwriter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import readings as verbs
from ..cells import harmless
from ..exports import MOST_ROWS, WORKBOOK, Capped, begin, download, made_line
from ..forms.readings import DayFilter, ReadingFilter
from ..marks import PROPERTY, hidden, plain
from ..models import Export, Reading
from ..reading_audit import EARLIEST_HOUR, LATEST_HOUR, chain_state, page_of, unusual
from ..reading_pages import words_of
from .exports import refused
from .held_file import file_in_scope

_COLUMNS = [
    ("时间", 20), ("登录名", 16), ("姓名", 12), ("任职", 30), ("页面", 14), ("用途", 18), ("对象", 12), ("数量", 8),
    ("对象编号", 60), ("请求编号", 38),
]  # fmt: skip


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS)
@transaction.atomic
def youth_readings(request: HttpRequest, youth_id: UUID) -> HttpResponse:
    """Who looked at this person, when, as what and through which kind of page."""
    youth = file_in_scope(acting_user(request.user), youth_id)
    page = page_of(Reading.objects.of_file(youth), **_place(request))
    verbs.record_files(request, ids=[youth_id], purpose="查阅记录")
    context = {"youth": youth, "page": page, "rows": _rows(page.rows)}
    return render(request, "registry/readings/of_youth.html", context)


@never_cache
@require_safe
@requires(Permission.READ_AUDIT)
def readings(request: HttpRequest) -> HttpResponse:
    """All readings under the auditor's conditions: ids, no name of a youth."""
    form = ReadingFilter(request.GET)
    context: dict[str, Any] = {"form": form, "chain": chain_state()}
    if form.is_valid():
        page = page_of(form.listed(Reading.objects.visible_to(acting_user(request.user))), **_place(request))
        context |= {"page": page, "rows": _rows(page.rows)}
    return render(request, "registry/readings/list.html", context, status=200 if form.is_valid() else 422)


@never_cache
@require_safe
@requires(Permission.READ_AUDIT)
@transaction.atomic
def readings_export(request: HttpRequest) -> HttpResponse:
    """The list as a sheet, the newest MOST_ROWS of it. Taking it away is recorded as well."""
    form = ReadingFilter(request.GET)
    if not form.is_valid():
        return redirect("readings")
    mine = form.listed(Reading.objects.visible_to(acting_user(request.user)))
    rows = list(mine.select_related("by").order_by("-at", "-id")[:MOST_ROWS])
    reading = verbs.record(request, what=Reading.Subject.YOUTH, ids=[], purpose="导出查阅记录")
    user = acting_user(request.user)
    try:
        export = begin(kind=Export.Kind.READINGS, rows=len(rows), by=user, reading_id=reading.pk)
    except Capped as capped:
        transaction.set_rollback(True)
        return refused(request, capped, back=reverse("readings"))
    return download(_sheet(rows, export), "查阅记录")


@never_cache
@require_safe
@requires(Permission.READ_AUDIT)
def readings_unusual(request: HttpRequest) -> HttpResponse:
    """One day's reading that stands out: very many persons, at night, outside one's tasks."""
    form = DayFilter(request.GET)
    valid = form.is_valid()
    day = (form.cleaned_data.get("day") if valid else None) or timezone.localdate()
    context = {"form": form, "day": day, "earliest": EARLIEST_HOUR, "latest": LATEST_HOUR}
    if valid:
        context |= {"unusual": unusual(day)}
    return render(request, "registry/readings/unusual.html", context, status=200 if valid else 422)


def _place(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def _rows(found: list[Reading]) -> list[dict[str, Any]]:
    return [{"reading": reading, "words": words_of(reading.page)} for reading in found]


def _sheet(rows: list[Reading], export: Export) -> BytesIO:
    file = BytesIO()
    mark = hidden(export.token)
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        book.set_custom_property(PROPERTY, plain(export.token))
        sheet = book.add_worksheet("查阅记录")
        head = book.add_format({"bold": True, "bottom": 1})
        for column, (title, width) in enumerate(_COLUMNS):
            sheet.write_string(0, column, title + (mark if title == "任职" else ""), head)
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(_cells(row)):
                sheet.write_string(number, column, harmless(value))
        sheet.write_string(len(rows) + 2, 0, harmless(made_line(export)))
        sheet.freeze_panes(1, 1)
    return file


def _cells(row: Reading) -> list[str]:
    ids = " ".join(map(str, row.subject_ids))
    return [
        f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}", row.by.username, row.by.name, row.post,
        words_of(row.page), row.purpose, row.get_subject_display(), str(row.count), ids[:32_767], row.request_id,
    ]  # fmt: skip
