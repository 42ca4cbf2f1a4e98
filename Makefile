# `make help` lists what there is. Python 3.11 to 3.14 with its venv module is all that must be there.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Compiled once and kept, whatever the environment wants: one night starts ten processes, the tests a thousand.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --only-binary :all: --require-hashes

# The seed decides who is killed, and when; N is how many nights, and those that held before are not made again.
N ?= 40
SEED ?= 1

.PHONY: help demo crawl test faults soak lint truth fuzz lock bench clean
help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: .venv/ready  ## three staged nights with real workers, in a minute
	@$(BIN)/confradar demo

crawl: .venv/ready  ## read the five sources now; ends well also if only some could be read
	@$(BIN)/confradar crawl || { status=$$?; [ $$status -eq 3 ] || exit $$status; }

# Three at once on whatever machine: most of them wait for processes that they have started.
test: .venv/ready-for-tests  ## all tests but the slowest faults, which `make faults` makes
	@$(BIN)/python -m pytest -m "not slow" --numprocesses 4 --dist worksteal

faults: .venv/ready-for-tests  ## each fault that is survived: what must hold, whether it does, how long that took
	@$(BIN)/python -m pytest -m fault --numprocesses 3 --dist worksteal --quiet

soak: .venv/ready-for-tests  ## nights in which one process is killed, e.g. N=40 SEED=1 (ROUND=7 makes that one again)
	@$(BIN)/python -m tests.faults.soaking --rounds $(N) --seed $(SEED) $(if $(ROUND),--only $(ROUND))

lint: .venv/ready-for-tests  ## style, types, import contract
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy && $(BIN)/lint-imports

truth: .venv/ready-for-tests  ## how right the dates, moves and identities are, on real data
	@$(BIN)/python -m tests.truth

fuzz: .venv/ready-for-tests  ## ten thousand broken pages of each source, in some minutes
	@$(BIN)/python -m tests.truth.mutations

bench: .venv/ready-for-tests  ## measure, in minutes; nothing is asserted
	@CONFRADAR_ORDERS=50 $(BIN)/python -m pytest tests/bench tests/unit/test_identity_labelled.py -s

lock: .venv/ready-for-tests  ## resolve the dependencies anew, for all supported Pythons
	@for part in "pyproject.toml --group setup --output-file requirements.lock" \
		"pyproject.toml --group setup --group dev --constraints requirements.lock --output-file tests/requirements.lock"; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --only-binary :all: $$part || exit; done

clean:  ## remove what was set up
	rm -rf .venv build *.egg-info

.venv/python:
	@if [ -z "$(PYTHON)" ]; then echo "ConfRadar needs Python 3.11 to 3.14: none of them is on the PATH (or set PYTHON=...)"; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "ConfRadar needs Python's venv module: install it (Debian: apt install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv .venv && touch $@

.venv/ready: requirements.lock pyproject.toml | .venv/python
	@echo "setting up in .venv (once, a minute) ..."
	@$(PIP) -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	@touch $@

.venv/ready-for-tests: tests/requirements.lock .venv/ready
	@echo "setting up the tests in .venv (once, a minute) ..."
	@$(PIP) -r tests/requirements.lock
	@touch $@
