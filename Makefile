# Everything this repository can do. To build, run and test it: rustup's cargo, node with npm, and a C compiler. What a
# target needs beside them it takes from Debian's packages where it may, and names elsewhere.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# The paths below are fixed: a target folder of the caller's would hide what was built.
unexport CARGO_TARGET_DIR

JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
BINDGEN := target/bindgen/release/bindgen
DENY_VERSION := 0.20.2
DENY := .tools/cargo-deny/$(DENY_VERSION)/bin/cargo-deny
DEB_VERSION := 3.8.0
DEB := .tools/cargo-deb/$(DEB_VERSION)/bin/cargo-deb
FUZZ_VERSION := 0.13.2
FUZZ := .tools/cargo-fuzz/$(FUZZ_VERSION)/bin/cargo-fuzz
RUNS ?= 10000000
# Ours has no unsafe code, and executions are what finds a panic: a quarter as many with `address`.
SANITIZER ?= none
WASM := --lib --profile wasm-release --target wasm32-unknown-unknown --no-default-features --features browser

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## build what changed, then serve http://127.0.0.1:3000 in sandbox mode
	exec target/release/saoma serve --sandbox

# What the program that is built has inside; cargo builds it again when this changes.
export SAOMA_SITE_KEY = $(shell cat target/site.key 2>/dev/null)

# What `saoma --version` says beside the number: the commit, with a + when something has been changed since, and its
# date. Known once, at the beginning: a program that is built and then tested must be the same to cargo.
SAOMA_COMMIT ?= $(shell commit=$$(git log -1 --abbrev=9 --format=%h 2>/dev/null) || exit 0; \
  git diff --quiet HEAD || commit+=+; echo "$$commit, $$(git log -1 --date=short --format=%cd)")
export SAOMA_COMMIT := $(SAOMA_COMMIT)

# Two lanes over one pool of job tokens: the server's many crates fill the gaps that the bundle's
# single-threaded last steps leave, and the other way round. Only the program itself waits for both.
.PHONY: build
build: toolchain ## build target/release/saoma and target/site
	@$(MAKE) --no-print-directory -j$(JOBS) library site
	@$(MAKE) --no-print-directory server

.PHONY: test
test: ## every test there is, browser included; installs what it needs
	@node .tools/test.mjs

.PHONY: bench
bench: build ## the benchmarks behind the budgets in docs/proof.md
	.tools/with-mariadb.sh cargo bench --locked --bench "*"

.PHONY: fuzz
fuzz: $(FUZZ) nightly ## RUNS executions (10 million) of each fuzz target, or of TARGETS; RUNS=10000 is a quick look
	node .tools/fuzz.mjs $(FUZZ) $(RUNS) $(JOBS) $(SANITIZER) $(TARGETS)

.PHONY: image
image: build ## a container image in target/saoma-image.tar (buildah)
	.tools/programs.sh buildah
	.tools/image.sh

.PHONY: deb
deb: build $(DEB) ## a Debian package in target/debian
	.tools/programs.sh dpkg-dev
	rm -rf target/debian
	$(DEB) deb --no-build --no-strip --locked

# One after the other, also with -j: the tests are of what the others have built.
.PHONY: deploy
deploy: ## tries everything in deploy/: nginx, Caddy, systemd's checks, image and package (on Debian as root it installs them)
	@$(MAKE) --no-print-directory image
	@$(MAKE) --no-print-directory deb
	@$(MAKE) --no-print-directory deploy-all-tests

.PHONY: lint
lint: format clippy clippy-wasm lint-css lint-types audit ## formatting, clippy for server and browser, CSS, types of the browser tests, dependencies

.PHONY: clean
clean: ## remove everything that was built or installed here
	rm -rf target .tools/node_modules .tools/cargo-deb .tools/cargo-deny .tools/cargo-fuzz .tools/galera \
	  end2end/node_modules end2end/test-results tests/sdks/node/node_modules

# --- Building ---------------------------------------------------------------------------------

.PHONY: library
library:
	+cargo build --locked --release --lib

# By a make of its own, which reads the key of the site that has just been made.
.PHONY: server
server:
	+cargo build --locked --release

.PHONY: site
site: $(BINDGEN) .tools/node_modules/.built
	+cargo build --locked $(WASM)
	node .tools/site.mjs $(BINDGEN)

# Before the lanes part: rustup does not expect to be run twice at once (where it may, the first cargo
# makes it install what rust-toolchain.toml asks for), and a broken manifest should stop both at once.
.PHONY: toolchain
toolchain:
	@cargo tree --quiet --locked --depth 0 >/dev/null
	@rustup target list --installed | grep -x wasm32-unknown-unknown >/dev/null || rustup target add wasm32-unknown-unknown

# The generator has to be of exactly the version of `wasm-bindgen` that the lock file has; it says so itself.
$(BINDGEN): .tools/bindgen/Cargo.lock .tools/bindgen/Cargo.toml .tools/bindgen/src/main.rs
	+cargo build --locked --release --manifest-path .tools/bindgen/Cargo.toml --target-dir target/bindgen
	@touch $@

# `npm ci` empties node_modules first, so a mark in there stands for what is installed.
.tools/node_modules/.built: .tools/package-lock.json
	npm ci --prefix .tools --ignore-scripts --omit=dev --no-audit --no-fund
	touch $@

.tools/node_modules/.linted: .tools/package-lock.json
	npm ci --prefix .tools --ignore-scripts --no-audit --no-fund
	touch .tools/node_modules/.built $@

end2end/node_modules/.installed: end2end/package-lock.json
	npm ci --prefix end2end --ignore-scripts --no-audit --no-fund
	touch $@

# --- Testing: .tools/test.mjs calls these one by one and adds up what they counted --------------

.PHONY: build-tests
build-tests: toolchain
	@$(MAKE) --no-print-directory -j$(JOBS) library site end2end/node_modules/.installed
	@$(MAKE) --no-print-directory tests-and-server

# Cargo builds the server along, because tests start it.
.PHONY: tests-and-server
tests-and-server:
	+cargo test --locked --release --no-run

.PHONY: rust-tests
rust-tests:
	cargo test --locked --release --no-fail-fast

# What is in deploy/, as far as it is quick: with a real nginx, and by systemd's own checks.
.PHONY: deploy-tests
deploy-tests:
	.tools/programs.sh nginx systemd
	cargo test --locked --release --test it -- --ignored deployed::nginx deployed::systemd

.PHONY: deploy-all-tests
deploy-all-tests:
	.tools/programs.sh nginx caddy systemd dpkg
	cargo test --locked --release --test it -- --ignored deployed:: --nocapture

# Once more, on the other engine: what keeps books.
.PHONY: mysql-tests
mysql-tests: ## the tests that keep books once more, on a throw-away MariaDB
	.tools/with-mariadb.sh $(MAKE) --no-print-directory mysql-suites

.PHONY: mysql-suites
mysql-suites:
	status=0; \
	cargo test --locked --release --lib -- storage:: --include-ignored || status=1; \
	cargo test --locked --release --no-fail-fast --test it || status=1; \
	if PATH=$$PATH:/usr/sbin:/usr/local/sbin command -v mariadbd >/dev/null; then \
	  cargo test --locked --release --test faults mariadb -- --ignored || status=1; \
	else echo "no mariadbd here whose disk could fail: tests/faults is left out"; fi; \
	exit $$status

.PHONY: acme-tests
acme-tests: ## HTTPS by itself, against Let's Encrypt's own test server
	.tools/programs.sh pebble pebble-challtestsrv
	cargo test --locked --release --test it acme:: -- --ignored

.PHONY: browser
browser: end2end/node_modules/.installed
	.tools/browser.sh

.PHONY: browser-tests
browser-tests: browser end2end/node_modules/.installed
	cd end2end && node_modules/.bin/playwright test

# The two that are small in `make test`, as big as they have to be before anybody trusts them with money.
.PHONY: model
model: ## chance against the money rules: seeds 1 to 10,000 (MODEL_FROM, MODEL_SEEDS; MODEL_SEED=n for one again)
	MODEL_SEEDS=$(or $(MODEL_SEEDS),10000) cargo test --locked --release --test model -- --nocapture

.PHONY: kill
kill: ## kill -9 at random moments while people pay: 200 kills, 20,000 payments (KILLS, PAYMENTS, DATABASE_URL)
	KILLS=$(or $(KILLS),200) PAYMENTS=$(or $(PAYMENTS),20000) DEAF=$(or $(DEAF),2) \
	  cargo test --locked --release --test kill -- --nocapture

.PHONY: mysql-kill
mysql-kill: ## the same on a throw-away MariaDB: 50 kills, 5,000 payments
	KILLS=$(or $(KILLS),50) PAYMENTS=$(or $(PAYMENTS),5000) DEAF=$(or $(DEAF),2) \
	  .tools/with-mariadb.sh cargo test --locked --release --test kill -- --nocapture

.PHONY: move
move: ## fills the books of a file, moves them to a throw-away MariaDB, and lays them beside the ledger: 100,000 orders (ORDERS)
	ORDERS=$(or $(ORDERS),100000) .tools/with-mariadb.sh \
	  cargo test --locked --release --test kill moving -- --ignored --nocapture

.PHONY: put-back
put-back: ## copies the books while people pay, and puts them back in three ways after 500 more payments and 50 refunds (ORDERS, REFUNDS)
	ORDERS=$(or $(ORDERS),500) REFUNDS=$(or $(REFUNDS),50) \
	  cargo test --locked --release --test kill putting_back -- --nocapture --test-threads=1

.PHONY: faults
faults: ## a disk that fails and power that is lost while people pay: 200 faults, 20,000 payments (FAULTS, PAYMENTS, FAULTS_SEED)
	FAULTS=$(or $(FAULTS),200) PAYMENTS=$(or $(PAYMENTS),20000) DEAF=$(or $(DEAF),2) \
	  cargo test --locked --release --test faults -- --nocapture

.PHONY: mysql-faults
mysql-faults: ## the same below a MariaDB that it starts: 50 faults, 5,000 payments
	.tools/mariadb.sh
	FAULTS=$(or $(FAULTS),50) PAYMENTS=$(or $(PAYMENTS),5000) DEAF=$(or $(DEAF),2) \
	  cargo test --locked --release --test faults mariadb -- --ignored --nocapture

.PHONY: cluster
cluster: ## three nodes of Galera with a Saoma on each: nodes and Saomas are killed while people pay (KILLS, PAYMENTS)
	.tools/galera.sh
	DEAF=$(or $(DEAF),1) cargo test --locked --release --test kill cluster -- --ignored --nocapture

# SDKs of others, as they are published: in no audit and no build of ours, and not in `make test`.
SDKS := target/sdks

.PHONY: sdks
sdks: server $(SDKS)/venv/.installed tests/sdks/node/node_modules/.installed ## SDKs of WeChat Pay in other languages, unchanged, against the sandbox
	+cargo build --locked --release --manifest-path tests/sdks/rust/Cargo.toml --target-dir $(SDKS)
	node tests/sdks/run.mjs target/release/saoma $(SDKS)

$(SDKS)/venv/.installed: tests/sdks/python/requirements.txt
	python3 -m venv $(SDKS)/venv
	$(SDKS)/venv/bin/pip install --quiet --no-deps --requirement $<
	touch $@

tests/sdks/node/node_modules/.installed: tests/sdks/node/package-lock.json
	npm ci --prefix tests/sdks/node --ignore-scripts --no-audit --no-fund
	touch $@

# --- Checking -----------------------------------------------------------------------------------

.PHONY: format
format:
	cargo fmt --check
	cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
	cargo fmt --check --manifest-path tests/sdks/rust/Cargo.toml

# In the release profiles, so that proc macros, build scripts and C code are shared with the builds.
.PHONY: clippy
clippy:
	cargo clippy --locked --release --all-targets -- -D warnings

.PHONY: clippy-wasm
clippy-wasm: toolchain
	cargo clippy --locked $(WASM) -- -D warnings

.PHONY: lint-css
lint-css: .tools/node_modules/.linted
	cd .tools && node_modules/.bin/stylelint --max-warnings 0 '../style/**/*.css'

.PHONY: lint-types
lint-types: end2end/node_modules/.installed
	cd end2end && node_modules/.bin/tsc --noEmit

.PHONY: audit
audit: $(DENY)
	.tools/audit.sh $(DENY)

$(DENY):
	cargo install --locked cargo-deny --version $(DENY_VERSION) --root .tools/cargo-deny/$(DENY_VERSION)

$(DEB):
	cargo install --locked cargo-deb --version $(DEB_VERSION) --no-default-features --features gzip --root .tools/cargo-deb/$(DEB_VERSION)

# --- Fuzzing ------------------------------------------------------------------------------------

# The compiler that rust-toolchain.toml asks for has no instrumentation for libFuzzer.
.PHONY: nightly
nightly:
	@rustup toolchain list | grep ^nightly- >/dev/null || rustup toolchain install nightly --profile minimal

$(FUZZ):
	cargo install --locked cargo-fuzz --version $(FUZZ_VERSION) --root .tools/cargo-fuzz/$(FUZZ_VERSION)

# Fuzzed are the versions that ship: after a change of Cargo.lock.
.PHONY: fuzz-lock
fuzz-lock:
	cp Cargo.lock tests/fuzz/Cargo.lock
	cargo metadata --quiet --manifest-path tests/fuzz/Cargo.toml --format-version 1 >/dev/null
