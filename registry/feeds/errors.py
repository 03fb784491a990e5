"""What a file's rows are refused for, and how many rows there were."""

from collections.abc import Iterable, Mapping, Sequence

from .rows import RowError


class Errors:
    """Refused rows by line, with the reasons of each; `rows` counts every row that is not blank."""

    def __init__(self) -> None:
        self.rows = 0
        self.withheld: set[int] = set()
        self._by_line: dict[int, list[RowError]] = {}

    def add(self, error: RowError) -> None:
        self._by_line.setdefault(error.line, []).append(error)

    def extend(self, errors: Iterable[RowError]) -> None:
        for error in errors:
            self.add(error)

    def withhold(self, line: int) -> None:
        """Nothing of this row may be kept: the errors sheet names the line and the reason only."""
        self.withheld.add(line)

    @property
    def by_line(self) -> Mapping[int, Sequence[RowError]]:
        return self._by_line

    @property
    def rejected(self) -> int:
        return len(self._by_line)
