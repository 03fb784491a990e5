"""Disclosures 提供记录: every giving of something about somebody to another body is recorded, and rests on something.

Decided here, where the law leaves it open:
- It rests on the person's standing consent to `sharing` (what a mentor is told: to `pairing`), which it names, or on a
  statutory duty with its clause. There is no third: what has neither is refused, not recorded afterwards.
- Which category, and why, is none of the fields; that a category was told at all is one, and never to a school or an
  employer (未成年人保护法 113, 预防未成年人犯罪法 58; the database refuses it).
- The receiver is a name until agencies have rows of their own; the agreement's number stands beside it.
- Kept for good here: the law wants three years at least, and what is older is for the retention policy to drop.
- One given earlier can be recorded for LATEST_ENTRY; later than that somebody asks why.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.refusals import words_of

from . import consents
from .holding import Refused
from .models import (
    CheckRequest,
    ConsentPurpose,
    DisclosedField,
    DisclosedPerson,
    Disclosure,
    Duty,
    Source,
    Youth,
)

LATEST_ENTRY = timedelta(days=90)
LONGEST = timedelta(days=3 * 365)


@transaction.atomic
def disclose(
    *,
    youth: Youth,
    given_on: date,
    receiver: str,
    receiver_kind: str,
    fields: Iterable[str],
    why: str,
    means: str,
    duty: str = "",
    clause: str = "",
    agreement_number: str = "",
    until: date,
    purpose: ConsentPurpose = ConsentPurpose.SHARING,
    by: User,
    submission_key: UUID | None = None,
) -> Disclosure:
    """Record one giving about one person. `duty` "": it rests on the consent that stood on that day. Raises Refused.

    `purpose`: of that consent; the one to a pairing covers what its text names, and nothing else (migration 0028).
    """
    if submission_key:
        mine = youth.disclosures.filter(disclosure__submission_key=submission_key)
        if first := mine.select_related("disclosure").first():
            return first.disclosure
    _check_days(given_on, until)
    consent = None if duty else consents.standing(youth, purpose, given_on)
    if not duty and consent is None:
        raise Refused(
            f"提供那天没有“{purpose.label}”的有效同意。请先征求并登记同意；依法必须提供的，选择法定职责。",
            field="duty",
        )
    disclosure = Disclosure(
        given_on=given_on, receiver=receiver, receiver_kind=receiver_kind, fields=_in_order(fields), why=why,
        means=means, basis="duty" if duty else "consent", duty=duty, clause=clause, until=until,
        agreement_number=agreement_number, by=by, post=by.label, submission_key=submission_key,
    )  # fmt: skip
    try:
        with transaction.atomic():
            disclosure.save(force_insert=True)
            DisclosedPerson.objects.bulk_create(
                [DisclosedPerson(disclosure=disclosure, youth=youth, consent=consent)]
            )
    except IntegrityError as error:
        if "submission_key" in str(error):  # another file's: no word about that row
            raise Refused("页面已过期，请重新打开后再提交。") from None
        raise Refused(f"{words_of(error)}。") from None
    return disclosure


def _in_order(fields: Iterable[str]) -> list[str]:
    given = set(fields)
    return [field.value for field in DisclosedField if field.value in given]


def _check_days(given_on: date, until: date) -> None:
    today = timezone.localdate()
    if given_on > today:
        raise Refused("提供日期不能晚于今天。", field="given_on")
    if given_on < today - LATEST_ENTRY:
        raise Refused(f"提供日期超过 {LATEST_ENTRY.days} 天，请先向区县团委说明再补记。", field="given_on")
    if not given_on <= until <= given_on + LONGEST:
        raise Refused("“用到哪天”要在提供日期之后、三年之内。", field="until")


_FIELDS_OF_CHECKS = {
    "school": DisclosedField.SCHOOL_WORK,
    "work": DisclosedField.SCHOOL_WORK,
    "sex": DisclosedField.AGE_SEX,
    "birth_on": DisclosedField.AGE_SEX,
    "hukou_is_rural": DisclosedField.ADDRESS,
}


def of_check_sheet(source: Source, requests: Iterable[CheckRequest], *, by: User) -> None:
    """That a sheet of these check requests 校核 goes to a department (two statements, however many)."""
    asked = list(requests)
    if not asked:
        return
    fields = {DisclosedField.NAME, DisclosedField.ID_NUMBER}
    fields |= {_FIELDS_OF_CHECKS[request.field] for request in asked if request.field in _FIELDS_OF_CHECKS}
    disclosure = Disclosure.objects.create(
        given_on=timezone.localdate(), receiver=(source.department or source.name)[:100],
        receiver_kind=Disclosure.ReceiverKind.GOVERNMENT, agreement_number=source.catalogue_number[:50],
        fields=_in_order(fields), why="提请核对贵单位提供的数据", means=Disclosure.Means.SHEET, basis="duty",
        duty=Duty.CHECK, until=max(request.due_on for request in asked), by=by, post=by.label,
    )  # fmt: skip
    youths = dict.fromkeys(request.youth_id for request in asked)
    DisclosedPerson.objects.bulk_create(
        DisclosedPerson(disclosure=disclosure, youth_id=youth_id) for youth_id in youths
    )


def persons_in_scope(disclosure: Disclosure, user: User) -> list[DisclosedPerson]:
    """Those of one act whose files lie in the reader's area: nobody for the auditor, who has none."""
    named = DisclosedPerson.objects.visible_to(user, Permission.EXPORT).filter(disclosure=disclosure)
    return list(named.select_related("youth__grid__community", "consent").order_by("youth__pinyin", "id"))
