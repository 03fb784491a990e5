"""The invariants of the register (ARCHITECTURE section 2) and the equality of every maintained copy, as SQL.

Each check selects the keys of what breaks it: none, when all is well. Keys are internal ids and codes, never names.
"""

from typing import TypedDict

from django.db import connection

from . import presence, register_counts, register_row

CHECKS: dict[str, str] = {
    "residence_one_current": """
        SELECT resident_id::text FROM registry_residence WHERE ends_on IS NULL
        GROUP BY resident_id HAVING count(*) > 1""",
    "residence_periods_apart": """
        SELECT resident_id::text FROM (
            SELECT resident_id, starts_on,
                lag(coalesce(ends_on, 'infinity')) OVER (PARTITION BY resident_id ORDER BY starts_on) AS before
            FROM registry_residence) AS period
        WHERE before > starts_on""",
    "grid_one_responsible_person": """
        SELECT g.code FROM grids_grid g LEFT JOIN grids_responsible r ON r.grid_id = g.code
        LEFT JOIN grids_user u ON u.id = r.user_id
        WHERE g.retired_on IS NULL AND u.is_active IS NOT TRUE""",
    "grid_one_lead": """
        SELECT grid_id FROM grids_assignment
        WHERE kind = 'lead' AND starts_on <= current_date AND (ends_on IS NULL OR ends_on > current_date)
        GROUP BY grid_id HAVING count(*) > 1""",
    "city_has_lead": """
        SELECT d.code FROM grids_division d
        WHERE d.level = 'city' AND EXISTS (SELECT FROM grids_grid) AND NOT EXISTS (
            SELECT FROM grids_post p WHERE p.division_id = d.code AND p.is_lead AND p.starts_on <= current_date
            AND (p.ends_on IS NULL OR p.ends_on > current_date))""",
    "youth_one_open_handover": """
        SELECT youth_id::text FROM registry_handover WHERE state IN ('offered', 'escalated')
        GROUP BY youth_id HAVING count(*) > 1""",
    "handover_leaves_the_responsible_grid": """
        SELECT h.id::text FROM registry_handover h JOIN registry_youth y ON y.id = h.youth_id
        WHERE h.state IN ('offered', 'escalated') AND (h.from_grid_id <> y.grid_id OR y.state <> 'open')""",
    "handover_follows_the_home": """
        SELECT h.id::text FROM registry_handover h JOIN registry_youth y ON y.id = h.youth_id
        WHERE h.state IN ('offered', 'escalated') AND coalesce(h.to_grid_id, '') <> y.lives_in""",
    "moved_youth_has_a_handover": """
        SELECT y.id::text FROM registry_youth y
        WHERE y.state = 'open' AND y.lives_in <> y.grid_id AND NOT EXISTS (
            SELECT FROM registry_handover h
            WHERE h.youth_id = y.id AND h.state IN ('offered', 'escalated', 'returned', 'answered'))""",
    "enrolment_one_open_per_category": """
        SELECT youth_id::text FROM registry_enrolment WHERE ends_on IS NULL
        GROUP BY youth_id, category_id HAVING count(*) > 1""",
    "enrolment_open_only_on_open_file": """
        SELECT e.id::text FROM registry_enrolment e JOIN registry_youth y ON y.id = e.youth_id
        WHERE e.ends_on IS NULL AND y.state <> 'open'""",
    "youth_without_category_has_reason": """
        SELECT y.id::text FROM registry_youth y
        WHERE y.opened_reason IS NULL AND NOT EXISTS (SELECT FROM registry_enrolment e WHERE e.youth_id = y.id)""",
    "one_resident_per_id_number": """
        SELECT min(id)::text FROM registry_resident WHERE id_number_index IS NOT NULL
        GROUP BY id_number_index HAVING count(*) > 1""",
    "one_alert_per_event_and_addressee": """
        SELECT min(id::text) FROM grids_alert GROUP BY event_key, addressee_id HAVING count(*) > 1""",
    "open_handover_has_alert": """
        SELECT h.id::text FROM registry_handover h JOIN grids_responsible r ON r.grid_id = h.to_grid_id
        WHERE h.state = 'offered' AND h.offered_at < now() - interval '2 minutes' AND NOT EXISTS (
            SELECT FROM grids_alert a WHERE a.subject_id = h.youth_id AND a.addressee_id = r.user_id
            AND a.event_key LIKE 'handover:' || h.id || ':%')""",
    # What triggers check for whole statements (migration 0023), as foreign keys would check it row by row.
    "residence_names_what_exists": """
        SELECT r.id::text FROM registry_residence r
        WHERE NOT EXISTS (SELECT FROM registry_batch b WHERE b.id = r.batch_id) AND r.batch_id IS NOT NULL
           OR NOT EXISTS (SELECT FROM registry_source s WHERE s.code = r.source_id) AND r.source_id IS NOT NULL""",
    "move_names_what_exists": """
        SELECT m.id::text FROM registry_move m
        LEFT JOIN registry_batch b ON b.id = m.batch_id LEFT JOIN registry_source s ON s.code = m.source_id
        LEFT JOIN grids_grid g ON g.code = m.from_grid_id LEFT JOIN grids_grid h ON h.code = m.to_grid_id
        LEFT JOIN registry_dwelling d ON d.id = m.from_dwelling_id
        LEFT JOIN registry_dwelling e ON e.id = m.to_dwelling_id
        WHERE m.batch_id IS NOT NULL AND b.id IS NULL OR m.source_id IS NOT NULL AND s.code IS NULL
           OR m.from_grid_id IS NOT NULL AND g.code IS NULL OR m.to_grid_id IS NOT NULL AND h.code IS NULL
           OR m.from_dwelling_id IS NOT NULL AND d.id IS NULL OR m.to_dwelling_id IS NOT NULL AND e.id IS NULL""",
    "register_row_equals_sources": register_row.DIFFERING,
    "presence_equals_sources": presence.DIFFERING,
    "register_counts_equal_files": register_counts.DIFFERING,
}
_EXAMPLES = 5


class Finding(TypedDict):
    check: str
    ok: bool
    count: int
    examples: list[str]


def findings() -> list[Finding]:
    """Run every check; `examples` are up to five keys of what breaks it. Wrap in a transaction for one snapshot."""
    results: list[Finding] = []
    with connection.cursor() as cursor:
        for name, sql in CHECKS.items():
            cursor.execute(f"SELECT count(*), (array_agg(key))[1:{_EXAMPLES}] FROM ({sql}) AS broken (key)")  # noqa: S608
            count, examples = cursor.fetchone()
            results.append({"check": name, "ok": count == 0, "count": count, "examples": examples or []})
    return results
