"""The scenarios of the campaign: the gallery made small and short, at both fidelities.

    python tests/lab/make_scenarios.py

Every direction of the support matrix is there, with drills, failovers, ways home, migrations,
recovery plans, and disks, servers and pauses that change meanwhile. Disks of some MiB behind slow
links keep the phases as long as they are, and a run at some milliseconds. The files are kept beside
this program, in `scenarios`; a test holds that they are what it writes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from landfall.quantities import DURATION, parse

FOLDER = Path(__file__).resolve().parent / "scenarios"
GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"

#: Times of a timeline are this much shorter, and none is below the least.
_SHORTER = 3.0
_LEAST_S = 120.0
#: The agent of a machine that was failed over registers within a quarter of an hour of its boot.
_BEFORE_REPROTECT_S = 1200.0
_SMALL = {"size": "16 MiB", "used": "8 MiB"}
_BLOCKS = {
    "kind": "block",
    "pattern": "zipf",
    "writes_per_second": 0.25,
    "write_size": "4 KiB",
    "working_set": "4 MiB",
    "trim_share": 0.02,
}
_VOLUME = {"kind": "diurnal", "mean": "1 kB/s", "noise": 0.2}
#: Operations that mean something for blocks only.
_BLOCK_ONLY = ("restart_target", "damage_transfer", "damage_replica")

#: From the gallery.
_STORIES = (
    *("story-vmware-to-azure", "story-physical-to-azure", "story-aws-to-azure"),
    *("story-hyper-v-site-to-azure", "story-vmm-to-azure", "story-azure-to-azure"),
    *("story-zone-to-zone", "story-vmm-to-vmm", "story-scout-to-secondary"),
    *("story-migration-flavours", "story-disks-servers-pauses", "failback-on-premises"),
    *("migrate-on-premises", "migrate-between-regions", "migrate-from-aws"),
    *("move-between-regions", "engine-failback"),
)


def scenarios() -> dict[str, dict[str, Any]]:
    """Return all scenarios by name."""
    made = {}
    for name in _STORIES:
        document = json.loads((GALLERY / f"{name}.json").read_text("utf-8"))
        for block in (True, False):
            small = smaller(document, block=block)
            made[small["name"]] = small
    for document in (*_groups(), *_plans(), *_machines_that_end()):
        made[document["name"]] = document
    return made


def smaller(document: dict[str, Any], *, block: bool) -> dict[str, Any]:
    """Return a scenario of the gallery with small disks, slow links and short waits."""
    made = copy.deepcopy(document)
    for key in ("$schema", "description", "expect", "duration"):
        made.pop(key, None)
    name = made["name"].removeprefix("story-")
    made["name"] = f"{name}-{'blocks' if block else 'volume'}"
    made["profile"] = _without_least_size(made.get("profile", "asr-2024"))
    for link in made.get("links", ()):
        link["bandwidth"] = "4 Mbit/s"
        link.pop("outages", None)
    for template in made.get("templates", {}).values():
        _shrink(template, block=block)
    for machine in made["machines"]:
        _shrink(machine, block=block)
        if "template" not in machine:
            machine["fidelity"] = "block" if block else "volume"
    hosts = [host for site in made.get("sites", ()) for host in site.get("hosts", ())]
    for part in (*made.get("configuration_servers", ()), *made.get("vmm_servers", ()), *hosts):
        for key in ("registers_at", "key_generated_at", "throttles"):
            part.pop(key, None)
    made["timeline"] = [
        _sooner(step) for step in made["timeline"] if block or step["do"] not in _BLOCK_ONLY
    ]
    return made


def _without_least_size(profile: Any) -> dict[str, Any]:
    whole = {"name": profile} if isinstance(profile, str) else profile
    return {**whole, "override": {**whole.get("override", {}), "disk_size_min": 0}}


def _shrink(machine: dict[str, Any], *, block: bool) -> None:
    if "fidelity" in machine:
        machine["fidelity"] = "block" if block else "volume"
    for disk in machine.get("disks", ()):
        disk |= _SMALL
        if block:
            disk["churn"] = dict(_BLOCKS)
        else:
            disk.pop("churn", None)
    if "disks" in machine and not block:
        machine["churn"] = dict(_VOLUME)
    past = machine.get("failed_over")
    if isinstance(past, dict):
        past |= {key: "1 MiB" for key in ("unreplicated", "written_in_azure") if key in past}


def _sooner(part: dict[str, Any]) -> dict[str, Any]:
    least = _BEFORE_REPROTECT_S if part["do"] == "reprotect" else _LEAST_S
    for key in ("at", "delay"):
        if key in part:
            seconds = float(parse(part[key], DURATION))
            part[key] = 0 if seconds == 0 else max(least, round(seconds / _SHORTER))
    return part


# --- What the gallery has only in large -----------------------------------------------------------

_CIRCLE = (
    {"when": {"state": "protected", "of": "all"}, "delay": 600, "do": "test_failover"},
    {
        "when": {"state": "test_failed_over", "of": "all"},
        "delay": 200,
        "do": "cleanup_test_failover",
    },
    {"when": {"state": "test_cleaned_up", "of": "all"}, "delay": 600, "do": "failover"},
    {"when": {"state": "failed_over", "of": "all"}, "delay": 120, "do": "change_recovery_point"},
    {"when": {"state": "failed_over", "of": "all"}, "delay": 1200, "do": "commit"},
    {"when": {"state": "committed", "of": "all"}, "delay": 1200, "do": "reprotect"},
    {"when": {"state": "reprotected", "of": "all"}, "delay": 900, "do": "failback"},
    {"when": {"state": "failed_back", "of": "all"}, "delay": 120, "do": "commit"},
    {"when": {"state": "failed_back", "of": "all"}, "delay": 600, "do": "reprotect"},
)


def _groups() -> Iterator[dict[str, Any]]:
    """Machines of consistency groups: all of a group at one cut, there and back."""
    for name in ("story-vmware-to-azure", "story-azure-to-azure"):
        document = json.loads((GALLERY / f"{name}.json").read_text("utf-8"))
        for block in (True, False):
            made = smaller(document, block=block)
            made["name"] = made["name"].replace("-to-", "-group-to-", 1)
            made["consistency_groups"] = [{"name": "pair"}]
            made["policies"][0]["app_consistent_every"] = "1 h"
            for site in made.get("sites", ()):
                site["hosts"] = [{"name": "esx-1"}]
            for machine in made["machines"]:
                machine["consistency_group"] = "pair"
                if made.get("sites"):
                    machine["host"] = "esx-1"
            made["timeline"] = [{"at": 0, "do": "enable_replication"}, *map(dict, _CIRCLE)]
            yield made


def _plans() -> Iterator[dict[str, Any]]:
    """Machines that go by a recovery plan of two groups, with a script and a manual action."""
    for name in ("story-vmware-to-azure", "story-azure-to-azure", "story-vmm-to-azure"):
        document = json.loads((GALLERY / f"{name}.json").read_text("utf-8"))
        for block in (True, False):
            made = smaller(document, block=block)
            made["name"] = made["name"].replace("-to-", "-plan-to-", 1)
            first, second = _two_names(made)
            made["runbooks"] = [{"name": "point-dns", "takes": "30 s"}]
            runbook = {"do": "runbook", "name": "Point DNS", "runbook": "point-dns"}
            asks = {"do": "manual", "name": "Look", "description": "Is it there?"}
            groups = [{"machines": [first], "after": [runbook]}, {"machines": [second]}]
            groups[1]["after"] = [asks | {"failover_types": ["planned", "unplanned"]}]
            made["recovery_plans"] = [{"name": "all", "groups": groups}]
            made["timeline"] = [
                {"at": 0, "do": "enable_replication"},
                {"when": {"state": "protected", "of": "all"}, "delay": 600}
                | {"do": "test_failover", "plan": "all"},
                {"when": {"plan": "all", "state": "test_failed_over"}, "delay": 200}
                | {"do": "cleanup_test_failover", "plan": "all"},
                {"when": {"plan": "all", "state": "test_cleaned_up"}, "delay": 600}
                | {"do": "failover", "plan": "all"},
                {"when": {"plan": "all", "state": "suspended"}, "delay": 120}
                | {"do": "resume_job", "plan": "all"},
                {"when": {"plan": "all", "state": "failed_over"}, "delay": 300}
                | {"do": "commit", "plan": "all"},
            ]
            if name == "story-vmware-to-azure":
                made["timeline"] += [
                    {"when": {"plan": "all", "state": "committed"}, "delay": 1800}
                    | {"do": "reprotect", "plan": "all"},
                    {"when": {"plan": "all", "state": "reprotected"}, "delay": 3600}
                    | {"do": "failback", "plan": "all"},
                ]
            yield made


def _two_names(document: dict[str, Any]) -> tuple[str, str]:
    machines = document["machines"]
    if len(machines) > 1:
        return machines[0]["name"], machines[1]["name"]
    return f"{machines[0]['name']}-1", f"{machines[0]['name']}-2"


#: Stories of machines that end: some are migrated, with a way home, others are disabled.
_ENDING = (
    *("story-vmware-to-azure", "story-physical-to-azure", "story-aws-to-azure"),
    *("story-hyper-v-site-to-azure", "story-vmm-to-azure", "story-azure-to-azure"),
    *("story-zone-to-zone", "story-vmm-to-vmm", "story-scout-to-secondary"),
)
#: No document offers Complete Migration there.
_NEVER_MIGRATED = (
    *("story-vmm-to-vmm", "story-scout-to-secondary"),
    *("story-azure-to-azure", "story-zone-to-zone"),
)


def _machines_that_end() -> Iterator[dict[str, Any]]:
    """To the end of protection, and of only the newest point (retention 0)."""
    for name in _ENDING:
        document = json.loads((GALLERY / f"{name}.json").read_text("utf-8"))
        for block in (True, False):
            made = smaller(document, block=block)
            made["name"] = made["name"].replace("-to-", "-ends-", 1)
            for policy in made["policies"]:
                policy["retention"] = 0
                policy.pop("app_consistent_every", None)
            by_plan = "planned_failover" if _is_planned(document) else "failover"
            end = "disable_replication" if name in _NEVER_MIGRATED else "complete_migration"
            made["timeline"] = [
                {"at": 0, "do": "enable_replication"},
                {"when": {"state": "protected", "of": "all"}, "delay": 900, "do": by_plan},
                {"when": {"state": "failed_over"}, "delay": 300, "do": end},
            ]
            if made.get("master_targets") and end == "complete_migration":  # the way home is there
                away = {"when": {"state": "failed_over"}, "delay": 120, "do": "reprotect"}
                made["timeline"].append(away | {"refused": "either"})
            yield made


def _is_planned(document: dict[str, Any]) -> bool:
    return any(step["do"] == "planned_failover" for step in document["timeline"])


def main() -> None:
    """Write the files anew."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, document in scenarios().items():
        (FOLDER / f"{name}.json").write_text(text_of(document), "utf-8")
    print(f"wrote {len(scenarios())} scenarios to {FOLDER}")


def text_of(document: dict[str, Any]) -> str:
    """Return a scenario as its file has it."""
    ordered = {"version": 1, "name": document["name"], **document}
    return json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
