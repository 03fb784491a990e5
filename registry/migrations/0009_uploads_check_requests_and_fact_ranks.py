import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import registry.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0008_presence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="source",
            name="catalogue_number",
            field=models.CharField(blank=True, max_length=50, verbose_name="目录编号"),
        ),
        migrations.AddField(
            model_name="source",
            name="department",
            field=models.CharField(blank=True, max_length=100, verbose_name="部门全称"),
        ),
        migrations.AddField(
            model_name="source",
            name="licence_ends_on",
            field=models.DateField(
                blank=True, help_text="当天仍有效；空着为长期。", null=True, verbose_name="共享授权截止"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="purpose",
            field=models.CharField(blank=True, max_length=200, verbose_name="使用目的"),
        ),
        migrations.AddField(
            model_name="source",
            name="share",
            field=models.CharField(
                choices=[
                    ("unconditional", "无条件共享"),
                    ("conditional", "有条件共享"),
                    ("refused", "不予共享"),
                ],
                default="conditional",
                max_length=15,
                verbose_name="共享类型",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="state",
            field=models.CharField(
                choices=[
                    ("applied", "已应用"),
                    ("held", "待批准"),
                    ("undone", "已撤销"),
                    ("declined", "不予采用"),
                ],
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="fact",
            name="kind",
            field=models.CharField(
                choices=[
                    ("in_school", "在学"),
                    ("dropped_out", "辍学"),
                    ("truant", "旷课"),
                    ("employed", "就业"),
                    ("unemployed", "失业登记"),
                    ("preparing", "备考培训"),
                    ("ill", "患病"),
                    ("family_emergency", "家庭变故"),
                    ("disabled", "残疾"),
                    ("low_income", "低保"),
                    ("sheltered", "救助站受助"),
                    ("away_for_work", "外出务工"),
                    ("in_prison", "服刑"),
                    ("in_detox", "强制隔离戒毒"),
                    ("detained", "限制人身自由"),
                    ("custody_revoked", "撤销监护资格"),
                    ("deported", "遣送出境"),
                    ("missing", "失联"),
                    ("deceased", "死亡"),
                    ("no_school", "不在学或不详"),
                    ("no_work", "无业或不详"),
                ],
                max_length=20,
                verbose_name="事项",
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="name",
            field=models.CharField(max_length=50, verbose_name="简称"),
        ),
        migrations.CreateModel(
            name="CheckRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("field", models.CharField(max_length=20, verbose_name="项目")),
                (
                    "says",
                    registry.encryption.EncryptedTextField(purpose="check_says", verbose_name="来源的数据"),
                ),
                (
                    "found",
                    registry.encryption.EncryptedTextField(purpose="check_found", verbose_name="走访所见"),
                ),
                ("found_kind", models.CharField(blank=True, max_length=20)),
                ("found_unit", models.CharField(blank=True, max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="提出时间"),
                ),
                ("due_on", models.DateField(verbose_name="答复期限")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "待答复"),
                            ("confirmed", "来源确认原值"),
                            ("changed", "来源已更正"),
                            ("agreed", "后来的数据已一致"),
                            ("replaced", "已被新的更正代替"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="答复")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="答复时间")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记答复的人",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提出人",
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_requests",
                        to="registry.correction",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_requests",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_requests",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "校核",
                "verbose_name_plural": "校核",
                "ordering": ["due_on", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["due_on", "id"],
                        name="check_request_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("youth", "source", "field"),
                        name="check_request_one_open",
                        violation_error_message="这一项已在校核",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True), ("answered_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="check_request_answered_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FactRank",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("in_school", "在学"),
                            ("dropped_out", "辍学"),
                            ("truant", "旷课"),
                            ("employed", "就业"),
                            ("unemployed", "失业登记"),
                            ("preparing", "备考培训"),
                            ("ill", "患病"),
                            ("family_emergency", "家庭变故"),
                            ("disabled", "残疾"),
                            ("low_income", "低保"),
                            ("sheltered", "救助站受助"),
                            ("away_for_work", "外出务工"),
                            ("in_prison", "服刑"),
                            ("in_detox", "强制隔离戒毒"),
                            ("detained", "限制人身自由"),
                            ("custody_revoked", "撤销监护资格"),
                            ("deported", "遣送出境"),
                            ("missing", "失联"),
                            ("deceased", "死亡"),
                        ],
                        max_length=20,
                        verbose_name="事项",
                    ),
                ),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        help_text="数字小的先采信；没有列出的排在最后。", verbose_name="顺序"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fact_ranks",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "事实采信顺序",
                "verbose_name_plural": "事实采信顺序",
                "ordering": ["kind", "rank", "source"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "source"),
                        name="fact_rank_once",
                        violation_error_message="这个来源的这个事项已有顺序",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dwellings", "房屋"),
                            ("residents", "实有人口"),
                            ("residences", "居住记录"),
                            ("guardianships", "监护关系"),
                            ("facts", "事实"),
                        ],
                        max_length=15,
                        verbose_name="类型",
                    ),
                ),
                (
                    "every_days",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="每几天报送一次",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedules",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "报送周期",
                "verbose_name_plural": "报送周期",
                "ordering": ["source", "kind"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "kind"),
                        name="schedule_once",
                        violation_error_message="这个类型已有报送周期",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("every_days__gte", 1)), name="schedule_at_least_a_day"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dwellings", "房屋"),
                            ("residents", "实有人口"),
                            ("residences", "居住记录"),
                            ("guardianships", "监护关系"),
                            ("facts", "事实"),
                        ],
                        max_length=15,
                        verbose_name="类型",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("delta", "变动"), ("full", "全量")], max_length=5, verbose_name="方式"
                    ),
                ),
                ("as_of", models.DateField(verbose_name="数据日期")),
                ("file_name", models.CharField(max_length=200, verbose_name="文件名")),
                ("size", models.PositiveBigIntegerField(verbose_name="字节数")),
                ("line_count", models.PositiveBigIntegerField(null=True, verbose_name="行数")),
                ("file_gone", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "试算中"),
                            ("checked", "待应用"),
                            ("applying", "应用中"),
                            ("held", "待批准"),
                            ("applied", "已应用"),
                            ("refused", "不可用"),
                            ("declined", "不予采用"),
                            ("expired", "逾期未办"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="上传时间"),
                ),
                (
                    "queued_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="排队时间"),
                ),
                ("started_at", models.DateTimeField(null=True, verbose_name="开始时间")),
                ("report", models.JSONField(default=dict, verbose_name="试算结果")),
                ("errors_id", models.UUIDField(null=True)),
                ("message", models.CharField(blank=True, max_length=500, verbose_name="说明")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="办结时间")),
                ("submission_key", models.UUIDField(unique=True)),
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
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="registry.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办结人",
                    ),
                ),
                (
                    "loaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "ordered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="应用人",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "上传",
                "verbose_name_plural": "上传",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["checking", "checked", "applying", "held"])),
                        fields=["queued_at"],
                        name="upload_on_the_desk",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("loaded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="upload_approved_by_another",
                        violation_error_message="批准人不能是加载人本人",
                    )
                ],
            },
        ),
    ]
