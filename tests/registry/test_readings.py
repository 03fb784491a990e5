"""Readings 查阅记录: who was shown whom is known, and what cannot be recorded is not shown."""

from operator import attrgetter
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from grids.models import User
from registry import readings
from registry.models import Enrolment, Reading
from tests.addresses import ADDRESSES, NAMELESS, SHOWS, World
from tests.cast import SignIn

pytestmark = pytest.mark.django_db


def all_readings() -> list[Reading]:
    return list(Reading.objects.everyone(because="test").order_by("id"))


def fill_the_disk() -> None:
    """No reading can be written from now on."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_reading ADD CONSTRAINT disk_full CHECK (false) NOT VALID")


@pytest.fixture
def world(wang_shanshan: User, city_cadre: User) -> World:
    world = World()
    Enrolment.objects.everyone(because="test").update(review_on=timezone.localdate())
    for user in (wang_shanshan, city_cadre):
        world.alert(user, subject_id=world.youth.pk)
    return world


def reader_of(name: str, world: World, wang_shanshan: User, city_cadre: User, auditor: User) -> User:
    others = {
        "home": wang_shanshan,
        "readings_export": auditor,
        "referrals": world.helper,
        "referral": world.helper,
    }
    return others.get(name, city_cadre)


def shown_ids(world: World, name: str) -> set[UUID]:
    return {readings.subject_id(attrgetter(path)(world).pk) for path in SHOWS[name]}


def test_every_page_declares_whom_it_names() -> None:
    pages = {
        name for name, address in ADDRESSES.items() if address.get != (405,) and not name.startswith("admin:")
    }
    assert pages - {"logout"} == set(SHOWS) | NAMELESS
    assert not set(SHOWS) & NAMELESS


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_a_page_that_names_people_leaves_one_reading_of_them(
    name: str, world: World, wang_shanshan: User, city_cadre: User, auditor: User, sign_in: SignIn
) -> None:
    reader = reader_of(name, world, wang_shanshan, city_cadre, auditor)
    url, _ = world.address(name, reader)
    answer = sign_in(reader).get(url)
    assert answer.status_code == 200
    [reading] = all_readings()
    assert set(reading.subject_ids) == shown_ids(world, name)
    assert len(reading.subject_ids) == reading.count
    assert (reading.by, reading.post, reading.page) == (reader, reader.label, name)
    assert reading.request_id == answer["X-Request-ID"]
    assert reading.purpose


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_what_cannot_be_recorded_is_not_shown(
    name: str, world: World, wang_shanshan: User, city_cadre: User, auditor: User, sign_in: SignIn
) -> None:
    reader = reader_of(name, world, wang_shanshan, city_cadre, auditor)
    url, _ = world.address(name, reader)
    fill_the_disk()
    client = sign_in(reader)
    client.raise_request_exception = False
    with transaction.atomic():
        answer = client.get(url)
    text = answer.content.decode()
    assert (answer.status_code, "查阅记录没有记上" in text) == (503, True)
    for person in ("小海", "张*海", "小山", "李*山", "翠竹园"):
        assert person not in text


@pytest.mark.parametrize(
    "name", sorted(NAMELESS & {"feeds", "upload", "batch", "youth_new", "feed_new", "me"})
)
def test_a_page_without_names_leaves_none(name: str, world: World, city_cadre: User, sign_in: SignIn) -> None:
    url, _ = world.address(name, city_cadre)
    text = sign_in(city_cadre).get(url).content.decode()
    assert not all_readings()
    assert "张*海" not in text
    assert "小海" not in text
