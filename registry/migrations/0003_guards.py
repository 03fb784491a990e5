"""What the database holds of the register: periods apart, nothing deleted that must stay, what a list row is."""

from django.db import migrations

PERIODS_APART = """
CREATE FUNCTION registry_residence_periods_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The lock first: without it two transactions can both pass the check below.
    PERFORM FROM registry_resident WHERE id IN (SELECT resident_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM changed c JOIN registry_residence r ON r.resident_id = c.resident_id AND r.id <> c.id
        WHERE daterange(r.starts_on, r.ends_on) && daterange(c.starts_on, c.ends_on))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'residence_periods_apart',
            MESSAGE = '同一个人的居住时段不能重叠';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER residence_periods_apart_insert AFTER INSERT ON registry_residence
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_residence_periods_apart();
CREATE TRIGGER residence_periods_apart_update AFTER UPDATE ON registry_residence
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_residence_periods_apart();
"""
PERIODS_APART_BACK = """
DROP TRIGGER residence_periods_apart_insert ON registry_residence;
DROP TRIGGER residence_periods_apart_update ON registry_residence;
DROP FUNCTION registry_residence_periods_apart();
"""

KEEP = """
CREATE FUNCTION registry_enrolment_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolment_never_deleted',
        MESSAGE = '类别认定不能删除，只能写明原因终止';
END $$;
CREATE TRIGGER enrolment_never_deleted BEFORE DELETE ON registry_enrolment
    FOR EACH ROW EXECUTE FUNCTION registry_enrolment_kept();
"""
KEEP_BACK = (
    "DROP TRIGGER enrolment_never_deleted ON registry_enrolment; DROP FUNCTION registry_enrolment_kept()"
)

# The list columns of a file, computed from their sources: read by register_row.refresh and by check_register.
# A guardian in custody counts like one of whom nothing is known: a column of its own value would tell the reason to
# those who may not know it (registry/reasons.py).
# Parents are relations 51, 52, 57, 58 of GB/T 4761 (50 when the source does not say which).
REGISTER_ROW = """
CREATE VIEW registry_register_row AS
SELECT y.id, r.name, r.pinyin, r.initials, r.sex, r.birth_on,
    coalesce(d.grid_id, '') AS lives_in,
    coalesce(d.estate, '') AS estate,
    coalesce((SELECT bit_or(c.bit) FROM registry_enrolment e JOIN registry_category c ON c.code = e.category_id
              WHERE e.youth_id = y.id AND e.ends_on IS NULL), 0)::smallint AS category_mask,
    CASE WHEN 'dropped_out' = ANY (f.kinds) THEN 'dropped_out' WHEN 'truant' = ANY (f.kinds) THEN 'truant'
         WHEN 'in_school' = ANY (f.kinds) THEN 'in_school' ELSE 'unknown' END AS school,
    CASE WHEN 'employed' = ANY (f.kinds) THEN 'employed' WHEN 'preparing' = ANY (f.kinds) THEN 'preparing'
         WHEN 'unemployed' = ANY (f.kinds) THEN 'unemployed' ELSE 'unknown' END AS work,
    CASE WHEN g.parent_home THEN 'parent_home' WHEN g.other_home THEN 'entrusted'
         WHEN g.all_known THEN 'unattended' ELSE 'unknown' END AS guardian,
    CASE WHEN r.hukou_code = '' THEN 'unknown' WHEN r.hukou_code >= '3402' AND r.hukou_code < '3403' THEN 'here'
         ELSE 'elsewhere' END AS hukou,
    ARRAY(SELECT n.kind FROM registry_need n WHERE n.youth_id = y.id AND n.closed_on IS NULL
          ORDER BY n.kind COLLATE "C")
        ::varchar(20)[] AS needs,
    (SELECT max(m.moved_on) FROM registry_move m WHERE m.resident_id = r.id AND m.voided_at IS NULL) AS moved_on
FROM registry_youth y
JOIN registry_resident r ON r.id = y.resident_id
LEFT JOIN registry_residence h ON h.resident_id = r.id AND h.ends_on IS NULL
LEFT JOIN registry_dwelling d ON d.id = h.dwelling_id
CROSS JOIN LATERAL (
    SELECT array_agg(kind) AS kinds FROM registry_fact
    WHERE resident_id = r.id AND (ends_on IS NULL OR ends_on > current_date)) AS f
CROSS JOIN LATERAL (
    SELECT bool_or(status = 'at_home' AND relation IN ('50', '51', '52', '57', '58')) AS parent_home,
           bool_or(status = 'at_home' AND relation NOT IN ('50', '51', '52', '57', '58')) AS other_home,
           bool_and(status NOT IN ('unknown', 'in_prison', 'in_detox', 'detained')) AS all_known
    FROM registry_guardianship WHERE resident_id = r.id AND (ends_on IS NULL OR ends_on > current_date)) AS g
"""

HISTORY_TABLES = [
    "registry_historicalhousehold",
    "registry_historicalyouth",
    "registry_historicalenrolment",
    "registry_historicalhandover",
]


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_initial")]

    operations = [
        migrations.RunSQL(PERIODS_APART, PERIODS_APART_BACK),
        migrations.RunSQL(KEEP, KEEP_BACK),
        migrations.RunSQL(REGISTER_ROW, "DROP VIEW registry_register_row"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION append_only()",
                f"DROP TRIGGER append_only ON {table}",
            )
            for table in HISTORY_TABLES
        ],
    ]
