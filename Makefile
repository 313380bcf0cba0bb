# Each target installs what is missing first (.ci/install; it does nothing where everything is there).
SWIFT ?= swift
# The sanitizers' builds have a place of their own, so that they do not rebuild the ordinary one each time.
TSAN_BUILD ?= .build-tsan
ASAN_BUILD ?= .build-asan
# Tests of one process take turns, so that a long computation does not starve those that wait for a socket.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
FORMATTED := Sources Tests Benchmarks/Sources Benchmarks/Tests Benchmarks/Package.swift Package.swift
BENCH := Benchmarks/.build/release
# Further arguments of mesh-bench, such as `--scenario put-16 --servers etcd,ours --rounds 5`; `--help` tells all.
BENCH_ARGUMENTS ?=
# How long each program of `make fuzz` runs.
FUZZ_SECONDS ?= 600

.PHONY: demo test test-long test-tsan test-leaks test-embedding lint format protos check-protos docs fuzz bench bench-full bench-scale bench-build install clean

demo: install ## three clusters in one process, over mutual TLS, telling their story
	$(SWIFT) run mesh-demo

test: install ## everything that takes minutes
	$(SWIFT) test

test-long: install ## the same, each random test twenty times, etcdctl's load test, Python's clients from PyPI, and the benchmarks' own tests
	.ci/python-clients $(CURDIR)/.build/python-clients
	MESH_TEST_LONG=1 MESH_TEST_ROUNDS=20 MESH_TEST_PYTHON=$(CURDIR)/.build/python-clients $(SWIFT) test
	$(SWIFT) test --package-path Benchmarks -c release

test-tsan: install ## under ThreadSanitizer; first shows that a planted race is found
	.ci/run-tsan $(TSAN_BUILD)

test-leaks: install ## under AddressSanitizer with its leak check
	.ci/run-leaks $(ASAN_BUILD)

test-embedding: install ## a package that depends on this one by path
	$(SWIFT) run --package-path Tests/Embedding

fuzz: install ## libFuzzer over what decodes bytes from outside and over the sessions of watches, ten minutes each
	.ci/fuzz $(FUZZ_SECONDS)

bench: bench-build ## the engines beside their thresholds, then our server beside etcd and its proxy: a quarter of an hour
	$(BENCH)/micro-bench
	$(BENCH)/mesh-bench --json $(BENCH)/mesh-bench.json $(BENCH_ARGUMENTS)

bench-full: bench-build ## all scenarios and servers, three rounds of ten seconds each: about three hours
	$(BENCH)/micro-bench
	$(BENCH)/mesh-bench --full --rounds 3 --json $(BENCH)/mesh-bench-full.json $(BENCH_ARGUMENTS)

bench-scale: bench-build ## one agent that mirrors 250 clusters; whole meshes of 3, 8 and 50: a few minutes
	$(BENCH)/mesh-scale peers --check
	$(BENCH)/mesh-scale mesh

bench-build: install
	$(SWIFT) build --package-path Benchmarks -c release

lint: ## format, imports, and what does not belong in the tree
	$(SWIFT) format lint -r --strict $(FORMATTED)
	.ci/check-imports
	.ci/test-check-imports
	.ci/check-tree
	.ci/check-readme

format:
	$(SWIFT) format -i -r $(FORMATTED)

protos: ## Sources/CProtos anew from Protos/
	Protos/generate

check-protos: protos ## fails if what is committed is not what Protos/ says
	git diff --exit-code -- Sources/CProtos
	@test -z "$$(git ls-files --others Sources/CProtos)" || { echo "a generated file is not committed" >&2; exit 1; }

docs: install ## the documentation of all modules, into docs-output/
	.ci/docs docs-output

install:
	@.ci/install

clean:
	rm -rf .build $(TSAN_BUILD) $(ASAN_BUILD) Tests/Fuzzing/.build
