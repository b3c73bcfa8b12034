"""The power button: machines that a failover had shut down, and nothing turned on again."""

from __future__ import annotations

import json
from typing import Any

import landfall as lf
import pytest
from landfall import gallery
from python.run_samples import first

HOUR = 3600.0


def story(fidelity: str, timeline: list[dict[str, Any]]) -> lf.Scenario:
    """VMware machines with the rules of a failback to an appliance."""
    content: dict[str, Any] = json.loads(gallery.path("story-vmware-to-azure").read_text("utf-8"))
    for machine in content["machines"]:
        machine["fidelity"] = fidelity
        for disk in machine["disks"]:
            if fidelity == "volume":
                disk["churn"] = {"kind": "constant", "rate": "16 KB/s"}
    return lf.load("gallery:story-vmware-to-azure").with_(
        machines=content["machines"],
        profile={"name": "asr-2024", "override": {"modernized_failback": True}},
        timeline=timeline,
        expect=[],
        duration="12 h",
    )


def events(result: lf.Result, kind: str) -> list[str]:
    return [str(text) for text in result.events[result.events["kind"] == kind]["detail"]]


def test_a_cancelled_failover_is_followed_by_the_power_button_and_a_new_enable() -> None:
    timeline = [
        {"at": 0, "do": "enable_replication", "machines": "web"},
        {"at": "30 h", "do": "failover", "machines": "web"},
        {"at": "1802 min", "do": "cancel_failover", "machines": "web"},
        {"at": "31 h", "do": "enable_replication", "machines": "web", "refused": True},
        {"at": "32 h", "do": "power_on", "machines": "web"},
        {"at": "33 h", "do": "enable_replication", "machines": "web"},
    ]
    result = first().with_(timeline=timeline, expect=[], duration="48 h").run(progress=False)
    assert events(result, "powered_on") == ["Primary"]
    web = result.machines.set_index("machine").loc["web"]
    assert web["state"] == "Protected"
    assert "Power on" in {happening.what for happening in lf_happenings(result)}


def lf_happenings(result: lf.Result) -> list[Any]:
    from landfall.happenings import happenings

    return happenings(result)


def test_the_button_of_a_machine_that_is_not_there_does_nothing() -> None:
    timeline = [
        {"at": "1 h", "do": "power_on", "machines": "web", "side": "recovery"},
        {"at": "1 h", "do": "power_on", "machines": "db"},
    ]
    result = first().with_(timeline=timeline, expect=[], duration="2 h").run(progress=False)
    assert events(result, "power_on_failed") == ["Recovery: the machine does not exist"]
    assert events(result, "powered_on") == ["Primary"], "it runs already, and goes on"


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"do": "power_off", "side": "recovery"}, "side"),
        ({"do": "power_on", "side": "left"}, "side"),
        ({"do": "power_on", "refused": True}, "refused"),
    ],
)
def test_what_does_not_go_with_the_button_is_told(entry: dict[str, Any], key: str) -> None:
    with pytest.raises(lf.ScenarioError) as told:
        first().with_(timeline=[{"at": 0, **entry}], expect=[])
    assert any(problem.pointer.startswith(f"/timeline/0/{key}") for problem in told.value.problems)


#: To Azure and home again, of which users do not like what they see.
CANCELLED: list[dict[str, Any]] = [
    {"at": 0, "do": "enable_replication"},
    {"when": {"state": "protected", "of": "all"}, "delay": "1 h", "do": "failover"},
    {"when": {"state": "failed_over", "of": "all"}, "delay": "10 min", "do": "commit"},
    {"when": {"state": "committed", "of": "all"}, "delay": "1 h", "do": "reprotect"},
    {"when": {"state": "reprotected", "of": "all"}, "delay": "1 h", "do": "failback"},
    {"when": {"state": "failed_back", "of": "all"}, "delay": "10 min", "do": "cancel_failover"},
]
AFTERWARDS: list[dict[str, Any]] = [
    {"at": "8 h", "do": "failback"},
    {"at": "9 h", "do": "commit"},
    {"at": "10 h", "do": "reprotect"},
]


def test_a_failback_is_cancelled_before_its_commit_and_replication_goes_on() -> None:
    result = story("volume", CANCELLED + AFTERWARDS).run(progress=False)
    assert result.ok, result.violations.to_string()
    jobs = result.jobs[result.jobs["machine"] == "shop"]
    assert list(jobs["operation"]).count("Cancel failover") == 1
    assert set(jobs["state"]) == {"Succeeded"}
    assert list(result.machines["state"]) == ["Protected", "Protected"]
    assert not result.violation_count


def test_in_blocks_a_failback_is_not_taken_back() -> None:
    timeline = [*CANCELLED[:-1], {**CANCELLED[-1], "refused": True}]
    result = story("block", timeline).run(progress=False)
    assert result.ok, result.violations.to_string()
    assert "at volume fidelity only" in events(result, "refused")[0]
