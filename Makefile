# Everything here sets itself up: `make book` and `make test` need Python 3.11 to 3.13 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q
COVERAGE := _build/coverage.json

.DEFAULT_GOAL := help
.PHONY: help book serve test lab execute bench machine lint unit notebooks grading browser clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# An interrupted installation leaves no stamp, so the next call finishes it.
$(STAMP): requirements.txt constraints.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) tools/check_machine.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time this takes some minutes ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(STAMP) ## build the book into _build/html, warnings are errors, and say how to open it
	@$(BIN)/python tools/build_book.py

serve: book ## serve the built book at http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

test: machine lint unit notebooks grading browser ## run everything: units, chapters, grading, book, browser

machine: $(STAMP) ## say what this machine lacks, and how to install it
	@$(BIN)/python tools/check_machine.py

lint: $(STAMP) ## ruff over code and notebooks
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet --exclude '*.ipynb' .

unit: $(STAMP) ## unit tests with their coverage of course_lib (95 % at least), doctests, docstrings
	@mkdir -p _build
	$(PYTEST) -n 2 --dist loadscope tests/unit --cov --cov-fail-under=95 --cov-report=json:$(COVERAGE) \
	    && status=0 || status=$$?; $(BIN)/python tools/low_coverage.py $(COVERAGE); exit $$status
	$(PYTEST) --doctest-modules -p no:cacheprovider course_lib

notebooks: $(STAMP) ## every chapter is executed, and still prints what it shows
	$(PYTEST) tests/notebooks
	$(BIN)/python tools/compare_chapters.py

grading: $(STAMP) ## the assignments end to end, with their banks of right and wrong solutions
	$(PYTEST) -n 2 --dist loadscope tests/grading

browser: book ## the built pages in a real browser
	$(PYTEST) -n 2 --dist loadgroup tests/browser

lab: $(STAMP) ## JupyterLab on the chapters, nbgrader's extensions on
	JUPYTER_CONFIG_PATH="$(CURDIR)/assignments" PATH="$(CURDIR)/$(BIN):$$PATH" \
	    $(BIN)/python -m jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/chapters

execute: $(STAMP) ## re-execute chapters in place: make execute C=02, or C="02 05", or C=all
	$(BIN)/python tools/execute_chapter.py $(C)

bench: $(STAMP) ## time course_lib against torch, and the autograder against plain nbgrader
	$(BIN)/python -m benchmarks

clean: ## remove what was built
	rm -rf _build

distclean: clean ## remove the virtual environment as well
	rm -rf $(VENV)
