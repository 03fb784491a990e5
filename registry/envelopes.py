"""Envelopes 封套: rows taken out of their tables, under a key of their own that is wrapped by the field keys.

Inside, values of encrypted columns stand in clear, so that no later rotation of the field keys can lock them in; the
envelope as a whole is encrypted, and padded, so that its size does not tell how much is in it.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from grids.encryption import decrypt, decrypt_under, encrypt, encrypt_under

from .rotation import encrypted_tables

Row = dict[str, Any]
_PURPOSE = "seal_envelope"
_BLOCK = 16 * 1024


@dataclass
class Contents:
    """What an envelope holds. `rows`: table → its rows as JSON, in the order in which they were taken out."""

    resident_id: int
    youth_id: str
    file_went: bool = False
    # What was chosen, as the ledger has it: from it a lost ledger is written again.
    choice: Row = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    tombstones: list[str] = field(default_factory=list)
    # Texts out of rows that stay: [table, column, column of the key, key, text].
    texts: list[list[str]] = field(default_factory=list)
    # What was rewritten rather than taken: of a file that stays, its dates before, to be read by people alone.
    former: Row = field(default_factory=dict)

    @property
    def rows_taken(self) -> int:
        return sum(map(len, self.rows.values())) + len(self.texts)

    @property
    def submission_keys(self) -> list[str]:
        """The keys of the forms that wrote what is in here."""
        keys = (row.get("submission_key") for rows in self.rows.values() for row in rows)
        return [key for key in keys if key]


def close(contents: Contents, seal_id: UUID) -> tuple[str, bytes]:
    """(the envelope's key as text, for an encrypted column; the envelope)."""
    key = secrets.token_bytes(32)
    data = json.dumps(asdict(contents), ensure_ascii=False, separators=(",", ":")).encode()
    padded = data + b" " * (-len(data) % _BLOCK)
    return key.hex(), encrypt_under(key, padded, f"{_PURPOSE}:{seal_id}")


def open_envelope(key: str, envelope: bytes | memoryview, seal_id: UUID) -> Contents:
    """The contents again. Raises ValueError when it was altered, or belongs to another notice."""
    data = decrypt_under(bytes.fromhex(key), bytes(envelope), f"{_PURPOSE}:{seal_id}")
    return Contents(**json.loads(data))


@cache
def _purposes() -> dict[str, dict[str, str]]:
    return {table.name: table.columns for table in encrypted_tables()}


def in_clear(table: str, rows: Iterable[Row]) -> list[Row]:
    """Rows as `to_jsonb` gives them, with their encrypted columns opened."""
    purposes = _purposes().get(table, {})
    return [
        {
            column: decrypt(bytes.fromhex(value[2:]), purposes[column])
            if column in purposes and value is not None
            else value
            for column, value in row.items()
        }
        for row in rows
    ]


def encrypted(table: str, rows: Iterable[Row]) -> list[Row]:
    """The other way: as `jsonb_populate_record` takes them."""
    purposes = _purposes().get(table, {})
    return [
        {
            column: rf"\x{encrypt(value, purposes[column]).hex()}"
            if column in purposes and value is not None
            else value
            for column, value in row.items()
        }
        for row in rows
    ]
