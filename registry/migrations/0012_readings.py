"""Readings 查阅记录, added to and never altered; searches that name an estate and a door."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry_reading"
    " FOR EACH ROW EXECUTE FUNCTION append_only()"
)


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0011_candidates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "search", "door", models.CharField(blank=True, max_length=50, verbose_name="楼栋门牌")
        ),
        migrations.AddField(
            "search", "estate", models.CharField(blank=True, max_length=50, verbose_name="小区（村组）")
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                ("post", models.CharField(max_length=200, verbose_name="任职")),
                ("page", models.CharField(max_length=50, verbose_name="页面")),
                ("purpose", models.CharField(blank=True, max_length=200, verbose_name="用途")),
                (
                    "subject",
                    models.CharField(
                        choices=[("youth", "青少年档案"), ("resident", "实有人口"), ("dwelling", "房屋")],
                        max_length=10,
                        verbose_name="对象",
                    ),
                ),
                ("count", models.PositiveIntegerField(verbose_name="人（处）数")),
                (
                    "subject_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None, verbose_name="对象编号"
                    ),
                ),
                (
                    "request_id",
                    models.CharField(db_collation="C", max_length=64, verbose_name="请求编号"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="查阅人",
                    ),
                ),
            ],
            options={
                "verbose_name": "查阅记录",
                "verbose_name_plural": "查阅记录",
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["by", "-at"], name="reading_by_person"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["subject_ids"], name="reading_of_subject"
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON registry_reading"),
    ]
