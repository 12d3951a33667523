"""A submission's functions as seen from outside, the jail's process replaced by one that stays in memory."""

import base64
import re

import numpy as np
import pytest
from doubles import Loopback

from course_lib.grading import proxy
from course_lib.grading.engine import CallFailed, InputChanged
from course_lib.grading.jail import JailError
from course_lib.grading.limits import Limits
from course_lib.grading.process import WorkerLost
from course_lib.grading.proxy import PNG, PNG_LIMIT, Worker

LIMITS = Limits(cell_seconds=4, check_seconds=2, submission_seconds=30)


def worker(*sources, **options):
    """A worker with these cells, the first named "one"."""
    names = ("one", "two", "three")
    return Worker([*zip(names, sources, strict=False)], **{"limits": LIMITS, **options})


def failure(function, *arguments):
    """Status and message of a call that fails."""
    with pytest.raises(CallFailed) as caught:
        function(*arguments)
    assert str(caught.value) == caught.value.message
    return caught.value.status, caught.value.message


class Scripted:
    """A process that gives one prepared reply after the other; an exception among them is raised."""

    def __init__(self, *replies):
        self.replies, self.asked, self.killed = list(replies), [], False

    def exchange(self, header, seconds, values=None):
        self.asked.append((header, seconds))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, tuple) else (reply, [])

    def kill(self):
        self.killed = True


@pytest.fixture
def scripted(monkeypatch):
    """Let the next processes be these, each a `Scripted`; a JailError among them is raised."""

    def use(*processes):
        waiting = list(processes)

        def start(limits, libraries, unsafe):
            following = waiting.pop(0)
            if isinstance(following, Exception):
                raise following
            return following

        monkeypatch.setattr(proxy, "Process", start)
        return waiting

    return use


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    stopped = Clock()
    monkeypatch.setattr(proxy, "time", stopped)
    return stopped


OK = {"outputs": [], "failure": None}
LOST = WorkerLost("crashed", "the submission ended its own process (code 1)")


# ---------------------------------------------------------------- honest work


def test_functions_of_all_cells_can_be_called(loopback):
    with worker("import numpy as np\na = 2", "def f(x, by=1):\n    return a * x, by") as inside:
        assert loopback == []  # nothing runs before it is needed
        doubled, by = inside.function("f")(np.ones(3), by=5)
    np.testing.assert_array_equal(doubled, [2, 2, 2])
    assert by == 5
    assert [run.status for run in inside.runs] == ["ok", "ok"]
    [process] = loopback
    assert process.killed
    assert [header["do"] for header, _ in process.asked] == ["cell", "cell", "call"]


def test_the_process_gets_limits_libraries_and_whether_it_is_jailed(loopback):
    with worker("", libraries=("numpy", "torch"), unsafe=True) as inside:
        inside.start()
    assert (loopback[0].limits, loopback[0].libraries, loopback[0].unsafe) == (
        LIMITS,
        ("numpy", "torch"),
        True,
    )


def test_a_worker_that_never_started_is_closed_as_well():
    inside = worker("")
    inside.close()
    assert inside.losses == 0


def test_outputs_become_jupyter_s(loopback):
    with worker("import sys\nprint('out')\nprint('err', file=sys.stderr)\n1 + 1") as inside:
        inside.start()
    assert inside.runs[0].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "out\n"},
        {"output_type": "stream", "name": "stderr", "text": "err\n"},
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "2"}},
    ]


def test_a_cell_that_fails_says_so_and_the_next_one_runs(loopback):
    with worker("x = 1\nraise KeyError('lost')", "def f():\n    return x") as inside:
        assert inside.function("f")() == 1
    first, second = inside.runs
    assert (first.status, second.status) == ("error", "ok")
    assert first.message == "the cell raised KeyError: 'lost'\n    in line 2: raise KeyError('lost')"
    assert first.outputs == [{"output_type": "stream", "name": "stderr", "text": first.message + "\n"}]


# ---------------------------------------------------------------- what a call may say


def test_an_exception_is_told_with_its_line_unless_the_case_is_hidden(loopback):
    source = "def f(x):\n    raise ValueError(f'saw {x}')\nclass Mine(Exception):\n    pass\ndef g(x):\n    raise Mine(x)"
    with worker(source) as inside:
        told = "f raised ValueError: saw 41\n    in line 2 of f: raise ValueError(f'saw {x}')"
        assert failure(inside.function("f"), 41) == ("crashed", told)
        assert failure(inside.function("f", hidden=True), 41) == ("crashed", "f raised ValueError.")
        assert failure(inside.function("g"), 41)[1].startswith("g raised Mine: 41")
        assert failure(inside.function("g", hidden=True), 41) == ("crashed", "g raised Exception.")


def test_a_stub_is_not_written_yet(loopback):
    with worker("def f():\n    raise NotImplementedError") as inside, pytest.raises(NotImplementedError):
        inside.function("f")()


def test_a_changed_input_is_reported_by_number(loopback):
    with worker("def f(a, b):\n    b += 1") as inside, pytest.raises(InputChanged) as caught:
        inside.function("f")(np.zeros(2), np.zeros(2))
    assert caught.value.which == 1


@pytest.mark.parametrize(
    ("which", "taken"), [(1, 1), ("key", "key"), ("x", 0), (True, 0), (-1, 0), (2, 0), (None, 0), ([0], 0)]
)
def test_a_changed_input_is_one_that_was_sent(scripted, which, taken):
    scripted(Scripted({"failure": {"status": "changed", "which": which}}))
    with worker() as inside, pytest.raises(InputChanged) as caught:
        inside.function("f")(5, 6, key=7)
    assert caught.value.which == taken


@pytest.mark.parametrize(
    ("told", "status", "message"),
    [
        ({"status": "timeout"}, "timeout", "f did not finish within 2 s"),
        ({"status": "memory"}, "memory", "f asked for more than the 2048 MB it may use"),
        ({"status": "passed"}, "unreadable", "f gave an answer that could not be read"),
        ({"status": ["error"]}, "unreadable", "f gave an answer that could not be read"),
        ("error", "unreadable", "f gave an answer that could not be read"),
        ({"status": "error", "type": 3, "message": ["x"]}, "crashed", "f raised : "),
        ({"status": "error", "type": "E\x1b", "message": "m", "line": 10**6}, "crashed", "f raised E: m"),
        ({"status": "error", "type": "E", "message": "m", "line": True}, "crashed", "f raised E: m"),
        (
            {"status": "error", "type": "E", "message": "m", "line": 4, "where": "<script>", "source": "x"},
            "crashed",
            "f raised E: m\n    in line 4: x",
        ),
    ],
)
def test_a_failure_is_told_in_words_of_our_own(scripted, told, status, message):
    scripted(Scripted({"failure": told}))
    with worker() as inside:
        assert failure(inside.function("f")) == (status, message)


@pytest.mark.parametrize("kind", ["print", "__import__", "no_such_name", "", "Exception", "ValueError"])
def test_a_hidden_failure_names_builtin_exceptions_only(scripted, kind):
    scripted(Scripted({"failure": {"status": "error", "type": "x", "builtin": kind, "message": "the input"}}))
    with worker() as inside:
        status, message = failure(inside.function("f", hidden=True))
    named = kind if kind.endswith(("Exception", "Error")) else "an exception"
    assert (status, message) == ("crashed", f"f raised {named}.")


def test_an_answer_that_cannot_be_read_ends_the_process(scripted):
    far = Scripted({"failure": None, "value": {"k": "eval"}})
    scripted(far)
    with worker() as inside:
        status, message = failure(inside.function("f"))
        assert far.killed
    assert (status, message) == (
        "unreadable",
        "f gave an answer that could not be read: a value of an unknown kind",
    )


# ---------------------------------------------------------------- a function that is not there


def test_a_function_nobody_defined(loopback):
    with worker("def g():\n    return 1") as inside:
        assert failure(inside.function("f")) == (
            "failed",
            "f is not defined; was its cell deleted, or the function renamed?",
        )


@pytest.mark.parametrize("definition", ["def f(x):", "async def f(x):", "class f:", "    def f(x):"])
def test_the_cell_that_was_to_define_it_is_blamed_before_others(loopback, definition):
    with worker("1 / 0", f"import no_such_module\nif 1:\n{definition}\n        pass", "g = 2") as inside:
        status, message = failure(inside.function("f"))
    assert status == "crashed"
    assert "because a cell did not run to its end" in message
    assert re.search("ModuleNotFoundError|SyntaxError|IndentationError", message)


def test_a_name_that_a_function_looks_for_is_traced_to_its_cell(loopback):
    with worker("import no_such_module\ndef g():\n    return 1", "def f():\n    return g()") as inside:
        status, message = failure(inside.function("f"))
        assert status == "crashed"
        assert "f raised NameError: name 'g' is not defined" in message
        assert "did not run to its end: the cell raised ModuleNotFoundError" in message
        assert failure(inside.function("f", hidden=True)) == ("crashed", "f raised NameError.")
    with worker("1 / 0", "def f():\n    return g()") as inside:
        assert "did not run to its end" not in failure(inside.function("f"))[1]


def test_an_assignment_defines_a_function_too(loopback):
    with worker("1 / 0", "f = no_such_name") as inside:
        assert "NameError" in failure(inside.function("f"))[1]


def test_the_first_cell_that_failed_is_blamed_where_none_defines_it(scripted):
    scripted(Scripted({"failure": {"status": "memory"}}, OK, {"failure": {"status": "undefined"}}))
    with worker("x = 1", "y = 2") as inside:
        status, message = failure(inside.function("f"))
    assert status == "memory"
    assert message.startswith("f is not defined, because a cell did not run to its end: the cell raised")


# ---------------------------------------------------------------- processes that are lost


def test_a_cell_that_takes_the_process_down_is_left_out(scripted):
    second = Scripted(OK, OK, {"failure": None, "value": {"k": "int", "v": "4"}})
    scripted(Scripted(OK, LOST), second)
    with worker("a", "b", "c") as inside:
        assert inside.function("f")() == 4
        assert [header.get("source") for header, _ in second.asked] == ["a", "c", None]
        assert inside.losses == 1
    assert [(run.status, run.message) for run in inside.runs] == [
        ("ok", ""),
        ("crashed", "the submission ended its own process (code 1)"),
        ("ok", ""),
    ]


def test_after_a_crash_the_next_call_gets_a_fresh_process(scripted):
    scripted(Scripted(OK, LOST), Scripted(OK, {"failure": None, "value": {"k": "none"}}))
    with worker("a") as inside:
        assert failure(inside.function("f")) == ("crashed", f"f: {LOST.message}")
        assert inside.function("f")() is None
        assert inside.losses == 1


def test_a_call_is_put_again_when_an_earlier_one_may_be_what_broke_the_process(scripted):
    four = {"failure": None, "value": {"k": "int", "v": "4"}}
    scripted(Scripted(OK, four, LOST), Scripted(OK, four))
    with worker("a") as inside:
        call = inside.function("f")
        assert [call(), call()] == [4, 4]
        assert inside.losses == 1


def test_a_call_that_breaks_a_fresh_process_is_not_put_again(scripted):
    four = {"failure": None, "value": {"k": "int", "v": "4"}}
    left = scripted(Scripted(OK, four, LOST), Scripted(OK, LOST), Scripted())
    with worker("a") as inside:
        call = inside.function("f")
        assert call() == 4
        assert failure(call)[0] == "crashed"
        assert (inside.losses, len(left)) == (2, 1)


def test_no_exit_code_spells_out_a_hidden_input(scripted):
    scripted(Scripted(LOST), Scripted(WorkerLost("memory", "the submission used more than 2 MB")))
    with worker() as inside:
        call = inside.function("f", hidden=True)
        assert failure(call) == ("crashed", "f ended its own process.")
        assert failure(call) == ("memory", "f: the submission used more than 2 MB")


def test_a_call_that_is_too_slow_is_not_put_again(scripted):
    late = WorkerLost("timeout", "the submission did not answer in time and was stopped")
    left = scripted(Scripted(OK, {"failure": None, "value": {"k": "none"}}, late), Scripted())
    with worker("a") as inside:
        inside.function("f")()
        assert failure(inside.function("f")) == ("timeout", "f did not finish within 2 s")
        assert len(left) == 1


def test_a_submission_that_ends_its_process_again_and_again_is_not_asked_again(scripted, monkeypatch):
    monkeypatch.setattr(proxy, "RESTARTS", 2)
    scripted(*(Scripted(LOST) for _ in range(4)))
    with worker() as inside:
        call = inside.function("f")
        assert [failure(call)[1] for _ in range(2)] == [f"f: {LOST.message}"] * 2
        assert failure(call) == ("crashed", "not run: the submission had ended its process 2 times")


def test_a_jail_that_does_not_start_is_the_grader_s_failure_at_first_and_a_verdict_later(scripted):
    scripted(JailError("no room"))
    with worker() as inside, pytest.raises(JailError, match="no room"):
        inside.start()
    scripted(Scripted(LOST), JailError("no room"))
    with worker() as inside:
        failure(inside.function("f"))
        assert failure(inside.function("f")) == ("unreadable", "not run: no room")


# ---------------------------------------------------------------- time


def test_the_calls_of_one_check_share_their_time(scripted, clock):
    far = Scripted(*[{"failure": None, "value": {"k": "none"}}] * 3)
    scripted(far)

    def slow(header, seconds, values=None, whole=far.exchange):
        clock.now += 0.75
        return whole(header, seconds, values)

    far.exchange = slow
    with worker() as inside:
        call = inside.function("f")
        for _ in range(3):
            call()
        assert [seconds - proxy.GRACE for _, seconds in far.asked] == [2.0, 1.25, 0.5]
        assert [header["seconds"] for header, _ in far.asked] == [2.0, 1.25, 0.5]
        assert failure(call) == ("timeout", "f did not finish within 2 s")
        assert len(far.asked) == 3  # it was not even asked
        far.replies.append({"failure": None, "value": {"k": "bool", "v": True}})
        assert inside.function("f")() is True  # another check has time of its own


def test_a_submission_that_has_used_up_its_time_is_not_run(scripted, clock):
    far = Scripted(OK, {"failure": None, "value": {"k": "none"}})
    scripted(far)
    with worker("a") as inside:
        inside.start()
        clock.now += 29.5
        inside.function("f")()
        assert far.asked[-1][1] == 0.5 + proxy.GRACE  # no longer than the submission has left
        clock.now += 1.0
        text = "not run: the submission had used up its 30 seconds"
        assert failure(inside.function("f")) == ("timeout", text)


def test_a_cell_gets_the_time_of_a_cell(scripted):
    far = Scripted({"failure": {"status": "timeout"}})
    scripted(far)
    with worker("while True: pass") as inside:
        inside.start()
    assert far.asked == [({"do": "cell", "name": "one", "source": "while True: pass"}, 4.0 + proxy.GRACE)]
    assert (inside.runs[0].status, inside.runs[0].message) == (
        "timeout",
        "the cell did not finish within 4 s",
    )


# ---------------------------------------------------------------- outputs that lie


@pytest.mark.parametrize("told", ["x", {"status": "passed"}, {"status": None}, ["error"]])
def test_a_cell_s_failure_that_is_none_we_know(scripted, told):
    scripted(Scripted({"failure": told}))
    with worker("a") as inside:
        inside.start()
    assert (inside.runs[0].status, inside.runs[0].message) == (
        "unreadable",
        "the cell gave an answer that could not be read",
    )


def outputs(*items, blobs=(), room=1 << 20):
    return proxy._outputs(list(items), list(blobs), [room])


def test_only_text_and_pictures_are_let_through():
    kept = outputs(
        "text",
        {"name": "stdin", "text": "x"},
        {"html": "<script>"},
        {"png": True},
        {"png": -1},
        {"png": 2},
        {"png": 0},
        {"png": 1},
        {"result": 3},
        blobs=[b"GIF89a", PNG + b"drawn"],
    )
    assert kept == [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/png": base64.b64encode(PNG + b"drawn").decode()},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": ""}},
    ]
    assert proxy._outputs("all of it", [], [1]) == []


def test_pictures_have_their_room():
    small, large = PNG + b"x" * 100, PNG + b"x" * PNG_LIMIT
    assert outputs({"png": 0}, blobs=[large], room=1 << 30) == []
    assert len(outputs(*[{"png": 0}] * 5, blobs=[small], room=3 * len(small))) == 3


def test_no_more_than_two_hundred_outputs_are_read():
    assert len(outputs(*[{"name": "stdout", "text": "x"}] * 300)) == 200


def test_loopback_is_asked_like_a_process():
    """The stand-in would hide a difference between its interface and that of the real thing."""
    import inspect

    from course_lib.grading.process import Process

    for name in ("exchange", "kill"):
        ours, real = (inspect.signature(getattr(kind, name)) for kind in (Loopback, Process))
        assert list(ours.parameters) == list(real.parameters)
