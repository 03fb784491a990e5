"""COPY of checked rows into a temporary table: bounded memory, whatever the file's size."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

_PIECE = 1 << 16


class _Lines:
    """What COPY reads from: rows turned into COPY's text format piece by piece."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._lines: Iterator[str] = map(_line, rows)
        self._rest = ""

    def read(self, size: int = _PIECE) -> str:
        parts, length = [self._rest], len(self._rest)
        while length < size and (line := next(self._lines, None)) is not None:
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows (None, str, int, date, bytes) into `table`; the caller owns both names."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", _Lines(rows))


def _line(row: Sequence[Any]) -> str:
    return "\t".join(map(_cell, row)) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bytes):
        return r"\\x" + value.hex()
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
