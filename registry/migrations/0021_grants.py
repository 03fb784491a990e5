"""Grants 临时授权: what the database holds of them (未成年人网络保护条例 art. 36).

Nobody approves an own one, officers 三员 and agencies hold none, who decides has a post over the area, what was decided
is never altered, and a grant can only end sooner.
"""

import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption

# Whoever holds one has a post or a grid of the service today; an emergency is for cadres with a post. Whoever decides
# or reviews is a manager over the area. Free text is left to the rotation of keys.
KEPT = """
CREATE FUNCTION registry_grant_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('wuhu_youth.removing', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_never_deleted',
            MESSAGE = '临时授权的记录不能删除';
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM grids_user WHERE id = NEW.holder_id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT FROM grids_post p WHERE p.user_id = NEW.holder_id
              AND p.role IN ('system_admin', 'security_admin', 'auditor', 'agency', 'service_centre')
              AND daterange(p.starts_on, p.ends_on) @> current_date)
        OR NOT EXISTS (
            SELECT FROM grids_post p WHERE p.user_id = NEW.holder_id
              AND p.role IN ('community', 'street', 'district', 'city')
              AND daterange(p.starts_on, p.ends_on) @> current_date
            UNION ALL
            SELECT FROM grids_assignment a WHERE a.user_id = NEW.holder_id AND NOT NEW.is_emergency
              AND daterange(a.starts_on, a.ends_on) @> current_date)
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_holder_serves',
                MESSAGE = '三员、协作单位和没有任职的人不能取得临时授权，紧急查阅限有任职的干部';
        END IF;
    ELSIF (NEW.holder_id, NEW.what, NEW.is_emergency, NEW.asked_at, NEW.submission_key)
        IS DISTINCT FROM (OLD.holder_id, OLD.what, OLD.is_emergency, OLD.asked_at, OLD.submission_key)
    OR (OLD.state <> 'asked'
        AND (NEW.state, NEW.code, NEW.youth_id, NEW.decided_at, NEW.decided_by_id, NEW.starts_at)
            IS DISTINCT FROM (OLD.state, OLD.code, OLD.youth_id, OLD.decided_at, OLD.decided_by_id, OLD.starts_at))
    OR (OLD.state = 'asked' AND OLD.youth_id IS NOT NULL AND NEW.youth_id IS DISTINCT FROM OLD.youth_id)
    OR (OLD.ends_at IS NOT NULL AND (NEW.ends_at > OLD.ends_at OR NEW.ends_at IS NULL))
    OR (OLD.ended_by_id IS NOT NULL AND NEW.ended_by_id IS DISTINCT FROM OLD.ended_by_id)
    OR (OLD.reviewed_at IS NOT NULL AND (NEW.reviewed_at, NEW.reviewed_by_id, NEW.finding)
            IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by_id, OLD.finding))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_never_altered',
            MESSAGE = '临时授权审批以后不能改动，只能提前结束';
    END IF;
    IF (NEW.decided_by_id IS NOT NULL AND NOT registry_manages_grants(NEW.decided_by_id, NEW.code))
    OR (NEW.reviewed_by_id IS NOT NULL AND NOT registry_manages_grants(NEW.reviewed_by_id, NEW.code))
    THEN
        IF TG_OP = 'INSERT' OR (NEW.decided_by_id, NEW.reviewed_by_id)
            IS DISTINCT FROM (OLD.decided_by_id, OLD.reviewed_by_id)
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_decided_in_area',
                MESSAGE = '临时授权须由该区域的区县团委或市团委审批、复核';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER grant_is_kept BEFORE INSERT OR UPDATE OR DELETE ON registry_grant
    FOR EACH ROW EXECUTE FUNCTION registry_grant_is_kept();
"""
MANAGES = """
CREATE FUNCTION registry_manages_grants(person bigint, area text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM grids_post p WHERE p.user_id = person AND p.role IN ('district', 'city')
          AND starts_with(area, p.division_id) AND daterange(p.starts_on, p.ends_on) @> current_date)
$$;
"""
KEPT_BACK = """
DROP TRIGGER grant_is_kept ON registry_grant;
DROP FUNCTION registry_grant_is_kept();
DROP FUNCTION registry_manages_grants(bigint, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0020_consents_disclosures_exports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("file", "查看一份档案"),
                            ("area", "在一个区域查看档案"),
                            ("reason", "知晓保密类别"),
                        ],
                        max_length=10,
                        verbose_name="内容",
                    ),
                ),
                ("is_emergency", models.BooleanField(default=False, verbose_name="紧急查阅")),
                ("code", models.CharField(db_collation="C", max_length=15, verbose_name="区域")),
                (
                    "about",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="grant_about", verbose_name="要找的人"
                    ),
                ),
                (
                    "reason",
                    grids.encryption.EncryptedTextField(purpose="grant_reason", verbose_name="申请理由"),
                ),
                ("days", models.PositiveSmallIntegerField(default=0, verbose_name="天数")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "待审批"),
                            ("given", "已批准"),
                            ("declined", "未批准"),
                            ("taken_back", "已撤回"),
                            ("nobody", "没有找到"),
                        ],
                        default="asked",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="申请时间"),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="审批时间")),
                (
                    "decision_note",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="grant_decision_note", verbose_name="审批意见"
                    ),
                ),
                ("starts_at", models.DateTimeField(null=True, verbose_name="生效时间")),
                ("ends_at", models.DateTimeField(null=True, verbose_name="失效时间")),
                ("review_due_at", models.DateTimeField(null=True, verbose_name="复核期限")),
                ("review_level", models.CharField(blank=True, max_length=10, verbose_name="复核层级")),
                ("reviewed_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                (
                    "finding",
                    models.CharField(
                        blank=True,
                        choices=[("proper", "确有必要"), ("improper", "不应查阅")],
                        max_length=10,
                        verbose_name="复核结论",
                    ),
                ),
                (
                    "review_note",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="grant_review_note", verbose_name="复核意见"
                    ),
                ),
                ("submission_key", models.UUIDField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审批人",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提前结束人",
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="复核人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="registry.youth",
                        verbose_name="档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "临时授权",
                "verbose_name_plural": "临时授权",
                "ordering": ["-asked_at", "id"],
                "indexes": [
                    models.Index(fields=["holder", "-asked_at"], name="grant_of_holder"),
                    models.Index(fields=["code", "-asked_at"], name="grant_of_area"),
                    models.Index(
                        condition=models.Q(("is_emergency", True), ("reviewed_at", None)),
                        fields=["review_due_at"],
                        name="grant_to_review",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("holder", "submission_key"), name="grant_asked_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("holder")), _negated=True),
                            _connector="OR",
                        ),
                        name="grant_decided_by_another",
                        violation_error_message="不能审批自己的申请，请由另一位负责人办理",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by", None),
                            models.Q(("reviewed_by", models.F("holder")), _negated=True),
                            _connector="OR",
                        ),
                        name="grant_reviewed_by_another",
                        violation_error_message="不能复核自己的查阅，请由另一位负责人办理",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ends_at__gte", models.F("starts_at")),
                                ("ends_at__isnull", False),
                                ("starts_at__isnull", False),
                                ("state", "given"),
                            ),
                            models.Q(
                                models.Q(("state", "given"), _negated=True),
                                ("ended_by", None),
                                ("ends_at", None),
                                ("starts_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="grant_has_an_end",
                        violation_error_message="临时授权必须写明起止时间",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at", None),
                            models.Q(
                                (
                                    "ends_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("starts_at"), "+", models.Value(datetime.timedelta(days=1))
                                    ),
                                ),
                                ("is_emergency", True),
                            ),
                            models.Q(
                                (
                                    "ends_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("starts_at"), "+", models.Value(datetime.timedelta(days=31))
                                    ),
                                ),
                                ("is_emergency", False),
                            ),
                            _connector="OR",
                        ),
                        name="grant_not_longer_than_allowed",
                        violation_error_message="临时授权最长 31 天，紧急查阅最长 24 小时",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "given"), _negated=True),
                            models.Q(("is_emergency", False), ("what", "area"), ("youth", None)),
                            models.Q(("what__in", ["file", "reason"]), ("youth__isnull", False)),
                            _connector="OR",
                        ),
                        name="grant_is_about_one_file_or_an_area",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None),
                                ("decided_by", None),
                                ("is_emergency", False),
                                ("state__in", ["asked", "taken_back"]),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("is_emergency", False),
                                ("state", "given"),
                            ),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("decision_note__isnull", False),
                                ("is_emergency", False),
                                ("state", "declined"),
                            ),
                            models.Q(
                                ("decided_by", None),
                                ("is_emergency", True),
                                ("review_due_at__isnull", False),
                                ("state__in", ["given", "nobody"]),
                            ),
                            _connector="OR",
                        ),
                        name="grant_decided_by_a_named_manager",
                        violation_error_message="临时授权须由一位负责人审批，不批准要写明理由",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finding", ""), ("reviewed_at", None), ("reviewed_by", None)),
                            models.Q(
                                ("is_emergency", True),
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("finding", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="grant_reviewed_with_a_finding",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "asked"), ("about", None), _connector="OR"),
                        name="grant_forgets_who_was_looked_for",
                    ),
                ],
            },
        ),
        migrations.RunSQL(MANAGES + KEPT, KEPT_BACK),
    ]
