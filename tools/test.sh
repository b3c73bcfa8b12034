#!/usr/bin/env bash
# tools/test.sh BUILD_DIR — runs ctest and pytest, both even if the first one fails, and closes with
# the totals of both. Exits non-zero if either failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=${1:-build/release}
jobs=${JOBS:-2}
LANDFALL_BUILD_DIR=$(realpath "$build")
export LANDFALL_BUILD_DIR

ctest --test-dir "$build" --parallel "$jobs" --output-on-failure --no-tests=error --timeout 300 |
    tee "$build/ctest.log" | grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed )'
ctest_exit=${PIPESTATUS[0]}

.venv/bin/python -m pytest -n "$jobs" --dist=worksteal | tee "$build/pytest.log"
pytest_exit=${PIPESTATUS[0]}

echo
grep -E 'tests? (passed|failed)|No tests were found' "$build/ctest.log" | sed 's/^/ctest:  /'
printf 'pytest: '
tail -n 1 "$build/pytest.log"
exit $((ctest_exit != 0 || pytest_exit != 0))
