"""Places: divisions, grids, and who answers for which grid."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from ..administration import HistoryAdmin, ManagedAdmin, ManagedForm, PeriodForm
from ..models import Assignment, Division, Grid, User
from ..models.staff import acting_user
from ..permissions import Permission
from ..scope import within
from ..staff import StaffRefused, change_lead, refuse_mixed_duties
from .staff import CurrentFilter


class DivisionForm(ManagedForm):
    """A new division finds its parent by its code."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        code, successor = cleaned.get("code"), cleaned.get("successor")
        if code and self.instance._state.adding:
            lengths = {6: 4, 9: 6, 12: 9}
            parent = Division.objects.filter(pk=code[: lengths.get(len(code), 0)]).first()
            if parent is None:
                self.add_error("code", "没有这个编码的上级区划，请核对编码。")
            self.instance.parent = parent
        if successor and successor == self.instance:
            self.add_error("successor", "不能撤并到自己。")
        if successor and successor.level != self.instance.level:
            self.add_error("successor", "撤并后的区划应与原来同一层级。")
        return cleaned


@admin.register(Division)
class DivisionAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    form = DivisionForm
    fields = ["code", "name", "level", "valid_from", "valid_to", "successor"]
    autocomplete_fields = ["successor"]
    list_display = ["code", "name", "level", "parent", "valid_to", "successor"]
    list_filter = ["level", ("valid_to", admin.EmptyFieldListFilter)]
    list_select_related = ["parent", "successor"]
    search_fields = ["name", "code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Division | None = None) -> list[str]:
        return ["code", "level"] if obj else []

    def choices(self, request: HttpRequest) -> QuerySet[Division]:
        """Also for those who manage only their own district: the divisions in it. Posts may stand anywhere."""
        found = Division.objects.order_by("code")
        user = acting_user(request.user)
        if user.may(Permission.MANAGE_STAFF):
            return found
        prefixes = self.area(request)
        return found if prefixes is None else found.filter(within("code", prefixes))

    def choice_text(self, obj: Division) -> str:
        return f"{obj.name}（{obj.code}）"


class AreaFilter(admin.SimpleListFilter):
    """Districts for those who manage the city, streets for those who manage a district."""

    title = "区域"
    parameter_name = "area"
    field = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        prefixes = model_admin.area(request)
        found = Division.objects.filter(level="district" if prefixes is None else "street")
        if prefixes is not None:
            found = found.filter(within("code", prefixes))
        return [(division.code, division.name) for division in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.used_parameters.get("area")
        if code is None:
            return queryset
        offered = {value for value, _ in self.lookup_choices}
        return queryset.filter(within(self.field, [code])) if code in offered else queryset.none()


class GridForm(ManagedForm):
    def clean_code(self) -> str:
        """The code extends that of the community, which has been read before."""
        code: str = self.cleaned_data["code"]
        community = self.cleaned_data.get("community")
        if len(code) != 15 or (community and not code.startswith(community.code)):
            raise ValidationError("网格编号应为所属社区编码加 3 位数字。")
        return code


class ChangeLeadForm(forms.Form):
    """更换网格责任人."""

    to = forms.ModelChoiceField(User.objects.none(), label="新的责任人")
    on = forms.DateField(label="从哪天起", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def __init__(self, *args: Any, model_admin: ManagedAdmin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        field.queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]
        field.label_from_instance = lambda user: f"{user.name}（{user.username}）"  # type: ignore[attr-defined]
        field.widget = AutocompleteSelect(Assignment._meta.get_field("user"), model_admin.admin_site)
        field.widget.choices = field.choices  # type: ignore[attr-defined]
        self.fields["on"].initial = timezone.localdate

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on < timezone.localdate():
            raise ValidationError("不能早于今天：以前谁负责，记录已经在案。")
        return on


class AssignmentInline(admin.TabularInline):
    """Who answered and answers for the grid, for reading; changes go through 更换网格责任人 or 网格责任."""

    model = Assignment
    fields: ClassVar[Any] = ["user", "kind", "starts_on", "ends_on", "approved_by"]
    readonly_fields = ["user", "kind", "starts_on", "ends_on", "approved_by"]
    ordering = ["-starts_on", "-pk"]
    extra = 0
    can_delete = False
    verbose_name_plural = "网格责任（现在和以前）"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        return super().get_queryset(request).select_related("user", "approved_by", "grid")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the grid

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Grid)
class GridAdmin(HistoryAdmin):
    manages = Permission.MANAGE_PLACES
    area_field = "code"
    form = GridForm
    fields = ["community", "code", "name", "retired_on"]
    autocomplete_fields = ["community"]
    inlines = [AssignmentInline]
    list_display = ["code", "name", "community", "answers", "retired_on"]
    list_filter = [AreaFilter, ("retired_on", admin.EmptyFieldListFilter)]
    list_select_related = ["community", "responsible__user"]
    search_fields = ["code", "name", "community__name", "responsible__user__name"]
    change_form_template = "admin/grids/grid_change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Grid | None = None) -> list[str]:
        return ["community", "code"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: Grid | None) -> list[Any]:
        return self.inlines if obj else []

    def choices(self, request: HttpRequest) -> QuerySet[Grid]:
        return self.get_queryset(request).select_related("community").order_by("code")

    def choice_text(self, obj: Grid) -> str:
        return f"{obj.community} {obj.name}（{obj.code}）"

    @admin.display(description="现在由谁负责", ordering="responsible__user__name")
    def answers(self, grid: Grid) -> str:
        answer = getattr(grid, "responsible", None)
        if answer is None:
            return "尚无负责人"
        return format_html("{}{}", answer.user.name, "" if len(answer.code) == 15 else "（上级代管）")

    def get_urls(self) -> list[URLPattern]:
        change = path(
            "<path:object_id>/lead/",
            self.admin_site.admin_view(self.lead_view),
            name="grids_grid_lead",
        )
        return [change, *super().get_urls()]

    def lead_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        grid = self.held(request, object_id)
        form = ChangeLeadForm(request.POST or None, model_admin=self)
        if request.method == "POST" and form.is_valid():
            to, on = form.cleaned_data["to"], form.cleaned_data["on"]
            try:
                change_lead(grid, to=to, by=acting_user(request.user), on=on)
            except StaffRefused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"{grid.community} {grid}：从 {on:%Y-%m-%d} 起由{to.name}负责。")
                return redirect(reverse("admin:grids_grid_change", args=[grid.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "更换网格责任人",
            "form": form,
            "media": self.media + form.media,
            "grid": grid,
            "answer": getattr(grid, "responsible", None),
            "opts": self.opts,
        }
        return render(request, "admin/grids/grid_lead.html", context, status=422 if form.errors else 200)


class AssignmentForm(PeriodForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user = cleaned.get("user") or getattr(self.instance, "user", None)
        if user is None:
            return cleaned
        if self.instance._state.adding and user == self.user:
            raise ValidationError("不能让自己负责网格，请由别人办理。")
        if self.instance._state.adding and not user.is_active:
            self.add_error("user", "此人的账号已停用。")
        try:
            refuse_mixed_duties(user, role=None)
        except StaffRefused as refused:
            if not cleaned.get("ends_on"):
                raise ValidationError(str(refused)) from None
        return cleaned


class AssignmentAreaFilter(AreaFilter):
    field = "grid_id"


@admin.register(Assignment)
class AssignmentAdmin(HistoryAdmin):
    manages = Permission.MANAGE_PLACES
    area_field = "grid_id"
    form = AssignmentForm
    fields = ["grid", "user", "kind", "starts_on", "ends_on", "approved_by"]
    readonly_fields = ["approved_by"]
    autocomplete_fields = ["grid", "user"]
    list_display = ["grid_id", "place", "user", "kind", "starts_on", "ends_on", "approved_by"]
    list_filter = [CurrentFilter, "kind", AssignmentAreaFilter]
    list_select_related = ["grid__community", "user", "approved_by"]
    search_fields = ["grid__code", "grid__name", "grid__community__name", "user__name", "user__username"]
    ordering = ["grid_id", "-starts_on", "pk"]

    @admin.display(description="网格", ordering="grid_id")
    def place(self, assignment: Assignment) -> str:
        return f"{assignment.grid.community} {assignment.grid}"

    def get_readonly_fields(self, request: HttpRequest, obj: Assignment | None = None) -> list[str]:
        """A responsibility stays that of its person and grid; it is ended, and another one begins."""
        return ["grid", "user", "kind", *self.readonly_fields] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Assignment, form: Any, change: bool) -> None:
        if obj.approved_by_id is None:
            obj.approved_by = acting_user(request.user)
        super().save_model(request, obj, form, change)
