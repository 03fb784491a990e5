"""Files of each district counted as they change 名册计数, so that the whole city's counts need not read every file."""

from django.db import migrations, models

# One row for each kind of file that became more or fewer; a statement that changes nothing counted adds none.
FUNCTION = """
CREATE FUNCTION registry_count_youths() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER youth_counted_insert AFTER INSERT ON registry_youth
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION registry_count_youths();
CREATE TRIGGER youth_counted_update AFTER UPDATE ON registry_youth
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION registry_count_youths();
CREATE TRIGGER youth_counted_delete AFTER DELETE ON registry_youth
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION registry_count_youths();
"""
FUNCTION_BACK = """
DROP TRIGGER youth_counted_insert ON registry_youth;
DROP TRIGGER youth_counted_update ON registry_youth;
DROP TRIGGER youth_counted_delete ON registry_youth;
DROP FUNCTION registry_count_youths();
"""
FILL = """
INSERT INTO registry_registercount (district, state, category_mask, next_due_on, number)
SELECT left(grid_id, 6), state, category_mask, next_due_on, count(*) FROM registry_youth GROUP BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0014_histories_name_encrypted_columns")]

    operations = [
        migrations.CreateModel(
            "RegisterCount",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("district", models.CharField(db_collation="C", max_length=6)),
                ("state", models.CharField(choices=[("open", "在管"), ("closed", "已结")], max_length=10)),
                ("category_mask", models.PositiveSmallIntegerField()),
                ("next_due_on", models.DateField(null=True)),
                ("number", models.IntegerField()),
            ],
            options={
                "verbose_name": "名册计数",
                "verbose_name_plural": "名册计数",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number", 0), _negated=True), name="register_count_is_a_change"
                    )
                ],
            },
        ),
        migrations.RunSQL(FUNCTION, FUNCTION_BACK),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
