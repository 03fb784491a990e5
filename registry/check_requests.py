"""Check requests 校核: asked by a worker's correction, answered by the source, or settled by what it feeds later.

政务数据共享条例 (国令 809): whoever finds shared data wrong asks the department that provides it to check, and the
department answers. The worker's word stands meanwhile (registry/precedence.py).
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone

from grids import alerts
from grids.models import Alert, User
from grids.permissions import Permission

from .codes import Denial, FactKind, label_of
from .holding import Refused
from .models import Batch, CheckRequest, Correction, Fact, Resident, Source
from .names import mask_name
from .precedence import SUBJECTS, subject_of
from .sql import statements

ANSWER_DAYS = 10
# What the residents file says of a person. A phone number is not among them: no department knows it better.
COLUMNS = ("name", "sex", "birth_on", "hukou_is_rural")
LABELS = {
    "school": "就学",
    "work": "就业",
    "name": "姓名",
    "sex": "性别",
    "birth_on": "出生日期",
    "hukou_is_rural": "农村户籍",
}
ANSWERS = (CheckRequest.State.CONFIRMED, CheckRequest.State.CHANGED)


def ask(correction: Correction, *, fields: Iterable[str]) -> list[CheckRequest]:
    """Ask every department whose word differs from what this correction found; in the correction's transaction."""
    named = {field.removesuffix("_unit") for field in fields}
    asked = [
        *_about_facts(correction, [subject for subject in SUBJECTS if subject in named]),
        *_about_columns(correction, named),
    ]
    about = [field for field in (*SUBJECTS, *COLUMNS) if field in named]
    correction.youth.check_requests.open().filter(field__in=about).update(
        state=CheckRequest.State.REPLACED, answered_at=timezone.now()
    )
    CheckRequest.objects.bulk_create(asked)
    return asked


def _about_facts(correction: Correction, subjects: list[str]) -> list[CheckRequest]:
    if not subjects:
        return []
    kinds = [kind for subject in subjects for kind in SUBJECTS[subject]]
    running = correction.youth.resident.facts.running().filter(kind__in=kinds).select_related("source")
    own: dict[str, Fact] = {}
    fed: dict[tuple[str, str], Fact] = {}  # each source's latest word on each subject
    for fact in running.order_by("starts_on", "id"):
        subject = subject_of(fact.kind)
        if fact.source is None:
            own[subject] = fact
        else:
            fed[subject, fact.source.pk] = fact
    return [
        _request(
            correction,
            source=fact.source,
            field=subject,
            says=in_words(fact),
            found=in_words(own[subject]),
            found_kind=own[subject].kind,
            found_unit=own[subject].unit,
        )
        for (subject, _), fact in fed.items()
        if subject in own and contradicts(fact, own[subject])
    ]


def _about_columns(correction: Correction, named: set[str]) -> list[CheckRequest]:
    changed = [change for change in correction.changes if change[0] in COLUMNS and change[0] in named]
    source = _source_of_person(correction.youth.resident) if any(old for _, old, _ in changed) else None
    if source is None:
        return []
    return [
        _request(correction, source=source, field=field, says=old, found=new)
        for field, old, new in changed
        if old
    ]


def _source_of_person(resident: Resident) -> Source | None:
    """Who brought the person's row; who came with no batch is known to the one department that feeds residents."""
    if resident.batch:
        return resident.batch.source
    return Source.objects.filter(kinds__contains=["residents"]).first()


def _request(correction: Correction, **said: object) -> CheckRequest:
    due_on = timezone.localdate() + timedelta(days=ANSWER_DAYS)
    return CheckRequest(
        youth=correction.youth, correction=correction, by=correction.by, due_on=due_on, **said
    )


def contradicts(fed: Fact, own: Fact) -> bool:
    """Whether a department says something else than the worker. What one of them leaves open is no contradiction."""
    return fed.kind != own.kind or bool(fed.unit and own.unit and fed.unit != own.unit)


def in_words(fact: Fact) -> str:
    """在学 芜湖一中 (2026-09-01 起)."""
    kinds = Denial if fact.kind in Denial.values else FactKind
    said = f"{label_of(kinds, fact.kind)} {fact.unit}".strip()
    return f"{said}（{fact.starts_on} 起）"


@transaction.atomic
def answer(request: CheckRequest, *, state: str, note: str, by: User) -> CheckRequest:
    """Record what the source answered, and tell the worker who asked.

    Raises CheckRequest.DoesNotExist when it left the scope of `by`, Refused when it is answered already.
    """
    mine = CheckRequest.objects.visible_to(by, Permission.LOAD_FEEDS).select_related("youth", "source")
    held: CheckRequest = mine.select_for_update(of=("self",)).get(pk=request.pk)
    if held.state != CheckRequest.State.OPEN:
        raise Refused(f"这项校核已办结：{held.get_state_display()}。")
    held.state, held.answer = state, note
    held.answered_by, held.answered_at = by, timezone.now()
    held.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    alerts.raise_alert(
        event_key=f"check:{held.pk}:answered",
        kind=Alert.Kind.CHECK_ANSWERED,
        text=f"{mask_name(held.youth.name)}的{LABELS[held.field]}：{held.source}{held.get_state_display()}"[
            :200
        ],
        addressees=[held.by_id],
        path=f"/youths/{held.youth_id}/",
        subject_id=held.youth_id,
        wants_act=False,
    )
    return held


def settle_after(batch: Batch) -> int:
    """Close the open requests to this batch's source whose value it now states itself; returns how many.

    Called in the batch's own transaction, after it was applied. A number of statements that does not depend on the
    number of rows; the residents of the file are read from its staging table.
    """
    if batch.kind == "facts":
        sql = statements("check_requests.sql")["settle_facts"]
        with connection.cursor() as cursor:
            cursor.execute(sql, {"source": batch.source_id, **_KINDS})
            return cursor.rowcount
    return _settle_residents(batch) if batch.kind == "residents" else 0


_KINDS = {
    "school": list(SUBJECTS["school"]),
    "work": list(SUBJECTS["work"]),
    "denials": list(Denial.values),
}


def _settle_residents(batch: Batch) -> int:
    sql = statements("check_requests.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["residents_in_file"], {"source": batch.source_id})
        fed = {row[0]: _Row(*row[1:]) for row in cursor.fetchall()}
    because = "a feed settles the requests about the people in its file"
    open_ones = CheckRequest.objects.everyone(because=because).open().filter(pk__in=fed)
    agreed = [request.pk for request in open_ones if request.found == fed[request.pk].word(request.field)]
    rows = CheckRequest.objects.everyone(because=because).open().filter(pk__in=agreed)
    return rows.update(state=CheckRequest.State.AGREED, answered_at=timezone.now())


class _Row:
    """What a residents file says of one person, in the words of a page."""

    def __init__(self, name: str, sex: str, birth_on: date) -> None:
        from .corrections import IN_WORDS  # noqa: PLC0415 - corrections ask, and so know this module

        self._words = {"name": name, "sex": IN_WORDS["sex"].get(sex, ""), "birth_on": str(birth_on)}

    def word(self, field: str) -> str | None:
        return self._words.get(field)
