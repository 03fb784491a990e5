"""`manage.py reset_second_factor LOGIN --reason …`: at the machine itself, when no security officer can sign in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids import second_factor
from grids.models import User


class Command(BaseCommand):
    help = "重置一个账号的动态口令并结束其登录（平时由安全管理员在“登录管理”里办理）；记入账号事件"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="登录名")
        parser.add_argument("--reason", required=True, help="原因，写明怎样核实了本人身份")

    def handle(self, *, login: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(username=login).first()
        if user is None:
            raise CommandError(f"没有登录名 {login}")
        if not second_factor.reset(user, reason=reason[:200], by=None):
            raise CommandError(f"{login} 没有启用动态口令")
        self.stdout.write(f"已重置 {login} 的动态口令，下次登录时重新启用。")
