# The whole of daily work. `make run` on a fresh machine needs only Python 3.11 with venv and pip.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

VENV := .venv
PEERS := .venv-peers
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check
UV := $(VENV)/bin/uv
CASE ?= us-iran
WORKERS ?= 2
UPGRADE ?=

# Bytecode makes every start two to six times faster.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# uv does not read pip's settings: a mirror given to pip in the environment is passed on.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

LOCK = $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
	--universal --python-version 3.11
# Where only pip knows the way to a mirror, pip does it, from the same hashed file.
install = @$(UV) pip install --quiet --require-hashes --requirement $(1) || \
	{ echo 'uv could not install $(1); trying pip'; $(PIP) install --quiet --require-hashes --requirement $(1); }
PROJECT = $(UV) pip install --quiet --no-deps --no-build-isolation --editable .

.PHONY: all help run serve test lint style types layers house verify bench peers docs generated lock clean

all: lint test

help:
	@echo 'make          lint, then test'
	@echo 'make run      install what is needed and judge the founding case (CASE=$(CASE))'
	@echo 'make serve    the workbench, in your browser'
	@echo 'make test     the test suite'
	@echo 'make lint     style, types, layers of imports, house rules (each is a target)'
	@echo 'make verify   long checks: other answers, simulation against computation'
	@echo 'make bench    time and accuracy, beside other programs where make peers has installed them'
	@echo 'make peers    those programs, in an environment of their own (needs a C compiler)'
	@echo 'make docs     the documentation, in build/docs'
	@echo 'make generated  write anew what is generated from the program: references, schemas'
	@echo 'make lock     resolve pyproject.toml anew into requirements/ (UPGRADE=--upgrade for newer versions)'
	@echo 'make clean    remove the environment and everything built'

run: $(VENV)/.run
	@$(VENV)/bin/servanda run $(CASE)

serve: $(VENV)/.run
	@$(VENV)/bin/servanda serve

test: $(VENV)/.dev
	$(PYTHON) -m pytest -q -n $(WORKERS)

lint: style types layers house

style: $(VENV)/.dev
	$(VENV)/bin/ruff check --output-format concise .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev
	$(VENV)/bin/mypy

layers: $(VENV)/.dev
	$(VENV)/bin/lint-imports --no-logo

house: $(VENV)/.dev
	$(PYTHON) .ci/house_rules.py

verify: $(VENV)/.dev
	$(PYTHON) -m pytest -q -m verify tests

bench: $(VENV)/.dev
	$(PYTHON) -m benchmarks

# Other programs to measure against, apart because their pins clash with ours. sgamesolver is built: it needs a C compiler.
peers: $(PEERS)/.done

$(PEERS)/.done: $(VENV)/.setup requirements/peers-setup.txt requirements/peers.txt
	@$(UV) venv --quiet --clear --python $(PYTHON) $(PEERS)
	@$(UV) pip install --quiet --python $(PEERS) --require-hashes --requirement requirements/peers-setup.txt
	@$(UV) pip install --quiet --python $(PEERS) --no-build-isolation --require-hashes --requirement requirements/peers.txt
	@touch $@

docs: $(VENV)/.dev
	$(VENV)/bin/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

generated: $(VENV)/.dev
	$(PYTHON) -m servanda.cli.reference > docs/reference/cli.md
	$(PYTHON) -m servanda.case.reference > docs/reference/language.md
	$(PYTHON) -m servanda.case.schema > spec/case.schema.json
	$(PYTHON) -m servanda.web.description > spec/openapi.json

lock: $(VENV)/.setup
	$(LOCK) $(UPGRADE) --group setup --output-file requirements/setup.txt
	$(LOCK) $(UPGRADE) --group peers-setup --output-file requirements/peers-setup.txt
	$(LOCK) $(UPGRADE) --constraints requirements/peers-setup.txt --group peers --output-file requirements/peers.txt
	$(LOCK) $(UPGRADE) --all-extras --output-file requirements/dev.txt pyproject.toml
	$(LOCK) $(UPGRADE) --constraints requirements/dev.txt --output-file requirements/run.txt pyproject.toml

# The stamps: a second call does nothing. Packages are only ever added, so run and test can follow each other.
$(VENV)/.setup: requirements/setup.txt
	@python=$$(command -v python3.11 || command -v python3 || true); \
	if [ -z "$$python" ]; then echo 'servanda needs Python 3.11 or later; none was found' >&2; exit 1; fi; \
	if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo "servanda needs Python 3.11 or later; $$python is $$("$$python" --version 2>&1)" >&2; exit 1; fi; \
	$(PIP) --version >/dev/null 2>&1 || { echo "Setting up $(VENV) with $$("$$python" --version)"; "$$python" -m venv $(VENV); }
	@$(PIP) install --quiet --require-hashes --requirement requirements/setup.txt
	@touch $@

$(VENV)/.run: $(VENV)/.setup requirements/run.txt pyproject.toml
	$(call install,requirements/run.txt)
	@$(PROJECT)
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(call install,requirements/dev.txt)
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
