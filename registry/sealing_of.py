"""How each model is sealed 封存: one line a model, read by the verb that seals and by the check at the start.

A model that can reach a youth or a resident along foreign keys, its history included, and is not named here stops the
start: forgetting is made to fail. So does one whose default manager is not the guarded one.

- `STAYS`: the person's own, what happened to the home, or of nobody. It is never taken, so that uniqueness and places
  betray nothing.
- `ENROLMENT`: taken with the enrolment it belongs to, or with the whole file.
- `CHOSEN`: taken when chosen on the form (a note belongs to at most one matter), or with the whole file.
- `FILE`: taken when the whole file goes.
- `IDS_ONLY`: holds ids that lead nowhere once the rows are gone; it is append-only, and stays.
- `SEALS`: the seals themselves.

`of_file` is the condition on the rows (alias `t`) that go with a whole file, with %(youth)s and %(resident)s. Rows go
in the order of this table: what another row is found by stands after it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db.models import ForeignKey, Model


class How(StrEnum):
    STAYS = "stays"
    ENROLMENT = "taken with the enrolment"
    CHOSEN = "taken when chosen"
    FILE = "taken with the file"
    IDS_ONLY = "holds ids only"
    SEALS = "the seals themselves"


@dataclass(frozen=True)
class Sealing:
    how: How
    of_file: str = ""


_BY_YOUTH = "t.youth_id = %(youth)s"
_BY_CASE = "t.case_id IN (SELECT c.id FROM referrals_case c WHERE c.youth_id = %(youth)s)"
_BY_REFERRAL = (
    "t.referral_id IN (SELECT r.id FROM referrals_referral r JOIN referrals_case c ON c.id = r.case_id"
    " WHERE c.youth_id = %(youth)s)"
)
_BY_PAIRING = "t.pairing_id IN (SELECT p.id FROM referrals_pairing p WHERE p.youth_id = %(youth)s)"
_ONLY_ABOUT_YOUTH = (
    "EXISTS (SELECT FROM registry_disclosedperson p WHERE p.disclosure_id = t.id AND p.youth_id = %(youth)s)"
    " AND NOT EXISTS (SELECT FROM registry_disclosedperson p"
    " WHERE p.disclosure_id = t.id AND p.youth_id <> %(youth)s)"
)

SEALED: dict[str, Sealing] = {
    # What was reported of the person, and of the home where it became the person's case. What is joined to one is about
    # the very same, and goes with it.
    "referrals.Report": Sealing(
        How.FILE,
        "t.youth_id = %(youth)s OR t.case_id IN (SELECT c.id FROM referrals_case c WHERE c.youth_id = %(youth)s)"
        " OR t.joined_to_id IN (SELECT j.id FROM referrals_report j JOIN referrals_case c ON c.id = j.case_id"
        " WHERE c.youth_id = %(youth)s)",
    ),
    # Help by others: the parts of a case before it, the need it was for goes with the need.
    "referrals.ReferralStep": Sealing(How.FILE, _BY_REFERRAL),
    "referrals.CaseNote": Sealing(How.FILE, _BY_CASE),
    "referrals.CaseStep": Sealing(How.FILE, _BY_CASE),
    "referrals.Referral": Sealing(How.FILE, _BY_CASE),
    "referrals.CaseNeed": Sealing(How.CHOSEN, _BY_CASE),
    "referrals.Case": Sealing(How.FILE, _BY_YOUTH),
    "referrals.PairingContact": Sealing(How.FILE, _BY_PAIRING),
    "referrals.PairingStep": Sealing(How.FILE, _BY_PAIRING),
    "referrals.Pairing": Sealing(How.FILE, _BY_YOUTH),
    # Found by rows that are taken after them.
    "registry.Disclosure": Sealing(How.FILE, _ONLY_ABOUT_YOUTH),
    "registry.DisclosedPerson": Sealing(How.FILE, _BY_YOUTH),
    "registry.Consent": Sealing(How.FILE, _BY_YOUTH),
    "registry.Grant": Sealing(How.FILE, _BY_YOUTH),
    "registry.CheckRequest": Sealing(How.CHOSEN, _BY_YOUTH),
    "registry.Correction": Sealing(How.CHOSEN, _BY_YOUTH),
    "registry.Need": Sealing(How.CHOSEN, _BY_YOUTH),
    "registry.Visit": Sealing(How.CHOSEN, _BY_YOUTH),
    # What a person verified opened the file; what rules ask about other matters is asked of the resident.
    "registry.Candidate": Sealing(How.ENROLMENT, "t.resident_id = %(resident)s AND t.state = 'verified'"),
    "registry.HistoricalEnrolment": Sealing(How.ENROLMENT, _BY_YOUTH),
    "registry.Enrolment": Sealing(How.ENROLMENT, _BY_YOUTH),
    "registry.HistoricalHandover": Sealing(How.FILE, _BY_YOUTH),
    "registry.Handover": Sealing(How.FILE, _BY_YOUTH),
    "grids.Alert": Sealing(How.ENROLMENT, "t.subject_id = %(youth)s"),
    # What a worker observed when correcting the file; what departments state is chosen one by one.
    "registry.Fact": Sealing(How.CHOSEN, "t.resident_id = %(resident)s AND t.source_id IS NULL"),
    "registry.BatchChange": Sealing(How.CHOSEN),
    "registry.HistoricalYouth": Sealing(How.FILE, "t.id = %(youth)s"),
    "registry.Youth": Sealing(How.FILE, "t.id = %(youth)s"),
    # Sheets that name the person and still lie there are deleted.
    "registry.Export": Sealing(How.CHOSEN),
    # The person, the family and the homes are no record.
    "registry.Resident": Sealing(How.STAYS),
    "registry.Household": Sealing(How.STAYS),
    "registry.HistoricalHousehold": Sealing(How.STAYS),
    "registry.Residence": Sealing(How.STAYS),
    "registry.Presence": Sealing(How.STAYS),
    "registry.Guardianship": Sealing(How.STAYS),
    "registry.Move": Sealing(How.STAYS),
    # The law's answer to a person who asked: chosen where it speaks of the matter (registry/seal_groups.py).
    "registry.PersonRequest": Sealing(How.CHOSEN),
    # A user's own words of search, which name a person and no record.
    "registry.Search": Sealing(How.STAYS),
    "registry.Upload": Sealing(How.STAYS),
    "registry.RegisterCount": Sealing(How.STAYS),  # follows by trigger
    "registry.Reading": Sealing(How.IDS_ONLY),
    "registry.ReadingBlock": Sealing(How.IDS_ONLY),
    "registry.Seal": Sealing(How.SEALS),
    "registry.Tombstone": Sealing(How.SEALS),
    "registry.Reopening": Sealing(How.SEALS),
}
# What goes with single rows of another table, wherever those are taken: (table, column that names the row).
FOLLOWS: dict[str, tuple[tuple[str, str], ...]] = {"registry_need": (("referrals_caseneed", "need_id"),)}
SUBJECTS = ("registry.Youth", "registry.Resident")


def of_file() -> Iterator[tuple[str, str]]:
    """(table, condition) of everything that goes with a whole file, in the order in which it goes."""
    for label, sealing in SEALED.items():
        if sealing.of_file:
            yield apps.get_model(label)._meta.db_table, sealing.of_file


def reaching(models: Iterable[type[Model]]) -> list[type[Model]]:
    """Those of the models from which foreign keys lead to a youth or a resident, they themselves included."""
    models = list(models)
    reached = {model for model in models if model._meta.label in SUBJECTS}
    while True:
        more = {model for model in models if model not in reached and _targets(model) & reached}
        if not more:
            return sorted(reached, key=lambda model: model._meta.label)
        reached |= more


def _targets(model: type[Model]) -> set[Any]:
    fields = [field for field in model._meta.local_fields if isinstance(field, ForeignKey)]
    targets = {field.related_model for field in fields}
    # A history row tells of the thing itself, though no foreign key leads there.
    return targets | {getattr(model, "instance_type", None)} - {None}


def every_model_says_how_it_is_sealed(**_: Any) -> list[CheckMessage]:
    """The check at the start of every command, of the web and of the workers."""
    return undeclared()


def undeclared(models: Iterable[type[Model]] | None = None) -> list[CheckMessage]:
    """What is missing here, as errors of the check; empty when all is declared."""
    from .managers import GuardedManager  # noqa: PLC0415 - this module is read before models are

    models = list(apps.get_models() if models is None else models)
    errors: list[CheckMessage] = []
    for model in reaching(models):
        label = model._meta.label
        if label not in SEALED:
            errors.append(
                Error(
                    f"{label} 能连到青少年或居民，但没有说明如何封存。"
                    f" {label} can reach a youth or a resident and does not say how it is sealed.",
                    hint="Add a line to SEALED in registry/sealing_of.py.",
                    obj=model,
                    id="registry.E001",
                )
            )
        manager = model._default_manager  # noqa: SLF001 - the public name of it
        if not hasattr(model, "instance_type") and not isinstance(manager, GuardedManager):
            errors.append(
                Error(
                    f"{label} 能连到青少年或居民，但默认管理器没有权限范围。"
                    f" {label} can reach a youth or a resident and its default manager is not guarded.",
                    hint="objects = GuardedManager.from_queryset(…)() (registry/managers.py).",
                    obj=model,
                    id="registry.E002",
                )
            )
    return errors
