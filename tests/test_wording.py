"""What users read is written as Chinese is: full-width punctuation, one kind of quotation marks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for app in ("grids", "registry", "referrals", "wuhu_youth", "templates")
    for path in sorted((ROOT / app).rglob("*"))
    if path.suffix in (".py", ".html", ".sql", ".txt") and path.parent.name != "data"
]
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”）][,;:!?]|[,;:!?][\u4e00-\u9fff“（]|[「」]")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def texts(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        yield re.sub(r"--.*", "", source)
    elif path.suffix != ".py":
        yield re.sub(r'yesno:"[^"]*"', "", source)
    else:
        tree = ast.parse(source)
        # Docstrings and other strings that stand alone are for whoever reads the code.
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
                yield re.sub(r"--.*", "", node.value)  # comments of SQL


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_half_width_punctuation_stands_beside_a_chinese_character(path: Path) -> None:
    for text in texts(path):
        found = HALF_WIDTH.search(text)
        assert found is None, f"…{text[max(0, found.start() - 20) : found.end() + 20]}…"
