-- A file of guardianships; caller: registry/feeds/guardianships.py.
-- A row is a statement of its source: this guardian, this relation, from this day. The same statement again, with
-- another status or end, corrects it; one with a later day ends the earlier one that day.

-- name: stage
DROP TABLE IF EXISTS feed_guardianship;
CREATE TEMPORARY TABLE feed_guardianship
    (line integer, id_number_index bytea, person_number text COLLATE "C", guardian_id_number bytea, guardian_index bytea,
     guardian_name text, relation text, kind text, status text, destination text, starts_on date, ends_on date) ON COMMIT DROP

-- name: resolve
DROP TABLE IF EXISTS feed_guardianship_known;
CREATE TEMPORARY TABLE feed_guardianship_known ON COMMIT DROP AS
WITH person AS (
    SELECT f.*, coalesce(by_number.id, by_person.id) AS resident_id, guardian.id AS guardian_id,
           CASE WHEN coalesce(by_number.id, by_person.id) IS NULL THEN 'person'
                WHEN f.person_number IS NOT NULL AND f.id_number_index IS NOT NULL
                     AND by_person.id IS DISTINCT FROM by_number.id THEN 'two_persons'
                WHEN guardian.id = coalesce(by_number.id, by_person.id) THEN 'own_guardian'
                WHEN f.destination IS NOT NULL AND c.code IS NULL THEN 'destination' END AS fault,
           coalesce(encode(f.guardian_index, 'hex'), f.guardian_name) AS guardian_key
    FROM feed_guardianship f
    LEFT JOIN registry_resident by_number ON by_number.id_number_index = f.id_number_index
    LEFT JOIN registry_resident by_person ON by_person.person_number = f.person_number
    LEFT JOIN registry_resident guardian ON guardian.id_number_index = f.guardian_index
    LEFT JOIN grids_county c ON c.code = f.destination
),
numbered AS (
    SELECT *, first_value(line) OVER (PARTITION BY resident_id, guardian_key, relation, starts_on ORDER BY line) AS first_line
    FROM person
)
SELECT n.*, g.id AS guardianship_id,
       g.id IS NOT NULL AND (n.kind, n.status, coalesce(n.destination, ''), n.ends_on, n.guardian_name, n.guardian_id)
           IS DISTINCT FROM (g.kind, g.status, g.destination_code, g.ends_on, g.guardian_name, g.guardian_id) AS is_changed
FROM (SELECT *, coalesce(fault, CASE WHEN line <> first_line THEN 'repeated' END) AS verdict FROM numbered) AS n
LEFT JOIN registry_guardianship g ON g.resident_id = n.resident_id AND g.source_id = %(source)s AND g.starts_on = n.starts_on
    AND g.relation = n.relation AND coalesce(encode(g.guardian_id_number_index, 'hex'), g.guardian_name) = n.guardian_key

-- name: faults
SELECT line, verdict, first_line FROM feed_guardianship_known WHERE verdict IS NOT NULL ORDER BY line

-- name: unchanged
SELECT count(*) FROM feed_guardianship_known WHERE verdict IS NULL AND guardianship_id IS NOT NULL AND NOT is_changed

-- name: change
WITH former AS (
    SELECT g.id, to_jsonb(g) AS image FROM registry_guardianship g JOIN feed_guardianship_known f ON f.guardianship_id = g.id
    WHERE f.verdict IS NULL AND f.is_changed
),
changed AS (
    UPDATE registry_guardianship g SET kind = f.kind, status = f.status, destination_code = coalesce(f.destination, ''),
        ends_on = f.ends_on, guardian_name = f.guardian_name, guardian_id = f.guardian_id
    FROM feed_guardianship_known f WHERE f.guardianship_id = g.id AND f.verdict IS NULL AND f.is_changed
    RETURNING g.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_guardianship', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id)

-- name: close
-- The source says something new of this guardian from a later day: the earlier statement ends there.
WITH later AS (
    SELECT g.id, min(f.starts_on) AS starts_on FROM registry_guardianship g
    JOIN feed_guardianship_known f ON f.resident_id = g.resident_id AND f.relation = g.relation AND f.starts_on > g.starts_on
        AND coalesce(encode(g.guardian_id_number_index, 'hex'), g.guardian_name) = f.guardian_key
    WHERE f.verdict IS NULL AND f.guardianship_id IS NULL AND g.source_id = %(source)s AND g.ends_on IS NULL
    GROUP BY g.id
),
former AS (
    SELECT g.id, to_jsonb(g) AS image FROM registry_guardianship g JOIN later USING (id)
),
changed AS (
    UPDATE registry_guardianship g SET ends_on = later.starts_on FROM later WHERE later.id = g.id
    RETURNING g.*
)
INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
SELECT %(batch)s, 'registry_guardianship', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id)

-- name: add
INSERT INTO registry_guardianship (resident_id, guardian_id, guardian_name, guardian_id_number, guardian_id_number_index, relation,
                                   kind, status, destination_code, starts_on, ends_on, source_id, batch_id)
SELECT resident_id, guardian_id, guardian_name, guardian_id_number, guardian_index, relation, kind, status,
       coalesce(destination, ''), starts_on,
       coalesce(ends_on, lead(starts_on) OVER (PARTITION BY resident_id, guardian_key, relation ORDER BY starts_on)),
       %(source)s, %(batch)s
FROM feed_guardianship_known WHERE verdict IS NULL AND guardianship_id IS NULL

-- name: youths
SELECT y.id FROM registry_youth y
WHERE y.resident_id IN (SELECT resident_id FROM feed_guardianship_known
                        WHERE verdict IS NULL AND (guardianship_id IS NULL OR is_changed))

-- name: touched
INSERT INTO touched_resident
SELECT DISTINCT resident_id FROM feed_guardianship_known WHERE verdict IS NULL AND (guardianship_id IS NULL OR is_changed)
