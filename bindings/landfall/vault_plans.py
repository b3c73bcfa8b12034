"""Recovery plans of a simulation that is stepped, and their operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .errors import UnknownName
from .jobs import Job, rows_html

if TYPE_CHECKING:
    from .simulation import Simulation

__all__ = ["Plan", "Plans"]

#: One type of recovery point for all machines of a plan.
PlanPoint: TypeAlias = Literal["latest", "latest_processed", "latest_app_consistent"]
Direction: TypeAlias = Literal["primary_to_recovery", "recovery_to_primary"]


class Plans(Mapping[str, "Plan"]):
    """The recovery plans of a vault by their name."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._names = [plan.name for plan in simulation.scenario.recovery_plans]

    def __getitem__(self, name: str) -> Plan:
        """Return the plan of that name.

        Raises
        ------
        UnknownName
            There is none; says the nearest.
        """
        if name not in self._names:
            raise UnknownName("recovery plan", name, self._names)
        return Plan(self._simulation, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<Plans: {', '.join(self._names)}>"


class Plan:
    """A recovery plan: machines that are failed over together and started group by group.

    Each operation starts one job, with a job of each machine below it, and returns it. All of them
    raise OperationRefused, with the state of the plan's machines, what is allowed and why.

    Attributes
    ----------
    name
        Its name.
    """

    def __init__(self, simulation: Simulation, name: str) -> None:
        self._simulation = simulation
        self.name = name

    def _told(self) -> dict[str, Any]:
        plans: list[dict[str, Any]] = self._simulation._ask("plans")["plans"]
        return next(plan for plan in plans if plan["plan"] == self.name)

    def _start(self, operation: str, **options: Any) -> Job:
        given = {key: value for key, value in options.items() if value is not None}
        (job,) = self._simulation.do(operation, plan=self.name, **given)
        return job

    # --- What it is -------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """States of its machines in words, such as "3 machines Protected"."""
        return str(self._told()["state"])

    @property
    def allowed_operations(self) -> list[str]:
        """What may be done to the plan now; nothing while a job of it is in progress."""
        return [str(operation) for operation in self._told()["allowed_operations"]]

    @property
    def groups(self) -> list[list[str]]:
        """Names of the machines, group by group."""
        return [[str(name) for name in group] for group in self._told()["groups"]]

    @property
    def current_job(self) -> Job | None:
        """The job that is under way or waits for its user; ``None`` when the plan is idle."""
        return self._job("current_job")

    @property
    def last_job(self) -> Job | None:
        """Its latest job, under way or over; ``None`` when it has had none."""
        return self._job("last_job")

    def _job(self, key: str) -> Job | None:
        number = self._told()[key]
        return None if number is None else self._simulation._jobs.of_number(int(number))

    # --- What can be done -------------------------------------------------------------------------

    def test_failover(
        self,
        *,
        recovery_point: PlanPoint = "latest",
        test_network: str | None = None,
        direction: Direction = "primary_to_recovery",
    ) -> Job:
        """Start a test machine beside each of its machines; none is shut down.

        Parameters
        ----------
        recovery_point
            As for :meth:`failover`.
        test_network
            Name of the network that the test machines are in.
        direction
            Which way.

        Raises
        ------
        OperationRefused
            No machine of the plan may.
        """
        return self._start(
            "test_failover",
            recovery_point=recovery_point,
            test_network=test_network,
            direction=direction,
        )

    def cleanup_test_failover(self, notes: str | None = None) -> Job:
        """Delete the test machines; `notes` go into the record."""
        return self._start("cleanup_test_failover", comments=notes)

    def planned_failover(self, *, direction: Direction = "primary_to_recovery") -> Job:
        """Fail all machines over without loss; stops at the first failure, and can be restarted."""
        return self._start("planned_failover", direction=direction)

    def failover(
        self,
        *,
        recovery_point: PlanPoint = "latest",
        shut_down_source: bool = True,
        direction: Direction = "primary_to_recovery",
    ) -> Job:
        """Fail all machines over, whatever happens to one of them.

        Parameters
        ----------
        recovery_point
            ``"latest"``, ``"latest_processed"`` or ``"latest_app_consistent"``, of each machine.
        shut_down_source
            Shut the sources down first, the last group first, and send their last changes.
        direction
            Which way.

        Raises
        ------
        OperationRefused
            No machine of the plan may, or the direction is wrong.
        """
        return self._start(
            "failover",
            recovery_point=recovery_point,
            shutdown=shut_down_source,
            direction=direction,
        )

    def commit(self) -> Job:
        """Commit the failover of every machine that waits for it."""
        return self._start("commit")

    def reprotect(self, *, location: Literal["original", "alternate"] = "original") -> Job:
        """Replicate every machine that may in the other direction."""
        return self._start("reprotect", location=location)

    def failback(
        self,
        *,
        data_sync: Literal["minimise_downtime", "full_download"] = "minimise_downtime",
        location: Literal["original", "alternate"] = "original",
        recovery_point: PlanPoint = "latest",
    ) -> Job:
        """Bring all machines home, by the operation that their kind has for it.

        Parameters
        ----------
        data_sync
            Hyper-V: send the changes while the machines run, and wait for :meth:`Job.resume
            <landfall.Job.resume>`; or shut them down first and download whole disks.
        location
            To the original machines, or to other ones.
        recovery_point
            As for :meth:`failover`.

        Raises
        ------
        OperationRefused
            A machine does not run at the recovery location, or there is no way back.
        """
        return self._start(
            "failback", data_sync=data_sync, location=location, recovery_point=recovery_point
        )

    def __repr__(self) -> str:
        if not self._simulation.is_open:
            return f"<Plan {self.name!r}>"
        return f"<Plan {self.name!r}: {self.state}>"

    def _repr_html_(self) -> str:
        told = self._told()
        rows = [
            (f"group {number}", ", ".join(group))
            for number, group in enumerate(told["groups"], start=1)
        ]
        rows += [
            ("state", str(told["state"])),
            ("allowed operations", ", ".join(told["allowed_operations"])),
        ]
        return rows_html(("", ""), rows)
