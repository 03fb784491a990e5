"""Whole HTTP answers: a real gunicorn, and so many clients that ask one page after the other, as fast as it answers."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from threading import Barrier, Thread
from time import perf_counter
from urllib.parse import urlencode

from django.contrib.auth.hashers import make_password
from django.db import connection

from grids.models import Post, User
from grids.passwords import generated

from .city import City
from .lines import Line, Times, by_time
from .processes import FROM_PROXY, HOST, web

WARM_UP = 8  # requests of each client that are not counted
SEARCH_CLIENTS, SEARCH_REQUESTS = 4, 60
WORKER_CLIENTS, WORKER_REQUESTS = 16, 25
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
# What people ask after they have seen the first page; the words are those of the addresses.
CONDITIONS: tuple[dict[str, str], ...] = (
    {},
    {"category": "left_behind"},
    {"visit_due": "overdue"},
    {"age_min": "6", "age_max": "15", "guardian": "entrusted"},
    {"sort": "name"},
    {"unverified_days": "90"},
)


class Browser:
    """A signed-in person, or `another` window of one. Each page comes over a connection of its own, as from a proxy."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self.port = port
        self.cookies = cookies or {}

    def another(self) -> "Browser":
        """Signing in once more would end the first sign-in."""
        return Browser(self.port, dict(self.cookies))

    def sign_in(self, username: str, password: str) -> "Browser":
        page = self._ask("GET", "/login/")
        token = _TOKEN.search(page[1])
        if token is None:
            raise RuntimeError("no form on /login/")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1]}
        status, _ = self._ask("POST", "/login/", urlencode(form))
        if status != 302:
            raise RuntimeError(f"sign-in of {username}: {status}")
        return self

    def time(self, path: str) -> float:
        """Seconds from asking for a page to its last byte. Raises RuntimeError unless it is a 200."""
        started = perf_counter()
        status, _ = self._ask("GET", path)
        spent = perf_counter() - started
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        return spent

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {**FROM_PROXY, "Connection": "close"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"https://{HOST}:{self.port}{path}"
        with closing(HTTPConnection(HOST, self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            self._keep(answer)
            return answer.status, text

    def _keep(self, answer: HTTPResponse) -> None:
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value


def measure(city: City) -> Iterator[Line]:
    password = generated()
    User.objects.update(password=make_password(password))
    requests = city.rounds(SEARCH_REQUESTS)
    district, workers = _people()
    size = f"{_files():,} 份档案"
    with web(city.folder) as port:
        browsers = _windows(port, district, password)
        times = _run(browsers, requests, _search)
        yield by_time(f"区县查询页，{SEARCH_CLIENTS} 个客户端", times, size=size, limit=0.080)
        browsers = _windows(port, "city", password)
        times = _run(browsers, requests, _search)
        yield by_time(f"全市查询页，{SEARCH_CLIENTS} 个客户端", times, size=size, limit=0.120)
        browsers = [Browser(port).sign_in(worker, password) for worker in workers]
        times = _run(browsers, city.rounds(WORKER_REQUESTS), lambda _: "/")
        yield by_time(f"网格员今日，{WORKER_CLIENTS} 个客户端", times, size=size, limit=0.150)


def _windows(port: int, username: str, password: str) -> list[Browser]:
    first = Browser(port).sign_in(username, password)
    return [first, *(first.another() for _ in range(SEARCH_CLIENTS - 1))]


def _people() -> tuple[str, list[str]]:
    """The cadre of the district with the most files, and the workers of the grids with the most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left(grid_id, 6) FROM registry_youth GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        )
        district = cursor.fetchone()[0]
        cursor.execute(
            "SELECT u.username FROM registry_youth y JOIN grids_assignment a ON a.grid_id = y.grid_id"
            " AND a.kind = 'lead' AND a.starts_on <= current_date"
            " AND (a.ends_on IS NULL OR a.ends_on > current_date) JOIN grids_user u ON u.id = a.user_id"
            " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s",
            [WORKER_CLIENTS],
        )
        workers = [name for (name,) in cursor.fetchall()]
    cadre = Post.objects.filter(role="district", division=district).order_by("pk")[0].user
    return cadre.username, workers


def _search(chance: random.Random) -> str:
    conditions = CONDITIONS[0] if chance.random() < 0.5 else chance.choice(CONDITIONS)
    return "/youths/" + (f"?{urlencode(conditions)}" if conditions else "")


def _run(browsers: list[Browser], requests: int, path: Callable[[random.Random], str]) -> Times:
    """The times of all requests but those that warm up, all browsers starting together."""
    together, times, faults = Barrier(len(browsers)), Times(), list[BaseException]()

    def ask(number: int, browser: Browser) -> None:
        chance = random.Random(number)  # noqa: S311 - repeatable, nothing secret
        try:
            for _ in range(WARM_UP):
                browser.time(path(chance))
            together.wait(60)
            times.extend([browser.time(path(chance)) for _ in range(requests)])
        except BaseException as fault:  # noqa: BLE001 - told below, in the thread that waits
            faults.append(fault)
            together.abort()

    threads = [Thread(target=ask, args=pair) for pair in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return times


def _files() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_youth")
        return int(cursor.fetchone()[0])
