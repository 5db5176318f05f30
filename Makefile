# The verbs of the workshop. `make` alone lists them.

# Without this the package manager orders trait flags at random and compiles dependencies again for nothing.
export SWIFT_DETERMINISTIC_HASHING = 1

# Where the build goes. A second checkout may share the first one's folder: make test SCRATCH=/path/to/build
SCRATCH ?= .build
export OSTIARY_BINARY ?= $(abspath $(SCRATCH))/debug/ostiary
PYTHON := .venv/bin/python
# How a release is built: one file without the toolchain's libraries beside it, and without the exclusivity checks that
# the tests run with (6 to 12 % of the CPU time of a request).
RELEASE := -c release -Xswiftc -enforce-exclusivity=unchecked --static-swift-stdlib

# Single steps of single rooms, without a network.
ROOM_BENCH := Scripts/timed 'bench build' swift build --package-path Benchmarks/Rooms \
	--scratch-path $(SCRATCH)-bench-rooms -c release -Xswiftc -enforce-exclusivity=unchecked --quiet

.DEFAULT_GOAL := help
.PHONY: help up build test test-peers release bench bench-identity bench-dialects bench-streams compatibility golden siege soak fuzz compare fmt lint docs clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: build ## build and start the gate with the built-in model and a development token
	@exec $(OSTIARY_BINARY) up

build: ## compile the program (debug; the first time takes some minutes)
	@Scripts/install-missing build
	@Scripts/timed 'build' swift build --scratch-path $(SCRATCH) --product ostiary

test: ## compile and run the tests, the compile-time guards and the lint
	@Scripts/install-missing build keyring nuc
	@Scripts/test $(SCRATCH)

test-peers: build .venv/ready ## run real client libraries through the gate, and through LiteLLM beside it
	@Scripts/install-missing nuc core-image
	-@$(MAKE) --no-print-directory .venv-litellm/ready
	-@$(MAKE) --no-print-directory .venv-nilai/ready
	@Scripts/timed 'peer tests' $(PYTHON) -m pytest Tests/Peers

release: ## compile the program as it is to be installed
	@Scripts/install-missing build
	@Scripts/timed 'release build' swift build --scratch-path $(SCRATCH)-bench $(RELEASE) --product ostiary
	@echo "== $(SCRATCH)-bench/release/ostiary"

bench: .venv/ready ## print the gate's CPU time per request (release build; takes about ten minutes the first time)
	@Scripts/install-missing build bench
	@Scripts/timed 'release build' swift build --scratch-path $(SCRATCH)-bench $(RELEASE) --product ostiary
	@$(PYTHON) Benchmarks/run --binary $(SCRATCH)-bench/release/ostiary

siege: .venv/ready ## attack the gate and measure how a good client fares (release build; a few minutes)
	@Scripts/install-missing build siege
	@Scripts/timed 'release build' swift build --scratch-path $(SCRATCH)-bench $(RELEASE) --product ostiary
	@$(PYTHON) Benchmarks/siege --binary $(SCRATCH)-bench/release/ostiary

bench-identity: ## print what each step of knowing a caller costs (release build of that room alone)
	@Scripts/install-missing build
	@$(ROOM_BENCH) --product identity-bench
	@$(SCRATCH)-bench-rooms/release/identity-bench

bench-dialects: ## print what translations cost: requests of 2 and 200 KiB, an event of a stream (release build)
	@Scripts/install-missing build
	@$(ROOM_BENCH) --product dialects-bench
	@$(SCRATCH)-bench-rooms/release/dialects-bench

bench-streams: .venv/ready ## print the memory of one open stream, passed on and translated (release build)
	@Scripts/install-missing build
	@Scripts/timed 'release build' swift build --scratch-path $(SCRATCH)-bench $(RELEASE) --product ostiary
	@$(PYTHON) -W ignore Benchmarks/streams --binary $(SCRATCH)-bench/release/ostiary

golden: ## write what the golden tests expect anew; look at the difference before you commit it
	@Scripts/timed 'golden' env OSTIARY_UPDATE_GOLDEN=1 swift test --scratch-path $(SCRATCH) --disable-xctest \
		--filter 'Golden|Guide|SessionTests|ConfigurationSchemaTests'

soak: build .venv/ready ## ten minutes of mixed load; fails on growth, leaks and failed requests (SOAK_SECONDS=600)
	@$(PYTHON) Scripts/soak

fuzz: ## run every parser on made-up input; fails on a trap or a broken rule (FUZZ_SECONDS=30 FUZZ_TARGETS=head,json)
	@Scripts/install-missing build lint
	@Scripts/timed 'fuzz build' swift build --package-path Fuzz --scratch-path $(SCRATCH)-fuzz -c release \
		--product fuzz --sanitize=fuzzer --quiet
	@Fuzz/run --binary $(SCRATCH)-fuzz/release/fuzz --found $(SCRATCH)-fuzz/found \
		--seconds $(or $(FUZZ_SECONDS),30) --targets '$(FUZZ_TARGETS)'

compare: build .venv/ready ## show the vectors of HTTP/1.1 to this gate, nginx, HAProxy and Hummingbird; writes docs/security.md
	@Scripts/install-missing compare
	@Scripts/timed 'Hummingbird build' swift build --package-path Tests/Comparison --scratch-path $(SCRATCH)-compare --quiet
	@$(PYTHON) Tests/Comparison/run --binary $(OSTIARY_BINARY) --hummingbird $(SCRATCH)-compare/debug/hummingbird --write

fmt: ## format the sources in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## check format, forbidden forms and the order of the rooms
	@Scripts/install-missing lint
	@Scripts/lint --self-test
	@Scripts/lint

docs: ## check that the documentation's links exist and that its tables are those of the code
	@Scripts/install-missing lint
	@Scripts/check-docs
	@Scripts/security-table

clean: ## remove what was built
	rm -rf $(SCRATCH) $(SCRATCH)-bench $(SCRATCH)-bench-rooms $(SCRATCH)-fuzz $(SCRATCH)-compare .venv .venv-litellm .venv-nilai

compatibility: build .venv/ready ## write docs/compatibility.md: client libraries through the gate, and through LiteLLM
	-@$(MAKE) --no-print-directory .venv-litellm/ready
	@$(PYTHON) Tests/Peers/compatibility.py --write

.venv/ready: Tests/Peers/requirements.txt
	@Scripts/install-missing peers
	@python3 -m venv .venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade -r Tests/Peers/requirements.txt
	@touch $@

# Another: its libraries want a newer Python than some distributions have, and an older client of OpenAI's.
.venv-nilai/ready: Tests/Peers/nilai/requirements.txt
	@python=$$(Scripts/newer-python 3.12); if [ -z "$$python" ]; then \
		echo '== there is no Python 3.12: the tests with nilai-py will be SKIPPED' >&2; else \
		"$$python" -m venv .venv-nilai && \
		.venv-nilai/bin/python -m pip install --quiet --disable-pip-version-check --upgrade -r $< && touch $@; fi

# An environment of its own: its pins clash with the newest client libraries. Nothing fails without it.
.venv-litellm/ready: Tests/Peers/requirements-litellm.txt
	@python3 -m venv .venv-litellm
	@timeout 600 .venv-litellm/bin/python -m pip install --quiet --disable-pip-version-check --upgrade -r $< \
		|| { echo '== LiteLLM cannot be installed: the comparison with it will be SKIPPED' >&2; exit 1; }
	@touch $@
