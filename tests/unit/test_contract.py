"""The contract of `course_lib`: pairs with their gradients, torch's names and defaults, named outputs, shape comments."""

import ast
import inspect
import re

import numpy as np
import pytest
import torch
from numpydoc.docscrape import FunctionDoc
from test_docstrings import ENTRY_POINTS
from test_house_rules import LIBRARY, relative

from course_lib import functional
from course_lib.functional import _windows

NOT_DIFFERENTIABLE = {
    "corr2d": "a single channel of conv2d",
    "convolve2d": "a single channel of conv2d, flipped",
    "max_pool2d_with_indices": "max_pool2d, with its indices",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d, with its indices",
}
OPERATIONS = sorted(
    name
    for name in functional.__all__
    if inspect.isfunction(getattr(functional, name)) and not name.endswith("_backward")
)
PAIRED = [name for name in OPERATIONS if name not in NOT_DIFFERENTIABLE]
#: Parameters that torch has and the course leaves out: deprecated, in place, or belonging to another dtype.
LEFT_OUT = {"size_average", "reduce", "inplace", "_stacklevel", "dtype", "return_indices"}
LEFT_OUT |= {"recompute_scale_factor", "antialias"}
OWN = {"dropout": ["rng"]}  # house rule 7: randomness enters as an argument
FIRST = {"cross_entropy": "logits"}


def test_every_operation_of_the_contract_is_there():
    wanted = {
        *("conv2d", "conv1d", "conv_transpose2d", "corr2d", "convolve2d"),
        *(
            "max_pool2d",
            "avg_pool2d",
            "lp_pool2d",
            "adaptive_avg_pool2d",
            "adaptive_max_pool2d",
            "global_avg_pool2d",
        ),
        *(
            "linear",
            "relu",
            "sigmoid",
            "tanh",
            "softmax",
            "log_softmax",
            "cross_entropy",
            "batch_norm",
            "dropout",
        ),
        *("local_response_norm", "interpolate", "max_unpool2d"),
    }
    assert wanted <= set(OPERATIONS)


@pytest.mark.parametrize("name", PAIRED)
def test_each_operation_has_a_backward_with_its_arguments(name):
    forward = inspect.signature(getattr(functional, name))
    backward = inspect.signature(getattr(functional, f"{name}_backward"))
    first, *rest = backward.parameters.values()
    assert first.name == "grad_out"
    assert [(p.name, p.default) for p in rest] == [(p.name, p.default) for p in forward.parameters.values()]


def torch_parameters(name):
    """Names and defaults of torch's function, from its signature or, for a compiled one, its docstring."""
    function = getattr(torch.nn.functional, f"{name}_with_indices", None)
    function = function or getattr(torch.nn.functional, name)
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        line = re.search(rf"{name}\((.*?)\) -> Tensor", function.__doc__)[1]
        return [tuple(part.partition("=")[::2]) for part in line.split(", ")]
    return [(p.name, "" if p.default is p.empty else repr(p.default)) for p in found]


@pytest.mark.parametrize(
    "name", [name for name in PAIRED if name not in {"global_avg_pool2d"}]
)  # the one operation that torch has no function for
def test_names_order_and_defaults_are_torchs(name):
    ours = list(inspect.signature(getattr(functional, name)).parameters.values())
    theirs = [(p, default) for p, default in torch_parameters(name) if p not in LEFT_OUT]
    assert ours[0].name == FIRST.get(name, "x")
    assert theirs[0][0] == "input"
    names = [p.name for p in ours[1:] if p.name not in OWN.get(name, [])]
    assert names == [p for p, _ in theirs[1:]]
    required = {p.name for p in ours if p.default is p.empty}
    assert required - {ours[0].name} == {p for p, default in theirs[1:] if default == ""}
    for parameter, (_, default) in zip(ours[1:], theirs[1:], strict=False):
        if default not in ("", "None"):
            assert repr(parameter.default) == default, parameter.name


@pytest.mark.parametrize("name", [*OPERATIONS, *(f"{name}_backward" for name in PAIRED)])
@pytest.mark.parametrize(
    "wrong", [object(), "image", np.array("image"), np.array([None])], ids=lambda w: type(w).__name__
)
def test_what_is_no_array_is_refused_by_name(name, wrong):
    function = getattr(functional, name)
    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    with pytest.raises(ValueError, match=rf"^{name}: expected .+, got "):
        function(*[wrong] * len(required))


RECORDS = sorted(name for name, member in ENTRY_POINTS.items() if inspect.isfunction(member))


@pytest.mark.parametrize("name", RECORDS)
def test_outputs_are_named(name):
    """House rule 12: several results come as a record; a pair (rows, columns) is one result."""
    assert len(FunctionDoc(ENTRY_POINTS[name])["Returns"]) <= 1
    returned = str(ENTRY_POINTS[name].__annotations__.get("return", ""))
    assert not returned.startswith("tuple[") or returned in {"tuple[int, int]", "tuple[float, float]"}


@pytest.mark.parametrize("name", PAIRED)
def test_a_backward_names_its_gradients_after_the_inputs(name):
    function = getattr(functional, f"{name}_backward")
    record = FunctionDoc(function)["Returns"][0].type
    fields = getattr(functional, record, _windows.__dict__.get(record))._fields
    assert set(fields) <= set(inspect.signature(function).parameters) - {"grad_out"}


ARCHITECTURES = [
    path
    for path in LIBRARY
    if path.parent.name == "models" and path.name not in {"__init__.py", "_common.py"}
]


@pytest.mark.parametrize("path", ARCHITECTURES, ids=relative)
def test_an_architecture_cites_its_paper_and_lists_its_departures(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert re.search(r'[A-Z]\. [^"]+, "[^"]+",.{,120}?\b(19|20)\d\d\b', text, re.DOTALL), (
        "authors, title, year"
    )
    assert re.search(r"^Departures?( from [^:]+)?:\s+\S", text, re.MULTILINE)


RESHAPING = {
    *(
        "reshape",
        "transpose",
        "swapaxes",
        "moveaxis",
        "einsum",
        "tensordot",
        "permute",
        "flatten",
        "unflatten",
    ),
    *("view", "ravel", "squeeze", "unsqueeze", "expand_dims"),
}


def silent_about_shapes(source):
    """The statements that reshape, transpose or contract and do not say into what."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            inside = list(ast.walk(node))
            calls = {
                n.func.attr for n in inside if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
            }
            contracts = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult) for n in inside)
            said = any(re.search(r"#.*\(", line) for line in lines[node.lineno - 1 : node.end_lineno])
            if (contracts or calls & RESHAPING) and not said:
                yield node.lineno, lines[node.lineno - 1].strip()


@pytest.mark.parametrize("path", [p for p in LIBRARY if "/grading/" not in relative(p)], ids=relative)
def test_a_line_that_reshapes_says_into_what(path):
    assert list(silent_about_shapes(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("line", ["y = x.reshape(3)", "y = a @ b", "return f(\n    x.transpose(0, 1)\n)"])
def test_a_silent_line_is_found(line):
    assert list(silent_about_shapes(line))
    assert not list(silent_about_shapes(line + "  # (3,)"))
