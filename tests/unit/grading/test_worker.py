"""The worker's functions one by one, and its conversation through bytes in memory."""

import io
import os
import resource
import signal
import sys

import numpy as np
import pytest
from doubles import read_frame

from course_lib.grading import worker
from course_lib.grading.limits import Limits
from course_lib.grading.protocol import decode_value, encode_request

LIMITS = Limits().as_request()


@pytest.fixture(autouse=True)
def _streams_of_their_own(monkeypatch):
    """The worker puts captures in the place of the standard streams, for good."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))


@pytest.fixture
def alarm():
    """The worker's answer to the clock, as long as the test lasts."""
    before = signal.signal(signal.SIGALRM, worker.on_alarm)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def modules(monkeypatch):
    """`make_namespace` puts stand-ins among the loaded modules; they go again."""
    for name in ("course_lib", "course_lib.grading", "__main__"):
        monkeypatch.setitem(sys.modules, name, sys.modules[name])


class Gone(SystemExit):
    """Raised where the worker would end its process."""


@pytest.fixture
def last_exit(monkeypatch):
    def leave(code):
        raise Gone(code)

    monkeypatch.setattr(worker.os, "_exit", leave)


def requests(*items):
    """Frames as the outside sends them."""
    return io.BytesIO(b"".join(encode_request(header, values) for header, values in items))


def call(function, *args, **kwargs):
    """What the outside gets for a call of a function: the reply's header and blobs."""
    values = {"args": list(args), "kwargs": kwargs}
    request, blobs = worker.receive(requests(({"function": "f", "seconds": 0}, values)))
    return worker.do_call(request, blobs, {"f": function}, LIMITS)


def cell(source, namespace=None, **limits):
    """What the outside gets for a cell."""
    request = {"do": "cell", "name": "answer", "source": source}
    scope = {} if namespace is None else namespace
    return worker.do_cell(request, scope, LIMITS | {"cell_seconds": 0} | limits)


# ---------------------------------------------------------------- frames and values


def test_a_frame_is_read_as_it_was_written():
    out = io.BytesIO()
    worker.send(out, {"a": 1}, [b"xy", b""])
    assert read_frame(out.getvalue()) == ({"a": 1, "blobs": [2, 0]}, [b"xy", b""])
    out.seek(0)
    assert worker.receive(out) == ({"a": 1, "blobs": [2, 0]}, [b"xy", b""])


@pytest.mark.parametrize("kept", [0, 3, 10, -1])
def test_an_outside_that_has_gone_ends_the_worker(last_exit, kept):
    out = io.BytesIO()
    worker.send(out, {"a": 1}, [b"xy"])
    with pytest.raises(Gone, match="0"):
        worker.receive(io.BytesIO(out.getvalue()[:kept]))


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.arange(4, dtype=">i4"),
        np.array(2.5),
        np.zeros((0, 3), dtype=np.int16),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.float32(0.5),
        np.int64(7),
        3,
        -(2**70),
        0.1,
        float("-inf"),
        True,
        None,
        "text",
        (1, np.ones(2), "x"),
        [1.5, None],
        ((1, (2.0, [3])),),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_went(value):
    header, blobs = call(lambda x: x, value)
    assert header["failure"] is None
    got = decode_value(header["value"], blobs)
    np.testing.assert_equal(got, value)
    if isinstance(value, np.ndarray):
        assert got.dtype == value.dtype.newbyteorder("<")
    elif not isinstance(value, np.generic):  # a check sends Python's own numbers
        assert type(got) is type(value)


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (2**1000, {"k": "other", "v": "int"}),
        ({"a": 1}, {"k": "other", "v": "dict"}),
        (tuple(range(worker.PARTS + 1)), {"k": "other", "v": "tuple"}),
        (np.array([None, "x"], dtype=object), {"k": "objects", "shape": [2]}),
        (np.array(["x"]), {"k": "objects", "shape": [1]}),
        ("x" * 20_000, {"k": "str", "v": "x" * 10_000}),
    ],
    ids=["long", "dict", "many parts", "objects", "words", "long text"],
)
def test_what_the_format_lacks_is_named(value, described):
    blobs = []
    assert worker.encode(value, blobs) == described
    assert blobs == []


def test_tuples_are_followed_to_a_depth():
    deep = 1
    for _ in range(worker.DEPTH + 1):
        deep = (deep,)
    tree = worker.encode(deep, [])
    for _ in range(worker.DEPTH):
        (tree,) = tree["v"]
    assert tree == {"k": "other", "v": "tuple"}


@pytest.mark.parametrize(("wide", "narrow"), [(np.longdouble, "<f8"), (np.clongdouble, "<c16")])
def test_numbers_wider_than_others_know_are_narrowed(wide, narrow):
    blobs = []
    tree = worker.encode(np.ones(2, dtype=wide), blobs)
    assert tree["dtype"] == narrow
    np.testing.assert_array_equal(decode_value(tree, blobs), [1, 1])


def test_a_tensor_is_sent_as_its_array():
    torch = pytest.importorskip("torch")
    header, blobs = call(lambda x: torch.tensor(x, requires_grad=True) * 2, np.ones((2, 1)))
    np.testing.assert_array_equal(decode_value(header["value"], blobs), [[2.0], [2.0]])


def test_a_read_only_input_arrives_read_only():
    frozen = np.ones(2)
    frozen.flags.writeable = False
    header, _ = call(lambda x, y: (x.flags.writeable, y.flags.writeable), frozen, np.ones(2))
    assert decode_value(header["value"], []) == (False, True)


# ---------------------------------------------------------------- calls


def add_one(x):
    x += 1
    return x


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "which"),
    [
        (lambda a, b: add_one(b), (np.zeros(2), np.zeros(2)), {}, 1),
        (lambda a, by: add_one(by), (1,), {"by": np.zeros(2)}, "by"),
        (lambda values: values.pop(), ([1, 2],), {}, 0),
        (lambda values: add_one(values[1]), ([1, np.zeros(2)],), {}, 0),
    ],
    ids=["array", "keyword", "list", "array in a list"],
)
def test_a_changed_input_is_reported(function, args, kwargs, which):
    header, blobs = call(function, *args, **kwargs)
    assert (header, blobs) == ({"failure": {"status": "changed", "which": which}}, [])


def test_an_input_that_is_only_read_is_not_reported():
    header, blobs = call(lambda a, b, by: a + b[0] * by, np.ones(2), (np.ones(2), 1), by=2.0)
    assert header["failure"] is None
    np.testing.assert_array_equal(decode_value(header["value"], blobs), [3, 3])


def test_a_function_that_is_not_there():
    request = {"function": "g", "args": [], "kwargs": {}, "seconds": 0}
    assert worker.do_call(request, [], {}, LIMITS) == ({"failure": {"status": "undefined"}}, [])


def test_an_exception_in_a_call_is_told_with_its_place():
    namespace = {}
    cell("def f(x):\n    y = x + 1\n    raise ValueError(f'saw {x}')", namespace)
    header, _ = call(namespace["f"], 41)
    assert header["failure"] == {
        "status": "error",
        "type": "ValueError",
        "builtin": "ValueError",
        "message": "saw 41",
        "line": 3,
        "where": "f",
        "source": "raise ValueError(f'saw {x}')",
    }


def test_a_value_that_cannot_be_described_fails_like_a_call():
    class Unspeakable(float):
        def __float__(self):
            raise RuntimeError("no")

    header, blobs = call(lambda: (np.ones(3), Unspeakable(1)))
    assert (header["failure"]["status"], header["failure"]["message"]) == ("error", "no")
    assert (header["value"], blobs) == (None, [])


def test_time_is_limited(alarm):
    def forever():
        while True:
            pass

    assert worker.guarded(forever, 0.05) == (None, {"status": "timeout"})
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(0), KeyboardInterrupt(), GeneratorExit()])
def test_no_exception_gets_away(alarm, error):
    def fail():
        raise error

    value, failure = worker.guarded(fail, 5)
    assert value is None
    assert (failure["status"], failure["type"]) == ("error", type(error).__name__)
    assert (failure["line"], failure["where"], failure["source"]) == (
        0,
        "",
        "",
    )  # in no cell of the student's


def test_a_lack_of_memory_has_its_own_status():
    value, failure = worker.guarded(lambda: (_ for _ in ()).throw(MemoryError("much")), 0)
    assert (value, failure["status"], failure["message"]) == (None, "memory", "much")


def test_an_exception_that_will_not_speak_is_described_all_the_same():
    class MuteError(KeyError):
        def __str__(self):
            raise SystemExit

    described = worker.describe(MuteError())
    assert (described["type"], described["builtin"], described["message"]) == ("MuteError", "KeyError", "")


# ---------------------------------------------------------------- cells


def test_a_cell_s_prints_warnings_and_last_value_are_kept():
    source = "import sys\nprint('one')\nprint('two')\nprint('three', file=sys.stderr)\n4 + 1"
    header, blobs = cell(source)
    assert header == {
        "failure": None,
        "outputs": [
            {"name": "stdout", "text": "one\ntwo\n"},
            {"name": "stderr", "text": "three\n"},
            {"result": "5"},
        ],
    }
    assert blobs == []


@pytest.mark.parametrize("source", ["", "x = 1", "1 + 1;", "None", "print()\nNone", "# only words"])
def test_a_cell_without_a_value_shows_none(source):
    header, _ = cell(source)
    assert header["failure"] is None
    assert not any("result" in item for item in header["outputs"])


def test_what_is_printed_later_is_kept_nowhere():
    namespace = {}
    header, _ = cell("def f():\n    print('secret')\n    return 1", namespace)
    call(namespace["f"])
    print("and this")
    assert header["outputs"] == []


def test_output_is_cut_where_the_room_ends():
    header, _ = cell("print('x' * 1500)\nimport sys\nsys.stderr.write('y')", output_kb=1)
    assert header["outputs"] == [{"name": "stdout", "text": "x" * 1024}, {"result": "1"}]


def test_standard_output_takes_text_only():
    header, _ = cell("import sys\nassert sys.stdout.writable()\nsys.stdout.write(b'x')")
    assert (header["failure"]["type"], header["failure"]["line"]) == ("TypeError", 3)
    assert header["failure"]["message"] == "write() argument must be str, not bytes"


def test_a_cell_that_is_no_python_is_placed():
    header, _ = cell("x = 1\ny = = 2\n")
    failure = header["failure"]
    assert (failure["type"], failure["line"], failure["source"]) == ("SyntaxError", 2, "y = = 2")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("x = 1 % 2", "x = 1 % 2"),
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\nlen?", "if True:\n    pass\npass"),
        ("?len\nx = = 1", "pass\nx = = 1"),
        ("x = 1\x00", "x = 1\x00"),
    ],
)
def test_magics_are_left_out(source, kept):
    assert worker.plain(source) == kept


def test_figures_come_out_and_are_closed():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    header, blobs = cell("import matplotlib.pyplot as plt\nplt.figure()\nplt.figure()\nprint('drawn')")
    assert header["outputs"][-2:] == [{"png": 0}, {"png": 1}]
    assert [blob[:8] for blob in blobs] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert pyplot.get_fignums() == []


def test_without_matplotlib_there_are_no_figures(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    outputs, blobs = [], []
    worker.figures(outputs, blobs)
    assert outputs == blobs == []


# ---------------------------------------------------------------- the process as a whole


def test_limits_are_set_once_and_for_all(monkeypatch):
    limits = {}
    monkeypatch.setattr(worker.resource, "setrlimit", lambda what, pair: limits.__setitem__(what, pair))
    worker.set_limits(Limits(submission_seconds=10, memory_mb=3, processes=5, file_mb=2).as_request())
    assert limits == {
        resource.RLIMIT_AS: (3 << 20, 3 << 20),
        resource.RLIMIT_NPROC: (5, 5),
        resource.RLIMIT_FSIZE: (2 << 20, 2 << 20),
        resource.RLIMIT_CPU: (15, 15),
        resource.RLIMIT_NOFILE: (128, 128),
        resource.RLIMIT_CORE: (0, 0),
    }
    limits.clear()
    worker.set_limits(LIMITS | {"unsafe": True})
    assert resource.RLIMIT_NPROC not in limits  # it would count all processes of the person who runs this
    assert resource.RLIMIT_AS in limits


@pytest.mark.parametrize("error", [ValueError, OSError])
def test_a_limit_that_cannot_be_set_ends_a_jailed_worker_only(monkeypatch, error):
    asked = []

    def refuse(what, pair):
        asked.append(what)
        raise error("not allowed")

    monkeypatch.setattr(worker.resource, "setrlimit", refuse)
    with pytest.raises(error, match="not allowed"):
        worker.set_limits(LIMITS)
    assert asked == [resource.RLIMIT_AS]
    worker.set_limits(LIMITS | {"unsafe": True})
    assert len(asked) == 6


def test_cells_find_stand_ins_for_the_course_and_the_kernel(modules, capsys):
    namespace = worker.make_namespace()
    assert namespace["__name__"] == "__main__"
    exec("from course_lib.grading import check\nanswer = check(len, 'len.values', hidden=True)", namespace)
    assert namespace["answer"] is None
    with pytest.raises(ModuleNotFoundError):
        exec("import course_lib.no_such_module", namespace)
    exec("display('shown', 2, metadata={})", namespace)
    assert "shown 2" in capsys.readouterr().out


@pytest.fixture
def quiet_start(monkeypatch, modules, alarm, last_exit):
    """What a start does to the whole process is noted and not done."""
    noted = []
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    monkeypatch.setattr(worker, "set_limits", noted.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COURSE_PACKAGES", "/packages")
    return noted


CONVERSATION = [
    ({**LIMITS, "id": 7}, None),
    ({"do": "cell", "name": "a", "source": "def f(x):\n    return 2 * x", "id": 8}, None),
    ({"do": "call", "function": "f", "seconds": 5, "id": 9}, {"args": [np.ones(2)], "kwargs": {}}),
]


def replies(data):
    """The frames of a stream, one after the other."""
    stream, found = io.BytesIO(data), []
    while stream.tell() < len(data):
        found.append(worker.receive(stream))
    return found


def assert_conversation(data):
    """The replies to `CONVERSATION`."""
    ready, ran, (header, blobs) = replies(data)
    assert ready == ({"ready": True, "id": 7, "blobs": []}, [])
    assert ran == ({"failure": None, "outputs": [], "id": 8, "blobs": []}, [])
    assert header["id"] == 9
    np.testing.assert_array_equal(decode_value(header["value"], blobs), [2.0, 2.0])


def test_requests_are_answered_in_turn_until_the_outside_goes(quiet_start):
    out = io.BytesIO()
    with pytest.raises(Gone):
        worker.serve(requests(*CONVERSATION), out)
    assert_conversation(out.getvalue())
    assert [limits["memory_mb"] for limits in quiet_start] == [LIMITS["memory_mb"]]
    assert sys.path[-1] == "/packages"
    assert "COURSE_PACKAGES" not in os.environ
    assert signal.getsignal(signal.SIGALRM) is worker.on_alarm


def test_the_pipes_are_kept_from_the_submission(quiet_start, monkeypatch, tmp_path):
    (asked := tmp_path / "requests").write_bytes(requests(*CONVERSATION).getvalue())
    replaced = []
    with (
        open(asked, "rb") as incoming,
        open(tmp_path / "replies", "wb") as outgoing,
        monkeypatch.context() as patch,
    ):
        patch.setattr(worker.os, "dup", lambda number: number)
        files = {(0, "rb"): incoming, (1, "wb"): outgoing}
        patch.setattr(worker.os, "fdopen", lambda number, mode: files[number, mode])
        patch.setattr(worker.os, "dup2", lambda source, target: replaced.append((source, target)))
        with pytest.raises(Gone):
            worker.main()
    assert_conversation((tmp_path / "replies").read_bytes())
    assert [target for _, target in replaced] == [0, 1, 2]
    [null] = {source for source, _ in replaced}
    assert os.path.samestat(os.fstat(null), os.stat(os.devnull))
    os.close(null)
