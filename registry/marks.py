"""Hidden marks of exports 导出: by which a leaked copy, or one saved again, tells whose it was.

A mark is 8 random bytes of the export's row and 4 of a keyed hash over them, so that nobody can make up another's. It
stands in the workbook's properties and, as 48 characters without width (two bits each), in fixed words of the sheet:
copying rows into another workbook, saving as CSV in UTF-8 or GB 18030, or renaming the file leaves it readable. What
it does not survive is retyping, a picture, or somebody who looks for it; the visible number is for those.

The key follows from the blind index's, which stays as long as the data do.
"""

import base64
import binascii
import html
import os
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from .encryption import blind_index

TOKEN, _TAG = 8, 4
_SIGNS = "\u200b\u200c\u200d\u2060"
_LENGTH = (TOKEN + _TAG) * 4
_HIDDEN = re.compile(f"[{_SIGNS}]{{{_LENGTH},}}")
_PLAIN = re.compile(r"[A-Z2-7]{20,}")
PROPERTY = "文档编号"
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_MOST_BYTES = 1 << 30  # of one member, unpacked


def new_token() -> bytes:
    return os.urandom(TOKEN)


def _sealed(token: bytes) -> bytes:
    return token + blind_index(token.hex(), "export_mark")[:_TAG]


def hidden(token: bytes) -> str:
    """The mark as characters without width, to be put into a fixed word."""
    return "".join(_SIGNS[byte >> shift & 3] for byte in _sealed(token) for shift in (6, 4, 2, 0))


def plain(token: bytes) -> str:
    """The mark as twenty letters and digits, for a property of the workbook."""
    return base64.b32encode(_sealed(token)).decode().rstrip("=")


def without(text: str) -> str:
    """The text as people read it."""
    return text.translate({ord(sign): None for sign in _SIGNS})


def found_in(path: Path) -> list[bytes]:
    """The tokens of all true marks in a file of any kind, each once."""
    tokens: dict[bytes, None] = {}
    for data in _pieces(path):
        for encoding in _ENCODINGS:
            for start in (0, 1) if encoding.startswith("utf-16") else (0,):
                text = data[start:].decode(encoding, errors="ignore")
                tokens |= dict.fromkeys(_tokens(html.unescape(text) if "&#" in text else text))
    return list(tokens)


def _pieces(path: Path) -> Iterator[bytes]:
    """What is written in the file; of a workbook, in each of its parts."""
    if not zipfile.is_zipfile(path):
        yield path.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                yield file.read(_MOST_BYTES)


def _tokens(text: str) -> Iterator[bytes]:
    for run in _HIDDEN.findall(text):
        bits = [_SIGNS.index(sign) for sign in run]
        for start in range(len(bits) - _LENGTH + 1):
            four = [bits[at : at + 4] for at in range(start, start + _LENGTH, 4)]
            yield from _true(bytes(a << 6 | b << 4 | c << 2 | d for a, b, c, d in four))
    for run in _PLAIN.findall(text):
        for start in range(len(run) - 19):
            try:
                yield from _true(base64.b32decode(run[start : start + 20] + "===="))
            except binascii.Error:
                continue


def _true(mark: bytes) -> list[bytes]:
    return [mark[:TOKEN]] if _sealed(mark[:TOKEN]) == mark else []


def stamped(path: Path, token: bytes, *, word: str) -> BytesIO:
    """A copy of a workbook of ours that was written for nobody in particular, marked for one person.

    The mark goes into its properties and behind the first cell that says `word`.
    """
    copy = BytesIO()
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for member in old.infolist():
            with old.open(member) as source, new.open(member.filename, "w") as target:
                head = source.read(1 << 16)
                target.write(_with_mark(member.filename, head, token, word))
                while piece := source.read(1 << 20):
                    target.write(piece)
    return copy


def _with_mark(name: str, head: bytes, token: bytes, word: str) -> bytes:
    if name == "docProps/core.xml":
        end = b"</cp:coreProperties>"
        return head.replace(end, f"<cp:keywords>{plain(token)}</cp:keywords>".encode() + end, 1)
    if name == "xl/worksheets/sheet1.xml":
        cell = f">{word}</t>"
        return head.replace(cell.encode(), f">{word}{hidden(token)}</t>".encode(), 1)
    return head
