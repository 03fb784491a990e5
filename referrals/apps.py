"""Who helps: agencies 协作单位, cases 个案, referrals 转介."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "协作帮扶"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hand to the register what it needs of this app: what hangs on a file here."""
        from registry import retention  # noqa: PLC0415 - models are not there before

        from . import parts_of_files  # noqa: PLC0415

        retention.goes_with_a_file(
            parts_of_files.DELETES, waits=parts_of_files.WAITS, words=parts_of_files.WAITS_WORDS
        )
