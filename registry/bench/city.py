"""The city that is measured: built once, found again the next time; and the files that a night would bring."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from time import perf_counter

from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from registry.city import delta, loading
from registry.city.building import Builder, Part
from registry.city.feeds import HEADERS
from registry.city.plan import Plan, plan
from registry.city.staff import staff
from registry.city.stories import PEOPLE_OF_STORIES

from . import database

SEED = 7
DELTA, LARGE_DELTA = 50_000, 100_000
JUDGED_FROM = 0.01  # smaller cities fit into any cache and say nothing
Say = Callable[[str], None]


@dataclass(frozen=True)
class City:
    """A complete city: its scale and day, the seconds that its building took, and the folder of its files."""

    scale: float
    today: date
    seconds: float
    folder: Path
    is_new: bool

    def sized(self, number: int, *, least: int = 20) -> int:
        """A size of scale 1 in proportion."""
        return max(least, round(number * self.scale))

    def rounds(self, number: int) -> int:
        """How often to measure: a city that is too small to judge by only has to run through."""
        return number if self.scale >= JUDGED_FROM else max(3, number // 10)

    @property
    def full(self) -> Path:
        return self.folder / "residences.csv"

    @property
    def differing(self) -> Path:
        return self.folder / "residences-differing.csv"

    @property
    def delta(self) -> Path:
        return self.folder / "delta.csv"

    @property
    def delta_once_more(self) -> Path:
        """The same rows in another file: a file's very bytes are applied once only."""
        return self.folder / "delta-once-more.csv"

    @property
    def large_delta(self) -> Path:
        return self.folder / "delta-large.csv"

    @property
    def small_delta(self) -> Path:
        return self.folder / "delta-small.csv"


def ensure_city(scale: float, say: Say) -> City:
    """The city of this scale in this (the bench's own) database, built when it is not there whole."""
    database.make_sure()
    folder = database.folder_of(scale)
    folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    known = database.remark()
    if known:
        facts = json.loads(known)
        made = City(scale, date.fromisoformat(facts["today"]), facts["seconds"], folder, is_new=False)
        say(f"沿用已有的城市：规模 {scale:g}，城市日期 {made.today}")
    else:
        made = _build(scale, folder, say)
        database.set_remark(json.dumps({"today": made.today.isoformat(), "seconds": made.seconds}))
    if not made.full.exists() or not made.small_delta.exists():
        say("写出一夜的变动和全量文件")
        _write_files(made)
    return made


def _build(scale: float, folder: Path, say: Say) -> City:
    today = timezone.localdate()
    say(f"建城：规模 {scale:g}")
    started = perf_counter()
    call_command("build_city", scale=scale, seed=SEED, today=today, verbosity=0)
    seconds = perf_counter() - started
    for old in folder.glob("*.csv"):
        old.unlink()
    return City(scale, today, seconds, folder, is_new=True)


def vacuum() -> None:
    """After changes that were rolled back: take what is dead away, so that the next reading finds none of it."""
    loading.analyze(vacuum=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) registry_move")
        cursor.execute("CHECKPOINT")


# --- Files


def _write_files(city: City) -> None:
    """`residences.csv` as the police would send the whole city, one with differences, and nights of changes."""
    today = city.today.toordinal()
    planned = plan(city.scale, SEED, today, people_of_stories=PEOPLE_OF_STORIES)
    wanted = city.sized(LARGE_DELTA)
    builder = Builder(planned, staff(SEED, today), wants_rows=False, wants_feeds=True, delta=wanted)
    connections.close_all()  # processes of the pool must not inherit a connection in use
    total = Part()
    with city.full.open("wb") as file:
        file.write((",".join(HEADERS["residences"]) + "\n").encode())
        for part in builder.parts(os.cpu_count() or 1):
            file.write(part.feeds["residences"])
            total.movable.add(part.movable)
    _write_differing(city)
    _write_deltas(city, planned, total.movable)


def _write_deltas(city: City, planned: Plan, movable: delta.Movable) -> None:
    delta.write(city.large_delta, planned, movable, city.sized(LARGE_DELTA))
    delta.write(city.delta, planned, movable, city.sized(DELTA))
    lines = city.delta.read_text(encoding="utf-8").splitlines(keepends=True)
    city.delta_once_more.write_text("".join(lines) + "\n", encoding="utf-8")
    city.small_delta.write_text("".join(lines[: 1 + len(lines) // 10]), encoding="utf-8")


def _write_differing(city: City) -> None:
    """The whole city once more, in which people spread evenly over it have moved today."""
    with city.full.open(encoding="utf-8", newline="") as file:
        people = sum(1 for _ in groupby(csv.reader(file), key=_person)) - 1
    every = max(2, people // city.sized(DELTA))
    with (
        city.full.open(encoding="utf-8", newline="") as file,
        city.differing.open("w", encoding="utf-8", newline="") as output,
    ):
        rows = csv.reader(file)
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(next(rows))
        writer.writerows(_moved(rows, every, city.today.isoformat()))


def _moved(rows: Iterable[list[str]], every: int, today: str) -> Iterator[list[str]]:
    """Every so manieth person lives since today where the one before last of those had lived."""
    homes: list[str] = []
    for place, (_, lived) in enumerate(groupby(rows, key=_person)):
        periods = list(lived)
        last = periods[-1]
        if place % every == 0 and last[2] and last[3] < today:
            homes.append(last[2])
            if len(homes) > 2 and homes[-3] != last[2]:
                periods[-1] = [*last[:2], homes[-3], today, ""]
        yield from periods


def _person(row: list[str]) -> tuple[str, str]:
    return row[0], row[1]
