"""What the database holds of "somebody always answers": the view of responsible persons and two guards."""

from django.db import migrations

RESPONSIBLE = """
CREATE VIEW grids_responsible AS
SELECT DISTINCT ON (answer.grid_id) answer.grid_id, answer.user_id, answer.code
FROM (
    SELECT a.grid_id, a.user_id, a.grid_id AS code
    FROM grids_assignment a
    WHERE a.kind = 'lead' AND a.starts_on <= current_date AND (a.ends_on IS NULL OR a.ends_on > current_date)
    UNION ALL
    SELECT g.code, p.user_id, p.division_id
    FROM grids_grid g
    JOIN grids_post p ON p.division_id IN (left(g.code, 12), left(g.code, 9), left(g.code, 6), left(g.code, 4))
    WHERE p.is_lead AND p.starts_on <= current_date AND (p.ends_on IS NULL OR p.ends_on > current_date)
) AS answer
ORDER BY answer.grid_id, length(answer.code) DESC
"""

# Once a city has a lead it always has one: from today on, without a gap. Checked at commit, so that one transaction
# can end a lead post and start the next.
CITY_LEAD = """
CREATE FUNCTION grids_city_lead_filled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    city text := (SELECT code FROM grids_division WHERE level = 'city' AND code = OLD.division_id);
BEGIN
    IF OLD.is_lead AND city IS NOT NULL AND NOT coalesce((
        SELECT range_agg(daterange(starts_on, ends_on)) @> daterange(current_date, NULL)
        FROM grids_post WHERE is_lead AND division_id = city), false)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'post_city_lead_filled',
            MESSAGE = '市团委负责人不能空缺：请先（或同时）指定接任的人';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER post_city_lead_filled AFTER UPDATE OR DELETE ON grids_post
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION grids_city_lead_filled();
"""

ANSWERING_USER = """
CREATE FUNCTION grids_user_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.is_active AND (
        EXISTS (SELECT FROM grids_assignment WHERE user_id = NEW.id AND kind = 'lead'
                AND (ends_on IS NULL OR ends_on > current_date))
        OR EXISTS (SELECT FROM grids_post WHERE user_id = NEW.id AND is_lead
                   AND (ends_on IS NULL OR ends_on > current_date)))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'user_answers_for_nobody',
            MESSAGE = '此人还是责任人：请先结束其网格责任和负责人任职，再停用账号';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER user_answers_for_nobody AFTER UPDATE OF is_active ON grids_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION grids_user_answers();
"""

# History is added to, never altered. (TRUNCATE by the owner, as `build_city` does, is not a row change.)
APPEND_ONLY = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;
"""
HISTORY_TABLES = [
    "grids_historicalgrid",
    "grids_historicalpost",
    "grids_historicalassignment",
]


class Migration(migrations.Migration):
    dependencies = [("grids", "0001_initial")]

    operations = [
        migrations.RunSQL(RESPONSIBLE, "DROP VIEW grids_responsible"),
        migrations.RunSQL(
            CITY_LEAD,
            "DROP TRIGGER post_city_lead_filled ON grids_post; DROP FUNCTION grids_city_lead_filled()",
        ),
        migrations.RunSQL(
            ANSWERING_USER,
            "DROP TRIGGER user_answers_for_nobody ON grids_user; DROP FUNCTION grids_user_answers()",
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION append_only()"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION append_only()",
                f"DROP TRIGGER append_only ON {table}",
            )
            for table in HISTORY_TABLES
        ],
    ]
