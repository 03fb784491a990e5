"""An inbox holds only what waits: alerts that the course of things has overtaken are done by the sweep."""

from datetime import timedelta

import pytest
from django.utils import timezone

from grids import tasks
from grids.models import Alert, Assignment, User
from registry import handovers as verbs
from registry.models import Handover, Youth
from registry.overtaken import settle_overtaken
from tests.factories import (
    HUAQIANG,
    YINHU,
    assign,
    make_grid,
    make_handover,
    make_user,
    make_visit,
    make_youth,
    refreshed,
)

pytestmark = pytest.mark.django_db
HERE, NEXT_DOOR = f"{YINHU}001", f"{HUAQIANG}002"


@pytest.fixture
def handover(wang_shanshan: User, yang_ying: User) -> Handover:
    """张小海 moved from 汪珊珊's grid to one of 杨颖's; both were told."""
    handover = make_handover(make_youth(grid=HERE), NEXT_DOOR)
    verbs.ensure_alerts()
    return handover


def open_kinds(user: User) -> list[str]:
    return sorted(Alert.objects.of(user).open().values_list("kind", flat=True))


def change_worker(grid: str, to: User) -> None:
    """From today on somebody else leads the grid."""
    today = timezone.localdate()
    Assignment.objects.current().filter(grid=grid, kind=Assignment.Kind.LEAD).update(ends_on=today)
    assign(to, grid, starts_on=today)


def test_what_still_waits_stays(handover: Handover, yang_ying: User, wang_shanshan: User) -> None:
    assert settle_overtaken() == 0
    assert open_kinds(yang_ying) == ["handover_offered"]
    assert open_kinds(wang_shanshan) == ["handover_leaving"]


def test_a_new_worker_is_told_and_the_old_one_no_longer_asked(handover: Handover, yang_ying: User) -> None:
    successor = make_user(name="周洁")
    change_worker(NEXT_DOOR, successor)
    tasks.sweep()
    assert open_kinds(successor) == ["handover_offered"]
    assert open_kinds(yang_ying) == []


def test_back_in_the_grid_the_worker_is_asked_again(handover: Handover, yang_ying: User) -> None:
    Alert.objects.update(read_at=timezone.now(), delivered_at=timezone.now())
    change_worker(NEXT_DOOR, make_user())
    tasks.sweep()
    Assignment.objects.filter(grid=NEXT_DOOR, starts_on=timezone.localdate()).delete()
    Assignment.objects.filter(grid=NEXT_DOOR, user=yang_ying).update(ends_on=None)
    tasks.sweep()
    alert = Alert.objects.of(yang_ying).open().get()
    assert alert.read_at is None
    assert settle_overtaken() == 0, "settling and opening again must not go on for ever"


def test_a_return_is_settled_once_it_is_offered_again(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    verbs.return_to_sender(handover, reason="not_found", by=yang_ying)
    assert settle_overtaken() == 0
    assert open_kinds(wang_shanshan) == ["handover_returned"]
    verbs.offer_again(handover.youth, by=wang_shanshan)
    settle_overtaken()
    assert open_kinds(wang_shanshan) == ["handover_leaving"]


def test_a_return_is_settled_once_the_address_is_in_the_grid_again(
    handover: Handover, yang_ying: User, wang_shanshan: User
) -> None:
    verbs.return_to_sender(handover, reason="wrong_address", by=yang_ying)
    residence = handover.youth.resident.residences.current().get()
    residence.dwelling.grid = make_grid(HERE)
    residence.dwelling.save()
    refreshed(handover.youth)
    settle_overtaken()
    assert open_kinds(wang_shanshan) == []


def test_a_family_that_left_is_settled_by_the_visit(wang_shanshan: User) -> None:
    youth = make_youth(grid=HERE)
    Alert.objects.create(
        event_key="family:1", addressee=wang_shanshan, kind=Alert.Kind.FAMILY_MOVED, text="李*", subject_id=youth.pk,
        created_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    assert settle_overtaken() == 0
    make_visit(youth, by=wang_shanshan)
    assert settle_overtaken() == 1


def test_a_closed_file_asks_nothing_more(handover: Handover, yang_ying: User) -> None:
    Youth.objects.everyone(because="test").update(
        state="closed", closed_on=timezone.localdate(), closed_reason="已满 26 周岁"
    )
    settle_overtaken()
    assert not Alert.objects.open().exists()
    assert settle_overtaken() == 0
