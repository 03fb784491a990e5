"""Which of several statements counts: one function, read by the register row; and what the seeded sources owe."""

import datetime

from django.db import migrations

# Of the departments the smallest rank for what it states, among equals the newest; a worker's observation (no source)
# stands above that one unless the department's word is newer. One row a subject. Kinds that exclude each other are one
# subject (registry/precedence.py: SUBJECTS); where nothing else tells two of one day apart, the graver one counts.
COUNTING = """
CREATE FUNCTION registry_counting_facts(of_resident bigint)
RETURNS TABLE (subject text, fact_id bigint, kind text) LANGUAGE sql STABLE AS $$
SELECT DISTINCT ON (best.subject) best.subject, best.id, best.kind
FROM (
    SELECT DISTINCT ON (said.subject, said.is_own) said.subject, said.is_own, said.id, said.kind, said.said_on
    FROM (
        SELECT f.id, f.kind::text, f.starts_on, f.source_id IS NULL AS is_own,
            CASE WHEN f.kind IN ('in_school', 'truant', 'dropped_out', 'no_school') THEN 'school'
                 WHEN f.kind IN ('employed', 'preparing', 'unemployed', 'no_work') THEN 'work'
                 ELSE f.kind END AS subject,
            coalesce(b.as_of, f.starts_on) AS said_on, coalesce(k.rank, 32767) AS rank
        FROM registry_fact f
        LEFT JOIN registry_batch b ON b.id = f.batch_id
        LEFT JOIN registry_factrank k ON k.kind = f.kind AND k.source_id = f.source_id
        WHERE f.resident_id = of_resident AND (f.ends_on IS NULL OR f.ends_on > current_date)) AS said
    ORDER BY said.subject, said.is_own, said.rank, said.starts_on DESC,
        array_position(ARRAY['dropped_out', 'truant', 'in_school', 'employed', 'preparing', 'unemployed'], said.kind),
        said.id DESC) AS best
ORDER BY best.subject, best.said_on DESC, best.is_own DESC
$$
"""

# As in migration 0003, but for school and work, which follow the statement that counts.
REGISTER_ROW = """
CREATE OR REPLACE VIEW registry_register_row AS
SELECT y.id, r.name, r.pinyin, r.initials, r.sex, r.birth_on,
    coalesce(d.grid_id, '') AS lives_in,
    coalesce(d.estate, '') AS estate,
    coalesce((SELECT bit_or(c.bit) FROM registry_enrolment e JOIN registry_category c ON c.code = e.category_id
              WHERE e.youth_id = y.id AND e.ends_on IS NULL), 0)::smallint AS category_mask,
    CASE WHEN f.school IN ('dropped_out', 'truant', 'in_school') THEN f.school ELSE 'unknown' END AS school,
    CASE WHEN f.work IN ('employed', 'preparing', 'unemployed') THEN f.work ELSE 'unknown' END AS work,
    CASE WHEN g.parent_home THEN 'parent_home' WHEN g.other_home THEN 'entrusted'
         WHEN g.all_known THEN 'unattended' ELSE 'unknown' END AS guardian,
    CASE WHEN r.hukou_code = '' THEN 'unknown' WHEN r.hukou_code >= '3402' AND r.hukou_code < '3403' THEN 'here'
         ELSE 'elsewhere' END AS hukou,
    ARRAY(SELECT n.kind FROM registry_need n WHERE n.youth_id = y.id AND n.closed_on IS NULL
          ORDER BY n.kind COLLATE "C")
        ::varchar(20)[] AS needs,
    (SELECT max(m.moved_on) FROM registry_move m WHERE m.resident_id = r.id AND m.voided_at IS NULL) AS moved_on
FROM registry_youth y
JOIN registry_resident r ON r.id = y.resident_id
LEFT JOIN registry_residence h ON h.resident_id = r.id AND h.ends_on IS NULL
LEFT JOIN registry_dwelling d ON d.id = h.dwelling_id
CROSS JOIN LATERAL (
    SELECT max(c.kind) FILTER (WHERE c.subject = 'school') AS school,
           max(c.kind) FILTER (WHERE c.subject = 'work') AS work
    FROM registry_counting_facts(r.id) AS c) AS f
CROSS JOIN LATERAL (
    SELECT bool_or(status = 'at_home' AND relation IN ('50', '51', '52', '57', '58')) AS parent_home,
           bool_or(status = 'at_home' AND relation NOT IN ('50', '51', '52', '57', '58')) AS other_home,
           bool_and(status NOT IN ('unknown', 'in_prison', 'in_detox', 'detained')) AS all_known
    FROM registry_guardianship WHERE resident_id = r.id AND (ends_on IS NULL OR ends_on > current_date)) AS g
"""

# As the view stood in migration 0003.
REGISTER_ROW_BACK = REGISTER_ROW.replace(
    """CASE WHEN f.school IN ('dropped_out', 'truant', 'in_school') THEN f.school ELSE 'unknown' END AS school,
    CASE WHEN f.work IN ('employed', 'preparing', 'unemployed') THEN f.work ELSE 'unknown' END AS work,""",
    """CASE WHEN 'dropped_out' = ANY (f.kinds) THEN 'dropped_out' WHEN 'truant' = ANY (f.kinds) THEN 'truant'
         WHEN 'in_school' = ANY (f.kinds) THEN 'in_school' ELSE 'unknown' END AS school,
    CASE WHEN 'employed' = ANY (f.kinds) THEN 'employed' WHEN 'preparing' = ANY (f.kinds) THEN 'preparing'
         WHEN 'unemployed' = ANY (f.kinds) THEN 'unemployed' ELSE 'unknown' END AS work,""",
).replace(
    """SELECT max(c.kind) FILTER (WHERE c.subject = 'school') AS school,
           max(c.kind) FILTER (WHERE c.subject = 'work') AS work
    FROM registry_counting_facts(r.id) AS c) AS f""",
    """SELECT array_agg(kind) AS kinds FROM registry_fact
    WHERE resident_id = r.id AND (ends_on IS NULL OR ends_on > current_date)) AS f""",
)

# code: department, share kind, purpose, catalogue number (a sample), {kind: every so many days}
SOURCES = {
    "police": (
        "芜湖市公安局", "conditional", "掌握重点青少年现住址，人走服务跟上", "样例-34020000-公安-001",
        {"residents": 7, "residences": 1},
    ),
    "housing": (
        "芜湖市住房和城乡建设局", "unconditional", "建立房屋与网格的对应关系", "样例-34020000-住建-001",
        {"dwellings": 30},
    ),
    "civil_affairs": (
        "芜湖市民政局", "conditional", "识别留守、困境和事实无人抚养儿童", "样例-34020000-民政-001",
        {"guardianships": 30, "facts": 30},
    ),
    "education": (
        "芜湖市教育局", "conditional", "了解在学、旷课和辍学情况", "样例-34020000-教育-001", {"facts": 30},
    ),
    "hrss": (
        "芜湖市人力资源和社会保障局", "conditional", "了解就业、失业登记和培训情况", "样例-34020000-人社-001",
        {"facts": 30},
    ),
    "justice": (
        "芜湖市司法局", "conditional", "找到服刑在教人员未成年子女并提供关爱", "样例-34020000-司法-001", {"facts": 30},
    ),
    "disability": (
        "芜湖市残疾人联合会", "conditional", "了解残疾类别和等级，衔接康复与救助", "样例-34020000-残联-001",
        {"facts": 90},
    ),
    "relief": (
        "芜湖市救助管理站", "conditional", "发现流浪乞讨青少年并衔接回归", "样例-34020000-救助-001", {"facts": 7},
    ),
}  # fmt: skip
LICENCE_ENDS_ON = datetime.date(2028, 12, 31)

# Who knows best comes first: (kinds, sources in order). The others follow where they are not listed.
RANKS = [
    (("in_school", "truant", "dropped_out"), ("education", "civil_affairs", "hrss")),
    (("employed", "preparing", "unemployed"), ("hrss", "education", "civil_affairs")),
    (("disabled",), ("disability", "civil_affairs")),
    (("low_income", "family_emergency", "away_for_work", "missing", "deceased"), ("civil_affairs",)),
    (("sheltered",), ("relief", "civil_affairs")),
    (("in_prison", "in_detox", "detained"), ("justice", "civil_affairs")),
    (("custody_revoked",), ("civil_affairs", "justice")),
]


def load(apps, schema_editor):
    Source, Schedule = apps.get_model("registry", "Source"), apps.get_model("registry", "Schedule")
    FactRank = apps.get_model("registry", "FactRank")
    for code, (department, share, purpose, number, owes) in SOURCES.items():
        Source.objects.filter(code=code).update(
            department=department, share=share, purpose=purpose, catalogue_number=number,
            licence_ends_on=LICENCE_ENDS_ON,
        )  # fmt: skip
        Schedule.objects.bulk_create(
            Schedule(source_id=code, kind=kind, every_days=n) for kind, n in owes.items()
        )
    FactRank.objects.bulk_create(
        FactRank(kind=kind, source_id=source, rank=10 * place)
        for kinds, sources in RANKS
        for kind in kinds
        for place, source in enumerate(sources, 1)
    )


def unload(apps, schema_editor):
    schema_editor.execute("DELETE FROM registry_schedule")
    schema_editor.execute("DELETE FROM registry_factrank")


class Migration(migrations.Migration):
    dependencies = [("registry", "0009_uploads_check_requests_and_fact_ranks")]

    operations = [
        migrations.RunSQL(COUNTING, "DROP FUNCTION registry_counting_facts(bigint)"),
        migrations.RunSQL(REGISTER_ROW, REGISTER_ROW_BACK),
        migrations.RunPython(load, unload),
    ]
