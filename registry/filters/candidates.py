"""What the list of candidates 线索 can be asked; its counts and the funnel count by the same conditions.

Those whose category and reason the reader must not know are in two states only, to be visited and visited, whatever
became of them; no other condition than place and time tells them apart or leaves them out (`told`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.scope import within

from ..models import Candidate, Category, Visit
from ..models.candidates import told_to
from ..reasons import CARE, knows_all_reasons
from .places import Places

_State = Candidate.State
STATES = [
    ("todo", "待走访"),
    ("visited", "已走访"),
    ("verified", "已核实"),
    ("enrolled", "已认定"),
    ("helped", "已帮扶"),
    ("set_aside", "已搁置"),
    ("withdrawn", "已撤回"),
    ("suggested", "全部提出"),
]
DEFAULT_STATE = "todo"
AGES = [("week", "7 天内"), ("older", "超过 7 天"), ("month", "超过 30 天")]
# The steps of the funnel, in order: suggested → verified → enrolled → helped.
STEPS = ("suggested", "verified", "enrolled", "helped")
CARE_CODE = "care"


def state_condition(state: str, told: Q) -> Q:
    """The candidates in this state, as far as the reader may tell."""
    if state == "todo":
        return Q(state=_State.OPEN, visited_at=None)
    if state == "visited":
        return Q(visited_at__isnull=False) & (~told | Q(state=_State.OPEN))
    if state == "suggested":
        return told & ~Q(state=_State.WITHDRAWN)
    if state in ("enrolled", "helped"):
        enrolled = told & Q(state=_State.VERIFIED, kind=Candidate.Kind.ENTER, enrolment__isnull=False)
        return enrolled & Q(Exists(_VISITED_SINCE)) if state == "helped" else enrolled
    return told & Q(state=state)


# A visit after the day's decision, not the one that led to it.
_VISITED_SINCE = Visit.objects.filter(
    youth=OuterRef("enrolment__youth_id"), created_at__gt=OuterRef("decided_at")
)


def age_condition(age: str, today: date) -> Q:
    """By how long ago it was suggested."""
    week, month = today - timedelta(days=7), today - timedelta(days=30)
    return {
        "week": Q(suggested_on__gte=week),
        "older": Q(suggested_on__lt=week),
        "month": Q(suggested_on__lt=month),
    }[age]


@dataclass(frozen=True)
class Topic:
    code: str
    name: str


class CandidateFilter(forms.Form):
    """`?state=todo&topic=left_behind&kind=enter&age=older&division=340207004`, for one reader."""

    state = forms.ChoiceField(label="状态", required=False, choices=[("", STATES[0][1]), *STATES[1:]])
    topic = forms.ChoiceField(label="线索", required=False)
    kind = forms.ChoiceField(label="方向", required=False, choices=[("", "全部"), *Candidate.Kind.choices])
    age = forms.ChoiceField(label="提出时间", required=False, choices=[("", "不限"), *AGES])
    division = forms.ChoiceField(
        label="地区", required=False, error_messages={"invalid_choice": "没有这个地区，请重新选择。"}
    )

    def __init__(self, data: QueryDict, *, user: User, places: Places) -> None:
        # "todo" is the state of a list that says nothing.
        super().__init__(
            {**data.dict(), "state": "" if data.get("state") == DEFAULT_STATE else data.get("state", "")}
        )
        self.user, self.places = user, places
        self.today = timezone.localdate()
        self.told = told_to(user)
        self.knows_all = knows_all_reasons(user)
        self.topics = self._topics()
        whole = f"{places.label(places.roots[0])}（全部）" if len(places.roots) == 1 else "全部"
        known = [choice for choice in places.choices if places.is_known or choice[0] != places.wanted]
        self.fields["division"].choices = [("", whole), *known]  # type: ignore[attr-defined]
        self.fields["topic"].choices = [("", "全部"), *((t.code, t.name) for t in self.topics)]  # type: ignore[attr-defined]

    def _topics(self) -> list[Topic]:
        """What can be told apart: private ones only where the reader may know them, the others as one."""
        knows = self.user.may(Permission.KNOW_REASONS)
        found = [Topic(c.code, c.short_name) for c in Category.objects.all() if knows or not c.is_private]
        if knows:
            found += [Topic(code, str(label)) for code, label in Candidate.Help.choices]
        return found if self.knows_all else [*found, Topic(CARE_CODE, CARE)]

    @property
    def state_(self) -> str:
        return self.cleaned_data.get("state") or DEFAULT_STATE

    def listed(self, candidates: Any, *, leaving_out: str = "") -> Any:
        """The candidates that meet the conditions, but for the one named: a count replaces its own condition."""
        given = {name: value for name, value in self.cleaned_data.items() if value and name != leaving_out}
        if leaving_out != "state":
            candidates = candidates.filter(state_condition(self.state_, self.told))
        if "topic" in given:
            candidates = candidates.alias(_topic=self.topic_of).filter(_topic=given["topic"])
        if "kind" in given:
            candidates = candidates.filter(self.told, kind=given["kind"])
        if "age" in given:
            candidates = candidates.filter(age_condition(given["age"], self.today))
        if leaving_out != "division" and "division" in given:
            candidates = candidates.filter(within("grid_id", [given["division"]]))
        return candidates

    @property
    def topic_of(self) -> Case:
        """The code of what a candidate is about, as far as the reader may know."""
        real = Coalesce(NullIf(F("help_kind"), Value("")), F("category_id"))
        return Case(When(self.told, then=real), default=Value(CARE_CODE), output_field=CharField())

    def state_counts(self, candidates: Any) -> list[tuple[str, str, int]]:
        """(state, label, how many), in one statement."""
        numbers = {f"n_{key}": Count("id", filter=state_condition(key, self.told)) for key, _ in STATES}
        found = self.listed(candidates, leaving_out="state").order_by().aggregate(**numbers)
        return [(key, label, found[f"n_{key}"]) for key, label in STATES]

    def topic_counts(self, candidates: Any) -> list[tuple[str, str, int]]:
        rows = (
            self.listed(candidates, leaving_out="topic").order_by().annotate(t=self.topic_of).values_list("t")
        )
        found = dict(rows.annotate(Count("id")))
        return [(topic.code, topic.name, found[topic.code]) for topic in self.topics if topic.code in found]

    def age_counts(self, candidates: Any) -> list[tuple[str, str, int]]:
        numbers = {f"n_{key}": Count("id", filter=age_condition(key, self.today)) for key, _ in AGES}
        found = self.listed(candidates, leaving_out="age").order_by().aggregate(**numbers)
        return [(key, label, found[f"n_{key}"]) for key, label in AGES]
