from django.urls import path

from .views import account

urlpatterns = [
    path("login/", account.sign_in, name="login"),
    path("logout/", account.sign_out, name="logout"),
    path("account/", account.me, name="me"),
    path("account/password/", account.password_change, name="password_change"),
]
