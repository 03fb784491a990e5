-- What the retention policy 保存期限 lets go; caller: registry/retention.py. Ids come in as arrays, batch by batch.

-- name: allow
-- Guards of histories and closed files let pass, within this transaction, what a run removes.
SELECT set_config('wuhu_youth.removing', 'on', true)

-- name: due_files
-- Closed files whose time is over. One waits while a request about the person is open, while a handover out of the city
-- is not answered, and while a record of what was given to others must still be kept.
SELECT y.id, y.resident_id FROM registry_youth y
WHERE y.state = 'closed' AND (y.closed_on + %(file)s::interval)::date <= %(today)s
  AND NOT EXISTS (SELECT FROM registry_personrequest q WHERE q.resident_id = y.resident_id AND q.outcome = '')
  AND NOT EXISTS (SELECT FROM registry_handover h WHERE h.youth_id = y.id AND h.state IN ('offered', 'escalated'))
  AND NOT EXISTS (SELECT FROM registry_disclosedperson p JOIN registry_disclosure d ON d.id = p.disclosure_id
                  WHERE p.youth_id = y.id AND (d.given_on + %(disclosure)s::interval)::date > %(today)s){waits}
ORDER BY y.id LIMIT %(limit)s
FOR UPDATE OF y SKIP LOCKED

-- name: figures
-- What figures need. In no order that anybody could lay beside the order of the files.
WITH going AS MATERIALIZED (
    SELECT y.*, gen_random_uuid() AS nobody FROM registry_youth y WHERE y.id = ANY (%(files)s::uuid[]) ORDER BY random()
), kept AS (
    INSERT INTO registry_anonymousfile (id, district, opened_month, closed_month, age_opened, age_closed, grade,
        visit_count, handover_count, needs_met, needs_left)
    SELECT nobody, left(grid_id, 6), date_trunc('month', opened_on)::date, date_trunc('month', closed_on)::date,
        greatest(0, date_part('year', age(opened_on, birth_on))), date_part('year', age(closed_on, birth_on)), grade,
        (SELECT count(*) FROM registry_visit v WHERE v.youth_id = going.id),
        (SELECT count(*) FROM registry_handover h WHERE h.youth_id = going.id AND h.state = 'accepted'),
        ARRAY(SELECT DISTINCT kind FROM registry_need n WHERE n.youth_id = going.id AND closed_on IS NOT NULL ORDER BY 1),
        ARRAY(SELECT DISTINCT kind FROM registry_need n WHERE n.youth_id = going.id AND closed_on IS NULL ORDER BY 1)
    FROM going
)
INSERT INTO registry_anonymousenrolment (file_id, category_id, starts_month, ends_month, age_started, age_ended)
SELECT nobody, e.category_id, date_trunc('month', e.starts_on)::date, date_trunc('month', e.ends_on)::date,
    greatest(0, date_part('year', age(e.starts_on, going.birth_on))), date_part('year', age(e.ends_on, going.birth_on))
FROM registry_enrolment e JOIN going ON going.id = e.youth_id
WHERE e.ends_on IS NOT NULL

-- name: file_parts
-- All that hangs on the files, what points to others first; then the files.
DELETE FROM registry_disclosedperson WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_disclosure d WHERE d.id = ANY (%(disclosures)s::uuid[])
    AND NOT EXISTS (SELECT FROM registry_disclosedperson p WHERE p.disclosure_id = d.id);
DELETE FROM registry_consent WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_grant WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_checkrequest WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_correction WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_candidate WHERE enrolment_id IN (SELECT id FROM registry_enrolment WHERE youth_id = ANY (%(files)s::uuid[]));
DELETE FROM registry_candidate WHERE resident_id = ANY (%(residents)s::bigint[]) AND state <> 'open';
DELETE FROM registry_need WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_visit WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_handover WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_historicalhandover WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_enrolment WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_historicalenrolment WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM registry_youth WHERE id = ANY (%(files)s::uuid[]);
DELETE FROM registry_historicalyouth WHERE id = ANY (%(files)s::uuid[])

-- name: disclosures_of
SELECT DISTINCT disclosure_id FROM registry_disclosedperson WHERE youth_id = ANY (%(files)s::uuid[])

-- name: file_alerts
DELETE FROM grids_alert WHERE subject_id = ANY (%(files)s::uuid[]) RETURNING addressee_id

-- name: gone_residents
-- Who left the city, or died, so long ago, has no file (any more) and no request open, and is nobody's guardian now.
-- Whoever never lived here counts from the data's day of the batch that brought the row.
WITH away AS (
    SELECT r.id, coalesce((SELECT max(h.ends_on) FROM registry_residence h WHERE h.resident_id = r.id),
                          (SELECT b.as_of FROM registry_batch b WHERE b.id = r.batch_id)) AS since
    FROM registry_resident r
    WHERE r.id > %(after)s
      AND NOT EXISTS (SELECT FROM registry_residence h WHERE h.resident_id = r.id AND h.ends_on IS NULL)
    UNION ALL
    SELECT f.resident_id, f.starts_on FROM registry_fact f WHERE f.kind = 'deceased' AND f.resident_id > %(after)s
)
SELECT r.id, r.household_id FROM registry_resident r
WHERE r.id IN (SELECT id FROM away WHERE (since + %(left)s::interval)::date <= %(today)s)
  AND NOT EXISTS (SELECT FROM registry_youth y WHERE y.resident_id = r.id)
  AND NOT EXISTS (SELECT FROM registry_personrequest q WHERE q.resident_id = r.id AND q.outcome = '')
  AND NOT EXISTS (SELECT FROM registry_guardianship g
                  WHERE g.guardian_id = r.id AND (g.ends_on IS NULL OR g.ends_on > %(today)s))
ORDER BY r.id LIMIT %(limit)s
FOR UPDATE OF r SKIP LOCKED

-- name: resident_parts
-- All that is held of the people, then the people, then households that nobody is left in.
UPDATE registry_guardianship SET guardian_id = NULL WHERE guardian_id = ANY (%(residents)s::bigint[]);
UPDATE registry_personrequest SET resident_id = NULL WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_guardianship WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_candidate WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_fact WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_move WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_residence WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_presence WHERE resident_id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_resident WHERE id = ANY (%(residents)s::bigint[]);
DELETE FROM registry_household h WHERE h.id = ANY (%(households)s::bigint[])
    AND NOT EXISTS (SELECT FROM registry_resident r WHERE r.household_id = h.id);
DELETE FROM registry_historicalhousehold o WHERE o.id = ANY (%(households)s::bigint[])
    AND NOT EXISTS (SELECT FROM registry_household h WHERE h.id = o.id)

-- name: forget_requests
-- What was asked about people whose file is anonymous stays as proof that it was answered, and points to nobody.
UPDATE registry_personrequest SET resident_id = NULL WHERE resident_id = ANY (%(residents)s::bigint[]) AND outcome <> ''

-- name: ended
-- Facts and guardianships that ended so long ago, of people without a file.
DELETE FROM {table} WHERE id IN (
    SELECT t.id FROM {table} t
    WHERE t.id > %(after)s AND (t.ends_on + %(keep)s::interval)::date <= %(today)s
      AND NOT EXISTS (SELECT FROM registry_youth y WHERE y.resident_id = t.resident_id)
    ORDER BY t.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING id

-- name: ended_homes
-- Earlier homes of people who live here now; those of people who left go with the people.
DELETE FROM registry_residence WHERE id IN (
    SELECT t.id FROM registry_residence t
    WHERE t.id > %(after)s AND (t.ends_on + %(keep)s::interval)::date <= %(today)s
      AND EXISTS (SELECT FROM registry_residence h WHERE h.resident_id = t.resident_id AND h.ends_on IS NULL)
      AND NOT EXISTS (SELECT FROM registry_youth y WHERE y.resident_id = t.resident_id)
    ORDER BY t.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING id

-- name: old_moves
DELETE FROM registry_move WHERE id IN (
    SELECT t.id FROM registry_move t
    WHERE t.id > %(after)s AND (t.moved_on + %(keep)s::interval)::date <= %(today)s
      AND NOT EXISTS (SELECT FROM registry_youth y WHERE y.resident_id = t.resident_id)
      AND NOT EXISTS (SELECT FROM registry_handover h WHERE h.move_id = t.id)
    ORDER BY t.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING id

-- name: candidates
-- Decided so long ago; a verified one of a file goes with the file.
DELETE FROM registry_candidate WHERE id IN (
    SELECT c.id FROM registry_candidate c
    WHERE c.id > %(after)s AND c.state <> 'open'
      AND (c.decided_at::date + CASE c.state WHEN 'withdrawn' THEN %(withdrawn)s::interval ELSE %(keep)s::interval END)::date
          <= %(today)s
      AND NOT (c.state = 'verified' AND EXISTS (SELECT FROM registry_youth y WHERE y.resident_id = c.resident_id))
    ORDER BY c.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING id

-- name: plain
-- Rows of one table that nothing else hangs on; {condition} is the caller's constant.
DELETE FROM {table} WHERE {key} IN (
    SELECT t.{key} FROM {table} t WHERE t.{key} > %(after)s AND {condition}
    ORDER BY t.{key} LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING {key}

-- name: old_batches
SELECT id FROM registry_batch
WHERE images_gone_at IS NULL AND (created_at::date + %(keep)s::interval)::date <= %(today)s
ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: images
DELETE FROM registry_batchchange WHERE id IN (
    SELECT id FROM registry_batchchange WHERE batch_id = %(batch)s ORDER BY id LIMIT %(limit)s)
RETURNING id

-- name: images_gone
UPDATE registry_batch SET images_gone_at = now() WHERE id = %(batch)s

-- name: old_disclosures
-- What was given to others and is neither in use nor to be kept any longer.
SELECT id FROM registry_disclosure
WHERE (greatest(given_on, until) + %(keep)s::interval)::date <= %(today)s
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: disclosures
DELETE FROM registry_disclosedperson WHERE disclosure_id = ANY (%(ids)s::uuid[]);
DELETE FROM registry_disclosure WHERE id = ANY (%(ids)s::uuid[])

-- name: attempts
WITH old AS (
    SELECT id FROM axes_accessattempt WHERE (attempt_time::date + %(keep)s::interval)::date <= %(today)s
), paused AS (
    DELETE FROM axes_accessattemptexpiration WHERE access_attempt_id IN (SELECT id FROM old)
)
DELETE FROM axes_accessattempt WHERE id IN (SELECT id FROM old)
