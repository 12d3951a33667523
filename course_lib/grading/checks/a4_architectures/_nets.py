"""The blocks of assignment a4 in PyTorch, with switches for the known mistakes; loads torch.

`fill`, `run_module` and `StandIn` stand in the notebook as well, word for word: there they run in the jail.
"""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def fill(module, seed):
    """Put known numbers into all layers: ones and zeros for seed 0, else random ones.

    A number depends on the seed, on the layer's type, the tensor's name and shape, and on how many such
    tensors stand before it in the module: build the layers in the order in which the text lists them.
    """
    seen = Counter()
    for layer in module.double().modules():
        for name, tensor in [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]:
            key = f"{type(layer).__name__} {name} {tuple(tensor.shape)}"
            seen[key] += 1
            if not tensor.is_floating_point():
                continue
            rng = np.random.default_rng([seed, seen[key], zlib.crc32(key.encode())])
            if seed == 0:
                values = np.full(tensor.shape, {"weight": 1.0, "running_var": 1 - 1e-5}.get(name, 0.0))
            elif name == "running_var" or (name == "weight" and tensor.ndim == 1):
                values = rng.uniform(0.5, 1.5, tensor.shape)
            elif tensor.ndim > 1:
                values = rng.standard_normal(tensor.shape) * (2 / tensor[0].numel()) ** 0.5
            else:
                values = rng.standard_normal(tensor.shape)
            tensor.data.copy_(torch.from_numpy(values))
    return module.eval()


def run_module(module, x, seed):
    """Fill a module with known numbers and run it on an array, in evaluation mode and float64."""
    with torch.no_grad():
        y = fill(module, seed)(torch.tensor(x))
    if not isinstance(y, torch.Tensor):
        raise TypeError(f"forward returned {type(y).__name__}; expected a tensor (is the `return` missing?)")
    return y.numpy()


class StandIn(nn.Module):
    """In place of a VGG block, so that your net is tested without your block: halves H and W."""

    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__()
        self.num_convs = num_convs
        self.conv = nn.Conv2d(in_channels, out_channels, 2, stride=2)

    def forward(self, x):
        return self.num_convs * self.conv(x)  # (N, C_out, H / 2, W / 2)


def count(module):
    """Learnt numbers of a module."""
    return sum(p.numel() for p in module.parameters())


def vgg_block(
    num_convs, c_in, c_out, *, padding=1, kernel=3, relu=True, last_relu=True, pool="max", bias=True
):
    """Convolutions with ReLU, then a pool."""
    layers = []
    for i in range(num_convs):
        layers.append(nn.Conv2d(c_in if i == 0 else c_out, c_out, kernel, padding=padding, bias=bias))
        if relu and (last_relu or i < num_convs - 1):
            layers.append(nn.ReLU())
    pools = {"max": [nn.MaxPool2d(2)], "avg": [nn.AvgPool2d(2)], "none": [], "one": [nn.MaxPool2d(2, 1)]}
    pools["three"] = [nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*layers, *pools[pool])


def pool_each(num_convs, c_in, c_out):
    """A pool after every convolution."""
    blocks = [vgg_block(1, c_in if i == 0 else c_out, c_out) for i in range(num_convs)]
    return nn.Sequential(*blocks)


def vgg(
    blocks,
    c_in,
    size,
    hidden,
    classes,
    *,
    relu=True,
    block=StandIn,
    last_relu=False,
    bias=True,
    dense=1,
    swap=False,
):
    """Blocks, then two linear layers."""
    parts = []
    for num_convs, c_out in blocks:
        parts.append(block(num_convs, c_in, c_out))
        c_in = c_out
    h, w = (n // 2 ** len(blocks) for n in size)
    head = [nn.Flatten(), nn.Linear(c_in * h * w, hidden, bias=bias)] + [nn.ReLU()] * relu
    for _ in range(dense - 1):
        head += [nn.Linear(hidden, hidden), nn.ReLU()]
    head += [nn.Linear(hidden, classes, bias=bias)] + [nn.ReLU()] * last_relu
    return nn.Sequential(*parts, _Swap(), *head) if swap else nn.Sequential(*parts, *head)


class _Swap(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).contiguous()  # (N, H, W, C)


class OnlyOne(StandIn):
    """A stand-in that is always told one convolution."""

    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(1, in_channels, out_channels)


class Inception(nn.Module):
    """Four branches side by side; ``join`` and ``act`` and the pool can be replaced."""

    def __init__(
        self, c_in, c1, c2, c3, c4, *, pool=None, act=F.relu, last=F.relu, wide=False, pool_act=F.relu
    ):
        super().__init__()
        self.a = nn.Conv2d(c_in, c1, 1)
        self.b1, self.b2 = nn.Conv2d(c_in, c2[0], 1), nn.Conv2d(c2[0], c2[1], 3, padding=1)
        kernel = 3 if wide else 5
        self.c1, self.c2 = nn.Conv2d(c_in, c3[0], 1), nn.Conv2d(c3[0], c3[1], kernel, padding=kernel // 2)
        self.d = nn.Conv2d(c_in, c4, 1)
        self.pool = pool or (lambda x: F.max_pool2d(x, 3, 1, 1))
        self.act, self.last, self.pool_act = act, last, pool_act

    def branches(self, x):
        """The four outputs, in order."""
        b, c = self.act(self.b1(x)), self.act(self.c1(x))
        return [
            self.last(self.a(x)),
            self.last(self.b2(b)),
            self.last(self.c2(c)),
            self.pool_act(self.d(self.pool(x))),
        ]

    def forward(self, x):
        return torch.cat(self.branches(x), dim=1)  # (N, C_out, H, W)


class Residual(nn.Module):
    """Two convolutions and a shortcut; ``way`` replaces the forward pass."""

    def __init__(
        self,
        c_in,
        c_out,
        stride,
        *,
        way=None,
        bias=False,
        project=None,
        second=False,
        first=False,
        norm=True,
        extra=False,
        shift=False,
    ):
        super().__init__()
        project = (stride != 1 or c_in != c_out) if project is None else project
        shortcut = [nn.Conv2d(c_in, c_out, 1, stride, bias=bias or shift)] + [nn.BatchNorm2d(c_out)] * norm
        shortcut = nn.Sequential(*shortcut, *[nn.ReLU()] * extra) if project else nn.Identity()
        if first:
            self.shortcut = shortcut
        self.conv1 = nn.Conv2d(c_in, c_out, 3, 1 if second else stride, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, stride if second else 1, 1, bias=bias)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.shortcut, self.way = shortcut, way

    def body(self, x):
        """The branch with the two convolutions."""
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))

    def forward(self, x):
        return self.way(self, x) if self.way else F.relu(self.body(x) + self.shortcut(x))  # (N, C_out, H, W)


def converted_net(x, channels, size, hidden, classes, seed, change=None):
    """A small net with its two linear layers as convolutions, run on images of any size."""
    h, w = (n // 2 for n in size)
    net = nn.Sequential(
        *(nn.Conv2d(x.shape[1], channels, 2, 2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(channels * h * w, hidden), nn.ReLU(), nn.Linear(hidden, classes)),
    )
    fill(net, seed)
    one, two = (change or as_convolution)(net[3], channels, h, w), as_convolution(net[5], hidden, 1, 1)
    with torch.no_grad():
        y = two(F.relu(one(F.relu(net[0](torch.tensor(x))))))  # (N, K, H_out, W_out)
    return y.numpy()


def as_convolution(linear, channels, height, width):
    """The convolution that does to a map what a linear layer does behind flatten."""
    conv = nn.Conv2d(channels, linear.out_features, (height, width)).double()
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(-1, channels, height, width))
        conv.bias.copy_(linear.bias)
    return conv
