"""What is set up in the vault of a simulation that is stepped, and how it is taken down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import OperationRefused, SetupRefused, UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from .simulation import Simulation

__all__ = ["VaultSetup"]


class VaultSetup:
    """The objects of a vault: fabrics, servers, containers, policies, mappings, items."""

    _simulation: Simulation

    @property
    def setup(self) -> pd.DataFrame:
        """What is registered, mapped and protected in the vault now, one row for each object.

        ``kind`` (in Site Recovery's words), ``name``, ``parent`` (what it belongs to; empty: the
        vault), ``since_s`` (seconds; negative: before the run), ``uses`` (names of what it needs).
        """
        import pandas as pd

        told = self._setup()
        names = {each["object"]: each["name"] for each in told["objects"]}
        rows = [
            {
                "kind": each["kind"],
                "name": each["name"],
                "parent": "" if each["parent"] is None else names[each["parent"]],
                "since_s": each["since_s"],
                "uses": ", ".join(names[used] for used in each["uses"]),
            }
            for each in told["objects"]
        ]
        columns = ["kind", "name", "parent", "since_s", "uses"]
        return pd.DataFrame(rows, columns=columns).astype({"since_s": float})

    @property
    def is_deleted(self) -> bool:
        """Whether the vault was deleted."""
        return bool(self._setup()["deleted"])

    def deletion_order(self) -> list[tuple[str, str]]:
        """Kind and name of all objects, each before what it needs.

        Items, container and network mappings, policies, servers, sites: the documented order.
        Protected items go by disabling their replication, everything else by :meth:`remove`.
        """
        told = self._setup()
        return self._named(told, told["deletion_order"])

    def remove(self, kind: str, name: str) -> None:
        """Remove an object that nothing needs any more.

        Parameters
        ----------
        kind, name
            As in :attr:`setup`.

        Raises
        ------
        SetupRefused
            Something needs it, and has to go first; a protected item, whose replication is to be
            disabled; or it goes with its parent.
        UnknownName
            There is no such object.
        """
        told = self._setup()
        of_kind = [each for each in told["objects"] if each["kind"] == kind]
        if not of_kind:
            raise UnknownName("kind of object", kind, {each["kind"] for each in told["objects"]})
        found = [each["object"] for each in of_kind if each["name"] == name]
        if not found:
            raise UnknownName(kind, name, [each["name"] for each in of_kind])
        answer = self._simulation._ask("remove", object=found[0])
        if answer["why_not"] is not None:
            raise SetupRefused(
                "remove", name, answer["why_not"], self._named(told, answer["first"])
            )

    def delete(self) -> None:
        """Take down what is left in the vault, in :meth:`deletion_order`, and then the vault.

        Raises
        ------
        SetupRefused
            Machines are protected, and have to go first; or it was deleted before.
        """
        try:
            self._simulation.do("delete_vault")
        except OperationRefused as refused:
            items = [each for each in self.deletion_order() if each[0] == "protected item"]
            raise SetupRefused("delete", refused.machine, refused.why, items) from None

    def _setup(self) -> dict[str, Any]:
        return self._simulation._ask("vault")

    @staticmethod
    def _named(told: dict[str, Any], numbers: list[int]) -> list[tuple[str, str]]:
        objects = {
            each["object"]: (str(each["kind"]), str(each["name"])) for each in told["objects"]
        }
        return [objects[number] for number in numbers]
