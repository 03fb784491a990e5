-- Taking what is sealed out of its tables; caller: registry/sealing.py. Table names and conditions are its constants.

-- name: begin
-- From here on the guards let rows go, within this transaction and for this notice alone (migration 0022).
SELECT set_config('wuhu_youth.sealing', %(seal)s, true)

-- name: end
-- Foreign keys speak now, not at the commit.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT set_config('wuhu_youth.sealing', '', true)

-- name: take
DELETE FROM {table} AS t WHERE {condition} RETURNING to_jsonb(t)::text

-- name: put_back
INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %(rows)s::jsonb)

-- name: past
SELECT history_id, history_date, history_user_id, history_change_reason, next_due_on, last_verified_on
FROM registry_historicalyouth WHERE id = %(youth)s ORDER BY history_date, history_id

-- name: write_past
UPDATE registry_historicalyouth AS t SET next_due_on = v.next_due_on, last_verified_on = v.last_verified_on
FROM unnest(%(ids)s::integer[], %(next)s::date[], %(verified)s::date[]) AS v (history_id, next_due_on, last_verified_on)
WHERE t.history_id = v.history_id AND t.id = %(youth)s

-- name: told
-- Alerts that counted candidates of one moment to whoever answers for this grid. The message is written in the moment of
-- the suggestion, by the same clock.
SELECT a.id, a.addressee_id FROM grids_alert a
JOIN grids_responsible r ON r.user_id = a.addressee_id AND r.grid_id = %(grid)s
WHERE a.kind = 'candidates' AND a.created_at = %(moment)s
  AND a.event_key >= 'candidates:' || %(community)s || ':' AND a.event_key < 'candidates:' || %(community)s || ';'

-- name: left_over
SELECT c.grid_id, count(DISTINCT CASE WHEN c.is_quiet THEN c.resident_id::text ELSE c.id::text END)
FROM registry_candidate c JOIN grids_responsible r ON r.grid_id = c.grid_id
WHERE r.user_id = %(addressee)s AND c.suggested_at = %(moment)s
  AND c.grid_id >= %(community)s AND c.grid_id < %(community)s || ':'
GROUP BY 1 ORDER BY 1

-- name: tell_less
-- In the words of rules/outcome.sql (tell), for what is left.
UPDATE grids_alert a SET
    text = CASE WHEN cardinality(%(grids)s::text[]) = 1 THEN (SELECT name FROM grids_grid WHERE code = (%(grids)s::text[])[1])
                ELSE '各网格' END || '有 ' || %(number)s || ' 条新线索，请走访',
    path = '/candidates/?division=' || CASE WHEN cardinality(%(grids)s::text[]) = 1 THEN (%(grids)s::text[])[1] ELSE %(community)s END
WHERE a.id = %(alert)s

-- name: wait_again
-- An older message had given way to the one that is gone.
UPDATE grids_alert SET done_at = NULL
WHERE addressee_id = %(addressee)s AND done_at = %(moment)s AND kind = 'candidates' AND created_at < %(moment)s
  AND event_key >= 'candidates:' || %(community)s || ':' AND event_key < 'candidates:' || %(community)s || ';'

-- name: stored_exports
-- Sheets that still lie there for somebody to fetch, and name this person.
UPDATE registry_export e SET state = 'gone' FROM registry_reading r
WHERE r.id = e.reading_id AND e.state IN ('making', 'ready') AND r.subject_ids && %(subjects)s::uuid[]
RETURNING e.id
