"""Who helps: agencies 协作单位, cases 个案, referrals 转介. Empty until the first of them is built."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "协作帮扶"
    default_auto_field = "django.db.models.BigAutoField"
