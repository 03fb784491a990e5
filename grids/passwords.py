"""Password rules of this installation, beside Django's own (length, commonness, likeness to the user)."""

import os
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string

_CLASSES = (str.islower, str.isupper, str.isdigit)
_LETTERS = "abcdefghjkmnpqrstuvwxyz"


class CharacterClassesValidator:
    """At least `classes` of: lower-case letters, capitals, digits, other characters (GB/T 22239 等级保护)."""

    def __init__(self, classes: int = 3) -> None:
        self.classes = classes

    def validate(self, password: str, user: object | None = None) -> None:
        """Raises ValidationError when too few kinds of characters are used."""
        present = sum(any(kind(character) for character in password) for kind in _CLASSES)
        present += any(not any(kind(character) for kind in _CLASSES) for character in password)
        if present < self.classes:
            raise ValidationError(self.get_help_text(), code="password_too_uniform")

    def get_help_text(self) -> str:
        return f"密码须包含小写字母、大写字母、数字、其他符号中的至少 {self.classes} 类。"


def generated() -> str:
    """A password that the rules accept and that can be read out: letters in groups, a digit, no look-alikes."""
    groups = [get_random_string(4, _LETTERS) for _ in range(3)]
    return f"{groups[0].capitalize()}-{groups[1]}-{groups[2]}{get_random_string(2, '23456789')}"


def demo_password(file: Path) -> str:
    """The one password of the demo's cast, made at the first call and kept in `file`, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    password = generated()
    with os.fdopen(descriptor, "w") as output:
        output.write(f"{password}\n")
    return password
