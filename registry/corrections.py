"""Correct 更正 what the file says of the person: name, birth, sex, phone, hukou, school and work."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from grids.models import User

from . import check_requests, id_numbers, presence, register_row
from .codes import Denial, Sex
from .holding import Refused, StaleEdit, hold, once, refuse_used
from .models import Correction, Fact, Resident, Youth
from .models.residents import phone_index
from .names import pinyin_of
from .precedence import SCHOOL_KINDS, SUBJECTS, WORK_KINDS, counting_ids


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """What a worker may correct of the person; empty school or work means that nothing was observed."""

    name: str
    sex: str
    birth_on: date
    phone: str
    hukou_is_rural: bool | None
    school: str = ""
    school_unit: str = ""
    work: str = ""
    work_unit: str = ""


NONE_OF_THEM = "none"
_DENIALS: dict[str, str] = {"school": Denial.NO_SCHOOL, "work": Denial.NO_WORK}


def observed(youth: Youth) -> PersonFacts:
    """The person as the file has it now, in the same shape: of several statements the one that counts."""
    resident = youth.resident
    counting = counting_ids(resident.pk)
    ids = [counting[subject] for subject in SUBJECTS if subject in counting]
    facts = {fact.pk: fact for fact in resident.facts.filter(pk__in=ids)} if ids else {}
    said = {subject: facts.get(counting.get(subject, 0)) for subject in SUBJECTS}
    kinds = {
        subject: fact.kind if fact and fact.kind != _DENIALS[subject] else NONE_OF_THEM
        for subject, fact in said.items()
    }
    units = {subject: fact.unit if fact else "" for subject, fact in said.items()}
    return PersonFacts(
        name=resident.name,
        sex=resident.sex,
        birth_on=resident.birth_on,
        phone=resident.phone or "",
        hukou_is_rural=resident.hukou_is_rural,
        school=kinds["school"],
        school_unit=units["school"],
        work=kinds["work"],
        work_unit=units["work"],
    )


@transaction.atomic
def correct(
    *,
    youth: Youth,
    facts: PersonFacts,
    reason: str,
    version: int,
    by: User,
    submission_key: UUID | None = None,
) -> Correction | None:
    """Correct 更正 what the file says of the person. None when nothing differs.

    School and work become a worker's own observation (facts without a source) beside what departments said, and stand
    above it until something newer is fed. Each department that said otherwise is asked to check 校核.
    Raises StaleEdit when the file changed since `version`, Refused when a value cannot be true.
    """
    held = hold(youth, by=by)
    if submission_key and (first := held.corrections.filter(submission_key=submission_key).first()):
        done: Correction = first
        return done
    refuse_used(submission_key)
    if held.version != version:
        raise StaleEdit(held)
    before = observed(held)
    changes = _differences(before, facts)
    if not changes:
        return None
    _check_against_id_number(held.resident, before, facts)
    _write_resident(held.resident, facts)
    for field in SUBJECTS:
        _write_observation(held.resident, before, facts, field=field)
    held.version += 1
    held.save_without_historical_record(update_fields=["version"])  # type: ignore[attr-defined]
    correction = Correction(youth=held, reason=reason, by=by, submission_key=submission_key)
    correction.changes = changes
    with once():
        correction.save(force_insert=True)
    check_requests.ask(correction, fields={field for field, _, _ in changes})
    register_row.refresh([held.pk])
    presence.follow_residents([held.resident_id])
    return correction


LABELS = {
    "name": "姓名",
    "sex": "性别",
    "birth_on": "出生日期",
    "phone": "联系方式",
    "hukou_is_rural": "农村户籍",
    "school": "就学",
    "school_unit": "学校",
    "work": "就业",
    "work_unit": "单位",
}
IN_WORDS: dict[str, dict[object, str]] = {
    "sex": {member.value: str(member.label) for member in Sex},
    "hukou_is_rural": {True: "是", False: "不是", None: "不详"},
    "school": {NONE_OF_THEM: "不在学或不详", **{kind.value: str(kind.label) for kind in SCHOOL_KINDS}},
    "work": {NONE_OF_THEM: "无业或不详", **{kind.value: str(kind.label) for kind in WORK_KINDS}},
}


def in_words(facts: PersonFacts) -> dict[str, str]:
    """Each value as a page shows it, by field; "" for nothing."""
    words = {}
    for field in LABELS:
        value = getattr(facts, field)
        words[field] = IN_WORDS[field].get(value, "") if field in IN_WORDS else str(value or "")
    return words


def _differences(before: PersonFacts, after: PersonFacts) -> list[tuple[str, str, str]]:
    old, new = in_words(before), in_words(after)
    return [(field, old[field], new[field]) for field in LABELS if old[field] != new[field]]


def _check_against_id_number(resident: Resident, before: PersonFacts, facts: PersonFacts) -> None:
    """An ID number states birth date and sex: a correction away from it is a slip, one towards it is welcome."""
    if not resident.id_number:
        return
    try:
        stated = id_numbers.parse(resident.id_number)
    except id_numbers.InvalidIdNumber:
        return
    if facts.birth_on not in (before.birth_on, stated.birth_on):
        raise Refused("与证件号码里的出生日期不一致，请核对证件。", field="birth_on")
    if facts.sex not in (before.sex, stated.sex):
        raise Refused("与证件号码里的性别不一致，请核对证件。", field="sex")


def _write_resident(resident: Resident, facts: PersonFacts) -> None:
    resident.name, resident.sex, resident.birth_on = facts.name, facts.sex, facts.birth_on
    resident.pinyin, resident.initials = pinyin_of(facts.name)
    resident.phone, resident.hukou_is_rural = facts.phone or None, facts.hukou_is_rural
    resident.phone_index = phone_index(facts.phone) if facts.phone else None
    resident.save(
        update_fields=[
            "name",
            "sex",
            "birth_on",
            "pinyin",
            "initials",
            "phone",
            "phone_index",
            "hukou_is_rural",
        ]
    )


def _write_observation(resident: Resident, before: PersonFacts, facts: PersonFacts, *, field: str) -> None:
    kind, unit = getattr(facts, field), getattr(facts, f"{field}_unit")
    if (kind, unit) == (getattr(before, field), getattr(before, f"{field}_unit")):
        return
    today = timezone.localdate()
    own = resident.facts.current().filter(source=None, kind__in=SUBJECTS[field])
    own.update(ends_on=today)
    if kind == NONE_OF_THEM:
        kind, unit = _DENIALS[field], ""
    Fact.objects.create(resident=resident, kind=kind, unit=unit, starts_on=today)
