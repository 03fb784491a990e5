from . import categories, feeds, retention

__all__ = ["categories", "feeds", "retention"]
