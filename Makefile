# GNU make 3.81 (macOS) and later: plain rules only.

PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet
NAME ?=
PEER ?=
KEYS ?= 10000,100000,1000000
OP ?= get
REV ?= HEAD
WITH ?=
TO ?=
YES ?=

.PHONY: help run test check bench bench-scale bench-memory bench-services bench-compare profile clients docs migrate add-migration clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

run: .venv/run ## serve storage_data/ on http://127.0.0.1:9000 with the keys minioadmin/minioadmin
	@exec $(BIN)/trug serve storage_data --dev

test: .venv/test ## run the tests in parallel; installs what they need from the system where it may
	@sh .ci/system-packages
	@$(BIN)/python -m pytest -n auto

check: .venv/check ## every gate: format, lint, types, imports, generated docs, tests
	@sh .ci/system-packages
	@sh .ci/gates

bench: .venv/check ## measure speed: make bench [PEER=http://access:secret@host:port]
	@PEER='$(PEER)' $(BIN)/python -m benchmarks

bench-scale: .venv/check ## measure against the number of keys: make bench-scale [KEYS=10000,1000000]
	@$(BIN)/python -m benchmarks.scale --keys $(KEYS)

bench-memory: .venv/check ## measure memory, and the time to the first answer
	@$(BIN)/python -m benchmarks.memory

bench-services: .venv/check ## measure the services of the management port
	@$(BIN)/python -m benchmarks.management

bench-compare: .venv/check ## measure beside another revision: make bench-compare REV=v1.0 [WITH=--instructions]
	@$(BIN)/python -m benchmarks.compare --rev '$(REV)' $(WITH)

profile: .venv/check ## show where one operation's time goes: make profile OP=get|head|put|delete|list|get64k|put64k
	@$(BIN)/python -m benchmarks.profiling $(OP)

clients: .venv/check ## run the client probes against a server, over HTTP and over TLS
	@$(BIN)/python clients/run.py

docs: .venv/test ## write what is generated of the documentation
	@$(BIN)/python docs/generate.py

migrate: .venv/run ## bring the store in storage_data/ to this version's format: make migrate [TO=1 YES=--yes] for an older one
	@$(BIN)/trug migrate storage_data $(if $(TO),--to '$(TO)') $(YES)

add-migration: .venv/check ## write the next migration from the schema: make add-migration NAME="what changes"
	@$(BIN)/python migrations/add.py '$(NAME)'

clean: ## remove the virtual environments and all caches; data stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf clients/.cache benchmarks/.cache
	find server tests clients benchmarks docs migrations -name __pycache__ -prune -exec rm -rf {} +

# Each of these files says when an environment was last brought up to date with pyproject.toml.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo 'trug needs Python 3.11 or newer; name one: make run PYTHON=python3.12' >&2; exit 1; }
	@echo 'making .venv' >&2
	@$(PYTHON) -m venv --clear .venv || \
	  { rm -rf .venv; echo 'python3 -m venv failed; on Debian: apt install python3-venv' >&2; exit 1; }

.venv/run: .venv/bin/python pyproject.toml
	@echo 'installing trug and its dependencies' >&2
	@$(PIP) install --editable .
	@touch $@

.venv/test: .venv/bin/python pyproject.toml
	@echo 'installing trug and what its tests need' >&2
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --editable . --group test
	@touch .venv/run $@

.venv/check: .venv/bin/python pyproject.toml
	@echo 'installing trug and what its gates need' >&2
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --editable . --group test --group check --group clients
	@touch .venv/run .venv/test $@
