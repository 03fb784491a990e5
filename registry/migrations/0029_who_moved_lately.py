"""Files whose person moved lately are found without reading all: the page of moves asks for them four times."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0028_pairing_consent_covers_its_mentor")]

    operations = [
        migrations.AddIndex(
            "youth",
            models.Index(
                fields=["moved_on"], condition=models.Q(("state", "open")), name="youth_moved_lately"
            ),
        ),
    ]
