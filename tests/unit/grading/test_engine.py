"""The check engine: what it asks, in which order, what it says, and what it must never let pass."""

import os
import subprocess
import sys
import traceback

import numpy as np
import pytest

from course_lib.grading import CallFailed, Case, Check, CheckFailed, InputChanged, Shape, check, run
from course_lib.grading import parse_check_calls as parse
from course_lib.grading.checks import find, load, names
from course_lib.grading.compare import ANYTHING, compare, excess, matches, show
from course_lib.grading.engine import REFERENCE, SEED_VARIABLE

X = np.array([[1.0, -2.0], [3.0, 0.5]])
TOLERANCE = {"rtol": 1e-6, "atol": 1e-6}


def _check(**changes):
    """A small check of a function that doubles its input."""
    settings = {
        "name": "double.values",
        "function": "double",
        "about": "twice the input",
        "parameters": ("x",),
        "visible": lambda: [Case((X.copy(),), note="a 2x2 array", expected=2 * X, explain="2 * 1 = 2")],
        "hidden": lambda rng: [Case((rng.standard_normal((2, 3)),), note="a random array") for _ in range(3)],
        "reference": lambda x: 2 * x,
        "mistakes": {
            "this is the square": lambda x: x**2,
            "the sign is lost": lambda x: 2 * abs(x),
            "the axes are swapped": lambda x: Shape(x.shape[::-1]),
        },
    }
    return Check(**(settings | changes))


def _raises(error):
    def function(x):
        raise error

    return function


def test_right_answer_passes_and_says_how_many_cases():
    assert run(_check(), lambda x: x + x).message == "double.values: passed (1 case)"
    verdict = run(_check(), lambda x: x + x, hidden=True, rng_seed=7)
    assert verdict.message == "double.values: passed (3 hidden cases, seed 7)"
    assert (verdict.passed, verdict.cases, verdict.seed, verdict.signature) == (
        True,
        3,
        7,
        "double.values: passed",
    )


@pytest.mark.parametrize(
    ("answer", "aspect", "words"),
    [
        (lambda x: None, "type", "expected a NumPy array, got None (is the `return` missing?)"),
        (lambda x: (2 * x).tolist(), "type", "expected a NumPy array, got a list; np.array(...)"),
        (lambda x: "words", "type", "got a str"),
        (lambda x: (2 * x).astype(object), "type", "real numbers"),
        (lambda x: 2 * x + 0j, "type", "complex128"),
        (lambda x: (2 * x)[:1], "shape", "expected (2, 2), got (1, 2)"),
        (
            lambda x: (2 * x).astype(int),
            "dtype",
            "expected a floating dtype, got int64, which cuts fractions off",
        ),
        (lambda x: (2 * x) > 0, "dtype", "got bool"),
        (
            lambda x: x * [[2, 2], [1, 2]],
            "values",
            "1 of 4 places, the first at index [1, 0]: expected 6, got 3",
        ),
        (lambda x: x * np.nan, "values", "expected 2, got nan"),
        (lambda x: x * np.inf, "values", "expected 2, got inf"),
    ],
)
def test_type_then_shape_then_dtype_then_values(answer, aspect, words):
    verdict = run(_check(), answer)
    assert (verdict.status, verdict.aspect) == ("failed", aspect)
    assert words in verdict.message


def test_visible_message_teaches():
    assert run(_check(), lambda x: x**2).message.splitlines() == [
        "double.values: failed on case 1 of 1 (a 2x2 array)",
        "  the result has wrong values in 4 of 4 places, the first at index [0, 0]: expected 2, got 1",
        "    expected: ",
        "      [[ 2. -4.]",
        "       [ 6.  1.]]",
        "    got: ",
        "      [[1.   4.  ]",
        "       [9.   0.25]]",
        "  called as double(x)",
        "    x, shape (2, 2): ",
        "      [[ 1.  -2. ]",
        "       [ 3.   0.5]]",
        "  worked by hand: 2 * 1 = 2",
        "  hint: this is the square",
    ]


def test_hidden_message_shows_the_kind_of_case_and_the_hint_alone():
    message = run(_check(), lambda x: x**2, hidden=True, rng_seed=7).message
    assert message.splitlines() == [
        "double.values: failed on a hidden case, seed 7 (a random array)",
        "  the result has wrong values.",
        "  hint: this is the square",
    ]
    reveals = run(_check(), lambda x: _raises(ValueError(f"x was {x}"))(x), hidden=True)
    assert reveals.message.splitlines()[1:] == ["  double raised ValueError."]
    assert "(2, 3)" not in run(_check(), lambda x: x[:1], hidden=True).message


@pytest.mark.parametrize(
    ("error", "status", "aspect", "words"),
    [
        (NotImplementedError(), "failed", "unwritten", "double is not written yet"),
        (ZeroDivisionError("by zero"), "crashed", "exception", "double raised ZeroDivisionError: by zero"),
        (SystemExit(0), "crashed", "exception", "double raised SystemExit"),
        (RecursionError(), "crashed", "exception", "double raised RecursionError"),
        (CallFailed("timeout", "no answer within 10 s"), "timeout", "timeout", "no answer within 10 s"),
        (InputChanged(0), "failed", "input", "your function changed its input x"),
        (InputChanged("x"), "failed", "input", "your function changed its input x"),
    ],
)
def test_exceptions_become_verdicts(error, status, aspect, words):
    verdict = run(_check(), _raises(error))
    assert (verdict.status, verdict.aspect) == (status, aspect)
    assert words in verdict.message


def test_exception_names_the_line_of_the_students_function():
    def double(x):
        return x.no_such_attribute

    assert "in line" in run(_check(), double).message
    assert "return x.no_such_attribute" in run(_check(), double).message


def test_exception_from_within_numpy_names_the_line_of_the_student():
    def double(x):
        return np.linalg.norm(x, ord=3)

    message = run(_check(), double).message
    assert "double raised ValueError: Invalid norm order for matrices." in message
    assert "return np.linalg.norm(x, ord=3)" in message


def test_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        run(_check(), _raises(KeyboardInterrupt()))


def test_changed_input_is_named_even_when_the_answer_is_right():
    def in_place(x):
        x *= 2
        return x.copy()

    assert "changed its input x" in run(_check(), in_place).message
    assert "changed its input x" in run(_check(), in_place, hidden=True).message


def test_changed_list_and_keyword_are_found():
    case = Case(([1, 2],), {"by": np.ones(2)}, expected=3)
    pair = _check(visible=lambda: [case], parameters=("values", "by"))
    assert "changed its input values" in run(pair, lambda values, by: values.pop() + 1).message
    assert "changed its input by" in run(pair, lambda values, by: by.fill(0) or 3).message
    assert run(pair, lambda values, by: 3).passed


def test_inputs_are_fresh_in_every_call():
    seen = []
    two = _check(visible=lambda: [Case((X,), expected=2 * X), Case((X,), expected=2 * X)])
    assert run(two, lambda x: seen.append(x) or 2 * x).passed
    assert not any(np.shares_memory(x, X) for x in seen)


def test_fortran_order_and_strided_views_are_right_answers():
    assert run(_check(), lambda x: np.asfortranarray(2 * x)).passed
    assert run(_check(), lambda x: np.repeat(2 * x, 3, axis=1)[:, ::3]).passed
    assert run(_check(), lambda x: (2 * x).astype(np.float32)).passed


def test_exact_dtype_is_asked_for_where_the_check_says_so():
    exact = _check(exact_dtype=True)
    assert "expected float64, got float32" in run(exact, lambda x: (2 * x).astype(np.float32)).message


def test_hint_that_fits_every_case_is_preferred():
    first = Case((np.array([2.0]),), expected=np.array([5.0]))
    second = Case((np.array([3.0]),), expected=np.array([7.0]))
    hints = {"doubled": lambda x: 2 * x, "squared": lambda x: x**2}
    both = _check(visible=lambda: [first, second], mistakes=hints)
    assert run(both, lambda x: x**2).hint == "squared"
    assert run(both, lambda x: 2 * x).hint == "doubled"
    assert run(both, lambda x: x + 100).hint == ""


def test_an_answer_that_ends_after_the_first_case_keeps_the_first_hint():
    cases = [Case((np.array([value]),)) for value in (2.0, 3.0)]
    hints = {"squared": lambda x: x**2, "doubled": lambda x: 2 * x}

    def once(x):
        if x[0] != 2:
            raise SystemExit
        return 2 * x

    both = _check(visible=lambda: cases, mistakes=hints, reference=lambda x: x + 5)
    assert run(both, once).hint == "squared"


def test_hint_is_not_given_for_an_answer_whose_values_are_right():
    right = _check(mistakes={"the values are right": lambda x: 2 * x}, exact_dtype=True)
    verdict = run(right, lambda x: (2 * x).astype(np.float32))
    assert (verdict.aspect, verdict.hint) == ("dtype", "")


def test_shape_alone_earns_a_hint():
    wide = _check(visible=lambda: [Case((np.ones((2, 3)),))])
    assert run(wide, lambda x: 2 * x.T).hint == "the axes are swapped"


def test_a_mistake_without_an_answer_gives_no_hint():
    def no_answer(x):
        raise ValueError

    assert run(_check(mistakes={"never": no_answer}), lambda x: x).hint == ""


def test_signature_groups_equal_failures():
    assert run(_check(), lambda x: x**2).signature == "double.values: values: this is the square"


def test_a_check_without_cases_never_passes():
    with pytest.raises(ValueError, match=r"run: expected double.values to have at least one case, got none"):
        run(_check(visible=list), lambda x: 2 * x)


def test_two_checks_of_one_name_are_refused(monkeypatch):
    from course_lib.grading.checks import a1_convolution

    monkeypatch.setattr(a1_convolution, "CHECKS", (_check(), _check()))
    with pytest.raises(KeyError, match="expected the checks of a1_convolution to have distinct names"):
        load("a1_convolution")


def test_what_stands_for_no_value_says_so():
    assert repr(_check(visible=lambda: [Case((X,))]).visible()[0].expected) == "REFERENCE"
    assert repr(ANYTHING) == "ANYTHING"
    assert compare((X, ANYTHING), (X, "whatever"), **TOLERANCE) is None


def test_a_check_is_named_after_its_function():
    with pytest.raises(ValueError, match=r"begins with 'double\.', got 'triple"):
        _check(name="triple.values")


def test_seed_is_fresh_repeated_or_read_from_the_environment(monkeypatch):
    monkeypatch.delenv(SEED_VARIABLE, raising=False)
    seen = []

    def remember(x):
        seen.append(x)
        return 2 * x

    seeds = [run(_check(), remember, hidden=True).seed for _ in range(2)]
    assert seeds[0] != seeds[1]
    run(_check(), remember, hidden=True, rng_seed=seeds[0])
    np.testing.assert_array_equal(seen[6], seen[0])
    monkeypatch.setenv(SEED_VARIABLE, "12")
    assert run(_check(), remember, hidden=True).seed == 12
    monkeypatch.setenv(SEED_VARIABLE, "twelve")
    with pytest.raises(ValueError, match="COURSE_GRADING_SEED to be a whole number, got 'twelve'"):
        run(_check(), remember, hidden=True)


def test_two_checks_draw_different_cases_from_one_seed():
    seen = []
    for name in ("double.one", "double.two"):
        run(_check(name=name), lambda x: seen.append(x) or 2 * x, hidden=True, rng_seed=1)
    assert not np.array_equal(seen[0], seen[3])


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        ((1, 2), 3, "a tuple of 2"),
        ((1, 2), (1, 2, 3), "wrong number of parts"),
        ((1, 2), (1, 3), "part 1 of the result is wrong: expected 2, got 3"),
        (3, 3.0, "expected an integer, got a float (// divides"),
        (3, True, "expected an integer, got a bool"),
        (3, np.int64(4), "expected 3, got 4"),
        (0.5, "0.5", "expected a number, got a str"),
        (0.5, 0.6, "expected 0.5, got 0.6"),
        (True, 1, "expected True or False, got an int"),
        (True, np.False_, "expected True, got False"),
        (None, 0, "expected None, got an int"),
        ("same", "valid", "expected 'same', got 'valid'"),
    ],
)
def test_compare_speaks_of_numbers_tuples_and_words(expected, got, words):
    assert words in compare(expected, got, **TOLERANCE).message


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (3, np.int64(3)),
        (3, np.array(3)),
        (0.5, np.float32(0.5)),
        (2.0, 2),
        (True, np.True_),
        (None, None),
        ("same", "same"),
        ((1, X), [1, X]),
        (np.array(1.0), np.float64(1.0)),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([1, 2]), np.array([1, 2], dtype=np.uint8)),
    ],
)
def test_compare_accepts(expected, got):
    assert compare(expected, got, **TOLERANCE) is None
    assert matches(expected, got, **TOLERANCE)


def test_large_and_empty_arrays_are_shown_by_shape():
    assert show(np.zeros((7, 6))) == "an array of shape (7, 6)"
    assert show(np.zeros((0, 3))) == "an array of shape (0, 3)"
    assert show(np.zeros(2)) == "[0. 0.]"
    assert show("x" * 200).endswith("x...")


def test_parts_are_named():
    parts = {"parts": ("x", "weight")}
    assert compare((X, X), (X, 2 * X), **TOLERANCE, **parts).message.startswith("weight has wrong values")
    assert "a tuple of 2 (x, weight)" in compare((X, X), X, **TOLERANCE, **parts).message


def test_an_object_that_equals_everything_does_not():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return np.True_

        def __sub__(self, other):
            return np.zeros(self.shape)

    lie = (3 * X).view(Liar)
    assert compare(2 * X, lie, **TOLERANCE).aspect == "values"


def test_excess_counts_in_tolerances():
    np.testing.assert_allclose(excess(np.array([10.0]), np.array([10.3]), rtol=0.01, atol=0.05), [2.0])
    assert excess(np.array([np.inf]), np.array([1.0]), rtol=0.1, atol=0.1) == np.inf


def test_notebook_line_prints_or_raises(capsys):
    check(lambda size, kernel_size: size - kernel_size + 1, "output_size.plain")
    assert capsys.readouterr().out == "output_size.plain: passed (3 cases)\n"
    with pytest.raises(CheckFailed, match="output_size.plain: failed on case 1") as caught:
        check(lambda size, kernel_size: size - kernel_size, "output_size.plain")
    assert isinstance(caught.value, AssertionError)
    assert caught.value.verdict.hint.startswith("the + 1 is missing")
    assert len(traceback.extract_tb(caught.tb)) == 2
    with pytest.raises(CheckFailed, match="a hidden case"):
        check(lambda size, kernel_size: 0, "output_size.plain", hidden=True)


def test_unknown_names_are_refused():
    with pytest.raises(KeyError, match="expected the name of a check"):
        check(len, "len.values")
    with pytest.raises(KeyError, match="a1_convolution"):
        load("a0_nothing")
    assert find("conv2d.strides") is load("a1_convolution")["conv2d.strides"]


def test_names_of_checks_are_unique_over_all_assignments():
    every = [name for assignment in names() for name in load(assignment)]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("assignment", names())
def test_worked_cases_agree_with_the_reference(assignment):
    for item in load(assignment).values():
        for case in item.visible():
            if item.judge or case.expected is REFERENCE:
                continue  # nothing worked by hand
            answer = item.reference(*case.args, **case.kwargs)
            found = compare(case.expected, answer, rtol=1e-9, atol=1e-9, exact_dtype=True, parts=item.parts)
            assert found is None, f"{item.name}, {case.note}: {found.message}"


@pytest.mark.parametrize("assignment", names())
def test_inputs_can_be_sent_as_arrays_and_json(assignment):
    def sendable(value):
        if isinstance(value, tuple | list):
            return all(map(sendable, value))
        return value is None or type(value) in (np.ndarray, int, float, bool, str)

    for item in load(assignment).values():
        for case in [*item.visible(), *item.hidden(np.random.default_rng(0))]:
            assert sendable(case.args), (item.name, case.note)
            assert sendable(tuple(case.kwargs.values())), (item.name, case.note)
            assert case.note, item.name


@pytest.mark.parametrize("assignment", names())
def test_every_mistake_gives_a_wrong_answer_somewhere(assignment):
    """A hint that no case could ever earn is a sentence nobody reads."""
    for function in {item.function for item in load(assignment).values()}:
        mine = [item for item in load(assignment).values() if item.function == function]
        for hint in {h for item in mine for h in item.mistakes}:
            assert any(_earns(item, hint) for item in mine if hint in item.mistakes), (function, hint)


def _earns(item, hint):
    for case in [*item.visible(), *item.hidden(np.random.default_rng(0))]:
        try:
            with np.errstate(all="ignore"):
                answer = item.mistakes[hint](*case.args, **case.kwargs)
        except (ValueError, IndexError, TypeError, ZeroDivisionError):
            continue
        expected = item.reference(*case.args, **case.kwargs)
        if isinstance(answer, Shape):
            if answer != np.shape(expected):
                return True
        elif not matches(expected, answer, rtol=item.rtol, atol=item.atol):
            return True
    return False


def test_parsing_reads_what_a_cell_checks():
    source = '%time\nx = 1\ncheck(conv2d, "conv2d.bias")\n!ls\ncheck(conv2d, "conv2d.bias", hidden=True)\n'
    assert parse(source) == [("conv2d", "conv2d.bias", False), ("conv2d", "conv2d.bias", True)]
    assert parse("x = 1") == []
    assert parse('checked(conv2d, "conv2d.bias")  # check(conv2d, "no")') == []


@pytest.mark.parametrize(
    "source",
    [
        "check(conv2d, name)",
        'check(make(), "conv2d.bias")',
        'check(conv2d, "conv2d.bias", hidden=maybe)',
        'check(conv2d, "conv2d.bias", True)',
        'check(conv2d, "conv2d.bias", **options)',
        'if False:\n    check(conv2d, "conv2d.bias")',
        'x = check(conv2d, "conv2d.bias")',
        "check(",
    ],
)
def test_parsing_refuses_what_it_cannot_read(source):
    with pytest.raises(ValueError, match="parse_check_calls: expected"):
        parse(source)


def test_grading_imports_neither_torch_nor_the_references():
    code = "import course_lib.grading, sys; print([m for m in sys.modules if m in ('torch', 'course_lib.functional')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "[]\n"
