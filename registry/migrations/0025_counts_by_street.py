"""Files counted by street as well as by district: a district's counts need not read every file either."""

from django.db import migrations, models

# One row for each kind of file that became more or fewer, in its district (6 digits) and in its street (9).
FUNCTION = """
CREATE OR REPLACE FUNCTION registry_count_youths() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO registry_registercount (area, state, category_mask, next_due_on, number)
        SELECT left(grid_id, digits), state, category_mask, next_due_on, count(*)
        FROM came CROSS JOIN (VALUES (6), (9)) AS level (digits) GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO registry_registercount (area, state, category_mask, next_due_on, number)
        SELECT left(grid_id, digits), state, category_mask, next_due_on, -count(*)
        FROM went CROSS JOIN (VALUES (6), (9)) AS level (digits) GROUP BY 1, 2, 3, 4;
    ELSE
        INSERT INTO registry_registercount (area, state, category_mask, next_due_on, number)
        SELECT left(grid_id, digits), state, category_mask, next_due_on, sum(number)
        FROM (SELECT grid_id, state, category_mask, next_due_on, 1 AS number FROM came
              UNION ALL SELECT grid_id, state, category_mask, next_due_on, -1 FROM went) AS side
             CROSS JOIN (VALUES (6), (9)) AS level (digits)
        GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0;
    END IF;
    RETURN NULL;
END $$;
"""
FUNCTION_BACK = """
CREATE OR REPLACE FUNCTION registry_count_youths() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO registry_registercount (district, state, category_mask, next_due_on, number)
        SELECT left(grid_id, 6), state, category_mask, next_due_on, count(*) FROM came GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO registry_registercount (district, state, category_mask, next_due_on, number)
        SELECT left(grid_id, 6), state, category_mask, next_due_on, -count(*) FROM went GROUP BY 1, 2, 3, 4;
    ELSE
        INSERT INTO registry_registercount (district, state, category_mask, next_due_on, number)
        SELECT left(grid_id, 6), state, category_mask, next_due_on, sum(number)
        FROM (SELECT grid_id, state, category_mask, next_due_on, 1 AS number FROM came
              UNION ALL SELECT grid_id, state, category_mask, next_due_on, -1 FROM went) AS side
        GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0;
    END IF;
    RETURN NULL;
END $$;
"""
STREETS = """
INSERT INTO registry_registercount (area, state, category_mask, next_due_on, number)
SELECT left(grid_id, 9), state, category_mask, next_due_on, count(*) FROM registry_youth GROUP BY 1, 2, 3, 4
"""
STREETS_BACK = "DELETE FROM registry_registercount WHERE length(area) = 9"


class Migration(migrations.Migration):
    dependencies = [("registry", "0024_closed_files_are_read")]

    operations = [
        migrations.RenameField("registercount", "district", "area"),
        migrations.AlterField("registercount", "area", models.CharField(db_collation="C", max_length=9)),
        migrations.RunSQL(FUNCTION, FUNCTION_BACK),
        migrations.RunSQL(STREETS, STREETS_BACK),
        migrations.AddIndex(
            "registercount",
            models.Index(
                fields=["area"],
                include=("state", "category_mask", "next_due_on", "number"),
                name="register_count_in_area",
            ),
        ),
    ]
