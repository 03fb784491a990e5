"""The characters of a name, for search by part of it: two Chinese characters are under a trigram."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION name_pairs(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(array_agg(DISTINCT part), '{}')
    FROM generate_series(1, length(value)) AS place,
         LATERAL (VALUES (substr(value, place, 1)), (substr(value, place, 2))) AS parts (part)
$$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("grids", "0003_load_divisions")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION name_pairs(text)")]
