"""Every address × every person of the cast: the answer is declared here, by permission and area, and walked.

The addresses come from the URL resolver: one without a line in `ADDRESSES` fails the tests. What a role may do is
read from grids/permissions.py; what a line adds is which permission the address wants and where its object lies.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from grids.models import Alert, User
from grids.permissions import ROLE_PERMISSIONS, Permission, Role
from registry.models import Batch, Search
from tests.cast import SignIn
from tests.factories import HUAQIANG, YINHU, make_enrolment, make_handover, make_user, make_youth

pytestmark = [pytest.mark.ignore_template_errors]  # of Django's own administration

CAST = [
    "city_cadre", "jiujiang", "fanchang", "wanli", "yang_ying", "wang_shanshan", "deputy", "league_leader",
    "fanchang_worker", "legal_aid", "centre", "sysadmin", "security", "auditor", "without_a_post",
]  # fmt: skip
HERE, NEXT_DOOR = f"{YINHU}001", f"{HUAQIANG}001"
MISSING = "00000000-0000-4000-8000-000000000000"

P = Permission
SEE, ENROL, EXPORT = (P.SEE_YOUTHS,), (P.ENROL,), (P.EXPORT,)
PLACES, STAFF = (P.MANAGE_PLACES,), (P.MANAGE_STAFF,)
PUBLIC: tuple[Permission, ...] = ()
ANYBODY = tuple(Permission)  # whoever is signed in, even without any permission


@dataclass(frozen=True)
class Address:
    """The declared answer of one address.

    `wants`: any of these permissions. `about`: the object in its path or query, see World. `get`: the answer to a
    GET of somebody who may, 405 where only POST is taken. `post`: whether POST is taken. `everywhere`: wants the
    permission for the whole city.
    """

    wants: tuple[Permission, ...]
    about: str = ""
    get: tuple[int, ...] = (200,)
    post: bool = False
    everywhere: bool = False
    query: str = ""
    args: tuple[Any, ...] = field(default=())


def page(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, **more)


def form(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, post=True, **more)


def act(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, get=(405,), post=True, **more)


ADDRESSES: dict[str, Address] = {
    "healthz": page(PUBLIC),
    "readyz": page(PUBLIC, get=(200, 503)),
    "login": form(PUBLIC, get=(200, 302)),
    "logout": act(PUBLIC),
    "home": page(ANYBODY),
    "me": page(ANYBODY),
    "password_change": form(ANYBODY),
    "alerts": page(SEE),
    "alerts_live": page(SEE),
    "alerts_read": act(SEE),
    "alert": page(SEE, "alert", get=(302,)),
    "alert_done": act(SEE, "alert"),
    "youths": page(SEE),
    "youth_search": form(SEE, get=(302,)),
    "youths_export": page(EXPORT),
    "search_new": form(SEE, get=(302,)),
    "search_delete": act(SEE, "search"),
    "youth_new": form(ENROL),
    "youth": form(SEE, "youth"),
    "youth_history": form(SEE, "youth"),
    "youth_verify": form(SEE, "youth"),
    "youth_correct": form(SEE, "youth"),
    "youth_grade": form(SEE, "youth"),
    "youth_close": form(ENROL, "youth"),
    "youth_enrol": form(ENROL, "youth"),
    "youth_move": form(SEE, "youth"),
    "enrolments": form(ENROL),
    "enrolment_end": form(ENROL, "enrolment"),
    "moves": page(SEE),
    "handovers": page(SEE),
    "handover": page(SEE, "handover"),
    "handover_accept": act(SEE, "handover_received"),
    "handover_return": act(SEE, "handover_received"),
    "handover_answer": act(SEE, "handover_out"),
    "handover_again": act(SEE, "handover_given"),
    "visit_new": form(SEE, "visit"),
    "admin:index": page((*PLACES, *STAFF)),
    "admin:jsi18n": page((*PLACES, *STAFF)),
    "admin:autocomplete": page(
        (*PLACES, *STAFF), query="app_label=grids&model_name=assignment&field_name=user"
    ),
    "admin:app_list": page((*PLACES, *STAFF), args=("grids",)),
    "admin:grids_grid_lead": form(PLACES, "grid"),
}


def managed(model: str, wants: tuple[Permission, ...], about: str, *, everywhere: bool = False) -> None:
    """The addresses that administration has for a model."""
    for name in ("changelist", "add"):
        ADDRESSES[f"admin:{model}_{name}"] = form(wants, everywhere=everywhere)
    for name in ("change", "history"):
        ADDRESSES[f"admin:{model}_{name}"] = form(wants, about, everywhere=everywhere)


managed("grids_grid", PLACES, "grid")
managed("grids_assignment", PLACES, "assignment")
managed("grids_division", PLACES, "division", everywhere=True)
managed("grids_alert", PLACES, "parked", everywhere=True)
managed("registry_category", PLACES, "category", everywhere=True)
managed("registry_source", PLACES, "source", everywhere=True)
managed("registry_batch", PLACES, "batch", everywhere=True)
managed("grids_user", STAFF, "user", everywhere=True)
managed("grids_post", STAFF, "post", everywhere=True)
# What comes from elsewhere is read, and what is fixed is not added to.
CLOSED = {
    "admin:grids_alert_add", "admin:registry_batch_add", "admin:registry_category_add", "admin:registry_source_add",
}  # fmt: skip
READ_ONLY = {"admin:grids_alert_change", "admin:registry_batch_change"}


OWN = {"alert", "s", "search"}  # what is its owner's alone, whatever the area


# --- What there is


class World:
    """One youth in 汪珊珊's grid who moved to 杨颖's, one who left the city, and what each of the cast owns."""

    def __init__(self) -> None:
        self.youth = make_youth("张小海", grid=HERE)
        self.enrolment = make_enrolment(self.youth, "idle")
        self.handover = make_handover(self.youth, NEXT_DOOR)
        self.gone = make_handover(make_youth("李小山", grid=HERE), None)
        self.batch = Batch.objects.create(
            source_id="police", kind="residences", as_of="2026-11-24", sha256="0", file_name="a.csv", state="applied"
        )  # fmt: skip
        self.owner = make_user("owner")
        self.parked = self.alert(self.owner, parked_at=timezone.now())

    @staticmethod
    def alert(user: User, **fields: Any) -> Alert:
        values = {
            "event_key": f"test:{uuid4()}",
            "kind": "family_moved",
            "text": "家人迁移",
            "wants_act": False,
            **fields,
        }
        return Alert.objects.create(addressee=user, **values)

    def address(self, name: str, user: User | None) -> tuple[str, bool]:
        """(address, whether its object lies in the area of this person)."""
        address = ADDRESSES[name]
        if not address.about:
            return _url(name, address.args, address.query), True
        key, codes = self.object(address.about, user or self.owner)
        within = codes is None or user is None or any(user.may_in(w, c) for w in address.wants for c in codes)
        return self.url(name, key), within

    def url(self, name: str, key: Any, about: str = "") -> str:
        about = about or ADDRESSES[name].about
        in_query = {"s": "s", "visit": "youth"}.get(about)
        return _url(name, (), f"{in_query}={key}") if in_query else _url(name, (key,), "")

    def object(self, about: str, user: User) -> tuple[Any, list[str] | None]:
        """The object's key, and the codes it lies under; None: this person's own, or for whoever has the permission."""
        given: dict[str, Callable[[], tuple[Any, list[str] | None]]] = {
            "youth": lambda: (self.youth.pk, [HERE]),
            "visit": lambda: (self.youth.pk, [HERE]),
            "enrolment": lambda: (self.enrolment.pk, [HERE]),
            "handover": lambda: (self.handover.pk, [HERE, NEXT_DOOR]),
            "handover_received": lambda: (self.handover.pk, [NEXT_DOOR]),
            "handover_given": lambda: (self.handover.pk, [HERE]),
            "handover_out": lambda: (self.gone.pk, [HERE]),
            "alert": lambda: (self.alert(user).pk, None),
            "s": lambda: (Search.objects.create(owner=user, q="小海").pk, None),
            "search": lambda: (Search.objects.create(owner=user, name=uuid4().hex).pk, None),
            "grid": lambda: (HERE, [HERE]),
            "assignment": lambda: (User.objects.get(username="wangshanshan").assignments.get().pk, [HERE]),
            "division": lambda: (YINHU, None),
            "parked": lambda: (self.parked.pk, None),
            "category": lambda: ("idle", None),
            "source": lambda: ("police", None),
            "batch": lambda: (self.batch.pk, None),
            "user": lambda: (self.owner.pk, None),
            "post": lambda: (User.objects.get(username="wanli").posts.get().pk, None),
        }
        key, codes = given[about]()
        if codes and about in ("grid", "assignment") and user.may(P.MANAGE_PLACES) and _everywhere(user):
            codes = None
        return key, codes


def _url(name: str, args: tuple[Any, ...], query: str) -> str:
    return reverse(name, args=args) + (f"?{query}" if query else "")


def _everywhere(user: User) -> bool:
    """Whether the person is one of those who manage the whole city: its cadre and the officers."""
    return any(
        post.role in (Role.CITY, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN) for post in user.current_posts
    )


@pytest.fixture
def without_a_post(db: None) -> User:
    return make_user("newcomer", "新来的")


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, User]:
    return {who: request.getfixturevalue(who) for who in CAST}


def walk(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern, inner)
        else:
            yield f"{namespace}{pattern.name}", pattern


# --- The table


def test_every_address_is_declared_and_every_declaration_is_an_address() -> None:
    assert sorted(name for name, _ in walk(get_resolver())) == sorted(ADDRESSES)


def test_views_want_the_permissions_that_are_declared() -> None:
    for name, pattern in walk(get_resolver()):
        wanted = getattr(pattern.callback, "required_permissions", None)
        if wanted is not None:
            assert set(wanted) == set(ADDRESSES[name].wants), name


def test_only_these_are_public() -> None:
    public = {
        name
        for name, pattern in walk(get_resolver())
        if not getattr(pattern.callback, "login_required", True)
    }
    assert public == {name for name, address in ADDRESSES.items() if address.wants == PUBLIC}
    assert public == {"healthz", "readyz", "login", "logout"}


def test_every_model_of_the_administration_is_declared() -> None:
    for model in admin.site._registry:
        assert f"admin:{model._meta.app_label}_{model._meta.model_name}_change" in ADDRESSES


def expected(name: str, user: User, *, within: bool) -> tuple[int, ...]:
    """The answer to a GET."""
    address = ADDRESSES[name]
    may = address.wants in (PUBLIC, ANYBODY) or any(map(user.may, address.wants))
    if not may or name in CLOSED or (address.everywhere and not _everywhere(user)):
        return (403,)
    return address.get if within else (404,)


@pytest.mark.parametrize("who", CAST)
def test_each_gets_the_declared_answer(cast: dict[str, User], sign_in: SignIn, who: str) -> None:
    user, world = cast[who], World()
    browser = sign_in(user)
    for name, address in ADDRESSES.items():
        url, within = world.address(name, user)
        answer = expected(name, user, within=within)
        with transaction.atomic():
            got = browser.get(url).status_code
            # Who may not, may also learn that only POST is taken, but nothing of the object.
            allowed = {*answer, 405} if address.get == (405,) else {*answer}
            assert got in allowed, f"GET {url} as {who}: {got}, declared {answer}"
            transaction.set_rollback(True)


@pytest.mark.parametrize("who", CAST)
def test_who_may_not_look_may_not_act_either(cast: dict[str, User], sign_in: SignIn, who: str) -> None:
    user, world = cast[who], World()
    for name, address in ADDRESSES.items():
        if name == "logout":
            continue
        url, within = world.address(name, user)
        answer = expected(name, user, within=within)
        with transaction.atomic():
            got = sign_in(user).post(url, {}).status_code
            if not address.post:
                assert got in (405, 403, 404), f"POST {url} as {who}: {got}"
            elif set(answer) & {403, 404}:
                assert got in answer, f"POST {url} as {who}: {got}, declared {answer}"
            elif name in READ_ONLY:
                assert got == 403, f"POST {url} as {who}: {got}"
            else:
                assert got in (200, 302, 422), f"POST {url} as {who}: {got}"
            transaction.set_rollback(True)


def test_a_stranger_is_led_to_sign_in(cast: dict[str, User], client: Client) -> None:
    world = World()
    for name, address in ADDRESSES.items():
        url, _ = world.address(name, None)
        for answer in (client.get(url), client.post(url)):
            if address.wants == PUBLIC:
                assert answer.status_code in (200, 302, 405, 503), name
                continue
            target = quote(url, safe="/") if "?" in url else url
            assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={target}"), name


# --- A foreign object and one that is not there


def bare(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """What a reader can tell the answers apart by: everything but the request id and the second of the answer."""
    request_id = answer.headers["X-Request-ID"]
    headers = {
        key: value.replace(request_id, "ID") for key, value in answer.headers.items() if key != "Expires"
    }
    return answer.status_code, answer.content.replace(request_id.encode(), b"ID"), headers


@pytest.mark.parametrize("who", ["fanchang", "fanchang_worker", "yang_ying"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_object_and_a_missing_one_answer_alike_to_the_byte(
    cast: dict[str, User], sign_in: SignIn, who: str, method: str
) -> None:
    user, world = cast[who], World()
    browser = sign_in(user)
    compared = 0
    for name, about in with_objects():
        address = ADDRESSES[name]
        if expected(name, user, within=True) == (403,):
            continue
        key, codes = world.object(about, world.owner if about in OWN else user)
        if about not in OWN and (
            codes is None or any(user.may_in(w, c) for w in address.wants for c in codes)
        ):
            continue
        answers, queries = [], []
        for each in (key, MISSING if isinstance(key, UUID) else "9" * len(str(key))):
            with CaptureQueriesContext(connection) as captured, transaction.atomic():
                answers.append(bare(getattr(browser, method)(world.url(name, each, about))))
                transaction.set_rollback(True)
            queries.append(len(captured))
        said = f"{method} {name} about {about} as {who}: {answers[0][0]}, {queries} statements"
        assert answers[0] == answers[1], said
        assert queries[0] == queries[1], said
        taken = address.post if method == "post" else address.get != (405,)
        assert answers[0][0] == (404 if taken else 405), said
        compared += taken
    assert compared > 4


def with_objects() -> list[tuple[str, str]]:
    """(name, what its object is) of each address that names one, in its path or its query."""
    named = [(name, address.about) for name, address in ADDRESSES.items() if address.about]
    return [*named, ("youths", "s"), ("youths_export", "s")]


@pytest.mark.parametrize("key", ["1", "x", "张小海", MISSING[:-1], f"{MISSING}0", "..%2f..%2f", "%00"])
def test_what_is_no_id_is_as_missing(cast: dict[str, User], sign_in: SignIn, key: str) -> None:
    browser = sign_in(cast["wang_shanshan"])
    for pattern in ("/youths/{}/", "/handovers/{}/", "/alerts/{}/", "/visits/new/?youth={}", "/youths/?s={}"):
        assert browser.get(pattern.format(key)).status_code == 404, pattern


def test_every_role_is_in_the_cast(cast: dict[str, User]) -> None:
    played = {post.role for user in cast.values() for post in user.posts.all()}
    assert played == set(Role.values)
    assert set(ROLE_PERMISSIONS) == set(Role.values)
