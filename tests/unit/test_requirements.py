"""One list of packages, one list of versions, extras that name what is imported, and a light start that suffices."""

import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib._extras import EXTRAS, explain, require

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "course_lib"
LIGHT = ("a1_convolution", "a2_pooling", "a3_backpropagation")
HEAVY = {"torch", "torchvision", "scikit-learn", "scipy", "jupyter-book", "sphinx", "dask", "distributed"}
IN_JUPYTER = {"IPython", "matplotlib_inline"}  # looked for by plotting, which does without


def requirement_lines():
    """The requirements, one line each."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def bounds(requirements):
    """Canonical name to allowed versions."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(one.name): one.specifier for one in parsed}


def allowed():
    """What requirements.txt allows."""
    return bounds(line.split("#")[0].strip() for line in requirement_lines())


def pins():
    """What constraints.txt pins."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def project():
    """The project's table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def extra(name):
    """Bounds of an extra, with those of the extras that it names."""
    found = bounds(project()["optional-dependencies"][name])
    if found.pop("course-lib", None) is not None:
        for text in project()["optional-dependencies"][name]:
            for inner in Requirement(text).extras if text.startswith("course-lib") else ():
                found |= extra(inner)
    return found


@pytest.mark.parametrize("line", requirement_lines(), ids=lambda line: re.split(r"[<>=]", line)[0])
def test_every_requirement_has_two_bounds_and_a_reason_and_is_pinned_elsewhere(line):
    assert re.fullmatch(r"[a-z0-9\-]+>=[\w.]+,<[\w.]+ +# \S.{9,}", line)
    name, specifier = next(iter(bounds([line.split("#")[0].strip()]).items()))
    assert pins()[name] in specifier


def test_installed_is_what_is_pinned():
    installed = {name: metadata.version(name).split("+")[0] for name in allowed()}
    if os.environ.get("CONSTRAINTS") == "":  # the pins were left out on purpose: any allowed release will do
        assert {name: v for name, v in installed.items() if v not in allowed()[name]} == {}
    else:
        assert installed == {name: pins()[name] for name in allowed()}


def test_extras_agree_with_requirements():
    lists = [project()["dependencies"], *project()["optional-dependencies"].values()]
    named = bounds(text for texts in lists for text in texts if not text.startswith("course-lib"))
    assert {name: allowed().get(name) for name in named} == named


@functools.cache
def owners():
    """Module to the distributions that bring it."""
    return metadata.packages_distributions()


def outside_imports(paths):
    """Packages, by their distribution's name, that Python files import and that are neither ours nor Python's."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {name.split(".")[0] for name in names}
    found -= set(sys.stdlib_module_names) | {"course_lib"} | IN_JUPYTER
    return {canonicalize_name(owners()[name][0]) for name in found}


CORE = ("_validation", "functional", "boxes", "layers", "optim", "gradient_check", "metrics")
PARTS = {
    "plot": ("plotting",),
    "torch": ("models", "training", "reporting", "saliency", "datasets"),
    "grading": ("grading",),
}
# From another extra, asked for where it is used: the digits, a history's plot, a cluster.
# Imported at use, by what needs it: Dask by --scheduler, PyTorch by the checks of assignment 4.
ELSEWHERE = {"plot": set(), "torch": {"scikit-learn", "matplotlib"}, "grading": {"distributed", "torch"}}


def modules(parts):
    """The Python files of some parts of the package: a module, or all of a folder."""
    return [file for part in parts for file in (*PACKAGE.glob(f"{part}.py"), *(PACKAGE / part).rglob("*.py"))]


def test_the_core_imports_numpy_alone():
    assert outside_imports(modules(CORE)) == set(bounds(project()["dependencies"])) == {"numpy"}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_extra_lists_exactly_what_its_part_imports(name):
    assert outside_imports(modules(PARTS[name])) - {"numpy"} - ELSEWHERE[name] == set(extra(name))


def test_an_import_that_no_extra_lists_is_found(tmp_path):
    (tmp_path / "new.py").write_text("import json\nimport scipy.signal\nfrom course_lib import boxes\n")
    assert outside_imports([tmp_path / "new.py"]) == {"scipy"}


def test_what_is_said_of_a_missing_module_names_its_extra():
    for module, (package, name) in EXTRAS.items():
        assert canonicalize_name(owners()[module][0]) == package
        assert package in extra(name)


def closure(names):
    """Installed distributions that some need, themselves included, on this machine."""
    found, pending = set(), [Requirement(name) for name in names]
    seen = set()
    while pending:
        wanted = pending.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(key[0])
        if key[0] == "course-lib":
            pending += [Requirement(text) for text in project()["dependencies"]]
            for inner in wanted.extras:
                pending += [Requirement(text) for text in project()["optional-dependencies"][inner]]
            continue
        for text in metadata.requires(wanted.name) or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in ("", *wanted.extras)):
                pending.append(need)
    return found


@pytest.fixture(scope="module")
def student():
    """Every distribution of the students' set-up."""
    return closure(["course-lib[student]"])


def test_light_start_holds_nothing_heavy(student):
    assert {"numpy", "matplotlib", "jupyterlab", "ipykernel", "nbgrader"} <= student
    assert student.isdisjoint(HEAVY)


BLOCK = """
import sys
sys.modules.update(dict.fromkeys({modules!r}))  # None: an import fails, and a search finds nothing
"""


def vendored(name):
    """Whether setuptools brings a distribution along, which is seen once setuptools was imported."""
    return "_vendor" in Path(metadata.distribution(name).locate_file("")).parts


@pytest.fixture(scope="module")
def light(student, tmp_path_factory):
    """Run Python, with only what the students' set-up holds; returns exit status, output and errors."""
    blocked = {
        module
        for module, names in owners().items()
        if student.isdisjoint(map(canonicalize_name, names)) and not all(map(vendored, names))
    }
    assert {"torch", "torchvision", "sklearn", "scipy", "jupyter_book", "distributed", "psycopg2"} <= blocked
    start = BLOCK.format(modules=blocked - {"course_lib"})

    def run(code, *arguments):
        command = [sys.executable, "-W", "error::ImportWarning", "-c", start + code, *map(str, arguments)]
        here = tmp_path_factory.mktemp("student")
        done = subprocess.run(command, capture_output=True, text=True, cwd=here, timeout=300)
        return done.returncode, done.stdout, done.stderr

    return run


def source(assignment):
    """The notebook of an assignment, with its solutions."""
    return ROOT / "assignments" / "source" / assignment / f"{assignment}.ipynb"


CELLS = """
import json
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), globals())
"""


@pytest.mark.parametrize("assignment", LIGHT)
def test_notebook_and_its_checks_run_in_the_light_start(light, assignment):
    status, output, errors = light(CELLS, source(assignment))
    assert status == 0, errors
    cells = [cell for cell in nbformat.read(source(assignment), 4).cells if "check(" in cell.source]
    assert output.count(": passed (") == 2 * sum("hidden=True" in cell.source for cell in cells)


COURSE = "from course_lib.grading.entry import main\nmain()\n"


@pytest.mark.parametrize("assignment", LIGHT)
def test_course_check_grades_in_the_light_start(light, assignment):
    status, output, errors = light(COURSE, "check", assignment, source(assignment), "--unsafe-no-jail")
    assert status == 0, errors
    assert "\n100 of 100 points" in output
    assert "failed" not in output


def test_release_works_in_the_light_start(light, tmp_path):
    root = tmp_path / "assignments"
    shutil.copytree(ROOT / "assignments" / "source" / LIGHT[0], root / "source" / LIGHT[0])
    shutil.copy(ROOT / "assignments" / "nbgrader_config.py", root)
    status, output, errors = light(COURSE, "--root", root, "release", LIGHT[0])
    assert status == 0, errors
    assert f"{LIGHT[0]} is released" in output


@pytest.mark.parametrize("module", ["models", "training", "reporting", "saliency"])
def test_a_part_built_on_torch_says_what_is_missing(light, module):
    status, _, errors = light(f"import course_lib.{module}")
    said = errors.splitlines()
    assert status == 1
    assert f"needs torch, which is not installed here. {INSTALL}" in errors
    assert said[-2].endswith('-m pip install -c constraints.txt -e ".[torch]"')


INSTALL = "Install it in the folder of the course with"


@pytest.mark.parametrize(
    ("code", "package", "name"),
    [
        ('load("digits")', "scikit-learn", "data"),
        ('load("mnist")', "torchvision", "torch"),
        ("data_loader(None)", "torch", "torch"),
    ],
)
def test_data_say_what_is_missing(light, code, package, name):
    status, _, errors = light(f"from course_lib.datasets import data_loader, load\n{code}")
    assert status == 1
    assert f"needs {package}, which is not installed here. {INSTALL}" in errors
    assert f'".[{name}]"' in errors


def test_course_on_a_cluster_says_what_is_missing_in_a_sentence(light, tmp_path):
    root = tmp_path / "assignments"
    (root / "submitted" / "ada" / LIGHT[0]).mkdir(parents=True)
    shutil.copytree(ROOT / "assignments" / "source" / LIGHT[0], root / "source" / LIGHT[0])
    shutil.copy(ROOT / "assignments" / "nbgrader_config.py", root)
    address = "tcp://127.0.0.1:9"
    status, _, errors = light(COURSE, "--root", root, "autograde", LIGHT[0], "--scheduler", address)
    assert status == 2
    assert errors.startswith("course: grading on a cluster needs distributed, which is not installed here. ")
    assert "Traceback" not in errors


def test_course_without_its_own_packages_says_so_in_a_sentence(light):
    status, _, errors = light("sys.modules['click'] = None\n" + COURSE)
    assert status == 1
    assert errors.startswith("course: this command needs click, which is not installed here. ")
    assert "Traceback" not in errors


def test_what_is_broken_and_not_missing_is_not_explained_away(tmp_path, monkeypatch):
    (tmp_path / "sick.py").write_text("import quite_another_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'quite_another_module'"):
        require("sick", "this test")
    with pytest.raises(ModuleNotFoundError, match="this test needs not_there_at_all, which is not installed"):
        require("not_there_at_all", "this test")
    assert '".[student]"' in explain("not_there_at_all", "this test")
