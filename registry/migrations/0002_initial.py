"""Who lives where, and who is on the register."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import registry.encryption
import registry.models.youths


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("grids", "0003_load_divisions"),
        ("registry", "0001_name_characters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Household",
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
                    "number",
                    models.CharField(
                        db_collation="C",
                        max_length=18,
                        unique=True,
                        verbose_name="户号",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=200, verbose_name="备注"),
                ),
            ],
            options={
                "verbose_name": "户",
                "verbose_name_plural": "户",
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        verbose_name="代码",
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="名称")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=15),
                        size=None,
                        verbose_name="可报送类型",
                    ),
                ),
                (
                    "moves_limit",
                    models.DecimalField(
                        decimal_places=2,
                        default=2,
                        max_digits=5,
                        verbose_name="迁移占比上限（%）",
                    ),
                ),
                (
                    "rejected_limit",
                    models.DecimalField(
                        decimal_places=2,
                        default=5,
                        max_digits=5,
                        verbose_name="差错占比上限（%）",
                    ),
                ),
                (
                    "judged_from",
                    models.PositiveIntegerField(default=5000, verbose_name="不足多少条变动不熔断"),
                ),
            ],
            options={
                "verbose_name": "数据来源",
                "verbose_name_plural": "数据来源",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Batch",
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
                ("kind", models.CharField(max_length=15, verbose_name="类型")),
                (
                    "mode",
                    models.CharField(default="delta", max_length=5, verbose_name="方式"),
                ),
                ("as_of", models.DateField(verbose_name="数据日期")),
                ("sha256", models.CharField(db_collation="C", max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="文件名")),
                (
                    "state",
                    models.CharField(
                        choices=[("applied", "已应用"), ("held", "待批准")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间"),
                ),
                ("counts", models.JSONField(default=dict, verbose_name="计数")),
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
                    "loaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="加载人",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "批次",
                "verbose_name_plural": "批次",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        verbose_name="代码",
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="名称")),
                ("short_name", models.CharField(max_length=10, verbose_name="简称")),
                (
                    "standard_code",
                    models.CharField(max_length=2, verbose_name="GB/T 31000 人员类型"),
                ),
                (
                    "bit",
                    models.PositiveSmallIntegerField(unique=True, verbose_name="掩码位"),
                ),
                (
                    "age_min",
                    models.PositiveSmallIntegerField(verbose_name="最小年龄（含）"),
                ),
                (
                    "age_max",
                    models.PositiveSmallIntegerField(verbose_name="最大年龄（含）"),
                ),
                (
                    "months",
                    models.PositiveSmallIntegerField(
                        help_text="状态须持续（或行为须在其内）的月数；0 表示不要求",
                        verbose_name="持续月数",
                    ),
                ),
                ("clause", models.CharField(max_length=200, verbose_name="依据条款")),
                (
                    "review_months",
                    models.PositiveSmallIntegerField(verbose_name="复核周期（月）"),
                ),
                (
                    "visit_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="空着则按关注等级",
                        null=True,
                        verbose_name="走访间隔上限（天）",
                    ),
                ),
                (
                    "is_private",
                    models.BooleanField(default=False, verbose_name="保密类别"),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, null=True, verbose_name="启用日期"),
                ),
                (
                    "valid_to",
                    models.DateField(blank=True, null=True, verbose_name="停用日期"),
                ),
            ],
            options={
                "verbose_name": "类别",
                "verbose_name_plural": "类别",
                "ordering": ["bit"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("age_max__lte", 25), ("age_min__lte", models.F("age_max"))),
                        name="category_ages_in_order",
                        violation_error_message="最小年龄不能大于最大年龄，最大年龄不超过 25 岁",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bit__in", [1, 2, 4, 8, 16, 32, 64])),
                        name="category_bit_is_one_bit",
                        violation_error_message="掩码位只能是 1、2、4、8、16、32、64",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Dwelling",
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
                    "code",
                    models.CharField(
                        db_collation="C",
                        max_length=50,
                        unique=True,
                        verbose_name="房屋编号",
                    ),
                ),
                (
                    "estate",
                    models.CharField(blank=True, max_length=100, verbose_name="小区（村组）"),
                ),
                (
                    "building",
                    models.CharField(blank=True, max_length=50, verbose_name="楼栋"),
                ),
                (
                    "unit",
                    models.CharField(blank=True, max_length=50, verbose_name="单元"),
                ),
                (
                    "room",
                    models.CharField(blank=True, max_length=50, verbose_name="室"),
                ),
                ("address", models.CharField(max_length=200, verbose_name="房屋地址")),
                ("longitude", models.FloatField(null=True, verbose_name="经度")),
                ("latitude", models.FloatField(null=True, verbose_name="纬度")),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="网格",
                    ),
                ),
            ],
            options={
                "verbose_name": "房屋",
                "verbose_name_plural": "房屋",
            },
        ),
        migrations.CreateModel(
            name="HistoricalHousehold",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "number",
                    models.CharField(db_index=True, max_length=18, verbose_name="户号"),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=200, verbose_name="备注"),
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
                "verbose_name": "户变更",
                "verbose_name_plural": "historical 户",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Resident",
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
                    "person_number",
                    models.CharField(
                        db_collation="C",
                        max_length=30,
                        null=True,
                        unique=True,
                        verbose_name="人员编号",
                    ),
                ),
                (
                    "id_number",
                    registry.encryption.EncryptedTextField(
                        null=True, purpose="id_number", verbose_name="公民身份号码"
                    ),
                ),
                ("id_number_index", models.BinaryField(max_length=32, null=True)),
                ("name", models.CharField(max_length=50, verbose_name="姓名")),
                (
                    "pinyin",
                    models.CharField(blank=True, db_collation="C", max_length=200),
                ),
                (
                    "initials",
                    models.CharField(blank=True, db_collation="C", max_length=50),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[
                            ("0", "未知"),
                            ("1", "男"),
                            ("2", "女"),
                            ("9", "未说明"),
                        ],
                        default="0",
                        max_length=1,
                        verbose_name="性别",
                    ),
                ),
                ("birth_on", models.DateField(verbose_name="出生日期")),
                (
                    "hukou_code",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        max_length=12,
                        verbose_name="户籍地",
                    ),
                ),
                (
                    "hukou_is_rural",
                    models.BooleanField(null=True, verbose_name="农村户籍"),
                ),
                (
                    "relation",
                    models.CharField(blank=True, max_length=2, verbose_name="与户主关系"),
                ),
                (
                    "phone",
                    registry.encryption.EncryptedTextField(
                        null=True, purpose="phone", verbose_name="联系方式"
                    ),
                ),
                ("phone_index", models.BinaryField(max_length=32, null=True)),
                (
                    "household",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="members",
                        to="registry.household",
                        verbose_name="户",
                    ),
                ),
            ],
            options={
                "verbose_name": "实有人口",
                "verbose_name_plural": "实有人口",
            },
        ),
        migrations.CreateModel(
            name="HistoricalYouth",
            fields=[
                (
                    "id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "在管"), ("closed", "已结")],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "opened_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="建档日期"),
                ),
                (
                    "opened_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="建档原因"),
                ),
                ("closed_on", models.DateField(null=True, verbose_name="结档日期")),
                (
                    "closed_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="结档原因"),
                ),
                (
                    "grade",
                    models.CharField(
                        choices=[("A", "A"), ("B", "B"), ("C", "C")],
                        default="B",
                        max_length=1,
                        verbose_name="关注等级",
                    ),
                ),
                (
                    "grade_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="定级原因"),
                ),
                (
                    "last_verified_on",
                    models.DateField(null=True, verbose_name="最近核实"),
                ),
                ("next_due_on", models.DateField(null=True, verbose_name="下次走访")),
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
                    "grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="责任网格",
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
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="建档人",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
            ],
            options={
                "verbose_name": "档案变更",
                "verbose_name_plural": "historical 青少年档案",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Search",
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
                (
                    "q",
                    registry.encryption.EncryptedTextField(null=True, purpose="search_q"),
                ),
                ("id_number_index", models.BinaryField(null=True)),
                (
                    "name",
                    models.CharField(blank=True, max_length=50, verbose_name="名称"),
                ),
                ("params", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="searches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "查询",
                "verbose_name_plural": "查询",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Residence",
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
                ("starts_on", models.DateField(verbose_name="起始日期")),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "dwelling",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="residences",
                        to="registry.dwelling",
                        verbose_name="房屋",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="residences",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "居住记录",
                "verbose_name_plural": "居住记录",
            },
        ),
        migrations.CreateModel(
            name="Move",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("in", "迁入"),
                            ("out", "迁出"),
                            ("within", "市内迁移"),
                        ],
                        max_length=6,
                        verbose_name="方向",
                    ),
                ),
                (
                    "destination_code",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        max_length=6,
                        verbose_name="迁往地",
                    ),
                ),
                ("moved_on", models.DateField(verbose_name="迁移日期")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="登记时间",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=200, verbose_name="说明"),
                ),
                (
                    "corrected_at",
                    models.DateTimeField(null=True, verbose_name="更正时间"),
                ),
                ("voided_at", models.DateTimeField(null=True, verbose_name="作废时间")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "from_dwelling",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.dwelling",
                        verbose_name="原住址",
                    ),
                ),
                (
                    "from_grid",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="原网格",
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="报告人",
                    ),
                ),
                (
                    "to_dwelling",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.dwelling",
                        verbose_name="新住址",
                    ),
                ),
                (
                    "to_grid",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="新网格",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "迁移",
                "verbose_name_plural": "迁移",
            },
        ),
        migrations.CreateModel(
            name="Guardianship",
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
                    "guardian_name",
                    models.CharField(max_length=50, verbose_name="监护人姓名"),
                ),
                (
                    "guardian_id_number",
                    registry.encryption.EncryptedTextField(
                        null=True,
                        purpose="guardian_id_number",
                        verbose_name="监护人身份号码",
                    ),
                ),
                (
                    "guardian_id_number_index",
                    models.BinaryField(max_length=32, null=True),
                ),
                (
                    "relation",
                    models.CharField(max_length=2, verbose_name="与被监护人关系"),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("parent", "父母"),
                            ("entrusted", "委托"),
                            ("appointed", "指定"),
                        ],
                        max_length=10,
                        verbose_name="监护类型",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("at_home", "在家"),
                            ("away_for_work", "外出务工"),
                            ("in_prison", "服刑"),
                            ("in_detox", "强制隔离戒毒"),
                            ("detained", "限制人身自由"),
                            ("custody_revoked", "撤销监护资格"),
                            ("deported", "遣送出境"),
                            ("severely_ill", "重病重残"),
                            ("missing", "失联"),
                            ("deceased", "死亡"),
                            ("unknown", "不详"),
                        ],
                        max_length=20,
                        verbose_name="监护人状况",
                    ),
                ),
                (
                    "destination_code",
                    models.CharField(blank=True, db_collation="C", max_length=6, verbose_name="去向"),
                ),
                ("starts_on", models.DateField(verbose_name="起始日期")),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "guardian",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="wards",
                        to="registry.resident",
                        verbose_name="监护人",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guardianships",
                        to="registry.resident",
                        verbose_name="被监护人",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "监护关系",
                "verbose_name_plural": "监护关系",
            },
        ),
        migrations.CreateModel(
            name="Fact",
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
                ("starts_on", models.DateField(verbose_name="起始日期")),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                (
                    "unit",
                    models.CharField(blank=True, max_length=100, verbose_name="单位"),
                ),
                (
                    "level",
                    models.CharField(blank=True, max_length=2, verbose_name="等级"),
                ),
                (
                    "destination_code",
                    models.CharField(blank=True, db_collation="C", max_length=6, verbose_name="去向"),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.batch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "事实",
                "verbose_name_plural": "事实",
            },
        ),
        migrations.CreateModel(
            name="Youth",
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
                (
                    "state",
                    models.CharField(
                        choices=[("open", "在管"), ("closed", "已结")],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "opened_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="建档日期"),
                ),
                (
                    "opened_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="建档原因"),
                ),
                ("closed_on", models.DateField(null=True, verbose_name="结档日期")),
                (
                    "closed_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="结档原因"),
                ),
                (
                    "grade",
                    models.CharField(
                        choices=[("A", "A"), ("B", "B"), ("C", "C")],
                        default="B",
                        max_length=1,
                        verbose_name="关注等级",
                    ),
                ),
                (
                    "grade_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="定级原因"),
                ),
                (
                    "last_verified_on",
                    models.DateField(null=True, verbose_name="最近核实"),
                ),
                ("next_due_on", models.DateField(null=True, verbose_name="下次走访")),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("name", models.CharField(max_length=50, verbose_name="姓名")),
                (
                    "pinyin",
                    models.CharField(blank=True, db_collation="C", max_length=200),
                ),
                (
                    "initials",
                    models.CharField(blank=True, db_collation="C", max_length=50),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[
                            ("0", "未知"),
                            ("1", "男"),
                            ("2", "女"),
                            ("9", "未说明"),
                        ],
                        max_length=1,
                        verbose_name="性别",
                    ),
                ),
                ("birth_on", models.DateField(verbose_name="出生日期")),
                (
                    "lives_in",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        max_length=15,
                        verbose_name="现住网格",
                    ),
                ),
                (
                    "estate",
                    models.CharField(blank=True, max_length=100, verbose_name="小区（村组）"),
                ),
                ("category_mask", models.PositiveSmallIntegerField(default=0)),
                (
                    "school",
                    models.CharField(
                        choices=[
                            ("in_school", "在学"),
                            ("truant", "旷课"),
                            ("dropped_out", "辍学"),
                            ("unknown", "不在学或不详"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="就学",
                    ),
                ),
                (
                    "work",
                    models.CharField(
                        choices=[
                            ("employed", "就业"),
                            ("preparing", "备考培训"),
                            ("unemployed", "失业登记"),
                            ("unknown", "无业或不详"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="就业",
                    ),
                ),
                (
                    "guardian",
                    models.CharField(
                        choices=[
                            ("parent_home", "父母至少一方在家"),
                            ("entrusted", "父母不在家，他人照护"),
                            ("unattended", "无人照护"),
                            ("unknown", "不详"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="监护",
                    ),
                ),
                (
                    "hukou",
                    models.CharField(
                        choices=[
                            ("here", "本市户籍"),
                            ("elsewhere", "非本市户籍"),
                            ("unknown", "户籍不详"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="户籍",
                    ),
                ),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="需求",
                    ),
                ),
                ("moved_on", models.DateField(null=True, verbose_name="最近迁移")),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="责任网格",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="建档人",
                    ),
                ),
                (
                    "resident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="youth",
                        to="registry.resident",
                        verbose_name="居民",
                    ),
                ),
            ],
            options={
                "verbose_name": "青少年档案",
                "verbose_name_plural": "青少年档案",
            },
        ),
        migrations.CreateModel(
            name="Visit",
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
                ("visited_on", models.DateField(verbose_name="走访日期")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("home", "入户"),
                            ("phone", "电话"),
                            ("video", "视频"),
                            ("school", "到校"),
                            ("workplace", "到单位"),
                            ("office", "来访"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="方式",
                    ),
                ),
                (
                    "met",
                    models.CharField(
                        choices=[
                            ("youth", "本人"),
                            ("guardian", "监护人"),
                            ("relative", "其他亲属"),
                            ("teacher", "老师"),
                            ("neighbour", "邻居"),
                            ("nobody", "未见到人"),
                        ],
                        max_length=20,
                        verbose_name="见到的人",
                    ),
                ),
                (
                    "found",
                    registry.encryption.EncryptedTextField(purpose="visit_found", verbose_name="发现的情况"),
                ),
                (
                    "confirmed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("address", "住址"),
                                ("guardian", "监护情况"),
                                ("school", "就学"),
                                ("work", "就业"),
                                ("contact", "联系方式"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                        size=None,
                        verbose_name="已核对",
                    ),
                ),
                (
                    "corrected",
                    registry.encryption.EncryptedTextField(
                        null=True, purpose="visit_corrected", verbose_name="需更正"
                    ),
                ),
                ("next_due_on", models.DateField(verbose_name="下次走访")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="走访人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "走访",
                "verbose_name_plural": "走访",
                "ordering": ["-visited_on", "-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Need",
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
                            ("care", "监护照料"),
                            ("school", "就学"),
                            ("work", "就业"),
                            ("health", "就医康复"),
                            ("money", "生活救助"),
                            ("law", "法律援助"),
                            ("counselling", "心理疏导"),
                            ("housing", "住房"),
                            ("hukou", "落户"),
                            ("parent_contact", "亲情联络"),
                            ("safety", "人身安全"),
                            ("companionship", "陪伴帮扶"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="需求",
                    ),
                ),
                (
                    "opened_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="提出日期"),
                ),
                ("closed_on", models.DateField(null=True, verbose_name="解决日期")),
                (
                    "outcome",
                    models.CharField(blank=True, max_length=200, verbose_name="结果"),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="registry.visit",
                        verbose_name="走访",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="open_and_closed_needs",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "需求",
                "verbose_name_plural": "需求",
            },
        ),
        migrations.CreateModel(
            name="HistoricalHandover",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        db_index=True,
                        default=uuid.uuid4,
                        editable=False,
                    ),
                ),
                (
                    "destination_code",
                    models.CharField(blank=True, max_length=6, verbose_name="迁往地"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "待接收"),
                            ("escalated", "超时上报"),
                            ("accepted", "已接收"),
                            ("returned", "已退回"),
                            ("cancelled", "已取消"),
                            ("answered", "外地已答复"),
                        ],
                        db_default="offered",
                        default="offered",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("grid", "网格"),
                            ("community", "社区（村）"),
                            ("street", "街道（乡镇）"),
                            ("district", "区县"),
                            ("city", "市"),
                        ],
                        db_default="grid",
                        default="grid",
                        max_length=10,
                        verbose_name="层级",
                    ),
                ),
                (
                    "offered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="发起时间",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="期限")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "return_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wrong_address", "地址不对"),
                            ("not_found", "查无此人"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="退回原因",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=500, verbose_name="说明"),
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
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "from_grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="原网格",
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
                    "to_grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="新网格",
                    ),
                ),
                (
                    "move",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.move",
                        verbose_name="迁移",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "交接变更",
                "verbose_name_plural": "historical 交接",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalEnrolment",
            fields=[
                (
                    "id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                ("evidence", models.CharField(max_length=500, verbose_name="认定依据")),
                ("clause", models.CharField(max_length=200, verbose_name="依据条款")),
                ("review_on", models.DateField(verbose_name="复核日期")),
                (
                    "end_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="终止原因"),
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
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.category",
                        verbose_name="类别",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="终止人",
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
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核实人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "类别认定变更",
                "verbose_name_plural": "historical 类别认定",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Handover",
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
                    "destination_code",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        max_length=6,
                        verbose_name="迁往地",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "待接收"),
                            ("escalated", "超时上报"),
                            ("accepted", "已接收"),
                            ("returned", "已退回"),
                            ("cancelled", "已取消"),
                            ("answered", "外地已答复"),
                        ],
                        db_default="offered",
                        default="offered",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("grid", "网格"),
                            ("community", "社区（村）"),
                            ("street", "街道（乡镇）"),
                            ("district", "区县"),
                            ("city", "市"),
                        ],
                        db_default="grid",
                        default="grid",
                        max_length=10,
                        verbose_name="层级",
                    ),
                ),
                (
                    "offered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="发起时间",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="期限")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "return_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wrong_address", "地址不对"),
                            ("not_found", "查无此人"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="退回原因",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=500, verbose_name="说明"),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "from_grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="原网格",
                    ),
                ),
                (
                    "to_grid",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="新网格",
                    ),
                ),
                (
                    "move",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.move",
                        verbose_name="迁移",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "交接",
                "verbose_name_plural": "交接",
            },
        ),
        migrations.CreateModel(
            name="Enrolment",
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
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                ("evidence", models.CharField(max_length=500, verbose_name="认定依据")),
                ("clause", models.CharField(max_length=200, verbose_name="依据条款")),
                ("review_on", models.DateField(verbose_name="复核日期")),
                (
                    "end_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="终止原因"),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
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
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="终止人",
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核实人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="enrolments",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "类别认定",
                "verbose_name_plural": "类别认定",
                "ordering": ["-starts_on"],
            },
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.UniqueConstraint(
                fields=("id_number_index",),
                name="resident_one_per_id_number",
                violation_error_message="这个证件号码已登记",
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("id_number", None), ("id_number_index", None)),
                    models.Q(("id_number__isnull", False), ("id_number_index__isnull", False)),
                    _connector="OR",
                ),
                name="resident_id_number_has_index",
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("person_number__isnull", False),
                    ("id_number_index__isnull", False),
                    _connector="OR",
                ),
                name="resident_has_a_key",
                violation_error_message="证件号码和人员编号至少要有一个",
            ),
        ),
        migrations.AddConstraint(
            model_name="search",
            constraint=models.UniqueConstraint(
                condition=models.Q(("name", ""), _negated=True),
                fields=("owner", "name"),
                name="search_name_once_per_owner",
                violation_error_message="已有同名的常用查询，请换个名称",
            ),
        ),
        migrations.AddIndex(
            model_name="residence",
            index=models.Index(fields=["resident", "starts_on"], name="residence_of_resident"),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_on", None)),
                fields=("resident",),
                name="residence_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None),
                    ("ends_on__gt", models.F("starts_on")),
                    _connector="OR",
                ),
                name="residence_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["to_grid", "moved_on"], name="move_into_grid"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["from_grid", "moved_on"], name="move_out_of_grid"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["resident", "moved_on"], name="move_of_resident"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["batch"], name="move_of_batch"),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("from_dwelling", None),
                        ("kind", "in"),
                        ("to_dwelling__isnull", False),
                    ),
                    models.Q(
                        ("from_dwelling__isnull", False),
                        ("kind", "out"),
                        ("to_dwelling", None),
                    ),
                    models.Q(
                        ("from_dwelling__isnull", False),
                        ("kind", "within"),
                        ("to_dwelling__isnull", False),
                        models.Q(("from_dwelling", models.F("to_dwelling")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="move_kind_fits_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="guardianship",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="guardianship_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(fields=["resident", "kind"], name="fact_of_resident"),
        ),
        migrations.AddConstraint(
            model_name="fact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="fact_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "applied")),
                fields=("source", "kind", "sha256"),
                name="batch_file_applied_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("loaded_by")), _negated=True),
                    _connector="OR",
                ),
                name="batch_approved_by_another",
                violation_error_message="批准人不能是加载人本人",
            ),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=models.Index(fields=["grid", "next_due_on", "id"], name="youth_due_in_grid"),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=models.Index(fields=["next_due_on", "id"], name="youth_due"),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=models.Index(fields=["pinyin", "name", "id"], name="youth_by_pinyin"),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=models.Index(fields=["initials"], name="youth_by_initials"),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=models.Index(
                fields=["state", "grid"],
                include=(
                    "category_mask",
                    "birth_on",
                    "next_due_on",
                    "last_verified_on",
                    "grade",
                ),
                name="youth_counts",
            ),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=django.contrib.postgres.indexes.GinIndex(
                registry.models.youths.Characters("name"), name="youth_name_characters"
            ),
        ),
        migrations.AddIndex(
            model_name="youth",
            index=django.contrib.postgres.indexes.GinIndex(
                registry.models.youths.Characters("estate"),
                name="youth_estate_characters",
            ),
        ),
        migrations.AddConstraint(
            model_name="youth",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_on", None), ("closed_reason", ""), ("state", "open")),
                    models.Q(
                        ("closed_on__isnull", False),
                        ("state", "closed"),
                        models.Q(("closed_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="youth_closed_with_date_and_reason",
                violation_error_message="结档必须写明日期和原因",
            ),
        ),
        migrations.AddConstraint(
            model_name="youth",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "open"), _negated=True),
                    ("next_due_on__isnull", False),
                    _connector="OR",
                ),
                name="youth_open_has_next_due",
            ),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["youth", "-visited_on"], name="visit_of_youth"),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_due_on__gt", models.F("visited_on"))),
                name="visit_next_is_after",
            ),
        ),
        migrations.AddConstraint(
            model_name="need",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_on", None)),
                fields=("youth", "kind"),
                name="need_one_open_per_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="need",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_on", None),
                    models.Q(("outcome", ""), _negated=True),
                    _connector="OR",
                ),
                name="need_closed_with_outcome",
                violation_error_message="需求解决必须写明结果",
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(
                condition=models.Q(("state__in", ("offered", "escalated"))),
                fields=["due_at"],
                name="handover_due",
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(
                condition=models.Q(("state__in", ("offered", "escalated"))),
                fields=["to_grid"],
                name="handover_into_grid",
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(fields=["from_grid", "-offered_at"], name="handover_out_of_grid"),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("offered", "escalated"))),
                fields=("youth",),
                name="handover_one_open_per_youth",
                violation_error_message="这份档案已有一个进行中的交接",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state__in", ("offered", "escalated"))),
                    models.Q(
                        models.Q(("state__in", ("offered", "escalated")), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="handover_ended_when_not_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    models.Q(("ended_by__isnull", False), ("to_grid__isnull", False)),
                    _connector="OR",
                ),
                name="handover_accepted_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "returned"), _negated=True),
                    models.Q(
                        ("ended_by__isnull", False),
                        models.Q(("return_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="handover_returned_with_reason",
                violation_error_message="退回必须选择原因",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "answered"), _negated=True),
                    models.Q(("to_grid", None), models.Q(("note", ""), _negated=True)),
                    _connector="OR",
                ),
                name="handover_answered_with_note",
                violation_error_message="请写明外地的答复",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_on", None)),
                fields=("youth", "category"),
                name="enrolment_one_open_per_category",
                violation_error_message="这个类别已经认定，不必重复添加",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), ("ended_by", None), ("ends_on", None)),
                    models.Q(
                        ("ends_on__gte", models.F("starts_on")),
                        ("ends_on__isnull", False),
                        models.Q(("end_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="enrolment_ends_with_reason",
                violation_error_message="终止类别必须写明原因，终止日期不能早于起始日期",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("evidence", ""), _negated=True),
                    models.Q(("clause", ""), _negated=True),
                ),
                name="enrolment_has_evidence_and_clause",
                violation_error_message="认定必须写明依据和条款",
            ),
        ),
    ]
