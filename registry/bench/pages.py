"""Reads: what the register, the search for people and the households cost the database, against a PK look-up."""

import random
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from grids.models import Post, User

from ..filters.lists import YouthList
from ..filters.orders import Place
from ..filters.people_lists import Households
from ..filters.people_words import people_meant
from ..models import Presence, Search
from ..models.residents import id_number_index
from .city import City
from .lines import Line, Times, by_ratio, median, timed
from .processes import FROM_PROXY
from .statements import asked

PK = "主键"
MOST_STATEMENTS = 12
ROUNDS = 40
SAMPLE = 20_000  # residents whose ids are drawn from
FOUR = {"category": "left_behind", "age_min": "6", "age_max": "15", "guardian": "entrusted"}
NOBODY = {"category": "custody_child", "age_min": "25", "school": "in_school", "work": "employed"}
SCHOOL_AGE = {"age_min": "6", "age_max": "15"}
Measure = Callable[[], float]


class Reader:
    """What the measurements of reads share: the connection, random people, and who is signed in."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.random = random.Random(city.scale)  # noqa: S311 - repeatable, nothing secret
        self.residents = _count("registry_resident")
        with connection.cursor() as cursor:
            share = min(100.0, 100 * SAMPLE / self.residents)
            cursor.execute("SELECT id FROM registry_resident TABLESAMPLE BERNOULLI (%s)", [share])
            self.ids = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(
                "SELECT left(grid_id, 6) FROM registry_youth GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
            )
            self.district: str = cursor.fetchone()[0]
        self.cadre = Post.objects.filter(role="district", division=self.district).order_by("pk")[0].user
        self.boss = User.objects.get(username="city")

    def pk(self) -> float:
        """One look-up of a resident by primary key, as raw as it gets."""
        number = self.random.choice(self.ids)
        with connection.cursor() as cursor:
            return timed(lambda: cursor.execute("SELECT * FROM registry_resident WHERE id = %s", [number]))

    def against_pk(self, measure: Measure, *, rounds: int = ROUNDS) -> tuple[Times, Times]:
        """(times, PK times) taken in turn, after three that warm up."""
        for _ in range(3):
            measure()
            self.pk()
        times, base = [], []
        for _ in range(self.city.rounds(rounds)):
            base += [self.pk() for _ in range(5)]
            times.append(measure())
        return times, base

    def line(self, name: str, measure: Measure, *, size: str, limit: float, rounds: int = ROUNDS) -> Line:
        times, base = self.against_pk(measure, rounds=rounds)
        return by_ratio(name, times, base, size=size, of=PK, limit=limit)


def measure(city: City) -> Iterator[Line]:
    reader = Reader(city)
    yield from _register(reader)
    yield _name(reader)
    yield _depth(reader)
    yield from _households(reader)
    yield _id_number(reader)


# --- The register


def _register(reader: Reader) -> Iterator[Line]:
    """A page of the list without its counts, which belong to the whole answer (served.py); the page's statements."""
    size = f"{_count('registry_youth'):,} 份档案"

    def rows(conditions: dict[str, str]) -> Measure:
        query = QueryDict(urlencode(conditions))

        def ask() -> float:
            with asked() as found:
                listing = YouthList(reader.cadre, query)
                if not listing.is_valid:
                    raise RuntimeError(listing.filterset.form.errors.as_text())
                listing.rows()
            return found.seconds

        return ask

    yield reader.line("区县名单一页的 SQL，无条件", rows({}), size=size, limit=40)
    yield reader.line("区县名单一页的 SQL，四个条件", rows(FOUR), size=size, limit=40)
    yield reader.line("区县名单一页的 SQL，无人符合", rows(NOBODY), size=size, limit=150)
    yield _statements(reader, size)


def _statements(reader: Reader, size: str) -> Line:
    """Of whole pages with their counts and their frame."""
    client = Client(headers={"Host": "127.0.0.1", **FROM_PROXY})
    client.force_login(reader.cadre, backend="django.contrib.auth.backends.ModelBackend")
    counts, seconds = [], []
    for _ in range(max(3, reader.city.rounds(10))):
        for conditions in ({}, FOUR, NOBODY):
            with asked() as found:
                answer = client.get(reverse("youths"), conditions)
            if answer.status_code != 200:
                raise RuntimeError(f"{reverse('youths')}: {answer.status_code}")
            counts.append(float(found.count))
            seconds.append(found.seconds)
    return Line(
        name="查询页的 SQL 语句数",
        size=size,
        unit="条",
        median=median(counts),
        p95=max(counts),
        bar=f"≤ {MOST_STATEMENTS} 条",
        limit=MOST_STATEMENTS,
        judged=max(counts),
        note=f"整页连同计数的 SQL 中位 {median(seconds) * 1000:.3g} ms",
    )


def _depth(reader: Reader) -> Line:
    """A page by cursor far down the city's list against its first."""
    depth = reader.city.sized(89_000)
    listing = YouthList(reader.boss, QueryDict())
    if not listing.is_valid:
        raise RuntimeError("the list without conditions is valid")
    files = listing.order.sort(listing.filterset.listed())
    found = list(files[depth : depth + 1])
    if not found:
        depth = max(0, files.count() - 60)
        found = list(files[depth : depth + 1])
    place: Place = listing.order.place_of(found[0], page=2)
    deep = QueryDict(f"after={place.sealed(listing.order)}")

    def page(params: QueryDict) -> float:
        fresh = YouthList(reader.boss, params)
        fresh.is_valid  # noqa: B018 - cleans the form, which is not measured
        with asked() as found:
            fresh.page  # noqa: B018 - a cached property that asks
        return found.seconds

    times, base = [], []
    for _ in range(3):
        page(deep), page(QueryDict())
    for _ in range(reader.city.rounds(ROUNDS)):
        base.append(page(QueryDict()))
        times.append(page(deep))
    return by_ratio("深翻页", times, base, size=f"第 {depth:,} 行之后", of="第一页", limit=3)


# --- People


def _name(reader: Reader) -> Line:
    """The first 51 people by a given name of two characters, the names those of people here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(name, 2) FROM registry_resident WHERE id = ANY (%s) AND name ~ '^[一-龥]{3}$'",
            [reader.random.sample(reader.ids, min(400, len(reader.ids)))],
        )
        names = [name for (name,) in cursor.fetchall()][:ROUNDS] or ["小海"]

    def ask() -> float:
        people = people_meant(Presence.objects.all(), Search(q=reader.random.choice(names)))
        sql, parameters = people.values("pk")[:51].query.sql_with_params()
        with connection.cursor() as cursor:
            return timed(lambda: cursor.execute(sql, parameters))

    return reader.line("两个字的姓名", ask, size=f"{reader.residents:,} 人", limit=60)


def _id_number(reader: Reader) -> Line:
    """From the number as typed to the row: blind index and look-up."""
    with reader.city.delta.open(encoding="utf-8") as file:
        numbers = [number for line in list(file)[1:2000] if (number := line.split(",")[0])]

    def ask() -> float:
        number = reader.random.choice(numbers)
        with connection.cursor() as cursor:
            return timed(
                lambda: cursor.execute(
                    "SELECT * FROM registry_resident WHERE id_number_index = %s", [id_number_index(number)]
                )
            )

    return reader.line(
        "证件号码（加密存放）精确查询", ask, size=f"{reader.residents:,} 人", limit=10, rounds=100
    )


def _households(reader: Reader) -> Iterator[Line]:
    """The first page and all counts of the households that have a child of school age."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.estate, left(d.grid_id, 12) FROM registry_dwelling d WHERE d.estate <> ''"
            " AND d.grid_id >= %s AND d.grid_id < %s GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1",
            [reader.district, reader.district + ":"],
        )
        estate, community = cursor.fetchone()

    def ask(params: dict[str, str], search: Search | None) -> Measure:
        query = QueryDict(mutable=True)
        query.update(params)

        def list_them() -> float:
            with asked() as found:
                listing = Households(reader.cadre, query, search)
                if not listing.is_valid:
                    raise RuntimeError(listing.filterset.form.errors.as_text())
                listing.rows()
                listing.facets()
            return found.seconds

        return list_them

    size = f"{_count('registry_presence'):,} 人"
    there = ask(SCHOOL_AGE | {"division": community}, Search(estate=estate))
    yield reader.line("小区里有学龄儿童的户", there, size=size, limit=60)
    yield reader.line("区县里有学龄儿童的户", ask(SCHOOL_AGE, None), size=size, limit=250)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        return int(cursor.fetchone()[0])
