"""Ids of residents and dwellings as addresses show them: the internal id behind a secret permutation.

Four million people need no further column and index for it. Eight zero bytes and the id make one AES block under a
key of their own, which looks like any random UUID, tells neither order nor number, and cannot be made up: of 2^64 tries
one would open. Whether the reader may see what it opens is asked all the same. The key follows from the blind index's,
which stays as long as the data do; such an id is stored nowhere but in people's bookmarks.
"""

import hashlib
import hmac
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from .encryption import keys


@cache
def _cipher(index_key: bytes, kind: str) -> Cipher[ECB]:
    key = hmac.digest(index_key, f"public id of a {kind}".encode(), hashlib.sha256)
    return Cipher(AES(key), ECB())  # noqa: S305 - a single block: the permutation itself, no mode


def public_id(kind: str, key: int) -> UUID:
    """The id of a row of this kind (resident, dwelling) for an address."""
    encryptor = _cipher(keys().index, kind).encryptor()
    return UUID(bytes=encryptor.update(key.to_bytes(16)) + encryptor.finalize())


def internal_id(kind: str, given: UUID) -> int | None:
    """The internal id again; None for a UUID that was not made here for this kind."""
    decryptor = _cipher(keys().index, kind).decryptor()
    number = int.from_bytes(decryptor.update(given.bytes) + decryptor.finalize())
    return number if number < 2**63 else None
