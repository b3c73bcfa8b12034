"""What is set up in the vault of a run, and how it is taken down."""

from __future__ import annotations

import pickle

import landfall as lf
import pytest

ORDER = [
    "protected item",
    "container mapping",
    "network mapping",
    "replication policy",
    "process server",
    "Hyper-V host",
    "protection container",
    "VMM server",
    "configuration server",
    "Hyper-V site",
]


def test_items_are_in_the_vault_while_they_are_protected() -> None:
    with lf.open("gallery:move-between-regions", timeline=False) as sim:
        vault = sim.vault
        assert "protected item" not in set(vault.setup["kind"])
        sim.run_for("1 h")
        job = vault.enable("api-1")
        item = vault.setup.iloc[-1]
        assert list(item[["kind", "name", "parent", "since_s"]]) == [
            "protected item",
            "api-1",
            "northeurope",
            3600.0,
        ]
        assert "Azure to Azure" in item["uses"]
        sim.wait(job)
        sim.wait(vault.items["api-1"].disable())
        assert "protected item" not in set(vault.setup["kind"])


def test_what_is_set_up_goes_in_the_documented_order() -> None:
    with lf.open("gallery:migrate-on-premises", timeline=False) as sim:
        sim.run_for("1 h")
        vault = sim.vault
        sim.wait(sim.do("enable_replication"))
        kinds = [kind for kind, _ in vault.deletion_order()]
        assert list(dict.fromkeys(kinds)) == ORDER
        with pytest.raises(lf.SetupRefused, match="goes when its replication is disabled"):
            vault.remove(*vault.deletion_order()[0])
        sim.wait(sim.do("disable_replication"))
        # Whatever is tried out of turn is refused, and says what goes first.
        kind, name = vault.deletion_order()[-1]
        with pytest.raises(lf.SetupRefused) as refused:
            vault.remove(kind, name)
        assert refused.value.first
        assert set(refused.value.first) <= set(vault.deletion_order())
        assert isinstance(refused.value, lf.OperationRefused)
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
        for kind, name in vault.deletion_order():
            vault.remove(kind, name)
        assert vault.setup.empty
        assert not vault.is_deleted
        vault.delete()
        assert vault.is_deleted


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    with lf.open("gallery:move-between-regions", timeline=False) as sim:
        with pytest.raises(lf.UnknownName, match="container mapping"):
            sim.vault.remove("container maping", "x")
        with pytest.raises(lf.UnknownName, match="northeurope"):
            sim.vault.remove("Azure region", "northeurop")


def test_a_vault_that_protects_something_is_not_deleted() -> None:
    with lf.open("gallery:move-between-regions", timeline=False) as sim:
        vault = sim.vault
        sim.wait([vault.enable(machine) for machine in vault.items])
        with pytest.raises(lf.SetupRefused, match="protected item api-1 and 1 more") as refused:
            vault.delete()
        assert refused.value.first == [("protected item", "api-1"), ("protected item", "api-2")]
        sim.wait([item.disable() for item in vault.items.values()])
        vault.delete()
        with pytest.raises(lf.OperationRefused, match="the vault was deleted"):
            vault.enable("api-1")
        with pytest.raises(lf.SetupRefused, match="deleted before"):
            vault.delete()
        kinds = set(vault.events["kind"])
    assert {"vault_deleted", "removed_from_vault", "refused"} <= kinds


def test_disks_of_a_subscription_count_in_time() -> None:
    scenario = lf.load("gallery:move-between-regions").with_(
        profile={"name": "asr-2024", "override": {"azure_protected_disks_max": 3}},
        timeline=[
            {"at": 0, "do": "enable_replication", "machines": "api-1"},
            {"at": "1 h", "do": "enable_replication", "machines": "api-2", "refused": True},
            {"at": "2 h", "do": "disable_replication", "machines": "api-1"},
            {"at": "3 h", "do": "enable_replication", "machines": "api-2"},
        ],
        expect=[],
        duration="6 h",
    )
    result = scenario.run(progress=False)
    assert list(result.machines["state"]) == ["UnprotectedStatesEnd", "Protected"]
    refused = result.events[result.events["kind"] == "refused"]["detail"].iloc[0]
    assert "at most 3 protected disks, 2 of which are taken" in refused


def test_a_timeline_deletes_its_vault_at_the_end() -> None:
    result = lf.load("gallery:move-between-regions").run(progress=False)
    assert result.ok
    kinds = list(result.events["kind"])
    assert kinds.count("vault_deleted") == 1
    assert kinds.index("refused") < kinds.index("vault_deleted")
    expected = lf.load("gallery:move-between-regions").with_({"/timeline/8/refused": True})
    with pytest.raises(lf.ScenarioError, match="was to be refused"):
        expected.run(progress=False)
