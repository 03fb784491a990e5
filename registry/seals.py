"""Verbs on seals 封存: seal, ask to reopen, decide; and seal again what the ledger has and a restored database has not.

The law seals (刑事诉讼法 art. 286, 预防未成年人犯罪法 art. 59, 治安管理处罚法 art. 136); the notice of an organ says
what. One transaction moves everything into the envelope, so that from then on each answer is the answer about what
never was. The resident is never sealed, only records: uniqueness must not betray.

What comes again:
- by a feed or a rule: dropped by the tombstones, counted as accepted, without a trace (registry/tombstones.py);
- by a person's form: it is that person's act of today, on what family, school or community say today, and is taken
  like any other. A form that refused, or seemed to accept and then showed nothing, would tell exactly that something
  is sealed; and the law seals records, it forbids nobody to help again. Nothing of the past comes back with it, the
  form refuses the words of police, courts and special education from everybody (registry/enrolments.py), and the same
  notice can seal the new record too;
- the very form that wrote what was sealed, sent once more (a double tap, a retry): the key was used, and the answer is
  that of any used key.

Readings stay: they are append-only, chained, and hold random ids alone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids import alerts
from grids.models import User
from grids.permissions import Permission

from . import envelopes, register_row, rules, seal_ledger, sealing, tombstones
from .holding import Refused
from .models import Reopening, Seal, Youth
from .sealing import Choice, Taking


@dataclass(frozen=True, kw_only=True)
class Notice:
    """封存通知书: which organ, under which number, of which day, about what kind of record."""

    organ: str
    organ_name: str
    notice_number: str
    notice_on: date
    record: str


def seal(*, youth: Youth, notice: Notice, choice: Choice, by: User, submission_key: UUID) -> Seal:
    """Seal what is chosen of this file. The same submission twice seals once.

    Raises Youth.DoesNotExist when `by` may not seal there (any more), Refused when nothing is chosen, or the notice
    is of a day to come. Whoever calls this is not in a transaction that may still fail.
    """
    if first := Seal.objects.visible_to(by).filter(submission_key=submission_key).first():
        return first
    if choice.is_empty:
        raise Refused("请选择要封存的内容。")
    if notice.notice_on > timezone.localdate():
        raise Refused("通知书日期不能晚于今天。", field="notice_on")
    seal_id = uuid4()
    told = False
    try:
        with transaction.atomic():
            held = _hold(youth, by=by)
            sealed = _enter(
                seal_id, notice, by=by, area=_area(by, held.grid_id), submission_key=submission_key
            )
            contents = _carry_out(sealed, held, choice)
            told = True
            seal_ledger.add(seal_ledger.SEALED, str(seal_id), _for_ledger(sealed, contents))
    except BaseException:
        if told:
            seal_ledger.add(seal_ledger.VOID, str(seal_id))
        raise
    return sealed


def _hold(youth: Youth, *, by: User) -> Youth:
    """Locked, in the order of everything else: the resident, then the file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM registry_resident WHERE id = %s FOR NO KEY UPDATE", [youth.resident_id])
    mine = Youth.objects.visible_to(by, Permission.SEAL).select_related("resident")
    held: Youth = mine.select_for_update(of=("self",)).get(pk=youth.pk)
    return held


def _area(by: User, grid_code: str) -> str:
    """The district or city for which this person seals there."""
    return next(prefix for prefix in by.prefixes(Permission.SEAL) if grid_code.startswith(prefix))


def _enter(seal_id: UUID, notice: Notice, *, by: User, area: str, submission_key: UUID) -> Seal:
    """The notice, with an empty envelope: what the guards look for before they let anything go."""
    key, envelope = envelopes.close(envelopes.Contents(0, ""), seal_id)
    return Seal.objects.create(
        id=seal_id,
        area_id=area,
        organ=notice.organ,
        organ_name=notice.organ_name,
        notice_number=notice.notice_number,
        notice_on=notice.notice_on,
        record=notice.record,
        by=by,
        key=key,
        envelope=envelope,
        submission_key=submission_key,
    )


def _carry_out(
    sealed: Seal, held: Youth, choice: Choice, *, stones: list[str] | None = None
) -> envelopes.Contents:
    """Move everything, lay the tombstones, close the envelope, bring the copies up to date; returns what is in it.

    `stones`: those that lie there already (a seal carried out again).
    """
    sealing.begin(sealed.pk)
    taking = Taking(held, choice)
    contents = taking.run()
    if not contents.rows_taken:
        raise Youth.DoesNotExist  # what was chosen is not there any more
    until_on = timezone.localdate(sealed.sealed_at)
    contents.choice = choice.as_json()
    contents.tombstones = [
        *(stones or []),
        *tombstones.lay(taking.things, until_on=until_on),
        *tombstones.lay_keys(contents.submission_keys, until_on=until_on),
    ]
    _close(sealed, contents)
    sealing.forget_exports(contents)
    register_row.refresh([held.pk])
    sealing.end()
    if choice.facts:
        rules.suggest(residents=[held.resident_id])
    alerts.poke_after_commit(taking.addressees)
    return contents


def _close(sealed: Seal, contents: envelopes.Contents) -> None:
    sealed.key, sealed.envelope = envelopes.close(contents, sealed.pk)
    sealed.save(update_fields=["key", "envelope"])


def _for_ledger(sealed: Seal, contents: envelopes.Contents) -> dict[str, Any]:
    """All that is needed to do it again on an older database."""
    return {
        "area": sealed.area_id,
        "organ": sealed.organ,
        "organ_name": sealed.organ_name,
        "notice_number": sealed.notice_number,
        "notice_on": sealed.notice_on.isoformat(),
        "record": sealed.record,
        "by": sealed.by_id,
        "sealed_at": sealed.sealed_at.astimezone(UTC).isoformat(),
        "submission_key": str(sealed.submission_key),
        "youth": contents.youth_id,
        "resident": contents.resident_id,
        "choice": contents.choice,
        "tombstones": tombstones.rows(contents.tombstones),
    }


# --- Reopening


def ask_to_reopen(
    *, sealed: Seal, ground: str, document_number: str, by: User, submission_key: UUID
) -> Reopening:
    """Ask for a reopening on one of the three legal grounds. The same submission twice asks once.

    Raises Seal.DoesNotExist out of scope, Refused when it is reopened or asked for already.
    """
    with transaction.atomic():
        held = _hold_seal(sealed, by=by)
        if first := held.reopenings.filter(submission_key=submission_key).first():
            done: Reopening = first
            return done
        if held.is_reopened:
            raise Refused("这件封存已经启封。")
        if held.reopenings.waiting().exists():
            raise Refused("这件封存已有一个启封申请，等另一人核准。")
        return Reopening.objects.create(
            seal=held,
            ground=ground,
            document_number=document_number,
            asked_by=by,
            submission_key=submission_key,
        )


def _hold_seal(sealed: Seal, *, by: User) -> Seal:
    held: Seal = Seal.objects.visible_to(by).select_for_update(of=("self",)).get(pk=sealed.pk)
    return held


def decline(*, reopening: Reopening, by: User) -> Reopening:
    """The other person does not reopen. Raises Reopening.DoesNotExist out of scope, Refused as `reopen` does."""
    with transaction.atomic():
        held = _to_decide(reopening, by=by)
        if held.state == Reopening.State.DECLINED and held.decided_by_id == by.pk:
            return held
        _may_decide(held, by=by)
        return _decide(held, Reopening.State.DECLINED, by=by)


def reopen(*, reopening: Reopening, by: User) -> UUID:
    """The second person opens the envelope: everything is put back where it was; returns the file's id.

    Tombstones are taken up. Raises Reopening.DoesNotExist out of scope, Refused when one's own, decided already, or
    when something of today stands in the place of what would come back.
    """
    with transaction.atomic():
        held = _to_decide(reopening, by=by)
        _may_decide(held, by=by)
        file = _open(held.seal)
        _decide(held, Reopening.State.GRANTED, by=by)
        seal_ledger.add(seal_ledger.REOPENED, str(held.seal_id))
    return file


def _to_decide(reopening: Reopening, *, by: User) -> Reopening:
    """Locked: the notice first, then the request."""
    mine = Reopening.objects.visible_to(by)
    _hold_seal(mine.select_related("seal").get(pk=reopening.pk).seal, by=by)
    held: Reopening = (
        mine.select_related("seal", "asked_by").select_for_update(of=("self",)).get(pk=reopening.pk)
    )
    return held


def _may_decide(held: Reopening, *, by: User) -> None:
    if held.state != Reopening.State.ASKED:
        raise Refused(f"这个启封申请已办结：{held.get_state_display()}。")
    if held.asked_by_id == by.pk:
        raise Refused("启封须由两人办理，请由另一位有权限的人核准。")


def _decide(held: Reopening, state: str, *, by: User) -> Reopening:
    held.state, held.decided_by, held.decided_at = state, by, timezone.now()
    held.save(update_fields=["state", "decided_by", "decided_at"])
    return held


def _open(sealed: Seal) -> UUID:
    """Put everything back; the notice stays, without its envelope."""
    contents = envelopes.open_envelope(sealed.key or "", sealed.envelope or b"", sealed.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_seal SET key = NULL, envelope = NULL, reopened_at = now(),"
            " written_in = pg_current_xact_id()::text::bigint WHERE id = %s",
            [sealed.pk],
        )
        cursor.execute(
            "SELECT FROM registry_resident WHERE id = %s FOR NO KEY UPDATE", [contents.resident_id]
        )
    sealing.begin(sealed.pk)
    try:
        with transaction.atomic():
            file = sealing.put_back(contents)
            sealing.end()
    except IntegrityError:
        raise Refused("档案里现在有与之冲突的记录（例如同一类别又已认定），先办结现在的，再启封。") from None
    tombstones.take_up(contents.tombstones)
    register_row.refresh([file])
    return file


# --- After a restore


def replay(entry: seal_ledger.Entry) -> bool:
    """Seal again what the ledger tells of and this database, restored from a backup, does not know.

    Returns whether anything of it was here. The tombstones are laid in any case: what was sealed is not to come again.
    """
    said = entry.data
    with transaction.atomic():
        by = User.objects.get(pk=said["by"])
        notice = Notice(
            **{name: said[name] for name in ("organ", "organ_name", "notice_number", "record")},
            notice_on=date.fromisoformat(said["notice_on"]),
        )
        key = UUID(said["submission_key"])
        sealed = _enter(UUID(entry.seal), notice, by=by, area=said["area"], submission_key=key)
        sealed.sealed_at = datetime.fromisoformat(said["sealed_at"])
        sealed.save(update_fields=["sealed_at"])
        because = "what was sealed is sealed again after a restore"
        held = (
            Youth.objects.everyone(because=because)
            .select_related("resident")
            .filter(pk=said["youth"])
            .first()
        )
        stones = tombstones.put(said["tombstones"])
        empty = envelopes.Contents(said["resident"], said["youth"], choice=said["choice"], tombstones=stones)
        _close(sealed, empty)
        if held is None:
            return False
        try:
            with transaction.atomic():
                _carry_out(sealed, held, Choice.from_json(said["choice"]), stones=stones)
        except Youth.DoesNotExist:
            return False
        return True


def tell_again() -> int:
    """Write into the ledger the seals that no line of it tells of, from their envelopes; returns how many.

    After the ledger was lost, or an older one stood in its place: without its lines a restore would open them.
    """
    because = "the ledger tells of every seal, whoever entered it"
    untold = Seal.objects.everyone(because=because).filter(pk__in=seal_ledger.missing(), reopened_at=None)
    for sealed in untold:
        contents = envelopes.open_envelope(sealed.key or "", sealed.envelope or b"", sealed.pk)
        seal_ledger.add(seal_ledger.SEALED, str(sealed.pk), _for_ledger(sealed, contents))
    return len(untold)
