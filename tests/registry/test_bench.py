"""`manage.py bench`: it measures every figure on a city of its own and leaves the product's data alone."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from registry.bench import database
from registry.bench.lines import Line, by_ratio, by_time, table

SCALE = 0.002
FIGURES = 26
KEYS = {
    "name",
    "size",
    "hardware",
    "unit",
    "median",
    "p95",
    "ratio",
    "base",
    "bar",
    "limit",
    "judged",
    "note",
    "ok",
}


def bench() -> tuple[list[dict[str, Any]], str]:
    """What it prints as JSON, and what it says meanwhile. On the database of this test's server, without TESTING."""
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    run = subprocess.run(
        [sys.executable, "manage.py", "bench", "--scale", str(SCALE), "--json"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url.replace("/wuhu_youth?", f"/{name}?")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout), run.stderr


def rows_of_everything() -> dict[str, tuple[int, str]]:
    """Table → (rows, the youngest transaction that wrote one): what would tell of any change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        found = {}
        for (table_name,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*), coalesce(max(xmin::text::bigint), 0)::text FROM "{table_name}"')  # noqa: S608
            found[table_name] = cursor.fetchone()
        return found


@pytest.mark.scale
@pytest.mark.django_db(transaction=True)
def test_every_figure_is_measured_twice_on_one_city_and_the_product_stays_as_it_is() -> None:
    before = rows_of_everything()
    lines, said = bench()
    assert "建城" in said
    assert len(lines) == FIGURES
    assert all(set(line) == KEYS for line in lines)
    assert all(line["median"] > 0 and isinstance(line["ok"], bool) for line in lines)
    assert len({line["name"] for line in lines}) == FIGURES
    again, said = bench()
    assert "沿用已有的城市" in said
    assert [line["name"] for line in again] == [line["name"] for line in lines]
    assert rows_of_everything() == before


def test_it_does_not_start_on_a_database_that_is_not_its_own(db: None) -> None:
    with pytest.raises(CommandError, match="不是性能测试专用的数据库"):
        call_command("bench", scale=SCALE, inside=True)


def test_its_processes_know_no_other_database_and_no_other_redis(db: None) -> None:
    name = database.database_name(0.1)
    environment = database.environment(name, Path("var"))
    assert name == "wuhu_bench_0_1"
    assert f"/{name}?" in environment["DATABASE_URL"]
    assert environment["REDIS_URL"] == re.sub(r"db=\d+$", "db=15", settings.REDIS_URL)
    assert environment["TESTING"] == "off"


def test_a_line_says_what_was_measured_against_what() -> None:
    line = by_ratio("深翻页", [0.002, 0.004, 0.006], [0.002], size="第 89,000 行之后", of="第一页", limit=3)
    assert (line.unit, round(line.median, 3), round(line.p95, 3), round(line.ratio or 0, 3)) == (
        "ms",
        4,
        6,
        2,
    )
    assert line.ok
    slow = by_time("全市查询页", [0.1] * 19 + [0.2], size="100,000 份档案", limit=0.12)
    assert (slow.bar, slow.ok) == ("p95 ≤ 120 ms", False)


def test_the_table_is_aligned_for_chinese() -> None:
    lines = [
        Line(name=name, size="3", unit="条", median=1, p95=1, bar="≤ 2 条", limit=2, judged=1)
        for name in ("短", "很长的名字")
    ]
    head, first, second = table(lines).splitlines()
    assert first.startswith("短" + " " * 10)
    assert second.startswith("很长的名字  ")
    assert head.split() == ["项目", "规模", "中位", "95%", "倍数", "应达到"]
