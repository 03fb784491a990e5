"""Which department counts where several speak of the same thing: one table, edited in the administration."""

from django.db import models

from ..codes import FactKind
from .feeds import Source


class FactRank(models.Model):
    """事实采信顺序: how far in front a source stands when it states this 事项; the smallest rank counts.

    A pair that is not listed stands behind all that are (registry/precedence.py).
    """

    kind = models.CharField("事项", max_length=20, choices=FactKind.choices)
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="fact_ranks", verbose_name="来源", db_index=False
    )
    rank = models.PositiveSmallIntegerField("顺序", help_text="数字小的先采信；没有列出的排在最后。")

    class Meta:
        verbose_name = verbose_name_plural = "事实采信顺序"
        ordering = ["kind", "rank", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source"],
                name="fact_rank_once",
                violation_error_message="这个来源的这个事项已有顺序",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.source} {self.rank}"
