"""What `/pairings/` shows: those due, running, stopped, ended, with counts; and the coverage 结对覆盖.

Every count is by the condition that its list filters by. A private category is counted only for whoever knows the
reasons everywhere in the own area (registry/reasons.py); to others there is no such category.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Left
from django.http import QueryDict
from django.utils import timezone

from grids.models import User
from grids.paging import Page, read_page
from grids.permissions import Permission
from grids.scope import within
from registry.filters.places import Places
from registry.models import Category, Youth
from registry.models.youths import YouthQuerySet
from registry.reasons import visible_mask

from .models import Pairing, PairingContact
from .models.pairings import PairingQuerySet, consent_holds

STATES = {"due": "该联系了", "running": "进行中", "stopped": "已停止联系", "ended": "已结束"}


def condition(state: str) -> Q:
    """The pairings in a state; `due` ones are running too."""
    in_contact = consent_holds() & Q(youth__state=Youth.State.OPEN)
    if state == "ended":
        return Q(ends_on__isnull=False)
    if state == "stopped":
        return Q(ends_on=None) & ~in_contact
    due = Q(next_due_on__lte=timezone.localdate()) if state == "due" else Q()
    return Q(ends_on=None) & in_contact & due


class PairingList:
    def __init__(self, user: User, params: QueryDict) -> None:
        self.params = params
        self.places = Places(user.prefixes(Permission.SEE_YOUTHS), params.get("division", ""))
        self._all: PairingQuerySet = Pairing.objects.visible_to(user)

    @cached_property
    def state(self) -> str:
        """What was asked for; else what is due, where there is any."""
        wanted = self.params.get("state", "")
        if wanted in STATES:
            return wanted
        return "due" if any(key == "due" and number for key, _, number in self.states) else "running"

    @cached_property
    def among(self) -> PairingQuerySet:
        return (
            self._all.filter(within("youth__grid_id", self.places.areas)) if self.places.wanted else self._all
        )

    @cached_property
    def page(self) -> Page[Pairing]:
        contacts = PairingContact.objects.filter(pairing=OuterRef("pk")).order_by("-on").values("on")
        rows = self.among.filter(condition(self.state)).annotate(latest_on=Subquery(contacts[:1]))
        rows = rows.select_related("youth__grid__community", "consent")
        ended = self.state == "ended"
        column = "created_at" if ended else "next_due_on"
        return read_page(rows, self.params, column, descending=ended, among=self.among)

    @cached_property
    def states(self) -> list[tuple[str, str, int]]:
        """(code, label, how many) in one statement."""
        numbers = {f"n_{key}": Count("id", filter=condition(key)) for key in STATES}
        found = self.among.order_by().aggregate(**numbers)
        return [(key, label, found[f"n_{key}"]) for key, label in STATES.items()]

    @property
    def count(self) -> int:
        return next((number for key, _, number in self.states if key == self.state), 0)


@dataclass(frozen=True)
class Share:
    """One line of the coverage: of `total` open files so many are paired; both figures open into names."""

    label: str
    total: int
    paired: int
    category: str
    division: str
    is_current: bool = False

    @property
    def without(self) -> int:
        return self.total - self.paired

    def _url(self, paired: str) -> str:
        query = {"category": self.category, "division": self.division, "paired": paired}
        return "?" + urlencode({name: value for name, value in query.items() if value})

    @property
    def url(self) -> str:
        return self._url("all")

    @property
    def paired_url(self) -> str:
        return self._url("yes")

    @property
    def without_url(self) -> str:
        return self._url("no")


PAIRED = {"no": "没有结对", "yes": "已结对", "all": "全部"}


class Coverage:
    """Open files with a running pairing, and without, by category and by division; and one list of names of them."""

    def __init__(self, user: User, params: QueryDict) -> None:
        self.params = params
        self.places = Places(user.prefixes(Permission.SEE_YOUTHS), params.get("division", ""))
        categories = list(Category.objects.all())
        self.allowed = visible_mask(user, categories)
        self.categories = [each for each in categories if each.bit & self.allowed]
        self._all: YouthQuerySet = Youth.objects.visible_to(user).open()

    @cached_property
    def category(self) -> Category | None:
        """One that the reader may not know is as unknown as any other word: no list is narrowed by it."""
        return next((each for each in self.categories if each.code == self.params.get("category")), None)

    @property
    def category_name(self) -> str:
        return self.category.short_name if self.category else ""

    @property
    def paired(self) -> str:
        wanted = self.params.get("paired", "")
        return wanted if wanted in PAIRED else "no"

    @cached_property
    def _in_places(self) -> Any:
        running = Pairing.objects.filter(consent_holds(), youth=OuterRef("pk"), ends_on=None)
        return self._all.filter(within("grid_id", self.places.areas)).annotate(is_paired=Exists(running))

    @cached_property
    def _groups(self) -> list[tuple[int, str, bool, int]]:
        """(categories that may be known, place one level below, paired, files) in one statement."""
        groups = self._in_places.order_by().values(
            mask=F("category_mask").bitand(self.allowed),
            place=Left("grid_id", self.places.next_length),
            has=F("is_paired"),
        )
        return list(groups.annotate(files=Count("*")).values_list("mask", "place", "has", "files"))

    @cached_property
    def by_category(self) -> list[Share]:
        wanted = self.params.get("division", "")
        shares = [self._share("全部在管", 0, "", wanted)]
        return shares + [
            self._share(each.short_name, each.bit, each.code, wanted) for each in self.categories
        ]

    def _share(self, label: str, bit: int, code: str, division: str) -> Share:
        counted = Counter[bool]()
        for mask, _, paired, files in self._groups:
            if not bit or mask & bit:
                counted[paired] += files
        current = code == (self.category.code if self.category else "")
        return Share(label, counted.total(), counted[True], code, division, current)

    @cached_property
    def by_division(self) -> list[Share]:
        """Of the category that is chosen, where there is a level below; those with the fewest pairs first."""
        if len(self.places.base) == 15:
            return []
        bit, code = (self.category.bit, self.category.code) if self.category else (0, "")
        counted: dict[str, Counter[bool]] = {}
        for mask, place, paired, files in self._groups:
            if not bit or mask & bit:
                counted.setdefault(self.places.area_of(place), Counter())[paired] += files
        shares = [
            Share(self.places.label(place), numbers.total(), numbers[True], code, place)
            for place, numbers in counted.items()
        ]
        return sorted(shares, key=lambda share: (-share.without, share.division))

    @cached_property
    def chosen(self) -> Share:
        return next(share for share in self.by_category if share.is_current)

    @property
    def tabs(self) -> list[tuple[str, str, int]]:
        numbers = {"no": self.chosen.without, "yes": self.chosen.paired, "all": self.chosen.total}
        return [(key, label, numbers[key]) for key, label in PAIRED.items()]

    @property
    def count(self) -> int:
        return next(number for key, _, number in self.tabs if key == self.paired)

    @cached_property
    def page(self) -> Page[Youth]:
        files = self._in_places
        if self.category is not None:
            bit = self.category.bit
            files = files.alias(_in=F("category_mask").bitand(bit)).filter(_in=bit)
        if self.paired != "all":
            files = files.filter(is_paired=self.paired == "yes")
        return read_page(
            files.select_related("grid__community"),
            self.params,
            "birth_on",
            descending=False,
            among=self._all,
        )
