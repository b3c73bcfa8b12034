"""A page as one self-contained HTML file.

It works from ``file://`` and asks for nothing: the policy in it (``default-src 'none'``) lets run
only the script and the style that it carries, by their hashes. Data stands in JSON blocks with
``<`` escaped. Every chart is there as a static picture; where Plotly is installed its script is
carried along and puts an interactive one in its place, on screens only.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..writing import whole_file
from .blocks import ChartBlock, Section
from .chart import Chart
from .chart_plotly import plotly_figure
from .chart_static import chart_svg

__all__ = ["Page", "plotly_script"]

#: Plotly puts an empty style element into the page before it adds rules to it by script. This is
#: the hash of the empty text: it allows that, and no style that says anything.
_NO_STYLE = ""


@dataclass(frozen=True)
class Page:
    """A page made of sections.

    Attributes
    ----------
    title
        Its heading, and the title of the window.
    sections
        Its parts, in order; the page has a list of them at its top.
    subtitle
        A line under the heading.
    facts
        Short facts under that, by name.
    interactive
        Whether charts become interactive where Plotly is installed.
    """

    title: str
    sections: Sequence[Section]
    subtitle: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    interactive: bool = True

    def html(self) -> str:
        """Return the file. The same page gives the same text."""
        style = Markup(_asset("page.css"))
        library = plotly_script() if self.interactive else None
        shown = [section for section in self.sections if section.is_shown]
        charts = [
            block.chart
            for section in shown
            for block in section.blocks
            if isinstance(block, ChartBlock)
        ]
        scripts = [Markup(_asset("page.js"))]
        if library and charts:
            scripts = [Markup(_asset("before_plotly.js")), Markup(library), *scripts]
        # Whoever is not needed is not made: figures of Plotly only where its script is.
        data = [_script_json(plotly_figure(chart)) for chart in charts] if library else []
        return (
            _environment()
            .get_template("page.html.j2")
            .render(
                page=self,
                id=id,
                sections=shown,
                style=style,
                scripts=scripts,
                policy=_policy(scripts, [style, _NO_STYLE]),
                pictures={id(chart): _picture(chart) for chart in charts},
                numbers={id(chart): number for number, chart in enumerate(charts)},
                data=data,
            )
        )

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the file, wholly or not at all, and return its path."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as file:
            file.write_text(self.html(), encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        # A page has a policy and anchors of its own: in a notebook it gets a frame of its own.
        inner = Markup.escape(self.html())
        return f'<iframe srcdoc="{inner}" width="100%" height="720"></iframe>'


def plotly_script() -> str | None:
    """Return Plotly's script from its own package, or None where that is not installed."""
    found = importlib.util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        return None
    for folder in found.submodule_search_locations:
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            # Nothing in a script element may look like its end.
            return path.read_text(encoding="utf-8").replace("</script", "<\\/script")
    return None


def _picture(chart: Chart) -> str:
    """Return the static picture as a data address: as an image it can do nothing but be seen."""
    encoded = base64.b64encode(chart_svg(chart).encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"


def _script_json(value: Any) -> Markup:
    """Return JSON that may stand in a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    parts = {
        "default-src": "'none'",
        "script-src": " ".join(map(_hash, scripts)),
        "style-src": " ".join(map(_hash, styles)),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("landfall.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
