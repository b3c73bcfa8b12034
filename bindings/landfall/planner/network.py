"""The network of a plan: what limits it, what it falls apart without, what failures leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from .. import planning
from ..errors import Problem, ScenarioError
from ..inventory import codes
from ..inventory.reading import nearest_to
from .demand import Demand
from .options import PlanOptions
from .tables import PlanTable, column

if TYPE_CHECKING:
    from ..estate import Link
    from ..inventory.networks import Network

    AnyNetwork: TypeAlias = Network | Sequence[Link]

__all__ = ["Paths", "network_tables", "paths_of"]

_ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class Paths:
    """The links between two places of a network, as rows for the graph functions."""

    source: str
    target: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, str, float], ...]


def paths_of(network: AnyNetwork, between: tuple[str, str] | None) -> Paths:
    """Return the network between two places.

    Raises
    ------
    ScenarioError
        A place is not in the network, or the two are one; the message names it.
    """
    from ..inventory.networks import Network

    links = network.links() if isinstance(network, Network) else tuple(network)
    if not links:
        _refuse("network", None, "holds no link")
    if between is None:
        one = links[0]
        if len({frozenset((link.from_, link.to)) for link in links}) > 1:
            message = "says between which two places replication runs; it is needed here"
            _refuse("between", None, message)
        between = (one.from_, one.to)
    if between[0] == between[1]:
        _refuse("between", str(between), "must name two different places")
    places = dict.fromkeys(place for link in links for place in (link.from_, link.to))
    for place in between:
        if place not in places:
            near = nearest_to(place, places)
            _refuse("between", place, "is no place of the network", tuple(places)[:20], near)
    rows = tuple((link.from_, link.to, float(link.bandwidth)) for link in links)
    return Paths(*between, tuple(link.name for link in links), rows)


def _refuse(
    where: str,
    found: str | None,
    message: str,
    allowed: tuple[str, ...] = (),
    near: str | None = None,
) -> NoReturn:
    raise ScenarioError([Problem(codes.NAMES_DIFFER, where, found, message, allowed, near)],
                        source="plan")  # fmt: skip


def network_tables(
    paths: Paths, demand: Demand, rpo_s: float, options: PlanOptions, notes: list[str]
) -> list[PlanTable]:
    """Return the bottleneck with the weak points, and what link failures leave."""
    try:
        found = planning.bottleneck(paths.rows, paths.source, paths.target)
        weak = planning.single_points_of_failure(paths.rows, paths.source, paths.target)
    except ValueError as error:
        _refuse("network", None, str(error))
    cut = [paths.names[link] for link in found.links]
    way = f"{paths.source} - {paths.target}"
    rows: list[dict[str, Any]] = [
        {"what": "most that all paths carry", "names": way, "bandwidth": found.bits_per_second},
        *(
            {"what": "bottleneck (link of the minimum cut)", "names": name,
             "bandwidth": paths.rows[link][2]}
            for name, link in zip(cut, found.links, strict=True)
        ),
        *(
            {"what": "single point of failure (link)", "names": paths.names[link],
             "bandwidth": paths.rows[link][2]}
            for link in weak.links
        ),
        *(
            {"what": "single point of failure (place)", "names": str(site), "bandwidth": None}
            for site in weak.sites
            if site not in (paths.source, paths.target)
        ),
    ]  # fmt: skip
    overview = PlanTable(
        "network",
        f"The network from {paths.source} to {paths.target}",
        (
            column("what", "text", "What it is."),
            column("names", "text", "Link or place."),
            column("bandwidth", "rate", "What it carries."),
        ),
        rows,
    )
    return [overview, _failures(paths, demand, rpo_s, options, notes)]


def _failures(
    paths: Paths, demand: Demand, rpo_s: float, options: PlanOptions, notes: list[str]
) -> PlanTable:
    shares = sorted(options.shares, reverse=True)

    @cache
    def told(left: int) -> dict[str, float]:
        if left < 8:
            never = {f"rpo_{_percent(share)}_s": float("inf") for share in shares}
            return {**never, "within": 0.0}
        of_shares = {f"rpo_{_percent(share)}_s": demand.achieved(left, share) for share in shares}
        return {**of_shares, "within": 100 * demand.within(left, rpo_s)}

    rows: list[dict[str, Any]] = []
    for together in range(1, options.links_down + 1):
        if together > len(paths.rows):
            break
        try:
            failures = planning.link_failures(
                paths.rows, paths.source, paths.target, together=together
            )
        except ValueError as error:
            notes.append(f"Failures of {together} links at once were not tried: {error}.")
            break
        if len(failures) > _ROWS_MAX:
            notes.append(
                f"Of {len(failures):,} ways in which {together} links fail at once the "
                f"{_ROWS_MAX} worst are listed."
            )
        rows += [
            {
                "together": together,
                "links": ", ".join(paths.names[link] for link in failure.links),
                "bandwidth": failure.bits_per_second,
                **told(failure.bits_per_second),
            }
            for failure in failures[:_ROWS_MAX]
        ]
    columns = (
        column("together", "count", "Links that fail at once.", "links down"),
        column("links", "text", "Which."),
        column("bandwidth", "rate", "What is left between the two places.", "left"),
        *(
            column(
                f"rpo_{_percent(share)}_s", "duration",
                f"RPO over what is left, for {100 * share:g} % of the time.",
                f"RPO, {100 * share:g} %",
            )
            for share in shares
        ),
        column("within", "percent", "Share of the time within the desired RPO.", "within RPO"),
    )  # fmt: skip
    return PlanTable("link_failures", "What is left when links fail, worst first", columns, rows)


def _percent(share: float) -> str:
    return f"{100 * share:g}".replace(".", "_")
