"""Seals 封存: notices with their envelopes, tombstones, reopenings; and the one verb to which history lets rows go.

A guard lets pass what happens in the very transaction that wrote the notice named in `wuhu_youth.sealing`, and in no
other: without a notice that says by whom and for what, nothing of a history can be taken away.
"""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import grids.encryption
import registry.models.seals

SEALING = """
CREATE FUNCTION registry_sealing() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(current_setting('wuhu_youth.sealing', true), '') <> '' AND EXISTS (
        SELECT FROM registry_seal
        WHERE id::text = current_setting('wuhu_youth.sealing', true)
          AND written_in = pg_current_xact_id()::text::bigint);
END $$;
"""
REFUSED = """
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;
"""
ROTATING = """
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND current_setting('wuhu_youth.rotating', true) = 'on'
       AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
       AND NOT EXISTS (SELECT FROM unnest(TG_ARGV) AS c
                       WHERE (to_jsonb(NEW) ->> c IS NULL) <> (to_jsonb(OLD) ->> c IS NULL))
    THEN
        RETURN NEW;
    END IF;
"""
# Of the register alone: posts, grids and accounts are nobody's record to be sealed.
TAKEN = """
    IF starts_with(TG_TABLE_NAME, 'registry_') AND registry_sealing() THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
"""
APPEND_ONLY, APPEND_ONLY_BEFORE = ROTATING + TAKEN + REFUSED, ROTATING + REFUSED
# (trigger, when, table, function): guards of single tables, asked only outside the sealing.
GUARDS = [
    ("enrolment_never_deleted", "BEFORE DELETE", "registry_enrolment", "registry_enrolment_kept"),
    ("consent_only_ends", "BEFORE UPDATE OR DELETE", "registry_consent", "registry_consent_only_ends"),
    ("consent_given", "BEFORE INSERT", "registry_consent", "registry_consent_given"),
    ("disclosure_rests_on", "BEFORE INSERT", "registry_disclosedperson", "registry_disclosure_rests_on"),
    ("grant_is_kept", "BEFORE INSERT OR UPDATE OR DELETE", "registry_grant", "registry_grant_is_kept"),
]


def guard(trigger: str, when: str, table: str, function: str, condition: str = "") -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {trigger} {when} ON {table}"
        f" FOR EACH ROW {condition} EXECUTE FUNCTION {function}()"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0011_alerts_of_grants"),
        ("registry", "0021_grants"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Seal",
            [
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "organ",
                    models.CharField(
                        choices=[
                            ("court", "人民法院"),
                            ("procuratorate", "人民检察院"),
                            ("police", "公安机关"),
                            ("justice", "司法行政机关"),
                        ],
                        max_length=15,
                        verbose_name="通知机关",
                    ),
                ),
                ("organ_name", models.CharField(max_length=100, verbose_name="机关名称")),
                (
                    "notice_number",
                    grids.encryption.EncryptedTextField(
                        purpose="seal_notice_number", verbose_name="通知书文号"
                    ),
                ),
                ("notice_on", models.DateField(verbose_name="通知书日期")),
                (
                    "record",
                    models.CharField(
                        choices=[
                            ("crime", "未成年人犯罪记录（刑事诉讼法第二百八十六条）"),
                            (
                                "not_prosecuted",
                                "不起诉、附条件不起诉记录（预防未成年人犯罪法第五十九条）",
                            ),
                            ("coercive", "刑事强制措施记录（预防未成年人犯罪法第五十九条）"),
                            ("punishment", "行政处罚记录（预防未成年人犯罪法第五十九条）"),
                            (
                                "education",
                                "专门矫治教育、专门教育记录（预防未成年人犯罪法第五十九条）",
                            ),
                            (
                                "inquiry",
                                "社会调查、帮教考察、心理疏导、司法救助材料（2022 年实施办法）",
                            ),
                            ("public_order", "治安违法记录（治安管理处罚法第一百三十六条）"),
                        ],
                        max_length=15,
                        verbose_name="封存的记录",
                    ),
                ),
                (
                    "sealed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="封存时间"),
                ),
                (
                    "written_in",
                    models.BigIntegerField(
                        db_default=registry.models.seals.CurrentTransaction(), editable=False
                    ),
                ),
                ("key", grids.encryption.EncryptedTextField(null=True, purpose="seal_key")),
                ("envelope", models.BinaryField(null=True)),
                ("reopened_at", models.DateTimeField(null=True, verbose_name="启封时间")),
                ("submission_key", models.UUIDField(unique=True)),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.division",
                        verbose_name="经办区域",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存",
                "verbose_name_plural": "封存",
                "ordering": ["-sealed_at", "id"],
                "indexes": [models.Index(fields=["area", "-sealed_at"], name="seal_of_area")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("envelope__isnull", False), ("key__isnull", False), ("reopened_at", None)
                            ),
                            models.Q(("envelope", None), ("key", None), ("reopened_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="seal_has_its_envelope_until_reopened",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Tombstone",
            [
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
                ("mark", models.BinaryField(max_length=32)),
                ("until_on", models.DateField()),
                ("said", models.BinaryField(max_length=32, null=True)),
            ],
            options={
                "verbose_name": "墓碑",
                "verbose_name_plural": "墓碑",
                "indexes": [models.Index(fields=["mark"], name="tombstone_by_mark")],
            },
        ),
        migrations.CreateModel(
            "Reopening",
            [
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("new_crime", "未成年时又犯新罪，与封存之罪数罪并罚后超过五年"),
                            ("earlier_crime", "发现未成年时的漏罪，与封存之罪数罪并罚后超过五年"),
                            ("retrial", "经再审改判超过五年"),
                        ],
                        max_length=15,
                        verbose_name="启封事由",
                    ),
                ),
                (
                    "document_number",
                    grids.encryption.EncryptedTextField(
                        purpose="reopening_document_number", verbose_name="法律文书文号"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="申请时间",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "待另一人核准"),
                            ("granted", "已启封"),
                            ("declined", "未予启封"),
                        ],
                        default="asked",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="办理时间")),
                ("submission_key", models.UUIDField(unique=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核准人",
                    ),
                ),
                (
                    "seal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopenings",
                        to="registry.seal",
                        verbose_name="封存",
                    ),
                ),
            ],
            options={
                "verbose_name": "启封申请",
                "verbose_name_plural": "启封申请",
                "ordering": ["-asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("seal",),
                        name="reopening_one_asked",
                        violation_error_message="这件封存已有一个启封申请，等另一人核准",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="reopening_by_two",
                        violation_error_message="启封须由两人办理，不能核准自己的申请",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "asked")),
                            models.Q(
                                models.Q(("state", "asked"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="reopening_decided_by_someone",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SEALING, "DROP FUNCTION registry_sealing()"),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_BEFORE),
        *[
            migrations.RunSQL(guard(*each, condition="WHEN (NOT registry_sealing())"), guard(*each))
            for each in GUARDS
        ],
    ]
