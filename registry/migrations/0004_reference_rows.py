"""The five categories with the limits of the statistical standard in use, and the departments that feed data."""

from django.db import migrations

# code, name, short, GB/T 31000, bit, age from, age to, months, review months, visit days, private, clause
CATEGORIES = [
    ("idle", "闲散青少年", "闲散", "01", 1, 6, 25, 6, 6, None, False,
     "重点青少年统计口径：6–15 周岁不在学；16–25 周岁不在学且无职业；一般已满 6 个月"),
    ("misconduct", "有不良行为或严重不良行为青少年", "不良行为", "02", 2, 6, 25, 12, 6, None, True,
     "《预防未成年人犯罪法》第二十八条、第三十八条"),
    ("street", "流浪乞讨青少年", "流浪乞讨", "03", 4, 6, 25, 0, 3, None, False,
     "重点青少年统计口径：6–25 周岁以乞讨为生或流浪"),
    ("custody_child", "服刑在教人员未成年子女", "服刑子女", "04", 8, 0, 17, 0, 6, 30, True,
     "重点青少年统计口径：未满 18 周岁，父母一方或双方服刑或被强制隔离戒毒"),
    ("left_behind", "农村留守儿童", "留守", "05", 16, 0, 15, 6, 6, None, False,
     "国发〔2016〕13号 一；民发〔2016〕42号；2024 年监测：跨县域连续外出 6 个月以上"),
]  # fmt: skip

SOURCES = [
    ("police", "公安", ["residents", "residences"]),
    ("housing", "住建", ["dwellings"]),
    ("civil_affairs", "民政", ["guardianships", "facts"]),
    ("education", "教育", ["facts"]),
    ("hrss", "人社", ["facts"]),
    ("justice", "司法", ["facts"]),
    ("disability", "残联", ["facts"]),
    ("relief", "救助站", ["facts"]),
]


def load(apps, schema_editor):
    apps.get_model("registry", "Category").objects.bulk_create(
        apps.get_model("registry", "Category")(
            code=code, name=name, short_name=short, standard_code=standard, bit=bit, age_min=age_min, age_max=age_max,
            months=months, review_months=review, visit_days=days, is_private=private, clause=clause,
        )
        for code, name, short, standard, bit, age_min, age_max, months, review, days, private, clause in CATEGORIES
    )  # fmt: skip
    Source = apps.get_model("registry", "Source")
    Source.objects.bulk_create(Source(code=code, name=name, kinds=kinds) for code, name, kinds in SOURCES)


def unload(apps, schema_editor):
    schema_editor.execute("DELETE FROM registry_category")
    schema_editor.execute("DELETE FROM registry_source")


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_guards")]

    operations = [migrations.RunPython(load, unload)]
