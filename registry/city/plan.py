"""How a city of some scale is shared out over its 950 communities: dwellings, people, and the register."""

from dataclasses import dataclass, field

from .places import FANCHANG, WANLI, Community, communities
from .seeds import chance, share_out

PEOPLE, DWELLINGS, YOUTHS = 4_010_000, 629_000, 100_000
# Shares of the register. Left-behind children are most of it; custody children few.
SHARES = {"left_behind": 0.58, "idle": 0.27, "misconduct": 0.09, "custody_child": 0.035, "street": 0.025}
# For every hundred on the register so many more whom only the facts point at: candidates, not verified yet.
UNLISTED = {"left_behind": 0.06, "idle": 0.06, "street": 0.04}
# And so many who were on it and left, with a reason.
ENDED = {"left_behind": 0.03, "idle": 0.04}
# People of an average family of the register (those away included), and at least so many in every other dwelling.
FAMILY, NEIGHBOURS = 4.9, 3.0
WANLI_DWELLINGS, WANLI_CHILDREN = (
    60,
    5,
)  # per community of 湾里街道 at least, from scale 0.01 on: the demo's street


@dataclass(slots=True)
class Share:
    """One community's part. By category, how many on the register, only suggested by facts, and on it once."""

    community: Community
    dwellings: int
    people: int
    orders: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    scale: float
    seed: int
    today: int
    shares: list[Share]

    @property
    def dwellings(self) -> list[int]:
        return [share.dwellings for share in self.shares]


def plan(scale: float, seed: int, today: int, *, people_of_stories: int = 0) -> Plan:
    """Share the city out. `people_of_stories` come on top and are taken off the total first."""
    rng = chance(seed, "plan")
    every = communities()
    noise = [0.7 + 0.6 * rng.random() for _ in every]
    sizes = [(0.85 if c.is_rural else 1.4) * n for c, n in zip(every, noise, strict=True)]
    least = int(WANLI_DWELLINGS * min(1.0, scale * 100))
    fixed = [least if c.code.startswith(WANLI) else 0 for c in every]
    free = max(0, round(DWELLINGS * scale) - sum(fixed))
    dwellings = [own + more for own, more in zip(fixed, share_out(free, sizes), strict=True)]
    crowd = [count * (0.9 + 0.2 * rng.random()) for count in dwellings]
    shares = [Share(c, d, 0) for c, d in zip(every, dwellings, strict=True)]
    for category, part in SHARES.items():
        weights = [_weight(category, share) * (0.4 + 1.2 * rng.random()) for share in shares]
        total = round(YOUTHS * scale * part)
        boost = [_wanli(share, scale) if category == "left_behind" else 0 for share in shares]
        counts = share_out(max(0, total - sum(boost)), weights)
        for share, count, extra in zip(shares, counts, boost, strict=True):
            share.orders[category] = count + extra
        _beside(shares, category, total, weights)
    _people(shares, max(0, round(PEOPLE * scale) - people_of_stories), crowd)
    return Plan(scale, seed, today, shares)


def _people(shares: list[Share], total: int, crowd: list[float]) -> None:
    """Share the people out; each community gets enough for its families of the register first."""
    families = [sum((*s.orders.values(), *s.unlisted.values(), *s.ended.values())) for s in shares]
    least = [
        int(FAMILY * few + NEIGHBOURS * max(0, share.dwellings - few))
        for share, few in zip(shares, families, strict=True)
    ]
    total -= sum(least)
    usual = PEOPLE / DWELLINGS
    weights = [max(0.1, usual * part - floor) for part, floor in zip(crowd, least, strict=True)]
    for share, floor, more in zip(shares, least, share_out(total, weights), strict=True):
        share.people = floor + more


def _beside(shares: list[Share], category: str, total: int, weights: list[float]) -> None:
    """Candidates and former youths, placed from the other end so that they do not gather where the others are."""
    backwards = weights[::-1]
    unlisted = share_out(round(total * UNLISTED.get(category, 0)), backwards)[::-1]
    ended = share_out(round(total * ENDED.get(category, 0)), backwards)[::-1]
    for share, few, former in zip(shares, unlisted, ended, strict=True):
        share.unlisted[category], share.ended[category] = few, former


def _wanli(share: Share, scale: float) -> int:
    return (
        max(1, int(WANLI_CHILDREN * min(1.0, scale * 100))) if share.community.code.startswith(WANLI) else 0
    )


def _weight(category: str, share: Share) -> float:
    if category == "custody_child" and share.community.district == FANCHANG:
        return 0.0  # story 3: there nobody knows of them yet
    if category == "left_behind":
        return share.dwellings * (1.0 if share.community.is_rural else 0.12)
    if category in ("idle", "street"):
        return share.dwellings * (0.6 if share.community.is_rural else 1.0)
    return float(share.dwellings)
