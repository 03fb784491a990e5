"""Puts our own site in the place of Django's at /admin/."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "grids.administration.AdministrationSite"
