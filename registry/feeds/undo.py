"""Taking a whole batch back, while nothing was built on it.

What the batch added carries its id and is removed; what it changed is put back from its images; its moves stay in the
record as void. Handovers follow the homes as always: those it caused are cancelled, those it cancelled are offered
anew.
"""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from .. import moves, presence, register_row, rules
from ..models import Batch, Dwelling, Fact, Guardianship, Move, Residence, Resident
from ..retention_policy import term
from ..sql import statements

_TABLES: dict[str, tuple[Any, ...]] = {
    "dwellings": (Dwelling,),
    "residents": (Resident,),
    "residences": (Residence, Move),
    "guardianships": (Guardianship,),
    "facts": (Fact,),
}


class CannotUndo(Exception):
    """Something was built on the batch, or it is not applied; the message says what, in Chinese."""


@transaction.atomic
def undo(batch: Batch, *, by: User) -> None:
    """Undo the batch as a whole. Raises CannotUndo and then changes nothing."""
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    _refuse_unless_last(batch, by)
    parameters = {"batch": batch.pk}
    sql = statements("feed_undo.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["lock"], parameters)
        for model in _TABLES[batch.kind]:
            cursor.execute(sql["later_images"].format(table=model._meta.db_table), parameters)
            if cursor.fetchone()[0]:
                raise CannotUndo("这批数据之后又有改动，不能整批撤销")
        cursor.execute(sql["files"], parameters)
        youth_ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(sql["people"], parameters)
        people = [row[0] for row in cursor.fetchall()]
    try:
        with transaction.atomic():
            _take_back(batch, by)
    except IntegrityError as error:
        raise CannotUndo("已有其他记录依据这批数据建立，不能整批撤销") from error
    register_row.refresh(youth_ids)
    rules.suggest(residents=people)
    batch.state, batch.undone_by, batch.undone_at = Batch.State.UNDONE, by, timezone.now()
    batch.save(update_fields=["state", "undone_by", "undone_at"])
    batch.changes.all().delete()


def _refuse_unless_last(batch: Batch, by: User) -> None:
    if not by.may(Permission.LOAD_FEEDS):
        raise CannotUndo("没有撤销数据批次的权限")
    if batch.state != Batch.State.APPLIED:
        raise CannotUndo("只有已应用的批次可以撤销")
    if batch.images_gone_at:
        raise CannotUndo(f"改动记录保存{term('batch_images').text}，已经清除，不能再整批撤销")
    later = Batch.objects.filter(
        source=batch.source, kind=batch.kind, state=Batch.State.APPLIED, created_at__gt=batch.created_at
    )
    if later.exists():
        raise CannotUndo("同一来源之后又应用了新的批次，请先撤销后面的批次")


def _take_back(batch: Batch, by: User) -> None:
    sql = statements("feed_undo.sql")
    parameters = {"batch": batch.pk}
    with connection.cursor() as cursor:
        if batch.kind == "residences":
            _refuse_if_lived_on(cursor, parameters)
            cursor.execute(sql["steps"], parameters)
            cursor.execute(sql["void_moves"], parameters)
        elif batch.kind == "residents":
            cursor.execute(sql["new_residents"], parameters)
            rules.forget(row[0] for row in cursor.fetchall())
        for model in _TABLES[batch.kind]:
            table = model._meta.db_table
            stored = [field for field in model._meta.concrete_fields if not field.generated]
            statement = {
                "table": table,
                "columns": ", ".join(field.column for field in stored if not field.primary_key),
                "all_columns": ", ".join(field.column for field in stored),
            }
            if model is not Move:
                cursor.execute(sql["remove"].format(**statement), parameters)
            cursor.execute(sql["restore"].format(**statement), parameters)
            cursor.execute(sql["put_back"].format(**statement), parameters)
        if batch.kind == "residences":
            cursor.execute(sql["no_family"])
            presence.follow("residence_step")
            moves.settle(by=by.pk, reason="撤销数据批次")
        elif batch.kind == "residents":
            cursor.execute(sql["changed_residents"], parameters)
            presence.follow_residents(row[0] for row in cursor.fetchall())
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # foreign keys speak now, not at the commit


def _refuse_if_lived_on(cursor: Any, parameters: dict[str, Any]) -> None:
    cursor.execute(statements("feed_undo.sql")["later_moves"], parameters)
    later_moves, settled = cursor.fetchone()
    if settled:
        raise CannotUndo(f"这批数据引起的交接已有 {settled} 个被接收、退回或答复，不能整批撤销")
    if later_moves:
        raise CannotUndo("这批数据中有人之后又迁移了，不能整批撤销")
