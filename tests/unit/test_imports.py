"""Who may import whom in course_lib, read from the source, and what an import may load, seen in a fresh process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "course_lib"

# A module may import modules of its own level's row or of the rows that the row names; see design of the package.
LEVELS = {
    "_validation": "0",
    "_extras": "0",
    "_torch": "T1",
    "functional": "1",
    "boxes": "1",
    "layers": "2",
    "optim": "2",
    "gradient_check": "2",
    "metrics": "2",
    "datasets": "T1",
    "models": "T1",
    "training": "T2",
    "reporting": "T2",
    "saliency": "T2",
    "comparison": "T2",
    "plotting": "leaf",
    "grading": "grading",
}
MAY_IMPORT = {
    "0": {"0"},
    "1": {"0", "1"},
    "2": {"0", "1", "2"},
    "T1": {"0", "1", "2", "T1"},
    "T2": {"0", "1", "2", "T1", "T2", "leaf"},
    "leaf": {"0", "1", "2", "leaf"},
    "grading": {"0", "1", "2", "T1", "grading"},  # T1 for the drawn images that a network is judged by
}
NUMPY_LEVELS = {"0", "1", "2"}
HEAVY = {"torch", "torchvision", "matplotlib", "sklearn", "scipy", "nbgrader", "tqdm"}


def part(path):
    """The name under course_lib that a file belongs to: ``functional`` for course_lib/functional/conv.py."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def modules():
    """Every module of the package but its own __init__."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path, top_level_only=False):
    """The dotted names that a file imports; with `top_level_only`, without those inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = outside_functions(tree) if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import; write course_lib.{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def outside_functions(node):
    """Walk a tree, leaving out the bodies of functions and what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        hidden = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if not hidden and not typing_only:
            yield child
            yield from outside_functions(child)


def forbidden(path):
    """The imports of a file that go against the direction."""
    allowed = MAY_IMPORT[LEVELS[part(path)]]
    names = [name.split(".") for name in imported(path)]
    inner = [name[1] for name in names if name[0] == "course_lib" and len(name) > 1]
    return [name for name in inner if name in LEVELS and LEVELS[name] not in allowed]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    assert part(path) in LEVELS, f"{part(path)} has no level in this test"
    assert forbidden(path) == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_chapters_or_assignments(path):
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots.isdisjoint({"chapters", "assignments", "tests", "tools", "benchmarks"})


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_numpy_levels_import_nothing_heavier(path):
    roots = {name.split(".")[0] for name in imported(path)}
    if LEVELS[part(path)] in NUMPY_LEVELS:
        assert roots.isdisjoint(HEAVY)


def test_a_wrong_import_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "functional").mkdir()
    wrong = tmp_path / "functional" / "conv.py"
    wrong.write_text("def f():\n    from course_lib.layers import Conv2d\n    return Conv2d\n")
    assert forbidden(wrong) == ["layers"]
    assert list(imported(wrong, top_level_only=True)) == []


def loaded_after(statement):
    """The top-level packages that a fresh interpreter holds after a statement."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


NUMPY_PARTS = sorted(
    name for name, level in LEVELS.items() if level in NUMPY_LEVELS and list(PACKAGE.glob(f"{name}*"))
)


def test_numpy_levels_load_no_torch():
    loaded = loaded_after("; ".join(f"import course_lib.{name}" for name in NUMPY_PARTS))
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_package_itself_loads_nothing_heavy():
    assert loaded_after("import course_lib").isdisjoint(HEAVY)


def test_grading_is_imported_without_torch_and_nbgrader():
    assert loaded_after("import course_lib.grading").isdisjoint({"torch", "torchvision", "nbgrader"})


def test_imports_print_nothing():
    names = "; ".join(f"import course_lib.{name}" for name in NUMPY_PARTS)
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
