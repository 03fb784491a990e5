"""Indexes that others begin with: a night writes 50,000 residences and moves, each into every index there is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0016_quicker_functions_of_indexes")]

    operations = [
        migrations.AlterField(
            model_name="move",
            name="resident",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="registry.resident",
                verbose_name="居民",
            ),
        ),
        migrations.AlterField(
            model_name="move",
            name="from_grid",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="grids.grid",
                verbose_name="原网格",
            ),
        ),
        migrations.AlterField(
            model_name="move",
            name="to_grid",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="grids.grid",
                verbose_name="新网格",
            ),
        ),
        migrations.AlterField(
            model_name="move",
            name="reported_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="报告人",
            ),
        ),
        migrations.AlterField(
            model_name="residence",
            name="resident",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="residences",
                to="registry.resident",
                verbose_name="居民",
            ),
        ),
    ]
