"""What a measurement comes to: a line with its bar, the statistics behind it, and how lines are shown."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import connection

Times = list[float]  # seconds


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure. `median` and `p95` are in `unit` (ms, s, MB or a plain number); `ratio` is to `base`, None without.

    `judged` is what is compared with `limit`, in the words of `bar`.
    """

    name: str
    size: str
    unit: str
    median: float
    p95: float
    bar: str
    limit: float
    judged: float
    ratio: float | None = None
    base: str = ""
    note: str = ""
    is_least: bool = False  # the limit is a lower one

    @property
    def ok(self) -> bool:
        return self.judged >= self.limit if self.is_least else self.judged <= self.limit

    def as_json(self) -> dict[str, Any]:
        """Keys as `--json` prints them, numbers rounded to four digits."""
        row = {key: _rounded(value) for key, value in asdict(self).items() if key != "is_least"}
        return row | {"hardware": hardware(), "ok": self.ok}


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def timed(work: Callable[[], Any]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def by_ratio(
    name: str, times: Sequence[float], base: Sequence[float], *, size: str, of: str, limit: float, **more: Any
) -> Line:
    """A line judged by how many times its base it takes. Milliseconds where the median is under a second."""
    ratio = median(times) / median(base)
    unit, factor = ("ms", 1000.0) if median(times) < 1 else ("s", 1.0)
    note = f"{of} 中位 {median(base) * factor:.3g} {unit}"
    return Line(
        name=name,
        size=size,
        unit=unit,
        median=median(times) * factor,
        p95=percentile(times, 0.95) * factor,
        ratio=ratio,
        base=of,
        bar=f"≤ {limit:g} × {of}",
        limit=limit,
        judged=ratio,
        note="；".join(part for part in (note, more.pop("note", "")) if part),
        **more,
    )


def by_time(
    name: str, times: Sequence[float], *, size: str, limit: float, share: float = 0.95, **more: Any
) -> Line:
    """A line judged by the time under which a share of the runs stay; `limit` in seconds."""
    unit, factor = ("ms", 1000.0) if limit < 10 else ("s", 1.0)
    mark = "" if len(times) == 1 else f"p{share * 100:.0f} "
    return Line(
        name=name,
        size=size,
        unit=unit,
        median=median(times) * factor,
        p95=percentile(times, 0.95) * factor,
        bar=f"{mark}≤ {limit * factor:g} {unit}",
        limit=limit * factor,
        judged=percentile(times, share) * factor,
        **more,
    )


@cache
def hardware() -> str:
    """Processors, memory, system and database server."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next(
        (int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return f"{os.cpu_count()} × {model}, {memory / 2**20:.0f} GiB, {platform.system()}, PostgreSQL {server}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


# --- Shown

_HEAD = ("项目", "规模", "中位", "95%", "倍数", "应达到", "")


def table(lines: Iterable[Line]) -> str:
    """The lines as a table for a terminal, where a Chinese character is two columns wide."""
    rows = [_HEAD, *(_row(line) for line in lines)]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _row(line: Line) -> tuple[str, ...]:
    ratio = f"{line.ratio:.3g} × {line.base}" if line.ratio is not None else ""
    mark = "达到" if line.ok else "未达到"
    shown = f"{line.median:.3g} {line.unit}".strip(), f"{line.p95:.3g} {line.unit}".strip()
    return (line.name, line.size, *shown, ratio, line.bar, f"{mark}（{line.note}）" if line.note else mark)


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F or character in "（）；" else 1 for character in text)
