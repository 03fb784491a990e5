"""`manage.py first_officer LOGIN NAME`: the first person of a new installation, a security administrator 安全管理员.

He or she enters everybody else at /admin/. Later ones are appointed there, with approval, never by this command.
"""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from grids.models import Post, User
from grids.permissions import Role


class Command(BaseCommand):
    help = "新装系统的第一个账号：安全管理员，由其在后台录入其他人员和任职"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="登录名，小写字母、数字和 . _ -")
        parser.add_argument("name", help="姓名")
        parser.add_argument(
            "--password-stdin", action="store_true", help="从标准输入读密码，而不是在终端询问两遍"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Post.objects.current().filter(role=Role.SECURITY_ADMIN).exists():
            raise CommandError("已有安全管理员，请由其在后台 /admin/ 录入人员")
        user = User(username=options["login"], name=options["name"])
        password = self.password(from_stdin=options["password_stdin"])
        user.set_password(password)
        try:
            user.full_clean()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from None
        with transaction.atomic():
            user.save()
            Post.objects.create(user=user, role=Role.SECURITY_ADMIN)
        self.stdout.write(
            f"已建立安全管理员 {user.name}（{user.username}），请登录后在 /admin/ 录入人员和任职"
        )

    def password(self, *, from_stdin: bool) -> str:
        """Asked twice at a terminal, so that it stands in no history and no list of processes."""
        if from_stdin:
            return sys.stdin.readline().rstrip("\n")
        first = getpass.getpass("密码：")
        if first != getpass.getpass("再输一遍："):
            raise CommandError("两遍密码不一致")
        return first
