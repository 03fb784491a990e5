"""Every address × every person of the cast: the answer is declared in tests/addresses.py, and walked here.

The addresses come from the URL resolver: one without a line in `ADDRESSES` fails the tests. What a role may do is
read from grids/permissions.py; what a line adds is which permission the address wants and where its object lies.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from grids.models import User
from grids.permissions import ROLE_PERMISSIONS, Role
from tests.addresses import ADDRESSES, ANYBODY, CLOSED, MISSING, OWN, PUBLIC, READ_ONLY, World, everywhere
from tests.cast import SignIn
from tests.factories import make_user

pytestmark = [pytest.mark.ignore_template_errors]  # of Django's own administration

CAST = [
    "city_cadre", "jiujiang", "fanchang", "wanli", "yang_ying", "wang_shanshan", "deputy", "league_leader",
    "fanchang_worker", "legal_aid", "centre", "sysadmin", "security", "auditor", "without_a_post",
]  # fmt: skip


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
    assert public == {"healthz", "readyz", "login", "login_code", "login_factor", "logout"}


def test_every_model_of_the_administration_is_declared() -> None:
    for model in admin.site._registry:
        assert f"admin:{model._meta.app_label}_{model._meta.model_name}_change" in ADDRESSES


def expected(name: str, user: User, *, within: bool) -> tuple[int, ...]:
    """The answer to a GET."""
    address = ADDRESSES[name]
    may = address.wants in (PUBLIC, ANYBODY) or any(map(user.may, address.wants))
    if not may or name in CLOSED or (address.everywhere and not everywhere(user)):
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
                assert got in address.posted, f"POST {url} as {who}: {got}"
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
        for each in (key, world.missing(about, key)):
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


@pytest.mark.parametrize("key", ["1", "x", "张小海", str(MISSING)[:-1], f"{MISSING}0", "..%2f..%2f", "%00"])
def test_what_is_no_id_is_as_missing(cast: dict[str, User], sign_in: SignIn, key: str) -> None:
    browser = sign_in(cast["wang_shanshan"])
    for pattern in ("/youths/{}/", "/handovers/{}/", "/alerts/{}/", "/visits/new/?youth={}", "/youths/?s={}"):
        assert browser.get(pattern.format(key)).status_code == 404, pattern


def test_every_role_is_in_the_cast(cast: dict[str, User]) -> None:
    played = {post.role for user in cast.values() for post in user.posts.all()}
    assert played == set(Role.values)
    assert set(ROLE_PERMISSIONS) == set(Role.values)
