-- When an open enrolment seems to be over: age, a parent's return or release, school, work, twelve months; caller:
-- registry/rules.py. Only what became so after the enrolment began counts: what was so before, the worker knew.
-- misconduct has no rule to enter by: it rests on what family, school, community or the young person say.

-- name: leave
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody, enrolment_id)
WITH enrolled AS (
    SELECT e.id, e.category_id AS topic, e.starts_on, y.resident_id, r.birth_on, l.age_max, l.born_after, l.months,
        r.birth_on > %(pupils_after)s AS is_pupil
    FROM registry_enrolment e
    JOIN registry_youth y ON y.id = e.youth_id
    JOIN registry_resident r ON r.id = y.resident_id
    JOIN rule_limit l ON l.topic = e.category_id
    WHERE e.ends_on IS NULL {touched: y.resident_id}
),
-- Only of children of whom the families were read.
home_again AS (
    SELECT DISTINCT ON (e.id) e.id, p.status_on AS since, CASE p.side WHEN 'father' THEN '父亲' ELSE '母亲' END AS parent
    FROM enrolled e JOIN rule_parent p ON p.child_id = e.resident_id
    WHERE e.topic = 'left_behind' AND p.status = 'at_home' AND p.status_on > e.starts_on
      AND p.away_since IS NULL AND p.unable IS NULL
    ORDER BY e.id, p.status_on
),
not_away AS (
    SELECT DISTINCT ON (e.id) e.id, over.ended_on AS since, CASE p.side WHEN 'father' THEN '父亲' ELSE '母亲' END AS parent
    FROM enrolled e
    JOIN rule_parent p ON p.child_id = e.resident_id
    JOIN (SELECT kin_id, max(ends_on) AS ended_on FROM rule_said WHERE status = 'away_for_work'
          GROUP BY kin_id HAVING max(ends_on) <= %(today)s) AS over ON over.kin_id = p.kin_id
    WHERE e.topic = 'left_behind' AND over.ended_on > e.starts_on AND p.unable IS NULL
    ORDER BY e.id, over.ended_on
),
released AS (
    SELECT e.id, max(s.ends_on) AS since FROM enrolled e
    JOIN rule_kin k ON k.child_id = e.resident_id
    JOIN rule_said s ON s.kin_id = k.kin_id AND s.status IN ('in_prison', 'in_detox')
    WHERE e.topic = 'custody_child'
    GROUP BY e.id, e.starts_on HAVING max(s.ends_on) <= %(today)s AND max(s.ends_on) > e.starts_on
),
busy AS (
    SELECT DISTINCT ON (e.id) e.id, f.starts_on AS since, f.kind FROM enrolled e
    JOIN registry_fact f ON f.resident_id = e.resident_id
        AND (f.kind IN ('in_school', 'ill', 'disabled', 'family_emergency') OR f.kind IN ('employed', 'preparing') AND NOT e.is_pupil)
    WHERE e.topic = 'idle' AND f.starts_on > e.starts_on AND f.starts_on <= %(today)s AND (f.ends_on IS NULL OR f.ends_on > %(today)s)
      AND NOT EXISTS (SELECT FROM registry_fact d WHERE d.resident_id = f.resident_id AND d.starts_on > f.starts_on
                      AND d.kind = CASE f.kind WHEN 'in_school' THEN 'dropped_out' WHEN 'employed' THEN 'unemployed' END
                      AND (d.ends_on IS NULL OR d.ends_on > %(today)s))
    ORDER BY e.id, array_position(ARRAY['in_school', 'employed', 'preparing', 'ill', 'disabled', 'family_emergency'], f.kind::text), f.starts_on
),
cared_for AS (
    SELECT e.id, min(g.starts_on) AS since FROM enrolled e
    JOIN registry_guardianship g ON g.resident_id = e.resident_id AND g.status = 'at_home' AND g.starts_on > e.starts_on
        AND g.starts_on <= %(today)s AND (g.ends_on IS NULL OR g.ends_on > %(today)s)
    WHERE e.topic = 'street' AND NOT EXISTS (
        SELECT FROM registry_fact f WHERE f.resident_id = e.resident_id AND f.kind = 'sheltered'
            AND (f.ends_on IS NULL OR f.ends_on > g.starts_on))
    GROUP BY e.id
),
over AS (
    SELECT id, (birth_on + make_interval(years => age_max + 1))::date AS since, '已满 ' || age_max + 1 || ' 周岁' AS words, 'age' AS mark, 1 AS place
    FROM enrolled WHERE birth_on <= born_after
    UNION ALL SELECT id, since, parent || '自 ' || since || ' 起在家', 'home', 2 FROM home_again
    UNION ALL SELECT id, since, parent || '自 ' || since || ' 起不再外出务工', 'not_away', 3 FROM not_away
    UNION ALL SELECT id, since, '父母服刑、戒毒已于 ' || since || ' 结束', 'released', 2 FROM released
    UNION ALL SELECT b.id, since, '自 ' || since || ' 起' || w.word, b.kind, 2 FROM busy b JOIN rule_word w ON w.code = b.kind
    UNION ALL SELECT id, since, '自 ' || since || ' 起有监护人在家照护', 'cared_for', 2 FROM cared_for
    UNION ALL
    SELECT id, (starts_on + make_interval(months => months))::date, '认定已满 ' || months || ' 个月，请核实其间是否再有', 'months', 2
    FROM enrolled WHERE topic = 'misconduct' AND starts_on + make_interval(months => months) <= %(today)s
)
SELECT DISTINCT ON (e.id) e.resident_id, e.topic, 'leave', o.since, o.since, o.words,
    ARRAY[e.id::text, o.mark] || CASE WHEN o.mark IN ('age', 'months') THEN '{}' ELSE ARRAY[o.since::text] END,
    false, e.id
FROM over o JOIN enrolled e USING (id)
ORDER BY e.id, o.place, o.since
