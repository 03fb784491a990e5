from . import categories, consents, feeds, retention

__all__ = ["categories", "consents", "feeds", "retention"]
