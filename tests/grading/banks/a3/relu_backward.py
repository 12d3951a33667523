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


@right
def multiplied_in_single_precision_talking(grad_out, x):
    print((x > 0).sum(), "entries pass")
    return grad_out.astype(np.float32) * (x > 0).astype(np.float32)


@right
def one_by_one(grad_out, x):
    passed = [g if v > 0 else 0.0 for g, v in zip(grad_out.ravel(), x.ravel(), strict=True)]
    return np.array(passed).reshape(x.shape)


@right
def heaviside(grad_out, x):
    return np.heaviside(x, 0.0) * grad_out


@right
def masked_view(grad_out, x):
    big = np.zeros((2, *grad_out.shape))
    np.copyto(big[1], grad_out, where=x > 0)
    return big[1]


@wrong(fails="relu_backward.values", hint="relu of x")
def forward_again(grad_out, x):
    return np.maximum(x, 0)


@wrong(fails="relu_backward.values", hint="changed its input x")
def mask_written_into_x(grad_out, x):
    x[x > 0] = 1
    x[x <= 0] = 0
    return grad_out * x


@wrong(fails="relu_backward.values", hint="got bool")
def only_the_mask(grad_out, x):
    return x > 0


@wrong(fails="relu_backward.values", hint="matrix product")
def matrix_product(grad_out, x):
    return grad_out @ (x > 0)


@wrong(fails="relu_backward.values", hint="half of the gradient")
def half_at_zero(grad_out, x):
    return grad_out * np.heaviside(x, 0.5)


@wrong(fails="relu_backward.values", hint="x itself comes back")
def x_where_it_is_negative(grad_out, x):
    return np.where(x > 0, grad_out, x)


@wrong(fails="relu_backward.values", hint="truth value of an array")
def asks_the_whole_array(grad_out, x):
    return grad_out if x > 0 else np.zeros_like(x)


@wrong(fails="relu_backward.values", hint="averaged over the batch")
def divided_by_the_batch(grad_out, x):
    return grad_out * (x > 0) / len(x)


@wrong(fails="relu_backward.values", hint="cuts fractions off")
def integer_result(grad_out, x):
    grad = np.zeros(x.shape, dtype=int)
    grad[x > 0] = grad_out[x > 0]
    return grad


@wrong(fails="relu_backward.values", hint="a comma after a value makes a tuple")
def a_tuple_as_for_the_convolution(grad_out, x):
    return (grad_out * (x > 0),)
