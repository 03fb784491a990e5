"""One file of a department: checked, applied or held, in one transaction (ARCHITECTURE: Feeds).

`load` is what the command, and later the page, calls. Nothing half-done remains: whatever goes wrong before the commit
leaves the register as it was.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from .. import check_requests, rules
from ..models import Batch, Source
from ..moves import Applied
from . import dwellings, facts, guardianships, residences, residents
from .errors import Errors
from .errors_sheet import write_errors_sheet
from .reading import FeedFile, UnusableFile, open_feed

_KINDS: dict[str, ModuleType] = {
    "dwellings": dwellings,
    "residents": residents,
    "residences": residences,
    "guardianships": guardianships,
    "facts": facts,
}


class Unusable(Exception):
    """The arguments or the file cannot be used; the message says why, in Chinese."""


class AlreadyApplied(Exception):
    """This very file of this source was applied before."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for. `by` loads, or with `approve` approves; None when the command line loads."""

    kind: str
    path: Path
    source: str
    as_of: date
    mode: str = "delta"
    dry_run: bool = False
    approve: bool = False
    by: User | None = None


def load(order: Order) -> dict[str, Any]:
    """Check and apply (or hold) one file; returns the counts that `load_feed --json` prints, `held` among them.

    Raises Unusable and AlreadyApplied; both leave no trace.
    """
    started = time.monotonic()
    source, merge = _source_of(order)
    try:
        feed = open_feed(order.path, order.kind)
        with transaction.atomic():
            counts = _load(order, source, merge, feed)
            counts["seconds"] = round(time.monotonic() - started, 3)
            if order.dry_run:
                transaction.set_rollback(True)
    except UnusableFile as error:
        raise Unusable(str(error)) from error
    return counts


def _load(order: Order, source: Source, merge: ModuleType, feed: FeedFile) -> dict[str, Any]:
    _wait_for_turn(order)
    _check_order_of_dates(order)
    applied_before = source.batches.filter(kind=order.kind, sha256=feed.sha256, state=Batch.State.APPLIED)
    if applied_before.exists():
        raise AlreadyApplied("这份文件已经应用过，没有再次应用")
    batch = _batch(order, source, feed)
    errors = Errors()
    judged: Applied = merge.judge(feed, as_of=order.as_of, source=source.code, mode=order.mode, errors=errors)
    held = not order.approve and _trips_breaker(source, order.kind, judged, errors)
    batch.state = Batch.State.HELD if held else Batch.State.APPLIED
    batch.save()
    if not held:
        _apply(order, batch, merge, judged)
    counts = _counts(batch, judged, errors, held=held)
    sheet = write_errors_sheet(feed, errors.by_line, errors_path(batch), withheld=errors.withheld)
    counts["errors_file"] = str(sheet) if sheet else None
    batch.counts = {**counts, "unknown_columns": list(feed.unknown_columns), **_report(order, judged)}
    batch.save(update_fields=["counts"])
    return counts if not order.dry_run else {**counts, "batch": None}


def _apply(order: Order, batch: Batch, merge: ModuleType, judged: Applied) -> None:
    """Merge, within the transaction; the merge of each kind names the people it touches, for the rules."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS touched_resident;"
            "CREATE TEMPORARY TABLE touched_resident (resident_id bigint) ON COMMIT DROP"
        )
    by = order.by.pk if order.by else None
    merge.apply(judged, source=batch.source_id, batch=batch.pk, by=by, why=f"{batch.source}数据")
    suggested = rules.suggest_touched(only_moved=batch.kind == "residences")
    judged.candidates = suggested.new
    judged.alerts += suggested.alerts
    check_requests.settle_after(batch)


def _report(order: Order, judged: Applied) -> dict[str, Any]:
    """What a person reads before and after applying, beside the counts: figures only, no names."""
    if order.kind != "residences":
        return {}
    report: dict[str, Any] = {
        "by_district": residences.moves_by_district(),
        "corrections": judged.corrections,
    }
    if order.mode == "full":
        report["absent"] = residences.absent_count()
    return report


def errors_path(batch: Batch) -> Path:
    return settings.FEED_ERRORS_DIR / f"{batch.pk}.xlsx"


def _source_of(order: Order) -> tuple[Source, ModuleType]:
    source = Source.objects.filter(code=order.source).first()
    if source is None:
        raise Unusable(f"没有登记过这个数据来源：{order.source}")
    if source.refusal:
        raise Unusable(source.refusal)
    if order.kind not in source.kinds:
        raise Unusable(f"{source}不报送这类数据：{order.kind}")
    if order.as_of > timezone.localdate():
        raise Unusable("数据日期不能晚于今天")
    if order.approve:
        if order.by is None or not order.by.may(Permission.APPROVE_FEEDS):
            raise Unusable("批准须由有权限的人进行，请用 --by 写明其用户名")
    elif order.by is not None and not order.by.may(Permission.LOAD_FEEDS):
        raise Unusable("此人没有加载数据的权限")
    return source, _KINDS[order.kind]


def _wait_for_turn(order: Order) -> None:
    """One batch of a source and kind at a time; others, and the people working, go on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"feed:{order.source}:{order.kind}"]
        )


def _check_order_of_dates(order: Order) -> None:
    last = (
        Batch.objects.filter(source=order.source, kind=order.kind, state=Batch.State.APPLIED)
        .order_by("-as_of")
        .values_list("as_of", flat=True)
        .first()
    )
    if last and order.as_of < last:
        raise Unusable(f"数据日期早于已应用的批次（{last}），不能倒序加载")


def _batch(order: Order, source: Source, feed: FeedFile) -> Batch:
    """The held batch of this file, or a new one; an approver may not be its loader."""
    held = Batch.objects.filter(
        source=source, kind=order.kind, sha256=feed.sha256, state=Batch.State.HELD
    ).first()
    if order.approve:
        if held and held.loaded_by_id and order.by and held.loaded_by_id == order.by.pk:
            raise Unusable("批准人不能是加载人本人，请由另一位有权限的人批准")
        batch = held or Batch(id=uuid.uuid4())
        batch.approved_by = order.by
    else:
        batch = held or Batch(id=uuid.uuid4(), loaded_by=order.by)
    batch.source, batch.kind, batch.mode, batch.as_of = source, order.kind, order.mode, order.as_of
    batch.sha256, batch.file_name = feed.sha256, order.path.name[:200]
    return batch


def _trips_breaker(source: Source, kind: str, judged: Applied, errors: Errors) -> bool:
    """Whether too much would change, or too much is wrong, to be applied without a second person."""
    changes = errors.rows - judged.unchanged
    is_first = not source.batches.filter(kind=kind, state=Batch.State.APPLIED).exists()
    if is_first or changes < source.judged_from:
        return False
    if errors.rejected * 100 > source.rejected_limit * errors.rows:
        return True
    return judged.moves * 100 > source.moves_limit * residences.current_count()


def _counts(batch: Batch, judged: Applied, errors: Errors, *, held: bool) -> dict[str, Any]:
    return {
        "batch": str(batch.pk),
        "rows": errors.rows,
        "accepted": errors.rows - errors.rejected,
        "rejected": errors.rejected,
        "unchanged": judged.unchanged,
        "moves_in": judged.moves_in,
        "moves_out": judged.moves_out,
        "moves_within": judged.moves_within,
        "handovers": judged.handovers,
        "alerts": judged.alerts,
        "candidates": judged.candidates,
        "held": held,
    }
