from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "人房与青少年"

    def ready(self) -> None:
        """Tell the sweep what of this app may be due."""
        from functools import partial  # noqa: PLC0415

        from django.core import checks  # noqa: PLC0415

        from grids import alerts, lending, shown  # noqa: PLC0415

        # Models are not there before.
        from . import (  # noqa: PLC0415
            export_work,
            feed_desk,
            grants,
            handovers,
            overtaken,
            reading_chain,
            readings,
            register_counts,
            register_row,
            requests,
            retention_policy,
            rules,
            sealing_of,
        )
        from .models.grants import lent_to  # noqa: PLC0415

        checks.register(retention_policy.policy_is_complete, "register")
        checks.register(sealing_of.every_model_says_how_it_is_sealed, "register")
        shown.on_show(readings.record_files)
        lending.on_lend(lent_to)

        alerts.on_sweep("escalate handovers", handovers.escalate_due)
        alerts.on_sweep("raise reviews of emergencies", grants.climb_due)
        alerts.on_sweep("end requests left lying", grants.lapse_unanswered, every_night=True)
        alerts.on_sweep("settle overtaken alerts", overtaken.settle_overtaken)
        alerts.on_sweep("send lost feed uploads", feed_desk.send_lost)
        alerts.on_sweep("expire feed uploads", feed_desk.expire, every_night=True)
        alerts.on_sweep("send lost exports", export_work.send_lost)
        alerts.on_sweep("delete exports whose day is over", export_work.purge)
        alerts.on_sweep("candidates follow the grid", rules.follow)
        alerts.on_sweep("remind of requests due", requests.remind_due, every_night=True)
        alerts.on_sweep("put register counts together", register_counts.compact)
        alerts.on_sweep("seal readings", reading_chain.seal)
        alerts.on_sweep("make months of readings", reading_chain.make_months, every_night=True)
        # Days pass without anybody writing: facts and guardianships end, and the copies of them with it.
        alerts.on_sweep("refresh register rows", partial(register_row.refresh, None), every_night=True)
        # Months are full and birthdays come without a batch.
        alerts.on_sweep("suggest candidates", rules.suggest, every_night=True)
