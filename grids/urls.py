from django.urls import URLPattern, path

from .views import account, alerts

urlpatterns: list[URLPattern] = [
    path("login/", account.sign_in, name="login"),
    path("logout/", account.sign_out, name="logout"),
    path("account/", account.me, name="me"),
    path("account/password/", account.password_change, name="password_change"),
    path("alerts/", alerts.inbox, name="alerts"),
    path("alerts/live/", alerts.live, name="alerts_live"),
    path("alerts/read/", alerts.alerts_read, name="alerts_read"),
    path("alerts/parked/", alerts.alerts_parked, name="alerts_parked"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
    path("alerts/<uuid:alert_id>/done/", alerts.alert_done, name="alert_done"),
]
