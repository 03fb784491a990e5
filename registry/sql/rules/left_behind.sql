-- 农村留守儿童: both parents away for work, or one away and the other unable to care; caller: registry/rules.py.
-- 国发〔2016〕13号 一 (under 16, from birth); rural 户籍 民发〔2016〕42号; across a county line, 6 months running, short
-- returns do not reset: 2024 monitoring rounds. Where the 户籍 does not say whether it is rural, a child who lives in a
-- village is suggested all the same, for the worker to confirm; a child in town is not.

-- name: enter
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
WITH judged AS (
    SELECT p.*, coalesce(p.away_since + make_interval(months => l.months) <= %(today)s, false) AS is_away
    FROM rule_parent p JOIN rule_limit l ON l.topic = 'left_behind'
),
side AS (
    -- Of a father and a stepfather both must be gone.
    SELECT child_id, side, bool_and(is_away OR unable IS NOT NULL) AS is_gone, bool_or(is_away) AS is_away,
        (array_agg(CASE WHEN is_away THEN away_words ELSE unable_words END ORDER BY is_away DESC, kin_id))[1] AS words,
        (array_agg(CASE WHEN is_away THEN away_since ELSE unable_on END ORDER BY is_away DESC, kin_id))[1] AS since,
        (array_agg(CASE WHEN is_away THEN 'away_for_work' ELSE unable END ORDER BY is_away DESC, kin_id))[1] AS status
    FROM judged GROUP BY child_id, side
)
SELECT c.child_id, 'left_behind', 'enter', max(s.since), max(s.since),
    string_agg(s.words, '，' ORDER BY s.side) || coalesce('，随' || min(carer.carer) || '居住', '')
        || CASE WHEN c.hukou_is_rural THEN '' ELSE '，户籍是否农村待核实' END,
    array_agg(s.side || ':' || s.status || ':' || s.since ORDER BY s.side),
    bool_or(s.status IN ('in_prison', 'in_detox', 'detained'))
FROM side s
JOIN rule_child c USING (child_id)
JOIN rule_limit l ON l.topic = 'left_behind' AND c.birth_on > l.born_after AND c.birth_on <= l.born_until
LEFT JOIN rule_carer carer USING (child_id)
WHERE c.hukou_is_rural OR c.hukou_is_rural IS NULL AND substr(c.grid_id, 10, 1) IN ('2', '3', '5')
GROUP BY c.child_id, c.hukou_is_rural
HAVING count(*) = 2 AND bool_and(s.is_gone) AND bool_or(s.is_away)
