"""What the database is asked: each statement's time, and how many there were."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.db import connection

_BOUNDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass
class Asked:
    """The statements of a block. `seconds` is the time spent in them; `by_text` by their first words, for -v 2."""

    count: int = 0
    seconds: float = 0.0
    by_text: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def slowest(self, most: int = 12) -> list[tuple[float, str]]:
        """(seconds, beginning of the statement), the slowest first. Texts hold no values, only their places."""
        return sorted(((seconds, text) for text, seconds in self.by_text.items()), reverse=True)[:most]


@contextmanager
def asked() -> Iterator[Asked]:
    """Count and time the statements inside. COPY goes another way; the bounds of a transaction ask for nothing."""
    found = Asked()

    def time_it(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith(_BOUNDS):
            return execute(sql, params, many, context)
        started = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent = perf_counter() - started
            found.count += 1
            found.seconds += spent
            found.by_text[" ".join(str(sql).split())[:110]] += spent

    with connection.execute_wrapper(time_it):
        yield found
