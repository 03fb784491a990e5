"""The makers of one community and what they have made so far."""

from dataclasses import dataclass, field

from .families import Families
from .files import Register, YouthFile
from .homes import Homes
from .lives import Lives
from .makers import Maker
from .moving import Move, Moving
from .people import Dwelling, Household
from .plan import Plan, Share
from .specials import Finding, Specials
from .staff import Staff


@dataclass(slots=True)
class Town:
    """One community in the making; ordinary families, the five categories and the stories all add to it."""

    plan: Plan
    share: Share
    staff: Staff
    homes: Homes
    maker: Maker
    families: Families
    lives: Lives
    specials: Specials
    moving: Moving
    register: Register
    told: set[int] = field(default_factory=set)  # persons whose facts are complete
    stays: set[int] = field(default_factory=set)  # households that no ordinary move may befall
    files: list[YouthFile] = field(default_factory=list)

    @property
    def dwellings(self) -> list[Dwelling]:
        return self.homes.made

    @property
    def households(self) -> list[Household]:
        return self.maker.households

    @property
    def moves(self) -> list[Move]:
        return self.moving.moves

    def enrol(self, finding: Finding, state: str = "") -> YouthFile:
        """Open the file of a finding; with `state`, after a move whose handover stands so."""
        house = finding.person.household
        grid = self.moving.before(house, state, finding.weight) if state else house.home.grid
        made = self.register.open(finding, grid)
        if state:
            self.moving.hand_over(made, state)
        self.files.append(made)
        return made
