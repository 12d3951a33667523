"""Two more networks for chapter 14, stored: ``python -m benchmarks.seeing``.

The course's weights are those of one ResNet-18, trained in the comparison from seed 0. What a map shows may
be the habit of one network, so the chapter asks three: this script trains the comparison's other two seeds,
on the same terms, and stores their parameters and running means in half precision. A minute on two cores.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

from benchmarks._stored import RESULTS
from course_lib import comparison

WEIGHTS, SEEDS = "14_networks.npz", (1, 2)


def trained(seed: int) -> dict[str, np.ndarray]:
    """One network's numbers in half precision, and its accuracy with them on the validation images."""
    torch.set_num_threads(1)
    data = comparison.load_data("shapes")
    model = comparison.train("resnet", seed, data).model
    state = {key: value.numpy(force=True) for key, value in model.state_dict().items()}
    halved = {key: a.astype(np.float16) if a.dtype == np.float32 else a for key, a in state.items()}
    model.load_state_dict({key: torch.from_numpy(halved[key].astype(state[key].dtype)) for key in state})
    with torch.no_grad():
        guesses = model(data.standardise(data.validation.images)).argmax(dim=1).numpy()
    print(f"seed={seed} validation={np.mean(guesses == data.validation.labels):.3f}", flush=True)
    return {f"{seed}.{key}": array for key, array in halved.items()}


def main() -> None:
    """Train both and store them."""
    with ProcessPoolExecutor(len(SEEDS), mp_context=get_context("spawn")) as pool:
        networks = list(pool.map(trained, SEEDS))
    np.savez_compressed(RESULTS / WEIGHTS, **{key: array for one in networks for key, array in one.items()})


if __name__ == "__main__":
    main()
