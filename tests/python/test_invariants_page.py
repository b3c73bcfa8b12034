"""The table of invariants in docs/test-lab.md is what runs are really held against."""

from __future__ import annotations

import re

from python.lab_samples import tiny
from python.run_samples import REPOSITORY

PAGE = REPOSITORY / "docs" / "test-lab.md"


def rows() -> dict[str, list[str]]:
    """Return the other cells of every row that begins with the number of an invariant."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.strip().startswith("|") and re.fullmatch(r"[A-Z]\d+", cells[0]):
            assert cells[0] not in found, f"{cells[0]} stands on the page twice"
            found[cells[0]] = cells[1:]
    return found


def test_every_number_of_the_specification_has_a_row_that_says_who_holds_it() -> None:
    known = rows()
    asked = [f"S{k}" for k in range(1, 35)] + [f"L{k}" for k in range(1, 11)]
    assert [number for number in asked if number not in known] == []
    for number, cells in known.items():
        for other in re.findall(r"\b[SLCPB]\d+\b", " ".join(cells)):
            assert other in known, f"{number} leans on {other}"


def test_the_page_names_all_that_a_run_is_held_against_and_nothing_else() -> None:
    result = tiny(liveness_after="2 h").run(progress=False)
    held = result.tables["oracles"].to_pandas().set_index("oracle")["name"].to_dict()
    known = rows()
    assert sorted(held.keys() - known.keys()) == []
    told = {number: cells[0] for number, cells in known.items() if len(cells) == 3}
    assert {number: name for number, name in told.items() if number in held} == {
        number: name for number, name in held.items() if number in told
    }
    # These two have no oracle of their own, and say so.
    assert sorted(told.keys() - held.keys()) == ["S32", "S9"]


def test_where_an_invariant_is_held_is_a_file_that_is_there() -> None:
    for number, cells in rows().items():
        for name in re.findall(r"`(\w+)`", cells[1] if len(cells) == 3 else ""):
            source = REPOSITORY / "sim" / "lab" / f"{name}.cpp"
            assert f'"{number}"' in source.read_text(), f"{number} is not in {source.name}"
