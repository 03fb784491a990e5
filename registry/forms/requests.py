"""Forms of a request 个人信息请求: find the person, take the request in, answer it, choose what a sheet adds."""

from typing import Any

from django import forms
from django.utils import timezone

from grids.permissions import Permission

from ..models import PersonRequest, Residence, Resident, Youth
from ..request_sheet import Text
from ..requests import Erasure, area_of
from .fields import DayField, PersonNameField, SubmissionForm, TextField
from .youths import FindResidentForm

_NOT_HERE = "在您负责的范围内没有这个人，请核对号码。档案由别处负责的，请联系那里或市团委。"


class FindPersonForm(FindResidentForm):
    """Whom the request is about, by ID number or 人员编号: posted, never in an address."""

    not_here = _NOT_HERE
    number = forms.CharField(
        label="关于谁：证件号码或人员编号",
        max_length=40,
        help_text="填孩子或本人的号码，不是申请人的。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "请填写证件号码或人员编号。", "max_length": "号码太长，请核对。"},
    )

    def in_scope(self, **key: Any) -> Resident | None:
        """Somebody who lives in the user's area, whose file is answered for there, or who lived there last.

        Those who left and the dead (their kin may ask: art. 49) are kept for a while and live nowhere.
        """
        may = Permission.RECEIVE_REQUESTS
        here = Resident.objects.visible_to(self.user, may).filter(**key).first()
        if here is not None:
            return here
        of_person = {f"resident__{name}": value for name, value in key.items()}
        file = Youth.objects.visible_to(self.user, may).select_related("resident").filter(**of_person).first()
        if file is not None:
            return file.resident
        homes = Residence.objects.visible_to(self.user, may).select_related("resident")
        last = homes.filter(**of_person).order_by("-ends_on").first()
        is_last = last is not None and self.user.may_in(may, area_of(last.resident) or "-")
        return last.resident if last is not None and is_last else None


class RequestForm(FindPersonForm):
    """Who asks, as what, for what, and when it came."""

    kind = forms.ChoiceField(
        label="请求什么",
        choices=PersonRequest.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择请求什么。", "invalid_choice": "请选择请求什么。"},
    )
    capacity = forms.ChoiceField(
        label="申请人是谁",
        choices=PersonRequest.Capacity.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择申请人是谁。", "invalid_choice": "请选择申请人是谁。"},
    )
    asker_name = PersonNameField(label="申请人姓名")
    asker_contact = forms.CharField(
        label="怎样回复",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="电话或地址，书面答复送到这里。",
        error_messages={"max_length": "最多 100 个字。"},
    )
    identity = forms.ChoiceField(
        label="怎样核对了身份",
        choices=PersonRequest.Identity.choices,
        widget=forms.RadioSelect,
        help_text="只记核对的方式，不复印、不留证件。",
        error_messages={"required": "请选择怎样核对了身份。", "invalid_choice": "请选择怎样核对了身份。"},
    )
    wants = TextField(
        label="具体要求",
        max_length=500,
        help_text="照申请人的话写：要看什么、改什么、删什么，为什么。",
        error_messages={"required": "请写明具体要求。"},
    )
    received_on = DayField(label="收到日期")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("received_on", timezone.localdate())


class RequestFilter(forms.Form):
    """Which requests are listed."""

    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "待答复"), ("late", "已逾期"), ("done", "已答复")]
    )
    kind = forms.ChoiceField(
        label="请求", required=False, choices=[("", "全部"), *PersonRequest.Kind.choices]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def listed(self, requests: Any) -> Any:
        wanted = self.cleaned_data
        if wanted["kind"]:
            requests = requests.filter(kind=wanted["kind"])
        if wanted["state"] == "done":
            return requests.exclude(outcome="")
        return requests.overdue() if wanted["state"] == "late" else requests.open()


class AnswerForm(SubmissionForm):
    """The written answer. `erase` is offered where what is asked to be deleted can go today."""

    outcome = forms.ChoiceField(
        label="结果",
        choices=PersonRequest.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择结果。", "invalid_choice": "请选择结果。"},
    )
    answer = TextField(
        label="书面答复",
        max_length=1000,
        rows=5,
        help_text="会交给申请人。部分同意、不同意的，写明理由和依据；不写别人的信息，不写谁提供的情况。",
        error_messages={"required": "请写明答复；不同意的写明理由。"},
    )
    done = TextField(
        label="办了什么",
        max_length=500,
        rows=2,
        required=False,
        help_text="例如：当面交付清单一份；已更正电话。只有内部能看到。",
    )
    erase = forms.BooleanField(label="立即匿名化这份已结的档案（不能恢复）", required=False)

    def __init__(self, *args: Any, erasure: Erasure | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if erasure is None or not erasure.may:
            del self.fields["erase"]
        if erasure is not None and erasure.refusal and not self.is_bound:
            self.initial.update(outcome=PersonRequest.Outcome.REFUSED, answer=erasure.refusal)


class SheetForm(forms.Form):
    """Which pieces of free text the sheet adds; none unless chosen."""

    text = forms.MultipleChoiceField(
        label="附上这些文字", required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "文字已有变动，请重新选择。"},
    )  # fmt: skip

    def __init__(self, *args: Any, texts: list[Text], **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.texts = texts
        choices = self.fields["text"]
        assert isinstance(choices, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        choices.choices = [(text.key, f"{text.title}：{text.text}") for text in texts]

    @property
    def chosen(self) -> list[Text]:
        return [text for text in self.texts if text.key in self.cleaned_data["text"]]
