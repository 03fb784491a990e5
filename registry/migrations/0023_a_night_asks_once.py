"""A night of 50,000 moves asks once for what is the same in every row, and nothing of a period that only grew shorter.

Each foreign key of a table is checked row by row at the commit. A file's moves name one batch and one source, some
thousand grids, and dwellings that its residences name as well: triggers look these up for the whole statement, and
refuse what the keys would have refused, the deletion of a row that is named included.
What happens at the same moment elsewhere is the residences' business: their keys to dwellings stay, and a move names
no other dwelling than a residence does.
"""

from django.db import migrations, models
from django.db.models.deletion import PROTECT

NAMED = """
CREATE FUNCTION registry_named_by_residences() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT DISTINCT batch_id FROM changed WHERE batch_id IS NOT NULL
               EXCEPT SELECT id FROM registry_batch)
        OR EXISTS (SELECT DISTINCT source_id FROM changed WHERE source_id IS NOT NULL
                   EXCEPT SELECT code FROM registry_source)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'residence_names_what_exists',
            MESSAGE = '居住记录所指的批次或来源不存在';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION registry_named_by_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT DISTINCT batch_id FROM changed WHERE batch_id IS NOT NULL
               EXCEPT SELECT id FROM registry_batch)
        OR EXISTS (SELECT DISTINCT source_id FROM changed WHERE source_id IS NOT NULL
                   EXCEPT SELECT code FROM registry_source)
        OR EXISTS (SELECT FROM (SELECT from_grid_id AS code FROM changed UNION SELECT to_grid_id FROM changed) AS named
                   WHERE code IS NOT NULL AND NOT EXISTS (SELECT FROM grids_grid g WHERE g.code = named.code))
        OR EXISTS (SELECT FROM changed WHERE from_dwelling_id IS NOT NULL
                   AND NOT EXISTS (SELECT FROM registry_dwelling d WHERE d.id = from_dwelling_id))
        OR EXISTS (SELECT FROM changed WHERE to_dwelling_id IS NOT NULL
                   AND NOT EXISTS (SELECT FROM registry_dwelling d WHERE d.id = to_dwelling_id))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'move_names_what_exists',
            MESSAGE = '迁移所指的房屋、网格、批次或来源不存在';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION registry_named_by_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT DISTINCT batch_id FROM changed EXCEPT SELECT id FROM registry_batch) THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'change_names_what_exists',
            MESSAGE = '改动所指的批次不存在';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION registry_still_named() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_named boolean;
    ids bigint[];
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'registry_batch' THEN
        is_named := EXISTS (SELECT FROM gone JOIN registry_residence r ON r.batch_id = gone.id)
            OR EXISTS (SELECT FROM gone JOIN registry_move m ON m.batch_id = gone.id)
            OR EXISTS (SELECT FROM gone JOIN registry_batchchange c ON c.batch_id = gone.id);
    WHEN 'registry_source' THEN
        is_named := EXISTS (SELECT FROM gone JOIN registry_residence r ON r.source_id = gone.code)
            OR EXISTS (SELECT FROM gone JOIN registry_move m ON m.source_id = gone.code);
    WHEN 'grids_grid' THEN
        is_named := EXISTS (SELECT FROM gone JOIN registry_move m ON m.from_grid_id = gone.code)
            OR EXISTS (SELECT FROM gone JOIN registry_move m ON m.to_grid_id = gone.code);
    WHEN 'registry_dwelling' THEN
        ids := ARRAY(SELECT id FROM gone);
        is_named := EXISTS (SELECT FROM registry_move WHERE from_dwelling_id = ANY (ids) OR to_dwelling_id = ANY (ids));
    END CASE;
    IF is_named THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'still_named',
            MESSAGE = '还有居住或迁移记录用到它，不能删除';
    END IF;
    RETURN NULL;
END $$;
"""
NAMED_BACK = """
DROP FUNCTION registry_still_named();
DROP FUNCTION registry_named_by_changes();
DROP FUNCTION registry_named_by_moves();
DROP FUNCTION registry_named_by_residences();
"""
_NAMING = {
    "registry_residence": "registry_named_by_residences",
    "registry_move": "registry_named_by_moves",
    "registry_batchchange": "registry_named_by_changes",
}
_NAMED = ("registry_batch", "registry_source", "grids_grid", "registry_dwelling")
TRIGGERS = "".join(
    f"CREATE TRIGGER names_what_exists_{event} AFTER {event} ON {table}"
    f" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
    for table, function in _NAMING.items()
    for event in ("insert", "update")
) + "".join(
    f"CREATE TRIGGER still_named AFTER DELETE ON {table}"
    " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION registry_still_named();"
    for table in _NAMED
)
TRIGGERS_BACK = "".join(
    f"DROP TRIGGER names_what_exists_{event} ON {table};"
    for table in _NAMING
    for event in ("insert", "update")
) + "".join(f"DROP TRIGGER still_named ON {table};" for table in _NAMED)

# A period that only grew shorter, as when somebody moves on, can overlap with nothing that it did not overlap before.
PERIODS = """
DROP TRIGGER residence_periods_apart_update ON registry_residence;
CREATE FUNCTION registry_residence_grown_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Grouped, not joined: the plan of a join is kept from a statement of no row, and a night has fifty thousand.
    grown bigint[] := ARRAY(
        SELECT id FROM (
            SELECT id, resident_id, starts_on AS was_from, coalesce(ends_on, 'infinity') AS was_to,
                   NULL::date AS is_from, NULL::date AS is_to FROM former
            UNION ALL
            SELECT id, resident_id, NULL, NULL, starts_on, coalesce(ends_on, 'infinity') FROM changed) AS both_sides
        GROUP BY id, resident_id
        HAVING max(is_from) IS NOT NULL
           AND (max(was_from) IS NULL OR max(is_from) < max(was_from) OR max(is_to) > max(was_to)));
BEGIN
    IF grown = '{}' THEN
        RETURN NULL;
    END IF;
    -- The lock first: without it two transactions can both pass the check below.
    PERFORM FROM registry_resident WHERE id IN (SELECT resident_id FROM changed WHERE id = ANY (grown))
    ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM changed c JOIN registry_residence r ON r.resident_id = c.resident_id AND r.id <> c.id
        WHERE c.id = ANY (grown) AND daterange(r.starts_on, r.ends_on) && daterange(c.starts_on, c.ends_on))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'residence_periods_apart',
            MESSAGE = '同一个人的居住时段不能重叠';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER residence_periods_apart_update AFTER UPDATE ON registry_residence
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION registry_residence_grown_apart();
"""
PERIODS_BACK = """
DROP TRIGGER residence_periods_apart_update ON registry_residence;
DROP FUNCTION registry_residence_grown_apart();
CREATE TRIGGER residence_periods_apart_update AFTER UPDATE ON registry_residence
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_residence_periods_apart();
"""


_OPTIONS = {"on_delete": PROTECT, "db_constraint": False, "related_name": "+"}


def _named(model: str, name: str, to: str, words: str) -> migrations.AlterField:
    link = models.ForeignKey(to=to, null=True, db_index=False, verbose_name=words, **_OPTIONS)
    return migrations.AlterField(model, name, link)


class Migration(migrations.Migration):
    dependencies = [("registry", "0022_seals")]

    operations = [
        _named("residence", "source", "registry.source", "来源"),
        _named("residence", "batch", "registry.batch", "批次"),
        _named("move", "source", "registry.source", "来源"),
        _named("move", "batch", "registry.batch", "批次"),
        _named("move", "from_grid", "grids.grid", "原网格"),
        _named("move", "to_grid", "grids.grid", "新网格"),
        _named("move", "from_dwelling", "registry.dwelling", "原住址"),
        _named("move", "to_dwelling", "registry.dwelling", "新住址"),
        migrations.AlterField(
            "batchchange",
            "batch",
            models.ForeignKey(to="registry.batch", **_OPTIONS | {"related_name": "changes"}),
        ),
        migrations.AlterField("move", "submission_key", models.UUIDField(null=True)),
        migrations.AddConstraint(
            "move",
            models.UniqueConstraint(
                fields=["submission_key"],
                condition=models.Q(submission_key__isnull=False),
                name="move_filed_once",
            ),
        ),
        # Other indexes begin with the grid, and codes are asked for in ranges, never by LIKE.
        migrations.AlterField(
            "youth",
            "grid",
            models.ForeignKey(
                to="grids.grid", on_delete=PROTECT, related_name="+", db_index=False, verbose_name="责任网格"
            ),
        ),
        migrations.RunSQL(NAMED, NAMED_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
        migrations.RunSQL(PERIODS, PERIODS_BACK),
    ]
