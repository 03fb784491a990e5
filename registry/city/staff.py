"""Staff of the sample city: users, their posts, and who answers for which grid. The demo cast by name."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from random import Random

from .people import FEMALE, MALE, given_name, surname
from .places import HUAQIANG, WANGSHANSHAN_GRID, WANLI, communities, divisions
from .seeds import chance

CAST = (
    # login, name, role, division, lead
    ("city", "沈静宜", "city", "3402", True),
    ("jiujiang", "方晓岚", "district", "340207", True),
    ("fanchang", "陶云帆", "district", "340212", True),
    ("wanli", "潘思远", "street", "340207004", True),
    ("huaqiang", "杨颖", "community", HUAQIANG, True),
    ("wangshanshan", "汪珊珊", "grid_worker", WANGSHANSHAN_GRID[:12], False),
    ("lizhiyuan", "李志远", "agency", "", False),
    ("sysadmin", "周文博", "system_admin", "", False),
    ("security", "许安然", "security_admin", "", False),
    ("auditor", "贺明哲", "auditor", "", False),
    ("centre", "芮可欣", "service_centre", "3402", False),
)
ROLE_OF_LENGTH = {4: "city", 6: "district", 9: "street", 12: "community"}
LOGIN_OF_LENGTH = {6: "d", 9: "s", 12: "c"}


@dataclass(slots=True)
class User:
    id: int
    login: str
    name: str


@dataclass(slots=True)
class Post:
    user: int
    role: str
    division: str
    is_lead: bool
    knows_reasons: bool
    since: int
    approved_by: int | None


@dataclass(slots=True)
class Assignment:
    grid: str
    user: int
    kind: str
    since: int
    until: int = 0


@dataclass(slots=True)
class Staff:
    """`answers`: grid or division code → the id of the user who leads it (only where there is one)."""

    users: list[User] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def responsible(self, grid: str) -> int:
        """Who answers for a grid: its lead, else the community's, street's, district's, city's."""
        for length in (15, 12, 9, 6, 4):
            if (user := self.answers.get(grid[:length])) is not None:
                return user
        raise LookupError(grid)

    def knows_reasons(self, grid: str) -> int:
        """Who verifies private categories there: the lead of the district, else of the city."""
        return self.answers.get(grid[:6], self.answers["3402"])

    def by_login(self, login: str) -> int:
        return next(user.id for user in self.users if user.login == login)


@lru_cache(maxsize=2)
def staff(seed: int, today: int) -> Staff:
    """The same staff at every scale. Ids begin at 1, in the order of making."""
    made = Staff()
    rng = chance(seed, "staff")
    start = date(date.fromordinal(today).year - 1, 3, 1).toordinal()
    for login, name, role, division, lead in CAST:
        _post(made, _user(made, login, name), role, division, lead=lead, since=start)
    for code in divisions():
        if len(code) == 4 or code in made.answers:
            continue
        if len(code) == 12 and rng.random() < 0.02 and not code.startswith(WANLI):
            continue  # a few communities have no lead just now: the street answers
        user = _user(made, LOGIN_OF_LENGTH[len(code)] + code, _name(rng, 35))
        named = len(code) == 9 and rng.random() < 0.5
        _post(made, user, ROLE_OF_LENGTH[len(code)], code, lead=True, since=start, knows_reasons=named)
    for community in communities():
        for grid in community.grids:
            _workers(made, grid.code, rng, start)
    return made


def _name(rng: Random, years: float) -> str:
    return surname(rng) + given_name(rng, FEMALE if rng.random() < 0.6 else MALE, years)


def _user(made: Staff, login: str, name: str) -> int:
    made.users.append(User(len(made.users) + 1, login, name))
    return len(made.users)


def _post(
    made: Staff, user: int, role: str, division: str, *, lead: bool, since: int, knows_reasons: bool = False
) -> None:
    approved_by = made.answers.get("3402")
    if lead:
        made.answers[division] = user
    made.posts.append(Post(user, role, division, lead, knows_reasons, since, approved_by))


def _workers(made: Staff, grid: str, rng: Random, start: int) -> None:
    """The lead of a grid (but for a few), sometimes one before, a deputy, the league group's leader."""
    community = grid[:12]
    share = rng.random()
    if community == HUAQIANG:
        worker = made.by_login("huaqiang")
    elif grid == WANGSHANSHAN_GRID:
        worker = made.by_login("wangshanshan")
    else:
        worker = _user(made, f"g{grid}", _name(rng, 32))
        _post(made, worker, "grid_worker", community, lead=False, since=start)
        if share < 0.025 and not community.startswith(WANLI):
            # Known here, not assigned: the community's lead answers for this grid.
            if rng.random() < 0.5:
                made.assignments.append(Assignment(grid, worker, "lead", start, start + 200))
            return
    made.answers[grid] = worker
    made.assignments.append(Assignment(grid, worker, "lead", start))
    if community == HUAQIANG or rng.random() < 0.06:
        leader = _user(made, f"t{grid}", _name(rng, 22))
        _post(made, leader, "grid_worker", community, lead=False, since=start)
        made.assignments.append(Assignment(grid, leader, "league_leader", start))
    if rng.random() < 0.05 and community != HUAQIANG:
        deputy = _user(made, f"b{grid}", _name(rng, 40))
        _post(made, deputy, "grid_worker", community, lead=False, since=start)
        made.assignments.append(Assignment(grid, deputy, "deputy", start))
