"""The words of a people-and-housing search: which persons and which doors they mean."""

import re
from typing import Any

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Concat

from ..models import Resident, Search
from ..models.characters import Characters, contains
from ..names import SearchTerms, search_terms

_NUMBER = re.compile(r"[0-9]+")


def people_meant(people: Any, search: Search | None, *, walking: bool = False) -> Any:
    """The people among these whom a search names by name or number; all of them when it names none.

    `walking`: the first of many are wanted, so each name is looked at in turn and the index of names left alone (its
    function costs a hundred times as much as a look).
    """
    if search is None:
        return people
    if search.id_number_index:
        people = people.filter(resident__id_number_index=bytes(search.id_number_index))
    if search.q:
        people = people.filter(resident__in=_named(search_terms(search.q), walking=walking))
    return people


def at_doors_meant(rows: Any, search: Search | None, *, prefix: str = "") -> Any:
    """Those at the estate and the door that a search names; `prefix` is the path from the row to its dwelling."""
    if search is None or not search.estate:
        return rows
    estate = f"{prefix}estate"
    rows = rows.alias(_estate=Characters(estate)).filter(contains(estate, search.estate, pairs_of="_estate"))
    if search.door:
        parts = [f"{prefix}{part}" for part in ("building", "unit", "room")]
        spoken = Concat(*parts, Value(""), output_field=CharField())
        counted = Func(spoken, function="plain_numbers", output_field=CharField())
        pattern = door_pattern(search.door)
        rows = rows.alias(_door=spoken, _counted=counted).filter(
            Q(_door__regex=pattern) | Q(_counted__regex=pattern)
        )
    return rows


def door_pattern(words: str) -> str:
    """What the beginning of a door looks like: 3栋 is not 13栋 nor 3栋 of 30, and 3-2-501 is 3栋2单元501."""
    parts = [part for part in re.split(r"[\s\-—－/#号栋幢座单元室]+", words) if part]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        return f"^{re.escape(words)}" + ("(?![0-9])" if words[-1:].isdigit() else "")
    return "^" + "[^0-9]+".join(parts) + "(?![0-9])"


def _named(terms: SearchTerms, *, walking: bool) -> Any:
    """Residents by part of the name, pinyin from its start, or initials; 张xh is a mix of both."""
    residents = Resident.objects.alias(_name=Characters("name"))
    if terms.is_id_number or not terms.text:
        return residents.none()
    letters = Q()
    for column, start in (("pinyin", terms.pinyin), ("initials", terms.initials)):
        if start:
            # In the C collation whatever begins with these letters lies below the next last letter.
            beyond = start[:-1] + chr(ord(start[-1]) + 1)
            letters |= Q(**{f"{column}__gte": start, f"{column}__lt": beyond})
    by_name = Q()
    if terms.name_part:
        by_name = Q(name__contains=terms.name_part) if walking else contains("name", terms.name_part)
    return residents.filter(by_name & letters).values("pk")
