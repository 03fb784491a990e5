-- Who a batch that was just merged would bother, by district; caller: registry/feed_work.py, in the batch's transaction.

-- name: handovers
-- By the district that receives; one that leaves the city by the district it leaves.
SELECT left(coalesce(h.to_grid_id, h.from_grid_id), 6), count(*)
FROM registry_handover h JOIN registry_move m ON m.id = h.move_id
WHERE m.batch_id = %(batch)s AND h.state IN ('offered', 'escalated')
GROUP BY 1

-- name: alerts
-- By the district of the young person, or of the grid that is asked to visit; `now()` is when this transaction began.
SELECT left(coalesce(y.grid_id, split_part(a.event_key, ':', 2)), 6), count(*)
FROM grids_alert a LEFT JOIN registry_youth y ON y.id = a.subject_id
WHERE a.created_at >= now() AND (y.id IS NOT NULL OR a.kind = 'candidates')
GROUP BY 1

-- name: candidates
SELECT left(grid_id, 6), count(*) FROM registry_candidate WHERE suggested_at >= now() GROUP BY 1
