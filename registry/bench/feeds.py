"""Writes: the night's changes, whole files, rules. Everything is rolled back, or runs dry in a process of its own."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from grids.models import User

from .. import rules
from ..feeds import batches
from . import rows
from .city import City
from .lines import Line, Times, by_ratio, by_time, median
from .statements import Asked, asked

COPY = "COPY"
ROUNDS = 3
LOOP_ROWS = 200
MEMORY = 500  # MB
# The key of such a file: person (by either number), day and dwelling.
_PLAIN = (
    "CREATE TABLE bench_copy (id_number text, person_number text, dwelling text, starts_on text, destination text,"
    " PRIMARY KEY (id_number, person_number, starts_on, dwelling))"
)
_COPY = "COPY bench_copy FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NOT_NULL *)"
Tell = Callable[[Asked], None]


def measure(city: City, tell: Tell) -> Iterator[Line]:
    """`tell` hears of the statements of a load, for those who want to see them one by one."""
    yield from _deltas(city, tell)
    yield from _whole_file(city)
    yield from _rules(city)


def plain_copy(path: Path) -> float:
    """Seconds of a plain COPY of the file into a new table with a primary key."""
    with transaction.atomic(), connection.cursor() as cursor, path.open(encoding="utf-8") as file:
        cursor.execute(_PLAIN)
        started = perf_counter()
        cursor.copy_expert(_COPY, file)
        spent = perf_counter() - started
        transaction.set_rollback(True)
    return spent


def _load(city: City, path: Path, *, approve: bool = False) -> dict[str, Any]:
    return batches.load(
        batches.Order(
            kind="residences",
            path=path,
            source="police",
            as_of=city.today,
            approve=approve,
            by=User.objects.get(username="city") if approve else None,
        )
    )


def _loaded(
    city: City, path: Path, *, approve: bool = False, again: Path | None = None
) -> tuple[float, float, Asked]:
    """Seconds of the file, then of `again` after it, and the first one's statements; all rolled back."""
    with transaction.atomic():
        with asked() as found:
            started = perf_counter()
            counts = _load(city, path, approve=approve)
            _check_constraints()
            first = perf_counter() - started
        if counts["held"] or not counts["rows"]:
            raise RuntimeError(f"{path.name}: {counts}")
        second = 0.0
        if again:
            started = perf_counter()
            repeated = _load(city, again)
            _check_constraints()
            second = perf_counter() - started
            if repeated["unchanged"] != repeated["accepted"] or repeated["moves_within"]:
                raise RuntimeError(f"{again.name} changed something: {repeated}")
        transaction.set_rollback(True)
    return first, second, found


def _check_constraints() -> None:
    """What a commit would check, which a rollback would leave out; from then on again at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _deltas(city: City, tell: Tell) -> Iterator[Line]:
    """The night's file against COPY, a loop, twice its size, and itself; in turn, so that all see the same machine."""
    times, again, larger, copies, loops = Times(), Times(), Times(), Times(), Times()
    _, _, small = _loaded(city, city.small_delta)
    for _ in range(ROUNDS):
        copies += [plain_copy(city.delta) for _ in range(2)]
        first, second, found = _loaded(city, city.delta, again=city.delta_once_more)
        times.append(first)
        again.append(second)
        larger.append(_loaded(city, city.large_delta, approve=True)[0])
        loops.append(_loop(city))
    tell(found)
    number, large = _rows(city.delta), _rows(city.large_delta)
    size = f"{number:,} 条变动"
    yield by_ratio("居住变动一夜", times, copies, size=size, of=COPY, limit=35)
    yield _statements(small, found, size)
    yield _against_loop(median(times) / number, loops, size)
    yield by_ratio("居住变动两倍（经批准）", larger, times, size=f"{large:,} 条变动", of="一夜", limit=2.6)
    yield by_ratio("同样的变动再来一次，无变化", again, times, size=size, of="一夜", limit=0.7)


def _statements(small: Asked, found: Asked, size: str) -> Line:
    return Line(
        name="变动的语句数与行数无关",
        size=size,
        unit="条",
        median=float(found.count),
        p95=float(found.count),
        bar="与十分之一的文件相同",
        limit=float(small.count),
        judged=float(found.count),
    )


def _loop(city: City) -> float:
    """Seconds a row of the same work done row by row with models."""
    with city.delta.open(encoding="utf-8", newline="") as file:
        sample = list(islice(csv.reader(file), 1, LOOP_ROWS + 1))
    with transaction.atomic():
        started = perf_counter()
        for row in sample:
            rows.apply(row)
        _check_constraints()
        spent = perf_counter() - started
        transaction.set_rollback(True)
    return spent / len(sample)


def _against_loop(seconds_a_row: float, loops: Times, size: str) -> Line:
    ratio = median(loops) / seconds_a_row
    return Line(
        name="变动的速度与逐行处理之比",
        size=size,
        unit="行/秒",
        median=1 / seconds_a_row,
        p95=1 / seconds_a_row,
        ratio=ratio,
        base="逐行",
        bar="≥ 20 × 逐行",
        limit=20,
        judged=ratio,
        is_least=True,
        note=f"逐行 {1 / median(loops):.0f} 行/秒（{LOOP_ROWS} 行）",
    )


def _rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


# --- Whole files


def _whole_file(city: City) -> Iterator[Line]:
    """In a process of its own, so that its memory is its own; run dry, which does all but commit."""
    size = f"{_rows(city.full):,} 行"
    copies = [plain_copy(city.full)]
    differing, memory = _load_full(city, city.differing)
    copies.append(plain_copy(city.full))
    same, memory_same = _load_full(city, city.full)
    copies.append(plain_copy(city.full))
    size_differing = f"{size},{differing['rows'] - differing['unchanged']:,} 行有变"
    yield by_ratio(
        "全量文件，部分有变", [differing["seconds"]], copies, size=size_differing, of=COPY, limit=6
    )
    yield by_ratio("全量文件，全部相同", [same["seconds"]], copies, size=size, of=COPY, limit=6)
    most = max(memory, memory_same)
    yield Line(
        name="加载进程的内存",
        size=size,
        unit="MB",
        median=most,
        p95=most,
        bar=f"< {MEMORY} MB",
        limit=MEMORY,
        judged=most,
    )


def _load_full(city: City, path: Path) -> tuple[dict[str, Any], float]:
    """What `load_feed --json` prints, and the most memory (MB) that its process held."""
    arguments = [
        "load_feed",
        "residences",
        str(path),
        "--source",
        "police",
        "--as-of",
        city.today.isoformat(),
    ]
    process = subprocess.Popen(  # noqa: S603 - our own program, by list
        [sys.executable, "manage.py", *arguments, "--mode", "full", "--dry-run", "--json"],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
    )
    with process:
        printed = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"load_feed {path.name}: {process.returncode}")
    return json.loads(printed), usage.ru_maxrss / 1024


# --- Rules


def _rules(city: City) -> Iterator[Line]:
    """Rules over everybody, and over a thousand whom a batch has touched, both with all that they write."""
    touched = city.sized(1_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_resident")
        everybody = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM registry_resident ORDER BY hashint8(id) LIMIT %s", [touched])
        some = [pk for (pk,) in cursor.fetchall()]
    whole = [_rolled_back(rules.suggest)]
    few = [_rolled_back(lambda: rules.suggest(residents=some)) for _ in range(ROUNDS)]
    yield by_time("规则：全市", whole, size=f"{everybody:,} 人", limit=60)
    yield by_ratio("规则：变动涉及的人", few, whole, size=f"{touched:,} 人", of="全市", limit=1 / 20)


def _rolled_back(work: Callable[[], Any]) -> float:
    with transaction.atomic():
        started = perf_counter()
        work()
        spent = perf_counter() - started
        transaction.set_rollback(True)
    return spent
