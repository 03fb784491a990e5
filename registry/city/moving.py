"""Moves 迁移 of the last weeks, and the handovers 交接 that follow those of young people with a file."""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from registry.codes import Grade

from .files import Handover, YouthFile, moment
from .homes import ordinary_dwelling
from .lives import work_counties
from .makers import Maker
from .people import Household, Moved, Person
from .places import communities
from .plan import Plan
from .seeds import random_uuid
from .staff import Staff

# How many of a hundred files moved lately, and how their handovers stand.
YOUTHS_MOVED, OTHERS_MOVED, OTHERS_ARRIVED, OTHERS_LEFT = 0.06, 0.006, 0.006, 0.004
STATES = (("accepted", 52), ("offered", 18), ("escalated", 14), ("returned", 9), ("out", 5), ("answered", 2))
HOURS = {"A": 24, "B": 72, "C": 72}
ANSWER_DAYS = 15  # for an answer from outside the city
CLIMB = (("community", 0), ("street", 1), ("district", 2))


@dataclass(slots=True)
class Move:
    """One resident's move; the ends are dwellings' ids and grids, None and "" outside the city."""

    id: UUID
    person: Person
    kind: str
    from_dwelling: int | None
    to_dwelling: int | None
    from_grid: str
    to_grid: str
    destination: str
    on: int
    recorded_at: int


class Moving:
    def __init__(self, rng: Random, plan: Plan, maker: Maker, staff: Staff) -> None:
        self.rng, self.plan, self.maker, self.staff = rng, plan, maker, staff
        self.today = plan.today
        self.moves: list[Move] = []

    def old_home(self, house: Household) -> tuple[int, str, str]:
        """Another dwelling of the city where the household lived before: mostly in the same district."""
        here = self.maker.community
        every = communities()
        for tries in range(60):
            if tries < 30 and self.rng.random() < 0.75:
                place = here.index + self.rng.randrange(-12, 13)
            else:
                place = self.rng.randrange(len(every))
            if not 0 <= place < len(every) or not (count := self.plan.shares[place].dwellings):
                continue
            found = ordinary_dwelling(every[place], 1 + self.rng.randrange(count))
            if found[2] != house.home.grid:
                return found
        raise LookupError("no other dwelling in the city")

    def came(self, house: Household, on: int, old: tuple[int, str, str]) -> None:
        """The household came here from another dwelling of the city on that day."""
        house.moved = moved = Moved(on, *old)
        for member in house.members:
            member.since = min(member.since, max(on - 200, member.born))
        self._record(house, moved)

    def arrived(self, house: Household, on: int) -> None:
        house.moved = moved = Moved(on, None, "", "")
        for member in house.members:
            member.since = max(on, member.born)
        self._record(house, moved)

    def left(self, house: Household, on: int, county: str = "") -> None:
        """The household left the city: its last home was the dwelling it stands in."""
        home = house.home
        house.moved = moved = Moved(
            on, home.id, home.code, home.grid, county or self.rng.choice(work_counties())
        )
        for member in house.members:
            member.since = min(member.since, max(on - 200, member.born))
        self._record(house, moved)

    def _record(self, house: Household, moved: Moved) -> None:
        home = house.home
        recorded = moment(moved.on, 22.5 + self.rng.random())
        for member in house.members:
            if not member.lives_here or member.born >= moved.on:
                continue
            out = moved.out_to
            kind = "out" if out else "in" if moved.from_dwelling_id is None else "within"
            self.moves.append(
                Move(
                    random_uuid(self.rng),
                    member,
                    kind,
                    moved.from_dwelling_id,
                    None if out else home.id,
                    moved.from_grid,
                    "" if out else home.grid,
                    out,
                    moved.on,
                    recorded,
                )
            )

    def ordinary(self, house: Household) -> None:
        """Now and then a household without a file moved."""
        if house.moved or not any(member.lives_here for member in house.members):
            return
        share = self.rng.random()
        on = self.today - 1 - int(self.rng.random() * 60)
        if share < OTHERS_MOVED:
            self.came(house, on, self.old_home(house))
        elif share < OTHERS_MOVED + OTHERS_ARRIVED:
            if all(not member.hukou.startswith("3402") for member in house.members):
                self.arrived(house, on)
        elif share < OTHERS_MOVED + OTHERS_ARRIVED + OTHERS_LEFT:
            self.left(house, on)

    def draw_state(self) -> str:
        """How a young person's latest move stands, or "" when there was none lately."""
        if self.rng.random() >= YOUTHS_MOVED:
            return ""
        return self.rng.choices([state for state, _ in STATES], [weight for _, weight in STATES])[0]

    def before(self, house: Household, state: str, grade: str) -> str:
        """Let the household move so that its handover can stand in `state`; returns the grid responsible now."""
        days = {
            "offered": 0 if HOURS[grade] == 24 else int(self.rng.random() * 2),
            "escalated": 4 + int(self.rng.random() * 5),
            "out": 5 + int(self.rng.random() * 12),
        }.get(state, 8 + int(self.rng.random() * 45))
        on = self.today - 1 - days
        if state in ("out", "answered"):
            self.left(house, on)
            return house.home.grid
        old = self.old_home(house)
        self.came(house, on, old)
        return house.home.grid if state == "accepted" else old[2]

    def hand_over(self, made: YouthFile, state: str, *, note: str = "") -> Handover:
        """The handover of a file whose household has moved."""
        move = next(move for move in reversed(self.moves) if move.person is made.person)
        offered = move.recorded_at + 60
        hours = HOURS[Grade(made.grade).value]
        due = offered + (ANSWER_DAYS * 24 if state in ("out", "answered") else hours) * 3600
        handover = Handover(
            random_uuid(self.rng), move.id, move.from_grid, move.to_grid, move.destination,
            "offered" if state == "out" else state, "grid", offered, due,
        )  # fmt: skip
        if state == "escalated":
            handover.level, steps = self.rng.choice(CLIMB)
            # Each step gave the next level as long again; the open step ends after today.
            handover.due_at = max(due + (steps + 1) * 86_400, moment(self.today + 1, 9))
        elif state in ("accepted", "returned", "answered", "cancelled"):
            handover.ended_at = offered + 3600 * (10 + self.rng.randrange(16, 60))
            handover.by = self.staff.responsible(handover.to_grid or handover.from_grid)
            if state == "returned":
                handover.return_reason = self.rng.choice(("wrong_address", "not_found"))
                handover.note = (
                    "上门三次未见，邻居称无此人"
                    if handover.return_reason == "not_found"
                    else "门牌与实际不符"
                )
            elif state == "answered":
                handover.note = "迁入地团委已电话确认接收，并安排走访"
        if note:
            handover.note = note
        made.handovers.append(handover)
        return handover
