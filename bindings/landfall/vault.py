"""The Recovery Services vault of a simulation that is stepped: items and their operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import formatting
from .errors import UnknownName
from .jobs import Job, Jobs, rows_html

if TYPE_CHECKING:
    import pandas as pd

    from .simulation import Simulation

__all__ = ["Item", "Items", "SimulatedVault"]


class SimulatedVault:
    """The vault of a simulation, in Site Recovery's words."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._items = Items(simulation)

    @property
    def items(self) -> Items:
        """The machines that replicate, or may, by name."""
        return self._items

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

    def __repr__(self) -> str:
        return f"<Items: {', '.join(self._names[:8])}{', …' if len(self) > 8 else ''}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                str(each["machine"]),
                str(each["protection_state"]),
                "" if each["rpo_s"] is None else formatting.duration(each["rpo_s"]),
                ", ".join(each["allowed_operations"]),
            )
            for each in self._told()
        ]
        return rows_html(("machine", "state", "RPO", "allowed operations"), rows)


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
    def allowed_operations(self) -> list[str]:
        """What may be done in this state, as the service lists it."""
        return [str(operation) for operation in self._told()["allowed_operations"]]

    @property
    def rpo(self) -> float | None:
        """RPO now, in seconds; ``None`` when the machine is not protected."""
        rpo_s = self._told()["rpo_s"]
        return None if rpo_s is None else float(rpo_s)

    @property
    def recovery_points(self) -> pd.DataFrame:
        """Recovery points that exist: ``t_s``, ``published_s``, ``processed_s``, ``kind``.

        Times in seconds; the columns are those of the result's table.
        """
        import pandas as pd

        told = self._simulation._ask("points", machine=self.name)["points"]
        return pd.DataFrame(told, columns=["t_s", "published_s", "processed_s", "kind"])

    # --- What can be done -------------------------------------------------------------------------

    def failover(self, *, recovery_point: str = "latest", shut_down_source: bool = True) -> Job:
        """Fail over to Azure.

        Parameters
        ----------
        recovery_point
            ``"latest"``: process all data first (lowest RPO). ``"latest_processed"``: the last
            point that is ready (lowest RTO).
        shut_down_source
            Shut the source down first and send its last changes.

        Raises
        ------
        OperationRefused
            The item's state does not allow it.
        """
        return self._start("failover", recovery_point=recovery_point, shutdown=shut_down_source)

    def commit(self) -> Job:
        """Commit a failover: its other recovery points are gone then. Raises OperationRefused."""
        return self._start("commit")

    def complete_migration(self) -> Job:
        """End replication for good after a failover to Azure. Raises OperationRefused."""
        return self._start("complete_migration")

    def resynchronize(self) -> Job:
        """Compare all disks with their replicas. Raises OperationRefused."""
        return self._start("resynchronize")

    def disable(self) -> Job:
        """Disable replication. Raises OperationRefused."""
        return self._start("disable_replication")

    def __repr__(self) -> str:
        if not self._simulation.is_open:
            return f"<Item {self.name!r}>"
        return f"<Item {self.name!r}: {self.protection_state}>"

    def _repr_html_(self) -> str:
        rows = [
            (key.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
            for key, value in self._told().items()
        ]
        return rows_html(("", ""), rows)
