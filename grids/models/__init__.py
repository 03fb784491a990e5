from .alerts import Alert
from .divisions import County, Division, Grid
from .staff import Assignment, Post, ResponsiblePerson, User

__all__ = [
    "Alert",
    "Assignment",
    "County",
    "Division",
    "Grid",
    "Post",
    "ResponsiblePerson",
    "User",
]
