-- What every run of the rules stands on; caller: registry/rules.py. All tables are temporary and end with the transaction.
-- Rules read residents, households, residences, guardianships and facts, and of enrolments only that they run. Nothing
-- here reads what is sealed, and no rule reads an offence of the young person: there is no such fact (LAW section 3).

-- name: one_at_a_time
-- Two batches may end at one moment: the second waits, and sees what the first has suggested.
SELECT pg_advisory_xact_lock(hashtextextended('rules', 0))

-- name: room
-- For the whole city: joins of millions in memory, and no time spent on compiling them.
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true)

-- name: limits
DROP TABLE IF EXISTS rule_limit;
CREATE TEMPORARY TABLE rule_limit (topic text PRIMARY KEY, category_id text COLLATE "C", help_kind text, is_private boolean,
    age_max integer, born_after date, born_until date, months integer, clause text) ON COMMIT DROP

-- name: limit
INSERT INTO rule_limit VALUES (%(topic)s, %(category_id)s, %(help_kind)s, %(is_private)s, %(age_max)s, %(born_after)s,
    %(born_until)s, %(months)s, %(clause)s)

-- name: words
DROP TABLE IF EXISTS rule_word;
CREATE TEMPORARY TABLE rule_word ON COMMIT DROP AS
SELECT * FROM unnest(%(codes)s::text[], %(words)s::text[]) AS w (code, word)

-- name: results
-- `since_on`: since when it is so. `known_on`: the newest date among the facts that carry it. `evidence`: those facts as
-- text that stays the same while they do.
DROP TABLE IF EXISTS rule_found;
CREATE TEMPORARY TABLE rule_found (resident_id bigint, topic text, kind text, since_on date, known_on date, words text,
    evidence text[], rests_on_custody boolean, enrolment_id uuid) ON COMMIT DROP

-- name: named
DROP TABLE IF EXISTS rule_named;
CREATE TEMPORARY TABLE rule_named ON COMMIT DROP AS
SELECT DISTINCT resident_id FROM {table} AS named WHERE resident_id IS NOT NULL;
ANALYZE rule_named

-- name: moved
-- Whose candidates a change of home may touch: the young themselves, and whoever has a candidate or a file. Where a grown-up
-- lives is no ground of any rule.
DROP TABLE IF EXISTS rule_scope;
CREATE TEMPORARY TABLE rule_scope ON COMMIT DROP AS
SELECT r.id AS resident_id FROM rule_named n JOIN registry_resident r ON r.id = n.resident_id AND r.birth_on > %(young_after)s
UNION
SELECT c.resident_id FROM rule_named n JOIN registry_candidate c ON c.resident_id = n.resident_id AND c.state = 'open'
UNION
SELECT y.resident_id FROM rule_named n JOIN registry_youth y ON y.resident_id = n.resident_id

-- name: families
-- What is said of a person may concern children by guardianship, and the young of the same household.
INSERT INTO rule_scope
SELECT g.resident_id FROM rule_named n JOIN registry_guardianship g ON g.guardian_id = n.resident_id
UNION
SELECT young.id FROM rule_named n
JOIN registry_resident r ON r.id = n.resident_id
JOIN registry_resident young ON young.household_id = r.household_id AND young.birth_on > %(young_after)s
EXCEPT
SELECT resident_id FROM rule_scope

-- name: analyze_scope
ANALYZE rule_scope
