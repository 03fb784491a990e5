"""The code lists of help: kinds of agencies, kinds of help with the least data each needs, outcomes.

The law says who helps with what: guardianship for a time and for good belongs to civil affairs (未成年人保护法 92, 94),
legal aid must be given (104), and the allowance is offered to whoever nobody raises in fact (民发〔2019〕62号).
"""

from dataclasses import dataclass

from django.db.models import TextChoices

from registry.codes import NeedKind
from registry.models import DisclosedField, Disclosure, Duty

_F = DisclosedField
_K = Disclosure.ReceiverKind


class AgencyKind(TextChoices):
    """协作单位的性质."""

    LEGAL_AID = "legal_aid", "法律援助机构"
    SCHOOL = "school", "学校"
    WOMEN = "women", "妇联"
    POLICE = "police", "公安"
    COURT = "court", "法院"
    PROCURATORATE = "procuratorate", "检察院"
    JUSTICE = "justice", "司法行政"
    EDUCATION = "education", "教育部门"
    CIVIL_AFFAIRS = "civil_affairs", "民政"
    LABOUR = "labour", "人社"
    HEALTH = "health", "医疗卫生机构"
    SOCIAL_WORK = "social_work", "社工、心理服务机构"
    COMMUNITY = "community", "社区（村）"
    COMPANY = "company", "企业"
    VOLUNTEERS = "volunteers", "志愿服务队"
    OTHER = "other", "其他"


# As what a disclosure names the receiver.
RECEIVER_KINDS: dict[str, str] = {
    AgencyKind.LEGAL_AID: _K.AGENCY,
    AgencyKind.SCHOOL: _K.SCHOOL,
    AgencyKind.WOMEN: _K.GOVERNMENT,
    AgencyKind.POLICE: _K.JUDICIAL,
    AgencyKind.COURT: _K.JUDICIAL,
    AgencyKind.PROCURATORATE: _K.JUDICIAL,
    AgencyKind.JUSTICE: _K.GOVERNMENT,
    AgencyKind.EDUCATION: _K.GOVERNMENT,
    AgencyKind.CIVIL_AFFAIRS: _K.GOVERNMENT,
    AgencyKind.LABOUR: _K.GOVERNMENT,
    AgencyKind.HEALTH: _K.AGENCY,
    AgencyKind.SOCIAL_WORK: _K.AGENCY,
    AgencyKind.COMMUNITY: _K.COMMITTEE,
    AgencyKind.COMPANY: _K.EMPLOYER,
    AgencyKind.VOLUNTEERS: _K.AGENCY,
    AgencyKind.OTHER: _K.AGENCY,
}
# No statutory duty sends anything to these: help by a company or volunteers rests on consent (个人信息保护法 13, 23).
ONLY_BY_CONSENT = frozenset({AgencyKind.COMPANY, AgencyKind.VOLUNTEERS, AgencyKind.OTHER})


class HelpKind(TextChoices):
    """帮扶事项: what an agency can be asked for."""

    LEGAL_AID = "legal_aid", "法律援助"
    SCHOOLING = "schooling", "就学帮助"
    COUNSELLING = "counselling", "心理疏导"
    ALLOWANCE = "allowance", "生活救助"
    ORPHAN = "orphan", "孤儿、事实无人抚养儿童保障"
    CARE_NOW = "care_now", "临时监护"
    CARE_LONG = "care_long", "长期监护"
    MEDICAL = "medical", "就医康复"
    JOB = "job", "就业创业"
    HUKOU = "hukou", "落户"
    HOUSING = "housing", "住房"
    SAFETY = "safety", "人身安全保护"
    COMPANY = "company", "陪伴帮扶"
    OTHER = "other", "其他"


class ReferralField(TextChoices):
    """What can be given of a person with a referral: a closed list. Neither the category nor anything that was found,
    and no needs either: they would tell what other agencies are asked for."""

    NAME = _F.NAME.value, "姓名"
    AGE_SEX = _F.AGE_SEX.value, "年龄和性别"
    ID_NUMBER = _F.ID_NUMBER.value, "证件号码"
    PHONE = _F.PHONE.value, "联系方式"
    ADDRESS = _F.ADDRESS.value, "住址"
    FAMILY = _F.FAMILY.value, "监护人姓名和关系"
    SCHOOL_WORK = _F.SCHOOL_WORK.value, "就学就业"
    HEALTH = _F.HEALTH.value, "健康情况"


@dataclass(frozen=True)
class Asks:
    """What a kind of help is for, the least it needs, and the clause under which it is asked where that is a duty."""

    need: str
    fields: tuple[str, ...]
    duty: str = ""
    clause: str = ""


_R = ReferralField
ASKS: dict[str, Asks] = {
    HelpKind.LEGAL_AID: Asks(
        NeedKind.LAW, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.FAMILY), Duty.OTHER, "未成年人保护法第一百零四条"
    ),
    HelpKind.SCHOOLING: Asks(
        NeedKind.SCHOOL, (_R.NAME, _R.AGE_SEX, _R.FAMILY, _R.PHONE), Duty.OTHER, "未成年人保护法第二十八条"
    ),
    HelpKind.COUNSELLING: Asks(NeedKind.COUNSELLING, (_R.NAME, _R.AGE_SEX, _R.PHONE)),
    HelpKind.ALLOWANCE: Asks(
        NeedKind.MONEY, (_R.NAME, _R.AGE_SEX, _R.ID_NUMBER, _R.PHONE, _R.ADDRESS, _R.FAMILY),
        Duty.RELIEF, "未成年人保护法第九十一条",
    ),
    HelpKind.ORPHAN: Asks(
        NeedKind.MONEY, (_R.NAME, _R.AGE_SEX, _R.ID_NUMBER, _R.PHONE, _R.ADDRESS, _R.FAMILY),
        Duty.RELIEF, "未成年人保护法第九十一条，民发〔2019〕62号",
    ),
    HelpKind.CARE_NOW: Asks(
        NeedKind.CARE, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.ADDRESS, _R.FAMILY),
        Duty.RELIEF, "未成年人保护法第九十二条",
    ),
    HelpKind.CARE_LONG: Asks(
        NeedKind.CARE, (_R.NAME, _R.AGE_SEX, _R.ID_NUMBER, _R.PHONE, _R.ADDRESS, _R.FAMILY),
        Duty.RELIEF, "未成年人保护法第九十四条",
    ),
    HelpKind.MEDICAL: Asks(NeedKind.HEALTH, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.HEALTH)),
    HelpKind.JOB: Asks(NeedKind.WORK, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.SCHOOL_WORK)),
    HelpKind.HUKOU: Asks(NeedKind.HUKOU, (_R.NAME, _R.AGE_SEX, _R.ADDRESS, _R.FAMILY)),
    HelpKind.HOUSING: Asks(NeedKind.HOUSING, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.ADDRESS)),
    HelpKind.SAFETY: Asks(
        NeedKind.SAFETY, (_R.NAME, _R.AGE_SEX, _R.PHONE, _R.ADDRESS, _R.FAMILY),
        Duty.REPORT, "未成年人保护法第十一条",
    ),
    HelpKind.COMPANY: Asks(NeedKind.COMPANIONSHIP, (_R.NAME, _R.AGE_SEX, _R.PHONE)),
    HelpKind.OTHER: Asks(NeedKind.OTHER, (_R.NAME, _R.AGE_SEX)),
}  # fmt: skip


class Outcome(TextChoices):
    """结果: of a need in a case, and of a referral. In words beside it, always."""

    REACHED = "reached", "已解决"
    EASED = "eased", "有所缓解"
    NOT_REACHED = "not_reached", "未能解决"
