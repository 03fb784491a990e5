"""Texts of consent 同意书文本: a new version is published by being added; none is ever altered, says the database."""

from django.contrib import admin

from grids.administration import ManagedAdmin
from grids.permissions import Permission

from ..models import ConsentText


@admin.register(ConsentText)
class ConsentTextAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_change = False
    fields = ["purpose", "version", "body", "published_on"]
    list_display = ["purpose", "version", "published_on"]
    list_filter = ["purpose"]
