"""The gallery: scenarios that come with landfall, each with a paragraph on what it teaches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from .errors import LandfallError


class GalleryError(LandfallError, LookupError):
    """The gallery has no scenario of this name, or is not there at all."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario of the gallery.

    Attributes
    ----------
    name
        What ``landfall run gallery:NAME`` takes.
    title
        First line of its description.
    description
        What it teaches.
    path
        Its file.
    """

    name: str
    title: str
    description: str
    path: Path


def folder() -> Path:
    """Return the folder of the gallery: of the checkout that this is, else of the package."""
    installed = Path(str(files(__package__))) / "_gallery"
    checkout = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
    for place in (checkout, installed):
        if place.is_dir():
            return place
    raise GalleryError(f"the gallery is missing: neither {checkout} nor {installed} is there")


def names() -> list[str]:
    """Return the names of the scenarios, sorted."""
    return sorted(file.stem for file in folder().glob("*.json"))


def path(name: str) -> Path:
    """Return the file of the scenario `name`. Raises GalleryError, with the nearest name."""
    known = names()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise GalleryError(
            f'the gallery has no scenario "{name}". {hint}There are: {", ".join(known) or "none"}'
        )
    return folder() / f"{name}.json"


def entries() -> list[Entry]:
    """Return all scenarios of the gallery with what they teach."""
    found = []
    for name in names():
        file = path(name)
        data = json.loads(file.read_text(encoding="utf-8"))
        description = str(data.get("description", "")).strip()
        found.append(Entry(name, description.partition("\n")[0], description, file))
    return found
