-- 闲散青少年: 6–15 not in school; 16–25 neither in school nor at work; caller: registry/rules.py.
-- 重点青少年统计口径: the state has lasted some months; not with an illness, disability or family emergency; not while
-- preparing for an exam or training, for at most 12 months. Starts from somebody's word that school or work ended:
-- of whom nothing was ever said, nothing follows.

-- name: enter
INSERT INTO rule_found (resident_id, topic, kind, since_on, known_on, words, evidence, rests_on_custody)
WITH starter AS (
    SELECT DISTINCT f.resident_id FROM registry_fact f
    WHERE f.starts_on <= %(today)s
      AND (f.kind IN ('dropped_out', 'unemployed', 'no_school', 'no_work') AND (f.ends_on IS NULL OR f.ends_on > %(today)s)
           OR f.kind IN ('in_school', 'employed') AND f.ends_on <= %(today)s)
      {touched: f.resident_id}
),
young AS (
    SELECT r.id, r.birth_on > %(pupils_after)s AS is_pupil, l.months
    FROM starter s
    JOIN registry_resident r ON r.id = s.resident_id
    JOIN rule_limit l ON l.topic = 'idle' AND r.birth_on > l.born_after AND r.birth_on <= l.born_until
),
-- Of statements that contradict each other the newer counts: by the day of its file, else by its first day.
stated AS (
    SELECT y.id, f.kind, f.starts_on, f.ends_on, (coalesce(b.as_of, f.starts_on), f.starts_on) AS said,
        f.ends_on IS NULL OR f.ends_on > %(today)s AS runs
    FROM young y
    JOIN registry_fact f ON f.resident_id = y.id AND f.starts_on <= %(today)s
        AND (f.kind IN ('in_school', 'dropped_out', 'no_school') OR f.kind IN ('employed', 'unemployed', 'no_work') AND NOT y.is_pupil)
    LEFT JOIN registry_batch b ON b.id = f.batch_id
),
denied AS (
    SELECT id, CASE WHEN kind IN ('dropped_out', 'no_school') THEN 'in_school' ELSE 'employed' END AS kind,
        min(starts_on) AS denied_on, max(said) AS said, bool_or(kind = 'dropped_out') AS dropped, bool_or(kind = 'unemployed') AS unemployed
    FROM stated WHERE runs AND kind IN ('dropped_out', 'no_school', 'unemployed', 'no_work') GROUP BY 1, 2
),
busy AS (
    SELECT s.id, bool_or(s.runs AND (d.id IS NULL OR s.said > d.said)) AS still,
        max(CASE WHEN d.id IS NOT NULL AND s.said < d.said
                 THEN least(coalesce(s.ends_on, greatest(d.denied_on, s.starts_on)), greatest(d.denied_on, s.starts_on)) ELSE s.ends_on END) AS ended_on
    FROM stated s LEFT JOIN denied d ON d.id = s.id AND d.kind = s.kind
    WHERE s.kind IN ('in_school', 'employed') GROUP BY s.id
),
state AS (
    SELECT y.id, y.is_pupil, y.months, coalesce(b.ended_on, d.denied_on) AS since, d.dropped, d.unemployed, d.denied_on
    FROM young y
    LEFT JOIN busy b ON b.id = y.id
    LEFT JOIN (SELECT id, min(denied_on) AS denied_on, bool_or(dropped) AS dropped, bool_or(unemployed) AS unemployed
               FROM denied GROUP BY id) AS d ON d.id = y.id
    WHERE NOT coalesce(b.still, false)
)
SELECT s.id, 'idle', 'enter', s.since, greatest(s.since, s.denied_on),
    '自 ' || s.since || CASE WHEN s.is_pupil THEN ' 起不在校就读' || CASE WHEN s.dropped THEN '，已辍学' ELSE '' END
        ELSE ' 起不在学、未就业' || CASE WHEN s.unemployed THEN '，已作失业登记' ELSE '' END END,
    ARRAY['since:' || s.since] || CASE WHEN s.denied_on IS NOT NULL THEN ARRAY['denied:' || s.denied_on] ELSE '{}' END, false
FROM state s
WHERE s.since + make_interval(months => s.months) <= %(today)s
  AND NOT EXISTS (
    SELECT FROM registry_fact f
    WHERE f.resident_id = s.id AND f.starts_on <= %(today)s AND (f.ends_on IS NULL OR f.ends_on > %(today)s)
      AND (f.kind IN ('ill', 'disabled', 'family_emergency')
           OR f.kind = 'preparing' AND f.starts_on + make_interval(months => %(goal_months)s) > %(today)s))
