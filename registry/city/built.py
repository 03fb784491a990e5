"""What higher apps add to the sample city once it stands, in its transaction: an app says so when it starts."""

from collections.abc import Callable
from datetime import date

# Called with the day the city lives in.
Add = Callable[[date], None]
_adders: list[Add] = []


def on_built(add: Add) -> None:
    _adders.append(add)


def add_to(today: date) -> None:
    for add in _adders:
        add(today)
