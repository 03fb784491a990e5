"""Administration: by whom, where, and what the database refuses, said beside the form."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from grids.models import Alert, Assignment, Division, Grid, Post, User
from grids.permissions import Role
from registry.models import Batch, Category, ConsentText, FactRank, RetentionRun, Source
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    LONG_AGO,
    PASSWORD,
    PINGPU,
    YINHU,
    assign,
    make_fact,
    make_grid,
    make_user,
    make_youth,
)

pytestmark = pytest.mark.ignore_template_errors  # Django's own templates ask for variables that are not there

PLACES = {"grids/grid", "grids/assignment"}
SETTINGS = {
    "grids/division", "grids/alert", "registry/category", "registry/source", "registry/factrank", "registry/batch",
    "registry/consenttext", "registry/retentionrun",
}  # fmt: skip
STAFF = {"grids/user", "grids/post"}


def registered() -> set[str]:
    return {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}


def managed_by(browser: Client) -> set[str]:
    return {place for place in registered() if browser.get(f"/admin/{place}/").status_code == 200}


def errors_of(page: Any) -> str:
    """All messages of a form that was shown again."""
    assert page.status_code in (200, 422), page.headers
    form = page.context["adminform"].form if "adminform" in page.context else page.context["form"]
    return str(form.errors)


# --- By whom


def test_no_person_of_the_register_is_in_it() -> None:
    assert registered() == PLACES | SETTINGS | STAFF
    held = {model for model in apps.get_app_config("registry").get_models() if model in admin.site._registry}
    assert held == {Category, Source, FactRank, Batch, ConsentText, RetentionRun}


@pytest.mark.parametrize(
    ("who", "manages"),
    [
        ("sysadmin", PLACES | SETTINGS),
        ("city_cadre", PLACES | SETTINGS),
        ("jiujiang", PLACES),
        ("security", STAFF),
    ],
)
def test_each_manages_what_the_table_says(
    request: pytest.FixtureRequest, sign_in: SignIn, who: str, manages: set[str]
) -> None:
    browser = sign_in(request.getfixturevalue(who))
    assert managed_by(browser) == manages
    index = browser.get("/admin/").content.decode()
    for place in registered():
        assert (f"/admin/{place}/" in index) is (place in manages)


@pytest.mark.parametrize("who", ["wanli", "yang_ying", "wang_shanshan", "legal_aid", "centre", "auditor"])
def test_the_others_have_no_administration(request: pytest.FixtureRequest, sign_in: SignIn, who: str) -> None:
    browser = sign_in(request.getfixturevalue(who))
    assert {
        browser.get(path).status_code for path in ("/admin/", "/admin/grids/grid/", "/admin/jsi18n/")
    } == {403}


def test_a_stranger_is_led_to_our_own_sign_in(client: Client, db: None) -> None:
    assert client.get("/admin/grids/grid/").headers["Location"] == "/login/?next=/admin/grids/grid/"
    assert client.get("/admin/login/").status_code == 404


def test_nothing_is_deleted(sign_in: SignIn, sysadmin: User, security: User) -> None:
    grid = make_grid()
    for user, path in ((sysadmin, f"grids/grid/{grid.pk}"), (security, f"grids/user/{sysadmin.pk}")):
        assert sign_in(user).post(f"/admin/{path}/delete/", {"post": "yes"}).status_code == 404


def test_the_administration_says_nothing_of_a_youth(sign_in: SignIn, sysadmin: User) -> None:
    make_youth("张小海", grid=f"{HUAQIANG}001")
    browser = sign_in(sysadmin)
    for place in sorted(PLACES | SETTINGS):
        assert "张小海" not in browser.get(f"/admin/{place}/").content.decode()


# --- Where


def test_a_district_cadre_finds_the_grids_of_the_district_only(sign_in: SignIn, jiujiang: User) -> None:
    assign(make_user(), f"{HUAQIANG}001")
    foreign = assign(make_user(), f"{PINGPU}001")
    browser = sign_in(jiujiang)
    page = browser.get("/admin/grids/grid/").content.decode()
    assert (f"{HUAQIANG}001" in page, f"{PINGPU}001" in page) == (True, False)
    for address in (
        f"grids/grid/{PINGPU}001/change/",
        f"grids/grid/{PINGPU}001/history/",
        f"grids/grid/{PINGPU}001/lead/",
        f"grids/assignment/{foreign.pk}/change/",
    ):
        missing = address.replace(f"{PINGPU}001", f"{PINGPU}999").replace(f"/{foreign.pk}/", "/999999/")
        answers = [browser.get(f"/admin/{a}") for a in (address, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]


def test_a_district_cadre_is_offered_the_districts_communities_and_grids_only(
    sign_in: SignIn, jiujiang: User
) -> None:
    make_grid(f"{HUAQIANG}001")
    make_grid(f"{PINGPU}001")
    browser = sign_in(jiujiang)

    def offered(model: str, field: str, term: str) -> set[str]:
        answer = browser.get(
            "/admin/autocomplete/",
            {"app_label": "grids", "model_name": model, "field_name": field, "term": term},
        )
        return {result["id"] for result in answer.json()["results"]}

    assert offered("grid", "community", "华强") == {HUAQIANG}
    assert offered("grid", "community", "平铺") == set()
    assert offered("assignment", "grid", "第1网格") == {f"{HUAQIANG}001"}
    # What is not offered is not taken either.
    page = browser.post(
        "/admin/grids/grid/add/", {"community": PINGPU, "code": f"{PINGPU}002", "name": "第二网格"}
    )
    assert "community" in errors_of(page)
    assert not Grid.objects.filter(pk=f"{PINGPU}002").exists()


def test_a_district_cadre_opens_a_grid_in_the_own_district(sign_in: SignIn, jiujiang: User) -> None:
    answer = sign_in(jiujiang).post(
        "/admin/grids/grid/add/", {"community": HUAQIANG, "code": f"{HUAQIANG}008", "name": "第八网格"}
    )
    assert answer.status_code == 302
    grid = Grid.objects.get(pk=f"{HUAQIANG}008")
    assert grid.history.get().history_user == jiujiang


@pytest.mark.parametrize("code", ["34020700400600", f"{YINHU}001", "34020700400600x", ""])
def test_a_grid_code_that_does_not_extend_the_community_is_refused(
    sign_in: SignIn, sysadmin: User, code: str
) -> None:
    page = sign_in(sysadmin).post(
        "/admin/grids/grid/add/", {"community": HUAQIANG, "code": code, "name": "x"}
    )
    assert "code" in page.context["adminform"].form.errors


def test_a_division_is_closed_with_a_successor_of_its_level(sign_in: SignIn, sysadmin: User) -> None:
    browser = sign_in(sysadmin)
    change = f"/admin/grids/division/{HUAQIANG}/change/"
    data = {"name": "华强社区居民委员会", "valid_from": "", "valid_to": "2026-12-31"}
    assert "同一层级" in errors_of(browser.post(change, {**data, "successor": "340207004"}))
    assert browser.post(change, {**data, "successor": YINHU}).status_code == 302
    assert Division.objects.get(pk=HUAQIANG).successor_id == YINHU


def test_a_new_division_finds_its_parent(sign_in: SignIn, sysadmin: User) -> None:
    browser = sign_in(sysadmin)
    data = {"name": "新社区居民委员会", "level": "community"}
    assert browser.post("/admin/grids/division/add/", {**data, "code": "340207004099"}).status_code == 302
    assert Division.objects.get(pk="340207004099").parent_id == "340207004"
    assert "没有这个编码的上级" in errors_of(
        browser.post("/admin/grids/division/add/", {**data, "code": "340299004099"})
    )
    assert "编码位数与层级不符" in errors_of(
        browser.post("/admin/grids/division/add/", {**data, "code": "340207099"})
    )


# --- Staff


def user_form(**fields: Any) -> dict[str, Any]:
    return {
        "username": "xinren",
        "name": "新人",
        "is_active": "on",
        "password1": "",
        "password2": "",
        **fields,
    }


def test_the_security_officer_makes_an_account_that_can_sign_in(
    sign_in: SignIn, security: User, client: Client
) -> None:
    answer = sign_in(security).post(
        "/admin/grids/user/add/", user_form(password1=PASSWORD, password2=PASSWORD)
    )
    assert answer.status_code == 302
    user = User.objects.get(username="xinren")
    assert (user.name, user.is_active, user.reach) == ("新人", True, {})
    assert (
        client.post("/login/", {"username": "xinren", "password": PASSWORD, "next": "/account/"}).status_code
        == 302
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "password1"),
        ({"password1": PASSWORD, "password2": "Other-river-1"}, "不一致"),
        ({"password1": "short-A1", "password2": "short-A1"}, "10"),
        ({"password1": "alllowercase", "password2": "alllowercase"}, "至少 3 类"),
        ({"username": "新人", "password1": PASSWORD, "password2": PASSWORD}, "只能用小写字母"),
        ({"username": "security", "password1": PASSWORD, "password2": PASSWORD}, "已有人使用"),
    ],
)
def test_an_account_that_will_not_do_is_refused_in_words(
    sign_in: SignIn, security: User, fields: dict[str, str], words: str
) -> None:
    page = sign_in(security).post("/admin/grids/user/add/", user_form(**fields))
    assert words in errors_of(page)


def test_an_empty_password_changes_none_and_a_new_one_ends_the_persons_sessions(
    sign_in: SignIn, security: User, legal_aid: User
) -> None:
    theirs, ours = sign_in(legal_aid), sign_in(security)
    change = f"/admin/grids/user/{legal_aid.pk}/change/"
    same = user_form(username="lizhiyuan", name="李志远")
    assert ours.post(change, same).status_code == 302
    assert theirs.get("/account/").status_code == 200
    assert (
        ours.post(change, {**same, "password1": "New-river-43", "password2": "New-river-43"}).status_code
        == 302
    )
    assert theirs.get("/account/").status_code == 302
    assert "New-river-43" not in ours.get(f"/admin/grids/user/{legal_aid.pk}/history/").content.decode()


def test_whoever_answers_for_somebody_cannot_be_switched_off(
    sign_in: SignIn, security: User, wang_shanshan: User
) -> None:
    browser = sign_in(security)
    off = user_form(username="wangshanshan", name="汪珊珊")
    del off["is_active"]
    page = browser.post(f"/admin/grids/user/{wang_shanshan.pk}/change/", off)
    assert "此人还是责任人" in errors_of(page)
    assert User.objects.get(pk=wang_shanshan.pk).is_active
    assert "成功" not in browser.get("/admin/").content.decode()
    Assignment.objects.update(ends_on=timezone.localdate())
    assert browser.post(f"/admin/grids/user/{wang_shanshan.pk}/change/", off).status_code == 302
    assert not User.objects.get(pk=wang_shanshan.pk).is_active


def test_nobody_switches_the_own_account_off(sign_in: SignIn, security: User) -> None:
    off = user_form(username="security", name="安全管理员")
    del off["is_active"]
    page = sign_in(security).post(f"/admin/grids/user/{security.pk}/change/", off)
    assert "不能停用自己" in errors_of(page)


def test_a_pause_after_wrong_passwords_is_lifted(
    sign_in: SignIn, security: User, wang_shanshan: User, client: Client
) -> None:
    for _ in range(5):
        client.post("/login/", {"username": "wangshanshan", "password": "wrong"})
    right = {"username": "wangshanshan", "password": PASSWORD, "next": "/account/"}
    assert client.post("/login/", right).status_code == 429
    sign_in(security).post("/admin/grids/user/", {"action": "unlock", "_selected_action": [wang_shanshan.pk]})
    assert client.post("/login/", right).status_code == 302


def post_form(user: User, **fields: Any) -> dict[str, Any]:
    return {
        "user": user.pk,
        "role": Role.STREET,
        "division": "340207004",
        "starts_on": "2020-01-01",
        "ends_on": "",
        **fields,
    }


def test_a_post_carries_who_approved_it(sign_in: SignIn, security: User) -> None:
    newcomer = make_user("xinren", "新人")
    assert sign_in(security).post("/admin/grids/post/add/", post_form(newcomer)).status_code == 302
    post = newcomer.posts.get()
    assert (post.approved_by, post.history.get().history_user) == (security, security)
    assert newcomer.prefixes("see_youths") == ["340207004"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"division": "340207"}, "街道（乡镇）一级"),
        ({"division": ""}, "必须指定负责区域"),
        ({"role": Role.AUDITOR}, "不指定区域"),
        ({"ends_on": "2019-12-31"}, "终止日期不能早于起始日期"),
        ({"is_lead": "on"}, "已有负责人"),
        ({"is_lead": "on", "ends_on": "2019-12-31"}, "终止日期不能早于起始日期"),
        ({"role": Role.DISTRICT, "division": "340207", "knows_reasons": "on"}, "只有街道任职"),
        ({"role": Role.GRID_WORKER, "division": HUAQIANG, "is_lead": "on"}, "只有社区、街道、区县、市"),
        ({"role": "king"}, "role"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
    ],
)
def test_a_post_that_cannot_be_is_refused_in_words(
    sign_in: SignIn, security: User, wanli: User, fields: dict[str, str], words: str
) -> None:
    newcomer = make_user("xinren", "新人")
    page = sign_in(security).post("/admin/grids/post/add/", post_form(newcomer, **fields))
    assert words in errors_of(page)
    assert not newcomer.posts.exists()


def test_the_citys_lead_is_never_empty(sign_in: SignIn, security: User, city_cadre: User) -> None:
    post = city_cadre.posts.get()
    over = post_form(city_cadre, role=Role.CITY, division="3402", is_lead="on", ends_on=timezone.localdate())
    page = sign_in(security).post(f"/admin/grids/post/{post.pk}/change/", over)
    assert "市团委负责人不能空缺" in errors_of(page)
    post.refresh_from_db()
    assert post.ends_on is None


def test_an_officer_has_no_other_duty(
    sign_in: SignIn, security: User, sysadmin: User, auditor: User, wang_shanshan: User
) -> None:
    browser = sign_in(security)
    page = browser.post("/admin/grids/post/add/", post_form(auditor))
    assert "不能兼任其他职务" in errors_of(page)
    page = browser.post("/admin/grids/post/add/", post_form(wang_shanshan, role=Role.AUDITOR, division=""))
    assert "审计员不能兼任其他职务" in errors_of(page)
    page = sign_in(sysadmin).post(
        "/admin/grids/assignment/add/",
        {"grid": f"{YINHU}001", "user": auditor.pk, "kind": "deputy", "starts_on": "2026-01-01"},
    )
    assert "不能兼任其他职务" in errors_of(page)


def test_nobody_gives_a_post_or_a_grid_to_oneself(sign_in: SignIn, security: User, jiujiang: User) -> None:
    make_grid()
    page = sign_in(security).post(
        "/admin/grids/post/add/", post_form(security, role=Role.AUDITOR, division="")
    )
    assert "不能给自己任职" in errors_of(page)
    page = sign_in(jiujiang).post(
        "/admin/grids/assignment/add/",
        {"grid": f"{HUAQIANG}001", "user": jiujiang.pk, "kind": "deputy", "starts_on": "2026-01-01"},
    )
    assert "不能让自己负责网格" in errors_of(page)


# --- Who answers for a grid


def test_a_change_of_the_lead_ends_one_and_begins_the_other(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User, deputy: User
) -> None:
    grid = Grid.objects.get(pk=f"{YINHU}001")
    today = timezone.localdate()
    browser = sign_in(jiujiang)
    page = browser.get(f"/admin/grids/grid/{grid.pk}/lead/").content.decode()
    assert "<strong>汪珊珊</strong>负责（是本网格的责任网格员）" in page
    answer = browser.post(f"/admin/grids/grid/{grid.pk}/lead/", {"to": deputy.pk, "on": today})
    assert answer.headers["Location"] == f"/admin/grids/grid/{grid.pk}/change/"
    assert f"由{deputy.name}负责" in browser.get(answer.headers["Location"]).content.decode()
    kept = grid.assignments.order_by("pk").values_list("user__name", "kind", "starts_on", "ends_on")
    assert list(kept) == [
        ("汪珊珊", "lead", LONG_AGO, today),
        ("李梅", "deputy", LONG_AGO, today),
        ("李梅", "lead", today, None),
    ]
    history = browser.get(
        f"/admin/grids/assignment/{grid.assignments.order_by('pk')[0].pk}/history/"
    ).content.decode()
    for words in ("王磊", "终止日期", "更换网格责任人"):
        assert words in history


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": ""}, "to"),
        ({"to": "999999"}, "to"),
        ({"on": "2020-01-01"}, "不能早于今天"),
        ({"on": "2026-02-30"}, "on"),
    ],
)
def test_a_change_of_the_lead_that_cannot_be_is_refused_in_words(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User, fields: dict[str, str], words: str
) -> None:
    data = {"to": jiujiang.pk, "on": str(timezone.localdate()), **fields}
    page = sign_in(jiujiang).post(f"/admin/grids/grid/{YINHU}001/lead/", data)
    assert page.status_code == 422
    assert words in errors_of(page)


def test_the_same_lead_again_is_refused_in_words(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User
) -> None:
    data = {"to": wang_shanshan.pk, "on": str(timezone.localdate())}
    page = sign_in(jiujiang).post(f"/admin/grids/grid/{YINHU}001/lead/", data)
    assert "已经是这个网格的责任人" in errors_of(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "已有责任人"),
        ({"kind": "deputy", "user": "same"}, "已在这个网格任职"),
        ({"kind": "deputy", "ends_on": "2019-01-01"}, "终止日期不能早于起始日期"),
    ],
)
def test_a_responsibility_that_cannot_be_is_refused_in_words(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User, fields: dict[str, Any], words: str
) -> None:
    other = wang_shanshan if fields.pop("user", "") == "same" else make_user()
    data = {"grid": f"{YINHU}001", "user": other.pk, "kind": "lead", "starts_on": "2026-01-01", **fields}
    page = sign_in(jiujiang).post("/admin/grids/assignment/add/", data)
    assert words in errors_of(page)


def test_a_responsibility_is_ended_and_keeps_its_person(
    sign_in: SignIn, jiujiang: User, wang_shanshan: User, deputy: User
) -> None:
    assignment = wang_shanshan.assignments.get()
    data = {"user": deputy.pk, "starts_on": "2020-01-01", "ends_on": str(timezone.localdate())}
    answer = sign_in(jiujiang).post(f"/admin/grids/assignment/{assignment.pk}/change/", data)
    assert answer.status_code == 302
    assignment.refresh_from_db()
    assert (assignment.user, assignment.ends_on) == (wang_shanshan, timezone.localdate())


# --- Settings


def test_limits_of_a_category_change_and_its_privacy_does_not(sign_in: SignIn, city_cadre: User) -> None:
    category = Category.objects.get(pk="misconduct")
    data = {
        "name": category.name, "short_name": category.short_name, "age_min": 6, "age_max": 18, "months": 12,
        "clause": category.clause, "review_months": 6, "visit_days": "", "is_private": "",
    }  # fmt: skip
    browser = sign_in(city_cadre)
    change = "/admin/registry/category/misconduct/change/"
    assert browser.post(change, data).status_code == 302
    category.refresh_from_db()
    assert (category.age_max, category.is_private) == (18, True)
    assert "最小年龄不能大于最大年龄" in errors_of(browser.post(change, {**data, "age_min": 19}))


def test_limits_of_a_source_change(sign_in: SignIn, sysadmin: User) -> None:
    browser, change = sign_in(sysadmin), "/admin/registry/source/police/change/"
    data = source_form(moves_limit="3.5", purpose="人走服务跟上", licence_ends_on="2027-06-30")
    assert browser.post(change, data).status_code == 302
    source = Source.objects.get(pk="police")
    assert (str(source.moves_limit), source.kinds) == ("3.50", ["residents", "residences"])
    assert (source.purpose, str(source.licence_ends_on)) == ("人走服务跟上", "2027-06-30")


def source_form(**changes: str) -> dict[str, str]:
    """The police's form as it stands, with the first kind it owes, and some of it changed."""
    source = Source.objects.get(pk="police")
    owed = source.schedules.get(kind="residences")
    fields = (
        "name",
        "department",
        "share",
        "purpose",
        "catalogue_number",
        "moves_limit",
        "rejected_limit",
        "judged_from",
    )
    return {
        **{field: str(getattr(source, field)) for field in fields},
        "licence_ends_on": str(source.licence_ends_on),
        "schedules-TOTAL_FORMS": "1",
        "schedules-INITIAL_FORMS": "1",
        "schedules-0-id": str(owed.pk),
        "schedules-0-source": "police",
        "schedules-0-kind": "residences",
        "schedules-0-every_days": str(owed.every_days),
        **changes,
    }


def test_how_often_a_source_owes_a_kind_is_set_among_its_own_kinds(sign_in: SignIn, sysadmin: User) -> None:
    browser, change = sign_in(sysadmin), "/admin/registry/source/police/change/"
    assert browser.post(change, source_form(**{"schedules-0-every_days": "3"})).status_code == 302
    assert Source.objects.get(pk="police").schedules.get(kind="residences").every_days == 3
    for wrong in ({"schedules-0-kind": "facts"}, {"schedules-0-every_days": "0"}):
        assert browser.post(change, source_form(**wrong)).status_code == 200
    assert Source.objects.get(pk="police").schedules.get(kind="residences").every_days == 3


def test_another_order_of_departments_shows_in_the_lists_at_once(sign_in: SignIn, sysadmin: User) -> None:
    youth = make_youth()
    for source, kind in (("education", "dropped_out"), ("civil_affairs", "in_school")):
        make_fact(youth.resident, kind, source_id=source)
    youth.refresh_from_db()
    assert youth.school == "dropped_out"
    rank = FactRank.objects.get(kind="in_school", source="civil_affairs")
    data = {"kind": "in_school", "source": "civil_affairs", "rank": "1"}
    assert sign_in(sysadmin).post(f"/admin/registry/factrank/{rank.pk}/change/", data).status_code == 302
    youth.refresh_from_db()
    assert youth.school == "in_school"


def test_batches_are_read_and_not_touched(sign_in: SignIn, sysadmin: User) -> None:
    batch = Batch.objects.create(
        source_id="police", kind="residences", as_of="2026-11-24", sha256="0", file_name="a.csv",
        state="applied", counts={"rows": 12, "rejected": 1, "errors_file": "/secret/path"},
    )  # fmt: skip
    browser = sign_in(sysadmin)
    page = browser.get(f"/admin/registry/batch/{batch.pk}/change/").content.decode()
    assert "行数 12；退回 1" in page
    assert "/secret/path" not in page
    assert browser.post(f"/admin/registry/batch/{batch.pk}/change/", {"kind": "x"}).status_code == 403


def test_a_parked_alert_shows_that_it_failed_not_what_it_said_and_can_be_sent_again(
    sign_in: SignIn, sysadmin: User, wang_shanshan: User
) -> None:
    alert = Alert.objects.create(
        event_key="handover:1:offered", addressee=wang_shanshan, kind="handover_offered",
        text="陈*妍 迁入本网格", path="/handovers/1/", attempts=5, parked_at=timezone.now(),
    )  # fmt: skip
    Alert.objects.create(event_key="x", addressee=wang_shanshan, kind="family_moved", text="未停发")
    browser = sign_in(sysadmin)
    pages = [
        browser.get(f"/admin/grids/alert/{path}").content.decode() for path in ("", f"{alert.pk}/change/")
    ]
    for page in pages:
        assert "汪珊珊" in page
        assert "陈*妍" not in page
        assert "/handovers/1/" not in page
        assert "未停发" not in page
    browser.post("/admin/grids/alert/", {"action": "send_again", "_selected_action": [alert.pk]})
    alert.refresh_from_db()
    assert (alert.parked_at, alert.attempts) == (None, 0)
    assert alert.next_try_at is not None
    assert alert.next_try_at - timezone.now() < timedelta(seconds=1)


# --- Pages


@pytest.mark.parametrize(
    ("who", "address", "queries"),
    [
        ("sysadmin", "grids/grid/", 9),
        ("sysadmin", "grids/assignment/", 9),
        ("sysadmin", "grids/division/", 9),
        ("sysadmin", "registry/source/", 9),
        ("security", "grids/user/", 9),
        ("security", "grids/post/", 9),
    ],
)
def test_a_list_takes_as_many_statements_however_long_it_is(
    request: pytest.FixtureRequest, who: str, address: str, queries: int
) -> None:
    sign_in = request.getfixturevalue("sign_in")
    at_most = request.getfixturevalue("django_assert_max_num_queries")
    browser = sign_in(request.getfixturevalue(who))
    browser.get(f"/admin/{address}")
    for number in range(1, 13):
        assign(make_user(posts=[(Role.GRID_WORKER, HUAQIANG)]), f"{HUAQIANG}{number:03d}")
    with at_most(queries):
        assert browser.get(f"/admin/{address}").status_code == 200


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("grids/grid/?q=华强", f"{HUAQIANG}001"),
        ("grids/grid/?q=杨颖", f"{HUAQIANG}001"),
        ("grids/grid/?area=340207", f"{HUAQIANG}001"),
        ("grids/grid/?retired_on__isempty=1", f"{HUAQIANG}001"),
        ("grids/assignment/?current=yes&q=杨颖", f"{HUAQIANG}001"),
        ("grids/assignment/?area=340207&kind__exact=lead", f"{HUAQIANG}001"),
        ("grids/division/?q=华强", HUAQIANG),
        ("grids/division/?level__exact=street&q=湾里", "340207004"),
    ],
)
def test_lists_are_searched_and_filtered(
    sign_in: SignIn, sysadmin: User, yang_ying: User, address: str, found: str
) -> None:
    page = sign_in(sysadmin).get(f"/admin/{address}").content.decode()
    assert found in page


def test_a_filter_that_names_nothing_finds_nothing(sign_in: SignIn, sysadmin: User, yang_ying: User) -> None:
    page = sign_in(sysadmin).get("/admin/grids/grid/?area=99x").content.decode()
    assert f"{HUAQIANG}001" not in page


def test_every_form_and_list_speaks_chinese_and_loads_nothing_inline(
    sign_in: SignIn, sysadmin: User, security: User, yang_ying: User
) -> None:
    post = Post.objects.filter(user=yang_ying).get()
    assignment = yang_ying.assignments.order_by("grid_id")[0]
    for user, addresses in (
        (
            sysadmin,
            [
                "", "grids/", "grids/grid/", "grids/grid/add/", f"grids/grid/{HUAQIANG}001/change/",
                f"grids/grid/{HUAQIANG}001/lead/", f"grids/grid/{HUAQIANG}001/history/", "grids/assignment/add/",
                f"grids/assignment/{assignment.pk}/change/", "grids/division/add/", "registry/category/idle/change/",
                "registry/source/police/change/", "registry/factrank/", "registry/factrank/add/", "registry/batch/",
            ],
        ),
        (security, ["", "grids/user/", "grids/user/add/", "grids/post/add/", f"grids/post/{post.pk}/change/"]),
    ):  # fmt: skip
        browser = sign_in(user)
        for address in addresses:
            answer = browser.get(f"/admin/{address}")
            page = answer.content.decode()
            assert answer.status_code == 200, address
            for forbidden in (" style=", "<script>", " onclick=", "javascript:"):
                assert forbidden not in page, (address, forbidden)
            assert 'lang="zh-hans"' in page
