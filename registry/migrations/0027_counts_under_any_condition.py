"""Counts under a condition on school, work, guardians or hukou read an index alone, as those on age and visits do."""

from django.db import migrations, models

COLUMNS = (
    "state", "category_mask", "next_due_on", "birth_on", "last_verified_on", "grade", "school", "work", "guardian",
    "hukou", "id",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("registry", "0026_given_through_the_platform")]

    operations = [
        migrations.RemoveIndex("youth", "youth_counts_in_grid"),
        migrations.AddIndex(
            "youth", models.Index(fields=["grid"], include=COLUMNS, name="youth_counts_in_grid")
        ),
    ]
