# Every target sets up what it needs: a virtual environment of the project's own, from the lock file.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# requirements.lock is for work on SCC, requirements.txt for an image that runs it (S2I installs that name).
RESOLVE = uv pip compile pyproject.toml --extra postgres --universal --python-version 3.11 \
  --generate-hashes --no-header --no-emit-index-url --upgrade --quiet

.DEFAULT_GOAL := help
.PHONY: help demo demo-cluster test fuzz e2e e2e-containers e2e-kubernetes check format bench lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing from requirements.lock into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)  ## run the main pipeline against a local sandbox
	@$(BIN)/scc demo

demo-cluster: $(STAMP) .packages-e2e  ## production on one machine for three minutes: five pipelines, and what goes wrong
	@$(BIN)/python -m demo.cluster $(ARGS)

# One more than there are cores: a test that waits for a system leaves its core to another.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: $(STAMP)  ## run the tests that need nothing but Python
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not e2e and not containers and not kubernetes" $(ARGS)

fuzz: $(STAMP)  ## run the property-based tests with examples that nobody has tried yet
	$(BIN)/python -m pytest -n $(WORKERS) -m hypothesis --hypothesis-profile new $(ARGS)

e2e: $(STAMP) .packages-e2e  ## run the tests against PostgreSQL, Prometheus and Alertmanager, and in containers
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m e2e $(ARGS)
	$(MAKE) e2e-containers

e2e-containers: $(STAMP) .packages-e2e-containers  ## build the images and run them
	$(BIN)/python -m pytest -m containers $(ARGS)

e2e-kubernetes: $(STAMP)  ## apply what is rendered to a real API server (needs Go)
	$(BIN)/python -m pytest -m kubernetes $(ARGS)

.PHONY: .packages-e2e .packages-e2e-containers
.packages-e2e .packages-e2e-containers: .packages-%:
	@.ci/packages $*

check: $(STAMP)  ## lint, format, strict types, import directions, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/deptry .

format: $(STAMP)  ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## measure speed and memory; prints tables
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(STAMP)  ## resolve the dependencies again (needs uv)
	$(RESOLVE) --group dev --output-file requirements.lock
	$(RESOLVE) --output-file requirements.txt

clean:  ## remove what the targets above made
	rm -rf $(VENV) demo-data .mypy_cache .ruff_cache .pytest_cache
