from .alerts import Alert
from .divisions import County, Division, Grid
from .sign_ins import AccountEvent, SecondFactor, SignIn
from .staff import Assignment, Post, ResponsiblePerson, User

__all__ = [
    "AccountEvent",
    "Alert",
    "Assignment",
    "County",
    "Division",
    "Grid",
    "Post",
    "ResponsiblePerson",
    "SecondFactor",
    "SignIn",
    "User",
]
