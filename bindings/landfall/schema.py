"""The JSON Schema of scenario files, made from the models.

It accepts what people write and the canonical form, and uses only keywords that every validator
knows (draft 7 with ``$defs``). ``scenarios/schema/landfall-scenario.schema.json`` is this schema,
committed; a test tells when it is out of date.
"""

from __future__ import annotations

import copy
import json
from typing import Any, get_args

from .part import Part
from .quantities import SCHEMA_NAME
from .scenario import Scenario

_NOISE = ("title", "discriminator")
_NULL = {"type": "null"}
_CHURN_KINDS = (
    "NoChurn",
    "ConstantChurn",
    "DiurnalChurn",
    "TraceChurn",
    "BlockChurn",
    "BlockTraceChurn",
)


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file."""
    schema = _without_noise(Scenario.model_json_schema(by_alias=True, mode="validation"))
    definitions = schema["$defs"]
    _describe(schema, Scenario)
    for part in _parts(Scenario):
        if part.__name__ in definitions:
            _describe(definitions[part.__name__], part)
    for kind in _CHURN_KINDS:
        # pydantic selects by it, so it has no default in a file.
        definitions[kind]["required"] = ["kind", *definitions[kind].get("required", [])]
        definitions[kind]["properties"]["kind"].pop("default")
    whole = definitions.pop("Machine")
    parts = {key: value for key, value in whole["properties"].items() if key != "template"}
    definitions["Machine"] = {
        "description": whole["description"],
        "anyOf": [{"$ref": "#/$defs/WholeMachine"}, {"$ref": "#/$defs/MachineOfTemplate"}],
    }
    whole["description"] = "A machine entry without a template."
    whole["properties"]["template"] = _NULL | {"description": "No template."}
    definitions["WholeMachine"] = whole
    definitions["MachineOfTemplate"] = {
        "description": "A machine entry merged over a template, which may give any other key.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "template"],
        "properties": {
            "template": {"type": "string", "description": "Name of the template."},
            **_all_optional(parts, definitions),
            "name": parts["name"],
        },
    }
    definitions["Template"] = {
        "description": "Keys that machine entries share.",
        "type": "object",
        "additionalProperties": False,
        "properties": _all_optional(parts, definitions),
    }
    schema["properties"]["templates"]["additionalProperties"] = {"$ref": "#/$defs/Template"}
    quantities: dict[str, Any] = {}
    schema = _with_references(schema, quantities)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "landfall scenario, version 1",
        **schema,
        "$defs": dict(sorted((schema["$defs"] | quantities).items())),
    }


def schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(scenario_schema(), indent=2) + "\n"


def _parts(whole: type[Part]) -> set[type[Part]]:
    """Return all parts that a part is made of, at any depth."""
    found: set[type[Part]] = set()
    waiting: list[Any] = [field.annotation for field in whole.model_fields.values()]
    while waiting:
        each = waiting.pop()
        waiting += get_args(each)
        if isinstance(each, type) and issubclass(each, Part) and each not in found:
            found.add(each)
            for field in each.model_fields.values():
                waiting += [field.annotation, *field.metadata]
    return found


def _describe(definition: dict[str, Any], part: type[Part]) -> None:
    """Give the keys of `part` their descriptions; pydantic drops those beside a reference."""
    for name, field in part.model_fields.items():
        key = str(field.alias or name)
        definition["properties"][key].setdefault("description", field.description)


def _all_optional(properties: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return `properties` as those of a merge patch: null removes, a workload may be in part."""
    patch: dict[str, Any] = {}
    for key, value in properties.items():
        arms = copy.deepcopy(value.get("anyOf", value.get("oneOf", [_bare(value)])))
        if key == "churn":
            arms = [_any_churn(definitions)]
        if _NULL not in arms:
            arms.append(dict(_NULL))
        patch[key] = {"anyOf": arms, "description": value.get("description", "")}
    return patch


def _any_churn(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a part of a workload: any keys of any one kind."""
    arms = [
        {
            "type": "object",
            "additionalProperties": False,
            "properties": definitions[kind]["properties"],
        }
        for kind in _CHURN_KINDS
    ]
    return {"anyOf": copy.deepcopy(arms)}


def _with_references(node: Any, quantities: dict[str, Any]) -> Any:
    """Return a schema with references to quantities, which are put into `quantities`."""
    if isinstance(node, list):
        return [_with_references(item, quantities) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_references(value, quantities) for key, value in node.items()}
    if isinstance(name := made.pop(SCHEMA_NAME, None), str):
        quantities[name] = {"anyOf": made.pop("anyOf")}
        made = {"$ref": f"#/$defs/{name}", **made}
    return made


def _bare(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in ("default", "description")}


def _without_noise(node: Any, *, names: bool = False) -> Any:
    """Return a schema without generated titles; the keys of `names` mappings are left alone."""
    if isinstance(node, list):
        return [_without_noise(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_noise(value, names=not names and key in ("properties", "$defs"))
        for key, value in node.items()
        if names or key not in _NOISE
    }
