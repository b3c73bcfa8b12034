"""The campaign: every kind of scenario under a swarm of faults, and one map over all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import landfall as lf
import pytest
from landfall import _model, faults
from landfall.cli import app
from landfall.lab import Lab
from landfall.lab.campaign import Shares, summary, together
from landfall.lab.coverage import Coverage
from landfall.lab.heat_map import draw
from landfall.lab.knobs import turned
from landfall.lab.streams import Stream
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lab.make_scenarios import FOLDER, scenarios, text_of
from python.test_stories import STORY_OF_KIND

FILES = sorted(FOLDER.glob("*.json"))
#: Runs of the sample that is a test; `make campaign` makes thousands.
SAMPLE = 4


def test_the_files_are_what_the_program_writes() -> None:
    made = {f"{name}.json": text_of(document) for name, document in scenarios().items()}
    kept = {path.name: path.read_text("utf-8") for path in FILES}
    assert kept == made, "run `python tests/lab/make_scenarios.py`"


def test_every_kind_of_scenario_is_there_at_both_fidelities() -> None:
    assert list(_model.support_matrix("asr-2018")["kinds"]) == list(STORY_OF_KIND)
    for story in STORY_OF_KIND.values():
        for fidelity in ("block", "volume"):
            end = "blocks" if fidelity == "block" else "volume"
            small = lf.load(FOLDER / f"{story.removeprefix('story-')}-{end}.json")
            assert {machine.fidelity for machine in small.machines} == {fidelity}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_of_the_campaign_breaks_nothing(path: Path) -> None:
    lab = Lab(path, jobs=1)
    first = 1 + FILES.index(path) * SAMPLE
    report = lab.explore(
        seeds=SAMPLE, first_seed=first, explorer="swarm,knobs", twice=0.0, progress=False
    )
    assert report.ok, report.text()
    assert report.runs == SAMPLE
    assert report.faults >= SAMPLE


# --- Sharing --------------------------------------------------------------------------------------


def test_runs_are_shared_and_no_seed_comes_twice() -> None:
    for seeds, count in ((10_000, 45), (7, 3), (2, 5)):
        shares = Shares(seeds, 11, None, count)
        made = [shares.next() for _ in range(count)]
        assert sum(share.seeds for share in made) == seeds
        used = [
            s for share in made for s in range(share.first_seed, share.first_seed + share.seeds)
        ]
        assert used == list(range(11, 11 + seeds))
        assert max(s.seeds for s in made) - min(s.seeds for s in made) <= 1


def test_time_that_one_does_not_need_goes_to_the_others() -> None:
    shares = Shares(10, 1, 100.0, 4)
    budgets = [shares.next().budget_s for _ in range(4)]
    assert budgets == pytest.approx([25.0, 100 / 3, 50.0, 100.0], rel=0.01)


def test_a_folder_is_one_campaign(tmp_path: Path) -> None:
    for path in FILES[:2]:
        (tmp_path / path.name).write_text(path.read_text("utf-8"))
    told = CliRunner().invoke(app, ["lab", str(tmp_path), "--seeds", "5", "--no-progress"])
    assert told.exit_code == 0, told.output
    assert "scenarios   2" in told.stdout
    assert "runs        5" in told.stdout
    assert "meaningful cells hit:" in told.stdout
    assert "missing: link_outage in" in told.stdout or "missing: boot_fails in" in told.stdout


# --- Meaning --------------------------------------------------------------------------------------


def test_every_cell_of_the_map_means_something_or_says_why_not() -> None:
    meaning = Coverage().meaning
    classes = set(faults.phases().values())
    assert len(meaning.cells) + len(meaning.without) == len(faults.kinds()) * len(classes)
    assert all(len(reason) > 20 for reason in meaning.without.values())
    assert meaning.hit == []
    assert meaning.missing == meaning.cells


def test_a_hit_cell_is_missing_no_more_and_the_rest_is_told() -> None:
    coverage = Coverage()
    coverage.add({("link_outage", "journal"): 2, ("boot_fails", "journal"): 1}, {})
    meaning = coverage.meaning
    assert meaning.hit == [("link_outage", "journal")]
    assert ("link_outage", "journal") not in meaning.missing
    lines = meaning.lines()
    assert lines[0] == f"meaningful cells hit: 1 of {len(meaning.cells)}"
    assert any("a request that is not made cannot fail" in line for line in lines)


def test_the_whole_map_is_drawn(tmp_path: Path) -> None:
    coverage = Coverage()
    coverage.add({("link_outage", "journal"): 2}, {})
    draw(coverage, "test", whole=True).save(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 20_000


# --- Operators and knobs --------------------------------------------------------------------------


def test_an_operator_is_a_fault_with_cells_of_its_own() -> None:
    scenario = lf.load(FOLDER / "azure-to-azure-volume.json")
    asks = {"kind": "operator", "at": "40 min", "machine": "api", "do": "failback"}
    result = scenario.with_(
        {"/faults": [asks]}, duration="1 h", timeline=[{"at": 0, "do": "enable_replication"}]
    ).run(progress=False)
    (cell,) = result.summary["coverage"]
    assert (cell["fault"], cell["phase"]) == ("operator", "journal")
    refused = result.events[result.events["kind"].astype(str) == "refused"]
    assert list(refused["subject"].astype(str)) == ["api"]


def test_what_an_operator_asks_for_wrongly_is_told_at_the_fault() -> None:
    scenario = lf.load(FOLDER / "azure-to-azure-volume.json")
    asks = {"kind": "operator", "at": "40 min", "machine": "apj", "do": "commit"}
    (problem,) = scenario.with_({"/faults": [asks]}).check()
    assert (problem.code, problem.pointer) == ("SCN010", "/faults/0/machine")
    with pytest.raises(lf.ScenarioError, match="do"):
        scenario.with_({"/faults": [asks | {"do": "commits"}]})


def test_a_fault_on_a_process_server_strikes_who_sends_by_it_by_then() -> None:
    scenario = lf.load(FOLDER / "disks-servers-pauses-volume.json")
    timeline = [
        {"at": 0, "do": "enable_replication"},
        {"at": "40 min", "do": "switch_process_server", "machines": "shop"}
        | {"process_server": "ps-new"},
    ]

    def cells(server: str, at: str) -> list[str]:
        crash = {"kind": "process_server_crash", "process_server": server, "at": at, "lasts": 60}
        result = scenario.with_({"/faults": [crash]}, duration="2 h", timeline=timeline).run(
            progress=False
        )
        return [cell["phase"] for cell in result.summary["coverage"]]

    assert "journal" in cells("ps-old", "39 min")
    assert cells("ps-new", "39 min") == []
    assert cells("ps-old", "100 min") == []
    assert "journal" in cells("ps-new", "100 min")


def test_a_drill_that_fails_leaves_no_machine_critical() -> None:
    """Found by the lab (L10): the cause of a failed test failover stayed in the item's health."""
    gone = {"kind": "size_unavailable", "region": "westeurope", "at": "41 min", "lasts": "5 min"}
    drill = [{"at": 0, "do": "enable_replication"}, {"at": "42 min", "do": "test_failover"}]
    scenario = lf.load(FOLDER / "azure-to-azure-volume.json")
    result = scenario.with_({"/faults": [gone]}, duration="3 h", timeline=drill).run(progress=False)
    assert set(result.jobs["state"][result.jobs["operation"] == "Test failover"]) == {"Failed"}
    assert "28092" not in set(result.health["code"].astype(str))
    assert result.violation_count == 0


def test_knobs_are_drawn_and_the_scenario_stays_valid() -> None:
    scenario = lf.load(FOLDER / "vmware-to-azure-blocks.json")
    document = json.loads(scenario.to_json())
    seen = set()
    for seed in range(40):
        changes = turned(document, Stream(seed, "lab", "knobs"))
        assert changes == turned(document, Stream(seed, "lab", "knobs"))
        assert lf.Scenario.from_dict({**document, **changes}).check() == []
        seen |= {json.dumps(value, sort_keys=True) for value in changes.values()}
    assert len(seen) > 15


def test_explorers_take_turns() -> None:
    lab = Lab(FILES[0])
    report = lab.explore(seeds=6, explorer="swarm,pairwise,knobs", progress=False, twice=0.0)
    assert report.runs == 6
    with pytest.raises(lf.UnknownName, match="pairwise"):
        lab.explore(explorer="swarm,pairwis", progress=False)
    assert "runs        6" in "\n".join(summary([report]))
    assert together([report, report]).cells.total() == 2 * report.coverage.cells.total()
