"""The alerts that ask to visit candidates 线索, and tell that one was visited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0004_alert_of_an_answered_check"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("handover_offered", "待接收"),
                    ("handover_leaving", "迁出"),
                    ("handover_escalated", "超时未接收"),
                    ("handover_accepted", "已接收"),
                    ("handover_returned", "被退回"),
                    ("handover_cancelled", "交接取消"),
                    ("handover_answered", "外地已答复"),
                    ("address_changed", "网格内搬家"),
                    ("family_moved", "家人迁移"),
                    ("check_answered", "校核已答复"),
                    ("candidates", "新线索"),
                    ("candidate_visited", "待核定"),
                ],
                max_length=30,
                verbose_name="类型",
            ),
        ),
    ]
