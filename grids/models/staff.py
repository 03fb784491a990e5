"""Staff: users, the posts that give them a role over an area, and who answers for which grid."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils import timezone
from simple_history.models import HistoricalRecords

from .. import lending
from ..permissions import OFFICERS, ROLE_LEVEL, ROLE_PERMISSIONS, Permission, Role
from ..scope import covers, widest
from .divisions import Division, Grid

M = TypeVar("M", bound=models.Model)

# Administrators of the Django admin: what each may touch there is decided model by model in grids/admin.
_ADMIN_PERMISSIONS = frozenset({Permission.MANAGE_PLACES, Permission.MANAGE_STAFF})


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """用户: a staff member who signs in. What he or she may do follows from posts and assignments alone."""

    username = models.CharField(
        "用户名",
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9._-]+$", "用户名只能用小写字母、数字和 . _ -")],
        error_messages={"unique": "这个用户名已有人使用，请换一个"},
    )
    name = models.CharField("姓名", max_length=50)
    is_active = models.BooleanField("可登录", default=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def reach(self) -> dict[Permission, list[str]]:
        """Permission → the code prefixes where it holds today; [""]-free: a role without area maps to []."""
        if not self.is_active:
            return {}
        found: dict[Permission, list[str]] = {}
        for post in self.current_posts:
            for permission in post.permissions:
                found.setdefault(permission, []).extend([post.division_id] if post.division_id else [])
        for assignment in self.current_assignments:
            for permission in ROLE_PERMISSIONS[Role.GRID_WORKER]:
                found.setdefault(permission, []).append(assignment.grid_id)
        return {permission: widest(prefixes) for permission, prefixes in found.items()}

    @cached_property
    def current_posts(self) -> list["Post"]:
        posts = self.posts.current().annotate(**lending.lent(self.pk))
        return list(posts.select_related("division").order_by("division_id", "role"))

    @cached_property
    def current_assignments(self) -> list["Assignment"]:
        """With the names that `label` needs, so that the frame of a page asks no more."""
        grids = self.assignments.current()
        if not self.current_posts:
            grids = grids.annotate(**lending.lent(self.pk))
        return list(grids.select_related("grid__community").order_by("grid_id"))

    @property
    def loans(self) -> list[lending.Loan]:
        """What is lent to the person beyond posts and grids (临时授权), for whoever may open files of an own area."""
        if not self.may(Permission.SEE_YOUTHS):
            return []
        rows = getattr([*self.current_posts, *self.current_assignments][0], "lent", [])
        return [lending.Loan.read(row) for row in rows]

    def may(self, permission: Permission) -> bool:
        """Whether the person holds this permission anywhere."""
        return permission in self.reach

    def prefixes(self, permission: Permission) -> list[str]:
        """Where it holds: widest code prefixes, [] for nowhere."""
        return self.reach.get(permission, [])

    def may_in(self, permission: Permission, code: str) -> bool:
        """Whether it holds in the grid or division with this code."""
        return covers(self.prefixes(permission), code)

    @property
    def walks(self) -> bool:
        """Whether the day is a round 今日 rather than a board 工作台: all that is in sight lies within communities."""
        sight = self.prefixes(Permission.SEE_YOUTHS)
        return bool(sight) and all(len(code) >= 12 for code in sight)

    @cached_property
    def label(self) -> str:
        """What stands beside the name: the widest post, else the assigned grid."""
        for post in self.current_posts:
            if post.role != Role.GRID_WORKER:
                return str(post)
        if not self.current_assignments:
            return "暂无任职"
        grid = self.current_assignments[0].grid
        return f"{grid.community} {grid}"

    # What Django admin asks.
    @property
    def is_staff(self) -> bool:
        return any(self.may(permission) for permission in _ADMIN_PERMISSIONS)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False  # every ModelAdmin decides by our own table

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


def acting_user(user: "User | AnonymousUser") -> User:
    """The signed-in user of a request, for the type checker and as a last guard."""
    if not isinstance(user, User):
        raise TypeError("this page needs a signed-in user")
    return user


class PeriodQuerySet(models.QuerySet[M]):
    def current(self) -> Self:
        """Rows whose period [starts_on, ends_on) contains today."""
        today = timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=today), starts_on__lte=today)


def period() -> Func:
    return Func(
        F("starts_on"),
        F("ends_on"),
        function="daterange",
        output_field=DateRangeField(),
    )


def duty() -> Case:
    """What a role goes together with: each officer 三员 with itself alone, all other roles with one another."""
    return Case(
        When(role__in=[role.value for role in OFFICERS], then=F("role")),
        default=Value("service"),
        output_field=models.CharField(max_length=20),
    )


class Post(models.Model):
    """任职: a role over a division for a period, approved by a named manager (未成年人网络保护条例 art. 36)."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="posts")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    division = models.ForeignKey(
        Division,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="负责区域",
        related_name="posts",
    )
    is_lead = models.BooleanField(
        "本级负责人",
        default=False,
        help_text="网格无人负责时由本级负责人顶上；每级同时只能有一位",
    )
    knows_reasons = models.BooleanField("可知晓保密类别", default=False, help_text="仅对街道指定人员勾选")
    starts_on = models.DateField("起始日期", default=timezone.localdate)
    ends_on = models.DateField(
        "终止日期", null=True, blank=True, help_text="当天起不再有效；空着表示一直有效"
    )
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    history = HistoricalRecords(verbose_name="任职变更")

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")),
                name="post_approved_by_another",
                violation_error_message="批准人不能是本人，请由另一位有权限的人办理",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="post_ends_after_start",
                violation_error_message="终止日期不能早于起始日期",
            ),
            models.CheckConstraint(
                condition=Q(
                    role__in=[role for role, level in ROLE_LEVEL.items() if level],
                    division__isnull=False,
                )
                | Q(
                    role__in=[role for role, level in ROLE_LEVEL.items() if not level],
                    division__isnull=True,
                ),
                name="post_has_area_of_its_role",
                violation_error_message="这个角色必须指定负责区域；系统管理员、安全管理员、审计员和协作单位人员不指定区域",
            ),
            models.CheckConstraint(
                condition=Q(is_lead=False) | Q(role__in=["community", "street", "district", "city"]),
                name="post_lead_is_of_a_division",
                violation_error_message="只有社区、街道、区县、市的任职可以设为本级负责人",
            ),
            models.CheckConstraint(
                condition=Q(knows_reasons=False) | Q(role="street"),
                name="post_knows_reasons_is_street",
                violation_error_message="只有街道任职需要单独指定知晓保密类别",
            ),
            ExclusionConstraint(
                name="post_one_lead_per_division",
                expressions=[
                    ("division", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_lead=True),
                violation_error_message="这个区域在该时段已有负责人，请先结束原来的任职",
            ),
            # With responsibility for a grid the same is held by triggers on both tables (migration 0008).
            ExclusionConstraint(
                name="post_officer_holds_nothing_else",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (duty(), RangeOperators.NOT_EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="系统管理员、安全管理员和审计员互不兼任，也不兼任其他职务",
            ),
        ]
        indexes = [
            # Who answers is asked for every row of a list; the constraint's own index is slow at it.
            models.Index(fields=["division"], condition=Q(is_lead=True), name="post_leads_of_division"),
        ]

    def __str__(self) -> str:
        titles = {
            Role.CITY: "团委",
            Role.DISTRICT: "团委",
            Role.STREET: "团干",
            Role.COMMUNITY: "书记/儿童主任",
        }
        return f"{self.division or ''}{titles.get(Role(self.role), self.get_role_display())}"

    @property
    def permissions(self) -> Iterable[Permission]:
        """The role's permissions that this post gives over its division.

        A grid worker's reach comes from assignments, so that it ends with them.
        """
        if self.role == Role.GRID_WORKER:
            return ()
        extra = {Permission.KNOW_REASONS} if self.knows_reasons else frozenset()
        return ROLE_PERMISSIONS[self.role] | extra


class Assignment(models.Model):
    """网格责任: who answers for a grid, from when to when; one lead at a time."""

    class Kind(models.TextChoices):
        LEAD = "lead", "网格员（责任人）"
        DEPUTY = "deputy", "协助网格员"
        LEAGUE_LEADER = "league_leader", "团小组长"

    grid = models.ForeignKey(Grid, models.PROTECT, verbose_name="网格", related_name="assignments")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="assignments")
    kind = models.CharField("职责", max_length=15, choices=Kind.choices, default=Kind.LEAD)
    starts_on = models.DateField("起始日期", default=timezone.localdate)
    ends_on = models.DateField(
        "终止日期", null=True, blank=True, help_text="当天起不再负责；空着表示一直负责"
    )
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    history = HistoricalRecords(verbose_name="网格责任变更")

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格责任"
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")),
                name="assignment_approved_by_another",
                violation_error_message="批准人不能是本人，请由另一位有权限的人办理",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="assignment_ends_after_start",
                violation_error_message="终止日期不能早于起始日期",
            ),
            ExclusionConstraint(
                name="assignment_one_lead_per_grid",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                condition=Q(kind="lead"),
                violation_error_message="这个网格在该时段已有责任人，请先结束原来的网格责任",
            ),
            ExclusionConstraint(
                name="assignment_person_once_per_grid",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (period(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="此人在该时段已在这个网格任职",
            ),
        ]
        indexes = [
            models.Index(fields=["grid"], condition=Q(kind="lead"), name="assignment_leads_of_grid"),
        ]

    def __str__(self) -> str:
        return f"{self.grid} {self.user} {self.get_kind_display()}"


class ResponsiblePerson(models.Model):
    """Who answers for each grid today: its lead, else the lead of community, street, district, city.

    A database view (migration 0002), so that pages, feeds and `check_register` give one answer. Exactly one row a grid.
    """

    grid = models.OneToOneField(Grid, models.DO_NOTHING, primary_key=True, related_name="responsible")
    user = models.ForeignKey(User, models.DO_NOTHING, related_name="+")
    code = models.CharField(max_length=15, help_text="the code of the grid or division whose lead it is")

    class Meta:
        managed = False
        db_table = "grids_responsible"

    @property
    def why(self) -> str:
        """Why this person is the answer, in words."""
        reasons = {
            15: "是本网格的责任网格员",
            12: "本网格暂无网格员，由社区（村）负责人负责",
            9: "本网格暂无网格员，社区也无负责人，由街道负责人负责",
            6: "本网格及社区、街道暂无负责人，由区县团委负责人负责",
            4: "本网格及以上各级暂无负责人，由市团委负责人负责",
        }
        return reasons[len(self.code)]
