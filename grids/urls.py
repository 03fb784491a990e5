from django.urls import URLPattern, path

from .views import account, alerts, sign_ins

urlpatterns: list[URLPattern] = [
    path("login/", account.sign_in, name="login"),
    path("login/code/", account.sign_in_code, name="login_code"),
    path("login/factor/", account.sign_in_factor, name="login_factor"),
    path("logout/", account.sign_out, name="logout"),
    path("account/", account.me, name="me"),
    path("account/password/", account.password_change, name="password_change"),
    path("account/factor/", account.factor, name="factor"),
    path("account/sign-ins/<uuid:sign_in_id>/end/", account.sign_in_end, name="sign_in_end"),
    path("sign-ins/", sign_ins.sign_ins, name="sign_ins"),
    path("sign-ins/<int:user_id>/", sign_ins.sign_ins_of, name="sign_ins_of"),
    path("sign-ins/<int:user_id>/end/", sign_ins.sign_ins_end, name="sign_ins_end"),
    path("sign-ins/<int:user_id>/factor/", sign_ins.factor_reset, name="factor_reset"),
    path("alerts/", alerts.inbox, name="alerts"),
    path("alerts/live/", alerts.live, name="alerts_live"),
    path("alerts/read/", alerts.alerts_read, name="alerts_read"),
    path("alerts/parked/", alerts.alerts_parked, name="alerts_parked"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
    path("alerts/<uuid:alert_id>/done/", alerts.alert_done, name="alert_done"),
]
