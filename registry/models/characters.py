"""Search by part of a Chinese name: two characters are under a trigram, so their pairs are indexed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q


class Characters(Func):
    """Single characters and pairs of neighbours of a text, for search by part of a Chinese name."""

    function = "name_pairs"
    output_field = ArrayField(models.TextField())


def pairs_of(part: str) -> list[str]:
    """The pairs of neighbours that a text with this part has; a single character is its own pair."""
    return [part] if len(part) == 1 else [part[at : at + 2] for at in range(len(part) - 1)]


def contains(column: str, part: str, *, characters: str = "") -> Q:
    """A part of a text, for a queryset with `.alias(_<column>=Characters(<column>))`, or another alias for them.

    The index answers for the pairs of neighbouring characters; LIKE has the last word.
    """
    return Q(**{f"{characters or '_' + column}__contains": pairs_of(part), f"{column}__contains": part})
