-- What a change of home means for responsibility; caller: registry/handovers.py.
-- Input: the temporary tables youth_step and family_step made by moves.sql. Every statement that changes a handover
-- writes its history row too.

-- name: cancel
-- Moved back, or moved on to a third place, before anybody accepted.
WITH ended AS (
    UPDATE registry_handover h SET state = 'cancelled', ended_at = now(), ended_by_id = %(by)s,
        cancelled_because = CASE WHEN y.new_grid = y.old_grid THEN 'moved_back' ELSE 'moved_on' END
    FROM youth_step y
    WHERE h.youth_id = y.youth_id AND h.state IN ('offered', 'escalated') AND h.to_grid_id IS DISTINCT FROM y.new_grid
    RETURNING h.*, y.masked, CASE WHEN y.new_grid = y.old_grid THEN '已迁回原网格' ELSE '接收前又迁往别处' END AS because
),
history AS (
    INSERT INTO registry_historicalhandover (id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level,
        offered_at, due_at, ended_at, ended_by_id, return_reason, cancelled_because, note, history_date, history_type, history_change_reason, history_user_id)
    SELECT id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level, offered_at, due_at, ended_at,
        ended_by_id, return_reason, cancelled_because, note, clock_timestamp(), '~', because, %(by)s FROM ended
),
settled AS (
    UPDATE grids_alert a SET done_at = now() FROM ended
    WHERE a.subject_id = ended.youth_id AND a.done_at IS NULL AND a.event_key LIKE 'handover:' || ended.id || ':%%'
    RETURNING a.addressee_id
),
told AS (
    INSERT INTO grids_alert (id, event_key, addressee_id, kind, text, path, subject_id, wants_act)
    SELECT gen_random_uuid(), 'handover:' || ended.id || ':cancelled', side.user_id, 'handover_cancelled',
           ended.masked || '：交接取消，' || ended.because, '/handovers/' || ended.id || '/', ended.youth_id, false
    FROM ended JOIN LATERAL (
        SELECT DISTINCT r.user_id FROM grids_responsible r WHERE r.grid_id IN (ended.from_grid_id, ended.to_grid_id)) AS side ON true
    ON CONFLICT (event_key, addressee_id) DO NOTHING
    RETURNING addressee_id
)
SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM told),
       ARRAY(SELECT addressee_id FROM settled UNION SELECT addressee_id FROM told)

-- name: keep
-- Moved again within the receiving grid, or the destination outside became known: the same handover goes on.
UPDATE registry_handover h SET move_id = y.move_id, destination_code = y.destination
FROM youth_step y
WHERE h.youth_id = y.youth_id AND h.state IN ('offered', 'escalated') AND (h.move_id, h.destination_code) <> (y.move_id, y.destination)

-- name: offer
-- To the new grid (or, out of the city, to the world), due in hours by grade; out of the city in days.
WITH offered AS (
    INSERT INTO registry_handover (youth_id, move_id, from_grid_id, to_grid_id, destination_code, offered_at, due_at, return_reason)
    SELECT y.youth_id, y.move_id, y.old_grid, y.new_grid, CASE WHEN y.new_grid IS NULL THEN y.destination ELSE '' END,
           statement_timestamp(), statement_timestamp() + CASE WHEN y.new_grid IS NULL THEN %(out_days)s * interval '1 day'
                        WHEN y.grade = 'A' THEN %(hours_a)s * interval '1 hour' ELSE %(hours)s * interval '1 hour' END, ''
    FROM youth_step y
    WHERE y.new_grid IS DISTINCT FROM y.old_grid
      AND NOT EXISTS (SELECT FROM registry_handover h WHERE h.youth_id = y.youth_id AND h.state IN ('offered', 'escalated'))
    RETURNING *
),
history AS (
    INSERT INTO registry_historicalhandover (id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level,
        offered_at, due_at, ended_at, ended_by_id, return_reason, cancelled_because, note, history_date, history_type, history_change_reason, history_user_id)
    SELECT id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level, offered_at, due_at, ended_at,
        ended_by_id, return_reason, cancelled_because, note, clock_timestamp(), '+', %(reason)s, %(by)s FROM offered
),
place AS (
    SELECT o.*, y.masked, extract(year FROM age(y.birth_on))::int AS years, n.name AS new_name,
        regexp_replace(regexp_replace(c.name, '(居民委员会|居委会)$', ''), '(村)?(村民委员会|村委会)$', '村') AS new_community
    FROM offered o JOIN youth_step y USING (youth_id)
    LEFT JOIN grids_grid n ON n.code = o.to_grid_id LEFT JOIN grids_division c ON c.code = n.community_id
),
told AS (
    INSERT INTO grids_alert (id, event_key, addressee_id, kind, text, path, subject_id, due_at, wants_act)
    SELECT gen_random_uuid(), 'handover:' || p.id || ':offered', r.user_id, 'handover_offered',
           p.masked || '，' || p.years || ' 岁，迁入' || p.new_community || p.new_name || '，请接收', '/handovers/' || p.id || '/', p.youth_id, p.due_at, true
    FROM place p JOIN grids_responsible r ON r.grid_id = p.to_grid_id
    UNION ALL
    SELECT gen_random_uuid(), 'handover:' || p.id || ':leaving', r.user_id, 'handover_leaving',
           CASE WHEN p.to_grid_id IS NULL THEN p.masked || '迁出本市，请联系迁往地并记录答复，答复前仍由您负责'
                ELSE p.masked || '迁往' || p.new_community || p.new_name || '，对方接收前仍由您负责' END,
           '/handovers/' || p.id || '/', p.youth_id, p.due_at, true
    FROM place p JOIN grids_responsible r ON r.grid_id = p.from_grid_id
    LEFT JOIN grids_responsible receiver ON receiver.grid_id = p.to_grid_id
    WHERE r.user_id IS DISTINCT FROM receiver.user_id
    ON CONFLICT (event_key, addressee_id) DO NOTHING
    RETURNING addressee_id
)
SELECT (SELECT count(*) FROM offered), (SELECT count(*) FROM told), ARRAY(SELECT DISTINCT addressee_id FROM told)

-- name: moved_nearby
-- Another door of the same grid: the worker only needs to know where.
WITH told AS (
    INSERT INTO grids_alert (id, event_key, addressee_id, kind, text, path, subject_id, wants_act)
    SELECT gen_random_uuid(), 'address:' || y.move_id, r.user_id, 'address_changed', y.masked || '在本网格内搬了家',
           '/youths/' || y.youth_id || '/', y.youth_id, false
    FROM youth_step y JOIN grids_responsible r ON r.grid_id = y.old_grid
    WHERE y.new_grid = y.old_grid AND y.new_dwelling IS DISTINCT FROM y.old_dwelling
      AND y.old_dwelling IN (SELECT id FROM registry_dwelling WHERE grid_id = y.old_grid)
    ON CONFLICT (event_key, addressee_id) DO NOTHING
    RETURNING addressee_id
)
SELECT 0, (SELECT count(*) FROM told), ARRAY(SELECT DISTINCT addressee_id FROM told)

-- name: family_left
WITH told AS (
    INSERT INTO grids_alert (id, event_key, addressee_id, kind, text, path, subject_id, wants_act)
    SELECT gen_random_uuid(), 'family:' || f.move_id || ':' || f.youth_id, r.user_id, 'family_moved',
           f.masked || '的家人搬走了，请走访看看谁在照顾', '/youths/' || f.youth_id || '/', f.youth_id, true
    FROM family_step f JOIN grids_responsible r ON r.grid_id = f.old_grid
    WHERE f.youth_id NOT IN (SELECT youth_id FROM youth_step)
    ON CONFLICT (event_key, addressee_id) DO NOTHING
    RETURNING addressee_id
)
SELECT 0, (SELECT count(*) FROM told), ARRAY(SELECT DISTINCT addressee_id FROM told)

-- name: escalate
-- Due and nobody accepted: one level up, with a new due moment, and an alert to whoever leads that level.
-- Out of the city the old side's levels are the ones asked. The city is the last level: it stays there, still open.
WITH late AS (
    SELECT id, CASE level WHEN 'grid' THEN 'community' WHEN 'community' THEN 'street' WHEN 'street' THEN 'district' ELSE 'city' END AS next
    FROM registry_handover
    WHERE state IN ('offered', 'escalated') AND level <> 'city' AND due_at <= %(now)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
),
raised AS (
    UPDATE registry_handover h SET state = 'escalated', level = late.next, due_at = %(now)s + %(hours)s * interval '1 hour'
    FROM late WHERE h.id = late.id
    RETURNING h.*
),
history AS (
    INSERT INTO registry_historicalhandover (id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level,
        offered_at, due_at, ended_at, ended_by_id, return_reason, cancelled_because, note, history_date, history_type, history_change_reason, history_user_id)
    SELECT id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level, offered_at, due_at, ended_at,
        ended_by_id, return_reason, cancelled_because, note, clock_timestamp(), '~', '超时未接收，上报', NULL FROM raised
)
SELECT id FROM raised

-- name: missing_alerts
-- Everyone who must act on an open handover today has its alert: the lead of the level it has reached, and the two
-- responsible persons, whoever they are by now. What was told already is not told again.
WITH wanted AS (
    SELECT h.id, h.youth_id, h.due_at, h.level, h.to_grid_id, r.user_id, 'offered' AS event
    FROM registry_handover h JOIN grids_responsible r ON r.grid_id = h.to_grid_id
    WHERE h.state IN ('offered', 'escalated')
    UNION ALL
    SELECT h.id, h.youth_id, h.due_at, h.level, h.to_grid_id, r.user_id, 'leaving'
    FROM registry_handover h JOIN grids_responsible r ON r.grid_id = h.from_grid_id
    LEFT JOIN grids_responsible receiver ON receiver.grid_id = h.to_grid_id
    WHERE h.state IN ('offered', 'escalated') AND r.user_id IS DISTINCT FROM receiver.user_id
    UNION ALL
    SELECT h.id, h.youth_id, h.due_at, h.level, h.to_grid_id, p.user_id, 'escalated:' || h.level
    FROM registry_handover h
    JOIN LATERAL (
        SELECT user_id FROM grids_post p
        WHERE p.is_lead AND p.starts_on <= current_date AND (p.ends_on IS NULL OR p.ends_on > current_date)
          AND p.division_id = left(coalesce(h.to_grid_id, h.from_grid_id),
              CASE h.level WHEN 'community' THEN 12 WHEN 'street' THEN 9 WHEN 'district' THEN 6 ELSE 4 END)) AS p ON true
    WHERE h.state = 'escalated'
)
SELECT w.id::text, w.youth_id::text, y.name, w.user_id, w.event, w.due_at, w.to_grid_id
FROM wanted w JOIN registry_youth y ON y.id = w.youth_id
WHERE NOT EXISTS (
    SELECT FROM grids_alert a
    WHERE a.event_key = 'handover:' || w.id || ':' || w.event AND a.addressee_id = w.user_id)
ORDER BY w.id, w.event
