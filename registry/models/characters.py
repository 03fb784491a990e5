"""Search by part of a Chinese name: two characters are under a trigram, so their pairs are indexed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q


class Characters(Func):
    """Single characters and pairs of neighbours of a text, for search by part of a Chinese name."""

    function = "name_pairs"
    output_field = ArrayField(models.TextField())


def contains(column: str, part: str, *, pairs_of: str = "") -> Q:
    """A part of a text, for a queryset with `.alias(_<column>=Characters(<column>))`, or with the alias `pairs_of`.

    The index answers for pairs of neighbouring characters (one alone is its own pair); LIKE has the last word.
    """
    pairs = [part] if len(part) == 1 else [part[at : at + 2] for at in range(len(part) - 1)]
    return Q(**{f"{pairs_of or '_' + column}__contains": pairs, f"{column}__contains": part})
