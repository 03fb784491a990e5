"""Field encryption: values encrypted in the column, with a keyed blind index for exact search.

Stored form: algorithm byte · key id byte · 12-byte nonce · ciphertext with tag. Algorithm and key id stand with
the value, so that keys and algorithms can be changed while old values stay readable. The purpose (column name) is
authenticated, so that a value moved to another column does not decrypt.

`FIELD_KEYS` is `id:hex[,id:hex…]` (32-byte keys, the first one encrypts); the blind-index key is derived from
a separate entry `index:hex`, since changing it means rebuilding every index.
"""

import hashlib
import hmac
import os
import re
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

_AES_GCM = 1
_NONCE = 12
_ENTRY = re.compile(r"(index|[1-9][0-9]?):[0-9a-fA-F]{64}")


class Keys:
    """The keys of this installation, parsed once from settings.FIELD_KEYS."""

    def __init__(self, text: str) -> None:
        self.index = b""
        self.ciphers: dict[int, AESGCM] = {}
        self.current = 0
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = entry.partition(":")
            if not _ENTRY.fullmatch(entry):
                raise ImproperlyConfigured(
                    "FIELD_KEYS must look like 1:<64 hex digits>,index:<64 hex digits>"
                )
            if name == "index":
                self.index = bytes.fromhex(value)
            else:
                self.ciphers[int(name)] = AESGCM(bytes.fromhex(value))
                self.current = self.current or int(name)
        if not self.index or not self.current:
            raise ImproperlyConfigured("FIELD_KEYS needs at least one numbered key and the index key")


@lru_cache(maxsize=1)
def keys() -> Keys:
    return Keys(settings.FIELD_KEYS)


def encrypt(text: str, purpose: str) -> bytes:
    """Encrypt for the column named `purpose`; a new nonce each time."""
    ring = keys()
    nonce = os.urandom(_NONCE)
    sealed = ring.ciphers[ring.current].encrypt(nonce, text.encode(), purpose.encode())
    return bytes((_AES_GCM, ring.current)) + nonce + sealed


def decrypt(value: bytes, purpose: str) -> str:
    """The text again. Raises ValueError when the value was altered, moved, or its key is not here."""
    value = bytes(value)
    cipher = keys().ciphers.get(value[1]) if len(value) > 2 + _NONCE and value[0] == _AES_GCM else None
    if cipher is None:
        raise ValueError("encrypted value with an unknown algorithm or key")
    try:
        return cipher.decrypt(value[2 : 2 + _NONCE], value[2 + _NONCE :], purpose.encode()).decode()
    except InvalidTag:
        raise ValueError("encrypted value was altered or belongs to another column") from None


def blind_index(text: str, purpose: str) -> bytes:
    """A keyed hash (32 bytes) by which an exact value is found without being stored."""
    return hmac.digest(keys().index, purpose.encode() + b"\0" + text.encode(), hashlib.sha256)


class EncryptedTextField(models.BinaryField):
    """Text in Python, encrypted bytes in the column. Not searchable: keep a blind index beside it."""

    # For the type checker: what is set and got is text.
    _pyi_private_set_type: str | None
    _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "purpose": self.purpose}

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or value == "":
            return None
        return super().get_db_prep_value(encrypt(value, self.purpose), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str:
        return "" if value is None else decrypt(value, self.purpose)
