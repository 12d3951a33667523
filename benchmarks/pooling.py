"""Pooling, forward and backward, against torch and against the loops that courses usually show."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks._harness import Table, clock, compare, geometric_mean
from course_lib import functional

#: Batch, channels, height = width, kernel, stride, padding.
SHAPES = [
    (32, 64, 32, 2, 2, 0),
    (32, 64, 32, 3, 2, 1),
    (64, 6, 28, 2, 2, 0),
    (8, 64, 56, 3, 1, 1),
    (16, 128, 28, 2, 2, 0),
    (16, 192, 28, 3, 1, 1),
]
SMALL_SHAPES = [(8, 8, 28, 2, 2, 0), (8, 8, 28, 3, 2, 0)]


def measure(repeats: int) -> list[Table]:
    """Both poolings against torch, then the loops on shapes that they can manage."""
    return [
        against_torch("max_pool2d", repeats),
        against_torch("avg_pool2d", repeats),
        against_loops(repeats),
    ]


def draw(shape):
    """Draw an input and an upstream gradient in float32."""
    N, C, H, k, s, p = shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, C, H, H)).astype(np.float32)
    size = (H + 2 * p - k) // s + 1
    return x, rng.standard_normal((N, C, size, size)).astype(np.float32)


def against_torch(name: str, repeats: int) -> Table:
    """Forward plus backward, ours and torch's in turn."""
    table = Table(
        f"{name}, forward + backward, float32",
        ["N,C,H,k,s,p", "NumPy ms", "torch ms", "ratio", "quartiles"],
        [race(name, shape, repeats) for shape in SHAPES],
    )
    mean = geometric_mean([row[3] for row in table.rows])
    table.figures = {"geometric_mean": mean}
    table.notes.append(f"geometric mean {mean:.2f} (at most 3 wanted)")
    return table


def race(name: str, shape: tuple[int, ...], repeats: int) -> list[object]:
    """Run both programs on one shape and return the row."""
    forward, backward = getattr(functional, name), getattr(functional, f"{name}_backward")
    (x, grad_out), window, theirs = draw(shape), shape[3:], getattr(F, name)
    leaf, torch_grad_out = torch.from_numpy(x).requires_grad_(), torch.from_numpy(grad_out)

    def ours():
        return forward(x, *window), backward(grad_out, x, *window).x

    def torchs():
        result = theirs(leaf, *window)
        return result, *torch.autograd.grad(result, leaf, torch_grad_out)

    for mine, other in zip(ours(), torchs(), strict=True):  # the same numbers, or the race is off
        np.testing.assert_allclose(mine, other.detach().numpy(), rtol=1e-4, atol=1e-5)
    time = compare(ours, torchs, repeats)
    return [",".join(map(str, shape)), time.ours * 1e3, time.theirs * 1e3, time.ratio, time.spread]


def loops(x, grad_out, k, s):
    """Max pooling forward and backward, one window at a time."""
    N, C, H_out, W_out = grad_out.shape
    out, grad_x = np.empty_like(grad_out), np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    window = x[n, c, i * s : i * s + k, j * s : j * s + k]  # (k, k)
                    u, v = divmod(int(window.argmax()), k)
                    out[n, c, i, j] = window[u, v]
                    grad_x[n, c, i * s + u, j * s + v] += grad_out[n, c, i, j]
    return out, grad_x


def against_loops(repeats: int) -> Table:
    """How much the loops over windows cost."""
    table = Table(
        "max_pool2d against loops, forward + backward, float32",
        ["N,C,H,k,s,p", "course_lib ms", "loops ms", "loops are slower by"],
    )
    table.rows = [race_loops(shape, repeats) for shape in SMALL_SHAPES]
    return table


def race_loops(shape: tuple[int, ...], repeats: int) -> list[object]:
    """Time both programs on one shape and return the row."""
    (x, grad_out), (k, s, p) = draw(shape), shape[3:]

    def ours():
        result = functional.max_pool2d(x, k, s, p)
        return result, functional.max_pool2d_backward(grad_out, x, k, s, p).x

    def looped():
        return loops(x, grad_out, k, s)

    for mine, other in zip(ours(), looped(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    fast = float(np.median([clock(ours) for _ in range(repeats)]))
    slow = float(np.median([clock(looped) for _ in range(max(3, repeats // 3))]))
    return [",".join(map(str, shape)), fast * 1e3, slow * 1e3, slow / fast]
