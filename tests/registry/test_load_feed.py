"""`load_feed residents` and `residences`: told as the nights of a police file."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grids.models import Alert, User
from registry.feeds.reading import open_feed
from registry.id_numbers import check_character as id_check
from registry.invariants import findings
from registry.models import Batch, Handover, Household, Move, Residence, Resident, Source, Youth
from tests.factories import (
    HUAQIANG,
    YINHU,
    id_number,
    make_dwelling,
    make_guardianship,
    make_household,
    make_resident,
    make_youth,
    years_ago,
)

pytestmark = pytest.mark.django_db

COLUMNS = ["公民身份号码", "人员编号", "房屋编号", "起始日期", "迁往地"]
OLD, NEW = f"{HUAQIANG}001", f"{YINHU}001"
WHY = "test"


def today() -> date:
    return timezone.localdate()


def ago(days: int) -> str:
    return str(today() - timedelta(days=days))


def write(path: Path, rows: list[list[Any]], columns: list[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def load(path: Path, kind: str = "residences", **options: Any) -> dict[str, Any]:
    """What `load_feed --json` printed; a held batch is told by `held` (the command then exits 4)."""
    out = StringIO()
    options = {"source": "police", "as_of": str(today()), "json": True, **options}
    with contextlib.suppress(SystemExit):
        call_command("load_feed", kind, path, stdout=out, **options)
    return json.loads(out.getvalue())


def key(person: Resident | Youth) -> str:
    resident = person.resident if isinstance(person, Youth) else person
    return str(resident.id_number)


def home(person: Resident | Youth) -> str:
    resident = person.resident if isinstance(person, Youth) else person
    current = resident.residences.current().select_related("dwelling").first()
    return current.dwelling.code if current else ""


@pytest.fixture
def old_home(yang_ying: User) -> Any:
    return make_dwelling(OLD)


@pytest.fixture
def new_home(wang_shanshan: User) -> Any:
    return make_dwelling(NEW)


def test_a_youth_who_moves_is_offered_to_the_new_grid_and_both_workers_are_told(
    tmp_path: Path, yang_ying: User, wang_shanshan: User, old_home: Any, new_home: Any
) -> None:
    youth = make_youth("张小海", age=9, dwelling=old_home)
    counts = load(write(tmp_path / "f.csv", [[key(youth), "", new_home.code, ago(1), ""]]))
    assert counts["moves_within"] == 1
    assert (counts["handovers"], counts["alerts"], counts["held"], counts["errors_file"]) == (
        1,
        2,
        False,
        None,
    )
    youth.refresh_from_db()
    assert (youth.grid_id, youth.lives_in) == (OLD, NEW)
    handover = youth.handovers.get()
    assert (handover.state, handover.from_grid_id, handover.to_grid_id) == ("offered", OLD, NEW)
    assert handover.due_at - handover.offered_at == timedelta(hours=72)
    told = dict(Alert.objects.values_list("kind", "addressee__name"))
    assert told == {"handover_offered": wang_shanshan.name, "handover_leaving": yang_ying.name}
    assert not Alert.objects.filter(text__contains="张小海").exists()
    history = handover.history.get()
    assert (history.history_type, history.state) == ("+", "offered")


def test_grade_a_has_24_hours(tmp_path: Path, old_home: Any, new_home: Any) -> None:
    youth = make_youth(dwelling=old_home, grade="A")
    load(write(tmp_path / "f.csv", [[key(youth), "", new_home.code, ago(1), ""]]))
    handover = youth.handovers.get()
    assert handover.due_at - handover.offered_at == timedelta(hours=24)


def test_a_resident_without_a_file_moves_and_nobody_is_bothered(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    resident = make_resident("李大山", age=40, dwelling=old_home)
    counts = load(write(tmp_path / "f.csv", [[key(resident), "", new_home.code, ago(1), ""]]))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (1, 0, 0)


def test_leaving_the_city_stays_open_with_the_old_worker(
    tmp_path: Path, yang_ying: User, old_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    counts = load(write(tmp_path / "f.csv", [[key(youth), "", "", ago(2), "310115"]]))
    assert (counts["moves_out"], counts["handovers"], counts["alerts"]) == (1, 1, 1)
    handover = youth.handovers.get()
    assert (handover.to_grid_id, handover.destination_code, handover.state) == (None, "310115", "offered")
    assert Alert.objects.get().addressee == yang_ying


def test_arriving_from_outside_is_a_move_in(tmp_path: Path, new_home: Any) -> None:
    newcomer = make_resident("欧阳雪", age=20)
    counts = load(write(tmp_path / "f.csv", [[key(newcomer), "", new_home.code, ago(1), ""]]))
    assert (counts["moves_in"], counts["moves_within"], counts["moves_out"]) == (1, 0, 0)
    assert home(newcomer) == new_home.code


def test_what_is_known_already_is_unchanged(tmp_path: Path, old_home: Any) -> None:
    youth = make_youth(dwelling=old_home)
    counts = load(write(tmp_path / "f.csv", [[key(youth), "", old_home.code, ago(0), ""]]))
    assert (counts["rows"], counts["accepted"], counts["unchanged"], counts["alerts"]) == (1, 1, 1, 0)
    assert Residence.objects.everyone(because=WHY).count() == 1


def test_a_move_back_before_acceptance_cancels_the_handover_and_tells_both(
    tmp_path: Path, yang_ying: User, wang_shanshan: User, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    counts = load(write(tmp_path / "2.csv", [[key(youth), "", old_home.code, ago(1), ""]]))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (1, 0, 2)
    assert youth.handovers.get().state == "cancelled"
    assert youth.handovers.get().history.count() == 2
    cancelled = Alert.objects.filter(kind="handover_cancelled")
    assert {alert.addressee for alert in cancelled} == {yang_ying, wang_shanshan}
    assert not Alert.objects.open().exclude(kind="handover_cancelled").exists()


def test_back_and_forth_within_one_file_is_two_moves_and_no_handover(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    rows = [[key(youth), "", old_home.code, ago(1), ""], [key(youth), "", new_home.code, ago(4), ""]]
    counts = load(write(tmp_path / "f.csv", rows))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (2, 0, 0)
    assert home(youth) == old_home.code
    assert youth.resident.residences.count() == 3


def test_two_moves_in_a_row_leave_one_open_handover_to_the_last_place(
    tmp_path: Path, old_home: Any, new_home: Any, yang_ying: User
) -> None:
    third = make_dwelling(f"{YINHU}002")
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    load(write(tmp_path / "2.csv", [[key(youth), "", third.code, ago(1), ""]]))
    states = sorted(youth.handovers.values_list("state", "to_grid_id"))
    assert states == [("cancelled", NEW), ("offered", f"{YINHU}002")]


def test_another_dwelling_for_the_same_day_corrects_the_move_instead_of_making_a_second(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    right = make_dwelling(f"{YINHU}002")
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    counts = load(write(tmp_path / "2.csv", [[key(youth), "", right.code, ago(3), ""]]))
    assert (counts["accepted"], counts["moves_within"]) == (1, 0)
    move = Move.objects.everyone(because=WHY).get()
    assert (move.to_grid_id, move.voided_at) == (f"{YINHU}002", None)
    assert move.corrected_at
    assert youth.resident.residences.count() == 2


def test_a_correction_to_the_place_where_the_person_always_was_takes_the_move_back(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    counts = load(write(tmp_path / "2.csv", [[key(youth), "", old_home.code, ago(3), ""]]))
    assert counts["moves_within"] == 0
    assert youth.resident.residences.get().ends_on is None
    assert Move.objects.everyone(because=WHY).get().voided_at
    assert youth.handovers.get().state == "cancelled"


def test_a_wrong_report_of_leaving_the_city_can_be_corrected(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", "", ago(3), "310115"]]))
    load(write(tmp_path / "2.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    move = Move.objects.everyone(because=WHY).get()
    assert (move.kind, move.to_grid_id, move.destination_code) == ("within", NEW, "")
    assert home(youth) == new_home.code
    assert sorted(youth.handovers.values_list("state", "to_grid_id")) == [
        ("cancelled", None),
        ("offered", NEW),
    ]


def test_moving_to_another_door_of_the_grid_needs_no_handover_but_the_worker_hears_of_it(
    tmp_path: Path, yang_ying: User, old_home: Any
) -> None:
    next_door = make_dwelling(OLD)
    youth = make_youth(dwelling=old_home)
    counts = load(write(tmp_path / "f.csv", [[key(youth), "", next_door.code, ago(1), ""]]))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (1, 0, 1)
    assert Alert.objects.get().kind == "address_changed"


def test_a_guardian_who_leaves_is_a_reason_to_visit_not_a_move_of_the_child(
    tmp_path: Path, yang_ying: User, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    father = make_resident("张大海", age=38, dwelling=old_home)
    make_guardianship(youth.resident, father)
    counts = load(write(tmp_path / "f.csv", [[key(father), "", new_home.code, ago(1), ""]]))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (1, 0, 1)
    assert Alert.objects.get().kind == "family_moved"
    assert Alert.objects.get().addressee == yang_ying


def test_a_whole_family_that_moves_makes_one_alert_each_side_for_the_youth(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    family = make_household()
    youth = make_youth(dwelling=old_home, resident_fields={"household": family})
    mother = make_resident("朱兰", age=36, dwelling=old_home, household=family)
    rows = [[key(p), "", new_home.code, ago(1), ""] for p in (youth, mother)]
    counts = load(write(tmp_path / "f.csv", rows))
    assert (counts["moves_within"], counts["handovers"], counts["alerts"]) == (2, 1, 2)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (["34020720150101001{wrong}", "", "{new}", "{day}", ""], "公民身份号码", "校验"),
        (["{stranger}", "", "{new}", "{day}", ""], "公民身份号码", "没有登记过这个人"),
        (["{key}", "", "F-unknown", "{day}", ""], "房屋编号", "没有这个房屋编号"),
        (["{key}", "", "{new}", "{tomorrow}", ""], "起始日期", "晚于数据日期"),
        (["{key}", "", "{new}", "2026-02-30", ""], "起始日期", "日期不存在"),
        (["{key}", "", "{new}", "2001-01-01", ""], "起始日期", "早于已登记的居住记录"),
        (["{key}", "", "", "{day}", "999999"], "迁往地", "没有这个区划代码"),
        (["", "", "{new}", "{day}", ""], "公民身份号码", "至少"),
    ],
)
def test_a_wrong_row_is_refused_with_its_field_and_reason_and_the_rest_goes_on(
    row: list[str], column: str, reason: str, *, tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth, other = make_youth(dwelling=old_home), make_youth("李雪", dwelling=old_home)
    words = {
        "key": key(youth),
        "wrong": "1" if id_check("34020720150101001") == "0" else "0",
        "stranger": id_number(years_ago(12)),
        "new": new_home.code,
        "day": ago(1),
        "tomorrow": str(today() + timedelta(days=1)),
    }
    rows = [[cell.format(**words) for cell in row], [key(other), "", new_home.code, ago(1), ""]]
    counts = load(write(tmp_path / "f.csv", rows))
    assert (counts["rows"], counts["accepted"], counts["rejected"]) == (2, 1, 1)
    assert home(youth) == old_home.code
    assert home(other) == new_home.code
    (_, sheet_row) = next(open_feed(Path(counts["errors_file"]), "residences").rows())
    assert isinstance(sheet_row, dict)
    header, first = CalamineWorkbook.from_path(counts["errors_file"]).get_sheet_by_index(0).to_python()[:2]
    told = dict(zip(header, first, strict=True))
    assert column in str(told["字段"])
    assert reason in str(told["原因"])


def test_the_same_person_on_the_same_day_in_two_places_is_refused_by_its_second_row(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    third = make_dwelling(f"{YINHU}002")
    rows = [[key(youth), "", d.code, ago(1), ""] for d in (new_home, third, new_home)]
    counts = load(write(tmp_path / "f.csv", rows))
    assert (counts["accepted"], counts["rejected"], counts["unchanged"]) == (2, 1, 1)
    assert home(youth) == new_home.code


def test_the_same_file_again_exits_3_and_changes_nothing(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    path = write(tmp_path / "f.csv", [[key(youth), "", new_home.code, ago(1), ""]])
    load(path)
    with pytest.raises(CommandError) as refused:
        load(path)
    assert refused.value.returncode == 3
    assert (Batch.objects.count(), Alert.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "nobody"}, "没有登记过这个数据来源"),
        ({"source": "justice"}, "不报送"),
        ({"as_of": "2099-01-01"}, "不能晚于"),
        ({"as_of": "2026-02-30"}, "日期不存在"),
        ({"by": "nobody"}, "没有这个用户名"),
    ],
)
def test_unusable_arguments_exit_2(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        load(write(tmp_path / "f.csv", []), **options)
    assert refused.value.returncode == 2


def test_an_older_file_after_a_newer_one_exits_2(tmp_path: Path, old_home: Any, new_home: Any) -> None:
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "1.csv", [[key(youth), "", new_home.code, ago(3), ""]]))
    with pytest.raises(CommandError, match="不能倒序") as refused:
        load(write(tmp_path / "2.csv", [[key(youth), "", old_home.code, ago(3), ""]]), as_of=ago(1))
    assert refused.value.returncode == 2


def test_a_dry_run_prints_the_same_and_changes_nothing(tmp_path: Path, old_home: Any, new_home: Any) -> None:
    youth = make_youth(dwelling=old_home)
    path = write(tmp_path / "f.csv", [[key(youth), "", new_home.code, ago(1), ""]])
    tried = load(path, dry_run=True)
    assert home(youth) == old_home.code
    assert (Batch.objects.count(), Alert.objects.count()) == (0, 0)
    applied = load(path)
    for name in ("batch", "seconds"):
        del tried[name], applied[name]
    assert tried == applied


def test_a_held_batch_exits_4(tmp_path: Path, old_home: Any, new_home: Any) -> None:
    Source.objects.filter(code="police").update(judged_from=1)
    youth = make_youth(dwelling=old_home)
    load(write(tmp_path / "0.csv", [[key(youth), "", old_home.code, ago(1), ""]]))
    path = write(tmp_path / "f.csv", [[key(youth), "", new_home.code, ago(1), ""]])
    with pytest.raises(SystemExit) as held:
        call_command("load_feed", "residences", path, source="police", as_of=ago(0))
    assert held.value.code == 4


def test_too_many_moves_are_held_until_another_person_approves(
    tmp_path: Path, old_home: Any, new_home: Any, city_cadre: User, jiujiang: User
) -> None:
    Source.objects.filter(code="police").update(judged_from=1)
    youths = [make_youth(f"张小{n}", dwelling=old_home) for n in "一二三"]
    load(write(tmp_path / "0.csv", [[key(youths[0]), "", old_home.code, ago(1), ""]]))
    path = write(tmp_path / "f.csv", [[key(y), "", new_home.code, ago(1), ""] for y in youths])
    held = load(path, by="jiujiang")
    assert held["held"] is True
    assert home(youths[0]) == old_home.code
    with pytest.raises(CommandError) as refused:
        load(path, approve=True, by="jiujiang")
    assert refused.value.returncode == 2
    applied = load(path, approve=True, by="city")
    assert (applied["batch"], applied["held"], applied["moves_within"]) == (held["batch"], False, 3)
    batch = Batch.objects.get(pk=held["batch"])
    assert (batch.state, batch.loaded_by, batch.approved_by) == ("applied", jiujiang, city_cadre)


def test_a_full_file_moves_whoever_differs_and_reports_whoever_is_absent_without_moving_them(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    stays, moves, absent = (make_youth(name, dwelling=old_home) for name in ("张小海", "李雪", "王五"))
    since = str(stays.resident.residences.get().starts_on)
    rows = [[key(stays), "", old_home.code, since, ""], [key(moves), "", new_home.code, ago(1), ""]]
    counts = load(write(tmp_path / "f.csv", rows), mode="full")
    assert (counts["rows"], counts["unchanged"], counts["moves_within"], counts["rejected"]) == (2, 1, 1, 0)
    assert (home(stays), home(moves), home(absent)) == (old_home.code, new_home.code, old_home.code)
    assert Batch.objects.get().counts["absent"] == 1


def test_a_full_file_refuses_two_places_for_one_day_whichever_of_them_is_known(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    youth = make_youth(dwelling=old_home)
    since = str(youth.resident.residences.get().starts_on)
    rows = [[key(youth), "", old_home.code, since, ""], [key(youth), "", new_home.code, since, ""]]
    counts = load(write(tmp_path / "f.csv", rows), mode="full")
    assert (counts["rows"], counts["unchanged"], counts["rejected"]) == (2, 1, 1)
    assert home(youth) == old_home.code


RESIDENT_COLUMNS = [
    "公民身份号码",
    "人员编号",
    "姓名",
    "性别",
    "出生日期",
    "户籍地",
    "户号",
    "与户主关系",
    "联系方式",
]


def test_newcomers_are_born_by_a_residents_file_and_move_in_by_the_next(
    tmp_path: Path, new_home: Any
) -> None:
    number = id_number(years_ago(12))
    rows = [
        [number.lower(), "", "𠮷小海", "男", "", "340225104201", "H1", "子", "13900000000"],
        ["", "P000001", "㛃", "女", ago(3), "", "H1", "", ""],
    ]
    counts = load(write(tmp_path / "r.csv", rows, RESIDENT_COLUMNS), "residents")
    assert (counts["accepted"], counts["unchanged"]) == (2, 0)
    child = Resident.objects.everyone(because=WHY).get(name="𠮷小海")
    assert (child.id_number, child.hukou_is_rural) == (number, True)
    assert child.household == Household.objects.everyone(because=WHY).get(number="H1")
    assert child.pinyin
    again = load(
        write(
            tmp_path / "r2.csv",
            [*rows, ["", "P000002", "王五", "", ago(9999), "", "", "", ""]],
            RESIDENT_COLUMNS,
        ),
        "residents",
    )
    assert (again["accepted"], again["unchanged"]) == (3, 2)
    moved = load(
        write(
            tmp_path / "m.csv",
            [[number, "", new_home.code, ago(1), ""], ["", "P000001", new_home.code, ago(1), ""]],
        )
    )
    assert moved["moves_in"] == 2


def test_a_corrected_name_reaches_the_list(tmp_path: Path, old_home: Any) -> None:
    youth = make_youth("张小海", dwelling=old_home)
    row = [key(youth), "", "张小河", "", "", "", "", "", ""]
    counts = load(write(tmp_path / "r.csv", [row], RESIDENT_COLUMNS), "residents")
    assert (counts["accepted"], counts["unchanged"]) == (1, 0)
    youth.refresh_from_db()
    assert (youth.name, youth.pinyin) == ("张小河", "zhangxiaohe")


def test_the_number_of_statements_does_not_depend_on_the_rows(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    spent = []
    for size in (1, 12):
        youths = [make_youth(f"李{size}{n}", dwelling=old_home) for n in range(size)]
        path = write(tmp_path / f"{size}.csv", [[key(y), "", new_home.code, ago(1), ""] for y in youths])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            load(path)
        spent.append(len(captured))
    assert spent[0] == spent[1]


def test_all_invariants_hold_after_a_busy_night(
    tmp_path: Path, old_home: Any, new_home: Any, yang_ying: User, city_cadre: User
) -> None:
    """2,000 rows of every kind: counts add up, one alert per event and addressee, every invariant holds."""
    homes = [old_home, new_home, *(make_dwelling(f"{HUAQIANG}00{n}") for n in (2, 3))]
    people = [make_resident(f"李{n}", age=30, dwelling=homes[n % 4]) for n in range(200)]
    people += [make_youth(f"张{n}", dwelling=homes[n % 4]).resident for n in range(40)]
    rows: list[list[Any]] = []
    for n in range(2000):
        person, target = people[n * 7 % 240], homes[n % 4].code
        number = person.id_number if n % 50 else key(person)[:17] + ("0" if key(person)[17] != "0" else "1")
        target = "" if n % 13 == 0 else "F-unknown" if n % 31 == 0 else target
        day = ago(-2) if n % 37 == 0 else ago(1 + n % 9)
        rows.append([number, "", target, day, ""])
    counts = load(write(tmp_path / "f.csv", rows))
    assert counts["rows"] == 2000 == counts["accepted"] + counts["rejected"]
    assert counts["rejected"] == len(list(open_feed(Path(counts["errors_file"]), "residences").rows()))
    assert counts["alerts"] == Alert.objects.count()
    assert counts["handovers"] == Handover.objects.everyone(because=WHY).count()
    moved = Move.objects.everyone(because=WHY).filter(corrected_at=None)
    assert counts["moves_in"] + counts["moves_out"] + counts["moves_within"] == moved.count()
    broken = [finding for finding in findings() if not finding["ok"]]
    assert broken == []


@pytest.mark.django_db(transaction=True)
def test_a_load_killed_in_the_middle_leaves_nothing_and_can_be_run_again(
    tmp_path: Path, old_home: Any, new_home: Any
) -> None:
    people = [make_resident(f"李{n}", age=30, dwelling=old_home) for n in range(300)]
    path = write(tmp_path / "f.csv", [[key(p), "", new_home.code, ago(1), ""] for p in people])
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?host={database['HOST']}&port={database['PORT']}"
    # The register is locked by somebody else, so that the load is surely in the middle when it is killed.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE registry_move IN ACCESS EXCLUSIVE MODE")
        command = [
            sys.executable,
            "manage.py",
            "load_feed",
            "residences",
            str(path),
            "--source",
            "police",
            "--as-of",
            ago(0),
        ]
        load_process = subprocess.Popen(
            command,
            env={**os.environ, "DATABASE_URL": address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'registry_move'::regclass"
        for _ in range(900):
            cursor.execute(waiting)
            if cursor.fetchone()[0] or load_process.poll() is not None:
                break
            time.sleep(0.1)
        assert load_process.poll() is None
        load_process.send_signal(signal.SIGKILL)
        load_process.wait()
        cursor.execute("ROLLBACK")
    assert Batch.objects.count() == 0
    assert home(people[0]) == old_home.code
    counts = load(path)
    assert counts["moves_within"] == 300
