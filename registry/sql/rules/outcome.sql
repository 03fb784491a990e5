-- From what the rules found to candidates and alerts; caller: registry/rules.py.

-- name: due
-- What is a candidate today: whose home is here, who is alive, not enrolled already, and not decided on these very facts.
-- The grid is the one that answers: of the open file, else of the home. A category that a person ended is not suggested
-- on facts older than that.
DROP TABLE IF EXISTS rule_due;
CREATE TEMPORARY TABLE rule_due ON COMMIT DROP AS
SELECT f.resident_id, l.category_id, l.help_kind, f.kind, f.enrolment_id, coalesce(y.grid_id, d.grid_id) AS grid_id,
    l.is_private OR f.rests_on_custody AS is_quiet, f.since_on, f.known_on, left(f.words, 500) AS reason, l.clause, p.fingerprint
FROM rule_found f
JOIN rule_limit l USING (topic)
CROSS JOIN LATERAL (SELECT encode(sha256(convert_to(array_to_string(f.evidence, '|'), 'UTF8')), 'hex') AS fingerprint) AS p
LEFT JOIN registry_residence h ON h.resident_id = f.resident_id AND h.ends_on IS NULL
LEFT JOIN registry_dwelling d ON d.id = h.dwelling_id
LEFT JOIN registry_youth y ON y.resident_id = f.resident_id AND y.state = 'open'
WHERE coalesce(y.grid_id, d.grid_id) IS NOT NULL
  AND (f.kind = 'leave' OR h.resident_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM registry_fact x WHERE x.resident_id = f.resident_id AND x.kind = 'deceased'))
  AND (f.kind = 'leave' OR NOT EXISTS (
    SELECT FROM registry_youth file JOIN registry_enrolment e ON e.youth_id = file.id
    WHERE file.resident_id = f.resident_id AND e.category_id = l.category_id
      AND (e.ends_on IS NULL OR e.ends_on >= f.known_on)))
  AND NOT EXISTS (
    SELECT FROM registry_candidate c
    WHERE c.resident_id = f.resident_id AND c.category_id IS NOT DISTINCT FROM l.category_id AND c.help_kind = l.help_kind
      AND c.kind = f.kind AND c.state IN ('verified', 'set_aside') AND c.fingerprint = p.fingerprint);
ANALYZE rule_due

-- name: fresh
-- What would be suggested for a category and is not under way already.
SELECT n.resident_id, r.id_number_index, r.person_number, n.category_id, max(n.known_on)
FROM rule_due n JOIN registry_resident r ON r.id = n.resident_id
WHERE n.kind = 'enter' AND n.category_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM registry_candidate c
    WHERE c.state = 'open' AND c.resident_id = n.resident_id AND c.category_id = n.category_id AND c.kind = n.kind)
GROUP BY 1, 2, 3, 4

-- name: leave_out
DELETE FROM rule_due n USING unnest(%(residents)s::bigint[], %(categories)s::text[]) AS o (resident_id, category_id)
WHERE n.resident_id = o.resident_id AND n.category_id = o.category_id AND n.kind = 'enter'

-- name: renew
-- Still so, on other facts or in another place.
UPDATE registry_candidate c SET grid_id = n.grid_id, is_quiet = n.is_quiet, since_on = n.since_on, reason = n.reason,
    clause = n.clause, fingerprint = n.fingerprint, enrolment_id = n.enrolment_id
FROM rule_due n
WHERE c.state = 'open' AND c.resident_id = n.resident_id AND c.category_id IS NOT DISTINCT FROM n.category_id
  AND c.help_kind = n.help_kind AND c.kind = n.kind
  AND (c.grid_id, c.is_quiet, c.since_on, c.reason, c.clause, c.fingerprint, c.enrolment_id)
      IS DISTINCT FROM (n.grid_id, n.is_quiet, n.since_on, n.reason, n.clause, n.fingerprint, n.enrolment_id)

-- name: withdraw
-- No longer so. Returns the grids, whose alerts may be done with it.
UPDATE registry_candidate c SET state = 'withdrawn', decided_at = now()
WHERE c.state = 'open' AND coalesce(c.category_id, c.help_kind) IN (SELECT topic FROM rule_limit)
  {touched: c.resident_id}
  AND NOT EXISTS (
    SELECT FROM rule_due n
    WHERE n.resident_id = c.resident_id AND n.category_id IS NOT DISTINCT FROM c.category_id
      AND n.help_kind = c.help_kind AND n.kind = c.kind)
RETURNING c.grid_id

-- name: suggest
INSERT INTO registry_candidate (resident_id, category_id, help_kind, kind, enrolment_id, grid_id, is_quiet, since_on, reason,
    clause, fingerprint, suggested_on)
SELECT n.resident_id, n.category_id, n.help_kind, n.kind, n.enrolment_id, n.grid_id, n.is_quiet, n.since_on, n.reason, n.clause,
    n.fingerprint, %(today)s
FROM rule_due n
WHERE NOT EXISTS (
    SELECT FROM registry_candidate c
    WHERE c.state = 'open' AND c.resident_id = n.resident_id AND c.category_id IS NOT DISTINCT FROM n.category_id
      AND c.help_kind = n.help_kind AND c.kind = n.kind)
ON CONFLICT DO NOTHING
RETURNING grid_id, coalesce(category_id, help_kind), CASE WHEN is_quiet THEN resident_id::text ELSE id::text END

-- name: tell
-- One alert a batch to whoever answers, for a grid or for several of one community, in the same words for whatever it is
-- about; an older one of the same place gives way to it.
WITH fresh AS (
    SELECT r.user_id, left(f.grid_id, 12) AS community, sum(f.number) AS number, count(*) AS grids, min(f.grid_id) AS grid_id
    FROM unnest(%(grids)s::text[], %(numbers)s::integer[]) AS f (grid_id, number)
    JOIN grids_responsible r ON r.grid_id = f.grid_id
    GROUP BY r.user_id, left(f.grid_id, 12)
),
placed AS (
    SELECT f.*, CASE WHEN f.grids = 1 THEN f.grid_id ELSE f.community END AS place,
        CASE WHEN f.grids = 1 THEN g.name ELSE '各网格' END AS name
    FROM fresh f JOIN grids_grid g ON g.code = f.grid_id
),
replaced AS (
    UPDATE grids_alert a SET done_at = now(), next_try_at = NULL FROM fresh
    WHERE a.event_key >= 'candidates:' || fresh.community || ':' AND a.event_key < 'candidates:' || fresh.community || ';'
      AND a.addressee_id = fresh.user_id AND a.done_at IS NULL
),
told AS (
    INSERT INTO grids_alert (id, event_key, addressee_id, kind, text, path, wants_act)
    SELECT gen_random_uuid(), 'candidates:' || p.community || ':' || %(run)s, p.user_id, 'candidates',
           p.name || '有 ' || p.number || ' 条新线索，请走访', '/candidates/?division=' || p.place, true
    FROM placed p
    ON CONFLICT (event_key, addressee_id) DO NOTHING
    RETURNING addressee_id
)
SELECT (SELECT count(*) FROM told), ARRAY(SELECT addressee_id FROM told)

-- name: settle
-- Nothing is left to visit where the addressee answers: the alert is done.
UPDATE grids_alert a SET done_at = now(), next_try_at = NULL
FROM (SELECT DISTINCT left(grid_id, 12) AS community FROM unnest(%(grids)s::text[]) AS named (grid_id)) AS g
WHERE a.event_key >= 'candidates:' || g.community || ':' AND a.event_key < 'candidates:' || g.community || ';' AND a.done_at IS NULL
  AND NOT EXISTS (
    SELECT FROM grids_responsible r JOIN registry_candidate c ON c.grid_id = r.grid_id
    WHERE r.user_id = a.addressee_id AND r.grid_id >= g.community AND r.grid_id < g.community || ':'
      AND c.state = 'open' AND c.visited_at IS NULL)
RETURNING a.addressee_id

-- name: alerted
-- Communities with an alert that is open: in a run over the city each is looked at, for whoever answers may have changed.
SELECT DISTINCT split_part(event_key, ':', 2) FROM grids_alert
WHERE done_at IS NULL AND event_key >= 'candidates:' AND event_key < 'candidates;'

-- name: follow
-- Responsibility passed on (a handover accepted, a file opened): the candidate goes with it.
UPDATE registry_candidate c SET grid_id = y.grid_id
FROM registry_youth y
WHERE c.state = 'open' AND y.resident_id = c.resident_id AND y.state = 'open' AND y.grid_id <> c.grid_id

-- name: forget
DELETE FROM registry_candidate WHERE resident_id = ANY (%s) AND visited_at IS NULL AND decided_by_id IS NULL

-- name: open
SELECT coalesce(category_id, help_kind), count(*) FROM registry_candidate
WHERE state = 'open' AND coalesce(%(category)s, category_id, help_kind) = coalesce(category_id, help_kind)
GROUP BY 1 ORDER BY 1
