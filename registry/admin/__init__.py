from . import categories, feeds

__all__ = ["categories", "feeds"]
