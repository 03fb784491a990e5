-- What a batch settles of the check requests to its source; caller: registry/check_requests.py.

-- name: settle_facts
-- The source's latest running word on the subject is what the worker found; or, where the worker found nothing of the
-- sort, the source says nothing any more.
WITH said AS (
    SELECT c.id, c.found_kind, c.found_unit, latest.kind, latest.unit
    FROM registry_checkrequest c
    JOIN registry_youth y ON y.id = c.youth_id
    LEFT JOIN LATERAL (
        SELECT f.kind, f.unit FROM registry_fact f
        WHERE f.resident_id = y.resident_id AND f.source_id = c.source_id
          AND f.kind = ANY (CASE c.field WHEN 'school' THEN %(school)s ELSE %(work)s END)
          AND (f.ends_on IS NULL OR f.ends_on > current_date)
        ORDER BY f.starts_on DESC, f.id DESC LIMIT 1) AS latest ON true
    WHERE c.state = 'open' AND c.source_id = %(source)s AND c.field IN ('school', 'work')
)
UPDATE registry_checkrequest c SET state = 'agreed', answered_at = now()
FROM said
WHERE said.id = c.id AND c.state = 'open'
  AND CASE WHEN said.found_kind = ANY (%(denials)s) THEN said.kind IS NULL
           ELSE said.kind = said.found_kind AND (said.found_unit = '' OR said.unit IN ('', said.found_unit)) END

-- name: residents_in_file
SELECT c.id, f.name, f.sex, f.birth_on
FROM registry_checkrequest c
JOIN registry_youth y ON y.id = c.youth_id
JOIN feed_resident_known f ON f.resident_id = y.resident_id
WHERE c.state = 'open' AND c.source_id = %(source)s AND c.field IN ('name', 'sex', 'birth_on') AND f.fault IS NULL
