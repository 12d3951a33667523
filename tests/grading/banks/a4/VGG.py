"""Solutions of VGG(blocks, in_channels, image_size, hidden, num_classes, block)."""

import math

import torch
from bank import right, wrong
from torch import nn


def head(features, hidden, num_classes, act=nn.ReLU, bias=True):
    """Two linear layers."""
    return [
        nn.Flatten(),
        nn.Linear(features, hidden, bias=bias),
        act(),
        nn.Linear(hidden, num_classes, bias=bias),
    ]


def body(blocks, c, block):
    """The blocks in a row, and the channels that they leave."""
    parts = []
    for num_convs, out in blocks:
        parts.append(block(num_convs, c, out))
        c = out
    return parts, c


@right
class Sequence(nn.Sequential):
    def __init__(self, blocks, in_channels, image_size, hidden, num_classes, block=None):
        parts, c = body(blocks, in_channels, block)
        h, w = (n // 2 ** len(blocks) for n in image_size)
        super().__init__(*parts, *head(c * h * w, hidden, num_classes))


@right
class Listed(nn.Module):
    def __init__(self, blocks, in_channels, image_size, hidden, num_classes, block=None):
        super().__init__()
        channels = [in_channels, *(c for _, c in blocks)]
        self.blocks = nn.ModuleList(block(n, channels[i], c) for i, (n, c) in enumerate(blocks))
        shrink = 4 ** len(blocks)
        self.fc1 = nn.Linear(channels[-1] * math.prod(image_size) // shrink, hidden)
        self.fc2 = nn.Linear(hidden, num_classes)

    def forward(self, x):
        for each in self.blocks:
            x = each(x)
        return self.fc2(torch.relu(self.fc1(x.reshape(len(x), -1))))


@right
class MeasuresItself(nn.Module):
    """The number of features is that of a trial run."""

    def __init__(self, blocks, in_channels, image_size, hidden, num_classes, block=None):
        super().__init__()
        self.features = nn.Sequential(*body(blocks, in_channels, block)[0], nn.Flatten())
        count = self.features(torch.zeros(1, in_channels, *image_size)).shape[1]
        self.classifier = nn.Sequential(
            nn.Linear(count, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, num_classes)
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def changed(act=nn.ReLU, bias=True, tail=(), told=lambda n: n, size=None, order=1, before=(), more=()):
    """A net with one thing changed."""

    class Changed(nn.Sequential):
        def __init__(self, blocks, in_channels, image_size, hidden, num_classes, block=None):
            blocks = blocks[::order]
            parts, c = body([(told(n), out) for n, out in blocks], in_channels, block)
            h, w = size(image_size, len(blocks)) if size else (n // 2 ** len(blocks) for n in image_size)
            layers = head(c * h * w, hidden, num_classes, act, bias)
            layers[3:3] = [m for make in more for m in (make(hidden), nn.ReLU())]
            super().__init__(*parts, *(make() for make in before), *layers, *tail)

    return Changed


class Last(nn.Module):
    """Channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).contiguous()


NoRelu = wrong(fails="run_vgg.chain", hint="the ReLU between the two linear layers is missing")(
    changed(nn.Identity)
)
ReluAtTheEnd = wrong(fails="run_vgg.chain", hint="a ReLU behind the last layer")(changed(tail=[nn.ReLU()]))
Softmax = wrong(fails="run_vgg.chain", hint="softmax is applied at the end")(changed(tail=[nn.Softmax(1)]))
OneConv = wrong(fails="run_vgg.chain", hint="is not given to the block")(changed(told=lambda n: 1))
NoBias = wrong(fails="run_vgg.chain", hint="the linear layers have no bias")(changed(bias=False))
Backwards = wrong(fails="run_vgg.chain", hint="the blocks come in reverse order")(changed(order=-1))
ThreeLayers = wrong(fails="run_vgg.chain", hint="three linear layers")(
    changed(more=[lambda n: nn.Linear(n, n)])
)
ChannelsLast = wrong(fails="run_vgg.chain", hint="flattened with its channels last")(changed(before=[Last]))
NeverHalved = wrong(fails="run_vgg.chain", hint="shapes cannot be multiplied")(changed(size=lambda s, n: s))
SquareByHeight = wrong(fails="run_vgg.sizes", hint="shapes cannot be multiplied")(
    changed(size=lambda s, n: (s[0] // 2**n, s[0] // 2**n))
)
SquareByWidth = wrong(fails="run_vgg.sizes", hint="shapes cannot be multiplied")(
    changed(size=lambda s, n: (s[1] // 2**n, s[1] // 2**n))
)
