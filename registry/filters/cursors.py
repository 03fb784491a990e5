"""Where a page of a list begins, as a sealed text in the address: nobody reads a name, a birth date or a door there."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from ..encryption import decrypt, encrypt


class BadCursor(ValueError):
    """The text in `after` or `before` was not made for this list by this installation."""


def seal(values: Sequence[Any], page: int, *, purpose: str) -> str:
    """The place after a row with these values (text, numbers, days, None) on the page with this number.

    `purpose` names the list and its order: a place of another list does not open.
    """
    plain = [["d", value.isoformat()] if isinstance(value, date) else value for value in values]
    text = json.dumps([plain, page], ensure_ascii=False)
    return base64.urlsafe_b64encode(encrypt(text, purpose)).decode().rstrip("=")


def unseal(text: str, *, purpose: str) -> tuple[tuple[Any, ...], int]:
    """The values and the page number again. Raises BadCursor."""
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        plain, page = json.loads(decrypt(sealed, purpose))
    except (ValueError, binascii.Error):
        raise BadCursor from None
    values = tuple(date.fromisoformat(value[1]) if isinstance(value, list) else value for value in plain)
    return values, page
