"""Solutions of training_step(x, target, weight, bias, learning_rate)."""

import numpy as np
from bank import right, wrong


def _grads(x, target, weight, bias):
    logits = x @ weight.T + bias
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    grad = np.exp(logs)
    grad[np.arange(len(x)), target] -= 1
    grad /= len(x)
    return grad.T @ x, grad.sum(axis=0), -logs[np.arange(len(x)), target].mean()


@right
def matrices(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw, bias - learning_rate * gb, loss


@right
def image_by_image(x, target, weight, bias, learning_rate):
    new_weight, new_bias, loss = weight.copy(), bias.copy(), 0.0
    for image, t in zip(x, target, strict=True):
        gw, gb, one = _grads(image[None], np.array([t]), weight, bias)
        new_weight -= learning_rate * gw / len(x)
        new_bias -= learning_rate * gb / len(x)
        loss += float(one) / len(x)
    return [new_weight, new_bias, loss]


@right
def einsum(x, target, weight, bias, learning_rate):
    z = np.einsum("nd,kd->nk", x, weight) + bias
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    g = p - np.eye(len(bias))[target]
    loss = float(-np.log((p * np.eye(len(bias))[target]).sum(1)).mean())
    step = learning_rate / len(x)
    return np.asfortranarray(weight - step * np.einsum("nk,nd->kd", g, x)), bias - step * g.sum(0), loss


@wrong(fails="training_step.step", hint="the step climbs")
def ascent(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight + learning_rate * gw, bias + learning_rate * gb, loss


@wrong(fails="training_step.step", hint="learning rate is ignored")
def no_learning_rate(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - gw, bias - gb, loss


@wrong(fails="training_step.step", hint="bias does not move")
def bias_still(x, target, weight, bias, learning_rate):
    gw, _, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw, bias, loss


@wrong(fails="training_step.step", hint="weight does not move")
def weight_still(x, target, weight, bias, learning_rate):
    _, gb, loss = _grads(x, target, weight, bias)
    return weight, bias - learning_rate * gb, loss


@wrong(fails="training_step.step", hint="neither weight nor bias moves")
def nothing_moves(x, target, weight, bias, learning_rate):
    return weight, bias, _grads(x, target, weight, bias)[2]


@wrong(fails="training_step.step", hint="summed over the batch")
def summed(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw * len(x), bias - learning_rate * gb * len(x), loss


@wrong(fails="training_step.step", hint="divided by N twice")
def divided_twice(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw / len(x), bias - learning_rate * gb / len(x), loss


@wrong(fails="training_step.step", hint="bias gradient is averaged")
def bias_averaged(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw, bias - learning_rate * gb / len(x), loss


@wrong(fails="training_step.step", hint="gradients are returned")
def gradients_returned(x, target, weight, bias, learning_rate):
    return _grads(x, target, weight, bias)


@wrong(fails="training_step.step", hint="after the step")
def loss_after(x, target, weight, bias, learning_rate):
    weight, bias, _ = matrices(x, target, weight, bias, learning_rate)
    return weight, bias, _grads(x, target, weight, bias)[2]


@wrong(fails="training_step.step", hint="changed its input weight")
def in_place(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    weight -= learning_rate * gw
    bias -= learning_rate * gb
    return weight, bias, loss


@wrong(fails="training_step.step", hint="a tuple of 3 (weight, bias, loss)")
def loss_alone(x, target, weight, bias, learning_rate):
    return _grads(x, target, weight, bias)[2]
