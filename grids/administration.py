"""The administration at /admin/: Django's, with our own table of permissions, our sign-in and our scope.

A ModelAdmin says which permission manages its model. What somebody does not manage is not there (403); what lies
outside his or her area does not exist (404). Nothing is deleted here: what is over gets an end date.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .models import User
from .models.staff import acting_user
from .permissions import Permission
from .refusals import check_now, words_of
from .scope import covers, within

View = Callable[..., HttpResponse]


def area(user: User, permission: Permission) -> list[str] | None:
    """Where somebody administers: None for the whole city (the city's cadre and the officers), else code prefixes."""
    for post in user.current_posts:
        if permission in post.permissions and (post.division_id is None or len(post.division_id) == 4):
            return None
    return user.prefixes(permission)


class Choices(AutocompleteJsonView):
    """What the search in a choice offers: that model's choices in the area of whoever asks."""

    model_admin: "ManagedAdmin"

    def has_perm(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(self.model_admin.may_choose(request))

    def get_queryset(self) -> Any:
        found, duplicates = self.model_admin.get_search_results(
            self.request, self.model_admin.choices(self.request), self.term
        )
        return found.distinct() if duplicates else found

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": self.model_admin.choice_text(obj)}


class AdministrationSite(admin.AdminSite):
    """Signed in and out through our own pages; addresses that would show other models are left out."""

    site_title = site_header = "芜湖市重点青少年服务 · 管理"
    index_title = "管理"
    empty_value_display = "—"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only what says by whom it is managed: the groups and sign-in records of other packages stay out."""
        if admin_class is not None and issubclass(admin_class, ManagedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded if cacheable else never_cache(guarded)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        def wrap(view: Any, *, cacheable: bool = False) -> Any:
            return require_safe(self.admin_view(view, cacheable))

        urls: list[URLPattern | URLResolver] = [
            path("", wrap(self.index), name="index"),
            path("autocomplete/", wrap(self.autocomplete_view), name="autocomplete"),
            path("jsi18n/", wrap(self.i18n_javascript, cacheable=True), name="jsi18n"),
        ]
        labels = []
        for model, model_admin in self._registry.items():
            label = model._meta.app_label
            urls.append(path(f"{label}/{model._meta.model_name}/", include(model_admin.urls)))
            labels += [] if label in labels else [label]
        urls.append(re_path(rf"^(?P<app_label>{'|'.join(labels)})/$", wrap(self.app_index), name="app_list"))
        return urls

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return Choices.as_view(admin_site=self)(request)  # type: ignore[return-value] # it is JSON


class ManagedForm(forms.ModelForm):
    """A form that also shows what only the database could refuse."""

    refusal = ""
    user: User

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal:
            raise ValidationError(self.refusal)
        return cleaned


class PeriodForm(ManagedForm):
    """A form with a period [starts_on, ends_on): its order is looked at before the database compares periods."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "终止日期不能早于起始日期。")
        return cleaned


class ManagedAdmin(admin.ModelAdmin):
    """A model's administration: by whom (`manages`), where (`area_field`), and what may be done."""

    manages: Permission
    area_field = ""  # the path to the code by which an area is told; "": only who manages the whole city
    may_add = True
    may_change = True
    form = ManagedForm
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False

    def get_urls(self) -> list[URLPattern]:
        """Without the address that deletes, and without the short one that only redirects."""
        return [url for url in super().get_urls() if url.name and not url.name.endswith("_delete")]

    # --- By whom and where

    def area(self, request: HttpRequest) -> list[str] | None:
        return area(acting_user(request.user), self.manages)

    def _may(self, request: HttpRequest) -> bool:
        if not acting_user(request.user).may(self.manages):
            return False
        return bool(self.area_field) or self.area(request) is None

    def _covers(self, request: HttpRequest, obj: Any) -> bool:
        prefixes = self.area(request)
        if obj is None or prefixes is None:
            return True
        code: Any = obj
        for part in self.area_field.split("__"):
            code = getattr(code, part)
        return covers(prefixes, code)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request) and self._covers(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        queryset = super().get_queryset(request)
        prefixes = self.area(request)
        if prefixes is None:
            return queryset
        return queryset.filter(within(self.area_field, prefixes)) if self.area_field else queryset.none()

    def held(self, request: HttpRequest, object_id: str) -> Any:
        """The object in the area of whoever asks. Raises PermissionDenied for others, Http404 beyond the area."""
        if not self._may(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        return obj

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponseRedirect:
        raise Http404

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self._may(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    # --- Choices of other forms

    def may_choose(self, request: HttpRequest) -> bool:
        """Whoever administers anything may choose from this model, within the area."""
        return acting_user(request.user).is_staff

    def choices(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.get_queryset(request)

    def choice_text(self, obj: Any) -> str:
        return str(obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        other = self.admin_site._registry.get(db_field.remote_field.model)  # noqa: SLF001 - for want of a public one
        if isinstance(other, ManagedAdmin):
            kwargs.setdefault("queryset", other.choices(request))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and isinstance(other, ManagedAdmin):
            field.label_from_instance = other.choice_text  # type: ignore[method-assign]
        return field

    # --- Saving

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = acting_user(request.user)
        form.refusal = getattr(request, "refusal", "")
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj._history_user = request.user
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        check_now()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What the database refuses comes back beside the form, with what was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            request.refusal = words_of(error)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)


class HistoryAdmin(ManagedAdmin):
    """A model with history: who changed what and why, field by field."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.held(request, object_id)
        records = list(
            obj.history.select_related("history_user").order_by("-history_date", "-history_id")[:200]
        )
        entries = [
            {"record": record, "changes": _changes(record, older)}
            for record, older in zip(records, [*records[1:], None], strict=True)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"变更记录：{obj}",
            "entries": entries,
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return render(request, "admin/history.html", context)


def _changes(record: Any, older: Any) -> list[dict[str, Any]]:
    """[{field, old, new}] between two history rows; nothing for the first."""
    if older is None:
        return []
    delta = record.diff_against(older, foreign_keys_are_objs=True)
    fields = record.instance_type._meta
    return [
        {
            "field": fields.get_field(change.field).verbose_name,
            "old": _shown(fields.get_field(change.field), change.old),
            "new": _shown(fields.get_field(change.field), change.new),
        }
        for change in delta.changes
    ]


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if field.choices:
        value = dict(field.flatchoices).get(value, value)
    return "—" if value in (None, "") else str(value)
