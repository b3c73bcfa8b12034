"""How full the links of a run were over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import formatting
from ..plot_style import PALETTE, active_span, outages
from ..tables import Array
from .chart import POINTS_MAX, Chart, Line, Series, Shade, count_scale, thinned, time_scale

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["link_shares", "links_chart"]

_LINES_MAX = 6


def link_shares(result: Result) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Return for each link and direction instants, and the share of the link used up to each.

    In seconds and percent of what it could have carried since the row before; NaN where it could
    carry nothing.
    """
    if "link_use" not in result.tables or result.tables["link_use"].rows == 0:
        return {}
    table = result.tables["link_use"]
    links, directions = table.names("link"), table.names("direction")
    shares: dict[tuple[str, str], tuple[Array, Array]] = {}
    for pair in dict.fromkeys(zip(links, directions, strict=True)):
        mine = (links == pair[0]) & (directions == pair[1])
        carried = np.asarray(table["bytes"][mine], float)
        capacity = np.asarray(table["capacity_bytes"][mine], float)
        share = np.full(len(carried), np.nan)
        np.divide(100 * carried, capacity, out=share, where=capacity > 0)
        shares[str(pair[0]), str(pair[1])] = (table["t_s"][mine], share)
    return shares


def links_chart(result: Result) -> Chart | None:
    """Return the use of the fullest links over time; None when no link carried anything."""
    shares = link_shares(result)
    used = {key: pair for key, pair in shares.items() if np.nanmax(pair[1], initial=0.0) > 0}
    if not used:
        return None
    # The fullest over the whole run first.
    ranked = sorted(used, key=lambda key: (-float(np.nansum(used[key][1])), key))
    start_s, end_s = active_span(result)
    down = tuple(outages(result))
    series: list[Series] = [Shade("link outage", down)] if down else []
    cut = False
    for place, key in enumerate(ranked[:_LINES_MAX]):
        t, share = used[key]
        # A row tells of the time since the row before it.
        edges = np.concatenate([[0.0], t])
        x, y, some = thinned(np.repeat(edges, 2)[1:-1], np.repeat(share, 2))
        cut |= some
        series.append(Line(f"{key[0]}, {key[1]}", x, y, PALETTE[place % len(PALETTE)]))
    full = ranked[0]
    note = "Of what a link could have carried, between one sample and the next."
    if max(float(np.nanmax(share)) for _, share in used.values()) > 100:
        note += " Bytes count when their transfer arrives, so one sample may hold more than all."
    if len(ranked) > _LINES_MAX:
        note += f" The {_LINES_MAX} fullest of {formatting.plural(len(ranked), 'direction')}."
    if cut:
        note += f" Thinned: least and greatest of each of {POINTS_MAX // 4:,} stretches of a line."
    return Chart(
        "Use of links over time",
        f"Lines of the use of links; {full[0]} ({full[1]}) is the fullest, at most "
        f"{np.nanmax(used[full][1]):.0f} %.",
        x=time_scale("simulated time", end_s),
        y=count_scale("use", "%"),
        series=series,
        note=note,
        start=start_s,
        end=end_s,
    )
