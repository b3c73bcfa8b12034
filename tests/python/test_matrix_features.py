"""Every cell of the support matrix that is no operation is used: it works, or is refused.

The cells that are operations are carried out by ``tests/unit/conformance_test.cpp``. Together they
leave no row of the matrix out.
"""

from __future__ import annotations

from typing import Any

import landfall as lf
import pytest
from landfall import _model, support
from python import matrix_uses as uses

CELLS = [
    (profile, row["feature"], kind)
    for profile in support.PROFILES
    for row in _model.support_matrix(profile)["rows"]
    if row["feature"] in uses.USES
    for kind in _model.support_matrix(profile)["kinds"]
]


def cell_of(profile: str, feature: str, kind: str) -> dict[str, Any]:
    """Return the matrix's cell."""
    matrix = _model.support_matrix(profile)
    (row,) = (row for row in matrix["rows"] if row["feature"] == feature)
    cell: dict[str, Any] = row["cells"][matrix["kinds"].index(kind)]
    return cell


def test_every_row_is_an_operation_or_is_used_here() -> None:
    for profile in support.PROFILES:
        for row in _model.support_matrix(profile)["rows"]:
            used = row["feature"] in uses.USES or row["feature"] in uses.WITHOUT_USE
            assert used or row["operations"], row["feature"]


@pytest.mark.parametrize(("profile", "feature", "kind"), CELLS)
def test_a_cell_is_as_the_matrix_says(profile: str, feature: str, kind: str) -> None:
    if (feature, kind) in uses.ELSEWHERE:
        pytest.skip(uses.ELSEWHERE[feature, kind])
    use = uses.USES[feature]
    made = uses.document(kind, profile)
    use.change(made, kind)
    supported = cell_of(profile, feature, kind)["support"] == "yes"
    if not supported and use.pointer == "refused":
        made["timeline"][-1]["refused"] = True
    try:
        scenario = lf.Scenario.build(made)
        problems = scenario.check()
    except lf.ScenarioError as error:
        problems = error.problems
    told = [(problem.pointer, problem.message) for problem in problems]
    if supported:
        assert not told
        assert use.shows(scenario.run(progress=False), kind)
    elif told:  # where there is no way back at all, the first step of it is refused
        places = [use.pointer, "/timeline/3/do", "/timeline/4/do", "/machines/0/target"]
        assert all(any(place and place in pointer for place in places) for pointer, _ in told), told
    else:
        assert use.pointer in ("", "refused")
        assert not use.shows(scenario.run(progress=False), kind)
