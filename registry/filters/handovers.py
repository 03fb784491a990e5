"""What the list of handovers 交接 can be asked; the board counts by the same conditions."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict

from grids.scope import within

from ..models.handovers import OPEN_STATES
from .places import Places

STATES = [
    ("open", "进行中"),
    ("escalated", "超时上报"),
    ("returned", "已退回"),
    ("ended", "已结束"),
    ("all", "全部"),
]
DIRECTIONS = [("in", "迁入待接收"), ("out", "迁出"), ("abroad", "迁往外地")]
DEFAULT_STATE = "open"


def state_condition(state: str) -> Q:
    if state == "open":
        return Q(state__in=OPEN_STATES)
    if state == "ended":
        return ~Q(state__in=OPEN_STATES)
    return Q() if state == "all" else Q(state=state)


def direction_condition(direction: str, areas: list[str]) -> Q:
    """To these areas, from them, from them out of the city; "" is all that touch them."""
    receiving, giving = within("to_grid_id", areas), within("from_grid_id", areas)
    if direction == "in":
        return receiving
    if direction == "out":
        return giving
    return giving & Q(to_grid=None) if direction == "abroad" else receiving | giving


class HandoverFilter(forms.Form):
    """`?state=escalated&direction=in&division=340207004`; nothing said: whatever is open in the reader's areas."""

    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    direction = forms.ChoiceField(label="方向", required=False, choices=[("", "全部"), *DIRECTIONS])
    division = forms.ChoiceField(
        label="地区", required=False, error_messages={"invalid_choice": "没有这个地区，请重新选择。"}
    )

    def __init__(self, data: QueryDict, *, places: Places) -> None:
        super().__init__(data)
        self.places = places
        whole = f"{places.label(places.roots[0])}（全部）" if len(places.roots) == 1 else "全部"
        known = [choice for choice in places.choices if places.is_known or choice[0] != places.wanted]
        self.fields["division"].choices = [("", whole), *known]  # type: ignore[attr-defined]

    @property
    def state_(self) -> str:
        return self.cleaned_data.get("state") or DEFAULT_STATE

    @property
    def direction_(self) -> str:
        return self.cleaned_data.get("direction") or ""

    def in_state(self, handovers: Any) -> Any:
        return handovers.filter(state_condition(self.state_))

    def in_direction(self, handovers: Any) -> Any:
        return handovers.filter(direction_condition(self.direction_, self.places.areas))

    def listed(self, handovers: Any) -> Any:
        return self.in_direction(self.in_state(handovers))
