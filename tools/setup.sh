#!/usr/bin/env bash
# tools/setup.sh — brings a bare Debian 12 machine to where landfall builds: packages of the system,
# a virtual environment in .venv with the Python dependencies, and `landfall` itself, editable.
#
# Does nothing, in well under a second and without network, when all of it is there.
#   tools/setup.sh            everything
#   tools/setup.sh --list     print the system packages, one a line
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
    # tools
    ca-certificates ccache clang-format-14 clang-tidy-14 cmake g++ git make ninja-build pkg-config
    python3-dev python3-venv shellcheck
    # the browser that the tests open reports with
    chromium
    # libraries
    libbenchmark-dev libboost-dev libboost-graph-dev libboost-iostreams-dev libboost-random-dev
    libcli11-dev libeigen3-dev libgmock-dev libgtest-dev libisal-dev libsimgrid-dev libspdlog-dev
    libvalijson-dev nlohmann-json3-dev
)

if [[ "${1:-}" == "--list" ]]; then
    printf '%s\n' "${packages[@]}"
    exit 0
fi

say() { printf '%s\n' "setup: $*" >&2; }

# ---- packages of the system ----------------------------------------------------------------------
missing=()
if command -v dpkg-query >/dev/null; then
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
        awk '$2 == "installed" { print $1 }') || true
    for package in "${packages[@]}"; do
        grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
    done
else
    say "no dpkg here: install these packages' counterparts yourself: ${packages[*]}"
fi
if ((${#missing[@]})); then
    as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            say "these packages are missing, and there is neither root nor sudo to install them:"
            say "  apt-get install ${missing[*]}"
            exit 1
        fi
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
        --no-install-recommends "${missing[@]}" >/dev/null
fi

# ---- a Python with headers, for the extension module ---------------------------------------------
usable() {
    "$1" - 2>/dev/null <<'PROBE'
import ensurepip, pathlib, sys, sysconfig, venv
headers = pathlib.Path(sysconfig.get_path("include"), "Python.h").exists()
sys.exit(not (headers and sys.version_info >= (3, 11)))
PROBE
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3{,.13,.12,.11}; do
        if command -v "$candidate" >/dev/null && usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "no Python >= 3.11 with venv and headers found; name one with PYTHON=/path/to/python3"
    return 1
}

# ---- the virtual environment ---------------------------------------------------------------------
# The stamp names what the environment was made from; a change of any of it is installed.
stamp=.venv/landfall-stamp
wanted=$(cat pyproject.toml tools/constraints-*.txt tools/setup.sh | sha256sum)
if [[ -x .venv/bin/landfall && "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]] &&
    .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    say "making .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
fi
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
version=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
constraints=()
if [[ -f "tools/constraints-$version.txt" ]]; then
    constraints=(--constraint "tools/constraints-$version.txt")
fi
say "installing the Python dependencies"
mapfile -t backend < <(.venv/bin/python -c '
import pathlib, tomllib
project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())
print(*project["build-system"]["requires"], sep="\n")')
"${pip[@]}" install "${constraints[@]}" "${backend[@]}"
# Editable, and without compiling: `make build` puts the compiled parts into bindings/landfall.
"${pip[@]}" install "${constraints[@]}" --no-build-isolation --editable '.[dev]' \
    --config-settings wheel.cmake=false --config-settings editable.mode=inplace
printf '%s' "$wanted" >"$stamp"
