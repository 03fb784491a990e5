"""The columns of each kind of department file, and those that no file may carry."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from ..marks import without


class FeedKind(StrEnum):
    """What a file is about."""

    DWELLINGS = "dwellings"
    RESIDENTS = "residents"
    RESIDENCES = "residences"
    GUARDIANSHIPS = "guardianships"
    FACTS = "facts"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self.value]


_KIND_LABELS = {
    "dwellings": "房屋",
    "residents": "实有人口",
    "residences": "居住记录",
    "guardianships": "监护关系",
    "facts": "事实",
}


class Column(NamedTuple):
    """A column by its Chinese header; `field` is its name in code. `is_key`: a spreadsheet number ruins it."""

    header: str
    field: str
    is_required: bool = False
    is_key: bool = False


_ID_NUMBER = Column("公民身份号码", "id_number", is_key=True)
_PERSON_NUMBER = Column("人员编号", "person_number", is_key=True)
_STARTS_ON = Column("起始日期", "starts_on", is_required=True)
_ENDS_ON = Column("终止日期", "ends_on")
_DESTINATION = Column("去向", "destination_code")

# Of these one is enough: a person is named by either.
PERSON_KEYS = (_ID_NUMBER.header, _PERSON_NUMBER.header)

COLUMNS: dict[FeedKind, tuple[Column, ...]] = {
    FeedKind.DWELLINGS: (
        Column("房屋编号", "code", is_required=True),
        Column("网格编号", "grid_code", is_required=True),
        Column("小区名称", "estate"),
        Column("楼栋", "building"),
        Column("单元", "unit"),
        Column("室", "room"),
        Column("房屋地址", "address", is_required=True),
        Column("经度", "longitude"),
        Column("纬度", "latitude"),
    ),
    FeedKind.RESIDENTS: (
        _ID_NUMBER,
        _PERSON_NUMBER,
        Column("姓名", "name", is_required=True),
        Column("性别", "sex"),
        Column("出生日期", "birth_on"),
        Column("户籍地", "hukou_code"),
        Column("户号", "household_number"),
        Column("与户主关系", "relation"),
        Column("联系方式", "phone"),
    ),
    FeedKind.RESIDENCES: (
        _ID_NUMBER,
        _PERSON_NUMBER,
        Column(
            "房屋编号", "dwelling_code", is_required=True
        ),  # the column must be there; its cells may be empty
        _STARTS_ON,
        Column("迁往地", "destination_code"),
    ),
    FeedKind.GUARDIANSHIPS: (
        _ID_NUMBER,
        _PERSON_NUMBER,
        Column("监护人身份号码", "guardian_id_number", is_key=True),
        Column("监护人姓名", "guardian_name", is_required=True),
        Column("与被监护人关系", "relation", is_required=True),
        Column("监护类型", "kind"),
        Column("监护人状况", "status", is_required=True),
        _DESTINATION,
        _STARTS_ON,
        _ENDS_ON,
    ),
    FeedKind.FACTS: (
        _ID_NUMBER,
        _PERSON_NUMBER,
        Column("事项", "kind", is_required=True),
        _STARTS_ON,
        _ENDS_ON,
        Column("单位", "unit"),
        Column("等级", "level"),
        _DESTINATION,
    ),
}

# What the errors sheet adds. Read past in silence, so that a corrected sheet can be loaded again.
ERROR_COLUMNS = ("行号", "字段", "原因")

# Headers by what they contain, and why no file may bring them. Nothing of such a file is stored.
_NEVER_HELD = "平台不采集宗教信仰、政治面貌、民族、生物识别信息、个人评分和行动轨迹"
_SEALED = (
    "违法犯罪、处罚、不起诉、专门教育等记录依法封存，不得报送"
    "(预防未成年人犯罪法第五十九条、治安管理处罚法第一百三十六条)"
)
_FORBIDDEN = (
    (re.compile("宗教|信仰|教派|政治面貌|党派|民族|族别"), _NEVER_HELD),
    (re.compile("人脸|面部|照片|相片|头像|指纹|掌纹|虹膜|声纹|基因|DNA|血型|生物识别|生物特征"), _NEVER_HELD),
    (re.compile("风险|评分|积分|信用分|得分|轨迹|行踪|定位"), _NEVER_HELD),
    (
        re.compile(
            "违法|犯罪|前科|劣迹|罪名|罪行|罪错|刑事|刑期|刑种|刑罚|判刑|判决|量刑|案由|案情|涉案|案件|立案|案号"
        ),
        _SEALED,
    ),
    (
        re.compile(
            "处罚|处分|拘留|强制措施|不起诉|封存|专门教育|专门学校|工读|矫治|矫正|帮教考察|社会调查|吸毒|涉毒"
        ),
        _SEALED,
    ),
)


def tidy_header(text: str) -> str:
    """The header as it is compared: half-width, without spaces or the `*` that templates mark required ones with."""
    header = without(unicodedata.normalize("NFKC", text).replace("\ufeff", ""))
    return "".join(header.split()).strip("*")


def forbidden_columns(headers: Iterable[str]) -> list[tuple[str, str]]:
    """(header, why) of the columns that no file may carry (LAW: 预防未成年人犯罪法 art. 59 and what is never held)."""
    found = []
    for header in headers:
        plain = tidy_header(header).upper()
        reason = next((reason for pattern, reason in _FORBIDDEN if pattern.search(plain)), None)
        if reason:
            found.append((header.strip(), reason))
    return found


class Layout(NamedTuple):
    """Where the known columns stand in one file."""

    columns: tuple[Column, ...]
    positions: tuple[int, ...]
    unknown: tuple[str, ...]
    is_errors_sheet: bool = False  # one of ours that came back: its cells went out through `cells.harmless`

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(column.field for column in self.columns)


class UnusableHeader(ValueError):
    """The first row does not fit the kind. `str()` is the message for the user."""


def lay_out(kind: FeedKind, headers: Sequence[str]) -> Layout:
    """Find the columns of `kind` in the first row. Raises UnusableHeader when they are not all there, or too many."""
    forbidden = forbidden_columns(headers)
    if forbidden:
        names = "、".join(header for header, _ in forbidden)
        reasons = ";".join(dict.fromkeys(reason for _, reason in forbidden))
        raise UnusableHeader(
            f"文件含有不得报送的列：{names}。{reasons}。请删除这些列后重新报送，文件内容未保存。"
        )
    tidy = [tidy_header(header) for header in headers]
    known = {column.header: column for column in COLUMNS[kind]}
    twice = [header for header in known if tidy.count(header) > 1]
    if twice:
        raise UnusableHeader(f"列名重复：{'、'.join(twice)}。每列只能出现一次。")
    missing = [column.header for column in known.values() if column.is_required and column.header not in tidy]
    if PERSON_KEYS[0] in known and not any(key in tidy for key in PERSON_KEYS):
        missing.insert(0, f"{PERSON_KEYS[0]}（或{PERSON_KEYS[1]}）")
    if missing:
        raise UnusableHeader(f"缺少列：{'、'.join(missing)}。第一行应为列名，请对照{kind.label}模板检查。")
    positions = tuple(place for place, header in enumerate(tidy) if header in known)
    unknown = tuple(
        header.strip()
        for header, plain in zip(headers, tidy, strict=True)
        if _is_unknown(plain, known.keys())
    )
    is_errors_sheet = all(column in tidy for column in ERROR_COLUMNS)
    return Layout(tuple(known[tidy[place]] for place in positions), positions, unknown, is_errors_sheet)


def _is_unknown(header: str, known: Iterable[str]) -> bool:
    return bool(header) and header not in known and header not in ERROR_COLUMNS
