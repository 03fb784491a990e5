"""Canaries: unmistakable words planted where secrets stand, and a crawl by everybody that looks for them everywhere.

Each canary says who may meet it. Nobody else does, on no page, list, piece, sheet, error page or header, in no log and
in nothing that is kept; and the same crawl by those who may finds each of them, so that it would have found one.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from registry import presence, register_row, seals
from registry.models import Resident, Search, Youth
from registry.models.residents import phone_index
from registry.names import pinyin_of
from registry.sealing import Choice
from registry.seals import Notice
from tests.addresses import HERE, NEXT_DOOR, World
from tests.cast import SignIn
from tests.crawl import Answer, Crawl, crawl, readable
from tests.factories import (
    make_consent,
    make_disclosure,
    make_enrolment,
    make_guardianship,
    make_need,
    make_user,
    make_visit,
    number_of,
    refreshed,
)
from tests.test_addresses import CAST

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.ignore_template_errors,  # of Django's own administration
]

NAME = "欧阳金丝雀"
PHONE = "13955507788"


@dataclass(frozen=True)
class Canary:
    """Words of one secret, and whether somebody may meet them."""

    words: tuple[str, ...]
    may: Callable[[User], bool]
    # Of whom the crawl must find it, as proof.
    found_by: tuple[str, ...]


def sees_file(user: User) -> bool:
    return user.may_in(Permission.SEE_YOUTHS, HERE)


def sees_person(user: User) -> bool:
    """The file's own people; where the person lives now, whoever looks people up or waits for the handover."""
    there = (Permission.SEE_YOUTHS, Permission.SEARCH_PEOPLE)
    return sees_file(user) or any(user.may_in(permission, NEXT_DOOR) for permission in there)


def knows_reasons(user: User) -> bool:
    return user.may_in(Permission.KNOW_REASONS, HERE)


def names_private(user: User) -> bool:
    """The private categories by their names: whoever knows reasons somewhere, and who keeps the list of categories."""
    return user.may(Permission.KNOW_REASONS) or user.may(Permission.MANAGE_PLACES)


def sends_checks(user: User) -> bool:
    return user.may_in(Permission.LOAD_FEEDS, HERE)


def canaries(world: World) -> dict[str, Canary]:
    number = number_of(world.youth)
    return {
        "name": Canary(
            (NAME, "金丝雀", "欧阳*雀", "ouyangjinsique"), sees_person,
            ("wang_shanshan", "yang_ying", "city_cadre", "centre"),
        ),
        "phone": Canary((PHONE,), sees_file, ("wang_shanshan", "city_cadre")),
        "id number": Canary((number,), sends_checks, ("jiujiang", "city_cadre")),
        "note": Canary(
            ("画眉走访", "画眉需求", "画眉范围", "画眉用途", "画眉建档"), sees_file, ("wang_shanshan", "city_cadre")
        ),
        "reason": Canary(
            ("夜莺依据", "夜莺线索", "父母服刑"), knows_reasons, ("jiujiang", "city_cadre")
        ),
        "category": Canary(("服刑子女", "服刑在教"), names_private, ("jiujiang", "city_cadre", "sysadmin")),
        "own words": Canary(("云雀查询", "云雀名单"), lambda user: user.username == "wangshanshan", ("wang_shanshan",)),
    }  # fmt: skip


@pytest.fixture
def without_a_post(db: None) -> User:
    return make_user("newcomer", "新来的")


@pytest.fixture
def people(request: pytest.FixtureRequest) -> dict[str, User]:
    return {who: request.getfixturevalue(who) for who in CAST}


@pytest.fixture
def world(db: None, settings: Any, people: dict[str, User]) -> World:
    settings.EXPORTS_A_DAY, settings.EXPORT_ROWS_A_DAY = 10_000, 10_000_000
    world = World()
    youth = world.youth
    _rename(youth)
    wang = people["wang_shanshan"]
    for user in filter(sees_person, people.values()):
        world.alert(user, subject_id=youth.pk, text="欧阳*雀的家人迁移", path=f"/youths/{youth.pk}/")
    make_visit(youth, by=wang, found="画眉走访：奶奶照看。")
    make_need(youth, "school", closed_on="2026-11-20", outcome="画眉需求已解决")
    make_consent(youth, "counselling", note="画眉范围")
    make_disclosure(youth, by=wang, why="画眉用途")
    make_guardianship(youth.resident, "公孙明", status="in_prison", destination_code="340111")
    make_enrolment(youth, "custody_child", evidence="夜莺依据：家人说明", verified_by=people["jiujiang"])
    type(youth).objects.everyone(because="test").filter(pk=youth.pk).update(opened_reason="画眉建档")
    for candidate in (world.quiet_candidate,):
        candidate.reason = "夜莺线索：父母服刑"
        candidate.save(update_fields=["reason"])
    Search.objects.create(owner=wang, q="云雀查询", name="云雀名单", params={})
    world.youth = refreshed(youth)
    return world


def _rename(youth: Youth) -> None:
    pinyin, initials = pinyin_of(NAME)
    Resident.objects.everyone(because="test").filter(pk=youth.resident_id).update(
        name=NAME, pinyin=pinyin, initials=initials, phone=PHONE, phone_index=phone_index(PHONE)
    )
    register_row.refresh([youth.pk])
    presence.follow_residents([youth.resident_id])
    youth.refresh_from_db()


def posts(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What everybody also tries: the canary's words in every field that looks for people, the sheet of checks."""
    number = number_of(world.youth)
    return [
        *(("/youths/search/", words) for words in ({"q": NAME}, {"q": "ouyang"}, {"id_number": number})),
        *(
            (f"/{noun}/search/", {"q": NAME, "name": NAME})
            for noun in ("residents", "households", "dwellings")
        ),
        ("/residents/search/", {"id_number": number, "phone": PHONE}),
        ("/youths/new/", {"number": number}),
        (f"/youths/{world.youth.pk}/correct/", {"name": "", "phone": "x"}),
        ("/feeds/checks/sheet/", {"source": "education"}),
    ]


SEALED = Canary(("杜鹃",), lambda _: False, ())


def met(answers: list[Answer], canary: Canary) -> Iterator[str]:
    for answer in answers:
        for word in canary.words:
            if word not in answer.typed and (word in answer.text or word in answer.headers):
                yield f"{answer.status} {answer.asked}: {word}"


@pytest.mark.parametrize("who", CAST)
def test_nobody_meets_what_is_not_theirs(
    who: str,
    people: dict[str, User],
    world: World,
    sign_in: SignIn,
    capsys: Any,
    caplog: Any,
) -> None:
    user = people[who]
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        done = crawl(user, sign_in, world, posts(world))
    assert len(done.answers) > 100
    assert [
        answer.asked for answer in done.answers if answer.status >= 500 and "readyz" not in answer.asked
    ] == []
    planted = canaries(world)
    wrong = {
        label: found
        for label, canary in planted.items()
        if not canary.may(user) and (found := sorted(set(met(done.answers, canary))))
    }
    assert not wrong, f"{who}: " + "\n".join(f"{label}: {found[:12]}" for label, found in wrong.items())
    for label, canary in planted.items():
        if who in canary.found_by:
            assert any(met(done.answers, canary)), f"the crawl of {who} finds no {label}: it would find none"
    logged = "\n".join([str(lines), caplog.text, *capsys.readouterr()])
    for label, canary in planted.items():
        for word in canary.words:
            assert word not in logged, f"{label} in the log of {who}"
    assert not list(kept(done, planted))


def kept(done: Crawl, planted: dict[str, Canary]) -> Iterator[str]:
    """What a browser, a proxy or our own cache holds of a canary, whosever it is."""
    for answer in done.answers:
        for canary in planted.values():
            if answer.is_kept and any(met([answer], canary)):
                yield f"may be kept: {answer.asked}"
    client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    for key in client.scan_iter("*"):
        value = client.dump(key) or b""
        for canary in planted.values():
            if any(word.encode() in key + value for word in canary.words):
                yield f"in the cache: {key!r}"


def test_what_is_sealed_is_met_by_nobody_from_that_second(
    people: dict[str, User],
    world: World,
    sign_in: SignIn,
    capsys: Any,
    caplog: Any,
) -> None:
    city = people["city_cadre"]
    enrolment = make_enrolment(world.youth, "misconduct", evidence="杜鹃依据：家人说明", verified_by=city)
    visit = make_visit(world.youth, by=people["wang_shanshan"], found="杜鹃走访：说起了那件事。")
    asked = posts(world)
    before = crawl(city, sign_in, world, asked).answers
    for word in ("杜鹃依据", "杜鹃走访"):
        assert any(word in answer.text for answer in before), f"the crawl finds no {word}: it would find none"
    notice = Notice(
        organ="court", organ_name="芜湖市鸠江区人民法院", notice_number="（2026）皖0207刑封12号",
        notice_on=timezone.localdate(), record="crime",
    )  # fmt: skip
    chosen = Choice(enrolments=(enrolment.pk,), visits=(visit.pk,))
    seals.seal(youth=world.youth, notice=notice, choice=chosen, by=city, submission_key=uuid4())
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        for who in ("city_cadre", "jiujiang", "wang_shanshan", "auditor"):
            after = crawl(people[who], sign_in, world, asked)
            assert sorted(set(met(after.answers, SEALED))) == [], who
    assert "杜鹃" not in "\n".join([str(lines), caplog.text, *capsys.readouterr()])


# --- Where something goes wrong


@pytest.mark.parametrize(
    "broken", ["registry.views.youth_file.readings.record", "registry.person.PersonFile.events"]
)
def test_a_page_that_breaks_tells_nothing_of_whom_it_was_about(
    broken: str,
    people: dict[str, User],
    world: World,
    sign_in: SignIn,
    monkeypatch: Any,
    capsys: Any,
    caplog: Any,
) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(broken, breaks if broken.endswith("record") else property(breaks))
    client = sign_in(people["city_cadre"])
    client.raise_request_exception = False
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        answer = client.get(f"/youths/{world.youth.pk}/")
    assert answer.status_code == 500
    said = "\n".join([answer.content.decode(), str(lines), caplog.text, *capsys.readouterr()])
    for canary in canaries(world).values():
        assert not [word for word in canary.words if word in said]


@pytest.mark.parametrize(
    "path", ["/youths/金丝雀/", "/金丝雀", "/youths/?s=金丝雀", "/readings/?subject=金丝雀"]
)
def test_what_is_typed_into_an_address_is_in_no_log(
    path: str,
    people: dict[str, User],
    sign_in: SignIn,
    capsys: Any,
    caplog: Any,
) -> None:
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        answer = sign_in(people["auditor"] if "readings" in path else people["wang_shanshan"]).get(path)
    assert answer.status_code in (404, 422)
    if "?" in path:
        assert "金丝雀" not in "\n".join([str(lines), caplog.text, *capsys.readouterr()])


def test_a_feed_report_names_nobody_and_repeats_no_number(
    people: dict[str, User], world: World, sign_in: SignIn, settings: Any, tmp_path: Path,
    django_capture_on_commit_callbacks: Any, capsys: Any, caplog: Any,
) -> None:  # fmt: skip
    """A file with this person and with rows in error, from upload to batch; the sheet of refused rows has it all."""
    settings.FEED_FILES_DIR, settings.FEED_ERRORS_DIR = tmp_path / "files", tmp_path / "errors"
    number = number_of(world.youth)
    rows = [
        f"{number},{NAME},1,2014-10-16,{PHONE}",
        f"{number[:-1]}Y,{NAME},1,2014-10-16,{PHONE}",
        f"{number},{NAME}{NAME}{NAME}{NAME}{NAME}{NAME}{NAME}{NAME}{NAME}{NAME}{NAME},1,x,{PHONE}",
    ]
    data = "\n".join(["公民身份号码,姓名,性别,出生日期,联系方式", *rows]).encode()
    city = people["city_cadre"]
    client = sign_in(city)
    form = {
        "feed": "police:residents", "as_of": str(timezone.localdate()), "mode": "delta",
        "file": SimpleUploadedFile("公安.csv", data), "submission_key": str(uuid4()),
    }  # fmt: skip
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        with django_capture_on_commit_callbacks(execute=True):
            url = client.post("/feeds/new/", form)["Location"]
        pages = {url: client.get(url).content.decode()}
        with django_capture_on_commit_callbacks(execute=True):
            client.post(f"{url}apply/")
        batch = client.get(url).content.decode()
        pages[f"{url} applied"] = batch
        for link in re.findall(r'href="(/feeds/[^"]*/)"', batch):
            if "errors" not in link:
                pages[link] = client.get(link).content.decode()
    logged = "\n".join([str(lines), caplog.text, *capsys.readouterr()])
    for word in (NAME, "金丝雀", PHONE, number, number[:-1]):
        for page, text in {**pages, "log": logged}.items():
            assert word not in text, (page, word)
    assert "退回" in "".join(pages.values())
    sheet = client.get(f"{url}errors/")
    assert sheet.status_code == 200
    assert PHONE in readable(sheet)
