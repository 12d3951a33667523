r"""Central differences: the referee between a forward pass and its backward pass.

The step is the one choice to make. For a smooth function,
:math:`(f(x + \epsilon) - f(x - \epsilon)) / 2\epsilon` misses the derivative by about
:math:`\epsilon^2 |f'''| / 6`, because the Taylor series was cut, and by about :math:`u |f| / \epsilon`,
because the two values were rounded to the unit roundoff :math:`u`. The first error falls with
:math:`\epsilon`, the second grows, and their sum is least near
:math:`\epsilon = \sqrt[3]{3 u |f| / |f'''|}`: about 7e-6 in float64, where :math:`u = 1.1 \times 10^{-16}`,
if the function and its third derivative are of size one. The default of 1e-6 lies a little below, because a
ReLU or a maximum has kinks, and a smaller step crosses fewer of them. In float32 the same rule gives 6e-3 and
leaves four digits at best, so everything here is computed in float64.
"""

from __future__ import annotations

import inspect
from numbers import Real
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_shape, fail

EPSILON = 1e-6


class GradientError(NamedTuple):
    """Where an analytic gradient is furthest from the numerical one.

    Attributes
    ----------
    name : str
        Name of the argument.
    relative_error : float
        ``|analytic - numerical| / max(1, |analytic|, |numerical|)`` at the worst entry.
    index : tuple of int
        That entry.
    analytic : float
        What the backward pass says there.
    numerical : float
        What central differences say there.
    """

    name: str
    relative_error: float
    index: tuple[int, ...]
    analytic: float
    numerical: float

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return (
            f"gradient for `{self.name}`: worst relative error {self.relative_error:.1e} at [{place}], "
            f"analytic {self.analytic:.6g}, numerical {self.numerical:.6g}"
        )


def numerical_gradient(f, x, eps=EPSILON):
    r"""Gradient of a scalar function, one entry at a time, by central differences in float64.

    .. math::
        \frac{\partial f}{\partial x_i} \approx \frac{f(x + \epsilon e_i) - f(x - \epsilon e_i)}{2 \epsilon}.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, in float64 and its own to change, and returns one number.
    x : ndarray, any shape, real
        Where to differentiate. It is not changed.
    eps : float, default 1e-6
        Half the distance between the two points; positive. See the module's text for the choice.

    Returns
    -------
    ndarray, shape of `x`, float64
        The estimated gradient. Cost: two calls of `f` per entry.

    Raises
    ------
    ValueError
        If `x` is not real, `f` does not return a single real number, or `eps` is not positive.

    See Also
    --------
    check_gradients : Holds a backward pass to this estimate.

    References
    ----------
    .. [1] J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd ed., Springer, 2006, section 8.1.

    Examples
    --------
    >>> x = np.array([1.0, -2.0, 3.0])
    >>> numerical_gradient(lambda x: (x**2).sum(), x).round(6)
    array([ 2., -4.,  6.])
    """
    if not isinstance(eps, Real) or not 0 < eps < np.inf:
        fail("numerical_gradient", "`eps` to be positive", repr(eps))
    if np.asarray(x).dtype.kind not in "biuf":
        fail("numerical_gradient", "`x` to be real", f"dtype {np.asarray(x).dtype}")
    x = np.array(x, dtype=np.float64)  # a copy: the entries are moved one by one
    grad = np.empty_like(x)
    for index in np.ndindex(x.shape):
        here = x[index]
        x[index] = here + eps
        above, right = _scalar(f(x.copy())), x[index]
        x[index] = here - eps
        below, left = _scalar(f(x.copy())), x[index]
        x[index] = here
        grad[index] = (above - below) / (right - left)  # the step that rounding let happen, not 2 * eps
    return grad


def gradient_errors(op, op_backward, args, eps=EPSILON, rng=None, **settings):
    r"""Compare a backward pass with central differences, argument by argument.

    A random upstream gradient `g` turns the array that `op` returns into the scalar ``sum(g * op(...))``,
    whose gradient `op_backward` must give. An upstream gradient of ones would let mistakes cancel.

    Parameters
    ----------
    op : callable
        Called as ``op(*args, **settings)``; returns an array, or a record whose field ``out`` is one.
    op_backward : callable
        Called as ``op_backward(grad_out, *args, **settings)``; returns a NamedTuple named after the inputs,
        or the one gradient of an op with one input.
    args : sequence
        Positional arguments. Floating arrays are converted to float64 and differentiated where the backward
        pass returns a gradient of their name; None stays.
    eps : float, default 1e-6
        Step of the central differences.
    rng : numpy.random.Generator, optional
        Draws `g`. None (default) takes ``np.random.default_rng(0)``.
    **settings
        Keyword arguments of both functions.

    Returns
    -------
    list of GradientError
        The worst entry of each gradient, in the order of the arguments.

    Raises
    ------
    ValueError
        If a gradient has not the shape of its argument, or none was returned at all.

    See Also
    --------
    check_gradients : Raises where an error is too large.

    References
    ----------
    .. [1] J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd ed., Springer, 2006, section 8.1.

    Examples
    --------
    >>> square = lambda x: x**2
    >>> wrong = lambda grad_out, x: grad_out * x  # the factor 2 is missing
    >>> [error] = gradient_errors(square, wrong, [np.array([1.0, 3.0])])
    >>> error.name, error.index, round(error.relative_error, 3)
    ('x', (1,), 0.396)
    """
    rng = np.random.default_rng(0) if rng is None else rng
    args = [np.asarray(a, np.float64) if _is_floating(a) else a for a in args]
    g = rng.normal(size=_out(op(*args, **settings)).shape)
    analytic = _named_gradients(op, op_backward(g, *args, **settings))
    errors = []
    for position, name in enumerate(list(inspect.signature(op).parameters)[: len(args)]):
        if analytic.get(name) is None or not _is_floating(args[position]):
            continue
        grad = analytic[name]
        check_shape("gradient_errors", f"gradient for {name}", grad, args[position].shape)

        def loss(value, position=position):
            return (g * _out(op(*args[:position], value, *args[position + 1 :], **settings))).sum()

        errors.append(_worst(name, grad, numerical_gradient(loss, args[position], eps)))
    if not errors:
        fail("gradient_errors", "the gradient of at least one array in `args`", "none")
    return errors


def check_gradients(op, op_backward, args, eps=EPSILON, tolerance=1e-6, rng=None, **settings):
    """Raise an AssertionError that names the worst entry if a backward pass disagrees with its forward pass.

    Parameters
    ----------
    op, op_backward : callable
        The forward and the backward pass, as for `gradient_errors`.
    args : sequence
        Positional arguments of `op`.
    eps : float, default 1e-6
        Step of the central differences.
    tolerance : float, default 1e-6
        Largest relative error allowed. Rounding leaves about 1e-9 at the default `eps`; mistakes leave 1e-2
        and more.
    rng : numpy.random.Generator, optional
        Draws the upstream gradient. None (default) takes ``np.random.default_rng(0)``.
    **settings
        Keyword arguments of both functions.

    Returns
    -------
    list of GradientError
        The worst entry of each gradient.

    Raises
    ------
    AssertionError
        If a relative error exceeds `tolerance` or is not a number.
    ValueError
        As `gradient_errors`.

    See Also
    --------
    gradient_errors : The same without a verdict.

    References
    ----------
    .. [1] J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd ed., Springer, 2006, section 8.1.

    Examples
    --------
    >>> from course_lib.functional import conv2d, conv2d_backward
    >>> rng = np.random.default_rng(0)
    >>> x, w = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(4, 3, 3, 2))
    >>> errors = check_gradients(conv2d, conv2d_backward, [x, w], stride=2, padding=1)
    >>> [error.name for error in errors]
    ['x', 'weight']
    """
    errors = gradient_errors(op, op_backward, args, eps, rng, **settings)
    wrong = [str(error) for error in errors if not error.relative_error <= tolerance]
    if wrong:
        raise AssertionError(f"check_gradients: above {tolerance:.0e}: " + "; ".join(wrong))
    return errors


def _out(result):
    """Return the array that an operation computes, which a record holds as ``out``."""
    return np.asarray(getattr(result, "out", result))


def _scalar(value):
    value = np.asarray(value)
    if value.size != 1 or value.dtype.kind not in "biuf":
        got = f"an array of shape {value.shape}" if value.size != 1 else f"dtype {value.dtype}"
        fail("numerical_gradient", "`f` to return one number", got)
    return value.item()


def _is_floating(value):
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def _named_gradients(op, gradients):
    """Gradients by the name of their argument; a bare array belongs to the first argument of ``op``."""
    if hasattr(gradients, "_asdict"):
        return gradients._asdict()
    return {next(iter(inspect.signature(op).parameters)): np.asarray(gradients)}


def _worst(name, analytic, numerical):
    scale = np.maximum(1.0, np.maximum(np.abs(analytic), np.abs(numerical)))
    error = np.abs(analytic - numerical) / scale
    if error.size == 0:
        return GradientError(name, 0.0, (), 0.0, 0.0)
    index = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))  # argmax finds a NaN first
    return GradientError(name, float(error[index]), index, float(analytic[index]), float(numerical[index]))
