"""The estate and its network as a drawing: sites on the left, regions on the right, links between.

Names come from scenarios and are hostile until escaped: the drawing is built as a tree, and the
tree's writer escapes. Looks are classes of the page's style, which knows light and dark.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as Tree

from .. import formatting
from .blocks import Column, cell_of

__all__ = ["estate_svg"]

_LEFT_W, _RIGHT_W, _ROUTER_W, _MARGIN = 400.0, 280.0, 120.0, 12.0
_GAP_W, _GAP_W_ROUTERS = 330.0, 560.0
_BOX_GAP, _LINE_H, _PAD = 26.0, 17.0, 14.0
_DOT, _PITCH, _LABEL_W = 2.9, 8.0, 124.0
_GROUPS_MAX, _SERVERS_MAX, _DOTS_MAX = 12, 6, 1_200
_NAMED_MAX = 12  # machines of a box that are named one by one
_COLOURS = 7
_RATE, _TEXT_MAX = Column("", "rate"), 34


@dataclass(eq=False)
class _Group:
    """Machines drawn together: their name and how many ended in each state."""

    name: str
    states: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return sum(self.states.values())


@dataclass(eq=False)
class _Box:
    """A place: its lines of text and its machines."""

    name: str
    look: str
    width: float
    lines: list[str] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0


def estate_svg(
    scenario: Mapping[str, Any],
    states: Mapping[str, str],
    carried: Mapping[str, float],
) -> str:
    """Return the drawing of a scenario.

    Parameters
    ----------
    scenario
        Its canonical form.
    states
        For each machine of the run the state it ended in.
    carried
        For each link the bytes it carried, both directions together.
    """
    columns = _columns(scenario, states)
    has_routers = bool(columns[1])
    gap = _GAP_W_ROUTERS if has_routers else _GAP_W
    height = _place(columns, gap)
    legend = _ranked(columns)
    width = 2 * _MARGIN + _LEFT_W + gap + _RIGHT_W
    rows = math.ceil(len(legend) / 4)
    whole = height + rows * 20 + (10 if rows else 0)
    svg = Tree.Element("svg", {"viewBox": f"0 0 {width:g} {whole:g}", "role": "img"})
    svg.set("width", f"{width:g}")
    svg.set("height", f"{whole:g}")
    title = Tree.SubElement(svg, "title")
    title.text = _alt(scenario, columns)
    per_dot = _per_dot(columns)
    places = {box.name: box for column in columns for box in column}
    of_column = {box.name: number for number, column in enumerate(columns) for box in column}
    labels = _draw_links(svg, scenario, carried, places, of_column)
    for column in columns:
        for box in column:
            _draw_box(svg, box, legend, per_dot)
    for label in labels:
        svg.append(label)
    _draw_legend(svg, legend, height + 16, per_dot)
    return Tree.tostring(svg, encoding="unicode")


# --- What stands where ----------------------------------------------------------------------------


def _columns(
    scenario: Mapping[str, Any], states: Mapping[str, str]
) -> tuple[list[_Box], list[_Box], list[_Box]]:
    vault_region = (scenario.get("vault") or {}).get("region")
    homes = {machine.get("site") for machine in scenario.get("machines") or ()}
    left = [_site(scenario, site) for site in scenario.get("sites") or ()]
    right: list[_Box] = []
    for region in scenario.get("regions") or ():
        is_source = region["name"] in homes and region["name"] != vault_region
        box = _region(scenario, region, _LEFT_W if is_source else _RIGHT_W)
        (left if is_source else right).append(box)
    routers = [_Box(name, "d-router", _ROUTER_W) for name in scenario.get("routers") or ()]
    places = {box.name: box for box in [*left, *right]}
    for machine in scenario.get("machines") or ():
        if (home := places.get(machine.get("site"))) is not None:
            home.groups.append(_group(machine, states))
    for box in places.values():
        if len(box.groups) > _GROUPS_MAX:
            merged = _Group("all machines")
            for group in box.groups:
                merged.states.update(group.states)
            box.groups = [merged]
    return left, routers, right


def _group(machine: Mapping[str, Any], states: Mapping[str, str]) -> _Group:
    name, count = str(machine["name"]), int(machine.get("count") or 1)
    group = _Group(name)
    if count == 1:
        group.states[states.get(name, "unknown")] = 1
        return group
    digits = len(str(count))
    for number in range(1, count + 1):
        group.states[states.get(f"{name}-{number:0{digits}}", "unknown")] += 1
    return group


def _site(scenario: Mapping[str, Any], site: Mapping[str, Any]) -> _Box:
    box = _Box(str(site["name"]), "d-site", _LEFT_W)
    machines = _machines_in(scenario, box.name)
    facts = [formatting.plural(machines, "machine")]
    if hosts := site.get("hosts"):
        facts.append(formatting.plural(len(hosts), "host"))
    if lan := (site.get("lan") or {}).get("bandwidth"):
        facts.append(f"LAN {_bits(lan)}")
    box.lines.append(" · ".join(facts))
    box.lines += _servers(scenario, box.name)
    return box


def _region(scenario: Mapping[str, Any], region: Mapping[str, Any], width: float) -> _Box:
    box = _Box(str(region["name"]), "d-region", width)
    facts = ["Azure region"]
    if machines := _machines_in(scenario, box.name):
        facts.append(formatting.plural(machines, "machine"))
    box.lines.append(" · ".join(facts))
    vault = scenario.get("vault") or {}
    if vault.get("region") == box.name:
        box.lines.append(f"vault {_short(str(vault.get('name')))}")
    accounts = [str(account["name"]) for account in region.get("storage_accounts") or ()]
    box.lines += [f"storage account {_short(name)}" for name in accounts[:_SERVERS_MAX]]
    if len(accounts) > _SERVERS_MAX:
        box.lines.append(f"and {len(accounts) - _SERVERS_MAX} more storage accounts")
    if cores := (region.get("quota") or {}).get("cores"):
        box.lines.append(f"quota of {cores:,} cores")
    box.lines += _servers(scenario, box.name)
    return box


def _machines_in(scenario: Mapping[str, Any], place: str) -> int:
    machines = scenario.get("machines") or ()
    return sum(int(each.get("count") or 1) for each in machines if each.get("site") == place)


def _servers(scenario: Mapping[str, Any], place: str) -> list[str]:
    lines = []
    for key, word in (("configuration_servers", "configuration server"), ("vmm_servers", "VMM")):
        mine = [str(each["name"]) for each in scenario.get(key) or () if each.get("site") == place]
        lines += [f"{word} {_short(name)}" for name in mine[:2]]
    servers = [s for s in scenario.get("process_servers") or () if s.get("site") == place]
    for server in servers[:_SERVERS_MAX]:
        cache = formatting.size(server.get("cache"))
        name = _short(str(server["name"]))
        lines.append(f"process server {name} · {server.get('cores')} cores · {cache} cache")
    if len(servers) > _SERVERS_MAX:
        lines.append(f"and {len(servers) - _SERVERS_MAX} more process servers")
    targets = [t for t in scenario.get("master_targets") or () if t.get("site") == place]
    lines += [f"master target {_short(str(each['name']))}" for each in targets[:_SERVERS_MAX]]
    return lines


def _ranked(columns: Sequence[Sequence[_Box]]) -> dict[str, int]:
    """Return the states that machines ended in, the most frequent first, with their colours."""
    states: Counter[str] = Counter()
    for column in columns:
        for box in column:
            for group in box.groups:
                states.update(group.states)
    ranked = sorted(states, key=lambda state: (-states[state], state))
    return {state: min(rank, _COLOURS - 1) for rank, state in enumerate(ranked)}


def _per_dot(columns: Sequence[Sequence[_Box]]) -> int:
    count = sum(group.count for column in columns for box in column for group in box.groups)
    return max(math.ceil(count / _DOTS_MAX), 1)


# --- Where it is drawn ----------------------------------------------------------------------------


def _place(columns: tuple[list[_Box], list[_Box], list[_Box]], gap: float) -> float:
    """Give each box its place and height; returns the height of the drawing."""
    per_dot = _per_dot(columns)
    for column in columns:
        for box in column:
            box.height = _height(box, per_dot)
    total = max(_stack_height(column) for column in columns)
    middle = _MARGIN + _LEFT_W + (gap - _ROUTER_W) / 2
    for column, x in zip(columns, (_MARGIN, middle, _MARGIN + _LEFT_W + gap), strict=True):
        # A column that is shorter spreads over the height, so that links run level.
        free = (total - _stack_height(column)) / max(len(column) + 1, 1)
        y = _MARGIN + free
        for box in column:
            box.x, box.y = x, y
            y += box.height + _BOX_GAP + free
    return total + 2 * _MARGIN


def _stack_height(column: Sequence[_Box]) -> float:
    return sum(box.height for box in column) + _BOX_GAP * max(len(column) - 1, 0)


def _dots_per_line(box: _Box) -> int:
    return int((box.width - 2 * _PAD - _LABEL_W) / _PITCH)


def _is_named(box: _Box) -> bool:
    """Whether its machines stand one by one: a dot and a name each."""
    count = sum(group.count for group in box.groups)
    return count == len(box.groups) and count <= _NAMED_MAX


def _rows_of(box: _Box, group: _Group, per_dot: int) -> int:
    return max(math.ceil(math.ceil(group.count / per_dot) / _dots_per_line(box)), 1)


def _height(box: _Box, per_dot: int) -> float:
    height = 2 * _PAD + 16 + _LINE_H * len(box.lines)
    if not box.groups:
        return height
    if _is_named(box):
        return height + 8 + 18 * math.ceil(len(box.groups) / 3)
    return height + 8 + sum(_group_height(box, group, per_dot) for group in box.groups)


def _group_height(box: _Box, group: _Group, per_dot: int) -> float:
    return max(_rows_of(box, group, per_dot) * _PITCH, 12) + 7


# --- Drawing --------------------------------------------------------------------------------------


def _add(parent: Tree.Element, tag: str, **attributes: float | str) -> Tree.Element:
    written = {
        key.rstrip("_").replace("_", "-"): value if isinstance(value, str) else f"{value:.5g}"
        for key, value in attributes.items()
    }
    return Tree.SubElement(parent, tag, written)


def _write(parent: Tree.Element, text: str, x: float, y: float, look: str, **more: str) -> None:
    _add(parent, "text", x=x, y=y, class_=look, **more).text = _clean(text)


def _clean(text: str) -> str:
    """Return a text without control characters, which XML cannot hold."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _short(text: str, most: int = _TEXT_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _bits(rate: float) -> str:
    return cell_of(float(rate), _RATE).text


def _draw_box(svg: Tree.Element, box: _Box, legend: Mapping[str, int], per_dot: int) -> None:
    group = _add(svg, "g")
    place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    _add(group, "rect", **place, rx=8.0, class_=box.look)
    is_router = box.look == "d-router"
    x = box.x + (box.width / 2 if is_router else _PAD)
    anchor = "middle" if is_router else "start"
    y = box.y + _PAD + 11
    most = 15 if is_router else 44 if box.width > _RIGHT_W else 30
    _write(group, _short(box.name, most), x, y, "d-name", text_anchor=anchor)
    for line in box.lines:
        y += _LINE_H
        _write(group, _short(line, 64 if box.width > _RIGHT_W else 44), x, y, "d-text")
    y += 10
    if _is_named(box):
        _draw_named(group, box, legend, y)
        return
    for each in box.groups:
        _draw_group(group, box, each, legend, per_dot, y)
        y += _group_height(box, each, per_dot)


def _draw_named(group: Tree.Element, box: _Box, legend: Mapping[str, int], y: float) -> None:
    each_width = (box.width - 2 * _PAD) / 3
    for number, each in enumerate(box.groups):
        x = box.x + _PAD + each_width * (number % 3)
        middle = y + 8 + 18 * (number // 3)
        state = next(iter(each.states))
        _add(group, "circle", cx=x + 5, cy=middle, r=4.5, class_=f"d-{legend[state]}")
        _write(group, _short(each.name, 16), x + 14, middle + 4, "d-text")


def _draw_group(
    group: Tree.Element,
    box: _Box,
    each: _Group,
    legend: Mapping[str, int],
    per_dot: int,
    y: float,
) -> None:
    _write(group, f"{_short(each.name, 13)} × {each.count:,}", box.x + _PAD, y + 10, "d-text")
    per_line = _dots_per_line(box)
    number = 0
    for state, count in sorted(each.states.items(), key=lambda pair: (legend[pair[0]], pair[0])):
        dots = _add(group, "g", class_=f"d-{legend[state]}")
        _add(dots, "title").text = _clean(f"{count:,} of {each.name} ended {state}")
        for _ in range(math.ceil(count / per_dot)):
            cx = box.x + _PAD + _LABEL_W + _PITCH * (number % per_line) + _DOT
            cy = y + 6 + _PITCH * (number // per_line)
            _add(dots, "circle", cx=cx, cy=cy, r=_DOT)
            number += 1


def _draw_links(
    svg: Tree.Element,
    scenario: Mapping[str, Any],
    carried: Mapping[str, float],
    places: Mapping[str, _Box],
    of_column: Mapping[str, int],
) -> list[Tree.Element]:
    """Draw the links; returns their labels, which stand on top of everything."""
    ends: Counter[str] = Counter()
    links = [
        link
        for link in scenario.get("links") or ()
        if link.get("from") in places and link.get("to") in places
    ]
    degree = Counter(name for link in links for name in (link["from"], link["to"]))
    labels: list[Tree.Element] = []
    taken: list[tuple[float, float]] = []
    for link in links:
        one, other = sorted((link["from"], link["to"]), key=lambda name: of_column[name])
        start = _port(places[one], of_column[one], of_column[other], ends, degree)
        stop = _port(places[other], of_column[other], of_column[one], ends, degree)
        bulge = max(abs(stop[0] - start[0]) / 2, 70.0)
        same = of_column[one] == of_column[other]
        inward = -1.0 if of_column[one] == 2 else 1.0
        first = (start[0] + bulge * inward, start[1])
        second = (stop[0] + bulge * inward, stop[1]) if same else (stop[0] - bulge, stop[1])
        path = f"M{start[0]:.1f},{start[1]:.1f} C{first[0]:.1f},{first[1]:.1f} "
        path += f"{second[0]:.1f},{second[1]:.1f} {stop[0]:.1f},{stop[1]:.1f}"
        width = min(max(math.log10(float(link["bandwidth"]) / 1e6 + 1) * 1.5, 1.2), 7.0)
        look = "d-link is-hit" if link.get("outages") else "d-link"
        drawn = _add(svg, "path", d=path, class_=look, stroke_width=width)
        _add(drawn, "title").text = _clean(str(link["name"]))
        x = (start[0] + 3 * first[0] + 3 * second[0] + stop[0]) / 8
        y = (start[1] + 3 * first[1] + 3 * second[1] + stop[1]) / 8
        while any(abs(x - tx) < 170 and abs(y - ty) < 46 for tx, ty in taken):
            y += 8
        taken.append((x, y))
        labels += _label(link, carried, x, y)
    return labels


def _port(
    box: _Box, column: int, towards: int, ends: Counter[str], degree: Counter[str]
) -> tuple[float, float]:
    """Return where a link meets a box: links of one box are spread over its height."""
    rightwards = towards > column or (towards == column and column < 2)
    ends[box.name] += 1
    share = ends[box.name] / (degree[box.name] + 1)
    middle = box.height / 2 if box.look == "d-router" else box.height * share
    return (box.x + box.width if rightwards else box.x, box.y + middle)


def _label(
    link: Mapping[str, Any], carried: Mapping[str, float], x: float, y: float
) -> list[Tree.Element]:
    latency = f"{float(link.get('latency') or 0.0) * 1e3:.3g} ms"
    lines = [(_short(str(link["name"]), 24), "d-label d-name")]
    lines.append((f"{_bits(link['bandwidth'])} · {latency}", "d-label"))
    if link["name"] in carried:
        lines.append((f"carried {formatting.size(carried[link['name']])}", "d-label"))
    if outages := link.get("outages"):
        lines.append((formatting.plural(len(outages), "outage"), "d-label"))
    holder = Tree.Element("g")
    for number, (text, look) in enumerate(lines):
        # The name stands above the line, what is known of it below.
        _write(holder, text, x, y + (15 * number + 5 if number else -9), look, text_anchor="middle")
    return [holder]


def _draw_legend(svg: Tree.Element, legend: Mapping[str, int], y: float, per_dot: int) -> None:
    for number, (state, colour) in enumerate(legend.items()):
        x, at = _MARGIN + 270 * (number % 4), y + 20 * (number // 4)
        _add(svg, "circle", cx=x + 5, cy=at - 4, r=4.5, class_=f"d-{colour}")
        text = f"ended {state}"
        if number == 0 and per_dot > 1:
            text += f" (a dot is {per_dot} machines)"
        _write(svg, _short(text, 44), x + 14, at, "d-text")


def _alt(scenario: Mapping[str, Any], columns: Sequence[Sequence[_Box]]) -> str:
    machines = sum(int(each.get("count") or 1) for each in scenario.get("machines") or ())
    counts = [
        formatting.plural(machines, "machine"),
        formatting.plural(len(scenario.get("sites") or ()), "site"),
        formatting.plural(len(scenario.get("regions") or ()), "region"),
        formatting.plural(len(scenario.get("links") or ()), "link"),
    ]
    places = ", ".join(_short(box.name) for column in columns for box in column)
    return _clean(f"Estate and network: {', '.join(counts)}. Places: {_short(places, 300)}.")
