"""Closed files are only read 结档只读; and what the retention policy lets go may go from where nothing else may.

A guard lets pass what happens while a run of the policy is on (`wuhu_youth.removing`, and a row of
registry_retentionrun that has not ended), so that no row leaves without a trace of why. Reopening 重新建档, sealing
封存, the rotation of keys and the maintained copies go on as before.
"""

from django.db import migrations

REMOVING = """
CREATE FUNCTION registry_removing() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(current_setting('wuhu_youth.removing', true), '') = 'on'
        AND EXISTS (SELECT FROM registry_retentionrun WHERE ended_at IS NULL);
END $$;
"""
HISTORY = """
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND current_setting('wuhu_youth.rotating', true) = 'on'
       AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
       AND NOT EXISTS (SELECT FROM unnest(TG_ARGV) AS c
                       WHERE (to_jsonb(NEW) ->> c IS NULL) <> (to_jsonb(OLD) ->> c IS NULL))
    THEN
        RETURN NEW;
    END IF;
    IF starts_with(TG_TABLE_NAME, 'registry_') AND registry_sealing() THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    {removed}
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;
"""
REMOVED = """
    IF TG_OP = 'DELETE' AND registry_removing() THEN
        RETURN OLD;
    END IF;
"""
GUARDS = [
    ("enrolment_never_deleted", "BEFORE DELETE", "registry_enrolment", "registry_enrolment_kept"),
    ("consent_only_ends", "BEFORE UPDATE OR DELETE", "registry_consent", "registry_consent_only_ends"),
]
# The copies that registry/register_row.py maintains; they follow the person as long as the file is there.
COPIES = "name,pinyin,initials,sex,birth_on,lives_in,estate,category_mask,school,work,guardian,hukou,needs,moved_on"
CLOSED = f"""
CREATE FUNCTION registry_may_change_closed() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN registry_removing() OR registry_sealing()
        OR coalesce(current_setting('wuhu_youth.rotating', true), '') = 'on'
        OR coalesce(current_setting('wuhu_youth.loading', true), '') = 'on';
END $$;

CREATE FUNCTION registry_closed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - '{{{COPIES}}}'::text[] = to_jsonb(OLD) - '{{{COPIES}}}'::text[] THEN
        RETURN NEW;
    END IF;
    IF registry_may_change_closed() THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_file_is_read',
        MESSAGE = '这份档案已结，只能查看';
END $$;
CREATE TRIGGER closed_file_is_read BEFORE UPDATE ON registry_youth
    FOR EACH ROW WHEN (OLD.state = 'closed' AND NEW.state = 'closed') EXECUTE FUNCTION registry_closed_file();
CREATE TRIGGER closed_file_is_kept BEFORE DELETE ON registry_youth
    FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION registry_closed_file();

CREATE FUNCTION registry_part_of_closed_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    files uuid[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.youth_id] WHEN 'DELETE' THEN ARRAY[OLD.youth_id]
                    ELSE ARRAY[OLD.youth_id, NEW.youth_id] END;
BEGIN
    IF EXISTS (SELECT FROM registry_youth WHERE id = ANY (files) AND state = 'closed')
       AND NOT registry_may_change_closed()
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_file_is_read',
            MESSAGE = '这份档案已结，只能查看';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
CLOSED_BACK = """
DROP TRIGGER closed_file_is_kept ON registry_youth;
DROP TRIGGER closed_file_is_read ON registry_youth;
DROP FUNCTION registry_part_of_closed_file();
DROP FUNCTION registry_closed_file();
DROP FUNCTION registry_may_change_closed();
"""
# What people write into a file. A check 校核 may still be answered, a handover out of the city as well.
PARTS = ["registry_enrolment", "registry_visit", "registry_need", "registry_correction"]


def guard(trigger: str, when: str, table: str, function: str, condition: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {trigger} {when} ON {table}"
        f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {function}()"
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0023_retention_and_requests")]

    operations = [
        migrations.RunSQL(REMOVING, "DROP FUNCTION registry_removing()"),
        migrations.RunSQL(HISTORY.format(removed=REMOVED), HISTORY.format(removed="")),
        *[
            migrations.RunSQL(
                guard(*each, "NOT registry_sealing() AND NOT registry_removing()"),
                guard(*each, "NOT registry_sealing()"),
            )
            for each in GUARDS
        ],
        migrations.RunSQL(CLOSED, CLOSED_BACK),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER closed_file_is_read BEFORE INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION registry_part_of_closed_file()",
                f"DROP TRIGGER closed_file_is_read ON {table}",
            )
            for table in PARTS
        ],
    ]
