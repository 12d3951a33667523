"""Convolution, forward and backward, against torch and against the loops that courses usually show."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks._harness import Table, clock, race, torch_pass
from course_lib import functional

#: Batch, channels in and out, height = width, kernel, stride; padding is kernel // 2.
SHAPES = [
    (32, 64, 64, 32, 3, 1),
    (32, 3, 64, 32, 3, 1),
    (64, 1, 6, 28, 5, 1),
    (8, 64, 64, 56, 3, 1),
    (16, 64, 128, 56, 3, 2),
    (16, 256, 64, 28, 1, 1),
]
SMALL_SHAPES = [(2, 8, 8, 16, 3, 1), (1, 1, 1, 64, 3, 1)]


def measure(repeats: int) -> list[Table]:
    """Both operations against torch, then the loops on shapes that they can manage."""
    tables = []
    for name in ("conv2d", "conv_transpose2d"):
        cases = {label(shape): case(name, shape) for shape in SHAPES}
        tables.append(race(f"{name}, forward + backward, float32; N,C,O,H,k,s", cases, repeats, at_most=1.7))
    return [*tables, against_loops(repeats)]


def label(shape) -> str:
    """Batch, channels, size, kernel and stride as text."""
    return ",".join(map(str, shape))


def draw(shape, name="conv2d"):
    """Draw an input, filters and a bias in float32."""
    N, C, O, H, k, _ = shape  # noqa: E741
    rng = np.random.default_rng(0)
    filters = (O, C, k, k) if name == "conv2d" else (C, O, k, k)
    return [rng.standard_normal(s).astype(np.float32) for s in ((N, C, H, H), filters, (O,))]


def case(name: str, shape):
    """Forward and backward pass as one call, ours and torch's, on the same memory."""
    op, backward, theirs = (
        getattr(*n) for n in ((functional, name), (functional, f"{name}_backward"), (F, name))
    )
    arrays, (k, s) = draw(shape, name), shape[-2:]
    leaves = [torch.from_numpy(array).requires_grad_() for array in arrays]
    out = op(*arrays, s, k // 2)
    grad_out = np.random.default_rng(1).standard_normal(out.shape).astype(np.float32)

    def ours():
        return [op(*arrays, s, k // 2), *backward(grad_out, *arrays, s, k // 2)]

    return ours, torch_pass(lambda: theirs(*leaves, s, k // 2), leaves, grad_out)


def loops_over_windows(x, weight, bias, stride, padding):
    """Four nested loops, one window and one filter at a time, as first exercises ask for it."""
    (N, _, H, W), (O, _, K_h, K_w) = x.shape, weight.shape  # noqa: E741
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    H_out, W_out = (H + 2 * padding - K_h) // stride + 1, (W + 2 * padding - K_w) // stride + 1
    out = np.zeros((N, O, H_out, W_out), x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(H_out):
                for j in range(W_out):
                    window = padded[n, :, i * stride : i * stride + K_h, j * stride : j * stride + K_w]
                    out[n, o, i, j] = (window * weight[o]).sum() + bias[o]
    return out


def loops_over_channels(x, weight, bias, stride, padding):
    """One pair of channels at a time, each with two loops over the pixels of a single-channel image."""
    (N, C, _, _), O = x.shape, len(weight)  # noqa: E741
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    maps = [
        [sum(one_channel(padded[n, c], weight[o, c]) for c in range(C)) for o in range(O)] for n in range(N)
    ]
    return np.array(maps)[:, :, ::stride, ::stride] + bias[:, None, None]  # (N, O, H_out, W_out)


def one_channel(image, kernel):
    """Slide one kernel over one channel."""
    K_h, K_w = kernel.shape
    out = np.zeros((image.shape[0] - K_h + 1, image.shape[1] - K_w + 1), image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + K_h, j : j + K_w] * kernel).sum()
    return out


def torch_forward(*args):
    """Torch's forward pass on NumPy arrays."""
    return F.conv2d(*map(torch.from_numpy, args[:3]), *args[3:]).numpy()


PROGRAMS = {
    "torch": torch_forward,
    "course_lib": functional.conv2d,
    "loops over windows": loops_over_windows,
    "loops over channels": loops_over_channels,
}


def against_loops(repeats: int) -> Table:
    """Forward pass alone, on small shapes: the loops would take minutes on the large ones."""
    columns = ["N,C,O,H,k,s", "program", "ms", "times torch", "s on the first large shape"]
    table = Table("conv2d, forward alone, float32, small shapes", columns)
    for shape in SMALL_SHAPES:
        k, s = shape[-2:]
        args = [*draw(shape), s, k // 2]
        for program in PROGRAMS.values():
            np.testing.assert_allclose(program(*args), torch_forward(*args), rtol=1e-3, atol=1e-4)
        turns = [[clock(program, *args) for program in PROGRAMS.values()] for _ in range(repeats)]
        seconds = dict(zip(PROGRAMS, np.median(turns, axis=0).tolist(), strict=True))
        for name, value in seconds.items():
            scaled = value * products(SHAPES[0]) / products(shape) if "loops" in name else "-"
            table.rows.append([label(shape), name, value * 1e3, value / seconds["torch"], scaled])
    table.notes.append(
        "The last column is not measured: it is the loops' time per multiply-add on the small shape, "
        f"times the multiply-adds of {label(SHAPES[0])}."
    )
    return table


def products(shape) -> int:
    """Multiply-adds of the forward pass."""
    N, C, O, H, k, s = shape  # noqa: E741
    return N * C * O * ((H + 2 * (k // 2) - k) // s + 1) ** 2 * k * k
