"""Reports 问题上报, and what the database holds of them: never dropped, never altered, ended once, with their grid.

The grid of a report follows that of its file (a handover that is accepted) and of its dwelling (a grid that is
redrawn), whoever changes it, so that its scope is that of what it is about.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption

GUARDS = """
CREATE FUNCTION referrals_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Who is asked by now, and where; nothing of what was found.
    moving text[] := ARRAY['grid_id', 'level', 'due_at', 'rank'];
BEGIN
    IF registry_sealing() OR referrals_rotates(to_jsonb(OLD), to_jsonb(NEW),
        ARRAY['place', 'found', 'told_by', 'receipt', 'outcome'])
    THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'new' THEN
        moving := moving || ARRAY['state', 'outcome', 'joined_to_id', 'case_id', 'ended_by_id', 'ended_at'];
    END IF;
    IF OLD.authority = '' THEN
        moving := moving
            || ARRAY['authority', 'told_at', 'told_by', 'receipt', 'told_entered_by_id', 'told_entered_at'];
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'report_never_altered',
            MESSAGE = '上报的内容和已有的结果不能改动';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_never_altered BEFORE UPDATE ON referrals_report
    FOR EACH ROW EXECUTE FUNCTION referrals_report_guard();
CREATE TRIGGER never_deleted BEFORE DELETE ON referrals_report FOR EACH ROW EXECUTE FUNCTION referrals_kept();

CREATE FUNCTION referrals_report_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registry_youth' THEN
        UPDATE referrals_report SET grid_id = NEW.grid_id WHERE youth_id = NEW.id;
    ELSE
        UPDATE referrals_report SET grid_id = NEW.grid_id WHERE dwelling_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reports_follow AFTER UPDATE OF grid_id ON registry_youth
    FOR EACH ROW WHEN (OLD.grid_id IS DISTINCT FROM NEW.grid_id) EXECUTE FUNCTION referrals_report_follows();
CREATE TRIGGER reports_follow AFTER UPDATE OF grid_id ON registry_dwelling
    FOR EACH ROW WHEN (OLD.grid_id IS DISTINCT FROM NEW.grid_id) EXECUTE FUNCTION referrals_report_follows();
"""
GUARDS_BACK = """
DROP TRIGGER reports_follow ON registry_dwelling;
DROP TRIGGER reports_follow ON registry_youth;
DROP FUNCTION referrals_report_follows();
DROP TRIGGER never_deleted ON referrals_report;
DROP TRIGGER report_never_altered ON referrals_report;
DROP FUNCTION referrals_report_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0014_alerts_of_reports"),
        ("referrals", "0001_agencies_cases_referrals"),
        ("registry", "0025_counts_by_street"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[("youth", "一个青少年"), ("household", "一户人家"), ("place", "一处地方")],
                        max_length=10,
                        verbose_name="关于",
                    ),
                ),
                (
                    "place",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="report_place", verbose_name="地点"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("care", "没人照看"),
                            ("no_parents", "失去父母"),
                            ("emergency", "突发变故"),
                            ("hardship", "生活困难"),
                            ("disability", "残疾照料"),
                            ("school", "失学旷课"),
                            ("mind", "心理情绪"),
                            ("runaway", "离家流浪"),
                            ("work", "就业困难"),
                            ("rights", "维权赔偿"),
                            ("quarrel", "家庭矛盾"),
                            ("hazard", "安全隐患"),
                            ("other", "其他"),
                        ],
                        max_length=12,
                        verbose_name="问题",
                    ),
                ),
                (
                    "found",
                    grids.encryption.EncryptedTextField(purpose="report_found", verbose_name="发现的情况"),
                ),
                ("urgent", models.BooleanField(default=False, verbose_name="紧急")),
                (
                    "danger",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("1", "隐私部位受伤"),
                            ("2", "不满 14 岁女孩遭性侵、怀孕或流产"),
                            ("3", "14 岁以上女孩因性侵怀孕或流产"),
                            ("4", "多处受伤、严重营养不良、意识不清"),
                            ("5", "自杀、自残、工伤、中毒等受伤"),
                            ("6", "被遗弃、长期没人照料"),
                            ("7", "来历不明、失踪、被拐"),
                            ("8", "被人组织乞讨"),
                            ("9", "其他受侵害或面临危险"),
                        ],
                        default="",
                        max_length=1,
                        verbose_name="孩子有危险",
                    ),
                ),
                (
                    "found_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="发现时间"),
                ),
                (
                    "authority",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("police", "公安（110）"),
                            ("civil_affairs", "民政（12345、儿童督导员）"),
                            ("education", "教育部门"),
                            ("procuratorate", "检察院"),
                            ("women", "妇儿工委、妇联"),
                            ("other", "其他机关"),
                        ],
                        default="",
                        max_length=15,
                        verbose_name="报告了哪个机关",
                    ),
                ),
                ("told_at", models.DateTimeField(null=True, verbose_name="报告时间")),
                (
                    "told_by",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="report_told_by", verbose_name="谁去报告的"
                    ),
                ),
                (
                    "receipt",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="report_receipt", verbose_name="回执编号"
                    ),
                ),
                ("told_entered_at", models.DateTimeField(null=True, verbose_name="登记时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "待答复"),
                            ("answered", "已答复"),
                            ("joined", "并入另一件"),
                            ("case", "转为个案"),
                        ],
                        default="new",
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
                        max_length=10,
                        verbose_name="层级",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="答复期限")),
                ("rank", models.PositiveSmallIntegerField(default=2)),
                (
                    "outcome",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="report_outcome", verbose_name="怎么办的"
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="答复时间")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="referrals.case",
                        verbose_name="个案",
                    ),
                ),
                (
                    "dwelling",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="registry.dwelling",
                        verbose_name="房屋",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "found_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上报人",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="网格",
                    ),
                ),
                (
                    "joined_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joined",
                        to="referrals.report",
                        verbose_name="并入",
                    ),
                ),
                (
                    "told_entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "问题上报",
                "verbose_name_plural": "问题上报",
                "ordering": ["-found_at", "id"],
                "indexes": [
                    models.Index(
                        fields=["grid"],
                        include=("state", "rank", "kind", "found_by"),
                        name="report_counts_in_grid",
                    ),
                    models.Index(
                        condition=models.Q(("state", "new"), ("rank", 0), _connector="OR"),
                        fields=["rank", "due_at", "id"],
                        name="report_pending",
                    ),
                    models.Index(fields=["found_at", "id"], name="report_by_found"),
                    models.Index(
                        condition=models.Q(("state", "new"), models.Q(("level", "city"), _negated=True)),
                        fields=["due_at"],
                        name="report_climbs",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("about", "youth"),
                                ("dwelling", None),
                                ("place", None),
                                ("youth__isnull", False),
                            ),
                            models.Q(
                                ("about", "household"),
                                ("dwelling__isnull", False),
                                ("place", None),
                                ("youth", None),
                            ),
                            models.Q(
                                ("about", "place"),
                                ("dwelling", None),
                                ("place__isnull", False),
                                ("youth", None),
                            ),
                            _connector="OR",
                        ),
                        name="report_is_about_one_thing",
                        violation_error_message="请说明是关于谁、哪一户，还是哪个地方",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("danger", ""), ("urgent", True), _connector="OR"),
                        name="report_of_danger_is_urgent",
                        violation_error_message="孩子有危险的上报都是紧急的",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("authority", ""),
                                ("receipt", None),
                                ("told_at", None),
                                ("told_by", None),
                                ("told_entered_at", None),
                                ("told_entered_by", None),
                            ),
                            models.Q(
                                ("receipt__isnull", False),
                                ("told_at__isnull", False),
                                ("told_by__isnull", False),
                                ("told_entered_at__isnull", False),
                                ("told_entered_by__isnull", False),
                                models.Q(("authority", ""), _negated=True),
                                models.Q(("danger", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="report_told_with_receipt",
                        violation_error_message="请写明报告了哪个机关、什么时候、谁去报告的和回执编号",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("authority", ""), ("rank", 0), models.Q(("danger", ""), _negated=True)),
                            models.Q(
                                ("rank", 1),
                                ("urgent", True),
                                models.Q(
                                    ("danger", ""),
                                    models.Q(("authority", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(("rank", 2), ("urgent", False)),
                            _connector="OR",
                        ),
                        name="report_rank_is_true",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("case", None),
                                ("ended_at", None),
                                ("ended_by", None),
                                ("joined_to", None),
                                ("outcome", None),
                                ("state", "new"),
                            ),
                            models.Q(
                                ("case", None),
                                ("ended_at__isnull", False),
                                ("ended_by__isnull", False),
                                ("joined_to", None),
                                ("outcome__isnull", False),
                                ("state", "answered"),
                            ),
                            models.Q(
                                ("case", None),
                                ("ended_at__isnull", False),
                                ("ended_by__isnull", False),
                                ("joined_to__isnull", False),
                                ("outcome", None),
                                ("state", "joined"),
                                models.Q(("joined_to", models.F("id")), _negated=True),
                            ),
                            models.Q(
                                ("case__isnull", False),
                                ("ended_at__isnull", False),
                                ("ended_by__isnull", False),
                                ("joined_to", None),
                                ("outcome", None),
                                ("state", "case"),
                            ),
                            _connector="OR",
                        ),
                        name="report_ends_with_an_outcome",
                        violation_error_message="上报必须写明怎么办的，或者并入另一件、立为个案",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["answered", "joined"]), _negated=True),
                            models.Q(("rank", 0), _negated=True),
                            _connector="OR",
                        ),
                        name="report_of_danger_ends_after_telling",
                        violation_error_message="孩子有危险的，先写明报告了哪个机关，才能答复或合并",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
