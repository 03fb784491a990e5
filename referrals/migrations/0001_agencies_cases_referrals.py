"""Agencies 协作单位, cases 个案, referrals 转介; and what the database holds of them.

Nothing is deleted, steps and notes are added to and never altered, a case closes with an outcome for each need and
after its referrals, a referral goes its way step by step. What the law seals may go, and what the retention policy lets
go.
"""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import grids.encryption

GUARDS = """
CREATE FUNCTION referrals_rotates(old jsonb, new jsonb, worded text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    -- The same words under another key: nothing appears, nothing goes.
    SELECT coalesce(current_setting('wuhu_youth.rotating', true), '') = 'on' AND new - worded = old - worded
        AND NOT EXISTS (SELECT FROM unnest(worded) AS c WHERE (new ->> c IS NULL) <> (old ->> c IS NULL))
$$;

CREATE FUNCTION referrals_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND referrals_rotates(to_jsonb(OLD), to_jsonb(NEW), TG_ARGV) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND (registry_removing() OR registry_sealing()) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only',
        MESSAGE = '历史记录只能追加，不能修改或删除';
END $$;

CREATE FUNCTION referrals_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF registry_removing() OR registry_sealing() THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'help_never_deleted',
        MESSAGE = '协作单位、个案、转介只能结束，不能删除';
END $$;

CREATE FUNCTION referrals_member_has_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM grids_post p WHERE p.user_id = NEW.user_id AND p.role = 'agency'
          AND daterange(p.starts_on, p.ends_on) @> NEW.starts_on)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'agency_member_has_post',
            MESSAGE = '此人没有“协作单位人员”的任职，请先由安全管理员登记任职';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION referrals_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    worded text[] := ARRAY['title', 'because', 'goals', 'conclusion', 'view'];
BEGIN
    IF registry_sealing() OR referrals_rotates(to_jsonb(OLD), to_jsonb(NEW), worded) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.youth_id, NEW.opened_on, NEW.opened_by_id, NEW.created_at, NEW.submission_key)
            IS DISTINCT FROM (OLD.id, OLD.youth_id, OLD.opened_on, OLD.opened_by_id, OLD.created_at, OLD.submission_key)
        OR (OLD.state IN ('closed', 'declined') AND NEW.state <> 'reopened')
        OR (OLD.state <> 'closed' AND OLD.state <> 'reopened' AND NEW.state = 'reopened')
        OR (OLD.state = 'declined')
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'case_never_altered',
                MESSAGE = '已结的个案不能改动，只能重新进行';
        END IF;
    END IF;
    IF NEW.state = 'closed' THEN
        IF NOT EXISTS (SELECT FROM referrals_caseneed n WHERE n.case_id = NEW.id)
        OR EXISTS (SELECT FROM referrals_caseneed n WHERE n.case_id = NEW.id AND n.outcome = '')
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closed_with_outcome_per_need',
                MESSAGE = '结案前，每一项需求都要有结果';
        END IF;
        IF EXISTS (SELECT FROM referrals_referral r
                   WHERE r.case_id = NEW.id AND r.state IN ('sent', 'accepted', 'in_progress'))
        THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closed_after_its_referrals',
                MESSAGE = '还有转介没有反馈，不能结案';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION referrals_caseneed_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF registry_sealing() OR referrals_rotates(to_jsonb(OLD), to_jsonb(NEW), ARRAY['note']) THEN
        RETURN NEW;
    END IF;
    PERFORM FROM referrals_case c WHERE c.id = NEW.case_id AND c.state NOT IN ('closed', 'declined') FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'case_never_altered',
            MESSAGE = '已结的个案不能改动，只能重新进行';
    END IF;
    IF NOT EXISTS (SELECT FROM registry_need d JOIN referrals_case c ON c.youth_id = d.youth_id
                   WHERE d.id = NEW.need_id AND c.id = NEW.case_id)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'case_need_of_the_same_youth',
            MESSAGE = '个案的需求必须是本人档案里的需求';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION referrals_referral_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    worded text[] := ARRAY['asked', 'given', 'reason', 'result'];
    moving text[] := ARRAY['state', 'answer_by', 'due_on', 'level', 'climbs_at', 'answered_at', 'ended_at',
        'ended_by_id', 'reason', 'outcome', 'result'];
BEGIN
    IF registry_sealing() OR referrals_rotates(to_jsonb(OLD), to_jsonb(NEW), worded) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM referrals_case c WHERE c.id = NEW.case_id AND c.state IN ('open', 'reopened') FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_of_a_running_case',
                MESSAGE = '只有进行中的个案可以转介';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving
    OR OLD.state IN ('reported', 'declined', 'withdrawn')
    OR (OLD.state <> NEW.state AND NOT (
        (OLD.state = 'sent' AND NEW.state IN ('accepted', 'declined', 'withdrawn'))
        OR (OLD.state = 'accepted' AND NEW.state IN ('in_progress', 'reported', 'withdrawn'))
        OR (OLD.state = 'in_progress' AND NEW.state IN ('reported', 'withdrawn'))))
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_goes_its_way',
            MESSAGE = '转介只能一步一步办理，发出的内容和已经结束的不能改动';
    END IF;
    RETURN NEW;
END $$;
"""
GUARDS_BACK = "".join(
    f"DROP FUNCTION {function};"
    for function in (
        "referrals_referral_guard()",
        "referrals_caseneed_guard()",
        "referrals_case_guard()",
        "referrals_member_has_post()",
        "referrals_kept()",
        "referrals_append_only()",
        "referrals_rotates(jsonb, jsonb, text[])",
    )
)
# (trigger, table, when, function)
TRIGGERS = [
    ("append_only", "casestep", "BEFORE UPDATE OR DELETE", "append_only('text')"),
    ("append_only", "referralstep", "BEFORE UPDATE OR DELETE", "append_only('text')"),
    ("append_only", "casenote", "BEFORE UPDATE OR DELETE", "append_only('text')"),
    ("append_only", "historicalagency", "BEFORE UPDATE OR DELETE", "append_only()"),
    ("append_only", "historicalagencymember", "BEFORE UPDATE OR DELETE", "append_only()"),
    ("never_deleted", "agency", "BEFORE DELETE", "kept()"),
    ("never_deleted", "agencymember", "BEFORE DELETE", "kept()"),
    ("never_deleted", "case", "BEFORE DELETE", "kept()"),
    ("never_deleted", "caseneed", "BEFORE DELETE", "kept()"),
    ("never_deleted", "referral", "BEFORE DELETE", "kept()"),
    ("member_has_post", "agencymember", "BEFORE INSERT OR UPDATE", "member_has_post()"),
    ("case_guard", "case", "BEFORE INSERT OR UPDATE", "case_guard()"),
    ("caseneed_guard", "caseneed", "BEFORE INSERT OR UPDATE", "caseneed_guard()"),
    ("referral_guard", "referral", "BEFORE INSERT OR UPDATE", "referral_guard()"),
]


def trigger(name: str, table: str, when: str, function: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} {when} ON referrals_{table} FOR EACH ROW EXECUTE FUNCTION referrals_{function};",
        f"DROP TRIGGER {name} ON referrals_{table};",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("grids", "0012_alerts_of_requests"),
        ("registry", "0025_counts_by_street"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "已有同名的单位"},
                        max_length=100,
                        unique=True,
                        verbose_name="名称",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("legal_aid", "法律援助机构"),
                            ("school", "学校"),
                            ("women", "妇联"),
                            ("police", "公安"),
                            ("court", "法院"),
                            ("procuratorate", "检察院"),
                            ("justice", "司法行政"),
                            ("education", "教育部门"),
                            ("civil_affairs", "民政"),
                            ("labour", "人社"),
                            ("health", "医疗卫生机构"),
                            ("social_work", "社工、心理服务机构"),
                            ("community", "社区（村）"),
                            ("company", "企业"),
                            ("volunteers", "志愿服务队"),
                            ("other", "其他"),
                        ],
                        max_length=15,
                        verbose_name="性质",
                    ),
                ),
                (
                    "helps",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("legal_aid", "法律援助"),
                                ("schooling", "就学帮助"),
                                ("counselling", "心理疏导"),
                                ("allowance", "生活救助"),
                                ("orphan", "孤儿、事实无人抚养儿童保障"),
                                ("care_now", "临时监护"),
                                ("care_long", "长期监护"),
                                ("medical", "就医康复"),
                                ("job", "就业创业"),
                                ("hukou", "落户"),
                                ("housing", "住房"),
                                ("safety", "人身安全保护"),
                                ("company", "陪伴帮扶"),
                                ("other", "其他"),
                            ],
                            max_length=15,
                        ),
                        size=None,
                        verbose_name="帮扶事项",
                    ),
                ),
                ("agreement_number", models.CharField(blank=True, max_length=50, verbose_name="协议编号")),
                ("agreement_ends_on", models.DateField(blank=True, null=True, verbose_name="协议到期")),
                ("contact", models.CharField(blank=True, max_length=100, verbose_name="联系人和电话")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="停止合作")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("submission_key", models.UUIDField(editable=False, null=True, unique=True)),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.division",
                        verbose_name="服务区域",
                    ),
                ),
            ],
            options={
                "verbose_name": "协作单位",
                "verbose_name_plural": "协作单位",
                "ordering": ["area_id", "name"],
            },
        ),
        migrations.CreateModel(
            name="AgencyMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="当天起不再有效", null=True, verbose_name="终止日期"
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="referrals.agency",
                        verbose_name="协作单位",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "协作单位人员",
                "verbose_name_plural": "协作单位人员",
                "ordering": ["agency_id", "starts_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("title", grids.encryption.EncryptedTextField(purpose="case_title", verbose_name="题目")),
                (
                    "because",
                    grids.encryption.EncryptedTextField(purpose="case_because", verbose_name="发现的情况"),
                ),
                (
                    "goals",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="case_goals", verbose_name="目标"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "待立案"),
                            ("open", "进行中"),
                            ("reopened", "重新进行"),
                            ("closed", "已结"),
                            ("declined", "未立案"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "opened_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="立案日期"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("due_on", models.DateField(verbose_name="下一步期限")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结案时间")),
                (
                    "conclusion",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="case_conclusion", verbose_name="结果"
                    ),
                ),
                (
                    "asked",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("youth", "本人"),
                            ("guardian", "监护人"),
                            ("both", "本人和监护人"),
                            ("unreached", "没能问到（写明原因）"),
                        ],
                        max_length=10,
                        verbose_name="征求了谁的意见",
                    ),
                ),
                (
                    "view",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="case_view", verbose_name="本人或监护人的意见"
                    ),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="结案人",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提出人",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="牵头人",
                    ),
                ),
                (
                    "youth",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="registry.youth",
                        verbose_name="青少年档案",
                    ),
                ),
            ],
            options={
                "verbose_name": "个案",
                "verbose_name_plural": "个案",
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="CaseNeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("reached", "已解决"), ("eased", "有所缓解"), ("not_reached", "未能解决")],
                        max_length=12,
                        verbose_name="结果",
                    ),
                ),
                (
                    "note",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="case_need_note", verbose_name="结果说明"
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="认定时间")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="referrals.case",
                        verbose_name="个案",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="认定人",
                    ),
                ),
                (
                    "need",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.need",
                        verbose_name="需求",
                    ),
                ),
            ],
            options={
                "verbose_name": "个案需求",
                "verbose_name_plural": "个案需求",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CaseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("proposed", "提出个案"),
                            ("opened", "立案"),
                            ("declined", "未立案"),
                            ("needs", "加入需求"),
                            ("goals", "修改目标"),
                            ("due", "改定下一步期限"),
                            ("owner", "更换牵头人"),
                            ("closed", "结案"),
                            ("reopened", "重新进行"),
                        ],
                        max_length=10,
                        verbose_name="做了什么",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                (
                    "text",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="case_step", verbose_name="说明"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="referrals.case",
                        verbose_name="个案",
                    ),
                ),
            ],
            options={
                "verbose_name": "个案经过",
                "verbose_name_plural": "个案经过",
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAgency",
            fields=[
                ("id", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                (
                    "name",
                    models.CharField(
                        db_index=True,
                        error_messages={"unique": "已有同名的单位"},
                        max_length=100,
                        verbose_name="名称",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("legal_aid", "法律援助机构"),
                            ("school", "学校"),
                            ("women", "妇联"),
                            ("police", "公安"),
                            ("court", "法院"),
                            ("procuratorate", "检察院"),
                            ("justice", "司法行政"),
                            ("education", "教育部门"),
                            ("civil_affairs", "民政"),
                            ("labour", "人社"),
                            ("health", "医疗卫生机构"),
                            ("social_work", "社工、心理服务机构"),
                            ("community", "社区（村）"),
                            ("company", "企业"),
                            ("volunteers", "志愿服务队"),
                            ("other", "其他"),
                        ],
                        max_length=15,
                        verbose_name="性质",
                    ),
                ),
                (
                    "helps",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("legal_aid", "法律援助"),
                                ("schooling", "就学帮助"),
                                ("counselling", "心理疏导"),
                                ("allowance", "生活救助"),
                                ("orphan", "孤儿、事实无人抚养儿童保障"),
                                ("care_now", "临时监护"),
                                ("care_long", "长期监护"),
                                ("medical", "就医康复"),
                                ("job", "就业创业"),
                                ("hukou", "落户"),
                                ("housing", "住房"),
                                ("safety", "人身安全保护"),
                                ("company", "陪伴帮扶"),
                                ("other", "其他"),
                            ],
                            max_length=15,
                        ),
                        size=None,
                        verbose_name="帮扶事项",
                    ),
                ),
                ("agreement_number", models.CharField(blank=True, max_length=50, verbose_name="协议编号")),
                ("agreement_ends_on", models.DateField(blank=True, null=True, verbose_name="协议到期")),
                ("contact", models.CharField(blank=True, max_length=100, verbose_name="联系人和电话")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="停止合作")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间"),
                ),
                ("submission_key", models.UUIDField(db_index=True, editable=False, null=True)),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.division",
                        verbose_name="服务区域",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "协作单位变更",
                "verbose_name_plural": "historical 协作单位",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAgencyMember",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "starts_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="起始日期"),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="当天起不再有效", null=True, verbose_name="终止日期"
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="referrals.agency",
                        verbose_name="协作单位",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "协作单位人员变更",
                "verbose_name_plural": "historical 协作单位人员",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "help",
                    models.CharField(
                        choices=[
                            ("legal_aid", "法律援助"),
                            ("schooling", "就学帮助"),
                            ("counselling", "心理疏导"),
                            ("allowance", "生活救助"),
                            ("orphan", "孤儿、事实无人抚养儿童保障"),
                            ("care_now", "临时监护"),
                            ("care_long", "长期监护"),
                            ("medical", "就医康复"),
                            ("job", "就业创业"),
                            ("hukou", "落户"),
                            ("housing", "住房"),
                            ("safety", "人身安全保护"),
                            ("company", "陪伴帮扶"),
                            ("other", "其他"),
                        ],
                        max_length=15,
                        verbose_name="事项",
                    ),
                ),
                (
                    "asked",
                    grids.encryption.EncryptedTextField(purpose="referral_asked", verbose_name="请办什么"),
                ),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("name", "姓名"),
                                ("age_sex", "年龄和性别"),
                                ("id_number", "证件号码"),
                                ("phone", "联系方式"),
                                ("address", "住址"),
                                ("family", "监护人姓名和关系"),
                                ("school_work", "就学就业"),
                                ("health", "健康情况"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                        verbose_name="提供的内容",
                    ),
                ),
                (
                    "given",
                    grids.encryption.EncryptedTextField(purpose="referral_given", verbose_name="提供的信息"),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("consent", "本人或监护人同意"), ("duty", "法定职责")],
                        max_length=8,
                        verbose_name="依据",
                    ),
                ),
                (
                    "duty",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("report", "强制报告（未成年人保护法第十一条）"),
                            ("relief", "提请救助保护（未成年人保护法第四十三、九十一至九十四条）"),
                            ("emergency", "紧急情况下保护生命健康（个人信息保护法第十三条第四项）"),
                            ("transfer", "迁往外地的关爱转介（国发〔2016〕13号）"),
                            ("check", "数据校核（政务数据共享条例）"),
                            ("inquiry", "司法、执法机关依法调取（写明文书）"),
                            ("other", "其他法定职责（写明条款）"),
                        ],
                        max_length=10,
                        verbose_name="法定职责",
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=100, verbose_name="条款")),
                ("disclosure_id", models.UUIDField(verbose_name="提供记录")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "待接收"),
                            ("accepted", "已接收"),
                            ("in_progress", "办理中"),
                            ("reported", "已反馈"),
                            ("declined", "不接收"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="sent",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="发出时间")),
                ("answer_by", models.DateTimeField(verbose_name="答复期限")),
                ("due_on", models.DateField(verbose_name="反馈期限")),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[("", "单位"), ("owner", "牵头人"), ("district", "区县"), ("city", "市")],
                        default="",
                        max_length=10,
                        verbose_name="上报层级",
                    ),
                ),
                ("climbs_at", models.DateTimeField(null=True, verbose_name="下次上报")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="答复时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "reason",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="referral_reason", verbose_name="不接收或撤回的理由"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("reached", "已解决"), ("eased", "有所缓解"), ("not_reached", "未能解决")],
                        max_length=12,
                        verbose_name="结果",
                    ),
                ),
                (
                    "result",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="referral_result", verbose_name="反馈"
                    ),
                ),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.agency",
                        verbose_name="协作单位",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.case",
                        verbose_name="个案",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.consent",
                        verbose_name="同意",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="结束人",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发出人",
                    ),
                ),
            ],
            options={
                "verbose_name": "转介",
                "verbose_name_plural": "转介",
                "ordering": ["-sent_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("team", "团队"), ("own", "本单位")], max_length=4, verbose_name="给谁看"
                    ),
                ),
                ("text", grids.encryption.EncryptedTextField(purpose="case_note", verbose_name="内容")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                ("submission_key", models.UUIDField(null=True, unique=True)),
                (
                    "agency",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.agency",
                        verbose_name="协作单位",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="记录人",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="referrals.case",
                        verbose_name="个案",
                    ),
                ),
                (
                    "division",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.division",
                        verbose_name="单位",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="referrals.referral",
                        verbose_name="转介",
                    ),
                ),
            ],
            options={
                "verbose_name": "个案记录",
                "verbose_name_plural": "个案记录",
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="ReferralStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sent", "发出转介"),
                            ("accepted", "接收"),
                            ("declined", "不接收"),
                            ("in_progress", "开始办理"),
                            ("reported", "反馈结果"),
                            ("withdrawn", "撤回"),
                            ("climbed", "超期上报"),
                            ("due", "改定反馈期限"),
                        ],
                        max_length=12,
                        verbose_name="做了什么",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                (
                    "text",
                    grids.encryption.EncryptedTextField(
                        blank=True, null=True, purpose="referral_step", verbose_name="说明"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="谁",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="referrals.referral",
                        verbose_name="转介",
                    ),
                ),
            ],
            options={
                "verbose_name": "转介经过",
                "verbose_name_plural": "转介经过",
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="agency",
            constraint=models.CheckConstraint(
                condition=models.Q(("helps", []), _negated=True),
                name="agency_helps_with_something",
                violation_error_message="请至少选一项帮扶事项",
            ),
        ),
        migrations.AddConstraint(
            model_name="agencymember",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="agency_member_ends_after_start",
                violation_error_message="终止日期不能早于起始日期",
            ),
        ),
        migrations.AddConstraint(
            model_name="agencymember",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("user")), _negated=True),
                name="agency_member_approved_by_another",
                violation_error_message="批准人不能是本人",
            ),
        ),
        migrations.AddConstraint(
            model_name="agencymember",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("user", "="),
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
                name="agency_member_of_one",
                violation_error_message="此人在该时段已是一个协作单位的人员",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["youth", "-created_at"], name="case_of_youth"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "declined"]), _negated=True),
                fields=["owner", "due_on"],
                name="case_of_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "declined"]), _negated=True),
                fields=["due_on", "id"],
                name="case_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("conclusion__isnull", False),
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        ("state__in", ("closed", "declined")),
                    ),
                    models.Q(
                        models.Q(("state__in", ("closed", "declined")), _negated=True),
                        ("asked", ""),
                        ("conclusion", None),
                        ("ended_at", None),
                        ("ended_by", None),
                        ("view", None),
                    ),
                    _connector="OR",
                ),
                name="case_ends_with_an_outcome",
                violation_error_message="结案必须写明结果",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(models.Q(("asked", ""), _negated=True), ("view__isnull", False)),
                    _connector="OR",
                ),
                name="case_closed_after_asking",
                violation_error_message="结案前要征求本人或监护人的意见",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["proposed", "declined"]), ("owner__isnull", False), _connector="OR"
                ),
                name="case_has_an_owner",
                violation_error_message="进行中的个案必须有牵头人",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseneed",
            constraint=models.UniqueConstraint(fields=("case", "need"), name="case_need_once"),
        ),
        migrations.AddConstraint(
            model_name="caseneed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("note", None), ("outcome", "")),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("note__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="case_need_outcome_in_words",
                violation_error_message="每项需求的结果都要写明情况",
            ),
        ),
        migrations.AddIndex(
            model_name="casestep",
            index=models.Index(fields=["case", "at"], name="case_step_of_case"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["agency", "-sent_at", "id"], name="referral_of_agency"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["case", "sent_at"], name="referral_of_case"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("climbs_at__isnull", False)), fields=["climbs_at"], name="referral_climbs"
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", False),
                        ("reason", None),
                        ("result__isnull", False),
                        ("state", "reported"),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "reported"), _negated=True), ("outcome", ""), ("result", None)
                    ),
                    _connector="OR",
                ),
                name="referral_reported_with_an_outcome",
                violation_error_message="反馈必须写明结果",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__isnull", False), ("state__in", ["declined", "withdrawn"])),
                    models.Q(
                        models.Q(("state__in", ["declined", "withdrawn"]), _negated=True), ("reason", None)
                    ),
                    _connector="OR",
                ),
                name="referral_declined_with_a_reason",
                violation_error_message="不接收或撤回必须写明理由",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at", None),
                        ("ended_by", None),
                        ("state__in", ("sent", "accepted", "in_progress")),
                    ),
                    models.Q(
                        models.Q(("state__in", ("sent", "accepted", "in_progress")), _negated=True),
                        ("climbs_at", None),
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="referral_ended_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("basis", "consent"), ("consent__isnull", False), ("duty", "")),
                    models.Q(
                        ("basis", "duty"),
                        ("consent", None),
                        models.Q(("duty", ""), _negated=True),
                        models.Q(("clause", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="referral_has_a_basis",
                violation_error_message="转介必须有同意，或写明条款的法定职责作依据",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "fields__contained_by",
                        [
                            "name",
                            "age_sex",
                            "id_number",
                            "phone",
                            "address",
                            "family",
                            "school_work",
                            "health",
                        ],
                    ),
                    models.Q(("fields", []), _negated=True),
                ),
                name="referral_gives_of_the_closed_list",
                violation_error_message="只能提供清单里的内容，至少一项",
            ),
        ),
        migrations.AddIndex(
            model_name="casenote",
            index=models.Index(fields=["case", "at"], name="case_note_of_case"),
        ),
        migrations.AddConstraint(
            model_name="casenote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agency", None), ("referral", None)),
                    models.Q(("agency__isnull", False), ("referral__isnull", False)),
                    _connector="OR",
                ),
                name="case_note_of_an_agency_hangs_on_its_referral",
            ),
        ),
        migrations.AddConstraint(
            model_name="casenote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("level", "team"), ("agency__isnull", False), ("division__isnull", False), _connector="OR"
                ),
                name="case_note_own_has_a_unit",
                violation_error_message="只给本单位看的记录要有单位",
            ),
        ),
        migrations.AddIndex(
            model_name="referralstep",
            index=models.Index(fields=["referral", "at"], name="referral_step_of_referral"),
        ),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
        *(trigger(*each) for each in TRIGGERS),
    ]
