"""What a mentor 结对人 is told rests on the consent to the pairing, whose text names it; nothing else does."""

from django.db import migrations

SQL = """
CREATE OR REPLACE FUNCTION registry_disclosure_rests_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    act registry_disclosure := (SELECT d FROM registry_disclosure d WHERE d.id = NEW.disclosure_id);
BEGIN
    IF (act.basis = 'consent') <> (NEW.consent_id IS NOT NULL) OR (NEW.consent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM registry_consent c
        WHERE c.id = NEW.consent_id AND c.youth_id = NEW.youth_id AND %s
          AND c.agreed_on <= act.given_on AND (c.ends_on IS NULL OR c.ends_on > act.given_on)))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_rests_on_standing_consent',
            MESSAGE = '提供当天没有有效的“向协作单位提供信息”的同意';
    END IF;
    RETURN NEW;
END $$;
"""
SHARING = "c.purpose = 'sharing'"
OR_PAIRING = (
    "(c.purpose = 'sharing' OR c.purpose = 'pairing'"
    " AND act.fields::text[] <@ ARRAY['name', 'age_sex', 'phone', 'address', 'needs'])"
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0027_counts_under_any_condition")]

    operations = [migrations.RunSQL(SQL % OR_PAIRING, SQL % SHARING)]
