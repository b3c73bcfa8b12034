"""The Recovery Services vault of a simulation that is stepped: items and their operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import formatting
from .errors import UnknownName
from .jobs import Job, Jobs, rows_html
from .vault_setup import VaultSetup

if TYPE_CHECKING:
    import pandas as pd

    from .simulation import Simulation
    from .vault_plans import Plans

__all__ = ["Item", "Items", "RecoveryPoint", "SimulatedVault"]

#: A recovery point: by a word, or by its time in seconds or as a text with a unit.
RecoveryPoint: TypeAlias = str | float


def _point(choice: RecoveryPoint) -> str | dict[str, RecoveryPoint]:
    if isinstance(choice, str) and not choice[:1].isdigit():
        return choice  # a wrong word is told with the nearest right one
    return {"at": choice}


def _shown(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    parts = (": ".join(part.values()) if isinstance(part, dict) else str(part) for part in value)
    return ", ".join(parts)


class SimulatedVault(VaultSetup):
    """The vault of a simulation, in Site Recovery's words."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._items = Items(simulation)
        self._plans: Plans | None = None

    @property
    def items(self) -> Items:
        """The machines that replicate, or may, by name."""
        return self._items

    @property
    def plans(self) -> Plans:
        """The recovery plans, by name."""
        from .vault_plans import Plans

        if self._plans is None:
            self._plans = Plans(self._simulation)
        return self._plans

    @property
    def jobs(self) -> Jobs:
        """All jobs so far, in the order they were started."""
        return self._simulation._jobs

    @property
    def events(self) -> pd.DataFrame:
        """What happened so far: ``t_s`` (seconds), ``kind``, ``subject``, ``detail``."""
        import pandas as pd

        told = self._simulation._ask("events")["events"]
        return pd.DataFrame(told, columns=["t_s", "kind", "subject", "detail"])

    def enable(self, machine: str) -> Job:
        """Enable replication of a machine.

        Parameters
        ----------
        machine
            Its name.

        Raises
        ------
        OperationRefused
            It replicates already.
        UnknownName
            There is no such machine.
        """
        return self.items[machine]._start("enable_replication")

    def __repr__(self) -> str:
        return f"<vault {self._simulation.scenario.vault.name!r}: {len(self.items)} items>"

    def _repr_html_(self) -> str:
        return self.items._repr_html_()


class Items(Mapping[str, "Item"]):
    """The items of a vault by the name of their machine."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._known: list[str] | None = None

    def _told(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self._simulation._ask("items")["items"]
        return told

    @property
    def _names(self) -> list[str]:
        if self._known is None:
            self._known = [str(each["machine"]) for each in self._told()]
        return self._known

    def __getitem__(self, machine: str) -> Item:
        """Return the item of a machine.

        Raises
        ------
        UnknownName
            There is none of that name; says the nearest.
        """
        if machine not in self._names:
            raise UnknownName("item", machine, self._names)
        return Item(self._simulation, machine)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def table(self) -> pd.DataFrame:
        """All items as of now, one row each.

        ``machine``, ``state`` (in words), ``runs_at``, ``rpo_s`` (seconds; NaN when it is not
        protected), ``allowed_operations`` as the service lists them.
        """
        import pandas as pd

        rows = [
            {
                "machine": each["machine"],
                "state": each["description"],
                "runs_at": each["active_location"],
                "rpo_s": each["rpo_s"],
                "allowed_operations": ", ".join(each["allowed_operations"]),
            }
            for each in self._told()
        ]
        columns = ["machine", "state", "runs_at", "rpo_s", "allowed_operations"]
        return pd.DataFrame(rows, columns=columns).astype({"rpo_s": float})

    def __repr__(self) -> str:
        return f"<Items: {', '.join(self._names[:8])}{', …' if len(self) > 8 else ''}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                str(each["machine"]),
                str(each["description"]),
                str(each["active_location"]),
                "" if each["rpo_s"] is None else formatting.duration(each["rpo_s"]),
                ", ".join(each["allowed_operations"]),
            )
            for each in self._told()
        ]
        return rows_html(("machine", "state", "runs at", "RPO", "allowed operations"), rows)


class Item:
    """A protected item: a machine as the vault knows it.

    What it tells is as of now. Each operation starts a job and returns it; time moves on only when
    the simulation is told to.

    Attributes
    ----------
    name
        Name of the machine.
    """

    def __init__(self, simulation: Simulation, name: str) -> None:
        self._simulation = simulation
        self.name = name

    def _told(self) -> dict[str, Any]:
        item: dict[str, Any] = self._simulation._ask("item", machine=self.name)["item"]
        return item

    def _start(self, operation: str, **options: Any) -> Job:
        given = {key: value for key, value in options.items() if value is not None}
        (job,) = self._simulation.do(operation, [self.name], **given)
        return job

    # --- What it is -------------------------------------------------------------------------------

    @property
    def protection_state(self) -> str:
        """State of the item, in Site Recovery's words, such as ``Protected``."""
        return str(self._told()["protection_state"])

    @property
    def description(self) -> str:
        """The state in words, such as "Protected" or "Cleanup test failover pending"."""
        return str(self._told()["description"])

    @property
    def active_location(self) -> str:
        """Where the machine runs: ``Primary`` or ``Recovery``."""
        return str(self._told()["active_location"])

    @property
    def test_failover_state(self) -> str:
        """State of its test failover, such as ``WaitingForCompletion``; ``None`` as a word."""
        return str(self._told()["test_failover_state"])

    @property
    def test_failover_description(self) -> str:
        """The same in words, such as "Waiting for user input"."""
        return str(self._told()["test_failover_description"])

    @property
    def current_job(self) -> Job | None:
        """The job that is under way or waits for its user; ``None`` when the item is idle."""
        number = self._told()["current_job"]
        return None if number is None else self._simulation._jobs.of_number(int(number))

    @property
    def allowed_operations(self) -> list[str]:
        """What may be done in this state, as the service lists it."""
        return [str(operation) for operation in self._told()["allowed_operations"]]

    @property
    def rpo(self) -> float | None:
        """RPO now, in seconds; ``None`` when the machine is not protected."""
        rpo_s = self._told()["rpo_s"]
        return None if rpo_s is None else float(rpo_s)

    @property
    def is_paused(self) -> bool:
        """Whether replication was paused and not resumed since."""
        return bool(self._told()["paused"])

    @property
    def disks(self) -> dict[str, str]:
        """States of the machine's disks by name.

        ``Protected``, ``InitialReplicationPending`` (added, not copied yet) or ``NotProtected``.
        """
        return {str(disk["disk"]): str(disk["state"]) for disk in self._told()["disks"]}

    @property
    def recovery_points(self) -> pd.DataFrame:
        """Recovery points that exist: ``t_s``, ``published_s``, ``processed_s``, ``kind``.

        Times in seconds; the columns are those of the result's table. ``disks`` of the machine's
        ``of_disks`` disks are in the point.
        """
        import pandas as pd

        told = self._simulation._ask("points", machine=self.name)["points"]
        columns = ["t_s", "published_s", "processed_s", "kind", "disks", "of_disks"]
        return pd.DataFrame(told, columns=columns)

    # --- What can be done -------------------------------------------------------------------------

    # All of them raise OperationRefused, with the state, what is allowed and why.

    def test_failover(
        self, *, recovery_point: RecoveryPoint = "latest", test_network: str | None = None
    ) -> Job:
        """Start a test machine beside the source, which goes on replicating.

        Parameters
        ----------
        recovery_point
            As for :meth:`failover`.
        test_network
            Name of the network that the test machine is in.

        Raises
        ------
        OperationRefused
            The item's state or kind does not allow it.
        """
        return self._start(
            "test_failover", recovery_point=_point(recovery_point), test_network=test_network
        )

    def cleanup_test_failover(self, notes: str | None = None) -> Job:
        """Delete the test machine; `notes` go into the record."""
        return self._start("cleanup_test_failover", comments=notes)

    def planned_failover(self) -> Job:
        """Shut the source down, send its last changes and fail over: no write is lost."""
        return self._start("planned_failover")

    def failover(
        self, *, recovery_point: RecoveryPoint = "latest", shut_down_source: bool = True
    ) -> Job:
        """Fail over, without a plan.

        Parameters
        ----------
        recovery_point
            ``"latest"``: process all data first (lowest RPO). ``"latest_processed"``: the last
            point that is ready (lowest RTO). ``"latest_app_consistent"``: the last such point. A
            number or a text such as ``"2 h"``: the newest of at most that simulated time.
        shut_down_source
            Shut the source down first and send its last changes.

        Raises
        ------
        OperationRefused
            The item's state or kind does not allow it.
        """
        return self._start(
            "failover", recovery_point=_point(recovery_point), shutdown=shut_down_source
        )

    def change_recovery_point(self, recovery_point: RecoveryPoint = "latest_processed") -> Job:
        """Take another recovery point before the failover is committed; see :meth:`failover`."""
        return self._start("change_recovery_point", recovery_point=_point(recovery_point))

    def commit(self) -> Job:
        """Commit a failover: its other recovery points are gone then."""
        return self._start("commit")

    def cancel_failover(self) -> Job:
        """Cancel a failover that is under way; the machine replicates no more. Returns its job."""
        return self._start("cancel_failover")

    def reprotect(self, *, location: Literal["original", "alternate"] = "original") -> Job:
        """Replicate in the other direction, to the original machine or to another one."""
        return self._start("reprotect", location=location)

    def failback(
        self,
        *,
        data_sync: Literal["minimise_downtime", "full_download"] = "minimise_downtime",
        location: Literal["original", "alternate"] = "original",
        recovery_point: RecoveryPoint = "latest",
    ) -> Job:
        """Bring the machine home.

        Parameters
        ----------
        data_sync
            ``"minimise_downtime"``: send the changes while it runs. ``"full_download"``: shut it
            down first and download whole disks.
        location
            To the original machine, or to another one.
        recovery_point
            As for :meth:`failover`.

        Raises
        ------
        OperationRefused
            The item's state or kind does not allow it.
        """
        return self._start(
            "failback",
            data_sync=data_sync,
            location=location,
            recovery_point=_point(recovery_point),
        )

    def complete_failback(self) -> Job:
        """Finish a failback whose data is home. Returns its job."""
        return self._start("complete_failback")

    def resynchronize(self) -> Job:
        """Compare all disks with their replicas."""
        return self._start("resynchronize")

    def complete_migration(self) -> Job:
        """End replication for good after a failover to Azure: the item is removed."""
        return self._start("complete_migration")

    def disable(self) -> Job:
        """Disable replication and remove the item; the source is cleaned as well."""
        return self._start("disable_replication")

    def remove(self) -> Job:
        """Remove the vault's record of the item alone."""
        return self._start("remove_replication")

    def add_disk(self, disk: str) -> Job:
        """Replicate a disk of that name that does not yet."""
        return self._start("add_disk", disk=disk)

    def remove_disk(self, disk: str) -> Job:
        """Replicate a disk no more."""
        return self._start("remove_disk", disk=disk)

    def switch_process_server(self, process_server: str) -> Job:
        """Replicate through the process server of that name from now on."""
        return self._start("switch_process_server", process_server=process_server)

    def pause_replication(self) -> Job:
        """Send nothing more until :meth:`resume_replication`; changes are kept (Hyper-V)."""
        return self._start("pause_replication")

    def resume_replication(self) -> Job:
        """Go on where :meth:`pause_replication` stopped, or resynchronize if too much changed."""
        return self._start("resume_replication")

    def __repr__(self) -> str:
        if not self._simulation.is_open:
            return f"<Item {self.name!r}>"
        return f"<Item {self.name!r}: {self.protection_state}>"

    def _repr_html_(self) -> str:
        rows = [(key.replace("_", " "), _shown(value)) for key, value in self._told().items()]
        return rows_html(("", ""), rows)
