"""How a new installation gets its first person."""

import io

import pytest
from django.core.management import CommandError, call_command

from grids.models import User
from grids.permissions import Permission

pytestmark = pytest.mark.django_db


def appoint(monkeypatch, login: str = "anquan", password: str = "Qitianshan-7") -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    said = io.StringIO()
    call_command("first_officer", login, "陈安", password_stdin=True, stdout=said)
    return said.getvalue()


def test_the_first_person_enters_all_others_and_sees_no_youth(monkeypatch):
    assert "已建立安全管理员 陈安" in appoint(monkeypatch)
    officer = User.objects.get(username="anquan")
    assert officer.check_password("Qitianshan-7")
    assert officer.may(Permission.MANAGE_STAFF)
    assert not officer.may(Permission.SEE_YOUTHS)


def test_a_second_one_is_appointed_by_the_first_and_not_by_the_command(monkeypatch):
    appoint(monkeypatch)
    with pytest.raises(CommandError, match="已有安全管理员"):
        appoint(monkeypatch, login="another")


@pytest.mark.parametrize(
    ("login", "password", "reason"),
    [("anquan", "short", "密码"), ("anquan", "anquan-anquan", "密码"), ("陈 安", "Qitianshan-7", "用户名")],
)
def test_a_weak_password_or_an_unusable_login_is_refused_and_nobody_entered(
    monkeypatch, login, password, reason
):
    with pytest.raises(CommandError, match=reason):
        appoint(monkeypatch, login=login, password=password)
    assert not User.objects.exists()
