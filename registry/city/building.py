"""Builds the city: makes community after community, in one process or several, and streams them onward.

The result does not depend on how many processes make it, nor on the size of the parts.
"""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.pool import AsyncResult

from .community import make
from .delta import Movable, sample
from .feeds import Feeds
from .plan import PEOPLE, Plan
from .rows import Rows
from .staff import Staff

PEOPLE_IN_PART = 20_000
ALONE = 200_000  # people; smaller cities are made faster than processes start


@dataclass(slots=True)
class Part:
    """Some communities, ready to be loaded: table → COPY lines, feed kind → CSV lines."""

    communities: int = 0
    people: int = 0
    dwellings: int = 0
    files: int = 0
    rows: dict[str, bytes] = field(default_factory=dict)
    feeds: dict[str, bytes] = field(default_factory=dict)
    movable: Movable = field(default_factory=Movable)


@dataclass(slots=True)
class Builder:
    """What is made of each community: rows, feeds, and a sample for `delta` changes of the next night."""

    plan: Plan
    staff: Staff
    wants_rows: bool = True
    wants_feeds: bool = False
    delta: int = 0

    def part(self, first: int, last: int) -> Part:
        made, rows, feeds = Part(), Rows(), Feeds()
        for share in self.plan.shares[first:last]:
            town = make(self.plan, share, self.staff)
            if self.wants_rows:
                rows.town(town)
            if self.wants_feeds:
                feeds.town(town)
            made.movable.add(sample(town, self.delta, len(self.plan.shares)))
            made.communities += 1
            made.people += town.maker.people
            made.dwellings += len(town.dwellings)
            made.files += len(town.files)
        made.rows = rows.blobs() if self.wants_rows else {}
        made.feeds = feeds.blobs() if self.wants_feeds else {}
        return made

    def parts(self, processes: int) -> Iterator[Part]:
        """The whole city in order. Several processes when it is large; at most a few parts wait in memory."""
        spans = list(self._spans())
        if processes < 2 or self.plan.scale * PEOPLE < ALONE:
            for first, last in spans:
                yield self.part(first, last)
            return
        with multiprocessing.get_context("fork").Pool(processes, _remember, (self,)) as pool:
            waiting: list[AsyncResult[Part]] = []
            for span in spans:
                waiting.append(pool.apply_async(_part, span))
                if len(waiting) > processes + 1:
                    yield waiting.pop(0).get()
            for result in waiting:
                yield result.get()

    def _spans(self) -> Iterator[tuple[int, int]]:
        first, people = 0, 0
        for place, share in enumerate(self.plan.shares, start=1):
            people += share.people
            if people >= PEOPLE_IN_PART:
                yield first, place
                first, people = place, 0
        if first < len(self.plan.shares):
            yield first, len(self.plan.shares)


_builder: Builder | None = None


def _remember(builder: Builder) -> None:
    global _builder  # noqa: PLW0603 - one per process of the pool
    _builder = builder


def _part(first: int, last: int) -> Part:
    if _builder is None:
        raise RuntimeError("this process was not started by the pool")
    return _builder.part(first, last)
