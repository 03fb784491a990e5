"""Alerts of pairings 结对帮扶: contact is due, a consent has ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0014_alerts_of_reports"),
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
                    ("grant_asked", "待审批授权"),
                    ("grant_decided", "授权结果"),
                    ("grant_given", "档案授权"),
                    ("grant_emergency", "紧急查阅"),
                    ("request_received", "个人信息请求"),
                    ("request_due", "请求到期"),
                    ("request_answered", "请求已答复"),
                    ("report_urgent", "紧急上报"),
                    ("report_new", "问题上报"),
                    ("report_authority", "待登记报告"),
                    ("report_answered", "上报有结果"),
                    ("case_proposed", "待立案"),
                    ("case_decided", "立案结果"),
                    ("case_carried", "个案转接"),
                    ("referral_sent", "新转介"),
                    ("referral_answered", "转介已答复"),
                    ("referral_reported", "转介已反馈"),
                    ("referral_late", "转介超期"),
                    ("pairing_due", "待结对联系"),
                    ("pairing_stopped", "结对停止"),
                ],
                max_length=30,
                verbose_name="类型",
            ),
        ),
    ]
