"""`manage.py load_feed KIND FILE --source CODE --as-of DATE`: one department file (ARCHITECTURE: Commands, Feeds)."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.models import User
from registry.feeds import batches
from registry.feeds.columns import FeedKind
from registry.feeds.rows import InvalidDate, parse_date

UNUSABLE, ALREADY_APPLIED, HELD = 2, 3, 4


class Command(BaseCommand):
    help = "加载一份部门数据。退出码：0 已应用，2 参数或文件不可用，3 这份文件已应用过，4 超过上限，等待另一人批准"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in FeedKind], help="数据类型")
        parser.add_argument("file", type=Path, help="CSV 或 XLSX 文件")
        parser.add_argument("--source", required=True, help="数据来源代码")
        parser.add_argument("--as-of", required=True, help="数据日期，如 2026-11-24")
        parser.add_argument(
            "--mode", choices=["delta", "full"], default="delta", help="delta 变动，full 全量"
        )
        parser.add_argument("--dry-run", action="store_true", help="只试算，不改变任何数据")
        parser.add_argument("--approve", action="store_true", help="批准超过上限的一份文件，须同时给出 --by")
        parser.add_argument("--by", metavar="LOGIN", help="经办人用户名")
        parser.add_argument("--json", action="store_true", help="在标准输出上打印一个 JSON 对象")

    def handle(self, **options: Any) -> None:
        try:
            counts = batches.load(self._order(options))
        except batches.Unusable as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
        except batches.AlreadyApplied as error:
            raise CommandError(str(error), returncode=ALREADY_APPLIED) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts, ensure_ascii=False))
        else:
            self._tell(counts, dry_run=options["dry_run"])
        if counts["held"]:
            raise SystemExit(HELD)

    def _order(self, options: dict[str, Any]) -> batches.Order:
        try:
            as_of = parse_date(options["as_of"])
        except InvalidDate as error:
            raise batches.Unusable(f"数据日期：{error}") from error
        by = None
        if options["by"]:
            by = User.objects.filter(username=options["by"], is_active=True).first()
            if by is None:
                raise batches.Unusable("没有这个用户名，或账号已停用")
        return batches.Order(
            kind=options["kind"],
            path=options["file"],
            source=options["source"],
            as_of=as_of,
            mode=options["mode"],
            dry_run=options["dry_run"],
            approve=options["approve"],
            by=by,
        )

    def _tell(self, counts: dict[str, Any], *, dry_run: bool) -> None:
        did = "试算" if dry_run else "待批准，尚未改变任何数据" if counts["held"] else "已应用"
        self.stdout.write(
            f"{did}：共 {counts['rows']} 行，接受 {counts['accepted']}"
            f"（其中无变化 {counts['unchanged']}），退回 {counts['rejected']}；"
            f"迁入 {counts['moves_in']}，迁出 {counts['moves_out']}，市内迁移 {counts['moves_within']}；"
            f"发起交接 {counts['handovers']}，提醒 {counts['alerts']}；用时 {counts['seconds']} 秒"
        )
        if counts["errors_file"]:
            self.stdout.write(f"退回的行和原因在 {counts['errors_file']}，更正后可再次加载")
