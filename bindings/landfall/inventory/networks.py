"""Networks of operators from GraphML, as the links of a scenario and as arrays for graph functions.

The files of the Internet Topology Zoo (Knight et al., JSAC 29(9), 2011) have latitudes, longitudes
and, on some edges, ``LinkSpeedRaw`` in bit/s; edges may be parallel. A speed that a file does not
state is asked for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
from pydantic_core import PydanticCustomError

from ..errors import Problem, ScenarioError, UnknownName
from ..quantities import BANDWIDTH, parse
from . import codes
from .model import Note
from .reading import Limits, PathLike, check_text_size, read_bytes, refuse

if TYPE_CHECKING:
    import networkx as nx

    from ..estate import Link, Site

__all__ = ["Edge", "EdgeArrays", "Network", "Node", "network_from_graphml"]

#: Metres per second of light in fibre: c / 1.468 (ITU-T G.652, group index at 1,550 nm).
FIBRE_M_PER_S = 299_792_458 / 1.468
_EARTH_M = 6_371_008.8  # mean radius, IUGG
_DEPTH_MAX = 16
_ELEMENTS_MAX = 2_000_000
_EDGES_SHOWN = 20
#: Longest name that a scenario takes.
_NAME_MAX = 80
_SPEED = "LinkSpeedRaw"


@dataclass(frozen=True, slots=True)
class Node:
    """A node: a place of the network.

    Attributes
    ----------
    name
        Its label; with its number in the file where labels are not unique.
    latitude, longitude
        Degrees; None where the file does not say.
    """

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A link between two nodes; parallel ones are edges of their own.

    Attributes
    ----------
    name
        Unique.
    source, target
        Names of the nodes at its ends.
    bits_per_s
        Capacity of each direction.
    latency_s
        One way.
    stated
        Whether the file states the capacity.
    """

    name: str
    source: str
    target: str
    bits_per_s: float
    latency_s: float
    stated: bool


@dataclass(frozen=True, slots=True)
class EdgeArrays:
    """A network as arrays; edges are undirected.

    Attributes
    ----------
    nodes
        Names, in the order of the numbers.
    source, target
        Numbers of the nodes, int32, shape ``(edges,)``.
    bits_per_s, latency_s
        float64, shape ``(edges,)``.
    """

    nodes: tuple[str, ...]
    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    bits_per_s: npt.NDArray[np.float64]
    latency_s: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Nodes and links of a network."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[Note, ...] = ()

    def links(self) -> tuple[Link, ...]:
        """Return the edges as links of a scenario; capacities are rounded to whole bit/s."""
        from ..estate import Link

        return tuple(
            Link(
                name=edge.name,
                from_=edge.source,
                to=edge.target,
                bandwidth=round(edge.bits_per_s),
                latency=edge.latency_s,
            )
            for edge in self.edges
        )

    def sites(self, names: Collection[str]) -> tuple[Site, ...]:
        """Return nodes as sites of a scenario. Raises UnknownName."""
        from ..estate import Site

        known = [node.name for node in self.nodes]
        for name in names:
            if name not in known:
                raise UnknownName("node", name, known)
        return tuple(Site(name=name) for name in known if name in names)

    def routers(self, ends: Collection[str]) -> tuple[str, ...]:
        """Return the nodes that are none of `ends`, as the routers of a scenario."""
        return tuple(node.name for node in self.nodes if node.name not in ends)

    def arrays(self) -> EdgeArrays:
        """Return the network as arrays."""
        names = tuple(node.name for node in self.nodes)
        number = {name: index for index, name in enumerate(names)}
        return EdgeArrays(
            names,
            np.array([number[edge.source] for edge in self.edges], dtype=np.int32),
            np.array([number[edge.target] for edge in self.edges], dtype=np.int32),
            np.array([edge.bits_per_s for edge in self.edges], dtype=np.float64),
            np.array([edge.latency_s for edge in self.edges], dtype=np.float64),
        )

    def to_networkx(self) -> nx.MultiGraph[str]:
        """Return it as a graph of networkx, with ``bits_per_s`` and ``latency_s`` on edges."""
        import networkx as nx

        graph: nx.MultiGraph[str] = nx.MultiGraph(name=self.name)
        for node in self.nodes:
            graph.add_node(node.name, latitude=node.latitude, longitude=node.longitude)
        for edge in self.edges:
            about = {"bits_per_s": edge.bits_per_s, "latency_s": edge.latency_s}
            graph.add_edge(edge.source, edge.target, key=edge.name, **about)
        return graph

    def __repr__(self) -> str:
        return f"<network {self.name}: {len(self.nodes):,} nodes, {len(self.edges):,} links>"

    def _repr_html_(self) -> str:
        from .present import table_html

        stated = sum(edge.stated for edge in self.edges)
        rows = [
            ("nodes", f"{len(self.nodes):,}"),
            ("links", f"{len(self.edges):,}, {stated:,} with a speed of the file"),
        ]
        return table_html((f"network {self.name}", ""), rows, (str(note) for note in self.notes))


def network_from_graphml(
    path: PathLike,
    *,
    bandwidth: float | str | None = None,
    latency_s: float | None = None,
    limits: Limits | None = None,
) -> Network:
    """Read a network from GraphML.

    Parameters
    ----------
    path
        The file, plain or gzip.
    bandwidth
        Capacity of links whose speed the file does not state, as ``"10 Gbit/s"`` or in bit/s.
    latency_s
        One-way latency of links between places without coordinates. Between places with
        coordinates it is that of light in fibre along the great circle: the least it can be.
    limits
        What the file may cost.

    Raises
    ------
    ScenarioError
        The file is no undirected GraphML or declares entities; a link has no speed or latency and
        no default is given (all are listed); an edge starts and ends at one node.
    """
    bounds = limits or Limits()
    label = str(path)
    raw = read_bytes(path, bounds)
    check_text_size(raw, label, bounds)
    _check_xml(raw, label)
    default = _bandwidth(bandwidth, label)
    graph = _parsed(raw, label)
    if graph.number_of_nodes() == 0:
        refuse(label, "holds no node", code=codes.NOTHING_LEFT)
    names = _names(graph)
    nodes = {key: _node(names[key], about, label) for key, about in graph.nodes(data=True)}
    maker = _EdgeMaker(label, nodes, default, latency_s)
    edges = [maker.edge(*each) for each in graph.edges(data=True)]
    maker.finish()
    return Network(
        name=_clean(str(graph.graph.get("Network") or graph.graph.get("label") or "")) or label,
        nodes=tuple(nodes.values()),
        edges=tuple(edge for edge in edges if edge is not None),
        notes=tuple(maker.notes()),
    )


def _bandwidth(value: float | str | None, label: str) -> float | None:
    if value is None:
        return None
    try:
        return float(parse(value, BANDWIDTH))
    except PydanticCustomError as error:
        message = error.message()
        refuse(label, message, where="bandwidth", found=value, code=codes.UNSTATED)


def _check_xml(raw: bytes, label: str) -> None:
    """Refuse XML that declares a document type, where entities grow, or is nested too deep.

    networkx makes up nodes that an edge names or that have no id; such files are refused, too.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    counts = {"depth": 0, "elements": 0}
    nodes: set[str] = set()
    ends: dict[str, int] = {}

    def declares(*_: object) -> NoReturn:
        message = "declares a document type; entities are not read"
        refuse(label, message, where=f"line {parser.CurrentLineNumber}", code=codes.HOSTILE)

    def begin(element: str, about: dict[str, str]) -> None:
        counts["depth"] += 1
        counts["elements"] += 1
        where = f"line {parser.CurrentLineNumber}"
        if counts["depth"] > _DEPTH_MAX:
            message = f"is nested deeper than {_DEPTH_MAX} elements"
            refuse(label, message, where=where, code=codes.HOSTILE)
        if counts["elements"] > _ELEMENTS_MAX:
            message = f"has more than {_ELEMENTS_MAX:,} elements"
            refuse(label, message, where=where, code=codes.TOO_LARGE)
        kind = element.rpartition(" ")[2]
        for key in {"node": ("id",), "edge": ("source", "target")}.get(kind, ()):
            if key not in about:
                message = f"a {kind} has no {key}"
                refuse(label, message, where=where, code=codes.UNKNOWN_KIND)
        if kind == "node":
            nodes.add(about["id"])
        elif kind == "edge":
            for name in (about["source"], about["target"]):
                ends.setdefault(name, parser.CurrentLineNumber)

    def end(_: object) -> None:
        counts["depth"] -= 1

    parser.StartDoctypeDeclHandler = declares
    parser.EntityDeclHandler = declares
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    try:
        parser.Parse(raw, True)
    except ScenarioError:
        raise  # it is a ValueError
    except expat.ExpatError as error:
        refuse(label, f"is no XML: {error}", where=f"line {error.lineno}")
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        refuse(label, f"is no XML: {error}")
    for name, line in ends.items():
        if name not in nodes:
            message = "an edge names a node that is not there"
            refuse(label, message, where=f"line {line}", found=name, code=codes.BAD_CELL)


def _parsed(raw: bytes, label: str) -> Any:
    import networkx as nx

    try:
        graph = nx.read_graphml(BytesIO(raw), force_multigraph=True)
    except (nx.NetworkXError, KeyError, ValueError, TypeError, AttributeError) as error:
        refuse(label, f"is no GraphML that can be read: {error}", code=codes.UNKNOWN_KIND)
    except StopIteration:
        refuse(label, "is XML, but holds no graph", code=codes.UNKNOWN_KIND)
    if graph.is_directed():
        message = "is a directed graph; a link has both directions"
        refuse(label, message, allowed=('edgedefault="undirected"',), code=codes.UNKNOWN_KIND)
    return graph


def _names(graph: Any) -> dict[str, str]:
    """Return the name of each node: its label, which scenarios can use; else with its number."""
    labels = {key: _clean(str(about.get("label") or key)) for key, about in graph.nodes(data=True)}
    often = Counter(labels.values())
    made = {
        key: name if name and often[name] == 1 else f"{name} ({_clean(str(key))})".strip()
        for key, name in labels.items()
    }
    if len(set(made.values())) != len(made):
        return {key: f"{name} #{number}" for number, (key, name) in enumerate(made.items(), 1)}
    return made


def _clean(text: str) -> str:
    """Return a text without what names of a scenario may not hold."""
    kept = "".join(letter for letter in text if letter.isprintable() and letter not in "*?{}")
    return " ".join(kept.split())[:60]


def _node(name: str, about: dict[str, Any], label: str) -> Node:
    place = [about.get(key) for key in ("Latitude", "Longitude")]
    for value, most, what in zip(place, (90, 180), ("Latitude", "Longitude"), strict=True):
        if value is not None and not (isinstance(value, int | float) and abs(value) <= most):
            where = f'node "{name}", {what}'
            message = f"must be a number from -{most} to {most}"
            refuse(label, message, where=where, found=value, code=codes.BAD_CELL)
    if None in place:
        return Node(name)
    return Node(name, float(place[0]), float(place[1]))  # type: ignore[arg-type] # not None


class _EdgeMaker:
    """Makes the edges of a graph, and gathers what is missing for them."""

    def __init__(
        self,
        label: str,
        nodes: dict[str, Node],
        bits_per_s: float | None,
        latency_s: float | None,
    ) -> None:
        self._label = label
        self._nodes = nodes
        self._bits_per_s = bits_per_s
        self._latency_s = latency_s
        self._seen: Counter[tuple[str, str]] = Counter()
        self._problems: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def edge(self, source: str, target: str, about: dict[str, Any]) -> Edge | None:
        """Return an edge; None where something is missing."""
        ends = self._nodes[source], self._nodes[target]
        pair = (min(ends[0].name, ends[1].name), max(ends[0].name, ends[1].name))
        self._seen[pair] += 1
        number = self._seen[pair]
        name = f"{ends[0].name} – {ends[1].name}" + (f" #{number}" if number > 1 else "")
        if source == target:
            self._problem(name, "starts and ends at one node")
            return None
        speed, latency = self._speed(name, about), self._latency(name, *ends)
        if speed is None or latency is None:
            return None
        if len(name) > _NAME_MAX:
            name = f"link {self._seen.total()}"
        return Edge(name, ends[0].name, ends[1].name, speed, latency, _SPEED in about)

    def _problem(self, name: str, message: str, found: object = None) -> None:
        text = None if found is None else str(found)[:80]
        self._problems.append(Problem(codes.BAD_CELL, f'link "{name}"', text, message))

    def _speed(self, name: str, about: dict[str, Any]) -> float | None:
        stated = about.get(_SPEED)
        if stated is None:
            if self._bits_per_s is None:
                message = (
                    'has no LinkSpeedRaw; say bandwidth="10 Gbit/s" for such links '
                    "(--network-bandwidth)"
                )
                self._problem(name, message)
            else:
                self._counts["links without a speed; they got the bandwidth asked for"] += 1
            return self._bits_per_s
        if not isinstance(stated, int | float) or not 8 <= stated < 1e18:
            self._problem(name, "LinkSpeedRaw must be bits per second, from 8 on", stated)
            return None
        return float(stated)

    def _latency(self, name: str, one: Node, other: Node) -> float | None:
        if one.latitude is not None and other.latitude is not None:
            self._counts["latencies of light in fibre along the great circle"] += 1
            return _distance_m(one, other) / FIBRE_M_PER_S
        if self._latency_s is None:
            self._problem(name, "joins places without coordinates; say latency_s for such links")
        else:
            self._counts["links without coordinates; they got the latency asked for"] += 1
        return self._latency_s

    def finish(self) -> None:
        """Refuse the file if something is missing."""
        if not self._problems:
            return
        shown = self._problems[:_EDGES_SHOWN]
        if len(self._problems) > len(shown):
            message = f"and {len(self._problems) - len(shown):,} more links"
            shown.append(Problem(codes.BAD_CELL, "", None, message))
        raise ScenarioError(shown, source=self._label)

    def notes(self) -> Iterable[Note]:
        """Return what was assumed."""
        parallel = sum(count - 1 for count in self._seen.values())
        if parallel:
            self._counts["links parallel to another"] = parallel
        return [Note(text=text, count=count) for text, count in self._counts.items()]


def _distance_m(one: Node, other: Node) -> float:
    """Return the distance along the great circle (haversine formula)."""
    assert one.latitude is not None
    assert one.longitude is not None
    assert other.latitude is not None
    assert other.longitude is not None
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    north, east = b - a, math.radians(other.longitude - one.longitude)
    half = math.sin(north / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(east / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))
