"""What is given through the platform: a referral 转介 records its disclosure itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0025_counts_by_street")]

    operations = [
        migrations.AlterField(
            model_name="disclosure",
            name="means",
            field=models.CharField(
                choices=[
                    ("letter", "函件"),
                    ("sheet", "清单文件"),
                    ("phone", "电话"),
                    ("spoken", "当面"),
                    ("platform", "平台转介"),
                ],
                max_length=8,
                verbose_name="提供方式",
            ),
        ),
    ]
