# Two commands for a fresh machine: `make demo` and `make test`. Needs Python 3.11+, make and a C++17 compiler.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# pip reads these in its isolated build environments as well. Relative: a path with spaces would be split.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
BUILD_FILES := pyproject.toml constraints.txt CMakeLists.txt $(wildcard sims/gxnor_sims/kernels/*)

.PHONY: demo test lint cards sanitize conformance-long conformance-conversion \
  conformance-graphs conformance-mnist fuzz clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/gxnor demo $(DEMO_ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto $(TEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages of docs/cards, from the hardware cards.
cards: $(VENV)/.dev
	$(BIN)/python -m gxnor_hardware.markdown docs/cards

# The native engine's tests on kernels built with address and undefined-behaviour sanitizers (g++); any report fails.
# Leaks are not looked for: the interpreter keeps what it allocates.
sanitize: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target build/sanitize/site . \
	  --config-settings=build-dir=build/sanitize/cmake --config-settings=cmake.build-type=RelWithDebInfo \
	  --config-settings=install.strip=false --config-settings=cmake.define.GXNOR_SANITIZE=ON \
	  --config-settings=cmake.define.GXNOR_WERROR=ON
	LD_PRELOAD="$(foreach lib,asan ubsan stdc++,$(shell $(CXX) -print-file-name=lib$(lib).so))" \
	  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1 \
	  UBSAN_OPTIONS=print_stacktrace=1 GXNOR_SANITIZED=build/sanitize/site \
	  $(BIN)/python -m pytest -n 0 --capture=sys -p tests.sanitized tests/sims/native tests/conformance -k "native or every_engine or edges" \
	  $(TEST_ARGS)

# Half an hour: torch, the reference and the native engine on 50,000 random networks, the reference and the native
# engine in all its forms on 20,000 random graphs, and on all test images of MNIST. Goes on where it stopped.
conformance-long: conformance-conversion conformance-graphs conformance-mnist

conformance-conversion: $(VENV)/.dev
	$(BIN)/python benchmarks/conformance_conversion.py $(CONFORMANCE_ARGS)

conformance-graphs: $(VENV)/.dev
	$(BIN)/python benchmarks/conformance_graphs.py $(CONFORMANCE_ARGS)

# A trained net on all 10,000 test images, where GXNOR_DATA holds MNIST.
conformance-mnist: $(VENV)/.dev
	$(BIN)/python benchmarks/conformance_mnist.py

# Ten minutes each: graph files and checkpoints; what breaks a reader is kept in tests/fuzz/crashers.
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet "atheris>=3.0"
	$(BIN)/python -m tests.fuzz.run graph $(FUZZ_ARGS)
	$(BIN)/python -m tests.fuzz.run checkpoint $(FUZZ_ARGS)

clean:
	rm -rf $(VENV) build dist

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gxnor-snn needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BUILD_FILES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e ".[all]"
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -e ".[dev]" --config-settings=cmake.define.GXNOR_WERROR=ON
	touch $@
