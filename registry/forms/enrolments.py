"""Forms on categories: add one, end one."""

from typing import Any

from django import forms
from django.utils import timezone

from grids.models import User

from ..models import Category, Youth
from ..reasons import knows_reasons
from .fields import DayField, SubmissionForm, TextField
from .youths import EVERYONE_READS


class EnrolForm(SubmissionForm):
    """Add a category. Private ones are offered only to those who may know them."""

    category = forms.ModelChoiceField(
        Category.objects.none(),
        label="类别",
        empty_label="请选择",
        error_messages={"required": "请选择类别。", "invalid_choice": "请选择列表中的类别。"},
    )
    starts_on = DayField(label="情况从哪天开始", help_text="例如父母外出、停学的那一天，不是今天填表的日子。")
    evidence = TextField(
        label="认定依据",
        max_length=500,
        help_text="写明看到、问到了什么，什么时候，谁说的。",
        error_messages={"required": "请写明认定依据。"},
    )
    clause = TextField(
        label="依据条款", max_length=200, rows=1, required=False, help_text="空着：用这个类别的标准条款。"
    )
    review_on = DayField(label="复核日期", required=False, help_text="空着：按类别的复核周期安排。")

    def __init__(self, *args: Any, youth: Youth, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        knows = knows_reasons(user, youth.grid_id)
        self.categories = list(Category.objects.all() if knows else Category.objects.filter(is_private=False))
        category = self.fields["category"]
        assert isinstance(category, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        category.queryset = Category.objects.filter(pk__in=[known.pk for known in self.categories])
        if knows:
            self.fields["evidence"].help_text += (
                "不良行为只写家长、学校、社区或本人的说法：哪种行为、哪一天、谁说的；"
                "公安、法院、检察和专门教育的记录依法封存，不能写。"
            )


class EndForm(SubmissionForm):
    """End a category with a reason."""

    ends_on = DayField(label="终止日期", initial=timezone.localdate)
    reason = TextField(
        label="终止原因",
        max_length=200,
        help_text=f"例如：母亲已回家照护；已复学。{EVERYONE_READS}",
        error_messages={"required": "请写明终止原因。"},
    )


class ReviewForm(SubmissionForm):
    """Looked at again: the category still holds."""

    note = TextField(
        label="复核时看到的情况",
        max_length=80,
        rows=2,
        help_text=f"例如：父母仍在外务工，奶奶照护。{EVERYONE_READS}",
        error_messages={"required": "请写明复核时看到的情况。"},
    )
