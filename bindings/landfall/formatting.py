"""Numbers for people: durations, sizes and counts as short texts."""

from __future__ import annotations

import itertools
import math

_DURATION_UNITS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))
_SIZE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def duration(seconds: float | None) -> str:
    """Return a duration in its two largest units, such as "2 d 3 h" or "4 min 10 s".

    Parameters
    ----------
    seconds
        The duration; ``None`` and NaN, which mean "not applicable", give "–".

    Examples
    --------
    >>> duration(93784), duration(75), duration(0.25), duration(None)
    ('1 d 2 h', '1 min 15 s', '0.25 s', '–')
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 59.5:
        return f"{seconds:.3g} s"
    for (large, factor), (small, part) in itertools.pairwise(_DURATION_UNITS):
        rounded = round(seconds / part) * part
        if rounded >= factor:
            rest = round(rounded % factor / part)
            whole = f"{int(rounded // factor)} {large}"
            return f"{whole} {rest} {small}" if rest else whole
    return f"{seconds:.0f} s"


def clock(seconds: float) -> str:
    """Return an instant as days and time of day, such as "2 d 03:15:00"; a run begins at 0.

    Examples
    --------
    >>> clock(0), clock(11700.4), clock(184500)
    ('00:00:00', '03:15:00', '2 d 03:15:00')
    """
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    time = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {time}" if days else time


def size(count: float | None) -> str:
    """Return a number of bytes in its largest binary unit, such as "1.5 GiB".

    Examples
    --------
    >>> size(1610612736), size(0), size(1023), size(None)
    ('1.5 GiB', '0 B', '1023 B', '–')
    """
    if count is None or not math.isfinite(count):
        return "–"
    if count < 0:
        return f"-{size(-count)}"
    power = 0
    while count >= 1023.5 and power < len(_SIZE_UNITS) - 1:
        count /= 1024
        power += 1
    digits = 0 if power == 0 or count >= 99.95 else 1 if count >= 9.995 else 2
    number = f"{count:.{digits}f}"
    number = number.rstrip("0").rstrip(".") if digits else number
    return f"{number} {_SIZE_UNITS[power]}"


def bits(per_second: float) -> str:
    """Return a rate of bits per second in decimal units, as links are sold, such as "1.5 Gbit/s".

    Examples
    --------
    >>> bits(1.5e9), bits(64_000), bits(0)
    ('1.5 Gbit/s', '64 kbit/s', '0 bit/s')
    """
    for factor, name in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if abs(per_second) >= factor:
            return f"{per_second / factor:.4g} {name}"
    return f"{per_second:.4g} bit/s"


def plural(count: int, word: str) -> str:
    """Return a count with its noun, such as "1 machine" or "1,200 machines".

    Examples
    --------
    >>> plural(1, "machine"), plural(1200, "machine")
    ('1 machine', '1,200 machines')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"
