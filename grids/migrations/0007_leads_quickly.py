"""Who answers is asked for every row of a list: an index that is quick at it beside each exclusion constraint."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grids", "0006_history_lets_rotation_pass")]

    operations = [
        migrations.AddIndex(
            "post",
            models.Index(
                condition=models.Q(("is_lead", True)), fields=["division"], name="post_leads_of_division"
            ),
        ),
        migrations.AddIndex(
            "assignment",
            models.Index(
                condition=models.Q(("kind", "lead")), fields=["grid"], name="assignment_leads_of_grid"
            ),
        ),
    ]
