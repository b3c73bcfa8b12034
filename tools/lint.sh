#!/usr/bin/env bash
# tools/lint.sh BUILD_DIR — formatting, static checks and types. Runs every check, then fails if one
# did.
#
# clang-tidy looks at the C++ sources that differ from BASE, and at those whose own header differs.
# BASE is a commit, or `all`; by default where this branch left origin/main, or the commit before.
# No new file is started after LINT_TIDY_SECONDS (default 600); those left out are named.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=${1:-build/release}
jobs=${JOBS:-2}
failed=()

run() { # NAME COMMAND...
    local name=$1
    shift
    local begin=$SECONDS
    if "$@"; then
        echo "lint: $name ok ($((SECONDS - begin)) s)"
    else
        echo "lint: $name FAILED"
        failed+=("$name")
    fi
}

in_tree() { # pathspec... — tracked and new files that exist
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u |
        while IFS= read -r file; do [[ -f $file ]] && echo "$file"; done
}

base_commit() {
    if [[ ${BASE:-} == all ]]; then
        git hash-object -t tree /dev/null
        return
    elif [[ -n ${BASE:-} ]]; then
        git rev-parse --verify --quiet "$BASE^{commit}" && return
        echo "lint: BASE=$BASE is no commit here" >&2
        return 1
    fi
    local fork
    if fork=$(git merge-base HEAD origin/main 2>/dev/null) &&
        [[ $fork != $(git rev-parse HEAD) ]]; then
        echo "$fork"
    elif ! git rev-parse --verify --quiet 'HEAD~1^{commit}'; then
        git hash-object -t tree /dev/null # first or shallow commit: everything is new
    fi
}

tidy_sources() { # sources to check, one a line
    local base=$1 file source
    { git diff --name-only --diff-filter=d "$base" -- '*.cpp' '*.hpp'
      git ls-files --others --exclude-standard -- '*.cpp' '*.hpp'; } | sort -u |
        while IFS= read -r file; do
            source=${file%.hpp}
            source=${source%.cpp}.cpp
            [[ -f $source ]] && grep -qF "/$source\"" "$build/compile_commands.json" &&
                echo "$source"
        done | sort -u
}

clang_tidy() {
    local base log status=0
    base=$(base_commit) || return 1
    mapfile -t sources < <(tidy_sources "$base")
    echo "lint: clang-tidy on ${#sources[@]} sources that differ from ${base:0:12}"
    # printf of an empty list is one empty name, and clang-tidy would take it for the directory.
    ((${#sources[@]})) || return 0
    log=$(mktemp -d)
    local end=$(($(date +%s) + ${LINT_TIDY_SECONDS:-600}))
    export log build end
    # shellcheck disable=SC2016
    printf '%s\0' "${sources[@]}" | xargs -0 -r -n 1 -P "$jobs" bash -c '
        name=${1//\//-}
        if (($(date +%s) > end)); then echo "$1" >"$log/$name.skipped"; exit 0; fi
        clang-tidy-14 --quiet -p "$build" "$1" >"$log/$name.out" 2>"$log/$name.err" && exit 0
        grep -v "warnings generated" "$log/$name.err"
        cat "$log/$name.out"
        exit 1' tidy || status=1
    if compgen -G "$log/*.skipped" >/dev/null; then
        echo "lint: clang-tidy ran out of time, not looked at: $(cat "$log"/*.skipped | xargs)"
    fi
    rm -rf "$log"
    return "$status"
}

formatted() {
    mapfile -t files < <(in_tree '*.cpp' '*.hpp')
    ((${#files[@]} == 0)) || clang-format-14 --dry-run -Werror "${files[@]}"
}

shell_checked() {
    mapfile -t files < <(in_tree '*.sh' .ci/run)
    if command -v shellcheck >/dev/null; then shellcheck "${files[@]}"; else
        echo "lint: no shellcheck here, left out"
    fi
}

run clang-format formatted
run ruff .venv/bin/ruff check --quiet
run "ruff format" .venv/bin/ruff format --check --quiet
run mypy .venv/bin/mypy
run shellcheck shell_checked
run clang-tidy clang_tidy
if ((${#failed[@]})); then
    echo "lint: failed: ${failed[*]}"
    exit 1
fi
