"""Load the division tree of Wuhu and the national counties from grids/data."""

import csv
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).parent.parent / "data"


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(apps, schema_editor):
    for model, name in (
        ("Division", "wuhu_divisions.csv"),
        ("County", "china_counties.csv"),
    ):
        Model = apps.get_model("grids", model)
        Model.objects.bulk_create(
            Model(
                code=row["code"],
                name=row["name"],
                level=row["level"],
                parent_id=row["parent"] or None,
            )
            for row in sorted(rows(name), key=lambda row: len(row["code"]))
        )


def unload(apps, schema_editor):
    schema_editor.execute("DELETE FROM grids_county")
    schema_editor.execute("DELETE FROM grids_division")


class Migration(migrations.Migration):
    dependencies = [("grids", "0002_somebody_answers")]

    operations = [migrations.RunPython(load, unload)]
