"""Staff: users and the posts that give them a role over an area."""

from typing import Any

from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.forms import SetPasswordMixin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from ..administration import HistoryAdmin, ManagedAdmin, ManagedForm, PeriodForm
from ..models import Post, User
from ..permissions import ROLE_LEVEL, Permission
from ..staff import StaffRefused, refuse_mixed_duties

protect_password = sensitive_post_parameters("password1", "password2")


class UserForm(SetPasswordMixin, ManagedForm):
    """A person and, when filled, a new password; asked for when the account is made."""

    password1, password2 = SetPasswordMixin.create_password_fields(label1="密码", label2="再输一遍密码")

    class Meta:
        model = User
        fields = ["username", "name", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        for name in ("password1", "password2"):
            self.fields[name].required = is_new
        if not is_new:
            self.fields[
                "password1"
            ].help_text = "空着表示不改。改了以后，此人在各处的登录立即失效，要用新密码重新登录。"
        for field in ("username", "password1", "password2"):
            self.fields[field].widget.attrs["autocomplete"] = "off" if field == "username" else "new-password"

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.instance)
        if self.instance == self.user and self.cleaned_data.get("is_active") is False:
            self.add_error("is_active", "不能停用自己的账号。")
        return super().clean()

    def save(self, commit: bool = True) -> User:
        if self.cleaned_data.get("password1"):
            self.instance.set_password(self.cleaned_data["password1"])
        user: User = super().save(commit)
        return user


@admin.register(User)
class UserAdmin(ManagedAdmin):
    manages = Permission.MANAGE_STAFF
    form = UserForm
    fields = ["username", "name", "is_active", "password1", "password2"]
    list_display = ["username", "name", "is_active", "duties", "last_login"]
    list_filter = ["is_active", "posts__role"]
    search_fields = ["username", "name"]
    ordering = ["username"]
    actions = ["unlock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("posts__division")

    def choices(self, request: HttpRequest) -> QuerySet[User]:
        """Posts and responsibilities are given to whoever can sign in."""
        return User.objects.filter(is_active=True).order_by("username")

    def choice_text(self, obj: User) -> str:
        return f"{obj.name}（{obj.username}）"

    @admin.display(description="任职")
    def duties(self, user: User) -> str:
        today = timezone.localdate()
        return "、".join(
            str(post)
            for post in user.posts.all()
            if post.starts_on <= today and (post.ends_on is None or post.ends_on > today)
        )

    @admin.action(description="解除登录限制（密码连错 5 次后）")
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            reset(username=user.username)
        self.message_user(request, f"已解除 {len(queryset)} 人的登录限制，现在可以再试密码。")


class PostForm(PeriodForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user, role, division = (cleaned.get(name) for name in ("user", "role", "division"))
        if user == self.user:
            raise ValidationError("不能给自己任职或调整自己的任职，请由另一位安全管理员办理。")
        level = ROLE_LEVEL.get(role or "")
        if level and division and division.level != level:
            self.add_error("division", f"这个角色的负责区域应是{type(division).Level(level).label}一级。")
        if user and role and not (cleaned.get("ends_on") and cleaned["ends_on"] <= timezone.localdate()):
            try:
                refuse_mixed_duties(user, role=role, besides=self.instance.pk)
            except StaffRefused as refused:
                raise ValidationError(str(refused)) from None
        return cleaned


class CurrentFilter(admin.SimpleListFilter):
    """Posts and responsibilities that hold today, and those that are over or yet to come."""

    title = "是否在任"
    parameter_name = "current"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "在任"), ("no", "已结束或未开始")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        current = self.used_parameters.get("current")
        if current == "yes":
            return queryset.current()  # type: ignore[attr-defined]
        if current == "no":
            return queryset.exclude(pk__in=queryset.current().values("pk"))  # type: ignore[attr-defined]
        return queryset


@admin.register(Post)
class PostAdmin(HistoryAdmin):
    manages = Permission.MANAGE_STAFF
    form = PostForm
    fields = ["user", "role", "division", "is_lead", "knows_reasons", "starts_on", "ends_on", "approved_by"]
    readonly_fields = ["approved_by"]
    autocomplete_fields = ["user", "division"]
    list_display = [
        "user",
        "role",
        "division",
        "is_lead",
        "knows_reasons",
        "starts_on",
        "ends_on",
        "approved_by",
    ]
    list_filter = [CurrentFilter, "role", "is_lead", "knows_reasons"]
    list_select_related = ["user", "division", "approved_by"]
    search_fields = ["user__name", "user__username", "division__name", "division__code"]
    ordering = ["division_id", "role", "user__username", "pk"]

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        """A post stays the post of its person: another person gets another post."""
        return self.readonly_fields if obj is None else ["user", *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        obj.approved_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
