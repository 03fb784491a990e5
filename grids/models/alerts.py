"""Alerts: the row is the message. Celery only hurries it (grids/alerts.py, grids/tasks.py)."""

import uuid

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from .staff import User

# What only the reader can bring to its end; of a leaving youth the other side is asked.
PRESSING = Q(wants_act=True) & ~Q(kind="handover_leaving")
# A child in need now stands above whatever is late.
AT_ONCE = Q(kind__in=["report_urgent", "report_authority"])


class AlertQuerySet(models.QuerySet["Alert"]):
    def of(self, user: User) -> "AlertQuerySet":
        return self.filter(addressee=user)

    def open(self) -> "AlertQuerySet":
        return self.filter(done_at=None)

    def unread(self) -> "AlertQuerySet":
        return self.filter(read_at=None, done_at=None)

    def for_the_day(self) -> "AlertQuerySet":
        """What a day page shows: what wants an act until it is done, what only informs until it is read."""
        waiting = self.open().filter(Q(wants_act=True) | Q(read_at=None))
        pressing = Case(When(AT_ONCE, then=Value(0)), When(PRESSING, then=Value(1)), default=Value(2))
        return waiting.order_by(pressing, F("due_at").asc(nulls_last=True), "-created_at", "id")


class Alert(models.Model):
    """提醒: a message in one person's inbox that wants an act; unread → read → done.

    Written in the transaction of its event, once per event and addressee. `text` names nobody in full and no
    category: it is the same whatever the reader may know. `subject_id` is the file it is about, so that what
    removes a file finds its alerts.
    """

    class Kind(models.TextChoices):
        HANDOVER_OFFERED = "handover_offered", "待接收"
        HANDOVER_LEAVING = "handover_leaving", "迁出"
        HANDOVER_ESCALATED = "handover_escalated", "超时未接收"
        HANDOVER_ACCEPTED = "handover_accepted", "已接收"
        HANDOVER_RETURNED = "handover_returned", "被退回"
        HANDOVER_CANCELLED = "handover_cancelled", "交接取消"
        HANDOVER_ANSWERED = "handover_answered", "外地已答复"
        ADDRESS_CHANGED = "address_changed", "网格内搬家"
        FAMILY_MOVED = "family_moved", "家人迁移"
        CHECK_ANSWERED = "check_answered", "校核已答复"
        CANDIDATES = "candidates", "新线索"
        CANDIDATE_VISITED = "candidate_visited", "待核定"
        GRANT_ASKED = "grant_asked", "待审批授权"
        GRANT_DECIDED = "grant_decided", "授权结果"
        GRANT_GIVEN = "grant_given", "档案授权"
        GRANT_EMERGENCY = "grant_emergency", "紧急查阅"
        REQUEST_RECEIVED = "request_received", "个人信息请求"
        REQUEST_DUE = "request_due", "请求到期"
        REQUEST_ANSWERED = "request_answered", "请求已答复"
        REPORT_URGENT = "report_urgent", "紧急上报"
        REPORT_NEW = "report_new", "问题上报"
        REPORT_AUTHORITY = "report_authority", "待登记报告"
        REPORT_ANSWERED = "report_answered", "上报有结果"
        CASE_PROPOSED = "case_proposed", "待立案"
        CASE_DECIDED = "case_decided", "立案结果"
        CASE_CARRIED = "case_carried", "个案转接"
        REFERRAL_SENT = "referral_sent", "新转介"
        REFERRAL_ANSWERED = "referral_answered", "转介已答复"
        REFERRAL_REPORTED = "referral_reported", "转介已反馈"
        REFERRAL_LATE = "referral_late", "转介超期"
        PAIRING_DUE = "pairing_due", "待结对联系"
        PAIRING_STOPPED = "pairing_stopped", "结对停止"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_key = models.CharField(max_length=120, db_collation="C")
    addressee = models.ForeignKey(User, models.PROTECT, related_name="alerts")
    kind = models.CharField("类型", max_length=30, choices=Kind.choices)
    text = models.CharField("内容", max_length=200)
    path = models.CharField("页面", max_length=200, blank=True)
    subject_id = models.UUIDField(null=True, db_index=True)
    wants_act = models.BooleanField(default=True)
    due_at = models.DateTimeField("期限", null=True)
    created_at = models.DateTimeField("时间", default=timezone.now, db_default=Now())
    read_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # Outward delivery (SMS / WeCom gateway): claimed with a lease, tried with backing off, parked after five.
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(null=True, default=timezone.now, db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提醒"
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event_key", "addressee"],
                name="alert_once_per_event_and_addressee",
            ),
        ]
        indexes = [
            models.Index(
                fields=["addressee", "-created_at"],
                condition=Q(done_at=None),
                name="alert_open_of_addressee",
            ),
            models.Index(
                fields=["next_try_at"],
                condition=Q(delivered_at=None, parked_at=None),
                name="alert_to_deliver",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()  # never the text: administration and logs print this

    @property
    def is_pressing(self) -> bool:
        return self.wants_act and self.kind != self.Kind.HANDOVER_LEAVING

    @property
    def verb(self) -> str:
        """The word on the button that leads to the act."""
        return _VERBS.get(self.kind, "查看")


_VERBS: dict[str, str] = {
    Alert.Kind.CASE_PROPOSED: "立案",
    Alert.Kind.REFERRAL_LATE: "督促",
    Alert.Kind.HANDOVER_OFFERED: "接收",
    Alert.Kind.HANDOVER_ESCALATED: "处理",
    Alert.Kind.HANDOVER_RETURNED: "查清去向",
    Alert.Kind.ADDRESS_CHANGED: "核实",
    Alert.Kind.FAMILY_MOVED: "走访",
    Alert.Kind.CANDIDATES: "走访",
    Alert.Kind.CANDIDATE_VISITED: "核定",
    Alert.Kind.GRANT_ASKED: "审批",
    Alert.Kind.GRANT_EMERGENCY: "复核",
    Alert.Kind.REQUEST_RECEIVED: "答复",
    Alert.Kind.REQUEST_DUE: "处理",
    Alert.Kind.REPORT_URGENT: "处理",
    Alert.Kind.REPORT_NEW: "答复",
    Alert.Kind.REPORT_AUTHORITY: "登记",
    Alert.Kind.PAIRING_DUE: "登记联系",
}
