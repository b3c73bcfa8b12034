"""What a run says about its links, servers and machines, cut into the slices of its samples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import templates

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["Evidence", "Spans"]

_Numbers: TypeAlias = npt.NDArray[np.float64]
_Flags: TypeAlias = npt.NDArray[np.bool_]
#: Half-open spans of simulated seconds.
Spans: TypeAlias = "list[tuple[float, float]]"

#: Events that begin and end a state of their subject.
_STATES = {
    "power": ("power_lost", "powered_on"),
    "cache full": ("process_server_throttled", "process_server_resumed"),
    "fault": ("fault_begins", "fault_ends"),
}
#: Full is a link that carries so much of what it could; waiting is a part of all that waits.
FULL = 0.85
_SMOOTHED = 3  # samples: a transfer counts when it arrives, so single samples waver


class Evidence:
    """Evidence of one run.

    Parameters
    ----------
    result
        A run; of one without samples, nothing can be said.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.document: dict[str, Any] = templates.expand(json.loads(result.scenario_json))
        self._states: dict[str, dict[str, Spans]] = {name: {} for name in _STATES}

    # --- Time -------------------------------------------------------------------------------------

    @cached_property
    def edges(self) -> _Numbers:
        """Edges of the slices, seconds: 0, then every sample."""
        times = np.unique(self.result.tables["fleet"]["t_s"])
        return np.concatenate([[0.0], times])

    @property
    def slices(self) -> int:
        """How many slices there are."""
        return len(self.edges) - 1

    @property
    def end_s(self) -> float:
        """End of the run, simulated seconds."""
        return float(self.result.summary["simulated_s"] or self.edges[-1])

    def within(self, spans: Iterable[tuple[float, float]]) -> _Numbers:
        """Return how many seconds of each slice the spans cover, shape ``(slices,)``."""
        covered = np.zeros(self.slices)
        for begin, end in spans:
            covered += np.clip(
                np.minimum(self.edges[1:], end) - np.maximum(self.edges[:-1], begin), 0.0, None
            )
        return covered

    # --- Links ------------------------------------------------------------------------------------

    @cached_property
    def routes(self) -> dict[str, list[tuple[str, str]]]:
        """Links and directions that the uploads of each process server cross."""
        crossed: dict[str, list[tuple[str, str]]] = {}
        for row in self.result.to_arrow("routes").to_pylist():
            way = (row["link"], row["direction"])
            crossed.setdefault(row["process_server"], []).append(way)
        return crossed

    @cached_property
    def _link_use(self) -> dict[tuple[str, str], dict[str, _Numbers]]:
        table = self.result.to_arrow("link_use").to_pandas()
        return {
            (str(link), str(direction)): {
                name: rows[name].to_numpy(np.float64)
                for name in ("bytes", "capacity_bytes", "closed_s")
            }
            for (link, direction), rows in table.groupby(["link", "direction"], observed=True)
        }

    def down(self, way: tuple[str, str]) -> _Flags:
        """Return the slices in which nothing got through a link for at least half of the time."""
        closed: _Numbers = self._link_use[way]["closed_s"]
        return np.asarray(closed >= np.diff(self.edges) / 2, dtype=np.bool_)

    def full(self, way: tuple[str, str]) -> _Flags:
        """Return the slices in which a link carried nearly all that it could."""
        use = self._link_use[way]
        window = np.ones(_SMOOTHED)
        carried = np.convolve(use["bytes"], window, mode="same")
        room = np.convolve(use["capacity_bytes"], window, mode="same")
        return np.asarray((room > 0) & (carried >= FULL * room), dtype=np.bool_)

    def narrowed(self, way: tuple[str, str]) -> _Flags:
        """Return the slices in which a link was open, but not for all that it can carry."""
        use = self._link_use[way]
        rate = use["capacity_bytes"] / np.diff(self.edges)
        narrow = (rate < 0.99 * rate.max(initial=0.0)) & ~self.down(way)
        return np.asarray(narrow, dtype=np.bool_)

    # --- Servers ----------------------------------------------------------------------------------

    @cached_property
    def _backlog(self) -> dict[str, dict[str, _Numbers]]:
        table = self.result.to_arrow("backlog").to_pandas()
        names = ("source_bytes", "process_server_bytes", "logs_waiting_bytes", "copy_bytes")
        waiting: dict[str, dict[str, _Numbers]] = {}
        for server, rows in table.groupby("process_server", observed=True):
            # A server that came later has no rows before.
            place = np.searchsorted(self.edges[1:], rows["t_s"].to_numpy())
            columns = waiting.setdefault(str(server), {})
            for name in names:
                columns[name] = np.zeros(self.slices)
                columns[name][place] = rows[name].to_numpy(np.float64)
        return waiting

    def waiting(self, server: str, where: str) -> _Numbers:
        """Return the bytes that wait at a place at the end of each slice, shape ``(slices,)``."""
        return self._backlog.get(server, {}).get(where, np.zeros(self.slices))

    # --- What happened ----------------------------------------------------------------------------

    def state_spans(self, state: str, subject: str) -> Spans:
        """Return when a subject was in a state: ``"power"``, ``"cache full"`` or ``"fault"``."""
        if not self._states[state]:
            self._states[state] = self._read_states(*_STATES[state])
        return self._states[state].get(subject, [])

    def _read_states(self, begins: str, ends: str) -> dict[str, Spans]:
        spans: dict[str, Spans] = {"": []}  # so that an empty reading is not made again
        open_since: dict[str, float] = {}
        for event in self.result.to_arrow("events").to_pylist():
            subject, kind = event["subject"] or "", event["kind"]
            if kind == begins:
                open_since.setdefault(subject, event["t_s"])
            elif kind == ends and subject in open_since:
                spans.setdefault(subject, []).append((open_since.pop(subject), event["t_s"]))
        if begins != "power_lost":  # a power loss without an end was over at once
            for subject, since in open_since.items():
                spans.setdefault(subject, []).append((since, self.end_s))
        return spans

    @cached_property
    def faults(self) -> dict[str, tuple[str, Spans]]:
        """Faults by name: their kind, and when they held."""
        kinds = {
            event["subject"]: event["detail"]
            for event in self.result.to_arrow("events").to_pylist()
            if event["kind"] == "fault_begins"
        }
        return {name: (kind, self.state_spans("fault", name)) for name, kind in kinds.items()}

    @cached_property
    def copies(self) -> list[dict[str, Any]]:
        """First copies, compares and catch-ups, one dictionary each, as in the table `copies`."""
        rows: list[dict[str, Any]] = self.result.to_arrow("copies").to_pylist()
        for row in rows:
            if not np.isfinite(row["end_s"] if row["end_s"] is not None else np.nan):
                row["end_s"] = self.end_s
        return rows

    def copy_spans(self, machines: Iterable[str], kinds: Iterable[str]) -> Spans:
        """Return when machines were copied."""
        wanted, of_kind = set(machines), set(kinds)
        return _joined(
            (row["start_s"], row["end_s"])
            for row in self.copies
            if row["machine"] in wanted and row["kind"] in of_kind
        )

    # --- Targets ----------------------------------------------------------------------------------

    def thresholds(self) -> Mapping[str, float]:
        """RPO thresholds of the policies by machine, seconds; machines without one are left out."""
        limits = {
            policy["name"]: float(policy["rpo_threshold"])
            for policy in self.document.get("policies") or ()
            if policy.get("rpo_threshold")
        }
        groups = {
            group["name"]: limits.get(group.get("policy"))
            for group in self.document.get("machines") or ()
        }
        found: dict[str, float] = {}
        for machine in self.result.to_arrow("machines")["machine"].to_pylist():
            limit = groups.get(machine, groups.get(machine.rpartition("-")[0]))
            if limit is not None:
                found[machine] = limit
        return found


def _joined(spans: Iterable[tuple[float, float]]) -> Spans:
    joined: Spans = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
