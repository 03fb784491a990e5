"""Who helps: agencies 协作单位, cases 个案, referrals 转介, pairings 结对帮扶; and reports 问题上报, the beginning."""

from .agencies import Agency, AgencyMember
from .cases import Case, CaseNeed, CaseNote, CaseStep
from .pairings import Pairing, PairingContact, PairingStep
from .referrals import Referral, ReferralStep
from .reports import Report

__all__ = [
    "Agency",
    "AgencyMember",
    "Case",
    "CaseNeed",
    "CaseNote",
    "CaseStep",
    "Pairing",
    "PairingContact",
    "PairingStep",
    "Referral",
    "ReferralStep",
    "Report",
]
