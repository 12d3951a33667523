"""Solutions of InceptionBlock(in_channels, c1, c2, c3, c4)."""

import torch
import torch.nn.functional as F
from bank import right, wrong
from torch import nn


def conv(a, b, k=1, act=nn.ReLU, **options):
    """A convolution that keeps H and W, and an activation."""
    return nn.Sequential(nn.Conv2d(a, b, k, padding=k // 2, **options), act())


@right
class Branches(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                conv(in_channels, c1),
                nn.Sequential(conv(in_channels, c2[0]), conv(*c2, 3)),
                nn.Sequential(conv(in_channels, c3[0]), conv(*c3, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(in_channels, c4)),
            ]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


@right
class ByName(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.p1 = nn.Conv2d(in_channels, c1, kernel_size=1)
        self.p2a = nn.Conv2d(in_channels, c2[0], kernel_size=1)
        self.p2b = nn.Conv2d(c2[0], c2[1], kernel_size=3, padding="same")
        self.p3a = nn.Conv2d(in_channels, c3[0], kernel_size=1)
        self.p3b = nn.Conv2d(c3[0], c3[1], kernel_size=5, padding="same")
        self.p4 = nn.Conv2d(in_channels, c4, kernel_size=1)

    def forward(self, x):
        two, three = self.p2b(torch.relu(self.p2a(x))), self.p3b(F.relu(self.p3a(x)))
        four = self.p4(F.max_pool2d(x, 3, stride=1, padding=1))
        return torch.concat((self.p1(x), two, three, four), dim=-3).clamp(min=0)


@right
class FilledLater(nn.Module):
    """Built in another order: the layers have different shapes, so each still gets its own numbers."""

    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.d = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(in_channels, c4))
        self.c = nn.Sequential(conv(in_channels, c3[0]), conv(*c3, 5))
        self.b = nn.Sequential(conv(in_channels, c2[0]), conv(*c2, 3))
        self.a = conv(in_channels, c1)

    def forward(self, x):
        y = [self.a(x), self.b(x), self.c(x), self.d(x)]
        print([part.shape for part in y])
        return torch.cat(y, dim=1)


def changed(
    act=nn.ReLU,
    last=nn.ReLU,
    pool_act=nn.ReLU,
    pool=None,
    wide=5,
    order=(0, 1, 2, 3),
    bias=True,
    red=1,
    ones=(1, 1),
    act_c=None,
):
    """A block with one thing changed."""

    class Changed(nn.Module):
        def __init__(self, i, c1, c2, c3, c4):
            super().__init__()
            pooling = pool() if pool else nn.MaxPool2d(3, 1, 1)
            self.a = conv(i, c1, ones[0], last, bias=bias)
            self.b = nn.Sequential(conv(i, c2[0], red, act, bias=bias), conv(*c2, 3, last, bias=bias))
            self.c = nn.Sequential(
                conv(i, c3[0], red, act_c or act, bias=bias), conv(*c3, wide, last, bias=bias)
            )
            self.d = nn.Sequential(pooling, conv(i, c4, ones[1], pool_act, bias=bias))

        def forward(self, x):
            y = [self.a(x), self.b(x), self.c(x), self.d(x)]
            return torch.cat([y[i] for i in order], dim=1)

    return Changed


I = nn.Identity  # noqa: E741
NoReductionRelu = wrong(fails="run_inception.second", hint="after the reducing 1x1 convolutions is missing")(
    changed(act=I)
)
NoReductionReluInTheThird = wrong(
    fails="run_inception.third", hint="after the reducing 1x1 convolutions is missing"
)(changed(act=I))
NoRelu = wrong(fails="run_inception.second", hint="the ReLUs are missing")(changed(I, I, I))
NoReluInTheFirst = wrong(
    fails="run_inception.first", hint="the ReLU after the last convolutions of the branches is missing"
)(changed(last=I, pool_act=I))
NoReluBehindThePool = wrong(fails="run_inception.pooled", hint="the convolution behind the pool is missing")(
    changed(pool_act=I)
)
NoReductionReluInTheThirdAlone = wrong(
    fails="run_inception.third", hint="after the reducing 1x1 convolutions is missing"
)(changed(act_c=I))
AveragePool = wrong(fails="run_inception.pooled", hint="takes an average")(
    changed(pool=lambda: nn.AvgPool2d(3, 1, 1))
)
WithoutPool = wrong(fails="run_inception.pooled", hint="no pool before its convolution")(changed(pool=I))
PoolOfFive = wrong(fails="run_inception.pooled", hint="pools 5x5")(
    changed(pool=lambda: nn.MaxPool2d(5, 1, 2))
)
ThreeForFive = wrong(fails="run_inception.third", hint="has a 3x3 kernel: it has a 5x5")(changed(wide=3))
ThreeForFiveCounted = wrong(fails="count_inception.parameters", hint="has a 3x3 kernel: it has a 5x5")(
    changed(wide=3)
)
Reversed = wrong(fails="run_inception.first", hint="in the reverse order")(changed(order=(3, 2, 1, 0)))
PooledFirst = wrong(fails="run_inception.first", hint="the fourth branch is joined first")(
    changed(order=(3, 0, 1, 2))
)
NoBias = wrong(fails="count_inception.parameters", hint="the convolutions have no bias")(changed(bias=False))
WideReduction = wrong(fails="count_inception.parameters", hint="the reducing convolutions have a 3x3 kernel")(
    changed(red=3)
)
WideFirst = wrong(fails="count_inception.parameters", hint="the first branch has a 3x3 kernel")(
    changed(ones=(3, 1))
)
WideLast = wrong(fails="count_inception.parameters", hint="behind the pool has a 3x3 kernel")(
    changed(ones=(1, 3))
)


@wrong(fails="run_inception.first", hint="expected (1, 4, 1, 3)")
class Added(Branches):
    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


@wrong(fails="run_inception.first", hint="expected (1, 4, 1, 3)")
class JoinedAlongTheRows(Branches):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=2)


@wrong(fails="count_inception.parameters", hint="see the whole input")
class NotReduced(nn.Module):
    def __init__(self, i, c1, c2, c3, c4):
        super().__init__()
        self.all = nn.ModuleList([conv(i, c1), conv(i, c2[1], 3), conv(i, c3[1], 5), conv(i, c4)])

    def forward(self, x):
        a, b, c, d = self.all
        return torch.cat([a(x), b(x), c(x), d(F.max_pool2d(x, 3, 1, 1))], 1)
