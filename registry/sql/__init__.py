"""Set-based SQL, one file a story, each with one Python caller. A file holds statements headed `-- name: …`."""

import re
from functools import cache
from pathlib import Path


@cache
def statements(file_name: str) -> dict[str, str]:
    """The statements of one file by name, in file order."""
    text = (Path(__file__).parent / file_name).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
