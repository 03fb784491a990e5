"""COPY of checked rows into a temporary table: bounded memory, whatever the file's size."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg2
from django.db import connection

_PIECE = 1 << 16


class _Lines:
    """What COPY reads from: rows turned into COPY's text format piece by piece."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._lines: Iterator[str] = map(_line, rows)
        self._rest = ""
        self.fault: Exception | None = None

    def read(self, size: int = _PIECE) -> str:
        parts, length = [self._rest], len(self._rest)
        try:
            while length < size and (line := next(self._lines, None)) is not None:
                parts.append(line)
                length += len(line)
        except Exception as fault:
            self.fault = fault
            raise
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows (None, str, int, date, bytes) into `table`; the caller owns both names.

    What goes wrong while the rows are made (a file that ends in the middle of something) is raised as it is, not as
    the database's word for it.
    """
    lines = _Lines(rows)
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", lines)
    except psycopg2.Error:
        if lines.fault is not None:
            raise lines.fault from None
        raise


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
