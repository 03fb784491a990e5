"""`manage.py suggest_candidates [--category CODE]`: runs the rules over the whole city (ARCHITECTURE: Commands)."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry import rules
from registry.models import Candidate, Category


class Command(BaseCommand):
    help = "在全市范围内按规则提出线索，情况已不符合的自动撤回；可重复运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--category", metavar="CODE", help="只运行这一类的规则，如 left_behind")
        parser.add_argument("--json", action="store_true", help="在标准输出上打印一个 JSON 对象")

    def handle(self, **options: Any) -> None:
        try:
            counts = rules.suggest(options["category"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            printed = {
                "candidates": counts.new,
                "suggested": dict(counts.suggested),
                "open": rules.open_counts(options["category"]),
                "renewed": counts.renewed,
                "withdrawn": counts.withdrawn,
                "alerts": counts.alerts,
                "seconds": counts.seconds,
            }
            self.stdout.write(json.dumps(printed, ensure_ascii=False))
            return
        names = dict(Category.objects.values_list("code", "name")) | dict(Candidate.Help.choices)
        for topic, number in counts.suggested.most_common():
            self.stdout.write(f"{names.get(topic, topic)}：新线索 {number} 条")
        self.stdout.write(
            f"新线索 {counts.new} 条，更新 {counts.renewed} 条，撤回 {counts.withdrawn} 条，"
            f"提醒 {counts.alerts} 条；用时 {counts.seconds} 秒"
        )
