"""Forms of agencies 协作单位: what one is, and who of it may sign in."""

from typing import Any

from django import forms

from grids.models import User
from registry.filters.places import Places
from registry.forms.fields import DayField, SubmissionForm, TextField

from ..agencies import candidates
from ..codes import AgencyKind, HelpKind

_PLEASE = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}


class AgencyForm(SubmissionForm):
    name = TextField(label="名称", max_length=100, rows=1, error_messages={"required": "请填写单位全称。"})
    kind = forms.ChoiceField(
        label="性质", choices=[("", "请选择"), *AgencyKind.choices], error_messages=_PLEASE
    )
    area = forms.ChoiceField(label="服务区域", choices=[], error_messages=_PLEASE)
    helps = forms.MultipleChoiceField(
        label="帮扶事项", choices=HelpKind.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少选一项。", "invalid_choice": "请只选列表中的项目。"},
    )  # fmt: skip
    agreement_number = TextField(label="协议编号", max_length=50, rows=1, required=False)
    agreement_ends_on = DayField(label="协议到期", required=False, help_text="到期以后不能再发新的转介。")
    contact = TextField(label="联系人和电话", max_length=100, rows=1, required=False)

    def __init__(self, *args: Any, places: Places, now: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(code, places.label(code)) for code in places.roots]
        known += [(code, label) for code, label in places.choices if len(code) <= 12]
        if now and now not in dict(known):
            known.append((now, places.label(now)))
        area: Any = self.fields["area"]
        area.choices = [("", "请选择"), *dict(known).items()]


class MemberForm(SubmissionForm):
    user = forms.ModelChoiceField(
        label="用户", queryset=User.objects.none(), empty_label="请选择", error_messages=_PLEASE,
        help_text="先由安全管理员登记“协作单位人员”的任职，才会出现在这里。",
    )  # fmt: skip
    ends_on = DayField(label="到哪天为止", required=False, help_text="空着表示一直有效。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["user"]
        chooser.queryset = User.objects.filter(pk__in=[user.pk for user in candidates()]).order_by("name")
        chooser.label_from_instance = lambda user: f"{user.name}（{user.username}）"
