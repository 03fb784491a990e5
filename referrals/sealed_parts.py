"""What of this app can be chosen when a youth's record is sealed 封存: a case or a pairing as a whole, a report or a
contact by itself.

With the whole file all of it goes (registry/sealing_of.py).
"""

from typing import Any

from django.utils import timezone
from django.utils.text import Truncator

from registry.models import Youth
from registry.seal_groups import Group

_WORDS = 60
_CASES = (
    "SELECT c.id FROM referrals_case c WHERE c.youth_id = %(youth)s AND c.id::text = ANY (%(chosen)s::text[])"
)
_REFERRALS = f"SELECT r.id FROM referrals_referral r WHERE r.case_id IN ({_CASES})"  # noqa: S608 - of constants
_GIVEN = f"SELECT r.disclosure_id FROM referrals_referral r WHERE r.case_id IN ({_CASES})"  # noqa: S608
_REPORTS = (
    f"SELECT p.id FROM referrals_report p WHERE p.case_id IN ({_CASES})"  # noqa: S608 - of constants
    f" OR p.joined_to_id IN (SELECT j.id FROM referrals_report j WHERE j.case_id IN ({_CASES}))"
)
_CHOSEN = "SELECT j.id FROM referrals_report j WHERE j.youth_id = %(youth)s AND j.id::text = ANY (%(chosen)s::text[])"
_REPORT = f"SELECT p.id FROM referrals_report p WHERE p.id IN ({_CHOSEN}) OR p.joined_to_id IN ({_CHOSEN})"  # noqa: S608


def _alerts(kind: str, ids: str) -> tuple[str, str]:
    """The alerts about these: their event begins with the kind and the id."""
    return (
        "grids_alert",
        (
            f"starts_with(t.event_key, '{kind}:') AND split_part(t.event_key, ':', 2) IN"  # noqa: S608
            f" (SELECT about.id::text FROM ({ids}) AS about (id))"
        ),
    )


CASES = Group(
    key="cases",
    label="个案",
    help_text="因这件事立的个案，连同上报、转介、提供记录、办理过程和提醒。",
    offered=lambda youth: [
        (str(case.pk), f"{case.opened_on} 立案：{_short(case.title)}") for case in _related(youth).cases.all()
    ],
    takes=(
        _alerts("report", _REPORTS),
        _alerts("referral", _REFERRALS),
        _alerts("case", _CASES),
        ("referrals_report", f"t.id IN ({_REPORTS})"),
        ("referrals_referralstep", f"t.referral_id IN ({_REFERRALS})"),
        ("referrals_casenote", f"t.case_id IN ({_CASES})"),
        ("referrals_casestep", f"t.case_id IN ({_CASES})"),
        # What was given with a referral: the record of it says why.
        ("registry_disclosedperson", f"t.disclosure_id IN ({_GIVEN})"),
        ("registry_disclosure", f"t.id IN ({_GIVEN})"),
        ("referrals_referral", f"t.case_id IN ({_CASES})"),
        ("referrals_caseneed", f"t.case_id IN ({_CASES})"),
        ("referrals_case", f"t.id IN ({_CASES})"),
    ),
)
REPORTS = Group(
    key="reports",
    label="问题上报",
    help_text="讲到这件事的上报和对它的答复；已经立案的，选个案。",
    offered=lambda youth: [
        (str(report.pk), f"{timezone.localdate(report.found_at)} 上报：{_short(report.found)}")
        for report in _related(youth).reports.filter(case=None, joined_to=None)
    ],
    takes=(_alerts("report", _REPORT), ("referrals_report", f"t.id IN ({_REPORT})")),
)

_PAIRINGS = (
    "SELECT p.id FROM referrals_pairing p"
    " WHERE p.youth_id = %(youth)s AND p.id::text = ANY (%(chosen)s::text[])"
)
_TOLD = f"SELECT p.disclosure_id FROM referrals_pairing p WHERE p.id IN ({_PAIRINGS})"  # noqa: S608 - of constants
PAIRINGS = Group(
    key="pairings",
    label="结对帮扶",
    help_text="因这件事结的对，连同联系记录、提供记录和提醒。",
    offered=lambda youth: [
        (str(pairing.pk), f"{pairing.starts_on} 结对：{_short(pairing.plan)}")
        for pairing in _related(youth).pairings.all()
    ],
    takes=(
        _alerts("pairing", _PAIRINGS),
        ("referrals_pairingcontact", f"t.pairing_id IN ({_PAIRINGS})"),
        ("referrals_pairingstep", f"t.pairing_id IN ({_PAIRINGS})"),
        # What the mentor was told.
        ("registry_disclosedperson", f"t.disclosure_id IN ({_TOLD})"),
        ("registry_disclosure", f"t.id IN ({_TOLD})"),
        ("referrals_pairing", f"t.id IN ({_PAIRINGS})"),
    ),
)
_CONTACTS = (
    "SELECT k.id FROM referrals_pairingcontact k JOIN referrals_pairing p ON p.id = k.pairing_id"
    " WHERE p.youth_id = %(youth)s AND k.id::text = ANY (%(chosen)s::text[])"
)
CONTACTS = Group(
    key="contacts",
    label="结对联系记录",
    help_text="讲到这件事的单条联系记录；结对本身不动。",
    offered=lambda youth: [
        (str(contact.pk), f"{contact.on} {contact.get_how_display()}：{_short(contact.text)}")
        for pairing in _related(youth).pairings.prefetch_related("contacts")
        for contact in pairing.contacts.all()
    ],
    takes=(("referrals_pairingcontact", f"t.id IN ({_CONTACTS})"),),
)


def _related(youth: Youth) -> Any:
    """The register's types do not know of us."""
    return youth


def _short(text: str) -> str:
    return Truncator(text).chars(_WORDS)
