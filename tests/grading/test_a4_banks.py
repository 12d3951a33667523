"""Assignment a4: wrong solutions fail where they should and say why, right ones pass, no hint states a wrong cause."""

import inspect
from collections import Counter

import a4
import bank
import pytest

SOLUTIONS = bank.load("a4")
EXERCISES = sorted({s.exercise for s in SOLUTIONS})
HUNTS = [name for name in EXERCISES if name.endswith("_input")]  # four parts of one exercise


@pytest.fixture(scope="module")
def bench():
    return a4.Bench()


def of(exercise, right):
    return [s for s in SOLUTIONS if s.exercise == exercise and (s.fails is None) == right]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_solutions_get_full_marks_for_every_seed(bench, exercise):
    for solution in of(exercise, right=True):
        for check in bench.checks(exercise):
            function = bench.function(solution, check)
            for seed in (None, *a4.SEEDS):
                found = a4.verdict(a4.without_hints(check), function, seed)
                assert found.passed, f"{solution} is right, and yet\n{found.message}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_wrong_solutions_fail_for_every_seed_and_say_why(bench, exercise):
    for solution in of(exercise, right=False):
        check = a4.CHECKS[solution.fails]
        function = bench.function(solution, check)
        shown = a4.verdict(check, function)
        shown = a4.verdict(check, function, 0) if shown.passed else shown
        assert solution.hint in shown.message, f"{solution}: no {solution.hint!r} in\n{shown.message}"
        for seed in a4.SEEDS:
            found = a4.verdict(a4.without_hints(check), function, seed)
            assert not found.passed, f"{solution} got through {check.name} with seed {seed}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_hint_tells_a_wrong_solution_a_wrong_cause(bench, exercise):
    """Where another check of the exercise fails by the same mistake, it says the same or nothing."""
    for solution in of(exercise, right=False):
        for check in bench.checks(exercise):
            function = bench.function(solution, check)
            for seed in (None, 0, 1):
                found = a4.verdict(check, function, seed)
                told = found.hint
                assert not told or solution.hint in told, (
                    f"{solution} is told in {check.name} (seed {seed}): {told}"
                )


@pytest.mark.parametrize("name", sorted({check.function for check in a4.CHECKS.values()}))
def test_no_known_mistake_is_taken_for_another(name):
    checks = [check for check in a4.CHECKS.values() if check.function == name]
    for hint in {hint: None for check in checks for hint in check.mistakes}:
        told = {}
        for check in checks:
            for seed in (None, 0):
                found = a4.verdict(check, check.mistakes.get(hint, check.reference), seed)
                told[check.name, seed] = found.hint
        assert set(told.values()) <= {"", hint}, f"{hint!r} is taken for {told}"
        assert hint in told.values(), f"nothing tells {hint!r}"


@pytest.mark.parametrize("name", ["fill", "run_module", "StandIn"])
def test_the_notebook_s_helpers_are_the_grader_s(name):
    from course_lib.grading.checks.a4_architectures import _nets

    written = "\n".join(source for _, kind, source in a4.cells() if kind == "locked")
    assert inspect.getsource(getattr(_nets, name)).strip() in written


def test_banks_are_large_enough():
    count = Counter((s.exercise, s.fails is None) for s in SOLUTIONS)
    for exercise in EXERCISES:
        assert count[exercise, True] >= 3, exercise
        if exercise not in HUNTS:
            assert count[exercise, False] >= 8, exercise
    assert sum(count[name, False] for name in HUNTS) >= 8
    for name, runners in a4.RUNNERS.items():
        assert {check.solution for check in a4.CHECKS.values() if check.function in runners} == {name}
    functions = {function for name in EXERCISES for function in a4.RUNNERS.get(name, (name,))}
    assert functions | {"budget"} == {check.function for check in a4.CHECKS.values()}


def test_every_check_catches_something():
    caught = {s.fails for s in SOLUTIONS} - {None}
    assert {name for name in a4.CHECKS if not name.startswith("budget.")} == caught


@pytest.mark.parametrize(
    ("exercise", "name", "lost"),
    [
        ("layer_size", "no_dilation", {"layer_size.dilation"}),
        ("layer_size", "never_up", {"layer_size.ceil", "layer_size.edge"}),
        ("layer_size", "without_the_exception", {"layer_size.edge"}),
        ("conv_parameters", "no_groups", {"conv_parameters.groups"}),
        ("net_parameters", "counts_statistics", {"net_parameters.norm"}),
        ("InceptionBlock", "WithoutPool", {"run_inception.pooled"}),
        ("InceptionBlock", "NoReductionRelu", {"run_inception.second", "run_inception.third"}),
        ("InceptionBlock", "ThreeForFive", {"run_inception.third", "count_inception.parameters"}),
        ("ResidualBlock", "ProjectionWithRelu", {"run_residual.projection", "run_residual.stride"}),
        ("ResidualBlock", "StrideInTheSecond", {"run_residual.projection", "run_residual.stride"}),
        ("receptive_field", "no_padding", {"receptive_field.start"}),
        ("receptive_field", "last_stride", {"receptive_field.jump"}),
        ("to_convolution", "zero_bias", {"converted.bias", "run_converted.larger"}),
        ("to_convolution", "padded", {"run_converted.larger"}),
    ],
)
def test_a_mistake_costs_the_checks_that_are_about_it(bench, exercise, name, lost):
    (solution,) = [s for s in SOLUTIONS if (s.exercise, s.name) == (exercise, name)]
    failed = set()
    for check in bench.checks(exercise):
        function = bench.function(solution, check)
        if not all(a4.verdict(a4.without_hints(check), function, seed).passed for seed in (None, 0)):
            failed.add(check.name)
    assert failed == lost
