"""Grants 临时授权: asked with a reason, given by a named manager, ended by the clock; emergencies are reviewed."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import Alert, User
from grids.permissions import Role
from registry import enrolments, grants, handovers, seals
from registry.holding import Refused
from registry.models import Enrolment, Grant, Reading, Youth
from registry.sealing import Choice
from registry.sought import Sought
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    fresh,
    give_post,
    id_number,
    make_handover,
    make_user,
    make_youth,
    number_of,
    years_ago,
)
from tests.registry.test_seals import NOTICE

pytestmark = pytest.mark.django_db

HERE, FAR = f"{YINHU}001", f"{PINGPU}001"
JIUJIANG, FANCHANG = "340207", "340212"


def ask_for(youth: Youth, by: User, *, code: str = FANCHANG, days: int = 3) -> Grant:
    """Ask to see the file of somebody known by number."""
    sought = Sought(id_number=number_of(youth))
    return grants.ask(
        what="file", code=code, reason="转交材料", days=days, sought=sought, by=by, submission_key=uuid4()
    )


def give(youth: Youth, by: User, manager: User, **fields: Any) -> Grant:
    """Ask for it and have it given."""
    asked = ask_for(youth, by, code=youth.grid_id[:6], **fields)
    return grants.approve(asked, youth=youth, days=asked.days, by=manager)


def give_reason(youth: Youth, by: User, manager: User) -> Grant:
    asked = grants.ask_reason(youth=youth, reason="家长会", days=3, by=by, submission_key=uuid4())
    return grants.approve(asked, days=3, by=manager)


def status(client: Client, youth: Youth) -> int:
    return client.get(f"/youths/{youth.pk}/").status_code


def again(grant: Grant) -> Grant:
    return Grant.objects.everyone(because="test").get(pk=grant.pk)


def everything() -> Any:
    return Grant.objects.everyone(because="test")


# --- What a grant to look opens, and what it does not


def test_a_file_outside_the_area_opens_by_a_grant_and_stays_closed_without(
    wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    far, other = make_youth("林小雨", grid=FAR), make_youth("周小云", grid=FAR)
    client = sign_in(wang_shanshan)
    assert status(client, far) == 404
    give(far, wang_shanshan, fanchang)
    assert (status(client, far), status(client, other)) == (200, 404)
    assert client.get(f"/youths/{far.pk}/history/").status_code == 200


def test_it_reads_and_does_nothing_else(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    far = make_youth("林小雨", grid=FAR, categories=["left_behind"])
    handover = make_handover(far, f"{PINGPU}002")
    give(far, wang_shanshan, fanchang)
    client = sign_in(wang_shanshan)
    text = client.get(f"/youths/{far.pk}/").content.decode()
    for act in ("verify", "correct", "grade", "close", "enrol", "move", "readings"):
        address = f"/youths/{far.pk}/{act}/"
        assert client.get(address).status_code == 404, act
        assert client.post(address, {}).status_code in (404, 405), act
        assert address not in text
    assert client.get(f"/visits/new/?youth={far.pk}").status_code == 404
    assert client.get(f"/handovers/{handover.pk}/").status_code == 404
    assert f"/handovers/{handover.pk}/" not in text
    assert "/visits/new/" not in text


def test_every_link_on_a_file_that_is_lent_opens(yang_ying: User, fanchang: User, sign_in: SignIn) -> None:
    """Nothing on it leads to what its reader may not do."""
    far = make_youth("林小雨", grid=FAR, categories=["left_behind", "custody_child"])
    make_handover(far, f"{PINGPU}002")
    give(far, yang_ying, fanchang)
    client = sign_in(yang_ying)
    text = client.get(f"/youths/{far.pk}/").content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert "<form" not in main
    links = set(re.findall(r'href="(/[^"#]*)', main))
    assert f"/youths/{far.pk}/history/" in links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_it_brings_nobody_into_a_list_a_count_or_an_export(
    yang_ying: User, fanchang: User, sign_in: SignIn
) -> None:
    far = make_youth("林小雨", grid=FAR)
    give(far, yang_ying, fanchang)
    client = sign_in(yang_ying)
    assert not Youth.objects.visible_to(fresh(yang_ying)).exists()
    for address in ("/", "/youths/", "/moves/", "/handovers/", "/enrolments/", "/candidates/"):
        text = client.get(address).content.decode()
        assert "林*雨" not in text, address
        assert "林小雨" not in text, address


def test_a_look_does_not_tell_the_reason(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    far = make_youth("林小雨", grid=FAR, categories=["custody_child"])
    give(far, wang_shanshan, fanchang)
    text = sign_in(wang_shanshan).get(f"/youths/{far.pk}/").content.decode()
    assert "关爱对象" in text
    assert "服刑" not in text


def test_the_reading_says_which_grant(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    far = make_youth("林小雨", grid=FAR)
    grant = give(far, wang_shanshan, fanchang)
    sign_in(wang_shanshan).get(f"/youths/{far.pk}/")
    reading = Reading.objects.everyone(because="test").latest("id")
    assert reading.purpose == f"一人一档、临时授权 {grant.number}"
    assert reading.subject_ids == [far.pk]


def test_over_an_area_a_single_file_is_opened_by_name_or_number(
    wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    far, outside = make_youth("林小雨", grid=FAR), make_youth("周小云", grid=f"{HUAQIANG}001")
    asked = grants.ask(
        what="area", code=PINGPU, reason="汛期转移", days=1, by=wang_shanshan, submission_key=uuid4()
    )
    grants.approve(asked, days=1, by=fanchang)
    client = sign_in(wang_shanshan)
    find = f"/grants/{asked.pk}/find/"
    assert client.post(find, {"name": "林小雨"}).headers["Location"] == f"/youths/{far.pk}/"
    assert client.post(find, {"id_number": number_of(far)}).headers["Location"] == f"/youths/{far.pk}/"
    unknown = client.post(find, {"name": "周小云"})
    assert unknown.status_code == 422
    assert status(client, outside) == 404
    assert not Youth.objects.visible_to(fresh(wang_shanshan)).exists()


# --- It ends by itself


def test_it_ends_in_the_second_that_was_said_though_nothing_sweeps(
    wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    far = make_youth(grid=FAR)
    grant = give(far, wang_shanshan, fanchang, days=1)
    client = sign_in(wang_shanshan)
    ends = grant.ends_at
    assert ends is not None
    # The session's own end is another matter: what is lent is asked for itself.
    with time_machine.travel(ends - timedelta(seconds=1), tick=False):
        assert Youth.objects.readable_by(fresh(wang_shanshan)).filter(pk=far.pk).exists()
    with time_machine.travel(ends, tick=False):
        assert not Youth.objects.readable_by(fresh(wang_shanshan)).filter(pk=far.pk).exists()
        assert again(grant).standing == "已到期"
    assert status(client, far) == 200


@pytest.mark.parametrize("who", ["wang_shanshan", "fanchang"])
def test_whoever_holds_it_and_whoever_gave_it_may_end_it_while_the_page_is_open(
    who: str, wang_shanshan: User, fanchang: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    far = make_youth(grid=FAR)
    grant = give(far, wang_shanshan, fanchang)
    client = sign_in(wang_shanshan)
    assert status(client, far) == 200
    sign_in(request.getfixturevalue(who)).post(f"/grants/{grant.pk}/end/")
    assert status(client, far) == 404
    assert again(grant).ended_by == request.getfixturevalue(who)
    assert again(grant).standing == "已提前结束"


def test_of_two_grants_the_longer_one_holds(wang_shanshan: User, fanchang: User) -> None:
    far = make_youth(grid=FAR)
    short, long = (give(far, wang_shanshan, fanchang, days=days) for days in (1, 7))
    grants.end(short, by=wang_shanshan)
    assert Youth.objects.readable_by(fresh(wang_shanshan)).exists()
    grants.end(long, by=wang_shanshan)
    assert not Youth.objects.readable_by(fresh(wang_shanshan)).exists()


def test_it_goes_with_the_last_post(wang_shanshan: User, fanchang: User) -> None:
    far = make_youth(grid=FAR)
    give(far, wang_shanshan, fanchang)
    wang_shanshan.assignments.update(ends_on=timezone.localdate())
    assert fresh(wang_shanshan).loans == []
    assert not Youth.objects.readable_by(fresh(wang_shanshan)).exists()


def test_it_stays_behind_when_the_file_passes_into_another_district(
    wang_shanshan: User, fanchang: User, yang_ying: User
) -> None:
    far = make_youth(grid=FAR)
    give(far, wang_shanshan, fanchang)
    handovers.accept(make_handover(far, f"{HUAQIANG}001"), by=yang_ying)
    assert not Youth.objects.readable_by(fresh(wang_shanshan)).exists()


def test_a_request_is_not_decided_where_the_person_no_longer_lives(
    wang_shanshan: User, fanchang: User, yang_ying: User, jiujiang: User, city_cadre: User
) -> None:
    far = make_youth(grid=FAR)
    asked = ask_for(far, wang_shanshan)
    handovers.accept(make_handover(far, f"{HUAQIANG}001"), by=yang_ying)
    assert grants.found_for(asked, by=fanchang) == []
    with pytest.raises(Refused, match="不在您负责的区域"):
        grants.approve(asked, youth=far, days=1, by=fanchang)
    assert grants.approve(asked, youth=far, days=1, by=city_cadre).code == "3402"


# --- A reason


def test_the_reason_of_one_file_is_known_by_a_grant_and_of_no_other(
    wang_shanshan: User, jiujiang: User, sign_in: SignIn
) -> None:
    one, other = (make_youth(grid=HERE, categories=["custody_child"]) for _ in range(2))
    give_reason(one, wang_shanshan, jiujiang)
    client = sign_in(wang_shanshan)
    assert "服刑在教人员未成年子女" in client.get(f"/youths/{one.pk}/").content.decode()
    assert "服刑" not in client.get(f"/youths/{other.pk}/").content.decode()
    for address in ("/", "/youths/", "/enrolments/"):
        assert "服刑" not in client.get(address).content.decode(), address


def test_to_know_it_is_not_to_decide_it(wang_shanshan: User, jiujiang: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=HERE, categories=["custody_child"])
    give_reason(youth, wang_shanshan, jiujiang)
    enrolment = Enrolment.objects.everyone(because="test").get(youth=youth)
    client = sign_in(wang_shanshan)
    assert f"/enrolments/{enrolment.pk}/end/" not in client.get(f"/youths/{youth.pk}/").content.decode()
    assert client.get(f"/enrolments/{enrolment.pk}/end/").status_code == 404
    with pytest.raises((Refused, Enrolment.DoesNotExist)):
        enrolments.end(enrolment=enrolment, ends_on=timezone.localdate(), reason="x", by=fresh(wang_shanshan))


def test_the_way_to_ask_for_a_reason_stands_on_every_file_alike(wang_shanshan: User, sign_in: SignIn) -> None:
    client = sign_in(wang_shanshan)
    files = [make_youth(grid=HERE, categories=codes) for codes in (["custody_child"], ["left_behind"], [])]
    for youth in files:
        assert f"/youths/{youth.pk}/reason/" in client.get(f"/youths/{youth.pk}/").content.decode()
        answer = client.post(f"/youths/{youth.pk}/reason/", {"reason": "家长会", "days": "3"}, follow=True)
        assert "已提交，由" in answer.content.decode()


def test_whoever_knows_the_reason_need_not_ask(jiujiang: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=HERE)
    assert f"/youths/{youth.pk}/reason/" not in sign_in(jiujiang).get(f"/youths/{youth.pk}/").content.decode()
    with pytest.raises(Refused, match="不必申请"):
        grants.ask_reason(youth=youth, reason="x", days=1, by=jiujiang, submission_key=uuid4())


# --- Nobody can probe by asking


def heard(client: Client, address: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the asker can tell one answer from another by."""
    client.get("/account/")  # what the first page of a session costs more
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        answer = client.post(address, {**data, "submission_key": uuid4()})
        transaction.set_rollback(True)
    words = [str(message) for message in answer.wsgi_request._messages]  # type: ignore[attr-defined]
    form = (answer.context.get("form") or answer.context["find"]) if answer.context else None
    errors = dict(form.errors) if form else {}
    where = answer.headers.get("Location")
    return {
        "status": answer.status_code, "to": where, "words": words, "errors": errors, "statements": len(captured)
    }  # fmt: skip


def test_a_request_for_whoever_it_is_answers_the_same(
    wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    known, elsewhere, here = (make_youth(grid=grid) for grid in (FAR, f"{HUAQIANG}001", HERE))
    nobody = id_number(years_ago(12))
    answers = []
    for number in (number_of(known), number_of(elsewhere), number_of(here), nobody):
        data = {"id_number": number, "division": FANCHANG, "reason": "转交材料", "days": "3"}
        answers.append(heard(sign_in(wang_shanshan), "/grants/new/", data))
    assert answers[0]["status"] == 302
    assert answers[0]["words"] == ["已提交，由繁昌区团委（许静）审批。结果会出现在“提醒”里。"]
    assert answers[1:] == answers[:1] * 3


def test_an_emergency_about_nobody_and_about_two_is_one_answer(yang_ying: User, sign_in: SignIn) -> None:
    make_youth("张小海", grid=FAR)
    make_youth("张小海", grid=FAR)
    answers = []
    for name in ("张小海", "无此人"):
        data = {"name": name, "division": FANCHANG, "reason": "路口受伤"}
        answers.append(heard(sign_in(yang_ying), "/grants/emergency/", data))
    assert answers[0]["status"] == 422
    assert answers[0] == answers[1]


def seal_all_of(youth: Youth, by: User) -> None:
    seals.seal(youth=youth, notice=NOTICE, choice=Choice(whole_file=True), by=by, submission_key=uuid4())


def test_whoever_is_sealed_is_as_unknown_as_nobody(
    wang_shanshan: User, yang_ying: User, fanchang: User, sign_in: SignIn
) -> None:
    sealed = make_youth("林小雨", grid=FAR)
    number, name, nobody = number_of(sealed), sealed.name, id_number(years_ago(12))
    seal_all_of(sealed, fanchang)
    area = grants.ask(what="area", code=PINGPU, reason="汛期", days=1, by=yang_ying, submission_key=uuid4())
    grants.approve(area, days=1, by=fanchang)
    where = {"division": FANCHANG, "reason": "路口受伤", "days": "3"}
    for address in ("/grants/new/", "/grants/emergency/", f"/grants/{area.pk}/find/"):
        by_number = [heard(sign_in(yang_ying), address, {"id_number": n, **where}) for n in (number, nobody)]
        by_name = [heard(sign_in(yang_ying), address, {"name": n, **where}) for n in (name, "无此人")]
        assert by_number[0] == by_number[1], address
        assert by_name[0] == by_name[1], address
    asked = grants.ask(
        what="file", code=FANCHANG, reason="x", days=1, by=wang_shanshan, submission_key=uuid4(),
        sought=Sought(id_number=number),
    )  # fmt: skip
    assert grants.found_for(asked, by=fanchang) == []


def test_what_is_sealed_takes_its_grants_along(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    far = make_youth("林小雨", grid=FAR)
    grant = give(far, wang_shanshan, fanchang)
    seal_all_of(far, fanchang)
    assert not everything().exists()
    assert fresh(wang_shanshan).loans == []
    assert not Alert.objects.filter(event_key__startswith="grant:").exists()
    for address in (f"/youths/{far.pk}/", f"/grants/{grant.pk}/"):
        assert sign_in(wang_shanshan).get(address).status_code == 404


def test_the_words_are_gone_once_it_is_decided(wang_shanshan: User, fanchang: User) -> None:
    far = make_youth("林小雨", grid=FAR)
    first, second, third = (ask_for(far, wang_shanshan) for _ in range(3))
    assert again(first).about == f"证件号码 {number_of(far)}"
    grants.approve(first, youth=far, days=1, by=fanchang)
    grants.decline(second, note="材料由社区转交", by=fanchang)
    grants.end(third, by=wang_shanshan)
    assert [again(grant).about for grant in (first, second, third)] == ["", "", ""]


def test_a_manager_finds_only_whom_he_sees(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    far, elsewhere = make_youth(grid=FAR), make_youth(grid=f"{HUAQIANG}001")
    asked = ask_for(elsewhere, wang_shanshan)
    assert grants.found_for(asked, by=fanchang) == []
    page = sign_in(fanchang).get(f"/grants/{asked.pk}/").content.decode()
    assert "没有找到对应的档案" in page
    for youth in (elsewhere, far):  # neither the one who was meant nor somebody else of the area
        answer = sign_in(fanchang).post(f"/grants/{asked.pk}/approve/", {"youth": youth.pk, "days": "1"})
        assert answer.status_code == 422
    assert again(asked).state == "asked"


# --- Who decides


def test_the_managers_of_the_area_are_asked_and_the_asker_hears_the_answer(
    wang_shanshan: User, fanchang: User, jiujiang: User, city_cadre: User, fanchang_worker: User
) -> None:
    far = make_youth("林小雨", grid=FAR)
    asked = ask_for(far, wang_shanshan)
    [alert] = Alert.objects.all()
    assert (alert.addressee, alert.kind, alert.wants_act) == (fanchang, "grant_asked", True)
    assert "林" not in alert.text
    grants.approve(asked, youth=far, days=1, by=fanchang)
    alert.refresh_from_db()
    assert alert.done_at
    assert Alert.objects.get(addressee=wang_shanshan).kind == "grant_decided"
    told_worker = Alert.objects.get(addressee=fanchang_worker)
    assert (told_worker.kind, told_worker.path) == ("grant_given", f"/youths/{far.pk}/")
    assert "林*雨" in told_worker.text


def test_without_a_manager_in_the_district_the_city_is_asked(wang_shanshan: User, city_cadre: User) -> None:
    ask_for(make_youth(grid=FAR), wang_shanshan)
    assert Alert.objects.get().addressee == city_cadre


def test_a_manager_does_not_decide_an_own_request(jiujiang: User, city_cadre: User, sign_in: SignIn) -> None:
    far = make_youth(grid=FAR)
    give_post(jiujiang, Role.DISTRICT, FANCHANG, starts_on=timezone.localdate())
    asked = ask_for(far, jiujiang)
    assert Alert.objects.get().addressee == city_cadre
    sign_in(jiujiang).post(f"/grants/{asked.pk}/approve/", {"youth": far.pk, "days": "1"})
    with pytest.raises(Refused, match="自己的申请"):
        grants.approve(asked, youth=far, days=1, by=fresh(jiujiang))
    assert again(asked).state == "asked"


def test_managers_elsewhere_see_nothing_of_it(
    wang_shanshan: User, fanchang: User, jiujiang: User, wanli: User, sign_in: SignIn
) -> None:
    asked = ask_for(make_youth(grid=FAR), wang_shanshan)
    for user in (jiujiang, wanli):
        assert sign_in(user).get(f"/grants/{asked.pk}/").status_code == 404
        assert asked.number not in sign_in(user).get("/grants/").content.decode()


def test_a_decision_stands(wang_shanshan: User, fanchang: User, city_cadre: User) -> None:
    far = make_youth(grid=FAR)
    asked = ask_for(far, wang_shanshan)
    grants.decline(asked, note="由社区转交", by=fanchang)
    with pytest.raises(Refused, match="已经办理"):
        grants.approve(asked, youth=far, days=1, by=city_cadre)


def test_what_nobody_decides_for_a_month_is_over_and_forgotten(wang_shanshan: User, fanchang: User) -> None:
    asked = ask_for(make_youth(grid=FAR), wang_shanshan)
    month = asked.asked_at + timedelta(days=30)
    assert grants.lapse_unanswered(month - timedelta(seconds=1)) == 0
    assert grants.lapse_unanswered(month) == 1
    assert (again(asked).state, again(asked).about) == ("taken_back", "")
    assert "自动撤回" in Alert.objects.get(addressee=wang_shanshan).text
    assert not Alert.objects.filter(addressee=fanchang, done_at=None).exists()


def test_the_same_form_twice_is_one_request(wang_shanshan: User, fanchang: User, sign_in: SignIn) -> None:
    data = {"name": "林小雨", "division": FANCHANG, "reason": "转交", "days": "3", "submission_key": uuid4()}
    client = sign_in(wang_shanshan)
    answers = [client.post("/grants/new/", data).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert everything().count() == 1


@pytest.mark.parametrize("who", ["sysadmin", "security", "auditor", "legal_aid", "centre"])
def test_officers_and_agencies_hold_none(who: str, request: pytest.FixtureRequest, sign_in: SignIn) -> None:
    user = request.getfixturevalue(who)
    assert sign_in(user).get("/grants/new/").status_code == 403
    assert sign_in(user).get("/grants/emergency/").status_code == 403
    with pytest.raises(Refused):
        ask_for(make_youth(), user)


# --- Emergency


def look(youth: Youth, by: User, **fields: Any) -> Grant:
    sought = Sought(id_number=number_of(youth))
    return grants.look_at_once(reason="路口受伤", by=by, submission_key=uuid4(), sought=sought, **fields)


def test_in_an_emergency_a_cadre_reads_at_once_and_everybody_concerned_is_told(
    yang_ying: User, fanchang: User, fanchang_worker: User, sign_in: SignIn
) -> None:
    far = make_youth("林小雨", grid=FAR)
    client = sign_in(yang_ying)
    data = {"id_number": number_of(far), "reason": "路口受伤，联系家长", "submission_key": uuid4()}
    answer = client.post("/grants/emergency/", data)
    assert answer.headers["Location"] == f"/youths/{far.pk}/"
    assert status(client, far) == 200
    grant = everything().get()
    assert grant.ends_at == grant.starts_at + timedelta(minutes=60)
    kinds = dict(Alert.objects.values_list("addressee__username", "kind"))
    assert kinds == {"fanchang": "grant_emergency", "luping": "grant_given"}
    with time_machine.travel(grant.ends_at, tick=False):
        assert not Youth.objects.readable_by(fresh(yang_ying)).filter(pk=far.pk).exists()


def test_it_is_for_cadres_with_a_post(wang_shanshan: User) -> None:
    with pytest.raises(Refused, match="团干部"):
        look(make_youth(grid=FAR), wang_shanshan)
    assert not everything().exists()


def test_a_day_has_few_of_them(yang_ying: User, settings: Any) -> None:
    settings.EMERGENCIES_A_DAY = 2
    far = make_youth(grid=FAR)
    for _ in range(2):
        look(far, yang_ying)
    with pytest.raises(Refused, match="最多紧急查阅 2 次"):
        look(far, yang_ying)


def test_a_try_that_found_nobody_is_recorded_and_reviewed_too(yang_ying: User, jiujiang: User) -> None:
    sought = Sought(name="无此人", code=FANCHANG)
    grant = grants.look_at_once(reason="x", by=yang_ying, submission_key=uuid4(), sought=sought)
    assert (grant.state, grant.youth, grant.is_running) == ("nobody", None, False)
    assert Alert.objects.get(kind="grant_emergency").addressee == jiujiang
    assert list(Grant.objects.visible_to(jiujiang).to_review()) == [grant]


def test_it_stands_red_until_a_manager_reviews_it(
    yang_ying: User, fanchang: User, city_cadre: User, sign_in: SignIn
) -> None:
    grant = look(make_youth(grid=FAR), yang_ying)
    board = sign_in(fanchang)
    assert "1 次紧急查阅" in board.get("/").content.decode()
    assert "紧急查阅待复核（1）" in board.get("/grants/").content.decode()
    answer = board.post(
        f"/grants/{grant.pk}/review/", {"finding": "proper", "note": "问过医院", "submission_key": uuid4()}
    )
    assert answer.status_code == 302
    assert "紧急查阅待复核" not in board.get("/grants/").content.decode()
    assert "次紧急查阅" not in board.get("/").content.decode()
    assert not Alert.objects.filter(kind="grant_emergency", done_at=None).exists()
    assert Alert.objects.filter(addressee=yang_ying, kind="grant_decided").exists()


def test_it_climbs_when_nobody_reviews_it(yang_ying: User, fanchang: User, city_cadre: User) -> None:
    grant = look(make_youth(grid=FAR), yang_ying)
    assert grants.climb_due() == 0
    assert grant.review_due_at is not None
    assert grants.climb_due(grant.review_due_at) == 1
    assert Alert.objects.filter(addressee=city_cadre, kind="grant_emergency", done_at=None).exists()
    assert grants.climb_due(grant.review_due_at) == 0


def test_nobody_reviews_an_own_emergency(jiujiang: User, city_cadre: User) -> None:
    grant = look(make_youth(grid=FAR), jiujiang)
    give_post(jiujiang, Role.DISTRICT, FANCHANG, starts_on=timezone.localdate())
    with pytest.raises(Refused, match="自己的申请"):
        grants.review(grant, finding="proper", note="x", by=fresh(jiujiang))


# --- Who sees that it is there


def test_whoever_answers_for_the_file_sees_who_may_look_and_why(
    wang_shanshan: User, fanchang: User, fanchang_worker: User, sign_in: SignIn
) -> None:
    far = make_youth(grid=FAR)
    give(far, wang_shanshan, fanchang)
    for user in (fanchang_worker, fanchang):
        text = sign_in(user).get(f"/youths/{far.pk}/").content.decode()
        assert "转交材料" in text
        assert "汪珊珊" in text


def test_a_known_reason_is_told_to_those_who_know_reasons_alone(
    wang_shanshan: User, deputy: User, jiujiang: User, sign_in: SignIn
) -> None:
    youth = make_youth(grid=HERE, categories=["custody_child"])
    give_reason(youth, deputy, jiujiang)
    assert "李梅" in sign_in(jiujiang).get(f"/youths/{youth.pk}/").content.decode()
    assert "李梅" not in sign_in(wang_shanshan).get(f"/youths/{youth.pk}/").content.decode()
    assert not Alert.objects.filter(addressee=wang_shanshan).exists()


def test_the_auditor_sees_all_by_numbers(
    wang_shanshan: User, fanchang: User, auditor: User, sign_in: SignIn
) -> None:
    far = make_youth("林小雨", grid=FAR)
    grant = give(far, wang_shanshan, fanchang)
    pending = ask_for(far, wang_shanshan)
    text = sign_in(auditor).get("/grants/").content.decode()
    assert grant.number in text
    assert pending.number in text
    assert str(far.pk) in text
    for word in ("林小雨", "林*雨", "转交材料", number_of(far)):
        assert word not in text
    assert sign_in(auditor).get(f"/grants/{grant.pk}/").status_code == 403


def test_a_page_pays_no_statement_for_what_is_lent(
    wang_shanshan: User, fanchang: User, sign_in: SignIn
) -> None:
    far = make_youth(grid=FAR)
    make_youth(grid=HERE)
    client = sign_in(wang_shanshan)

    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    before = [cost(address) for address in ("/", "/youths/", "/alerts/live/")]
    give(far, wang_shanshan, fanchang)
    Alert.objects.all().delete()
    assert [cost(address) for address in ("/", "/youths/", "/alerts/live/")] == before


# --- What the database holds by itself


def row(**fields: Any) -> dict[str, Any]:
    now = timezone.now()
    given = {"state": "given", "starts_at": now, "ends_at": now + timedelta(days=1), "decided_at": now}
    return {"what": "file", "reason": "x", "code": FANCHANG, "submission_key": uuid4(), **given, **fields}


Bad = Callable[[User, User, Youth], dict[str, Any]]
REFUSED_BY_THE_DATABASE: dict[str, Bad] = {
    "approved by the asker": lambda holder, manager, youth: row(
        holder=manager, decided_by=manager, youth=youth
    ),
    "approved by nobody": lambda holder, manager, youth: row(holder=holder, youth=youth),
    "approved by somebody who is no manager": lambda holder, manager, youth: row(
        holder=manager, decided_by=holder, youth=youth
    ),
    "approved for another district": lambda holder, manager, youth: row(
        holder=holder, decided_by=manager, youth=youth, code=JIUJIANG
    ),
    "longer than a month": lambda holder, manager, youth: row(
        holder=holder, decided_by=manager, youth=youth, ends_at=timezone.now() + timedelta(days=32)
    ),
    "without an end": lambda holder, manager, youth: row(
        holder=holder, decided_by=manager, youth=youth, ends_at=None
    ),
    "about nobody": lambda holder, manager, youth: row(holder=holder, decided_by=manager),
    "without a reason": lambda holder, manager, youth: row(
        holder=holder, decided_by=manager, youth=youth, reason=""
    ),
    "an emergency of a worker without a post": lambda holder, manager, youth: row(
        holder=holder, youth=youth, is_emergency=True, decided_at=None, review_due_at=timezone.now()
    ),
    "an emergency of two days": lambda holder, manager, youth: row(
        holder=manager,
        youth=youth,
        is_emergency=True,
        decided_at=None,
        review_due_at=timezone.now(),
        ends_at=timezone.now() + timedelta(days=2),
    ),
}


@pytest.mark.parametrize("why", REFUSED_BY_THE_DATABASE)
def test_the_database_refuses(why: str, wang_shanshan: User, fanchang: User) -> None:
    bad = REFUSED_BY_THE_DATABASE[why](wang_shanshan, fanchang, make_youth(grid=FAR))
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(**bad)


@pytest.mark.parametrize("who", ["sysadmin", "security", "auditor", "legal_aid", "centre", "nobody"])
def test_the_database_refuses_holders_who_do_not_serve(
    who: str, fanchang: User, request: pytest.FixtureRequest
) -> None:
    holder = make_user() if who == "nobody" else request.getfixturevalue(who)
    with pytest.raises(IntegrityError, match="三员"), transaction.atomic():
        Grant.objects.create(**row(holder=holder, decided_by=fanchang, youth=make_youth(grid=FAR)))


@pytest.mark.parametrize(
    "change",
    [
        "ends_at = ends_at + interval '1 hour'",
        "decided_by_id = NULL",
        "state = 'asked'",
        "code = '3402'",
        "holder_id = decided_by_id",
        "youth_id = NULL",
    ],
)
def test_what_was_decided_is_never_altered(change: str, wang_shanshan: User, fanchang: User) -> None:
    grant = give(make_youth(grid=FAR), wang_shanshan, fanchang)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE registry_grant SET {change} WHERE id = %s", [grant.pk])  # noqa: S608


def test_no_grant_is_deleted(wang_shanshan: User, fanchang: User) -> None:
    grant = give(make_youth(grid=FAR), wang_shanshan, fanchang)
    with pytest.raises(IntegrityError, match="不能删除"), transaction.atomic():
        grant.delete()
