"""Every attack, by kind: what is handed in, the score it deserves and what its cells say."""

import string

import broken
import forge
import hostile
import hostile_leaks
import hostile_process
import nbformat
import surgery
from containment import LIMITS, Attack

from course_lib.functional import corr2d
from course_lib.grading import checks

AIM = (  # the checked cells of exercise corr2d
    "corr2d_example",
    "corr2d_rectangles",
    "corr2d_fractions",
)
SAID = {  # what names the limit that was met
    "timeout": f"corr2d did not finish within {LIMITS.check_seconds:g} s",
    "memory": f"{LIMITS.memory_mb} MB",
    "crashed": "corr2d",
}
LOST = {"failed", "crashed", "timeout", "memory", "unreadable"}


def _right():
    return forge.source_notebook()


def _wrong():
    return forge.submission({"corr2d": hostile.WRONG}, keep=("output_size",))


def _corr2d_alone():
    return forge.submission(keep=("corr2d",))


def _corr2d_and_output_size():
    return forge.submission(keep=("corr2d", "output_size"))


HONEST = {
    "right": _right,
    "wrong corr2d": _wrong,
    "corr2d alone": _corr2d_alone,
    "corr2d and output_size": _corr2d_and_output_size,
}


def fill(cell, world):
    """A hostile cell with the paths and the port of its world."""
    return string.Template(cell).substitute({name: repr(value) for name, value in world.secrets.items()})


def _instead(cell):
    """A submission with this in the place of the solution of corr2d."""
    return lambda world: forge.submission({"corr2d": fill(cell, world)}, keep=("output_size",))


def _code(kind, name, cell, statuses=LOST, says=None):
    return Attack(kind, name, _instead(cell), aims=dict.fromkeys(AIM, (0.0, statuses)), says=says or {})


def _forgery(name, cell):
    return _code("forgery", name, cell if "def corr2d" in cell else cell + hostile.WRONG)


def _by_heart():
    shown = [case for name in AIM for case in checks.find(name.replace("_", ".")).visible()]
    known = [tuple(array.tolist() for array in (*case.args, corr2d(*case.args))) for case in shown]
    return hostile.BY_HEART.replace("{known}", repr(known))


def _bomb(name, body, kinds):
    cell = f"import os, sys\ndef corr2d(x, k):\n{body}\n"
    return _code("bomb", name, cell, set(kinds.split()), SAID)


def _leak(name, tell):
    return _code("leak", name, hostile_leaks.TELLING + tell)


def _patient(name, tell):
    return Attack(
        "leak",
        name,
        lambda world: forge.submission({"corr2d": hostile_leaks.TELLING + tell}, keep=("output_size",)),
        honest=27.0,
        like="corr2d and output_size",
    )


def _through_conv2d(world):
    tell = hostile_leaks.TELLING + "def tell(x, k):\n    return right(x, k)"
    return forge.submission({"corr2d": tell, "conv2d": hostile_leaks.CONV2D}, keep=("output_size",))


def _bytes(body, when):
    if when == "cell":
        return f"{hostile_process.PIPES}\n{body}\n{hostile.WRONG}"
    return f"{hostile_process.PIPES}\ndef corr2d(x, k):\n    {body}\n    return np.zeros_like(x)"


def _in_a_cell(name):
    _, body = hostile_process.BOMBS[name]
    lines = "\n".join(line[4:] for line in body.splitlines())
    return _code("bomb", f"{name}, while its cell runs", f"import os, sys\n{lines}\n{hostile.WRONG}")


def _surgery(change):
    def make(world):
        notebook = _wrong()
        change(notebook)
        return notebook

    return Attack("surgery", change.__name__.replace("_", " "), make)


def _unreadable(name, made, says=""):
    lost = dict.fromkeys([c.id for c in forge.rubric().graded if c.kind == "checked"], (0.0, {"unreadable"}))
    manual = {c.id: (0.0, {"manual"}) for c in forge.rubric().graded if c.kind == "manual"}
    return Attack(
        "file", name, lambda world: made, 0.0, "unreadable", aims=lost | manual, says={"unreadable": says}
    )


def _noise(name, cell):
    """The right answers, with something noisy beside them."""

    def make(world):
        notebook = _right()
        where = notebook.cells.index(forge.cell_of(notebook, "corr2d")) + 1
        notebook.cells.insert(where, nbformat.v4.new_code_cell(cell))
        for cell_id in ("corr2d", "conv2d"):
            answer = forge.cell_of(notebook, cell_id)
            noisy = "    import warnings, sys; warnings.warn('w'); print('p', file=sys.stderr)"
            answer.source = answer.source.replace("    ### BEGIN SOLUTION", noisy, 1)
        return notebook

    return Attack("noise", name, make, 100.0, like="right")


def _without_corr2d(world):
    notebook = _wrong()
    del notebook.cells[surgery.index(notebook, "corr2d")]
    return notebook


def _answered_twice(world):
    notebook = forge.submission({"corr2d": hostile.WRONG})
    notebook.cells.append(forge.cell_of(_right(), "corr2d"))
    return notebook


def _with_a_helper(world):
    notebook = forge.submission({"corr2d": "def corr2d(x, k):\n    return helper(x, k)"})
    right = forge.cell_of(_right(), "corr2d").source.replace("def corr2d", "def helper")
    notebook.cells.insert(surgery.index(notebook, "corr2d"), nbformat.v4.new_code_cell(right))
    return notebook


DELETED_AND_DOUBLED = [
    Attack(
        "surgery",
        "delete an answer",
        _without_corr2d,
        aims=dict.fromkeys(AIM, (0.0, {"failed"})),
        says={"failed": "missing from the submission: corr2d"},
    ),
    Attack("surgery", "answer twice, the second time right", _answered_twice, 15.0, like="corr2d alone"),
    Attack("surgery", "call a function of another cell", _with_a_helper, 15.0, like="corr2d alone"),
]
# What may stand beside right answers without costing a point.
NOISY = {
    "warnings": "import warnings\nwarnings.warn('careful')",
    "stderr": "import sys\nsys.stderr.write('trouble\\n' * 1000)",
    "prints": "print('x' * 10**6)",
    "progress": "import sys, time\nfor i in range(50):\n    sys.stdout.write(f'\\r{i}%')\n    sys.stdout.flush()",
    "magics": "%matplotlib inline\n!ls\n%time 1 + 1",
    "a failing experiment": "corr2d(np.zeros((2, 2)), None)",
    "a question left open": "np.zeros?",
    "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
    "a child process": "import subprocess\nprint(subprocess.run(['true']).returncode)",
    "threads": "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "temporary files": "import tempfile\nwith tempfile.NamedTemporaryFile() as f:\n    f.write(b'x')",
}

IN_A_CELL = ("leaves by os._exit", "prints without end", "sleeps", "ignores interrupts", "stops itself")
ATTACKS = [
    *(_forgery(name, cell) for name, cell in hostile.FORGERIES.items()),
    _code("forgery", "knows the worked cases by heart", _by_heart(), {"failed"}),
    *(_code("lie", name, cell) for name, cell in hostile.LIES.items()),
    *(
        _code("bytes", f"{name}, from a {when}", _bytes(body, when))
        for name, body in hostile_process.BYTES.items()
        for when in ("cell", "call")
    ),
    *(_bomb(name, body, kinds) for name, (kinds, body) in hostile_process.BOMBS.items()),
    *(_in_a_cell(name) for name in IN_A_CELL),
    *(
        _code(
            "call",
            name,
            f"{hostile_process.CALLS}\ndef corr2d(x, k):\n    {body}",
            {"crashed"},
            {"crashed": "corr2d raised"},
        )
        for name, body in hostile_process.REFUSED.items()
    ),
    *(
        _code("trick", name, cell if "def corr2d" in cell else cell + hostile.WRONG)
        for name, cell in hostile_process.TRICKS.items()
    ),
    *(_leak(name, tell) for name, tell in hostile_leaks.LEAKS.items()),
    *(_patient(name, tell) for name, tell in hostile_leaks.PATIENT.items()),
    Attack(
        "leak",
        "has another function raise it",
        _through_conv2d,
        27.0,
        like="corr2d and output_size",
        aims={c.id: (0.0, {"crashed"}) for c in forge.rubric().graded if c.id.startswith("conv2d")},
        says={"crashed": "not yet"},
    ),
    *(_surgery(change) for change in surgery.ALL),
    *DELETED_AND_DOUBLED,
    *(_unreadable(make.__name__.replace("_", " "), make, says) for make, says in broken.FILES.items()),
    *(_unreadable(name, text) for name, text in broken.BROKEN.items()),
    *(_noise(name, cell) for name, cell in NOISY.items()),
]
MODULES = {
    "code": ("forgery", "lie", "bytes", "trick", "leak"),
    "process": ("bomb", "call"),
    "files": ("surgery", "file", "noise"),
}


def of_module(name):
    """The attacks that one test module runs."""
    return [attack for attack in ATTACKS if attack.kind in MODULES[name]]
