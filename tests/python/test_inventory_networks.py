"""Networks from GraphML: the Topology Zoo, what a file does not state, and hostile XML."""

from __future__ import annotations

from pathlib import Path

import landfall as lf
import networkx as nx
import numpy as np
import pytest
from landfall.inventory import Network, network_from_graphml
from landfall.inventory.networks import FIBRE_M_PER_S
from validation.shared_data import shared_data

HEAD = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
KEYS = """<key attr.name="label" attr.type="string" for="node" id="n"/>
<key attr.name="Latitude" attr.type="double" for="node" id="a"/>
<key attr.name="Longitude" attr.type="double" for="node" id="o"/>
<key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="s"/>"""


def written(tmp_path: Path, body: str, direction: str = "undirected") -> Path:
    path = tmp_path / "net.graphml"
    graph = f'<graph edgedefault="{direction}">{body}</graph>'
    path.write_text(f"{HEAD}{KEYS}{graph}</graphml>", encoding="utf-8")
    return path


def node(key: str, label: str | None = None, place: tuple[float, float] | None = (0, 0)) -> str:
    data = "" if label is None else f'<data key="n">{label}</data>'
    if place is not None:
        data += f'<data key="a">{place[0]}</data><data key="o">{place[1]}</data>'
    return f'<node id="{key}">{data}</node>'


def edge(source: str, target: str, speed: float | None = 1e9) -> str:
    data = "" if speed is None else f'<data key="s">{speed}</data>'
    return f'<edge source="{source}" target="{target}">{data}</edge>'


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "stated", "parallel"),
    [
        ("Abilene", 11, 14, 0, 0),
        ("Geant2012", 40, 61, 39, 0),
        ("Esnet", 68, 92, 10, 13),
        ("Cogentco", 197, 245, 0, 2),
    ],
)
def test_the_topology_zoo_is_read(
    name: str, nodes: int, edges: int, stated: int, parallel: int
) -> None:
    file = shared_data(f"topology-zoo/{name}.graphml")
    with pytest.raises(lf.ScenarioError, match=r'say bandwidth="10 Gbit/s"') as caught:
        network_from_graphml(file)
    assert all(problem.pointer.startswith('link "') for problem in caught.value.problems[:20])
    found = network_from_graphml(file, bandwidth="10 Gbit/s", latency_s=0.001)
    assert (len(found.nodes), len(found.edges)) == (nodes, edges)
    assert sum(edge.stated for edge in found.edges) == stated
    assert len({frozenset((e.source, e.target)) for e in found.edges}) == edges - parallel
    links = found.links()
    assert len({link.name for link in links}) == edges
    assert {link.bandwidth for link in links} >= {10**10}
    # The same graph, read by networkx alone.
    plain = nx.read_graphml(file, force_multigraph=True)
    ours = found.to_networkx()
    assert sorted(dict(ours.degree()).values()) == sorted(dict(plain.degree()).values())
    assert nx.number_connected_components(ours) == nx.number_connected_components(plain)


def test_arrays_name_nodes_by_number(tmp_path: Path) -> None:
    body = node("x") + node("y") + node("z") + edge("x", "z", 2e9) + edge("y", "z", 1e9)
    arrays = network_from_graphml(written(tmp_path, body)).arrays()
    assert arrays.nodes == ("x", "y", "z")
    assert (arrays.source.tolist(), arrays.target.tolist()) == ([0, 1], [2, 2])
    assert arrays.source.dtype == np.int32
    assert arrays.bits_per_s.tolist() == [2e9, 1e9]


def test_latency_is_that_of_light_in_fibre(tmp_path: Path) -> None:
    # A quarter of the equator of a sphere of the Earth's mean radius (IUGG).
    body = node("x", place=(0, 0)) + node("y", place=(0, 90)) + edge("x", "y")
    (found,) = network_from_graphml(written(tmp_path, body)).edges
    assert found.latency_s == pytest.approx(6_371_008.8 * np.pi / 2 / FIBRE_M_PER_S, rel=1e-6)


def test_places_without_coordinates_need_a_latency(tmp_path: Path) -> None:
    file = written(tmp_path, node("x", place=None) + node("y") + edge("x", "y"))
    with pytest.raises(lf.ScenarioError, match="say latency_s"):
        network_from_graphml(file)
    assert network_from_graphml(file, latency_s=0.004).edges[0].latency_s == 0.004


def test_every_link_without_a_speed_is_listed_and_counted(tmp_path: Path) -> None:
    nodes = "".join(node(f"n{index}") for index in range(31))
    edges = "".join(edge(f"n{index}", f"n{index + 1}", None) for index in range(30))
    file = written(tmp_path, nodes + edges)
    with pytest.raises(lf.ScenarioError) as caught:
        network_from_graphml(file)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].message == "and 10 more links"
    noted = network_from_graphml(file, bandwidth=10**9).notes
    assert any("(30)" in str(note) and "bandwidth asked for" in str(note) for note in noted)


@pytest.mark.parametrize(
    ("body", "direction", "rule"),
    [
        (node("x") + edge("x", "x"), "undirected", "starts and ends at one node"),
        (node("x") + node("y") + edge("x", "y", -5), "undirected", "must be bits per second"),
        (node("x") + node("y") + edge("x", "y"), "directed", "is a directed graph"),
        (node("x", place=(91, 0)), "undirected", "from -90 to 90"),
        ("", "undirected", "holds no node"),
    ],
)
def test_what_makes_no_network_is_refused(
    tmp_path: Path, body: str, direction: str, rule: str
) -> None:
    with pytest.raises(lf.ScenarioError, match=rule):
        network_from_graphml(written(tmp_path, body, direction))


def test_labels_that_are_not_unique_or_no_names_are_told_apart(tmp_path: Path) -> None:
    body = node("1", "Denver") + node("2", "Denver") + node("3", "a*b?{c}") + node("4", "?")
    names = [each.name for each in network_from_graphml(written(tmp_path, body)).nodes]
    assert names == ["Denver (1)", "Denver (2)", "abc", "(4)"]


def test_a_network_goes_into_a_scenario(built: None) -> None:
    found: Network = network_from_graphml(
        shared_data("topology-zoo/Abilene.graphml"), bandwidth="10 Gbit/s"
    )
    ends = {"New York", "Los Angeles"}
    values = {
        "version": 1,
        "name": "abilene",
        "duration": "1 h",
        "vault": {"name": "vault", "region": "Los Angeles"},
        "regions": [{"name": "Los Angeles", "storage_accounts": [{"name": "cache"}]}],
        "sites": [site.canonical() for site in found.sites(["New York"])],
        "routers": list(found.routers(ends)),
        "links": [link.canonical() for link in found.links()],
        "process_servers": [{"name": "ps", "site": "New York", "storage_account": "cache"}],
        "policies": [{"name": "p"}],
        "machines": [
            {
                "name": "m",
                "site": "New York",
                "kind": "vmware",
                "process_server": "ps",
                "policy": "p",
                "disks": [{"name": "os", "size": "1 GiB", "used": "1 GiB"}],
            }
        ],
    }
    assert lf.Scenario.from_dict(values).check() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    laughs = "".join(
        f'<!ENTITY l{index} "{f"&l{index - 1};" * 10 if index else "ha"}">' for index in range(10)
    )
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE graphml [{laughs}]>'
        f"{HEAD}<graph>&l9;</graph></graphml>"
    )
    path = tmp_path / "bomb.graphml"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(lf.ScenarioError, match="declares a document type") as caught:
        network_from_graphml(path)
    assert caught.value.problems[0].code == "INV009"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<graphml>" + "<a>" * 40, "nested deeper"),
        ("<graphml><node id='a'></graphml>", "is no XML"),
        ("no xml at all", "is no XML"),
        ('<?xml version="1.0" encoding="klingon"?><graphml/>', "is no XML"),
        ("<html><body/></html>", "GraphML|no graph"),
        (f"{HEAD}<graph><node/></graph></graphml>", "a node has no id"),
        (f'{HEAD}<graph><node id="a"/><edge source="a"/></graph></graphml>', "has no target"),
        (
            f'{HEAD}<graph><node id="a"/><edge source="a" target="b"/></graph></graphml>',
            "names a node that is not there",
        ),
        (f'{HEAD}<graph><node id="a"><data key="q">1</data></node></graph></graphml>', "GraphML"),
    ],
)
def test_xml_that_is_no_graph_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "x.graphml"
    path.write_text(text)
    with pytest.raises(lf.ScenarioError, match=rule):
        network_from_graphml(path)
