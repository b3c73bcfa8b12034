"""A capacity plan: its tables, what was assumed, and what is done with it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import formatting
from ..inventory.model import Inventory
from ..inventory.trace import Trace
from ..waves.calendar import Freeze, Window
from ..writing import whole_folder
from .demand import Demand, Required
from .options import PlanOptions
from .sizing import SizedMachine
from .tables import PlanTable

if TYPE_CHECKING:
    from ..report.page import Page
    from ..scenario import Scenario
    from ..waves.problem import WaveProblem
    from ..waves.wave_plan import WavePlan
    from .simulated import SimulatedPlan

__all__ = ["CapacityPlan"]


@dataclass(eq=False)
class CapacityPlan:
    """What replication of an inventory needs; made by :func:`landfall.planner.plan`.

    Attributes
    ----------
    inventory, trace, match, options
        What it was made of. `trace` is None where machines write evenly.
    rpo_s
        Desired RPO in seconds.
    machines
        Every machine with its disks, size and reasons.
    demand
        What the planned machines put on the link, and the queue over it.
    required
        Bandwidths by RPO and share.
    tables
        All results by name; each has a frame and says what its columns mean.
    notes
        What was assumed, left out, or is unknown.
    """

    inventory: Inventory
    trace: Trace | None
    match: Literal["name", "order"]
    options: PlanOptions
    rpo_s: float
    machines: tuple[SizedMachine, ...]
    demand: Demand
    notes: list[str]
    required: dict[tuple[float, float], Required] = field(default_factory=dict)
    tables: dict[str, PlanTable] = field(default_factory=dict)

    @property
    def planned(self) -> tuple[SizedMachine, ...]:
        """The machines that its totals have: compatible ones, and those planned in all the same."""
        return tuple(machine for machine in self.machines if machine.is_planned)

    def bandwidth(self, rpo: float | None = None, share: float = 1.0) -> float:
        """Return the line rate in bits per second for an RPO (the desired one) and a share."""
        target = self.rpo_s if rpo is None else rpo
        found = self.required.get((target, share))
        return found.bits_per_second if found else self.demand.required(target, share)

    # --- Simulation -------------------------------------------------------------------------------

    def scenario(
        self,
        *,
        rpo: float | None = None,
        share: float = 1.0,
        bandwidth: float | None = None,
        trace_file: str | PathLike[str] | None = None,
    ) -> Scenario:
        """Return the planned machines as a scenario at volume fidelity, already protected.

        Parameters
        ----------
        rpo, share
            Which of the plan's bandwidths the link has.
        bandwidth
            Another one, in bits per second.
        trace_file
            Where the trace is written if its own file cannot be replayed as it is.

        Raises
        ------
        ScenarioError
            The trace cannot be replayed and `trace_file` is missing, or a throttle holds on some
            days only, which links of scenarios cannot.
        """
        from .simulated import scenario_of

        rate = bandwidth if bandwidth is not None else self.bandwidth(rpo, share)
        return scenario_of(self, rate, trace_file)

    def simulate(
        self,
        *,
        rpo: float | None = None,
        share: float = 1.0,
        bandwidth: float | None = None,
        trace_file: str | PathLike[str] | None = None,
        progress: bool | Callable[..., Any] = False,
    ) -> SimulatedPlan:
        """Run the scenario; arguments as in :meth:`scenario`. Its ``why`` explains breaches."""
        from .simulated import simulate

        target = self.rpo_s if rpo is None else rpo
        scenario = self.scenario(rpo=rpo, share=share, bandwidth=bandwidth, trace_file=trace_file)
        return simulate(self, scenario, target, share, progress=progress)

    # --- Waves ------------------------------------------------------------------------------------

    def wave_problem(
        self, windows: Sequence[Window] | None = None, freezes: Sequence[Freeze] | None = None
    ) -> WaveProblem:
        """Return the planned machines as a problem of waves over the planned bandwidth."""
        from .wave_tables import problem_of

        return problem_of(
            self,
            self.options.windows if windows is None else windows,
            self.options.freezes if freezes is None else freezes,
        )

    def waves(self, windows: Sequence[Window] | None = None) -> WavePlan:
        """Plan the waves of a migration (needs landfall[plan])."""
        from ..waves import plan as plan_waves

        return plan_waves(self.wave_problem(windows), seed=self.options.seed)

    # --- Faces ------------------------------------------------------------------------------------

    def page(self, *, simulated: Sequence[SimulatedPlan] = (), interactive: bool = True) -> Page:
        """Return the report as a page."""
        from .report import plan_page

        return plan_page(self, simulated, interactive=interactive)

    def report(
        self,
        path: str | PathLike[str],
        *,
        simulated: Sequence[SimulatedPlan] = (),
        interactive: bool = True,
    ) -> Path:
        """Write the report as one HTML file that needs nothing else."""
        return self.page(simulated=simulated, interactive=interactive).save(path)

    def to_dict(self) -> dict[str, Any]:
        """Return all tables, options and notes as plain values, ready for JSON."""
        from ..export import finite

        plain = {
            "inventory": self.inventory.name,
            "rpo_s": self.rpo_s,
            "options": self.options.canonical(),
            "notes": list(self.notes),
            "tables": {
                name: {
                    "title": table.title,
                    "columns": table.meanings,
                    "rows": [dict(row) for row in table.rows],
                }
                for name, table in self.tables.items()
            },
        }
        made = finite(plain)
        assert isinstance(made, dict)
        return made

    def save(
        self,
        folder: str | PathLike[str],
        *,
        simulated: Sequence[SimulatedPlan] = (),
        interactive: bool = True,
    ) -> Path:
        """Write report.html, plan.json, scenario.json and a CSV file of every table.

        A text that a spreadsheet would take for a formula gets an apostrophe in front. plan.xlsx
        is written where openpyxl is installed. The folder appears whole or not at all.
        """
        from .files import remove_files, write_files

        target = Path(folder)
        with whole_folder(target) as staging:
            write_files(self, staging)
            self.report(staging / "report.html", simulated=simulated, interactive=interactive)
            remove_files(target)
        return target

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def __repr__(self) -> str:
        rate = self.bandwidth()
        text = formatting.bits(rate) if math.isfinite(rate) else "no bandwidth"
        count = formatting.plural(len(self.planned), "machine")
        return (
            f"<capacity plan of {self.inventory.name}: {count} of {len(self.machines):,}, "
            f"{text} for {formatting.duration(self.rpo_s)}>"
        )

    def _repr_html_(self) -> str:
        return self.tables["bandwidth"]._repr_html_()
