-- 流浪乞讨青少年: taken in by a relief station now or within the last months; caller: registry/rules.py.
-- 重点青少年统计口径 6–25. Who has no home in the city is not a candidate of any grid: the station tells the home division.

-- name: enter
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
SELECT DISTINCT ON (f.resident_id) f.resident_id, 'street', 'enter', f.starts_on, f.starts_on,
    CASE WHEN f.ends_on IS NULL OR f.ends_on > %(today)s THEN '自 ' || f.starts_on || ' 起' ELSE f.starts_on || ' 至 ' || f.ends_on || ' ' END
        || '在' || coalesce(nullif(f.unit, ''), '救助站') || '受助',
    ARRAY['sheltered:' || f.starts_on], false
FROM registry_fact f
JOIN registry_resident r ON r.id = f.resident_id
JOIN rule_limit l ON l.topic = 'street' AND r.birth_on > l.born_after AND r.birth_on <= l.born_until
WHERE f.kind = 'sheltered' AND f.starts_on <= %(today)s
  AND (f.ends_on IS NULL OR f.ends_on + make_interval(months => CASE WHEN l.months > 0 THEN l.months ELSE %(shelter_months)s END) > %(today)s)
  {touched: f.resident_id}
ORDER BY f.resident_id, f.starts_on DESC
