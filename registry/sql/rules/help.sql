-- Two rules that point to other help, not to a category (LAW section 2); caller: registry/rules.py.

-- name: unattended_in_fact
-- 事实无人抚养儿童: both parents in one of the grounds, or one dead and the other in one. 民发〔2019〕62号, 民发〔2020〕125号.
-- Custody of six months or more; no contact for six months from the day that police took the report. Two dead parents
-- make an orphan 孤儿, who is helped in another way.
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
WITH ground AS (
    SELECT DISTINCT ON (s.kin_id) s.kin_id, k.child_id, k.side, k.by_household, s.status, s.starts_on
    FROM rule_said s
    JOIN rule_kin k USING (kin_id)
    JOIN rule_limit l ON l.topic = 'unattended_in_fact'
    WHERE s.status <> 'away_for_work' AND s.ends_on > %(today)s AND CASE
        WHEN s.status IN ('in_prison', 'in_detox', 'detained')
            THEN CASE WHEN s.ends_on = 'infinity' THEN %(today)s ELSE s.ends_on END >= s.starts_on + make_interval(months => l.months)
        WHEN s.status = 'missing' THEN s.starts_on + make_interval(months => l.months) <= %(today)s
        ELSE true END
    ORDER BY s.kin_id, array_position(%(gravest)s::text[], s.status), s.starts_on
),
side AS (
    SELECT k.child_id, k.side, bool_and(g.kin_id IS NOT NULL) AS is_gone,
        (array_agg(g.status ORDER BY g.kin_id))[1] AS status, (array_agg(g.starts_on ORDER BY g.kin_id))[1] AS since,
        bool_or(g.by_household) AS by_household
    FROM rule_kin k LEFT JOIN ground g USING (kin_id) GROUP BY k.child_id, k.side
)
SELECT c.child_id, l.topic, 'enter', max(s.since), max(s.since),
    string_agg(CASE s.side WHEN 'father' THEN '父亲' ELSE '母亲' END || CASE WHEN s.by_household THEN '（按户内关系）' ELSE '' END
               || w.word || CASE WHEN s.status = 'deceased' THEN '' ELSE '自 ' || s.since END, '，' ORDER BY s.side)
        || coalesce('，随' || min(carer.carer) || '居住', ''),
    array_agg(s.side || ':' || s.status || ':' || s.since ORDER BY s.side), true
FROM side s
JOIN rule_child c USING (child_id)
JOIN rule_limit l ON l.topic = 'unattended_in_fact' AND c.birth_on > l.born_after AND c.birth_on <= l.born_until
JOIN rule_word w ON w.code = s.status
LEFT JOIN rule_carer carer USING (child_id)
GROUP BY c.child_id, l.topic
HAVING count(*) = 2 AND bool_and(s.is_gone) AND NOT bool_and(s.status = 'deceased')

-- name: moving_child
-- 流动儿童: has left the county of the 户籍 with a guardian for six months or more, under 16 (2024 年行动方案). The place of
-- arrival registers. Districts 市辖区 of one city are one place.
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
WITH child AS (
    SELECT r.id, r.household_id, left(r.hukou_code, 6) AS home, h.dwelling_id, h.starts_on, l.months
    FROM registry_resident r
    JOIN rule_limit l ON l.topic = 'moving_child' AND r.birth_on > l.born_after AND r.birth_on <= l.born_until
    JOIN registry_residence h ON h.resident_id = r.id AND h.ends_on IS NULL
    JOIN registry_dwelling d ON d.id = h.dwelling_id
    WHERE length(r.hukou_code) >= 6 AND left(r.hukou_code, 6) <> left(d.grid_id, 6)
      AND NOT (left(r.hukou_code, 4) = left(d.grid_id, 4)
               AND substr(r.hukou_code, 5, 1) IN ('0', '1', '7') AND substr(d.grid_id, 5, 1) IN ('0', '1', '7'))
      {touched: r.id}
),
stay AS (
    -- A move within the place of arrival is no new beginning: back through residences that follow one another.
    SELECT p.id, min(p.starts_on) FILTER (WHERE p.number > p.last_gap) AS since FROM (
        SELECT c.id, e.starts_on, e.number, max(CASE WHEN e.is_gap THEN e.number ELSE 0 END) OVER (PARTITION BY c.id) AS last_gap
        FROM child c
        JOIN LATERAL (
            SELECT x.starts_on, row_number() OVER (ORDER BY x.starts_on) AS number,
                left(d.grid_id, 6) = c.home
                OR lead(x.starts_on) OVER (ORDER BY x.starts_on) > x.ends_on + %(short_return)s::integer AS is_gap
            FROM registry_residence x JOIN registry_dwelling d ON d.id = x.dwelling_id WHERE x.resident_id = c.id) AS e ON true
    ) AS p
    GROUP BY p.id
)
SELECT c.id, 'moving_child', 'enter', stay.since, stay.since,
    '户籍在' || coalesce(county.name, '外地') || '，自 ' || stay.since || ' 起随家人住在这里',
    ARRAY['home:' || c.home, 'since:' || stay.since], false
FROM child c
JOIN stay ON stay.id = c.id
LEFT JOIN grids_county county ON county.code = c.home
WHERE stay.since + make_interval(months => c.months) <= %(today)s
  AND EXISTS (
    SELECT FROM registry_resident a JOIN registry_residence h ON h.resident_id = a.id AND h.ends_on IS NULL
    WHERE a.household_id = c.household_id AND a.birth_on <= %(minors_after)s AND h.dwelling_id = c.dwelling_id
    UNION ALL
    SELECT FROM registry_guardianship g JOIN registry_residence h ON h.resident_id = g.guardian_id AND h.ends_on IS NULL
    WHERE g.resident_id = c.id AND (g.ends_on IS NULL OR g.ends_on > %(today)s) AND h.dwelling_id = c.dwelling_id)
