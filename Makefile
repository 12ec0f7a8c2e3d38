# What one does with the project; `make help` lists it. Everything runs in .venv, which is built from requirements.lock.
PYTHON ?= python3
VENV := .venv
# DVC runs `python` from PATH, so the environment comes first there.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
# Material for MkDocs prints an advertisement for its successor otherwise; pyproject.toml keeps MkDocs below 2.
MKDOCS := NO_MKDOCS_2_WARNING=true PYTHONPATH=src python -m mkdocs

# Named for the content of the lock: a new lock means a new environment, a mere new date of the file does not.
STAMP := $(VENV)/.installed-$(shell cksum < requirements.lock | cut -d " " -f 1)

.DEFAULT_GOAL := help
.PHONY: help setup repro test test-slow lint docs docs-serve bench profile bench-pipeline ui params lock

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## Build .venv from requirements.lock (done by the other targets when the lock has changed)

$(STAMP):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "setup: expected Python 3.11 to 3.13, received %d.%d; name another one: make PYTHON=python3.12 ..." % v)'
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(VENV)/bin/python -m glassnet.reporting.plots_page
	@touch $@

repro: $(STAMP)  ## Run the pipeline: check, fetch, prepare, train, evaluate, improve, report
	@test -s .dvc/tmp/rwlock || rm -f .dvc/tmp/rwlock  # a DVC that was killed just then left it empty, and cannot read it
	dvc repro

test: $(STAMP)  ## Run the tests, but for the slow ones
	python -m pytest -n logical --maxprocesses 4

test-slow: $(STAMP)  ## Run the tests that `make test` leaves to CI: the pipeline end to end, servers, hundreds of kills
	python -m pytest -n logical --maxprocesses 4 -m slow

lint: $(STAMP)  ## Check style, types and the import contract
	ruff check
	ruff format --check
	mypy
	lint-imports

bench: $(STAMP)  ## Time training beside other libraries, as far as they are installed, and write the table into docs/explanation/speed.md
	python -m tests.benchmarks.speed

profile: $(STAMP)  ## Show where the time of a training step goes
	python tests/benchmarks/step_profile.py

bench-pipeline: $(STAMP)  ## Time the pipeline against the floor that DVC itself sets
	python tests/benchmarks/pipeline_time.py

docs: $(STAMP)  ## Build the documentation into site/; a link or a reference that leads nowhere is an error
	@$(MKDOCS) build
	@echo "docs: the site is in site/, index.html first"

docs-serve: $(STAMP)  ## Show the documentation on 127.0.0.1, and build it anew after each edit (PORT=8000)
	$(MKDOCS) serve --dev-addr 127.0.0.1:$(if $(filter-out file,$(origin PORT)),$(PORT),8000)

PORT ?= 5000
ui: $(STAMP)  ## Show the recorded runs on 127.0.0.1, and print where (PORT=5000)
	@PYTHONPATH=src python -m glassnet.stages.ui port=$(PORT)

params: $(STAMP)  ## Generate params.yaml from conf/
	python -m glassnet.stages.params

lock: $(STAMP)  ## Resolve the newest dependencies that pyproject.toml allows into requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --extra dev --no-emit-index-url --no-header --no-annotate --upgrade --quiet pyproject.toml -o requirements.lock
