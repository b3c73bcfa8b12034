"""The JSON Schema: committed and current, and of one mind with the models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import landfall as lf
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from landfall import codes, schema, timeline
from landfall.part import Part
from python.scenario_samples import BAD, Bad, put, small

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "scenarios" / "schema" / "landfall-scenario.schema.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(lf.scenario_schema())


def test_the_committed_schema_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema.schema_text(), (
        "the models moved: landfall schema > scenarios/schema/landfall-scenario.schema.json"
    )


def test_it_is_a_schema_of_both_drafts() -> None:
    Draft202012Validator.check_schema(lf.scenario_schema())
    Draft7Validator.check_schema(lf.scenario_schema())


def test_it_uses_only_what_every_validator_knows() -> None:
    text = schema.schema_text()
    for keyword in (
        '"ge"',
        '"le"',
        '"gt"',
        "prefixItems",
        "unevaluated",
        "dependentSchemas",
        '"if"',
        "$dynamic",
    ):
        assert keyword not in text


def test_it_accepts_what_people_write_and_the_canonical_form(
    validator: Draft202012Validator,
) -> None:
    document = small() | {"$schema": "x"}
    assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors(lf.Scenario.from_dict(document).canonical())) == []
    assert list(Draft7Validator(validator.schema).iter_errors(document)) == []


def test_it_accepts_patches_over_templates(validator: Draft202012Validator) -> None:
    document = small()
    document["machines"][0] |= {"churn": {"rate": "3 MB/s"}, "host": None, "disks": None}
    assert list(validator.iter_errors(document)) == []
    document["machines"][0]["disk"] = []
    assert list(validator.iter_errors(document)) != []


@pytest.mark.parametrize("case", [c for c in BAD if c.by_schema], ids=lambda case: case.id)
def test_it_rejects_what_the_models_reject(validator: Draft202012Validator, case: Bad) -> None:
    assert not validator.is_valid(case.document())


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/duration", "2 d 3 h"),
        ("/duration", "PT15M"),
        ("/duration", 1e6),
        ("/links/0/bandwidth", "1 Gbps"),
        ("/links/0/bandwidth", "25 MB/s"),
        ("/links/0/latency", 0),
        ("/links/0/tcp_window", "4 MiB"),
        ("/links/0/tcp_window", None),
        ("/profile", "asr-2018"),
        ("/profile", {"name": "asr-2024"}),
        ("/machines/1/churn", {"kind": "none"}),
        ("/machines/1/disks/0/churn", None),
        ("/machines/1/disks/0/churn", {"kind": "constant", "rate": 5}),
        ("/machines/1/churn", {"kind": "trace", "file": "x.csv", "column": "y", "unit": "KiB/s"}),
        ("/timeline/0/machines", ["web-1", "d?"]),
        ("/expect/0", {"metric": "data_loss_bytes", "equals": 0, "of": "total"}),
        ("/expect/0", {"metric": "recovery_points", "at_least": 10}),
        ("/templates", {}),
    ],
    ids=str,
)
def test_both_accept(validator: Draft202012Validator, pointer: str, value: Any) -> None:
    document = small()
    if pointer == "/templates":
        document["machines"] = document["machines"][1:]
    put(pointer, value)(document)
    assert list(validator.iter_errors(document)) == []
    lf.Scenario.from_dict(document)


def test_every_key_is_described() -> None:
    definitions = lf.scenario_schema()["$defs"] | {"Scenario": lf.scenario_schema()}
    bare = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


def test_every_part_has_a_docstring_of_its_own() -> None:
    parts = [value for name in lf.__all__ if isinstance(value := getattr(lf, name), type)]
    parts = [part for part in parts if issubclass(part, Part)]
    assert len(parts) > 20
    assert [part for part in parts if not part.__dict__.get("__doc__")] == []


def test_overrides_are_the_fields_of_the_service_profile() -> None:
    header = ROOT / "model" / "profile" / "service_profile.hpp"
    units = dict(re.findall(r'visit\("(\w+)", self\.\w+,\s+"([^"]*)"\)', header.read_text("utf-8")))
    assert set(lf.ProfileOverride.model_fields) == set(units)
    right = {
        "s": "5 min",
        "B": "5 MiB",
        "B/s": "5 MB/s",
        "%": 5,
        "": 5,
        "bool": True,
        "choice": "intent_bit",
    }
    wrong = {
        "s": "5 MiB",
        "B": "5 min",
        "B/s": "5 min",
        "%": "5 min",
        "": "5 min",
        "bool": 5,
        "choice": "ram",
    }
    for name, unit in units.items():
        lf.ProfileOverride(**{name: right[unit]})
        with pytest.raises(lf.ScenarioError):
            lf.ProfileOverride(**{name: wrong[unit]})


def test_the_price_books_are_those_that_there_are_and_their_keys_are_known() -> None:
    prices = lf.scenario_schema()["$defs"]["Prices"]["properties"]
    books = {file.stem: file for file in (ROOT / "model" / "economics").glob("*.json")}
    assert prices["name"]["anyOf"][0]["enum"] == sorted(books)
    keys: set[str] = set()
    for file in books.values():
        keys |= {price["key"] for price in json.loads(file.read_text("utf-8"))["prices"]}
    assert set(prices["override"]["propertyNames"]["enum"]) == keys
    with pytest.raises(lf.ScenarioError, match="licence_to_mars"):
        lf.Prices(override={"licence_to_mars": 1})
    with pytest.raises(lf.ScenarioError):
        lf.Prices(override={"licence_to_azure": -1})


def test_every_price_book_prices_the_premium_disks_of_its_year() -> None:
    for year in ("2018", "2024"):
        profile = json.loads((ROOT / f"model/profile/asr-{year}.json").read_text("utf-8"))
        book = json.loads((ROOT / f"model/economics/prices-{year}.json").read_text("utf-8"))
        tiers = [t["name"].lower() for t in profile["target_disk_tiers"] if t["name"][0] == "P"]
        prices = {price["key"]: price["price"] for price in book["prices"]}
        assert [
            f"premium_disk_{tier}" for tier in tiers if f"premium_disk_{tier}" not in prices
        ] == []
        rising = [prices[f"premium_disk_{tier}"] for tier in tiers]
        assert rising == sorted(rising)


def test_the_profiles_are_those_that_there_are() -> None:
    folder = ROOT / "model" / "profile"
    named = set(lf.scenario_schema()["$defs"]["Profile"]["properties"]["name"]["enum"])
    assert named == {file.stem for file in folder.glob("*.json")}


def test_the_states_are_those_of_the_model() -> None:
    source = (ROOT / "model" / "recovery" / "operation_names.cpp").read_text(encoding="utf-8")
    (names,) = re.findall(r"kStateNames = \{([^}]*)\}", source)
    assert tuple(re.findall(r'"(\w+)"', names)) == timeline.STATES
    assert set(timeline.STATES_BY_WORD.values()) < set(timeline.STATES)
    # Drills and ways back are no states of their own.
    assert set(timeline.STATES_BY_WORD) < set(get_args(timeline.ReachedState))


def test_the_codes_are_those_of_the_simulator() -> None:
    header = (ROOT / "sim" / "scenario" / "problem.hpp").read_text(encoding="utf-8")
    theirs = dict(re.findall(r'string_view k(\w+) =\s*"(\w+)"', header))
    ours = {
        "".join(word.title() for word in name.split("_")): code
        for name, code in vars(codes).items()
        if name.isupper() and name != "TOO_LARGE"
    }
    assert {name: theirs.get(name) for name in ours} == ours
    assert codes.TOO_LARGE not in theirs.values()


def test_the_schema_is_json_without_surprises() -> None:
    assert json.loads(schema.schema_text()) == lf.scenario_schema()
    assert schema.schema_text().isascii()


def test_parts_of_other_rooms_with_the_same_names_do_not_touch_it() -> None:
    from landfall.planner.options import Throttle
    from landfall.waves import Window

    rooms = (Throttle, Window)
    before = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert {room.__name__ for room in rooms} <= set(before["$defs"])
    assert lf.scenario_schema() == before
