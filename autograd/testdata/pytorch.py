"""Writes pytorch.json: gradients and gradients of gradients that PyTorch computes, in float64.

For an op f, a seed u and directions w, it stores y = f(x), the gradients of <u, y> by every x, and
the gradients by u and every x of the sum of the products of those gradients with w. Images are
NHWC and weights RSCK, as in this library. Usage: python pytorch.py > pytorch.json
"""

import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def draw(*shape):
    # A few binary digits: exact in float32 and short in JSON.
    return (torch.randn(shape) * 64).round() / 64


def conv(x, w, **spec):
    y = F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), **spec)
    return y.permute(0, 2, 3, 1)


def batch_norm(x, gamma, beta):
    dims = (0, 3, 1, 2) if x.dim() == 4 else (0, 1)
    back = (0, 2, 3, 1) if x.dim() == 4 else (0, 1)
    return F.batch_norm(x.permute(dims), None, None, gamma, beta, training=True, eps=1e-5).permute(back)


def as_json(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def case(op, f, *xs, **attributes):
    xs = [x.requires_grad_() for x in xs]
    y = f(*xs)
    u = draw(*y.shape).requires_grad_()
    w = [draw(*x.shape) for x in xs]
    first = torch.autograd.grad(y, xs, u, create_graph=True)
    along = sum((a * b).sum() for a, b in zip(first, w))
    second = torch.autograd.grad(along, [u, *xs], allow_unused=True)
    second = [torch.zeros_like(v) + (0 if g is None else g) for g, v in zip(second, [u, *xs])]
    return {
        "op": op, **attributes,
        "x": [as_json(x) for x in xs], "u": as_json(u), "w": [as_json(t) for t in w],
        "y": as_json(y), "first": [as_json(g) for g in first], "second": [as_json(g) for g in second],
    }


def few(*shape):
    return torch.randint(-2, 2, shape).to(torch.float64)


def hw(h, w):
    return {"H": h, "W": w}


labels = [2, 0, 4]
json.dump([
    case("BatchNorm", batch_norm, draw(6, 3), draw(3), draw(3)),
    case("BatchNorm", batch_norm, draw(2, 3, 2, 4), draw(4), draw(4)),
    case("BatchNormReLU", lambda x, a, b: F.relu(batch_norm(x, a, b)), draw(2, 2, 3, 3), draw(3), draw(3)),
    case("Conv2D", lambda x, w: conv(x, w, padding=1), draw(2, 4, 3, 3), draw(3, 3, 3, 2),
         spec={"Pad": hw(1, 1)}),
    case("Conv2D", lambda x, w: conv(x, w, padding=1, stride=2), draw(1, 5, 6, 2), draw(3, 3, 2, 3),
         spec={"Pad": hw(1, 1), "Stride": hw(2, 2)}),
    case("Conv2D", lambda x, w: conv(x, w, padding=2, dilation=2, groups=2), draw(1, 4, 5, 4), draw(3, 3, 2, 4),
         spec={"Pad": hw(2, 2), "Dilation": hw(2, 2), "Groups": 2}),
    case("CrossEntropy", lambda z: F.cross_entropy(z, torch.tensor(labels)), draw(3, 5), labels=labels),
    case("CrossEntropy", lambda z: F.cross_entropy(z, torch.tensor(labels), label_smoothing=0.125), draw(3, 5),
         labels=labels, smoothing=0.125),
    case("Conv2D", lambda x, w: conv(x, w, padding=(0, 2), stride=(2, 1), dilation=(1, 2)), draw(1, 5, 4, 2),
         draw(2, 3, 2, 3), spec={"Pad": hw(0, 2), "Stride": hw(2, 1), "Dilation": hw(1, 2)}),
    # Where pieces meet: few different numbers, so that they tie and lie at bounds.
    case("Abs", torch.abs, few(3, 4)),
    case("Clip", lambda a: torch.clamp(a, -1, 0), few(3, 4)),
    case("Clip", lambda a: torch.clamp(a, -1, 0), torch.tensor([0.5, -1, 0, -2])),
    case("Maximum", torch.maximum, few(3, 4), few(4)),
    case("Max", lambda a: a.amax((0, 2)), few(3, 4, 3)),
    case("MaxAll", lambda a: a.amax(), few(3, 4)),
    case("Softmax", lambda a: a.softmax(1), draw(2, 3, 2)),
    case("MatMul", torch.matmul, draw(2, 1, 3, 2), draw(3, 2, 2)),
], sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
