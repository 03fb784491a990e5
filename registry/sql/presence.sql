-- Who lives there now, kept equal to residences, dwellings and residents; caller: registry/presence.py.
-- What each column is, is said once, in the view registry_presence_row (migration 0007).

-- name: indexes
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'registry_presence'::regclass AND NOT indisprimary ORDER BY 1

-- name: empty
TRUNCATE registry_presence

-- name: fill
-- In order of id: people who live side by side come to stand side by side, and the key grows at its end.
INSERT INTO registry_presence (resident_id, dwelling_id, grid_id, household_id, birth_on, since_on)
SELECT resident_id, dwelling_id, grid_id, household_id, birth_on, since_on FROM registry_presence_row ORDER BY resident_id

-- name: follow
-- The residents named in a table: gone, newly here, or different. LIMIT 1 and the row's place keep the planner from
-- reading all four million presences for a night's fifty thousand; their residents are locked by whoever changes them.
MERGE INTO registry_presence p
USING (
    SELECT touched.resident_id, now.dwelling_id, now.grid_id, now.household_id, now.birth_on, now.since_on, former.place
    FROM (SELECT DISTINCT resident_id FROM {table} AS named WHERE resident_id IS NOT NULL) AS touched
    LEFT JOIN LATERAL (SELECT * FROM registry_presence_row r WHERE r.resident_id = touched.resident_id LIMIT 1) AS now ON true
    LEFT JOIN LATERAL (SELECT f.ctid AS place FROM registry_presence f WHERE f.resident_id = touched.resident_id LIMIT 1)
        AS former ON true
) AS now ON p.ctid = now.place
WHEN MATCHED AND now.dwelling_id IS NULL THEN DELETE
WHEN MATCHED AND (p.dwelling_id, p.grid_id, p.household_id, p.birth_on, p.since_on)
                 IS DISTINCT FROM (now.dwelling_id, now.grid_id, now.household_id, now.birth_on, now.since_on) THEN
    UPDATE SET dwelling_id = now.dwelling_id, grid_id = now.grid_id, household_id = now.household_id,
               birth_on = now.birth_on, since_on = now.since_on
WHEN NOT MATCHED AND now.dwelling_id IS NOT NULL THEN
    INSERT (resident_id, dwelling_id, grid_id, household_id, birth_on, since_on)
    VALUES (now.resident_id, now.dwelling_id, now.grid_id, now.household_id, now.birth_on, now.since_on)

-- name: follow_moves
-- A night's moves say themselves where everybody lives now: residences need not be read again, nor residents but for
-- newcomers. In order of id, as the rows lie.
MERGE INTO registry_presence p
USING (
    SELECT latest.resident_id, latest.dwelling_id, latest.starts_on AS since_on, latest.grid_id, former.place
    FROM (SELECT DISTINCT ON (resident_id) resident_id, dwelling_id, grid_id, starts_on FROM residence_step
          WHERE verdict = 'move' ORDER BY resident_id, starts_on DESC) AS latest
    LEFT JOIN LATERAL (SELECT f.ctid AS place FROM registry_presence f WHERE f.resident_id = latest.resident_id LIMIT 1)
        AS former ON true
) AS now ON p.ctid = now.place
WHEN MATCHED AND now.dwelling_id IS NULL THEN DELETE
WHEN MATCHED THEN
    UPDATE SET dwelling_id = now.dwelling_id, grid_id = now.grid_id, since_on = now.since_on
WHEN NOT MATCHED AND now.dwelling_id IS NOT NULL THEN
    INSERT (resident_id, dwelling_id, grid_id, household_id, birth_on, since_on)
    VALUES (now.resident_id, now.dwelling_id, now.grid_id,
            (SELECT household_id FROM registry_resident r WHERE r.id = now.resident_id),
            (SELECT birth_on FROM registry_resident r WHERE r.id = now.resident_id), now.since_on)

-- name: differing
SELECT coalesce(p.resident_id, v.resident_id)::text
FROM registry_presence p FULL JOIN registry_presence_row v USING (resident_id)
WHERE (p.dwelling_id, p.grid_id, p.household_id, p.birth_on, p.since_on)
      IS DISTINCT FROM (v.dwelling_id, v.grid_id, v.household_id, v.birth_on, v.since_on)
