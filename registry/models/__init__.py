from .candidates import Candidate
from .categories import Category
from .check_requests import CheckRequest
from .consents import Consent, ConsentPurpose, ConsentText
from .corrections import Correction
from .disclosures import DisclosedField, DisclosedPerson, Disclosure, Duty
from .dwellings import Dwelling
from .enrolments import Enrolment
from .exports import Export
from .facts import Fact
from .feeds import Batch, BatchChange, Schedule, Source
from .grants import Grant
from .guardianships import Guardianship
from .handovers import Handover
from .moves import Move
from .precedence import FactRank
from .presence import Presence
from .readings import Reading, ReadingBlock
from .register_counts import RegisterCount
from .requests import PersonRequest
from .residences import Residence
from .residents import Household, Resident
from .retention import AnonymousEnrolment, AnonymousFile, RetentionRun
from .seals import Reopening, Seal, Tombstone
from .searches import Search
from .uploads import Upload
from .visits import Need, Visit
from .youths import Youth

__all__ = [
    "AnonymousEnrolment",
    "AnonymousFile",
    "Batch",
    "BatchChange",
    "Candidate",
    "Category",
    "CheckRequest",
    "Consent",
    "ConsentPurpose",
    "ConsentText",
    "Correction",
    "DisclosedField",
    "DisclosedPerson",
    "Disclosure",
    "Duty",
    "Dwelling",
    "Enrolment",
    "Export",
    "Fact",
    "FactRank",
    "Grant",
    "Guardianship",
    "Handover",
    "Household",
    "Move",
    "Need",
    "PersonRequest",
    "Presence",
    "Reading",
    "ReadingBlock",
    "RegisterCount",
    "Reopening",
    "Residence",
    "Resident",
    "RetentionRun",
    "Schedule",
    "Seal",
    "Search",
    "Source",
    "Tombstone",
    "Upload",
    "Visit",
    "Youth",
]
