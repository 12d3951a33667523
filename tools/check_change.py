"""The inner loop: lint, and the tests, examples and chapters that a change touches. `make check` calls it.

    python tools/check_change.py                          # what differs from HEAD; if nothing does, from main
    python tools/check_change.py course_lib/boxes/nms.py  # these files, changed or not

What a file touches is read from the imports (tools/import_graph.py): a change of a central module brings many
tests, a change of one operation few. Tests marked `slow`, pages in a browser that it does not name, and
chapters beyond those that changed and `SECONDS` of others, the quickest first, are left to `make test`, which
stays the judge.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import compare_chapters
import run_parts
from import_graph import Graph

ROOT = Path(__file__).resolve().parent.parent
# They read every file there is, so that no import says what touches them.
ALWAYS = ("tests/unit/test_house_rules.py",)
BOOK = (".md", ".css", ".js", ".svg", ".bib", ".yml")
CHECKS = "course_lib/grading/checks"
SECONDS = 45  # of chapters that a change touches from afar, two side by side


def git(*arguments):
    """What git prints, line by line."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def changed_files():
    """The files that differ from HEAD, new ones among them; on a clean tree those that differ from main."""
    found = git("diff", "--name-only", "HEAD") + git("ls-files", "--others", "--exclude-standard")
    if not found:
        found = git("diff", "--name-only", "main...HEAD")
    return sorted(set(found))


class Selection:
    """What to run for changed files: tests, examples, chapters, assignments, pages, and whether the book."""

    def __init__(self, changed, root=ROOT):
        self.root, self.graph = root, Graph(root)
        self.changed = {root / name for name in changed if (root / name).is_file()}
        needs = {path: self.graph.needs(path) for path in self._all("tests/**/test_*.py", "chapters/*.ipynb")}
        touched = [path for path, files in needs.items() if files & self.changed]
        library = [path for path in self._all("course_lib/**/*.py") if path in self.changed]
        self.library = [self._name(path) for path in library]
        self.examples = [self._name(path) for path in library if ">>> " in path.read_text(encoding="utf-8")]
        self.chapters, self.left = self._chapters([path for path in touched if path.suffix == ".ipynb"])
        self.pages, self.assignments = self._pages(), self._assignments()
        self.book = any(p.suffix in BOOK or p.parent.name in ("extensions", "chapters") for p in self.changed)
        tests = {self._name(path) for path in touched if path.suffix == ".py"} | set(
            ALWAYS if changed else ()
        )
        tests |= {"tests/unit/test_imports.py"} if self.library else set()
        self.tests = sorted(name for name in tests if not name.startswith("tests/browser/"))

    def _all(self, *patterns):
        return sorted({path for pattern in patterns for path in self.root.glob(pattern)})

    def _name(self, path):
        return str(path.relative_to(self.root))

    def _chapters(self, touched):
        """Names of the chapters to run and of those to leave: all that changed, then the quickest."""
        chosen, spent = [path for path in touched if path in self.changed], 0
        for seconds, path in sorted((_seconds(path), path) for path in set(touched) - self.changed):
            spent += seconds
            if spent <= SECONDS:
                chosen.append(path)
        return sorted(path.name for path in chosen), sorted(p.name for p in touched if p not in chosen)

    def _pages(self):
        """The browser's tests that changed, or that are named like the figure that did."""
        figures = [path.stem for path in self.changed if "figures" in path.parts]
        tests = self._all("tests/browser/test_*.py")
        named = [p for p in tests if p in self.changed or any(f.startswith(p.stem[5:]) for f in figures)]
        return [self._name(path) for path in named]

    def _assignments(self):
        """The assignments whose notebook, checks or bank changed, or whose references did."""
        found = []
        for source in self._all("assignments/source/a*"):
            checks = self._all(f"{CHECKS}/{source.name}/*.py", f"{CHECKS}/{source.name}.py")
            reached = set(checks).union(*(self.graph.needs(path) for path in checks))
            folders = {source, self.root / "tests" / "grading" / "banks" / source.name.split("_")[0]}
            if any(path in reached or folders & set(path.parents) for path in self.changed):
                found.append(source.name)
        return found

    def commands(self):
        """The parts to run, by name, each with its command."""
        pytest = ["env", "OMP_NUM_THREADS=1", sys.executable, "-m", "pytest", "-q", "-m", "not slow"]
        grading = ["tests/grading/test_banks.py", "tests/grading/test_assignments.py"]
        tests = [t for t in self.tests if t not in grading or not self.assignments]
        parts = {"lint": ["make", "--no-print-directory", "lint"]}
        if tests:
            parts["tests"] = [*pytest, *_side_by_side(tests), *tests]
        packages = {".".join(Path(name).with_suffix("").parts[:2]) for name in self.library}
        public = sorted(name for name in packages if "._" not in name)
        if public and "tests/unit/test_docstrings.py" not in tests:
            parts["docstrings"] = [*pytest, "tests/unit/test_docstrings.py", "-k", " or ".join(public)]
        if self.assignments:
            short = " or ".join(name.split("_")[0] for name in self.assignments)
            parts["assignments"] = [*pytest, "-k", short, *grading]
        if self.examples:
            parts["examples"] = [*pytest, "--doctest-modules", *self.examples]
        edited = [path.stem for path in self.changed if path.parent.name == "chapters"]
        if edited:
            parts["guard"] = [*pytest, "tests/notebooks/test_guard.py", "-k", " or ".join(sorted(edited))]
        if self.chapters:
            parts["chapters"] = [sys.executable, __file__, "--compare", *self.chapters]
        if self.book or self.pages:
            parts["book"] = [sys.executable, "tools/build_book.py"]
        if self.pages:
            parts["browser"] = [*pytest, *self.pages]
        return parts


def _seconds(chapter):
    """How long a chapter took when it was executed."""
    return json.loads(chapter.read_text(encoding="utf-8"))["metadata"]["course"]["seconds"]


def _side_by_side(tests):
    """Two processes where there is enough to do for both."""
    return ["-n", "2", "--dist", "loadscope"] if len(tests) > 5 else []


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", help="files to take for changed (default: ask git)")
    parser.add_argument("--show", action="store_true", help="only say what would run")
    parser.add_argument("--compare", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.compare:
        return compare_chapters.nbval(options.compare, workers=2)
    changed = options.files or changed_files()
    print("Changed:", *changed or ["nothing"])
    selection = Selection(changed)
    parts = selection.commands()
    if selection.left:
        print("Left to `make test`:", *selection.left)
    if options.show:
        print(*(f"{part}: {' '.join(command)}" for part, command in parts.items()), sep="\n")
        return 0
    return run_parts.run_all(parts)


if __name__ == "__main__":
    sys.exit(main())
