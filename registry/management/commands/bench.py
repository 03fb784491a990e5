"""`manage.py bench [--scale S] [--json]`: the figures to reach (ARCHITECTURE section 9) on a city of its own."""

import json
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from registry.bench import database, feeds, pages, secrecy, served, told
from registry.bench.city import City, ensure_city, vacuum
from registry.bench.lines import Line, by_time, hardware, table
from registry.bench.statements import Asked

from .build_city import _scale as scale_of

BUILD_SECONDS = 8 * 60


class Command(BaseCommand):
    help = "性能测试：在专用数据库里建（或沿用）一座样例城市，逐项测量；不读写本系统的数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", type=scale_of, default=0.01, help="规模，1 为 401 万人（默认 0.01）")
        parser.add_argument(
            "--json", action="store_true", help="在标准输出上打印 JSON 列表，进度写到标准错误"
        )
        parser.add_argument("--rebuild", action="store_true", help="重新建城，不沿用已有的")
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, **options: Any) -> None:
        if not options["inside"]:
            self._in_own_database(options)
            return
        try:
            name = database.make_sure()
        except database.NotOurs as error:
            raise CommandError(str(error)) from error
        self.verbosity = options["verbosity"]
        self.say(f"数据库 {name}")
        self.say(hardware())
        lines = []
        for line in self.measure(options["scale"]):
            lines.append(line)
            self.say(f"· {line.name}:{line.median:.3g} {line.unit}")
        if options["json"]:
            self.stdout.write(json.dumps([line.as_json() for line in lines], ensure_ascii=False))
        else:
            self._print(lines, options["scale"])

    def _in_own_database(self, options: dict[str, Any]) -> None:
        """Have the database, then run this command once more as a process that knows of no other."""
        scale = options["scale"]
        name = database.database_name(scale)
        database.ensure_database(name, anew=options["rebuild"])
        arguments = ["--scale", repr(scale), "--inside", "--verbosity", str(options["verbosity"])]
        arguments += ["--json"] if options["json"] else []
        self.stdout.flush()
        run = subprocess.run(  # noqa: S603 - our own program, by list
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", *arguments],
            env=database.environment(name, database.folder_of(scale)),
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            check=False,
        )
        self.stdout.write(run.stdout.decode(), ending="")
        if run.returncode:
            raise CommandError("性能测试没有完成", returncode=run.returncode)

    def measure(self, scale: float) -> Iterator[Line]:
        city = ensure_city(scale, self.say)
        yield self._built(city)
        vacuum()
        call_command("collectstatic", interactive=False, verbosity=0)
        yield from pages.measure(city)
        yield from secrecy.measure(city)
        yield from served.measure(city)
        yield from told.measure(city)
        yield from feeds.measure(city, self._tell)
        vacuum()

    def _built(self, city: City) -> Line:
        note = "" if city.is_new else "建城时所测"
        size = f"规模 {city.scale:g}"
        return by_time("建城（索引在 COPY 之后）", [city.seconds], size=size, limit=BUILD_SECONDS, note=note)

    def _tell(self, found: Asked) -> None:
        if self.verbosity < 2:
            return
        self.say(f"变动的语句 {found.count} 条，{found.seconds:.2f} 秒，最慢的：")
        for seconds, text in found.slowest():
            self.say(f"  {seconds * 1000:8.1f} ms  {text}")

    def _print(self, lines: list[Line], scale: float) -> None:
        self.stdout.write(f"\n{hardware()}\n\n{table(lines)}\n")
        missed = sum(not line.ok for line in lines)
        if scale != 1:
            self.stdout.write(f"规模 {scale:g}：数量按比例缩小，上限是为规模 1 定的，这里仅供参考。")
        self.stdout.write(f"共 {len(lines)} 项，" + (f"{missed} 项未达到。" if missed else "全部达到。"))

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stderr.write(text)
            self.stderr.flush()
