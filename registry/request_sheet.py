"""The sheet 个人信息清单 for a request to see or copy: what is held about one person, in plain Chinese.

Decided here, by 个人信息保护法 44–45 (one's own data) with 18, 28 and 35, and 未成年人保护法 art. 11:

- It is the person's own data. Of others it names the guardians, and nothing else: not where a guardian is, not who of
  the household lives where, not which worker wrote what, not who reported anything.
- A category that rests on somebody else's situation (`custody_child`: a parent's 服刑, which is 特定身份 data of the
  parent) is left out whole, for child and other parent alike: the file then says 关爱对象. One that rests on the
  person's own conduct is the person's own and stands there; only those print the sheet who know it anyway.
- Facts about a parent in custody are never on anybody's own file, so not here either.
- Whom something was given to is told, but for organs of justice that asked by law and for reports to protect a child.
- Free text (visits, reasons) may hold other people's words: the answering person chooses, piece by piece, after
  reading. Nothing is added by itself.
- What is sealed lies in none of the tables read here, and nothing is said of there being any.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .codes import FactKind, Relation, label_of
from .models import Duty, Enrolment, Resident, Visit, Youth
from .person import county_names
from .reasons import CARE
from .retention_policy import term

# Categories that speak of another person than the young one.
ABOUT_ANOTHER = frozenset({"custody_child"})
_NEVER_ON_OWN_FILE = (FactKind.IN_PRISON, FactKind.IN_DETOX, FactKind.DETAINED)
_NOT_TOLD = (Duty.INQUIRY, Duty.REPORT)


@dataclass(frozen=True)
class Text:
    """A piece of free text that may be added, by its key in the form."""

    key: str
    title: str
    text: str


@dataclass
class Part:
    """A heading with facts (label, value), or with a table."""

    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    @property
    def table(self) -> list[list[tuple[str, str]]]:
        """The rows, each cell with its column, which a phone shows beside it."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


def parts_of(resident: Resident) -> list[Part]:
    """What the sheet says of somebody, without free text. The resident was obtained in scope."""
    youth: Youth | None = getattr(resident, "youth", None)
    parts = [_person(resident), _homes(resident), _guardians(resident), _facts(resident)]
    if youth is not None:
        parts += [
            _file(youth),
            _categories(youth),
            _needs(youth),
            _visits(youth),
            _given(youth),
            _consents(youth),
        ]
    else:
        parts.append(Part("青少年档案", note="没有建立档案。"))
    return [part for part in parts if part.facts or part.rows or part.note]


def texts_of(resident: Resident) -> list[Text]:
    """The free text of the person's file, for the answering person to read and choose from.

    Nothing of a category: what is written there tells why, and for one of another person's whose. Own words about it
    belong into the written answer.
    """
    youth: Youth | None = getattr(resident, "youth", None)
    if youth is None:
        return []
    found = [
        Text("opened", "建档原因", youth.opened_reason or ""),
        Text("grade", "定级原因", youth.grade_reason or ""),
        Text("closed", "结档原因", youth.closed_reason or ""),
    ]
    for visit in youth.visits.all():
        found.append(Text(f"visit-{visit.pk}", f"{visit.visited_on} 走访情况", visit.found or ""))
        found.append(Text(f"corrected-{visit.pk}", f"{visit.visited_on} 需更正", visit.corrected or ""))
    found += [
        Text(f"need-{need.pk}", f"{need.get_kind_display()}的结果", need.outcome or "")
        for need in youth.open_and_closed_needs.exclude(closed_on=None)
    ]
    return [text for text in found if text.text]


def _period(starts_on: date, ends_on: date | None) -> str:
    return f"{starts_on} 至 {ends_on}" if ends_on else f"{starts_on} 起"


def _person(resident: Resident) -> Part:
    hukou = (
        county_names({resident.hukou_code[:6]}).get(resident.hukou_code[:6], "")
        if resident.hukou_code
        else ""
    )
    rural = {True: "农村", False: "非农村", None: "不详"}[resident.hukou_is_rural]
    household = resident.household
    facts = [
        ("姓名", resident.name),
        ("性别", str(resident.get_sex_display())),
        ("出生日期", resident.birth_on.isoformat()),
        ("证件号码", resident.id_number or "没有登记"),
        ("人员编号", resident.person_number or ""),
        ("联系方式", resident.phone or "没有登记"),
        ("户籍地", f"{hukou or '不详'}（{rural}）"),
        ("户号", household.number if household else ""),
        ("与户主关系", label_of(Relation, resident.relation) if resident.relation else ""),
        (
            "由谁提供",
            str(resident.batch.source.department or resident.batch.source) if resident.batch else "",
        ),
    ]
    return Part("基本情况", [(label, value) for label, value in facts if value])


def _homes(resident: Resident) -> Part:
    rows = [
        [str(home.dwelling.address), _period(home.starts_on, home.ends_on), _source(home)]
        for home in resident.residences.select_related("dwelling", "source").order_by("-starts_on")
    ]
    return Part("住处", columns=["地址", "时间", "由谁提供"], rows=rows)


def _source(row: Any) -> str:
    return str(row.source) if row.source else "工作人员走访"


def _guardians(resident: Resident) -> Part:
    """Name and kinship; whether at home, ill, away or elsewhere is the guardian's own."""
    rows = [
        [each.guardian_name, label_of(Relation, each.relation), _period(each.starts_on, each.ends_on)]
        for each in resident.guardianships.order_by("starts_on", "id")
    ]
    return Part("监护人", columns=["姓名", "与本人关系", "时间"], rows=rows)


def _facts(resident: Resident) -> Part:
    found = resident.facts.exclude(kind__in=_NEVER_ON_OWN_FILE).select_related("source")
    rows = [
        [str(fact.get_kind_display()), fact.unit or "—", _period(fact.starts_on, fact.ends_on), _source(fact)]
        for fact in found.order_by("-starts_on", "-id")
    ]
    return Part("上学、工作和救助等情况", columns=["情况", "单位", "时间", "由谁提供"], rows=rows)


def _file(youth: Youth) -> Part:
    facts = [
        ("建档日期", youth.opened_on.isoformat()),
        ("状态", str(youth.get_state_display()) + (f"（{youth.closed_on}）" if youth.closed_on else "")),
        ("责任网格", f"{youth.grid.community} {youth.grid}"),
        ("关注等级", youth.grade),
        ("最近核实", youth.last_verified_on.isoformat() if youth.last_verified_on else "还没有"),
    ]
    return Part("青少年档案", facts, note=f"保存：{term('file').text}，然后匿名化。")


def _categories(youth: Youth) -> Part:
    own = [each for each in _enrolments(youth) if each.category_id not in ABOUT_ANOTHER]
    if not own:
        return Part("类别", note=CARE)
    rows = [[each.category.name, _period(each.starts_on, each.ends_on), each.clause] for each in own]
    return Part("类别", columns=["类别", "时间", "依据的规定"], rows=rows)


def _enrolments(youth: Youth) -> list[Enrolment]:
    return list(youth.enrolments.select_related("category").order_by("starts_on", "id"))


def _needs(youth: Youth) -> Part:
    rows = [
        [str(need.get_kind_display()), _period(need.opened_on, need.closed_on)]
        for need in youth.open_and_closed_needs.order_by("opened_on", "id")
    ]
    return Part("需求", columns=["需要什么", "时间"], rows=rows)


def _visits(youth: Youth) -> Part:
    visits: list[Visit] = list(youth.visits.all())
    rows = [
        [
            visit.visited_on.isoformat(),
            str(visit.get_method_display()),
            str(visit.get_met_display()),
            visit.confirmed_words or "—",
        ]
        for visit in visits
    ]
    return Part("走访", columns=["日期", "方式", "见到谁", "核对了什么"], rows=rows)


def _given(youth: Youth) -> Part:
    given = youth.disclosures.exclude(disclosure__duty__in=_NOT_TOLD).select_related("disclosure")
    rows = [
        [
            each.disclosure.receiver,
            each.disclosure.given_on.isoformat(),
            each.disclosure.fields_words,
            each.disclosure.basis_words,
        ]
        for each in given.order_by("disclosure__given_on", "pk")
    ]
    return Part("提供给谁", columns=["单位", "日期", "内容", "依据"], rows=rows)


def _consents(youth: Youth) -> Part:
    rows = [
        [
            str(each.get_purpose_display()),
            each.get_giver_display(),
            each.agreed_on.isoformat(),
            each.withdrawn_on.isoformat() if each.withdrawn_on else "—",
        ]
        for each in youth.consents.order_by("agreed_on", "id")
    ]
    return Part("同意", columns=["事项", "谁同意", "日期", "撤回"], rows=rows)
