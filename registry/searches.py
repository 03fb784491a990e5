"""Searches 查询: what happens to posted words, and the searches that a person keeps by name.

Names and ID numbers are posted, kept here and named in addresses by a random id only.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from grids.models import User

from .models import Search
from .models.characters import Characters, contains
from .models.residents import id_number_index
from .names import search_terms

UNNAMED_KEPT = 50
MOST_NAMED = 30


class SearchRefused(Exception):
    """The search cannot be kept by this name. `str()` is a message for the user."""


@transaction.atomic
def keep(
    *, q: str, id_number: str, estate: str = "", door: str = "", current: Search | None, by: User
) -> Search | None:
    """The search for these words: the current or the latest one when it asks the same, else a new one.

    `id_number` is a checked number or "", which leaves the number of the current search as it is. None: nothing was
    asked for. Unnamed searches of a person beyond the latest fifty are forgotten.
    """
    index = id_number_index(id_number) if id_number else _index_of(current)
    if not q and not estate and index is None:
        return None
    mine = Search.objects.filter(owner=by)
    latest = mine.filter(name="").first()
    for known in (current, latest):
        if known is not None and _asked(known) == (q, index, estate, door):
            return known
    made = Search.objects.create(owner=by, q=q or None, id_number_index=index, estate=estate, door=door)
    kept = mine.filter(name="").values("pk")[:UNNAMED_KEPT]
    mine.filter(name="").exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    return made


def save(*, name: str, params: dict[str, str], current: Search | None, by: User) -> Search:
    """Keep conditions and words under a name of the person's own; a second press finds the first one's.

    Raises SearchRefused.
    """
    named = Search.objects.filter(owner=by).exclude(name="")
    made = Search(owner=by, name=name, params=params, id_number_index=_index_of(current))
    made.q = (current.q if current else "") or None
    known = named.filter(name=name).first()
    if known and known.params == params and (known.q or None, _index_of(known)) == (made.q, _index_of(made)):
        return known
    if named.count() >= MOST_NAMED:
        raise SearchRefused(f"常用查询最多保存 {MOST_NAMED} 个，请先删除不再用的。")
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise SearchRefused("已有同名的常用查询，请换个名称。") from None
    return made


def forget(search: Search, *, by: User) -> None:
    """Delete a search that the person kept."""
    Search.objects.filter(owner=by, pk=search.pk).delete()


def has_words(search: Search | None) -> bool:
    return search is not None and bool(search.q or search.id_number_index)


def _asked(search: Search) -> tuple[str, bytes | None, str, str]:
    return search.q or "", _index_of(search), search.estate, search.door


def _index_of(search: Search | None) -> bytes | None:
    return bytes(search.id_number_index) if search and search.id_number_index else None


def matching(youths: Any, search: Search | None) -> Any:
    """The files among these that the search's words mean; all of them when it has none."""
    if search is None:
        return youths
    index = _index_of(search)
    if index is not None:
        youths = youths.filter(resident__id_number_index=index)
    return _named(youths, search.q) if search.q else youths


def _named(youths: Any, q: str) -> Any:
    """Part of the name or of the estate's, pinyin from its start, or initials; 张xh is a mix of both."""
    terms = search_terms(q)
    if not terms.text or terms.is_id_number:
        return youths.none()
    youths = youths.alias(_name=Characters("name"), _estate=Characters("estate"))
    by_name = contains("name", terms.name_part) if terms.name_part else Q()
    letters = Q()
    for column, start in (("pinyin", terms.pinyin), ("initials", terms.initials)):
        if start:
            # In the C collation whatever begins with these letters lies below the next last letter.
            beyond = start[:-1] + chr(ord(start[-1]) + 1)
            letters |= Q(**{f"{column}__gte": start, f"{column}__lt": beyond})
    # Two look-ups rather than an OR: of an OR the pairs would be worked out again for each row that is found.
    named, at_home = youths.filter(by_name & letters), youths.filter(contains("estate", terms.text))
    return youths.filter(pk__in=named.values("pk").union(at_home.values("pk")))
