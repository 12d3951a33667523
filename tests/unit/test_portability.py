"""The settings of tools/portability.py are honest: what changes nothing or cannot run is left out by name."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
NATIVE = {
    "openblas": ["skylakex"],
    "numpy": ["X86_V3", "X86_V4"],
    "torch": "avx512",
    "threads": [2, 2],
    "onednn": "",
}


@pytest.fixture
def portability(monkeypatch):
    """The tool, on a machine whose libraries answer as `chosen` says; it runs nothing."""
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("portability", TOOLS / "portability.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "portability", module)
    spec.loader.exec_module(module)
    module.ran, module.fails = [], set()

    def probe(environment):
        kernel = environment.get("OPENBLAS_CORETYPE", "SkylakeX").lower()
        threads = int(environment.get("OMP_NUM_THREADS", 2))
        return NATIVE | {
            "openblas": ["haswell" if kernel == "zen" else kernel],
            "torch": environment.get("ATEN_CPU_CAPABILITY", "avx512"),
            "threads": [threads, threads],
            "onednn": environment.get("ONEDNN_MAX_CPU_ISA", ""),
            "numpy": [
                name
                for name in NATIVE["numpy"]
                if name not in environment.get("NPY_DISABLE_CPU_FEATURES", "")
            ],
        }

    def run(name, environment, parts):
        module.ran.append((name, sorted(parts)))
        return {part: ("FAILED" if name in module.fails else "passed", 1.0) for part in parts}

    monkeypatch.setattr(module, "probe", probe)
    monkeypatch.setattr(module, "run", run)
    return module


def test_what_changes_nothing_or_is_not_what_it_says_is_left_out_by_name(portability, capsys):
    assert portability.main([]) == 0
    whole = [name for name, _ in portability.ran]
    assert whole == ["oldest", "laptop", "cross-1", "cross-2", "cross-3"]
    assert "cross-4            left out: OpenBLAS took haswell instead of zen" in capsys.readouterr().out
    assert portability.main(["--each"]) == 0
    report = capsys.readouterr().out
    names = [name for name, _ in portability.ran[len(whole) :]]
    assert names[: len(whole) + 1] == [*whole, "native"]
    assert {"openblas-skylakex", "openblas-zen", "two-threads"}.isdisjoint(names)
    assert "openblas-zen       left out: OpenBLAS took haswell instead of zen" in report
    assert "openblas-skylakex  left out: the same as native here" in report
    assert all(parts == ["chapters", "doctests", "units"] for _, parts in portability.ran)


def test_a_processor_that_cannot_run_a_setting_leaves_it_out(portability, monkeypatch, capsys):
    probe = portability.probe
    monkeypatch.setattr(
        portability, "probe", lambda setting: None if "ATEN_CPU_CAPABILITY" in setting else probe(setting)
    )
    assert portability.main(["--only", "torch-avx2", "numpy-baseline"]) == 0
    assert [name for name, _ in portability.ran] == ["numpy-baseline"]
    assert "torch-avx2         left out: this processor cannot run it" in capsys.readouterr().out


def test_a_failure_stops_nothing_and_is_the_exit_status(portability, capsys):
    portability.fails = {"oldest"}
    assert portability.main(["--only", "oldest", "laptop", "--chapters", "05"]) == 1
    assert portability.ran == [("oldest", ["chapters"]), ("laptop", ["chapters"])]
    assert "oldest             chapters FAILED" in capsys.readouterr().out


def test_ci_takes_the_two_that_differ_most(portability):
    portability.main(["--ci"])
    assert [name for name, _ in portability.ran] == ["oldest", "laptop"]


def test_every_library_meets_several_choices_of_the_others(portability):
    """No two machines that are played agree in more than three of the five libraries' settings."""
    played = portability.settings(["X86_V3", "X86_V4"], each=False)
    names = [
        "OPENBLAS_CORETYPE",
        "NPY_DISABLE_CPU_FEATURES",
        "ATEN_CPU_CAPABILITY",
        "ONEDNN_MAX_CPU_ISA",
        "OMP_NUM_THREADS",
    ]
    chosen = [[setting.get(name) for name in names] for setting in played.values()]
    for one, other in itertools.combinations(chosen, 2):
        assert sum(a == b for a, b in zip(one, other, strict=True)) <= 3, (one, other)
    for column in zip(*chosen, strict=True):
        assert len(set(column)) >= 2


def test_unknown_setting_is_named(portability):
    with pytest.raises(SystemExit, match="no setting newest; there are oldest, laptop, cross-1"):
        portability.main(["--only", "newest"])


def test_numpy_loses_every_feature_that_it_dispatches_here(portability):
    every = portability.settings(["X86_V3", "X86_V4"])
    assert every["numpy-baseline"] == {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}
    assert every["laptop"]["NPY_DISABLE_CPU_FEATURES"] == "X86_V4"
    assert portability.settings([])["numpy-baseline"] == {}


def test_unit_tests_that_compute_are_told_from_those_that_do_not(portability):
    folder = Path(__file__).parent
    computing = {path.name for path in folder.glob("test_*.py") if portability.numerical(path)}
    assert {"test_conv.py", "test_models.py", "test_losses.py", "test_boxes.py"} <= computing
    assert computing.isdisjoint(
        {"test_tools.py", "test_house_rules.py", "test_imports.py", "test_portability.py"}
    )
