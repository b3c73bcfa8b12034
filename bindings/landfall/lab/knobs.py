"""Knobs of a scenario: sizes, speeds and times that a run may have otherwise (F65).

What a scenario asks for stays as it is; what it stands on is drawn: how fast its links are, how
often changes are taken, how much a process server caches, how long points are kept. A bug that
needs a full cache or a small step comes up sooner when some runs have them.
"""

from __future__ import annotations

import copy
from typing import Any

from .faults import Document
from .streams import Stream

__all__ = ["turned"]

_STEPS_S = (10.0, 30.0, 60.0, 150.0, 300.0)  # of five minutes
_PHASES = (1, 2, 5)
_FASTER = (0.25, 0.5, 1.0, 2.0, 8.0)
_RETENTION_S = (0.0, 3600.0, 86_400.0)
_EVERY_S = (3600.0, 2 * 3600.0, 4 * 3600.0)


def turned(document: Document, stream: Stream) -> dict[str, Any]:
    """Return the keys of a scenario's canonical form that a draw changes; each as likely as not."""
    made: dict[str, Any] = {}
    detail, links, policies = (stream.chance(0.5) for _ in range(3))
    if detail:
        made["detail"] = {
            **document["detail"],
            "capture_step": stream.choice(_STEPS_S),
            "capture_phases": stream.choice(_PHASES),
        }
    if links:
        made["links"] = copy.deepcopy(document.get("links", []))
        for link in made["links"]:
            link["bandwidth"] = max(1, int(link["bandwidth"] * stream.choice(_FASTER)))
    if policies:
        made["policies"] = copy.deepcopy(document.get("policies", []))
        for policy in made["policies"]:
            policy["retention"] = stream.choice(_RETENTION_S)
            every_s = stream.choice(_EVERY_S)
            if policy.get("app_consistent_every") is not None:  # below the retention
                policy["app_consistent_every"] = every_s if every_s < policy["retention"] else None
    return made
