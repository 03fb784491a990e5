-- Values under an older key or algorithm; caller: registry/rotation.py, which fills in names of tables and columns of
-- the models themselves.

-- name: allow
-- Histories let pass, within this transaction, a change of encrypted columns alone: the trigger append_only looks.
SELECT set_config('wuhu_youth.rotating', 'on', true)

-- name: counts
SELECT substring({column} FROM 1 FOR 2), count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1

-- name: batch
-- The next rows in order of key. Rows that somebody holds are left for the next pass: nobody waits for a lock here,
-- so there is no order of locks to agree with anybody.
SELECT {key}, {columns} FROM {table} WHERE {beyond} AND ({old})
ORDER BY {key} LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED

-- name: write
UPDATE {table} AS t SET {assignments} FROM (VALUES %s) AS v (of_row, {columns}) WHERE t.{key} = v.of_row

-- name: image_counts
SELECT left(image ->> '{column}', 6), count(*)
FROM registry_batchchange c CROSS JOIN LATERAL (VALUES (c.former), (c.latter)) AS i (image)
WHERE c.table_name = '{table}' AND image ->> '{column}' IS NOT NULL GROUP BY 1 ORDER BY 1

-- name: image_batch
SELECT id, former::text, latter::text FROM registry_batchchange WHERE table_name = '{table}' AND {beyond} AND ({old})
ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED

-- name: image_write
UPDATE registry_batchchange AS t SET former = t.former || v.former, latter = t.latter || v.latter
FROM (VALUES %s) AS v (key, former, latter) WHERE t.id = v.key
