"""`manage.py verify_readings [--json]`: exit 0 when the chain of readings holds, else 1 and which rows do not fit."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registry.reading_chain import MOST_EXAMPLES, verify

_WORDS = {"altered": "被改动", "removed": "被删除", "inserted": "事后插入", "broken_blocks": "封签断裂"}


class Command(BaseCommand):
    help = "核验查阅记录链：有没有被改动、删除或事后插入的；全部完好时退出码为 0"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="打印 JSON")

    def handle(self, **options: Any) -> None:
        found = verify()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
        else:
            self.stdout.write(
                f"查阅记录 {found.readings} 条，封签 {found.blocks} 个，待封 {found.unsealed} 条。"
            )
            for name, words in _WORDS.items():
                if ids := getattr(found, name):
                    examples = "、".join(map(str, ids[:MOST_EXAMPLES]))
                    self.stdout.write(f"{words}：{len(ids)} 处，编号 {examples}")
            self.stdout.write("完好" if found.ok else "不完好")
        if not found.ok:
            raise SystemExit(1)
