"""Named random streams: what one thing draws does not depend on what others draw.

A stream is named by a seed and words, such as ``Stream(7, "link", "wan")``. Adding a machine or a
fault kind leaves the draws of all others as they were. The draws are those of a hash, so they are
the same with every version of Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Stream"]

_Item = TypeVar("_Item")
_WORD_BITS = 64


class Stream:
    """A stream of random draws.

    Parameters
    ----------
    seed
        Seed of the run.
    *words
        Whose draws these are, and what for.

    Examples
    --------
    >>> Stream(7, "link", "wan").below(100) == Stream(7, "link", "wan").below(100)
    True
    """

    def __init__(self, seed: int, *words: str) -> None:
        name = "\x00".join((str(seed), *words)).encode()
        self._key = hashlib.blake2b(name, digest_size=16).digest()
        self._count = 0

    def bits(self) -> int:
        """Return 64 random bits."""
        self._count += 1
        block = self._key + self._count.to_bytes(8, "little")
        return int.from_bytes(hashlib.blake2b(block, digest_size=8).digest(), "little")

    def unit(self) -> float:
        """Return a number of [0, 1)."""
        return (self.bits() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """Return a whole number of 0 to `bound` - 1, each as likely."""
        if bound < 1:
            raise ValueError(f"there is no number below {bound}")
        limit = (1 << _WORD_BITS) - (1 << _WORD_BITS) % bound
        while True:
            drawn = self.bits()
            if drawn < limit:
                return drawn % bound

    def between(self, low: float, high: float) -> float:
        """Return a number of [low, high)."""
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.unit() < probability

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of `items`."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[_Item], count: int) -> list[_Item]:
        """Return `count` different ones of `items`, in the order of `items`."""
        places = list(range(len(items)))
        for k in range(count):
            other = k + self.below(len(places) - k)
            places[k], places[other] = places[other], places[k]
        return [items[place] for place in sorted(places[:count])]

    def shuffled(self, items: Sequence[_Item]) -> list[_Item]:
        """Return `items` in a random order."""
        mixed = list(items)
        for k in range(len(mixed) - 1, 0, -1):
            other = self.below(k + 1)
            mixed[k], mixed[other] = mixed[other], mixed[k]
        return mixed
