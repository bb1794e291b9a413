# One word each: demo, test, lint, bench, docs, train. Each does the set-up it needs; the second call finds it done.
#
#     make demo                    the app at http://127.0.0.1:7860
#     make demo PORT=8080 HOST=0.0.0.0
#     make test ARGS="tests/core -k photo"
#     make train WORK=/where/there/is/room ARGS=--toy

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 7860
WORK ?= data/training
ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
# HF_HUB_OFFLINE: models are local folders; without it libraries ask a network for them and wait.
export HF_HUB_OFFLINE := 1
export PYTHONUNBUFFERED := 1

.PHONY: help demo test lint bench docs train clean
.DELETE_ON_ERROR:

help:
	@sed '/^$$/q; s/^# \{0,1\}//' Makefile

demo: $(VENV)/.app
	@tools/system_packages.sh app
	@FACEPERSONA_HOST=$(HOST) FACEPERSONA_PORT=$(PORT) $(RUN) app.py

test: $(VENV)/.dev
	@tools/system_packages.sh test
	@$(RUN) -m pytest $(ARGS)

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/.dev
	@for file in benchmarks/*.py; do echo "== $$file"; $(RUN) $$file $(ARGS) || exit 1; done

docs: $(VENV)/.dev
	$(RUN) tools/docs.py

train: $(VENV)/.dev
	$(RUN) -m training.embedded.recipe --work $(WORK) $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed, and there is no python3.11 on the path." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$$($(PYTHON) --version) found, but 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/system_packages.sh venv
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# torch first and alone: later packages must meet it, not choose it.
$(VENV)/.app: requirements.txt constraints.txt pyproject.toml | $(VENV)/.venv
	@echo "Installing packages into $(VENV) (about two minutes, once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt "$$(grep '^torch==' requirements.txt)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	@$(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
