"""Progress: from the bytes of a pipe to what people see."""

from __future__ import annotations

import pytest
from landfall import formatting
from landfall.progress import Bar, Progress, Tracker, describe


def at(fraction: float, *, phase: str = "simulating", elapsed_s: float = 10.0) -> Progress:
    eta_s = 5.0 if phase == "simulating" else None
    return Progress("move", phase, fraction, 7200.0, elapsed_s, eta_s)  # type: ignore[arg-type]


def test_lines_are_read_however_they_are_torn() -> None:
    seen: list[Progress] = []
    tracker = Tracker("move", seen.append)
    for part in (b"0.2", b"5 90", b"0.5\n0.5 18", b"00\n", b"resu", b"lts\n"):
        tracker.feed(part)
    assert [(p.phase, p.fraction, p.simulated_s) for p in seen] == [
        ("simulating", 0.25, 900.5),
        ("simulating", 0.5, 1800.0),
        ("results", 0.5, 1800.0),
    ]


def test_of_many_lines_the_newest_counts() -> None:
    seen: list[Progress] = []
    Tracker("move", seen.append).feed(b"0.1 1\n0.2 2\n0.3 3\n")
    assert [p.fraction for p in seen] == [0.3]


def test_the_time_left_follows_from_the_pace() -> None:
    seen: list[Progress] = []
    tracker = Tracker("move", seen.append)
    tracker.feed(b"0.25 10\n")
    (progress,) = seen
    assert progress.eta_s == pytest.approx(3 * progress.elapsed_s)
    tracker.feed(b"0.0 0\n")
    assert seen[-1].eta_s is None


@pytest.mark.parametrize("rubbish", [b"\n", b"x y\n", b"0.5\n", b"\xff\xfe\n"])
def test_rubbish_is_passed_over(rubbish: bytes) -> None:
    seen: list[Progress] = []
    tracker = Tracker("move", seen.append)
    tracker.feed(rubbish)
    tracker.feed(b"7 1\n")
    assert [p.fraction for p in seen] == [1.0]


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (at(0.5), "2 h simulated, 5 s left"),
        (at(1.0, phase="results"), "2 h simulated, writing results"),
        (at(1.0, phase="done"), "2 h simulated in 10 s"),
        (Progress("move", "simulating", 0.0, 0.0, 1.0, None), "0 s simulated"),
    ],
)
def test_progress_in_words(progress: Progress, words: str) -> None:
    assert describe(progress) == words


def test_a_bar_appears_only_for_what_takes_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    quick, slow = Bar(), Bar()
    quick(at(0.5, elapsed_s=0.1))
    quick.close()
    assert capsys.readouterr().err == ""
    slow(at(0.5))
    slow(at(1.0, phase="results"))
    slow.close()
    shown = capsys.readouterr().err
    assert "move:  50%" in shown
    assert "2 h simulated, 5 s left" in shown
    assert "writing results" in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59.4, "59.4 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (3599.7, "1 h"),
        (3660, "1 h 1 min"),
        (86_399, "1 d"),
        (93_784, "1 d 2 h"),
        (-75, "-1 min 15 s"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1_610_612_736, "1.5 GiB"),
        (1023.9 * 2**30, "1 TiB"),
        (512 << 20, "512 MiB"),
        (100 << 30, "100 GiB"),
        (5 << 60, "5120 PiB"),
        (None, "–"),
    ],
)
def test_sizes(count: float | None, text: str) -> None:
    assert formatting.size(count) == text
