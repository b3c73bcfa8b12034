"""Same scenario, seed and version: same bytes out, however it is run."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import landfall as lf
import pytest
from python.run_samples import first, python


@pytest.fixture(scope="module")
def reference() -> lf.Result:
    return first().run(seed=11, progress=False)


def test_twice_in_the_worker(reference: lf.Result) -> None:
    assert first().run(seed=11, progress=False).blob == reference.blob


def test_in_a_process_of_its_own(reference: lf.Result) -> None:
    assert first().run(seed=11, progress=False, isolation="exec").blob == reference.blob


def test_four_at_a_time(reference: lf.Result) -> None:
    with ThreadPoolExecutor(4) as pool:
        blobs = pool.map(lambda _: first().run(seed=11, progress=False).blob, range(16))
    assert all(blob == reference.blob for blob in blobs)


def test_in_a_batch_among_others(reference: lf.Result) -> None:
    results = lf.run_many(first(), seeds=[10, 11, 12, 11], max_workers=4, progress=False)
    blobs = [result.blob for result in results if isinstance(result, lf.Result)]
    assert blobs[1] == blobs[3] == reference.blob
    assert len({bytes(blob) for blob in blobs}) == 3


def test_in_another_python(reference: lf.Result) -> None:
    code = """
import hashlib
from python.run_samples import first
print(hashlib.sha256(first().run(seed=11, progress=False).blob).hexdigest())
"""
    import hashlib

    done = python(code)
    assert done.stdout.strip() == hashlib.sha256(reference.blob).hexdigest(), done.stderr


def test_with_another_seed_the_tables_differ_and_the_shape_does_not(reference: lf.Result) -> None:
    other = first().run(seed=12, progress=False)
    assert other.blob != reference.blob
    assert {name: list(table) for name, table in other.tables.items()} == {
        name: list(table) for name, table in reference.tables.items()
    }


def test_from_a_scenario_that_was_read_back(reference: lf.Result) -> None:
    again = lf.Scenario.from_json(first().to_json())
    assert again.run(seed=11, progress=False).blob == reference.blob


def test_through_pickle(reference: lf.Result) -> None:
    copy = pickle.loads(pickle.dumps(reference))
    assert copy.blob == reference.blob
    assert copy.summary == reference.summary
    assert repr(copy) == repr(reference)
