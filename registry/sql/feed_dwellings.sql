-- A file of dwellings; caller: registry/feeds/dwellings.py. An empty cell leaves what is known.

-- name: stage
DROP TABLE IF EXISTS feed_dwelling;
CREATE TEMPORARY TABLE feed_dwelling
    (line integer, code text COLLATE "C", grid_code text COLLATE "C", estate text, building text, unit text, room text,
     address text, longitude double precision, latitude double precision) ON COMMIT DROP

-- name: resolve
-- `is_new` says what is to be added, `is_changed` what is to be changed; the rest is unchanged or at fault.
DROP TABLE IF EXISTS feed_dwelling_known;
CREATE TEMPORARY TABLE feed_dwelling_known ON COMMIT DROP AS
SELECT f.*, d.id AS dwelling_id, first_value(f.line) OVER same AS first_line,
       CASE WHEN f.line <> first_value(f.line) OVER same THEN 'repeated'
            WHEN g.code IS NULL OR g.retired_on IS NOT NULL THEN 'grid'
            WHEN d.grid_id <> f.grid_code THEN 'other_grid' END AS fault,
       d.id IS NOT NULL AND (
           coalesce(f.estate, d.estate), coalesce(f.building, d.building), coalesce(f.unit, d.unit), coalesce(f.room, d.room),
           f.address, coalesce(f.longitude, d.longitude), coalesce(f.latitude, d.latitude))
           IS DISTINCT FROM (d.estate, d.building, d.unit, d.room, d.address, d.longitude, d.latitude) AS is_changed
FROM feed_dwelling f
LEFT JOIN grids_grid g ON g.code = f.grid_code
LEFT JOIN registry_dwelling d ON d.code = f.code
WINDOW same AS (PARTITION BY f.code ORDER BY f.line)

-- name: faults
SELECT line, fault, first_line FROM feed_dwelling_known WHERE fault IS NOT NULL ORDER BY line

-- name: unchanged
SELECT count(*) FROM feed_dwelling_known WHERE fault IS NULL AND dwelling_id IS NOT NULL AND NOT is_changed

-- name: add
INSERT INTO registry_dwelling (code, grid_id, estate, building, unit, room, address, longitude, latitude, batch_id)
SELECT code, grid_code, coalesce(estate, ''), coalesce(building, ''), coalesce(unit, ''), coalesce(room, ''), address,
       longitude, latitude, %(batch)s
FROM feed_dwelling_known WHERE fault IS NULL AND dwelling_id IS NULL

-- name: change
-- Returns the files of those who live behind a door whose estate may have changed.
WITH former AS (
    SELECT d.id, to_jsonb(d) AS image FROM registry_dwelling d JOIN feed_dwelling_known f ON f.dwelling_id = d.id
    WHERE f.fault IS NULL AND f.is_changed
),
changed AS (
    UPDATE registry_dwelling d SET estate = coalesce(f.estate, d.estate), building = coalesce(f.building, d.building),
        unit = coalesce(f.unit, d.unit), room = coalesce(f.room, d.room), address = f.address,
        longitude = coalesce(f.longitude, d.longitude), latitude = coalesce(f.latitude, d.latitude)
    FROM feed_dwelling_known f
    WHERE f.dwelling_id = d.id AND f.fault IS NULL AND f.is_changed
    RETURNING d.*
),
remembered AS (
    INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
    SELECT %(batch)s, 'registry_dwelling', changed.id::text, former.image, to_jsonb(changed)
    FROM changed JOIN former USING (id)
)
SELECT y.id FROM changed
JOIN registry_residence h ON h.dwelling_id = changed.id AND h.ends_on IS NULL
JOIN registry_youth y ON y.resident_id = h.resident_id
