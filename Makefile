# landfall: one word per job. `make demo` and `make test` bring a bare Debian 12 machine all the way.
.DEFAULT_GOAL := help
SHELL := /bin/bash

JOBS ?= $(shell nproc)
# Warnings are errors in CI.
LANDFALL_WERROR ?= $(if $(CI),ON,OFF)
BUILD := build/release
PYTHON := .venv/bin/python

.PHONY: help setup build demo notebooks test mutants campaign fuzz lint bench asan stubs constraints clean distclean

help: ## list the jobs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the build needs: Debian packages, .venv, Python packages
	@tools/setup.sh

# CMake watches its own files; here only what it cannot see: the warnings option and the venv.
.PHONY: configure
configure: setup
	@wanted="$(LANDFALL_WERROR) $$(cat .venv/landfall-stamp)"; stamp=$(BUILD)/landfall-configured; \
	if [ ! -f $(BUILD)/build.ninja ] || [ CMakePresets.json -nt $$stamp ] || \
	   [ "$$wanted" != "$$(cat $$stamp 2>/dev/null)" ]; then \
	    cmake --preset release --log-level=WARNING -DLANDFALL_WERROR=$(LANDFALL_WERROR) \
	        -DPython_EXECUTABLE=$(CURDIR)/$(PYTHON) \
	        -Dpybind11_DIR=$$($(PYTHON) -m pybind11 --cmakedir) && echo "$$wanted" >$$stamp; \
	fi

build: configure ## compile everything and put the compiled parts into the Python package
	@cmake --build $(BUILD) -j $(JOBS)
	@cmake --install $(BUILD) --component python --prefix bindings >$(BUILD)/install.log

.PHONY: package
package: configure # the parts that runs need, without the tests
	@cmake --build $(BUILD) -j $(JOBS) --target landfall-worker _model
	@cmake --install $(BUILD) --component python --prefix bindings >$(BUILD)/install.log

demo: package ## three machines migrate: a table and out/first-migration/rpo.png
	.venv/bin/landfall run scenarios/gallery/first-migration.json --out out/first-migration

notebooks: package ## run all notebooks: out/notebooks has them with their pictures, as .ipynb and HTML
	@$(PYTHON) tools/notebooks.py run out/notebooks

test: build ## all tests: ctest, then pytest
	@JOBS=$(JOBS) tools/test.sh $(BUILD)

mutants: build ## planted bugs: what finds each, after how many seeds; component labs, then the lab
	@$(BUILD)/tests/mutant-board
	@LANDFALL_BUILD_DIR=$(CURDIR)/$(BUILD) PYTHONPATH=tests $(PYTHON) -m mutants.board \
	    --json $(BUILD)/mutants.json

SEEDS ?= 12000
CAMPAIGN_EXPLORERS ?= swarm,pairwise,knobs
campaign: package ## the lab over all scenario kinds, SEEDS=12000 runs: a summary, the map, out/campaign.png
	@mkdir -p out
	.venv/bin/landfall lab tests/lab/scenarios --seeds $(SEEDS) --explorer $(CAMPAIGN_EXPLORERS) \
	    --corpus tests/corpus --map out/campaign.png

lint: configure ## clang-format, clang-tidy on changed files (BASE=commit), ruff, mypy, shellcheck
	@JOBS=$(JOBS) tools/lint.sh $(BUILD)

bench: build ## benchmarks: stages alone, then whole runs against budgets and a plain SimGrid program
	@$(BUILD)/tests/benchmarks/landfall-benchmarks --benchmark_counters_tabular=true
	@LANDFALL_BUILD_DIR=$(CURDIR)/$(BUILD) $(PYTHON) tests/benchmarks/run.py
	@$(PYTHON) tests/benchmarks/lab_speed.py

asan: setup ## C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan --log-level=WARNING
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS)

FUZZ_SECONDS ?= 60
fuzz: setup ## libFuzzer on what is read from disk and wire, FUZZ_SECONDS long; needs clang-14
	@command -v clang++-14 >/dev/null || { echo "make fuzz: apt-get install clang-14 libclang-rt-14-dev"; exit 1; }
	@cmake -S . -B build/fuzz -G Ninja --log-level=WARNING -DCMAKE_CXX_COMPILER=clang++-14 \
	    -DLANDFALL_FUZZ=ON -DLANDFALL_BENCHMARKS=OFF -DLANDFALL_SANITIZE=address,undefined
	@cmake --build build/fuzz -j $(JOBS) --target journal-fuzz
	@mkdir -p build/fuzz/corpus
	build/fuzz/tests/journal-fuzz -max_total_time=$(FUZZ_SECONDS) build/fuzz/corpus \
	    tests/fuzz/corpus/journal

stubs: build ## print the stubs of the compiled module
	@$(PYTHON) -m pybind11_stubgen landfall._model --output-dir build/stubs

constraints: setup ## write down the versions of the Python packages in .venv
	@version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	file=tools/constraints-$$version.txt; \
	{ echo "# The versions that landfall is tested with on Python $$version; made by \`make constraints\`."; \
	  $(PYTHON) -m pip freeze --exclude-editable --disable-pip-version-check; } >$$file; \
	echo "wrote $$file"

clean: ## remove what was built and what runs left behind
	rm -rf build out bindings/landfall/_bin bindings/landfall/_model*.so

distclean: clean ## also remove .venv
	rm -rf .venv
