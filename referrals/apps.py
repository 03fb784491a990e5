"""Who helps: reports 问题上报, and from them cases 个案 with agencies 协作单位 and their referrals 转介."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "协作帮扶"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hand to the register what it needs of this app: what hangs on a file, follows it, and is due."""
        # Models are not there before.
        from grids import alerts  # noqa: PLC0415
        from grids.permissions import Permission  # noqa: PLC0415
        from registry import consents, days, handovers, parts, retention, seal_groups, youths  # noqa: PLC0415
        from registry.city import built  # noqa: PLC0415

        from . import case_parts, cases, city, parts_of_files, referrals, report_parts, reports, sealed_parts  # noqa: PLC0415
        from .views import referrals as views  # noqa: PLC0415

        built.on_built(city.build)
        alerts.on_sweep("raise late referrals", referrals.climb_due)
        alerts.on_sweep("raise unanswered reports", reports.climb_due)
        alerts.on_sweep("reports follow who answers", reports.follow)
        consents.on_withdrawal(referrals.consent_withdrawn)
        handovers.on_accepted(cases.follow_handover)
        youths.on_closing(cases.keeps_open)
        handovers.on_accepted(reports.follow_handover)
        days.on_day(Permission.ANSWER_REFERRALS, views.referrals)
        parts.on_person_page(case_parts.of_person)
        parts.on_day_page(case_parts.of_day)
        parts.on_person_page(report_parts.of_person)
        parts.on_day_page(report_parts.of_day)
        seal_groups.offer(sealed_parts.CASES)
        seal_groups.offer(sealed_parts.REPORTS)
        retention.goes_with_a_file(
            parts_of_files.DELETES, waits=parts_of_files.WAITS, words=parts_of_files.WAITS_WORDS
        )
        self._keep_up_pairings()

    @staticmethod
    def _keep_up_pairings() -> None:
        from grids import alerts  # noqa: PLC0415
        from registry import consents, handovers, parts, seal_groups  # noqa: PLC0415

        from . import pairing_parts, pairings, sealed_parts  # noqa: PLC0415

        alerts.on_sweep("pairings are kept up", pairings.remind)
        consents.on_withdrawal(pairings.consent_withdrawn)
        handovers.on_accepted(pairings.follow_handover)
        parts.on_person_page(pairing_parts.of_person)
        parts.on_day_page(pairing_parts.of_day)
        seal_groups.offer(sealed_parts.PAIRINGS)
        seal_groups.offer(sealed_parts.CONTACTS)
