"""The project: settings, addresses, Celery, embedded servers, demo. Composes the apps."""

from wuhu_youth.celery import app as celery_app

__all__ = ("celery_app",)
