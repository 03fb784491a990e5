"""The door for gunicorn. Servers must be named in the environment (the demo names its own)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wuhu_youth.settings")
application = get_wsgi_application()

from wuhu_youth.checks import refuse_older_database, refuse_unsound  # noqa: E402 - apps have to be there

refuse_unsound()
refuse_older_database()
