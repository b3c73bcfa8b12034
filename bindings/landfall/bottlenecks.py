"""What a network carries between two sites, and what its failures cost (analysis/network_cuts.hpp).

Links are undirected, each with a capacity in each direction; two sites may have several. Sites are
named by anything hashable, links are numbered in their order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _model

__all__ = [
    "Bottleneck",
    "Failure",
    "FlowWithout",
    "WeakPoints",
    "bottleneck",
    "flow_without_each_link",
    "link_failures",
    "single_points_of_failure",
]

#: One end, the other end, and bits per second.
LinkRow: TypeAlias = tuple[Hashable, Hashable, float]
_Indices: TypeAlias = npt.NDArray[np.int64]
_MOST_CASES = 2_000_000


class _Arrays:
    """A network as the compiled functions take it; sites in the order in which links name them."""

    def __init__(self, links: Iterable[LinkRow]) -> None:
        rows = list(links)
        self.sites = list(dict.fromkeys(site for row in rows for site in row[:2]))
        self._number = {site: number for number, site in enumerate(self.sites)}
        for number, (_, _, capacity) in enumerate(rows):
            if not 0 <= capacity < 2**62:
                raise ValueError(
                    f"link {number}: capacity must be from 0 to below 2^62 bits per second, "
                    f"found {capacity}"
                )
        ends = ([self._number[row[k]] for row in rows] for k in (0, 1))
        self.from_, self.to = (np.asarray(each, dtype=np.int64) for each in ends)
        self.capacity = np.asarray([round(row[2]) for row in rows], dtype=np.int64)

    def number(self, site: Hashable) -> int:
        try:
            return self._number[site]
        except KeyError:
            raise ValueError(f"no link ends at {site!r}") from None

    @property
    def links(self) -> tuple[int, _Indices, _Indices, _Indices]:
        return len(self.sites), self.from_, self.to, self.capacity


class Bottleneck(NamedTuple):
    """What limits the flow between two sites.

    Attributes
    ----------
    bits_per_second
        The most that all paths together carry.
    links
        Numbers of the links of a minimum cut: more of any other link alone brings nothing. Of
        several such cuts the one nearest to the source.
    inside
        The sites on the source's side of it.
    """

    bits_per_second: int
    links: tuple[int, ...]
    inside: tuple[Hashable, ...]


def bottleneck(links: Iterable[LinkRow], source: Hashable, target: Hashable) -> Bottleneck:
    """Return the maximum flow between two sites, and the minimum cut that limits it.

    Parameters
    ----------
    links
        Rows (site, site, bits per second); capacities are rounded to whole bits per second.
    source, target
        Two sites that links end at.

    Raises
    ------
    ValueError
        If there is no such site, the two are the same, or a link joins a site to itself or has a
        capacity that is negative or too large.

    Examples
    --------
    >>> links = [("hq", "pop", 100), ("hq", "pop", 50), ("pop", "weu", 120)]
    >>> found = bottleneck(links, "hq", "weu")
    >>> found.bits_per_second, found.links
    (120, (2,))
    """
    network = _Arrays(links)
    ends = network.number(source), network.number(target)
    flow, cut, inside = _model.bottleneck(*network.links, *ends)
    return Bottleneck(flow, tuple(cut.tolist()), tuple(network.sites[site] for site in inside))


class WeakPoints(NamedTuple):
    """What a network falls apart without: sites (articulation points) and links (bridges)."""

    sites: tuple[Hashable, ...]
    links: tuple[int, ...]


def single_points_of_failure(
    links: Iterable[LinkRow], source: Hashable | None = None, target: Hashable | None = None
) -> WeakPoints:
    """Return the sites and links that a network falls apart without.

    Parameters
    ----------
    links
        As in `bottleneck`; one of capacity 0 joins nothing.
    source, target
        Only what separates these two; both or none.

    Raises
    ------
    ValueError
        As in `bottleneck`, or if the two are not joined at all.

    Examples
    --------
    >>> single_points_of_failure([("hq", "pop", 100), ("hq", "pop", 50), ("pop", "weu", 120)])
    WeakPoints(sites=('pop',), links=(2,))
    """
    if (source is None) != (target is None):
        raise ValueError("give both source and target, or none")
    network = _Arrays(links)
    ends = () if source is None else (network.number(source), network.number(target))
    sites, bridges = _model.weak_points(*network.links, *ends)
    return WeakPoints(tuple(network.sites[site] for site in sites), tuple(bridges.tolist()))


class Failure(NamedTuple):
    """Links that fail together, and the bits per second that are left."""

    links: tuple[int, ...]
    bits_per_second: int


def link_failures(
    links: Iterable[LinkRow],
    source: Hashable,
    target: Hashable,
    *,
    together: int = 1,
    among: Sequence[int] | None = None,
) -> list[Failure]:
    """Return what is left between two sites when links fail, the worst first.

    Parameters
    ----------
    links, source, target
        As in `bottleneck`.
    together
        How many links fail at once: every choice of so many is tried.
    among
        The links that may fail; all by default.

    Raises
    ------
    ValueError
        As in `bottleneck`, or if there are more than two million choices.

    Examples
    --------
    >>> pair = [("hq", "weu", 100), ("hq", "weu", 50)]
    >>> link_failures(pair, "hq", "weu")[0]
    Failure(links=(0,), bits_per_second=50)
    """
    network = _Arrays(links)
    ends = network.number(source), network.number(target)
    members = range(network.capacity.size) if among is None else among
    if not 1 <= together <= len(members):
        raise ValueError(f"together must be from 1 to {len(members)}, found {together}")
    if comb(len(members), together) > _MOST_CASES:
        raise ValueError(
            f"{comb(len(members), together):,} choices of {together} of {len(members)} links are "
            f"more than {_MOST_CASES:,}: name those that may fail (among=)"
        )
    rows = list(combinations(members, together))
    flat = np.asarray(rows, dtype=np.int64).reshape(-1)
    left = _model.remaining_flow(*network.links, *ends, flat, together)
    found = [Failure(row, flow) for row, flow in zip(rows, left.tolist(), strict=True)]
    return sorted(found, key=lambda failure: (failure.bits_per_second, failure.links))


class FlowWithout(NamedTuple):
    """Flows between all pairs of sites, whole and without each link.

    Attributes
    ----------
    pairs
        The pairs of sites.
    whole
        Bits per second with every link, shape ``(pairs,)``.
    without
        Bits per second when a link fails, shape ``(pairs, links)``.
    """

    pairs: tuple[tuple[Hashable, Hashable], ...]
    whole: _Indices
    without: _Indices


def flow_without_each_link(
    links: Iterable[LinkRow], pairs: Iterable[tuple[Hashable, Hashable]] | None = None
) -> FlowWithout:
    """Return the flow between pairs of sites when each link fails alone.

    Parameters
    ----------
    links
        As in `bottleneck`.
    pairs
        All pairs by default.

    Examples
    --------
    >>> found = flow_without_each_link([("a", "b", 3), ("b", "c", 2), ("a", "c", 1)])
    >>> found.pairs[0], found.whole.tolist(), found.without[0].tolist()
    (('a', 'b'), [4, 3, 3], [1, 3, 3])
    """
    network = _Arrays(links)
    chosen = tuple(combinations(network.sites, 2) if pairs is None else pairs)
    ends = [[network.number(site) for site in pair] for pair in chosen]
    flat = np.asarray(ends, dtype=np.int64).reshape(-1)
    left = _model.flow_without_each_link(*network.links, flat)
    whole = [_model.bottleneck(*network.links, *pair)[0] for pair in ends]
    shape = (len(chosen), network.capacity.size)
    return FlowWithout(chosen, np.asarray(whole, dtype=np.int64), left.reshape(shape))
