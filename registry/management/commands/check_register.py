"""`manage.py check_register`: exit 0 when every invariant and every maintained copy holds, else 1 and what does not."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from registry.invariants import findings


class Command(BaseCommand):
    help = "核对登记数据的各项约束和副本；全部成立时退出码为 0"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="打印 JSON 列表：check、ok、count、examples")

    def handle(self, **options: Any) -> None:
        with transaction.atomic():
            if not connection.savepoint_ids:  # outermost: everything is read from one snapshot
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = findings()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for finding in found:
                mark = (
                    "成立"
                    if finding["ok"]
                    else f"不成立：{finding['count']} 处，例如 {', '.join(finding['examples'])}"
                )
                self.stdout.write(f"{finding['check']}: {mark}")
        if not all(finding["ok"] for finding in found):
            raise SystemExit(1)
