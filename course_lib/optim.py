"""Optimisers: SGD, Adam and AdamW, step for step those of PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real

import numpy as np

from course_lib._validation import as_float, check_shape, fail
from course_lib.layers import Parameter


class Optimizer:
    """What the optimisers have in common: the parameters, the step size and each parameter's memory.

    Parameters
    ----------
    params : iterable of Parameter
        What to optimise, as ``layer.parameters()`` returns it.
    lr : float
        Step size; at least 0. It may be changed between steps.

    Raises
    ------
    ValueError
        If there are no parameters, one is given twice, or `lr` is out of range.
    """

    def __init__(self, params: Iterable[Parameter], lr: float):
        name = type(self).__name__
        if not isinstance(params, Iterable):
            fail(name, "an iterable of Parameters", type(params).__name__)
        self.params = list(params)
        if not self.params or not all(isinstance(parameter, Parameter) for parameter in self.params):
            fail(name, "at least one Parameter", f"{[type(p).__name__ for p in self.params]}")
        if len(set(self.params)) < len(self.params):
            fail(name, "every Parameter once", f"{len(set(self.params))} of {len(self.params)}")
        self.lr = as_float(name, "lr", lr, 0)
        self._memory: list[dict] = [{} for _ in self.params]

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters."""
        for parameter in self.params:
            parameter.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient, in place.

        Raises
        ------
        ValueError
            If a gradient has not the shape of its parameter.
        """
        function = f"{type(self).__name__}.step"
        for parameter, memory in zip(self.params, self._memory, strict=True):
            if parameter.grad is not None:
                check_shape(function, "grad", parameter.grad, parameter.data.shape)
                self._update(parameter.data, parameter.grad, memory)

    def _update(self, data: np.ndarray, grad: np.ndarray, memory: dict) -> None:
        """Move one parameter; ``memory`` is its own and starts empty."""
        raise NotImplementedError


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum and weight decay.

    With gradient :math:`g`, weight decay :math:`\lambda`, momentum :math:`\mu` and dampening :math:`\tau`,

    .. math::
        d = g + \lambda \theta, \qquad v \leftarrow \mu v + (1 - \tau)\, d, \qquad \theta \leftarrow \theta -
        \eta v.

    The first :math:`v` is :math:`d` itself. Nesterov's variant steps along :math:`d + \mu v`.

    Parameters
    ----------
    params : iterable of Parameter
        What to optimise.
    lr : float, default 1e-3
        Step size :math:`\eta`.
    momentum : float, default 0
        Share of the last step that is kept.
    dampening : float, default 0
        Share of the gradient that momentum leaves out.
    weight_decay : float, default 0
        Pull towards 0, through the gradient.
    nesterov : bool, default False
        Look ahead along the momentum; needs momentum and no dampening.

    Raises
    ------
    ValueError
        If a number is out of range, or `nesterov` is asked for without momentum or with dampening.

    References
    ----------
    .. [1] I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum
       in deep learning", ICML 2013, section 2.

    Examples
    --------
    >>> p = Parameter(np.array([1.0]))
    >>> p.grad = np.array([0.5])
    >>> SGD([p], lr=0.1).step()
    >>> p.data
    array([0.95])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
    ):
        super().__init__(params, lr)
        self.momentum = as_float("SGD", "momentum", momentum, 0)
        self.dampening = as_float("SGD", "dampening", dampening)
        self.weight_decay = as_float("SGD", "weight_decay", weight_decay, 0)
        self.nesterov = nesterov
        if nesterov and (momentum == 0 or dampening != 0):
            fail("SGD", "momentum and no dampening for `nesterov`", f"{momentum} and {dampening}")

    def _update(self, data: np.ndarray, grad: np.ndarray, memory: dict) -> None:
        step = grad + self.weight_decay * data if self.weight_decay else grad
        if self.momentum:
            if "velocity" in memory:
                memory["velocity"] = self.momentum * memory["velocity"] + (1 - self.dampening) * step
            else:
                memory["velocity"] = step.copy()
            step = step + self.momentum * memory["velocity"] if self.nesterov else memory["velocity"]
        data -= self.lr * step


class Adam(Optimizer):
    r"""Adam: steps scaled by running moments of the gradient.

    With gradient :math:`g` in step :math:`t`,

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        \theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}.

    Parameters
    ----------
    params : iterable of Parameter
        What to optimise.
    lr : float, default 1e-3
        Step size :math:`\eta`.
    betas : pair of float, default (0.9, 0.999)
        Memory of the first and of the second moment; each from 0 to 1, 1 excluded.
    eps : float, default 1e-8
        Keeps the divisor from 0.
    weight_decay : float, default 0
        Pull towards 0, through the gradient and so through both moments.

    Raises
    ------
    ValueError
        If a number is out of range.

    See Also
    --------
    AdamW : Decays the weights themselves.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980, 2014,
       algorithm 1.

    Examples
    --------
    The first step is `lr` long whatever the gradient:

    >>> p = Parameter(np.array([1.0, 1.0]))
    >>> p.grad = np.array([0.001, -1000.0])
    >>> Adam([p], lr=0.1).step()
    >>> p.data.round(6)
    array([0.900001, 1.1     ])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ):
        super().__init__(params, lr)
        name = type(self).__name__
        self.eps = as_float(name, "eps", eps, 0)
        self.weight_decay = as_float(name, "weight_decay", weight_decay, 0)
        pair = isinstance(betas, tuple | list) and len(betas) == 2
        if not pair or not all(isinstance(beta, Real) and 0 <= beta < 1 for beta in betas):
            fail(name, "`betas` to be two numbers of at least 0 and less than 1", repr(betas))
        self.betas = tuple(map(float, betas))

    def _update(self, data: np.ndarray, grad: np.ndarray, memory: dict) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        self._step_by_moments(data, grad, memory)

    def _step_by_moments(self, data: np.ndarray, grad: np.ndarray, memory: dict) -> None:
        """Update both moments and move the parameter."""
        beta1, beta2 = self.betas
        step = memory["step"] = memory.get("step", 0) + 1
        m = memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * grad
        v = memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * grad * grad
        root = np.sqrt(v) / math.sqrt(1 - beta2**step) + self.eps
        data -= (self.lr / (1 - beta1**step)) * (m / root)


class AdamW(Adam):
    r"""Adam with decoupled weight decay.

    Before Adam's step the parameter shrinks: :math:`\theta \leftarrow (1 - \eta \lambda)\, \theta`.

    Parameters
    ----------
    params : iterable of Parameter
        What to optimise.
    lr : float, default 1e-3
        Step size :math:`\eta`.
    betas : pair of float, default (0.9, 0.999)
        Memory of the first and of the second moment.
    eps : float, default 1e-8
        Keeps the divisor from 0.
    weight_decay : float, default 1e-2
        Pull towards 0, :math:`\lambda`, past the moments.

    Raises
    ------
    ValueError
        If a number is out of range.

    See Also
    --------
    Adam : Decays through the gradient.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", arXiv:1711.05101, 2019,
       algorithm 2.

    Examples
    --------
    >>> p = Parameter(np.array([1.0]))
    >>> p.grad = np.array([0.0])
    >>> AdamW([p], lr=0.1, weight_decay=0.5).step()
    >>> p.data
    array([0.95])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)

    def _update(self, data: np.ndarray, grad: np.ndarray, memory: dict) -> None:
        data *= 1 - self.lr * self.weight_decay
        self._step_by_moments(data, grad, memory)
