# Each target installs what is missing first (.ci/install; it does nothing where everything is there).
SWIFT ?= swift
# The sanitizers' builds have a place of their own, so that they do not rebuild the ordinary one each time.
TSAN_BUILD ?= .build-tsan
ASAN_BUILD ?= .build-asan
# Tests of one process take turns, so that a long computation does not starve those that wait for a socket.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
FORMATTED := Sources Tests Benchmarks/Sources Benchmarks/Tests Benchmarks/Package.swift Package.swift
# How long each program of `make fuzz` runs.
FUZZ_SECONDS ?= 600

.PHONY: demo test test-long test-tsan test-leaks test-embedding lint format protos check-protos docs fuzz bench install clean

demo: install ## three clusters in one process, over mutual TLS, telling their story
	$(SWIFT) run mesh-demo

test: install ## everything that takes minutes
	$(SWIFT) test

test-long: install ## the same, each random test twenty times, and etcdctl's load test and Python's clients from PyPI
	.ci/python-clients $(CURDIR)/.build/python-clients
	MESH_TEST_LONG=1 MESH_TEST_ROUNDS=20 MESH_TEST_PYTHON=$(CURDIR)/.build/python-clients $(SWIFT) test

test-tsan: install ## under ThreadSanitizer; first shows that a planted race is found
	.ci/run-tsan $(TSAN_BUILD)

test-leaks: install ## under AddressSanitizer with its leak check
	.ci/run-leaks $(ASAN_BUILD)

test-embedding: install ## a package that depends on this one by path
	$(SWIFT) run --package-path Tests/Embedding

fuzz: install ## libFuzzer over what decodes bytes from outside and over the sessions of watches, ten minutes each
	.ci/fuzz $(FUZZ_SECONDS)

bench: install ## what the engines cost on this machine, beside nothing else
	$(SWIFT) run --package-path Benchmarks -c release micro-bench

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
