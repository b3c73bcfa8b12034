"""The scenario: the source of the file format, and what is done with a whole scenario."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from . import codes, document, pointers, templates
from .case_record import CaseRecord
from .changes import as_json, changed
from .document import Document, show
from .errors import Problem, ScenarioError
from .estate import (
    ConfigurationServer,
    ConsistencyGroup,
    InitialState,
    Link,
    MasterTarget,
    Policy,
    ProcessServer,
    Region,
    Site,
    Vault,
)
from .faults import Fault
from .machines import Machine
from .part import Flag, Many, Name, Number, Part, Text, Whole
from .prices import Prices, PricesChoice
from .profiles import Profile, ProfileChoice
from .quantities import DURATION, SIZE, Duration, PositiveDuration, parse
from .recovery_plans import RecoveryPlan, Runbook
from .setup import NetworkMapping, VmmServer
from .timeline import Expectation, Step
from .validate import placed, validated

if TYPE_CHECKING:
    from .estimate import Estimate
    from .result import Result

#: What a scenario's name starts with when it is one of the gallery.
GALLERY_PREFIX = "gallery:"
#: What follows the name of the file once values were changed: its lines are no longer the ones.
_CHANGED = " (changed)"


class Network(Part):
    """Settings that all links share."""

    bandwidth_factor: Number = Field(
        default=0.965, gt=0.0, le=1.0, description="Share of a link's rate that payload can use."
    )


class Detail(Part):
    """How finely time is cut, and how much is recorded."""

    capture_step: PositiveDuration = Field(
        default="1 min",
        description="Seconds between two times at which a machine sends its changes.",
    )
    capture_phases: Whole = Field(
        default=5,
        ge=1,
        le=1000,
        description="Machines are spread over this many phases of that step.",
    )
    rpo_steps: bool = Field(
        default=True, strict=True, description="Record every step of the RPO of every machine."
    )
    sample_every: PositiveDuration = Field(
        default="5 min", description="Seconds between the samples of the fleet and of the backlog."
    )


class Scenario(Part):
    """An estate, its network, and what happens to it: the contents of a scenario file.

    Read one with `landfall.load`, or build it in code::

        lf.Scenario(name="small", sites=[lf.Site(name="dc")], ...)

    Dictionaries and texts with units do as well as objects and numbers. A scenario is frozen;
    `with_` returns a changed copy. Times of day count from midnight, which is simulated time 0.
    Everything that is wrong is told at once by a ScenarioError.
    """

    schema_uri: Annotated[str, Field(strict=True)] | None = Field(
        default=None,
        description="Where the JSON Schema of this file is, for editors.",
        exclude=True,
    )
    version: Literal[1] = Field(default=1, description="Version of the format.")
    lab: CaseRecord | None = Field(
        default=None,
        description="Where a failure that the test lab kept comes from. A run ignores it.",
        exclude=True,
    )
    name: Name = Field(description="Name of the scenario.")
    description: Text = Field(default="", description="What it shows; the first line is its title.")
    profile: ProfileChoice = Field(
        default=Profile(),
        description="Service profile: its name, or its name with changed figures.",
    )
    prices: PricesChoice = Field(
        default=Prices(),
        description="Price book that the run is billed by: its name, or its name with changes.",
    )
    duration: PositiveDuration | None = Field(
        default=None, description="Seconds to simulate; null: until the timeline is done."
    )
    initial_state: InitialState = Field(
        default="unprotected",
        description="State of the machines at the start, where they name none.",
    )
    network: Network = Field(default=Network(), description="Settings that all links share.")
    detail: Detail = Field(default=Detail(), description="Steps of time, and what is recorded.")
    sites: Many[Site] = Field(default=(), description="Datacenters and offices.")
    regions: Many[Region] = Field(min_length=1, description="Azure regions.")
    routers: Many[Name] = Field(default=(), description="Names of nodes between links.")
    links: Many[Link] = Field(default=(), description="Wide-area links.")
    vault: Vault = Field(description="The Recovery Services vault.")
    configuration_servers: Many[ConfigurationServer] = Field(
        default=(), description="Configuration servers."
    )
    vmm_servers: Many[VmmServer] = Field(default=(), description="VMM servers and their clouds.")
    network_mappings: Many[NetworkMapping] = Field(
        default=(), description="Networks that machines come up in, by the networks they have."
    )
    process_servers: Many[ProcessServer] = Field(default=(), description="Process servers.")
    master_targets: Many[MasterTarget] = Field(
        default=(), description="Master targets: where InMage Scout and failback write to."
    )
    policies: Many[Policy] = Field(min_length=1, description="Replication policies.")
    consistency_groups: Many[ConsistencyGroup] = Field(
        default=(), description="Groups of machines that get their recovery points together."
    )
    oracles: Flag = Field(
        default=True,
        description="Watch the run: what must hold of machines, quota, meters and jobs, and at "
        "block fidelity the content of every recovery point.",
    )
    templates: dict[str, dict[str, Any]] = Field(
        default={},
        description="Parts of machine entries by name. They are merged into the machines when the "
        "scenario is read, and are gone after it.",
    )
    machines: Many[Machine] = Field(min_length=1, description="Machines and their groups.")
    runbooks: Many[Runbook] = Field(default=(), description="Runbooks of the Automation account.")
    recovery_plans: Many[RecoveryPlan] = Field(default=(), description="Recovery plans.")
    timeline: Many[Step] = Field(default=(), description="What happens, and when.")
    faults: Many[Fault] = Field(default=(), description="What goes wrong, and when.")
    liveness_after: Duration | None = Field(
        default=None,
        description="Seconds from which on everything has to come right again, as far as it can; "
        "null: from the end of the last fault.",
    )
    expect: Many[Expectation] = Field(default=(), description="What must hold at the end.")

    _document: Document | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _merge_templates(cls, data: Any) -> Any:
        return templates.expand(data) if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _ends(self) -> Scenario:
        if self.duration is None and not self.timeline:
            raise PydanticCustomError(
                "keys_clash",
                "is required when the timeline is empty: nothing else ends the run",
                {"code": codes.NO_END, "key": "duration"},
            )
        return self

    # --- Reading and writing -------------------------------------------------------------------

    @classmethod
    def build(cls, values: Mapping[str, Any], source: Document | None = None) -> Self:
        """Return the scenario of `values`; raise ScenarioError with everything that is wrong."""
        made = validated(cls, values, source)
        assert isinstance(made, cls)
        made._document = source
        return made

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: str | os.PathLike[str] = ".") -> Self:
        """Return the scenario of a dictionary, as ``json.load`` gives it.

        Parameters
        ----------
        data
            The keys of a scenario file.
        folder
            Folder that relative names of trace files start from.

        Raises
        ------
        ScenarioError
            With every problem.
        """
        path = Path(folder).absolute() / "scenario.json"
        given: object = data
        if not isinstance(given, Mapping):
            message = f"must be an object, not {document.kind(given)}"
            raise ScenarioError([Problem(codes.WRONG_TYPE, "", show(given), message)])
        if document.too_deep(given):
            message = f"is nested deeper than {document.DEPTH_MAX} levels"
            raise ScenarioError([Problem(codes.NOT_JSON, "", None, message)])
        return cls.build(data, Document(as_json(data), path=path))

    @classmethod
    def from_json(cls, text: str, *, folder: str | os.PathLike[str] = ".") -> Self:
        """Return the scenario of a JSON text; see `from_dict`."""
        read = document.parse(text, path=Path(folder).absolute() / "scenario.json")
        return cls.build(read.data, read)

    @cached_property
    def _text(self) -> str:
        return json.dumps(self.canonical(), ensure_ascii=False)

    def to_json(self, indent: int | None = None) -> str:
        """Return the canonical form: every key, all quantities as numbers. Loads as this one."""
        if indent is None:
            return self._text
        return json.dumps(self.canonical(), ensure_ascii=False, indent=indent)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical form, with the contents of trace files for their names.

        The same on every machine; it moves when anything that a run depends on does.
        """
        from .fingerprint import scenario_hash

        return scenario_hash(self)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; `update` is not checked, `with_` is for that."""
        copied = super().model_copy(update=update, deep=deep)
        for cached in ("_text", "_estimate", "hash"):
            copied.__dict__.pop(cached, None)
        if update:
            copied._document = None
        return copied

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.hash)

    @property
    def source(self) -> str | None:
        """File or gallery name that the scenario was read from."""
        return self._document.label if self._document is not None else None

    # --- Changing ------------------------------------------------------------------------------

    def with_(self, changes: Mapping[str, Any] | None = None, /, **keys: Any) -> Self:
        """Return a changed copy, checked like a scenario file.

        Parameters
        ----------
        changes
            New values by JSON pointer into the scenario as it was written, such as
            ``{"/links/0/bandwidth": "1 Gbit/s"}``. ``/templates/...`` changes what all machines of
            a template share; ``/machines/...`` changes one entry, also what its template gave it.
        **keys
            New values of keys at the top, such as ``name="twice as fast"``.

        Raises
        ------
        ScenarioError
            When a pointer leads nowhere, or the result is not a scenario.

        Examples
        --------
        >>> import landfall as lf
        >>> scenario = lf.load("gallery:first-migration")
        >>> wider = scenario.with_({"/links/0/bandwidth": "1 Gbit/s"}, name="wider")
        >>> wider.links[0].bandwidth
        1000000000
        """
        by_pointer = dict(changes or {}) | {pointers.join([k]): v for k, v in keys.items()}
        written = self._document.data if self._document else self.canonical()
        data = changed(written, by_pointer, self.source)
        path = self._document.path if self._document else Path("scenario.json").absolute()
        label = self.source
        if label is not None and by_pointer:
            label = f"{label.removesuffix(_CHANGED)}{_CHANGED}"
        return type(self).build(data, Document(data, path=path, label=label))

    # --- Checking and running ------------------------------------------------------------------

    def check(self) -> list[Problem]:
        """Return what does not fit together: names, reach, limits, traces, timeline.

        Whether the single values are right was already checked when the scenario was made.
        """
        model = _model()
        return self.placed(Problem.from_dict(p) for p in model.check(self.to_json()))

    def estimate(self) -> Estimate:
        """Return how much a run is going to take. Raises ScenarioError when it cannot be run."""
        return self._estimate

    @cached_property
    def _estimate(self) -> Estimate:
        from .estimate import Estimate

        try:
            return Estimate.from_dict(_model().estimate(self.to_json()))
        except ValueError:
            if problems := self.check():
                raise ScenarioError(problems, source=self.source) from None
            raise

    def run(
        self,
        *,
        seed: int = 1,
        progress: bool | Callable[..., Any] = True,
        timeout: float | str | None = None,
        memory_limit: int | str | None = None,
        isolation: Literal["worker", "exec"] = "worker",
        allow_large: bool = False,
    ) -> Result:
        """Run the scenario in a process of its own and return its result.

        Parameters
        ----------
        seed
            Seed of all random draws. The same scenario and seed give the same tables.
        progress
            Show a progress bar, or a function to be told of progress.
        timeout
            Most seconds of wall time, or a text such as ``"10 min"``.
        memory_limit
            Most bytes of memory, or a text such as ``"2 GiB"``.
        isolation
            ``"worker"`` forks from a running worker, ``"exec"`` starts a program for this run.
        allow_large
            Run even when the estimate says that it takes very long or very much memory.

        Raises
        ------
        ScenarioError
            When something does not fit together, or the run would be very large.
        SimulationError
            When the run crashes, hangs, deadlocks or needs too much memory.
        """
        from . import runner

        if not allow_large and (reason := self.estimate().too_large()):
            message = f"{reason}; pass allow_large=True to run it all the same"
            found = f"{self.machine_count} machines"
            raise ScenarioError(
                [Problem(codes.TOO_LARGE, "/machines", found, message)], source=self.source
            )
        try:
            return runner.run(
                self,
                seed=seed,
                progress=progress,
                timeout=None if timeout is None else float(parse(timeout, DURATION)),
                memory_limit=None if memory_limit is None else int(parse(memory_limit, SIZE)),
                isolation=isolation,
            )
        except ScenarioError as error:
            raise ScenarioError(self.placed(error.problems), source=self.source) from None

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return `problems` of the canonical form with the pointers and values of the file."""
        if self._document is None:
            return list(problems)
        return placed(problems, self._document)

    # --- Looking at it -------------------------------------------------------------------------

    @property
    def machine_count(self) -> int:
        """Number of machines, groups counted by their members."""
        return sum(machine.count for machine in self.machines)

    @property
    def disk_count(self) -> int:
        """Number of disks of all machines."""
        return sum(machine.count * len(machine.disks) for machine in self.machines)

    @property
    def title(self) -> str:
        """First line of the description."""
        return self.description.strip().partition("\n")[0]

    def __repr__(self) -> str:
        machines, disks = self.machine_count, self.disk_count
        size = f"{machines} machine{'s'[: machines != 1]}, {disks} disk{'s'[: disks != 1]}"
        return f"<Scenario {self.name!r}: {size}, {self.profile.name}; next: .check(), .run()>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        used = sum(machine.count * disk.used for machine in self.machines for disk in machine.disks)
        rows = {
            "machines": f"{self.machine_count} with {self.disk_count} disks, "
            f"{used / 2**30:,.1f} GiB in use",
            "sites": ", ".join(site.name for site in self.sites),
            "regions": ", ".join(region.name for region in self.regions),
            "links": ", ".join(f"{k.name} ({k.bandwidth / 1e6:,.6g} Mbit/s)" for k in self.links),
            "process servers": ", ".join(server.name for server in self.process_servers),
            "profile": self.profile.name,
            "timeline": f"{len(self.timeline)} entries, {len(self.expect)} expectations",
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{head}</th>"
            f"<td style='text-align:left'>{html.escape(document.printable(text))}</td></tr>"
            for head, text in rows.items()
        )
        name = html.escape(document.printable(self.name))
        return (
            f"<div><b>{name}</b><br>{html.escape(self.title)}"
            f"<table><tbody>{cells}</tbody></table></div>"
        )


def load(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path
        A JSON file, or ``"gallery:NAME"`` for a scenario that comes with landfall.

    Raises
    ------
    ScenarioError
        With every problem: pointer, what was found, what is allowed.
    """
    if isinstance(path, str) and path.startswith(GALLERY_PREFIX):
        from . import gallery

        read = document.read(gallery.path(path.removeprefix(GALLERY_PREFIX)), label=path)
    else:
        read = document.read(Path(path), label=os.fspath(path))
    return Scenario.build(read.data, read)


def _model() -> Any:
    try:
        from . import _model
    except ImportError as error:
        from .errors import LandfallError

        message = (
            f"the compiled part of landfall cannot be loaded ({error}); build it with "
            "`make build` or install the package"
        )
        raise LandfallError(message) from error
    return _model
