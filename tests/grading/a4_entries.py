"""Networks for the budget of assignment a4, by name: those its thresholds were measured on, and odd styles."""

import contextlib
import functools
import io
import json
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.grading.checks._traced import graph
from course_lib.grading.checks.a4_architectures import budget


def block(c_in, c_out, stride=1, kernel=3, groups=1):
    """Convolution, batch norm, ReLU."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.ReLU())


def head(channels):
    """Global average pooling and a linear layer."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 4)]


class Residual(nn.Module):
    """Two convolutions and a shortcut, joined in place."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.a, self.b = block(c_in, c_out, stride), block(c_out, c_out)[:2]
        same = stride == 1 and c_in == c_out
        self.cut = nn.Identity() if same else nn.Conv2d(c_in, c_out, 1, stride, bias=False)

    def forward(self, x):
        y = self.b(self.a(x))
        y += self.cut(x)
        return F.relu(y, inplace=True)


class Functional(nn.Module):
    """Functions and methods in place of layers, two branches, a gate, `view`."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding="same"), nn.Conv2d(3, 5, 5, padding=2)
        self.gate, self.fc = nn.Conv2d(11, 11, 1), nn.Linear(11 * 16, 4)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = torch.cat([F.relu(self.a(x)), torch.tanh(self.b(x))], 1)  # (N, 11, 32, 32)
        x = F.max_pool2d(x, 2, stride=2)
        x = x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))
        x = F.avg_pool2d(x, kernel_size=4)
        x = F.dropout(self.drop(x), training=self.training)
        return self.fc(x.view(x.size(0), -1))


class Mean(nn.Module):
    """The mean over the pixels as a method, features by shape."""

    def __init__(self):
        super().__init__()
        self.body, self.fc = block(3, 7, 2), nn.Linear(7, 4)

    def forward(self, x):
        x = self.body(x).mean((2, 3))
        return self.fc(x.reshape(x.shape[0], -1))


class InPlace(nn.Module):
    """What is added at the end has been changed in place before."""

    def __init__(self):
        super().__init__()
        self.act, self.conv = nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(3, 3, 3, padding=1)
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        x = self.conv(x)
        y = self.conv(self.act(x))
        y.relu_()
        return self.fc((y + x).mean((2, 3)))


ENTRIES = {
    "softmax": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)),
    "mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 6), nn.ReLU(), nn.Linear(6, 4)),
    "lenet": lambda: nn.Sequential(
        *(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 10, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(250, 40), nn.ReLU(), nn.Linear(40, 4)),
    ),
    "averaged": lambda: nn.Sequential(
        *(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *head(16),
    ),
    "no_norm": lambda: nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), *head(32)),
    ),
    "narrow": lambda: nn.Sequential(
        *(block(3, 4), nn.MaxPool2d(2), block(4, 8), nn.MaxPool2d(2), block(8, 16), *head(16)),
    ),
    "plain": lambda: nn.Sequential(
        *(block(3, 8), nn.MaxPool2d(2), block(8, 16), nn.MaxPool2d(2), block(16, 32), *head(32)),
    ),
    "vgg": lambda: nn.Sequential(
        *(block(3, 8), block(8, 8), nn.MaxPool2d(2), block(8, 16), block(16, 16), nn.MaxPool2d(2)),
        *(block(16, 32), block(32, 32), *head(32)),
    ),
    "residual": lambda: nn.Sequential(
        *(
            block(3, 10),
            nn.MaxPool2d(2),
            Residual(10, 10, 1),
            Residual(10, 20, 2),
            Residual(20, 28, 1),
            *head(28),
        ),
    ),
    "mobile": lambda: nn.Sequential(
        *(block(3, 12), nn.MaxPool2d(2), block(12, 12, groups=12), block(12, 32, kernel=1)),
        *(block(32, 32, groups=32), block(32, 48, kernel=1), nn.MaxPool2d(2)),
        *(
            block(48, 48, groups=48),
            block(48, 64, kernel=1),
            block(64, 64, groups=64),
            block(64, 64, kernel=1),
        ),
        *head(64),
    ),
    "functional": Functional,
    "mean": Mean,
    "in_place": InPlace,
}


RECORD = Path(__file__).with_name("weights") / "a4_entries.json"
RATES = (1e-2, 2e-3)
DRAWS = (900_001, 900_002, 900_003)  # seeds of 1,000 new images each
TRAINED = [name for name in ENTRIES if name not in ("functional", "mean", "in_place")]


def main(arguments):
    """Train entries by the notebook's recipe, three seeds each, and record what they cost and reach.

    The largest learning rate is the better of `RATES` on the images for validation, tried with the first seed.
    ``python tests/grading/a4_entries.py [NAME ...]`` adds to the record; ``--store`` trains the notebook's own
    network once and keeps its weights for the tests.
    """
    import a4

    scope = a4.namespace()
    scope["load_images"] = functools.cache(scope["load_images"])
    if "--store" in arguments:
        scope["WEIGHTS"] = str(a4.WEIGHTS)
        scope["save_weights"](scope["train_network"]())
        return
    for name in arguments or TRAINED:
        scope["make_network"] = ENTRIES[name]
        row = measure(scope)
        found = (json.loads(RECORD.read_text()) if RECORD.exists() else {}) | {name: row}
        RECORD.write_text(json.dumps(found, indent=1) + "\n")
        print(name, row, flush=True)


def measure(scope):
    """What the network of a kernel costs, and its accuracy on new images: a row for each seed of training."""

    def reached(network, seed):
        return round(scope["accuracy"](network, *scope["load_images"](1000, seed)), 3)

    def train(seed, rate):
        with contextlib.redirect_stdout(io.StringIO()):
            return scope["train_network"](seed, rate)

    began = time.process_time()
    tried = {rate: train(0, rate) for rate in RATES}
    seconds = (time.process_time() - began) / len(RATES)
    rate = max(RATES, key=lambda rate: reached(tried[rate], 1))
    networks = [tried[rate], train(1, rate), train(2, rate)]
    rows = [[reached(network, seed) for seed in DRAWS] for network in networks]
    network = networks[0]
    state = {n: v.numpy() for n, v in network.state_dict().items() if v.is_floating_point()}
    work = graph.multiply_adds(graph.Network(scope["trace"](network), state), budget.SHAPE)
    numbers = sum(array.size for array in state.values())
    spent = {"numbers": numbers, "multiply_adds": work, "seconds": round(seconds), "rate": rate}
    return {**spent, "accuracy": rows}


if __name__ == "__main__":
    main(sys.argv[1:])
