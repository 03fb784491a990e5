"""One community made whole: dwellings, families, what is known of them, moves, and the files of the register."""

from .families import Families
from .files import Register
from .homes import Homes
from .lives import Lives
from .makers import Maker
from .moving import Moving
from .people import Dwelling
from .plan import Plan, Share
from .seeds import chance
from .specials import Specials
from .staff import Staff
from .stories import tell
from .town import Town

FAMILY_SIZES = {  # household size → weight
    False: (4, 10, 15, 19, 18, 13, 8, 5, 3),
    True: (4, 8, 9, 14, 19, 19, 13, 8, 6),
}
CROWDED = 15.0  # how many more people a dormitory has than a family, about


def make(plan: Plan, share: Share, staff: Staff) -> Town:
    """Everything in one community. Depends on scale, seed, today and the community alone."""
    community, seed = share.community, plan.seed
    told: set[int] = set()
    maker = Maker(community, seed, plan.today)
    families, lives = Families(maker), Lives(maker, seed)
    town = Town(
        plan, share, staff, Homes(community, seed), maker, families, lives, Specials(families, lives, seed, told),
        Moving(chance(seed, "moving", community.code), plan, maker, staff),
        Register(chance(seed, "files", community.code), staff, plan.today), told,
    )  # fmt: skip
    _orders(town)
    _ordinary(town)
    tell(town)
    for house in town.households:
        if not any(member.id in told for member in house.members):
            lives.parent_may_leave(house, 0.08 if community.is_rural else 0.03)
        lives.household(house, told)
        if house.id not in town.stays:
            town.moving.ordinary(house)
    return town


def _home(town: Town) -> Dwelling:
    """The next dwelling; the last one again once the community has all of its own (small scales)."""
    if len(town.dwellings) < town.share.dwellings or not town.dwellings:
        return town.homes.build()
    return town.dwellings[-1]


def _orders(town: Town) -> None:
    """The families of the five categories: on the register, only suggested by the facts, or on it once."""
    for category, count in town.share.orders.items():
        for _ in range(count):
            finding = town.specials.make(category, _home(town))
            town.enrol(finding, town.moving.draw_state())
            town.stays.add(finding.person.household.id)
    for category, count in town.share.unlisted.items():
        for _ in range(count):
            town.stays.add(town.specials.make(category, _home(town)).person.household.id)
    for category, count in town.share.ended.items():
        for _ in range(count):
            finding = town.specials.make(category, _home(town))
            made = town.enrol(finding)
            town.specials.over(finding, town.register.end(made))
            town.stays.add(finding.person.household.id)


def _ordinary(town: Town) -> None:
    """Fill the dwellings that are left, so that the community comes out at its number of people."""
    rng, rural = town.families.rng, town.share.community.is_rural
    sizes = FAMILY_SIZES[rural]
    usual = sum(size * weight for size, weight in enumerate(sizes, 1)) / sum(sizes)
    while len(town.dwellings) < town.share.dwellings:
        doors = town.share.dwellings - len(town.dwellings)
        people = max(doors, town.share.people - town.maker.people)
        mean = people / doors
        if doors == 1:
            size = min(people, 60)
        elif rng.random() < min(0.5, (mean - usual) / CROWDED):
            size = 12 + int(rng.random() * 18)
        else:
            size = rng.choices(range(1, 10), sizes)[0]
            if mean < usual * 0.8:
                size = min(size, max(1, int(mean * 1.6)))
        size = min(size, max(1, people - 2 * (doors - 1)))
        town.families.fill(town.homes.build(dormitory=size > 9), size)
