"""The weights that chapter 15 loads: small, and worth what the chapter says of them."""

from pathlib import Path

import numpy as np
import torch

from course_lib import datasets
from course_lib.metrics import Objects, mean_average_precision
from course_lib.models import SingleShotDetector, decode_detections

WEIGHTS = Path(__file__).resolve().parents[2] / "chapters" / "results" / "15_detector.npz"


def test_stored_detector_finds_the_test_objects():
    assert WEIGHTS.stat().st_size < 1_000_000
    with np.load(WEIGHTS) as arrays:
        state = {key: torch.from_numpy(arrays[key]) for key in arrays}
    model = SingleShotDetector(width=0.5)
    model.load_state_dict(state)
    scenes = datasets.load("scenes", train=0, test=500).test
    with torch.no_grad():
        output = model.eval()(torch.from_numpy(scenes.images))
    found = decode_detections(output, score_threshold=0.05, image_size=(64, 64))
    truth = [Objects(b[y >= 0], y[y >= 0]) for b, y in zip(scenes.boxes, scenes.labels, strict=True)]
    assert mean_average_precision(found, truth, 4, [0.5]).mean > 0.96
