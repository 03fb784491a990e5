"""`manage.py build_city`: a reproducible sample city on the real division tree. Replaces all city data."""

import os
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections, transaction
from django.utils import timezone

from grids.passwords import demo_password
from registry import handovers, presence, register_counts, register_row, rules
from registry.city import built, delta, loading, past
from registry.city.building import Builder, Part
from registry.city.feeds import FeedFiles
from registry.city.places import communities
from registry.city.plan import plan
from registry.city.staff import staff
from registry.city.stories import PEOPLE_OF_STORIES


def _scale(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3:
        raise ArgumentTypeError("规模应大于 0，不超过 3（1 为 401 万人）")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ArgumentTypeError("变动条数不能为负数")
    return value


class Command(BaseCommand):
    help = "建立样例城市：房屋、家庭、居住、监护、事实、人员和档案，全部由种子生成；原有城市数据会被清空"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", type=_scale, default=0.01, help="规模，1 为 401 万人（默认 0.01）")
        parser.add_argument("--seed", type=int, default=7, help="种子，同样的种子得到同样的城市")
        parser.add_argument(
            "--today", type=date.fromisoformat, default=None, help="城市所处的日期，如 2026-11-24（默认今天）"
        )
        parser.add_argument("--places-only", action="store_true", help="只建网格和工作人员，不写入房屋与人口")
        parser.add_argument(
            "--feeds", type=Path, metavar="DIR", help="另把城市写成各部门报送的五个文件（UTF-8，无 BOM）"
        )
        parser.add_argument(
            "--delta", type=_count, default=0, metavar="N", help="另写下一夜的 N 条居住变动（需要 --feeds）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.started, self.shown = time.monotonic(), 0.0
        if options["delta"] and not options["feeds"]:
            raise CommandError("--delta 需要同时用 --feeds 指明写到哪个文件夹")
        day = options["today"] or timezone.localdate()
        today, seed = day.toordinal(), options["seed"]
        self.city = plan(options["scale"], seed, today, people_of_stories=PEOPLE_OF_STORIES)
        self.staff = staff(seed, today)
        self.say(f"样例城市：规模 {options['scale']:g}，种子 {seed}，城市日期 {day}")
        builder = Builder(
            self.city, self.staff, not options["places_only"], options["feeds"] is not None, options["delta"]
        )
        password = make_password(demo_password(settings.VAR / "demo-password"))
        # Processes of the pool must not inherit a connection in use.
        if not connection.in_atomic_block:
            connections.close_all()
        files = FeedFiles(options["feeds"]) if options["feeds"] else None
        try:
            with transaction.atomic():
                total = self.build(builder, files, password)
        finally:
            if files:
                files.close()
        if not connection.in_atomic_block:
            loading.analyze(vacuum=True)
        if options["delta"]:
            written = delta.write(
                options["feeds"] / "residences-delta.csv", self.city, total.movable, options["delta"]
            )
            self.say(f"下一夜的居住变动 {written} 条，见 {options['feeds'] / 'residences-delta.csv'}")
        self.report(total, day, places_only=options["places_only"])

    def build(self, builder: Builder, files: FeedFiles | None, password: str) -> Part:
        """Everything inside the one transaction. The pool forks before the first statement is sent."""
        total = Part()
        parts = builder.parts(os.cpu_count() or 1) if builder.wants_rows or files else iter(())
        first = next(parts, None)
        loading.empty()
        loading.places_and_staff(self.staff, self.city.today, password)
        self.say(
            f"网格 {sum(len(place.grids) for place in communities())} 个，工作人员 {len(self.staff.users)} 人"
        )
        with loading.bulk():
            while first is not None:
                self.take(first, total, files)
                first = next(parts, None)
            self.say(f"社区（村）{total.communities}/{len(self.city.shares)}，已写入，正在建立索引")
        loading.sequences()
        if builder.wants_rows:
            loading.analyze(vacuum=False)
            presence.rebuild()
            register_row.refresh(None)
            register_counts.compact(worth=1)
            handovers.ensure_alerts()
            loading.tell_of_returned()
            rules.suggest(today=date.fromordinal(self.city.today))
        past.history()
        built.add_to(date.fromordinal(self.city.today))
        return total

    def take(self, part: Part, total: Part, files: FeedFiles | None) -> None:
        loading.copy_rows(part.rows)
        if files:
            files.write(part.feeds)
        total.communities += part.communities
        total.people += part.people
        total.dwellings += part.dwellings
        total.files += part.files
        total.movable.add(part.movable)
        if time.monotonic() - self.shown > 2:
            self.shown = time.monotonic()
            self.say(f"社区（村）{total.communities}/{len(self.city.shares)}，已建 {total.people:,} 人")

    def report(self, total: Part, day: date, *, places_only: bool) -> None:
        seconds = time.monotonic() - self.started
        if places_only:
            self.say(f"只建了网格和人员，用时 {seconds:.0f} 秒。城市日期 {day}")
        else:
            made = f"{total.people:,} 人，{total.dwellings:,} 处房屋，{total.files:,} 份档案"
            self.say(f"完成：{made}，用时 {seconds:.0f} 秒。城市日期 {day}")

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)
            self.stdout.flush()

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.verbosity = options.get("verbosity", 1)
        return super().execute(*args, **options)
