"""Corrections 更正 of the person behind a file: added to, never altered."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import registry.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_reference_rows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "changes_json",
                    registry.encryption.EncryptedTextField(
                        purpose="correction_changes", verbose_name="更正内容"
                    ),
                ),
                ("reason", models.CharField(max_length=100, verbose_name="依据")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="更正时间"),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="更正人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "更正",
                "verbose_name_plural": "更正",
                "ordering": ["-created_at"],
                "indexes": [models.Index(fields=["youth", "-created_at"], name="correction_of_youth")],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON registry_correction"
            " FOR EACH ROW EXECUTE FUNCTION append_only()",
            "DROP TRIGGER append_only ON registry_correction",
        ),
    ]
