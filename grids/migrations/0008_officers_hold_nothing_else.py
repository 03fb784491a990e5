"""The three officers 三员 hold one office each and nothing else: no second post, no grid (等保 8.1.4.2 d, 8.1.5)."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

# Between the two tables no constraint can look: a trigger on each does, one after the other for one person.
NO_GRID = """
CREATE FUNCTION grids_officer_leads_no_grid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM grids_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM grids_post p JOIN grids_assignment a ON a.user_id = p.user_id
        WHERE p.user_id = NEW.user_id AND p.role IN ('system_admin', 'security_admin', 'auditor')
          AND daterange(p.starts_on, p.ends_on) && daterange(a.starts_on, a.ends_on))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'officer_leads_no_grid',
            MESSAGE = '系统管理员、安全管理员和审计员不能负责网格';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER officer_leads_no_grid AFTER INSERT OR UPDATE ON grids_post
    FOR EACH ROW WHEN (NEW.role IN ('system_admin', 'security_admin', 'auditor'))
    EXECUTE FUNCTION grids_officer_leads_no_grid();
CREATE TRIGGER officer_leads_no_grid AFTER INSERT OR UPDATE ON grids_assignment
    FOR EACH ROW EXECUTE FUNCTION grids_officer_leads_no_grid();
"""
NO_GRID_BACK = """
DROP TRIGGER officer_leads_no_grid ON grids_post;
DROP TRIGGER officer_leads_no_grid ON grids_assignment;
DROP FUNCTION grids_officer_leads_no_grid();
"""


class Migration(migrations.Migration):
    dependencies = [("grids", "0007_leads_quickly")]

    operations = [
        migrations.AddConstraint(
            "post",
            django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("user", "="),
                    (
                        models.Case(
                            models.When(
                                role__in=["system_admin", "security_admin", "auditor"], then=models.F("role")
                            ),
                            default=models.Value("service"),
                            output_field=models.CharField(max_length=20),
                        ),
                        "<>",
                    ),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="post_officer_holds_nothing_else",
                violation_error_message="系统管理员、安全管理员和审计员互不兼任，也不兼任其他职务",
            ),
        ),
        migrations.RunSQL(NO_GRID, NO_GRID_BACK),
    ]
