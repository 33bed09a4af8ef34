# Every target sets up what it needs: a virtual environment of the project's own, from the lock file.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# requirements.lock is for work on SCC, requirements.txt for an image that runs it (S2I installs that name).
RESOLVE = uv pip compile pyproject.toml --extra postgres --universal --python-version 3.11 \
  --generate-hashes --no-header --no-emit-index-url --upgrade --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing from requirements.lock into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)  ## run the main pipeline against a local sandbox
	@$(BIN)/scc demo

test: $(STAMP)  ## run all tests
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

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
