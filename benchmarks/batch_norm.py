"""Batch norm in training, forward and backward, against torch."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks._harness import Table, compare, geometric_mean
from course_lib import functional

#: Batch, channels, height = width.
SHAPES = [(32, 64, 32), (8, 64, 56), (64, 6, 28), (32, 256, 8), (128, 64, 16)]


def measure(repeats: int) -> list[Table]:
    """Forward plus backward in training, with scale, offset and running statistics."""
    table = Table(
        "batch_norm in training, forward + backward, float32",
        ["N,C,H", "NumPy ms", "torch ms", "ratio", "quartiles"],
        [race(shape, repeats) for shape in SHAPES],
    )
    mean = geometric_mean([row[3] for row in table.rows])
    table.figures = {"geometric_mean": mean}
    table.notes.append(f"geometric mean {mean:.2f} (at most 3 wanted)")
    return [table]


def race(shape: tuple[int, int, int], repeats: int) -> list[object]:
    """Run both programs on one shape and return the row."""
    N, C, H = shape
    rng = np.random.default_rng(0)
    x, grad_out = rng.standard_normal((2, N, C, H, H)).astype(np.float32)
    mean, var, weight, bias = rng.uniform(0.5, 1, (4, C)).astype(np.float32)
    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
    statistics = [torch.tensor(mean), torch.tensor(var)]
    torch_grad_out = torch.from_numpy(grad_out)

    def ours():
        result = functional.batch_norm(x, mean, var, weight, bias, training=True)
        grads = functional.batch_norm_backward(grad_out, x, mean, var, weight, bias, training=True)
        return result.out, *grads

    def torchs():
        result = F.batch_norm(leaves[0], *statistics, *leaves[1:], training=True)
        return result, *torch.autograd.grad(result, leaves, torch_grad_out)

    for mine, other in zip(ours(), torchs(), strict=True):  # the same numbers, or the race is off
        other = other.detach().numpy()
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4 * abs(other).max())
    time = compare(ours, torchs, repeats)
    return [",".join(map(str, shape)), time.ours * 1e3, time.theirs * 1e3, time.ratio, time.spread]
