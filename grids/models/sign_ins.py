"""Signing in: the second factor 动态口令 of a person, sign-ins 登录, and what happened to an account 账号事件."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..encryption import EncryptedTextField
from .staff import User


class SecondFactor(models.Model):
    """动态口令: the secret shared with the app on a person's phone, from when its first code was shown to be right.

    `last_step` is the half minute of the newest code that was used: neither it nor an older one serves again.
    """

    class Hash(models.TextChoices):
        SHA256 = "sha256", "SHA-256"
        SM3 = "sm3", "SM3"
        SHA1 = "sha1", "SHA-1"

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, related_name="second_factor", verbose_name="用户"
    )
    secret = EncryptedTextField(purpose="second_factor_secret")
    hash_name = models.CharField(max_length=6, choices=Hash.choices)
    set_up_at = models.DateTimeField("启用时间", default=timezone.now)
    last_step = models.BigIntegerField()
    failed_count = models.PositiveSmallIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "动态口令"


class SignIn(models.Model):
    """登录: one session of a person on one kind of device, kept when it is over."""

    class Device(models.TextChoices):
        DESK = "desk", "电脑"
        PHONE = "phone", "手机"

    class End(models.TextChoices):
        SIGNED_OUT = "signed_out", "本人退出"
        REPLACED = "replaced", "在同类设备上重新登录"
        IDLE = "idle", "长时间没有操作"
        BY_SELF = "by_self", "本人在别处结束"
        PASSWORD = "password", "修改密码"
        BY_OFFICER = "by_officer", "安全管理员结束"
        TOO_LONG = "too_long", "超过最长时限"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="sign_ins", verbose_name="用户")
    session_key = models.CharField(max_length=40, unique=True, db_collation="C")
    device = models.CharField("设备", max_length=5, choices=Device.choices)
    browser = models.CharField("浏览器", max_length=50)
    address = models.GenericIPAddressField("来源地址", null=True)
    with_second_factor = models.BooleanField("用了动态口令", default=False)
    idle_seconds = models.PositiveIntegerField()  # without an act for so long, the session ends
    started_at = models.DateTimeField("登录时间", default=timezone.now)
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="结束人")
    end = models.CharField("结束方式", max_length=10, choices=End.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录"
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, end="") | Q(ended_at__isnull=False) & ~Q(end=""),
                name="sign_in_ended_somehow",
            ),
            models.UniqueConstraint(
                fields=["user", "device"], condition=Q(ended_at=None), name="sign_in_one_per_device"
            ),
        ]
        indexes = [models.Index(fields=["user", "-started_at"], name="sign_in_of_user")]

    @property
    def seen_at(self) -> datetime:
        """The person's last act, to the minute. Of rows from sessions.live(), which adds when their session expires."""
        expires_at: datetime = self.expires_at  # type: ignore[attr-defined]
        return expires_at - timedelta(seconds=self.idle_seconds)


class AccountEvent(models.Model):
    """账号事件: what was done to an account, by whom and why; added to, never altered (migration 0009)."""

    class Kind(models.TextChoices):
        FACTOR_SET_UP = "factor_set_up", "启用动态口令"
        FACTOR_PAUSED = "factor_paused", "动态口令连错，暂停"
        FACTOR_RESET = "factor_reset", "重置动态口令"
        SESSIONS_ENDED = "sessions_ended", "结束登录"

    at = models.DateTimeField("时间", default=timezone.now)
    user = models.ForeignKey(User, models.PROTECT, related_name="account_events", verbose_name="用户")
    kind = models.CharField("事项", max_length=20, choices=Kind.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    reason = models.CharField("原因", max_length=200, blank=True)
    request_id = models.CharField("请求编号", max_length=64, blank=True, db_collation="C")

    class Meta:
        verbose_name = verbose_name_plural = "账号事件"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["user", "-at"], name="account_event_of_user")]
