"""Writes reference.json: what PyTorch computes for tiny networks of every kind in this package.

Run by hand with any recent PyTorch:  python reference.py
The Go tests read only the JSON.

The networks are written here from the papers, independently of the Go code, with torchvision's names.
No weights are stored: both sides draw them from the hash below, by parameter name and flat index in
PyTorch's layout. Everything runs in float64 on weights rounded to float32, so that the numbers are the
truth for a float32 implementation.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

LABELS = [0, 3, 1, 4]


def uniform(name, n):
    """n numbers in [-1/2, 1/2): FNV-1a of the name, then a mixing of hash and index."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    x = (np.arange(n, dtype=np.uint64) * 2654435761 + seed) % 2**32
    x ^= x >> np.uint64(16)
    x = x * 0x45D9F3B % 2**32
    x ^= x >> np.uint64(16)
    return x / 2.0**32 - 0.5


def value(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if len(shape) > 1:
        u *= np.sqrt(24 / np.prod(shape[1:]))
    elif name.endswith("running_var"):
        u += 1
    elif name.endswith("weight"):
        u = 1 + u / 2
    else:
        u /= 2
    return torch.from_numpy(u.astype(np.float32).reshape(shape)).double()


def conv(cin, cout, size, stride, bias):
    return nn.Conv2d(cin, cout, size, stride, size // 2, bias=bias)


class OptionA(nn.Module):
    def __init__(self, stride, extra):
        super().__init__()
        self.stride, self.extra = stride, extra

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


class Unit(nn.Module):
    """A block of filters (channels, size, stride)."""

    def __init__(self, kind, cin, filters, stride, option, norm, first):
        super().__init__()
        self.kind, self.count = kind, len(filters)
        bn = nn.BatchNorm2d if norm else lambda c: nn.Identity()
        c = cin
        for i, (cout, size, step) in enumerate(filters, 1):
            if kind == "preactivation":
                if first and i == 1:
                    self.bn1 = None
                else:
                    setattr(self, f"bn{i}", bn(c))
                setattr(self, f"conv{i}", conv(c, cout, size, step, not norm))
            else:
                setattr(self, f"conv{i}", conv(c, cout, size, step, not norm))
                setattr(self, f"bn{i}", bn(cout))
            c = cout
        self.downsample = nn.Sequential()
        if option == "C" or stride != 1 or cin != cout:
            if option == "A":
                self.downsample = OptionA(stride, cout - cin)
            else:
                self.downsample.append(conv(cin, cout, 1, stride, not norm))
                if kind == "original":
                    self.downsample.append(bn(cout))

    def forward(self, x):
        h = x
        for i in range(1, self.count + 1):
            convolve, norm = getattr(self, f"conv{i}"), getattr(self, f"bn{i}")
            if self.kind == "preactivation":
                h = convolve(F.relu(norm(h)) if norm else h)
            else:
                h = norm(convolve(h))
                h = F.relu(h) if i < self.count else h
        if self.kind == "preactivation":
            return self.downsample(x) + h
        if self.kind == "plain":
            return F.relu(h)
        return F.relu(self.downsample(x) + h)


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        norm = not c.get("WithoutBatchNorm", False)
        self.kind = c["Kind"]
        width = c["Width"]
        self.conv1 = conv(c["Image"]["Channels"], width, c.get("StemSize", 3), c.get("StemStride", 1), not norm)
        self.bn1 = nn.BatchNorm2d(width) if norm else nn.Identity()
        self.pool = nn.MaxPool2d(3, 2, 1) if c.get("StemPool", False) else nn.Identity()
        cin = width
        for stage, blocks in enumerate(c["Blocks"]):
            inner = width << stage
            units = []
            for i in range(blocks):
                stride = 2 if stage > 0 and i == 0 else 1
                filters = [(inner, 3, stride), (inner, 3, 1)]
                if c.get("Bottleneck", False):
                    filters = [(inner, 1, 1), (inner, 3, stride), (4 * inner, 1, 1)]
                units.append(Unit(self.kind, cin, filters, stride, c.get("Shortcut", "A"), norm, stage == i == 0))
                cin = filters[-1][0]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*units))
        self.stages = len(c["Blocks"])
        self.bn = nn.Identity()
        if self.kind == "preactivation" and norm:
            self.bn = nn.BatchNorm2d(cin)
        self.fc = nn.Linear(cin, c["Classes"])

    def forward(self, x):
        y = self.pool(F.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            y = getattr(self, f"layer{stage + 1}")(y)
        if self.kind == "preactivation":
            y = F.relu(self.bn(y))
        return self.fc(y.mean((2, 3)))


class VGG(nn.Module):
    def __init__(self, c):
        super().__init__()
        norm = not c.get("WithoutBatchNorm", False)
        cin, side = c["Image"]["Channels"], c["Image"]["Height"]
        features = []
        for stage, convs in enumerate(c["Blocks"]):
            cout = c["Width"] << min(stage, 3)
            for _ in range(convs):
                features.append(conv(cin, cout, 3, 1, not norm))
                if norm:
                    features.append(nn.BatchNorm2d(cout))
                features.append(nn.ReLU())
                cin = cout
            if side >= 2:
                features.append(nn.MaxPool2d(2))
                side //= 2
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Linear(cin, cin), nn.ReLU(), nn.Linear(cin, c["Classes"]))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def figures(x):
    """Nine significant digits: what a float32 can hold."""
    return [float(f"{v:.9g}") for v in torch.as_tensor(x).flatten().tolist()]


def study(c):
    net = (VGG if c["Kind"] == "vgg" else Net)(c).double()
    state = net.state_dict()
    for name, t in state.items():
        if not name.endswith("num_batches_tracked"):
            t.copy_(value(name, tuple(t.shape)))
    image = c["Image"]
    shape = (len(LABELS), image["Channels"], image["Height"], image["Width"])
    x = torch.from_numpy((4 * uniform("images", int(np.prod(shape)))).astype(np.float32).reshape(shape)).double()
    out = {"Config": c}

    net.eval()
    out["Eval"] = figures(net(x))

    net.train()
    logits = net(x)
    loss = F.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    out["Train"] = figures(logits)
    out["Loss"] = figures(loss)[0]
    out["Grads"] = []
    for name, p in net.named_parameters():
        along = torch.from_numpy(uniform("along " + name, p.numel()).reshape(p.shape))
        norm, dot = p.grad.norm(), (p.grad * along).sum()
        out["Grads"].append({"Name": name, "Norm": figures(norm)[0], "Along": figures(dot)[0]})
    out["Running"] = {n: figures(t) for n, t in state.items() if "running" in n}

    torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-2).step()
    net.eval()
    out["After"] = figures(net(x))
    out["Names"] = [n for n in state if not n.endswith("num_batches_tracked")]
    return out


def config(kind, blocks=(2, 1, 1), size=(8, 8), **more):
    image = {"Height": size[0], "Width": size[1], "Channels": 3}
    return {"Kind": kind, "Blocks": list(blocks), "Width": 4, "Image": image, "Classes": 5, **more}


CASES = {
    "preactivation-A": config("preactivation"),
    "preactivation-B": config("preactivation", Shortcut="B"),
    "preactivation-odd": config("preactivation", size=(13, 11), StemStride=2),
    "preactivation-nobn": config("preactivation", WithoutBatchNorm=True),
    "original-A": config("original"),
    "original-B": config("original", Shortcut="B"),
    "original-B-nobn": config("original", Shortcut="B", WithoutBatchNorm=True),
    "original-C": config("original", Shortcut="C"),
    "preactivation-C-nobn": config("preactivation", Shortcut="C", WithoutBatchNorm=True),
    "bottleneck-preactivation-A": config("preactivation", Bottleneck=True),
    "bottleneck-preactivation-C": config("preactivation", Bottleneck=True, Shortcut="C"),
    "bottleneck-original-B": config("original", Bottleneck=True, Shortcut="B"),
    "bottleneck-plain": config("plain", Bottleneck=True),
    "imagenet": config("original", (1, 1, 1, 1), (41, 33), Bottleneck=True, Shortcut="B",
                       StemSize=7, StemStride=2, StemPool=True),
    "plain": config("plain"),
    "plain-nobn": config("plain", WithoutBatchNorm=True),
    "vgg": config("vgg", blocks=(1, 2, 1, 1)),
    "vgg-nobn": config("vgg", blocks=(1, 2, 1, 1, 1), WithoutBatchNorm=True),
}


def dump(cases):
    """JSON with one line for each thing that the tests look at."""
    lines = []
    for name, case in cases.items():
        fields = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in case.items()]
        lines.append(f" {json.dumps(name)}: {{\n" + ",\n".join(fields) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w") as f:
        f.write(dump({name: study(c) for name, c in CASES.items()}))
