"""What is left of closed files 匿名档案, runs of the policy 保存期限, requests about one's own data 个人信息请求."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0023_a_night_asks_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="images_gone_at",
            field=models.DateTimeField(null=True, verbose_name="改动记录清除时间"),
        ),
        migrations.CreateModel(
            name="AnonymousFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("district", models.CharField(db_collation="C", max_length=6, verbose_name="区县")),
                ("opened_month", models.DateField(verbose_name="建档月份")),
                ("closed_month", models.DateField(verbose_name="结档月份")),
                ("age_opened", models.PositiveSmallIntegerField(verbose_name="建档时年龄")),
                ("age_closed", models.PositiveSmallIntegerField(verbose_name="结档时年龄")),
                (
                    "grade",
                    models.CharField(
                        choices=[("A", "A"), ("B", "B"), ("C", "C")], max_length=1, verbose_name="关注等级"
                    ),
                ),
                ("visit_count", models.PositiveIntegerField(verbose_name="走访次数")),
                ("handover_count", models.PositiveIntegerField(verbose_name="接收的交接")),
                (
                    "needs_met",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="已解决的需求",
                    ),
                ),
                (
                    "needs_left",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="未解决的需求",
                    ),
                ),
            ],
            options={
                "verbose_name": "匿名档案",
                "verbose_name_plural": "匿名档案",
                "indexes": [
                    models.Index(fields=["closed_month", "district"], name="anonymous_file_by_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="AnonymousEnrolment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_month", models.DateField(verbose_name="起始月份")),
                ("ends_month", models.DateField(verbose_name="终止月份")),
                ("age_started", models.PositiveSmallIntegerField(verbose_name="起始时年龄")),
                ("age_ended", models.PositiveSmallIntegerField(verbose_name="终止时年龄")),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.category",
                        verbose_name="类别",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="enrolments",
                        to="registry.anonymousfile",
                        verbose_name="匿名档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "匿名类别认定",
                "verbose_name_plural": "匿名类别认定",
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("today", models.DateField(verbose_name="按哪天计算")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="开始")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束")),
                ("counts", models.JSONField(default=dict, verbose_name="处理了多少")),
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
            ],
            options={
                "verbose_name": "保存期限执行记录",
                "verbose_name_plural": "保存期限执行记录",
                "ordering": ["-started_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PersonRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("see", "查阅"),
                            ("copy", "复制"),
                            ("correct", "更正、补充"),
                            ("delete", "删除"),
                        ],
                        max_length=10,
                        verbose_name="请求",
                    ),
                ),
                (
                    "capacity",
                    models.CharField(
                        choices=[
                            ("self", "本人"),
                            ("guardian", "父母或其他监护人"),
                            ("relative", "近亲属（本人已去世）"),
                            ("agent", "受委托的人（有委托书）"),
                        ],
                        max_length=10,
                        verbose_name="身份",
                    ),
                ),
                (
                    "asker_name",
                    grids.encryption.EncryptedTextField(purpose="request_asker", verbose_name="申请人姓名"),
                ),
                (
                    "asker_contact",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="request_contact", verbose_name="联系方式"
                    ),
                ),
                (
                    "identity",
                    models.CharField(
                        choices=[
                            ("card", "当面核对身份证"),
                            ("book", "当面核对户口簿"),
                            ("guardianship", "身份证和监护关系证明"),
                            ("kinship", "身份证和亲属关系、死亡证明"),
                            ("mandate", "身份证和委托书"),
                        ],
                        max_length=15,
                        verbose_name="怎样核对身份",
                    ),
                ),
                (
                    "wants",
                    grids.encryption.EncryptedTextField(purpose="request_wants", verbose_name="具体要求"),
                ),
                ("received_on", models.DateField(verbose_name="收到日期")),
                ("due_on", models.DateField(verbose_name="答复期限")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("granted", "同意"),
                            ("partly", "部分同意"),
                            ("refused", "不同意"),
                            ("withdrawn", "申请人撤回"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="结果",
                    ),
                ),
                (
                    "answer",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="request_answer", verbose_name="书面答复"
                    ),
                ),
                (
                    "done",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="request_done", verbose_name="办了什么"
                    ),
                ),
                ("answered_on", models.DateField(null=True, verbose_name="答复日期")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="网格",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="受理人",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="registry.resident",
                        verbose_name="关于谁",
                    ),
                ),
            ],
            options={
                "verbose_name": "个人信息请求",
                "verbose_name_plural": "个人信息请求",
                "ordering": ["due_on", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", "")), fields=["due_on", "id"], name="request_due"
                    ),
                    models.Index(fields=["grid", "-answered_on"], name="request_in_grid"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", None),
                                ("answered_by", None),
                                ("answered_on", None),
                                ("outcome", ""),
                            ),
                            models.Q(
                                ("answer__isnull", False),
                                ("answered_by__isnull", False),
                                ("answered_on__gte", models.F("received_on")),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="request_answered_in_writing",
                        violation_error_message="答复必须书面写明，答复日期不能早于收到日期",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gt", models.F("received_on"))),
                        name="request_due_after_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resident__isnull", False),
                            models.Q(("outcome", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="request_open_is_about_somebody",
                    ),
                ],
            },
        ),
    ]
