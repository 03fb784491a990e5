-- Children, their parents, and what is said of these; caller: registry/rules.py.
-- A parent is who the guardianships name as one (GB/T 4761 50–52, 57–59), else who must be one by the relations to the
-- head of the household. Of a parent of whom nothing is said nothing follows: absence of word is no evidence.

-- name: looked_at
-- In the whole city: the children of adults of whom something is said, and those on the register for their family.
DROP TABLE IF EXISTS rule_child_id;
CREATE TEMPORARY TABLE rule_child_id ON COMMIT DROP AS
WITH adult AS (
    SELECT DISTINCT resident_id FROM registry_fact
    WHERE kind IN ('away_for_work', 'in_prison', 'in_detox', 'detained', 'custody_revoked', 'deported', 'missing', 'deceased', 'ill')
       OR kind = 'disabled' AND level IN ('1', '2')
)
SELECT resident_id FROM registry_guardianship
WHERE status NOT IN ('at_home', 'unknown') AND relation IN ('50', '51', '52', '57', '58', '59')
UNION
SELECT g.resident_id FROM adult JOIN registry_guardianship g ON g.guardian_id = adult.resident_id
WHERE g.relation IN ('50', '51', '52', '57', '58', '59')
UNION
SELECT young.id FROM adult
JOIN registry_resident r ON r.id = adult.resident_id
JOIN registry_resident young ON young.household_id = r.household_id AND young.birth_on > %(minors_after)s
UNION
SELECT y.resident_id FROM registry_enrolment e JOIN registry_youth y ON y.id = e.youth_id
WHERE e.ends_on IS NULL AND e.category_id IN ('left_behind', 'custody_child');
ANALYZE rule_child_id

-- name: looked_at_touched
DROP TABLE IF EXISTS rule_child_id;
CREATE TEMPORARY TABLE rule_child_id ON COMMIT DROP AS SELECT resident_id FROM rule_scope;
ANALYZE rule_child_id

-- name: looked_at_nobody
DROP TABLE IF EXISTS rule_child_id;
CREATE TEMPORARY TABLE rule_child_id (resident_id bigint) ON COMMIT DROP

-- name: children
DROP TABLE IF EXISTS rule_child;
CREATE TEMPORARY TABLE rule_child ON COMMIT DROP AS
SELECT r.id AS child_id, r.birth_on, r.household_id, r.relation, r.hukou_is_rural, h.dwelling_id, d.grid_id,
       left(d.grid_id, 6) AS county
FROM rule_child_id c
JOIN registry_resident r ON r.id = c.resident_id AND r.birth_on > %(minors_after)s
JOIN registry_residence h ON h.resident_id = r.id AND h.ends_on IS NULL
JOIN registry_dwelling d ON d.id = h.dwelling_id;
ANALYZE rule_child

-- name: kin
DROP TABLE IF EXISTS rule_kin;
CREATE TEMPORARY TABLE rule_kin ON COMMIT DROP AS
WITH stated AS (
    -- What was said last of each guardian.
    SELECT DISTINCT ON (c.child_id, g.relation, coalesce(g.guardian_id::text, g.guardian_name))
        c.child_id, c.county, g.guardian_id AS parent_id, g.guardian_name, p.birth_on AS parent_birth, g.status,
        g.destination_code AS destination, g.starts_on AS status_on,
        CASE WHEN g.relation IN ('51', '57') OR g.relation IN ('50', '59') AND p.sex = '1' THEN 'father'
             WHEN g.relation IN ('52', '58') OR g.relation IN ('50', '59') AND p.sex = '2' THEN 'mother' END AS side
    FROM rule_child c
    JOIN registry_guardianship g ON g.resident_id = c.child_id
    LEFT JOIN registry_resident p ON p.id = g.guardian_id
    WHERE g.relation IN ('50', '51', '52', '57', '58', '59') AND g.starts_on <= %(today)s
      AND (g.ends_on IS NULL OR g.ends_on > %(today)s)
    ORDER BY c.child_id, g.relation, coalesce(g.guardian_id::text, g.guardian_name), g.starts_on DESC, g.id DESC
),
household AS (
    -- A child of the head: the head and the spouse. A grandchild (41–44): the son or daughter of the head, and who
    -- married in. A head, or a brother or sister of the head: the head's parents. Two who could be the father are none.
    SELECT c.child_id, c.county, p.id AS parent_id, p.name, p.birth_on AS parent_birth,
        CASE p.sex WHEN '1' THEN 'father' ELSE 'mother' END AS side,
        count(*) OVER (PARTITION BY c.child_id, p.sex) AS rivals
    FROM rule_child c
    JOIN registry_resident p ON p.household_id = c.household_id
    WHERE p.sex IN ('1', '2') AND p.birth_on <= c.birth_on - interval '15 years' AND CASE
        WHEN c.relation BETWEEN '20' AND '39' AND c.relation NOT IN ('28', '38') THEN p.relation IN ('01', '02', '10', '11', '12')
        WHEN c.relation IN ('41', '42') THEN p.relation BETWEEN '20' AND '29' AND p.relation <> '28' OR p.relation = '38'
        WHEN c.relation IN ('43', '44') THEN p.relation BETWEEN '30' AND '39' AND p.relation <> '38' OR p.relation = '28'
        WHEN c.relation IN ('01', '02', '70', '71', '73', '75', '77', '79') THEN p.relation IN ('50', '51', '52', '57', '58')
        ELSE false END
)
SELECT row_number() OVER () AS kin_id, k.* FROM (
    SELECT s.child_id, s.county, s.side, coalesce(s.parent_id, h.parent_id) AS parent_id,
        coalesce(s.parent_birth, h.parent_birth) AS parent_birth, s.status, s.destination, s.status_on, false AS by_household
    FROM stated s
    LEFT JOIN household h ON s.parent_id IS NULL AND h.child_id = s.child_id AND h.side = s.side AND h.name = s.guardian_name
    WHERE s.side IS NOT NULL
    UNION ALL
    SELECT h.child_id, h.county, h.side, h.parent_id, h.parent_birth, 'unknown', '', NULL, true
    FROM household h
    WHERE h.rivals = 1 AND NOT EXISTS (SELECT FROM stated s WHERE s.child_id = h.child_id AND s.side = h.side)
) AS k;
ANALYZE rule_kin

-- name: said
-- Every statement about a parent: facts of departments, and the status in the guardianship. Custody is said of adults only.
-- 重残 is level 1 or 2; 患病 of a parent means a grave illness (民发〔2016〕42号 form).
DROP TABLE IF EXISTS rule_said;
CREATE TEMPORARY TABLE rule_said ON COMMIT DROP AS
SELECT k.kin_id, CASE WHEN f.kind IN ('ill', 'disabled') THEN 'severely_ill' ELSE f.kind END AS status, f.starts_on,
       coalesce(f.ends_on, 'infinity') AS ends_on, f.destination_code AS destination, true AS is_fact
FROM rule_kin k
JOIN registry_fact f ON f.resident_id = k.parent_id
WHERE f.kind IN ('away_for_work', 'in_prison', 'in_detox', 'detained', 'custody_revoked', 'deported', 'missing', 'deceased', 'ill', 'disabled')
  AND (f.kind <> 'disabled' OR f.level IN ('1', '2'))
  AND (f.kind NOT IN ('in_prison', 'in_detox', 'detained') OR k.parent_birth <= f.starts_on - interval '18 years')
  AND f.starts_on <= %(today)s
UNION ALL
SELECT kin_id, status, status_on, 'infinity', destination, false FROM rule_kin WHERE status NOT IN ('at_home', 'unknown')

-- name: overtaken
-- The guardianship still says so, but the fact of the same kind has ended since: released, found, back from work.
DELETE FROM rule_said s
USING (SELECT kin_id, CASE WHEN status IN ('in_prison', 'in_detox', 'detained') THEN 'custody' ELSE status END AS sort, max(ends_on) AS ended_on
       FROM rule_said WHERE is_fact GROUP BY 1, 2 HAVING max(ends_on) <= %(today)s) AS over
WHERE NOT s.is_fact AND over.kin_id = s.kin_id AND over.ended_on > s.starts_on
  AND over.sort = CASE WHEN s.status IN ('in_prison', 'in_detox', 'detained') THEN 'custody' ELSE s.status END;
ANALYZE rule_said

-- name: parents
-- Away: across a county line (the first six digits of the codes), since when without more than a short return between.
-- Where a parent went is needed for that: a destination that nobody states crosses no line. Unable: the gravest ground.
-- A later word that the parent is at home ends an absence; it does not heal.
DROP TABLE IF EXISTS rule_parent;
CREATE TEMPORARY TABLE rule_parent ON COMMIT DROP AS
WITH crossing AS (
    SELECT s.kin_id, s.starts_on, s.ends_on, left(s.destination, 6) AS destination,
        coalesce(s.starts_on > max(s.ends_on) OVER earlier + %(short_return)s::integer, true) AS begins
    FROM rule_said s JOIN rule_kin k USING (kin_id)
    WHERE s.status = 'away_for_work' AND s.destination <> '' AND left(s.destination, 6) <> k.county
    WINDOW earlier AS (PARTITION BY s.kin_id ORDER BY s.starts_on, s.ends_on ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY kin_id ORDER BY starts_on, ends_on) AS time FROM crossing
),
away AS (
    SELECT DISTINCT ON (kin_id) kin_id, min(starts_on) AS since, max(starts_on) AS last_left,
        (array_agg(destination ORDER BY starts_on DESC))[1] AS destination
    FROM numbered GROUP BY kin_id, time HAVING max(ends_on) > %(today)s
    ORDER BY kin_id, min(starts_on)
),
unable AS (
    SELECT DISTINCT ON (s.kin_id) s.kin_id, s.status, s.starts_on
    FROM rule_said s JOIN rule_kin k USING (kin_id)
    WHERE s.status <> 'away_for_work' AND s.ends_on > %(today)s
      AND NOT (k.status = 'at_home' AND k.status_on > s.starts_on AND s.status IN ('in_prison', 'in_detox', 'detained', 'deported', 'missing'))
    ORDER BY s.kin_id, array_position(%(gravest)s::text[], s.status), s.starts_on
)
SELECT k.kin_id, k.child_id, k.side, k.status, k.status_on, a.since AS away_since, u.status AS unable, u.starts_on AS unable_on,
    p.parent || '自 ' || a.since || ' 起在' || coalesce(nullif(place.name, ''), '外地') || '务工' AS away_words,
    p.parent || w.word || CASE WHEN u.status = 'deceased' THEN '' ELSE '自 ' || u.starts_on END AS unable_words
FROM rule_kin k
CROSS JOIN LATERAL (SELECT CASE k.side WHEN 'father' THEN '父亲' ELSE '母亲' END
    || CASE WHEN k.by_household THEN '（按户内关系）' ELSE '' END AS parent) AS p
LEFT JOIN away a ON a.kin_id = k.kin_id AND NOT (k.status = 'at_home' AND k.status_on > a.last_left)
LEFT JOIN unable u ON u.kin_id = k.kin_id
LEFT JOIN rule_word w ON w.code = u.status
LEFT JOIN LATERAL (
    SELECT CASE WHEN province.code IS DISTINCT FROM city.code THEN coalesce(province.name, '') ELSE '' END || county.name AS name
    FROM grids_county county
    LEFT JOIN grids_county city ON city.code = county.parent_id
    LEFT JOIN grids_county province ON province.code = coalesce(city.parent_id, city.code)
    WHERE county.code = a.destination) AS place ON true;
ANALYZE rule_parent

-- name: carers
-- With whom the child lives: a parent at home, else another guardian at home, else the head of the household, and then
-- a parent who is gravely ill.
DROP TABLE IF EXISTS rule_carer;
CREATE TEMPORARY TABLE rule_carer ON COMMIT DROP AS
SELECT DISTINCT ON (child_id) child_id, carer FROM (
    SELECT child_id, CASE side WHEN 'father' THEN '父亲' ELSE '母亲' END AS carer, CASE WHEN unable IS NULL THEN 1 ELSE 4 END AS place
    FROM rule_parent
    WHERE status = 'at_home' AND away_since IS NULL AND (unable IS NULL OR unable = 'severely_ill')
    UNION ALL
    SELECT c.child_id, w.word, 2 FROM rule_child c
    JOIN registry_guardianship g ON g.resident_id = c.child_id AND g.status = 'at_home'
        AND g.relation NOT IN ('50', '51', '52', '57', '58', '59') AND (g.ends_on IS NULL OR g.ends_on > %(today)s)
    JOIN rule_word w ON w.code = 'relation:' || g.relation
    UNION ALL
    SELECT c.child_id, CASE WHEN c.relation IN ('41', '42') THEN '' ELSE '外' END || CASE head.sex WHEN '1' THEN '祖父' ELSE '祖母' END, 3
    FROM rule_child c
    JOIN registry_resident head ON head.household_id = c.household_id AND head.relation IN ('01', '02')
    JOIN registry_residence h ON h.resident_id = head.id AND h.ends_on IS NULL AND h.dwelling_id = c.dwelling_id
    WHERE c.relation IN ('41', '42', '43', '44')
) AS known
ORDER BY child_id, place, carer DESC
