"""Which passwords are accepted."""

import stat

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from grids.passwords import demo_password, generated


@pytest.mark.parametrize(
    "password", ["Qi-tian-7", "qitianmountain", "QITIAN20262026", "1029384756", "Password123"]
)
def test_a_short_uniform_or_common_password_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password", ["Qitianshan7", "qi-tian-shan-7", "QI TIAN SHAN 7", "奇天山下七棵松TREE7"]
)
def test_ten_characters_of_three_kinds_are_accepted(password):
    complaints = []
    try:
        validate_password(password)
    except ValidationError as refused:
        complaints = refused.messages
    assert complaints == []


def test_the_refusal_says_what_is_missing():
    with pytest.raises(ValidationError, match="至少 3 类"):
        validate_password("qitianshanxia")


def test_generated_passwords_satisfy_the_rules_and_differ():
    made = {generated() for _ in range(20)}
    assert len(made) == 20
    for password in made:
        validate_password(password)


def test_the_demos_password_is_made_once_and_is_its_owners_alone(tmp_path):
    file = tmp_path / "var" / "demo-password"
    assert demo_password(file) == demo_password(file) == file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
