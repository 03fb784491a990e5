"""Who looked at a person, on the person's own page; and what the auditor finds among the readings 查阅审计."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from grids.models import User
from registry.models import Reading, Youth
from registry.reading_audit import unusual
from registry.reading_chain import seal
from registry.reading_pages import KINDS, words_of
from tests.addresses import ADDRESSES, HERE, SHOWS, World
from tests.cast import SignIn
from tests.factories import make_youth

pytestmark = pytest.mark.django_db


@pytest.fixture
def xiaohai(wang_shanshan: User) -> Youth:
    return make_youth("张小海", grid=HERE)


def look(by: User, *ids: UUID, **fields: Any) -> Reading:
    values = {
        "by": by, "post": by.label, "page": "youth", "subject": "youth", "count": len(ids),
        "subject_ids": list(ids), "request_id": "r",
    }  # fmt: skip
    return Reading.objects.create(**(values | fields))


def at(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=30)


def test_every_page_that_leaves_readings_is_told_in_words() -> None:
    known = [page for kind in KINDS.values() for page in kind.pages]
    assert set(SHOWS) <= set(known)
    assert set(known) <= set(ADDRESSES)
    assert len(known) == len(set(known))
    assert words_of("gone") == "其他页面"


# --- One person


def test_the_persons_page_leads_to_who_looked(
    xiaohai: Youth, wang_shanshan: User, yang_ying: User, sign_in: SignIn
) -> None:
    look(yang_ying, uuid4(), xiaohai.pk, page="youths")
    look(yang_ying, uuid4(), page="youths_export")
    look(yang_ying, UUID(int=xiaohai.resident_id), page="households", subject="resident")
    client = sign_in(wang_shanshan)
    url = f"/youths/{xiaohai.pk}/readings/"
    assert url in client.get(f"/youths/{xiaohai.pk}/").content.decode()
    answer = client.get(url)
    told = [(row["reading"].by.name, row["words"]) for row in answer.context["rows"]]
    assert told == [
        ("汪珊珊", "打开档案"),
        (yang_ying.name, "人房查询"),
        (yang_ying.name, "人员名单"),
    ]
    assert yang_ying.label in answer.content.decode()


def test_who_may_not_see_the_file_does_not_see_who_looked(
    xiaohai: Youth, fanchang: User, auditor: User, sign_in: SignIn
) -> None:
    url = f"/youths/{xiaohai.pk}/readings/"
    assert sign_in(fanchang).get(url).status_code == 404
    assert sign_in(auditor).get(url).status_code == 403


def test_who_looked_costs_the_same_and_pages_by_key(
    xiaohai: Youth, wang_shanshan: User, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    made = [look(wang_shanshan, xiaohai.pk, at=now - timedelta(minutes=n // 2)).pk for n in range(60)]
    client = sign_in(wang_shanshan)
    url = f"/youths/{xiaohai.pk}/readings/"
    client.get(url)
    with django_assert_num_queries(10):  # frame 5, file, list; a reading 3
        first = client.get(url)
    page = first.context["page"]
    shown = [row.pk for row in page.rows]
    assert page.before == ""
    with django_assert_num_queries(11):
        second = client.get(url, {"after": page.after})
    shown += [row.pk for row in second.context["page"].rows]
    assert second.context["page"].after == ""
    assert [key for key in shown if key in made] == sorted(made, key=lambda key: (made.index(key) // 2, -key))
    back = client.get(url, {"before": second.context["page"].before})
    assert [row.pk for row in back.context["page"].rows] == shown[:50]
    assert client.get(url, {"after": "nonsense"}).status_code == 200


# --- The auditor


def rows_of(client: Any, **query: str) -> list[int]:
    return [row["reading"].pk for row in client.get("/readings/", query).context["rows"]]


def test_the_auditor_searches_by_person_day_page_and_id(
    xiaohai: Youth, wang_shanshan: User, yang_ying: User, auditor: User, sign_in: SignIn
) -> None:
    now = timezone.now()
    old = look(yang_ying, uuid4(), at=now - timedelta(days=9))
    listed = look(yang_ying, uuid4(), xiaohai.pk, page="youths")
    opened = look(wang_shanshan, xiaohai.pk)
    client = sign_in(auditor)
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert rows_of(client) == [opened.pk, listed.pk, old.pk]
    assert rows_of(client, user="wangshanshan") == [opened.pk]
    assert rows_of(client, user=yang_ying.name) == [listed.pk, old.pk]
    assert rows_of(client, since=today, until=today) == [opened.pk, listed.pk]
    assert rows_of(client, page="list") == [listed.pk]
    assert rows_of(client, subject=str(xiaohai.pk)) == [opened.pk, listed.pk]
    for wrong in ({"page": "x"}, {"subject": "x"}, {"since": "x"}, {"since": today, "until": "2020-01-01"}):
        assert client.get("/readings/", wrong).status_code == 422


def test_the_auditor_sees_ids_and_no_name_of_a_youth(
    xiaohai: Youth, wang_shanshan: User, auditor: User, sign_in: SignIn
) -> None:
    look(wang_shanshan, xiaohai.pk)
    text = sign_in(auditor).get("/readings/").content.decode()
    assert str(xiaohai.pk) in text
    for name in ("张小海", "张*海"):
        assert name not in text


def test_the_list_of_the_auditor_costs_the_same_and_tells_the_chain(
    wang_shanshan: User, auditor: User, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(auditor)
    for _ in range(2):
        look(wang_shanshan, uuid4(), uuid4())
        seal()
        client.get("/readings/")
        with django_assert_num_queries(6):  # session, user, posts, assignments, chain, list
            answer = client.get("/readings/")
    assert answer.context["chain"].blocks == 2
    assert answer.context["chain"].head in answer.content.decode()


def test_a_sheet_of_readings_is_recorded_itself(
    xiaohai: Youth, wang_shanshan: User, auditor: User, sign_in: SignIn
) -> None:
    reading = look(wang_shanshan, xiaohai.pk)
    look(auditor, uuid4(), page="youths")
    answer = sign_in(auditor).get("/readings/export/", {"user": "wangshanshan"})
    _, row, *_ = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert (row[1], row[4], row[8]) == ("wangshanshan", "打开档案", str(xiaohai.pk))
    last = Reading.objects.visible_to(auditor)[0]
    assert last.pk != reading.pk
    assert (last.by, last.page, last.purpose) == (auditor, "readings_export", "导出查阅记录")


# --- Unusual reading

DAY = datetime(2026, 11, 20, tzinfo=timezone.get_default_timezone())


def found(key: str) -> list[tuple[str, int]]:
    return [(user.username, number) for user, number in unusual(DAY.date())[key]]


def test_who_was_shown_very_many_persons_is_listed(
    wang_shanshan: User, yang_ying: User, settings: Any
) -> None:
    settings.READINGS_MANY_PERSONS = 3
    same = uuid4()
    for _ in range(5):
        look(wang_shanshan, same, at=at(DAY, 9))
    look(yang_ying, uuid4(), uuid4(), at=at(DAY, 9))
    look(yang_ying, uuid4(), uuid4(), at=at(DAY, 10))
    look(wang_shanshan, uuid4(), uuid4(), uuid4(), at=at(DAY, 9) - timedelta(days=1))
    assert found("many") == [(yang_ying.username, 4)]


def test_reading_at_night_is_listed(wang_shanshan: User, yang_ying: User) -> None:
    for hour in (0, 5, 22, 23):
        look(wang_shanshan, uuid4(), at=at(DAY, hour))
    for hour in (6, 12, 21):
        look(yang_ying, uuid4(), at=at(DAY, hour))
    look(yang_ying, uuid4(), at=at(DAY, 23), page="alerts_live")
    assert found("hours") == [("wangshanshan", 4)]


def test_files_opened_without_a_task_are_listed(
    wang_shanshan: User, yang_ying: User, city_cadre: User, settings: Any
) -> None:
    settings.READINGS_OUTSIDE_TASKS = 1
    idle = make_youth(grid=HERE, next_due_on=DAY.date() + timedelta(days=8))
    due = make_youth(grid=HERE, next_due_on=DAY.date() + timedelta(days=7))
    world = World()
    told = make_youth(grid=HERE, next_due_on=DAY.date() + timedelta(days=60))
    World.alert(wang_shanshan, subject_id=told.pk, created_at=at(DAY, 8))
    for youth in (idle, due, told, world.youth):
        look(wang_shanshan, youth.pk, at=at(DAY, 9))
    look(yang_ying, told.pk, at=at(DAY, 9))  # the alert was another's
    look(city_cadre, idle.pk, page="youths", at=at(DAY, 9))  # a list, no file
    assert sorted(found("outside")) == sorted([("wangshanshan", 1), (yang_ying.username, 1)])
    settings.READINGS_OUTSIDE_TASKS = 2
    assert found("outside") == []


def test_the_page_of_unusual_reading_leads_to_the_readings(
    wang_shanshan: User, auditor: User, sign_in: SignIn
) -> None:
    reading = look(wang_shanshan, uuid4(), at=at(DAY, 23))
    client = sign_in(auditor)
    text = client.get("/readings/unusual/", {"day": "2026-11-20"}).content.decode()
    query = "user=wangshanshan&amp;since=2026-11-20&amp;until=2026-11-20"
    assert f"/readings/?{query}" in text
    assert rows_of(client, user="wangshanshan", since="2026-11-20", until="2026-11-20") == [reading.pk]
    assert client.get("/readings/unusual/", {"day": "x"}).status_code == 422
