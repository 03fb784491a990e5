"""The register's search page 人员查询: the list with its counts, the posted words, and the sheet to take away."""

import uuid
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import export_work, exports, readings, searches
from ..filters.lists import YouthList, only_known
from ..filters.orders import PAGE_SIZE
from ..filters.youths import narrowed
from ..forms.searches import SaveSearchForm, WordsForm
from ..models import Export, Reading, Search
from ..snapshots import snapshot
from ..youth_sheet import youth_sheet
from .exports import refused


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS)
def youth_list(request: HttpRequest) -> HttpResponse:
    """The list under the conditions of the address."""
    user = acting_user(request.user)
    mine, search = searches_of(user, request.GET)
    words = WordsForm(initial={"q": search.q if search else ""})
    return _answer(request, request.GET, words, mine=mine, search=search)


@never_cache
@requires(Permission.SEE_YOUTHS)
def youth_search(request: HttpRequest) -> HttpResponse:
    """Keep the posted words as a search of the user's and go to the list; errors come back beside their fields."""
    if request.method != "POST":
        return redirect("youths")
    user = acting_user(request.user)
    mine, search = searches_of(user, request.POST)
    words, params = WordsForm(request.POST), only_known(request.POST)
    if not words.is_valid() or not YouthList(user, params).is_valid:
        return _answer(request, params, words, mine=mine, search=search)
    kept = searches.keep(**words.cleaned_data, current=search, by=user)
    return redirect(reverse("youths") + narrowed(params, s=kept.pk if kept else None).rstrip("?"))


@never_cache
@require_safe
@requires(Permission.EXPORT)
def youths_export(request: HttpRequest) -> HttpResponse:
    """The same list as a sheet, or why it cannot be one."""
    user = acting_user(request.user)
    _, search = searches_of(user, request.GET)
    back = reverse("youths") + narrowed(request.GET)
    try:
        with snapshot(recorded=True):
            listing = YouthList(user, request.GET, search, permission=Permission.EXPORT)
            if not listing.is_valid:
                return redirect(back)
            total = listing.counts.total
            if total > exports.MOST_ROWS:
                context = {"total": total, "most": exports.MOST_ROWS, "back": back}
                return render(request, "registry/youths/export_too_long.html", context, status=422)
            if total <= settings.EXPORT_AT_ONCE_ROWS:
                return exports.download(_sheet(request, user, listing), "青少年名单")
            export = _long_export(user, total, narrowed(request.GET).lstrip("?"))
    except exports.Capped as capped:
        return refused(request, capped, back=back)
    export_work.send(export)
    return redirect("export", export.pk)


def _sheet(request: HttpRequest, user: User, listing: YouthList) -> BytesIO:
    """The list as it stands, with its reading and its export, in the transaction of the list."""
    rows = listing.all_rows(exports.MOST_ROWS)
    reading = readings.record(request, what=Reading.Subject.YOUTH, ids=listing.shown, purpose="导出名单")
    export = exports.begin(kind=Export.Kind.YOUTHS, rows=len(rows), by=user, reading_id=reading.pk)
    return youth_sheet(listing, rows, export)


def _long_export(user: User, total: int, query: str) -> Export:
    """The export that a task makes: of the same list one at a time, however often the button is pressed."""
    mine = Export.objects.visible_to(user).filter(by=user, state=Export.State.MAKING, query=query)
    if under_way := mine.first():
        return under_way
    return exports.begin(
        kind=Export.Kind.YOUTHS, rows=total, by=user, state=Export.State.MAKING, query=query,
        ends_at=timezone.now() + exports.KEPT_FOR,
    )  # fmt: skip


def searches_of(user: User, params: QueryDict) -> tuple[list[Search], Search | None]:
    """The searches the person has kept by name, and the one that the address names (one statement).

    Somebody else's is as unknown as one that never was: 404.
    """
    known = Search.objects.filter(owner=user)
    given = params.get("s")
    if not given:
        return list(known.exclude(name="").order_by("name")), None
    try:
        key = uuid.UUID(given)
    except ValueError:
        raise Http404 from None
    found = list((known.exclude(name="") | known.filter(pk=key)).order_by("name"))
    search = next((one for one in found if one.pk == key), None)
    if search is None:
        raise Http404
    return [one for one in found if one.name], search


def address_of(search: Search) -> str:
    """Where a kept search lives: its words and all its conditions."""
    query = QueryDict(mutable=True)
    query.update(search.params)
    return reverse("youths") + narrowed(query, s=search.pk)


def _answer(
    request: HttpRequest,
    params: QueryDict,
    words: WordsForm,
    *,
    mine: list[Search],
    search: Search | None,
) -> HttpResponse:
    """The page; for htmx the part that changes, which also says what address the browser shows."""
    user = acting_user(request.user)
    with snapshot(recorded=True):
        listing = YouthList(user, params, search)
        is_valid = listing.is_valid and not words.errors
        context = _list_context(listing) if is_valid else {}
        if is_valid:
            readings.record(request, what=Reading.Subject.YOUTH, ids=listing.shown, purpose="人员查询")
    context |= {
        "listing": listing,
        "is_valid": is_valid,
        "words": words,
        "filters": listing.filterset.form,
        "search": search,
        "has_id_number": bool(search and search.id_number_index),
        "sort": params.get("sort", ""),
        "kept": _kept(mine, params),
        "may_export": user.may(Permission.EXPORT),
        "may_enrol": user.may(Permission.ENROL),
        "save_form": SaveSearchForm(initial={"query": narrowed(params)}, auto_id="save_%s"),
        "clear_url": reverse("youths"),
    }
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "registry/youths/_list.html" if partial else "registry/youths/list.html"
    response = render(request, template, context, status=200 if is_valid else 422)
    if partial:
        response["HX-Push-Url"] = request.get_full_path() if request.method == "GET" else "false"
    patch_vary_headers(response, ["HX-Request"])
    return response


def _list_context(listing: YouthList) -> dict[str, Any]:
    rows, page, params = listing.rows(), listing.page, listing.params
    here = narrowed(params)
    joint = "&" if len(here) > 1 else ""
    return {
        "total": listing.counts.total,
        "facets": listing.counts.facets(),
        "rows": rows,
        "page": page,
        "page_text": f"第 {page.number} 页，共 {-(-listing.counts.total // PAGE_SIZE):,} 页，每页 {PAGE_SIZE} 人",
        "previous_url": f"{here}{joint}before={page.previous['before']}" if page.previous else "",
        "next_url": f"{here}{joint}after={page.next['after']}" if page.next else "",
        "first_url": here,
        "chips": listing.chips(),
        "notices": listing.notices,
    }


def _kept(mine: list[Search], params: QueryDict) -> list[dict[str, Any]]:
    """The kept searches for the menu; the one whose list this is stands out."""
    here = reverse("youths") + narrowed(params)
    return [{"search": one, "url": address_of(one), "is_current": address_of(one) == here} for one in mine]
