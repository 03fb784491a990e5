"""Alerts that the course of things has overtaken: done by the sweep, so that an inbox holds only what waits.

What a verb itself ends (a handover accepted, returned, answered) it settles at once. The rest ends by something that
knows nothing of the alert: a visit, a correction of the address, a closed file, a change of worker.
"""

from django.db import connection, transaction

from grids import alerts

from .sql import statements


@transaction.atomic
def settle_overtaken() -> int:
    """Returns how many alerts were settled, or opened again for somebody who answers for the grid once more."""
    sql = statements("alerts.sql")
    touched: list[int] = []
    with connection.cursor() as cursor:
        for name in ("settle", "reopen"):
            cursor.execute(sql[name])
            touched += [row[0] for row in cursor.fetchall()]
    alerts.poke_after_commit(touched)
    return len(touched)
