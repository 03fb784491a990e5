-- 服刑在教人员未成年子女: a parent serves a sentence or is held in compulsory detoxification; caller: registry/rules.py.
-- 重点青少年统计口径: under 18. Rests on what the justice bureau says of the adult parent, joined with the family.

-- name: enter
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
WITH inside AS (
    SELECT DISTINCT ON (k.child_id, k.side) k.child_id, k.side, k.by_household, s.status, s.starts_on
    FROM rule_said s JOIN rule_kin k USING (kin_id)
    WHERE s.status IN ('in_prison', 'in_detox') AND s.ends_on > %(today)s
    ORDER BY k.child_id, k.side, s.is_fact DESC, s.starts_on
)
SELECT i.child_id, 'custody_child', 'enter', min(i.starts_on), max(i.starts_on),
    string_agg(CASE i.side WHEN 'father' THEN '父亲' ELSE '母亲' END || CASE WHEN i.by_household THEN '（按户内关系）' ELSE '' END
               || w.word || '自 ' || i.starts_on, '，' ORDER BY i.side) || coalesce('，随' || min(carer.carer) || '居住', ''),
    array_agg(i.side || ':' || i.status || ':' || i.starts_on ORDER BY i.side), true
FROM inside i
JOIN rule_child c USING (child_id)
JOIN rule_limit l ON l.topic = 'custody_child' AND c.birth_on > l.born_after AND c.birth_on <= l.born_until
JOIN rule_word w ON w.code = i.status
LEFT JOIN rule_carer carer USING (child_id)
GROUP BY i.child_id, l.months
HAVING min(i.starts_on) + make_interval(months => l.months) <= %(today)s
