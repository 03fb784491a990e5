"""Who may do what: one table, read by views, templates, admin and the test of every address × every role.

A post (任职) gives a role over a code prefix; an assignment (网格责任) gives the grid worker's permissions over
one grid. What a person may do *somewhere* is `user.may(permission)`; *where* is `user.prefixes(permission)`.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse


class Role(models.TextChoices):
    GRID_WORKER = "grid_worker", "网格员"
    COMMUNITY = "community", "社区（村）书记/儿童主任"
    STREET = "street", "街道团干/儿童督导员"
    DISTRICT = "district", "区县团委"
    CITY = "city", "市团委"
    AGENCY = "agency", "协作单位人员"
    SERVICE_CENTRE = "service_centre", "市民服务中心"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDITOR = "auditor", "审计员"


# The three officers 三员 (等保 8.1.4.2) see no youth at all, and their duties go together with nothing else: the
# database refuses it (Post's constraint, migration 0008).
OFFICERS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)


class Permission(StrEnum):
    SEE_YOUTHS = "see_youths"  # open files in scope, visit, answer handovers, report moves
    ENROL = "enrol"  # verify; open a file, add and end a category that is not private
    KNOW_REASONS = "know_reasons"  # the private categories: know, add and end them
    SEARCH_PEOPLE = "search_people"  # the people-and-housing register 人房
    EXPORT = "export"
    LEAD_CASES = "lead_cases"  # open and lead cases, send referrals
    PROPOSE_CASES = "propose_cases"  # propose one 提出个案; whoever leads cases there decides
    ANSWER_REFERRALS = "answer_referrals"
    LOAD_FEEDS = "load_feeds"
    APPROVE_FEEDS = "approve_feeds"
    APPROVE_GRANTS = "approve_grants"
    SEAL = "seal"  # enter a sealing notice 封存; one of the two who reopen
    RECEIVE_REQUESTS = (
        "receive_requests"  # what people ask about their own data 个人信息请求: take in, follow
    )
    ANSWER_REQUESTS = "answer_requests"  # and answer in writing
    SEE_BOARD = "see_board"  # figures by division 工作台
    MANAGE_PLACES = "manage_places"  # divisions, grids, assignments, categories, sources
    MANAGE_STAFF = "manage_staff"  # users, posts, sessions
    READ_AUDIT = "read_audit"


_P = Permission
_FIELD_WORK = frozenset({_P.SEE_YOUTHS, _P.ENROL, _P.SEARCH_PEOPLE})
_CADRE = _FIELD_WORK | {_P.EXPORT, _P.SEE_BOARD, _P.RECEIVE_REQUESTS, _P.PROPOSE_CASES}
_DISTRICT = _CADRE | {
    _P.KNOW_REASONS,
    _P.LEAD_CASES,
    _P.LOAD_FEEDS,
    _P.APPROVE_GRANTS,
    _P.SEAL,
    _P.ANSWER_REQUESTS,
    _P.MANAGE_PLACES,
}

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.GRID_WORKER: _FIELD_WORK,
    Role.COMMUNITY: _CADRE,
    Role.STREET: _CADRE | {_P.LEAD_CASES},  # KNOW_REASONS only for named persons: Post.knows_reasons
    Role.DISTRICT: _DISTRICT,
    Role.CITY: _DISTRICT | {_P.APPROVE_FEEDS},
    Role.AGENCY: frozenset({_P.ANSWER_REFERRALS}),
    Role.SERVICE_CENTRE: frozenset({_P.SEARCH_PEOPLE}),
    Role.SYSTEM_ADMIN: frozenset({_P.MANAGE_PLACES}),
    Role.SECURITY_ADMIN: frozenset({_P.MANAGE_STAFF}),
    Role.AUDITOR: frozenset({_P.READ_AUDIT}),
}

# The division level that a post of this role must stand on; None: a role without an area.
ROLE_LEVEL: dict[str, str | None] = {
    Role.GRID_WORKER: "community",
    Role.COMMUNITY: "community",
    Role.STREET: "street",
    Role.DISTRICT: "district",
    Role.CITY: "city",
    Role.AGENCY: None,
    Role.SERVICE_CENTRE: "city",
    Role.SYSTEM_ADMIN: None,
    Role.SECURITY_ADMIN: None,
    Role.AUDITOR: None,
}

View = Callable[..., HttpResponse]


def requires(*permissions: Permission) -> Callable[[View], View]:
    """The view is for people who hold one of these permissions somewhere; others get the 403 page.

    Where (the scope) is not decided here but by how the view obtains its objects.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.may(permission) for permission in permissions):  # type: ignore[union-attr]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permissions = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate
