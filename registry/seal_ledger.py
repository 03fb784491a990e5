"""The ledger of seals 封存台账: a file outside the database, so that a restored backup does not undo a seal.

Lines are only added, each encrypted under the key of the seals and chained to the one before. A line stands before the
transaction that it tells of is committed: whatever is lost with the database's disk, the ledger has it. A transaction
that fails afterwards adds a line that takes the first back; of one that was killed in between the line stands, and is
carried out by the next `manage.py replay_seals`, for a person had confirmed it.

After a restore the ledger is ahead of the database: the site does not open (`/readyz`, and the server at its start)
before `replay_seals` has sealed again. What was reopened since the backup stays sealed until two people reopen it anew.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from grids.encryption import decrypt_under, encrypt_under, seal_mark

SEALED, REOPENED, VOID, NEW_CITY = "sealed", "reopened", "void", "new city"
ERASED = "erased"  # a file that was made anonymous on request, before its time (registry/requests.py)
_PURPOSE = "seal_ledger"


class LedgerBroken(Exception):
    """A line was altered or taken out, or the key is another; the message says where."""


@dataclass(frozen=True)
class Entry:
    """What happened (`act`) to which notice, and for a seal all that is needed to do it again.

    Of an erasure `seal` is the file's id.
    """

    act: str
    seal: str
    data: dict[str, Any]


def path() -> Path:
    return Path(settings.SEAL_LEDGER)


def _key() -> bytes:
    return seal_mark("", "ledger_key")


def add(act: str, seal: str, data: dict[str, Any] | None = None) -> None:
    """Add a line; when this returns it lies on the disk. Raises OSError when it cannot be written."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        lines = ledger.read().splitlines()
        said = {"act": act, "seal": seal, "data": data or {}, "previous": _hash(lines[-1] if lines else b"")}
        sealed = encrypt_under(_key(), json.dumps(said, ensure_ascii=False).encode(), _PURPOSE)
        ledger.write(base64.b64encode(sealed) + b"\n")
        ledger.flush()
        os.fsync(ledger.fileno())


def begin_anew() -> None:
    """A sample city was built in the place of the old one: nobody of whom the lines before tell is there any more."""
    if path().exists():
        add(NEW_CITY, "")


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def entries() -> Iterator[Entry]:
    """All lines in order. Raises LedgerBroken."""
    previous = b""
    lines = path().read_bytes().splitlines() if path().exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(decrypt_under(_key(), base64.b64decode(line, validate=True), _PURPOSE))
        except ValueError as error:
            raise LedgerBroken(f"第 {number} 行读不出来：被改动，或密钥不对") from error
        if said["previous"] != _hash(previous):
            raise LedgerBroken(f"第 {number} 行和前一行接不上：中间有删改")
        previous = line
        yield Entry(said["act"], said["seal"], said["data"])


def standing() -> dict[str, Entry]:
    """The seals that the ledger says stand, in order: not taken back, not reopened."""
    found: dict[str, Entry] = {}
    for entry in entries():
        if entry.act == SEALED:
            found[entry.seal] = entry
        elif entry.act == NEW_CITY:
            found.clear()
        else:
            found.pop(entry.seal, None)
    return found


def erasures() -> dict[str, Entry]:
    """The files that were erased on request, by id: not taken back."""
    found: dict[str, Entry] = {}
    for entry in entries():
        if entry.act == ERASED:
            found[entry.seal] = entry
        elif entry.act == NEW_CITY:
            found.clear()
        elif entry.act == VOID:
            found.pop(entry.seal, None)
    return found


def ahead() -> list[Entry]:
    """What the ledger has done and the database has not: it is an older one. Raises LedgerBroken."""
    kept, erased = standing(), erasures()
    if not kept and not erased:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM registry_seal WHERE id = ANY (%s::uuid[])", [list(kept)])
        known = {key for (key,) in cursor.fetchall()}
        cursor.execute("SELECT id::text FROM registry_youth WHERE id = ANY (%s::uuid[])", [list(erased)])
        back = {key for (key,) in cursor.fetchall()}
    return [
        *(entry for key, entry in kept.items() if key not in known),
        *(entry for key, entry in erased.items() if key in back),
    ]


def missing() -> list[str]:
    """Seals that stand in the database and that no line tells of: the ledger is an older one, or another."""
    told = {entry.seal for entry in entries()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text FROM registry_seal WHERE reopened_at IS NULL AND id::text <> ALL (%s)",
            [list(told)],
        )
        return [key for (key,) in cursor.fetchall()]
