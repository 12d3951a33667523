"""Solutions of relu_backward(grad_out, x)."""

import numpy as np
from bank import right, wrong


@right
def mask(grad_out, x):
    return grad_out * (x > 0)


@right
def where(grad_out, x):
    return np.where(x > 0, grad_out, 0.0)


@right
def copied_and_cut(grad_out, x):
    grad = np.array(grad_out, order="F")
    grad[x <= 0] = 0
    return grad


@wrong(fails="relu_backward.values", hint="upstream gradient is ignored")
def upstream_ignored(grad_out, x):
    return np.where(x > 0, 1.0, 0.0)


@wrong(fails="relu_backward.values", hint="the mask comes from grad_out")
def mask_of_the_gradient(grad_out, x):
    return np.maximum(grad_out, 0)


@wrong(fails="relu_backward.values", hint="the gradient at 0 is 1")
def zero_passes(grad_out, x):
    return grad_out * (x >= 0)


@wrong(fails="relu_backward.values", hint="mask is reversed")
def reversed_mask(grad_out, x):
    return grad_out * (x < 0)


@wrong(fails="relu_backward.values", hint="multiplied by relu(x)")
def times_relu(grad_out, x):
    return grad_out * np.maximum(x, 0)


@wrong(fails="relu_backward.values", hint="multiplied by x")
def times_x(grad_out, x):
    return grad_out * x


@wrong(fails="relu_backward.values", hint="passes everywhere")
def identity(grad_out, x):
    return grad_out


@wrong(fails="relu_backward.values", hint="slope of |x|")
def absolute(grad_out, x):
    return grad_out * np.sign(x)


@wrong(fails="relu_backward.values", hint="negative gradients are lost")
def negative_gradients_lost(grad_out, x):
    return np.maximum(grad_out, 0) * (x > 0)


@wrong(fails="relu_backward.values", hint="leaky")
def leaky(grad_out, x):
    return np.where(x > 0, grad_out, 0.01 * grad_out)


@wrong(fails="relu_backward.values", hint="changed its input grad_out")
def in_place(grad_out, x):
    grad_out[x <= 0] = 0
    return grad_out
