"""Planted bugs of the data path: what is tracked, sent, applied and published."""

from __future__ import annotations

from functools import partial

from mutants import scenes
from mutants.hunts import Hunt, Row

PAIR = Hunt("pair", scenes.pair)
CIRCLE = Hunt("circle", scenes.circle)
PAUSED = Hunt("paused", scenes.paused)
DISKS = Hunt("disks", scenes.disks)
TRACKED = Hunt("tracked", scenes.tracked)
SLOW = Hunt("slow", scenes.slow)
HOME = Hunt("home", scenes.home)
SLOW_DISKS = Hunt("disks, slow cache", partial(scenes.disks, "40 kB/s"))
SLOW_BITS = Hunt(
    "tracked, slow cache",
    partial(scenes.tracked, "intent_bit", "20 kB/s"),
    faults=("power_loss", "link_outage"),
)
LOST_CACHE = Hunt("slow", scenes.slow, faults=("process_server_cache_loss", "link_outage"))
SERVERS = Hunt("servers", scenes.servers)
SHORT = Hunt("short retention", scenes.short_retention)

#: A point that does not hold what it says.
_WRONG_POINT = ("S1", "S5")

ROWS: tuple[Row, ...] = (
    Row("skip-last-partial-chunk", (PAIR,), by=("S11",)),
    Row("marker-before-pending-data", (PAIR,), by=_WRONG_POINT, quick=True),
    Row("sequence-filter-off-by-one", (PAIR,), by=("S15",)),
    Row("no-activity-log-replay", (TRACKED,), by=("S11",)),
    Row("promote-what-arrived", (DISKS,), by=("S35",)),
    Row("resume-forgets-paused-log", (PAUSED,), by=(*_WRONG_POINT, "S11")),
    Row("abandon-forgets-payloads", (TRACKED,), by=("S11",)),
    Row("abandon-forgets-log", (PAUSED,), by=("S11",)),
    Row("abandon-drops-acknowledged", (TRACKED,), by=("S11", "S13")),
    Row("catch-up-copies-nothing", (TRACKED,), by=("S11",), quick=True),
    Row("compare-trusts-bitmap", (TRACKED,), by=("S11",)),
    Row("copy-acknowledged-before-flush", (PAIR,), by=("S13",), quick=True),
    Row("log-swap-loses-first-block", (PAUSED,), by=(*_WRONG_POINT, "S11")),
    Row("damage-is-not-reported", (TRACKED,), by=("S13", "S16")),
    Row("machine-made-of-what-arrived", (CIRCLE,), by=("S35",)),
    Row("power-loss-trusts-memory", (PAIR,), by=("S11",)),
    Row("group-point-at-own-time", (PAIR,), by=("S2",), quick=True),
    Row("group-point-before-decision", (PAIR,), by=("L7", "S2")),
    Row("latest-point-ignores-backlog", (CIRCLE,), by=("S5",)),
    Row("resync-ends-with-first-disk", (PAIR,), by=_WRONG_POINT),
    Row("point-forgets-added-disk", (DISKS,), by=("S36",), quick=True),
    Row("merge-keeps-older", (DISKS,), by=("S3",), quick=True),
    Row("fold-skips-other-disks", (DISKS,), by=("S3",)),
    Row("expired-points-stay", (SHORT,), by=("S19",)),
    Row("points-expire-early", (SHORT,), by=("S19",)),
    Row("final-delta-is-skipped", (PAUSED,), by=("S7",)),
    Row("skip-generation-check", (SLOW,), by=("S10", "S11"), seeds=400),
    Row("copy-overwrites-newer", (SLOW,), by=("S1", "S11")),
    Row("discards-are-not-sent", (SLOW,), by=("S11",)),
    Row("acknowledge-before-flush", (SLOW,), by=("S13",)),
    Row("failed-upload-loses-copies", (SLOW,), by=("L5",)),
    Row("union-misses-source-bitmap", (HOME,), by=("S11",)),
    Row("union-misses-target-bitmap", (HOME,), by=("S11",)),
    Row("acknowledge-clears-later", (SLOW_BITS,), by=("S11",), seeds=60),
    Row("cache-loss-goes-unnoticed", (LOST_CACHE,), by=("S11",), seeds=500),
    Row("switch-forgets-cache", (SERVERS,), by=("S11",)),
    Row("point-claims-uncopied-disk", (SLOW_DISKS,), by=("S36",)),
)
