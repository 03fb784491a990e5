"""Chance that repeats: every part of the city draws from its own generator, named by what it is for."""

from random import Random
from uuid import UUID


def chance(seed: int, *names: object) -> Random:
    """A generator that depends on the city's seed and these names only (text seeds are hashed with SHA-512)."""
    return Random("/".join(str(part) for part in (seed, *names)))  # noqa: S311 - a city, not a secret


def random_uuid(rng: Random) -> UUID:
    """A version 4 UUID out of `rng`, so that two runs give a record the same public id."""
    return UUID(int=rng.getrandbits(128), version=4)


def share_out(total: int, weights: list[float]) -> list[int]:
    """Split `total` over `weights` in whole numbers that add up exactly (systematic sampling, no chance)."""
    whole = sum(weights)
    if whole <= 0 or total <= 0:
        return [0] * len(weights)
    shares: list[int] = []
    reached, given = 0.0, 0
    for weight in weights:
        reached += weight
        upto = int(total * reached / whole + 0.5)
        shares.append(upto - given)
        given = upto
    if given != total:
        shares[-1] += total - given
    return shares
