-- A file of residences: from keys and codes to the staged rows that moves.sql judges; caller: registry/feeds/residences.py.

-- name: room
-- Of millions a night touches one in a hundred: each looked up by its index, which the planner's default price of a page
-- (a disk's that has to turn) makes look dearer than reading everything. And no time spent on compiling what runs once.
SELECT set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true), set_config('jit', 'off', true)

-- name: stage
DROP TABLE IF EXISTS feed_residence;
CREATE TEMPORARY TABLE feed_residence
    (line integer, id_number_index bytea, person_number text, dwelling_code text, starts_on date, destination text) ON COMMIT DROP

-- name: stage_text
DROP TABLE IF EXISTS feed_residence_text;
CREATE TEMPORARY TABLE feed_residence_text
    (line integer, id_number_index bytea, person_number text COLLATE "C", dwelling_code text COLLATE "C", starts_on text) ON COMMIT DROP

-- name: compare
-- A line is the same when its person has a residence at that door since that day.
ANALYZE feed_residence_text;
DROP TABLE IF EXISTS feed_residence_compared;
CREATE TEMPORARY TABLE feed_residence_compared ON COMMIT DROP AS
SELECT t.line, coalesce(p.id, n.id) AS resident_id,
       r.id IS NOT NULL AS is_same
FROM feed_residence_text t
LEFT JOIN registry_resident n ON n.id_number_index = t.id_number_index
LEFT JOIN registry_resident p ON p.person_number = t.person_number AND t.id_number_index IS NULL
LEFT JOIN registry_dwelling d ON d.code = t.dwelling_code
LEFT JOIN registry_residence r ON r.resident_id = coalesce(p.id, n.id) AND r.dwelling_id = d.id AND r.starts_on::text = t.starts_on

-- name: compared
WITH looked_at AS (
    SELECT line FROM feed_residence_compared WHERE resident_id IS NULL
    UNION
    SELECT line FROM feed_residence_compared WHERE resident_id IN (
        SELECT resident_id FROM feed_residence_compared WHERE NOT is_same)
)
SELECT (SELECT count(*) FROM feed_residence_compared) - count(*), coalesce(array_agg(line), '{}') FROM looked_at

-- name: resolve
DROP TABLE IF EXISTS feed_residence_known;
CREATE TEMPORARY TABLE feed_residence_known ON COMMIT DROP AS
SELECT f.line, f.starts_on, f.destination, d.id AS dwelling_id, d.grid_id,
       coalesce(by_number.id, by_person.id) AS resident_id,
       CASE
           WHEN coalesce(by_number.id, by_person.id) IS NULL THEN 'person'
           WHEN f.person_number IS NOT NULL AND f.id_number_index IS NOT NULL
                AND by_person.id IS DISTINCT FROM by_number.id THEN 'two_persons'
           WHEN f.dwelling_code IS NOT NULL AND d.id IS NULL THEN 'dwelling'
           WHEN f.destination >= '3402' AND f.destination < '3403' THEN 'stays'
           WHEN f.destination IS NOT NULL AND c.code IS NULL THEN 'destination'
       END AS fault
FROM feed_residence f
LEFT JOIN registry_resident by_number ON by_number.id_number_index = f.id_number_index
LEFT JOIN registry_resident by_person ON by_person.person_number = f.person_number
LEFT JOIN registry_dwelling d ON d.code = f.dwelling_code
LEFT JOIN grids_county c ON c.code = f.destination

-- name: faults
SELECT line, fault FROM feed_residence_known WHERE fault IS NOT NULL ORDER BY line

-- name: stage_known
INSERT INTO staged_residence (line, resident_id, dwelling_id, grid_id, starts_on, destination)
SELECT line, resident_id, dwelling_id, grid_id, starts_on, coalesce(destination, '') FROM feed_residence_known WHERE fault IS NULL

-- name: analyze
ANALYZE staged_residence

-- name: absent
SELECT count(*) FROM registry_residence r
WHERE r.ends_on IS NULL AND NOT EXISTS (SELECT FROM feed_residence_compared s WHERE s.resident_id = r.resident_id)

-- name: current
SELECT count(*) FROM registry_residence WHERE ends_on IS NULL

-- name: touched
INSERT INTO touched_resident
SELECT DISTINCT resident_id FROM residence_step WHERE verdict IN ('move', 'correct')

-- name: moves_by_district
SELECT left(grid_id, 6), count(*) FILTER (WHERE way = 'in'), count(*) FILTER (WHERE way = 'out'), count(*) FILTER (WHERE way = 'within')
FROM (
    SELECT came_from_grid AS grid_id, CASE WHEN left(came_from_grid, 6) = left(grid_id, 6) THEN 'within' ELSE 'out' END AS way
    FROM residence_step WHERE verdict = 'move' AND came_from IS NOT NULL
    UNION ALL
    SELECT grid_id, 'in' FROM residence_step
    WHERE verdict = 'move' AND dwelling_id IS NOT NULL AND left(came_from_grid, 6) IS DISTINCT FROM left(grid_id, 6)
) AS moves
GROUP BY 1 ORDER BY 1
