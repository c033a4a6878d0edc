# Everything a developer types. Each target sets up what it needs.
SHELL := bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PACKAGES := shared-contracts command-service query-service
SOURCES := $(PACKAGES:%=%/src) deploy/local tests-integration
LIMIT ?= 1.0
HOTELS ?= 1
STACK ?= $(shell test -e .local/stack.json || ! docker info >/dev/null 2>&1 && echo local || echo containers)

.PHONY: help install up down logs status test check replay drill chaos bench test-containers lock format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: .venv/installed ## make the virtual environment

.venv/installed: requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install python3 and python3-venv."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Install your system's python3-venv package, then try again."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@touch $@

up: up-$(STACK) ## start everything, and print a first booking to try (STACK=local or containers)

up-local: install
	$(BIN)/python deploy/local/stack.py up

up-containers: install
	$(BIN)/python deploy/containers/stack.py up

down: down-$(STACK) ## stop everything; data stays

down-local: install
	$(BIN)/python deploy/local/stack.py down

down-containers: install
	$(BIN)/python deploy/containers/stack.py down

logs: logs-$(STACK) ## what the processes say

logs-local: install
	$(BIN)/python deploy/local/stack.py logs $(PROCESS)

logs-containers:
	docker compose logs --tail 100 $(PROCESS)

status: status-$(STACK) ## what runs, where, and whether it is ready

status-local: install
	$(BIN)/python deploy/local/stack.py status

status-containers:
	docker compose ps

test: install ## run all tests; servers come from INNKEEP_TEST_*_URL, else containers, else private local ones
	$(BIN)/python deploy/local/stack.py packages
	$(BIN)/pytest $(ARGS)

check: install ## ruff, mypy, pyright, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/mypy deploy/containers
	$(BIN)/mypy deploy/guarantees.py
	$(BIN)/pyright
	$(BIN)/lint-imports

replay: install ## replay real bookings: make replay BOOKINGS=FILE [LIMIT=0.7] [HOTELS=4]
	@test -n "$(BOOKINGS)" || { echo "Say which file: make replay BOOKINGS=bookings.csv.gz"; exit 1; }
	PYTHONPATH=tests-integration $(BIN)/python -m replay "$(BOOKINGS)" --limit $(LIMIT) --hotels $(HOTELS)

chaos: install ## break everything and count what held: make chaos [QUICK=1] [SEED=1] [ONLY=R1,R4] [N=20] [JSON=FILE] [RECORDS=FOLDER]
	PYTHONPATH=tests-integration:deploy/local $(BIN)/python -m chaos $(if $(QUICK),--quick) --seed $(or $(SEED),1) \
		$(if $(ONLY),--only $(ONLY)) $(if $(N),--n $(N)) $(if $(JSON),--json $(JSON)) $(if $(RECORDS),--records $(RECORDS))

drill: install ## rehearse a backup, the loss of every server, and the way back
	PYTHONPATH=tests-integration:deploy/local $(BIN)/python -m drill $(ARGS)

bench: install .venv-bench/installed ## measure and write RESULTS.md: make bench [QUICK=1] [ONLY=path,peers] [SEED=1]
	cd tests-integration && PYTHONPATH=.:../deploy/local ../$(BIN)/python -m benchmarks --write benchmarks/RESULTS.md \
		$(if $(QUICK),--quick) --seed $(or $(SEED),1) $(if $(ONLY),--only $(ONLY))

.venv-bench/installed: tests-integration/benchmarks/requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install python3 and python3-venv."; exit 1; }
	@$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

test-containers: install ## build, start, book and stop the containers of docker-compose.yml
	$(BIN)/python deploy/containers/prove.py

lock: install ## write the locks anew from requirements.in
	deploy/lock

format: install ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what was installed and built here; `make down` first
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis
