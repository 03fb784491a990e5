"""Sign-ins 登录, second factors 动态口令 and what happened to accounts 账号事件, added to and never altered."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0008_officers_hold_nothing_else"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="second_factor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
                ("secret", grids.encryption.EncryptedTextField(purpose="second_factor_secret")),
                (
                    "hash_name",
                    models.CharField(
                        choices=[("sha256", "SHA-256"), ("sm3", "SM3"), ("sha1", "SHA-1")], max_length=6
                    ),
                ),
                (
                    "set_up_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="启用时间"),
                ),
                ("last_step", models.BigIntegerField()),
                ("failed_count", models.PositiveSmallIntegerField(default=0)),
                ("paused_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "动态口令",
                "verbose_name_plural": "动态口令",
            },
        ),
        migrations.CreateModel(
            name="AccountEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("factor_set_up", "启用动态口令"),
                            ("factor_paused", "动态口令连错，暂停"),
                            ("factor_reset", "重置动态口令"),
                            ("sessions_ended", "结束登录"),
                        ],
                        max_length=20,
                        verbose_name="事项",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                (
                    "request_id",
                    models.CharField(blank=True, db_collation="C", max_length=64, verbose_name="请求编号"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account_events",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "账号事件",
                "verbose_name_plural": "账号事件",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["user", "-at"], name="account_event_of_user")],
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("session_key", models.CharField(db_collation="C", max_length=40, unique=True)),
                (
                    "device",
                    models.CharField(
                        choices=[("desk", "电脑"), ("phone", "手机")], max_length=5, verbose_name="设备"
                    ),
                ),
                ("browser", models.CharField(max_length=50, verbose_name="浏览器")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="来源地址")),
                ("with_second_factor", models.BooleanField(default=False, verbose_name="用了动态口令")),
                ("idle_seconds", models.PositiveIntegerField()),
                (
                    "started_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登录时间"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "本人退出"),
                            ("replaced", "在同类设备上重新登录"),
                            ("idle", "长时间没有操作"),
                            ("by_self", "本人在别处结束"),
                            ("password", "修改密码"),
                            ("by_officer", "安全管理员结束"),
                            ("too_long", "超过最长时限"),
                        ],
                        max_length=10,
                        verbose_name="结束方式",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="结束人",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "登录",
                "verbose_name_plural": "登录",
                "ordering": ["-started_at"],
                "indexes": [models.Index(fields=["user", "-started_at"], name="sign_in_of_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end", ""), ("ended_at", None)),
                            models.Q(("ended_at__isnull", False), models.Q(("end", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="sign_in_ended_somehow",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user", "device"),
                        name="sign_in_one_per_device",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON grids_accountevent"
            " FOR EACH ROW EXECUTE FUNCTION append_only()",
            "DROP TRIGGER append_only ON grids_accountevent",
        ),
    ]
