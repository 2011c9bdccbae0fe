# make demo | test | run | check | clean. Needs only make and Python 3.11 or newer; `make PYTHON=/path/to/python ...`
# chooses another one. Everything is installed into .venv, once.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test run check format clean venv pins

help:
	@echo "make demo    an order arrives on SNS, goes by SQS and Lambda to a Step Functions saga, and days go by"
	@echo "make test    run every test"
	@echo "make run     start a server on port 4566 (Ctrl-C ends it; ARGS=\"--time manual\" are its options)"
	@echo "make check   every gate: format, lint, types, import rules"
	@echo "make format  put the code in its format"
	@echo "make clean   remove what the others made"

demo: $(STAMP)
	@$(BIN)/python samples/order_workflow/demo.py

test: $(STAMP)
	@$(BIN)/python -m pytest $(ARGS)

run: $(STAMP)
	@exec $(BIN)/undercast start $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

venv: $(STAMP)

pins:
	@.ci/pin.sh

$(STAMP): pyproject.toml constraints.txt .ci/make_venv.sh
	@.ci/make_venv.sh $(VENV) "$(PYTHON)"
	@touch $@

clean:
	rm -rf $(VENV) .venv-sdk build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
