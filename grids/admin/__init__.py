from . import alerts, places, staff

__all__ = ["alerts", "places", "staff"]
