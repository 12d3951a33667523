"""Banks of a4 and a5: wrong solutions fail where they should and say why, right ones pass, no hint states a wrong cause."""

from collections import Counter

import a4
import a5
import bench
import pytest

ASSIGNMENTS = {module.NAME[:2]: module.ASSIGNMENT for module in (a4, a5)}
EACH = pytest.mark.parametrize("key", ASSIGNMENTS)
# Networks are judged by tests of their own.
BUDGETS = {"a4": "budget", "a5": "detector"}
EXERCISE = pytest.mark.parametrize(
    ("key", "exercise"), [(key, e) for key, assignment in ASSIGNMENTS.items() for e in assignment.exercises]
)
FUNCTION = pytest.mark.parametrize(
    ("key", "name"),
    [(key, n) for key, a in ASSIGNMENTS.items() for n in sorted({c.function for c in a.checks.values()})],
)


@pytest.fixture(scope="module")
def benches():
    return {key: bench.Bench(assignment) for key, assignment in ASSIGNMENTS.items()}


@EXERCISE
def test_right_solutions_get_full_marks_for_every_seed(benches, key, exercise):
    for solution in ASSIGNMENTS[key].of(exercise, right=True):
        for check in benches[key].checks(exercise):
            function = benches[key].function(solution, check)
            for seed in (None, *bench.SEEDS):
                found = bench.verdict(bench.without_hints(check), function, seed)
                assert found.passed, f"{solution} is right, and yet\n{found.message}"


@EXERCISE
def test_wrong_solutions_fail_for_every_seed_and_say_why(benches, key, exercise):
    for solution in ASSIGNMENTS[key].of(exercise, right=False):
        check = ASSIGNMENTS[key].checks[solution.fails]
        function = benches[key].function(solution, check)
        shown = bench.verdict(check, function)
        shown = bench.verdict(check, function, 0) if shown.passed else shown
        assert solution.hint in shown.message, f"{solution}: no {solution.hint!r} in\n{shown.message}"
        for seed in bench.SEEDS:
            found = bench.verdict(bench.without_hints(check), function, seed)
            assert not found.passed, f"{solution} got through {check.name} with seed {seed}"


@EXERCISE
def test_no_hint_tells_a_wrong_solution_a_wrong_cause(benches, key, exercise):
    """Where another check of the exercise fails by the same mistake, it says the same or nothing."""
    for solution in ASSIGNMENTS[key].of(exercise, right=False):
        for check in benches[key].checks(exercise):
            function = benches[key].function(solution, check)
            for seed in (None, 0, 1):
                found = bench.verdict(check, function, seed)
                told = found.hint
                assert not told or solution.hint in told, (
                    f"{solution} is told in {check.name} (seed {seed}): {told}"
                )


@FUNCTION
def test_no_known_mistake_is_taken_for_another(key, name):
    checks = [check for check in ASSIGNMENTS[key].checks.values() if check.function == name]
    for hint in {hint: None for check in checks for hint in check.mistakes}:
        told = {}
        for check in checks:
            for seed in (None, 0):
                found = bench.verdict(check, check.mistakes.get(hint, check.reference), seed)
                told[check.name, seed] = found.hint
        assert set(told.values()) <= {"", hint}, f"{hint!r} is taken for {told}"
        assert hint in told.values(), f"nothing tells {hint!r}"


@EACH
def test_banks_are_large_enough(key):
    assignment = ASSIGNMENTS[key]
    count = Counter((s.exercise, s.fails is None) for s in assignment.solutions)
    hunts = [name for name in assignment.exercises if name.endswith("_input")]  # parts of one exercise
    for exercise in assignment.exercises:
        assert count[exercise, True] >= 3, exercise
        if exercise not in hunts:
            assert count[exercise, False] >= 8, exercise
    assert sum(count[name, False] for name in hunts) >= 8
    for name, runners in assignment.runners.items():
        assert {check.solution for check in assignment.checks.values() if check.function in runners} == {name}
    functions = {function for name in assignment.exercises for function in assignment.functions(name)}
    assert functions | {BUDGETS[key]} == {check.function for check in assignment.checks.values()}


@EACH
def test_every_check_catches_something(key):
    assignment = ASSIGNMENTS[key]
    caught = {s.fails for s in assignment.solutions} - {None}
    assert {n for n in assignment.checks if not n.startswith(f"{BUDGETS[key]}.")} == caught


@pytest.mark.parametrize(
    ("key", "exercise", "name", "lost"),
    [
        ("a4", "layer_size", "no_dilation", {"layer_size.dilation"}),
        ("a4", "layer_size", "never_up", {"layer_size.ceil", "layer_size.edge"}),
        ("a4", "layer_size", "without_the_exception", {"layer_size.edge"}),
        ("a4", "conv_parameters", "no_groups", {"conv_parameters.groups"}),
        ("a4", "net_parameters", "counts_statistics", {"net_parameters.norm"}),
        ("a4", "InceptionBlock", "WithoutPool", {"run_inception.pooled"}),
        ("a4", "InceptionBlock", "NoReductionRelu", {"run_inception.second", "run_inception.third"}),
        ("a4", "InceptionBlock", "ThreeForFive", {"run_inception.third", "count_inception.parameters"}),
        ("a4", "ResidualBlock", "ProjectionWithRelu", {"run_residual.projection", "run_residual.stride"}),
        ("a4", "ResidualBlock", "StrideInTheSecond", {"run_residual.projection", "run_residual.stride"}),
        ("a4", "receptive_field", "no_padding", {"receptive_field.start"}),
        ("a4", "receptive_field", "last_stride", {"receptive_field.jump"}),
        ("a4", "to_convolution", "zero_bias", {"converted.bias", "run_converted.larger"}),
        ("a4", "to_convolution", "padded", {"run_converted.larger"}),
        ("a5", "box_iou", "no_clip", {"box_iou.apart"}),
        ("a5", "box_iou", "plus_one", {"box_iou.values", "box_iou.empty"}),
        ("a5", "box_iou", "zero_by_zero", {"box_iou.empty"}),
        ("a5", "nms", "at_least", {"nms.exact"}),
        ("a5", "nms", "unsorted", {"nms.order"}),
        ("a5", "nms", "all_better_boxes", {"nms.chain"}),
        ("a5", "nms_per_class", "sorted_indices", {"nms_per_class.order"}),
        ("a5", "match_anchors", "above_positive", {"match_anchors.exact"}),
        ("a5", "match_anchors", "overwrites", {"match_anchors.contested"}),
        ("a5", "match_anchors", "no_claims", {"match_anchors.claims", "match_anchors.contested"}),
        ("a5", "match_anchors", "claims_at_zero", {"match_anchors.nothing"}),
        ("a5", "encode", "no_log", {"encode_size.values"}),
        ("a5", "encode", "sides_swapped", {"encode_shift.values"}),
        ("a5", "encode", "format_mixed", {"encode_shift.values", "encode_size.values"}),
        ("a5", "decode", "no_exp", {"decode_size.values"}),
        ("a5", "decode", "centre_for_corner", {"decode_centre.values"}),
        ("a5", "find_hits", "images_ignored", {"find_hits.images"}),
        ("a5", "find_hits", "objects_reused", {"find_hits.once"}),
        ("a5", "find_hits", "above", {"find_hits.exact"}),
        ("a5", "average_precision", "eleven", {"average_precision.points"}),
        ("a5", "average_precision", "not_falling", {"average_precision.falling"}),
        ("a5", "average_precision", "goes_on", {"average_precision.ends"}),
    ],
)
def test_a_mistake_costs_the_checks_that_are_about_it(benches, key, exercise, name, lost):
    assert benches[key].failed(exercise, name) == lost
