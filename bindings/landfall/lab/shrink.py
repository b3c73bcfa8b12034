"""Makes a failing case small: fewer faults, machines, disks, links; shorter, rounder, plainer.

Every step is a smaller case that is run; it is kept when the same invariant still fails. What is
left is an ordinary scenario.
"""

from __future__ import annotations

import fnmatch
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .. import formatting
from .bench import Bench
from .cases import Case, document_of
from .faults import Document, Fault, machine_names
from .verdicts import Verdict, Violation

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["Shrinker", "Shrunk"]

_Item = TypeVar("_Item")

#: Lists of a scenario that may not need all they have.
_LISTS = (
    *("expect", "recovery_plans", "runbooks", "consistency_groups", "network_mappings"),
    *("links", "process_servers", "master_targets", "configuration_servers", "vmm_servers"),
    *("routers", "policies", "sites", "regions"),
)
#: Round numbers to move an instant or a length down to, in seconds.
_ROUND = (86_400.0, 3_600.0, 600.0, 60.0, 10.0, 1.0, 1e-3)


@dataclass(frozen=True)
class Shrunk:
    """A failing case, made small.

    Attributes
    ----------
    case
        The smallest case that was found.
    violation
        What did not hold in it.
    verdict
        All that its run came to.
    runs, seconds
        What it took.
    """

    case: Case
    violation: Violation
    verdict: Verdict
    runs: int
    seconds: float

    @property
    def machines(self) -> int:
        """How many machines are left, where the case says so."""
        return len(machine_names(self.case.changes)) if "machines" in self.case.changes else -1

    def __str__(self) -> str:
        faults = formatting.plural(len(self.case.faults), "fault")
        return f"{faults}: {'; '.join(map(str, self.case.faults)) or 'none'}"


class Shrinker:
    """Shrinks one failing case.

    Parameters
    ----------
    bench
        Runs the smaller cases.
    document
        Canonical form of the scenario that the case is of.
    violation
        What does not hold in it.
    seconds, runs
        Budget: most wall time, most runs.
    twice
        Whether a case fails when two runs of it differ.
    """

    def __init__(
        self,
        bench: Bench,
        document: Document,
        violation: Violation,
        *,
        seconds: float = 120.0,
        runs: int = 500,
        twice: bool = False,
    ) -> None:
        self._bench = bench
        self._document = document
        self._invariant = violation.invariant
        self._violation = violation
        self._deadline = time.monotonic() + seconds
        self._runs_left = runs
        self._runs = 0
        self._twice = twice
        self._verdict = Verdict()
        self._tried: set[str] = set()
        self._case = Case()

    def shrink(self, case: Case) -> Shrunk:
        """Return the smallest case that can be found within the budget; at worst `case` itself."""
        started = time.perf_counter()
        self._case = replace(case, changes={**self._document, **case.changes})
        self._verdict.violations = [self._violation]
        if self._fails(self._case):  # else it cannot be judged by itself: it stays as it is
            before = ""
            while before != (before := _text(self._case)) and not self._is_over():
                self._faults()
                self._machines()
                self._entries()
                self._times()
                self._lists()
                self._knobs()
                self._seed()
        violation = self._verdict.failing(self._invariant) or self._violation
        seconds = time.perf_counter() - started
        return Shrunk(self._case, violation, self._verdict, self._runs, seconds)

    # --- Trying -----------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        return self._runs_left <= 0 or time.monotonic() >= self._deadline

    def _fails(self, case: Case) -> bool:
        """Run a case; whether the same invariant fails."""
        self._runs += 1
        self._runs_left -= 1
        verdict = self._bench.run(case)
        if self._twice:
            if self._bench.run(case).hash == verdict.hash:
                return False
            verdict.violations.append(self._violation)
        if verdict.failing(self._invariant) is None:
            return False
        self._verdict = verdict
        return True

    def _keep(self, case: Case) -> bool:
        """Take a case for the present one if it still fails and was not tried before."""
        text = _text(case)
        if text in self._tried or text == _text(self._case) or self._is_over():
            return False
        self._tried.add(text)
        try:
            fails = self._fails(case)
        except (LookupError, ValueError):  # a fault is left without its target
            return False
        if fails:
            self._case = case
        return fails

    def _fewer(self, items: Sequence[_Item], made: Callable[[list[_Item]], Case]) -> None:
        """Leave out items, in pieces that get smaller, as long as the invariant fails (ddmin)."""
        left = list(items)
        size = len(left)
        while size >= 1 and left and not self._is_over():
            start = 0
            while start < len(left):
                fewer = left[:start] + left[start + size :]
                if self._keep(made(fewer)):
                    left = fewer
                else:
                    start += size
            size = size // 2 if size > 1 else 0

    def _with(self, **changes: Any) -> Case:
        return replace(self._case, changes={**self._case.changes, **changes})

    # --- What can be smaller ----------------------------------------------------------------------

    def _faults(self) -> None:
        self._fewer(self._case.faults, lambda faults: self._case.with_faults(tuple(faults)))

    def _machines(self) -> None:
        groups = self._case.changes["machines"]
        if any(int(group.get("count", 1)) > 1 for group in groups):
            self._keep(self._with(machines=_one_by_one(groups)))
        self._fewer(self._case.changes["machines"], self._without_machines)
        for index, machine in enumerate(self._case.changes["machines"]):
            self._fewer(machine["disks"], partial(self._with_disks, index))

    def _without_machines(self, machines: list[Any]) -> Case:
        left = machine_names({"machines": machines})
        before = set(machine_names(self._case.changes))

        def stays(fault: Fault) -> bool:
            return fault.target in left or fault.target not in before

        changes = {
            "machines": machines,
            "timeline": _selecting(self._case.changes.get("timeline", []), left),
            "expect": _selecting(self._case.changes.get("expect", []), left),
        }
        faults = tuple(fault for fault in self._case.faults if stays(fault))
        return replace(self._with(**changes), faults=faults)

    def _with_disks(self, index: int, disks: list[Any]) -> Case:
        machines = list(self._case.changes["machines"])
        machines[index] = {**machines[index], "disks": disks}
        gone = {disk["name"] for disk in self._case.changes["machines"][index]["disks"]}
        gone -= {disk["name"] for disk in disks}
        name = machines[index]["name"]
        faults = tuple(
            fault
            for fault in self._case.faults
            if fault.target != name or dict(fault.params).get("disk") not in gone
        )
        return replace(self._with(machines=machines), faults=faults)

    def _entries(self) -> None:
        self._fewer(self._case.changes.get("timeline", []), lambda left: self._with(timeline=left))

    def _lists(self) -> None:
        for key in _LISTS:
            self._fewer(self._case.changes.get(key) or [], partial(self._with_list, key))
        for index, link in enumerate(self._case.changes.get("links", [])):
            for key in ("outages", "throttles"):
                self._fewer(link.get(key, []), partial(self._with_link, index, key))

    def _with_list(self, key: str, left: list[Any]) -> Case:
        return self._with(**{key: left})

    def _with_link(self, index: int, key: str, left: list[Any]) -> Case:
        links = list(self._case.changes["links"])
        links[index] = {**links[index], key: left}
        return self._with(links=links)

    def _times(self) -> None:
        """Shorter faults at rounder instants, and an early end of the run."""
        for place in range(len(self._case.faults)):
            for smaller in _shorter(self._case.faults[place].lasts_s):
                self._keep_fault(place, lasts_s=smaller)
            for earlier in _rounder(self._case.faults[place].at_s):
                if self._keep_fault(place, at_s=earlier):
                    break
        self._early_end()

    def _keep_fault(self, place: int, **changes: Any) -> bool:
        faults = list(self._case.faults)
        faults[place] = replace(faults[place], **changes)
        return self._keep(replace(self._case, faults=tuple(faults)))

    def _early_end(self) -> None:
        duration = self._case.changes.get("duration")
        found = self._verdict.failing(self._invariant)
        if duration is None or found is None or found.t_s is None or found.kind == "liveness":
            return  # what never came would not have come earlier
        for margin_s in (1.0, 600.0, 3600.0, 4 * 3600.0):
            end_s = math.ceil((found.t_s + margin_s) / 60.0) * 60.0
            if end_s < duration and self._keep(self._with(duration=end_s)):
                return

    def _knobs(self) -> None:
        """Set what differs from its default back to it, where that changes nothing."""
        from ..scenario import Scenario

        kept = json.loads(json.dumps(dict(self._case.changes)))
        try:
            plain = plain_form(Scenario.from_dict(kept))
        except ValueError:
            return
        for path in list(_optional_paths(plain)):
            if self._is_over():
                return
            smaller = json.loads(json.dumps(plain))
            _remove(smaller, path)
            text = json.dumps(smaller, sort_keys=True)
            if text in self._tried:
                continue
            self._tried.add(text)
            try:
                canonical = json.loads(Scenario.from_dict(smaller).to_json())
            except (ValueError, LookupError):
                continue
            if self._keep(replace(self._case, changes=canonical)):
                plain = smaller

    def _seed(self) -> None:
        self._keep(replace(self._case, seed=1))


# --- Smaller things -------------------------------------------------------------------------------


def _text(case: Case) -> str:
    faults = [repr(fault) for fault in case.faults]
    return json.dumps([case.seed, faults, case.changes], sort_keys=True, default=str)


def _one_by_one(groups: Sequence[Any]) -> list[Any]:
    """Return groups of machines as single machines of the names that they have."""
    return [
        {**group, "name": name, "count": 1}
        for group in groups
        for name in machine_names({"machines": [group]})
    ]


def _selecting(entries: Sequence[Any], machines: Sequence[str]) -> list[Any]:
    """Return the entries that select one of `machines`, without the names that match nothing."""
    kept = []
    for entry in entries:
        chosen = entry.get("machines", "all")
        if chosen != "all":
            names = [name for name in chosen if fnmatch.filter(machines, name)]
            if not names:
                continue
            entry = {**entry, "machines": names}
        kept.append(entry)
    return kept


def _shorter(lasts_s: float | None) -> Iterator[float]:
    while lasts_s is not None and lasts_s > 1.0:
        lasts_s = max(1.0, round(lasts_s / 2, 3))
        yield lasts_s


def _rounder(at_s: float) -> Iterator[float]:
    yield 0.0
    for step in _ROUND:
        if at_s >= step:
            yield round(at_s // step * step, 6)


def _optional_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all keys but names and the end, the outer before the inner."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("name", "version", "duration"):
                yield (*path, key)
                yield from _optional_paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _optional_paths(inner, (*path, index))


def _remove(value: Any, path: tuple[Any, ...]) -> None:
    for step in path[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict):
        value.pop(path[-1], None)


def plain_form(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario without what is at its default, but with the kinds of things."""
    whole = scenario.model_dump(mode="json", by_alias=True)
    plain: dict[str, Any] = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    _say_kinds(plain, whole)
    return {"version": 1, **plain}


def _say_kinds(plain: Any, whole: Any) -> None:
    if isinstance(plain, dict) and isinstance(whole, dict):
        if "kind" in whole:
            plain.setdefault("kind", whole["kind"])
        for key, value in plain.items():
            _say_kinds(value, whole.get(key))
    elif isinstance(plain, list) and isinstance(whole, list):
        for inner, of_whole in zip(plain, whole, strict=True):
            _say_kinds(inner, of_whole)


def smallest_form(scenario_document: Document, case: Case) -> dict[str, Any]:
    """Return a case as a scenario file that leaves out what is at its default."""
    from ..scenario import Scenario

    whole = document_of(scenario_document, case)
    scenario = Scenario.from_dict(whole)
    plain = plain_form(scenario)
    try:
        if Scenario.from_dict(plain).to_json() == scenario.to_json():
            return plain
    except ValueError:
        pass
    return whole
