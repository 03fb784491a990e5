"""What is given of a person with a referral, field by field, in the words that the agency reads.

Made when the referral is sent and kept with it, so that an agency never reads the register, and so that the record of
what was given stays true whatever the file says later. Of guardians: those who can be reached. Where a guardian is, and
why another is not named, is never among it.
"""

from collections.abc import Callable, Iterable

from registry.codes import FactKind, GuardianStatus, Relation, label_of
from registry.models import Fact, Guardianship, Youth
from registry.reasons import PRIVATE_STATUSES

from .codes import ReferralField

_NOT_REACHED = PRIVATE_STATUSES | {
    GuardianStatus.DECEASED,
    GuardianStatus.MISSING,
    GuardianStatus.DEPORTED,
    GuardianStatus.CUSTODY_REVOKED,
}
NOTHING = "没有登记"


def given(youth: Youth, fields: Iterable[str]) -> dict[str, str]:
    """The chosen fields (ReferralField codes) with their words, in the order of the list."""
    chosen = set(fields)
    return {code: _WORDS[code](youth) or NOTHING for code in ReferralField.values if code in chosen}


def _guardians(youth: Youth) -> list[Guardianship]:
    rows = youth.resident.guardianships.current().select_related("guardian").order_by("relation", "id")
    return [row for row in rows if row.status not in _NOT_REACHED]


def _family(youth: Youth) -> str:
    return "；".join(f"{label_of(Relation, row.relation)} {row.guardian_name}" for row in _guardians(youth))


def _phone(youth: Youth) -> str:
    numbers = [f"本人 {youth.resident.phone}"] if youth.resident.phone else []
    numbers += [
        f"{label_of(Relation, row.relation)} {row.guardian.phone}"
        for row in _guardians(youth)
        if row.guardian is not None and row.guardian.phone
    ]
    return "；".join(numbers)


def _address(youth: Youth) -> str:
    home = youth.resident.residences.current().select_related("dwelling").first()
    return str(home.dwelling.address or home.dwelling) if home else ""


def _health(youth: Youth) -> str:
    kinds = (FactKind.ILL, FactKind.DISABLED)
    facts = youth.resident.facts.running().filter(kind__in=kinds).order_by("kind", "-starts_on")
    return "；".join(dict.fromkeys(_of_fact(fact) for fact in facts))


def _of_fact(fact: Fact) -> str:
    return f"{fact.get_kind_display()}{f'（{fact.level} 级）' if fact.level else ''}"


_WORDS: dict[str, Callable[[Youth], str]] = {
    ReferralField.NAME: lambda youth: youth.name,
    ReferralField.AGE_SEX: lambda youth: f"{youth.get_sex_display()}，{youth.age} 周岁",
    ReferralField.ID_NUMBER: lambda youth: youth.resident.id_number or "",
    ReferralField.PHONE: _phone,
    ReferralField.ADDRESS: _address,
    ReferralField.FAMILY: _family,
    ReferralField.SCHOOL_WORK: lambda youth: f"{youth.get_school_display()}；{youth.get_work_display()}",
    ReferralField.HEALTH: _health,
}
