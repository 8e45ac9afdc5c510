# Two commands: `make play` and `make test`; `make docs` builds the site, `make coverage` counts the lines that the tests run. A second call of any installs nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: play test coverage docs lint bench clean

play: $(VENV)/.core
	$(BIN)/daebon play 바다 --auto

test: $(VENV)/.dev
	$(BIN)/python -m pytest

coverage: $(VENV)/.dev
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest --cov --cov-report=term

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "docs: open site/index.html"

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.scene_quality
	$(BIN)/python -m benchmarks.lexicon
	@test -n "$(DATA)" || echo "benchmarks.emotion reads KOTE's test split: make bench DATA=the folder that holds kote/"
	test -z "$(DATA)" || $(BIN)/python -m benchmarks.emotion --data "$(DATA)"

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("daebon needs Python 3.11 or newer; run: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.core: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) install --quiet -c constraints.txt -e '.[dev,train]' || $(PIP) install --quiet -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.docs: $(VENV)/.core
	$(PIP) install --quiet -c constraints.txt -e '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build site *.egg-info
