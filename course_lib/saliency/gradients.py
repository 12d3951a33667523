"""Gradients of the input: which pixels matter, and which image would be ideal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course_lib._validation import as_float, as_int, fail
from course_lib.saliency._common import (
    as_images,
    main_output,
    recording,
    target_scores,
)
from course_lib.training.modes import evaluating


def gradient_saliency(
    model: nn.Module, images: np.ndarray | Tensor, target: int | Sequence[int] | None = None
) -> np.ndarray:
    r"""How strongly each pixel moves a class: :math:`\max_c |\partial z_k / \partial x_{c,i,j}|`.

    Parameters
    ----------
    model : Module
        A classifier.
    images : ndarray or Tensor, shape (N, C, H, W), floating
        Images.
    target : int or sequence of int, optional
        Class to ask about, for all images or one for each; by default the one that the model predicts.

    Returns
    -------
    ndarray, shape (N, H, W)
        Saliency, at least 0, in logits per unit of a pixel's value.

    Raises
    ------
    ValueError
        If the shape of the images, of the model's answer or the target does not fit.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks: visualising image
       classification models and saliency maps", arXiv:1312.6034, 2013, section 3.

    Examples
    --------
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    >>> model[1].weight.data = torch.tensor([[1., 0., 0., -3.], [0., 2., 0., 0.]])
    >>> gradient_saliency(model, np.ones((1, 1, 2, 2), dtype=np.float32), target=0)
    array([[[1., 0.],
            [0., 3.]]], dtype=float32)
    """
    images = as_images("gradient_saliency", model, images).requires_grad_()
    with torch.enable_grad(), evaluating(model):
        score = target_scores("gradient_saliency", model, images, target)  # (N,)
        (gradient,) = torch.autograd.grad(score.sum(), images)  # (N, C, H, W)
    return gradient.abs().amax(dim=1).cpu().numpy()  # (N, H, W)


def activation_maximisation(
    model: nn.Module,
    image_shape: tuple[int, int, int],
    channel: int,
    layer: str | None = None,
    *,
    steps: int = 100,
    step_size: float = 0.1,
    weight_decay: float = 0.01,
    limits: tuple[float, float] | None = (0.0, 1.0),
    generator: torch.Generator | None = None,
) -> np.ndarray:
    """Climb from grey noise to an image that excites one channel or one class most.

    Each step goes along the gradient of the channel's mean, divided by the gradient's root mean square;
    then every pixel shrinks towards the start's grey and is clipped.

    Parameters
    ----------
    model : Module
        Any network.
    image_shape : tuple of int
        ``(C, H, W)`` of the image.
    channel : int
        Channel of the layer, or class.
    layer : str, optional
        Name of the layer; None (default) takes the model's logits.
    steps : int, default 100
        Number of steps; at least 1.
    step_size : float, default 0.1
        Length of a step, in units of a pixel's value.
    weight_decay : float, default 0.01
        Share of its distance from grey that a pixel loses at each step.
    limits : pair of float, optional
        Smallest and largest pixel value, (0, 1) by default; None leaves pixels free around 0.
    generator : torch.Generator, optional
        Where the noise of the start comes from; torch's global generator by default.

    Returns
    -------
    ndarray, shape (C, H, W)
        The image.

    Raises
    ------
    ValueError
        If `image_shape` is not ``(C, H, W)``, a number is out of range, the limits are not a pair that
        rises, or the layer does not exist, does not answer with a tensor, or has no such channel.

    References
    ----------
    .. [1] D. Erhan et al., "Visualizing higher-layer features of a deep network", technical report 1341,
       University of Montreal, 2009.
    .. [2] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks", arXiv:1312.6034,
       2013, section 2.

    Examples
    --------
    >>> model = nn.Conv2d(1, 1, kernel_size=2, bias=False)
    >>> model.weight.data = torch.tensor([[[[1., -1.], [1., -1.]]]])
    >>> activation_maximisation(model, (1, 2, 2), channel=0).round(1)
    array([[[1., 0.],
            [1., 0.]]], dtype=float32)
    """
    function = "activation_maximisation"
    steps, channel = as_int(function, "steps", steps, 1), as_int(function, "channel", channel, 0)
    step_size = as_float(function, "step_size", step_size)
    weight_decay = as_float(function, "weight_decay", weight_decay, 0, 1)
    low, high = _limits(limits)
    grey = 0.0 if limits is None else (low + high) / 2
    if not isinstance(image_shape, tuple | list) or len(image_shape) != 3:
        fail(function, "`image_shape` to be (C, H, W)", repr(image_shape))
    shape = [as_int(function, "image_shape", n, 1) for n in image_shape]
    noise = torch.randn(1, *shape, generator=generator)  # (1, C, H, W)
    noise = noise.to(next(model.parameters(), noise))  # (1, C, H, W)
    image = (grey + 0.01 * noise).clamp(low, high)  # (1, C, H, W)
    names = [] if layer is None else [layer]
    with torch.enable_grad(), evaluating(model), recording(function, model, names) as seen:
        for _ in range(steps):
            image.requires_grad_()
            answer = model(image)
            response = _response(main_output(answer) if layer is None else seen.get(layer), channel)
            (gradient,) = torch.autograd.grad(response, image)  # (1, C, H, W)
            direction = gradient / gradient.square().mean().sqrt().clamp(min=1e-12)  # (1, C, H, W)
            image = image.detach() + step_size * direction
            image = (grey + (1 - weight_decay) * (image - grey)).clamp(low, high)
    return image[0].cpu().numpy()  # (C, H, W)


def _limits(limits: tuple[float, float] | None) -> tuple[float, float]:
    """Return the smallest and the largest value of a pixel."""
    if limits is None:
        return -float("inf"), float("inf")
    if not isinstance(limits, tuple | list) or len(limits) != 2:
        fail("activation_maximisation", "`limits` to be a pair of numbers", repr(limits))
    low, high = (as_float("activation_maximisation", "limits", limit) for limit in limits)
    if not -float("inf") < low < high < float("inf"):
        fail("activation_maximisation", "finite `limits` that rise", repr(limits))
    return low, high


def _response(answer: object, channel: int) -> Tensor:
    """Mean of one channel of a layer's answer."""
    if not isinstance(answer, Tensor) or answer.ndim < 2 or channel >= answer.shape[1]:
        got = type(answer).__name__ if not isinstance(answer, Tensor) else f"shape {tuple(answer.shape)}"
        got = "no answer" if answer is None else got
        fail("activation_maximisation", f"a layer that answers with at least {channel + 1} channels", got)
    return answer[:, channel].mean()
