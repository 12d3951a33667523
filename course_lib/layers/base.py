"""What every layer has in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from course_lib._validation import check_floating, check_same_dtype, check_shape, fail


class Parameter:
    """An array that is learned, and its gradient.

    Parameters
    ----------
    data : ndarray, floating
        The values. Optimisers change them in place.

    Attributes
    ----------
    data : ndarray
        The values.
    grad : ndarray, shape and dtype of `data`, or None
        The sum of all gradients since they were last cleared; None when there was none.

    Raises
    ------
    ValueError
        If `data` is not a floating array.

    Examples
    --------
    >>> p = Parameter(np.zeros(2))
    >>> p.accumulate(np.array([1.0, 2.0]))
    >>> p.accumulate(np.array([1.0, 2.0]))
    >>> p.grad
    array([2., 4.])
    """

    def __init__(self, data: np.ndarray):
        check_floating("Parameter", "data", data)
        self.data = data
        self.grad: np.ndarray | None = None

    def accumulate(self, grad: np.ndarray) -> None:
        """Add a gradient to those collected so far.

        Parameters
        ----------
        grad : ndarray, shape and dtype of `data`
            Gradient of the loss.

        Raises
        ------
        ValueError
            If `grad` has not the shape and the dtype of `data`.
        """
        check_shape("Parameter.accumulate", "grad", grad, self.data.shape)
        check_same_dtype("Parameter.accumulate", grad=grad, data=self.data)
        self.grad = grad.copy() if self.grad is None else self.grad + grad


class Layer:
    """A step of a network: forward, backward, and the parameters it owns.

    A layer of your own sets its parameters, its buffers (arrays that are kept but not learned) and its inner
    layers as attributes, and defines ``forward`` and ``backward``.

    Attributes
    ----------
    training : bool
        Whether the layer is being trained; dropout and batch norm behave differently then. True at first.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x):
    ...         return 2 * x
    ...
    ...     def backward(self, grad_out):
    ...         return 2 * grad_out
    >>> Double()(np.ones(3))
    array([2., 2., 2.])
    """

    training = True
    _x: np.ndarray | None = None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Run ``forward``."""
        return self.forward(x)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Compute the layer's output and keep what ``backward`` needs.

        Parameters
        ----------
        x : ndarray
            Input batch.

        Returns
        -------
        ndarray
            The output batch.
        """
        raise NotImplementedError

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Add to the parameters' gradients, and return the gradient of the input.

        Parameters
        ----------
        grad_out : ndarray, shape of the output
            Gradient of the loss for the output of the last ``forward``.

        Returns
        -------
        ndarray, shape of the input
            Gradient of the loss for the input.
        """
        raise NotImplementedError

    def named_layers(self) -> dict[str, Layer]:
        """Return the layers directly inside this one.

        Returns
        -------
        dict of str to Layer
            In the order in which they were set.
        """
        return {name: value for name, value in vars(self).items() if isinstance(value, Layer)}

    def all_layers(self) -> Iterator[Layer]:
        """Yield this layer and every layer under it.

        Yields
        ------
        Layer
            Outer ones before inner ones.
        """
        yield self
        for layer in self.named_layers().values():
            yield from layer.all_layers()

    def named_buffers(self) -> dict[str, np.ndarray]:
        """Return this layer's own arrays that are kept but not learned.

        Returns
        -------
        dict of str to ndarray
            Public attributes that are arrays.
        """
        public = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {name: value for name, value in public.items() if isinstance(value, np.ndarray)}

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield every parameter in and under this layer with its dotted name.

        Parameters
        ----------
        prefix : str, default ""
            Put before each name.

        Yields
        ------
        name : str
            For example ``"0.weight"`` for the weight of the first layer of a `Sequential`.
        parameter : Parameter
            The parameter itself.
        """
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
        for name, layer in self.named_layers().items():
            yield from layer.named_parameters(f"{prefix}{name}.")

    def parameters(self) -> list[Parameter]:
        """Return every parameter in and under this layer, as optimisers take them.

        Returns
        -------
        list of Parameter
            In the order of ``named_parameters``; one that several layers share stands there once.
        """
        return list(dict.fromkeys(parameter for _, parameter in self.named_parameters()))

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode: bool = True) -> Layer:
        """Switch this layer and all under it to training.

        Parameters
        ----------
        mode : bool, default True
            False switches to evaluation.

        Returns
        -------
        Layer
            This layer.
        """
        self.training = mode
        for layer in self.named_layers().values():
            layer.train(mode)
        return self

    def eval(self) -> Layer:
        """Switch this layer and all under it to evaluation.

        Returns
        -------
        Layer
            This layer.
        """
        return self.train(False)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copy all parameters and buffers.

        Returns
        -------
        dict of str to ndarray
            By dotted name; the names are PyTorch's.
        """
        return {name: array.copy() for name, array in self._named_arrays()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Copy values into all parameters and buffers, keeping their dtype.

        Parameters
        ----------
        state : mapping of str to array
            As ``state_dict`` returns it; tensors on the CPU are accepted.

        Raises
        ------
        ValueError
            If a name is missing or unknown, a shape disagrees, or a value is no real number. Nothing is
            changed then.
        """
        function = f"{type(self).__name__}.load_state_dict"
        own = dict(self._named_arrays())
        if not isinstance(state, Mapping) or own.keys() != state.keys():
            got = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
            fail(function, f"the names {sorted(own)}", got)
        values = {name: np.asarray(value) for name, value in state.items()}
        for name, array in own.items():
            check_shape(function, name, values[name], array.shape)
            if values[name].dtype.kind not in "biuf":
                fail(function, f"`{name}` of real numbers", f"dtype {values[name].dtype}")
        for name, array in own.items():
            array[...] = values[name]

    def _named_arrays(self, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
        """Yield the arrays of all parameters and buffers, in PyTorch's order."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value.data
        for name, array in self.named_buffers().items():
            yield prefix + name, array
        for name, layer in self.named_layers().items():
            yield from layer._named_arrays(f"{prefix}{name}.")

    def _input(self) -> np.ndarray:
        """Return what the last ``forward`` was given."""
        if self._x is None:
            fail(f"{type(self).__name__}.backward", "a forward pass before it", "none")
        return self._x
