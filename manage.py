#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL / REDIS_URL it starts or joins the embedded servers under var/."""

import os
import signal
import sys
from types import FrameType

# Commands that work without a database, and must work where none can be started.
WITHOUT_SERVERS = {"collectstatic", "help", "version", "--help", "--version", "-h"}


def stop_cleanly(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that what runs at exit (leaving the embedded servers) still runs."""
    sys.exit(128 + number)


def main() -> None:
    from wuhu_youth import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wuhu_youth.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_SERVERS and embedded.needed():
        signal.signal(signal.SIGTERM, stop_cleanly)
        try:
            embedded.join()
        except embedded.EmbeddedError as error:
            sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
