"""One door 房屋 and who lives behind it; one resident 居民. Each look is recorded in the transaction that read it."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models import Division, User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import readings
from ..filters.people_rows import Person, files_of, person_of, place_names
from ..forms.fields import SubmissionForm
from ..models import Dwelling, Presence, Reading
from ..person import county_names
from ..public_ids import internal_id, public_id
from ..youths import OLDEST

_PLACE = "grid__community__parent__parent"


def _key(kind: str, given: UUID) -> int:
    """The internal id, or the 404 that a missing row gives as well."""
    key = internal_id(kind, given)
    if key is None:
        raise Http404
    return key


def _behind(user: User, door: Dwelling) -> list[Presence]:
    """Who lives behind a door, household by household, the oldest first."""
    found = Presence.objects.visible_to(user).filter(dwelling=door).select_related("resident")
    few = found.only(
        "birth_on", "since_on", "household", "resident__name", "resident__sex", "resident__relation"
    )
    return list(few.order_by("household_id", "birth_on", "pk"))


@never_cache
@require_safe
@requires(Permission.SEARCH_PEOPLE)
@transaction.atomic
def dwelling(request: HttpRequest, dwelling_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    doors = Dwelling.objects.visible_to(user, Permission.SEARCH_PEOPLE).select_related(_PLACE)
    door = get_object_or_404(doors, pk=_key("dwelling", dwelling_id))
    people = _behind(user, door)
    ids = [one.pk for one in people]
    readings.record(request, what=Reading.Subject.RESIDENT, ids=ids, purpose="人房查询")
    files = files_of(user, ids)
    homes: dict[int, list[Person]] = {}
    for one in people:
        homes.setdefault(one.household_id or 0, []).append(person_of(one, file=files.get(one.pk)))
    context = {
        "door": door,
        "place": " · ".join(filter(None, place_names(door))),
        "homes": list(homes.values()),
        "people_count": len(ids),
        "door_id": dwelling_id,
        "may_report": user.may_in(Permission.SEE_YOUTHS, door.grid_id),
    }
    return render(request, "registry/dwellings/dwelling.html", context)


@never_cache
@require_safe
@requires(Permission.SEARCH_PEOPLE)
@transaction.atomic
def resident(request: HttpRequest, resident_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    present = Presence.objects.visible_to(user).select_related("resident__household", f"dwelling__{_PLACE}")
    one = get_object_or_404(present, pk=_key("resident", resident_id))
    behind = _behind(user, one.dwelling)
    mates = [mate for mate in behind if mate.pk != one.pk and mate.household_id == one.household_id]
    ids = [one.pk, *(mate.pk for mate in mates)]
    readings.record(request, what=Reading.Subject.RESIDENT, ids=ids, purpose="人房查询")
    person = person_of(one, file=files_of(user, [one.pk]).get(one.pk))
    context: dict[str, Any] = {
        "resident": one.resident,
        "present": one,
        "person": person,
        "door_id": public_id("dwelling", one.dwelling_id),
        "place": " · ".join(filter(None, place_names(one.dwelling))),
        "hukou": hukou_words(one.resident.hukou_code),
        "mates": [person_of(mate) for mate in mates],
        "may_open_file": person.file is None
        and person.age <= OLDEST
        and user.may_in(Permission.ENROL, one.grid_id),
        "form": SubmissionForm(),
    }
    return render(request, "registry/residents/resident.html", context)


def hukou_words(code: str) -> str:
    """The place of 户籍 in words, down to the village where the code says it."""
    if not code:
        return ""
    below = Division.objects.filter(pk__in=[code[:9], code[:12]], level__in=["street", "community"])
    return county_names({code[:6]}).get(code[:6], "") + "".join(str(division) for division in below)
