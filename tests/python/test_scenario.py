"""Scenarios: reading, templates, problems, changes, hash, display."""

from __future__ import annotations

import gzip
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from python.scenario_samples import BAD, Bad, put, small


def problems_of(document: dict[str, Any]) -> list[lf.Problem]:
    with pytest.raises(lf.ScenarioError) as caught:
        lf.Scenario.from_dict(document)
    return caught.value.problems


# --- Reading -------------------------------------------------------------------------------------


def test_a_scenario_file_loads_and_its_quantities_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(small()))
    scenario = lf.load(file)
    assert scenario.links[0].bandwidth == 200_000_000
    assert scenario.links[0].throttles[0].from_ == 8 * 3600
    assert scenario.machines[1].disks[1].used == 500_000_000_000
    assert scenario.timeline[1].delay == 3600
    assert scenario.expect[0].at_most == 900
    assert scenario.profile.override.hydration_time == 300
    assert (scenario.machine_count, scenario.disk_count) == (3, 4)
    assert scenario.title == "Two web servers and a database move."


def test_the_canonical_form_has_every_key_and_only_numbers_for_quantities() -> None:
    canonical = lf.Scenario.from_dict(small()).canonical()
    assert canonical["process_servers"][0] == {
        "name": "ps",
        "site": "dc",
        "host": None,
        "storage_account": "cache",
        "master_target": None,
        "cores": 8,
        "cache": 600 * 2**30,
        "cache_rate": 400_000_000,
        "compression_ratio": 1,
    }
    assert canonical["links"][0]["throttles"] == [
        {"from": 28_800, "to": 64_800, "bandwidth": 50_000_000}
    ]
    assert canonical["templates"] == {}
    assert canonical["machines"][0]["template"] is None
    assert canonical["machines"][0]["churn"] == {"kind": "constant", "rate": 1_000_000}
    assert canonical["profile"] == {"name": "asr-2024", "override": {"hydration_time": 300}}
    assert canonical["timeline"][0]["machines"] == "all"
    assert canonical["timeline"][1]["machines"] == ["web*"]
    assert "$schema" not in canonical


def test_a_scenario_built_of_objects_equals_the_one_of_the_file() -> None:
    document = small()
    scenario = lf.Scenario.from_dict(document)
    disk = lf.Disk(name="os", size="64 GiB", used=20 * 2**30)
    shared: dict[str, Any] = {"site": "dc", "process_server": "ps", "policy": "daily"}
    built = lf.Scenario(
        name="small",
        description=document["description"],
        profile=lf.Profile(override=lf.ProfileOverride(hydration_time=300)),
        sites=[lf.Site(name="dc", hosts=[lf.Host(name="esx-1")])],
        regions=[lf.Region(name="westeurope", storage_accounts=[lf.StorageAccount(name="cache")])],
        links=[
            lf.Link(
                name="wan",
                from_="dc",
                to="westeurope",
                bandwidth="200 Mbit/s",
                latency="10 ms",
                throttles=[lf.Throttle(from_="08:00", to="18:00", bandwidth="50 Mbit/s")],
                outages=[lf.Outage(at="1 d", lasts="30 min")],
            )
        ],
        vault=lf.Vault(name="vault", region="westeurope"),
        process_servers=[lf.ProcessServer(name="ps", site="dc", storage_account="cache")],
        policies=[lf.Policy(name="daily")],
        machines=[
            lf.Machine(
                name="web", count=2, churn=lf.ConstantChurn(rate="1 MB/s"), disks=[disk], **shared
            ),
            lf.Machine(
                name="db",
                churn=lf.DiurnalChurn(mean="2 MB/s", amplitude=0.5),
                disks=[
                    disk,
                    lf.Disk(name="data", size="1 TiB", used="500 GB", target="premium_ssd"),
                ],
                **shared,
            ),
        ],
        timeline=[
            lf.Step(at=0, do="enable_replication"),
            lf.Step(when=lf.When(state="protected"), delay="1 h", do="failover", machines=["web*"]),
        ],
        expect=[
            lf.Expectation(metric="rpo_s_p95", at_most=900),
            lf.Expectation(metric="state", equals="MigrationComplete", machines="db"),
            lf.Expectation(metric="wan_bytes", of="total", at_most=10**12),
        ],
    )
    assert built == scenario
    assert built.hash == scenario.hash


def test_parts_built_in_code_fail_as_files_do() -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        lf.Disk(name="os", size="5 min", used=-1)
    assert [(p.code, p.pointer) for p in caught.value.problems] == [
        ("SCN003", "/size"),
        ("SCN007", "/used"),
    ]


def test_numbers_of_numpy_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    disk = lf.Disk(name="os", size=np.int64(2**30), used=np.float64(2**29), churn_share=np.int32(2))
    assert (disk.size, disk.used, disk.churn_share) == (2**30, 2**29, 2)
    assert type(disk.size) is int


def test_machine_groups_know_the_names_of_their_machines() -> None:
    scenario = lf.Scenario.from_dict(small()).with_({"/machines/0/count": 12})
    names = scenario.machines[0].names()
    assert (names[0], names[8], names[-1]) == ("web-01", "web-09", "web-12")
    assert scenario.machines[1].names() == ["db"]


def test_trace_files_start_from_the_folder_of_the_scenario(tmp_path: Path) -> None:
    document = small()
    document["machines"][1]["churn"] = {"kind": "trace", "file": "../t/w.csv", "column": "{name}"}
    (tmp_path / "s").mkdir()
    file = tmp_path / "s" / "small.json"
    file.write_text(json.dumps(document))
    scenario = lf.load(file)
    assert scenario.canonical()["machines"][1]["churn"]["file"] == str(tmp_path / "t" / "w.csv")
    again = lf.Scenario.from_json(scenario.to_json(), folder="/elsewhere")
    assert again == scenario


# --- What a file can hold that is no scenario ----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" ", "is not JSON: line 1, column 2"),
        (b'{\n "name": "x",\n}', "is not JSON: line 3, column 1"),
        (b"[]", "must hold one JSON object, not a list"),
        (b'"x"', "must hold one JSON object, not a text"),
        (b'{"name": "\xff"}', "is not UTF-8 text (line 1, byte 10)"),
        (b'{"duration": NaN}', "NaN is no JSON number"),
        (b'{"duration": 1' + b"0" * 5000 + b"}", "is not JSON that can be read"),
        (b"[" * 100_000, "is nested deeper than"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "is nested deeper than 64 levels"),
        (b'{"a": [{"b": 1, "b": 2}]}', "this key is given more than once"),
    ],
    ids=[
        "empty",
        "blank",
        "comma",
        "list",
        "text",
        "latin",
        "nan",
        "digits",
        "bottomless",
        "deep",
        "twice",
    ],
)
def test_a_file_that_is_no_scenario_is_a_problem(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    with pytest.raises(lf.ScenarioError) as caught:
        lf.load(file)
    (problem,) = caught.value.problems
    assert problem.code == "SCN001"
    assert says in problem.message
    assert str(file) in str(caught.value)


def test_repeated_keys_are_told_with_their_pointer() -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        lf.Scenario.from_json('{"a": [{"b": 1, "b": 2, "c": 3}], "d": 1, "d": 2, "d": 3}')
    assert [p.pointer for p in caught.value.problems] == ["/a/0/b", "/d"]


def test_missing_files_folders_and_devices_are_problems(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path / "none.json", "no such file"),
        (tmp_path, "is a folder"),
        (Path("/dev/zero"), "is not a regular file"),
        (Path("bad\0name"), "cannot be read"),
    ):
        with pytest.raises(lf.ScenarioError) as caught:
            lf.load(path)
        assert says in caught.value.problems[0].message


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("wb") as stream:
        stream.truncate(65 * 2**20)
    with pytest.raises(lf.ScenarioError, match="larger than 64 MiB"):
        lf.load(file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "bom.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(small()).encode())
    assert lf.load(file).name == "small"


def test_surrogates_and_control_characters_do_not_reach_the_terminal() -> None:
    text = '{"\\ud800\\u001b[31m": 1, "name": "\\udfff", "\\u001b[0m": "\\u001b[0m"}'
    with pytest.raises(lf.ScenarioError) as caught:
        lf.Scenario.from_json(text)
    found = [problem.pointer + str(problem.found) for problem in caught.value.problems]
    assert len(found) == 2
    for shown in found:
        assert shown.isprintable()
        shown.encode()
    (problem,) = problems_of(small() | {"name": "\ud800"})
    assert problem.found == '"\\ud800"'


# --- Problems ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_a_wrong_value_is_told_with_pointer_code_found_and_nearest(case: Bad) -> None:
    problems = problems_of(case.document())
    matching = [p for p in problems if (p.code, p.pointer) == (case.code, case.pointer)]
    assert len(matching) == 1, problems
    assert len(problems) == 1, problems
    (problem,) = matching
    if case.found is not None:
        assert problem.found == case.found
    assert case.says in problem.message
    if case.nearest is not None:
        assert problem.nearest == case.nearest
        assert case.nearest in problem.allowed


def test_all_problems_are_told_at_once() -> None:
    document = small()
    document["name"] = ""
    document["links"][0]["bandwidth"] = "5 s"
    document["machines"][1]["disks"][0]["size"] = -1
    document["machines"][0]["cuont"] = 3
    document["templates"]["server"]["disks"][0]["used"] = True
    assert {p.pointer for p in problems_of(document)} == {
        "/name",
        "/links/0/bandwidth",
        "/machines/1/disks/0/size",
        "/machines/0/cuont",
        "/templates/server/disks/0/used",
    }


def test_a_problem_of_a_template_is_told_once_and_where_it_stands() -> None:
    document = small()
    document["templates"]["server"]["churn"]["rate"] = "5 GiB"
    document["machines"] += [
        {"name": f"web-{k}", "template": "server", "churn": {"rat": 1}} for k in ("a", "b")
    ]
    pointers_told = [p.pointer for p in problems_of(document)]
    assert sorted(pointers_told) == [
        "/machines/2/churn/rat",
        "/machines/3/churn/rat",
        "/templates/server/churn/rate",
    ]


def test_templates_on_templates_are_refused() -> None:
    document = small()
    document["templates"]["server"]["template"] = "other"
    (problem,) = problems_of(document)
    assert problem.pointer == "/templates/server/template"


def test_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    document = small()
    put("/machines/1/disks/0/size", "5 min")(document)
    put("/sites/0/hosts/0/nic", "fast")(document)
    put("/expect/0/at_most", [])(document)
    turned = {key: document[key] for key in reversed(document)}
    file = tmp_path / "turned.json"
    file.write_text(json.dumps(turned, indent=1))
    with pytest.raises(lf.ScenarioError) as caught:
        lf.load(file)
    assert [p.pointer for p in caught.value.problems] == [
        "/expect/0/at_most",
        "/machines/1/disks/0/size",
        "/sites/0/hosts/0/nic",
    ]


# --- Templates -----------------------------------------------------------------------------------


def test_a_machine_entry_is_a_merge_patch_over_its_template() -> None:
    document = small()
    document["templates"]["server"]["host"] = "esx-1"
    document["machines"][0] |= {"churn": {"rate": "3 MB/s"}, "host": None, "os": "linux"}
    web = lf.Scenario.from_dict(document).machines[0]
    assert isinstance(web.churn, lf.ConstantChurn)
    assert web.churn.rate == 3_000_000
    assert web.host is None
    assert web.os == "linux"
    assert web.disks[0].used == 20 * 2**30


def test_templates_work_in_code_too() -> None:
    document = small()
    assert lf.Scenario(**document) == lf.Scenario.from_dict(document)
    assert lf.Scenario.model_validate(document) == lf.Scenario.from_dict(document)


# --- Changes -------------------------------------------------------------------------------------


@pytest.fixture
def scenario() -> lf.Scenario:
    return lf.Scenario.from_dict(small())


def test_with_changes_a_copy(scenario: lf.Scenario) -> None:
    before = scenario.to_json()
    wider = scenario.with_({"/links/0/bandwidth": "1 Gbit/s"}, name="wider")
    assert (wider.links[0].bandwidth, wider.name) == (10**9, "wider")
    assert scenario.to_json() == before
    assert wider.hash != scenario.hash


def test_with_reaches_into_templates_and_what_they_gave(scenario: lf.Scenario) -> None:
    shared = scenario.with_({"/templates/server/disks/0/size": "100 GiB"})
    assert shared.machines[0].disks[0].size == 100 * 2**30
    own = scenario.with_(
        {"/machines/0/disks/0/used": "1 GiB", "/templates/server/disks/0/size": "100 GiB"}
    )
    assert (own.machines[0].disks[0].size, own.machines[0].disks[0].used) == (100 * 2**30, 2**30)
    assert scenario.with_({"/machines/0/churn/rate": 7}).machines[0].churn == lf.ConstantChurn(
        rate=7
    )


def test_with_makes_objects_on_the_way_and_takes_objects(scenario: lf.Scenario) -> None:
    changed = scenario.with_(
        {
            "/network/bandwidth_factor": 0.9,
            "/profile": "asr-2018",
            "/profile/override/commit_time": "3 min",
            "/machines/1": scenario.machines[0],
        },
        policies=[lf.Policy(name="daily", retention="3 d")],
    )
    assert changed.network.bandwidth_factor == 0.9
    assert changed.profile == lf.Profile(
        name="asr-2018", override=lf.ProfileOverride(commit_time=180)
    )
    assert changed.machines[1] == scenario.machines[0]
    assert changed.policies[0].retention == 3 * 86_400


def test_with_refuses_pointers_that_lead_nowhere(scenario: lf.Scenario) -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        scenario.with_({"/links/1/bandwidth": 1, "links": 2, "/name/x": 3, "": 4, "/links/-/x": 5})
    assert {p.pointer for p in caught.value.problems} == {
        "/links/1/bandwidth", "links", "/name/x", "", "/links/-/x",
    }  # fmt: skip
    assert "has 1 entry" in str(caught.value)


def test_with_appends_at_a_dash(scenario: lf.Scenario) -> None:
    links = scenario.canonical()["links"]
    wider = scenario.with_({"/links/-": links[0] | {"name": "second"}})
    assert [link.name for link in wider.links] == [links[0]["name"], "second"]
    assert len(scenario.links) == 1


def test_with_checks_what_it_makes(scenario: lf.Scenario) -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        scenario.with_({"/machines/0/cuont": 5})
    assert caught.value.problems[0].nearest == "count"


def test_a_scenario_is_frozen(scenario: lf.Scenario) -> None:
    with pytest.raises(ValueError, match="frozen"):
        scenario.name = "other"
    assert isinstance(scenario.machines, tuple)


# --- Hash, copies, display -----------------------------------------------------------------------


def test_the_hash_depends_on_meaning_not_on_spelling(scenario: lf.Scenario) -> None:
    respelled = small()
    respelled["links"][0] |= {"bandwidth": 2e8, "latency": "0.01 s"}
    respelled["expect"][0]["at_most"] = "PT15M"
    respelled["$schema"] = "../landfall-scenario.schema.json"
    turned = {key: respelled[key] for key in reversed(respelled)}
    assert lf.Scenario.from_dict(turned).hash == scenario.hash
    assert len(scenario.hash) == 64


def test_the_hash_depends_on_the_contents_of_traces_not_on_their_place(tmp_path: Path) -> None:
    hashes = []
    for folder, rate in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        trace = tmp_path / folder / "trace.csv.gz"
        trace.write_bytes(gzip.compress(f"t,db\n0,{rate}\n".encode(), mtime=0))
        document = small()
        document["machines"][1]["churn"] = {"kind": "trace", "file": trace.name, "column": "db"}
        hashes.append(lf.Scenario.from_dict(document, folder=tmp_path / folder).hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_copies_and_pickles_are_equal_and_hash_anew(scenario: lf.Scenario) -> None:
    assert len(scenario.hash) == 64
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert scenario.model_copy(update={"name": "other"}).hash != scenario.hash
    assert len({scenario, lf.Scenario.from_dict(small())}) == 1


def test_repr_is_short_and_html_is_escaped(scenario: lf.Scenario) -> None:
    assert repr(scenario) == (
        "<Scenario 'small': 3 machines, 4 disks, asr-2024; next: .check(), .run()>"
    )
    nasty = scenario.with_(name="<script>alert(1)</script>", description="<b>&")
    html = nasty._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_recursion_of_python_is_not_reached() -> None:
    depth = sys.getrecursionlimit() * 2
    nested: Any = 1
    for _ in range(depth):
        nested = [nested]
    with pytest.raises(lf.ScenarioError, match="nested deeper"):
        lf.Scenario.from_dict(small() | {"name": nested})
