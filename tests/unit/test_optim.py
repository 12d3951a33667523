"""Optimisers against torch.optim, step by step, and steps worked by hand."""

import numpy as np
import pytest
import torch

from course_lib import optim
from course_lib.layers import Parameter

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.2}),
    ("Adam", {}),
    ("Adam", {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.02, "betas": (0.0, 0.0)}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.0}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_fifty_steps_equal_torch(name, options):
    """One parameter has a gradient in every step, one in every third, one never."""
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=(3, 4)), rng.normal(size=5), rng.normal(size=2)]
    ours = [Parameter(start.copy()) for start in starts]
    theirs = [torch.tensor(start, requires_grad=True) for start in starts]
    our_optimizer = getattr(optim, name)(ours, **options)
    their_optimizer = getattr(torch.optim, name)(theirs, **options)
    for step in range(50):
        our_optimizer.zero_grad()
        their_optimizer.zero_grad()
        for i in (0, 1) if step % 3 == 0 else (0,):
            gradient = rng.normal(size=starts[i].shape) * 10.0 ** rng.integers(-3, 3) + 0.1 * ours[i].data
            ours[i].accumulate(gradient)
            theirs[i].grad = torch.tensor(gradient)
        our_optimizer.step()
        their_optimizer.step()
        for parameter, tensor in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(parameter.data, tensor.detach().numpy(), rtol=0, atol=1e-10)
    assert np.abs(ours[0].data - starts[0]).max() > 0.01
    np.testing.assert_array_equal(ours[2].data, starts[2])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_float32_stays_float32_and_the_gradient_is_untouched(name, options):
    parameter, gradient = Parameter(np.ones(3, np.float32)), np.arange(3, dtype=np.float32)
    data = parameter.data
    optimizer = getattr(optim, name)([parameter], **options)
    for _ in range(3):
        parameter.grad = gradient
        optimizer.step()
    assert parameter.data is data
    assert data.dtype == np.float32
    assert gradient.tolist() == [0, 1, 2]
    assert (data[1:] < 1).all()


def test_momentum_by_hand():
    parameter = Parameter(np.array([1.0]))
    optimizer = optim.SGD([parameter], lr=0.5, momentum=0.5)
    path = []
    for _ in range(3):
        parameter.grad = np.array([1.0])
        optimizer.step()
        path.append(parameter.data.item())
    assert path == [0.5, -0.25, -1.125]  # velocities 1, 1.5, 1.75


def test_the_learning_rate_may_change_between_steps():
    parameter = Parameter(np.array([1.0]))
    optimizer = optim.SGD([parameter], lr=1.0)
    parameter.grad = np.array([1.0])
    optimizer.lr = 0.25
    optimizer.step()
    assert parameter.data.item() == 0.75


def parameters():
    return [Parameter(np.zeros(1))]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optim.SGD([]), r"SGD: expected at least one Parameter, got \[\]"),
        (lambda: optim.SGD([np.zeros(1)]), r"SGD: expected at least one Parameter, got \['ndarray'\]"),
        (lambda: optim.SGD(parameters()[0]), "SGD: expected an iterable of Parameters, got Parameter"),
        (lambda: optim.SGD(parameters() * 2), "SGD: expected every Parameter once, got 1 of 2"),
        (
            lambda: optim.SGD(parameters(), dampening=np.nan),
            "SGD: expected `dampening` to be a number, got nan",
        ),
        (
            lambda: optim.Adam(parameters(), betas=0.9),
            "Adam: expected `betas` to be two numbers of at least 0",
        ),
        (lambda: optim.SGD(parameters(), lr=-1), "SGD: expected `lr` of at least 0, got -1"),
        (lambda: optim.SGD(parameters(), lr=np.nan), "SGD: expected `lr` of at least 0, got nan"),
        (lambda: optim.SGD(parameters(), momentum=-1), "SGD: expected `momentum` of at least 0, got -1"),
        (
            lambda: optim.SGD(parameters(), nesterov=True),
            "SGD: expected momentum and no dampening for `nesterov`",
        ),
        (
            lambda: optim.Adam(parameters(), betas=(0.9, 1)),
            "Adam: expected `betas` to be two numbers of at least 0",
        ),
        (lambda: optim.AdamW(parameters(), eps="a"), "AdamW: expected `eps` of at least 0, got 'a'"),
        (
            lambda: optim.AdamW(parameters(), weight_decay=-1),
            "AdamW: expected `weight_decay` of at least 0, got -1",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_optimizer_of_your_own_has_to_say_how_it_moves():
    parameter = Parameter(np.zeros(1))
    parameter.grad = np.ones(1)
    with pytest.raises(NotImplementedError):
        optim.Optimizer([parameter], lr=1.0).step()


@pytest.mark.parametrize("wrong", [np.ones(1), np.ones((1, 3)), np.ones(())])
def test_a_gradient_of_another_shape_is_not_spread_over_the_parameter(wrong):
    parameter = Parameter(np.zeros(3))
    parameter.grad = wrong
    with pytest.raises(ValueError, match=r"SGD.step: expected `grad` of shape \(3,\), got shape"):
        optim.SGD([parameter], lr=1.0).step()
    np.testing.assert_array_equal(parameter.data, [0, 0, 0])


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_settings_given_as_numpy_scalars_do_not_widen_the_memory(name):
    settings = {"lr": np.float64(0.1), "weight_decay": np.float64(0.1)}
    settings |= (
        {"momentum": np.float64(0.9)} if name == "SGD" else {"betas": (np.float64(0.9), np.float64(0.99))}
    )
    plain = {key: tuple(map(float, v)) if key == "betas" else float(v) for key, v in settings.items()}
    ends = []
    for given in (settings, plain):
        parameter = Parameter(np.ones(3, np.float32))
        optimizer = getattr(optim, name)([parameter], **given)
        for seed in range(5):
            parameter.grad = np.random.default_rng(seed).standard_normal(3).astype(np.float32)
            optimizer.step()
        memory = [value for value in optimizer._memory[0].values() if isinstance(value, np.ndarray)]
        assert {value.dtype for value in memory} == {np.dtype(np.float32)}
        ends.append(parameter.data)
    np.testing.assert_array_equal(*ends)
