# Thin by intent: packaging/setup.py prepares the machine and the tree, packaging/supervise.py runs Fleetscope.
SHELL := /bin/sh
# The distribution's Python, whatever stands first on PATH: its python3-bpfcc belongs to it.
SETUP := /usr/bin/python3 packaging/setup.py
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-vm matrix bench check gen new-tool deb

help:
	@echo "make run       install what is missing, then start the server and an agent on this machine"
	@echo "make test      install what the tests need, then run all of them"
	@echo "make test-faults  every fault in 30 rounds; hours, FAULT_ROUNDS=N for fewer"
	@echo "make test-vm   the tests that boot other kernels as guests"
	@echo "make matrix    every tool on every kernel, beside the stock tools; hours, and can be continued"
	@echo "make bench     measure beside other tracers, and write docs/benchmarks.md"
	@echo "make check     formatting, lint and types only"
	@echo "make gen       regenerate the code made from proto/"
	@echo "make new-tool NAME=...   a new folder in bpf/ from the template"
	@echo "make deb       build/fleetscope-agent_*.deb"

run:
	@$(SETUP) run
	@exec $(PY) packaging/supervise.py

test:
	@$(SETUP) test
	@exec $(PY) packaging/test.py

FAULT_ROUNDS ?= 30

test-faults:
	@$(SETUP) test
	@exec $(PY) packaging/test.py --faults $(FAULT_ROUNDS)

# Boots other kernels under software emulation: minutes, and a core of its own.
test-vm:
	@$(SETUP) test-vm
	@exec $(PY) packaging/test.py --vm

# What is measured already and has not changed since is kept.
matrix:
	@$(SETUP) test-vm
	@exec $(PY) -m tests.matrix

bench:
	@$(SETUP) bench
	@exec $(PY) packaging/bench.py

check:
	@$(SETUP) test
	@exec $(PY) packaging/test.py --static

gen:
	@$(SETUP) gen
	@exec $(PY) packaging/generate.py

new-tool:
	@$(SETUP) run
	@exec $(PY) -m bpf.new_tool "$(NAME)"

deb:
	@$(SETUP) run
	@exec $(PY) packaging/deb.py
