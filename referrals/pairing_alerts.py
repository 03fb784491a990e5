"""Who is told of pairings 结对帮扶: whoever answers for the youth when contact is due; and when a consent has ended.

An alert names nobody in full, not the mentor and no category.
"""

from typing import Any
from uuid import UUID

from django.db import connection

from grids import alerts
from grids.models import Alert

from .models import Pairing

MOST = 500

# The grid in the key: after a handover it is another event, and another worker is asked.
_DUE = """
SELECT p.id, r.user_id, 'pairing:' || p.id || ':due:' || p.next_due_on || ':' || y.grid_id AS event
FROM referrals_pairing p
JOIN registry_consent c ON c.id = p.consent_id AND (c.ends_on IS NULL OR c.ends_on > current_date)
JOIN registry_youth y ON y.id = p.youth_id AND y.state = 'open'
JOIN grids_responsible r ON r.grid_id = y.grid_id
WHERE p.ends_on IS NULL AND p.next_due_on <= current_date
  AND (%(youth)s::uuid IS NULL OR p.youth_id = %(youth)s::uuid)
  AND NOT EXISTS (SELECT FROM grids_alert a WHERE a.addressee_id = r.user_id
      AND a.event_key = 'pairing:' || p.id || ':due:' || p.next_due_on || ':' || y.grid_id)
ORDER BY p.next_due_on, p.id LIMIT %(most)s
"""
_STOPPED = """
SELECT p.id, told.user_id, 'pairing:' || p.id || ':stopped:' || c.id AS event
FROM referrals_pairing p
JOIN registry_consent c ON c.id = p.consent_id AND c.ends_on <= current_date
JOIN registry_youth y ON y.id = p.youth_id AND y.state = 'open'
JOIN grids_responsible r ON r.grid_id = y.grid_id
CROSS JOIN LATERAL (SELECT r.user_id UNION SELECT p.by_id) AS told (user_id)
WHERE p.ends_on IS NULL AND (%(consent)s::uuid IS NULL OR c.id = %(consent)s::uuid)
  AND NOT EXISTS (SELECT FROM grids_alert a WHERE a.addressee_id = told.user_id
      AND a.event_key = 'pairing:' || p.id || ':stopped:' || c.id)
ORDER BY p.id LIMIT %(most)s
"""


def tell_due(youth_id: UUID | None = None) -> int:
    """Ask whoever answers for the youth, once for each contact that is due."""
    asked = _wanted(_DUE, youth=str(youth_id) if youth_id else None)
    return sum(
        _raise(pairing, event, Alert.Kind.PAIRING_DUE, "的结对帮扶该联系了，请问清情况后登记", user_id)
        for pairing, user_id, event in asked
    )


def tell_stopped(consent_id: UUID | None = None) -> int:
    """Contacts must stop: to whoever answers for the youth and whoever paired."""
    asked = _wanted(_STOPPED, consent=str(consent_id) if consent_id else None)
    for pairing, _, _ in asked:
        no_longer_due(pairing)
    text = "的结对帮扶同意已撤回或到期，请马上告诉结对人不要再联系"
    return sum(
        _raise(pairing, event, Alert.Kind.PAIRING_STOPPED, text, user_id, act=False)
        for pairing, user_id, event in asked
    )


def _wanted(sql: str, **parameters: Any) -> list[tuple[Pairing, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, "most": MOST})
        rows = cursor.fetchall()
    if not rows:
        return []
    everyone = Pairing.objects.everyone(because="whoever answers is told, wherever the youth is")
    found = everyone.select_related("youth").in_bulk({UUID(str(row[0])) for row in rows})
    return [(found[UUID(str(key))], user_id, event) for key, user_id, event in rows]


def _raise(
    pairing: Pairing, event: str, kind: Alert.Kind, text: str, user_id: int, *, act: bool = True
) -> int:
    return alerts.raise_alert(
        event_key=event, kind=kind, text=f"{pairing.youth.masked_name}{text}"[:200], addressees=[user_id],
        path=f"/pairings/{pairing.pk}/", subject_id=pairing.youth_id, wants_act=act,
    )  # fmt: skip


def no_longer_due(pairing: Pairing) -> None:
    alerts.settle(f"pairing:{pairing.pk}:due:")


def goes_on(pairing: Pairing) -> None:
    alerts.settle(f"pairing:{pairing.pk}:stopped:")


def ended(pairing: Pairing) -> None:
    alerts.settle(f"pairing:{pairing.pk}:")
