"""What the layers answer, and where they find evidence for a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.saliency._common import (
    as_images,
    as_maps,
    check_seen,
    enlarged,
    find_layer,
    recording,
    run_classifier,
    target_classes,
    target_scores,
)
from course_lib.training.modes import evaluating


def layer_activations(
    model: nn.Module, images: np.ndarray | Tensor, layers: Sequence[str]
) -> dict[str, np.ndarray]:
    """Record what layers answer to a batch of images.

    Parameters
    ----------
    model : Module
        Any network.
    images : ndarray or Tensor, shape (N, C, H, W), floating
        Images.
    layers : sequence of str
        Names of layers, as ``model.named_modules()`` gives them.

    Returns
    -------
    dict of str to ndarray
        Each layer's output, in the order of `layers`.

    Raises
    ------
    ValueError
        If the images do not fit, the model has no layer of that name, or the layer is not used.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       arXiv:1311.2901, 2013.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> activations = layer_activations(model, np.zeros((2, 1, 8, 8), dtype=np.float32), ["0", "1"])
    >>> activations["1"].shape
    (2, 4, 6, 6)
    """
    if isinstance(layers, str) or not isinstance(layers, Sequence):
        fail("layer_activations", "a sequence of names of layers", repr(layers))
    images = as_images("layer_activations", model, images)
    with torch.no_grad(), evaluating(model), recording("layer_activations", model, layers) as seen:
        model(images)
        check_seen("layer_activations", seen)
        return {name: seen[name].cpu().numpy().copy() for name in layers}


def grad_cam(
    model: nn.Module,
    images: np.ndarray | Tensor,
    layer: str,
    target: int | Sequence[int] | None = None,
    upsample: bool = True,
) -> np.ndarray:
    r"""Where a layer finds evidence for a class, for any network (Grad-CAM).

    With the layer's maps :math:`A_c` and the class's logit :math:`z_k`,

    .. math::
        L_{i,j} = \max\Big(0, \sum_c \alpha_c A_{c,i,j}\Big), \qquad
        \alpha_c = \frac{1}{H' W'} \sum_{i,j} \frac{\partial z_k}{\partial A_{c,i,j}}.

    Parameters
    ----------
    model : Module
        A classifier.
    images : ndarray or Tensor, shape (N, C, H, W), floating
        Images.
    layer : str
        Name of a layer whose output is a map, usually the last before the dense layers.
    target : int or sequence of int, optional
        Class to ask about, for all images or one for each; by default the one that the model predicts.
    upsample : bool, default True
        Enlarge the map to the size of the images, bilinearly.

    Returns
    -------
    ndarray, shape (N, H, W), or (N, H', W') without `upsample`
        Evidence, at least 0.

    Raises
    ------
    ValueError
        If the layer does not exist, is not used or is no map, or the images or target do not fit.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
       localization", arXiv:1610.02391, 2016, equations 1 and 2.

    Examples
    --------
    >>> from course_lib.models import SmallResNet
    >>> model = SmallResNet(8, in_channels=1, width=0.25)
    >>> grad_cam(model, np.ones((2, 1, 28, 20), dtype=np.float32), "layer3").shape
    (2, 28, 20)
    """
    images = as_images("grad_cam", model, images)
    with torch.enable_grad(), evaluating(model), recording("grad_cam", model, [layer]) as seen:
        score = target_scores("grad_cam", model, images.requires_grad_(), target)  # (N,)
        maps = as_maps("grad_cam", layer, seen)  # (N, C', H', W')
        (gradient,) = torch.autograd.grad(score.sum(), maps)  # (N, C', H', W')
    weight = gradient.mean(dim=(2, 3), keepdim=True)  # (N, C', 1, 1)
    evidence = F.relu((weight * maps.detach()).sum(dim=1))  # (N, H', W')
    return enlarged(evidence, images, upsample)  # (N, H, W)


def class_activation_map(
    model: nn.Module,
    images: np.ndarray | Tensor,
    layer: str,
    classifier: str,
    target: int | Sequence[int] | None = None,
    upsample: bool = True,
) -> np.ndarray:
    r"""Split a class's logit over the positions of the last map (CAM).

    For networks that end in global average pooling and one dense layer with weights :math:`w`, the map
    :math:`M_{i,j} = \sum_c w_{k,c} A_{c,i,j}` has the mean :math:`z_k - b_k`: the logit without its bias.

    Parameters
    ----------
    model : Module
        A classifier.
    images : ndarray or Tensor, shape (N, C, H, W), floating
        Images.
    layer : str
        Name of the layer whose output is pooled globally.
    classifier : str
        Name of the dense layer.
    target : int or sequence of int, optional
        Class to ask about, for all images or one for each; by default the one that the model predicts.
    upsample : bool, default True
        Enlarge the map to the size of the images, bilinearly.

    Returns
    -------
    ndarray, shape (N, H, W), or (N, H', W') without `upsample`
        Evidence for (above 0) and against (below 0) the class, in logits.

    Raises
    ------
    ValueError
        If a layer does not exist or does not fit, or the images or target do not fit.

    References
    ----------
    .. [1] B. Zhou et al., "Learning deep features for discriminative localization", arXiv:1512.04150, 2015,
       equation 2.

    Examples
    --------
    >>> from course_lib.models import SmallResNet
    >>> model = SmallResNet(8, in_channels=1, width=0.25)
    >>> images = np.ones((2, 1, 28, 20), dtype=np.float32)
    >>> class_activation_map(model, images, "layer3", "fc", upsample=False).shape
    (2, 7, 5)
    """
    images = as_images("class_activation_map", model, images)
    dense = find_layer("class_activation_map", model, classifier)
    if not isinstance(dense, nn.Linear):
        fail("class_activation_map", "`classifier` to name a Linear layer", type(dense).__name__)
    with torch.no_grad(), evaluating(model), recording("class_activation_map", model, [layer]) as seen:
        logits = run_classifier("class_activation_map", model, images)  # (N, K)
        maps = as_maps("class_activation_map", layer, seen)  # (N, C', H', W')
        if maps.shape[1] != dense.in_features:
            fail("class_activation_map", f"a layer of {dense.in_features} channels", maps.shape[1])
        weight = dense.weight[target_classes("class_activation_map", logits, target)]  # (N, C')
        evidence = torch.einsum("nc,nchw->nhw", weight, maps)  # (N, H', W')
    return enlarged(evidence, images, upsample)  # (N, H, W)
