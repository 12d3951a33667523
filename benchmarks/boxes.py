"""Non-maximum suppression against torchvision, and how fast scenes are drawn."""

from __future__ import annotations

import numpy as np
import torch
import torchvision

from benchmarks._harness import Table, clock, compare, geometric_mean
from course_lib import boxes, datasets

#: Largest side of the 20,000 boxes on a 1,000-pixel image, in pixels, and the threshold: few or many overlap.
CASES = [(30, 0.5), (100, 0.5), (100, 0.3), (300, 0.3)]


def measure(repeats: int) -> list[Table]:
    """Both suites; drawing is timed in fewer turns, because one takes a second."""
    return [suppression(repeats), drawing(max(3, repeats // 3))]


def suppression(repeats: int) -> Table:
    """Suppress among 20,000 random boxes."""
    title = "nms of 20,000 boxes, float32; largest side in pixels, threshold"
    table = Table(title, ["case", "kept", "NumPy ms", "torchvision ms", "ratio", "quartiles"])
    for side, threshold in CASES:
        rng = np.random.default_rng(0)
        centre, size = rng.uniform(0, 1000, (20_000, 2)), rng.uniform(side / 3, side, (20_000, 2))
        box = np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32)
        score = rng.permutation(20_000).astype(np.float32)
        tensors = torch.from_numpy(box), torch.from_numpy(score)
        ours, theirs = boxes.nms(box, score, threshold), torchvision.ops.nms(*tensors, threshold)
        np.testing.assert_array_equal(ours, theirs.numpy())
        programs = (
            lambda b=box, s=score, t=threshold: boxes.nms(b, s, t),
            lambda x=tensors, t=threshold: torchvision.ops.nms(*x, t),
        )
        time = compare(*programs, repeats)
        table.rows.append(
            [f"{side}, {threshold}", len(ours), time.ours * 1e3, time.theirs * 1e3, time.ratio, time.spread]
        )
    mean, worst = geometric_mean([row[4] for row in table.rows]), max(row[4] for row in table.rows)
    table.figures = {"geometric_mean": mean, "worst": worst}
    table.notes = [f"geometric mean {mean:.2f}, worst {worst:.2f} (below 2 wanted)"]
    return table


def drawing(repeats: int) -> Table:
    """Draw scenes of 64 x 64 pixels."""
    count = 2048
    speeds = [count / clock(lambda: datasets.scenes(count, 64, seed=0)) for _ in range(repeats)]
    low, median, high = (float(q) for q in np.quantile(speeds, [0, 0.5, 1]))
    table = Table("scenes of 64 x 64 drawn per second, one thread", ["lowest", "median", "highest"])
    table.rows.append([low, median, high])
    table.figures = {"scenes_per_second": median}
    table.notes = [f"{median:,.0f} a second (at least 2,000 wanted)"]
    return table
