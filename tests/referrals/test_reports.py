"""Reports 问题上报: who makes them, whom they are asked of, how they end; and what stays red."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import Alert, Assignment, User
from grids.permissions import Role
from referrals import reports as verbs
from referrals.models import Case, Report
from registry import handovers, parts, retention, sealing_of
from registry.holding import Refused
from registry.models import Reading, Youth
from registry.person import PersonFile
from registry.public_ids import public_id
from registry.request_sheet import parts_of, texts_of
from registry.visits import record_visit
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    assign,
    closed,
    fresh,
    make_dwelling,
    make_grid,
    make_handover,
    make_report,
    make_user,
    make_youth,
)

pytestmark = pytest.mark.django_db
GRID = f"{YINHU}001"
NEXT_DOOR = f"{HUAQIANG}001"


def sent(**changes: Any) -> dict[str, Any]:
    typed = {"kind": "no_parents", "found": "父亲车祸去世，跟奶奶住。", "submission_key": str(uuid4())}
    return {**typed, **changes}


def all_reports() -> Any:
    return Report.objects.everyone(because="test")


def only() -> Report:
    found: Report = all_reports().get()
    return found


def alerts_of(user: User) -> list[tuple[str, str]]:
    waiting = Alert.objects.of(user).open().order_by("event_key")
    return [(alert.kind, alert.text) for alert in waiting]


def asked(user: User, kind: str = "report_new") -> int:
    return Alert.objects.of(user).open().filter(kind=kind).count()


@pytest.fixture
def xiaohai(db: None) -> Youth:
    return make_youth("张小海", grid=GRID, age=9)


@pytest.fixture
def above(yang_ying: User, wanli: User, jiujiang: User, city_cadre: User) -> dict[str, User]:
    """The cadres above 汪珊珊's grid; 银湖社区 has a secretary of its own."""
    community = make_user("yinhu", "吴敏", posts=[(Role.COMMUNITY, YINHU)], is_lead=True)
    return {"community": community, "street": wanli, "district": jiujiang, "city": city_cadre}


def told(report: Report, by: User, **changes: Any) -> Report:
    said = {
        "authority": "police", "told_at": timezone.now() - timedelta(minutes=5), "told_by": "汪珊珊",
        "receipt": "鸠公接字〔2026〕118号", **changes,
    }  # fmt: skip
    return verbs.tell_authority(report, **said, by=by)


# --- Making one


def test_a_worker_reports_from_the_persons_page_with_three_taps_and_a_sentence(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    client = sign_in(wang_shanshan)
    assert f"/reports/new/?youth={xiaohai.pk}" in client.get(f"/youths/{xiaohai.pk}/").content.decode()
    answer = client.post(f"/reports/new/?youth={xiaohai.pk}", sent(urgent="on"))
    report = only()
    assert answer.headers["Location"] == f"/reports/{report.pk}/"
    assert (report.youth, report.grid_id, report.found_by) == (xiaohai, GRID, wang_shanshan)
    assert (report.state, report.rank, report.urgent) == ("new", 1, True)


def test_an_urgent_one_is_asked_of_every_level_up_to_the_district_at_once(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth
) -> None:
    verbs.make_report(youth=xiaohai, kind="no_parents", found="父亲去世", urgent=True, by=wang_shanshan)
    for level in ("community", "street", "district"):
        [(kind, text)] = alerts_of(above[level])
        assert kind == "report_urgent"
        assert "张*海" in text
        assert "张小海" not in text
    assert alerts_of(above["city"]) == []
    assert alerts_of(wang_shanshan) == []


def test_an_ordinary_one_is_asked_of_who_answers_for_the_grid(
    wang_shanshan: User, deputy: User, above: dict[str, User], xiaohai: Youth
) -> None:
    report = verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", by=deputy)
    assert report.level == "grid"
    assert asked(wang_shanshan) == 1
    assert not any(asked(person) for person in above.values())


def test_what_the_responsible_worker_finds_is_asked_of_the_first_level_above_that_has_somebody(
    wang_shanshan: User, wanli: User, jiujiang: User, xiaohai: Youth
) -> None:
    report = verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", by=wang_shanshan)
    assert report.level == "street"  # nobody leads the community
    assert (asked(wanli), asked(jiujiang), asked(wang_shanshan)) == (1, 0, 0)


def test_a_secretary_who_walks_her_grids_is_not_asked_of_what_she_found(yang_ying: User, wanli: User) -> None:
    youth = make_youth(grid=NEXT_DOOR)
    report = verbs.make_report(youth=youth, kind="school", found="三天没上学", by=yang_ying)
    assert (report.level, asked(wanli), asked(yang_ying)) == ("street", 1, 0)


def test_a_household_is_reported_from_its_door_and_a_place_by_its_words(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    door = make_dwelling(GRID)
    client = sign_in(wang_shanshan)
    page = client.get(f"/dwellings/{public_id('dwelling', door.pk)}/").content.decode()
    assert f"/reports/new/?dwelling={public_id('dwelling', door.pk)}" in page
    client.post(f"/reports/new/?dwelling={public_id('dwelling', door.pk)}", sent(kind="hardship"))
    assert (only().dwelling, only().about, only().grid_id) == (door, "household", GRID)
    answer = client.post("/reports/new/", sent(about="place", where="村口水塘", grid=GRID, kind="hazard"))
    assert answer.status_code == 302
    assert all_reports().get(about="place").place == "村口水塘"


def test_without_a_page_before_it_the_form_finds_the_youth_by_name_and_asks_when_two_fit(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    other = make_youth("张小海", grid=GRID, age=15)
    make_youth("张小海", grid=f"{PINGPU}001", age=16)
    client, typed = sign_in(wang_shanshan), sent(about="youth", where="张小海")
    answer = client.post("/reports/new/", typed)
    assert answer.status_code == 422
    choices = dict(answer.context["form"].candidates)
    assert set(choices) == {str(xiaohai.pk), str(other.pk)}
    assert "张小海" not in "".join(choices.values())
    assert set(Reading.objects.everyone(because="test").latest("id").subject_ids) == {xiaohai.pk, other.pk}
    client.post("/reports/new/", {**typed, "match": str(other.pk)})
    assert only().youth == other


def test_the_form_finds_a_household_by_its_door(wang_shanshan: User, sign_in: SignIn) -> None:
    door = make_dwelling(GRID, estate="翠竹园", building="3栋", unit="2单元", room="501")
    make_dwelling(f"{PINGPU}001", estate="翠竹园", building="3栋", unit="2单元", room="501")
    client = sign_in(wang_shanshan)
    client.post("/reports/new/", sent(about="household", where="翠竹园 3栋2单元501"))
    assert only().dwelling == door
    assert client.post("/reports/new/", sent(about="household", where="没有的门牌")).status_code == 422


@pytest.mark.parametrize("where", ["李小山", "110101199001011234", "x" * 101, ""])
def test_what_is_not_found_or_not_said_keeps_what_was_typed(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn, where: str
) -> None:
    answer = sign_in(wang_shanshan).post("/reports/new/", sent(about="youth", where=where))
    assert answer.status_code == 422
    assert "父亲车祸去世" in answer.content.decode()
    assert not all_reports().exists()


def test_a_double_tap_makes_one_report_and_one_alert(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    client, typed = sign_in(wang_shanshan), sent(urgent="on")
    first, second = (client.post(f"/reports/new/?youth={xiaohai.pk}", typed) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert all_reports().count() == 1
    assert asked(above["district"], "report_urgent") == 1


def test_nobody_reports_beyond_the_scope(fanchang_worker: User, xiaohai: Youth, sign_in: SignIn) -> None:
    client = sign_in(fanchang_worker)
    door = make_dwelling(GRID)
    for query in (
        f"youth={xiaohai.pk}",
        f"dwelling={public_id('dwelling', door.pk)}",
        "youth=x",
        "dwelling=1",
    ):
        assert client.post(f"/reports/new/?{query}", sent()).status_code == 404
    answer = client.post("/reports/new/", sent(about="place", where="水塘", grid=GRID))
    assert answer.status_code == 422
    with pytest.raises(Refused):
        verbs.make_report(grid=make_grid(GRID), place="水塘", kind="hazard", found="x", by=fanchang_worker)
    assert not all_reports().exists()


def test_a_closed_file_takes_no_new_report(wang_shanshan: User, xiaohai: Youth, sign_in: SignIn) -> None:
    closed(xiaohai)
    answer = sign_in(wang_shanshan).get(f"/reports/new/?youth={xiaohai.pk}")
    assert answer.headers["Location"] == f"/youths/{xiaohai.pk}/"
    with pytest.raises(Refused):
        verbs.make_report(youth=xiaohai, kind="care", found="x", by=wang_shanshan)


# --- A child in danger


def test_a_child_in_danger_is_urgent_and_red_until_which_authority_was_told_is_written_down(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    client = sign_in(wang_shanshan)
    page = client.post(f"/reports/new/?youth={xiaohai.pk}", sent(danger="4"), follow=True)
    report = only()
    assert (report.urgent, report.rank) == (True, 0)
    assert "不等于依法报告" in page.content.decode()
    assert asked(wang_shanshan, "report_authority") == 1
    missing = client.post(
        f"/reports/{report.pk}/told/", {"authority": "police", "told_at": "2026-11-24 10:00"}
    )
    assert missing.status_code == 422
    assert {"told_by", "receipt"} <= set(missing.context["forms"]["told"].errors)
    typed = {
        "authority": "police", "told_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "told_by": "汪珊珊",
        "receipt": "鸠公接字118号",
    }  # fmt: skip
    assert client.post(f"/reports/{report.pk}/told/", typed).status_code == 302
    report.refresh_from_db()
    assert (report.rank, report.receipt, report.told_entered_by) == (1, "鸠公接字118号", wang_shanshan)
    assert asked(wang_shanshan, "report_authority") == 0
    # Telling the authority is no answer to the family: it waits on.
    assert report.state == "new"


def test_before_that_it_is_neither_answered_nor_joined(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth
) -> None:
    red = make_report(xiaohai, danger="6", by=wang_shanshan)
    other = make_report(xiaohai)
    with pytest.raises(Refused, match="先写明报告了哪个机关"):
        verbs.answer(red, outcome="处理了", by=above["district"])
    with pytest.raises(Refused, match="先写明报告了哪个机关"):
        verbs.join(red, to=other, by=above["district"])
    told(red, wang_shanshan)
    verbs.answer(red, outcome="民政已临时监护", by=above["district"])


def test_a_case_may_be_opened_at_once_and_it_stays_red(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    red = make_report(xiaohai, danger="6", by=wang_shanshan)
    client = sign_in(above["district"])
    client.post(
        f"/reports/{red.pk}/case/", {"youth": str(xiaohai.pk), "because": "父亲去世", "needs": ["law"]}
    )
    red.refresh_from_db()
    assert (red.state, red.rank) == ("case", 0)
    listed = client.get("/reports/").content.decode()
    assert f"/reports/{red.pk}/" in listed
    told(red, wang_shanshan)
    assert f"/reports/{red.pk}/" not in client.get("/reports/").content.decode()


def test_who_found_it_and_who_answers_may_write_the_receipt_down_and_only_once(
    wang_shanshan: User, deputy: User, league_leader: User, above: dict[str, User], xiaohai: Youth
) -> None:
    red = make_report(xiaohai, danger="6", by=deputy)
    with pytest.raises(Refused):
        told(red, league_leader)
    with pytest.raises(Refused, match="不能晚于现在"):
        told(red, deputy, told_at=timezone.now() + timedelta(hours=1))
    told(red, deputy)
    with pytest.raises(Refused, match="已经登记过"):
        told(red, above["street"])


# --- How they end


@pytest.mark.parametrize("who", ["wang_shanshan", "community", "street", "district", "city"])
def test_who_answers_for_it_and_the_levels_above_answer_and_the_finder_is_told(
    request: pytest.FixtureRequest,
    above: dict[str, User],
    deputy: User,
    xiaohai: Youth,
    sign_in: SignIn,
    who: str,
) -> None:
    worker = request.getfixturevalue("wang_shanshan")
    person = above.get(who, worker)
    report = verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", urgent=True, by=deputy)
    answer = sign_in(person).post(f"/reports/{report.pk}/answer/", {"outcome": "已回校，班主任家访。"})
    assert answer.status_code == 302
    report.refresh_from_db()
    assert (report.state, report.outcome, report.ended_by) == ("answered", "已回校，班主任家访。", person)
    assert not any(asked(each, "report_urgent") for each in (worker, *above.values()))
    assert [kind for kind, _ in alerts_of(deputy)] == ["report_answered"]


@pytest.mark.parametrize("who", ["deputy", "league_leader"])
def test_deputies_and_league_leaders_see_and_do_not_answer(
    request: pytest.FixtureRequest, wang_shanshan: User, xiaohai: Youth, sign_in: SignIn, who: str
) -> None:
    report = make_report(xiaohai)
    client = sign_in(request.getfixturevalue(who))
    page = client.get(f"/reports/{report.pk}/")
    assert page.status_code == 200
    assert page.context["forms"] == {"told": None, "answer": None, "join": None, "case": None}
    assert client.post(f"/reports/{report.pk}/answer/", {"outcome": "x"}).status_code == 422
    assert only().state == "new"


def test_an_answer_says_what_was_done(wang_shanshan: User, xiaohai: Youth, sign_in: SignIn) -> None:
    report = make_report(xiaohai)
    answer = sign_in(wang_shanshan).post(f"/reports/{report.pk}/answer/", {"outcome": "  "})
    assert answer.status_code == 422
    assert only().state == "new"


def test_the_second_who_answers_is_told_that_somebody_was_faster(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    report = make_report(xiaohai)
    clients = [sign_in(wang_shanshan), sign_in(above["street"])]
    pages = [c.post(f"/reports/{report.pk}/answer/", {"outcome": "好了"}, follow=True) for c in clients]
    assert [page.status_code for page in pages] == [200, 200]
    assert "汪珊珊已于" in pages[1].content.decode()
    assert only().ended_by == wang_shanshan


def test_two_about_the_same_are_joined_and_answered_once(
    wang_shanshan: User, deputy: User, league_leader: User, xiaohai: Youth
) -> None:
    first, second = make_report(xiaohai, by=deputy), make_report(xiaohai, by=league_leader)
    make_report(make_youth("李小山", grid=GRID))
    assert verbs.joinable(second) == [first]
    verbs.join(second, to=first, by=wang_shanshan)
    with pytest.raises(Refused, match="并入"):
        verbs.join(first, to=second, by=wang_shanshan)
    verbs.answer(first, outcome="奶奶出院了", by=wang_shanshan)
    assert asked(deputy, "report_answered") == asked(league_leader, "report_answered") == 1
    second.refresh_from_db()
    assert (second.state, second.joined_to) == ("joined", first)


def test_what_is_about_somebody_else_is_not_joined(wang_shanshan: User, xiaohai: Youth) -> None:
    report, other = make_report(xiaohai), make_report(make_youth("李小山", grid=GRID))
    with pytest.raises(Refused, match="同一个人"):
        verbs.join(report, to=other, by=wang_shanshan)


def test_it_becomes_a_case_once_and_a_community_proposes_one(
    wang_shanshan: User, above: dict[str, User], xiaohai: Youth, sign_in: SignIn
) -> None:
    report, second = make_report(xiaohai), make_report(xiaohai)
    typed = {
        "youth": str(xiaohai.pk), "because": "父亲去世", "needs": ["law", "care"], "submission_key": str(uuid4())
    }  # fmt: skip
    client = sign_in(above["district"])
    for _ in range(2):
        assert client.post(f"/reports/{report.pk}/case/", typed).status_code == 302
    case = Case.objects.everyone(because="test").get()
    report.refresh_from_db()
    assert (report.state, report.case, case.state, case.owner) == ("case", case, "open", above["district"])
    typed |= {"submission_key": str(uuid4())}
    assert sign_in(wang_shanshan).post(f"/reports/{second.pk}/case/", typed).status_code == 403
    assert sign_in(above["community"]).post(f"/reports/{second.pk}/case/", typed).status_code == 302
    second.refresh_from_db()
    assert second.case is not None
    assert second.case.state == "proposed"


def test_the_case_of_a_household_is_somebodys_who_lives_there(jiujiang: User, xiaohai: Youth) -> None:
    door = xiaohai.resident.residences.get().dwelling
    report = make_report(dwelling=door)
    place = make_report(place="村口水塘", grid_id=GRID, kind="hazard")
    assert verbs.of_case(report, by=jiujiang) == [xiaohai]
    assert verbs.of_case(place, by=jiujiang) == []
    with pytest.raises(Refused, match="不住在这一户"):
        verbs.open_case(report, youth=make_youth("李小山", grid=GRID), because="x", by=jiujiang)
    assert verbs.open_case(report, youth=xiaohai, because="父亲去世", by=jiujiang).youth == xiaohai


def test_the_cases_timeline_begins_with_what_was_found_and_does_not_say_who_reported(
    wang_shanshan: User, jiujiang: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    red = make_report(xiaohai, danger="6", found="一个人在家三天。", by=make_user("teller", "赵举报"))
    told(red, wang_shanshan)
    case = verbs.open_case(red, youth=xiaohai, because="父母都联系不上", by=jiujiang)
    page = sign_in(jiujiang).get(f"/cases/{case.pk}/")
    assert [event.title for event in page.context["events"]] == [
        "上报：没人照看",
        "已向公安（110）报告",
        "立案",
    ]
    assert "赵举报" not in page.content.decode()


# --- What happens by itself


def test_what_nobody_answers_climbs_to_the_city_level_by_level(
    wang_shanshan: User, deputy: User, above: dict[str, User], xiaohai: Youth
) -> None:
    report = verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", by=deputy)
    assert verbs.climb_due() == 0
    for level in ("community", "street", "district", "city"):
        report.refresh_from_db()
        assert asked(above[level]) == 0
        assert verbs.climb_due(report.due_at + timedelta(seconds=1)) == 1
        report.refresh_from_db()
        assert (report.level, asked(above[level])) == (level, 1)
    assert verbs.climb_due(report.due_at + timedelta(days=9)) == 0
    assert asked(wang_shanshan) == 1  # still asked


def test_an_answered_one_does_not_climb(wang_shanshan: User, deputy: User, xiaohai: Youth) -> None:
    report = verbs.make_report(youth=xiaohai, kind="school", found="x", by=deputy)
    verbs.answer(report, outcome="好了", by=wang_shanshan)
    assert verbs.climb_due(report.due_at + timedelta(days=1)) == 0


def test_at_an_accepted_handover_open_reports_go_along(
    wang_shanshan: User, yang_ying: User, deputy: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    report = verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", by=deputy)
    handover = make_handover(xiaohai, NEXT_DOOR)
    assert sign_in(yang_ying).get(f"/reports/{report.pk}/").status_code == 404
    handovers.accept(handover, by=yang_ying)
    report.refresh_from_db()
    assert report.grid_id == NEXT_DOOR
    assert (asked(wang_shanshan), asked(yang_ying)) == (0, 1)
    assert sign_in(wang_shanshan).get(f"/reports/{report.pk}/").status_code == 404
    assert sign_in(yang_ying).get(f"/reports/{report.pk}/").status_code == 200


def test_a_change_of_worker_is_followed_and_a_way_back_too(
    wang_shanshan: User, deputy: User, xiaohai: Youth
) -> None:
    verbs.make_report(youth=xiaohai, kind="school", found="三天没上学", by=deputy)
    lead = Assignment.objects.get(user=wang_shanshan)
    lead.ends_on = timezone.localdate()
    lead.save()
    newcomer = make_user("newcomer", "新网格员")
    assign(newcomer, GRID, starts_on=timezone.localdate())
    verbs.follow()
    assert (asked(wang_shanshan), asked(newcomer)) == (0, 1)
    Assignment.objects.filter(user=newcomer).delete()
    Assignment.objects.filter(pk=lead.pk).update(ends_on=None)
    verbs.follow()
    verbs.follow()
    assert (asked(wang_shanshan), asked(newcomer)) == (1, 0)


def test_a_redrawn_grid_takes_the_household_along(jiujiang: User) -> None:
    door = make_dwelling(GRID)
    report = make_report(dwelling=door)
    door.grid = make_grid(NEXT_DOOR)
    door.save()
    report.refresh_from_db()
    assert report.grid_id == NEXT_DOOR


# --- Secrecy


def test_the_familys_sheet_does_not_tell_who_reported_nor_what(wang_shanshan: User, xiaohai: Youth) -> None:
    make_report(xiaohai, by=make_user("teller", "赵举报"), found="邻居说的那件事")
    record_visit(
        youth=xiaohai,
        visited_on=timezone.localdate(),
        method="home",
        met="youth",
        found="x",
        by=wang_shanshan,
    )
    sheet = str(parts_of(xiaohai.resident)) + str(texts_of(xiaohai.resident))
    assert "赵举报" not in sheet
    assert "邻居说的那件事" not in sheet


def test_an_agency_and_the_officers_see_none(
    legal_aid: User, centre: User, auditor: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    report = make_report(xiaohai)
    for user in (legal_aid, centre, auditor):
        for path in ("/reports/", "/reports/new/", f"/reports/{report.pk}/"):
            assert sign_in(user).get(path).status_code == 403


def test_words_are_encrypted(xiaohai: Youth) -> None:
    make_report(xiaohai, found="奶奶住院")
    with connection.cursor() as cursor:
        cursor.execute("SELECT found FROM referrals_report")
        assert "奶奶住院".encode() not in bytes(cursor.fetchone()[0])


def test_the_persons_page_shows_its_reports_and_paper_does_not_name_the_finder(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    report = make_report(xiaohai, by=make_user("teller", "赵举报"))
    page = sign_in(wang_shanshan).get(f"/youths/{xiaohai.pk}/").content.decode()
    assert f"/reports/{report.pk}/" in page
    assert '<span class="no-print"> · 赵举报 上报</span>' in page
    assert page.count("赵举报") == 1


def test_a_grant_to_look_does_not_reach_the_reports(fanchang_worker: User, xiaohai: Youth) -> None:
    make_report(xiaohai)
    person = PersonFile(xiaohai, fanchang_worker)
    assert all(part.anchor != "reports" for part in parts.of_person(person))


def test_a_sealed_file_takes_its_reports_along(xiaohai: Youth) -> None:
    mine, other = make_report(xiaohai), make_report(dwelling=make_dwelling(GRID))
    [(table, condition)] = [each for each in sealing_of.of_file() if each[0] == "referrals_report"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} t WHERE {condition}",  # noqa: S608
            {"youth": xiaohai.pk, "resident": xiaohai.resident_id},
        )
        assert [row[0] for row in cursor.fetchall()] == [mine.pk]
    assert other.pk != mine.pk


def test_a_file_waits_for_its_unanswered_reports_and_goes_with_the_others(
    wang_shanshan: User, xiaohai: Youth
) -> None:
    report = make_report(xiaohai)
    closed(xiaohai, timezone.localdate() - timedelta(days=800))
    retention.apply()
    assert all_reports().filter(pk=report.pk).exists()
    verbs.answer(report, outcome="搬走了，那边已接手", by=wang_shanshan)
    retention.apply()
    assert not all_reports().exists()


def test_a_place_is_forgotten_two_years_after_it_was_answered(wang_shanshan: User) -> None:
    long_ago = timezone.now() - timedelta(days=800)
    ended: dict[str, Any] = {"state": "answered", "outcome": "已填平", "ended_by": wang_shanshan}
    old = make_report(place="水塘", grid_id=GRID, **ended, ended_at=long_ago)
    make_report(place="水塘", grid_id=GRID, found_at=long_ago)
    make_report(place="水塘", grid_id=GRID, **ended, ended_at=timezone.now())
    retention.apply()
    assert all_reports().count() == 2
    assert not all_reports().filter(pk=old.pk).exists()


# --- What the database holds


def refused_by(name: str, sql: str, *values: Any) -> None:
    with pytest.raises(DatabaseError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize("state", ["answered", "joined", "case"])
def test_no_report_ends_without_an_outcome_by_sql_or_by_save(
    wang_shanshan: User, xiaohai: Youth, state: str
) -> None:
    report = make_report(xiaohai)
    name = "report_ends_with_an_outcome"
    ended = "UPDATE referrals_report SET state = %s, ended_by_id = %s, ended_at = now()"
    refused_by(name, ended, state, wang_shanshan.pk)
    refused_by(name, "UPDATE referrals_report SET state = %s", state)
    to_itself = (
        "UPDATE referrals_report SET state = 'joined', joined_to_id = id, ended_by_id = %s, ended_at = now()"
    )
    refused_by(name, to_itself, wang_shanshan.pk)
    report.state, report.ended_by, report.ended_at, report.outcome = state, wang_shanshan, timezone.now(), ""
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        report.save(update_fields=["state", "ended_by", "ended_at", "outcome"])
    with pytest.raises(DatabaseError), transaction.atomic():
        report.save()
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        all_reports().update(state=state)


def test_nothing_is_deleted_and_what_was_found_or_has_ended_is_not_altered(
    wang_shanshan: User, xiaohai: Youth
) -> None:
    report = make_report(xiaohai)
    refused_by("不能删除", "DELETE FROM referrals_report")
    with pytest.raises(DatabaseError), transaction.atomic():
        report.delete()
    for change in (
        "found = 'x'",
        "danger = '4', urgent = true, rank = 0",
        "found_by_id = NULL",
        "kind = 'other'",
    ):
        refused_by("不能改动", f"UPDATE referrals_report SET {change}")  # noqa: S608
    verbs.answer(report, outcome="好了", by=wang_shanshan)
    for change in ("outcome = 'x'", "state = 'new', outcome = NULL, ended_by_id = NULL, ended_at = NULL"):
        refused_by("不能改动", f"UPDATE referrals_report SET {change}")  # noqa: S608


def test_danger_and_the_legal_report_are_whole_or_not_there(wang_shanshan: User, xiaohai: Youth) -> None:
    make_report(xiaohai, danger="4")
    refused_by("report_told_with_receipt", "UPDATE referrals_report SET authority = 'police', rank = 1")
    refused_by("report_rank_is_true", "UPDATE referrals_report SET rank = 1")
    ended = (
        "UPDATE referrals_report SET state = 'answered', outcome = 'x', ended_by_id = %s, ended_at = now()"
    )
    refused_by("report_of_danger_ends_after_telling", ended, wang_shanshan.pk)
    with pytest.raises(DatabaseError, match="report_of_danger_is_urgent"), transaction.atomic():
        Report.objects.create(
            about="place", place="x", grid_id=GRID, kind="other", found="x", danger="4", rank=0, level="grid",
            due_at=timezone.now(), found_by=wang_shanshan,
        )  # fmt: skip


def test_a_report_is_about_one_thing(wang_shanshan: User, xiaohai: Youth) -> None:
    with pytest.raises(DatabaseError, match="report_is_about_one_thing"), transaction.atomic():
        make_report(xiaohai, dwelling=make_dwelling(GRID), about="youth")
    with pytest.raises(DatabaseError, match="report_is_about_one_thing"), transaction.atomic():
        make_report(place="", grid_id=GRID)


# --- The list


def figures(client: Client, query: str = "") -> Any:
    return client.get(f"/reports/{query}").context["listed"]


def test_what_burns_stands_first_then_what_is_due_first(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    late = make_report(xiaohai, due_at=timezone.now() - timedelta(hours=1))
    ordinary = make_report(xiaohai)
    urgent = make_report(xiaohai, urgent=True)
    red = make_report(xiaohai, danger="1", due_at=soon)
    make_report(xiaohai, state="answered", outcome="好了", ended_by=wang_shanshan, ended_at=timezone.now())
    rows = sign_in(wang_shanshan).get("/reports/").context["page"].rows
    assert rows == [red, urgent, late, ordinary]


@pytest.mark.parametrize("who", ["wang_shanshan", "yang_ying", "wanli", "jiujiang", "city_cadre"])
def test_every_figure_is_as_long_as_the_list_behind_it(
    request: pytest.FixtureRequest, wang_shanshan: User, sign_in: SignIn, who: str
) -> None:
    user = request.getfixturevalue(who)
    for grid in (GRID, NEXT_DOOR, f"{HUAQIANG}002", f"{PINGPU}001"):
        youth = make_youth(grid=grid)
        make_report(youth, danger="1", by=user)
        make_report(youth, urgent=True, kind="school")
        make_report(youth, due_at=timezone.now() - timedelta(hours=1))
        make_report(dwelling=make_dwelling(grid), kind="hardship")
        make_report(youth, state="answered", outcome="好了", ended_by=user, ended_at=timezone.now())
    client = sign_in(user)
    for query in ("?", "?state=all", "?kind=care", "?rank=urgent", "?mine=1&state=all"):
        listed = figures(client, query)
        assert listed.count == len(listed.page.rows) > 0
        for name, choices in (
            ("state", listed.states), ("rank", listed.ranks), ("kind", listed.kinds), ("area", listed.parts),
        ):  # fmt: skip
            for choice in choices:
                more = "&".join(p for p in query[1:].split("&") if p and not p.startswith(f"{name}="))
                behind = figures(client, f"?{more}&{name}={choice.value}")
                assert len(behind.page.rows) == behind.count == choice.count, (who, query, name, choice)
        assert len(figures(client, f"{query}&mine=1").page.rows) == listed.own_count


def test_pages_follow_each_other_without_gap_or_repetition(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    reporter, same = make_user(), timezone.now() + timedelta(hours=5)
    for number in range(60):
        make_report(xiaohai, urgent=number % 3 == 0, due_at=same, by=reporter)
    client, seen, url = sign_in(wang_shanshan), [], "/reports/"
    while url:
        page = client.get(url).context["page"]
        seen += [report.pk for report in page.rows]
        url = page.next_url and f"/reports/{page.next_url}"
    assert len(seen) == len(set(seen)) == 60
    second = client.get(f"/reports/{client.get('/reports/').context['page'].next_url}").context["page"]
    assert [r.pk for r in client.get(f"/reports/{second.previous_url}").context["page"].rows] == seen[:50]


@pytest.mark.parametrize("query", ["?area=340212", "?area=x", "?state=x&kind=y&rank=z", "?after=x"])
def test_what_the_address_invents_widens_nothing(
    wang_shanshan: User, xiaohai: Youth, sign_in: SignIn, query: str
) -> None:
    make_report(make_youth(grid=f"{PINGPU}001"))
    mine = make_report(xiaohai)
    answer = sign_in(wang_shanshan).get(f"/reports/{query}")
    assert answer.status_code == (404 if "after" in query else 200)
    if answer.status_code == 200:
        assert answer.context["page"].rows == [mine]


def test_the_day_pages_say_what_waits(
    wang_shanshan: User, jiujiang: User, fanchang: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    make_report(xiaohai, danger="1")
    make_report(xiaohai, due_at=timezone.now() - timedelta(hours=1))
    for user in (wang_shanshan, jiujiang):
        page = sign_in(user).get("/").content.decode()
        assert "2 件待办" in page
        assert "1 件孩子有危险、没登记报告" in page
        assert "超期 1 件" in page
    assert "没有待办" in sign_in(fanchang).get("/").content.decode()


def test_an_urgent_one_stands_above_whatever_is_late(
    jiujiang: User, wang_shanshan: User, xiaohai: Youth
) -> None:
    for number in range(12):
        Alert.objects.create(
            addressee=jiujiang, event_key=f"late:{number}", kind="handover_escalated", text="超时",
            due_at=timezone.now() - timedelta(days=3),
        )  # fmt: skip
    verbs.make_report(youth=xiaohai, kind="care", found="x", urgent=True, by=wang_shanshan)
    assert Alert.objects.of(jiujiang).for_the_day()[0].kind == "report_urgent"


def test_the_phone_bar_leads_to_the_form(wang_shanshan: User, sign_in: SignIn) -> None:
    bar = sign_in(wang_shanshan).get("/").content.decode().partition('class="phone-bar"')[2]
    assert '<a href="/reports/new/">' in bar


# --- Statements


def statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_pages_take_as_many_statements_however_many_reports_there_are(
    jiujiang: User, xiaohai: Youth, sign_in: SignIn
) -> None:
    client = sign_in(fresh(jiujiang))
    report = make_report(xiaohai)
    client.get("/reports/")
    paths = ("/reports/", f"/reports/{report.pk}/", f"/youths/{xiaohai.pk}/", "/")
    before = [statements(client, path) for path in paths]
    for _ in range(6):
        make_report(xiaohai)
        make_report(make_youth(grid=f"{YINHU}002"))
    assert [statements(client, path) for path in paths] == before
    assert before[0] <= 12
    assert before[1] <= 14
