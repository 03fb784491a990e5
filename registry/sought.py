"""Whom a request for a grant 临时授权 is about, in the words of somebody who cannot see the file."""

from dataclasses import dataclass
from typing import Any

from grids.scope import within

from .models.residents import id_number_index

_NUMBER, _NAME = "证件号码", "姓名"


@dataclass(frozen=True)
class Sought:
    """A checked ID number, or a whole name in the division with this code."""

    id_number: str = ""
    name: str = ""
    code: str = ""

    @property
    def words(self) -> str:
        """How it is kept, encrypted, until the request is decided."""
        return f"{_NUMBER} {self.id_number}" if self.id_number else f"{_NAME} {self.name}"

    @classmethod
    def read(cls, words: str, *, code: str) -> "Sought":
        kind, _, value = words.partition(" ")
        return cls(id_number=value) if kind == _NUMBER else cls(name=value, code=code)

    def among(self, youths: Any) -> Any:
        """Those of these files that the words fit."""
        if self.id_number:
            return youths.filter(resident__id_number_index=id_number_index(self.id_number))
        return youths.filter(within("grid_id", [self.code]), name=self.name)
