"""What the database refuses, in words a person can act on.

The invariants stand in the database with a Chinese message each: a constraint of a model carries its
`violation_error_message`, a trigger of a migration raises with one. This reads either out of the error.
"""

from django.apps import apps
from django.db import IntegrityError, connection

_OTHERWISE = "与刚才有人保存的内容冲突，没有保存。请刷新页面，核对后再试。"


def check_now() -> None:
    """Let checks that wait for the commit speak now, while there is still a form to show. Raises IntegrityError."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def words_of(error: IntegrityError) -> str:
    """The message for the person whose save was refused."""
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    message = getattr(diagnostics, "message_primary", None) or ""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.violation_error_message)
    # Ours are in Chinese; what PostgreSQL says by itself would name tables.
    return message if any("\u4e00" <= character <= "\u9fff" for character in message) else _OTHERWISE
