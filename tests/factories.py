"""What tests make: places, staff, people and files, all invented, all valid.

Factories say how a row looks by default; the `make_…` functions below tell what happens to people in the words of
the domain, with every row they need around them (a youth has a home, a grid and list columns that are true).
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence
from factory.django import DjangoModelFactory

from grids.models import Assignment, Division, Grid, Post, User
from grids.permissions import Role
from referrals.models import Report
from registry import presence, register_row
from registry.codes import MoveKind, Sex
from registry.id_numbers import check_character
from registry.models import (
    Candidate,
    Category,
    Consent,
    ConsentText,
    DisclosedPerson,
    Disclosure,
    Dwelling,
    Enrolment,
    Fact,
    Guardianship,
    Handover,
    Household,
    Move,
    Need,
    PersonRequest,
    Residence,
    Resident,
    Visit,
    Youth,
)
from registry.models.residents import id_number_index
from registry.names import pinyin_of
from registry.requests import area_of

HUAQIANG = "340207004006"  # 华强社区, in 湾里街道, 鸠江区
YINHU = "340207004003"  # 银湖社区, its neighbour
PINGPU = "340212103202"  # 平铺村, in 平铺镇, 繁昌区
PASSWORD = "Clear-river-42"
LONG_AGO = date(2020, 1, 1)
GENERATED = "generated"

_serial = count(1)


def years_ago(years: int, *, days: int = 0) -> date:
    """The day so many years and days before today: the birth date of somebody who turned that age then."""
    today = timezone.localdate()
    day = min(today.day, 28) if today.month == 2 else today.day
    return date(today.year - years, today.month, day) - timedelta(days=days)


def id_number(
    birth_on: date, *, sex: str = Sex.MALE, region: str = "340207", serial: int | None = None
) -> str:
    """A valid number that belongs to nobody: region, birth date, serial (odd for men), check character."""
    number = (next(_serial) if serial is None else serial) % 499
    tail = number * 2 + (1 if sex == Sex.MALE else 0)
    head = f"{region}{birth_on:%Y%m%d}{tail:03d}"
    return head + check_character(head)


# --- Places


def make_grid(code: str = f"{HUAQIANG}001", name: str = "", **fields: Any) -> Grid:
    """The grid of this code in the real division tree; made when it is not there yet."""
    name = name or f"第{int(code[12:])}网格"
    return Grid.objects.get_or_create(
        code=code, defaults={"name": name, "community_id": code[:12], **fields}
    )[0]


def make_division(code: str, name: str, level: str) -> Division:
    parents = {"district": code[:4], "street": code[:6], "community": code[:9]}
    return Division.objects.create(code=code, name=name, level=level, parent_id=parents.get(level))


class DwellingFactory(DjangoModelFactory[Dwelling]):
    class Meta:
        model = Dwelling

    grid = LazyFunction(make_grid)
    code = Sequence(lambda n: f"F{n:08d}")
    estate = "翠竹园"
    building = "3栋"
    unit = "2单元"
    room = Sequence(lambda n: f"{n % 18 + 1}0{n % 4 + 1}")
    address = LazyAttribute(lambda d: f"芜湖市{d.estate}{d.building}{d.unit}{d.room}室")


def make_dwelling(grid: Grid | str | None = None, **fields: Any) -> Dwelling:
    if isinstance(grid, str):
        grid = make_grid(grid)
    return DwellingFactory.create(**({"grid": grid} if grid else {}), **fields)


# --- Staff


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = Sequence(lambda n: f"user{n}")
    name = Sequence(lambda n: f"工作人员{n}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(*args, **kwargs)


def give_post(user: User, role: str, division: str | None = None, **fields: Any) -> Post:
    """A post of this person from long ago, over the division with this code (None: a role without an area)."""
    fields.setdefault("starts_on", LONG_AGO)
    return Post.objects.create(user=user, role=role, division_id=division, **fields)


def assign(user: User, grid: Grid | str, kind: str = Assignment.Kind.LEAD, **fields: Any) -> Assignment:
    """The person answers for the grid since long ago."""
    fields.setdefault("starts_on", LONG_AGO)
    grid = make_grid(grid) if isinstance(grid, str) else grid
    return Assignment.objects.create(user=user, grid=grid, kind=kind, **fields)


def fresh(user: User) -> User:
    """The person as the next request finds him or her: nothing remembered of earlier posts."""
    return User.objects.get(pk=user.pk)


def make_user(
    username: str = "",
    name: str = "",
    *,
    posts: Iterable[tuple[str, str | None]] = (),
    leads: Iterable[str] = (),
    deputises: Iterable[str] = (),
    is_lead: bool = False,
    **fields: Any,
) -> User:
    """A staff member with posts [(role, division code)] and grids to lead or help in.

    `is_lead`: the posts make the person the lead 负责人 of their divisions.
    """
    given = {"username": username, "name": name}
    user: User = UserFactory.create(**{key: value for key, value in given.items() if value}, **fields)
    for role, division in posts:
        give_post(user, role, division, is_lead=is_lead)
    for code in leads:
        assign(user, code)
    for code in deputises:
        assign(user, code, Assignment.Kind.DEPUTY)
    return user


def make_worker(grid: str, name: str = "", **fields: Any) -> User:
    """A grid worker 网格员 who answers for this grid."""
    return make_user(name=name, posts=[(Role.GRID_WORKER, grid[:12])], leads=[grid], **fields)


# --- People


class ResidentFactory(DjangoModelFactory[Resident]):
    class Meta:
        model = Resident

    name = "张小海"
    birth_on = LazyFunction(lambda: years_ago(12, days=40))
    sex = Sex.MALE
    hukou_code = PINGPU
    hukou_is_rural = True
    pinyin = LazyAttribute(lambda r: pinyin_of(r.name)[0])
    initials = LazyAttribute(lambda r: pinyin_of(r.name)[1])


def make_household(number: str = "", **fields: Any) -> Household:
    return Household.objects.create(number=number or f"H{next(_serial):010d}", **fields)


def make_resident(
    name: str = "张小海",
    birth_on: date | None = None,
    *,
    dwelling: Dwelling | None = None,
    id_number: str | None = GENERATED,
    age: int | None = None,
    since: date | None = None,
    **fields: Any,
) -> Resident:
    """Somebody who lives in `dwelling` (None: nowhere in the city) since `since`.

    `id_number=None`: a person without one 无户籍, known by a generated person number.
    """
    if age is not None:
        birth_on = years_ago(age, days=40)
    if birth_on is not None:
        fields["birth_on"] = birth_on
    if id_number is None:
        fields.setdefault("person_number", f"R{next(_serial):010d}")
    else:
        born = fields.setdefault("birth_on", years_ago(12, days=40))
        number = _number(born, sex=fields.get("sex", Sex.MALE)) if id_number == GENERATED else id_number
        fields.update(id_number=number, id_number_index=id_number_index(number))
    resident: Resident = ResidentFactory.create(name=name, **fields)
    if dwelling is not None:
        make_residence(resident, dwelling, starts_on=since)
    return resident


_number = id_number


def number_of(person: Resident | Youth) -> str:
    """The ID number of somebody who has one."""
    resident = person.resident if isinstance(person, Youth) else person
    assert resident.id_number
    return resident.id_number


def make_residence(
    resident: Resident, dwelling: Dwelling, *, starts_on: date | None = None, **fields: Any
) -> Residence:
    """Somebody lives here since `starts_on` (by default since birth, or long ago)."""
    starts_on = starts_on or max(resident.birth_on, LONG_AGO)
    made = Residence.objects.create(resident=resident, dwelling=dwelling, starts_on=starts_on, **fields)
    presence.follow_residents([resident.pk])
    return made


def make_guardianship(
    resident: Resident,
    guardian: Resident | str = "张大海",
    *,
    relation: str = "51",
    status: str = "at_home",
    **fields: Any,
) -> Guardianship:
    """Who looks after the resident; a guardian who does not live here is a name only."""
    known = guardian if isinstance(guardian, Resident) else None
    name = known.name if known else str(guardian)
    fields.setdefault("starts_on", resident.birth_on)
    made = Guardianship.objects.create(
        resident=resident, guardian=known, guardian_name=name, relation=relation, status=status, **fields
    )
    _refresh_of(resident)
    return made


def make_fact(resident: Resident, kind: str, *, starts_on: date | None = None, **fields: Any) -> Fact:
    fact = Fact.objects.create(resident=resident, kind=kind, starts_on=starts_on or years_ago(1), **fields)
    _refresh_of(resident)
    return fact


# --- Files


def make_youth(
    name: str = "张小海",
    birth_on: date | None = None,
    *,
    grid: Grid | str | None = None,
    dwelling: Dwelling | None = None,
    resident: Resident | None = None,
    age: int | None = None,
    categories: Iterable[str] = (),
    resident_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Youth:
    """An open file in `grid` (by default the grid of the home), with open enrolments in `categories` (codes).

    Whoever is not given a home gets one in the grid. Other fields (grade, next_due_on, …) are those of Youth.
    """
    if isinstance(grid, str):
        grid = make_grid(grid)
    if resident is None:
        dwelling = dwelling or make_dwelling(grid)
        resident = make_resident(name, birth_on, dwelling=dwelling, age=age, **resident_fields or {})
    if grid is None:
        grid = dwelling.grid if dwelling else _home_grid(resident)
    categories = list(categories)
    fields.setdefault("opened_on", timezone.localdate() - timedelta(days=100))
    fields.setdefault("opened_reason", "" if categories else "孤儿")
    closing = {name: fields.pop(name) for name in ("state", "closed_on", "closed_reason") if name in fields}
    due_on = fields.pop("next_due_on", None)
    fields["next_due_on"] = due_on or timezone.localdate() + timedelta(days=10)
    youth = Youth.objects.create(
        resident=resident,
        grid=grid,
        name=resident.name,
        pinyin=resident.pinyin,
        initials=resident.initials,
        sex=resident.sex,
        birth_on=resident.birth_on,
        **fields,
    )
    for category in categories:
        make_enrolment(youth, category)
    if closing.get("state") == Youth.State.CLOSED:
        closed(
            youth, closing.get("closed_on"), closing.get("closed_reason", "已满 26 周岁"), next_due_on=due_on
        )
    refreshed(youth)
    return youth


def closed(youth: Youth, on: date | None = None, reason: str = "已满 26 周岁", **fields: Any) -> Youth:
    """Close the file as of a day, by default today. What it is to hold has to be there before: it is only read now."""
    on = on or timezone.localdate()
    youth.enrolments.open().update(ends_on=on, end_reason=f"结档：{reason}")
    values = {"state": Youth.State.CLOSED, "closed_on": on, "closed_reason": reason, **fields}
    Youth.objects.everyone(because="test").filter(pk=youth.pk).update(**values)
    return refreshed(youth)


def _home_grid(resident: Resident) -> Grid:
    residence = resident.residences.current().select_related("dwelling__grid").first()
    return residence.dwelling.grid if residence else make_grid()


def refreshed(youth: Youth) -> Youth:
    """Bring the list columns up to date, in the table and in hand."""
    register_row.refresh([youth.pk])
    youth.refresh_from_db()
    return youth


def _refresh_of(resident: Resident) -> None:
    youths = Youth.objects.everyone(because="test").filter(resident=resident)
    register_row.refresh(youths.values_list("pk", flat=True))


def make_enrolment(youth: Youth, category: Category | str = "left_behind", **fields: Any) -> Enrolment:
    """An enrolment since 60 days, on a worker's word; give ends_on and end_reason for one that is over."""
    if isinstance(category, str):
        category = Category.objects.get(pk=category)
    values = {
        "starts_on": timezone.localdate() - timedelta(days=60),
        "evidence": "入户走访核实",
        "clause": category.clause,
        "review_on": timezone.localdate() + timedelta(days=30 * category.review_months - 60),
        **fields,
    }
    if "verified_by" not in values:
        values["verified_by"] = make_user(name="核实人")
    enrolment = Enrolment.objects.create(youth=youth, category=category, **values)
    refreshed(youth)
    return enrolment


def make_visit(
    youth: Youth, *, by: User | None = None, visited_on: date | None = None, **fields: Any
) -> Visit:
    visited_on = visited_on or timezone.localdate() - timedelta(days=20)
    values = {
        "method": "home",
        "met": "youth",
        "found": "家中整洁，奶奶照看。",
        "confirmed": ["address"],
        "next_due_on": visited_on + timedelta(days=30),
        **fields,
    }
    return Visit.objects.create(youth=youth, by=by or make_user(), visited_on=visited_on, **values)


def make_need(youth: Youth, kind: str = "school", **fields: Any) -> Need:
    need = Need.objects.create(youth=youth, kind=kind, **fields)
    refreshed(youth)
    return need


def make_consent(youth: Youth, purpose: str = "sharing", *, by: User | None = None, **fields: Any) -> Consent:
    """A standing consent since ten days: the guardian's under 14, else the person's own."""
    text = ConsentText.objects.filter(purpose=purpose).latest("version")
    values = {"means": "signed", "agreed_on": timezone.localdate() - timedelta(days=10), **fields}
    fourteen = youth.birth_on.replace(year=youth.birth_on.year + 14)
    if values["agreed_on"] < fourteen and "giver" not in values:
        values = {
            "giver": "guardian", "guardian_name": "张大海", "relation": "51", "ends_on": fourteen, **values,
        }  # fmt: skip
    values.setdefault("giver", "self")
    return Consent.objects.create(
        youth=youth, purpose=purpose, text=text, by=by or make_user(name="登记人"), **values
    )


def make_disclosure(youth: Youth, *, by: User | None = None, **fields: Any) -> Disclosure:
    """Something given about the youth five days ago, by duty; to a legal aid centre."""
    by = by or make_user(name="提供人")
    given_on = timezone.localdate() - timedelta(days=5)
    values = {
        "given_on": given_on, "receiver": "芜湖市法律援助中心", "receiver_kind": "agency", "fields": ["name", "phone"],
        "why": "办理法律援助", "means": "letter", "basis": "duty", "duty": "relief",
        "until": given_on + timedelta(days=60), "by": by, "post": by.label, **fields,
    }  # fmt: skip
    disclosure = Disclosure.objects.create(**values)
    DisclosedPerson.objects.create(disclosure=disclosure, youth=youth)
    return disclosure


def make_request(
    resident: Resident, kind: str = "see", *, by: User | None = None, **fields: Any
) -> PersonRequest:
    """An open request by the mother, received three days ago where the file, or the home, is."""
    values = {
        "grid_id": area_of(resident), "capacity": "guardian", "asker_name": "李秀英", "identity": "guardianship",
        "wants": "想看看登记了什么", "received_on": timezone.localdate() - timedelta(days=3),
        "due_on": timezone.localdate() + timedelta(days=12), **fields,
    }  # fmt: skip
    return PersonRequest.objects.create(
        resident=resident, kind=kind, received_by=by or make_user(name="受理人"), **values
    )


def make_report(youth: Youth | None = None, *, by: User | None = None, **fields: Any) -> Report:
    """A report of the youth (or of a dwelling, or a place in a grid), made an hour ago, due in three days."""
    values: dict[str, Any] = {"about": "youth", "youth": youth, "grid_id": youth.grid_id if youth else ""}
    if "dwelling" in fields:
        values = {"about": "household", "grid_id": fields["dwelling"].grid_id}
    elif "place" in fields:
        values = {"about": "place"}
    values |= {
        "kind": "care", "found": "奶奶住院，家里没有大人。", "level": "community",
        "found_at": timezone.now() - timedelta(hours=1), "due_at": timezone.now() + timedelta(hours=71), **fields,
    }  # fmt: skip
    if values.get("danger"):
        values["urgent"] = True
    values.setdefault("rank", 0 if values.get("danger") else 1 if values.get("urgent") else 2)
    return Report.objects.create(found_by=by or make_user(name="上报人"), **values)


def make_move(
    youth: Youth,
    to: Dwelling | None,
    *,
    moved_on: date | None = None,
    destination_code: str = "",
    **fields: Any,
) -> Move:
    """The youth lives in `to` from `moved_on` (default yesterday; None: left the city). No handover follows."""
    moved_on = moved_on or timezone.localdate() - timedelta(days=1)
    resident = youth.resident
    old = resident.residences.current().select_related("dwelling").first()
    if old:
        old.ends_on = moved_on
        old.save(update_fields=["ends_on"])
    if to:
        make_residence(resident, to, starts_on=moved_on)
    presence.follow_residents([resident.pk])
    kind = MoveKind.OUT if to is None else MoveKind.WITHIN if old else MoveKind.IN
    from_dwelling = old.dwelling if old else None
    move = Move.objects.create(
        resident=resident,
        kind=kind,
        from_dwelling=from_dwelling,
        to_dwelling=to,
        from_grid_id=from_dwelling.grid_id if from_dwelling else None,
        to_grid_id=to.grid_id if to else None,
        destination_code=destination_code,
        moved_on=moved_on,
        **fields,
    )
    refreshed(youth)
    return move


def make_handover(
    youth: Youth, to: Dwelling | Grid | str | None, *, due_at: datetime | None = None, **fields: Any
) -> Handover:
    """An offered handover of the youth after a move to `to` (a dwelling, or a grid; None: out of the city)."""
    dwelling = to if isinstance(to, Dwelling) or to is None else make_dwelling(to)
    move = make_move(youth, dwelling, destination_code="" if dwelling else "310115")
    return Handover.objects.create(
        youth=youth,
        move=move,
        from_grid_id=youth.grid_id,
        to_grid_id=dwelling.grid_id if dwelling else None,
        destination_code=move.destination_code,
        due_at=due_at or timezone.now() + timedelta(hours=72),
        **fields,
    )


def make_candidate(
    resident: Resident | None = None, topic: str = "left_behind", *, grid: str = "", **fields: Any
) -> Candidate:
    """An open candidate of somebody who lives in `grid`, as the rules would have written it; quiet where they are."""
    if resident is None:
        resident = make_resident("陈雨桐", age=11, sex="2", dwelling=make_dwelling(grid or None))
    home = resident.residences.current().select_related("dwelling").get()
    category = Category.objects.filter(code=topic).first()
    values: dict[str, Any] = {
        "category": category,
        "help_kind": "" if category else topic,
        "grid_id": grid or home.dwelling.grid_id,
        "is_quiet": category.is_private if category else True,
        "since_on": years_ago(1),
        "reason": REASONS.get(topic, "自去年起"),
        "clause": category.clause if category else "民发〔2019〕62号",
        "fingerprint": f"{next(_serial):064d}",
        **fields,
    }
    return Candidate.objects.create(resident=resident, **values)


REASONS = {
    "left_behind": "父亲自去年起在江苏省昆山市务工，母亲自去年起在江苏省昆山市务工，随祖母居住",
    "custody_child": "父亲服刑自 2026-03-01，随祖母居住",
    "moving_child": "户籍在庐江县，自去年起随家人住在这里",
    "unattended_in_fact": "父亲服刑自 2026-03-01，母亲失联自 2025-01-01，随祖母居住",
    "idle": "自去年起不在学、未就业",
}
