"""Places, staff and alerts; the extensions that their constraints and searches need."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Grid",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=15,
                        primary_key=True,
                        serialize=False,
                        validators=[django.core.validators.RegexValidator("^[0-9]+$", "编码只能是数字")],
                        verbose_name="网格编号",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="网格名称")),
                (
                    "retired_on",
                    models.DateField(blank=True, null=True, verbose_name="停用日期"),
                ),
            ],
            options={
                "verbose_name": "网格",
                "verbose_name_plural": "网格",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "这个用户名已有人使用，请换一个"},
                        max_length=50,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9._-]+$", "用户名只能用小写字母、数字和 . _ -"
                            )
                        ],
                        verbose_name="用户名",
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="姓名")),
                ("is_active", models.BooleanField(default=True, verbose_name="可登录")),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="建立时间"),
                ),
            ],
            options={
                "verbose_name": "用户",
                "verbose_name_plural": "用户",
                "ordering": ["username"],
            },
        ),
        migrations.CreateModel(
            name="Division",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=12,
                        primary_key=True,
                        serialize=False,
                        validators=[django.core.validators.RegexValidator("^[0-9]+$", "编码只能是数字")],
                        verbose_name="编码",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("city", "市"),
                            ("district", "区县"),
                            ("street", "街道（乡镇）"),
                            ("community", "社区（村）"),
                        ],
                        max_length=10,
                        verbose_name="层级",
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, null=True, verbose_name="启用日期"),
                ),
                (
                    "valid_to",
                    models.DateField(blank=True, null=True, verbose_name="停用日期"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="grids.division",
                        verbose_name="上级",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.division",
                        verbose_name="撤并后为",
                    ),
                ),
            ],
            options={
                "verbose_name": "行政区划",
                "verbose_name_plural": "行政区划",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="ResponsiblePerson",
            fields=[
                (
                    "grid",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="responsible",
                        serialize=False,
                        to="grids.grid",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="the code of the grid or division whose lead it is",
                        max_length=15,
                    ),
                ),
            ],
            options={
                "db_table": "grids_responsible",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="County",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=6,
                        primary_key=True,
                        serialize=False,
                        verbose_name="编码",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("province", "省"),
                            ("city", "市"),
                            ("district", "县（区）"),
                        ],
                        max_length=10,
                        verbose_name="层级",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.county",
                        verbose_name="上级",
                    ),
                ),
            ],
            options={
                "verbose_name": "全国区划",
                "verbose_name_plural": "全国区划",
                "ordering": ["code"],
            },
        ),
        migrations.AddField(
            model_name="grid",
            name="community",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="grids",
                to="grids.division",
                verbose_name="所属社区（村）",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalAssignment",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lead", "网格员（责任人）"),
                            ("deputy", "协助网格员"),
                            ("league_leader", "团小组长"),
                        ],
                        default="lead",
                        max_length=15,
                        verbose_name="职责",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True,
                        help_text="当天起不再负责；空着表示一直负责",
                        null=True,
                        verbose_name="终止日期",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")],
                        max_length=1,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="网格",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "网格责任变更",
                "verbose_name_plural": "historical 网格责任",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalGrid",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_index=True,
                        max_length=15,
                        validators=[django.core.validators.RegexValidator("^[0-9]+$", "编码只能是数字")],
                        verbose_name="网格编号",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="网格名称")),
                (
                    "retired_on",
                    models.DateField(blank=True, null=True, verbose_name="停用日期"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")],
                        max_length=1,
                    ),
                ),
                (
                    "community",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.division",
                        verbose_name="所属社区（村）",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "网格变更",
                "verbose_name_plural": "historical 网格",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPost",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("grid_worker", "网格员"),
                            ("community", "社区（村）书记/儿童主任"),
                            ("street", "街道团干/儿童督导员"),
                            ("district", "区县团委"),
                            ("city", "市团委"),
                            ("agency", "协作单位人员"),
                            ("service_centre", "市民服务中心"),
                            ("system_admin", "系统管理员"),
                            ("security_admin", "安全管理员"),
                            ("auditor", "审计员"),
                        ],
                        max_length=20,
                        verbose_name="角色",
                    ),
                ),
                (
                    "is_lead",
                    models.BooleanField(
                        default=False,
                        help_text="网格无人负责时由本级负责人顶上；每级同时只能有一位",
                        verbose_name="本级负责人",
                    ),
                ),
                (
                    "knows_reasons",
                    models.BooleanField(
                        default=False,
                        help_text="仅对街道指定人员勾选",
                        verbose_name="可知晓保密类别",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True,
                        help_text="当天起不再有效；空着表示一直有效",
                        null=True,
                        verbose_name="终止日期",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")],
                        max_length=1,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "division",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.division",
                        verbose_name="负责区域",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "任职变更",
                "verbose_name_plural": "historical 任职",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("grid_worker", "网格员"),
                            ("community", "社区（村）书记/儿童主任"),
                            ("street", "街道团干/儿童督导员"),
                            ("district", "区县团委"),
                            ("city", "市团委"),
                            ("agency", "协作单位人员"),
                            ("service_centre", "市民服务中心"),
                            ("system_admin", "系统管理员"),
                            ("security_admin", "安全管理员"),
                            ("auditor", "审计员"),
                        ],
                        max_length=20,
                        verbose_name="角色",
                    ),
                ),
                (
                    "is_lead",
                    models.BooleanField(
                        default=False,
                        help_text="网格无人负责时由本级负责人顶上；每级同时只能有一位",
                        verbose_name="本级负责人",
                    ),
                ),
                (
                    "knows_reasons",
                    models.BooleanField(
                        default=False,
                        help_text="仅对街道指定人员勾选",
                        verbose_name="可知晓保密类别",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True,
                        help_text="当天起不再有效；空着表示一直有效",
                        null=True,
                        verbose_name="终止日期",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "division",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="grids.division",
                        verbose_name="负责区域",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "任职",
                "verbose_name_plural": "任职",
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("event_key", models.CharField(db_collation="C", max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("handover_offered", "待接收"),
                            ("handover_leaving", "迁出"),
                            ("handover_escalated", "超时未接收"),
                            ("handover_accepted", "已接收"),
                            ("handover_returned", "被退回"),
                            ("handover_cancelled", "交接取消"),
                            ("handover_answered", "外地已答复"),
                            ("address_changed", "网格内搬家"),
                            ("family_moved", "家人迁移"),
                        ],
                        max_length=30,
                        verbose_name="类型",
                    ),
                ),
                ("text", models.CharField(max_length=200, verbose_name="内容")),
                (
                    "path",
                    models.CharField(blank=True, max_length=200, verbose_name="页面"),
                ),
                ("subject_id", models.UUIDField(db_index=True, null=True)),
                ("wants_act", models.BooleanField(default=True)),
                ("due_at", models.DateTimeField(null=True, verbose_name="期限")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="时间",
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "next_try_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        null=True,
                    ),
                ),
                ("delivered_at", models.DateTimeField(null=True)),
                ("parked_at", models.DateTimeField(null=True)),
                (
                    "addressee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "提醒",
                "verbose_name_plural": "提醒",
                "ordering": ["-created_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["addressee", "-created_at"],
                        name="alert_open_of_addressee",
                    ),
                    models.Index(
                        condition=models.Q(("delivered_at", None), ("parked_at", None)),
                        fields=["next_try_at"],
                        name="alert_to_deliver",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_key", "addressee"),
                        name="alert_once_per_event_and_addressee",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lead", "网格员（责任人）"),
                            ("deputy", "协助网格员"),
                            ("league_leader", "团小组长"),
                        ],
                        default="lead",
                        max_length=15,
                        verbose_name="职责",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True,
                        help_text="当天起不再负责；空着表示一直负责",
                        null=True,
                        verbose_name="终止日期",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="grids.grid",
                        verbose_name="网格",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "网格责任",
                "verbose_name_plural": "网格责任",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on", None),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="assignment_ends_after_start",
                        violation_error_message="终止日期不能早于起始日期",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "lead")),
                        expressions=[
                            ("grid", "="),
                            (
                                models.Func(
                                    models.F("starts_on"),
                                    models.F("ends_on"),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="assignment_one_lead_per_grid",
                        violation_error_message="这个网格在该时段已有责任人，请先结束原来的网格责任",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("grid", "="),
                            ("user", "="),
                            (
                                models.Func(
                                    models.F("starts_on"),
                                    models.F("ends_on"),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="assignment_person_once_per_grid",
                        violation_error_message="此人在该时段已在这个网格任职",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="grid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code__length", 15),
                    ("community_id", django.db.models.functions.text.Left("code", 12)),
                ),
                name="grid_code_extends_community",
                violation_error_message="网格编号应为所属社区编码加 3 位数字",
            ),
        ),
        migrations.AddConstraint(
            model_name="division",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code__length", 4), ("level", "city")),
                    models.Q(("code__length", 6), ("level", "district")),
                    models.Q(("code__length", 9), ("level", "street")),
                    models.Q(("code__length", 12), ("level", "community")),
                    _connector="OR",
                ),
                name="division_code_fits_level",
                violation_error_message="编码位数与层级不符：市 4 位、区县 6 位、街道 9 位、社区 12 位",
            ),
        ),
        migrations.AddConstraint(
            model_name="division",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("level", "city"), ("parent", None)),
                    models.Q(
                        ("level", "district"),
                        ("parent_id", django.db.models.functions.text.Left("code", 4)),
                    ),
                    models.Q(
                        ("level", "street"),
                        ("parent_id", django.db.models.functions.text.Left("code", 6)),
                    ),
                    models.Q(
                        ("level", "community"),
                        ("parent_id", django.db.models.functions.text.Left("code", 9)),
                    ),
                    _connector="OR",
                ),
                name="division_parent_is_prefix",
                violation_error_message="上级必须是编码的前几位",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="post_ends_after_start",
                violation_error_message="终止日期不能早于起始日期",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("division__isnull", False),
                        (
                            "role__in",
                            [
                                "grid_worker",
                                "community",
                                "street",
                                "district",
                                "city",
                                "service_centre",
                            ],
                        ),
                    ),
                    models.Q(
                        ("division__isnull", True),
                        (
                            "role__in",
                            ["agency", "system_admin", "security_admin", "auditor"],
                        ),
                    ),
                    _connector="OR",
                ),
                name="post_has_area_of_its_role",
                violation_error_message="这个角色必须指定负责区域；系统管理员、安全管理员、审计员和协作单位人员不指定区域",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_lead", False),
                    ("role__in", ["community", "street", "district", "city"]),
                    _connector="OR",
                ),
                name="post_lead_is_of_a_division",
                violation_error_message="只有社区、街道、区县、市的任职可以设为本级负责人",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("knows_reasons", False), ("role", "street"), _connector="OR"),
                name="post_knows_reasons_is_street",
                violation_error_message="只有街道任职需要单独指定知晓保密类别",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("is_lead", True)),
                expressions=[
                    ("division", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="post_one_lead_per_division",
                violation_error_message="这个区域在该时段已有负责人，请先结束原来的任职",
            ),
        ),
    ]
