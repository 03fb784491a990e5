"""The triggers of append-only tables name their encrypted columns, which a rotation of keys may write anew."""

from django.db import migrations

COLUMNS = {
    "registry_historicalyouth": ("opened_reason", "closed_reason", "grade_reason"),
    "registry_historicalenrolment": ("evidence", "end_reason", "review_note"),
    "registry_historicalhandover": ("note",),
    "registry_historicalhousehold": ("note",),
    "registry_correction": ("changes_json", "reason"),
}


def trigger(table: str, columns: tuple[str, ...]) -> str:
    named = ", ".join(f"'{column}'" for column in columns)
    return (
        f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION append_only({named})"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0013_notes_encrypted"),
        ("grids", "0006_history_lets_rotation_pass"),
    ]

    operations = [
        migrations.RunSQL(trigger(table, columns), trigger(table, ())) for table, columns in COLUMNS.items()
    ]
