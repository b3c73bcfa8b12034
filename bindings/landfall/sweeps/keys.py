"""Seeds of replications, and the key under which the outcome of a run is kept."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from .._version import version

__all__ = ["fresh_entropy", "run_key", "seed_of"]

#: Seeds have 53 bits: exact as a JSON number everywhere.
_SHIFT = 11


def fresh_entropy() -> int:
    """Return entropy of the system, to be stored and told."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> _SHIFT)


def seed_of(entropy: int, replication: int, variant: int | None = None) -> int:
    """Return the seed of a replication: the child of that number of NumPy's SeedSequence.

    It does not depend on how many replications there are. With `variant` it is that variant's own;
    without, all variants share it (common random numbers).
    """
    key = (replication,) if variant is None else (replication, variant)
    child = np.random.SeedSequence(entropy, spawn_key=key)
    return int(child.generate_state(1, np.uint64)[0] >> _SHIFT)


def run_key(scenario_hash: str, seed: int, metrics_signature: str) -> str:
    """Return the key of a run: of all that its outcome depends on.

    Limits of time and memory are not part of it; ``retry="failed"`` is for when they change.
    """
    text = json.dumps([1, scenario_hash, seed, version(), metrics_signature])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
