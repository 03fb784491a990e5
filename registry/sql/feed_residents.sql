-- A file of residents: who is new, who changed, who is the same; caller: registry/feeds/residents.py.

-- name: stage
DROP TABLE IF EXISTS feed_resident;
CREATE TEMPORARY TABLE feed_resident
    (line integer, id_number bytea, id_number_index bytea, person_number text, name text, pinyin text, initials text, sex text,
     birth_on date, hukou_code text, hukou_is_rural boolean, household_number text, relation text, phone bytea, phone_index bytea)
ON COMMIT DROP

-- name: lock
-- Persons that two batches might create at once: the second waits, then finds them.
LOCK TABLE registry_household IN SHARE ROW EXCLUSIVE MODE

-- name: resolve
-- A row with both keys may find one person by each; a row whose person stands on an earlier line is a repetition.
DROP TABLE IF EXISTS feed_resident_known;
CREATE TEMPORARY TABLE feed_resident_known ON COMMIT DROP AS
SELECT f.*, coalesce(by_number.id, by_person.id) AS resident_id,
       CASE
           WHEN by_number.id IS NOT NULL AND by_person.id IS NOT NULL AND by_number.id <> by_person.id THEN 'two_persons'
           WHEN f.id_number_index IS NOT NULL AND by_number.id IS NULL AND by_person.id_number_index IS NOT NULL THEN 'other_number'
           WHEN by_number.person_number IS NOT NULL AND f.person_number IS NOT NULL
                AND by_number.person_number <> f.person_number THEN 'other_person_number'
           WHEN f.line <> first_value(f.line) OVER (PARTITION BY coalesce(encode(f.id_number_index, 'hex'), f.person_number) ORDER BY f.line)
               THEN 'repeated'
           WHEN f.person_number IS NOT NULL
                AND f.line <> first_value(f.line) OVER (PARTITION BY coalesce(f.person_number, f.line::text) ORDER BY f.line) THEN 'repeated'
       END AS fault,
       first_value(f.line) OVER (PARTITION BY coalesce(encode(f.id_number_index, 'hex'), f.person_number) ORDER BY f.line) AS first_line
FROM feed_resident f
LEFT JOIN registry_resident by_number ON by_number.id_number_index = f.id_number_index
LEFT JOIN registry_resident by_person ON by_person.person_number = f.person_number

-- name: faults
SELECT line, fault, first_line FROM feed_resident_known WHERE fault IS NOT NULL ORDER BY line

-- name: analyze
ANALYZE feed_resident_known

-- name: differing
-- An empty cell says nothing: it leaves what is known. A 6-digit 户籍地 does not tell rural or not, so a worker's word stays.
DROP TABLE IF EXISTS feed_resident_changed;
CREATE TEMPORARY TABLE feed_resident_changed ON COMMIT DROP AS
SELECT f.line FROM feed_resident_known f
JOIN registry_resident r ON r.id = f.resident_id
LEFT JOIN registry_household h ON h.id = r.household_id
WHERE f.fault IS NULL
  AND (f.name, f.sex, f.birth_on, coalesce(f.person_number, r.person_number), coalesce(f.id_number_index, r.id_number_index),
       coalesce(f.hukou_code, r.hukou_code), coalesce(f.household_number, h.number), coalesce(f.relation, r.relation),
       coalesce(f.phone_index, r.phone_index))
      IS DISTINCT FROM (r.name, r.sex, r.birth_on, r.person_number, r.id_number_index, r.hukou_code, h.number, r.relation, r.phone_index)

-- name: unchanged
SELECT count(*) FILTER (WHERE f.resident_id IS NOT NULL AND f.fault IS NULL) - (SELECT count(*) FROM feed_resident_changed)
FROM feed_resident_known f

-- name: households
INSERT INTO registry_household (number)
SELECT DISTINCT household_number FROM feed_resident_known WHERE fault IS NULL AND household_number IS NOT NULL
ON CONFLICT (number) DO NOTHING

-- name: add
INSERT INTO registry_resident (person_number, id_number, id_number_index, name, pinyin, initials, sex, birth_on, hukou_code,
                               hukou_is_rural, household_id, relation, phone, phone_index, batch_id)
SELECT f.person_number, f.id_number, f.id_number_index, f.name, f.pinyin, f.initials, f.sex, f.birth_on, coalesce(f.hukou_code, ''),
       f.hukou_is_rural, h.id, coalesce(f.relation, ''), f.phone, f.phone_index, %(batch)s
FROM feed_resident_known f LEFT JOIN registry_household h ON h.number = f.household_number
WHERE f.fault IS NULL AND f.resident_id IS NULL

-- name: change
WITH former AS (
    SELECT r.id, to_jsonb(r) AS image
    FROM feed_resident_changed c JOIN feed_resident_known f USING (line) JOIN registry_resident r ON r.id = f.resident_id
),
changed AS (
    UPDATE registry_resident r SET
        person_number = coalesce(f.person_number, r.person_number),
        id_number = CASE WHEN f.id_number_index IS DISTINCT FROM r.id_number_index AND f.id_number_index IS NOT NULL
                         THEN f.id_number ELSE r.id_number END,
        id_number_index = coalesce(f.id_number_index, r.id_number_index),
        name = f.name, pinyin = f.pinyin, initials = f.initials, sex = f.sex, birth_on = f.birth_on,
        hukou_code = coalesce(f.hukou_code, r.hukou_code),
        hukou_is_rural = coalesce(f.hukou_is_rural, r.hukou_is_rural),
        household_id = coalesce(h.id, r.household_id),
        relation = coalesce(f.relation, r.relation),
        phone = CASE WHEN coalesce(f.phone_index, r.phone_index) IS DISTINCT FROM r.phone_index THEN f.phone ELSE r.phone END,
        phone_index = coalesce(f.phone_index, r.phone_index)
    FROM feed_resident_changed c
    JOIN feed_resident_known f USING (line)
    LEFT JOIN registry_household h ON h.number = f.household_number
    WHERE r.id = f.resident_id
    RETURNING r.*
),
remembered AS (
    INSERT INTO registry_batchchange (batch_id, table_name, row_key, former, latter)
    SELECT %(batch)s, 'registry_resident', changed.id::text, former.image, to_jsonb(changed) FROM changed JOIN former USING (id)
)
SELECT y.id FROM changed JOIN registry_youth y ON y.resident_id = changed.id

-- name: touched
INSERT INTO touched_resident
SELECT r.id FROM feed_resident_known f JOIN registry_resident r
    ON r.id_number_index = f.id_number_index OR r.person_number = f.person_number
WHERE f.fault IS NULL AND (f.resident_id IS NULL OR f.line IN (SELECT line FROM feed_resident_changed))
