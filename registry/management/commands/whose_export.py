"""`manage.py whose_export FILE --by LOGIN`: whose export a leaked file was, by its hidden mark."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from registry import marks
from registry.models import Export

logger = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "查出一份外泄的表格（或另存、复制过的）是谁导出的：审计员、安全管理员使用"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="表格、CSV 或其他文件")
        parser.add_argument("--by", required=True, help="查询人的登录名")

    def handle(self, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None or not (by.may(Permission.READ_AUDIT) or by.may(Permission.MANAGE_STAFF)):
            raise CommandError("只有审计员和安全管理员可以查。")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError("没有这个文件。")
        tokens = marks.found_in(path)
        if not tokens:
            raise CommandError("没有找到标记：可能是重新录入的、拍照的，或标记已被去掉。请看可见的导出编号。")
        rows = Export.objects.everyone(because="the mark of a leaked file tells whose it was")
        found = {bytes(row.mark): row for row in rows.filter(mark__in=tokens).select_related("by")}
        for token in tokens:
            self.stdout.write(_told(found.get(token)))
        logger.info("export looked up", by=by.pk, exports=[str(row.pk) for row in found.values()])


def _told(export: Export | None) -> str:
    if export is None:
        return "标记是本平台的，但没有这份导出的记录。"
    moment = f"{timezone.localtime(export.made_at):%Y-%m-%d %H:%M:%S}"
    return (
        f"导出编号 {export.number}：{export.by.name}（登录名 {export.by.username}，{export.post}）"
        f"于 {moment} 导出{export.get_kind_display()} {export.row_count} 行，查阅记录 {export.reading_id or '—'}。"
    )
