"""A district's counts read an index alone; and the planner knows how many files are in each category.

It took a category for one file in two hundred, and read a whole district to find a page's fifty.
"""

from django.db import migrations, models

# The bits of the seeded categories. Others are counted as rightly, only planned for less well.
BITS = (1, 2, 4, 8, 16)


class Migration(migrations.Migration):
    dependencies = [("registry", "0018_readings_in_months")]

    operations = [
        migrations.RemoveIndex("youth", "youth_counts_in_grid"),
        migrations.AddIndex(
            "youth",
            models.Index(
                fields=["grid"],
                include=(
                    "state",
                    "category_mask",
                    "next_due_on",
                    "birth_on",
                    "last_verified_on",
                    "grade",
                    "id",
                ),
                name="youth_counts_in_grid",
            ),
        ),
        *[
            migrations.RunSQL(
                f"CREATE STATISTICS youth_in_category_{bit} ON (category_mask & {bit}) FROM registry_youth",
                f"DROP STATISTICS youth_in_category_{bit}",
            )
            for bit in BITS
        ],
    ]
