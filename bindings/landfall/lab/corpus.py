"""Failures that were made small: ordinary scenario files, kept and run first.

A file of the corpus is a scenario with one more key, ``lab``, which says what fails in it, with
which seed, and who found it. A run takes no notice of that key, so ``landfall run`` replays it as
``landfall replay`` does. It lies in ``CORPUS/<invariant>/<hash>.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import codes
from .._version import version
from ..errors import Problem, ScenarioError
from .codes import CASE_VERSION

if TYPE_CHECKING:
    from ..scenario import Scenario
    from .verdicts import Violation

__all__ = ["FORMAT", "Corpus", "Kept", "read"]

#: Version of the key ``lab``.
FORMAT = 1


@dataclass(frozen=True)
class Kept:
    """A failure of the corpus.

    Attributes
    ----------
    path
        Its file.
    scenario
        The scenario.
    invariant
        What failed in it when it was found.
    seed
        Seed to run it with.
    text
        What was found then.
    settled_s
        Simulated second by which every job that was started had to come to its end.
    """

    path: Path
    scenario: Scenario
    invariant: str
    seed: int
    text: str
    settled_s: float | None = None


def read(path: Path) -> Kept:
    """Read a file of the corpus.

    Raises
    ------
    ScenarioError
        It is no scenario, not a file of the lab, or of another version of it.
    """
    from ..scenario import load

    _check_version(path)
    scenario = load(path)
    about = scenario.lab
    if about is None:
        message = 'is required: the file is a scenario, but no failure that the lab kept; use "run"'
        raise ScenarioError([Problem(codes.MISSING_KEY, "/lab", None, message)], source=str(path))
    settled_s = None if about.settled is None else float(about.settled)
    return Kept(path, scenario, about.invariant, about.seed, about.text, settled_s)


def _check_version(path: Path) -> None:
    """Refuse a file of another version before all else: it may have any keys."""
    from .. import document

    about = document.read(path).data.get("lab")
    if not isinstance(about, dict):
        return
    found = about.get("version", 0)
    if found != FORMAT:
        age = "an older" if isinstance(found, int) and found < FORMAT else "another"
        message = (
            f"is of {age} version of the lab's files, and this landfall reads version {FORMAT}: "
            "find the failure again with `landfall lab`, or replay it with the landfall that "
            f"wrote it ({about.get('landfall', 'unknown')})"
        )
        problem = Problem(CASE_VERSION, "/lab/version", str(found), message)
        raise ScenarioError([problem], source=str(path))


class Corpus:
    """A folder of failures.

    Parameters
    ----------
    folder
        Where they lie; it is made when the first one is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[Kept]:
        """Yield all failures, in the order of their names."""
        for path in sorted(self.folder.glob("*/*.json")):
            yield read(path)

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*/*.json"))

    def add(
        self,
        plain: dict[str, Any],
        violation: Violation,
        *,
        seed: int,
        found_by: str,
        settled_s: float | None = None,
    ) -> Path:
        """Write a failure; one that is there already stays as it is. Returns its file."""
        name = re.sub(r"[^\w.-]+", "-", violation.invariant)
        content = json.dumps([plain, seed], sort_keys=True)
        key = hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
        path = self.folder / name / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            about = _about(violation, seed, found_by, settled_s)
            path.write_text(case_text(plain, about), "utf-8")
        return path


def _about(
    violation: Violation, seed: int, found_by: str, settled_s: float | None
) -> dict[str, Any]:
    about = {
        "version": FORMAT,
        "invariant": violation.invariant,
        "kind": violation.kind,
        "seed": seed,
        "text": violation.text,
        "found_by": found_by,
        "landfall": version(),
    }
    return about if settled_s is None else {**about, "settled": settled_s}


def case_text(plain: dict[str, Any], about: dict[str, Any]) -> str:
    """Return the text of a file of the corpus."""
    ordered = {key: plain[key] for key in ("version", "name", "description") if key in plain}
    return json.dumps({**ordered, "lab": about, **plain}, indent=2, ensure_ascii=False) + "\n"
