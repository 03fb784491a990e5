"""Batches remember what they changed, so that they can be undone; indexes only where a batch is named."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0006_youth_list_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex("move", "move_of_batch"),
        migrations.AddField(
            "dwelling",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            "resident",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AlterField(
            "batch",
            "state",
            models.CharField(
                choices=[("applied", "已应用"), ("held", "待批准"), ("undone", "已撤销")],
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AddField(
            "batch",
            "undone_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="撤销人",
            ),
        ),
        migrations.AddField("batch", "undone_at", models.DateTimeField(null=True, verbose_name="撤销时间")),
        migrations.AlterField(
            "fact",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AlterField(
            "fact",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.source",
                verbose_name="来源",
            ),
        ),
        migrations.AlterField(
            "guardianship",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AlterField(
            "guardianship",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.source",
                verbose_name="来源",
            ),
        ),
        migrations.AlterField(
            "move",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AlterField(
            "move",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.source",
                verbose_name="来源",
            ),
        ),
        migrations.AlterField(
            "residence",
            "batch",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AlterField(
            "residence",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.source",
                verbose_name="来源",
            ),
        ),
        migrations.AddIndex(
            "dwelling",
            models.Index(condition=models.Q(batch__isnull=False), fields=["batch"], name="dwelling_of_batch"),
        ),
        migrations.AddIndex(
            "fact",
            models.Index(condition=models.Q(batch__isnull=False), fields=["batch"], name="fact_of_batch"),
        ),
        migrations.AddIndex(
            "guardianship",
            models.Index(
                condition=models.Q(batch__isnull=False), fields=["batch"], name="guardianship_of_batch"
            ),
        ),
        migrations.AddIndex(
            "move",
            models.Index(condition=models.Q(batch__isnull=False), fields=["batch"], name="move_of_batch"),
        ),
        migrations.AddIndex(
            "residence",
            models.Index(
                condition=models.Q(batch__isnull=False), fields=["batch"], name="residence_of_batch"
            ),
        ),
        migrations.AddIndex(
            "resident",
            models.Index(condition=models.Q(batch__isnull=False), fields=["batch"], name="resident_of_batch"),
        ),
        migrations.CreateModel(
            name="BatchChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("table_name", models.CharField(db_collation="C", max_length=40)),
                ("row_key", models.CharField(db_collation="C", max_length=36)),
                ("former", models.JSONField()),
                ("latter", models.JSONField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="registry.batch",
                    ),
                ),
            ],
            options={"verbose_name": "批次改动", "verbose_name_plural": "批次改动"},
        ),
    ]
