-- name: kinds
-- Files of these areas by kind, as they are counted already; then those with an open handover, from the files. An open
-- handover is out of the grid that answers for the file, so that few handovers are read and not all.
SELECT category_mask & %(mask)s, area,
       CASE WHEN state <> 'open' THEN %(never)s WHEN next_due_on < %(today)s THEN %(overdue)s
            WHEN next_due_on = %(today)s THEN %(due_today)s WHEN next_due_on <= %(week_end)s THEN %(week)s
            ELSE %(later)s END,
       false, sum(number)
FROM registry_registercount WHERE area = ANY (%(areas)s) GROUP BY 1, 2, 3
-- A kind of which there is none any more must not stand in the list with a nought: it would tell that there was one.
HAVING sum(number) <> 0
UNION ALL
SELECT y.category_mask & %(mask)s, left(y.grid_id, %(digits)s),
       CASE WHEN y.next_due_on < %(today)s THEN %(overdue)s WHEN y.next_due_on = %(today)s THEN %(due_today)s
            WHEN y.next_due_on <= %(week_end)s THEN %(week)s ELSE %(later)s END,
       true, count(*)
FROM registry_handover h JOIN registry_youth y ON y.id = h.youth_id
WHERE h.state IN ('offered', 'escalated') AND h.from_grid_id >= %(low)s AND h.from_grid_id < %(high)s
  AND y.state = 'open' AND y.grid_id >= %(low)s AND y.grid_id < %(high)s
GROUP BY 1, 2, 3
