"""Machine templates: merges them under the machines, and tells where a merged value stands.

A machine entry is a JSON merge patch (RFC 7396) over its template: objects merge key by key, lists
and everything else replace, and null takes a key of the template away.
"""

from __future__ import annotations

import difflib
from typing import Any

from . import codes, pointers
from .document import show
from .errors import Problem


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with `patch` applied, after RFC 7396. Neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def expand(data: dict[str, Any]) -> dict[str, Any]:
    """Return the scenario `data` with its templates merged into the machines and left out.

    What is wrong about templates is let through, for `template_problems` to tell.
    """
    templates, machines = data.get("templates"), data.get("machines")
    if not isinstance(templates, dict) or not isinstance(machines, list | tuple):
        return data
    return {**data, "templates": {}, "machines": [expand_machine(m, templates) for m in machines]}


def expand_machine(entry: Any, templates: dict[str, Any]) -> Any:
    """Return a machine `entry` merged over its template, or unchanged when it names none."""
    template = _template_of(entry, templates)
    if template is None:
        return entry
    return {**merge_patch(template, entry), "template": None}


def template_problems(data: dict[str, Any]) -> list[Problem]:
    """Return what is wrong about the templates themselves and the references to them."""
    templates = data.get("templates", {})
    if not isinstance(templates, dict):
        return []  # the type of the key is judged with all others
    problems = []
    for name, template in templates.items():
        place = pointers.join(("templates", name))
        if not isinstance(template, dict):
            problems.append(Problem(codes.WRONG_TYPE, place, show(template), "must be an object"))
        elif template.get("template") is not None:
            message = "a template cannot stand on another template"
            found = show(template["template"])
            problems.append(Problem(codes.UNKNOWN_KEY, f"{place}/template", found, message))
    machines = data.get("machines")
    for index, entry in enumerate(machines if isinstance(machines, list | tuple) else ()):
        name = entry.get("template") if isinstance(entry, dict) else None
        if isinstance(name, str) and name not in templates:
            near = difflib.get_close_matches(name, templates, n=1)
            problems.append(
                Problem(
                    codes.UNKNOWN_NAME,
                    f"/machines/{index}/template",
                    show(name),
                    "no such template",
                    tuple(templates)[:20],
                    near[0] if near else None,
                )
            )
    return problems


def stands_at(data: dict[str, Any], pointer: str) -> str:
    """Return where in `data` the value stands that `pointer` names in ``expand(data)``."""
    tokens = pointers.split(pointer)
    if len(tokens) < 3 or tokens[0] != "machines":
        return pointer
    there, entry = pointers.find(data, tokens[:2])
    templates = data.get("templates")
    template = _template_of(entry, templates) if isinstance(templates, dict) else None
    if not there or template is None:
        return pointer
    patch: Any = entry
    under: Any = template
    for token in tokens[2:]:
        patch_has, patch_value = pointers.find(patch, [token])
        under_has, under_value = pointers.find(under, [token])
        if not patch_has:
            from_template = ("templates", entry["template"], *tokens[2:])
            return pointers.join(from_template) if under_has else pointer
        if not (isinstance(patch_value, dict) and isinstance(under_value, dict)):
            return pointer
        patch, under = patch_value, under_value
    return pointer


def lacks_template(data: dict[str, Any], pointer: str) -> bool:
    """Whether `pointer` is in a machine entry whose template cannot be merged."""
    tokens = pointers.split(pointer)
    _, entry = pointers.find(data, tokens[:2]) if tokens[:1] == ["machines"] else (False, None)
    if not isinstance(entry, dict) or entry.get("template") is None:
        return False
    templates = data.get("templates", {})
    return not isinstance(templates, dict) or _template_of(entry, templates) is None


def _template_of(entry: Any, templates: dict[str, Any]) -> dict[str, Any] | None:
    name = entry.get("template") if isinstance(entry, dict) else None
    template = templates.get(name) if isinstance(name, str) else None
    return template if isinstance(template, dict) else None
