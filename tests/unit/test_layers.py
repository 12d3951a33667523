"""NumPy layers against their namesakes in torch.nn: values, gradients, names, first weights; and a LeNet's training."""

import copy
import pickle

import numpy as np
import pytest
import torch
from _oracle import assert_close
from torch import nn

from course_lib import layers, optim
from course_lib.datasets import load
from course_lib.functional import cross_entropy, cross_entropy_backward

RNG = np.random.default_rng
CASES = {
    "Conv2d": ((2, 4, (3, 2)), {"stride": (2, 1), "padding": 1, "groups": 2}, (2, 2, 5, 6)),
    "Conv2d without bias": ((2, 3, 3), {"bias": False, "dilation": 2, "padding": "same"}, (1, 2, 5, 6)),
    "Linear": ((6, 3), {}, (4, 6)),
    "Linear without bias": ((6, 3), {"bias": False}, (2, 4, 6)),
    "BatchNorm2d": ((3,), {}, (4, 3, 2, 5)),
    "BatchNorm2d plain": ((3,), {"affine": False, "momentum": None, "eps": 0.1}, (4, 3, 2, 5)),
    "BatchNorm2d stateless": ((3,), {"track_running_stats": False}, (4, 3, 2, 5)),
    "MaxPool2d": ((2, 1, 1), {}, (2, 3, 4, 5)),
    "AvgPool2d": ((2,), {"padding": 1, "ceil_mode": True, "count_include_pad": False}, (2, 3, 4, 5)),
    "ReLU": ((), {}, (2, 3)),
    "Sigmoid": ((), {}, (2, 3)),
    "Flatten": ((), {}, (2, 3, 4, 5)),
}


def twins(case, dtype):
    """Our layer and torch's, with the same weights."""
    arguments, options, _ = CASES[case]
    name = case.split()[0]
    extra = {"rng": RNG(0)} if name in ("Conv2d", "Linear") else {}
    extra |= {"dtype": dtype} if name in ("Conv2d", "Linear", "BatchNorm2d") else {}
    ours = getattr(layers, name)(*arguments, **options, **extra)
    theirs = getattr(nn, name)(*arguments, **options).to(
        torch.float64 if dtype == np.float64 else torch.float32
    )
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
def test_a_layer_equals_torch_s(case, dtype):
    """Two rounds in training, gradients adding up, then one in evaluation; names and buffers included."""
    ours, theirs = twins(case, dtype)
    rng = RNG(1)
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        x = rng.normal(1, 2, CASES[case][2]).astype(dtype)
        tensor = torch.tensor(x, requires_grad=True)
        out, expected = ours(x), theirs(tensor)
        assert_close(out, expected.detach().numpy(), "output")
        grad_out = rng.normal(size=out.shape).astype(dtype)
        expected.backward(torch.tensor(grad_out))
        assert_close(ours.backward(grad_out), tensor.grad.numpy(), "gradient of the input")
    parameters = dict(ours.named_parameters())
    assert list(parameters) == [name for name, _ in theirs.named_parameters()]
    for name, tensor in theirs.named_parameters():
        assert_close(parameters[name].grad, tensor.grad.numpy(), name)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        assert_close(ours.state_dict()[name].astype(dtype), value.numpy().astype(dtype), name)


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (lambda rng: layers.Conv2d(8, 64, (3, 5), groups=2, rng=rng), 60),
        (lambda rng: layers.Linear(40, 300, rng=rng), 40),
    ],
)
def test_first_weights_are_spread_as_torch_spreads_them(layer, fan_in):
    built = layer(RNG(0))
    bound = 1 / np.sqrt(fan_in)
    for parameter in built.parameters():
        assert parameter.data.dtype == np.float32
        assert np.abs(parameter.data).max() <= np.float32(bound)
        assert np.abs(parameter.data).max() > 0.9 * bound
    assert built.weight.data.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)
    np.testing.assert_array_equal(built.weight.data, layer(RNG(0)).weight.data)


def test_dropout_is_the_same_backward_and_absent_in_evaluation():
    layer = layers.Dropout(0.25, rng=RNG(0))
    x, grad_out = RNG(1).normal(size=(50, 40)), RNG(2).normal(size=(50, 40))
    out = layer(x)
    assert (out == 0).mean() == pytest.approx(0.25, abs=0.03)
    mask = out / x
    for _ in range(2):  # asking twice changes nothing
        np.testing.assert_allclose(layer.backward(grad_out), grad_out * mask, rtol=1e-12)
    assert (layer(x) != out).any()
    layer.eval()
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(grad_out), grad_out)


def small_network(rng):
    """A chain with a chain inside."""
    inner = layers.Sequential(layers.BatchNorm2d(3), layers.ReLU())
    return layers.Sequential(
        layers.Conv2d(1, 3, 3, rng=rng), inner, layers.Flatten(), layers.Linear(12, 2, rng=rng)
    )


def test_a_chain_names_its_parts_as_torch_does():
    twin = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), nn.Flatten(), nn.Linear(12, 2)
    )
    network = small_network(RNG(0))
    assert list(network.state_dict()) == list(twin.state_dict())
    network.load_state_dict(twin.state_dict())
    twin.load_state_dict({name: torch.tensor(value) for name, value in network.state_dict().items()})
    x = RNG(1).normal(size=(5, 1, 4, 4)).astype(np.float32)
    assert_close(network(x), twin(torch.tensor(x)).detach().numpy())
    network.eval()
    assert not any(layer.training for layer in [network, *network, *list(network)[1]])
    assert network.train().training
    assert list(network)[1].training


def test_state_is_copied_both_ways_and_gradients_are_cleared():
    network = small_network(RNG(0))
    state = network.state_dict()
    state["0.weight"][:] = 7
    assert not (network.state_dict()["0.weight"] == 7).any()
    network.load_state_dict(state)
    state["0.weight"][:] = 8
    assert (network.state_dict()["0.weight"] == 7).all()
    network.backward(np.ones_like(network(np.ones((2, 1, 4, 4), np.float32))))
    assert all(parameter.grad is not None for parameter in network.parameters())
    network.zero_grad()
    assert all(parameter.grad is None for parameter in network.parameters())


def lenets():
    """LeNet-5 in our layers and in torch's, in float64 and with the same first weights."""
    rng, dtype = RNG(0), np.float64
    ours = layers.Sequential(
        layers.Conv2d(1, 6, 5, padding=2, rng=rng, dtype=dtype),
        layers.ReLU(),
        layers.AvgPool2d(2),
        layers.Conv2d(6, 16, 5, rng=rng, dtype=dtype),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Flatten(),
        layers.Linear(400, 120, rng=rng, dtype=dtype),
        layers.ReLU(),
        layers.Linear(120, 84, rng=rng, dtype=dtype),
        layers.Sigmoid(),
        layers.Linear(84, 10, rng=rng, dtype=dtype),
    )
    theirs = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.Sigmoid(),
        nn.Linear(84, 10),
    ).double()
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("Adam", {"lr": 4e-3}),
        ("AdamW", {"lr": 4e-3}),
    ],
)
def test_a_lenet_follows_its_torch_twin_for_fifty_steps(name, options):
    train = load("digits").train
    ours, theirs = lenets()
    our_optimizer = getattr(optim, name)(ours.parameters(), **options)
    their_optimizer = getattr(torch.optim, name)(theirs.parameters(), **options)
    rng, losses = RNG(1), []
    for _ in range(50):
        batch = rng.choice(len(train.labels), 32, replace=False)
        images, labels = train.images[batch].astype(np.float64), train.labels[batch]
        logits = ours(images)
        losses.append(cross_entropy(logits, labels))
        our_optimizer.zero_grad()
        ours.backward(cross_entropy_backward(1.0, logits, labels).logits)
        our_optimizer.step()
        their_optimizer.zero_grad()
        loss = nn.functional.cross_entropy(theirs(torch.tensor(images)), torch.tensor(labels))
        loss.backward()
        their_optimizer.step()
        assert abs(losses[-1] - loss.item()) < 1e-8
    assert np.mean(losses[-5:]) < 0.8 * losses[0]  # and it learns


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: layers.Conv2d(3, 4, 3, groups=2, rng=RNG(0)),
            "Conv2d: expected channels that are multiples of",
        ),
        (
            lambda: layers.Conv2d(3, 4, 0, rng=RNG(0)),
            "Conv2d: expected `kernel_size` to be an integer of at least 1",
        ),
        (
            lambda: layers.Linear(0, 4, rng=RNG(0)),
            "Linear: expected `in_features` to be an integer of at least 1",
        ),
        (
            lambda: layers.Linear(3, 4, rng=0),
            "Linear: expected `rng` to be a numpy.random.Generator, got int",
        ),
        (lambda: layers.Dropout(rng=0), "Dropout: expected `rng` to be a numpy.random.Generator, got int"),
        (
            lambda: layers.BatchNorm2d(0),
            "BatchNorm2d: expected `num_features` to be an integer of at least 1, got 0",
        ),
        (
            lambda: layers.BatchNorm2d(3)(np.zeros((2, 3))),
            r"BatchNorm2d: expected `x` of shape \(N, C, H, W\), got",
        ),
        (lambda: layers.Sequential(np.sin), "Sequential: expected layers, got ufunc"),
        (
            lambda: layers.ReLU().backward(np.zeros(1)),
            "ReLU.backward: expected a forward pass before it, got none",
        ),
        (
            lambda: layers.ReLU().load_state_dict({"a": 1}),
            r"ReLU.load_state_dict: expected the names \[\], got \['a'",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_wrong_state_changes_nothing():
    layer = layers.Linear(3, 2, rng=RNG(0))
    before = layer.state_dict()
    with pytest.raises(
        ValueError, match=r"Linear.load_state_dict: expected `bias` of shape \(2,\), got shape \(3,\)"
    ):
        layer.load_state_dict({"weight": np.zeros((2, 3)), "bias": np.zeros(3)})
    np.testing.assert_array_equal(layer.weight.data, before["weight"])


def test_a_gradient_of_the_wrong_shape_is_refused_by_flatten():
    layer = layers.Flatten()
    layer(np.zeros((2, 3, 4, 5)))
    with pytest.raises(
        ValueError, match=r"Flatten.backward: expected `grad_out` of shape \(2, 60\), got shape \(60, 2"
    ):
        layer.backward(np.zeros((60, 2)))


def test_a_layer_of_your_own_has_to_say_what_it_does():
    with pytest.raises(NotImplementedError):
        layers.Layer()(np.zeros(1))
    with pytest.raises(NotImplementedError):
        layers.Layer().backward(np.zeros(1))


def pass_through(layer, x):
    """One forward and one backward pass with an upstream gradient of ones."""
    return layer.backward(np.ones_like(layer(x)))


def test_a_layer_that_stands_twice_in_a_chain_is_refused():
    """It keeps one input, that of its last call: the gradient of its first place would be wrong without a word."""
    shared = layers.ReLU()
    for chain in ((shared, shared), (layers.Sequential(shared), layers.Flatten(), shared)):
        with pytest.raises(
            ValueError, match="Sequential: expected every layer once, got one ReLU in several"
        ):
            layers.Sequential(*chain)


def test_a_parameter_that_two_layers_share_is_learned_once():
    first, second = (layers.Linear(2, 2, rng=RNG(seed), dtype=np.float64) for seed in (0, 1))
    second.weight = first.weight
    chain = layers.Sequential(first, second)
    assert [name for name, _ in chain.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert chain.parameters() == [first.weight, first.bias, second.bias]
    x = RNG(2).normal(size=(3, 2))
    pass_through(chain, x)
    weight = torch.tensor(first.weight.data, requires_grad=True)
    biases = [torch.tensor(layer.bias.data) for layer in (first, second)]
    hidden = nn.functional.linear(torch.tensor(x), weight, biases[0])
    nn.functional.linear(hidden, weight, biases[1]).sum().backward()
    np.testing.assert_allclose(first.weight.grad, weight.grad.numpy(), rtol=1e-12)


KINDS = {
    "Conv2d": lambda: layers.Conv2d(3, 4, 2, rng=RNG(0), dtype=np.float64),
    "Linear": lambda: layers.Linear(5, 2, rng=RNG(0), dtype=np.float64),
    "BatchNorm2d": lambda: layers.BatchNorm2d(3, dtype=np.float64),
    "MaxPool2d": lambda: layers.MaxPool2d(2),
    "AvgPool2d": lambda: layers.AvgPool2d(2),
    "ReLU": layers.ReLU,
    "Sigmoid": layers.Sigmoid,
    "Flatten": layers.Flatten,
    "Dropout": lambda: layers.Dropout(0.5, rng=RNG(0)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_input_leaves_the_layer_as_it_was(kind):
    layer, x = KINDS[kind](), RNG(1).normal(size=(2, 3, 4, 5))
    grad_out = np.ones_like(layer(x))
    expected, state = layer.backward(grad_out), layer.state_dict()
    with pytest.raises(ValueError, match=r"expected .+, got "):
        layer(x.tolist())
    np.testing.assert_array_equal(layer.backward(grad_out), expected)  # still that of the last forward pass
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, state[name])


def test_batch_norm_counts_only_the_batches_that_it_took():
    layer = layers.BatchNorm2d(2, momentum=None)
    with pytest.raises(ValueError, match="batch_norm: expected at least two values per channel"):
        layer(np.zeros((1, 2, 1, 1), np.float32))
    assert layer.num_batches_tracked == 0
    layer(np.ones((2, 2, 1, 1), np.float32))
    np.testing.assert_array_equal(layer.running_mean, [1, 1])  # the mean over one batch


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_goes_its_own_way(kind, copied):
    layer, x = KINDS[kind](), RNG(1).normal(size=(2, 3, 4, 5))
    pass_through(layer, x)
    twin = copied(layer)
    np.testing.assert_array_equal(twin(x), layer(x))
    assert not any(
        np.shares_memory(a.data, b.data) for a, b in zip(twin.parameters(), layer.parameters(), strict=True)
    )


def test_a_parameter_keeps_a_gradient_of_its_own():
    parameter, grad = layers.Parameter(np.zeros(2)), np.ones(2)
    parameter.accumulate(grad)
    grad[:] = 5
    np.testing.assert_array_equal(parameter.grad, [1, 1])
    for wrong in (np.ones((2, 2)), np.ones(1), 1.0):
        with pytest.raises(ValueError, match=r"Parameter.accumulate: expected `grad` .*of shape \(2,\)"):
            parameter.accumulate(wrong)
    with pytest.raises(ValueError, match="Parameter.accumulate: expected `grad`, `data` of one dtype"):
        parameter.accumulate(np.ones(2, np.float32))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: layers.Conv2d(1, 1, 3, stride=0, rng=RNG(0)),
            "Conv2d: expected `stride` to be an integer of",
        ),
        (
            lambda: layers.Conv2d(1, 1, 3, dilation=0.5, rng=RNG(0)),
            "Conv2d: expected `dilation` to be an integer",
        ),
        (
            lambda: layers.Conv2d(1, 1, 3, padding="full", rng=RNG(0)),
            "Conv2d: expected `padding` to be an integer",
        ),
        (
            lambda: layers.Conv2d(1, 1, 3, 2, "same", rng=RNG(0)),
            'Conv2d: expected stride 1 with padding="same"',
        ),
        (
            lambda: layers.Linear(1, 1, bias="no", rng=RNG(0)),
            "Linear: expected `bias` to be True or False, got",
        ),
        (
            lambda: layers.Linear(1, 1, rng=RNG(0), dtype=int),
            "Parameter: expected `data` to be .* floating dtype",
        ),
        (lambda: layers.BatchNorm2d(1, eps=-1), "BatchNorm2d: expected `eps` of at least 0, got -1"),
        (lambda: layers.BatchNorm2d(1, momentum=2), "BatchNorm2d: expected `momentum` from 0 to 1, got 2"),
        (lambda: layers.Dropout(2, rng=RNG(0)), "Dropout: expected `p` from 0 to 1, got 2"),
        (
            lambda: layers.Flatten()([1.0]),
            r"Flatten: expected `x` to be a NumPy array of shape \(N, ...\), got list",
        ),
        (
            lambda: layers.ReLU().load_state_dict(None),
            r"ReLU.load_state_dict: expected the names \[\], got None",
        ),
        (
            lambda: layers.BatchNorm2d(1, track_running_stats=False).load_state_dict(
                {"weight": ["a"], "bias": [0]}
            ),
            "BatchNorm2d.load_state_dict: expected `weight` of real numbers, got dtype",
        ),
    ],
)
def test_a_layer_is_checked_when_it_is_made(call, message):
    with pytest.raises(ValueError, match=message):
        call()
