"""Exports 导出: what somebody takes away is a row, numbered by day, marked, counted and capped.

Decided here:
- The caps (EXPORTS_A_DAY, EXPORT_ROWS_A_DAY) are settings of the installation, the same for all, and nobody raises them
  for one person: who needs more narrows the list, or a colleague of the same area takes the rest, under the own name.
- Sheets of refused rows 差错表 count as exports, their rows do not: they go back to the department they came from.
- Up to EXPORT_AT_ONCE_ROWS a sheet goes out with the answer and lies nowhere. A longer list is made by a task into a
  file of one's own, which is gone after KEPT_FOR; whoever has changed posts since cannot fetch it any more.
- An export that was not made counts for nothing.
"""

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Count, Max, Q, Sum
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from grids.models import User

from .marks import new_token
from .models import Export

MOST_ROWS = 10_000
KEPT_FOR = timedelta(hours=24)
WORKBOOK = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


class Capped(Exception):
    """No more for today. `str()` is for the user."""


def begin(*, kind: str, rows: int, by: User, state: str = Export.State.TAKEN, **fields: Any) -> Export:
    """The row of an export that is about to go out. Raises Capped; the transaction is then to be given up.

    Two at once of one person meet in the database: the second is Capped as well.
    """
    today = timezone.localdate()
    mine = Export.objects.visible_to(by).filter(by=by, day=today)
    counts = ~Q(state=Export.State.FAILED)
    so_far = mine.aggregate(
        taken=Count("pk", filter=counts),
        rows=Sum("row_count", filter=counts & ~Q(kind=Export.Kind.ERRORS), default=0),
        last=Max("ordinal", default=0),
    )
    taken, taken_rows = so_far["taken"], so_far["rows"]
    if taken >= settings.EXPORTS_A_DAY:
        raise Capped(f"您今天已经导出 {taken} 份，一天最多 {settings.EXPORTS_A_DAY} 份。请明天再导出。")
    if kind != Export.Kind.ERRORS and taken_rows + rows > settings.EXPORT_ROWS_A_DAY:
        raise Capped(
            f"这份有 {rows:,} 行，您今天已经导出 {taken_rows:,} 行，一天最多 {settings.EXPORT_ROWS_A_DAY:,} 行。"
            "请缩小范围，或明天再导出。"
        )
    export = Export(
        kind=kind, row_count=rows, by=by, post=by.label, day=today, ordinal=so_far["last"] + 1, mark=new_token(),
        state=state, **fields,
    )  # fmt: skip
    try:
        export.save(force_insert=True)
    except IntegrityError:
        raise Capped("您的另一份导出正在进行，请等它完成后再试。") from None
    return export


def made_line(export: Export) -> str:
    """The visible mark: who, as what, when, which number."""
    moment = f"{timezone.localtime(export.made_at):%Y-%m-%d %H:%M}"
    return f"导出人：{export.by.name}（{export.post}）    导出时间：{moment}    导出编号：{export.number}"


def download(file: BytesIO, name: str) -> HttpResponse:
    """The sheet as a download named in Chinese, with the day it was made."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(file.getvalue(), content_type=kind)
    filename = f"{name}_{timezone.localdate():%Y%m%d}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
    response["Cache-Control"] = "no-store, private"
    return response
