"""The gallery: scenarios that come with landfall, each with a paragraph on what it teaches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from .errors import LandfallError

#: Headings of the list, in its order, and how the names under them begin.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Migrations, RPO, failover: questions with an answer", ()),
    (
        "Migrate to Azure with Site Recovery: the guide, step by step",
        ("migrate-", "move-", "failback-"),
    ),
    ("Stories: one kind of scenario each, from nothing to its end, in blocks", ("story-",)),
    ("Engines: a day of replication each, in blocks", ("engine-",)),
)


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
    group
        The heading that it stands under in the list.
    """

    name: str
    title: str
    description: str
    path: Path
    group: str


def _folder(of_checkout: str, of_package: str) -> Path:
    """Return a folder of the checkout that this is, else of the package."""
    installed = Path(str(files(__package__))) / of_package
    checkout = Path(__file__).resolve().parents[2] / "scenarios" / of_checkout
    for place in (checkout, installed):
        if place.is_dir():
            return place
    raise GalleryError(f"the gallery is missing: neither {checkout} nor {installed} is there")


def folder() -> Path:
    """Return the folder of the gallery: of the checkout that this is, else of the package."""
    return _folder("gallery", "_gallery")


def group(name: str) -> str:
    """Return the heading that the scenario `name` stands under in the list."""
    for heading, beginnings in GROUPS:
        if name.startswith(beginnings):
            return heading
    return GROUPS[0][0]


def script(name: str) -> Path:
    """Return the Python script that does what the scenario `name` tells.

    Raises GalleryError where there is none, and says which scenarios have one.
    """
    path(name)
    scripts = {
        file.stem.replace("_", "-"): file for file in _folder("scripts", "_scripts").glob("*.py")
    }
    if name not in scripts:
        has = ", ".join(sorted(scripts))
        raise GalleryError(f'the scenario "{name}" has no script. There are scripts of: {has}')
    return scripts[name]


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
        title = description.partition("\n")[0]
        found.append(Entry(name, title, description, file, group(name)))
    return found
