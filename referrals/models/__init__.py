"""Who helps: agencies 协作单位, cases 个案, referrals 转介; and reports 问题上报, from which cases grow."""

from .agencies import Agency, AgencyMember
from .cases import Case, CaseNeed, CaseNote, CaseStep
from .referrals import Referral, ReferralStep
from .reports import Report

__all__ = [
    "Agency",
    "AgencyMember",
    "Case",
    "CaseNeed",
    "CaseNote",
    "CaseStep",
    "Referral",
    "ReferralStep",
    "Report",
]
