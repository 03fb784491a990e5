"""Append-only tables let one change pass: the same words written under another key (`manage.py rotate_keys`)."""

from django.db import migrations

# TG_ARGV names the table's encrypted columns; a table without any still lets nothing pass.
APPEND_ONLY = """
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND current_setting('wuhu_youth.rotating', true) = 'on'
       AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
       AND NOT EXISTS (SELECT FROM unnest(TG_ARGV) AS c
                       WHERE (to_jsonb(NEW) ->> c IS NULL) <> (to_jsonb(OLD) ->> c IS NULL))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("grids", "0005_alerts_of_candidates")]

    operations = [migrations.RunSQL(APPEND_ONLY, BEFORE)]
