"""What people write about a person is encrypted in its column, the history rows included; constants become codes.

A handover's note `已迁回原网格` or `接收前又迁往别处` was never a person's words: it becomes `cancelled_because`.
Reasons that stood in `history_change_reason` stand in the encrypted columns beside it (a review's note gets its own).
"""

from typing import Any

from django.db import migrations, models
from psycopg2.extras import execute_values

import registry.encryption
from registry.encryption import decrypt, encrypt

# (table, column, purpose, characters it may have had, is it never empty)
COLUMNS = [
    ("registry_youth", "opened_reason", "youth_opened_reason", 200, False),
    ("registry_youth", "closed_reason", "youth_closed_reason", 200, False),
    ("registry_youth", "grade_reason", "youth_grade_reason", 200, False),
    ("registry_historicalyouth", "opened_reason", "youth_opened_reason", 200, False),
    ("registry_historicalyouth", "closed_reason", "youth_closed_reason", 200, False),
    ("registry_historicalyouth", "grade_reason", "youth_grade_reason", 200, False),
    ("registry_enrolment", "evidence", "enrolment_evidence", 500, True),
    ("registry_enrolment", "end_reason", "enrolment_end_reason", 200, False),
    ("registry_historicalenrolment", "evidence", "enrolment_evidence", 500, True),
    ("registry_historicalenrolment", "end_reason", "enrolment_end_reason", 200, False),
    ("registry_handover", "note", "handover_note", 500, False),
    ("registry_historicalhandover", "note", "handover_note", 500, False),
    ("registry_move", "note", "move_note", 200, False),
    ("registry_household", "note", "household_note", 200, False),
    ("registry_historicalhousehold", "note", "household_note", 200, False),
    ("registry_need", "outcome", "need_outcome", 200, False),
    ("registry_checkrequest", "answer", "check_answer", 200, False),
    ("registry_correction", "reason", "correction_reason", 100, True),
    ("registry_candidate", "decision_reason", "candidate_decision", 200, False),
]
BATCH = 5000

# Before: the constants out of the notes. After: the words out of the histories' reasons.
CODES = """
UPDATE {table} SET cancelled_because = CASE note WHEN '已迁回原网格' THEN 'moved_back' ELSE 'moved_on' END, note = ''
WHERE note IN ('已迁回原网格', '接收前又迁往别处')
"""
CODES_BACK = """
UPDATE {table} SET note = CASE cancelled_because WHEN 'moved_back' THEN '已迁回原网格' ELSE '接收前又迁往别处' END
WHERE cancelled_because <> ''
"""
HANDOVERS = ("registry_handover", "registry_historicalhandover")


def encrypt_notes(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        _triggers(cursor, "DISABLE")
        for table in HANDOVERS:
            cursor.execute(CODES.format(table=table))
        cursor.execute("UPDATE registry_candidate SET decision_reason = '' WHERE state = 'withdrawn'")
        cursor.execute("UPDATE registry_move SET note = '' WHERE source_id IS NOT NULL OR note = '更正'")
        for table, column, purpose, _, never_empty in COLUMNS:
            _convert(cursor, table, column, "bytea", lambda text, purpose=purpose: encrypt(text, purpose))
            if never_empty:
                cursor.execute(f"ALTER TABLE {table} ALTER {column} SET NOT NULL")
        _words_out_of_histories(cursor)
        _triggers(cursor, "ENABLE")


def decrypt_notes(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        _triggers(cursor, "DISABLE")
        for table, column, purpose, length, _ in COLUMNS:
            _convert(
                cursor, table, column, f"varchar({length})", lambda value, purpose=purpose: decrypt(value, purpose)
            )  # fmt: skip
            cursor.execute(f"UPDATE {table} SET {column} = '' WHERE {column} IS NULL")  # noqa: S608
            cursor.execute(f"ALTER TABLE {table} ALTER {column} SET NOT NULL")
        for table in HANDOVERS:
            cursor.execute(CODES_BACK.format(table=table))
        _triggers(cursor, "ENABLE")


def _triggers(cursor: Any, act: str) -> None:
    """Histories are append-only; this is a change of how they are written down, not of what they say."""
    # A table with checks still waiting for the commit cannot be altered.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in sorted({table for table, *_ in COLUMNS if "historical" in table} | {"registry_correction"}):
        cursor.execute(f"ALTER TABLE {table} {act} TRIGGER append_only")


def _convert(cursor: Any, table: str, column: str, kind: str, convert: Any) -> None:
    """Fill a new column of another type beside the old one, in batches, and put it in its place."""
    key = "history_id" if "historical" in table else "id"
    cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column}_new {kind}")
    empty = f"{column} IS NOT NULL" if kind != "bytea" else f"{column} <> ''"
    cursor.execute(f"SELECT {key}::text, {column} FROM {table} WHERE {empty}")  # noqa: S608
    rows = cursor.fetchall()
    for start in range(0, len(rows), BATCH):
        execute_values(
            cursor,
            f"UPDATE {table} t SET {column}_new = v.new FROM (VALUES %s) AS v (key, new) WHERE t.{key}::text = v.key",  # noqa: S608
            [(row_key, convert(value)) for row_key, value in rows[start : start + BATCH]],
            template=f"(%s, %s::{kind})",
            page_size=BATCH,
        )
    cursor.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_new TO {column}")


def _words_out_of_histories(cursor: Any) -> None:
    for act in ("定级", "结档"):  # their words stand in grade_reason and closed_reason
        cursor.execute(
            "UPDATE registry_historicalyouth SET history_change_reason = %s WHERE history_change_reason LIKE %s",
            [act, f"{act}：%"],
        )
    cursor.execute(
        "SELECT history_id, history_change_reason FROM registry_historicalenrolment"
        " WHERE history_change_reason LIKE '复核，仍符合：%'"
    )
    for key, reason in cursor.fetchall():
        note = reason.partition("：")[2]
        cursor.execute(
            "UPDATE registry_historicalenrolment SET history_change_reason = '复核，仍符合', review_note = %s"
            " WHERE history_id = %s",
            [encrypt(note, "enrolment_review_note") if note else None, key],
        )
    cursor.execute(
        "UPDATE registry_historicalhandover SET history_change_reason = '登记迁移' WHERE history_type = '+'"
        " AND history_change_reason IS NOT NULL AND history_user_id IS NOT NULL AND move_id IN"
        " (SELECT id FROM registry_move WHERE note IS NOT NULL)"
    )


def sealed(verbose_name: str, purpose: str, **options: Any) -> Any:
    return registry.encryption.EncryptedTextField(verbose_name, purpose=purpose, **options)


EMPTY = {"null": True, "blank": True}
STATE = [
    (model, name, sealed(label, purpose, **options))
    for models_, name, label, purpose, options in [
        (("youth", "historicalyouth"), "opened_reason", "建档原因", "youth_opened_reason", EMPTY),
        (("youth", "historicalyouth"), "closed_reason", "结档原因", "youth_closed_reason", EMPTY),
        (("youth", "historicalyouth"), "grade_reason", "定级原因", "youth_grade_reason", EMPTY),
        (("enrolment", "historicalenrolment"), "evidence", "认定依据", "enrolment_evidence", {}),
        (("enrolment", "historicalenrolment"), "end_reason", "终止原因", "enrolment_end_reason", EMPTY),
        (("handover", "historicalhandover"), "note", "说明", "handover_note", EMPTY),
        (("move",), "note", "说明", "move_note", EMPTY),
        (("household", "historicalhousehold"), "note", "备注", "household_note", EMPTY),
        (("need",), "outcome", "结果", "need_outcome", EMPTY),
        (("checkrequest",), "answer", "答复", "check_answer", EMPTY),
        (("candidate",), "decision_reason", "说明", "candidate_decision", EMPTY),
        (("correction",), "reason", "依据", "correction_reason", {}),
    ]
    for model in models_
]
REASONS = [("moved_back", "已迁回原网格"), ("moved_on", "接收前又迁往别处")]


class Migration(migrations.Migration):
    dependencies = [("registry", "0012_readings")]

    operations = [
        migrations.RemoveConstraint("youth", "youth_closed_with_date_and_reason"),
        migrations.RemoveConstraint("enrolment", "enrolment_ends_with_reason"),
        migrations.RemoveConstraint("enrolment", "enrolment_has_evidence_and_clause"),
        migrations.RemoveConstraint("handover", "handover_answered_with_note"),
        migrations.RemoveConstraint("candidate", "candidate_decided_by_someone"),
        *[
            migrations.AddField(
                model,
                "cancelled_because",
                models.CharField(
                    blank=True, choices=REASONS, db_default="", max_length=20, verbose_name="取消原因"
                ),
            )
            for model in ("handover", "historicalhandover")
        ],
        *[
            migrations.AddField(model, "review_note", sealed("复核情况", "enrolment_review_note", **EMPTY))
            for model in ("enrolment", "historicalenrolment")
        ],
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(encrypt_notes, decrypt_notes)],
            [migrations.AlterField(model, name, field) for model, name, field in STATE],
        ),
        migrations.AddConstraint(
            "youth",
            models.CheckConstraint(
                condition=models.Q(closed_on=None, closed_reason=None, state="open")
                | models.Q(closed_on__isnull=False, closed_reason__isnull=False, state="closed"),
                name="youth_closed_with_date_and_reason",
                violation_error_message="结档必须写明日期和原因",
            ),
        ),
        migrations.AddConstraint(
            "enrolment",
            models.CheckConstraint(
                condition=models.Q(end_reason=None, ended_by=None, ends_on=None)
                | models.Q(
                    end_reason__isnull=False, ends_on__gte=models.F("starts_on"), ends_on__isnull=False
                ),
                name="enrolment_ends_with_reason",
                violation_error_message="终止类别必须写明原因，终止日期不能早于起始日期",
            ),
        ),
        migrations.AddConstraint(
            "enrolment",
            models.CheckConstraint(
                condition=~models.Q(clause=""),
                name="enrolment_has_clause",
                violation_error_message="认定必须写明条款",
            ),
        ),
        migrations.AddConstraint(
            "candidate",
            models.CheckConstraint(
                condition=models.Q(decided_at=None, decided_by=None, state="open")
                | models.Q(decided_at__isnull=False, state="withdrawn")
                | models.Q(decided_at__isnull=False, decided_by__isnull=False, state="verified")
                | models.Q(
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                    decision_reason__isnull=False,
                    state="set_aside",
                ),
                name="candidate_decided_by_someone",
                violation_error_message="搁置线索必须写明原因",
            ),
        ),
        migrations.AddConstraint(
            "handover",
            models.CheckConstraint(
                condition=~models.Q(state="answered") | models.Q(note__isnull=False, to_grid=None),
                name="handover_answered_with_note",
                violation_error_message="请写明外地的答复",
            ),
        ),
    ]
