# The front door: one entry per habit. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

deps: ## install the Debian packages everything needs (apt, repeatable)
	@tools/install-deps

build: ## build the program: build/release/bin/nearside
	@tools/install-deps build
	@cmake --preset release >/dev/null && cmake --build --preset release -j $(JOBS)

demo: build ## fresh machine to the main job: three nodes, real requests, where each went and why
	@tools/demo

clients: deps
	@tools/install-clients

test: deps clients layers fmt-check ## fresh machine to all tests passed
	@cmake --preset dev >/dev/null && cmake --build --preset dev -j $(JOBS)
	@ctest --preset dev -j $(JOBS)

check: test asan tsan fuzz-short ## all that a change needs before it is sent

attack: deps ## every attack of the tests, as a table attack x result
	@cmake --preset dev >/dev/null && cmake --build --preset dev -j $(JOBS) --target attest_test cli_test engine_test gateway_test gguf_test \
	  http_test model_test package_test text_test trust_test vault_test worker_test nearside worker_fake >/dev/null
	@tools/attack

asan: deps ## unit tests under the address and undefined-behaviour sanitizers
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS) && ctest --preset asan -j $(JOBS)

tsan: deps ## unit tests under the thread sanitizer
	@cmake --preset tsan >/dev/null && cmake --build --preset tsan -j $(JOBS) && ctest --preset tsan -j $(JOBS)

fuzz-short: deps ## every fuzz target for a few seconds, the same inputs each time
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzzers -j $(JOBS) && NEARSIDE_FUZZ_SECONDS=5 NEARSIDE_FUZZ_SEED=1 ctest --preset fuzz -j $(JOBS)

fuzz: deps ## every fuzz target for ten minutes
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzzers -j $(JOBS) && NEARSIDE_FUZZ_SECONDS=600 ctest --preset fuzz -j $(JOBS)

bench-engine: build ## speed of the engine: MODELS="a.gguf b.gguf", against NEARSIDE_PEERS="name=folder ..." when given
	@test -n "$(MODELS)" || { echo 'make bench-engine: name model files, e.g. make bench-engine MODELS=model.gguf' >&2; exit 2; }
	@bench/engine $(MODELS)

layers: ## arrows between rooms only point down
	@tools/check-layers

fmt: ## format every source file
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

fmt-check: ## fail when a file is not formatted
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 --dry-run --Werror

lint: deps ## clang-tidy advice over the dev build
	@cmake --preset dev >/dev/null && git ls-files 'src/*.cc' | xargs -P $(JOBS) -n 4 clang-tidy-14 -quiet -p build/dev

bench-gateway: build ## the gateway beside a direct call, nginx and Portkey, in one run
	@tools/bench-gateway

clean: ## remove every build folder
	@rm -rf build

.PHONY: help deps build bench-engine bench-gateway demo clients test check attack asan tsan fuzz-short fuzz layers fmt fmt-check lint clean
