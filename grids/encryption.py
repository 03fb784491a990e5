"""Field encryption: values encrypted in the column, with a keyed blind index for exact search.

Stored form: algorithm byte · key id byte · 12-byte nonce · ciphertext with tag. Algorithm (1 AES-256-GCM, 2 SM4-GCM
of GB/T 32907) and key id stand with the value, so that keys and algorithms can be changed while old values stay
readable. The purpose (column name) is authenticated, so that a value moved to another column does not decrypt.

`FIELD_KEYS` is `id:hex[,id:hex…]` (32-byte keys; the first one encrypts, all of them read); `FIELD_CIPHER` says with
which algorithm. `manage.py rotate_keys` re-encrypts what stands under another key or algorithm.

The blind index has a key of its own (`index:hex`) and a hash of its own (`INDEX_HASH`: sha256, or sm3 of GB/T 32905).
Neither can be told from the stored hash, so neither is rotated: a change means rebuilding every index (what that takes
stands in registry/management/commands/rotate_keys.py). The same holds of the key of the seals 封存 (`seal:hex`; derived
from the index key where none is named), under which tombstones are hashed and the ledger of seals is written.

What is encrypted 等保 8.1.4.8: whatever names or reaches one person and is not needed inside SQL, and whatever people
write about one. ID numbers and phones (with an index), search words, the words of visits, evidence, reasons, outcomes
and notes, their history rows included; secrets of the second factor.

What is not, and why:
- names, birth dates and codes of places: searched by part, by range and by order, over four million rows, in SQL;
- doors (estate, building, unit, room, address): a door without people is no personal data, and its parts are searched
  and walked in order; encrypting the written-out address beside them would hide nothing. Who lives behind it is told
  by a join of internal ids, reached through the guarded managers and recorded as a reading. Where somebody went, in
  words, is a note and encrypted; of 户籍 and of a guardian's destination only a division's code is held;
- status and county of a guardian, kinds and dates of facts: the rules and the register row join on them set-based.
  They are narrowed by need to know (registry/reasons.py), and the disk under them is encrypted.
A reason in a history row (`history_change_reason`) is a phrase of ours, never words about the person.
"""

import hashlib
import hmac
import os
import re
from functools import cache, lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

AES_GCM, SM4_GCM = 1, 2
ALGORITHMS = {"aes": AES_GCM, "sm4": SM4_GCM}  # by setting FIELD_CIPHER
ALGORITHM_NAMES = {AES_GCM: "AES-GCM", SM4_GCM: "SM4-GCM"}
INDEX_HASHES = ("sha256", "sm3")
_NONCE = 12
_TAG = 16
_HEAD = 2  # algorithm and key id
_ENTRY = re.compile(r"(index|seal|[1-9][0-9]?):[0-9a-fA-F]{64}")


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


class _Sm4Gcm:
    """SM4-GCM in the shape of AESGCM. SM4 keys have 16 bytes: derived, so that no two algorithms share one."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(_hmac(key, b"sm4", "sm3")[:16])

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        encryptor = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        decryptor = Cipher(self._algorithm, modes.GCM(nonce, data[-_TAG:])).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        return decryptor.update(data[:-_TAG]) + decryptor.finalize()


def _hmac(key: bytes, data: bytes, name: str) -> bytes:
    if name == "sha256":
        return hmac.digest(key, data, hashlib.sha256)
    # Not hashlib's: the OpenSSL of a Python may lack SM3, that of `cryptography` has it.
    digest = HMAC(key, hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _aead_of(algorithm: int, key: bytes) -> _Aead | None:
    if algorithm not in ALGORITHM_NAMES:
        return None
    return AESGCM(key) if algorithm == AES_GCM else _Sm4Gcm(key)


class Keys:
    """The keys of this installation, parsed once from settings.FIELD_KEYS; `current` encrypts."""

    def __init__(self, text: str) -> None:
        self.index = b""
        self.seal = b""
        self.current = 0
        self._keys: dict[int, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = entry.partition(":")
            if not _ENTRY.fullmatch(entry):
                raise ImproperlyConfigured(
                    "FIELD_KEYS must look like 1:<64 hex digits>,index:<64 hex digits>"
                )
            if name == "index":
                self.index = bytes.fromhex(value)
            elif name == "seal":
                self.seal = bytes.fromhex(value)
            elif int(name) in self._keys:
                raise ImproperlyConfigured(f"FIELD_KEYS names key {name} twice")
            else:
                self._keys[int(name)] = bytes.fromhex(value)
                self.current = self.current or int(name)
        if not self.index or not self.current:
            raise ImproperlyConfigured("FIELD_KEYS needs at least one numbered key and the index key")
        self.seal = self.seal or _hmac(self.index, b"seals", "sha256")
        self.aead = cache(self._aead)

    def _aead(self, algorithm: int, key_id: int) -> _Aead | None:
        key = self._keys.get(key_id)
        return None if key is None else _aead_of(algorithm, key)

    def nonce_for(self, value: bytes, purpose: str) -> bytes:
        """The nonce under which `reencrypt` writes an old value: the same for the same, a surprise for all else."""
        return _hmac(self._keys[self.current], b"nonce\0" + purpose.encode() + b"\0" + value, "sha256")[
            :_NONCE
        ]


@lru_cache(maxsize=1)
def keys() -> Keys:
    return Keys(settings.FIELD_KEYS)


@cache
def _algorithm(name: str) -> int:
    if name not in ALGORITHMS:
        raise ImproperlyConfigured("FIELD_CIPHER must be aes or sm4")
    return ALGORITHMS[name]


def current_head() -> bytes:
    """The first two bytes of everything that is encrypted now: algorithm, key id."""
    return bytes((_algorithm(settings.FIELD_CIPHER), keys().current))


def encrypt(text: str, purpose: str) -> bytes:
    """Encrypt for the column named `purpose`; a new nonce each time."""
    return _seal(text.encode(), purpose, os.urandom(_NONCE))


def _seal(data: bytes, purpose: str, nonce: bytes) -> bytes:
    head = current_head()
    aead = keys().aead(*head)
    assert aead is not None, "the current key is one of the keys"  # noqa: S101
    return head + nonce + aead.encrypt(nonce, data, purpose.encode())


def decrypt(value: bytes, purpose: str) -> str:
    """The text again. Raises ValueError when the value was altered, moved, or its key is not here."""
    return _open(bytes(value), purpose).decode()


def _open(value: bytes, purpose: str) -> bytes:
    aead = keys().aead(value[0], value[1]) if len(value) >= _HEAD + _NONCE + _TAG else None
    if aead is None:
        raise ValueError("encrypted value with an unknown algorithm or key")
    nonce, data = value[_HEAD : _HEAD + _NONCE], value[_HEAD + _NONCE :]
    try:
        return aead.decrypt(nonce, data, purpose.encode())
    except InvalidTag:
        raise ValueError("encrypted value was altered or belongs to another column") from None


def reencrypt(value: bytes, purpose: str) -> bytes:
    """The same text under the current key and algorithm; what stands under them already comes back as it is.

    Equal values give equal values, so that a copy of a stored value (a batch's image of a row) stays equal to it
    though each is rotated by itself. Raises ValueError like `decrypt`.
    """
    value = bytes(value)
    if value[:_HEAD] == current_head():
        return value
    return _seal(_open(value, purpose), purpose, keys().nonce_for(value, purpose))


def blind_index(text: str, purpose: str) -> bytes:
    """A keyed hash (32 bytes) by which an exact value is found without being stored."""
    return _hmac(keys().index, purpose.encode() + b"\0" + text.encode(), settings.INDEX_HASH)


def seal_mark(text: str, purpose: str) -> bytes:
    """A keyed hash (32 bytes) under the key of the seals; no index can be joined with it."""
    return _hmac(keys().seal, purpose.encode() + b"\0" + text.encode(), settings.INDEX_HASH)


def encrypt_under(key: bytes, data: bytes, purpose: str) -> bytes:
    """Encrypt under a 32-byte key that is none of `FIELD_KEYS` (an envelope's own): algorithm · nonce · ciphertext."""
    algorithm, nonce = _algorithm(settings.FIELD_CIPHER), os.urandom(_NONCE)
    aead = _aead_of(algorithm, key)
    assert aead is not None, "the setting names an algorithm"  # noqa: S101
    return bytes((algorithm,)) + nonce + aead.encrypt(nonce, data, purpose.encode())


def decrypt_under(key: bytes, value: bytes, purpose: str) -> bytes:
    """The data again. Raises ValueError when it was altered, moved, or the key is another."""
    aead = _aead_of(value[0], key) if len(value) > _NONCE + _TAG else None
    if aead is None:
        raise ValueError("encrypted value with an unknown algorithm")
    try:
        return aead.decrypt(value[1 : 1 + _NONCE], value[1 + _NONCE :], purpose.encode())
    except InvalidTag:
        raise ValueError("encrypted value was altered or is under another key") from None


class EncryptedTextField(models.BinaryField):
    """Text in Python, encrypted bytes in the column, NULL for "". Not searchable: keep a blind index beside it."""

    # For the type checker: what is set and got is text.
    _pyi_private_set_type: str | None
    _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "purpose": self.purpose}

    def get_default(self) -> Any:
        return super().get_default() or ""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or value == "":
            return None
        return super().get_db_prep_value(encrypt(value, self.purpose), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str:
        return "" if value is None else decrypt(value, self.purpose)
