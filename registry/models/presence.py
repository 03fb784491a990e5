"""Who lives there now 现住: one narrow row for everybody who has a home in the city, for searches over millions."""

from django.db import models

from grids.models import Grid
from grids.permissions import Permission
from grids.scope import within

from ..managers import GuardedManager, GuardedQuerySet
from .dwellings import Dwelling
from .residents import Household, Resident


class PresenceQuerySet(GuardedQuerySet["Presence"]):
    def visible_to(
        self, user: "models.Model", permission: Permission = Permission.SEARCH_PEOPLE
    ) -> "PresenceQuerySet":
        """Those who live now where the user holds the permission."""
        return super().visible_to(user, permission)  # type: ignore[arg-type]

    def in_area(self, code: str) -> "PresenceQuerySet":
        """Those who live under a division or grid code."""
        return self.filter(within("grid_id", [code]))


class Presence(models.Model):
    """现住: a copy of the current residence with its grid and what searches ask of the person.

    What each column is, is said by the view `registry_presence_row`; `registry/presence.py` alone writes here. No
    foreign keys in the database: the sources have them, and a night's fifty thousand moves need not check them twice.
    """

    resident = models.OneToOneField(
        Resident, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="presence"
    )
    dwelling = models.ForeignKey(
        Dwelling, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="people"
    )
    grid = models.ForeignKey(Grid, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    household = models.ForeignKey(
        Household, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="people"
    )
    birth_on = models.DateField("出生日期")
    since_on = models.DateField("入住日期")

    objects = GuardedManager.from_queryset(PresenceQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "现住"
        indexes = [
            models.Index(
                fields=["grid", "birth_on"],
                include=["dwelling", "household", "since_on"],
                name="presence_ages_in_grid",
            ),
            models.Index(fields=["dwelling"], include=["household", "birth_on"], name="presence_at_door"),
        ]
