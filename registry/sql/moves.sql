-- Changes of residence, from the staged rows to moves, handovers and alerts; caller: registry/moves.py.
-- Rows that a batch changes are remembered with their images, so that the batch can be undone (feed_undo.sql).
-- Input: the temporary table staged_residence (line, resident_id, dwelling_id, grid_id, starts_on, destination), dwelling_id
-- and grid_id NULL when the person left the city. The number of statements does not depend on the number of rows.

-- name: lock
-- Always in order of id, so that two batches, or a batch and a worker's form, wait for each other and never deadlock.
SELECT count(*) FROM (
    SELECT FROM registry_resident WHERE id IN (SELECT resident_id FROM staged_residence)
    ORDER BY id FOR NO KEY UPDATE
) AS locked

-- name: classify
-- What each staged row says beside what is known:
--   move       a residence that starts after the current one (or an arrival)
--   correct    another dwelling for the same start: the earlier row was wrong, this is no second move
--   unchanged  known already, or nothing new
--   conflict   the same person on the same day in two places within this file
--   late       starts before the current residence and is not known from the past
DROP TABLE IF EXISTS residence_step;
CREATE TEMPORARY TABLE residence_step ON COMMIT DROP AS
WITH known AS (
    SELECT person.resident_id, c.id AS current_id, c.dwelling_id AS current_dwelling, home.grid_id AS current_grid,
           c.starts_on AS current_start, p.id AS last_id, p.dwelling_id AS last_dwelling, p.ends_on AS last_end
    FROM (SELECT resident_id, min(starts_on) AS first_start FROM staged_residence GROUP BY resident_id) AS person
    LEFT JOIN registry_residence c ON c.resident_id = person.resident_id AND c.ends_on IS NULL
    LEFT JOIN registry_dwelling home ON home.id = c.dwelling_id
    -- What was before the current home matters only to rows that do not come after it.
    LEFT JOIN LATERAL (
        SELECT * FROM registry_residence r WHERE r.resident_id = person.resident_id AND r.ends_on IS NOT NULL
            AND (c.starts_on < person.first_start) IS NOT TRUE
        ORDER BY r.starts_on DESC LIMIT 1) AS p ON true
),
judged AS (
    SELECT s.line, s.resident_id, s.dwelling_id, s.grid_id, s.starts_on, s.destination,
           k.current_id, k.current_dwelling, k.current_grid, k.last_id, k.last_dwelling, k.last_end, k.current_start,
           first_value(s.line) OVER same_day AS first_line,
           first_value(s.dwelling_id) OVER same_day AS first_dwelling,
           CASE
               WHEN k.current_id IS NOT NULL THEN CASE
                   WHEN s.starts_on > k.current_start THEN 'move'
                   WHEN s.dwelling_id = k.current_dwelling THEN 'unchanged'
                   WHEN s.starts_on = k.current_start
                        AND (s.dwelling_id IS NOT NULL OR k.last_end = k.current_start) THEN 'correct'
                   WHEN EXISTS (
                       SELECT FROM registry_residence r WHERE r.resident_id = s.resident_id
                           AND r.starts_on = s.starts_on AND r.dwelling_id = s.dwelling_id) THEN 'unchanged'
                   ELSE 'late' END
               -- A departure of somebody who is not here: nothing new, unless this file says that he or she came before.
               WHEN s.dwelling_id IS NULL AND s.starts_on <= k.last_end THEN 'unchanged'
               WHEN k.last_id IS NULL OR s.starts_on > k.last_end THEN 'move'
               WHEN s.starts_on = k.last_end THEN 'correct'
               WHEN EXISTS (
                   SELECT FROM registry_residence r WHERE r.resident_id = s.resident_id
                       AND r.starts_on = s.starts_on AND r.dwelling_id = s.dwelling_id) THEN 'unchanged'
               ELSE 'late'
           END AS verdict
    FROM staged_residence s
    JOIN known k USING (resident_id)
    WINDOW same_day AS (PARTITION BY s.resident_id, s.starts_on ORDER BY s.line)
),
single AS (
    SELECT *, CASE
            WHEN line <> first_line AND dwelling_id IS NOT DISTINCT FROM first_dwelling THEN 'unchanged'
            WHEN line <> first_line THEN 'conflict'
            ELSE verdict END AS judgement
    FROM judged
),
-- The chain of later residences, on top of the current one as corrected.
chained AS (
    SELECT single.*,
           CASE WHEN judgement = 'move' THEN
               CASE WHEN row_number() OVER chain > 1 THEN lag(single.dwelling_id) OVER chain
                    WHEN fixed.line IS NULL THEN current_dwelling ELSE fixed.dwelling_id END
           END AS came_from,
           CASE WHEN judgement = 'move' THEN
               CASE WHEN row_number() OVER chain > 1 THEN lag(single.grid_id) OVER chain
                    WHEN fixed.line IS NULL THEN current_grid ELSE fixed.grid_id END
           END AS came_from_grid
    FROM single
    LEFT JOIN LATERAL (
        SELECT f.dwelling_id, f.grid_id, f.line FROM single f
        WHERE f.resident_id = single.resident_id AND f.judgement = 'correct') AS fixed ON true
    WINDOW chain AS (PARTITION BY single.resident_id, single.judgement ORDER BY single.starts_on)
)
SELECT line, resident_id, dwelling_id, grid_id, starts_on, coalesce(destination, '') AS destination, current_id,
       current_dwelling, current_start, last_id, last_dwelling, last_end, first_line, came_from, came_from_grid,
       CASE WHEN judgement = 'move' AND dwelling_id IS NOT DISTINCT FROM came_from THEN 'unchanged' ELSE judgement END AS verdict,
       gen_random_uuid() AS move_id
FROM chained

-- name: index
CREATE INDEX ON residence_step (resident_id, verdict)

-- name: analyze
ANALYZE residence_step

-- name: verdicts
SELECT count(*) FILTER (WHERE verdict = 'unchanged'),
       count(*) FILTER (WHERE verdict = 'move' AND came_from IS NULL),
       count(*) FILTER (WHERE verdict = 'move' AND dwelling_id IS NULL),
       count(*) FILTER (WHERE verdict = 'move' AND came_from IS NOT NULL AND dwelling_id IS NOT NULL),
       count(*) FILTER (WHERE verdict = 'correct')
FROM residence_step

-- name: refused
SELECT line, verdict, first_line, current_start, last_end FROM residence_step WHERE verdict IN ('conflict', 'late') ORDER BY line

-- name: correct_moves
-- The move that the wrong row made now says what is right; where nothing remains of it, it is void.
WITH wrong AS (
    SELECT s.*, d.grid_id AS to_grid, m.id AS wrong_move, m.kind AS wrong_kind, m.from_dwelling_id AS wrong_from,
           coalesce(current_id IS NULL AND dwelling_id = last_dwelling
                    OR last_end = current_start AND dwelling_id = last_dwelling
                    OR dwelling_id IS NULL AND m.kind = 'in', false) AS is_void
    FROM residence_step s
    LEFT JOIN registry_dwelling d ON d.id = s.dwelling_id
    JOIN LATERAL (
        SELECT id, kind, from_dwelling_id FROM registry_move
        WHERE resident_id = s.resident_id AND moved_on = s.starts_on AND voided_at IS NULL
        ORDER BY recorded_at DESC LIMIT 1) AS m ON true
    WHERE s.verdict = 'correct'
),
former AS (
    SELECT m.id, to_jsonb(m) AS image FROM registry_move m JOIN wrong ON m.id = wrong.wrong_move
),
changed AS (
    UPDATE registry_move m SET
        corrected_at = now(),
        voided_at = CASE WHEN is_void THEN now() END,
        to_dwelling_id = CASE WHEN is_void THEN m.to_dwelling_id ELSE wrong.dwelling_id END,
        to_grid_id = CASE WHEN is_void THEN m.to_grid_id ELSE wrong.to_grid END,
        destination_code = CASE WHEN is_void THEN m.destination_code ELSE wrong.destination END,
        kind = CASE WHEN is_void THEN m.kind WHEN wrong.dwelling_id IS NULL THEN 'out'
                    WHEN wrong_from IS NULL THEN 'in' ELSE 'within' END
    FROM wrong WHERE m.id = wrong.wrong_move
    RETURNING m.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_move', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id) WHERE %(batch)s IS NOT NULL

-- name: correct_moves_without_one
-- The first residence of a person has no move; a correction that may hand a youth over needs one to stand on.
INSERT INTO registry_move (id, resident_id, kind, from_dwelling_id, from_grid_id, to_dwelling_id, to_grid_id, destination_code,
                           moved_on, corrected_at, source_id, batch_id, reported_by_id)
SELECT s.move_id, s.resident_id, 'within', old.id, old.grid_id, d.id, d.grid_id, '', s.starts_on, now(),
       %(source)s, %(batch)s, %(by)s
FROM residence_step s
JOIN registry_dwelling d ON d.id = s.dwelling_id
JOIN registry_dwelling old ON old.id = s.current_dwelling
WHERE s.verdict = 'correct'
  AND NOT EXISTS (SELECT FROM registry_move m WHERE m.resident_id = s.resident_id AND m.moved_on = s.starts_on)

-- name: correct_remove
-- Moved in by mistake and never left the place before, or left the city on that day: the wrong residence goes.
WITH changed AS (
    DELETE FROM registry_residence r USING residence_step s
    WHERE s.verdict = 'correct' AND r.id = s.current_id AND s.last_end = s.current_start
      AND (s.dwelling_id IS NULL OR s.dwelling_id = s.last_dwelling)
    RETURNING r.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_residence', id::text, to_jsonb(changed), NULL FROM changed WHERE %(batch)s IS NOT NULL

-- name: correct_reopen
WITH reopened AS (
    SELECT s.last_id AS id FROM residence_step s
    WHERE s.verdict = 'correct' AND s.dwelling_id = s.last_dwelling AND s.last_end = coalesce(s.current_start, s.last_end)
),
former AS (
    SELECT r.id, to_jsonb(r) AS image FROM registry_residence r JOIN reopened USING (id)
),
changed AS (
    UPDATE registry_residence r SET ends_on = NULL FROM reopened WHERE r.id = reopened.id
    RETURNING r.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_residence', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id) WHERE %(batch)s IS NOT NULL

-- name: correct_place
WITH wrong AS (
    SELECT s.current_id AS id, s.dwelling_id FROM residence_step s
    WHERE s.verdict = 'correct' AND s.dwelling_id IS NOT NULL AND s.current_id IS NOT NULL
      AND (s.last_end IS DISTINCT FROM s.current_start OR s.dwelling_id IS DISTINCT FROM s.last_dwelling)
),
former AS (
    SELECT r.id, to_jsonb(r) AS image FROM registry_residence r JOIN wrong USING (id)
),
changed AS (
    UPDATE registry_residence r SET dwelling_id = wrong.dwelling_id FROM wrong WHERE r.id = wrong.id
    RETURNING r.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_residence', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id) WHERE %(batch)s IS NOT NULL

-- name: correct_stayed
-- Reported gone, but in fact moved within the city on that day.
INSERT INTO registry_residence (resident_id, dwelling_id, starts_on, source_id, batch_id)
SELECT resident_id, dwelling_id, starts_on, %(source)s, %(batch)s FROM residence_step
WHERE verdict = 'correct' AND current_id IS NULL AND dwelling_id IS DISTINCT FROM last_dwelling

-- name: close
WITH first AS (
    SELECT resident_id, min(starts_on) AS starts_on FROM residence_step WHERE verdict = 'move' GROUP BY resident_id
),
changed AS (
    UPDATE registry_residence r SET ends_on = first.starts_on FROM first
    WHERE r.resident_id = first.resident_id AND r.ends_on IS NULL
    RETURNING r.id, r.resident_id, r.ends_on
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_residence', id::text, jsonb_build_object('resident_id', resident_id, 'ends_on', NULL),
       jsonb_build_object('resident_id', resident_id, 'ends_on', ends_on) FROM changed WHERE %(batch)s IS NOT NULL

-- name: open
INSERT INTO registry_residence (resident_id, dwelling_id, starts_on, ends_on, source_id, batch_id)
SELECT resident_id, dwelling_id, starts_on, ends_on, %(source)s, %(batch)s
FROM (SELECT *, lead(starts_on) OVER (PARTITION BY resident_id ORDER BY starts_on) AS ends_on
      FROM residence_step WHERE verdict = 'move') AS step
WHERE dwelling_id IS NOT NULL

-- name: record
INSERT INTO registry_move (id, resident_id, kind, from_dwelling_id, from_grid_id, to_dwelling_id, to_grid_id, destination_code,
                           moved_on, source_id, batch_id, reported_by_id, note, submission_key)
SELECT s.move_id, s.resident_id,
       CASE WHEN s.came_from IS NULL THEN 'in' WHEN s.dwelling_id IS NULL THEN 'out' ELSE 'within' END,
       s.came_from, s.came_from_grid, s.dwelling_id, s.grid_id, CASE WHEN s.dwelling_id IS NULL THEN s.destination ELSE '' END,
       s.starts_on, %(source)s, %(batch)s, %(by)s, %(note)s, %(submission_key)s
FROM residence_step s
WHERE s.verdict = 'move'

-- name: youths
-- The open files whose person's home changed: where they answer from, and where they live now.
DROP TABLE IF EXISTS youth_step;
CREATE TEMPORARY TABLE youth_step ON COMMIT DROP AS
SELECT y.id AS youth_id, y.name, y.birth_on, y.grade, y.grid_id AS old_grid, d.grid_id AS new_grid,
       before.current_dwelling AS old_dwelling, h.dwelling_id AS new_dwelling, latest.id AS move_id,
       latest.destination_code AS destination, NULL::text AS masked
FROM (SELECT DISTINCT resident_id, current_dwelling FROM residence_step WHERE verdict IN ('move', 'correct')) AS before
JOIN registry_youth y ON y.resident_id = before.resident_id AND y.state = 'open'
LEFT JOIN registry_residence h ON h.resident_id = before.resident_id AND h.ends_on IS NULL
LEFT JOIN registry_dwelling d ON d.id = h.dwelling_id
CROSS JOIN LATERAL (
    SELECT m.id, m.destination_code FROM registry_move m WHERE m.resident_id = before.resident_id
    ORDER BY m.voided_at IS NULL DESC, m.moved_on DESC, m.recorded_at DESC LIMIT 1) AS latest
ORDER BY y.id
FOR NO KEY UPDATE OF y

-- name: families
-- Files of those who stay where a guardian, or someone of the same household, has left: a reason to visit, not a move.
DROP TABLE IF EXISTS family_step;
CREATE TEMPORARY TABLE family_step ON COMMIT DROP AS
SELECT DISTINCT ON (y.id) y.id AS youth_id, y.name, y.grid_id AS old_grid, s.move_id, NULL::text AS masked
FROM residence_step s
JOIN registry_resident mover ON mover.id = s.resident_id
JOIN registry_residence beside ON beside.dwelling_id = s.current_dwelling AND beside.ends_on IS NULL
JOIN registry_youth y ON y.resident_id = beside.resident_id AND y.state = 'open'
JOIN registry_resident r ON r.id = y.resident_id
WHERE s.verdict = 'move' AND s.current_dwelling IS NOT NULL AND s.came_from = s.current_dwelling
  AND (r.household_id = mover.household_id
       OR EXISTS (SELECT FROM registry_guardianship g
                  WHERE g.resident_id = r.id AND g.guardian_id = mover.id AND g.ends_on IS NULL))
ORDER BY y.id, s.line

-- name: names
SELECT youth_id, name FROM youth_step UNION SELECT youth_id, name FROM family_step

-- name: mask_youths
UPDATE youth_step y SET masked = m.masked
FROM unnest(%(ids)s::uuid[], %(masked)s::text[]) AS m (id, masked) WHERE m.id = y.youth_id

-- name: mask_families
UPDATE family_step y SET masked = m.masked
FROM unnest(%(ids)s::uuid[], %(masked)s::text[]) AS m (id, masked) WHERE m.id = y.youth_id
