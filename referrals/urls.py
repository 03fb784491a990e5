from django.urls import URLPattern, path

from .views import reports

urlpatterns: list[URLPattern] = [
    path("reports/", reports.reports, name="reports"),
    path("reports/new/", reports.report_new, name="report_new"),
    path("reports/<uuid:report_id>/", reports.report, name="report"),
    path("reports/<uuid:report_id>/told/", reports.report_told, name="report_told"),
    path("reports/<uuid:report_id>/answer/", reports.report_answer, name="report_answer"),
    path("reports/<uuid:report_id>/join/", reports.report_join, name="report_join"),
    path("reports/<uuid:report_id>/case/", reports.report_case, name="report_case"),
]
