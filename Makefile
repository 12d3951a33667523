# Everything here sets itself up: `make book` and `make test` need Python 3.11 to 3.13 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q
# Tests side by side, a thread of arithmetic each: two processes with two threads wait for one another.
WORKERS ?= 2
PARALLEL := OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(PYTEST) -n $(WORKERS)
COVERAGE := _build/coverage.json
# `make test CONSTRAINTS=` leaves the pins out: the newest releases that requirements.txt allows.
CONSTRAINTS ?= -c constraints.txt
export CONSTRAINTS

.DEFAULT_GOAL := help
.PHONY: help book serve test check lab student execute bench machine lint unit doctests notebooks grading browser \
    portability clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# An interrupted installation leaves no stamp, so the next call finishes it.
$(STAMP): requirements.txt constraints.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) tools/check_machine.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time this takes some minutes ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt $(CONSTRAINTS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(STAMP) ## build the book into _build/html, warnings are errors, and say how to open it
	@$(BIN)/python tools/build_book.py

serve: book ## serve the built book at http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

test: machine ## run everything: units, chapters, grading, book, browser; every part, also after a failure
	@$(BIN)/python tools/run_parts.py lint unit doctests notebooks grading browser

check: $(STAMP) ## the inner loop: lint, and the tests and chapters that your change touches; or make check F="FILE ..."
	@$(BIN)/python tools/check_change.py $(F)

machine: $(STAMP) ## say what this machine lacks, and how to install it
	@$(BIN)/python tools/check_machine.py

lint: $(STAMP) ## ruff over code and notebooks
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet --exclude '*.ipynb' .

unit: $(STAMP) ## unit tests with their coverage of course_lib (95 % at least)
	@mkdir -p _build
	$(PARALLEL) --dist worksteal tests/unit --cov --cov-fail-under=95 --cov-report=json:$(COVERAGE) \
	    && status=0 || status=$$?; $(BIN)/python tools/low_coverage.py $(COVERAGE); exit $$status

doctests: $(STAMP) ## the examples in the docstrings of course_lib
	$(PYTEST) --doctest-modules -p no:cacheprovider course_lib

notebooks: $(STAMP) ## every chapter is executed, and still prints what it shows
	$(PYTEST) tests/notebooks
	$(BIN)/python tools/compare_chapters.py

portability: $(STAMP) ## chapters, doctests and numerical tests as other processors run them: ARGS=--ci, ARGS="--only laptop"
	$(BIN)/python tools/portability.py $(ARGS)

grading: $(STAMP) ## the assignments end to end, with their banks of right and wrong solutions
	$(PARALLEL) --dist loadscope tests/grading

browser: book ## the built pages in a real browser
	$(PYTEST) -n 2 --dist loadgroup tests/browser

lab: $(STAMP) ## JupyterLab on the chapters, nbgrader's extensions on
	JUPYTER_CONFIG_PATH="$(CURDIR)/assignments" PATH="$(CURDIR)/$(BIN):$$PATH" \
	    $(BIN)/python -m jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/chapters

STUDENT := .venv-student

student: $(STUDENT)/.installed ## a light start for assignments 1 to 3: JupyterLab, NumPy, the checks; no PyTorch
	@printf '%s\n' 'Ready. Go on with' '  . $(STUDENT)/bin/activate' \
	    '  course release a1_convolution                     # writes the notebook, unless your teacher gave you one' \
	    '  jupyter lab assignments/release                   # work in it' \
	    '  course check a1_convolution path/to/a1_convolution.ipynb'

$(STUDENT)/.installed: pyproject.toml constraints.txt
	@test -x $(STUDENT)/bin/python || $(PYTHON) tools/check_machine.py student
	@test -x $(STUDENT)/bin/python || $(PYTHON) -m venv $(STUDENT)
	@echo "Installing into $(STUDENT); this takes a minute or two ..."
	@$(STUDENT)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[student]"
	@touch $@

execute: $(STAMP) ## re-execute chapters in place: make execute C=02, or C="02 05", or C=all
	$(BIN)/python tools/execute_chapter.py $(C)

bench: $(STAMP) ## time course_lib against torch, and the autograder against plain nbgrader
	$(BIN)/python -m benchmarks

clean: ## remove what was built
	rm -rf _build

distclean: clean ## remove the virtual environment as well
	rm -rf $(VENV) $(STUDENT)
