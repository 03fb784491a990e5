"""`manage.py drop_readings 2023-10 --by LOGIN`: drop a month of readings whose three years are over."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.models import User
from registry.reading_chain import MonthStays, drop_month


class Command(BaseCommand):
    help = "清除一个保存期满三年的月份的查阅记录：先核验，再记入封签链"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="月份，如 2023-10")
        parser.add_argument("--by", required=True, help="经办人的登录名")

    def handle(self, **options: Any) -> None:
        try:
            month = datetime.strptime(options["month"], "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
        except ValueError:
            raise CommandError("月份写作 2023-10。") from None
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError("没有这个用户。")
        try:
            rows = drop_month(month, by=by)
        except MonthStays as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"已清除 {month:%Y-%m} 的查阅记录 {rows} 条。")
