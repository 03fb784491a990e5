"""What secrecy costs: the register's page and the person's page, against the same pages without what it added.

"Without" is this very process with that part taken out: no reading is written (and so nothing is committed), no grant
is looked up, neither with the reader's posts nor for the file, and the person's page shows no grants, consents and
disclosures. What the database holds for secrecy's sake (guards, encryption, months of readings) cannot be taken out and
is in both. Whole answers in turn, in one process without gunicorn: the ratio is of what the pages cost, not of waiting.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from django.test import Client
from django.urls import reverse

from grids import lending

from .. import readings
from ..models import Youth
from ..person import PersonFile
from .city import City
from .lines import Line, Times, by_ratio, timed
from .pages import Reader
from .processes import FROM_PROXY

WITHOUT = "没有"
LIMIT = 1.3
ROUNDS = 60
FILES = 20


def measure(city: City) -> Iterator[Line]:
    reader = Reader(city)
    client = Client(headers={"Host": "127.0.0.1", **FROM_PROXY})
    client.force_login(reader.cadre, backend="django.contrib.auth.backends.ModelBackend")
    files = Youth.objects.visible_to(reader.cadre).open().order_by("id")[:FILES]
    pages = {
        "查询页，有查阅记录和授权": [reverse("youths")],
        "一人一档，有查阅记录、授权、同意和提供": [reverse("youth", args=[file.pk]) for file in files],
    }
    for name, addresses in pages.items():
        times, base = _in_turn(client, addresses, city.rounds(ROUNDS))
        size = f"{len(addresses)} 个页面"
        yield by_ratio(name, times, base, size=size, of=WITHOUT, limit=LIMIT)


def _in_turn(client: Client, addresses: list[str], rounds: int) -> tuple[Times, Times]:
    """(times with, times without), after three rounds that warm up."""
    times, base = Times(), Times()
    for number in range(rounds + 3):
        address = addresses[number % len(addresses)]
        ask = partial(_ask, client, address)
        times.append(timed(ask))
        with _without():
            base.append(timed(ask))
    return times[3:], base[3:]


def _ask(client: Client, address: str) -> None:
    status = client.get(address).status_code
    if status != 200:
        raise RuntimeError(f"{address}: {status}")


@contextmanager
def _without() -> Iterator[None]:
    def nothing(*_: Any, **__: Any) -> None: ...

    with ExitStack() as taken_out:
        taken_out.enter_context(patch.object(readings, "record", nothing))
        taken_out.enter_context(patch.object(lending, "lent", lambda user_id: {}))
        for part in ("grants", "consents", "disclosures"):
            taken_out.enter_context(patch.object(PersonFile, part, property(lambda self: [])))
        yield
