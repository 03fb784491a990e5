"""Scope that cannot be forgotten: a register queryset answers nothing before it says whose it is."""

import ast
import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import (
    Count,
    DateField,
    Exists,
    OuterRef,
    Prefetch,
    UUIDField,
    prefetch_related_objects,
)
from django.template import engines
from django.test import Client

from grids.models import User
from grids.permissions import Permission
from registry.managers import GuardedManager, GuardedQuerySet, Unscoped
from registry.models import Category, Handover, Move, Resident, Search, Visit, Youth
from tests.addresses import ADDRESSES, World
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    assign,
    fresh,
    make_dwelling,
    make_handover,
    make_resident,
    make_user,
    make_visit,
    make_youth,
)

# Models of the register that hold nothing of a person (what the whole city shares; a user's own searches), and the
# images that `feed_undo.sql` alone reads.
UNGUARDED = {
    "Category",
    "Source",
    "Schedule",
    "FactRank",
    "Batch",
    "BatchChange",
    "Upload",
    "Search",
    "RegisterCount",
    "ConsentText",
    "AnonymousFile",
    "AnonymousEnrolment",
    "RetentionRun",
}
GUARDED = [
    model
    for model in apps.get_app_config("registry").get_models()
    if not model.__name__.startswith("Historical") and model.__name__ not in UNGUARDED
]


def some_id(model: type[Any]) -> Any:
    """A key that could be one of this model's."""
    return UUID(int=1) if isinstance(model._meta.pk, UUIDField) else 1


EVALUATIONS: dict[str, Callable[[Any], Any]] = {
    "iterating": list,
    "iterator": lambda rows: list(rows.iterator()),
    "len": len,
    "bool": bool,
    "repr": repr,
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "first": lambda rows: rows.first(),
    "last": lambda rows: rows.last(),
    "get": lambda rows: rows.get(pk=some_id(rows.model)),
    "slice": lambda rows: rows[0],
    "in_bulk": lambda rows: rows.in_bulk([some_id(rows.model)]),
    "values": lambda rows: list(rows.values("pk")),
    "values_list": lambda rows: list(rows.values_list("pk", flat=True)),
    "aggregate": lambda rows: rows.aggregate(n=Count("pk")),
    "annotate": lambda rows: list(rows.annotate(n=Count("pk"))),
    "filter": lambda rows: list(rows.filter(pk__isnull=False).order_by("pk").distinct()),
    "update": lambda rows: rows.update(pk=None),
    "delete": lambda rows: rows.delete(),
    "explain": lambda rows: rows.explain(),
    "raw": lambda rows: list(rows.raw(f"SELECT * FROM {rows.model._meta.db_table}")),  # noqa: S608
    "contains": lambda rows: rows.contains(rows.model(pk=some_id(rows.model))),
    "or": lambda rows: list(rows.everyone(because="test") | rows),
    "union": lambda rows: list(rows.everyone(because="test").union(rows)),
    "xor": lambda rows: list(rows.everyone(because="test") ^ rows),
    "or the other way": lambda rows: list(rows | rows.everyone(because="test")),
    "and": lambda rows: list(rows & rows.everyone(because="test")),
    "difference": lambda rows: list(rows.difference(rows.everyone(because="test"))),
    "intersection": lambda rows: list(rows.intersection(rows.everyone(because="test"))),
    "chunked": lambda rows: next(rows.iterator(chunk_size=10), None),
    "latest": lambda rows: rows.latest("pk"),
    "earliest": lambda rows: rows.earliest("pk"),
    "only": lambda rows: list(rows.only("pk")),
    "defer": lambda rows: list(rows.order_by("pk").defer("pk")),
    "alias": lambda rows: list(rows.alias(n=Count("pk")).filter(n=1)),
    "reverse": lambda rows: list(rows.order_by("pk").reverse()),
    "step": lambda rows: rows[0:10:2],
    "in a list": lambda rows: some_id(rows.model) in rows,
    "pickle": pickle.dumps,
    "copy": lambda rows: list(copy.copy(rows)),
    "deepcopy": lambda rows: list(copy.deepcopy(rows)),
    "using": lambda rows: list(rows.using("default")),
    "select_for_update": lambda rows: list(rows.select_for_update()),
    "select_related": lambda rows: list(rows.select_related()),
    "get_or_create": lambda rows: rows.get_or_create(pk=some_id(rows.model)),
    "update_or_create": lambda rows: rows.update_or_create(pk=some_id(rows.model)),
    "bulk_update": lambda rows: rows.bulk_update(
        [rows.model(pk=some_id(rows.model))], [a_column(rows.model)]
    ),
    "bulk_create over what is there": lambda rows: rows.bulk_create(
        [rows.model(pk=some_id(rows.model))],
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[a_column(rows.model)],
    ),
    "dates": lambda rows: [list(rows.dates(day, "year")) for day in days_of(rows.model)] or len(rows),
    "prefetch": lambda rows: list(rows.prefetch_related(*to_many(rows.model))),
    "prefetch of it": lambda rows: [prefetch_of(rows), *rows],
    "template loop": lambda rows: rendered("{% for row in rows %}{{ row }}{% endfor %}", rows),
    "template if": lambda rows: rendered("{% if rows %}1{% endif %}", rows),
    "template count": lambda rows: rendered("{{ rows.count }}", rows),
    "template length": lambda rows: rendered("{{ rows|length }}", rows),
    "template first": lambda rows: rendered("{{ rows|first }}", rows),
    "aiterator": lambda rows: async_to_sync(all_of)(rows.aiterator()),
    "async for": lambda rows: async_to_sync(all_of)(rows.all()),
    "aget": lambda rows: async_to_sync(rows.aget)(pk=some_id(rows.model)),
    "acount": lambda rows: async_to_sync(rows.acount)(),
    "aexists": lambda rows: async_to_sync(rows.aexists)(),
    "afirst": lambda rows: async_to_sync(rows.afirst)(),
    "alast": lambda rows: async_to_sync(rows.alast)(),
    "ain_bulk": lambda rows: async_to_sync(rows.ain_bulk)([some_id(rows.model)]),
    "aaggregate": lambda rows: async_to_sync(rows.aaggregate)(n=Count("pk")),
    "aupdate": lambda rows: async_to_sync(rows.aupdate)(pk=None),
    "adelete": lambda rows: async_to_sync(rows.adelete)(),
    "acontains": lambda rows: async_to_sync(rows.acontains)(rows.model(pk=some_id(rows.model))),
    "aexplain": lambda rows: async_to_sync(rows.aexplain)(),
}


def a_column(model: type[Any]) -> str:
    """A column of its own that is no key."""
    return next(field.name for field in model._meta.concrete_fields if not field.primary_key)


def days_of(model: type[Any]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if type(field) is DateField]


def to_many(model: type[Any]) -> list[str]:
    """What hangs on a row of it, by the names of the related managers."""
    return [
        related.get_accessor_name()
        for related in model._meta.related_objects
        if related.one_to_many and related.name
    ][:3]


def prefetch_of(rows: Any) -> Any:
    """Its rows taken along, unscoped, with an object that is in scope."""
    for field in rows.model._meta.concrete_fields:
        if field.many_to_one and not field.remote_field.hidden and field.related_model in GUARDED:
            holder = field.related_model(pk=some_id(field.related_model))
            prefetch_related_objects(
                [holder], Prefetch(field.remote_field.get_accessor_name(), queryset=rows)
            )


def rendered(source: str, rows: Any) -> str:
    return engines["django"].from_string(source).render({"rows": rows})


async def all_of(rows: Any) -> list[Any]:
    return [row async for row in rows]


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model.__name__)
def test_every_model_of_the_register_is_guarded(model: type[Any]) -> None:
    assert isinstance(model._default_manager, GuardedManager)
    assert isinstance(model._default_manager.get_queryset(), GuardedQuerySet)


@pytest.mark.parametrize("evaluate", EVALUATIONS.values(), ids=EVALUATIONS)
def test_nothing_is_answered_before_the_scope_is_said(db: None, evaluate: Callable[[Any], Any]) -> None:
    for model in GUARDED:
        with pytest.raises(Unscoped, match=model.__name__):
            evaluate(model._default_manager.all())


def test_everyone_says_why(db: None) -> None:
    with pytest.raises(ValueError, match="why"):
        Youth.objects.everyone(because="")
    assert list(Youth.objects.everyone(because="test")) == []


def test_scope_stays_through_narrowing(wang_shanshan: User) -> None:
    youth = make_youth(grid=f"{YINHU}001")
    seen = Youth.objects.visible_to(wang_shanshan)
    assert seen.filter(grade="B").exclude(name="x").order_by("name").distinct().get() == youth
    assert seen.annotate(n=Count("visits")).values_list("n", flat=True)[0] == 0
    assert (seen.filter(grade="B") | seen.filter(grade="A")).count() == 1
    assert seen.union(seen).count() == 1


def test_what_belongs_to_a_file_in_hand_is_in_scope(wang_shanshan: User) -> None:
    youth = make_youth(grid=f"{YINHU}001", categories=["idle"])
    visit = make_visit(youth, by=wang_shanshan)
    make_handover(youth, f"{HUAQIANG}001")
    seen = (
        Youth.objects.visible_to(wang_shanshan)
        .select_related("resident")
        .prefetch_related("visits", "enrolments")
    )
    held = seen.get()
    assert [visit] == list(held.visits.all())
    assert held.enrolments.count() == 1
    assert held.handovers.open().exists()
    assert held.resident.residences.current().get().dwelling.grid_id == f"{HUAQIANG}001"
    assert held.resident.youth == held


def test_a_subquery_takes_the_scope_of_the_query_around_it(wang_shanshan: User) -> None:
    youth = make_youth(grid=f"{YINHU}001")
    make_visit(youth, by=wang_shanshan)
    visited = Youth.objects.visible_to(wang_shanshan).filter(
        Exists(Visit.objects.filter(youth=OuterRef("pk")))
    )
    assert visited.get() == youth


# --- Who sees whom


def test_each_sees_the_files_of_the_own_area(request: pytest.FixtureRequest, db: None) -> None:
    here = make_youth("张小海", grid=f"{HUAQIANG}001")
    beside = make_youth("李小山", grid=f"{YINHU}001")
    far = make_youth("王小河", grid=f"{PINGPU}001")
    sight = {
        "city_cadre": {here, beside, far},
        "jiujiang": {here, beside},
        "fanchang": {far},
        "wanli": {here, beside},
        "yang_ying": {here},
        "wang_shanshan": {beside},
        "deputy": {beside},
        "league_leader": {beside},
        "fanchang_worker": {far},
    }
    seen = {who: set(Youth.objects.visible_to(request.getfixturevalue(who))) for who in sight}
    assert seen == sight


@pytest.mark.parametrize("who", ["legal_aid", "centre", "sysadmin", "security", "auditor"])
def test_the_others_see_no_file(request: pytest.FixtureRequest, db: None, who: str) -> None:
    user = request.getfixturevalue(who)
    make_youth()
    for rows in (Youth.objects, Visit.objects, Handover.objects):
        assert not rows.visible_to(user).exists()


def test_the_service_centre_finds_residents_and_no_files(centre: User) -> None:
    youth = make_youth()
    assert Resident.objects.visible_to(centre).get() == youth.resident
    assert not Youth.objects.visible_to(centre).exists()


def test_sight_ends_with_the_assignment_and_the_account(deputy: User) -> None:
    make_youth(grid=f"{YINHU}001")
    assert Youth.objects.visible_to(deputy).count() == 1
    deputy.assignments.update(ends_on="2026-01-01")
    assert Youth.objects.visible_to(fresh(deputy)).count() == 0
    assign(deputy, f"{YINHU}001", "deputy", starts_on="2026-01-01")
    assert Youth.objects.visible_to(fresh(deputy)).count() == 1
    User.objects.filter(pk=deputy.pk).update(is_active=False)
    assert Youth.objects.visible_to(fresh(deputy)).count() == 0


def test_two_posts_give_both_areas(db: None) -> None:
    files = {make_youth(grid=f"{YINHU}001"), make_youth(grid=f"{PINGPU}001")}
    make_youth(grid=f"{HUAQIANG}001")
    both = make_user(leads=[f"{YINHU}001", f"{PINGPU}001"])
    assert set(Youth.objects.visible_to(both)) == files


def test_a_scope_is_an_area_and_not_a_beginning_of_letters(db: None) -> None:
    street = make_user(posts=[("street", "340207004")])
    assert street.may_in(Permission.SEE_YOUTHS, f"{HUAQIANG}001")
    assert not street.may_in(Permission.SEE_YOUTHS, "340207005001001")
    assert not street.may_in(Permission.SEE_YOUTHS, "340207")


def test_both_sides_see_a_handover_and_one_the_file(wang_shanshan: User, yang_ying: User) -> None:
    youth = make_youth(grid=f"{YINHU}001")
    handover = make_handover(youth, f"{HUAQIANG}001")
    for user in (wang_shanshan, yang_ying):
        assert Handover.objects.visible_to(user).get() == handover
        assert Move.objects.visible_to(user).get() == handover.move
    assert Youth.objects.visible_to(wang_shanshan).exists()
    assert not Youth.objects.visible_to(yang_ying).exists()


def test_somebody_who_left_is_not_among_the_residents_of_an_area(
    wang_shanshan: User, yang_ying: User
) -> None:
    resident = make_resident(dwelling=make_dwelling(f"{YINHU}001"))
    assert Resident.objects.visible_to(wang_shanshan).get() == resident
    assert not Resident.objects.visible_to(yang_ying).exists()
    resident.residences.update(ends_on="2026-01-01")
    assert not Resident.objects.visible_to(wang_shanshan).exists()


# --- Who may look at everyone


def calls_of_everyone() -> Iterator[tuple[str, str]]:
    """(module, function) of each call of `everyone(…)` in the product."""
    for app in ("grids", "registry", "referrals", "wuhu_youth"):
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if path.name == "managers.py" or path.parent.name == "bench":
                continue  # the guard itself; measurements in a database of their own, over a made-up city
            yield from _calls_in(ast.parse(path.read_text()), str(path.relative_to(settings.BASE_DIR)), "")


def _calls_in(node: ast.AST, module: str, function: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "everyone":
        assert [keyword.arg for keyword in node.keywords] == ["because"], f"{module} {function}: say why"
        yield module, function
    for child in ast.iter_child_nodes(node):
        yield from _calls_in(child, module, function)


# What may look beyond a person's scope, and no more. Whoever adds a line here says in `because` why.
MAY_LOOK_AT_EVERYONE: set[tuple[str, str]] = {
    ("referrals/agencies.py", "end"),
    ("referrals/referrals.py", "climb_due"),
    ("referrals/referrals.py", "consent_withdrawn"),
    ("registry/check_requests.py", "_settle_residents"),
    ("registry/check_requests.py", "_settle_residents"),
    ("registry/forms/moves.py", "MoveForm._doors"),
    ("registry/grants.py", "_the_one"),
    ("registry/grants.py", "climb_due"),
    ("registry/grants.py", "lapse_unanswered"),
    ("registry/export_work.py", "make"),
    ("registry/export_work.py", "_make.report"),
    ("registry/export_work.py", "_end"),
    ("registry/export_work.py", "send_lost"),
    ("registry/export_work.py", "purge"),
    ("registry/management/commands/whose_export.py", "Command.handle"),
    ("registry/handovers.py", "youth_for_update"),
    ("registry/requests.py", "remind_due"),
    ("registry/retention.py", "erase_again"),
    ("registry/requests.py", "_to_erase"),
    ("registry/seals.py", "replay"),
    ("registry/seals.py", "tell_again"),
    ("referrals/report_alerts.py", "tell"),
    ("referrals/reports.py", "climb_due"),
    ("referrals/reports.py", "follow_handover"),
    ("referrals/reports.py", "joinable"),
    ("referrals/pairing_alerts.py", "_wanted"),
}


def test_only_these_look_at_everyone() -> None:
    assert set(calls_of_everyone()) == MAY_LOOK_AT_EVERYONE


def test_nobody_goes_round_the_guard() -> None:
    """Base managers and `_granted` answer without a scope: they are the guard's own."""
    for app in ("grids", "registry", "referrals", "wuhu_youth"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            text = path.read_text()
            if path.name != "managers.py":
                assert "_base_manager" not in text, path
    holders = {
        str(path.relative_to(settings.BASE_DIR))
        for path in (Path(settings.BASE_DIR) / "registry").rglob("*.py")
        if "_granted(" in path.read_text()
    }
    assert holders <= {
        "registry/managers.py",
        "registry/models/disclosures.py",
        "registry/models/exports.py",
        "registry/models/grants.py",
        "registry/models/handovers.py",
        "registry/models/moves.py",
        "registry/models/readings.py",
        "registry/models/requests.py",
        "registry/models/residents.py",
        "registry/models/youths.py",
    }


def test_categories_are_for_all_and_searches_are_their_owners(wang_shanshan: User) -> None:
    assert Category.objects.count() == 5
    search = Search.objects.create(owner=wang_shanshan, q="小海")
    assert list(wang_shanshan.searches.all()) == [search]


def test_histories_are_read_through_what_is_in_hand() -> None:
    """History tables have no guard of their own: who reads them from a model says here whose they are."""
    readers = {
        str(path.relative_to(settings.BASE_DIR))
        for app in ("grids", "registry", "referrals", "wuhu_youth")
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "history" and isinstance(node.value, ast.Name)
        if node.value.id[0].isupper() or node.value.id == "model"
    }
    # The timeline filters each by the file that it was given; the made-up city writes its own past.
    assert readers <= {"registry/timeline.py", "registry/city/past.py"}


# --- One request leaves nothing to the next

_LEFT = """
SELECT array(SELECT name || '=' || setting FROM pg_settings WHERE source = 'session' ORDER BY name),
       array(SELECT current_setting('wuhu_youth.' || name, true)
             FROM unnest(ARRAY['sealing', 'removing', 'rotating']) AS name
             WHERE coalesce(current_setting('wuhu_youth.' || name, true), '') NOT IN ('', 'off')),
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
       (SELECT count(*) FROM pg_cursors WHERE is_holdable),
       (SELECT count(*) FROM pg_prepared_statements),
       array(SELECT relname::text FROM pg_class WHERE relpersistence = 't' AND pg_table_is_visible(oid)),
       array(SELECT pg_listening_channels())
"""


def left_on_the_connection() -> tuple[Any, ...]:
    """Whatever a session of the database could carry from one request into the next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()
        cursor.execute(_LEFT)
        return (pid, *cursor.fetchone(), connection.in_atomic_block, connection.get_autocommit())


@pytest.mark.django_db(transaction=True)
def test_two_requests_one_after_the_other_on_one_connection_share_nothing(
    city_cadre: User, wang_shanshan: User, sign_in: SignIn
) -> None:
    world = World()
    make_youth("林小雨", grid=f"{PINGPU}001")
    worker, cadre = sign_in(wang_shanshan), sign_in(city_cadre)
    before = left_on_the_connection()
    own = seen_by(worker)
    assert own == {world.youth.pk, world.gone.youth.pk}
    for name, address in ADDRESSES.items():
        if name.startswith("admin:") or name == "logout":
            continue
        url, _ = world.address(name, city_cadre)
        cadre.get(url)
        if address.post and name != "password_change":
            cadre.post(url, {})
        assert left_on_the_connection() == before, name
    assert seen_by(worker) <= own


def seen_by(client: Client) -> set[Any]:
    page = client.get("/youths/")
    assert "林*雨" not in page.content.decode()
    return {row.pk for row in page.context["page"].rows}
