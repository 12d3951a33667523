"""Convolution along one axis, as over the words of a sentence: `conv2d` on images of height 1."""

from __future__ import annotations

from course_lib._validation import as_int
from course_lib.functional._conv_arguments import ConvGradients, check_arrays, check_grad_out, conv_geometry
from course_lib.functional.conv import conv2d, conv2d_backward


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Cross-correlate a batch of sequences with a bank of filters.

    .. math::
        y_{n,o,i} = b_o + \sum_{c=1}^{C_{in}} \sum_{u=0}^{K - 1} w_{o,c,u}\; x_{n,\,c,\; s i + d u - p}.

    Parameters
    ----------
    x : ndarray, shape (N, C_in, L), floating
        Input batch: at each of L positions a vector of C_in features; N may be 0.
    weight : ndarray, shape (C_out, C_in/groups, K), same dtype as `x`
        Filters.
    bias : ndarray, shape (C_out,), optional
        One offset per output channel. None (default) adds nothing.
    stride : int, default 1
        Step between neighbouring windows, in positions; at least 1.
    padding : int, "same" or "valid", default 0
        Zeros added at each end, in positions. "same" adds ``d * (K - 1)`` in all, an odd one at the far end.
    dilation : int, default 1
        Distance between neighbouring kernel entries, in positions; at least 1.
    groups : int, default 1
        Into how many groups the channels are cut.

    Returns
    -------
    ndarray, shape (N, C_out, L_out), dtype of `x`
        ``L_out = (L + 2 p - d (K - 1) - 1) // s + 1``.

    Raises
    ------
    ValueError
        If a rank, the channels or the dtypes disagree, an argument is out of range, the kernel exceeds the
        padded input, or "same" meets a stride other than 1.

    See Also
    --------
    conv1d_backward : Gradients for `x`, `weight` and `bias`.

    References
    ----------
    .. [1] Y. Kim, "Convolutional neural networks for sentence classification", EMNLP 2014, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0, 4.0, 8.0]]])  # (N, C_in, L) = (1, 1, 4)
    >>> w = np.array([[[-1.0, 0.0, 1.0]]])  # (C_out, C_in, K) = (1, 1, 3)
    >>> conv1d(x, w, padding="same")
    array([[[ 2.,  3.,  6., -4.]]])
    """
    _, settings = _check("conv1d", x, weight, bias, stride, padding, dilation, groups)
    return conv2d(x[:, :, None], weight[:, :, None], bias, *settings)[:, :, 0]  # (N, C_out, L_out)


def conv1d_backward(grad_out, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradients of `conv1d` for its input, its filters and its bias.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C_out, L_out), same dtype as `x`
        Gradient of the loss for the result of `conv1d`.
    x, weight : ndarray
        Input and filters, as `conv1d` was given them.
    bias : ndarray, optional
        The bias; its values do not matter, only whether there is one.
    stride, padding, dilation, groups : int or str
        As `conv1d` was given them.

    Returns
    -------
    ConvGradients
        ``grads.x``, ``grads.weight`` and ``grads.bias``, each shaped like its input; None where `bias` is.

    Raises
    ------
    ValueError
        If `grad_out` has not the shape and dtype of the forward's result, or `conv1d` would refuse the rest.

    See Also
    --------
    conv1d : The forward pass.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 9.5.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0, 4.0]]])
    >>> grads = conv1d_backward(np.array([[[10.0, 1.0]]]), x, np.array([[[-1.0, 1.0]]]))
    >>> grads.x
    array([[[-10.,   9.,   1.]]])
    """
    function = "conv1d_backward"
    L_out, settings = _check(function, x, weight, bias, stride, padding, dilation, groups)
    check_grad_out(function, grad_out, x, (len(x), len(weight), L_out))
    grads = conv2d_backward(grad_out[:, :, None], x[:, :, None], weight[:, :, None], bias, *settings)
    return ConvGradients(grads.x[:, :, 0], grads.weight[:, :, 0], grads.bias)


def _check(function, x, weight, bias, stride, padding, dilation, groups):
    """Check in one dimension, so that messages speak of it; return L_out and the arguments in two."""
    groups = check_arrays(function, x, weight, bias, groups, axes="L")
    stride = (1, as_int(function, "stride", stride, 1))
    dilation = (1, as_int(function, "dilation", dilation, 1))
    if not isinstance(padding, str):
        padding = (0, as_int(function, "padding", padding, 0))
    size, kernel = (1, x.shape[2]), (1, weight.shape[2])
    geometry = conv_geometry(function, size, kernel, stride, padding, dilation, groups)
    return geometry.out[1], (stride, padding, dilation, groups)
