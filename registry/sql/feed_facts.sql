-- A file of facts; caller: registry/feeds/facts.py.
-- A row is a statement of its source: this person, this 事项, from this day. The same statement again, with another end,
-- unit or level, corrects it. What another source says stays beside it.

-- name: stage
DROP TABLE IF EXISTS feed_fact;
CREATE TEMPORARY TABLE feed_fact
    (line integer, id_number_index bytea, person_number text COLLATE "C", kind text, starts_on date, ends_on date, unit text,
     level text, destination text) ON COMMIT DROP

-- name: resolve
DROP TABLE IF EXISTS feed_fact_known;
CREATE TEMPORARY TABLE feed_fact_known ON COMMIT DROP AS
WITH person AS (
    SELECT f.*, coalesce(by_number.id, by_person.id) AS resident_id, coalesce(by_number.birth_on, by_person.birth_on) AS birth_on,
           CASE WHEN coalesce(by_number.id, by_person.id) IS NULL THEN 'person'
                WHEN f.person_number IS NOT NULL AND f.id_number_index IS NOT NULL
                     AND by_person.id IS DISTINCT FROM by_number.id THEN 'two_persons'
                WHEN f.kind = ANY (%(adult_only)s)
                     AND coalesce(by_number.birth_on, by_person.birth_on) > f.starts_on - interval '18 years' THEN 'minor'
                WHEN f.destination IS NOT NULL AND c.code IS NULL THEN 'destination' END AS fault
    FROM feed_fact f
    LEFT JOIN registry_resident by_number ON by_number.id_number_index = f.id_number_index
    LEFT JOIN registry_resident by_person ON by_person.person_number = f.person_number
    LEFT JOIN grids_county c ON c.code = f.destination
),
numbered AS (
    SELECT *, first_value(line) OVER (PARTITION BY resident_id, kind, starts_on ORDER BY line) AS first_line FROM person
)
SELECT n.*, x.id AS fact_id,
       x.id IS NOT NULL AND (n.ends_on, coalesce(n.unit, x.unit), coalesce(n.level, x.level), coalesce(n.destination, x.destination_code))
           IS DISTINCT FROM (x.ends_on, x.unit, x.level, x.destination_code) AS is_changed
FROM (SELECT *, coalesce(fault, CASE WHEN line <> first_line THEN 'repeated' END) AS verdict FROM numbered) AS n
LEFT JOIN registry_fact x ON x.resident_id = n.resident_id AND x.source_id = %(source)s AND x.kind = n.kind AND x.starts_on = n.starts_on

-- name: new
-- What would be added, with everything that a tombstone may be found by.
SELECT f.line, f.resident_id, r.id_number_index, r.person_number, f.kind, f.starts_on, f.ends_on, coalesce(f.unit, ''),
    coalesce(f.level, ''), coalesce(f.destination, '')
FROM feed_fact_known f JOIN registry_resident r ON r.id = f.resident_id WHERE f.verdict IS NULL AND f.fact_id IS NULL

-- name: sealed
UPDATE feed_fact_known SET verdict = 'sealed' WHERE line = ANY (%s)

-- name: stage_heard
DROP TABLE IF EXISTS feed_fact_heard;
CREATE TEMPORARY TABLE feed_fact_heard (tombstone_id uuid, said bytea) ON COMMIT DROP

-- name: heard
INSERT INTO feed_fact_heard SELECT * FROM unnest(%s::uuid[], %s::bytea[])

-- name: hear
-- Only when the file is applied: a held one changes nothing.
UPDATE registry_tombstone t SET said = h.said FROM feed_fact_heard h WHERE t.id = h.tombstone_id

-- name: faults
SELECT line, verdict, first_line FROM feed_fact_known WHERE verdict IS NOT NULL AND verdict <> 'sealed' ORDER BY line

-- name: unchanged
SELECT count(*) FROM feed_fact_known WHERE verdict IS NULL AND fact_id IS NOT NULL AND NOT is_changed

-- name: change
WITH former AS (
    SELECT x.id, to_jsonb(x) AS image FROM registry_fact x JOIN feed_fact_known f ON f.fact_id = x.id
    WHERE f.verdict IS NULL AND f.is_changed
),
changed AS (
    UPDATE registry_fact x SET ends_on = f.ends_on, unit = coalesce(f.unit, x.unit), level = coalesce(f.level, x.level),
        destination_code = coalesce(f.destination, x.destination_code)
    FROM feed_fact_known f WHERE f.fact_id = x.id AND f.verdict IS NULL AND f.is_changed
    RETURNING x.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_fact', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id)

-- name: add
INSERT INTO registry_fact (resident_id, kind, starts_on, ends_on, unit, level, destination_code, source_id, batch_id)
SELECT resident_id, kind, starts_on, ends_on, coalesce(unit, ''), coalesce(level, ''), coalesce(destination, ''), %(source)s, %(batch)s
FROM feed_fact_known WHERE verdict IS NULL AND fact_id IS NULL

-- name: youths
SELECT y.id FROM registry_youth y
WHERE y.resident_id IN (SELECT resident_id FROM feed_fact_known WHERE verdict IS NULL AND (fact_id IS NULL OR is_changed))

-- name: touched
INSERT INTO touched_resident
SELECT DISTINCT resident_id FROM feed_fact_known WHERE verdict IS NULL AND (fact_id IS NULL OR is_changed)
