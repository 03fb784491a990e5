"""The pages of what went wrong."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error as plain_error

from registry.readings import NotRecorded


def server_error(request: HttpRequest) -> HttpResponse:
    """500; and 503 when a reading could not be recorded, so that nothing was shown."""
    if isinstance(sys.exc_info()[1], NotRecorded):
        return render(None, "503.html", status=503)  # no request: nothing of this person
    return plain_error(request)
