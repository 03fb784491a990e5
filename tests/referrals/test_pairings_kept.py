"""How long pairings 结对帮扶 are kept, and under which keys."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from grids.models import User
from referrals.models import Pairing, PairingContact, PairingStep
from registry import retention
from registry.models import Youth
from tests.factories import YINHU, closed, make_youth
from tests.referrals.test_pairings import LI_MING, called, end, everything, paired
from tests.registry.test_rotate_keys import AFTER, BEFORE, WITHOUT_OLD, ring, rotate, use  # noqa: F401 - a fixture


@pytest.fixture
def pairing(wang_shanshan: User, jiujiang: User) -> Pairing:
    """With a contact, and ended."""
    made = paired(make_youth("张小海", grid=f"{YINHU}001", age=9), jiujiang, told=["name"])
    called(made, wang_shanshan)
    return end(made, jiujiang)


def test_they_go_with_the_file_when_its_time_is_over(pairing: Pairing) -> None:
    closed(pairing.youth, timezone.localdate())
    retention.apply(today=timezone.localdate() + timedelta(days=4 * 366))
    assert not Youth.objects.everyone(because="test").exists()
    for model in (Pairing, PairingContact, PairingStep):
        assert not everything(model), model


def test_keys_are_changed_under_what_has_ended_too(
    ring: Any,  # noqa: F811
    db: None,
    request: pytest.FixtureRequest,
) -> None:
    use(ring, BEFORE)
    request.getfixturevalue("pairing")
    use(ring, AFTER)
    assert rotate()[0] == 0
    use(ring, WITHOUT_OLD)
    kept = everything()[0]
    assert (kept.mentor, kept.unit, kept.phone) == (LI_MING.name, LI_MING.unit, LI_MING.phone)
    assert kept.result == "孩子爱上学了。"
    assert everything(PairingContact)[0].text == "聊了学校的事，心情不错。"
    assert len(everything(PairingStep)) == 2
