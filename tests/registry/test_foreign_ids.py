"""No form takes an id of another scope: every field with choices, of every form of the product, is tried.

The forms are those that the pages hold when somebody of the cast opens them, so that they offer what the view made
them offer; those that come later (with something sent, or found) are made below as their views make them. A form that
is in neither fails the test, and so does a field that accepts a foreign id and does not say in ACCEPTS why it may.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.forms.forms import BaseForm
from django.http import QueryDict
from django.test import Client

from grids.models import User
from grids.permissions import Permission
from referrals.forms.referrals import ReferralForm
from referrals.forms.reports import JoinForm, ToldForm
from registry import grants
from registry.forms.candidates import VerifyForm
from registry.forms.consents import ConsentForm
from registry.forms.enrolments import EnrolForm
from registry.forms.grants import ApproveForm, FindFileForm
from registry.forms.moves import MoveForm
from registry.forms.requests import RequestForm
from registry.forms.seals import SealForm
from registry.forms.youths import OpenFileForm
from registry.models import Candidate, Youth
from registry.public_ids import public_id
from tests.addresses import ADDRESSES, HERE, World, everywhere
from tests.cast import SignIn
from tests.factories import PINGPU, make_enrolment, make_report, make_user, make_visit, make_youth
from tests.referrals.people import make_agency, make_case

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

APPS = ("grids", "registry", "referrals", "wuhu_youth")
# Who opens the pages: each works in a part of the city, so that there is something foreign to each.
READERS = ("wang_shanshan", "wanli", "jiujiang", "legal_aid", "sysadmin", "security", "auditor", "centre")
FAR = f"{PINGPU}001"

# Fields that take what lies outside one's scope, and why.
ANY_PLACE = "a place is no person: one may move to, or ask about, any of the city's"
ANY_STAFF = (
    "staff are the whole city's; who may appoint whom is the verb's matter (tests/grids/test_admin.py)"
)
ANY_KEY = "a fresh key, made by the form: what it finds is looked for among one's own"
ACCEPTS: dict[tuple[str, str], str] = {
    ("*", "submission_key"): ANY_KEY,
    ("MoveForm", "street"): ANY_PLACE,
    ("MoveForm", "community"): ANY_PLACE,
    ("FileGrantForm", "division"): ANY_PLACE,
    ("AreaGrantForm", "division"): ANY_PLACE,
    ("EmergencyForm", "division"): ANY_PLACE,
    ("DivisionForm", "successor"): ANY_PLACE,
    ("GridForm", "community"): ANY_PLACE,
    ("PostForm", "user"): ANY_STAFF,
    ("PostForm", "division"): ANY_STAFF,
    ("AssignmentForm", "user"): ANY_STAFF,
    ("ChangeLeadForm", "to"): ANY_STAFF,
    ("ReadingFilter", "subject"): "the auditor's search goes over all readings, and shows ids alone",
}
# What others inherit from, and no page holds.
BASES = {
    "grids.administration.ManagedForm", "grids.administration.PeriodForm", "registry.forms.fields.SubmissionForm",
    "registry.forms.grants._Sought", "registry.forms.searches.WordsForm",
}  # fmt: skip


_HOLDS_FORMS = re.compile(r"\.(forms|views|filters|admin|administration)\b")


def every_form() -> dict[str, type[BaseForm]]:
    """Each form of the product by its full name."""
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if _HOLDS_FORMS.search(module.name):
                importlib.import_module(module.name)
    return {f"{form.__module__}.{form.__name__}": form for form in _below(BaseForm)}


def _below(form: type[BaseForm]) -> Iterator[type[BaseForm]]:
    for each in form.__subclasses__():
        if each.__module__.partition(".")[0] in APPS:
            yield each
        yield from _below(each)


# --- What is foreign


def foreign(world: World) -> dict[str, Any]:
    """Ids of somebody in another district, of what hangs on him, of staff, and of nothing at all."""
    with connection.cursor() as cursor:  # no small number, which could be a count of days
        for table in ("registry_resident", "registry_dwelling", "grids_user"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 987600000)")
    far = make_youth("林小雨", grid=FAR, categories=["custody_child"])
    enrolment = make_enrolment(far, "left_behind")
    home = far.resident.residences.current().get().dwelling
    visit = make_visit(far)
    return {
        "file": far.pk,
        "resident": far.resident_id,
        "resident as shown": public_id("resident", far.resident_id),
        "enrolment": enrolment.pk,
        "visit": visit.pk,
        "dwelling": home.pk,
        "dwelling as shown": public_id("dwelling", home.pk),
        "door": home.code,
        "grid": FAR,
        "community": PINGPU,
        "street": PINGPU[:9],
        "district": PINGPU[:6],
        "user": make_user().pk,
        "alert": world.parked.pk,
        "report": make_report(far).pk,
        "agency": make_agency("繁昌区法律援助中心", area_id=PINGPU[:6]).pk,
        "private category": "custody_child",
        "another private category": "misconduct",
        "nothing": UUID(int=7),
        "no number": 987654321,
        "no word": "不存在",
    }


TAKES_IDS = (
    forms.ChoiceField,
    forms.UUIDField,
)  # and what is made of them: ModelChoiceField, typed, multiple


def taken(form: BaseForm, values: dict[str, Any]) -> Iterator[str]:
    """Where this very form accepts one of them."""
    for name, field in form.fields.items():
        if not isinstance(field, TAKES_IDS):
            continue
        for what, value in values.items():
            if accepts(form, name, value):
                yield f"{type(form).__name__}.{name}: {what}"


def accepts(form: BaseForm, name: str, value: Any) -> bool:
    """Whether the form, sent with this value in this field, has no word to say about it."""
    field = form.fields[name]
    given: Any = [str(value)] if isinstance(field, forms.MultipleChoiceField) else str(value)
    try:
        field.clean(given)
    except ValidationError:
        return False
    # The field itself takes it: what says the form?
    sent: Any = copy(form)
    sent.is_bound, sent._errors, sent.files = True, None, {}
    sent._bound_fields_cache = {}  # those of the form itself look at what that one was sent
    data = QueryDict(mutable=True)
    data.setlist(sent.add_prefix(name), [str(value)])
    sent.data = data
    with transaction.atomic():
        with suppress(
            KeyError, AttributeError, TypeError
        ):  # a `clean` of the form that wants its other fields
            sent.full_clean()
        transaction.set_rollback(True)
    return name not in (sent._errors or {})


def may_take(form: BaseForm, name: str) -> bool:
    return any((kind, name) in ACCEPTS for kind in ("*", *(k.__name__ for k in type(form).__mro__)))


# --- The forms on the pages


@pytest.fixture
def world(wang_shanshan: User, yang_ying: User, wanli: User, jiujiang: User) -> World:
    return World()


def forms_of(client: Client, url: str) -> list[BaseForm]:
    """The forms that a page holds, in its context or within what stands there."""
    answer = client.get(url)
    found: list[BaseForm] = []
    contexts: Any = answer.context or []
    for context in contexts:
        for value in context.flatten().values() if hasattr(context, "flatten") else context.values():
            for each in value if isinstance(value, list | tuple) else [value]:
                inner = [each, getattr(each, "form", None)]
                found += [one for one in inner if isinstance(one, BaseForm)]
    return found


def forms_on_pages(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[str, User, BaseForm]]:
    """(address, who opened it, a form on it)."""
    sign_in: SignIn = request.getfixturevalue("sign_in")
    for who in READERS:
        user = request.getfixturevalue(who)
        client = sign_in(user)
        for name, address in ADDRESSES.items():
            if 200 not in address.get or name == "logout":
                continue
            url, _ = world.address(name, user)
            with transaction.atomic():
                for form in forms_of(client, url):
                    yield name, user, form
                transaction.set_rollback(True)


# --- Those that come later, made as their views make them

Made = Callable[[World, User], BaseForm]


def _open_form(world: World, user: User) -> BaseForm:
    form = OpenFileForm(user=user)
    form.take(world.youth.resident)
    return form


def _move_form(world: World, user: User) -> BaseForm:
    data = {"where": "city", "street": HERE[:9], "words": "翠竹园"}
    return MoveForm(data, youth=world.youth, home=None)


def _request_form(world: World, user: User) -> BaseForm:
    form = RequestForm(user=user)
    form.resident = form.in_scope(pk=world.youth.resident_id)
    return form


def _seal_form(world: World, user: User) -> BaseForm:
    return SealForm(youth=world.youth, user=User.objects.get(username="jiujiang"))


def _join_form(world: World, user: User) -> BaseForm:
    return JoinForm(others=[make_report(world.youth, by=user)])


def _referral_form(world: World, user: User) -> BaseForm:
    """To the agencies around the case: one that serves another district is not among them."""
    case = make_case(make_youth("何思乐", grid=HERE), User.objects.get(username="jiujiang"))
    return ReferralForm(case=case, help_kind="legal_aid", has_consent=True)


LATER: dict[str, Made] = {
    "referrals.forms.referrals.ReferralForm": _referral_form,
    "referrals.forms.reports.JoinForm": _join_form,
    "referrals.forms.reports.ToldForm": lambda world, user: ToldForm(user=user),
    "registry.forms.consents.ConsentForm": lambda world, user: ConsentForm(text=world.consent.text),
    "registry.forms.requests.RequestForm": _request_form,
    "registry.forms.seals.SealForm": _seal_form,
    "registry.forms.youths.OpenFileForm": _open_form,
    "registry.forms.moves.MoveForm": _move_form,
    "registry.forms.enrolments.EnrolForm": lambda world, user: EnrolForm(youth=world.youth, user=user),
    "registry.forms.candidates.VerifyForm": lambda world, user: VerifyForm(
        candidate=Candidate.objects.visible_to(user).get(pk=world.candidate.pk)
    ),
    "registry.forms.grants.ApproveForm": lambda world, user: ApproveForm(
        grant=grants.ask(what="file", code=HERE[:6], reason="x", days=1, by=user, submission_key=uuid4()),
        found=Youth.objects.visible_to(user),
    ),
    "registry.forms.grants.FindFileForm": lambda world, user: FindFileForm(code=HERE),
}
# Forms of one or two texts or ticks, without anything that could name another's; they are made as they are.
PLAIN = {
    "grids.views.account.CodeForm", "grids.views.account.SignInForm", "grids.views.sign_ins.ReasonForm",
    "referrals.forms.referrals.ReportBackForm", "registry.forms.grants.ReviewGrantForm",
    "registry.forms.handovers.AnswerForm", "registry.forms.handovers.ReturnForm",
    "registry.forms.feeds.DeclineForm", "registry.forms.feeds.UploadForm",
    "registry.forms.feeds.AnswerForm", "registry.forms.feeds.CheckFilter",
}  # fmt: skip


def test_no_field_of_any_form_takes_a_foreign_id(request: pytest.FixtureRequest, world: World) -> None:
    values = foreign(world)
    seen: set[str] = set()
    wrong: set[str] = set()
    tried: set[tuple[type[BaseForm], str, User]] = set()
    for name, user, form in forms_on_pages(request, world):
        if (type(form), name, user) in tried:
            continue
        tried.add((type(form), name, user))
        seen |= {f"{kind.__module__}.{kind.__name__}" for kind in type(form).__mro__}
        wrong |= {
            f"{name} as {user}: {said}" for said in taken(form, beyond(values, user)) if unexcused(form, said)
        }
    user = request.getfixturevalue("wang_shanshan")
    for full_name, make in LATER.items():
        seen.add(full_name)
        form = make(world, user)
        wrong |= {said for said in taken(form, beyond(values, user)) if unexcused(form, said)}
    for full_name in PLAIN:
        seen.add(full_name)
        form = every_form()[full_name]()
        wrong |= {said for said in taken(form, beyond(values, user)) if unexcused(form, said)}
    assert wrong == set()
    assert set(every_form()) - BASES - seen == set(), (
        "forms that no page of ADDRESSES holds: put them into LATER"
    )


def unexcused(form: BaseForm, said: str) -> bool:
    name = said.partition(":")[0].partition(".")[2]
    return not may_take(form, name)


def beyond(values: dict[str, Any], user: User) -> dict[str, Any]:
    """Those that are foreign to this person: whoever knows reasons may name a private category."""
    knows = user.may(Permission.KNOW_REASONS)
    sees = user.may_in(Permission.SEARCH_PEOPLE, FAR) or everywhere(user)
    return {
        what: value
        for what, value in values.items()
        if not (knows and "category" in what)
        and not (sees and what in ("grid", "community", "street", "district"))
    }


def test_what_is_excused_is_there() -> None:
    """An excuse for a form or a field that is gone goes too."""
    names = {name.rpartition(".")[2] for name in every_form()}
    assert {kind for kind, _ in ACCEPTS} - {"*"} <= names
    assert set(every_form()) >= BASES | set(LATER) | PLAIN


# --- Ids that views read without a form

READ_FROM_THE_REQUEST: dict[tuple[str, str], str] = {
    ("grids/paging.py", "after"): "looked for in the reader's own list",
    ("grids/paging.py", "before"): "looked for in the reader's own list",
    ("grids/views/account.py", "next"): "an address of ours or none",
    ("grids/views/alerts.py", "kind"): "narrows one's own alerts",
    ("grids/views/alerts.py", "next"): "an address of ours or none",
    ("grids/views/alerts.py", "state"): "one of five words",
    ("referrals/views/agencies.py", "area"): "checked by the form's choices",
    ("referrals/views/agencies.py", "ended"): "one of two words",
    ("referrals/views/agencies.py", "help"): "one of a few words",
    (
        "referrals/views/agencies.py",
        "member",
    ): "looked for among the members of an agency that the reader manages",
    ("referrals/views/pairings.py", "youth"): "fetched in scope",
    ("referrals/views/referrals.py", "box"): "one of a few words",
    ("referrals/views/referrals.py", "help"): "one of a few words",
    ("referrals/views/reports.py", "dwelling"): "fetched in scope",
    ("referrals/views/reports.py", "grid"): "checked by the form's choices",
    ("referrals/views/reports.py", "youth"): "fetched in scope",
    ("registry/views/candidates.py", "division"): "checked by the filter's choices",
    (
        "registry/views/check_requests.py",
        "source",
    ): "a department, the whole city's; its list is cut to the scope",
    ("registry/views/enrolments.py", "page"): "a number",
    ("registry/views/enrolments.py", "step"): "one of two words",
    ("registry/views/handovers.py", "division"): "checked by the filter's choices",
    ("registry/views/move_report.py", "step"): "one of two words",
    ("registry/views/moves.py", "division"): "checked by the filter's choices",
    ("registry/views/readings.py", "?"): "the two cursors: looked for in the reader's own list",
    ("registry/views/requests.py", "step"): "one of two words",
    ("registry/views/requests.py", "youth"): "fetched in scope",
    ("registry/views/seals.py", "page"): "a number",
    ("registry/views/seals.py", "step"): "one of a few words",
    ("registry/views/seals.py", "youth"): "fetched in scope",
    ("registry/views/searches.py", "query"): "read by the list's own filter",
    ("registry/views/visits.py", "youth"): "fetched in scope",
    ("registry/views/youth_file.py", "page"): "a number",
    ("registry/views/youth_file.py", "step"): "one of two words",
}


def read_from_the_request() -> set[tuple[str, str]]:
    """(module, name) of everything that views take from the address or what was sent, by its name."""
    found = set()
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (name := _name_read(node)) is not None:
                    found.add((str(path.relative_to(settings.BASE_DIR)), name))
    return found


def _name_read(node: ast.AST) -> str | None:
    """`x` of `request.GET.get("x")`, `request.POST["x"]`, `params.get("x")`."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("get", "getlist")
    ):
        source, given = node.func.value, node.args[0] if node.args else None
    elif isinstance(node, ast.Subscript):
        source, given = node.value, node.slice
    else:
        return None
    if not (isinstance(source, ast.Attribute) and source.attr in ("GET", "POST")):
        return None
    return str(given.value) if isinstance(given, ast.Constant) else "?"


def test_what_views_read_without_a_form_is_known() -> None:
    assert read_from_the_request() - set(READ_FROM_THE_REQUEST) == set()
