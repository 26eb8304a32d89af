# Bare `make` explains every target. Nothing but Python >= 3.11 and make is needed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

PIPELINE ?= sample
MONTH ?=
DATA ?=
LANGUAGE ?= ja
SET ?=
FILES ?=
PLATFORM ?=
AUDIENCE ?=
OPT_OUTS ?=
NOTEBOOK ?= notebooks
RESTATE ?=
# A LANGUAGE set by the desktop (en_US:en) is not ours.
ifneq ($(LANGUAGE),ja)
ifneq ($(LANGUAGE),en)
override LANGUAGE := ja
endif
endif

RUN_OPTIONS = $(PIPELINE) --language $(LANGUAGE) $(if $(MONTH),--month $(MONTH)) $(if $(DATA),--data '$(DATA)') $(foreach item,$(SET),--set $(item))

.PHONY: help audiences report quickstart test test-fast check extras lab dashboard verify status bench clean docs

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  with  PIPELINE=sample  MONTH=2026-10  DATA=folder  LANGUAGE=ja|en  SET=segments.window_months=12"

$(VENV)/ready: requirements.lock pyproject.toml
	@echo "making $(VENV) from requirements.lock …"
	@$(PYTHON) -c 'import sys; sys.exit("customerbase needs Python >= 3.11, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(PY) --no-deps -e .; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

report: $(VENV)/ready ## run the month and publish its report (the sample company when nothing else is named)
	@$(PY) -m customerbase run $(RUN_OPTIONS) $(if $(RESTATE),--restate)

quickstart: $(VENV)/ready ## one order file is enough: make quickstart FILES=orders.csv
	@$(PY) -m customerbase quickstart $(FILES) --language $(LANGUAGE) $(if $(MONTH),--month $(MONTH)) $(if $(YES),--yes)

test: $(VENV)/ready ## all tests, in parallel, the longest files first (tests/conftest.py)
	@$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/ready ## the tests that take seconds
	@$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow"

check: $(VENV)/ready ## lint, import contracts, notebook shape, ledgers' links, no outputs, generated documents fresh
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(PY) -m customerbase contracts
	@$(PY) -m customerbase ledger
	@$(PY) -m customerbase docs --check

extras: $(VENV)/ready ## what only some need, into the same environment: Spark, TreeSHAP, ALS, peers of the lifetime-value models
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(PY) --require-hashes -r requirements-extras.lock; \
	else \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-extras.lock; \
	fi

lab: $(VENV)/ready ## open the notebooks in JupyterLab (NOTEBOOK=… opens one)
	@$(PY) -m customerbase lab '$(NOTEBOOK)'

dashboard: $(VENV)/ready ## serve the read-only dashboards on this machine (docs/serving.md: to others)
	@$(PY) -m customerbase dashboard $(PIPELINE)

verify: $(VENV)/ready ## rebuild the published month in a separate place and compare it, number by number, file by file
	@$(PY) -m customerbase verify $(PIPELINE) $(if $(MONTH),--month $(MONTH)) $(if $(DATA),--data '$(DATA)')

audiences: $(VENV)/ready ## files of a month's audiences: ROLE=activation MONTH=… [PLATFORM=… AUDIENCE=… OPT_OUTS=file] (docs/audience-files.md)
	@$(PY) -m customerbase audiences export $(PIPELINE) --month '$(MONTH)' $(if $(ROLE),--role $(ROLE)) --language $(LANGUAGE) $(foreach one,$(PLATFORM),--platform $(one)) $(foreach one,$(AUDIENCE),--audience $(one)) $(if $(OPT_OUTS),--opt-outs '$(OPT_OUTS)')

status: $(VENV)/ready ## where the pipeline stands: months, versions, what is missing (docs/unattended.md)
	@$(PY) -m customerbase status $(PIPELINE)

bench: $(VENV)/ready ## speed and memory beside peers, as ratios
	@$(PY) -m bench

docs: $(VENV)/ready ## write the generated documents anew
	@$(PY) -m customerbase docs

clean: ## remove what can be made again: scratch, caches, unpublished work (never reports or raw data)
	@rm -rf data/scratch data/runs/*/*/stages .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
