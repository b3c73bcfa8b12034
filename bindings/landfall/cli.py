"""The command ``landfall``: run, check, import, sweep, waves, report, compare, lab and more.

Exit codes, the same in every command: 0 done, 1 something that must hold did not (an expectation,
an oracle, a rule of safety), 2 bad input, 3 a run could not be carried out, 4 two runs of the same
differ, 5 something that must come never came (a rule of liveness), 130 interrupted.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer

from . import report_commands as of_reports
from . import terminal
from ._version import version
from .errors import LandfallError, ScenarioError, UnknownName, UnreadableResult
from .inventory import commands as of_inventories
from .lab import commands as of_the_lab
from .planner import commands as of_plans
from .sweeps import commands as of_sweeps
from .waves import commands as of_waves

if TYPE_CHECKING:
    from .result import Result
    from .scenario import Scenario

EXPECTATION_FAILED = 1
BAD_INPUT = 2
RUN_FAILED = 3
INTERRUPTED = 130
#: What a shell reports of a program whose reader went away.
BROKEN_PIPE = 141

app = typer.Typer(
    name="landfall",
    help="Flight simulator for disaster recovery and migration to Azure.",
    epilog="Exit codes: 0 done, 1 an expectation, an oracle or a rule of safety failed, "
    "2 bad input, 3 the run failed, 4 two runs of the same differ, 5 a rule of liveness failed, "
    "130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Parameters = ParamSpec("_Parameters")
ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or gallery:NAME.")
]


class _BadInputError(Exception):
    """Something that the user gave cannot be used."""


def _reports_errors(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Turn the exceptions of a command into messages and exit codes."""

    @functools.wraps(command)
    def reporting(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        try:
            try:
                _translated(command, *args, **kwargs)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            raise typer.Exit(BROKEN_PIPE) from None
        except OSError as error:
            _drop_output()
            if error.errno == errno.ENAMETOOLONG:
                _fail("a name is too long for the file system", BAD_INPUT)
            _fail(f"cannot go on: {error}", RUN_FAILED)

    return reporting


def _translated(
    command: Callable[_Parameters, None], *args: _Parameters.args, **kwargs: _Parameters.kwargs
) -> None:
    """Run a command; what it raises of landfall's own becomes a message and an exit code."""
    from .gallery import GalleryError

    try:
        command(*args, **kwargs)
    except ScenarioError as error:
        terminal.print_problems(error.problems, error.source)
        raise typer.Exit(BAD_INPUT) from None
    except (_BadInputError, GalleryError, UnknownName, UnreadableResult) as error:
        _fail(str(error), BAD_INPUT)
    except LandfallError as error:
        _fail(f"{type(error).__name__}: {error}", RUN_FAILED)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)


def _drop_output() -> None:
    """Let what is still to be printed go nowhere, so that leaving does not fail as well."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> NoReturn:
    terminal.say(f"landfall: {message}", stderr=True, style="red")
    raise typer.Exit(code) from None


@app.callback(invoke_without_command=True)
def landfall(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Flight simulator for disaster recovery and migration to Azure."""
    if show_version:
        typer.echo(f"landfall {version()}")
        raise typer.Exit


@app.command()
@_reports_errors
def run(
    scenario: ScenarioName,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the result; an earlier one is replaced."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of all draws.")] = 1,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="/json/pointer=value", help="Change a value; repeatable."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")
    ] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress bar.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Run however large it is.")] = False,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help='Most wall time, such as "10 min".')
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help='Most memory, such as "2 GiB".')
    ] = None,
) -> None:
    """Run a scenario: print RPO, downtime and migration duration, write the tables to DIR."""
    timeout_s = _quantity("--timeout", timeout, "duration")
    memory_bytes = _quantity("--memory-limit", memory_limit, "size")
    loaded = _load(scenario, changes or [])
    if not yes and (reason := loaded.estimate().too_large()):
        raise _BadInputError(f"{reason}. Pass --yes to run it all the same.")
    if out is not None:
        _check_folder(out)
    with terminal.progress_bar(wanted=not no_progress) as progress:
        result = loaded.run(
            seed=seed,
            progress=progress,
            timeout=timeout_s,
            memory_limit=None if memory_bytes is None else int(memory_bytes),
            allow_large=True,
        )
    written = _save(result, out) if out is not None else None
    if as_json:
        _print_json(result.summary)
    else:
        terminal.print_result(result)
        terminal.say(f"written to {written}" if written else "not written; --out DIR keeps it")
    if not result.ok:
        raise typer.Exit(EXPECTATION_FAILED)


@app.command()
@_reports_errors
def check(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO...", help="Scenario files, or gallery:NAME.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check scenarios without running them, and estimate what a run takes."""
    reports = [_checked(scenario, quiet=as_json) for scenario in scenarios]
    if as_json:
        _print_json(reports)
    if any(report["problems"] for report in reports):
        raise typer.Exit(BAD_INPUT)


@app.command()
@_reports_errors
def schema() -> None:
    """Print the JSON Schema of scenario files."""
    from .schema import schema_text

    typer.echo(schema_text(), nl=False)


@app.command("support-matrix")
@_reports_errors
def support_matrix(
    profile: Annotated[str, typer.Option(help="The service profile to read.")] = "asr-2024",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
) -> None:
    """Print which scenario supports which operation, and the rules of operations."""
    from . import support

    if profile not in support.PROFILES:
        raise _BadInputError(
            f"there is no profile {profile!r}; there are {', '.join(support.PROFILES)}"
        )
    typer.echo(support.page() if markdown else support.table(profile), nl=False)


@app.command("faults")
@_reports_errors
def list_faults(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
) -> None:
    """Print what may go wrong in a scenario, and what it takes."""
    from . import fault_page

    typer.echo(fault_page.page() if markdown else fault_page.table(), nl=False)


@app.command()
@_reports_errors
def validation(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
) -> None:
    """Measure the numbers that documents state: expected, simulated, source, verdict."""
    from . import validation as numbers

    outcomes = numbers.measure()
    if markdown:
        typer.echo(numbers.page(outcomes), nl=False)
    else:
        terminal.print_validation(outcomes)
    if not numbers.passes(outcomes):
        raise typer.Exit(EXPECTATION_FAILED)


@app.command()
@_reports_errors
def jobs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a saved result.")],
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them: .json, .xml, .csv or .xlsx.")
    ] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="Only jobs in this state; repeatable.")
    ] = None,
    operation: Annotated[
        str | None, typer.Option(help='Only jobs of this name, such as "Test failover".')
    ] = None,
    machine: Annotated[str | None, typer.Option(help="Only jobs of this machine.")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Only jobs begun since.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Only jobs begun before.")
    ] = None,
) -> None:
    """List the jobs of a saved result, or export them in Site Recovery's words."""
    from . import job_export

    try:
        only = job_export.JobFilter(
            start_s=_quantity("--from", begin, "duration"),
            end_s=_quantity("--to", end, "duration"),
            states=state,
            operation=operation,
            machine=machine,
        )
        listed = job_export.saved_jobs(folder)
        if export is not None:
            written = job_export.export_jobs(listed, export, only=only)
            terminal.say(f"written to {written}")
            return
    except (UnknownName, FileNotFoundError) as error:
        raise _BadInputError(str(error)) from None
    terminal.print_jobs([job for job in listed if only.takes(job)])


@app.command()
@_reports_errors
def gallery(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this scenario's file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    script: Annotated[
        bool, typer.Option("--script", help="Print the Python script that does the same.")
    ] = False,
) -> None:
    """List the scenarios that come with landfall, or print one of them."""
    from . import gallery as scenarios

    if name is None and script:
        raise _BadInputError("--script goes with the name of a scenario")
    if name is not None:
        name = name.removeprefix("gallery:")
        file = scenarios.script(name) if script else scenarios.path(name)
        typer.echo(file.read_text(encoding="utf-8"), nl=False)
        return
    entries = scenarios.entries()
    if as_json:
        keys = ("name", "group", "description")
        _print_json([{key: getattr(entry, key) for key in keys} for entry in entries])
        return
    width = max((len(entry.name) for entry in entries), default=0)
    for heading, _ in scenarios.GROUPS:
        if not (members := [entry for entry in entries if entry.group == heading]):
            continue
        terminal.say(f"{heading}\n", style="bold")
        for entry in members:
            terminal.say(f"  {entry.name:{width}}  {entry.title}")
        terminal.say("")
    terminal.say("Run one with: landfall run gallery:NAME", style="dim")


@app.command()
@_reports_errors
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check the installation: versions, the worker, and that a broken run hurts nobody."""
    from .doctor import findings

    found = []
    for finding in findings():
        found.append(finding)
        if not as_json:
            mark, style = ("ok  ", None) if finding.ok else ("FAIL", "bold red")
            terminal.say(f"{mark}  {finding.name}: {finding.detail}", style=style)
    if as_json:
        _print_json([{"name": f.name, "ok": f.ok, "detail": f.detail} for f in found])
    if not all(finding.ok for finding in found):
        raise typer.Exit(RUN_FAILED)


app.command("lab")(_reports_errors(of_the_lab.explore))
app.command("replay")(_reports_errors(of_the_lab.replay))
app.command("waves")(_reports_errors(of_waves.waves))
app.command("plan")(_reports_errors(of_plans.plan))
app.command("import")(_reports_errors(of_inventories.import_file))
app.command("sweep")(_reports_errors(of_sweeps.sweep))
app.command("report")(_reports_errors(of_reports.report))
app.command("compare")(_reports_errors(of_reports.compare))


# --- What the commands share ----------------------------------------------------------------------


def _load(name: str, changes: list[str]) -> Scenario:
    from .scenario import load

    loaded = load(name)
    return loaded.with_(dict(map(_change, changes))) if changes else loaded


def _change(text: str) -> tuple[str, Any]:
    """Return pointer and value of "/json/pointer=value"; what is no JSON is a text."""
    pointer, equals, value = text.partition("=")
    if not equals or not pointer.startswith("/"):
        raise _BadInputError(
            f'--set {text}: must be /json/pointer=value, such as "/links/0/bandwidth=1 Gbit/s"'
        )
    try:
        return pointer, json.loads(value)
    except (ValueError, RecursionError):
        return pointer, value


def _quantity(option: str, text: str | None, dimension: str) -> float | int | None:
    if text is None:
        return None
    from pydantic_core import PydanticCustomError

    from . import quantities

    known = {"duration": quantities.DURATION, "size": quantities.SIZE}
    try:
        value: object = float(text)
    except ValueError:
        value = text
    try:
        return quantities.parse(value, known[dimension])
    except PydanticCustomError as error:
        raise _BadInputError(f'{option} "{text}": {error.message()}') from None


def _checked(name: str, *, quiet: bool) -> dict[str, Any]:
    """Check one scenario and return what was found; print it unless `quiet`."""
    report: dict[str, Any] = {"scenario": name, "problems": []}
    try:
        scenario = _load(name, [])
        if problems := scenario.check():
            raise ScenarioError(problems, source=scenario.source)
    except ScenarioError as error:
        report["problems"] = [problem.to_dict() for problem in error.problems]
        if not quiet:
            terminal.print_problems(error.problems, error.source)
        return report
    estimate = scenario.estimate()
    report["estimate"] = estimate.to_dict()
    if not quiet:
        terminal.say(f"{name}: ok, {estimate}")
    return report


def _check_folder(folder: Path) -> None:
    from .export import _check_replaceable as check_replaceable

    try:
        check_replaceable(folder)
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not place.is_dir():
            raise _BadInputError(f"--out: {place} is a file; {folder} cannot be in it")
        if not os.access(place, os.W_OK | os.X_OK):
            raise _BadInputError(f"--out: no permission to write in {place}")
        if folder.exists() and any(folder.iterdir()) and not _holds_result(folder):
            raise _BadInputError(f"--out: {folder} is not empty and holds no result of landfall")
    except OSError as error:
        raise _BadInputError(f"--out: {error}") from None


def _holds_result(folder: Path) -> bool:
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and "scenario_hash" in summary


def _save(result: Result, folder: Path) -> Path:
    try:
        return result.save(folder)
    except OSError as error:
        _fail(f"the result cannot be written to {folder}: {error}", RUN_FAILED)


def _print_json(value: Any) -> None:
    from .export import finite

    typer.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def _open_standard_streams() -> None:
    """Give closed standard streams somewhere to go, before another file takes their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def main() -> None:
    """Run the command line; the entry point of the program ``landfall``."""
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
