"""Files of dwellings, guardianships and facts; a sample city sent as files; a batch taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from python_calamine import CalamineWorkbook

from grids.models import Alert, User
from registry import handovers
from registry.feeds.undo import CannotUndo, undo
from registry.invariants import findings
from registry.models import Batch, Dwelling, Fact, Guardianship, Move, Residence, Resident
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_grid, make_resident, make_youth, years_ago
from tests.registry.test_load_feed import RESIDENT_COLUMNS, ago, home, key, load, today, write

pytestmark = pytest.mark.django_db

WHY = "test"
OLD, NEW = f"{HUAQIANG}001", f"{YINHU}001"
DWELLINGS = ["房屋编号", "网格编号", "小区名称", "楼栋", "单元", "室", "房屋地址", "经度", "纬度"]
GUARDIANSHIPS = [
    "公民身份号码", "监护人身份号码", "监护人姓名", "与被监护人关系", "监护类型",
    "监护人状况", "去向", "起始日期", "终止日期",
]  # fmt: skip
FACTS = ["公民身份号码", "事项", "起始日期", "终止日期", "单位", "等级", "去向"]


def load_dwellings(path: Path, rows: list[list[Any]]) -> dict[str, Any]:
    return load(write(path, rows, DWELLINGS), "dwellings", source="housing")


def load_guardianships(path: Path, rows: list[list[Any]]) -> dict[str, Any]:
    return load(write(path, rows, GUARDIANSHIPS), "guardianships", source="civil_affairs")


def load_facts(path: Path, rows: list[list[Any]], source: str = "education") -> dict[str, Any]:
    return load(write(path, rows, FACTS), "facts", source=source)


def reasons(counts: dict[str, Any]) -> list[list[Any]]:
    return CalamineWorkbook.from_path(counts["errors_file"]).get_sheet_by_index(0).to_python()[1:]


def test_dwellings_are_added_changed_or_known_and_an_empty_cell_leaves_what_is_known(tmp_path: Path) -> None:
    make_grid(OLD)
    row = ["D1", OLD, "翠竹园", "3栋", "2单元", "501", "芜湖市翠竹园3-2-501", "118.37", "31.35"]
    assert load_dwellings(tmp_path / "1.csv", [row])["accepted"] == 1
    counts = load_dwellings(
        tmp_path / "2.csv", [["D1", OLD, "", "", "", "502", "芜湖市翠竹园3-2-501", "", ""], ["D2", *row[1:]]]
    )
    assert (counts["accepted"], counts["unchanged"]) == (2, 0)
    dwelling = Dwelling.objects.everyone(because=WHY).get(code="D1")
    assert (dwelling.estate, dwelling.room, dwelling.longitude) == ("翠竹园", "502", 118.37)
    assert load_dwellings(tmp_path / "3.csv", [["D2", *row[1:]]])["unchanged"] == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({1: "340207004006999"}, "没有这个网格编号"),
        ({1: "34020"}, "15 位数字"),
        ({1: NEW}, "已登记在另一个网格"),
        ({6: ""}, "请填写房屋地址"),
        ({7: "31.35", 8: "118.37"}, "度数"),
        ({7: "", 8: "31.35"}, "都填"),
        ({2: "园" * 101}, "最多 100 个字符"),
    ],
)
def test_a_wrong_dwelling_is_refused_in_words(tmp_path: Path, changed: dict[int, str], reason: str) -> None:
    make_grid(NEW)
    known = make_dwelling(OLD)
    row = [known.code, OLD, "翠竹园", "3栋", "2单元", "501", "芜湖市翠竹园", "118.37", "31.35"]
    row = [changed.get(place, cell) for place, cell in enumerate(row)]
    counts = load_dwellings(tmp_path / "f.csv", [row])
    assert counts["rejected"] == 1
    assert reason in str(reasons(counts))


def test_a_guardianship_is_a_statement_that_can_be_corrected_or_followed_by_another(tmp_path: Path) -> None:
    child, father = make_resident(age=9), make_resident("张大海", age=38)
    row = [key(child), key(father), "张大海", "父亲", "父母", "在家", "", ago(300), ""]
    assert load_guardianships(tmp_path / "1.csv", [row])["accepted"] == 1
    assert load_guardianships(tmp_path / "2.csv", [row, row])["unchanged"] == 1
    row[5] = "外出务工"
    row[6] = "310115"
    load_guardianships(tmp_path / "3.csv", [row])
    assert Guardianship.objects.everyone(because=WHY).get().status == "away_for_work"
    row[5], row[6], row[7] = "在家", "", ago(10)
    load_guardianships(tmp_path / "4.csv", [row])
    periods = (
        Guardianship.objects.everyone(because=WHY)
        .order_by("starts_on")
        .values_list("status", "ends_on", "guardian__name")
    )
    assert list(periods) == [
        ("away_for_work", today() - timedelta(days=10), "张大海"),
        ("at_home", None, "张大海"),
    ]


def test_a_guardians_absence_reaches_the_list_column_of_the_child(tmp_path: Path) -> None:
    youth = make_youth(grid=OLD)
    row = [key(youth), "", "张大海", "51", "父母", "外出务工", "310115", ago(300), ""]
    load_guardianships(
        tmp_path / "1.csv", [row, [key(youth), "", "李奶奶", "62", "委托", "在家", "", ago(300), ""]]
    )
    youth.refresh_from_db()
    assert youth.guardian == "entrusted"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({1: "34020719750101"}, "位"),
        ({2: ""}, "姓名"),
        ({3: "邻居"}, "GB/T 4761"),
        ({5: "坐牢"}, "监护人状况应为其中之一"),
        ({6: "999999"}, "没有这个区划代码"),
        ({8: "2001-01-01"}, "终止日期早于起始日期"),
    ],
)
def test_a_wrong_guardianship_is_refused_in_words(
    tmp_path: Path, changed: dict[int, str], reason: str
) -> None:
    row = [key(make_resident(age=9)), "", "张大海", "51", "父母", "在家", "", ago(300), ""]
    counts = load_guardianships(tmp_path / "f.csv", [[changed.get(n, cell) for n, cell in enumerate(row)]])
    assert counts["rejected"] == 1
    assert reason in str(reasons(counts))


def test_a_fact_reaches_the_list_and_the_same_statement_again_is_unchanged(tmp_path: Path) -> None:
    youth = make_youth(grid=OLD)
    row = [key(youth), "在学", ago(80), "", "湾里小学", "", ""]
    load_facts(tmp_path / "1.csv", [row])
    youth.refresh_from_db()
    assert youth.school == "in_school"
    assert (
        load_facts(tmp_path / "2.csv", [row, [key(youth), "旷课", ago(5), "", "", "", ""]])["unchanged"] == 1
    )
    row[3] = ago(2)
    load_facts(tmp_path / "3.csv", [row, [key(youth), "旷课", ago(5), ago(1), "", "", ""]])
    youth.refresh_from_db()
    assert youth.school == "unknown"


def test_what_another_source_says_stays_beside_it(tmp_path: Path) -> None:
    resident = make_resident(age=20)
    load_facts(tmp_path / "1.csv", [[key(resident), "就业", ago(80), "", "长江厂", "", ""]], "hrss")
    load_facts(tmp_path / "2.csv", [[key(resident), "就业", ago(80), "", "第二厂", "", ""]], "civil_affairs")
    assert sorted(Fact.objects.everyone(because=WHY).values_list("source_id", "unit")) == [
        ("civil_affairs", "第二厂"),
        ("hrss", "长江厂"),
    ]


def test_a_custody_row_about_a_minor_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    minor, grown = make_resident(birth_on=years_ago(17)), make_resident("王五", birth_on=years_ago(19))
    rows = [
        [key(minor), "服刑", ago(10), "", "某监狱", "", ""],
        [key(grown), "服刑", ago(900), "", "某监狱", "", ""],
        [key(grown), "服刑", ago(10), "", "某监狱", "", ""],
    ]
    counts = load_facts(tmp_path / "f.csv", rows, "justice")
    assert (counts["accepted"], counts["rejected"]) == (1, 2)
    assert Fact.objects.everyone(because=WHY).get().resident == grown
    sheet = str(reasons(counts))
    assert "依法不得报送" in sheet
    assert key(minor) not in sheet
    assert "某监狱" not in sheet
    assert "某监狱" not in str(list(Batch.objects.values()))


def test_custody_is_not_taken_from_a_source_that_does_not_state_it(tmp_path: Path) -> None:
    counts = load_facts(
        tmp_path / "f.csv", [[key(make_resident(age=40)), "服刑", ago(10), "", "", "", ""]], "education"
    )
    assert (counts["accepted"], counts["rejected"]) == (0, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["在逃", "{day}", "", "", "", ""], "事项应为其中之一"),
        (["残疾", "{day}", "", "", "5", ""], "等级应为 1 至 4"),
        (["外出务工", "{day}", "", "", "", "111"], "6 位行政区划代码"),
        (["外出务工", "{day}", "", "", "", "999999"], "没有这个区划代码"),
        (["在学", "2026-13-01", "", "", "", ""], "日期不存在"),
        (["在学", "{day}", "2001-01-01", "", "", ""], "终止日期早于起始日期"),
    ],
)
def test_a_wrong_fact_is_refused_in_words(tmp_path: Path, row: list[str], reason: str) -> None:
    cells = [cell.format(day=ago(10)) for cell in row]
    counts = load_facts(tmp_path / "f.csv", [[key(make_resident(age=9)), *cells]])
    assert counts["rejected"] == 1
    assert reason in str(reasons(counts))


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


WHAT_THE_CITY_HOLDS = [
    "SELECT code, grid_id, estate, building, unit, room, address FROM registry_dwelling ORDER BY 1",
    """SELECT id_number_index::text, person_number, name, pinyin, sex, birth_on, hukou_code, hukou_is_rural,
       h.number, relation
       FROM registry_resident r LEFT JOIN registry_household h ON h.id = household_id
       ORDER BY 1 NULLS FIRST, 2""",
    """SELECT r.id_number_index::text, r.person_number, d.code, starts_on, ends_on
       FROM registry_residence JOIN registry_resident r ON r.id = resident_id
       JOIN registry_dwelling d ON d.id = dwelling_id ORDER BY 1 NULLS FIRST, 2, 4""",
    """SELECT r.id_number_index::text, r.person_number, guardian_name, guardian_id IS NULL, g.relation, kind, status,
       destination_code, starts_on, ends_on
       FROM registry_guardianship g JOIN registry_resident r ON r.id = resident_id
       ORDER BY 1 NULLS FIRST, 2, 3, 5, 9""",
    """SELECT r.id_number_index::text, r.person_number, kind, starts_on, ends_on, unit, level, destination_code
       FROM registry_fact JOIN registry_resident r ON r.id = resident_id ORDER BY 1 NULLS FIRST, 2, 3, 4, 6""",
]


def test_a_city_sent_as_five_files_is_the_same_city(tmp_path: Path) -> None:
    call_command("build_city", scale=0.0005, seed=3, feeds=tmp_path, verbosity=0)
    built = [rows_of(sql) for sql in WHAT_THE_CITY_HOLDS]
    call_command("build_city", scale=0.0005, seed=3, places_only=True, verbosity=0)
    for kind, source in [
        ("dwellings", "housing"),
        ("residents", "police"),
        ("residences", "police"),
        ("guardianships", "civil_affairs"),
        ("facts", "civil_affairs"),
    ]:
        counts = load(tmp_path / f"{kind}.csv", kind, source=source, mode="full")
        assert (counts["rejected"], counts["held"]) == (0, False), (
            kind,
            reasons(counts)[:3] if counts["errors_file"] else "",
        )
    for sql, rows in zip(WHAT_THE_CITY_HOLDS, built, strict=True):
        assert rows_of(sql) == rows, sql
    assert [f["check"] for f in findings() if not f["ok"]] == []


# --- Undo


@pytest.fixture
def moved(tmp_path: Path, yang_ying: User, wang_shanshan: User) -> Any:
    youth = make_youth(dwelling=make_dwelling(OLD))
    load(write(tmp_path / "f.csv", [[key(youth), "", make_dwelling(NEW).code, ago(1), ""]]))
    return youth


def test_a_batch_of_moves_is_taken_back_whole_and_everyone_is_told(
    moved: Any, yang_ying: User, wang_shanshan: User, city_cadre: User
) -> None:
    undo(Batch.objects.get(), by=city_cadre)
    moved.refresh_from_db()
    assert (moved.lives_in, moved.resident.residences.get().ends_on) == (OLD, None)
    assert moved.handovers.get().state == "cancelled"
    assert Move.objects.everyone(because=WHY).get().voided_at
    told = Alert.objects.open().filter(kind="handover_cancelled")
    assert {alert.addressee for alert in told} == {yang_ying, wang_shanshan}
    batch = Batch.objects.get()
    assert (batch.state, batch.undone_by) == ("undone", city_cadre)
    assert [f["check"] for f in findings() if not f["ok"]] == []


def test_after_undoing_the_same_file_can_be_applied_again(
    moved: Any, tmp_path: Path, city_cadre: User
) -> None:
    undo(Batch.objects.get(), by=city_cadre)
    counts = load(tmp_path / "f.csv")
    assert (counts["moves_within"], counts["handovers"]) == (1, 1)


def test_undoing_a_move_back_offers_the_handover_anew(moved: Any, tmp_path: Path, city_cadre: User) -> None:
    first_home = moved.resident.residences.order_by("starts_on")[0].dwelling.code
    load(write(tmp_path / "2.csv", [[key(moved), "", first_home, ago(0), ""]]))
    undo(Batch.objects.latest("created_at"), by=city_cadre)
    assert moved.handovers.get(state="offered").to_grid_id == NEW
    assert [f["check"] for f in findings() if not f["ok"]] == []


def test_a_correction_is_taken_back_to_what_was_corrected(
    moved: Any, tmp_path: Path, city_cadre: User
) -> None:
    wrong_home = home(moved)
    load(write(tmp_path / "2.csv", [[key(moved), "", make_dwelling(f"{YINHU}002").code, ago(1), ""]]))
    undo(Batch.objects.latest("created_at"), by=city_cadre)
    assert home(moved) == wrong_home
    assert Move.objects.everyone(because=WHY).get().to_grid_id == NEW
    assert [f["check"] for f in findings() if not f["ok"]] == []


def test_a_batch_on_which_something_was_built_stays(
    moved: Any, tmp_path: Path, wang_shanshan: User, city_cadre: User
) -> None:
    first = Batch.objects.get()
    handovers.accept(moved.handovers.get(), by=wang_shanshan)
    with pytest.raises(CannotUndo, match="已有 1 个被接收"):
        undo(first, by=city_cadre)
    load(write(tmp_path / "2.csv", [[key(moved), "", make_dwelling(OLD).code, ago(0), ""]]))
    with pytest.raises(CannotUndo, match="先撤销后面的批次"):
        undo(first, by=city_cadre)
    first.refresh_from_db()
    assert first.state == "applied"


def test_changed_persons_facts_and_doors_are_put_back(tmp_path: Path, city_cadre: User) -> None:
    youth = make_youth("张小海", dwelling=make_dwelling(OLD))
    columns = RESIDENT_COLUMNS
    load(
        write(tmp_path / "r.csv", [[key(youth), "", "张小河", "", "", "", "", "", ""]], columns), "residents"
    )
    undo(Batch.objects.get(), by=city_cadre)
    row = [key(youth), "在学", ago(80), "", "湾里小学", "", ""]
    load_facts(tmp_path / "1.csv", [row])
    row[4] = "湾里中学"
    load_facts(tmp_path / "2.csv", [row])
    undo(Batch.objects.latest("created_at"), by=city_cadre)
    youth.refresh_from_db()
    assert (youth.name, youth.school) == ("张小海", "in_school")
    assert Fact.objects.everyone(because=WHY).get().unit == "湾里小学"
    undo(Batch.objects.filter(state="applied").latest("created_at"), by=city_cadre)
    youth.refresh_from_db()
    assert youth.school == "unknown"
    assert not Fact.objects.everyone(because=WHY).exists()


def test_persons_who_live_somewhere_by_now_are_not_taken_back(tmp_path: Path, city_cadre: User) -> None:
    row = ["", "P1", "王五", "", ago(9999), "", "", "", ""]
    load(write(tmp_path / "r.csv", [row], RESIDENT_COLUMNS), "residents")
    batch = Batch.objects.get()
    load(write(tmp_path / "m.csv", [["", "P1", make_dwelling(NEW).code, ago(1), ""]]))
    with pytest.raises(CannotUndo, match="依据这批数据"):
        undo(batch, by=city_cadre)
    undo(Batch.objects.get(kind="residences"), by=city_cadre)
    assert not Residence.objects.everyone(because=WHY).exists()
    with pytest.raises(CannotUndo, match="依据这批数据"):  # the void move still names the person
        undo(batch, by=city_cadre)
    assert Resident.objects.everyone(because=WHY).exists()
