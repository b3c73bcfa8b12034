"""Scenarios for the tests: a small right one, and wrong ones with the problem each must give."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from landfall import pointers

SMALL: dict[str, Any] = {
    "version": 1,
    "name": "small",
    "description": "Two web servers and a database move.\nFor the tests.",
    "profile": {"name": "asr-2024", "override": {"hydration_time": "5 min"}},
    "sites": [{"name": "dc", "hosts": [{"name": "esx-1"}]}],
    "regions": [{"name": "westeurope", "storage_accounts": [{"name": "cache"}]}],
    "links": [
        {
            "name": "wan",
            "from": "dc",
            "to": "westeurope",
            "bandwidth": "200 Mbit/s",
            "latency": "10 ms",
            "throttles": [{"from": "08:00", "to": "18:00", "bandwidth": "50 Mbit/s"}],
            "outages": [{"at": "1 d", "lasts": "30 min"}],
        }
    ],
    "vault": {"name": "vault", "region": "westeurope"},
    "process_servers": [{"name": "ps", "site": "dc", "storage_account": "cache"}],
    "policies": [{"name": "daily"}],
    "templates": {
        "server": {
            "site": "dc",
            "process_server": "ps",
            "policy": "daily",
            "churn": {"kind": "constant", "rate": "1 MB/s"},
            "disks": [{"name": "os", "size": "64 GiB", "used": "20 GiB"}],
        }
    },
    "machines": [
        {"name": "web", "template": "server", "count": 2},
        {
            "name": "db",
            "site": "dc",
            "process_server": "ps",
            "policy": "daily",
            "churn": {"kind": "diurnal", "mean": "2 MB/s", "amplitude": 0.5},
            "disks": [
                {"name": "os", "size": "64 GiB", "used": "20 GiB"},
                {"name": "data", "size": "1 TiB", "used": "500 GB", "target": "premium_ssd"},
            ],
        },
    ],
    "timeline": [
        {"at": 0, "do": "enable_replication"},
        {"when": {"state": "protected"}, "delay": "1 h", "do": "failover", "machines": "web*"},
    ],
    "expect": [
        {"metric": "rpo_s_p95", "at_most": "15 min"},
        {"metric": "state", "equals": "migrated", "machines": ["db"]},
        {"metric": "wan_bytes", "of": "total", "at_most": "1 TB"},
    ],
}


def small() -> dict[str, Any]:
    """Return the small scenario, to be changed at will."""
    return copy.deepcopy(SMALL)


@dataclass(frozen=True)
class Bad:
    """A change that makes the small scenario wrong, and the problem that must be told."""

    id: str
    change: Callable[[dict[str, Any]], None]
    code: str
    pointer: str
    found: str | None = None
    says: str = ""
    nearest: str | None = None
    #: Whether a JSON Schema can say it too.
    by_schema: bool = True

    def document(self) -> dict[str, Any]:
        """Return the wrong scenario."""
        made = small()
        self.change(made)
        return made


def put(pointer: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change that sets the value at `pointer`."""
    return lambda document: pointers.assign(document, pointer, value)


def drop(pointer: str) -> Callable[[dict[str, Any]], None]:
    """Return a change that takes the key at `pointer` away."""

    def change(document: dict[str, Any]) -> None:
        *place, key = pointers.split(pointer)
        there, node = pointers.find(document, place)
        assert there
        del node[key]

    return change


# `id` is pytest's word for a case's name, so the builtin gives way in these two (A002).
def bad(id: str, pointer: str, value: Any, code: str, **more: Any) -> Bad:  # noqa: A002
    """Return the change of one value; `at` says where the problem is, if elsewhere."""
    at = more.pop("at", pointer)
    more.setdefault("found", json.dumps(value) if at == pointer else None)
    return Bad(id, put(pointer, value), code, at, **more)


def missing(id: str, pointer: str) -> Bad:  # noqa: A002
    """Return the loss of one key."""
    return Bad(id, drop(pointer), "SCN005", pointer, says="this key is required")


DB = "/machines/1"

BAD: list[Bad] = [
    # Keys
    bad("unknown key", f"{DB}/disks/0/usd", 5, "SCN002", nearest="used", says="no such key"),
    bad("unknown key at the top", "/machnes", [], "SCN002", nearest="machines"),
    bad("unknown key far from all", "/links/0/xyzzy", 1, "SCN002"),
    bad("unknown key in a template", "/templates/server/pollicy", "x", "SCN002", nearest="policy"),
    bad("unknown key of a workload", f"{DB}/churn/men", "1 MB/s", "SCN002", nearest="mean"),
    bad("key of another workload", f"{DB}/churn/rate", "1 MB/s", "SCN002"),
    bad("key in the wrong case", "/Name", "x", "SCN002", nearest="name"),
    bad(
        "unknown profile field", "/profile/override/hydration_tim", 5, "SCN002",
        nearest="hydration_time",
    ),
    missing("name missing", "/name"),
    missing("machines missing", "/machines"),
    missing("disk size missing", f"{DB}/disks/1/size"),
    missing("link end missing", "/links/0/to"),
    missing("site of a machine missing", f"{DB}/site"),
    missing("workload without kind", f"{DB}/churn/kind"),
    Bad("template lacks a key", drop("/templates/server/site"), "SCN005", "/machines/0/site",
        by_schema=False),
    # Units
    bad(
        "duration for a size", f"{DB}/disks/0/size", "5 min", "SCN003",
        says='must be a size such as "100 GiB" or "500 GB", or a number of bytes; '
        "this is a duration",
    ),
    bad("size for a duration", "/duration", "5 GiB", "SCN003", says="this is a size"),
    bad("duration for a bandwidth", "/links/0/bandwidth", "5 s", "SCN003", says="bandwidth"),
    bad("rate for a size", f"{DB}/disks/0/size", "5 MB/s", "SCN003", says="this is a data rate"),
    bad("bits for a size", f"{DB}/disks/0/size", "64 Gb", "SCN003", says="counts bits"),
    bad("unknown unit", f"{DB}/disks/0/size", "5 parsec", "SCN003"),
    bad("unit in the wrong case", f"{DB}/disks/0/size", "64 gb", "SCN003"),
    bad("number as text", f"{DB}/disks/0/size", "64", "SCN003", says="has no unit"),
    bad("unit alone", f"{DB}/disks/0/size", "GiB", "SCN003"),
    bad("empty text", f"{DB}/disks/0/size", "", "SCN003"),
    bad("list for a size", f"{DB}/disks/0/size", [1], "SCN003"),
    bad("true for a size", f"{DB}/disks/0/size", True, "SCN003"),
    bad("null for a size", f"{DB}/disks/0/size", None, "SCN003"),
    bad("hour without a zero", "/links/0/throttles/0/from", "8:00", "SCN003", says="time of day"),
    bad("no such hour", "/links/0/throttles/0/to", "25:00", "SCN003"),
    bad("unit in a template", "/templates/server/disks/0/size", "5 min", "SCN003"),
    bad("unit of a workload", f"{DB}/churn/mean", "2 GiB", "SCN003", says="data rate"),
    bad("unit of an override", "/profile/override/hydration_time", "5 GB", "SCN003"),
    bad("unit of an expectation", "/expect/0/at_most", "15 GiB", "SCN003", says="duration"),
    # Ranges
    bad("negative size", f"{DB}/disks/0/size", -5, "SCN007", says="must not be negative"),
    bad("negative size with unit", f"{DB}/disks/0/size", "-5 GiB", "SCN007"),
    bad("size zero", f"{DB}/disks/0/size", 0, "SCN007", says="must be more than 0"),
    bad("size beyond all", f"{DB}/disks/0/size", 10**30, "SCN007", says="must be at most"),
    bad("bandwidth zero", "/links/0/bandwidth", 0, "SCN007", says="at least 8 bits per second"),
    bad("ratio zero", "/process_servers/0/compression_ratio", 0, "SCN007", says="more than 0"),
    bad("amplitude above one", f"{DB}/churn/amplitude", 1.5, "SCN007", says="at most 1"),
    bad("count zero", "/machines/0/count", 0, "SCN007", says="at least 1"),
    bad("percent above hundred", "/profile/override/copy_share_percent", 101, "SCN007"),
    bad("day too long", "/links/0/throttles/0/from", 90_000, "SCN007"),
    # Types
    bad("count as text", "/machines/0/count", "2", "SCN004", says="a whole number, not a text"),
    bad("count with a fraction", "/machines/0/count", 1.5, "SCN004", says="a whole number"),
    bad("count true", "/machines/0/count", True, "SCN004"),
    bad("name a number", f"{DB}/name", 5, "SCN004", says="must be a text, not a number"),
    bad("machines an object", "/machines", {}, "SCN004", says="must be a list, not an object"),
    bad("site a text", "/sites/0", "dc", "SCN004", says="must be an object, not a text"),
    bad("workload a text", f"{DB}/churn", "none", "SCN004", says="must be an object"),
    bad("switch a number", f"{DB}/hydration_drivers_ready", 1, "SCN004", says="true or false"),
    bad("template a list", "/templates/server", [], "SCN004"),
    bad("templates a list", "/templates", [], "SCN004"),
    bad("profile a number", "/profile", 5, "SCN004"),
    # Choices
    bad("operation", "/timeline/1/do", "failovr", "SCN006", nearest="failover"),
    bad("disk type", f"{DB}/disks/1/target", "premium", "SCN006", nearest="premium_ssd"),
    bad("workload", f"{DB}/churn/kind", "dirunal", "SCN006", nearest="diurnal"),
    bad("state", "/timeline/1/when/state", "Protected", "SCN006", nearest="protected"),
    bad("profile", "/profile", "asr-2023", "SCN006", at="/profile/name", found='"asr-2023"',
        nearest="asr-2024"),
    bad("metric", "/expect/0/metric", "rpo_p95", "SCN006", nearest="rpo_s_p95"),
    bad("version", "/version", 2, "SCN006"),
    bad("template", "/machines/0/template", "sever", "SCN010", nearest="server", by_schema=False),
    # Lists and names
    bad("no machines", "/machines", [], "SCN012", says="must not be empty"),
    bad("no disks", f"{DB}/disks", [], "SCN012"),
    bad("nobody selected", "/timeline/0/machines", [], "SCN012"),
    bad("empty name", f"{DB}/name", "", "SCN013"),
    bad("name with a star", f"{DB}/name", "db*", "SCN013", says="* ? { }"),
    bad("name with a blank at its end", f"{DB}/name", "db ", "SCN013"),
    bad("name with a control character", f"{DB}/name", "d\x1b[31mb", "SCN013", found=None,
        says="cannot be seen", by_schema=False),
    bad("name that reads from right to left", f"{DB}/name", "\u202edb", "SCN013", found=None,
        says="cannot be seen", by_schema=False),
    bad("name too long", f"{DB}/name", "x" * 81, "SCN013", found=None),
    # Keys that do not go together
    bad("at and when", "/timeline/1/at", 5, "SCN008", at="/timeline/1"),
    Bad("neither at nor when", drop("/timeline/0/at"), "SCN008", "/timeline/0"),
    bad("delay without when", "/timeline/0/delay", 5, "SCN008", by_schema=False),
    bad("option of another operation", "/timeline/0/shutdown", False, "SCN008", by_schema=False),
    bad("two rules", "/expect/0/at_least", 5, "SCN008", at="/expect/0"),
    Bad("no rule", drop("/expect/0/at_most"), "SCN008", "/expect/0"),
    bad("limit of a state", "/expect/1/at_most", 5, "SCN008", at="/expect/1/at_most", found="5"),
    bad("state", "/expect/1/equals", "Migrated", "SCN006", nearest="migrated"),
    bad("no such total", "/expect/2/metric", "written_bytes", "SCN008"),
    bad("more used than there is", f"{DB}/disks/0/used", "1 TiB", "SCN008", by_schema=False),
    bad("endless", "/timeline", [], "SCN041", at="/duration", by_schema=False),
]  # fmt: skip
