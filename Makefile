# Thin names over the CMake presets and tools/; `make` alone prints them.
.DEFAULT_GOAL := help
.PHONY: help deps build demo test test-quick conformance format lint tidy asan tsan fuzz bench microbench generate clean
SOURCES = $(shell git ls-files 'src/**.h' 'src/**.cc' 'tests/**.h' 'tests/**.cc' | grep -v /generated/)
FUZZ_SECONDS ?= 60
export NINJA_STATUS = [%f/%t %es] # trailing blank wanted

help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
deps: ## install what building and testing needs (apt)
	@tools/install_deps.sh
build: deps ## the release binary: build/release/fairlead
	@cmake --preset release -Wno-dev >/dev/null && cmake --build --preset release
demo: ## the proxy in front of real backends, with requests to watch
	@tools/demo
test: ## build and run the tests (FULL=1: all of them, under sanitizers)
	@tools/test
test-quick: ## unit tests and fuzz regressions only
	@cmake --preset debug -Wno-dev >/dev/null && cmake --build --preset debug && ctest --preset debug -j2 -LE 'slow|integration'
conformance: ## the binary against other people's: dockerd, aws CLI, boto3, moto, grpcio, testssl, cases beside the repository
	@tools/install_deps.sh --conformance
	@cmake --preset debug -Wno-dev >/dev/null && cmake --build --preset debug
	@ctest --preset debug -L 'conformance|integration' -LE slow
format: ## clang-format every source in place
	@clang-format-19 -i $(SOURCES)
lint: ## layers, format, script syntax, headers that compile alone
	@tools/lint
tidy: ## clang-tidy over every source (slow)
	@cmake --preset debug -Wno-dev >/dev/null && run-clang-tidy-19 -quiet -p build/debug '/src/.*\.cc$$'
asan tsan: ## tests under AddressSanitizer + UBSan, or under ThreadSanitizer
	@cmake --preset $@ -Wno-dev >/dev/null && cmake --build --preset $@ && ctest --preset $@ -j2 -LE slow
fuzz: ## every fuzz target for FUZZ_SECONDS (60) each
	@cmake --preset fuzz -Wno-dev >/dev/null && cmake --build --preset fuzz && tools/fuzz $(FUZZ_SECONDS)
bench: build ## fairlead, nginx and HAProxy in one interleaved run; the control plane beside moto
	@tools/install_deps.sh --bench --conformance
	@cmake --preset bench -Wno-dev >/dev/null && cmake --build --preset bench --target bench_backend bench_websocket
	@tests/bench/control_figures.py
	@tests/bench/compare.py
microbench: ## parsers, router match, snapshot build (Google Benchmark)
	@cmake --preset bench -Wno-dev >/dev/null && cmake --build --preset bench
	@for bench in build/bench/tests/*_bench; do $$bench; done
generate: ## code from AWS's models, reference pages from the field tables; `git diff` shows what changed
	@tools/gen_ecs.py
	@cmake --preset debug -Wno-dev >/dev/null && cmake --build --preset debug --target config_test control_test
	@FL_RENEW_DOCS=1 build/debug/src/config_test --gtest_filter='Reference.*' --gtest_brief=1
	@FL_RENEW_DOCS=1 build/debug/src/control_test --gtest_filter='Reference.*' --gtest_brief=1
clean: ## remove build/
	@rm -rf build
