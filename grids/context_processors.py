"""What the frame around every page needs: where this person may go, and how many alerts wait."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from .models import Alert, User
from .permissions import Permission


@cache
def _address(name: str) -> str:
    """Where the page of this name is; "" while there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Item:
    """One entry of the navigation."""

    label: str
    icon: str
    url: str
    is_current: bool
    has_badge: bool = False


class Nav:
    """The navigation of one request. Lazy: a page without a frame (sign-in, errors) asks the database nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.path = request.path

    @cached_property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    def may(self, permission: Permission) -> bool:
        return self.user is not None and self.user.may(permission)

    @cached_property
    def home_label(self) -> str:
        """Whoever walks a community or its grids opens a list of today's acts, a cadre a board."""
        return "今日" if self.user is not None and self.user.walks else "工作台"

    def _item(
        self,
        label: str,
        icon: str,
        name: str,
        *also_under: str,
        has_badge: bool = False,
    ) -> list[Item]:
        """The entry for a named address, or none while the product has no such page."""
        url = _address(name)
        if not url:
            return []
        is_current = self.path == url if url == "/" else self.path.startswith((url, *also_under))
        return [Item(label, icon, url, is_current, has_badge)]

    @cached_property
    def items(self) -> list[Item]:
        """The bar at the top, on the desk."""
        if self.user is None:
            return []
        found = self._item(self.home_label, "layout-dashboard", "home")
        if self.may(Permission.SEE_YOUTHS):
            found += self._item("查询", "search", "youths", "/visits/")
        if self.may(Permission.SEARCH_PEOPLE):
            found += self._item("人房", "map-pin", "households", "/residents/", "/dwellings/")
        if self.may(Permission.SEE_YOUTHS):
            found += self._item("上报", "triangle-alert", "reports")
            found += self._item("线索", "map-pin", "candidates")
            found += self._item("迁移", "arrow-left-right", "moves", "/handovers/")
        found += self._help()
        if self.may(Permission.LOAD_FEEDS):
            found += self._item("数据", "upload", "feeds")
        if self.may(Permission.APPROVE_GRANTS) or self.may(Permission.READ_AUDIT):
            found += self._item("授权", "lock", "grants")
        if self.may(Permission.RECEIVE_REQUESTS):
            found += self._item("请求", "info", "requests")
        if self.may(Permission.MANAGE_STAFF):
            found += self._item("登录管理", "user-check", "sign_ins")
        if self.user.is_staff:
            found += self._item("管理", "settings", "admin:index")
        return found

    def _help(self) -> list[Item]:
        """Cases and alerts of those who see youths; an agency's own referrals; agencies for who sees no youth."""
        found: list[Item] = []
        if self.may(Permission.SEE_YOUTHS):
            found += self._item("个案", "users", "cases", "/agencies/", "/pairings/")
        if self.may(Permission.ANSWER_REFERRALS):
            found += self._item("转介", "arrow-left-right", "referrals")
        if self.may(Permission.SEE_YOUTHS) or self.may(Permission.ANSWER_REFERRALS):
            found += self._item("提醒", "bell", "alerts", has_badge=True)
        if self.may(Permission.MANAGE_PLACES) and not self.may(Permission.SEE_YOUTHS):
            found += self._item("协作单位", "users", "agencies")
        return found

    @cached_property
    def phone(self) -> list[Item]:
        """The bar at the bottom, on a phone: what one thumb needs."""
        if self.user is None:
            return []
        walks_only = self.home_label == "今日"
        found = self._item(self.home_label, "house", "home")
        if self.may(Permission.SEE_YOUTHS):
            found += self._item(
                "我的网格" if walks_only else "查询",
                "users" if walks_only else "search",
                "youths",
                "/visits/",
            )
        if self.may(Permission.SEE_YOUTHS):
            found += self._item("上报", "triangle-alert", "report_new", "/reports/")
        if self.may(Permission.SEARCH_PEOPLE):
            found += self._item("人房", "map-pin", "households", "/residents/", "/dwellings/")
        if self.may(Permission.SEE_YOUTHS):
            if not walks_only:
                found += self._item("迁移", "arrow-left-right", "moves", "/handovers/")
            found += self._item("提醒", "bell", "alerts", has_badge=True)
        elif self.may(Permission.ANSWER_REFERRALS):
            found += self._item("转介", "arrow-left-right", "referrals")
            found += self._item("提醒", "bell", "alerts", has_badge=True)
        elif self.user.is_staff:
            found += self._item("管理", "settings", "admin:index")
        return found + self._item("我的", "user", "me")

    @cached_property
    def alert_count(self) -> int:
        """Alerts in this person's inbox that nobody has read yet."""
        if not (self.may(Permission.SEE_YOUTHS) or self.may(Permission.ANSWER_REFERRALS)):
            return 0
        assert self.user is not None, "whoever may, is somebody"  # noqa: S101
        return Alert.objects.of(self.user).unread().count()


def nav(request: HttpRequest) -> dict[str, Any]:
    return {"nav": Nav(request), "request_id": getattr(request, "request_id", "")}
