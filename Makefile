# Every command of the project. The first one on a fresh machine builds .venv from nothing but python3 (>= 3.11).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Public SDKs of providers, which the tests point at our simulators; they share import names, so each has a folder.
SDKS := $(patsubst tests/sdks/%.lock,$(VENV)/sdks/%/.installed,$(wildcard tests/sdks/*.lock))
# Test processes: `make test JOBS=0` runs all in one; ARGS goes to pytest as it is, `make test ARGS="-k refund"`.
JOBS ?= 2
ARGS ?=
# gRPC's handlers of fork() are for who goes on with it in the child, which no test does, and can break a child.
PYTEST = GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
TYPED := client/tollbridge server/tollbridge_server protos/codegen
BUF := $(BIN)/buf
# What `buf breaking` compares with: main, or the remote's main where a clone has no branch of that name.
AGAINST ?= $(shell git rev-parse --verify --quiet main >/dev/null && echo main || echo origin/main)

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test soak check lint types layers proto breaking drift bench generate lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | \
		while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## install everything that is locked into .venv

# Everything is hash-checked, the build backend too: it is locked, so the editable install downloads nothing.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Tollbridge needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 setup' >&2; exit 1; }
	@set -e; if command -v uv >/dev/null 2>&1; then \
		test -x $(BIN)/python || uv venv --quiet --python "$(PYTHON)" $(VENV); \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
		test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV); \
		export PIP_DISABLE_PIP_VERSION_CHECK=1; \
		$(BIN)/pip install --quiet --require-hashes -r requirements.lock; \
		$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

demo: $(STAMP) ## pay, refund, decline and recover against the sandbox, then show what happened
	@$(BIN)/tollbridge demo $(ARGS)

serve: $(STAMP) ## start the server on embedded SQLite with the sandbox, and leave it running
	@$(BIN)/tollbridge serve $(ARGS)

$(VENV)/sdks/%/.installed: tests/sdks/%.lock $(STAMP)
	@rm -rf $(@D)
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --require-hashes --target $(@D) -r $<; \
	else \
		PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet --require-hashes --no-compile --target $(@D) -r $<; \
	fi
	@touch $@

test: $(STAMP) $(SDKS) ## run the tests (JOBS=0: one process; ARGS: more for pytest)
	@$(PYTEST) $(ARGS)

soak: $(STAMP) ## kill the server everywhere during everything, on both databases (long)
	@TOLLBRIDGE_SOAK=1 $(PYTEST) tests/crash $(ARGS)

check: lint types layers proto breaking drift ## everything but the tests: style, types, layers, contract

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy $(TYPED)

layers: $(STAMP)
	$(BIN)/lint-imports --no-cache

proto: $(STAMP)
	$(BUF) lint
	$(BUF) format --diff --exit-code

# Only a main that holds the contract can be broken.
breaking: $(STAMP)
	@if git cat-file -e "$(AGAINST):buf.yaml" 2>/dev/null && git cat-file -e "$(AGAINST):protos/tollbridge/v1" 2>/dev/null; \
	then echo "$(BUF) breaking against $(AGAINST)"; \
		git archive --format=tar "$(AGAINST)" buf.yaml protos | $(BUF) breaking --against '-#format=tar'; \
	else echo "buf breaking: $(AGAINST) holds no contract to compare with"; fi

drift: $(STAMP)
	$(BIN)/python protos/codegen/stubs.py --check
	@if test -f protos/codegen/facade.py; then set -x; $(BIN)/python protos/codegen/facade.py --check; fi

bench: $(STAMP) ## measure speed, as ratios to a bare gRPC echo in the same run
	@$(BIN)/tollbridge bench $(ARGS)

generate: $(STAMP) ## format the protos, then write the stubs and the client's facade from them
	$(BUF) format -w
	$(BIN)/python protos/codegen/stubs.py
	@if test -f protos/codegen/facade.py; then set -x; $(BIN)/python protos/codegen/facade.py; fi

# No headers, no indexes: the lock says which bytes, never where they came from.
lock: ## resolve the dependencies anew and write requirements.lock (needs uv; UV=/path/to/uv)
	$(or $(UV),uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links --extra server --extra dev \
		--output-file requirements.lock pyproject.toml
	@for sdk in tests/sdks/*.in; do \
		$(or $(UV),uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
			--no-annotate --no-emit-index-url --no-emit-find-links --output-file "$${sdk%.in}.lock" "$$sdk"; \
	done

clean: ## remove what make and the tools made, .venv included
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find client server tests protos -name __pycache__ -type d -prune -exec rm -rf {} +
