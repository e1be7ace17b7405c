#!/usr/bin/env python3
"""Trains the residual net of examples/veit with PyTorch, by the same recipe on the same images, and
with this project, and prints both test accuracies.

    python3 -m venv venv && venv/bin/pip install -r bench/peers/requirements.txt
    venv/bin/python bench/parity/parity.py --seeds 1 2 3

The recipe, for both: pre-activation blocks with option A shortcuts, widths 16/32/64, first convolution
of stride 2 with batch norm and ReLU after it, so that the first block begins with its convolution (He et
al. 2016b, appendix); He initialisation (fan out); batches of 64; random crops of images padded by 2, flips;
pixels normalised by mean and standard deviation of the training images; SGD with Nesterov momentum 0.9
and weight decay 5e-4 on all parameters; rate 0.1 after one warm-up tenth, then half a cosine to 0.

Exits with status 1 if the means over the seeds are more than one point apart. An accuracy of 90 % on 2,000 test images
has a standard deviation of 0.67 points, so that the difference of two means over three seeds has one of 0.55: a point is
not quite two of these. Beside the difference stands the standard error that the seeds themselves show.
"""
import argparse
import gzip
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = ROOT / "data" / "fashion"
BATCH, RATE, DECAY, PAD, WARMUP = 64, 0.1, 5e-4, 2, 0.1


def idx(name):
    with gzip.open(IMAGES / name) as f:
        raw = f.read()
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)


class Block(nn.Module):
    def __init__(self, cin, cout, stride, first):
        super().__init__()
        self.pre = nn.Identity() if first else nn.Sequential(nn.BatchNorm2d(cin), nn.ReLU())
        self.bn2 = nn.BatchNorm2d(cout)
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.stride, self.grow = stride, cout - cin

    def forward(self, x):
        y = self.conv1(self.pre(x))
        y = self.conv2(F.relu(self.bn2(y)))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        return y + F.pad(x, (0, 0, 0, 0, 0, self.grow))


class Net(nn.Module):
    def __init__(self, blocks, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width)
        layers, c = [], width
        for stage in range(3):
            for i in range(blocks // 3):
                out = width << stage
                layers.append(Block(c, out, 2 if stage > 0 and i == 0 else 1, not layers))
                c = out
        self.blocks, self.bn, self.fc = nn.Sequential(*layers), nn.BatchNorm2d(c), nn.Linear(c, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        y = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return self.fc(F.relu(self.bn(y)).mean((2, 3)))


def rate(step, total):
    warmup = int(WARMUP * total)
    if step < warmup:
        return RATE * (step + 1) / warmup
    return RATE * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def augment(x, rng):
    n, h, w = x.shape
    padded = np.pad(x, ((0, 0), (PAD, PAD), (PAD, PAD)))
    out = np.empty_like(x)
    for i, (top, left, flip) in enumerate(zip(rng.integers(0, 2 * PAD + 1, n), rng.integers(0, 2 * PAD + 1, n), rng.random(n) < 0.5)):
        crop = padded[i, top : top + h, left : left + w]
        out[i] = crop[:, ::-1] if flip else crop
    return out


def tensor(x, mean, std):
    return torch.from_numpy(((x.astype(np.float32) / 255 - mean) / std).astype(np.float32))[:, None]


def train_torch(seed, blocks, width, epochs):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x, y = idx("train-images-idx3-ubyte.gz"), idx("train-labels-idx1-ubyte.gz").astype(np.int64)
    net = Net(blocks, width)
    mean, std = (x / 255).mean(), (x / 255).std()
    opt = torch.optim.SGD(net.parameters(), lr=RATE, momentum=0.9, nesterov=True, weight_decay=DECAY)
    total = epochs * math.ceil(len(x) / BATCH)
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for lo in range(0, len(x), BATCH):
            pick = order[lo : lo + BATCH]
            for group in opt.param_groups:
                group["lr"] = rate(step, total)
            loss = F.cross_entropy(net(tensor(augment(x[pick], rng), mean, std)), torch.from_numpy(y[pick]))
            opt.zero_grad()
            loss.backward()
            opt.step()
            step += 1
    net.eval()
    tx, ty = idx("test-images-idx3-ubyte.gz"), idx("test-labels-idx1-ubyte.gz").astype(np.int64)
    with torch.no_grad():
        right = sum((net(tensor(tx[lo : lo + 500], mean, std)).argmax(1).numpy() == ty[lo : lo + 500]).sum() for lo in range(0, len(tx), 500))
    return right / len(tx)


def train_here(seed, blocks, width, epochs):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            ["go", "run", "./examples/veit", "-nets", "residual", "-augment", "-data", "embedded", "-studies=false", "-seed", str(seed),
             "-blocks", str(blocks), "-width", str(width), "-epochs", str(epochs), "-out", out],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        test = json.loads((pathlib.Path(out) / "results.json").read_text())["nets"][0]["test"]
        return test["correct"] / test["examples"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    p.add_argument("--blocks", type=int, default=27)
    p.add_argument("--width", type=int, default=16)
    p.add_argument("--epochs", type=int, default=6)
    a = p.parse_args()
    torch.set_num_threads(2)
    rows = []
    for seed in a.seeds:
        nets = (a.blocks, a.width, a.epochs)
        rows.append((100 * float(train_here(seed, *nets)), 100 * float(train_torch(seed, *nets))))
        print(f"seed {seed}: here {rows[-1][0]:.2f} %, PyTorch {torch.__version__} {rows[-1][1]:.2f} %", flush=True)
    ours, theirs = (statistics.mean(r[i] for r in rows) for i in (0, 1))
    gaps = [a - b for a, b in rows]
    error = statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
    print(f"mean: here {ours:.2f} %, PyTorch {theirs:.2f} %, difference {ours - theirs:+.2f} points, standard error {error:.2f}")
    sys.exit(int(abs(ours - theirs) > 1))


main()
