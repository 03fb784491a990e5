"""`manage.py apply_retention`: what the retention policy (registry/retention.toml) lets go on this day, goes.

Runs every night by itself. It can be killed and run again; what it did stands in the administration 执行记录.
"""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.retention import LABELS, AlreadyRunning, apply


class Command(BaseCommand):
    help = "按保存期限处理到期的数据：结档满期的档案匿名化，其他到期的删除"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="只算数，不改动")
        parser.add_argument("--today", type=date.fromisoformat, metavar="DATE", help="按哪天计算，默认今天")
        parser.add_argument("--json", action="store_true", help="打印 JSON：today、dry_run、counts")

    def handle(self, **options: Any) -> None:
        try:
            counts = apply(today=options["today"], dry_run=options["dry_run"])
        except AlreadyRunning:
            raise CommandError("另一次执行正在进行，请稍后再试。") from None
        if options["json"]:
            today = options["today"] or timezone.localdate()
            told = {"today": today.isoformat(), "dry_run": options["dry_run"], "counts": counts}
            self.stdout.write(json.dumps(told))
            return
        if not counts:
            self.stdout.write("没有到期的数据。")
        for key, number in counts.items():
            self.stdout.write(f"{LABELS[key]}：{number}")
        if options["dry_run"]:
            self.stdout.write("（试算，没有改动）")
