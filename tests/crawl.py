"""A crawl: every declared address, and whatever the pages lead to, asked as one person, and what came back.

Begins at every address of tests/addresses.py about the objects of a World (foreign ones too: their error pages are
part of what is asked), posts nothing to each form, follows links, filters, sorts and pages, asks lists once more as
the piece that htmx swaps in, and opens sheets. Bounded: of addresses that differ in ids and values alone, a few.
"""

import html
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit
from zipfile import ZipFile, is_zipfile

from django.db import transaction
from django.test import Client

from grids.models import User
from registry import marks
from tests.addresses import ADDRESSES, World
from tests.cast import SignIn

_LINKS = re.compile(r'(?:href|hx-get)="([^"]*)"')
_SELECTS = re.compile(r'<select[^>]*\bname="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTIONS = re.compile(r'<option value="([^"]+)"')
_IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{6,}")
# Ending the session, or what is no page of ours.
_NOT_FOLLOWED = ("/static/", "/logout/", "/login/", "/password", "/admin/jsi18n")
# Whoever accepts a handover has the file from then on: that is no crawl.
_NOT_DONE = {"logout", "handover_accept"}
_OF_A_SHAPE = 2  # addresses asked that differ in ids and values alone
_OPTIONS_OF_A_FIELD = 6
_MOST = 500


@dataclass
class Answer:
    """One answer, with all that a person or a program could read in it."""

    asked: str
    status: int
    text: str
    headers: str
    typed: str  # what was sent: that it is shown again tells nobody anything new
    is_kept: bool  # whether a browser or a proxy may keep it


@dataclass
class Crawl:
    """What one person was answered."""

    user: User
    client: Client
    answers: list[Answer] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _shapes: Counter[str] = field(default_factory=Counter)
    _waiting: deque[str] = field(default_factory=deque)

    def run(self, world: World, posts: list[tuple[str, dict[str, Any]]]) -> "Crawl":
        for name in ADDRESSES:
            self._wait(world.address(name, self.user)[0], always=True)
        for name, address in ADDRESSES.items():
            if address.post and name not in _NOT_DONE:
                self._post(world.address(name, self.user)[0], {})
        for url, data in posts:
            self._post(url, data)
        while self._waiting and len(self.answers) < _MOST:
            self._get(self._waiting.popleft())
        return self

    def _get(self, url: str) -> None:
        with transaction.atomic():
            text = self._note(f"GET {url}", self.client.get(url))
        for link in self._leads_to(url, text):
            self._wait(link)
        if "<form" in text and 'role="search"' in text:
            with transaction.atomic():
                self._note(f"PART {url}", self.client.get(url, headers={"HX-Request": "true"}))

    def _post(self, url: str, data: dict[str, Any]) -> None:
        """What comes of it is looked at and taken back; where it leads to is asked while it is there."""
        with transaction.atomic():
            answer = self.client.post(url, data)
            self._note(f"POST {url} {sorted(data)}", answer, typed=str(data))
            if 300 <= answer.status_code < 400:
                self._note(f"AFTER {url}", self.client.get(answer["Location"]), typed=str(data))
            transaction.set_rollback(True)

    def _note(self, asked: str, answer: Any, *, typed: str = "") -> str:
        text = readable(answer)
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        is_kept = "no-store" not in answer.headers.get("Cache-Control", "")
        self.answers.append(Answer(asked, answer.status_code, text, headers, typed, is_kept))
        return text

    def _leads_to(self, url: str, text: str) -> Iterator[str]:
        for link in _LINKS.findall(text):
            target = urljoin(url, html.unescape(link))
            if target.startswith("/") and not target.startswith("//"):
                yield target.partition("#")[0]
        if 'role="search"' in text:
            path = url.partition("?")[0]
            for name, options in _SELECTS.findall(text):
                for value in _OPTIONS.findall(options)[:_OPTIONS_OF_A_FIELD]:
                    yield f"{path}?{name}={html.unescape(value)}"

    def _wait(self, url: str, *, always: bool = False) -> None:
        if url in self._seen or url.startswith(_NOT_FOLLOWED):
            return
        self._seen.add(url)
        shape = _shape(url)
        self._shapes[shape] += 1
        if always or self._shapes[shape] <= _OF_A_SHAPE * (2 if "?" in url else 1):
            self._waiting.append(url)


def _shape(url: str) -> str:
    parts = urlsplit(url)
    names = ",".join(sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
    return f"{_IDS.sub('#', parts.path)}?{names}"


def readable(answer: Any) -> str:
    """All text of an answer; of a workbook, of all its parts."""
    data: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if is_zipfile(BytesIO(data)):
        with ZipFile(BytesIO(data)) as book:
            data = b"\n".join(book.read(name) for name in book.namelist())
    text = data.decode(errors="replace")
    return marks.without(html.unescape(text) if "<html" not in text else text)


def crawl(
    user: User, sign_in: SignIn, world: World, posts: list[tuple[str, dict[str, Any]]] | None = None
) -> Crawl:
    client = sign_in(user)
    client.raise_request_exception = False
    return Crawl(user, client).run(world, posts or [])
