from .categories import Category
from .corrections import Correction
from .dwellings import Dwelling
from .enrolments import Enrolment
from .facts import Fact
from .feeds import Batch, BatchChange, Source
from .guardianships import Guardianship
from .handovers import Handover
from .moves import Move
from .presence import Presence
from .residences import Residence
from .residents import Household, Resident
from .searches import Search
from .visits import Need, Visit
from .youths import Youth

__all__ = [
    "Batch",
    "BatchChange",
    "Category",
    "Correction",
    "Dwelling",
    "Enrolment",
    "Fact",
    "Guardianship",
    "Handover",
    "Household",
    "Move",
    "Need",
    "Presence",
    "Residence",
    "Resident",
    "Search",
    "Source",
    "Visit",
    "Youth",
]
