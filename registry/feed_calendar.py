"""The calendar of feeds 报送日历: what each department owes, until when, and what is late."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max
from django.utils import timezone

from .feeds.columns import FeedKind
from .models import Batch, Schedule, Source


@dataclass(frozen=True)
class Owed:
    """One kind of file that a source owes. Without a first batch there is no day to count from."""

    source: Source
    kind: str
    every_days: int
    last_on: date | None  # the data's date of the last batch applied
    today: date

    @property
    def label(self) -> str:
        return FeedKind(self.kind).label

    @property
    def due_on(self) -> date | None:
        return self.last_on + timedelta(days=self.every_days) if self.last_on else None

    @property
    def is_late(self) -> bool:
        return self.due_on is not None and self.due_on < self.today


def calendar() -> list[Owed]:
    """Everything owed: the latest first, then by the day it is due, what never came at the end. Two statements."""
    applied = Batch.objects.filter(state=Batch.State.APPLIED).order_by().values_list("source", "kind")
    last = {(source, kind): day for source, kind, day in applied.annotate(Max("as_of"))}
    today = timezone.localdate()
    found = [
        Owed(each.source, each.kind, each.every_days, last.get((each.source_id, each.kind)), today)
        for each in Schedule.objects.select_related("source")
    ]
    return sorted(found, key=lambda owed: (owed.due_on or date.max, owed.source.pk, owed.kind))
