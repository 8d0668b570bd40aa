# Every target does its own set-up: `make test` in a fresh clone is enough.
# PYTHON=python3.13 picks an interpreter for .venv; PYTEST_ARGS="-x -k spool" reaches pytest.
# make soak MINUTES=30 SEED=7 plays the faults of plan 7; TABLES, SHOPS and KILLS belong to a plan too.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh

bin := .venv/bin
# A file stays with one worker: its tests share what is costly to start (broker, database).
pytest := scripts/isolated $(bin)/pytest -n auto --maxprocesses 8 --dist loadfile
PYTEST_ARGS ?=

.PHONY: help run demo password test lint types imports format unit contract integration browser \
	deb install-table acceptance test-cluster test-package test-table bench bench-table soak load lock docs setup \
	setup-all clean

##@ Use

run: ## Start everything with one table; the terminal is its scanner, pedals and light
	@scripts/setup run mosquitto
	@exec $(bin)/python -m launcher run

demo: ## Pack orders by itself, without a terminal; succeeds only if the buyer has every photo once
	@scripts/setup run mosquitto
	@exec $(bin)/python -m launcher demo

password: ## A new password for the owner's account of `make run`
	@scripts/setup run mosquitto
	@exec $(bin)/python -m launcher password

##@ Check

test: setup-all ## Everything: style, types, imports, then all tests without a network
	$(bin)/ruff check --quiet
	$(bin)/ruff format --check --quiet
	$(bin)/mypy --no-error-summary
	$(bin)/lint-imports --no-logo
	$(pytest) $(PYTEST_ARGS)

lint: setup ## Style (ruff)
	$(bin)/ruff check
	$(bin)/ruff format --check

types: setup ## Types (mypy, strict)
	$(bin)/mypy

imports: setup ## Who may import whom (import-linter)
	$(bin)/lint-imports --no-logo

format: setup ## Put the code into shape and mend what ruff can mend safely
	$(bin)/ruff check --fix
	$(bin)/ruff format

##@ Some of the tests

unit: setup ## Pure code
	$(pytest) tests/unit $(PYTEST_ARGS)

contract: setup-all ## Each interface against all of its implementations
	$(pytest) tests/contract $(PYTEST_ARGS)

integration: setup-all ## With a real broker, database, disk and processes
	$(pytest) tests/integration $(PYTEST_ARGS)

browser: setup-all ## Pages in a real Chromium
	$(pytest) tests/browser $(PYTEST_ARGS)

acceptance: setup-all ## All programs at once, as they are installed
	$(pytest) -m acceptance $(PYTEST_ARGS)

test-cluster: setup-all ## Three nodes of RabbitMQ 4 as the broker, one killed at a time
	@scripts/rabbitmq
	scripts/isolated $(bin)/pytest -m cluster tests/cluster $(PYTEST_ARGS)

test-package: setup ## Install, upgrade and remove the package of a table in small Debians (as root)
	@scripts/package-roots
	unshare --mount scripts/isolated $(bin)/pytest -m package tests/package $(PYTEST_ARGS)

test-table: setup-all ## A whole Debian with real interfaces of devices; CUTS=200: that many power cuts
	@why=$$(scripts/virtual-table/why-not); [ -z "$$why" ] || { echo "No virtual table here: $$why."; exit 1; }
	@scripts/virtual-table/image >/dev/null
	@$(bin)/python scripts/build_deb.py --fetch-only amd64
	VIRTUAL_TABLE_CUTS=$(or $(CUTS),5) scripts/isolated $(bin)/pytest -m table \
		--log-cli-level INFO $(or $(PYTEST_ARGS),tests/table)

bench: setup-all ## Measure, each figure beside its limit or its peer
	@for program in tests/benchmarks/bench_*.py; do \
		[ -e "$$program" ] || continue; \
		scripts/isolated $(bin)/python "$$program" || exit 1; \
	done

bench-table: setup-all ## Measure inside the virtual table: times, memory, processor, writes
	@scripts/virtual-table/image >/dev/null
	@$(bin)/python scripts/build_deb.py --fetch-only amd64
	@for program in virtual_table_times virtual_table_wear; do \
		scripts/isolated $(bin)/python -m tests.benchmarks.$$program || exit 1; \
	done

soak: ## Pack for MINUTES=5 while programs are killed; SEED=n repeats a plan, CLOUD=roles splits the cloud
	@scripts/setup test mosquitto postgresql
	@$(bin)/python scripts/build_deb.py --fetch-only
	@exec scripts/isolated $(bin)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(SEED),--seed $(SEED)) $(if $(TABLES),--tables $(TABLES)) \
		$(if $(SHOPS),--shops $(SHOPS)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(CLOUD),--cloud $(CLOUD))

load: ## Play tables, more at each step, until receipts are slow: TABLES=2000 PHOTO_KB=100 MINUTES=2
	@scripts/setup test mosquitto
	@exec scripts/isolated $(bin)/python -m tests.load.play $(if $(TABLES),--tables $(TABLES)) \
		$(if $(STEPS),--steps $(STEPS)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(PHOTO_KB),--photo-kb $(PHOTO_KB)) $(if $(PHOTOS),--photos $(PHOTOS)) \
		$(if $(EVERY),--every $(EVERY))

##@ Install

deb: setup ## Build the Debian packages of a table into dist/ (ARCH=arm64: only that one)
	@$(bin)/python scripts/build_deb.py $(ARCH)

install-table: setup ## Build it and install it on this Raspberry Pi; again to upgrade
	@scripts/install-table

##@ Keep

lock: ## Write locks/ anew from pyproject.toml (UPGRADE=1: newest versions)
	@scripts/lock $(if $(UPGRADE),--upgrade)

docs: setup ## Write the generated parts of docs/protocol.md and docs/settings.md anew
	@PYTHONPATH=. $(bin)/python scripts/protocol_reference.py
	@PYTHONPATH=. $(bin)/python scripts/settings_reference.py

setup: ## Make .venv, with what tests and checks need
	@scripts/setup test

clean: ## Remove all that was made, except the data of `make run` (.run)
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		.hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# With the programs that tests start as children, with data of their own. Playwright's driver wants
# libatomic1; units are checked by systemd's own tool. The package of a table is built without a network.
setup-all:
	@scripts/setup test mosquitto postgresql chromium libatomic1 openssl systemd tinyproxy-bin
	@$(bin)/python scripts/build_deb.py --fetch-only

help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
