"""The people-and-housing search 人房查询: persons, households and doors under the same conditions.

Every list that is shown is recorded with the people on it, in the transaction that read it.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import readings, searches
from ..filters.door_pages import PAGE_SIZE
from ..filters.people import narrowed, only_known
from ..filters.people_lists import LISTS, PeopleList
from ..forms.people import PeopleWordsForm
from ..models import Reading, Search
from ..snapshots import snapshot
from .youth_list import searches_of

_TABS = [("households", "按户"), ("residents", "按人"), ("dwellings", "按房屋")]
# Conditions that are asked for again and again: the words, and what stands in the address.
_OFTEN: list[tuple[str, dict[str, Any]]] = [
    ("学龄儿童（6–15 岁）", {"age_min": 6, "age_max": 15}),
    ("学龄前（0–5 岁）", {"age_min": 0, "age_max": 5}),
    ("隔代家庭", {"makeup": "grandparents"}),
    ("独居老人（60 岁以上）", {"age_min": 60, "makeup": "single"}),
    ("近 30 天入住", {"moved_days": 30}),
    ("集体居住", {"makeup": "dormitory"}),
]


@never_cache
@require_safe
@requires(Permission.SEARCH_PEOPLE)
def people(request: HttpRequest, noun: str) -> HttpResponse:
    """The list of this noun (residents, households, dwellings) under the conditions of the address."""
    _, search = searches_of(acting_user(request.user), request.GET)
    return _answer(request, noun, request.GET, _words_of(search), search)


@never_cache
@requires(Permission.SEARCH_PEOPLE)
def people_search(request: HttpRequest, noun: str) -> HttpResponse:
    """Keep the posted words as a search of the user's and go to the list; errors come back beside their fields."""
    if request.method != "POST":
        return redirect(noun)
    user = acting_user(request.user)
    _, search = searches_of(user, request.POST)
    words, params = PeopleWordsForm(request.POST), only_known(request.POST)
    if not words.is_valid() or not LISTS[noun](user, params).is_valid:
        return _answer(request, noun, params, words, search)
    kept = searches.keep(**words.cleaned_data, current=search, by=user)
    return redirect(reverse(noun) + narrowed(params, s=kept.pk if kept else None).rstrip("?"))


def _words_of(search: Search | None) -> PeopleWordsForm:
    if search is None:
        return PeopleWordsForm()
    return PeopleWordsForm(initial={"q": search.q, "estate": search.estate, "door": search.door})


def _answer(
    request: HttpRequest, noun: str, params: QueryDict, words: PeopleWordsForm, search: Search | None
) -> HttpResponse:
    """The page; for htmx the part that changes, which also says what address the browser shows."""
    with snapshot(recorded=True):
        listing = LISTS[noun](acting_user(request.user), params, search)
        is_valid = listing.is_valid and not words.errors
        context = _list_context(listing) if is_valid else {}
        if is_valid:
            what = Reading.Subject.DWELLING if listing.is_of_doors else Reading.Subject.RESIDENT
            readings.record(request, what=what, ids=listing.shown, purpose="人房查询")
    context |= {
        "listing": listing,
        "is_valid": is_valid,
        "words": words,
        "filters": listing.filterset.form,
        "search": search,
        "has_id_number": bool(search and search.id_number_index),
        "search_url": reverse(f"{noun}_search"),
        "clear_url": reverse(noun),
        "tabs": [(label, _tab_url(name, params), name == noun) for name, label in _TABS],
        "often": [(label, narrowed(_place_of(params), **conditions)) for label, conditions in _OFTEN],
        "template": f"registry/{noun}/_results.html",
    }
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "registry/residents/_list.html" if partial else "registry/residents/list.html"
    response = render(request, template, context, status=200 if is_valid else 422)
    if partial:
        response["HX-Push-Url"] = request.get_full_path() if request.method == "GET" else "false"
    patch_vary_headers(response, ["HX-Request"])
    return response


def _tab_url(noun: str, params: QueryDict) -> str:
    changes = {} if noun == "dwellings" else {"living": None}
    return reverse(noun) + narrowed(params, **changes).rstrip("?")


def _place_of(params: QueryDict) -> QueryDict:
    """The place and the words of the list; its other conditions are what an often-used link replaces."""
    query = QueryDict(mutable=True)
    for name in ("division", "s"):
        if value := params.get(name):
            query[name] = str(value)
    return query


def _list_context(listing: PeopleList) -> dict[str, Any]:
    rows, page, total = listing.rows(), listing.page, listing.total
    here = narrowed(listing.params)
    joint = "&" if len(here) > 1 else ""
    last = f"，共 {-(-total.number // PAGE_SIZE):,} 页" if total.is_counted and not total.is_more else ""
    return {
        "total": total,
        "facets": listing.facets(),
        "rows": rows,
        "page_text": f"第 {page.number} 页{last}，每页 {PAGE_SIZE} {listing.unit}",
        "previous_url": f"{here}{joint}{page.previous}" if page.previous else "",
        "next_url": f"{here}{joint}{page.next}" if page.next else "",
        "is_later": bool({"after", "before"} & set(listing.params)),
        "first_url": here,
        "chips": listing.chips(),
        "notices": listing.notices,
    }
