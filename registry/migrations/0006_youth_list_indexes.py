"""Indexes of the register's orders, and one that answers its counts without touching the table.

The counts read every state at once, so their index begins with the grid.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registry", "0005_corrections")]

    operations = [
        AddIndexConcurrently(
            "youth",
            models.Index(
                fields=["grid"],
                include=("state", "category_mask", "next_due_on", "birth_on", "last_verified_on", "grade"),
                name="youth_counts_in_grid",
            ),
        ),
        RemoveIndexConcurrently("youth", "youth_counts"),
        AddIndexConcurrently(
            "youth",
            models.Index(
                models.OrderBy(models.F("last_verified_on"), nulls_first=True),
                models.F("id"),
                name="youth_by_verified",
            ),
        ),
        AddIndexConcurrently("youth", models.Index(fields=["birth_on", "id"], name="youth_by_birth")),
    ]
