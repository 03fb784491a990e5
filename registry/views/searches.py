"""Kept searches 常用查询: name one, delete one."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import searches
from ..filters.lists import usable
from ..forms.searches import SaveSearchForm
from ..models import Search
from .youth_list import address_of, searches_of


@requires(Permission.SEE_YOUTHS)
def search_new(request: HttpRequest) -> HttpResponse:
    """Keep the conditions of a list under a name. The page itself shows only when something wants mending."""
    if request.method != "POST":
        return redirect("youths")
    user = acting_user(request.user)
    form = SaveSearchForm(request.POST)
    query = QueryDict(request.POST.get("query", "").lstrip("?")[:2_000])
    _, current = searches_of(user, query)
    if form.is_valid():
        try:
            search = searches.save(
                name=form.cleaned_data["name"], params=usable(query), current=current, by=user
            )
        except searches.SearchRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"已存为常用查询“{search.name}”，在“常用查询”里随时打开。")
            return redirect(address_of(search))
    context = {"form": form, "query": query.urlencode()}
    return render(request, "registry/searches/new.html", context, status=422)


@require_POST
@requires(Permission.SEE_YOUTHS)
def search_delete(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    user = acting_user(request.user)
    search = get_object_or_404(Search.objects.exclude(name=""), pk=search_id, owner=user)
    searches.forget(search, by=user)
    messages.success(request, f"已删除常用查询“{search.name}”。")
    return redirect("youths")
