# Everything here sets itself up: `make book` and `make test` need Python 3.11 to 3.13 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help book serve test lab execute bench lint unit notebooks grading browser clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) tools/check_machine.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

book: $(STAMP) ## build the book into _build/html, warnings are errors
	$(BIN)/python tools/build_book.py

serve: book ## serve the built book at http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

test: lint unit notebooks grading book browser ## run everything: unit tests, notebooks, grading, book, browser

lint: $(STAMP) ## ruff over code and notebooks
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet --exclude '*.ipynb' .

unit: $(STAMP) ## unit tests, doctests, docstring and import checks
	$(BIN)/python -m pytest -q -n 2 --dist loadscope tests/unit
	$(BIN)/python -m pytest -q --doctest-modules course_lib -p no:cacheprovider

notebooks: $(STAMP) ## every chapter still prints what it shows
	$(BIN)/python -m pytest -q tests/notebooks
	COURSE_QUIET=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --nbval --nbval-current-env \
	    --nbval-sanitize-with tests/notebooks/sanitize.cfg chapters

grading: $(STAMP) ## the assignments end to end, with their banks of right and wrong solutions
	$(BIN)/python -m pytest -q -n 2 --dist loadscope tests/grading

browser: book ## the built pages in a real browser
	$(BIN)/python -m pytest -q tests/browser

lab: $(STAMP) ## JupyterLab on the chapters, nbgrader's extensions on
	$(BIN)/python -m jupyter lab chapters

execute: $(STAMP) ## re-execute chapters in place: make execute C=02
	$(BIN)/python tools/execute_chapter.py $(C)

bench: $(STAMP) ## time course_lib against torch, and the autograder against plain nbgrader
	$(BIN)/python -m benchmarks

clean: ## remove what was built
	rm -rf _build

distclean: clean ## remove the virtual environment as well
	rm -rf $(VENV)
