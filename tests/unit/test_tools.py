"""The tools say what is missing, rebuild when they must, and leave alone what did not change."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Import a file of tools/ under its own name."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build_book(tmp_path, monkeypatch):
    """tools/build_book.py on an empty folder, with a build that only records how it was called."""
    module = load("build_book")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(module, "STAMP", tmp_path / "_build" / "book.json")
    (tmp_path / "index.md").write_text("# Home\n")
    (tmp_path / "_config.yml").write_text("title: Book\n")
    module.calls, module.status = [], 0

    def build(fresh):
        module.calls.append(fresh)
        (tmp_path / "_build" / "html").mkdir(parents=True, exist_ok=True)
        (tmp_path / "_build" / "html" / "index.html").write_text("")
        module.STAMP.unlink(missing_ok=True)
        return module.status, "index.md: WARNING: no"

    monkeypatch.setattr(module, "build", build)
    return module


def test_machine_without_jail_and_browser_names_both_and_their_packages():
    lines = load("check_machine").missing_programs(find=lambda command: None)
    assert [line.split(" is missing")[0] for line in lines] == ["bwrap", "chromium"]
    assert lines[0].endswith("apt-get install bubblewrap")
    assert lines[1].endswith("apt-get install chromium")


def test_machine_with_both_names_nothing():
    assert load("check_machine").missing_programs(find=lambda command: f"/usr/bin/{command}") == []


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0), (2, 7, 18)])
def test_wrong_python_is_named(version):
    problem = load("check_machine").python_problem(version)
    assert f"this is {'.'.join(map(str, version))}" in problem
    assert "3.11, 3.12 or 3.13" in problem


def test_right_python_is_no_problem():
    assert load("check_machine").python_problem((3, 12, 1)) == ""


def test_book_is_built_once_while_nothing_changes(build_book, capsys):
    assert build_book.main([]) == build_book.main([]) == 0
    assert build_book.calls == [True]
    assert "up to date" in capsys.readouterr().out


def test_changed_page_is_rebuilt_alone(build_book, tmp_path):
    build_book.main([])
    (tmp_path / "index.md").write_text("# Hello\n")
    build_book.main([])
    assert build_book.calls == [True, False]


@pytest.mark.parametrize("name", ["_config.yml", "new.md"])
def test_changed_configuration_or_set_of_pages_rebuilds_all(build_book, tmp_path, name):
    build_book.main([])
    (tmp_path / name).write_text("title: Other\n")
    build_book.main([])
    assert build_book.calls == [True, True]


def test_failed_build_is_repeated_from_scratch(build_book, tmp_path, capsys):
    build_book.main([])
    (tmp_path / "index.md").write_text("# Hello\n")
    build_book.status = 1
    assert build_book.main([]) == 1
    assert "WARNING: no" in capsys.readouterr().out
    build_book.status = 0
    assert build_book.main([]) == 0
    assert build_book.calls == [True, False, True]


def test_chapter_is_compared_again_only_after_a_change(tmp_path, monkeypatch):
    module = load("compare_chapters")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "STAMP", tmp_path / "_build" / "nbval.json")
    compared, results = [], iter([0, 0, 1, 0])
    monkeypatch.setattr(module, "nbval", lambda names, workers: compared.append(names) or next(results))
    (tmp_path / "chapters").mkdir()
    for name in ("01_a.ipynb", "02_b.ipynb"):
        (tmp_path / "chapters" / name).write_text("{}")
    assert module.main([]) == module.main([]) == 0
    (tmp_path / "chapters" / "02_b.ipynb").write_text("{ }")
    assert module.main([]) == 0
    (tmp_path / "requirements.txt").write_text("numpy==2\n")
    assert module.main([]) == 1
    assert module.main([]) == 0
    both = ["01_a.ipynb", "02_b.ipynb"]
    assert compared == [both, ["02_b.ipynb"], both, both]


def test_files_that_few_tests_reach_are_named_the_lowest_first():
    shares = {"a.py": 89.9, "b.py": 90.0, "c.py": 12.3, "d.py": 100.0}
    report = {"files": {name: {"summary": {"percent_covered": share}} for name, share in shares.items()}}
    assert load("low_coverage").low(report) == ["   12.3 %  c.py", "   89.9 %  a.py"]


def test_every_part_runs_although_one_fails_and_the_table_says_which(capfd):
    parts = {
        name: [sys.executable, "-c", code]
        for name, code in {"one": "print(1)", "two": "exit(3)", "three": ""}.items()
    }
    assert load("run_parts").run_all(parts) == 1
    printed = capfd.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("---")] == ["--- one", "--- two", "--- three"]
    assert [line.split()[0] for line in printed if "FAILED" in line] == ["two"]
    assert printed[-3].endswith("FAILED, status 3")
    assert printed[-1].split()[0] == "all"


def test_parts_that_all_pass_are_a_success(capfd):
    assert load("run_parts").run_all({"one": [sys.executable, "-c", ""]}) == 0
    assert "FAILED" not in capfd.readouterr().out
