"""What a change touches: names are followed through packages, strings and helpers, and nothing else is."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "course_lib/__init__.py": "",
    "course_lib/_check.py": "def fail(): ...\n",
    "course_lib/functional/__init__.py": "from course_lib.functional.conv import conv2d\n"
    "from course_lib.functional.pool import max_pool2d\n",
    "course_lib/functional/conv.py": "from course_lib._check import fail\ndef conv2d(): ...\n",
    "course_lib/functional/pool.py": "def max_pool2d(): ...\n",
    "course_lib/layers.py": "from course_lib.functional import max_pool2d\n",
    "course_lib/grading/__init__.py": "",
    "course_lib/grading/checks/__init__.py": "",
    "course_lib/grading/checks/a1_pools/__init__.py": "from course_lib.grading.checks.a1_pools.big import CHECKS\n",
    "course_lib/grading/checks/a1_pools/big.py": "def f():\n    from course_lib.functional import max_pool2d\n",
    "assignments/source/a1_pools/a1_pools.ipynb": '{"cells": []}',
    "tools/pin.py": "",
    "tests/conftest.py": "",
    "tests/grading/forge.py": "import course_lib._check\n",
    "tests/grading/test_class.py": 'import forge\nX = "max_pool2d"\n',
    "tests/unit/_oracle.py": "from course_lib import functional\ndef g(name):\n    return getattr(functional, name)\n",
    "tests/unit/test_attribute.py": "import course_lib.functional as F\nF.conv2d()\n",
    "tests/unit/test_layers.py": "from course_lib.layers import max_pool2d\n",
    "tests/unit/test_list.py": "from course_lib import functional\nprint(vars(functional))\n",
    "tests/unit/test_oracle.py": 'from _oracle import g\ng("max_pool2d")\n',
    "tests/unit/test_patch.py": 'X = "course_lib.functional.conv.fail"\n',
    "tests/unit/test_pin.py": 'load("pin")\n',
    "tests/unit/test_house_rules.py": "",
    "tests/unit/test_imports.py": "",
    "tests/browser/test_pages.py": "",
    "tests/browser/test_sliding_window.py": "",
    "assets/figures/sliding_window_draw.js": "",
    "assets/book.css": "",
    "chapters/01_a.ipynb": '{"cells": [{"cell_type": "code", "source": ["%matplotlib inline\\n", "import course_lib.functional as r\\n", "r.conv2d"]}], "metadata": {"course": {"seconds": 30}}}',
    "chapters/02_b.ipynb": '{"cells": [{"cell_type": "markdown", "source": ["import course_lib.functional"]}], "metadata": {"course": {"seconds": 90}}}',
    "chapters/03_c.ipynb": '{"cells": [{"cell_type": "code", "source": ["import course_lib.functional as r\\n", "r.conv2d"]}], "metadata": {"course": {"seconds": 20}}}',
}


@pytest.fixture(scope="module")
def check_change():
    """The module tools/check_change.py."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import check_change
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return check_change


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A small repository with every way to use a name. Do not change it."""
    root = tmp_path_factory.mktemp("repository")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def select(check_change, repository):
    """What would run for some changed files."""
    return lambda *changed: check_change.Selection(changed, repository)


def unit(*names):
    """The test files of those names, with those that run after every change of the library."""
    return sorted([*(f"tests/unit/test_{name}.py" for name in (*names, "house_rules", "imports"))])


def test_a_name_is_followed_to_the_file_that_defines_it(select):
    assert select("course_lib/functional/pool.py").tests == unit("layers", "list", "oracle")
    assert select("course_lib/functional/conv.py").tests == unit("attribute", "list", "patch")
    assert select("course_lib/_check.py").tests == [
        "tests/grading/test_class.py",
        *unit("attribute", "list", "patch"),
    ]


def test_a_package_s_own_file_touches_whoever_passes_through_it(select):
    tests = select("course_lib/functional/__init__.py").tests
    assert tests == unit("attribute", "layers", "list", "oracle", "patch")


def test_chapters_are_read_cell_by_cell(select):
    assert "01_a.ipynb" in select("course_lib/_check.py", "chapters/01_a.ipynb").chapters
    assert select("course_lib/functional/pool.py").chapters == []
    edited = select("chapters/02_b.ipynb")
    assert edited.chapters == ["02_b.ipynb"]
    assert edited.commands()["guard"][-1] == "02_b"
    assert "guard" not in select("course_lib/functional/conv.py").commands()


def test_of_the_chapters_touched_from_afar_the_quickest_are_run(select, check_change, monkeypatch):
    far = select("course_lib/functional/conv.py")
    assert (far.chapters, far.left) == (["03_c.ipynb"], ["01_a.ipynb"])
    edited = select("course_lib/functional/conv.py", "chapters/01_a.ipynb")
    assert (edited.chapters, edited.left) == (["01_a.ipynb", "03_c.ipynb"], [])
    monkeypatch.setattr(check_change, "SECONDS", 50)
    assert select("course_lib/functional/conv.py").left == []


def test_docstrings_are_read_where_a_public_module_changed(select):
    assert select("course_lib/functional/conv.py").commands()["docstrings"][-1] == "course_lib.functional"
    assert "docstrings" not in select("course_lib/_check.py").commands()


def test_an_assignment_belongs_to_its_notebook_its_checks_its_bank_and_its_references(select):
    for changed in (
        "assignments/source/a1_pools/a1_pools.ipynb",
        "course_lib/grading/checks/a1_pools/big.py",
        "course_lib/functional/pool.py",
    ):
        assert select(changed).assignments == ["a1_pools"], changed
    assert select("course_lib/functional/conv.py").assignments == []


def test_a_figure_brings_the_test_of_its_name_and_the_book(select):
    figure = select("assets/figures/sliding_window_draw.js")
    assert (figure.pages, figure.book) == (["tests/browser/test_sliding_window.py"], True)
    style = select("assets/book.css")
    assert (style.pages, style.book) == ([], True)
    assert "browser" not in style.commands()


def test_tools_helpers_and_conftest_bring_their_tests(select):
    assert "tests/unit/test_pin.py" in select("tools/pin.py").tests
    assert select("tests/grading/forge.py").tests == [
        "tests/grading/test_class.py",
        "tests/unit/test_house_rules.py",
    ]
    assert len(select("tests/conftest.py").tests) == 9


def test_nothing_changed_is_linted_only(select):
    assert list(select().commands()) == ["lint"]
