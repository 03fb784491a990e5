"""The table of addresses: which permission each wants, where its object lies, and how it answers who may.

tests/test_addresses.py walks it. Whoever adds an address adds its line here; what it names (a youth, a batch) is made
in `World.object`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils import timezone

from grids.models import Alert, SignIn, User
from grids.permissions import Permission, Role
from referrals.models import Agency, AgencyMember, Case, CaseNeed, Pairing, Referral
from registry.models import (
    Batch,
    Candidate,
    CheckRequest,
    Export,
    FactRank,
    Grant,
    RetentionRun,
    Seal,
    Search,
    Upload,
)
from registry.public_ids import public_id
from tests.factories import (
    HUAQIANG,
    YINHU,
    make_consent,
    make_disclosure,
    make_enrolment,
    make_handover,
    make_need,
    make_report,
    make_request,
    make_user,
    make_youth,
)

HERE, NEXT_DOOR = f"{YINHU}001", f"{HUAQIANG}001"
MISSING = UUID("00000000-0000-4000-8000-000000000000")

P = Permission
SEE, ENROL, EXPORT = (P.SEE_YOUTHS,), (P.ENROL,), (P.EXPORT,)
PEOPLE, LOAD, DESK = (P.SEARCH_PEOPLE,), (P.LOAD_FEEDS,), (P.LOAD_FEEDS, P.APPROVE_FEEDS)
PLACES, STAFF, AUDIT = (P.MANAGE_PLACES,), (P.MANAGE_STAFF,), (P.READ_AUDIT,)
TOLD = (P.EXPORT, P.READ_AUDIT)
SEAL = (P.SEAL,)
LEAD, ANSWER, TOLD_OF = (P.LEAD_CASES,), (P.ANSWER_REFERRALS,), (P.SEE_YOUTHS, P.ANSWER_REFERRALS)
AGENCIES = (P.LEAD_CASES, P.MANAGE_PLACES)
RECEIVE = (P.RECEIVE_REQUESTS,)
PUBLIC: tuple[Permission, ...] = ()
ANYBODY = tuple(Permission)  # whoever is signed in, even without any permission


@dataclass(frozen=True)
class Address:
    """The declared answer of one address.

    `wants`: any of these permissions; `everywhere`: for the whole city. `about`: the object in its path or query, see
    World. `get`: how a GET of somebody who may is answered, 405 where only POST is taken. `post`: whether POST is
    taken, `posted`: how an empty one is answered.
    """

    wants: tuple[Permission, ...]
    about: str = ""
    get: tuple[int, ...] = (200,)
    post: bool = False
    everywhere: bool = False
    posted: tuple[int, ...] = (200, 302, 422)
    query: str = ""
    args: tuple[Any, ...] = field(default=())


def page(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, **more)


def form(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, post=True, **more)


def act(wants: tuple[Permission, ...], about: str = "", **more: Any) -> Address:
    return Address(wants, about, get=(405,), post=True, **more)


ADDRESSES: dict[str, Address] = {
    "healthz": page(PUBLIC),
    "readyz": page(PUBLIC, get=(200, 503)),
    "login": form(PUBLIC, get=(200, 302)),
    "login_code": form(PUBLIC, get=(302,)),
    "login_factor": form(PUBLIC, get=(302,)),
    "logout": act(PUBLIC),
    "home": page(ANYBODY),
    "me": page(ANYBODY),
    "rules_of_processing": page(ANYBODY),
    "requests": page(RECEIVE),
    "request_new": form(RECEIVE),
    "request": page(RECEIVE, "person_request"),
    "request_answer": act((P.ANSWER_REQUESTS,), "person_request", posted=(422,)),
    "request_sheet": page((P.ANSWER_REQUESTS,), "person_request"),
    "password_change": form(ANYBODY),
    "factor": form(ANYBODY, get=(302,)),  # where no second factor is asked for
    "sign_in_end": act(ANYBODY, "sign_in"),
    "sign_ins": form(STAFF),
    "sign_ins_of": page(STAFF, "user"),
    "sign_ins_end": act(STAFF, "user"),
    "factor_reset": act(STAFF, "user"),
    "alerts": page(TOLD_OF),
    "alerts_live": page(TOLD_OF),
    "alerts_read": act(TOLD_OF),
    "alert": page(TOLD_OF, "alert", get=(302,)),
    "alert_done": act(TOLD_OF, "alert"),
    "alerts_parked": act(PLACES),
    "youths": page(SEE),
    "youth_search": form(SEE, get=(302,)),
    "youths_export": page(EXPORT),
    "search_new": form(SEE, get=(302,)),
    "search_delete": act(SEE, "search"),
    "youth_new": form(ENROL),
    "youth": form(SEE, "youth"),
    "youth_history": form(SEE, "youth"),
    "youth_readings": page(SEE, "youth"),
    "youth_consent": form(SEE, "youth"),
    "consent_withdraw": form(SEE, "consent"),
    "youth_disclose": form(SEE, "youth"),
    "disclosures": page(TOLD),
    "disclosure": page(TOLD, "disclosure"),
    "exports": page((P.EXPORT, P.LOAD_FEEDS, P.READ_AUDIT)),
    "export": page(EXPORT, "export"),
    "export_file": page(EXPORT, "export", get=(404,)),  # nothing lies there
    "readings": page(AUDIT),
    "readings_export": page(AUDIT),
    "readings_unusual": page(AUDIT),
    "youth_verify": form(SEE, "youth"),
    "youth_correct": form(SEE, "youth"),
    "youth_grade": form(SEE, "youth"),
    "youth_close": form(ENROL, "youth"),
    "youth_enrol": form(ENROL, "youth"),
    "youth_move": form(SEE, "youth"),
    "enrolments": form(ENROL),
    "enrolment_end": form(ENROL, "enrolment"),
    "moves": page(SEE),
    "handovers": page(SEE),
    "handover": page(SEE, "handover"),
    "reports": page(SEE),
    "report_new": form(SEE, "visit"),
    "report": page(SEE, "report"),
    "report_told": act(SEE, "report"),
    "report_answer": act(SEE, "report"),
    "report_join": act(SEE, "report"),
    "report_case": act((P.PROPOSE_CASES,), "report"),
    "cases": page(SEE),
    "case": page(SEE, "case"),
    "case_new": form((P.PROPOSE_CASES,), "youth"),
    "case_note": act(SEE, "case"),
    "case_accept": act(LEAD, "case"),
    "case_decline": act(LEAD, "case"),
    "case_plan": form(LEAD, "case"),
    "case_close": form(LEAD, "case"),
    "case_reopen": form(LEAD, "case", get=(302,)),  # this one is running
    "referral_new": form(LEAD, "case"),
    "referral_withdraw": form(LEAD, "referral_given"),
    "referrals": page(ANSWER),
    "referral": page(ANSWER, "referral"),
    "referral_accept": act(ANSWER, "referral"),
    "referral_decline": act(ANSWER, "referral"),
    "referral_begin": act(ANSWER, "referral"),
    "referral_report": act(ANSWER, "referral"),
    "referral_note": act(ANSWER, "referral"),
    "pairings": page(SEE),
    "pairing_new": form(LEAD, "visit"),
    "pairing_coverage": page(SEE),
    "pairing": page(SEE, "pairing"),
    "pairing_contact": act(SEE, "pairing"),
    "pairing_plan": form(LEAD, "pairing"),
    "pairing_end": form(LEAD, "pairing"),
    "pairing_resume": act(LEAD, "pairing"),
    "agencies": page(AGENCIES),
    "agency": page(AGENCIES, "agency"),
    "agency_new": form(PLACES),
    "agency_edit": form(PLACES, "agency_managed"),
    "agency_end": act(PLACES, "agency_managed"),
    "agency_member_new": act(PLACES, "agency_managed"),
    "agency_member_end": act(PLACES, "agency_managed", posted=(404,)),  # an empty one names nobody
    "grants": page((P.SEE_YOUTHS, P.READ_AUDIT)),
    "grant_new": form(SEE),
    "grant_new_area": form(SEE),
    "grant_emergency": form(SEE),
    "youth_reason": form(SEE, "youth"),
    "youth_reason_emergency": form(SEE, "youth"),
    "grant": page(SEE, "grant"),
    "grant_approve": act((P.APPROVE_GRANTS,), "grant"),
    "grant_decline": act((P.APPROVE_GRANTS,), "grant"),
    "grant_review": act((P.APPROVE_GRANTS,), "grant"),
    "grant_end": act(SEE, "grant"),
    "grant_find": act(SEE, "grant"),
    "handover_accept": act(SEE, "handover_received"),
    "handover_return": act(SEE, "handover_received"),
    "handover_answer": act(SEE, "handover_out"),
    "handover_again": act(SEE, "handover_given"),
    "visit_new": form(SEE, "visit"),
    "candidates": page(SEE),
    "candidate": page(SEE, "candidate"),
    "candidate_visited": act(ENROL, "candidate_quiet"),
    "candidate_verify": act(ENROL, "candidate"),
    "candidate_set_aside": act(ENROL, "candidate"),
    "residents": page(PEOPLE),
    "residents_search": form(PEOPLE, get=(302,)),
    "resident": page(PEOPLE, "resident"),
    "households": page(PEOPLE),
    "households_search": form(PEOPLE, get=(302,)),
    "dwellings": page(PEOPLE),
    "dwellings_search": form(PEOPLE, get=(302,)),
    "dwelling": page(PEOPLE, "dwelling"),
    "feeds": page(DESK),
    "feed_new": form(LOAD),
    "upload": page(DESK, "upload"),
    "upload_apply": act(LOAD, "upload"),
    "upload_approve": act((P.APPROVE_FEEDS,), "upload"),
    "upload_restart": act(DESK, "upload"),
    "upload_decline": form(DESK, "upload"),
    "upload_errors": page(LOAD, "upload", get=(404,)),  # this one was without a fault: there is no sheet
    "checks": page(LOAD),
    "checks_sheet": act(LOAD, posted=(404,)),  # an empty one names no source
    "check": form(LOAD, "check"),
    "batch": page(DESK, "batch"),
    "batch_undo": form(LOAD, "batch_loaded"),
    "batch_errors": page(LOAD, "batch_loaded", get=(404,)),
    "seals": page(SEAL),
    "seal_new": form(SEAL, get=(302,), posted=(404,)),  # an empty one names no file
    "seal": form(SEAL, "seal"),
    "seal_decide": act(SEAL, "seal"),
    "admin:index": page((*PLACES, *STAFF)),
    "admin:jsi18n": page((*PLACES, *STAFF)),
    "admin:autocomplete": page(
        (*PLACES, *STAFF), query="app_label=grids&model_name=assignment&field_name=user"
    ),
    "admin:app_list": page((*PLACES, *STAFF), args=("grids",)),
    "admin:grids_grid_lead": form(PLACES, "grid"),
}


def managed(model: str, wants: tuple[Permission, ...], about: str, *, everywhere: bool = False) -> None:
    """The addresses that administration has for a model."""
    for name in ("changelist", "add"):
        ADDRESSES[f"admin:{model}_{name}"] = form(wants, everywhere=everywhere)
    for name in ("change", "history"):
        ADDRESSES[f"admin:{model}_{name}"] = form(wants, about, everywhere=everywhere)


managed("grids_grid", PLACES, "grid")
managed("grids_assignment", PLACES, "assignment")
managed("grids_division", PLACES, "division", everywhere=True)
managed("grids_alert", PLACES, "parked", everywhere=True)
managed("registry_consenttext", PLACES, "consent_text", everywhere=True)
managed("registry_category", PLACES, "category", everywhere=True)
managed("registry_source", PLACES, "source", everywhere=True)
managed("registry_factrank", PLACES, "fact_rank", everywhere=True)
managed("registry_batch", PLACES, "batch", everywhere=True)
managed("registry_retentionrun", PLACES, "retention_run", everywhere=True)
managed("grids_user", STAFF, "user", everywhere=True)
managed("grids_post", STAFF, "post", everywhere=True)
# What comes from elsewhere is read, and what is fixed is not added to.
CLOSED = {
    "admin:grids_alert_add", "admin:registry_batch_add", "admin:registry_category_add", "admin:registry_source_add",
    "admin:registry_retentionrun_add",
}  # fmt: skip
READ_ONLY = {
    "admin:grids_alert_change", "admin:registry_batch_change", "admin:registry_retentionrun_change",
    "admin:registry_consenttext_change",
}  # fmt: skip

# --- What is read there

# Whom each page names, as attributes of World: a GET by whoever may leaves one reading with exactly these.
SHOWS: dict[str, tuple[str, ...]] = {
    "home": ("youth", "youth.resident"),  # to 汪珊珊, who walks the grid: an alert and a candidate
    "alerts": ("youth",),
    "alerts_live": ("youth",),
    "youths": ("youth", "gone.youth"),
    "youths_export": ("youth", "gone.youth"),
    "moves": ("youth.resident", "gone.youth.resident"),
    "handovers": ("youth", "gone.youth"),
    "enrolments": ("youth",),
    "candidates": ("youth.resident",),
    "candidate": ("youth.resident",),
    "checks": ("youth",),
    "check": ("youth",),
    "residents": ("youth.resident",),
    "households": ("youth.resident",),
    "dwellings": ("handover.move.from_dwelling", "handover.move.to_dwelling", "gone.move.from_dwelling"),
    "resident": ("youth.resident",),
    "dwelling": ("youth.resident",),
    "requests": ("youth.resident",),
    "request": ("youth.resident",),
    "request_sheet": ("youth.resident",),
    "handover": ("youth",),
    "reports": ("youth",),
    "report": ("youth",),
    "report_new": ("youth",),
    **dict.fromkeys(
        (
            "cases", "case", "case_new", "case_plan", "case_close", "referral_new", "referral_withdraw", "referrals",
            "referral",
        ),
        ("youth",),
    ),
    **dict.fromkeys(("pairings", "pairing_new", "pairing", "pairing_plan", "pairing_end"), ("youth",)),
    "pairing_coverage": ("gone.youth",),  # to whoever looks for those without
    "grants": ("youth",),
    "grant": ("youth",),
    "youth_reason": ("youth",),
    "youth_reason_emergency": ("youth",),
    "consent_withdraw": ("youth",),
    "disclosure": ("youth",),
    "readings_export": (),  # ids alone
    **dict.fromkeys(
        (
            "youth", "youth_history", "youth_readings", "youth_verify", "youth_correct", "youth_grade", "youth_close",
            "youth_enrol", "youth_move", "enrolment_end", "visit_new", "youth_consent", "youth_disclose",
        ),
        ("youth",),
    ),
}  # fmt: skip
# Where nobody is named before something is sent: forms that begin with a number, files by their figures, staff.
NAMELESS = {
    "grant_new", "grant_new_area", "grant_emergency",
    "healthz", "readyz", "login", "login_code", "login_factor", "me", "password_change", "factor", "sign_ins",
    "sign_ins_of", "alert", "youth_search", "search_new", "youth_new", "residents_search", "households_search",
    "dwellings_search", "feeds", "feed_new", "upload", "upload_decline", "upload_errors", "batch", "batch_undo",
    "batch_errors", "readings", "readings_unusual", "seals", "seal_new", "seal", "rules_of_processing", "disclosures",
    "exports", "export", "export_file", "request_new", "case_reopen", "agencies", "agency", "agency_new", "agency_edit",
}  # fmt: skip


CITY = "3402"
OWN = {"alert", "s", "search", "sign_in", "export"}  # what is its owner's alone, whatever the area


# --- What there is


class World:
    """One youth in 汪珊珊's grid who moved to 杨颖's, one who left the city, and what each of the cast owns."""

    def __init__(self) -> None:
        self.youth = make_youth("张小海", grid=HERE)
        self.enrolment = make_enrolment(self.youth, "idle")
        self.handover = make_handover(self.youth, NEXT_DOOR)
        self.gone = make_handover(make_youth("李小山", grid=HERE), None)
        self.batch = Batch.objects.create(
            source_id="police", kind="residences", as_of="2026-11-24", sha256="0", file_name="a.csv", state="applied"
        )  # fmt: skip
        self.retention_run = RetentionRun.objects.create(today="2026-11-24", ended_at=timezone.now())
        self.owner = make_user("owner")
        self.seal = Seal.objects.create(
            area_id=HERE[:6], organ="court", organ_name="芜湖市鸠江区人民法院", notice_number="（2026）12号",
            notice_on="2026-11-20", record="crime", by=self.owner, key="00", envelope=b"0", submission_key=uuid4(),
        )  # fmt: skip
        self.person_request = make_request(self.youth.resident, by=self.owner)
        self.parked = self.alert(self.owner, parked_at=timezone.now())
        # Asked by a deputy of that grid, decided by the managers of its district.
        self.grant = Grant.objects.create(
            holder=make_user("asker", deputises=[HERE]), what="reason", youth=self.youth, code=HERE[:6], days=3,
            reason="家长会要联系监护人", submission_key=uuid4(),
        )  # fmt: skip
        self.candidate = self.suggest("street", is_quiet=False)
        self.quiet_candidate = self.suggest("custody_child", is_quiet=True)
        self.upload = Upload.objects.create(
            source_id="police", kind="residences", mode="delta", as_of="2026-11-24", file_name="a.csv", size=1,
            loaded_by=self.owner, state="declined", submission_key=uuid4(), file_gone=True,
        )  # fmt: skip
        self.check = CheckRequest.objects.create(
            youth=self.youth, source_id="education", field="school", says="在学", found="辍学", by=self.owner,
            due_on="2026-12-24",
        )  # fmt: skip
        self.report = make_report(self.youth, by=self.owner)
        self._ask_for_help()
        self.pairing = Pairing.objects.create(
            youth=self.youth, consent=make_consent(self.youth, "pairing"), kind="person", mentor="李明", phone="1",
            plan="每月看望", next_due_on=timezone.localdate(), by=self.owner,
        )  # fmt: skip
        self.consent = make_consent(self.youth)
        self.disclosure = make_disclosure(self.youth)

    def _ask_for_help(self) -> None:
        """A case that somebody leads, and a referral to the agency of 李志远, whom nobody of it has answered."""
        self.agency = Agency.objects.create(
            name="鸠江区法律援助工作站", kind="legal_aid", area_id=HERE[:6], helps=["legal_aid"]
        )
        self.helper = make_user("helper", "律师", posts=[(Role.AGENCY, None)])
        for person in User.objects.filter(username__in=["helper", "lizhiyuan"]):
            AgencyMember.objects.create(agency=self.agency, user=person, approved_by=self.owner)
        self.case = Case.objects.create(
            youth=self.youth, title="赔偿没人办", because="赔偿没人办", owner=self.owner, opened_by=self.owner,
            due_on=timezone.localdate(),
        )  # fmt: skip
        CaseNeed.objects.create(case=self.case, need=make_need(self.youth, "law"))
        self.referral = Referral.objects.create(
            case=self.case, agency=self.agency, help="legal_aid", asked="请办理赔偿", fields=["name"],
            given='{"name": "张小海"}', basis="duty", duty="other", clause="未成年人保护法第一百零四条",
            disclosure_id=uuid4(), sent_by=self.owner, answer_by=timezone.now(), due_on=timezone.localdate(),
        )  # fmt: skip

    @staticmethod
    def alert(user: User, **fields: Any) -> Alert:
        values = {
            "event_key": f"test:{uuid4()}",
            "kind": "family_moved",
            "text": "家人迁移",
            "wants_act": False,
            **fields,
        }
        return Alert.objects.create(addressee=user, **values)

    @staticmethod
    def export(user: User) -> Export:
        """A long one whose day is over."""
        return Export.objects.create(
            by=user, kind="youths", ordinal=Export.objects.visible_to(user).filter(by=user).count() + 1,
            mark=uuid4().bytes[:8], state="gone", ends_at=timezone.now(),
        )  # fmt: skip

    @staticmethod
    def sign_in(user: User) -> SignIn:
        """One that is over: ending it again changes nothing."""
        return SignIn.objects.create(
            user=user, session_key=uuid4().hex, device="desk", browser="Chrome", idle_seconds=900,
            ended_at=timezone.now(), end="signed_out",
        )  # fmt: skip

    def suggest(self, category: str, *, is_quiet: bool) -> Candidate:
        return Candidate.objects.create(
            resident=self.youth.resident, category_id=category, grid_id=HERE, is_quiet=is_quiet, since_on="2026-05-01",
            reason="辍学", clause="统计口径", fingerprint=category,
        )  # fmt: skip

    def address(self, name: str, user: User | None) -> tuple[str, bool]:
        """(address, whether its object lies in the area of this person)."""
        address = ADDRESSES[name]
        if not address.about:
            return _url(name, address.args, address.query), True
        key, codes = self.object(address.about, user or self.owner)
        within = codes is None or user is None or any(user.may_in(w, c) for w in address.wants for c in codes)
        return self.url(name, key), within

    def url(self, name: str, key: Any, about: str = "") -> str:
        about = about or ADDRESSES[name].about
        in_query = {"s": "s", "visit": "youth"}.get(about)
        return _url(name, (), f"{in_query}={key}") if in_query else _url(name, (key,), "")

    @staticmethod
    def missing(about: str, key: Any) -> Any:
        """A key of the same form that nothing has."""
        if about in ("resident", "dwelling"):
            return public_id(about, 2**40)
        return MISSING if isinstance(key, UUID) else "9" * len(str(key))

    def object(self, about: str, user: User) -> tuple[Any, list[str] | None]:
        """The object's key, and the codes it lies under; None: this person's own, or for whoever has the permission."""
        given: dict[str, Callable[[], tuple[Any, list[str] | None]]] = {
            "youth": lambda: (self.youth.pk, [HERE]),
            "visit": lambda: (self.youth.pk, [HERE]),
            "enrolment": lambda: (self.enrolment.pk, [HERE]),
            "handover": lambda: (self.handover.pk, [HERE, NEXT_DOOR]),
            "handover_received": lambda: (self.handover.pk, [NEXT_DOOR]),
            "handover_given": lambda: (self.handover.pk, [HERE]),
            "handover_out": lambda: (self.gone.pk, [HERE]),
            "grant": lambda: (self.grant.pk, None if user.may_in(P.APPROVE_GRANTS, HERE) else ["-"]),
            "alert": lambda: (self.alert(user).pk, None),
            "s": lambda: (Search.objects.create(owner=user, q="小海").pk, None),
            "search": lambda: (Search.objects.create(owner=user, name=uuid4().hex).pk, None),
            "sign_in": lambda: (self.sign_in(user).pk, None),
            "grid": lambda: (HERE, [HERE]),
            "assignment": lambda: (User.objects.get(username="wangshanshan").assignments.get().pk, [HERE]),
            "division": lambda: (YINHU, None),
            "parked": lambda: (self.parked.pk, None),
            "category": lambda: ("idle", None),
            "fact_rank": lambda: (FactRank.objects.order_by("pk")[0].pk, None),
            "source": lambda: ("police", None),
            "batch": lambda: (self.batch.pk, None),
            "retention_run": lambda: (self.retention_run.pk, None),
            "person_request": lambda: (self.person_request.pk, [HERE]),
            "batch_loaded": lambda: (self.batch.pk, [CITY]),
            "upload": lambda: (self.upload.pk, [CITY]),
            "candidate": lambda: (self.candidate.pk, [HERE]),
            "candidate_quiet": lambda: (self.quiet_candidate.pk, [HERE]),
            "check": lambda: (self.check.pk, [HERE]),
            "seal": lambda: (self.seal.pk, [HERE[:6]]),
            "export": lambda: (self.export(user).pk, None),
            "report": lambda: (self.report.pk, [HERE]),
            "case": lambda: (self.case.pk, [HERE]),
            "pairing": lambda: (self.pairing.pk, [HERE]),
            "referral": lambda: (self.referral.pk, None),
            "referral_given": lambda: (self.referral.pk, [HERE]),
            "agency": lambda: (self.agency.pk, [HERE[:9]]),  # the street in its area knows it too
            "agency_managed": lambda: (self.agency.pk, [HERE[:6]]),
            "consent_text": lambda: (self.consent.text_id, None),
            "consent": lambda: (self.consent.pk, [HERE]),
            "disclosure": lambda: (self.disclosure.pk, None if user.may(P.READ_AUDIT) else [HERE]),
            "resident": lambda: (public_id("resident", self.youth.resident_id), [NEXT_DOOR]),
            "dwelling": lambda: (public_id("dwelling", self.handover.move.to_dwelling_id or 0), [NEXT_DOOR]),
            "user": lambda: (self.owner.pk, None),
            "post": lambda: (User.objects.get(username="wanli").posts.get().pk, None),
        }
        key, codes = given[about]()
        if (
            codes
            and about in ("grid", "assignment", "agency", "agency_managed")
            and user.may(P.MANAGE_PLACES)
            and everywhere(user)
        ):
            codes = None
        return key, codes


def _url(name: str, args: tuple[Any, ...], query: str) -> str:
    return reverse(name, args=args) + (f"?{query}" if query else "")


def everywhere(user: User) -> bool:
    """Whether the person is one of those who manage the whole city: its cadre and the officers."""
    return any(
        post.role in (Role.CITY, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN) for post in user.current_posts
    )
