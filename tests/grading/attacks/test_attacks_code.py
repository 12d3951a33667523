"""Hostile code gains nothing, costs nobody anything and leaves nothing behind."""

import os
import socket
import time

import forge
import hostile
import nbformat
import pytest

from course_lib.grading import proxy
from course_lib.grading.limits import Limits
from course_lib.grading.scoring import score
from course_lib.grading.submission import read_cells, rebuild

pytestmark = pytest.mark.usefixtures("jailed")
HONEST = 12.0  # output_size is right
LIMITS = Limits(
    cell_seconds=2, check_seconds=1, submission_seconds=40, memory_mb=1500, file_mb=8, reply_mb=16
)
MARKER = f"attack-{os.getpid()}"


@pytest.fixture(scope="module")
def jailed(require):
    require("bwrap")


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    monkeypatch.setattr(proxy, "GRACE", 0.5)


@pytest.fixture(scope="module")
def rubric():
    return forge.rubric()


@pytest.fixture
def grade(rubric, tmp_path):
    """Grade a submission with this cell in the place of corr2d's."""

    def grade(cell, **options):
        path = forge.write(forge.submission({"corr2d": cell}, keep=("output_size",)), tmp_path / "x.ipynb")
        return score(rebuild(read_cells(path), rubric), rubric, limits=LIMITS, seed=1, **options)

    return grade


def assert_honest(report, allowed=None):
    """The honest score, a reason for every lost point, and a status of the agreed list."""
    assert report.score == HONEST
    for cell in report.cells:
        if cell.id.startswith("corr2d"):
            assert cell.score == 0
            assert cell.message
            assert cell.status in (allowed or {"failed", "crashed", "timeout", "memory", "unreadable"})


def test_the_honest_submission_has_its_score(grade):
    report = grade(hostile.WRONG)
    assert_honest(report, {"failed"})
    assert {c.status for c in report.cells} == {"passed", "failed", "manual"}


@pytest.mark.parametrize("name", hostile.FORGERIES)
def test_forgery(grade, tmp_path, name):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_bytes(b"as it was")
    source = forge.ROOT / "assignments" / "source" / forge.NAME / f"{forge.NAME}.ipynb"
    reference = forge.ROOT / "course_lib" / "functional" / "conv.py"
    assert source.exists()
    assert reference.exists()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        secrets = {"reference": str(reference), "source": str(source), "gradebook": str(gradebook)}
        cell = hostile.FORGERIES[name]
        for key, value in {**secrets, "port": server.getsockname()[1]}.items():
            cell = cell.replace(f"{{{key}!r}}", repr(value)).replace(f"{{{key}}}", str(value))
        cell = cell.replace("{{", "{").replace("}}", "}")
        report = grade(cell if "def corr2d" in cell else cell + hostile.WRONG)
        with pytest.raises(TimeoutError):
            server.accept()
    assert_honest(report)
    assert gradebook.read_bytes() == b"as it was"


def test_knowing_the_worked_case_by_heart_earns_nothing(grade):
    report = grade(hostile.BY_HEART)
    assert_honest(report, {"failed"})
    example = next(c for c in report.cells if c.id == "corr2d_example")
    assert [(check["hidden"], check["status"]) for check in example.checks] == [
        (False, "passed"),
        (True, "failed"),
    ]


@pytest.mark.parametrize("name", hostile.LIES)
def test_lie(grade, tmp_path, name):
    witness = tmp_path / "witness"
    cell = hostile.LIES[name].replace("{witness}", str(witness)).replace("{{", "{").replace("}}", "}")
    assert_honest(grade(cell))
    assert not witness.exists()


@pytest.mark.parametrize("name", hostile.BYTES)
@pytest.mark.parametrize("when", ["cell", "call"])
def test_bytes_in_the_place_of_an_answer(grade, name, when):
    body = hostile.BYTES[name]
    if when == "cell":
        cell = f"{hostile.PIPES}\n{body}\n{hostile.WRONG}"
    else:
        cell = f"{hostile.PIPES}\ndef corr2d(x, k):\n    {body}\n    return np.zeros_like(x)"
    assert_honest(grade(cell))


@pytest.mark.parametrize("name", hostile.BOMBS)
def test_bomb(grade, name):
    began = time.monotonic()
    body = hostile.BOMBS[name].replace("{marker}", MARKER)
    assert_honest(grade(f"import os, sys\ndef corr2d(x, k):\n{body}\n"))
    assert time.monotonic() - began < LIMITS.submission_seconds + 10
    deadline = time.monotonic() + 10
    while forge.processes_with(MARKER) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not forge.processes_with(MARKER)


@pytest.mark.parametrize("name", ["leaves by os._exit", "prints without end", "sleeps", "ignores interrupts"])
def test_bomb_in_a_cell_costs_only_that_cell(grade, name):
    lines = "\n".join(line[4:] for line in hostile.BOMBS[name].splitlines())
    report = grade(f"import os, sys\n{lines}\n{hostile.WRONG}")
    assert_honest(report, {"timeout", "crashed"})


def test_hidden_inputs_do_not_leak_into_messages_or_outputs(grade):
    cell = (
        "calls = []\ndef corr2d(x, k):\n    print('SEEN', x)\n    calls.append(x)\n"
        "    if len(calls) > 1:\n        raise ValueError(f'SEEN {x.tolist()}')\n"
        "    return np.array([[np.sum(x[i:i + k.shape[0], j:j + k.shape[1]] * k)"
        " for j in range(x.shape[1] - k.shape[1] + 1)] for i in range(x.shape[0] - k.shape[0] + 1)])"
    )
    report = grade(cell)
    (example,) = [c for c in report.cells if c.id == "corr2d_example"]
    assert example.status == "crashed"
    assert [check["hidden"] for check in example.checks] == [False, True]
    assert "raised ValueError." in example.message
    assert "SEEN" not in example.message
    assert "SEEN" not in str(report.outputs)


NOISY = {
    "warnings": "import warnings\nwarnings.warn('careful')",
    "stderr": "import sys\nsys.stderr.write('trouble\\n' * 1000)",
    "prints": "print('x' * 10**6)",
    "progress": "import sys, time\nfor i in range(50):\n    sys.stdout.write(f'\\r{i}%')\n    sys.stdout.flush()",
    "magics": "%matplotlib inline\n!ls\n%time 1 + 1",
    "a failing experiment": "corr2d(np.zeros((2, 2)), None)",
    "a question left open": "np.zeros?",
}


@pytest.mark.parametrize("name", NOISY)
def test_right_work_gets_full_marks_whatever_it_prints(rubric, tmp_path, name):
    notebook = forge.source_notebook()
    where = notebook.cells.index(forge.cell_of(notebook, "corr2d")) + 1
    notebook.cells.insert(where, nbformat.v4.new_code_cell(NOISY[name]))
    for cell_id in ("corr2d", "conv2d"):
        cell = forge.cell_of(notebook, cell_id)
        cell.source = cell.source.replace(
            "    ### BEGIN SOLUTION",
            "    import warnings, sys; warnings.warn('w'); print('p', file=sys.stderr)",
            1,
        )
    path = forge.write(notebook, tmp_path / "x.ipynb")
    report = score(rebuild(read_cells(path), rubric), rubric, limits=LIMITS, seed=2)
    assert report.score == report.max_score == 100
