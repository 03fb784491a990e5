"""Who is told of a report 问题上报, and until when.

One statement says who must have an alert by now: whoever answers for the grid, and the people of each level that the
report has reached, but not the finder. It is asked when a report is made, when it climbs, and by the sweep: so a change
of worker, a handover or a new cadre is told as well, once, and whoever is no longer asked is let go.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from grids import alerts
from grids.models import Alert, User

from .models import Report

LEVELS = ("grid", "community", "street", "district", "city")

_WANTED = """
WITH waiting AS (
    SELECT r.* FROM referrals_report r
    WHERE r.state = 'new' AND (%(ids)s::uuid[] IS NULL OR r.id = ANY (%(ids)s::uuid[]))
), wanted AS (
    SELECT DISTINCT ON (w.id, asked.user_id) w.id, asked.user_id, asked.level
    FROM waiting w CROSS JOIN LATERAL (
        SELECT a.user_id, 'grid' AS level, 1 AS step FROM grids_responsible a WHERE a.grid_id = w.grid_id
        UNION ALL
        SELECT p.user_id, l.level, l.step
        FROM (VALUES ('community', 2, 12), ('street', 3, 9), ('district', 4, 6), ('city', 5, 4))
            AS l (level, step, digits)
        JOIN grids_post p ON p.role = l.level AND p.division_id = left(w.grid_id, l.digits)
            AND p.starts_on <= current_date AND (p.ends_on IS NULL OR p.ends_on > current_date)
        JOIN grids_user u ON u.id = p.user_id AND u.is_active
        WHERE l.step <= array_position(ARRAY['grid', 'community', 'street', 'district', 'city'], w.level::text)
    ) AS asked
    WHERE asked.user_id <> w.found_by_id
    ORDER BY w.id, asked.user_id, asked.step
), told AS (
    SELECT a.id, a.addressee_id, a.done_at, w.id AS report_id
    FROM waiting w
    JOIN grids_alert a ON a.event_key = ANY (ARRAY[
        'report:' || w.id || ':grid', 'report:' || w.id || ':community', 'report:' || w.id || ':street',
        'report:' || w.id || ':district', 'report:' || w.id || ':city'])
)
"""
_MISSING = (
    _WANTED
    + """
SELECT w.id, w.user_id, w.level FROM wanted w
WHERE NOT EXISTS (SELECT FROM told t WHERE t.report_id = w.id AND t.addressee_id = w.user_id)
ORDER BY w.id, w.user_id
"""
)
# Let go of whoever is no longer asked; ask again whoever is asked once more.
_TURN = (
    _WANTED  # noqa: S608 - of constants
    + """
, turned AS (
    SELECT t.id, t.done_at IS NULL AS goes FROM told t
    LEFT JOIN wanted w ON w.id = t.report_id AND w.user_id = t.addressee_id
    WHERE (t.done_at IS NULL) = (w.id IS NULL)
)
UPDATE grids_alert a SET done_at = CASE WHEN turned.goes THEN now() END,
    read_at = CASE WHEN turned.goes THEN a.read_at END,
    next_try_at = CASE WHEN turned.goes THEN NULL ELSE now() END
FROM turned WHERE turned.id = a.id
RETURNING a.addressee_id
"""
)


def tell(ids: Iterable[UUID] | None = None) -> int:
    """Write the alerts that waiting reports lack (these, or all), and let go of what is no longer asked of somebody."""
    parameters: dict[str, Any] = {"ids": [str(key) for key in ids] if ids is not None else None}
    with connection.cursor() as cursor:
        cursor.execute(_TURN, parameters)
        alerts.poke_after_commit(row[0] for row in cursor.fetchall())
        cursor.execute(_MISSING, parameters)
        missing = cursor.fetchall()
    if not missing:
        return 0
    everyone = Report.objects.everyone(
        because="whoever is asked is told, whatever the area of who does the telling"
    )
    found = everyone.select_related("youth", "grid__community").in_bulk(
        {UUID(str(row[0])) for row in missing}
    )
    return sum(_ask(found[UUID(str(key))], user_id, level) for key, user_id, level in missing)


def _ask(report: Report, user_id: int, level: str) -> int:
    climbed = not report.urgent and LEVELS.index(level) > 0 and level == report.level
    kind = Alert.Kind.REPORT_URGENT if report.urgent else Alert.Kind.REPORT_NEW
    words = "孩子有危险" if report.danger else report.get_kind_display()
    head = "紧急上报" if report.urgent else "问题上报"
    return _raise(
        report,
        level,
        kind,
        f"{head}：{about(report)}，{words}，请{'尽快' if climbed else ''}处理",
        [user_id],
        wants_act=True,
    )


def about(report: Report) -> str:
    """Whom it is about and where, as an alert may say it: nobody in full, no door."""
    where = f"{report.grid.community}{report.grid}"
    if report.youth is not None:
        return f"{report.youth.masked_name}（{where}）"
    return f"{where}一户人家" if report.about == Report.About.HOUSEHOLD else f"{where}一处地方"


def ask_which_authority(report: Report) -> None:
    """The finder of a child in danger is asked until it is answered which authority was told."""
    text = f"孩子有危险：{about(report)}，还没有登记报告了哪个机关，请补上"
    _raise(report, "authority", Alert.Kind.REPORT_AUTHORITY, text, [report.found_by_id], wants_act=True)


def authority_was_told(report: Report) -> None:
    alerts.settle(f"report:{report.pk}:authority")


def ended(report: Report, *, by: User, words: str) -> None:
    """Nobody is asked any more; who found it, or found the same, is told what came of it."""
    for level in LEVELS:
        alerts.settle(f"report:{report.pk}:{level}")
    for each in (report, *report.joined.select_related("youth", "grid__community")):
        if each.found_by_id != by.pk:
            text = f"您上报的问题{words}：{about(each)}，{each.get_kind_display()}"
            _raise(each, "ended", Alert.Kind.REPORT_ANSWERED, text, [each.found_by_id], wants_act=False)


def _raise(
    report: Report, event: str, kind: Alert.Kind, text: str, people: list[int], *, wants_act: bool
) -> int:
    return alerts.raise_alert(
        event_key=f"report:{report.pk}:{event}",
        kind=kind,
        text=text[:200],
        addressees=people,
        path=f"/reports/{report.pk}/",
        subject_id=report.youth_id,
        due_at=report.due_at if wants_act and event in LEVELS else None,
        wants_act=wants_act,
    )
