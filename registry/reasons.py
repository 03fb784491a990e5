"""Reasons are narrower than people: the one place that decides what of a file's categories a person may know.

`custody_child` and `misconduct` (Category.is_private) are known only to those with the need-to-know permission in
that area. To everyone else the youth is on the register "for care" 关爱对象, and nothing searchable gives it away.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from grids.lending import Loan
from grids.models import User
from grids.permissions import Permission

from .codes import GuardianStatus
from .models.categories import Category

if TYPE_CHECKING:
    from .models.youths import Youth

CARE = "关爱对象"

# Where a guardian is can be the reason itself. To those who may not know, such a guardian is like one of whom nothing
# is known: a word of its own ("不在家") would say the same as the real one.
PRIVATE_STATUSES = frozenset({GuardianStatus.IN_PRISON, GuardianStatus.IN_DETOX, GuardianStatus.DETAINED})


def knows_reasons(user: User, grid_code: str) -> bool:
    return user.may_in(Permission.KNOW_REASONS, grid_code)


def knows_reasons_of(user: User, youth: "Youth") -> bool:
    """Whether the user may read the reasons of this file: by post, or by a grant 临时授权 that runs.

    To write (add, end) wants the post: `knows_reasons`.
    """
    return knows_reasons(user, youth.grid_id) or reason_loan(user, youth) is not None


def reason_loan(user: User, youth: "Youth") -> Loan | None:
    """The grant by which the user knows the reasons of this file."""
    return next((loan for loan in user.loans if loan.what == "reason" and holds_for(loan, youth)), None)


def holds_for(loan: Loan, youth: "Youth") -> bool:
    """Whether a grant reaches this file: the one it is about, in the area whose manager gave it."""
    return youth.grid_id.startswith(loan.code) and loan.subject in (None, youth.pk)


def status_shown(status: str, *, knows: bool) -> GuardianStatus:
    """The status of a guardian that a person may read who knows the reasons there, or does not."""
    hidden = status in PRIVATE_STATUSES and not knows
    return GuardianStatus.UNKNOWN if hidden else GuardianStatus(status)


def knows_all_reasons(user: User, permission: Permission = Permission.SEE_YOUTHS) -> bool:
    """Whether the user knows the reasons everywhere in the area of sight; lists offer private categories only then."""
    sight = user.prefixes(permission)
    return bool(sight) and all(knows_reasons(user, prefix) for prefix in sight)


def visible_mask(user: User, categories: list[Category]) -> int:
    """The bits of the categories that lists may show to, filter by and count for this user."""
    private_too = knows_all_reasons(user)
    return reduce(or_, (c.bit for c in categories if private_too or not c.is_private), 0)


def category_labels(mask: int, categories: list[Category], *, allowed: int) -> list[str]:
    """Short names of the categories in `mask` that are in `allowed`; 关爱对象 when none may be named."""
    labels = [c.short_name for c in categories if c.bit & mask & allowed]
    return labels or [CARE]
