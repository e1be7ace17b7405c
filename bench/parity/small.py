"""Nets for small images in PyTorch, from the papers, with the names that published files have.

He et al. 2016a, section 4.2, and 2016b, sections 3 and 4; Zagoruyko and Komodakis 2016, table 1.
"""
import torch.nn.functional as F
from torch import nn


def conv(cin, cout, size, stride=1):
    return nn.Conv2d(cin, cout, size, stride, size // 2, bias=False)


class OptionA(nn.Module):
    """Every other pixel, and new channels of zeros behind the others or on both sides."""

    def __init__(self, grow, stride, centred):
        super().__init__()
        self.stride, self.pad = stride, (grow // 2, grow - grow // 2) if centred else (0, grow)

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, *self.pad))


class Original(nn.Module):
    def __init__(self, cin, cout, stride, centred):
        super().__init__()
        self.conv1, self.bn1 = conv(cin, cout, 3, stride), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = conv(cout, cout, 3), nn.BatchNorm2d(cout)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.skip = OptionA(cout - cin, stride, centred)

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + self.skip(x))


class PreActivation(nn.Module):
    """With a projection, if there is one, of relu(bn1(x)); bare leaves out bn1 and its ReLU."""

    def __init__(self, cin, cout, stride, inner=0, bare=False, projection=None):
        super().__init__()
        steps = [(1, cin, inner, 1), (3, inner, inner, stride), (1, inner, cout, 1)] if inner else [(3, cin, cout, stride), (3, cout, cout, 1)]
        self.count, self.bare, self.relu = len(steps), bare, nn.ReLU()
        for i, (size, a, b, s) in enumerate(steps, 1):
            if i > 1 or not bare:
                setattr(self, f"bn{i}", nn.BatchNorm2d(a))
            setattr(self, f"conv{i}", conv(a, b, size, s))
        self.projection = projection if projection and (cin != cout or stride > 1) else None
        if self.projection == "convShortcut":
            self.convShortcut = conv(cin, cout, 1, stride)
        elif self.projection == "downsample":
            self.downsample = nn.Sequential(conv(cin, cout, 1, stride))
        else:
            self.skip = OptionA(cout - cin, stride, False)

    def forward(self, x):
        y = x if self.bare else self.relu(self.bn1(x))
        skip = getattr(self, self.projection)(y) if self.projection else self.skip(x)
        y = self.conv1(y)
        for i in range(2, self.count + 1):
            y = getattr(self, f"conv{i}")(self.relu(getattr(self, f"bn{i}")(y)))
        return y + skip


class Stage(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class Net(nn.Module):
    """Stages of 16, 32 and 64 channels, times widen; block makes one from its channels in and out, stride and place."""

    def __init__(self, blocks, block, widen=1, stem_norm=True, last_norm="bn", stage="layer{}", head="fc"):
        super().__init__()
        self.conv1 = conv(3, 16, 3)
        if stem_norm:
            self.bn1 = nn.BatchNorm2d(16)
        self.stem_norm, self.last_norm, self.head, self.relu = stem_norm, last_norm, head, nn.ReLU()
        cin, self.names = 16, []
        for s in range(3):
            rows, cout = [], 16 * widen << s
            for i in range(blocks):
                rows.append(block(cin, cout, 2 if s > 0 and i == 0 else 1, s == 0 and i == 0))
                cin = cout
            self.names.append(stage.format(s + 1))
            setattr(self, self.names[-1], nn.Sequential(*rows) if "layer" in stage else Stage(rows))
        if last_norm:
            setattr(self, last_norm, nn.BatchNorm2d(cin))
        setattr(self, head, nn.Linear(cin, 10))

    def forward(self, x):
        x = self.conv1(x)
        if self.stem_norm:
            x = self.relu(self.bn1(x))
        for name in self.names:
            x = getattr(self, name)(x)
        if self.last_norm:
            x = self.relu(getattr(self, self.last_norm)(x))
        return getattr(self, self.head)(x.mean((2, 3)))


def original(blocks, centred=False):
    def block(cin, cout, stride, _):
        return Original(cin, cout, stride, centred)

    return Net(blocks, block, last_norm=None, head="linear" if centred else "fc")


def pre_activation(blocks, bare_stem=False):
    def block(cin, cout, stride, first):
        return PreActivation(cin, cout, stride, bare=first and not bare_stem)

    return Net(blocks, block, stem_norm=not bare_stem)


def bottlenecks(blocks):
    def block(cin, cout, stride, _):
        return PreActivation(cin, cout, stride, inner=cout // 4, projection="downsample")

    return Net(blocks, block, widen=4, stem_norm=False)


def wide(blocks, widen):
    def block(cin, cout, stride, _):
        return PreActivation(cin, cout, stride, projection="convShortcut")

    return Net(blocks, block, widen=widen, stem_norm=False, last_norm="bn1", stage="block{}")


# What names do not tell: other conventions of the nets above.
VARIANTS = {
    "cifar_resnet20 padded on both sides": lambda: original(3, centred=True),
    "cifar_resnet56 padded on both sides": lambda: original(9, centred=True),
    "cifar_resnetv2_110 without stem norm": lambda: pre_activation(18, bare_stem=True),
}
NETS = VARIANTS | {
    "cifar_resnet20": lambda: original(3),
    "cifar_resnet32": lambda: original(5),
    "cifar_resnet44": lambda: original(7),
    "cifar_resnet56": lambda: original(9),
    "cifar_resnet110": lambda: original(18),
    "cifar_resnetv2_110": lambda: pre_activation(18),
    "cifar_resnetv2_164": lambda: bottlenecks(18),
    "cifar_resnetv2_1001": lambda: bottlenecks(111),
    "wrn16_8": lambda: wide(2, 8),
    "wrn28_10": lambda: wide(4, 10),
    "wrn40_4": lambda: wide(6, 4),
}
