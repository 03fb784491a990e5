"""Every address of the site. The apps name their own; the project adds administration and health."""

from django.contrib import admin
from django.urls import include, path

from wuhu_youth import health

handler500 = "wuhu_youth.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("grids.urls")),
    path("", include("registry.urls")),
    path("", include("referrals.urls")),
]
