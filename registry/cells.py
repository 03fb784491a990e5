"""Cells of the sheets that go out: none of them can become a formula, in a workbook or in the CSV saved from it.

A text cell of a workbook is never evaluated; but saved as CSV and opened again, `=…` is. So whatever a spreadsheet
program might take for a formula goes out behind an apostrophe, as one is typed by hand. A corrected errors sheet comes
in again: there the apostrophe is taken off (registry/feeds/reading.py), so that the value is the one that was refused.
"""

import re

LONGEST = 32_767  # characters that a cell holds
_RISKY = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # full-width signs are taken for the others by some programs


def harmless(text: str) -> str:
    """The text as a cell may hold it."""
    return f"'{text}"[:LONGEST] if _RISKY.match(text) else text[:LONGEST]


def bare(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text
