# Each target sets up what it needs by itself: python3, make and a package index are enough.
# uv is used when it is on the PATH, else venv and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
# Bytecode makes the start twice as quick, so it is compiled even where the shell says otherwise.
COMPILING := env -u PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench format docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.app ## Review real text: SMS messages, spam or not (make demo NAME=bc5cdr: chemicals and diseases)
	@$(COMPILING) $(BIN)/tui-annotate demo $(NAME)

test: $(VENV)/.dev ## Run the tests
	@# Work is stolen, so that a file's tests stay together and neither core waits at the end.
	$(COMPILING) $(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

check: $(VENV)/.dev ## Check format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## Measure: JSON in bench/out, the README's table from it
	$(BIN)/python -m bench $(ARGS)

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.app ## Write the pages of docs that are made from the code anew
	$(BIN)/python docs/generate.py

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/out

$(BIN)/python:
ifneq ($(UV),)
	$(UV) venv --quiet $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 lacks venv; install it (Debian, Ubuntu: apt install python3-venv) or uv." >&2; exit 1; }
endif

# The stamps: what was installed for the app alone, and for working on it.
$(VENV)/.app: pyproject.toml | $(BIN)/python
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --editable .
else
	$(COMPILING) $(BIN)/python -m pip install --quiet --compile --editable .
endif
	$(COMPILING) $(BIN)/python -m compileall -q tui_annotate
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --editable ".[all]" --group dev
else
	@# An environment that somebody made before may have a pip that knows no groups.
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(COMPILING) $(BIN)/python -m pip install --quiet --compile --editable ".[all]" --group dev
endif
	$(COMPILING) $(BIN)/python -m compileall -q tui_annotate
	@touch $(VENV)/.app $@
