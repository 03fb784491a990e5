"""Who lives there now 现住, doors in the order of a walk, and names of all residents by their characters."""

import django.db.models.deletion
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

import registry.models.dwellings
from registry.models.characters import Characters

# Numbers are filled up with zeros so that 2栋 stands before 10栋; 十二 counts as 12. Estates of the same name in two
# communities stay apart, since a walk goes through one community at a time.
DOOR_ORDER = r"""
CREATE FUNCTION numbers_in_order(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(regexp_replace(value, '[0-9]+', '0000000\&', 'g'), '[0-9]*([0-9]{8})', '\1', 'g');

CREATE FUNCTION plain_numbers(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN value ~ '[零〇一二三四五六七八九十０-９]' THEN
    replace(regexp_replace(regexp_replace(regexp_replace(
        translate(value, '零〇一二三四五六七八九０１２３４５６７８９', '001234567890123456789'),
        '([1-9])十([1-9])', '\1\2', 'g'), '十([1-9])', '1\1', 'g'), '([1-9])十', '\10', 'g'), '十', '10')
    ELSE value END;

CREATE FUNCTION door_order(grid text, estate text, building text, unit text, room text, address text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN left(grid, 12) || ' ' || CASE
    WHEN estate || building || unit || room = '' THEN numbers_in_order(address)
    ELSE numbers_in_order(estate) || ' ' || numbers_in_order(plain_numbers(building)) || ' '
         || numbers_in_order(plain_numbers(unit)) || ' ' || numbers_in_order(plain_numbers(room)) END;
"""
DOOR_ORDER_BACK = """
DROP FUNCTION door_order(text, text, text, text, text, text);
DROP FUNCTION plain_numbers(text);
DROP FUNCTION numbers_in_order(text);
"""

ROW = """
CREATE VIEW registry_presence_row AS
SELECT h.resident_id, h.dwelling_id, d.grid_id, r.household_id, r.birth_on, h.starts_on AS since_on
FROM registry_residence h
JOIN registry_dwelling d ON d.id = h.dwelling_id
JOIN registry_resident r ON r.id = h.resident_id
WHERE h.ends_on IS NULL
"""
FILL = """
INSERT INTO registry_presence (resident_id, dwelling_id, grid_id, household_id, birth_on, since_on)
SELECT resident_id, dwelling_id, grid_id, household_id, birth_on, since_on FROM registry_presence_row
ORDER BY resident_id
"""

LINK = {"db_constraint": False, "db_index": False, "on_delete": django.db.models.deletion.DO_NOTHING}


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0003_load_divisions"),
        ("registry", "0007_batches_that_can_be_undone"),
    ]

    operations = [
        migrations.RunSQL(DOOR_ORDER, DOOR_ORDER_BACK),
        migrations.AddField(
            "dwelling",
            "door_order",
            models.GeneratedField(
                expression=registry.models.dwellings.DoorOrder(
                    *(models.F(part) for part in ("grid", "estate", "building", "unit", "room", "address"))
                ),
                output_field=models.TextField(db_collation="C"),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            "dwelling", models.Index(fields=["door_order", "id"], name="dwelling_in_door_order")
        ),
        migrations.AddIndex("dwelling", GinIndex(Characters("estate"), name="dwelling_estate_characters")),
        migrations.AddIndex("resident", GinIndex(Characters("name"), name="resident_name_characters")),
        migrations.AddIndex("resident", models.Index(fields=["pinyin"], name="resident_by_pinyin")),
        migrations.AddIndex("resident", models.Index(fields=["initials"], name="resident_by_initials")),
        migrations.CreateModel(
            "Presence",
            [
                (
                    "resident",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="presence",
                        serialize=False,
                        to="registry.resident",
                    ),
                ),
                ("dwelling", models.ForeignKey(related_name="people", to="registry.dwelling", **LINK)),
                ("grid", models.ForeignKey(related_name="+", to="grids.grid", **LINK)),
                (
                    "household",
                    models.ForeignKey(null=True, related_name="people", to="registry.household", **LINK),
                ),
                ("birth_on", models.DateField(verbose_name="出生日期")),
                ("since_on", models.DateField(verbose_name="入住日期")),
            ],
            {"verbose_name": "现住", "verbose_name_plural": "现住"},
        ),
        migrations.RunSQL(ROW, "DROP VIEW registry_presence_row"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "presence",
            models.Index(
                fields=["grid", "birth_on"],
                include=("dwelling", "household", "since_on"),
                name="presence_ages_in_grid",
            ),
        ),
        migrations.AddIndex(
            "presence",
            models.Index(fields=["dwelling"], include=("household", "birth_on"), name="presence_at_door"),
        ),
    ]
