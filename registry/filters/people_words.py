"""The words of a people-and-housing search: which persons and which doors they mean."""

import re
from typing import Any

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Concat

from ..models import Resident, Search
from ..models.characters import Characters, contains, pairs_of
from ..names import SearchTerms, search_terms

_NUMBER = re.compile(r"[0-9]+")
_NO_LIMIT = (
    100_000_000  # more than there are people: its only purpose is that the planner takes the part for itself
)


def people_meant(people: Any, search: Search | None) -> Any:
    """The people among these whom a search names by name or number; all of them when it names none."""
    if search is None:
        return people
    if search.id_number_index:
        people = people.filter(resident__id_number_index=bytes(search.id_number_index))
    if search.q:
        people = people.filter(resident__in=_named(search_terms(search.q)))
    return people


def at_doors_meant(rows: Any, search: Search | None, *, prefix: str = "") -> Any:
    """Those at the estate and the door that a search names; `prefix` is the path from the row to its dwelling."""
    if search is None or not search.estate:
        return rows
    estate = f"{prefix}estate"
    rows = rows.alias(_estate=Characters(estate)).filter(
        contains(estate, search.estate, characters="_estate")
    )
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


def _named(terms: SearchTerms) -> Any:
    """Residents by part of the name, pinyin from its start, or initials; 张xh is a mix of both.

    How many begin with these letters, or hold this one character, the planner knows, and takes either the index of
    names or a look at each person of a small area, or for a first page. Of two characters and more it does not, and
    they are always few: they are looked up first.
    """
    residents = Resident.objects.alias(_name=Characters("name"))
    if terms.is_id_number or not terms.text:
        return residents.none()
    if terms.is_hanzi and len(terms.name_part) > 1:
        return residents.filter(contains("name", terms.name_part)).values("pk")[:_NO_LIMIT]
    letters = Q()
    for column, start in (("pinyin", terms.pinyin), ("initials", terms.initials)):
        if start:
            # In the C collation whatever begins with these letters lies below the next last letter.
            beyond = start[:-1] + chr(ord(start[-1]) + 1)
            letters |= Q(**{f"{column}__gte": start, f"{column}__lt": beyond})
    pairs = pairs_of(terms.name_part)
    return residents.filter(letters, Q(_name__contains=pairs) if pairs else Q()).values("pk")
