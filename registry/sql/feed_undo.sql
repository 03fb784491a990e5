-- Taking a whole batch back; caller: registry/feeds/undo.py. Table names are the caller's constants.

-- name: later_images
-- Rows that somebody has changed since in what the batch changed, or that are gone: something was built on the batch.
SELECT count(*) FROM registry_batchchange c LEFT JOIN {table} t ON t.id::text = c.row_key
WHERE c.batch_id = %(batch)s AND c.table_name = '{table}' AND c.latter IS NOT NULL AND (to_jsonb(t) @> c.latter) IS NOT TRUE

-- name: lock
SELECT count(*) FROM (
    SELECT FROM registry_resident WHERE id IN (
        SELECT resident_id FROM registry_residence WHERE batch_id = %(batch)s
        UNION SELECT (former ->> 'resident_id')::bigint FROM registry_batchchange
              WHERE batch_id = %(batch)s AND table_name = 'registry_residence')
    ORDER BY id FOR NO KEY UPDATE
) AS locked

-- name: later_moves
-- People of the batch who have moved again since, or whose handover was accepted, returned or answered.
SELECT (SELECT count(*) FROM registry_move m JOIN registry_move mine ON mine.resident_id = m.resident_id
        WHERE mine.batch_id = %(batch)s AND m.batch_id IS DISTINCT FROM %(batch)s AND m.recorded_at > mine.recorded_at),
       (SELECT count(*) FROM registry_handover h JOIN registry_move m ON m.id = h.move_id
        WHERE m.batch_id = %(batch)s AND h.state IN ('accepted', 'returned', 'answered'))

-- name: steps
-- Where everybody of the batch lives before the undoing, in the shape that moves.sql and handovers.sql go on from.
DROP TABLE IF EXISTS residence_step;
CREATE TEMPORARY TABLE residence_step ON COMMIT DROP AS
SELECT DISTINCT touched.resident_id, h.dwelling_id AS current_dwelling, 'move' AS verdict
FROM (SELECT resident_id FROM registry_residence WHERE batch_id = %(batch)s
      UNION SELECT (former ->> 'resident_id')::bigint FROM registry_batchchange
            WHERE batch_id = %(batch)s AND table_name = 'registry_residence') AS touched
LEFT JOIN registry_residence h ON h.resident_id = touched.resident_id AND h.ends_on IS NULL

-- name: new_residents
SELECT id FROM registry_resident WHERE batch_id = %(batch)s

-- name: remove
DELETE FROM {table} WHERE batch_id = %(batch)s

-- name: void_moves
UPDATE registry_move SET voided_at = now() WHERE batch_id = %(batch)s AND voided_at IS NULL

-- name: restore
UPDATE {table} t SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(t, c.former))
FROM registry_batchchange c
WHERE c.batch_id = %(batch)s AND c.table_name = '{table}' AND c.latter IS NOT NULL AND t.id::text = c.row_key

-- name: put_back
INSERT INTO {table} ({all_columns})
SELECT {all_columns} FROM (
    SELECT (jsonb_populate_record(NULL::{table}, c.former)).* FROM registry_batchchange c
    WHERE c.batch_id = %(batch)s AND c.table_name = '{table}' AND c.latter IS NULL) AS image

-- name: no_family
DROP TABLE IF EXISTS family_step;
CREATE TEMPORARY TABLE family_step (youth_id uuid, name text, old_grid text, move_id uuid, masked text) ON COMMIT DROP

-- name: changed_residents
SELECT row_key::bigint FROM registry_batchchange WHERE batch_id = %(batch)s AND table_name = 'registry_resident'

-- name: files
-- Files whose list columns may read what is taken back.
SELECT y.id FROM registry_youth y
WHERE y.resident_id IN (
    SELECT resident_id FROM registry_guardianship WHERE batch_id = %(batch)s
    UNION SELECT resident_id FROM registry_fact WHERE batch_id = %(batch)s
    UNION SELECT (former ->> 'resident_id')::bigint FROM registry_batchchange
          WHERE batch_id = %(batch)s AND table_name IN ('registry_guardianship', 'registry_fact')
    UNION SELECT row_key::bigint FROM registry_batchchange WHERE batch_id = %(batch)s AND table_name = 'registry_resident'
    UNION SELECT h.resident_id FROM registry_batchchange c
          JOIN registry_residence h ON h.dwelling_id::text = c.row_key AND h.ends_on IS NULL
          WHERE c.batch_id = %(batch)s AND c.table_name = 'registry_dwelling')

-- name: people
-- Whom the rules look at again.
SELECT resident_id FROM registry_residence WHERE batch_id = %(batch)s
UNION SELECT resident_id FROM registry_guardianship WHERE batch_id = %(batch)s
UNION SELECT resident_id FROM registry_fact WHERE batch_id = %(batch)s
UNION SELECT (former ->> 'resident_id')::bigint FROM registry_batchchange
      WHERE batch_id = %(batch)s AND table_name IN ('registry_residence', 'registry_guardianship', 'registry_fact')
UNION SELECT row_key::bigint FROM registry_batchchange WHERE batch_id = %(batch)s AND table_name = 'registry_resident'
