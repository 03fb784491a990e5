"""The same work as a night's file, row by row with models: what the set-based way is held against, never the product.

It leaves out the file's checks, the rules and the batch's memory of what it changed, which makes it the faster.
"""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from grids import alerts
from grids.models import Alert, ResponsiblePerson

from .. import presence, register_row
from ..feeds.rows import parse_date
from ..models import Dwelling, Handover, Move, Residence, Resident, Youth
from ..models.residents import id_number_index


def apply(row: list[str]) -> None:
    """One line of a residences file (ID number, 人员编号, dwelling, start, destination)."""
    number, person_number, code, start, destination = row
    residents = Resident.objects.everyone(because="the bench's own database holds a made-up city")
    resident = (
        residents.get(id_number_index=id_number_index(number))
        if number
        else residents.get(person_number=person_number)
    )
    dwellings = Dwelling.objects.everyone(because="the bench's own database holds a made-up city")
    new = dwellings.select_related("grid").get(code=code) if code else None
    starts_on = parse_date(start)
    current = resident.residences.filter(ends_on=None).select_related("dwelling__grid").first()
    if current and (current.starts_on >= starts_on or current.dwelling == new):
        return
    if current:
        current.ends_on = starts_on
        current.save(update_fields=["ends_on"])
    if new:
        Residence.objects.create(resident=resident, dwelling=new, starts_on=starts_on, source_id="police")
    old = current.dwelling if current else None
    move = Move.objects.create(
        resident=resident,
        kind="in" if old is None else "out" if new is None else "within",
        from_dwelling=old,
        from_grid=old.grid if old else None,
        to_dwelling=new,
        to_grid=new.grid if new else None,
        destination_code="" if new else destination,
        moved_on=starts_on,
        source_id="police",
    )
    presence.follow_residents([resident.pk])
    files = Youth.objects.everyone(because="the bench's own database holds a made-up city")
    youth = files.filter(resident=resident, state=Youth.State.OPEN).first()
    if youth:
        _hand_over(youth, move)


def _hand_over(youth: Youth, move: Move) -> None:
    register_row.refresh([youth.pk])
    if move.to_grid_id == youth.grid_id or youth.handovers.open().exists():
        return
    handover = Handover.objects.create(
        youth=youth,
        move=move,
        from_grid=youth.grid,
        to_grid=move.to_grid,
        destination_code=move.destination_code,
        due_at=timezone.now() + timedelta(hours=72),
    )
    for grid in filter(None, {youth.grid_id, move.to_grid_id}):
        _tell(handover.pk, youth, grid)


def _tell(handover: UUID, youth: Youth, grid: str) -> None:
    responsible = ResponsiblePerson.objects.get(grid=grid)
    alerts.raise_alert(
        event_key=f"handover:{handover}:{grid}",
        kind=Alert.Kind.HANDOVER_OFFERED,
        text=f"{youth.masked_name}：请接收",
        addressees=[responsible.user_id],
        path=f"/handovers/{handover}/",
        subject_id=youth.pk,
    )
