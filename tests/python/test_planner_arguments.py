"""Bad arguments of the planner: the message names the argument, what was found, what is allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import formatting
from landfall.planner import PlanOptions, plan
from python.fake_simulator import landfall
from python.plan_samples import plain, server, servers, trace

pytestmark = pytest.mark.usefixtures("built")

#: For each option a value that is wrong, and what the message says beside its name.
WRONG: dict[str, tuple[Any, str]] = {
    "kind": ("vmwere", "vmware"),
    "rpos": (["1 min"], "processing"),
    "shares": ([1.5], "at most 1"),
    "bandwidth": ("fast", "must be a bandwidth"),
    "overrides": (7, ""),
    "growth_percent": (-100, "more than -100"),
    "percentile": (0, "more than 0"),
    "percentile_kind": ("median", "nearest_rank"),
    "clip": ("disks", "machines"),
    "compression_ratio": (0.5, "at least 1"),
    "write_size": ("0 B", "more than 0"),
    "write_overlap_percent": (100, "less than 100"),
    "processing": ("5 MB", "this is a size"),
    "payload_share": (0, "more than 0"),
    "throttles": ([{"from": "08:00", "to": "18:00"}], "bandwidth"),
    "utc_offset_hours": (15, "at most 14"),
    "assume_disk": (-1, "must not be negative"),
    "assume_used_percent": (101, "at most 100"),
    "assume_change_percent": (0, "more than 0"),
    "initial_replication_goal": ("0 h", "more than 0"),
    "batch_order": ("random", "smallest"),
    "volumes": ([{"host": "h", "volume": "D:", "free": 1, "machines": []}], "hyper-v"),
    "profile": ("asr-1999", "asr-2024"),
    "limits": ("none", "deployment-planner"),
    "configuration_server_machines": (0, "at least 1"),
    "managed_disks": ("yes", ""),
    "retention": ("one day", "must be a duration"),
    "price_book": ("prices-1999", "prices-2024"),
    "prices": ({"lunch": 1}, "lunch"),
    "size_prices": ({"Standard_D4s_v3": -1}, "at least 0"),
    "discount_percent": (101, "at most 100"),
    "hybrid_benefit": (1, ""),
    "redundancy": ("GRS", "redundancy_factor"),
    "redundancy_factor": (0.5, "at least 1"),
    "drills_per_year": (-1, "at least 0"),
    "drill_days": (120, "more than a year"),
    "always_on": ([3], ""),
    "network_price": (-1, "at least 0"),
    "links_down": (4, "at most 3"),
    "level": (1, "less than 1"),
    "replicates": (1, "at least 20"),
    "seed": (-1, "at least 0"),
    "windows": ([{"name": "w", "opens": 5, "closes": 1}], "after it opens"),
    "freezes": ([{"opens": 1, "closes": 2}], "name"),
}


def test_every_option_has_a_wrong_value_here() -> None:
    assert set(WRONG) == set(PlanOptions.model_fields)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_named(name: str) -> None:
    value, text = WRONG[name]
    with pytest.raises(lf.ScenarioError) as caught:
        PlanOptions(**{name: value})
    shown = str(caught.value)
    assert name in shown or (name == "redundancy" and "redundancy_factor" in shown)
    assert text.lower() in shown.lower(), shown


def test_an_option_that_does_not_exist_gets_a_suggestion() -> None:
    with pytest.raises(lf.ScenarioError, match="growth_percent"):
        PlanOptions(growth_percnt=20)


@pytest.mark.parametrize(
    ("arguments", "where", "text"),
    [
        ({"rpo": "soon"}, "rpo", "must be a duration"),
        ({"rpo": "4 min", "options": lf.planner.PlanOptions()}, "rpo", "processing"),
        ({"rpo": -5}, "rpo", "must not be negative"),
        ({"match": "nearest"}, "by", "name, order"),
        ({"options": plain(overrides=["wbe"])}, "options/overrides", "web"),
        ({"options": plain(always_on=["dc"])}, "options/always_on", "no server"),
        ({"between": ("a", "b")}, "between", "network"),
        ({"network": []}, "network", "holds no link"),
        (
            {"network": [lf.Link(name="w", from_="a", to="b", bandwidth=1e6, latency=0)],
             "between": ("a", "c")}, "between", "no place of the network",
        ),
        (
            {"network": [lf.Link(name="w", from_="a", to="b", bandwidth=1e6, latency=0)],
             "between": ("a", "a")}, "between", "two different places",
        ),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_named(arguments: dict[str, Any], where: str, text: str) -> None:
    inventory, churn = servers(server("web"), server("db")), trace({"web": 1.0, "db": 1.0})
    with pytest.raises(lf.ScenarioError) as caught:
        plan(inventory, churn, **arguments)
    problem = caught.value.problems[0]
    assert problem.pointer == where
    assert text in str(problem)


def test_other_things_than_inventories_and_traces_are_refused() -> None:
    with pytest.raises(lf.ScenarioError, match="must be an inventory"):
        plan("servers.csv")  # type: ignore[arg-type]
    with pytest.raises(lf.ScenarioError, match="must be a trace"):
        plan(servers(server("a")), [1.0])  # type: ignore[arg-type]
    with pytest.raises(lf.ScenarioError, match="no server"):
        plan(servers(server("a", excluded="template")))


def test_names_that_differ_are_listed() -> None:
    with pytest.raises(lf.ScenarioError, match='server "db"'):
        plan(servers(server("web"), server("db")), trace({"web": 1.0, "database": 1.0}))


# --- The command ----------------------------------------------------------------------------------

AZURE = "*Server name,*Cores,*Memory (In MB),*OS name,Disk 1 size (In GB)\n"
CHURN = "t,web,db\n" + "".join(f"{1706745600 + 300 * k},100,{k}\n" for k in range(600))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    inventory, churn = tmp_path / "servers.csv", tmp_path / "churn.csv"
    inventory.write_text(AZURE + "web,2,4096,Ubuntu Linux,64\ndb,4,8192,Windows Server,128\n")
    churn.write_text(CHURN)
    return inventory, churn


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["--rpo", "soon"], ["rpo", "soon"]),
        (["--match", "best"], ["--match", "best", "name", "order"]),
        (["--set", "growth"], ["--set", "growth"]),
        (["--set", "grow=3"], ["grow"]),
        (["--set", "percentile=200"], ["percentile", "200"]),
        (["--bandwidth", "fast"], ["bandwidth", "fast"]),
        (["--assume-disk", "big"], ["assume_disk", "big"]),
        (["--assume-used", "120"], ["assume_used_percent", "120"]),
        (["--assume-change", "-3"], ["assume_change_percent", "-3"]),
        (["--throttle", "noon"], ["--throttle", "noon", "08:00-18:00"]),
        (["--throttle", "mom 08:00-09:00 50 %"], ["--throttle", "mom"]),
        (["--throttle", "08:00-09:00 fast"], ["throttles/0/bandwidth", "fast"]),
        (["--network-bandwidth", "1 Gbit/s"], ["--network-bandwidth", "--network"]),
        (["--network", "nowhere.graphml"], ["nowhere.graphml"]),
        (["--from", "hq"], ["between"]),
        (["--start", "soon"], ["--start", "soon"]),
        (["--end", "2023-01-01"], ["--end", "2023-01-01", "outside the trace"]),
        (["--start", "2024-02-02", "--end", "2024-02-01"], ["no slot"]),
        (["--options", "nowhere.json"], ["nowhere.json"]),
        (["--trace", "nowhere.csv", "--unit", "KiB/s"], ["nowhere.csv"]),
    ],
)
def test_the_command_says_what_is_wrong(
    files: tuple[Path, Path], arguments: list[str], texts: list[str]
) -> None:
    usual = [] if "--trace" in arguments else ["--trace", str(files[1]), "--unit", "KiB/s"]
    done = landfall("plan", files[0], *usual, *arguments)
    assert done.exit_code == 2, done.output
    flat = " ".join(done.output.split())
    for text in texts:
        assert text in flat, done.output


def test_a_bad_cell_is_named_with_its_row(files: tuple[Path, Path]) -> None:
    files[1].write_text(CHURN.replace("1706745900,100", "1706745900,many"))
    done = landfall("plan", files[0], "--trace", files[1], "--unit", "KiB/s")
    assert done.exit_code == 2
    flat = " ".join(done.output.split())
    assert "line 3" in flat
    assert '"web"' in flat
    assert "many" in flat


def test_a_folder_that_holds_something_else_is_left_alone(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    done = landfall("plan", files[0], "--trace", files[1], "--unit", "KiB/s", "--out", out)
    assert done.exit_code == 2
    assert [each.name for each in out.iterdir()] == ["letter.txt"]


def test_the_command_writes_everything_and_prints_json(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    usual = ["--trace", files[1], "--unit", "KiB/s", "--rpo", "20 min"]
    arguments = [*usual, "--throttle", "08:00-18:00 50 %", "--assume-used", "50", "--static"]
    done = landfall("plan", files[0], *arguments, "--out", out)
    assert done.exit_code == 0, done.output
    names = {each.name for each in out.iterdir()}
    assert {"report.html", "plan.json", "scenario.json", "plan.xlsx", "bandwidth.csv"} <= names
    assert not any(each.startswith(".") for each in names)
    saved = json.loads((out / "plan.json").read_text())
    assert {f"{name}.csv" for name in saved["tables"]} <= names
    assert saved["rpo_s"] == 1200
    scenario = lf.load(out / "scenario.json")
    assert scenario.check() == []
    printed = json.loads(landfall("plan", files[0], *arguments, "--json").stdout)
    assert printed["tables"] == saved["tables"]
    # Again, and nothing of the earlier plan stays.
    (out / "cost.csv").write_text("old")
    moved = json.dumps(saved | {"tables": {**saved["tables"], "waves": {}}})
    (out / "plan.json").write_text(moved)
    (out / "waves.csv").write_text("old")
    again = landfall("plan", files[0], *arguments, "--out", out)
    assert again.exit_code == 0
    assert not (out / "waves.csv").exists()
    assert (out / "cost.csv").read_text() != "old"


def test_a_part_of_the_trace_is_planned_and_replayed(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    arguments = ["--trace", files[1], "--unit", "KiB/s", "--start", "2024-02-02", "--static"]
    done = landfall("plan", files[0], *arguments, "--out", out)
    assert done.exit_code == 0, done.output
    moved = out.rename(tmp_path / "moved")
    scenario = lf.load(moved / "scenario.json")
    assert scenario.duration == (600 - 288) * 300
    assert scenario.check() == []


def test_a_name_that_is_a_formula_is_written_as_text(tmp_path: Path) -> None:
    made = plan(servers(server("=1+1")), trace({"=1+1": 1.0}), options=plain())
    trace_file = tmp_path / "t.csv"
    made.scenario(trace_file=trace_file)
    made.save(tmp_path / "out", interactive=False)
    text = (tmp_path / "out" / "compatible.csv").read_text()
    assert "\n'=1+1," in text


def test_a_plan_says_its_bandwidth_in_the_units_of_its_tables() -> None:
    few = plan(servers(server("a")), trace({"a": 0.1}))
    text = formatting.bits(few.bandwidth())
    assert f"{text} for 15 min" in repr(few)
    assert text in few.tables["bandwidth"].block().cells[0][2].text
    night = [{"from": "08:00", "to": "18:00", "share": 0}]
    none = plan(servers(server("a")), trace({"a": 0.1}), options=PlanOptions(throttles=night))
    assert "no bandwidth for 15 min" in repr(none)


def test_numbers_keep_their_units_where_80_columns_have_to_do(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = landfall("plan", files[0], "--trace", files[1], "--unit", "KiB/s")
    assert done.exit_code == 0, done.output
    first = [line for line in done.stdout.splitlines() if line.strip().startswith("15 min")]
    assert len(first) == 2
    assert all(re.search(r"15 min +\d+\.0 % +[\d.]+ [kMG]?bit/s ", line) for line in first)
    assert "violations" in done.stdout
    assert "…" not in done.stdout.split("Servers")[0]
