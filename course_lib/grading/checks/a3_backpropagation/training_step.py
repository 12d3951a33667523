"""Checks of `training_step(x, target, weight, bias, learning_rate)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a3_backpropagation.softmax_cross_entropy import loss_and_gradient
from course_lib.grading.engine import Case, Check


def _step(x, target, weight, bias, learning_rate):
    loss, grad = loss_and_gradient(x @ weight.T + bias, target)
    return weight - learning_rate * grad.T @ x, bias - learning_rate * grad.sum(axis=0), loss


def _step_as(change):
    """Another step, from (weight, bias, gradient of weight, gradient of bias, learning rate, N)."""

    def mistake(x, target, weight, bias, learning_rate):
        loss, grad = loss_and_gradient(x @ weight.T + bias, target)
        return (*change(weight, bias, grad.T @ x, grad.sum(axis=0), learning_rate, len(x)), loss)

    return mistake


def _loss_after(x, target, weight, bias, learning_rate):
    weight, bias, _ = _step(x, target, weight, bias, learning_rate)
    return weight, bias, loss_and_gradient(x @ weight.T + bias, target)[0]


def _without_bias(x, target, weight, bias, learning_rate):
    new_weight, moved, loss = _step(x, target, weight, np.zeros_like(bias), learning_rate)
    return new_weight, bias + moved, loss


def _image_by_image(x, target, weight, bias, learning_rate):
    loss = _step(x, target, weight, bias, learning_rate)[2]
    for n in range(len(x)):
        weight, bias, _ = _step(x[n : n + 1], target[n : n + 1], weight, bias, learning_rate)
    return weight, bias, loss


def _last_image(x, target, weight, bias, learning_rate):
    loss = _step(x, target, weight, bias, learning_rate)[2]
    return (*_step(x[-1:], target[-1:], weight, bias, learning_rate)[:2], loss)


def _in_turn(x, target, weight, bias, learning_rate):
    new_weight, _, loss = _step(x, target, weight, bias, learning_rate)
    return new_weight, _step(x, target, new_weight, bias, learning_rate)[1], loss


MISTAKES = {
    "the step climbs: subtract the gradient": _step_as(lambda w, b, gw, gb, r, n: (w + r * gw, b + r * gb)),
    "the learning rate is ignored": _step_as(lambda w, b, gw, gb, r, n: (w - gw, b - gb)),
    "the weight does not move": _step_as(lambda w, b, gw, gb, r, n: (w, b - r * gb)),
    "the bias does not move: a sum over the classes is always 0, sum over the images alone": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw, b)
    ),
    "neither weight nor bias moves": _step_as(lambda w, b, gw, gb, r, n: (w, b)),
    "the gradients are summed over the batch: they belong to the mean loss": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * n * gw, b - r * n * gb)
    ),
    "the gradients are divided by N twice": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw / n, b - r * gb / n)
    ),
    "the bias gradient is averaged: sum the logits' gradient over the images": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw, b - r * gb / n)
    ),
    "the gradients are returned, not the new parameters": _step_as(lambda w, b, gw, gb, r, n: (gw, gb)),
    "the weight gradient is transposed: it is grad.T @ x, of shape (K, D)": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw.T, b - r * gb)
    ),
    "the learning rate is always 0.1: use the argument learning_rate": _step_as(
        lambda w, b, gw, gb, r, n: (w - 0.1 * gw, b - 0.1 * gb)
    ),
    "the bias is not added to the logits": _without_bias,
    "this is one step for each image: take one step with the mean over all of them": _image_by_image,
    "the gradients come from the last image alone: take the mean over all of them": _last_image,
    "the bias takes its gradient from the new weight: take both from the weight before the step": _in_turn,
    "the loss is summed over the batch: take the mean": lambda x, *rest: (
        *_step(x, *rest)[:2],
        _step(x, *rest)[2] * len(x),
    ),
    "the order is weight, bias, loss; here the loss comes first": lambda *args: (
        _step(*args)[2],
        *_step(*args)[:2],
    ),
    "the order is weight, bias, loss; here the bias comes first": lambda *args: tuple(
        _step(*args)[i] for i in (1, 0, 2)
    ),
    "the loss is that after the step: return the loss before it": _loss_after,
}


def _visible():
    x, weight = np.array([[1.0, 2.0]]), np.zeros((2, 2))
    return [
        Case(
            (x, np.array([0]), weight, np.zeros(2), 0.1),
            note="one image, two classes, from zero",
            expected=(np.array([[0.05, 0.1], [-0.05, -0.1]]), np.array([0.05, -0.05]), float(np.log(2))),
            explain="softmax gives 1/2, 1/2, minus one-hot (1, 0) is (-1/2, 1/2); "
            "the first weight moves by -0.1 * (-1/2) * 1 = 0.05",
        ),
        Case(
            (
                np.array([[1.0, 0.0, 2.0], [0.0, 4.0, 0.0]]),
                np.array([0, 1]),
                np.zeros((2, 3)),
                np.log(np.array([1.0, 3.0])),
                2.0,
            ),
            note="two images, three features, a bias, learning rate 2",
            expected=(
                np.array([[0.75, -1.0, 1.5], [-0.75, 1.0, -1.5]]),
                np.array([0.5, np.log(3) - 0.5]),
                float((np.log(4) + np.log(4 / 3)) / 2),
            ),
            explain="the bias gives softmax 1/4, 3/4 for both images; minus one-hot and divided by 2, "
            "the logits' gradient is (-3/8, 3/8) and (1/8, -1/8); "
            "the first weight moves by -2 * (-3/8 * 1 + 1/8 * 0) = 0.75",
        ),
    ]


def _hidden(rng):
    cases = []
    for n, d, k in [(5, 4, 3), (3, 3, 3), (4, 2, 5)]:
        parameters = (rng.standard_normal((k, d)), rng.standard_normal(k), float(rng.uniform(0.05, 0.5)))
        data = (rng.standard_normal((n, d)), rng.integers(0, k, n))
        cases.append(Case((*data, *parameters), note=f"{n} images, {d} features, {k} classes"))
    return cases


CHECKS = (
    Check(
        "training_step.step",
        "training_step",
        "one step downhill",
        ("x", "target", "weight", "bias", "learning_rate"),
        _visible,
        _hidden,
        _step,
        MISTAKES,
        parts=("weight", "bias", "loss"),
    ),
)
