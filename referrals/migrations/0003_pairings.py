"""Pairings 结对帮扶, and what the database holds of them.

None starts, or goes on, without a consent to it that holds, the guardian's under 14; no contact on a day on which none
held; what has ended stays as it ended; contacts and steps are added to and never altered; nothing is deleted.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption

GUARDS = """
CREATE FUNCTION referrals_pairing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fourteen date := (SELECT (r.birth_on + interval '14 years')::date
                      FROM registry_youth y JOIN registry_resident r ON r.id = y.resident_id WHERE y.id = NEW.youth_id);
    moving text[] := ARRAY['consent_id', 'plan', 'every_days', 'phone', 'next_due_on', 'ends_on', 'because', 'outcome',
        'result', 'ended_by_id', 'ended_at'];
BEGIN
    IF registry_sealing() OR (TG_OP = 'UPDATE' AND referrals_rotates(to_jsonb(OLD), to_jsonb(NEW),
        ARRAY['mentor', 'unit', 'phone', 'plan', 'result']))
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.ends_on IS NOT NULL OR to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'pairing_never_altered',
            MESSAGE = '结对的人和已结束的结对不能改动';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.consent_id <> OLD.consent_id THEN
        PERFORM FROM registry_consent c
        WHERE c.id = NEW.consent_id AND c.youth_id = NEW.youth_id AND c.purpose = 'pairing'
          AND (c.giver = 'guardian') = (c.agreed_on < fourteen)
          AND (TG_OP = 'UPDATE' OR c.agreed_on <= NEW.starts_on) AND c.agreed_on <= current_date
          AND (c.ends_on IS NULL OR c.ends_on > current_date)
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'pairing_stands_on_consent',
                MESSAGE = '没有“结对帮扶”的有效同意，不能结对';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pairing_guard BEFORE INSERT OR UPDATE ON referrals_pairing
    FOR EACH ROW EXECUTE FUNCTION referrals_pairing_guard();

CREATE FUNCTION referrals_pairingcontact_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF registry_sealing() THEN
        RETURN NEW;
    END IF;
    PERFORM FROM referrals_pairing p
    WHERE p.id = NEW.pairing_id AND p.ends_on IS NULL AND p.starts_on <= NEW.contact_on
      AND NEW.contact_on <= current_date
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'pairing_contact_while_it_runs',
            MESSAGE = '只能登记结对期间的联系';
    END IF;
    PERFORM FROM registry_consent c JOIN referrals_pairing p ON p.youth_id = c.youth_id
    WHERE p.id = NEW.pairing_id AND c.purpose = 'pairing' AND c.agreed_on <= NEW.contact_on
      AND (c.ends_on IS NULL OR c.ends_on > NEW.contact_on)
    FOR SHARE OF c;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'pairing_contact_stands_on_consent',
            MESSAGE = '那天没有“结对帮扶”的有效同意，结对人不能联系';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pairingcontact_guard BEFORE INSERT ON referrals_pairingcontact
    FOR EACH ROW EXECUTE FUNCTION referrals_pairingcontact_guard();

CREATE TRIGGER never_deleted BEFORE DELETE ON referrals_pairing FOR EACH ROW EXECUTE FUNCTION referrals_kept();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON referrals_pairingcontact
    FOR EACH ROW EXECUTE FUNCTION referrals_append_only('text');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON referrals_pairingstep
    FOR EACH ROW EXECUTE FUNCTION referrals_append_only('text');
"""
GUARDS_BACK = """
DROP TRIGGER append_only ON referrals_pairingstep;
DROP TRIGGER append_only ON referrals_pairingcontact;
DROP TRIGGER never_deleted ON referrals_pairing;
DROP TRIGGER pairingcontact_guard ON referrals_pairingcontact;
DROP FUNCTION referrals_pairingcontact_guard();
DROP TRIGGER pairing_guard ON referrals_pairing;
DROP FUNCTION referrals_pairing_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0002_reports"),
        ("registry", "0028_pairing_consent_covers_its_mentor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pairing",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "个人"), ("unit", "单位")],
                        max_length=6,
                        verbose_name="结对人性质",
                    ),
                ),
                (
                    "mentor",
                    grids.encryption.EncryptedTextField(purpose="pairing_mentor", verbose_name="结对人"),
                ),
                (
                    "unit",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="pairing_unit", verbose_name="单位"
                    ),
                ),
                ("phone", grids.encryption.EncryptedTextField(purpose="pairing_phone", verbose_name="电话")),
                (
                    "plan",
                    grids.encryption.EncryptedTextField(purpose="pairing_plan", verbose_name="帮扶计划"),
                ),
                (
                    "every_days",
                    models.PositiveSmallIntegerField(
                        choices=[(7, "每周"), (14, "每两周"), (30, "每月")],
                        default=30,
                        verbose_name="多久联系一次",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="开始日期"),
                ),
                ("next_due_on", models.DateField(verbose_name="下次联系")),
                ("disclosure_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("ends_on", models.DateField(null=True, verbose_name="结束日期")),
                (
                    "because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "约定已满、目标已达到"),
                            ("mentor", "结对人不能继续"),
                            ("another", "换结对人"),
                            ("consent", "同意撤回或到期"),
                            ("left", "离开本市、结档"),
                            ("other", "其他"),
                        ],
                        max_length=8,
                        verbose_name="为什么结束",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("reached", "已解决"), ("eased", "有所缓解"), ("not_reached", "未能解决")],
                        max_length=12,
                        verbose_name="结果",
                    ),
                ),
                (
                    "result",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="pairing_result", verbose_name="结果说明"
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束登记时间")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "agency",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.agency",
                        verbose_name="协作单位",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁结的对",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairings",
                        to="registry.consent",
                        verbose_name="同意",
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
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairings",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "结对帮扶",
                "verbose_name_plural": "结对帮扶",
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PairingContact",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("on", models.DateField(db_column="contact_on", verbose_name="哪天联系")),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("phone", "电话、视频"),
                            ("home", "上门看望"),
                            ("meeting", "见面、参加活动"),
                            ("letter", "写信、发消息"),
                        ],
                        max_length=8,
                        verbose_name="怎么联系",
                    ),
                ),
                ("text", grids.encryption.EncryptedTextField(purpose="pairing_contact", verbose_name="情况")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="记录人",
                    ),
                ),
                (
                    "pairing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="referrals.pairing",
                        verbose_name="结对",
                    ),
                ),
            ],
            options={
                "verbose_name": "结对联系记录",
                "verbose_name_plural": "结对联系记录",
                "ordering": ["-on", "-at"],
            },
        ),
        migrations.CreateModel(
            name="PairingStep",
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
                            ("started", "结对"),
                            ("planned", "改定计划"),
                            ("consent", "依据新的同意继续"),
                            ("ended", "结束"),
                        ],
                        max_length=8,
                        verbose_name="做了什么",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                (
                    "text",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="pairing_step", verbose_name="说明"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁",
                    ),
                ),
                (
                    "pairing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="referrals.pairing",
                        verbose_name="结对",
                    ),
                ),
            ],
            options={
                "verbose_name": "结对经过",
                "verbose_name_plural": "结对经过",
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="pairing",
            index=models.Index(fields=["youth", "-created_at"], name="pairing_of_youth"),
        ),
        migrations.AddIndex(
            model_name="pairing",
            index=models.Index(
                condition=models.Q(("ends_on", None)),
                fields=["next_due_on", "id"],
                include=("youth", "consent"),
                name="pairing_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("because", ""),
                        ("ended_at", None),
                        ("ended_by", None),
                        ("ends_on", None),
                        ("outcome", ""),
                        ("result", None),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        ("ends_on__isnull", False),
                        ("result__isnull", False),
                        models.Q(("because", ""), _negated=True),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="pairing_ends_with_an_outcome",
                violation_error_message="结束结对必须写明原因和结果",
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="pairing_ends_after_it_starts",
                violation_error_message="结束日期不能早于开始日期",
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "person"), models.Q(("kind", "unit"), ("unit__isnull", False)), _connector="OR"
                ),
                name="pairing_of_a_unit_names_it",
                violation_error_message="单位结对的，要写明单位",
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.CheckConstraint(
                condition=models.Q(("every_days__in", [7, 14, 30])),
                name="pairing_contact_at_least_monthly",
                violation_error_message="至少每月联系一次",
            ),
        ),
        migrations.AddIndex(
            model_name="pairingcontact",
            index=models.Index(fields=["pairing", "-on"], name="pairing_contact_of_pairing"),
        ),
        migrations.AddIndex(
            model_name="pairingstep",
            index=models.Index(fields=["pairing", "at"], name="pairing_step_of_pairing"),
        ),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
