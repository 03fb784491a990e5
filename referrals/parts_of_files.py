"""What hangs on a youth's file here, for the retention policy: it goes with the file; an open case keeps it back."""

_CASES = "SELECT id FROM referrals_case WHERE youth_id = ANY (%(files)s::uuid[])"

DELETES = f"""
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
)
WAITS_WORDS = "还有没结的个案，先结案。"
