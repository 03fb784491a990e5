"""The sealing twin 封存孪生: one world grown twice from the same root, in one of which the record never was.

In the first the record is made, with all that follows from it, and sealed; in the second nothing of it happens. Then
everybody of the cast looks at everything: each page, count, order, sheet, status code and number of statements is the
same in both, and so is whatever is said when somebody brings the same thing again. The notices of /seals/ alone differ:
they say that something was sealed, and of nobody.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grids.models import Alert, User
from registry import corrections, enrolments, presence, rules, seals, visits
from registry.codes import MoveKind
from registry.invariants import findings
from registry.models import Candidate, Category, Handover, Move, Resident, Source, Youth
from registry.public_ids import public_id
from registry.sealing import Choice
from tests.addresses import ADDRESSES, PUBLIC
from tests.cast import SignIn
from tests.factories import (
    YINHU,
    fresh,
    make_candidate,
    make_consent,
    make_dwelling,
    make_fact,
    make_guardianship,
    make_household,
    make_report,
    make_residence,
    make_resident,
    make_visit,
    make_youth,
)
from tests.referrals.people import join, make_agency, make_case, make_referral
from tests.registry.test_feed_kinds import load_facts
from tests.registry.test_load_feed import ago, key
from tests.registry.test_seals import NOTICE, WORDS

pytestmark = pytest.mark.django_db

HERE, THERE = f"{YINHU}001", f"{YINHU}002"
CAST = [
    "city_cadre", "jiujiang", "fanchang", "wanli", "yang_ying", "wang_shanshan", "legal_aid", "centre", "sysadmin",
    "security", "auditor",
]  # fmt: skip
SOME = ("jiujiang", "wang_shanshan", "centre")  # who knows the reasons, who does not, and who sees no file
LEFT_OUT = {"seals", "seal", "seal_new", "seal_decide"}  # the notices themselves
KINDS = ("youth", "enrolment", "candidate", "handover", "check", "report", "case", "referral")
LISTS = [
    "/youths/?category=misconduct", "/youths/?category=left_behind", "/youths/?state=all", "/youths/?state=closed",
    "/youths/?sort=name", "/youths/?sort=-due", "/youths/?sort=verified", "/youths/?need=law", "/youths/?grade=A",
    "/youths/?school=truant", "/youths/?visit_due=today", "/youths/?visit_due=overdue", "/youths/?unverified_days=30",
    "/youths/?moved_days=90", "/youths/?division=340207", "/candidates/?state=all", "/candidates/?category=idle",
    "/candidates/?category=misconduct", "/moves/?direction=in", "/enrolments/?page=2", "/alerts/?state=all",
]  # fmt: skip


class Root:
    """What both worlds grow from: 小海, who is left behind and on the register; 小山, a resident who moved."""

    def __init__(self, cast: dict[str, User]) -> None:
        self.cast = cast
        self.worker, self.cadre = cast["wang_shanshan"], cast["jiujiang"]
        family = make_household()
        home = make_dwelling(HERE)
        self.first = make_youth(
            "张小海", age=14, dwelling=home, categories=["left_behind"],
            next_due_on=timezone.localdate() + timedelta(days=60),
            resident_fields={"household": family, "relation": "20"},
        )  # fmt: skip
        mother = make_resident("李秀英", age=38, sex="2", dwelling=home, household=family, relation="10")
        make_guardianship(self.first.resident, mother, relation="52")
        make_visit(self.first, by=self.worker, visited_on=timezone.localdate() - timedelta(days=50))
        make_fact(
            self.first.resident, "in_school", unit="芜湖二十七中", source=Source.objects.get(pk="education")
        )
        self.second = self._moved("李小山")
        for number, name in enumerate(("王小河", "陈雨桐", "赵小江")):
            make_youth(name, age=12 + number, grid=HERE, categories=["left_behind"] if number else ["idle"])
        self.agency = make_agency()
        join(cast["legal_aid"], self.agency)
        cast["legal_aid"] = fresh(cast["legal_aid"])
        make_consent(self.first)
        make_report(self.first, by=self.worker, found="家里漏雨")
        make_referral(make_case(self.first, self.cadre, because="家里漏雨"), self.agency, self.cadre)
        # Somebody else is a candidate of the same moment.
        self.moment = timezone.now() - timedelta(days=3)
        other = make_youth("何思乐", grid=HERE, age=13).resident
        make_candidate(other, "street", grid=HERE, suggested_at=self.moment)
        self.alert = Alert.objects.create(
            event_key=f"candidates:{YINHU}:root", addressee=self.worker, kind="candidates", created_at=self.moment,
            text="第1网格有 1 条新线索，请走访", path=f"/candidates/?division={HERE}",
        )  # fmt: skip

    def _moved(self, name: str) -> Resident:
        old, new = make_dwelling(HERE), make_dwelling(THERE)
        person = make_resident(name, age=16)
        moved_on = timezone.localdate() - timedelta(days=5)
        make_residence(person, old, ends_on=moved_on)
        make_residence(person, new, starts_on=moved_on)
        presence.follow_residents([person.pk])
        self.move = Move.objects.create(
            resident=person, kind=MoveKind.WITHIN, from_dwelling=old, to_dwelling=new, from_grid_id=HERE,
            to_grid_id=THERE, moved_on=moved_on,
        )  # fmt: skip
        return person


class Sealed:
    """The record as it came to be, and its sealing; `ids` are the addresses that led to it."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.ids: dict[str, list[UUID]] = {kind: [] for kind in KINDS}
        self._first()
        self._second()

    def _first(self) -> None:
        """小海: suggested, visited, enrolled, corrected; the file itself stays."""
        root, youth = self.root, self.root.first
        suggested = make_candidate(youth.resident, "idle", grid=HERE, suggested_at=root.moment)
        Alert.objects.filter(pk=root.alert.pk).update(text="第1网格有 2 条新线索，请走访")
        Alert.objects.create(
            event_key=f"candidate:{suggested.pk}:visited",
            addressee=root.cadre,
            kind="candidate_visited",
            text="张*海",
        )
        youth.refresh_from_db()
        truant = make_fact(youth.resident, "truant", starts_on=timezone.localdate() - timedelta(days=60))
        made = [enrol(youth, code, root.cadre) for code in ("misconduct", "idle")]
        Candidate.objects.everyone(because="test").filter(pk=suggested.pk).update(enrolment=made[1].pk)
        told = visits.record_visit(
            youth=youth, visited_on=timezone.localdate(), method="home", met="guardian", found=WORDS,
            confirmed=["address"], needs=["law"], by=root.worker,
        )  # fmt: skip
        youth.refresh_from_db()
        corrected = corrections.correct(
            youth=youth, facts=changed(youth), reason=WORDS, version=youth.version, by=root.worker
        )
        assert corrected is not None
        self.ids["check"] += [request.pk for request in youth.check_requests.all()]
        observed = youth.resident.facts.get(source=None, kind="dropped_out")
        self.ids["enrolment"] += [enrolment.pk for enrolment in made]
        self.ids["candidate"].append(suggested.pk)
        case = make_case(youth, root.cadre, because=WORDS)
        referral = make_referral(case, root.agency, root.cadre)
        report = make_report(youth, by=root.worker, found=WORDS)
        for kind, each in (("case", case), ("referral", referral), ("report", report)):
            self.ids[kind].append(each.pk)
        seals.seal(
            youth=youth,
            notice=NOTICE,
            choice=Choice(
                enrolments=tuple(enrolment.pk for enrolment in made),
                visits=(told.pk,),
                corrections=(corrected.pk,),
                facts=(truant.pk, observed.pk),
                others=(f"cases:{case.pk}", f"reports:{report.pk}"),
            ),
            by=root.cadre,
            submission_key=uuid4(),
        )

    def _second(self) -> None:
        """小山: a file for this alone, which is being handed over; it goes as a whole."""
        root = self.root
        youth = make_youth(resident=root.second, grid=HERE, categories=["misconduct"])
        make_visit(youth, by=root.worker, found=WORDS)
        handover = Handover.objects.create(
            youth=youth, move=root.move, from_grid_id=HERE, to_grid_id=THERE,
            due_at=timezone.now() + timedelta(hours=40),
        )  # fmt: skip
        for user, kind in ((root.worker, "leaving"), (root.cadre, "escalated")):
            Alert.objects.create(
                event_key=f"handover:{handover.pk}:{kind}", addressee=user, kind=f"handover_{kind}", text="李*山",
                subject_id=youth.pk, path=f"/handovers/{handover.pk}/",
            )  # fmt: skip
        self.ids["youth"].append(youth.pk)
        self.ids["enrolment"] += [enrolment.pk for enrolment in youth.enrolments.all()]
        self.ids["handover"].append(handover.pk)
        chosen = Choice(enrolments=tuple(enrolment.pk for enrolment in youth.enrolments.all()))
        seals.seal(youth=youth, notice=NOTICE, choice=chosen, by=root.cadre, submission_key=uuid4())


def enrol(youth: Youth, code: str, by: User) -> Any:
    return enrolments.enrol(
        youth=youth,
        category=Category.objects.get(pk=code),
        starts_on=timezone.localdate() - timedelta(days=30),
        evidence="母亲说的",
        by=by,
    )


def changed(youth: Youth) -> corrections.PersonFacts:
    return corrections.PersonFacts(**{**corrections.observed(youth).__dict__, "school": "dropped_out"})


# --- Looking at everything


class Look:
    """Everything that everybody of the cast is answered; `known` are the ids that both worlds have."""

    def __init__(self, root: Root, sign_in: SignIn, ids: dict[str, list[UUID]], known: set[str]) -> None:
        self.root, self.sign_in, self.ids, self.known = root, sign_in, ids, known

    def all(self, whose: Iterable[str] = CAST) -> dict[tuple[str, str], Any]:
        cache.clear()
        answers: dict[tuple[str, str], Any] = {}
        for who in whose:
            user = self.root.cast[who]
            browser = self.sign_in(user)
            for url in self.urls():
                asked: list[str] = []
                with counting(asked), transaction.atomic():
                    answers[who, url] = (*self.answer(browser, url), len(asked))
                    transaction.set_rollback(True)
        return answers

    def urls(self) -> Iterator[str]:
        first, second = self.root.first, self.root.second
        keys: dict[str, list[Any]] = {
            "youth": [first.pk, *self.ids["youth"]],
            "enrolment": [first.enrolments.get(category="left_behind").pk, *self.ids["enrolment"]],
            "candidate": self.ids["candidate"],
            "handover": self.ids["handover"],
            **{kind: self.ids[kind] for kind in ("check", "report", "case", "referral")},
            "resident": [public_id("resident", person.pk) for person in (first.resident, second)],
        }
        keys |= {
            "visit": keys["youth"],
            "candidate_quiet": keys["candidate"],
            "person_request": [],
            "batch": [],
        }
        for name, address in ADDRESSES.items():
            if address.wants == PUBLIC or name in LEFT_OUT or name.startswith("admin:"):
                continue
            if not address.about:
                yield _reverse(name, address.args)
            for each in keys.get(address.about, []) if address.about else []:
                yield (
                    f"{_reverse(name, ())}?youth={each}"
                    if address.about == "visit"
                    else _reverse(name, (each,))
                )
        yield from LISTS

    def answer(self, browser: Client, url: str) -> tuple[int, Any]:
        answer = browser.get(url)
        if "spreadsheet" in answer.headers.get("Content-Type", ""):
            book = CalamineWorkbook.from_filelike(BytesIO(answer.getvalue()))
            text = str([book.get_sheet_by_index(at).to_python() for at in range(len(book.sheet_names))])
        else:
            text = answer.content.decode() + answer.headers.get("Location", "")
        return answer.status_code, self.bare(text)

    def bare(self, text: str) -> str:
        """Without what is new each time it is written: keys of forms, tokens, ids that only one world has."""
        text = re.sub(r'(csrfmiddlewaretoken|submission_key)" value="[^"]*"', r"\1", text)
        text = re.sub(
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            lambda met: met[0] if met[0] in self.known else "NEW",
            text,
        )
        text = re.sub(r"[\u200b-\u200d\u2060]|\\u(200[bcd]|2060)", "", text)  # the hidden mark of a sheet
        return re.sub(r"(请求编号|request)[^<]{0,40}", r"\1", text)


def counting(asked: list[str]) -> AbstractContextManager[None]:
    """Statements of ours as they are sent. (Django's own log of them ends after some thousands.)"""

    def send(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    return connection.execute_wrapper(send)


def _reverse(name: str, args: tuple[Any, ...]) -> str:
    return reverse(name, args=args)


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, User]:
    return {who: request.getfixturevalue(who) for who in CAST}


def known_ids() -> set[str]:
    """Every uuid that stands in the database now."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'uuid' AND table_name LIKE 'registry_%'"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT {column}::text FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608
            found |= {row[0] for row in cursor.fetchall()}
    return found


def grown(act: Callable[[], Any]) -> Any:
    """What `act` returns, in a world that is gone afterwards."""
    with transaction.atomic():
        result = act()
        transaction.set_rollback(True)
    return result


def differences(one: dict[Any, Any], other: dict[Any, Any]) -> list[str]:
    assert one.keys() == other.keys()
    found = []
    for at, answer in one.items():
        if answer != other[at]:
            (status, text, queries), (status_too, text_too, queries_too) = answer, other[at]
            place = next((i for i, (a, b) in enumerate(zip(text, text_too, strict=False)) if a != b), 0)
            around = (text[max(0, place - 80) : place + 80], text_too[max(0, place - 80) : place + 80])
            found.append(f"{at}: {status}/{status_too}, {queries}/{queries_too} statements, {around}")
    return found


@pytest.fixture
def still() -> Iterator[None]:
    """One moment for both worlds."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def test_a_world_in_which_it_was_sealed_is_the_world_in_which_it_never_was(
    cast: dict[str, User], sign_in: SignIn, still: None
) -> None:
    root = Root(cast)
    known = known_ids() | {str(public_id("resident", p.pk)) for p in (root.first.resident, root.second)}
    ids: dict[str, list[UUID]] = {}

    def sealed_world() -> dict[Any, Any]:
        ids.update(Sealed(root).ids)
        assert [finding["check"] for finding in findings() if not finding["ok"]] == []
        return Look(root, sign_in, ids, known | strings(ids)).all()

    sealed = grown(sealed_world)
    never = grown(lambda: Look(root, sign_in, ids, known | strings(ids)).all())
    assert len(sealed) > 900
    assert differences(sealed, never) == []


def strings(ids: dict[str, list[UUID]]) -> set[str]:
    return {str(each) for keys in ids.values() for each in keys}


def test_the_look_would_have_found_it(cast: dict[str, User], sign_in: SignIn, still: None) -> None:
    """The same look at a world where the record stands: it is on more than a few pages."""
    root = Root(cast)
    known = known_ids()

    def world_with_it() -> dict[Any, Any]:
        enrol(root.first, "misconduct", root.cadre)
        make_visit(root.first, by=root.worker, found=WORDS)
        return Look(root, sign_in, nothing, known).all(SOME)

    nothing: dict[str, list[UUID]] = {kind: [] for kind in KINDS}
    never = grown(lambda: Look(root, sign_in, nothing, known).all(SOME))
    assert len(differences(grown(world_with_it), never)) > 20


def test_whoever_brings_the_same_again_by_a_form_is_answered_as_about_anybody(
    cast: dict[str, User], sign_in: SignIn, still: None
) -> None:
    root = Root(cast)
    known = known_ids()
    nothing: dict[str, list[UUID]] = {kind: [] for kind in KINDS}

    def again() -> dict[Any, Any]:
        look = Look(root, sign_in, nothing, known)
        browser = sign_in(root.cadre)
        form = {
            "category": "misconduct", "starts_on": ago(30), "evidence": "母亲说的", "submission_key": str(uuid4()),
        }  # fmt: skip
        answers = [browser.post(f"/youths/{root.first.pk}/enrol/", form)]
        number = str(root.second.id_number)
        answers.append(browser.post("/youths/new/", {"number": number}))
        opening = {
            "step": "open", "number": number, "category": "misconduct", "starts_on": ago(30), "grade": "B",
            "evidence": "母亲说的", "submission_key": str(uuid4()),
        }  # fmt: skip
        answers.append(browser.post("/youths/new/", opening))
        said = {
            ("form", str(at)): (answer.status_code, look.bare(answer.content.decode()), 0)
            for at, answer in enumerate(answers)
        }
        assert [status for status, _, _ in said.values()] == [302, 200, 302]
        return said | look.all(SOME)

    def sealed_world() -> dict[Any, Any]:
        Sealed(root)
        return again()

    assert differences(grown(sealed_world), grown(again)) == []


def test_whatever_feeds_and_rules_bring_again_is_reported_as_about_anybody(
    cast: dict[str, User], tmp_path: Path, still: None
) -> None:
    root = Root(cast)
    row = [key(root.first), "旷课", ago(60), "", "", "", ""]
    other = [key(root.second), "旷课", ago(10), "", "", "", ""]

    def again(folder: Path) -> list[Any]:
        folder.mkdir()
        files = [
            [row],
            [row, other],
            [other, row],
            [[*row[:3], ago(1), *row[4:]], other],
            [other, [*row[:3], ago(1), *row[4:]]],
        ]
        reports: list[Any] = [load_facts(folder / f"{at}.csv", rows) for at, rows in enumerate(files)]
        for report in reports:
            for new_each_time in ("batch", "seconds"):
                del report[new_each_time]
        run = rules.suggest()
        return [*reports, run.suggested, run.withdrawn, run.alerts]

    def sealed_world() -> list[Any]:
        Sealed(root)
        return again(tmp_path / "sealed")

    sealed, never = grown(sealed_world), grown(lambda: again(tmp_path / "never"))
    assert sealed == never
    assert [report["unchanged"] for report in sealed[:5]] == [0, 1, 2, 1, 2]


@pytest.mark.parametrize(
    "page", ["/youths/{youth}/", "/enrolments/{enrolment}/end/", "/candidates/{candidate}/"]
)
def test_a_sealed_id_is_answered_as_fast_as_an_unknown_one(
    cast: dict[str, User], sign_in: SignIn, page: str
) -> None:
    ids = Sealed(Root(cast)).ids
    browser = sign_in(cast["jiujiang"])
    sealed = page.format(**{name: keys[0] for name, keys in ids.items()})
    # What the machine does besides is in both alike; three looks, of which one has to be undisturbed.
    ratios = []
    for _ in range(3):
        took: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(160):
            unknown = page.format(**{name: uuid4() for name in ids})
            for is_sealed in (True, False) if turn % 2 else (False, True):
                started = time.perf_counter()
                answer = browser.get(sealed if is_sealed else unknown)
                took[is_sealed].append(time.perf_counter() - started)
                assert answer.status_code == 404
        ratios.append(statistics.median(took[True]) / statistics.median(took[False]))
        if 0.9 <= ratios[-1] <= 1.1:
            return
    pytest.fail(f"medians, sealed to unknown: {ratios}")
