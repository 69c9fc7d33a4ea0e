# `make demo` and `make test` do everything from a fresh Debian 12 or 13 machine on.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PACKAGES := python3-venv make git openssh-client shellcheck \
	qemu-system-x86 qemu-utils mmdebstrap systemd-container debian-archive-keyring e2fsprogs iproute2 age zstd \
	linux-libc-dev

.PHONY: demo test check lint unit coverage operations integration machines proofs bench docs packages clean

demo: packages $(VENV)/ready
	inventories/lab/demo.sh

test: packages $(VENV)/ready
	.ci/test

check: packages $(VENV)/ready lint unit

lint: packages $(VENV)/ready
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache
	yamllint --strict .
	codespell
	git ls-files -z '*.sh' .ci | xargs -0 shellcheck

unit: $(VENV)/ready
	pytest tests/unit -q

# Not in `unit`: to watch each line takes as long as the tests themselves.
coverage: $(VENV)/ready
	pytest tests/unit --cov --cov-report=term:skip-covered -q

operations: $(VENV)/ready
	pytest tests/operations tests/facts -q

integration: packages $(VENV)/ready
	pytest -m 'not every_way' tests/integration

# In this order the guard's tests find machines at their baseline.
machines: packages $(VENV)/ready
	pytest -m 'machine and not every_way' tests/integration/test_{machines,guard,lab,machine_records}.py

# Every control in every way, on containers and machines, an apply interrupted at every moment that is tried, and what
# CONTRIBUTING.md and the first host's page say, to the letter; `make test` has as few ways as fail each test once, and fewer moments.
proofs: packages $(VENV)/ready
	pytest -m every_way tests/integration

# Measures, and writes the tables of docs/benchmarks.md: quarters of an hour, on a computer with nothing else to do.
bench: packages $(VENV)/ready
	PYTHONPATH=tests python -m bench

docs: $(VENV)/ready
	python -m ringfence.site.schema
	python -m ringfence.site.reference
	python -m ringfence.site.lints.page
	python -m ringfence.cli.reference

packages:
	@missing=$$(dpkg-query -W -f='$${Status} $${Package}\n' $(PACKAGES) 2>&1 | \
		sed -n 's/^dpkg-query: no packages found matching //p; /^install ok installed/!s/^.* \([^ ]*\)$$/\1/p' | sort -u); \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" != 0 ]; then echo "Debian packages are missing: apt-get install $$missing" >&2; exit 3; fi; \
	apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing

$(VENV)/ready: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
