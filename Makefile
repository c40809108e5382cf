# Two commands from a bare checkout: `make demo` does the main job, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test inspect coverage clean-coverage check wheel docs bench clean

demo: $(VENV)/.demo
	$(BIN)/klimit demo --out runs/demo

# The language model's tests stand alone: its threads would slow down all others beside them.
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(MEASURE) --numprocesses auto -m "not model"
	$(BIN)/python -m pytest $(MEASURE) -m model

# inspect_ai needs older packages than ours: its own reader runs in an environment of its own.
# Its tests take nothing of the others', whose plug-ins are not in there.
inspect: $(VENV)-inspect/.ready
	$(VENV)-inspect/bin/python -m pytest --noconftest --override-ini addopts= \
	  --disable-socket --allow-unix-socket tests/data/logs/test_inspect_ai.py

# The same tests as `make test`, with the lines and branches that they run counted.
coverage: MEASURE := --cov --cov-append --cov-report= --cov-fail-under=0
coverage: clean-coverage test
	$(BIN)/coverage report

clean-coverage:
	rm -f .coverage .coverage.*

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/.dev
	tools/check_wheel $(BIN)/python

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-inspect dist docs/_build

$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt --upgrade pip
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable '.[all]' --group dev
	touch $@ $(VENV)/.demo

$(VENV)-inspect/.ready: pyproject.toml constraints-inspect.txt
	$(PYTHON) -m venv $(VENV)-inspect
	$(VENV)-inspect/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint constraints-inspect.txt --upgrade pip
	$(VENV)-inspect/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint constraints-inspect.txt --editable '.[inspect]' pytest pytest-socket
	touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(PIP) --group docs
	touch $@
