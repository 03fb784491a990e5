"""Consents 同意 and their texts, disclosures 提供记录, exports 导出: what the database holds of them.

Under 14 only a guardian agrees, and no longer than to the 14th birthday (个人信息保护法 31); a text is published once;
a consent only ends; a disclosure rests on what it names and is never altered.
"""

import uuid
from datetime import date
from typing import Any

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption

# Asked of the insert alone: a birth date corrected later leaves what was agreed then as it was.
CONSENT = """
CREATE FUNCTION registry_consent_given() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fourteen date := (SELECT (r.birth_on + interval '14 years')::date
                      FROM registry_youth y JOIN registry_resident r ON r.id = y.resident_id WHERE y.id = NEW.youth_id);
BEGIN
    IF NEW.agreed_on < fourteen AND NEW.giver <> 'guardian' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_under_14_is_guardians',
            MESSAGE = '不满十四周岁的，只能由监护人同意';
    END IF;
    IF NEW.agreed_on < fourteen AND (NEW.ends_on IS NULL OR NEW.ends_on > fourteen) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_of_guardian_ends_at_14',
            MESSAGE = '监护人的同意到本人满十四周岁为止，之后由本人同意';
    END IF;
    IF NOT EXISTS (SELECT FROM registry_consenttext t WHERE t.id = NEW.text_id AND t.purpose = NEW.purpose) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_text_is_of_purpose',
            MESSAGE = '同意书文本和同意的事项不一致';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_given BEFORE INSERT ON registry_consent
    FOR EACH ROW EXECUTE FUNCTION registry_consent_given();

CREATE FUNCTION registry_consent_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['ends_on', 'withdrawn_on', 'withdrawn_at', 'withdrawn_by_id', 'withdrawal_note'];
    worded text[] := ARRAY['guardian_name', 'note', 'withdrawal_note'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_at IS NULL AND NEW.ends_on IS NOT NULL
           AND (OLD.ends_on IS NULL OR NEW.ends_on <= OLD.ends_on)
           AND to_jsonb(NEW) - ending = to_jsonb(OLD) - ending THEN
            RETURN NEW;
        END IF;
        -- The same words under another key.
        IF current_setting('wuhu_youth.rotating', true) = 'on'
           AND to_jsonb(NEW) - worded = to_jsonb(OLD) - worded THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_only_ends',
        MESSAGE = '同意记录不能修改或删除，只能终止';
END $$;
CREATE TRIGGER consent_only_ends BEFORE UPDATE OR DELETE ON registry_consent
    FOR EACH ROW EXECUTE FUNCTION registry_consent_only_ends();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry_consenttext
    FOR EACH ROW EXECUTE FUNCTION append_only();
"""
CONSENT_BACK = """
DROP TRIGGER append_only ON registry_consenttext;
DROP TRIGGER consent_only_ends ON registry_consent;
DROP FUNCTION registry_consent_only_ends();
DROP TRIGGER consent_given ON registry_consent;
DROP FUNCTION registry_consent_given();
"""
DISCLOSURE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry_disclosure
    FOR EACH ROW EXECUTE FUNCTION append_only('why');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry_disclosedperson
    FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE FUNCTION registry_disclosure_rests_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    act registry_disclosure := (SELECT d FROM registry_disclosure d WHERE d.id = NEW.disclosure_id);
BEGIN
    IF (act.basis = 'consent') <> (NEW.consent_id IS NOT NULL) OR (NEW.consent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM registry_consent c
        WHERE c.id = NEW.consent_id AND c.youth_id = NEW.youth_id AND c.purpose = 'sharing'
          AND c.agreed_on <= act.given_on AND (c.ends_on IS NULL OR c.ends_on > act.given_on)))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_rests_on_standing_consent',
            MESSAGE = '提供当天没有有效的“向协作单位提供信息”的同意';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disclosure_rests_on BEFORE INSERT ON registry_disclosedperson
    FOR EACH ROW EXECUTE FUNCTION registry_disclosure_rests_on();
"""
DISCLOSURE_BACK = """
DROP TRIGGER disclosure_rests_on ON registry_disclosedperson;
DROP FUNCTION registry_disclosure_rests_on();
DROP TRIGGER append_only ON registry_disclosedperson;
DROP TRIGGER append_only ON registry_disclosure;
"""

_END = "同意是自愿的：不同意、以后撤回，都不影响其他帮助；撤回后马上停止，撤回前已做的不受影响。"
TEXTS = {
    "pairing": (
        "我们想为您（您的孩子）安排一名固定的帮扶人，定期联系、看望，帮助学习和生活。"
        "帮扶人会知道姓名、年龄、联系方式、住址和需要帮助的事，不会知道登记在哪一类、为什么登记。"
    ),
    "sharing": (
        "为了帮您（您的孩子）办成具体的事，我们想把办这件事必需的信息提供给承办的单位。"
        "提供给谁、提供哪些内容、用到哪天，每次都会登记，您可以随时来查。"
    ),
    "counselling": (
        "我们想请专业人员为您（您的孩子）做心理辅导。谈话内容由专业人员保密，"
        "只有出现人身危险时才会告诉监护人和有关部门；我们只登记做过几次、是否需要继续。"
    ),
    "activity": (
        "我们想请您（您的孩子）参加集体活动。报名用到姓名、年龄、联系方式和需要注意的健康情况，"
        "只用于这次活动的组织和安全，活动结束后不再使用。"
    ),
    "photo": (
        "我们想在活动或帮扶中拍照。照片只用于工作留档；"
        "对外使用前会再次征求您的意见，并且不写姓名、学校、住址，也不写为什么得到帮助。"
    ),
}


def publish_texts(apps: Any, schema_editor: Any) -> None:
    text = apps.get_model("registry", "ConsentText")
    text.objects.bulk_create(
        text(purpose=purpose, version=1, body=f"{body}{_END}", published_on=date(2026, 11, 24))
        for purpose, body in TEXTS.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0019_counts_without_the_table"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("pairing", "结对帮扶"),
                            ("sharing", "向协作单位提供信息"),
                            ("counselling", "心理辅导"),
                            ("activity", "参加活动"),
                            ("photo", "拍照和使用照片"),
                        ],
                        max_length=12,
                        verbose_name="事项",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="版本")),
                ("body", models.TextField(max_length=2000, verbose_name="文本")),
                (
                    "published_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="发布日期"),
                ),
            ],
            options={
                "verbose_name": "同意书文本",
                "verbose_name_plural": "同意书文本",
                "ordering": ["purpose", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("purpose", "version"),
                        name="consent_text_one_per_version",
                        violation_error_message="这个事项已有这一版文本",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("pairing", "结对帮扶"),
                            ("sharing", "向协作单位提供信息"),
                            ("counselling", "心理辅导"),
                            ("activity", "参加活动"),
                            ("photo", "拍照和使用照片"),
                        ],
                        max_length=12,
                        verbose_name="事项",
                    ),
                ),
                (
                    "giver",
                    models.CharField(
                        choices=[("self", "本人"), ("guardian", "监护人")],
                        max_length=8,
                        verbose_name="谁同意",
                    ),
                ),
                (
                    "guardian_name",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="consent_guardian", verbose_name="监护人姓名"
                    ),
                ),
                (
                    "relation",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("01", "本人"),
                            ("02", "户主"),
                            ("10", "配偶"),
                            ("11", "夫"),
                            ("12", "妻"),
                            ("20", "子"),
                            ("21", "独生子"),
                            ("22", "长子"),
                            ("23", "次子"),
                            ("24", "三子"),
                            ("25", "四子"),
                            ("26", "五子"),
                            ("27", "养子或继子"),
                            ("28", "女婿"),
                            ("29", "其他儿子"),
                            ("30", "女"),
                            ("31", "独生女"),
                            ("32", "长女"),
                            ("33", "次女"),
                            ("34", "三女"),
                            ("35", "四女"),
                            ("36", "五女"),
                            ("37", "养女或继女"),
                            ("38", "儿媳"),
                            ("39", "其他女儿"),
                            ("40", "孙辈"),
                            ("41", "孙子"),
                            ("42", "孙女"),
                            ("43", "外孙子"),
                            ("44", "外孙女"),
                            ("45", "孙媳或外孙媳"),
                            ("46", "孙女婿或外孙女婿"),
                            ("47", "曾孙子或外曾孙子"),
                            ("48", "曾孙女或外曾孙女"),
                            ("49", "其他孙辈"),
                            ("50", "父母"),
                            ("51", "父亲"),
                            ("52", "母亲"),
                            ("53", "公公"),
                            ("54", "婆婆"),
                            ("55", "岳父"),
                            ("56", "岳母"),
                            ("57", "继父或养父"),
                            ("58", "继母或养母"),
                            ("59", "其他父母关系"),
                            ("60", "祖辈"),
                            ("61", "祖父"),
                            ("62", "祖母"),
                            ("63", "外祖父"),
                            ("64", "外祖母"),
                            ("65", "配偶的祖父母或外祖父母"),
                            ("66", "曾祖父"),
                            ("67", "曾祖母"),
                            ("68", "配偶的曾祖父母或外曾祖父母"),
                            ("69", "其他祖辈"),
                            ("70", "兄弟姐妹"),
                            ("71", "兄"),
                            ("72", "嫂"),
                            ("73", "弟"),
                            ("74", "弟媳"),
                            ("75", "姐"),
                            ("76", "姐夫"),
                            ("77", "妹"),
                            ("78", "妹夫"),
                            ("79", "其他兄弟姐妹"),
                            ("80", "其他"),
                            ("81", "伯父"),
                            ("82", "伯母"),
                            ("83", "叔父"),
                            ("84", "婶母"),
                            ("85", "舅父"),
                            ("86", "舅母"),
                            ("87", "姨父"),
                            ("88", "姨母"),
                            ("89", "姑父"),
                            ("90", "姑母"),
                            ("91", "堂兄弟姐妹"),
                            ("92", "表兄弟姐妹"),
                            ("93", "侄子"),
                            ("94", "侄女"),
                            ("95", "外甥"),
                            ("96", "外甥女"),
                            ("97", "其他亲属"),
                            ("99", "非亲属"),
                        ],
                        max_length=2,
                        verbose_name="与本人关系",
                    ),
                ),
                (
                    "means",
                    models.CharField(
                        choices=[("signed", "书面签字"), ("spoken", "当面口头"), ("phone", "电话")],
                        max_length=8,
                        verbose_name="怎样同意",
                    ),
                ),
                (
                    "note",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="consent_note", verbose_name="范围说明"
                    ),
                ),
                ("agreed_on", models.DateField(verbose_name="同意日期")),
                ("ends_on", models.DateField(null=True, verbose_name="终止日期")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("withdrawn_on", models.DateField(null=True, verbose_name="撤回日期")),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="撤回登记时间")),
                (
                    "withdrawal_note",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="consent_withdrawal", verbose_name="撤回说明"
                    ),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记撤回的人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.consenttext",
                        verbose_name="同意书文本",
                    ),
                ),
            ],
            options={
                "verbose_name": "同意",
                "verbose_name_plural": "同意",
                "ordering": ["-agreed_on", "-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("given_on", models.DateField(verbose_name="提供日期")),
                ("receiver", models.CharField(max_length=100, verbose_name="接收单位")),
                (
                    "receiver_kind",
                    models.CharField(
                        choices=[
                            ("government", "政府部门"),
                            ("judicial", "公安、检察、法院"),
                            ("committee", "外地团委或街道社区"),
                            ("school", "学校"),
                            ("employer", "用人单位"),
                            ("agency", "法律援助、医院、社会组织"),
                            ("person", "志愿者、爱心人士"),
                        ],
                        max_length=12,
                        verbose_name="单位性质",
                    ),
                ),
                ("agreement_number", models.CharField(blank=True, max_length=50, verbose_name="协议编号")),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("name", "姓名"),
                                ("age_sex", "年龄和性别"),
                                ("id_number", "证件号码"),
                                ("phone", "联系方式"),
                                ("address", "住址"),
                                ("family", "监护和家庭"),
                                ("school_work", "就学就业"),
                                ("health", "健康情况"),
                                ("needs", "需求"),
                                ("visits", "走访和帮扶情况"),
                                ("category", "类别"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                        verbose_name="提供的内容",
                    ),
                ),
                ("why", grids.encryption.EncryptedTextField(purpose="disclosure_why", verbose_name="用途")),
                (
                    "means",
                    models.CharField(
                        choices=[
                            ("letter", "函件"),
                            ("sheet", "清单文件"),
                            ("phone", "电话"),
                            ("spoken", "当面"),
                        ],
                        max_length=8,
                        verbose_name="提供方式",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("consent", "同意"), ("duty", "法定职责")], max_length=8, verbose_name="依据"
                    ),
                ),
                (
                    "duty",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("report", "强制报告（未成年人保护法第十一条）"),
                            ("relief", "提请救助保护（未成年人保护法第四十三、九十一至九十四条）"),
                            ("emergency", "紧急情况下保护生命健康（个人信息保护法第十三条第四项）"),
                            ("transfer", "迁往外地的关爱转介（国发〔2016〕13号）"),
                            ("check", "数据校核（政务数据共享条例）"),
                            ("inquiry", "司法、执法机关依法调取（写明文书）"),
                            ("other", "其他法定职责（写明条款）"),
                        ],
                        max_length=10,
                        verbose_name="法定职责",
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=100, verbose_name="条款或文书")),
                ("until", models.DateField(verbose_name="用到哪天")),
                ("post", models.CharField(max_length=200, verbose_name="任职")),
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
                        verbose_name="提供人",
                    ),
                ),
            ],
            options={
                "verbose_name": "提供记录",
                "verbose_name_plural": "提供记录",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="DisclosedPerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disclosures",
                        to="registry.consent",
                        verbose_name="同意",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disclosures",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
                (
                    "disclosure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="persons",
                        to="registry.disclosure",
                        verbose_name="提供记录",
                    ),
                ),
            ],
            options={
                "verbose_name": "提供记录所涉人员",
                "verbose_name_plural": "提供记录所涉人员",
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("post", models.CharField(max_length=200, verbose_name="任职")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("youths", "人员名单"),
                            ("readings", "查阅记录"),
                            ("checks", "数据校核清单"),
                            ("errors", "差错表"),
                        ],
                        max_length=10,
                        verbose_name="内容",
                    ),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate, verbose_name="日期")),
                ("ordinal", models.PositiveSmallIntegerField(verbose_name="当日第几份")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="导出时间")),
                ("row_count", models.PositiveIntegerField(default=0, verbose_name="行数")),
                ("query", models.CharField(blank=True, max_length=2000, verbose_name="条件")),
                ("reading_id", models.BigIntegerField(null=True, verbose_name="查阅记录")),
                ("mark", models.BinaryField(max_length=8, unique=True, verbose_name="标记")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("making", "正在生成"),
                            ("ready", "可下载"),
                            ("taken", "已下载"),
                            ("failed", "没有生成"),
                            ("gone", "已删除"),
                        ],
                        default="taken",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("done_count", models.PositiveIntegerField(default=0, verbose_name="已写行数")),
                ("message", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("ends_at", models.DateTimeField(null=True, verbose_name="链接失效")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="导出人",
                    ),
                ),
            ],
            options={
                "verbose_name": "导出",
                "verbose_name_plural": "导出",
                "ordering": ["-made_at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("youth", "="),
                    ("purpose", "="),
                    (
                        models.Func(
                            models.F("agreed_on"),
                            models.F("ends_on"),
                            models.Value("[)"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="consent_one_standing_per_purpose",
                violation_error_message="这个事项在该时段已有同意，请先撤回或等它到期",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("agreed_on")), _connector="OR"
                ),
                name="consent_ends_after_it_begins",
                violation_error_message="同意的终止日期不能早于同意日期",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("giver", "self"), ("guardian_name", None), ("relation", "")),
                    models.Q(
                        ("giver", "guardian"),
                        ("guardian_name__isnull", False),
                        models.Q(("relation", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="consent_guardian_is_named",
                violation_error_message="监护人同意的，要写明监护人姓名和关系",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at", None), ("withdrawn_by", None), ("withdrawn_on", None)),
                    models.Q(
                        ("ends_on__lte", models.F("withdrawn_on")),
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        ("withdrawn_on__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="consent_withdrawn_has_ended",
                violation_error_message="撤回的同意必须写明日期和登记人，并即时终止",
            ),
        ),
        migrations.AddIndex(
            model_name="disclosure",
            index=models.Index(fields=["-created_at", "-id"], name="disclosure_by_moment"),
        ),
        migrations.AddConstraint(
            model_name="disclosure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("basis", "consent"), ("duty", "")),
                    models.Q(("basis", "duty"), models.Q(("duty", ""), _negated=True)),
                    _connector="OR",
                ),
                name="disclosure_has_basis",
                violation_error_message="提供信息必须有同意或法定职责作依据",
            ),
        ),
        migrations.AddConstraint(
            model_name="disclosure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("duty__in", ["other", "inquiry"]), _negated=True),
                    models.Q(("clause", ""), _negated=True),
                    _connector="OR",
                ),
                name="disclosure_names_clause",
                violation_error_message="请写明条款或文书名称和编号",
            ),
        ),
        migrations.AddConstraint(
            model_name="disclosure",
            constraint=models.CheckConstraint(
                condition=models.Q(("fields", []), _negated=True),
                name="disclosure_says_what",
                violation_error_message="请写明提供了什么",
            ),
        ),
        migrations.AddConstraint(
            model_name="disclosure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fields__contains", ["category"]),
                    ("receiver_kind__in", ["school", "employer"]),
                    _negated=True,
                ),
                name="disclosure_no_category_to_schools",
                violation_error_message="给学校和用人单位的材料不得写明类别",
            ),
        ),
        migrations.AddConstraint(
            model_name="disclosedperson",
            constraint=models.UniqueConstraint(fields=("disclosure", "youth"), name="disclosed_person_once"),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["-made_at", "-id"], name="export_by_moment"),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=models.Q(("state__in", ["making", "ready"])),
                fields=["ends_at"],
                name="export_with_a_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                fields=("by", "day", "ordinal"),
                name="export_numbered_by_day",
                violation_error_message="另一份导出正在进行，请稍后再试",
            ),
        ),
        migrations.RunPython(publish_texts, migrations.RunPython.noop),
        migrations.RunSQL(CONSENT, CONSENT_BACK),
        migrations.RunSQL(DISCLOSURE, DISCLOSURE_BACK),
    ]
