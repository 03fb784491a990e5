"""Who helps: agencies 协作单位, cases 个案, referrals 转介."""

from .agencies import Agency, AgencyMember
from .cases import Case, CaseNeed, CaseNote, CaseStep
from .referrals import Referral, ReferralStep

__all__ = [
    "Agency",
    "AgencyMember",
    "Case",
    "CaseNeed",
    "CaseNote",
    "CaseStep",
    "Referral",
    "ReferralStep",
]
