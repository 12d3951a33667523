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


@right
def weight_and_bias_as_one_matrix(x, target, weight, bias, learning_rate):
    both, ones = np.column_stack([weight, bias]), np.column_stack([x, np.ones(len(x))])
    logits = ones @ both.T
    log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    loss = -np.mean(log_p[np.arange(len(x)), target])
    both = both - learning_rate * ((np.exp(log_p) - np.eye(len(bias))[target]) / len(x)).T @ ones
    return both[:, :-1], both[:, -1], np.array(loss)


@right
def loops_talking(x, target, weight, bias, learning_rate):
    new_weight, new_bias, losses = weight.copy(), bias.copy(), []
    for n in range(len(x)):
        z = [sum(x[n, d] * weight[k, d] for d in range(x.shape[1])) + bias[k] for k in range(len(bias))]
        p = np.exp(z) / np.exp(z).sum()
        losses.append(-np.log(p[target[n]]))
        for k in range(len(bias)):
            g = (p[k] - (k == target[n])) / len(x)
            new_bias[k] -= learning_rate * g
            new_weight[k] -= learning_rate * g * x[n]
    print("losses", losses)
    return new_weight, new_bias, float(np.mean(losses))


@right
def in_single_precision(x, target, weight, bias, learning_rate):
    small = [a.astype(np.float32) for a in (x, weight, bias)]
    gw, gb, loss = _grads(small[0], target, *small[1:])
    return (
        np.asfortranarray(small[1] - np.float32(learning_rate) * gw),
        small[2] - np.float32(learning_rate) * gb,
        loss,
    )


@wrong(fails="training_step.step", hint="transposed")
def weight_gradient_transposed(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    gw = gw.T if gw.shape[0] == gw.shape[1] else gw
    return weight - learning_rate * gw, bias - learning_rate * gb, loss


@wrong(fails="training_step.step", hint="raised ValueError")
def product_in_the_other_order(x, target, weight, bias, learning_rate):
    _, gb, loss = _grads(x, target, weight, bias)
    logits = x @ weight.T + bias
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    g = (p - np.eye(len(bias))[target]) / len(x)
    return weight - learning_rate * (x.T @ g), bias - learning_rate * gb, loss


@wrong(fails="training_step.step", hint="a sum over the classes is always 0")
def bias_gradient_summed_over_everything(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw, bias - learning_rate * gb.sum(), loss


@wrong(fails="training_step.step", hint="the bias is not added to the logits")
def logits_without_the_bias(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, np.zeros_like(bias))
    return weight - learning_rate * gw, bias - learning_rate * gb, loss


@wrong(fails="training_step.step", hint="use the argument learning_rate")
def learning_rate_of_an_earlier_cell(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - 0.1 * gw, bias - 0.1 * gb, loss


@wrong(fails="training_step.step", hint="one step for each image")
def one_step_for_each_image(x, target, weight, bias, learning_rate):
    loss = _grads(x, target, weight, bias)[2]
    for n in range(len(x)):
        gw, gb, _ = _grads(x[n : n + 1], target[n : n + 1], weight, bias)
        weight, bias = weight - learning_rate * gw, bias - learning_rate * gb
    return weight, bias, loss


@wrong(fails="training_step.step", hint="the loss is summed over the batch")
def loss_summed(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return weight - learning_rate * gw, bias - learning_rate * gb, loss * len(x)


@wrong(fails="training_step.step", hint="from the weight before the step")
def bias_from_the_new_weight(x, target, weight, bias, learning_rate):
    gw, _, loss = _grads(x, target, weight, bias)
    new = weight - learning_rate * gw
    return new, bias - learning_rate * _grads(x, target, new, bias)[1], loss


@wrong(fails="training_step.step", hint="the order is weight, bias, loss")
def loss_first(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return loss, weight - learning_rate * gw, bias - learning_rate * gb


@wrong(fails="training_step.step", hint="the order is weight, bias, loss")
def bias_first(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    return bias - learning_rate * gb, weight - learning_rate * gw, loss


@wrong(fails="training_step.step", hint="changed its input bias")
def bias_in_place(x, target, weight, bias, learning_rate):
    gw, gb, loss = _grads(x, target, weight, bias)
    bias -= learning_rate * gb
    return weight - learning_rate * gw, bias, loss


@wrong(fails="training_step.step", hint="from the last image alone")
def last_image_only(x, target, weight, bias, learning_rate):
    gw, gb, _ = _grads(x[-1:], target[-1:], weight, bias)
    return weight - learning_rate * gw, bias - learning_rate * gb, _grads(x, target, weight, bias)[2]
