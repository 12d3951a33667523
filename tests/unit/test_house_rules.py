"""The house rules that a machine can read: sizes, requirements, what the repository may say, seeds, named outputs."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LINES, BODY = 330, 45  # "about 300" and "about 30" statements' lines, with room for one more thought


def tracked(*suffixes):
    """The files that git tracks and that exist, with one of the suffixes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return sorted(path for path in paths if path.is_file() and path.suffix in suffixes)


def relative(path):
    """The path as the repository writes it."""
    return str(path.relative_to(ROOT))


FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
PYTHON = tracked(".py")
LIBRARY = [path for path in PYTHON if relative(path).startswith("course_lib/")]
PROSE = tracked(".md", ".py", ".yml", ".toml", ".cfg", ".txt", ".bib", ".js", ".css", ".ipynb", ".cff", "")


def functions(path):
    """Every function of a file with the lines of its body, without the docstring and the functions inside it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTION):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            inner = [part for part in body if isinstance(part, FUNCTION)]
            yield node, span(body) - sum(part.end_lineno - part.lineno + 1 for part in inner)


def span(statements):
    """The lines from the first statement to the end of the last."""
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_a_module_fits_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_a_function_fits_on_a_screen(path):
    assert {node.name: lines for node, lines in functions(path) if lines > BODY} == {}


GLOBAL_SEEDS = re.compile(r"\b(np|numpy)\.random\.(seed|rand|randn|randint|normal|uniform|shuffle|choice)\(")
TORCH_SEED = re.compile(r"\btorch\.(manual_seed|seed)\(|\brandom\.seed\(")


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_the_library_seeds_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert GLOBAL_SEEDS.findall(text) == []
    assert TORCH_SEED.findall(text) == []


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_no_asserts_guard_the_library(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert found == [], "python -O drops assert: raise ValueError through course_lib._validation"


def asserts(node):
    """Whether a function can fail by itself: an assert, pytest.raises, or a call of a helper named so."""
    text = ast.unparse(node)
    return re.search(r"\bassert|pytest\.(raises|fail|warns)|\bcheck_\w+\(", text) is not None


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name.startswith("test_")], ids=relative)
def test_every_test_asserts(path):
    nodes = [node for node, _ in functions(path)]
    helpers = {node.name for node in nodes if asserts(node)}
    not_tests = set(re.findall(r"^(\w+)\.__test__ = False", path.read_text(encoding="utf-8"), re.MULTILINE))
    tests = [node for node in nodes if node.name.startswith("test_") and node.name not in not_tests]
    calls = {test.name: set(re.findall(r"\w+(?=\()", ast.unparse(test))) - {test.name} for test in tests}
    assert [test.name for test in tests if not asserts(test) and not calls[test.name] & helpers] == []


FORBIDDEN = re.compile(
    r"/(?:work|home|root)/\w"  # paths of one machine
    r"|\bAI[- ]generated|\blanguage model\b|\bchatbot\b"
    r"|://(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org)"
    r"|\b(?:TODO|FIXME|XXX)\b"
    r"|lorem ipsum",
    re.IGNORECASE,
)
# These name such words to catch them; jails and attacks name the folders of a system because they guard them.
EXCUSED = (
    "tests/unit/test_house_rules.py",
    "tests/unit/grading/",
    "tests/notebooks/",
    "tests/grading/",
    "course_lib/grading/",
)
SCANNED = [path for path in PROSE if not relative(path).startswith(EXCUSED)]


def words_to_remove(path):
    """The lines of a file, without its images, that say what the repository must not."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = re.sub(r'"image/(png|jpeg)": "[^"]*"', "", text)
    return [line.strip()[:120] for line in text.splitlines() if FORBIDDEN.search(line[:20_000])]


@pytest.mark.parametrize("path", SCANNED, ids=relative)
def test_nothing_speaks_of_a_machine_or_of_unfinished_work(path):
    assert words_to_remove(path) == []


@pytest.mark.parametrize(
    "line", ["see /home/me/data", "# TODO later", "pip install -i https://pypi.org/simple x"]
)
def test_the_scan_finds_what_it_looks_for(tmp_path, line):
    (tmp_path / "page.md").write_text(f"First line.\n{line}\n")
    assert words_to_remove(tmp_path / "page.md") == [line]


def test_versions_of_python_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    machine = (ROOT / "tools" / "check_machine.py").read_text(encoding="utf-8")
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "OLDEST, NEWEST = (3, 11), (3, 13)" in machine


def test_the_book_has_no_top_level_static_folder():
    assert not (ROOT / "_static").exists()


def test_the_book_never_executes_and_never_leaves_the_machine():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert config["sphinx"]["config"]["html_context"]["default_mode"] == "auto"
    assert "cdn" not in (ROOT / "_config.yml").read_text(encoding="utf-8").lower()


def phony_targets():
    """The targets that the Makefile offers, with whether each has its line of help."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {
        name: bool(help_) for name, help_ in re.findall(r"^([a-z-]+):[^=\n]*?(## .*)?$", text, re.MULTILINE)
    }


def test_make_help_lists_every_target():
    targets = phony_targets()
    assert {"book", "test", "serve", "lab", "execute", "bench", "help"} <= targets.keys()
    assert [name for name, helped in targets.items() if not helped] == []


def test_readme_fits_one_screen():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 60
