"""The lab finds what breaks, makes it small, keeps it, replays it; and is right on what holds."""

from __future__ import annotations

import doctest
import importlib
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import landfall as lf
import pytest
from landfall.lab import Case, Corpus, Failure, Fault, Lab, LabFailed, Report, Violation
from landfall.lab.bench import FastBench, ResultBench
from landfall.lab.corpus import read
from landfall.lab.replay import replayed
from landfall.lab.shrink import Shrinker
from landfall.lab.story import Line, around, clock, told
from landfall.lab.verdicts import judged
from landfall.progress import Progress
from python.lab_samples import office, one_failover_at_a_time, tiny

pytestmark = pytest.mark.usefixtures("built")
#: A rule that an outage of half an hour breaks, and none of a few minutes.
FRESH = [{"metric": "rpo_s_max", "at_most": "30 min"}]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, built: None) -> tuple[Report, Path]:
    """An exploration that breaks an expectation, and its corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    lab = Lab(office(expect=FRESH), expectations=True, faults=["link_outage"])
    return lab.explore(seeds=60, corpus=folder, progress=False), folder


def failure_of(report: Report) -> Failure:
    (failure,) = report.failures
    return failure


# --- What holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [office, tiny])
@pytest.mark.parametrize("explorer", ["swarm", "crash", "pct"])
def test_the_product_holds_every_rule_under_faults(make: Any, explorer: str) -> None:
    report = Lab(make()).explore(seeds=40, explorer=explorer, progress=False)
    assert report.ok, report.text()
    assert report.invalid == []
    assert report.exit_code == 0
    assert (report.runs, report.violations) == (40, {})
    assert report.coverage.cells
    report.raise_if_failed()


def test_an_exploration_is_the_same_twice_and_with_more_jobs() -> None:
    def cells(jobs: int) -> Any:
        lab = Lab(office(), jobs=jobs)
        report = lab.explore(seeds=40, explorer="coverage", progress=False)
        return report.coverage.cells, report.coverage.features, report.simulated_s

    assert cells(1) == cells(3)


def test_every_cell_that_has_a_meaning_is_hit() -> None:
    lab = Lab(office())
    report = lab.explore(seeds=150, explorer="pairwise", progress=False)
    assert len(report.coverage.cells) > 20


def test_a_quiet_end_shows_that_every_job_comes_to_one() -> None:
    report = Lab(office(), settle="6 h").explore(seeds=30, progress=False)
    assert report.ok, report.text()
    told = {"verdict": "done", "hash": "0", "unfinished": [["Failover", "web", 5.0]]}
    verdict = judged(told, expectations=False, settled_s=10.0)
    assert [v.invariant for v in verdict.violations] == ["L3"]
    assert verdict.violations[0].kind == "liveness"
    assert judged(told, expectations=False, settled_s=4.0).ok


# --- What breaks ----------------------------------------------------------------------------------


def test_a_rule_that_breaks_is_made_small(found: tuple[Report, Path]) -> None:
    report, _ = found
    failure = failure_of(report)
    assert failure.violation.invariant == "expect/rpo_s_max"
    assert report.exit_code == 1
    (fault,) = failure.smallest.faults
    assert fault.kind == "link_outage"
    assert 900.0 <= (fault.lasts_s or 0.0) < 3 * 3600.0
    assert failure.seed == 1
    assert len(failure.plain["machines"]) == 1
    assert len(failure.plain["machines"][0]["disks"]) == 1
    assert [step["do"] for step in failure.plain["timeline"]] == ["enable_replication"]
    assert failure.shrunk is not None
    assert failure.shrunk.runs <= 500


def test_the_smallest_case_is_an_ordinary_scenario_that_fails_alike(
    found: tuple[Report, Path],
) -> None:
    failure = failure_of(found[0])
    assert failure.path is not None
    result = lf.load(failure.path).run(seed=failure.seed, progress=False)
    assert not result.ok
    assert result.blob == failure.replay().blob
    kept = read(failure.path)
    assert (kept.invariant, kept.seed) == ("expect/rpo_s_max", 1)
    assert replayed(kept).failing("expect/rpo_s_max") is not None
    # What fails is due to the fault.
    without = {key: value for key, value in failure.plain.items() if key != "faults"}
    without["links"] = [{**link, "outages": []} for link in without["links"]]
    assert lf.Scenario.from_dict(without).run(progress=False).ok


def test_a_failure_tells_its_story_and_ends_with_the_command(found: tuple[Report, Path]) -> None:
    report, folder = found
    text = report.text()
    assert "FAIL expect/rpo_s_max" in text
    assert "link down" in text
    assert ">>" in text
    assert "=>" in text
    assert text.splitlines()[-1].startswith(f"replay  : landfall replay {folder}")
    with pytest.raises(LabFailed, match="FAIL expect/rpo_s_max"):
        report.raise_if_failed()
    assert "1 rule failed" in repr(report)
    assert "<table>" in report._repr_html_()


def test_the_corpus_runs_first_and_keeps_each_failure_once(found: tuple[Report, Path]) -> None:
    report, folder = found
    failure = failure_of(report)
    assert [kept.path for kept in Corpus(folder)] == [failure.path]
    again = Lab(office()).explore(seeds=1, corpus=folder, progress=False)
    assert again.corpus_runs == 1
    assert [(path, v.invariant) for path, v in again.corpus_failures] == [
        (failure.path, "expect/rpo_s_max")
    ]
    assert again.exit_code == 1
    assert f"landfall replay {failure.path}" in again.text()
    same = Corpus(folder).add(failure.plain, failure.violation, seed=failure.seed, found_by="x")
    assert same == failure.path
    assert len(Corpus(folder)) == 1


def test_the_outcome_is_written_as_junit_and_json(
    found: tuple[Report, Path], tmp_path: Path
) -> None:
    report, _ = found
    suite = ElementTree.parse(report.junit(tmp_path / "lab.xml")).getroot()[0]
    assert suite.attrib["failures"] == "1"
    assert suite[0].attrib["name"] == "expect/rpo_s_max"
    assert "landfall replay" in (suite[0][0].text or "")
    told = json.loads(json.dumps(report.to_dict()))
    assert told["failures"][0]["faults"][0]["kind"] == "link_outage"
    assert told["exit_code"] == 1
    good = Lab(office()).explore(seeds=3, progress=False)
    suite = ElementTree.parse(good.junit(tmp_path / "good.xml")).getroot()[0]
    assert (suite.attrib["failures"], len(suite)) == ("0", 1)


def test_the_map_is_drawn(found: tuple[Report, Path], tmp_path: Path) -> None:
    picture = found[0].heat_map()
    assert picture.save(tmp_path / "map.png").stat().st_size > 5_000
    labels = [label.get_text() for label in picture.axes.get_yticklabels()]
    assert labels == ["link outage"]


def test_a_rule_of_the_users_is_held_against_each_result() -> None:
    def no_outage(result: lf.Result) -> str | None:
        downs = result.events[result.events["kind"] == "link_down"]
        return None if downs.empty else f"the link was down {len(downs)} times"

    def no_power_lost(result: lf.Result) -> None:
        assert not (result.events["kind"] == "power_lost").any(), "power was lost"

    lab = Lab(office(), invariants=[no_outage, no_power_lost], faults=["link_outage", "power_loss"])
    report = lab.explore(seeds=12, progress=False)
    rules = {failure.violation.invariant: failure for failure in report.failures}
    assert set(rules) == {"no_outage", "no_power_lost"}
    assert [f.kind for f in rules["no_power_lost"].smallest.faults] == ["power_loss"]
    assert rules["no_power_lost"].violation.text == "power was lost"
    assert len(rules["no_outage"].plain["machines"]) == 1


def test_both_benches_judge_alike() -> None:
    scenario = office(expect=FRESH)
    document = json.loads(scenario.to_json())
    options: dict[str, Any] = {
        "expectations": True,
        "settled_s": 600.0,
        "timeout": 60.0,
        "memory_limit": None,
    }
    fast = FastBench(scenario, document, **options)
    whole = ResultBench(scenario, document, (), **options)
    for case in (Case(3), Case(4, (Fault(3600.0, "link_outage", "wan", 3600.0),))):
        one, other = fast.run(case), whole.run(case)
        assert one.violations == other.violations
        assert (one.features, one.coverage, one.end_s) == (
            other.features,
            other.coverage,
            other.end_s,
        )
        assert one.log == other.log
    fast.close()


# --- Determinism ----------------------------------------------------------------------------------


def test_runs_that_are_made_twice_are_the_same() -> None:
    report = Lab(office()).explore(seeds=60, twice=0.3, progress=False)
    assert report.ok
    assert 8 <= report.compared <= 30


@pytest.mark.parametrize("invariants", [(), (one_failover_at_a_time,)], ids=["fast", "results"])
def test_a_planted_chance_is_found(invariants: Any) -> None:
    lab = Lab(office(), invariants=invariants)
    report = lab.explore(seeds=40, twice=0.2, progress=False, drill="chance")
    failure = failure_of(report)
    assert failure.violation.invariant == "same_bytes"
    assert failure.violation.kind == "determinism"
    assert report.exit_code == 4


# --- Shrinking ------------------------------------------------------------------------------------


class MadeUp:
    """A bench on which a rule fails when faults of some targets are there."""

    def __init__(self, needed: set[str]) -> None:
        self.needed = needed
        self.runs = 0

    def run(self, case: Case, *, drill: str | None = None) -> Any:
        self.runs += 1
        verdict = judged({"verdict": "done", "hash": "0"}, expectations=False, settled_s=None)
        if self.needed <= {fault.target for fault in case.faults}:
            verdict.violations.append(Violation("rule", "safety", "broken"))
        return verdict

    def close(self) -> None:
        pass


def test_shrinking_keeps_exactly_the_faults_that_matter() -> None:
    document = json.loads(office().to_json())
    faults = tuple(
        Fault(60.0 * k, "power_loss", machine)
        for k, machine in enumerate(["web-1", "web-2", "db-1", "db-2"] * 4)
    )
    bench = MadeUp({"web-2", "db-1"})
    shrinker = Shrinker(bench, document, Violation("rule", "safety", "broken"))
    shrunk = shrinker.shrink(Case(9, faults))
    assert sorted(fault.target for fault in shrunk.case.faults) == ["db-1", "web-2"]
    assert {fault.at_s for fault in shrunk.case.faults} == {0.0}
    assert [machine["name"] for machine in shrunk.case.changes["machines"]] == ["web-2", "db-1"]
    assert shrunk.case.seed == 1
    assert shrunk.runs == bench.runs


def test_shrinking_stops_at_its_budget_and_gives_back_what_it_has() -> None:
    document = json.loads(office().to_json())
    faults = tuple(Fault(60.0 * k, "power_loss", "web-1") for k in range(64))
    bench = MadeUp({"web-1"})
    violation = Violation("rule", "safety", "broken")
    shrunk = Shrinker(bench, document, violation, runs=5).shrink(Case(9, faults))
    assert bench.runs == 5
    assert 1 <= len(shrunk.case.faults) < 64


def test_what_does_not_fail_alone_stays_as_it_is() -> None:
    document = json.loads(office().to_json())
    faults = (Fault(60.0, "power_loss", "web-1"),)
    shrinker = Shrinker(MadeUp({"nobody"}), document, Violation("rule", "safety", "broken"))
    assert shrinker.shrink(Case(9, faults)).case.faults == faults


# --- Bad input ------------------------------------------------------------------------------------


def test_a_rule_that_no_run_can_meet_is_bad_input() -> None:
    lab = Lab(office(expect=[{"metric": "rpo_s_max", "at_most": "1 s"}]), expectations=True)
    with pytest.raises(lf.ScenarioError, match="no run can meet it") as caught:
        lab.explore(progress=False)
    assert caught.value.problems[0].code == "LAB001"


def test_a_file_of_an_older_version_is_told_apart(
    found: tuple[Report, Path], tmp_path: Path
) -> None:
    failure = failure_of(found[0])
    assert failure.path is not None
    older = json.loads(failure.path.read_text())
    older["lab"] = {"version": 0, "rule": "S1"}
    path = tmp_path / "older.json"
    path.write_text(json.dumps(older))
    with pytest.raises(lf.ScenarioError, match="older version of the lab's files") as caught:
        read(path)
    assert (caught.value.problems[0].pointer, caught.value.problems[0].found) == (
        "/lab/version",
        "0",
    )
    path.write_text(office().to_json())
    with pytest.raises(lf.ScenarioError, match="no failure that the lab kept"):
        read(path)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("LANDFALL_NUM", "many", "whole number of 1 or more"),
        ("LANDFALL_SEED", "-1", "0 or more"),
        ("LANDFALL_JOBS", "0", "1 or more"),
        ("LANDFALL_TIME_LIMIT", "soon", "a duration"),
        ("LANDFALL_CHECK_DETERMINISM", "2", "0 to 1"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(lf.ScenarioError, match=says) as caught:
        Lab(office()).explore(progress=False)
    assert caught.value.problems[0].pointer == variable


def test_the_environment_says_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_NUM", "7")
    monkeypatch.setenv("LANDFALL_SEED", "100")
    monkeypatch.setenv("LANDFALL_CHECK_DETERMINISM", "1")
    report = Lab(office()).explore(progress=False)
    assert (report.runs, report.first_seed, report.compared) == (7, 100, 7)
    monkeypatch.setenv("LANDFALL_TIME_LIMIT", "0.2 s")
    monkeypatch.setenv("LANDFALL_NUM", "100000")
    assert 0 < Lab(office()).explore(progress=False).runs < 1000


def test_a_budget_ends_an_exploration_and_progress_is_told() -> None:
    heard: list[Progress] = []
    report = Lab(office()).explore(seeds=10_000, budget="0.3 s", progress=heard.append)
    assert 0 < report.runs < 2000
    assert heard[0].fraction > 0.0
    assert heard[-1].fraction <= 1.0
    assert heard[0].eta_s is not None


@pytest.mark.parametrize("module", ["branches", "lab", "policy", "streams"])
def test_the_examples_in_the_documentation_run(module: str) -> None:
    done = doctest.testmod(importlib.import_module(f"landfall.lab.{module}"))
    assert done.attempted > 0
    assert done.failed == 0


# --- Stories --------------------------------------------------------------------------------------


def test_a_story_has_a_column_for_each_machine() -> None:
    lines = [Line(60.0, "web", "Protected"), Line(61.5, "db", "job Failover starts")]
    rows = told(lines, [Line(62.0, "db", "S1 fails")])
    assert rows[0].split() == ["time", "db", "web"]
    assert rows[1].index("Protected") > rows[2].index("job Failover starts")
    assert rows[3].startswith("=>")
    assert clock(90_061.25) == "1 d 01:01:01.25"
    assert [line.t_s for line in around(lines, 60.0, before=1, after=0)] == [60.0]
    many = [Line(float(k), f"m{k}", "x") for k in range(9)]
    assert "m3" in told(many)[3]
