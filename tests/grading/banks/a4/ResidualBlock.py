"""Solutions of ResidualBlock(in_channels, out_channels, stride=1)."""

import torch
import torch.nn.functional as F
from bank import right, wrong
from torch import nn


@right
class Plain(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(out_channels))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return F.relu(out, inplace=True)


@right
class Sequences(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        c = {"kernel_size": 3, "padding": 1, "bias": False}
        self.branch = nn.Sequential(
            *(
                nn.Conv2d(in_channels, out_channels, stride=stride, **c),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            ),
            *(nn.Conv2d(out_channels, out_channels, **c), nn.BatchNorm2d(out_channels)),
        )
        self.shortcut = nn.Sequential()
        if (in_channels, 1) != (out_channels, stride):
            self.shortcut.append(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(out_channels))

    def forward(self, x):
        return torch.relu(self.branch(x) + self.shortcut(x))


@right
class ConvsFirst(nn.Module):
    """Convolutions and batch norms are built apart; within each kind the order is the text's."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        widths = [(in_channels, out_channels, stride), (out_channels, out_channels, 1)]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, s, 1, bias=False) for a, b, s in widths)
        self.project = in_channels != out_channels or stride > 1
        if self.project:
            self.convs.append(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in self.convs)

    def forward(self, x):
        y = self.norms[0](self.convs[0](x)).clamp_min(0)
        y = self.norms[1](self.convs[1](y))
        return (y + (self.norms[2](self.convs[2](x)) if self.project else x)).clamp_min(0)


def changed(
    way=None,
    bias=False,
    project=None,
    second=False,
    norm=True,
    extra=False,
    first=False,
    kernel=1,
    shift=False,
):
    """A block with one thing changed; ``way(block, x)`` replaces the forward pass."""

    class Changed(nn.Module):
        def __init__(self, i, o, stride=1):
            super().__init__()
            self.shapes_differ = stride != 1 or i != o
            cut = nn.Identity()
            if self.shapes_differ if project is None else project(i, o, stride):
                conv = nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=bias or shift)
                cut = nn.Sequential(conv, *[nn.BatchNorm2d(o)] * norm, *[nn.ReLU()] * extra)
            if first:
                self.cut = cut
            self.conv1 = nn.Conv2d(i, o, 3, 1 if second else stride, 1, bias=bias)
            self.bn1 = nn.BatchNorm2d(o)
            self.conv2 = nn.Conv2d(o, o, 3, stride if second else 1, 1, bias=bias)
            self.bn2 = nn.BatchNorm2d(o)
            self.cut = cut

        def body(self, x):
            return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))

        def forward(self, x):
            return way(self, x) if way else F.relu(self.body(x) + self.cut(x))

    return Changed


def wrongly(check, hint, *args, **kwargs):
    """Declare a changed block."""
    return wrong(fails=check, hint=hint)(changed(*args, **kwargs))


ID, PR, ST, CO = (
    "run_residual.identity",
    "run_residual.projection",
    "run_residual.stride",
    "count_residual.parameters",
)
NoShortcut = wrongly(ID, "the shortcut is", lambda m, x: F.relu(m.body(x)))
NoLastRelu = wrongly(ID, "the last ReLU is missing", lambda m, x: m.body(x) + m.cut(x))
ReluThenAdd = wrongly(
    ID, "the last ReLU comes before the addition", lambda m, x: F.relu(m.body(x)) + m.cut(x)
)
ReluTwice = wrongly(
    ID, "a ReLU before the addition as well", lambda m, x: F.relu(F.relu(m.body(x)) + m.cut(x))
)
NoMiddleRelu = wrongly(
    ID, "the ReLU between the convolutions", lambda m, x: F.relu(m.bn2(m.conv2(m.bn1(m.conv1(x)))) + m.cut(x))
)
AddedTooEarly = wrongly(
    ID,
    "before the second batch norm",
    lambda m, x: F.relu(m.bn2(m.conv2(F.relu(m.bn1(m.conv1(x)))) + m.cut(x))),
)
OneNorm = wrongly(
    ID, "bn1 is used twice", lambda m, x: F.relu(m.bn1(m.conv2(F.relu(m.bn1(m.conv1(x))))) + m.cut(x))
)
OneConv = wrongly(
    ID, "conv1 is used twice", lambda m, x: F.relu(m.bn2(m.conv1(F.relu(m.bn1(m.conv1(x))))) + m.cut(x))
)
NoNorms = wrongly(ID, "built and not used", lambda m, x: F.relu(m.conv2(F.relu(m.conv1(x))) + m.cut(x)))
NoSecondNorm = wrongly(
    ID, "bn2 is built and not used", lambda m, x: F.relu(m.conv2(F.relu(m.bn1(m.conv1(x)))) + m.cut(x))
)
NoFirstNorm = wrongly(
    ID, "bn1 is built and not used", lambda m, x: F.relu(m.bn2(m.conv2(F.relu(m.conv1(x)))) + m.cut(x))
)
ReluFirst = wrongly(
    ID,
    "the ReLU stands before bn1",
    lambda m, x: F.relu(m.bn2(m.conv2(m.bn1(F.relu(m.conv1(x))))) + m.cut(x)),
)
Multiplied = wrongly(ID, "multiplied by the shortcut", lambda m, x: F.relu(m.body(x) * m.cut(x)))
Subtracted = wrongly(ID, "the shortcut is subtracted", lambda m, x: F.relu(m.body(x) - m.cut(x)))
AlwaysProjected = wrongly(ID, "although the shapes agree", project=lambda i, o, s: True)
AlwaysProjectedCounted = wrongly(CO, "although the shapes agree", project=lambda i, o, s: True)
WithBias = wrongly(CO, "the convolutions have a bias", bias=True)
WithBiasRun = wrongly(ID, "the convolutions have a bias", bias=True)
ProjectionWithoutNorm = wrongly(PR, "the projection has no batch norm", norm=False)
ProjectionWithRelu = wrongly(PR, "a ReLU in the projection", extra=True)
ProjectionWithBias = wrongly(PR, "the projection's convolution has a bias", shift=True)
ProjectionWithBiasCounted = wrongly(CO, "the projection's convolution has a bias", shift=True)
ProjectionBuiltFirst = wrongly(PR, "built before the others", first=True)
LeftOut = wrongly(
    PR, "the shortcut is left out", lambda m, x: F.relu(m.body(x) + (0 if m.shapes_differ else x))
)
WideProjection = wrongly(CO, "the projection has a 3x3 kernel", kernel=3)
StrideInTheSecond = wrongly(ST, "the stride stands in the second convolution", second=True)
ByChannelsAlone = wrongly(CO, "the stride alone changes the shape", project=lambda i, o, s: i != o)
ByStrideAlone = wrongly(CO, "the channels alone change", project=lambda i, o, s: s != 1)
