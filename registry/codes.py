"""The code lists that feeds, forms and pages share, with their Chinese labels.

Importable without a database. `read_code` is how text from a file or a form becomes a code.
"""

import unicodedata
from functools import cache
from typing import TypeVar

from django.db.models import TextChoices


class Sex(TextChoices):
    """性别, GB/T 2261.1."""

    UNKNOWN = "0", "未知"
    MALE = "1", "男"
    FEMALE = "2", "女"
    UNSTATED = "9", "未说明"


class FactKind(TextChoices):
    """事项: what a department may state about a resident. A closed list: nothing else is taken in."""

    IN_SCHOOL = "in_school", "在学"
    DROPPED_OUT = "dropped_out", "辍学"
    TRUANT = "truant", "旷课"
    EMPLOYED = "employed", "就业"
    UNEMPLOYED = "unemployed", "失业登记"
    PREPARING = "preparing", "备考培训"
    ILL = "ill", "患病"
    FAMILY_EMERGENCY = "family_emergency", "家庭变故"
    DISABLED = "disabled", "残疾"
    LOW_INCOME = "low_income", "低保"
    SHELTERED = "sheltered", "救助站受助"
    AWAY_FOR_WORK = "away_for_work", "外出务工"
    IN_PRISON = "in_prison", "服刑"
    IN_DETOX = "in_detox", "强制隔离戒毒"
    DETAINED = "detained", "限制人身自由"
    CUSTODY_REVOKED = "custody_revoked", "撤销监护资格"
    DEPORTED = "deported", "遣送出境"
    MISSING = "missing", "失联"
    DECEASED = "deceased", "死亡"


class Denial(TextChoices):
    """What only a worker says 走访所见, never a feed: that nothing of the sort is so."""

    NO_SCHOOL = "no_school", "不在学或不详"
    NO_WORK = "no_work", "无业或不详"


# Said by the justice bureau about an adult parent only; refused about anyone under 18.
ADULT_ONLY_FACTS = frozenset({FactKind.IN_PRISON, FactKind.IN_DETOX, FactKind.DETAINED})


class GuardianStatus(TextChoices):
    """监护人状况: where a guardian is and whether he or she can care (民发〔2019〕62号 names the grounds)."""

    AT_HOME = "at_home", "在家"
    AWAY_FOR_WORK = "away_for_work", "外出务工"
    IN_PRISON = "in_prison", "服刑"
    IN_DETOX = "in_detox", "强制隔离戒毒"
    DETAINED = "detained", "限制人身自由"
    CUSTODY_REVOKED = "custody_revoked", "撤销监护资格"
    DEPORTED = "deported", "遣送出境"
    SEVERELY_ILL = "severely_ill", "重病重残"
    MISSING = "missing", "失联"
    DECEASED = "deceased", "死亡"
    UNKNOWN = "unknown", "不详"


class GuardianshipKind(TextChoices):
    """监护类型."""

    PARENT = "parent", "父母"
    ENTRUSTED = "entrusted", "委托"
    APPOINTED = "appointed", "指定"


class Grade(TextChoices):
    """关注等级, set by a person with a reason. The visit period follows from it."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"

    @property
    def visit_days(self) -> int:
        """The default number of days from one visit to the next."""
        return {"A": 7, "B": 30, "C": 90}[self.value]


class NeedKind(TextChoices):
    """需求: what a youth lacks."""

    CARE = "care", "监护照料"
    SCHOOL = "school", "就学"
    WORK = "work", "就业"
    HEALTH = "health", "就医康复"
    MONEY = "money", "生活救助"
    LAW = "law", "法律援助"
    COUNSELLING = "counselling", "心理疏导"
    HOUSING = "housing", "住房"
    HUKOU = "hukou", "落户"
    PARENT_CONTACT = "parent_contact", "亲情联络"
    SAFETY = "safety", "人身安全"
    COMPANIONSHIP = "companionship", "陪伴帮扶"
    OTHER = "other", "其他"


class HardshipKind(TextChoices):
    """困境情形: the three of 国发〔2016〕36号, with 孤儿 and 临时困境 beside them."""

    POVERTY = "poverty", "家庭贫困"
    DISABILITY = "disability", "自身残疾"
    GUARDIANSHIP = "guardianship", "监护缺失或监护不当"
    ORPHAN = "orphan", "孤儿"
    TEMPORARY = "temporary", "临时困境"


class VisitMethod(TextChoices):
    """走访方式."""

    HOME = "home", "入户"
    PHONE = "phone", "电话"
    VIDEO = "video", "视频"
    SCHOOL = "school", "到校"
    WORKPLACE = "workplace", "到单位"
    OFFICE = "office", "来访"
    OTHER = "other", "其他"


class PersonMet(TextChoices):
    """见到的人."""

    YOUTH = "youth", "本人"
    GUARDIAN = "guardian", "监护人"
    RELATIVE = "relative", "其他亲属"
    TEACHER = "teacher", "老师"
    NEIGHBOUR = "neighbour", "邻居"
    NOBODY = "nobody", "未见到人"


class MoveKind(TextChoices):
    """迁移: a change of a resident's current residence."""

    IN = "in", "迁入"
    OUT = "out", "迁出"
    WITHIN = "within", "市内迁移"


class Relation(TextChoices):
    """家庭关系, GB/T 4761-2008. In a household each code is the relation to the head 户主."""

    SELF = "01", "本人"
    HEAD = "02", "户主"
    SPOUSE = "10", "配偶"
    HUSBAND = "11", "夫"
    WIFE = "12", "妻"
    SON = "20", "子"
    ONLY_SON = "21", "独生子"
    ELDEST_SON = "22", "长子"
    SECOND_SON = "23", "次子"
    THIRD_SON = "24", "三子"
    FOURTH_SON = "25", "四子"
    FIFTH_SON = "26", "五子"
    STEP_SON = "27", "养子或继子"
    SON_IN_LAW = "28", "女婿"
    OTHER_SON = "29", "其他儿子"
    DAUGHTER = "30", "女"
    ONLY_DAUGHTER = "31", "独生女"
    ELDEST_DAUGHTER = "32", "长女"
    SECOND_DAUGHTER = "33", "次女"
    THIRD_DAUGHTER = "34", "三女"
    FOURTH_DAUGHTER = "35", "四女"
    FIFTH_DAUGHTER = "36", "五女"
    STEP_DAUGHTER = "37", "养女或继女"
    DAUGHTER_IN_LAW = "38", "儿媳"
    OTHER_DAUGHTER = "39", "其他女儿"
    GRANDCHILD = "40", "孙辈"
    GRANDSON = "41", "孙子"
    GRANDDAUGHTER = "42", "孙女"
    MATERNAL_GRANDSON = "43", "外孙子"
    MATERNAL_GRANDDAUGHTER = "44", "外孙女"
    GRANDSONS_WIFE = "45", "孙媳或外孙媳"
    GRANDDAUGHTERS_HUSBAND = "46", "孙女婿或外孙女婿"
    GREAT_GRANDSON = "47", "曾孙子或外曾孙子"
    GREAT_GRANDDAUGHTER = "48", "曾孙女或外曾孙女"
    OTHER_GRANDCHILD = "49", "其他孙辈"
    PARENT = "50", "父母"
    FATHER = "51", "父亲"
    MOTHER = "52", "母亲"
    HUSBANDS_FATHER = "53", "公公"
    HUSBANDS_MOTHER = "54", "婆婆"
    WIFES_FATHER = "55", "岳父"
    WIFES_MOTHER = "56", "岳母"
    STEP_FATHER = "57", "继父或养父"
    STEP_MOTHER = "58", "继母或养母"
    OTHER_PARENT = "59", "其他父母关系"
    GRANDPARENT = "60", "祖辈"
    GRANDFATHER = "61", "祖父"
    GRANDMOTHER = "62", "祖母"
    MATERNAL_GRANDFATHER = "63", "外祖父"
    MATERNAL_GRANDMOTHER = "64", "外祖母"
    SPOUSES_GRANDPARENT = "65", "配偶的祖父母或外祖父母"
    GREAT_GRANDFATHER = "66", "曾祖父"
    GREAT_GRANDMOTHER = "67", "曾祖母"
    SPOUSES_GREAT_GRANDPARENT = "68", "配偶的曾祖父母或外曾祖父母"
    OTHER_GRANDPARENT = "69", "其他祖辈"
    SIBLING = "70", "兄弟姐妹"
    ELDER_BROTHER = "71", "兄"
    ELDER_BROTHERS_WIFE = "72", "嫂"
    YOUNGER_BROTHER = "73", "弟"
    YOUNGER_BROTHERS_WIFE = "74", "弟媳"
    ELDER_SISTER = "75", "姐"
    ELDER_SISTERS_HUSBAND = "76", "姐夫"
    YOUNGER_SISTER = "77", "妹"
    YOUNGER_SISTERS_HUSBAND = "78", "妹夫"
    OTHER_SIBLING = "79", "其他兄弟姐妹"
    OTHER = "80", "其他"
    FATHERS_ELDER_BROTHER = "81", "伯父"
    FATHERS_ELDER_BROTHERS_WIFE = "82", "伯母"
    FATHERS_YOUNGER_BROTHER = "83", "叔父"
    FATHERS_YOUNGER_BROTHERS_WIFE = "84", "婶母"
    MOTHERS_BROTHER = "85", "舅父"
    MOTHERS_BROTHERS_WIFE = "86", "舅母"
    MOTHERS_SISTERS_HUSBAND = "87", "姨父"
    MOTHERS_SISTER = "88", "姨母"
    FATHERS_SISTERS_HUSBAND = "89", "姑父"
    FATHERS_SISTER = "90", "姑母"
    PATERNAL_COUSIN = "91", "堂兄弟姐妹"
    MATERNAL_COUSIN = "92", "表兄弟姐妹"
    BROTHERS_SON = "93", "侄子"
    BROTHERS_DAUGHTER = "94", "侄女"
    SISTERS_SON = "95", "外甥"
    SISTERS_DAUGHTER = "96", "外甥女"
    OTHER_RELATIVE = "97", "其他亲属"
    NOT_RELATED = "99", "非亲属"


# Everyday words, and codes of older data (03 小集体户户主, 98 保姆), with what they are stored as.
_OTHER_WORDS: dict[str, dict[str, str]] = {
    "Relation": {
        "03": "02", "小集体户户主": "02", "98": "99", "保姆": "99",
        "丈夫": "11", "妻子": "12", "儿子": "20", "女儿": "30", "孙": "41", "外孙": "43",
        "父": "51", "母": "52", "爷爷": "61", "奶奶": "62", "外公": "63", "外婆": "64", "姥爷": "63", "姥姥": "64",
        "哥哥": "71", "弟弟": "73", "姐姐": "75", "妹妹": "77",
        "伯伯": "81", "叔叔": "83", "婶婶": "84", "舅舅": "85", "舅妈": "86", "姨妈": "88", "姑姑": "90", "姑妈": "90",
    },
    "Sex": {"男性": "1", "女性": "2"},
}  # fmt: skip

Code = TypeVar("Code", bound=TextChoices)


@cache
def _readings_of(codes: type[TextChoices]) -> dict[str, TextChoices]:
    readings: dict[str, TextChoices] = {}
    for member in codes:
        readings[member.value] = member
        readings.setdefault(str(member.label), member)
    for word, value in _OTHER_WORDS.get(codes.__name__, {}).items():
        readings.setdefault(word, codes(value))
    return readings


def read_code(codes: type[Code], text: str) -> Code | None:
    """The member that `text` names by its code or its Chinese label; None when it names none.

    A one-digit relation code, as a spreadsheet leaves it, counts with its zero: 1 is 01.
    """
    readings = _readings_of(codes)
    member = readings.get(text)
    if member is None:
        tidy = unicodedata.normalize("NFKC", text).strip()
        member = readings.get(tidy) or (readings.get("0" + tidy) if codes is Relation else None)
    return member  # type: ignore[return-value]  # the members of `codes` are all of its type


def label_of(codes: type[TextChoices], value: str) -> str:
    """The Chinese label of a stored code, or the code itself when the list does not have it."""
    member = _readings_of(codes).get(value)
    return str(member.label) if member is not None else value


_TOWN_ONLY = "000"


def rural_hukou(code: str) -> bool | None:
    """Whether a 户籍地 is a village, from its 12-digit division code; None when the code does not say.

    The last three digits 200–399 are village committees 村委会 and 500–599 their like
    (统计用区划代码). A 6-digit code, or one padded with zeros, says nothing: a worker confirms.
    """
    if len(code) != 12 or not (code.isascii() and code.isdigit()) or code.endswith(_TOWN_ONLY):
        return None
    return code[9] in "235"
