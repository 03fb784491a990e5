"""What hangs on a youth's file here, for the retention policy: it goes with the file.

An open case, or a report that nobody has answered, keeps the file back.
"""

_CASES = "SELECT id FROM referrals_case WHERE youth_id = ANY (%(files)s::uuid[])"

_PAIRINGS = "SELECT id FROM referrals_pairing WHERE youth_id = ANY (%(files)s::uuid[])"

DELETES = f"""
DELETE FROM referrals_pairingcontact WHERE pairing_id IN ({_PAIRINGS});
DELETE FROM referrals_pairingstep WHERE pairing_id IN ({_PAIRINGS});
DELETE FROM referrals_pairing WHERE youth_id = ANY (%(files)s::uuid[]);
DELETE FROM referrals_report WHERE youth_id = ANY (%(files)s::uuid[]) OR case_id IN ({_CASES})
    OR joined_to_id IN (SELECT id FROM referrals_report WHERE case_id IN ({_CASES}));
DELETE FROM referrals_referralstep WHERE referral_id IN (
    SELECT id FROM referrals_referral WHERE case_id IN ({_CASES}));
DELETE FROM referrals_casenote WHERE case_id IN ({_CASES});
DELETE FROM referrals_casestep WHERE case_id IN ({_CASES});
DELETE FROM referrals_referral WHERE case_id IN ({_CASES});
DELETE FROM referrals_caseneed WHERE case_id IN ({_CASES});
DELETE FROM referrals_case WHERE youth_id = ANY (%(files)s::uuid[]);
"""  # noqa: S608 - of constants
WAITS = (
    "EXISTS (SELECT FROM referrals_case c WHERE c.youth_id = y.id AND c.state NOT IN ('closed', 'declined'))"
    " OR EXISTS (SELECT FROM referrals_report p WHERE p.youth_id = y.id AND p.state = 'new')"
)
WAITS_WORDS = "还有没结的个案或没答复的上报，先办完。"
