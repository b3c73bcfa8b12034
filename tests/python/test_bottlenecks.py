"""Minimum cuts and weak points: against networkx on random networks, and on operators' networks."""

from __future__ import annotations

import doctest
import warnings
from itertools import combinations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landfall import bottlenecks, planning
from landfall.bottlenecks import LinkRow, flow_without_each_link, link_failures
from validation.shared_data import shared_data

ZOO = ["Abilene", "Geant2012", "Esnet", "Cogentco"]
#: Bit/s of a link that its operator says no speed of.
UNKNOWN = 1e9


@st.composite
def networks(draw: st.DrawFn) -> list[LinkRow]:
    size = draw(st.integers(2, 8))
    pairs = st.sampled_from(list(combinations(range(size), 2)))
    rows = draw(st.lists(st.tuples(pairs, st.integers(0, 9)), max_size=20))
    return [(0, 1, 0), *((a, b, capacity) for (a, b), capacity in rows)]


def as_networkx(links: list[LinkRow]) -> nx.Graph:
    """One edge for all links between two sites."""
    graph = nx.Graph()
    for a, b, capacity in links:
        graph.add_nodes_from((a, b))
        if capacity > 0:
            before = graph.get_edge_data(a, b, {"capacity": 0, "count": 0})
            graph.add_edge(
                a, b, capacity=before["capacity"] + round(capacity), count=before["count"] + 1
            )
    return graph


def check_cut(links: list[LinkRow], source: object, target: object) -> None:
    found = planning.bottleneck(links, source, target)
    assert found.bits_per_second == nx.maximum_flow_value(as_networkx(links), source, target)
    assert sum(round(links[link][2]) for link in found.links) == found.bits_per_second
    assert source in found.inside
    assert target not in found.inside
    rest = [row for number, row in enumerate(links) if number not in found.links]
    joined = as_networkx([*rest, (source, target, 0)])
    assert not nx.has_path(joined, source, target)


def check_weak_points(links: list[LinkRow]) -> None:
    graph = as_networkx(links)
    found = planning.single_points_of_failure(links)
    assert set(found.sites) == set(nx.articulation_points(graph))
    bridges = {frozenset(ends) for ends in nx.bridges(graph) if graph.edges[ends]["count"] == 1}
    assert {frozenset(links[link][:2]) for link in found.links} == bridges
    assert len(found.links) == len(bridges)


@given(networks())
def test_random_networks(links: list[LinkRow]) -> None:
    check_cut(links, 0, 1)
    check_weak_points(links)


@given(networks())
def test_what_separates_two_sites(links: list[LinkRow]) -> None:
    graph = as_networkx(links)
    if not nx.has_path(graph, 0, 1):
        with pytest.raises(ValueError, match="must be joined"):
            planning.single_points_of_failure(links, 0, 1)
        return
    found = planning.single_points_of_failure(links, 0, 1)
    for site in set(graph) - {0, 1}:
        without = graph.subgraph(set(graph) - {site})
        assert (site in found.sites) == (not nx.has_path(without, 0, 1))
    for number, (a, b, _) in enumerate(links):
        lost = planning.bottleneck(
            [(a, b, 0) if k == number else row for k, row in enumerate(links)], 0, 1
        )
        assert (number in found.links) == (lost.bits_per_second == 0)


@given(networks(), st.integers(1, 3))
@settings(max_examples=40)
def test_links_that_fail_together(links: list[LinkRow], together: int) -> None:
    if together > len(links):
        return
    found = link_failures(links, 0, 1, together=together)
    assert [failure.bits_per_second for failure in found] == sorted(
        failure.bits_per_second for failure in found
    )
    assert {failure.links for failure in found} == set(combinations(range(len(links)), together))
    for failure in (found[0], found[-1]):
        left = [(a, b, 0 if k in failure.links else c) for k, (a, b, c) in enumerate(links)]
        expected = nx.maximum_flow_value(as_networkx(left), 0, 1)
        assert failure.bits_per_second == expected


@given(networks())
@settings(max_examples=30)
def test_all_pairs_without_each_link(links: list[LinkRow]) -> None:
    found = flow_without_each_link(links)
    for row, (source, target) in enumerate(found.pairs):
        assert found.whole[row] == planning.bottleneck(links, source, target).bits_per_second
        single = {each.links[0]: each[1] for each in link_failures(links, source, target)}
        assert found.without[row].tolist() == [single[k] for k in range(len(links))]
        assert (found.without[row] <= found.whole[row]).all()


def zoo(name: str) -> list[LinkRow]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = nx.read_graphml(shared_data(f"topology-zoo/{name}.graphml"))
    return [
        (a, b, float(facts.get("LinkSpeedRaw", UNKNOWN)))
        for a, b, facts in graph.edges(data=True)
        if a != b
    ]


@pytest.mark.parametrize("name", ZOO)
def test_networks_of_operators(name: str) -> None:
    links = zoo(name)
    sites = sorted({row[0] for row in links} | {row[1] for row in links})
    check_weak_points(links)
    joined = as_networkx(links)
    for target in sites[1 :: max(1, len(sites) // 6)]:
        if nx.has_path(joined, sites[0], target):
            check_cut(links, sites[0], target)


def test_abilene_stands_the_loss_of_any_one_link_and_cogentco_does_not() -> None:
    links = zoo("Abilene")
    assert planning.single_points_of_failure(links) == ((), ())
    one, two = (link_failures(links, links[0][0], links[-1][1], together=k)[0] for k in (1, 2))
    assert one.bits_per_second > 0
    # Its sites have two or three links: the right pair cuts one off.
    assert two.bits_per_second == 0
    assert planning.single_points_of_failure(zoo("Cogentco")).links


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: planning.bottleneck([("a", "b", 1)], "a", "c"), "no link ends at 'c'"),
        (lambda: planning.bottleneck([("a", "b", 1)], "a", "a"), "must differ"),
        (lambda: planning.bottleneck([("a", "a", 1), ("a", "b", 1)], "a", "b"), "join two"),
        (lambda: planning.bottleneck([("a", "b", -1)], "a", "b"), "link 0: capacity .* found -1"),
        (lambda: planning.bottleneck([("a", "b", float("nan"))], "a", "b"), "found nan"),
        (lambda: planning.single_points_of_failure([("a", "b", 1)], "a"), "both source and"),
        (lambda: link_failures([("a", "b", 1)], "a", "b", together=2), "from 1 to 1, found 2"),
        (
            lambda: link_failures([("a", "b", 1)] * 200, "a", "b", together=4),
            "64,684,950 choices",
        ),
        (lambda: link_failures([("a", "b", 1)], "a", "b", among=[3]), "links that there are"),
    ],
)
def test_bad_arguments_say_the_rule(call: object, rule: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=rule):
        call()


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(bottlenecks).failed == 0
