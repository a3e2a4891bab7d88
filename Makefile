SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test lint bench clean install

PORT ?= 8000
PYTHON ?=
BIN := .venv/bin
INSTALLED := .venv/.installed

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "PORT=8000 chooses the port of 'make run', PYTHON=/path/to/python the interpreter (3.11 or 3.12)."

run: $(INSTALLED) ## Start everything with demo data, check a few orders, then serve until Ctrl-C
	@exec $(BIN)/credit-policy demo --port $(PORT)

test: lint ## Style, types, layers, then every test, with a real PostgreSQL and a real browser
	@$(find_chromium)
	@$(BIN)/pytest -n 2

lint: $(INSTALLED) ## Style, types and layers only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(INSTALLED) ## Measure the engine and the service against others
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,bench]'
	@$(BIN)/python -m tests.benchmarks.bench_engine
	@$(BIN)/python -m tests.benchmarks.bench_offers
	@$(BIN)/python -m tests.benchmarks.bench_check
	@$(BIN)/python -m tests.benchmarks.bench_contention

clean: ## Remove the virtual environment and caches; the data in var/ stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(INSTALLED) ## Create .venv and install; the other targets do it by themselves

# A shim may be on the PATH and still refuse to run, so each candidate is asked who it is.
define create_venv
suits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'; \
if [ -x $(BIN)/python ] && $(BIN)/python -c "$$suits" 2>/dev/null; then exit 0; fi; \
for python in $(if $(PYTHON),'$(PYTHON)',python3.11 python3.12 python3 python); do \
  if "$$python" -c "$$suits" >/dev/null 2>&1; then \
    echo "Creating .venv with $$("$$python" --version)"; exec "$$python" -m venv --clear .venv; \
  fi; \
done; \
echo "$(if $(PYTHON),$(PYTHON) is not a working Python 3.11 or 3.12,No working Python 3.11 or 3.12 was found) (with its venv module)." >&2; \
echo "Install one, or name it: make PYTHON=/path/to/python3.11" >&2; \
exit 1
endef

$(INSTALLED): setup.cfg pyproject.toml
	@$(create_venv)
	@echo "Installing (once; it compiles a little and takes a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

# Browser tests need Chromium; the Chinese screens need a font that has the characters.
define find_chromium
for browser in chromium chromium-browser google-chrome google-chrome-stable; do \
  if command -v "$$browser" >/dev/null; then exit 0; fi; \
done; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing Chromium for the browser tests"; \
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk; } </dev/null >/dev/null \
    || echo "Chromium could not be installed: the browser tests will say so." >&2; \
else \
  echo "No Chromium was found: install it (and a Chinese font) so that the browser tests can run." >&2; \
fi
endef
