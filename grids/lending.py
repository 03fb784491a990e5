"""Rights for a while beside those of posts and assignments: a higher app lends them, and tells this one when it starts.

What is lent is asked for in the very statement that reads a person's posts (and again in that of the assignments, for
whoever has no post): a page pays no statement for it, and what has ended is not there the next time it is asked.
Somebody without a post and without a grid has nothing to lend to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models.expressions import BaseExpression

# The user's id → an expression that gives a list of {id, what, code, subject}: what is lent at this moment.
Lender = Callable[[int], BaseExpression]
_lenders: list[Lender] = []


@dataclass(frozen=True)
class Loan:
    """One right for a while. It holds under `code` only; `subject` is the single file it is about, if it is of one."""

    id: UUID
    what: str
    code: str
    subject: UUID | None

    @property
    def number(self) -> str:
        """How people and the readings name it."""
        return number_of(self.id)

    @classmethod
    def read(cls, row: dict[str, Any]) -> "Loan":
        return cls(
            UUID(row["id"]), row["what"], row["code"], UUID(row["subject"]) if row["subject"] else None
        )


def number_of(key: UUID) -> str:
    """The first eight digits of a grant's id: enough to find it again, short enough to read out."""
    return key.hex[:8].upper()


def on_lend(lender: Lender) -> None:
    """Have this say what is lent to whom. An app calls it once, when it starts."""
    _lenders[:] = [lender]


def lent(user_id: int) -> dict[str, BaseExpression]:
    """The annotation for a queryset of this person's posts or assignments."""
    return {"lent": _lenders[0](user_id)} if _lenders else {}
