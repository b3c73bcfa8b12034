"""Made-up projects for the tests of waves."""

from __future__ import annotations

import random

import landfall as lf
from landfall.waves import Freeze, Move, Need, WaveProblem, weekly

GIB = 2**30


def project(
    machines: int, groups: int, *, seed: int = 1, weeks: int = 14, effort: str = "30 h"
) -> WaveProblem:
    """Return a project: two sites with a link each, groups of machines that depend on each other.

    People have `effort` hours a window, and cutovers take them half an hour to three hours. A week
    is frozen. The office's link is throttled by day.
    """
    draw = random.Random(seed)
    names = [f"vm-{k:03}" for k in range(machines)]
    moves = [
        Move(
            name=name,
            site="office" if draw.random() < 0.65 else "branch",
            used=int(draw.lognormvariate(4.5, 0.8) * GIB),
            churn=int(draw.lognormvariate(11.3, 1.2)),
            effort=f"{draw.choice((0.5, 0.5, 1.0, 1.5, 3.0))} h",
        )
        for name in names
    ]
    shuffled = draw.sample(names, machines)
    needs, together, start = [], [], 0
    for _ in range(groups):
        size = draw.randint(3, 9)
        members = shuffled[start : start + size]
        start += size
        needs += [
            Need(machine=members[k], on=members[draw.randrange(k)]) for k in range(1, len(members))
        ]
        if draw.random() < 0.3:
            together.append(members[:2])
    return WaveProblem(
        name="leave",
        region="weu",
        links=[
            lf.Link(
                name="wan",
                from_="office",
                to="weu",
                bandwidth="500 Mbit/s",
                latency="5 ms",
                throttles=[lf.Throttle(from_="08:00", to="18:00", bandwidth="250 Mbit/s")],
            ),
            lf.Link(name="mpls", from_="branch", to="weu", bandwidth="300 Mbit/s", latency="9 ms"),
        ],
        moves=moves,
        needs=needs,
        together=[tuple(names) for names in together],
        windows=weekly("5 d 20 h", "30 h", weeks, effort=effort),
        freezes=[Freeze(name="quarter end", opens="26 d", closes="28 d")],
        compression_ratio=1.5,
    )


def small(given_moves: list[Move], **changes: object) -> WaveProblem:
    """Return a project with one link of 100 Mbit/s and three windows, a week apart."""
    given: dict[str, object] = {
        "links": [
            lf.Link(name="wan", from_="hq", to="azure", bandwidth="100 Mbit/s", latency="5 ms")
        ],
        "moves": given_moves,
        "windows": weekly("5 d", "12 h", 3),
    }
    return WaveProblem(**{**given, **changes})
