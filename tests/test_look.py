"""The look keeps its promises: no inline code, vendored files unmodified, a stylesheet that old shells read."""

import datetime as dt
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from grids.templatetags import look

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(
    path for path in ROOT.glob("**/templates/**/*.html") if not {".venv", "var"} & set(path.parts)
)
OWN_SCRIPTS = sorted(ROOT.glob("static/*.js"))
STYLESHEET = (ROOT / "static/wuhu.css").read_text(encoding="utf-8")
HTMX_MAY = {"get", "post", "target", "swap", "trigger", "select", "push-url", "confirm"}

FORBIDDEN = {
    "an inline style": r"<[a-z][^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an inline handler": r"<[a-z][^>]*\son[a-z]+\s*=",
    "hx-on": r"\bhx-on\b",
    "an hx-trigger filter": r"hx-trigger\s*=\s*(\"[^\"]*\[|'[^']*\[)",
    "computed hx-vals": r"hx-vals\s*=\s*[\"']\s*js:",
    "a javascript: address": r"javascript:",
    "another host": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_holds_nothing_that_the_content_policy_refuses(path: Path, what: str) -> None:
    found = re.search(FORBIDDEN[what], path.read_text(encoding="utf-8"), re.IGNORECASE)
    assert found is None, f"{what}: {found[0]!r}"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_uses_only_the_agreed_part_of_htmx(path: Path) -> None:
    used = set(re.findall(r"[\s\"']hx-([a-z:-]+)\s*=", path.read_text(encoding="utf-8")))
    assert used <= HTMX_MAY


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_icon_in_a_template_is_vendored(path: Path) -> None:
    for name in re.findall(r"{% icon \"([a-z-]+)\"", path.read_text(encoding="utf-8")):
        assert finders.find(f"{look.ICONS}/{name}.svg"), name


@pytest.mark.parametrize("path", OWN_SCRIPTS, ids=named)
def test_an_own_script_runs_no_text_as_code_or_markup(path: Path) -> None:
    assert not re.search(
        r"\beval\(|new Function|\.innerHTML\s*=|insertAdjacentHTML|document\.write", path.read_text()
    )


def test_vendored_files_are_the_published_ones() -> None:
    lines = (ROOT / "static/vendor/vendor.sha256").read_text().splitlines()
    locked = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    there = {
        named(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("static/vendor", "tests/vendor")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.name != "vendor.sha256"
    }
    assert there == locked


@pytest.mark.parametrize(
    "folder",
    [path for place in ("static", "tests") for path in sorted((ROOT / place / "vendor").glob("*/"))],
    ids=named,
)
def test_a_vendored_package_says_its_version_and_its_licence(folder: Path) -> None:
    assert re.search(r"-\d+\.\d+\.\d+$", folder.name)
    assert (folder / "LICENSE").is_file()


def test_the_stylesheet_is_layered_and_never_nested() -> None:
    """Chromium 108 and Safari 16.4 read no nested rules: they would drop them without a word."""
    css = re.sub(r"/\*.*?\*/", "", STYLESHEET, flags=re.DOTALL)
    assert css.lstrip().startswith("@layer tokens, base, layout, parts, print;")
    open_blocks: list[str] = []
    for prelude, brace in re.findall(r"([^{};]*)([{};])", css):
        head = " ".join(prelude.split())
        if brace == "{":
            inside_rule = [block for block in open_blocks if not block.startswith("@")]
            assert not inside_rule, f"{head} nested in {inside_rule[0]}"
            assert open_blocks or head.startswith("@layer"), f"{head} outside every layer"
            open_blocks.append(head)
        elif brace == "}":
            open_blocks.pop()
    assert open_blocks == []


@pytest.mark.parametrize(
    "feature", [":popover", "color-mix(", "oklch(", "@scope", "@container", "subgrid", "light-dark(", "url("]
)
def test_the_stylesheet_asks_for_nothing_newer_than_its_browsers(feature: str) -> None:
    assert feature not in STYLESHEET


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("words", "ground", "least"),
    [
        *(("ink", ground, 7) for ground in ("paper", "ground", "head", "soft", "plain")),
        *(("muted", ground, 4.5) for ground in ("paper", "ground", "head", "soft")),
        *((f"{name}", f"{name}-soft", 4.5) for name in ("late", "soon", "good")),
        *((name, "paper", 4.5) for name in ("late", "soon", "good", "brand")),
        ("brand", "ground", 4.5),
        ("brand-ink", "brand", 4.5),
        ("edge", "paper", 3),
    ],
)
def test_words_stand_out_from_their_ground(words: str, ground: str, least: float) -> None:
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", STYLESHEET))
    light, dark = sorted((luminance(tokens[words]), luminance(tokens[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


@pytest.mark.parametrize(
    ("days", "tag"),
    [
        (-3, '<span class="tag late">已逾期 3 天</span>'),
        (0, '<span class="tag soon">今天</span>'),
        (1, '<span class="tag soon">明天</span>'),
        (7, '<span class="tag soon">12-01</span>'),
        (8, '<span class="tag good">12-02</span>'),
        (38, '<span class="tag good">2027-01-01</span>'),
        (None, '<span class="tag plain">未安排</span>'),
    ],
)
@time_machine.travel(dt.datetime(2026, 11, 24, 0, 30, tzinfo=dt.UTC), tick=False)
def test_a_due_day_says_in_words_how_late_it_is(days: int | None, tag: str) -> None:
    assert look.due(None if days is None else dt.date(2026, 11, 24) + dt.timedelta(days)) == tag


@time_machine.travel(dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC), tick=False)
def test_today_is_the_day_in_wuhu_not_in_greenwich() -> None:
    assert "今天" in look.due(dt.date(2026, 11, 24))
    assert "今天 00:40" in look.moment(dt.datetime(2026, 11, 23, 16, 40, tzinfo=dt.UTC))
    assert "昨天 23:59" in look.moment(dt.datetime(2026, 11, 23, 15, 59, tzinfo=dt.UTC))
    assert look.days_ago(dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)) == "3 天前"


@pytest.mark.parametrize(
    ("hours", "kind", "words"),
    [
        (-2, "late", "已超时 2 小时"),
        (-0.005, "late", "已超时 1 分钟"),
        (4.5, "soon", "还剩 4 小时"),
        (30, "good", "还剩 30 小时"),
        (72, "good", "还剩 3 天"),
    ],
)
@time_machine.travel(dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC), tick=False)
def test_a_deadline_of_hours_counts_down(hours: float, kind: str, words: str) -> None:
    moment = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
    assert look.due_in(moment) == f'<span class="tag {kind}">{words}</span>'


class VisitForm(forms.Form):
    met_on = forms.DateField(
        label="走访日期", help_text="当天或以前", error_messages={"invalid": "这一天不存在"}
    )
    way = forms.ChoiceField(
        label="方式", choices=[("home", "入户"), ("phone", "电话")], widget=forms.RadioSelect
    )
    phone = forms.CharField(label="电话", required=False)
    checked = forms.BooleanField(label="已当面核对", required=False)


def rendered(source: str, **context: object) -> str:
    return Template("{% load look %}" + source).render(Context(context))


def test_an_error_stands_beside_its_field_and_what_was_typed_stays() -> None:
    form = VisitForm({"met_on": "2026-02-30", "way": "home"})
    html = rendered("{% field form.met_on %}", form=form)
    assert 'value="2026-02-30"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_met_on_helptext id_met_on_error"' in html
    assert re.search(r'<div id="id_met_on_error">.*这一天不存在', html)
    assert 'id="id_met_on_helptext">当天或以前' in html


def test_the_summary_links_to_each_field_that_wants_mending() -> None:
    html = rendered("{% form_errors form %}", form=VisitForm({"met_on": "2026-02-30"}))
    assert "有 2 处需要修改" in html
    assert '<a href="#id_met_on">走访日期</a>' in html
    assert '<a href="#id_way_0">方式</a>' in html
    assert rendered("{% form_errors form %}", form=VisitForm()).strip() == ""


def test_choices_are_a_group_with_a_name_and_optional_fields_say_so() -> None:
    form = VisitForm()
    group = rendered("{% field form.way %}", form=form)
    assert re.search(r"<fieldset.*<legend>方式</legend>.*</fieldset>", group, re.DOTALL)
    assert '<label for="id_way_1">' in group
    assert "（选填）" in rendered("{% field form.phone %}", form=form)
    assert "（选填）" not in rendered("{% field form.checked %}", form=form)


def test_a_sortable_head_turns_round_and_starts_at_the_first_page() -> None:
    request = RequestFactory().get("/youths/", {"sort": "due", "after": "x", "category": "drifting"})
    html = rendered('{% sort_th "due" "下次走访" %}{% sort_th "name" "姓名" %}', request=request)
    assert 'aria-sort="ascending"' in html
    assert "?sort=-due&amp;category=drifting" in html
    assert "?sort=name&amp;category=drifting" in html


def test_a_missing_page_is_the_same_page_for_everybody_apart_from_the_request_id() -> None:
    pages = []
    for number in ("first", "second"):
        request = RequestFactory().get(f"/youths/{number}/")
        request.request_id = number  # type: ignore[attr-defined]
        pages.append(
            render_to_string(
                "404.html", {"request_path": request.path, "exception": number}, request=request
            ).replace(number, "…")
        )
    assert all(one == other for one, other in pairwise(pages))


def test_the_page_of_a_failure_needs_nothing_that_can_fail() -> None:
    assert not re.search(r"{[{%]", (ROOT / "templates/500.html").read_text(encoding="utf-8"))


def test_numbers_are_readable() -> None:
    assert look.thousands(5360) == "5,360"
    assert look.thousands(None) == "—"
    assert look.duration(dt.timedelta(minutes=15)) == "15 分钟"
