"""Explorations as a JUnit file: a test for each rule that failed, or one that passed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ..writing import whole_file
from .report import Report, failure_text

__all__ = ["write"]


def write(reports: Sequence[Report], path: Path) -> Path:
    """Write explorations into one file; returns it."""
    root = ElementTree.Element("testsuites")
    for report in reports:
        root.append(_suite(report))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write_text(text + "\n", encoding="utf-8")
    return path


def _suite(report: Report) -> ElementTree.Element:
    failed = [(f.violation, "\n".join(failure_text(f))) for f in report.failures]
    failed += [(v, f"landfall replay {path}") for path, v in report.corpus_failures]
    suite = ElementTree.Element(
        "testsuite",
        name=f"landfall lab: {report.scenario}",
        tests=str(max(len(failed), 1)),
        failures=str(len(failed)),
        time=f"{report.seconds:.3f}",
    )
    for violation, text in failed:
        case = ElementTree.SubElement(
            suite, "testcase", classname=report.scenario, name=violation.invariant
        )
        failure = ElementTree.SubElement(
            case, "failure", type=violation.kind, message=_printable(str(violation))
        )
        failure.text = _printable(text)
    if not failed:
        ElementTree.SubElement(
            suite,
            "testcase",
            classname=report.scenario,
            name=f"every rule holds in {report.runs} runs",
            time=f"{report.seconds:.3f}",
        )
    return suite


def _printable(text: str) -> str:
    """XML has no way to write control characters."""
    return "".join(letter if letter >= " " or letter in "\n\t" else "�" for letter in text)
