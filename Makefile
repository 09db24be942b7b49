# `make run` starts Rulebook; `make test` runs every check. Both do all of their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check faults docs screenshots lock clean

run: $(VENV)/.run
	@$(BIN)/rulebook run

test: $(VENV)/.test
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run.sh

check: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

faults: $(VENV)/.test
	$(BIN)/python -m tests.faults $(FAULTS)
	$(BIN)/python -m tests.faults fsync

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Rulebook needs Python 3.11 or newer. Name one: make run PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up Rulebook in $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

docs: $(VENV)/.run
	$(BIN)/python -m tools.write_docs

screenshots: $(VENV)/.test
	$(BIN)/python -m tools.screenshots

lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
