# `make run` is the whole relay on this machine. Nothing needs to be there but Python 3.11 or newer, and make.

.PHONY: run test lint bench screenshots texts lock clean

BIN := .venv/bin
READY := .venv/.ready

# The first that is new enough; 3.11 and 3.12 first, since Redis comes ready-built for them.
PYTHON ?= $(shell for name in python3.11 python3.12 python3 python3.13 python3.14 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

run: $(READY)
	@$(BIN)/relay up

# On all cores, each file's tests together, since they share what they start.
test: $(READY)
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m bench $(ARGS)

# A picture of every page of the ops desk, into screenshots/; needs Debian's chromium on the path.
screenshots: $(READY)
	$(BIN)/python -m tests.pictures $(ARGS)

# Set up once, and again when the lock or the project's description changes; otherwise nothing is asked of the network.
$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer found: install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "setting up .venv with $(PYTHON), once"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.txt || { \
		echo "the libraries could not be installed; if Redis failed to build, use Python 3.11 or 3.12," >&2; \
		echo "for which it comes ready-built on x86-64 Linux, or install a C compiler" >&2; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

# Gather the texts of the ops desk into its translations; says which have none yet.
texts: $(READY)
	@$(BIN)/python -m relay.ops.gather

# Choose the newest versions again; needs uv on the path.
lock:
	uv pip compile --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-annotate --no-header --no-emit-index-url -q -o requirements.txt pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots
