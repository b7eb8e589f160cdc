# Two commands matter: `make up` runs everything, `make test` tests everything.

SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(CURDIR)/target
DATA ?= data
CONFIG ?=
FUZZ_SECONDS ?= 30
MUTATIONS ?= 20000
VENV := $(CARGO_TARGET_DIR)/venv

.PHONY: help up build setup web test test-sandbox lint unit interop deny fuzz robustness bench geo docs clean

help:
	@echo 'make up      install what is missing, build, run everything on loopback (data in $(DATA)/)'
	@echo 'make test    install what is missing, run every check and test'
	@echo 'make test-sandbox  run every specimen of the sandbox on every processor (about an hour)'
	@echo 'make fuzz    run each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make robustness  analyse MUTATIONS=$(MUTATIONS) broken files, and tell what the worst did'
	@echo 'make bench   measure, side by side with Cowrie (bench/README.md)'
	@echo 'make geo     install free databases of countries and autonomous systems into $(DATA)/geo'
	@echo 'make docs    write the documents that come from code'

up: build
	@exec $(CARGO_TARGET_DIR)/release/ukai up --data $(DATA) $(if $(CONFIG),--config $(CONFIG))

build: setup web
	cargo build --release --locked -p ukai

setup:
	@tools/setup.sh build

# The UI is embedded in the binary, so it is built first.
web: web/dist/index.html
web/dist/index.html: $(shell find web/src web/public web/index.html web/package-lock.json web/vite.config.ts -type f 2>/dev/null)
	cd web && npm ci --no-audit --no-fund && npm run build
	@touch $@

test:
	@tools/setup.sh test
	@$(MAKE) --no-print-directory web lint deny interop unit

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm run check && npm test

deny:
	tools/deny.sh

# Everything, the whole-program tests with real clients and the browser's walk included.
unit:
	cd tests/web && npm ci --no-audit --no-fund
	cargo nextest run --workspace --locked --no-fail-fast

# The sandbox's whole matrix; `make test` runs a small part of it.
test-sandbox: web
	@tools/setup.sh test
	cd tests/web && npm ci --no-audit --no-fund
	cargo nextest run --workspace --locked --no-fail-fast --test whole_program \
	  --run-ignored all -E 'test(/^sandbox::/)'

# Our CaRT containers against the reference implementation, both ways; our Parquet files by
# readers of others.
interop:
	cargo build --locked -p ukai-store --example cart
	cargo build --locked --workspace --bin ukai
	test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check cart==1.2.3 duckdb==2.0.1 pyarrow==26.0.1
	$(VENV)/bin/python tests/interop/cart.py $(CARGO_TARGET_DIR)/debug/examples/cart
	$(VENV)/bin/python tests/interop/flows.py $(CARGO_TARGET_DIR)/debug/ukai

fuzz:
	@tools/setup.sh fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz.sh

# Broken files of this system and broken archives: the parent never notices more than a limit.
robustness:
	@tools/setup.sh test
	cargo run --release --locked -p ukai-static --example mutations -- $(MUTATIONS)

bench:
	bench/cowrie.sh --growth
	cargo run --release --locked -p ukai-store --example append_rate
	cargo run --release --locked -p ukai-static --example analyze_rate

# Whose addresses are; with the licences.
geo:
	@tools/geo.sh $(DATA)/geo

docs:
	cargo run -q -p xtask -- events
	cargo run -q -p ukai -- config default > docs/ukai.toml

clean:
	cargo clean
	rm -rf web/dist web/node_modules tests/web/node_modules
