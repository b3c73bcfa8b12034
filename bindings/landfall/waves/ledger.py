"""What a set of waves weighs against what there is: the one place that says what fits.

A machine of wave j may be copied between the deadline of wave j - `copy_ahead` and its own, and
sends its changes from then to its cutover. Copies in order of their deadlines get through if, and
only if, for every two deadlines what has to pass between them fits between them (the condition of
preemptive earliest-deadline-first scheduling; Horn 1974), so these sums are all there is to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _model
from .bundles import Bundle
from .calendar import Window, open_windows
from .capacity import LinkCalendar
from .problem import Move, WaveProblem

__all__ = ["Ledger", "Stretch", "ranks_of"]

_Numbers: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What has to pass a link between two deadlines, and what can.

    Attributes
    ----------
    link
        Its name.
    begin_s, end_s
        Instants.
    copied
        Waves whose copies begin and end within.
    sending_s
        By wave: seconds for which its changes are sent within.
    room
        Bytes that fit through.
    """

    link: str
    begin_s: float
    end_s: float
    copied: tuple[int, ...]
    sending_s: tuple[float, ...]
    room: float


class Ledger:
    """Windows, links and people of a problem, and what is already taken of them.

    Parameters
    ----------
    problem
        What is planned.
    usable
        Part of a link that may be planned with; the problem's by default.
    """

    def __init__(self, problem: WaveProblem, usable: float | None = None) -> None:
        self.problem = problem
        self.usable = problem.usable if usable is None else usable
        both = open_windows(problem.windows, problem.freezes)
        self.frozen = [(window, freeze) for window, freeze in both if freeze is not None]
        self.windows: list[Window] = [window for window, freeze in both if freeze is None]
        end = max(window.closes for window in problem.windows)
        self.calendars = {
            link.name: LinkCalendar.of(link, end, self.usable) for link in problem.links
        }

    def deadline(self, wave: int) -> float:
        """Return when copies of a wave are to be through; 0 before the first one."""
        if wave < 0:
            return 0.0
        return max(0.0, float(self.windows[wave].opens) - float(self.problem.lead))

    def release(self, wave: int) -> float:
        """Return when a machine of a wave may begin to be copied."""
        return self.deadline(wave - self.problem.copy_ahead)

    @cached_property
    def stretches(self) -> list[Stretch]:
        """All pairs of deadlines between which something has to pass, for each link."""
        waves = range(len(self.windows))
        begins = sorted({self.release(wave) for wave in waves})
        ends = sorted({self.deadline(wave) for wave in waves})
        found = []
        for name, calendar in self.calendars.items():
            for begin in begins:
                for end in (each for each in ends if each >= begin):
                    copied = tuple(
                        w for w in waves if self.release(w) >= begin and self.deadline(w) <= end
                    )
                    if copied:
                        sending = tuple(
                            max(0.0, min(end, self.windows[w].opens) - max(begin, self.release(w)))
                            for w in waves
                        )
                        room = calendar.bytes_between(begin, end)
                        found.append(Stretch(name, begin, end, copied, sending, room))
        return found

    def may_hold(self, bundle: Bundle, wave: int) -> bool:
        """Return whether a bundle alone may move in a wave: its dates, its rank."""
        window = self.windows[wave]
        in_time = bundle.earliest_s <= window.opens and window.closes <= bundle.latest_s
        return in_time and self.depth(bundle) <= self.ranks(wave)

    def ranks(self, wave: int) -> int:
        """Return how many cutovers fit one after the other into a window, with the tests."""
        window = self.windows[wave]
        length = window.closes - window.opens - self.problem.test_time
        return max(0, int(length // self.problem.cutover_time))

    def depth(self, bundle: Bundle) -> int:
        """Return how many cutovers a bundle takes one after the other."""
        return 1 + max(ranks_of(self.problem, bundle.moves).values())

    def overloads(self, waves: Mapping[int, int], bundles: Sequence[Bundle]) -> list[str]:
        """Say what does not fit when bundles move in waves (numbers of both); empty if all does."""
        found = []
        for wave in range(len(self.windows)):
            found += self.overtaxes(wave, waves, bundles)
        return found + self.overfills(waves, bundles)

    def overtaxes(
        self, wave: int, waves: Mapping[int, int], bundles: Sequence[Bundle]
    ) -> list[str]:
        """Say which bounds of one wave do not hold: its machines, effort, and length."""
        window = self.windows[wave]
        members = [bundles[b] for b, w in waves.items() if w == wave]
        moves = [move for bundle in members for move in bundle.moves]
        effort = sum(bundle.effort_s for bundle in members)
        deep = 1 + max(ranks_of(self.problem, moves).values(), default=-1)
        found = []
        if window.machines_max is not None and len(moves) > window.machines_max:
            found.append(f"{window.name}: {len(moves)} machines, at most {window.machines_max}")
        if window.effort is not None and effort > window.effort:
            found.append(f"{window.name}: {effort / 3600:.1f} h, {window.effort / 3600:.1f} h")
        if deep > self.ranks(wave):
            found.append(f"{window.name}: {deep} cutovers in a row, {self.ranks(wave)} fit")
        return found

    def overfills(self, waves: Mapping[int, int], bundles: Sequence[Bundle]) -> list[str]:
        """Say which links cannot carry what has to pass between two deadlines."""
        found = []
        for link, (copied, sending, room) in self._rows.items():
            used, churn = np.zeros(len(self.windows)), np.zeros(len(self.windows))
            for number, wave in waves.items():
                used[wave] += bundles[number].used.get(link, 0.0)
                churn[wave] += bundles[number].churn.get(link, 0.0)
            load = copied @ used + sending @ churn
            worst = np.flatnonzero(load > room * (1 + 1e-9) + 1)
            found += [f"link {link}: {load[k]:.4g} bytes, room for {room[k]:.4g}" for k in worst]
        return found

    @cached_property
    def _rows(self) -> dict[str, tuple[_Numbers, _Numbers, _Numbers]]:
        """By link: copied, seconds of sending, both (stretches, waves); room, (stretches,)."""
        rows = {}
        for link in self.calendars:
            mine = [stretch for stretch in self.stretches if stretch.link == link]
            copied = np.zeros((len(mine), len(self.windows)))
            for row, stretch in zip(copied, mine, strict=True):
                row[list(stretch.copied)] = 1.0
            sending = np.array([stretch.sending_s for stretch in mine]).reshape(copied.shape)
            rows[link] = (copied, sending, np.array([stretch.room for stretch in mine]))
        return rows


def ranks_of(problem: WaveProblem, moves: Sequence[Move]) -> dict[str, int]:
    """Return the place of each machine in the order of a wave: after all that it depends on."""
    index = {move.name: k for k, move in enumerate(moves)}
    needs = [
        (index[need.machine], index[need.on])
        for need in problem.needs
        if need.machine in index and need.on in index
    ]
    of_machine, level, _ = _model.bundle(len(index), [], needs)
    return {name: level[of_machine[k]] for name, k in index.items()}
