"""Candidates 线索: whom a rule over facts suggests, and what became of it."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import registry.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0005_alerts_of_candidates"),
        ("registry", "0010_which_fact_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Candidate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "help_kind",
                    models.CharField(
                        blank=True,
                        choices=[("unattended_in_fact", "事实无人抚养儿童"), ("moving_child", "流动儿童")],
                        db_default="",
                        max_length=20,
                        verbose_name="其他帮助",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("enter", "拟认定"), ("leave", "拟退出")],
                        default="enter",
                        max_length=5,
                        verbose_name="方向",
                    ),
                ),
                ("is_quiet", models.BooleanField(verbose_name="不说明原因")),
                ("since_on", models.DateField(verbose_name="情况起始")),
                ("reason", models.CharField(max_length=500, verbose_name="线索")),
                ("clause", models.CharField(max_length=200, verbose_name="依据条款")),
                ("fingerprint", models.CharField(db_collation="C", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "待核实"),
                            ("verified", "已核实"),
                            ("set_aside", "已搁置"),
                            ("withdrawn", "已撤回"),
                        ],
                        db_default="open",
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "suggested_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="提出日期"),
                ),
                (
                    "suggested_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="提出时间",
                    ),
                ),
                ("visited_at", models.DateTimeField(null=True, verbose_name="走访登记")),
                (
                    "visit_result",
                    models.CharField(
                        blank=True,
                        choices=[("seen", "已走访"), ("not_found", "没找到人")],
                        db_default="",
                        max_length=10,
                        verbose_name="走访结果",
                    ),
                ),
                (
                    "visit_met",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("youth", "本人"),
                            ("guardian", "监护人"),
                            ("relative", "其他亲属"),
                            ("teacher", "老师"),
                            ("neighbour", "邻居"),
                            ("nobody", "未见到人"),
                        ],
                        db_default="",
                        max_length=20,
                        verbose_name="见到的人",
                    ),
                ),
                (
                    "visit_note",
                    registry.encryption.EncryptedTextField(
                        null=True, purpose="candidate_note", verbose_name="看到、问到的情况"
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="办理时间")),
                (
                    "decision_reason",
                    models.CharField(blank=True, db_default="", max_length=200, verbose_name="说明"),
                ),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.category",
                        verbose_name="类别",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办理人",
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.enrolment",
                        verbose_name="类别认定",
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
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="candidates",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
                (
                    "visited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="走访人",
                    ),
                ),
            ],
            options={
                "verbose_name": "线索",
                "verbose_name_plural": "线索",
                "indexes": [
                    models.Index(fields=["grid", "suggested_on", "id"], name="candidate_in_grid"),
                    models.Index(
                        condition=models.Q(("state", "open"), ("visited_at", None)),
                        fields=["grid", "suggested_on", "id"],
                        name="candidate_to_visit",
                    ),
                    models.Index(fields=["suggested_on", "id"], name="candidate_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("resident", "category", "help_kind", "kind"),
                        name="candidate_one_open",
                        nulls_distinct=False,
                        violation_error_message="这个人的同一条线索正在办理",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", None), models.Q(("help_kind", ""), _negated=True)),
                            models.Q(("category__isnull", False), ("help_kind", "")),
                            _connector="OR",
                        ),
                        name="candidate_for_category_or_help",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "leave"), _negated=True),
                            ("enrolment__isnull", False),
                            _connector="OR",
                        ),
                        name="candidate_leaves_an_enrolment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "open")),
                            models.Q(("decided_at__isnull", False), ("state", "withdrawn")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "verified"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "set_aside"),
                                models.Q(("decision_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="candidate_decided_by_someone",
                        violation_error_message="搁置线索必须写明原因",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("visit_result", ""), ("visited_at", None), ("visited_by", None)),
                            models.Q(
                                ("visited_at__isnull", False),
                                ("visited_by__isnull", False),
                                models.Q(("visit_result", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="candidate_visited_with_result",
                    ),
                ],
            },
        ),
    ]
