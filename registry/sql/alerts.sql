-- Alerts that the course of things has overtaken; caller: registry/overtaken.py.

-- name: settle
-- Done: what was asked for came about in another way, or is now asked of somebody else.
WITH overtaken AS (
    SELECT a.id
    FROM grids_alert a JOIN registry_youth y ON y.id = a.subject_id
    LEFT JOIN registry_handover h ON h.youth_id = y.id AND h.id::text = split_part(a.event_key, ':', 2)
    LEFT JOIN grids_responsible receiver ON receiver.grid_id = h.to_grid_id
    LEFT JOIN grids_responsible giver ON giver.grid_id = h.from_grid_id
    WHERE a.done_at IS NULL AND a.wants_act AND (
        -- A report waits for its answer, whatever becomes of the file.
        (y.state = 'closed' AND NOT starts_with(a.kind, 'report_'))
        -- Settled again, or offered again: nothing is left to find out.
        OR (a.kind IN ('handover_returned', 'handover_answered') AND (y.lives_in = y.grid_id OR EXISTS (
            SELECT FROM registry_handover o WHERE o.youth_id = y.id AND o.state IN ('offered', 'escalated'))))
        -- Somebody has been there since.
        OR (a.kind = 'family_moved' AND EXISTS (
            SELECT FROM registry_visit v WHERE v.youth_id = y.id AND v.created_at > a.created_at))
        OR (a.kind IN ('handover_offered', 'handover_leaving', 'handover_escalated')
            AND h.state NOT IN ('offered', 'escalated'))
        -- Another person answers for the grid now, and has an alert of his or her own.
        OR (a.kind = 'handover_offered' AND receiver.user_id IS DISTINCT FROM a.addressee_id)
        OR (a.kind = 'handover_leaving' AND giver.user_id IS DISTINCT FROM a.addressee_id))
    ORDER BY a.id
    FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE grids_alert a SET done_at = now(), next_try_at = NULL
FROM overtaken WHERE a.id = overtaken.id
RETURNING a.addressee_id

-- name: reopen
-- The person answers for the grid once more while the handover is still open: the old alert is new again.
UPDATE grids_alert a SET done_at = NULL, read_at = NULL, delivered_at = NULL, attempts = 0, next_try_at = now()
FROM registry_handover h, registry_youth y, grids_responsible r
WHERE a.done_at IS NOT NULL AND a.subject_id = h.youth_id AND h.state IN ('offered', 'escalated')
  AND y.id = h.youth_id AND y.state = 'open'
  AND r.user_id = a.addressee_id
  AND ((a.event_key = 'handover:' || h.id || ':offered' AND r.grid_id = h.to_grid_id)
       OR (a.event_key = 'handover:' || h.id || ':leaving' AND r.grid_id = h.from_grid_id
           AND NOT EXISTS (SELECT FROM grids_responsible o WHERE o.grid_id = h.to_grid_id AND o.user_id = a.addressee_id)))
RETURNING a.addressee_id
