"""What a file would do, or did, in the words of its page: figures and reasons, no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grids.models import Division

_MOVES = (("in", "moves_in", "迁入"), ("out", "moves_out", "迁出"), ("within", "moves_within", "市内迁移"))


@dataclass(frozen=True)
class District:
    """One row of the table by district; figures are people."""

    name: str
    moves_in: int
    moves_out: int
    within: int
    handovers: int
    alerts: int
    candidates: int


class Report:
    """Reads the counts of a batch or of a test run; whatever is missing is nought."""

    def __init__(self, counts: Mapping[str, Any]) -> None:
        self._counts = counts

    def __bool__(self) -> bool:
        return "rows" in self._counts

    def _number(self, key: str) -> int:
        return int(self._counts.get(key) or 0)

    @property
    def is_held(self) -> bool:
        return bool(self._counts.get("held"))

    @property
    def rejected(self) -> int:
        return self._number("rejected")

    @property
    def figures(self) -> list[tuple[str, int, str]]:
        """(label, number, tone)."""
        changed = self._number("accepted") - self._number("unchanged")
        shown = [
            ("行", self._number("rows"), ""),
            ("接受", self._number("accepted"), ""),
            ("有变化", changed, ""),
            ("无变化", self._number("unchanged"), ""),
            ("退回", self.rejected, "late" if self.rejected else ""),
        ]
        if self.has_moves:
            shown += [(label, self._number(key), "") for _, key, label in _MOVES]
        return shown + [
            (label, self._number(key), "")
            for key, label in (("handovers", "交接"), ("alerts", "提醒"), ("candidates", "线索"))
        ]

    @property
    def has_moves(self) -> bool:
        return "by_district" in self._counts or any(self._number(key) for _, key, _ in _MOVES)

    @property
    def absent(self) -> int:
        """People of the city who are not in a full file."""
        return self._number("absent")

    @property
    def unknown_columns(self) -> str:
        return "、".join(self._counts.get("unknown_columns") or [])

    @property
    def reasons(self) -> list[list[Any]]:
        return list(self._counts.get("reasons") or [])

    @property
    def lines(self) -> list[list[str]]:
        return list(self._counts.get("lines") or [])

    @cached_property
    def districts(self) -> list[District]:
        """Every district that anything happens in, in the order of the codes; what lies in none of them is left out."""
        moves = self._counts.get("by_district") or {}
        handovers = self._counts.get("handovers_by_district") or {}
        alerts = self._counts.get("alerts_by_district") or {}
        candidates = self._counts.get("candidates_by_district") or {}
        codes = sorted({*moves, *handovers, *alerts, *candidates})
        names = {row.pk: row.name for row in Division.objects.filter(pk__in=codes)} if codes else {}
        return [
            District(
                names[code],
                int(moves.get(code, {}).get("in", 0)),
                int(moves.get(code, {}).get("out", 0)),
                int(moves.get(code, {}).get("within", 0)),
                int(handovers.get(code, 0)),
                int(alerts.get(code, 0)),
                int(candidates.get(code, 0)),
            )
            for code in codes
            if code in names
        ]
