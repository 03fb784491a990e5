"""A duty is approved by another than whoever takes it on (未成年人网络保护条例 art. 36)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0009_sign_ins_and_second_factors"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("user")), _negated=True),
                    _connector="OR",
                ),
                name="assignment_approved_by_another",
                violation_error_message="批准人不能是本人，请由另一位有权限的人办理",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("user")), _negated=True),
                    _connector="OR",
                ),
                name="post_approved_by_another",
                violation_error_message="批准人不能是本人，请由另一位有权限的人办理",
            ),
        ),
    ]
