"""Writes torch_reference.json: what PyTorch computes, in float64 on the CPU, for small seeded cases.

Run it with any Python that has torch:  python torch_reference.py
Tensors are written in this package's layout: images NHWC, convolution weights [R, S, C/groups, K].
Inputs have three decimals, so that float32 and float64 start from nearly the same numbers.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20161)
torch.set_default_dtype(torch.float64)


def random(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).mul(1000).round().div(1000)


def dump(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]}


def nhwc(t):
    return t.permute(0, 2, 3, 1)


def hwio(w):
    return w.permute(2, 3, 1, 0)


def case(op, params, inputs, outputs):
    return {
        "op": op,
        "params": params,
        "in": {k: dump(v) for k, v in inputs.items()},
        "out": {k: dump(v) for k, v in outputs.items()},
    }


def hw(v):
    return dict(zip("HW", v if isinstance(v, tuple) else (v, v)))


def padded(x, more):
    return F.pad(x, (0, more[1], 0, more[0]))


def conv2d(n, h, w, c, k, r, s, stride=1, pad=0, dilation=1, groups=1, more=(0, 0)):
    x = random(n, c, h, w).requires_grad_()
    wt = random(k, c // groups, r, s).requires_grad_()
    y = F.conv2d(padded(x, more), wt, stride=stride, padding=pad, dilation=dilation, groups=groups)
    dy = random(*y.shape)
    dx, dw = torch.autograd.grad(y, (x, wt), dy)
    return case(
        "conv2d",
        {"stride": hw(stride), "pad": hw(pad), "dilation": hw(dilation), "groups": groups, **at_end(more)},
        {"x": nhwc(x), "w": hwio(wt), "dy": nhwc(dy)},
        {"y": nhwc(y), "dx": nhwc(dx), "dw": hwio(dw)},
    )


def at_end(more):
    return {"moreAtEnd": hw(more)} if any(more) else {}


def pool(op, n, h, w, c, size, stride, pad, **options):
    x = random(n, c, h, w).requires_grad_()
    f = F.max_pool2d if op == "max_pool2d" else F.avg_pool2d
    y = f(x, size, stride, pad, **options)
    dy = random(*y.shape)
    (dx,) = torch.autograd.grad(y, x, dy)
    return case(
        op,
        {"size": hw(size), "stride": hw(stride), "pad": hw(pad), **named(options)},
        {"x": nhwc(x), "dy": nhwc(dy)},
        {"y": nhwc(y), "dx": nhwc(dx)},
    )


def resize(by, n, h, w, c, size):
    x = random(n, c, h, w).requires_grad_()
    if by == "area":
        y = F.adaptive_avg_pool2d(x, size)
    elif by == "nearest":
        y = F.interpolate(x, size)
    else:
        y = F.interpolate(x, size, mode="bilinear", align_corners=by == "corners")
    dy = random(*y.shape)
    (dx,) = torch.autograd.grad(y, x, dy)
    return case("resize", {"by": by, "size": hw(size)}, {"x": nhwc(x), "dy": nhwc(dy)}, {"y": nhwc(y), "dx": nhwc(dx)})


def named(options):
    fields = {}
    for name, v in options.items():
        if name == "dilation":
            fields["dilation"] = hw(v)
        elif name == "ceil_mode":
            fields["ceil"] = v
        else:
            fields["excludePad"] = not v
    return fields


def batch_norm(n, h, w, c, eps):
    x = (random(n, c, h, w, scale=2) + 3).requires_grad_()
    gamma, beta = random(c).requires_grad_(), random(c).requires_grad_()
    running_mean, running_var = torch.zeros(c), torch.zeros(c)
    y = F.batch_norm(x, running_mean, running_var, gamma, beta, training=True, momentum=1.0, eps=eps)
    dy = random(*y.shape)
    dx, dgamma, dbeta = torch.autograd.grad(y, (x, gamma, beta), dy)
    count = n * h * w
    return case(
        "batch_norm",
        {"eps": eps},
        {"x": nhwc(x), "gamma": gamma, "beta": beta, "dy": nhwc(dy)},
        {
            "y": nhwc(y),
            "mean": running_mean,
            "variance": running_var * (count - 1) / count,  # PyTorch's running variance is the unbiased one
            "dx": nhwc(dx),
            "dgamma": dgamma,
            "dbeta": dbeta,
        },
    )


def softmax(rows, cols, scale):
    x = random(rows, cols, scale=scale)
    return case("softmax", {}, {"x": x}, {"softmax": x.softmax(-1), "log_softmax": x.log_softmax(-1)})


def matmul(m, n, k, trans_a, trans_b):
    a, b = random(*((k, m) if trans_a else (m, k))), random(*((n, k) if trans_b else (k, n)))
    y = (a.T if trans_a else a) @ (b.T if trans_b else b)
    return case("matmul", {"transA": trans_a, "transB": trans_b}, {"a": a, "b": b}, {"y": y})


def optimiser(op, make, params, n=11, steps=3):
    p = random(n).requires_grad_()
    inputs, outputs = {"p": p.clone()}, {}
    opt = make([p])
    for i in range(steps):
        p.grad = random(n)
        inputs[f"g{i}"] = p.grad.clone()
        opt.step()
        outputs[f"p{i}"] = p.clone()
    return case(op, params, inputs, outputs)


def sgd(lr, momentum, weight_decay, nesterov):
    params = {"lr": lr, "momentum": momentum, "weightDecay": weight_decay, "nesterov": nesterov}
    make = lambda ps: torch.optim.SGD(ps, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
    return optimiser("sgd", make, params)


def adam(lr, b1, b2, eps, weight_decay, decoupled):
    params = {"lr": lr, "b1": b1, "b2": b2, "eps": eps, "weightDecay": weight_decay, "decoupled": decoupled}
    cls = torch.optim.AdamW if decoupled else torch.optim.Adam
    make = lambda ps: cls(ps, lr=lr, betas=(b1, b2), eps=eps, weight_decay=weight_decay)
    return optimiser("adam", make, params)


cases = [
    conv2d(2, 5, 6, 3, 4, 3, 3, pad=1),
    conv2d(1, 7, 5, 2, 3, 3, 3, stride=2, pad=1),
    conv2d(1, 7, 8, 2, 3, 3, 3, pad=2, dilation=2),
    conv2d(1, 9, 9, 1, 2, 3, 3, stride=2, pad=3, dilation=3),
    conv2d(2, 4, 4, 6, 4, 3, 3, pad=1, groups=2),
    conv2d(1, 6, 5, 4, 4, 3, 3, stride=2, pad=1, groups=4),
    conv2d(2, 3, 4, 5, 7, 1, 1),
    conv2d(1, 5, 5, 3, 2, 1, 1, stride=2),
    conv2d(1, 8, 9, 2, 3, 5, 2, stride=3, pad=2),
    pool("max_pool2d", 1, 7, 6, 2, 3, 2, 1),
    pool("max_pool2d", 2, 4, 6, 3, 2, 2, 0),
    pool("max_pool2d", 1, 5, 5, 2, 3, 1, 1),
    pool("avg_pool2d", 1, 7, 6, 2, 3, 2, 1),
    pool("avg_pool2d", 2, 4, 6, 3, 2, 2, 0),
    pool("avg_pool2d", 1, 4, 4, 5, 4, 4, 0),
    batch_norm(3, 4, 2, 5, 1e-5),
    batch_norm(2, 1, 3, 17, 1e-3),
    softmax(3, 5, 1),
    softmax(2, 19, 80),
    *(matmul(4, 6, 5, ta, tb) for ta in (False, True) for tb in (False, True)),
    sgd(0.1, 0, 0, False),
    sgd(0.1, 0.9, 0, False),
    sgd(0.05, 0.9, 0.01, False),
    sgd(0.05, 0.9, 0.01, True),
    adam(0.01, 0.9, 0.999, 1e-8, 0, False),
    adam(0.01, 0.8, 0.99, 1e-8, 0.1, False),
    adam(0.01, 0.9, 0.999, 1e-8, 0.1, True),
    conv2d(1, 6, 8, 3, 18, 3, 3, pad=(2, 1)),
    conv2d(2, 5, 9, 3, 4, 1, 5, stride=(1, 2), pad=(0, 2)),
    conv2d(1, 8, 7, 4, 6, 3, 2, stride=(2, 1), pad=(1, 0), dilation=(1, 3), groups=2),
    conv2d(1, 5, 6, 3, 2, 1, 1, stride=(2, 1)),
    pool("max_pool2d", 1, 7, 6, 2, (3, 2), (1, 2), (1, 0)),
    pool("avg_pool2d", 1, 5, 8, 3, (2, 4), (2, 3), (0, 2)),
    conv2d(1, 6, 7, 3, 2, 3, 3, stride=2, more=(1, 0)),
    conv2d(2, 5, 5, 4, 6, 4, 3, pad=(1, 1), groups=2, more=(1, 2)),
    pool("max_pool2d", 1, 6, 7, 2, 3, 2, 0, ceil_mode=True),
    pool("max_pool2d", 1, 6, 4, 3, 2, (3, 5), 1, ceil_mode=True),
    pool("max_pool2d", 1, 9, 8, 2, 3, 2, 1, dilation=(2, 1)),
    pool("max_pool2d", 1, 8, 9, 2, (2, 3), (2, 1), (0, 1), dilation=(3, 2), ceil_mode=True),
    pool("avg_pool2d", 1, 6, 7, 2, 3, 2, 1, count_include_pad=False),
    pool("avg_pool2d", 1, 6, 7, 3, 3, 2, 0, ceil_mode=True),
    pool("avg_pool2d", 1, 6, 8, 2, 3, 2, 1, ceil_mode=True),
    pool("avg_pool2d", 1, 7, 8, 2, (3, 2), 3, 1, ceil_mode=True, count_include_pad=False),
    *(resize(by, 1, 5, 4, 2, size) for by in ("nearest", "bilinear", "corners", "area") for size in ((3, 9), (1, 3), (8, 1))),
]

path = pathlib.Path(__file__).with_suffix(".json")
lines = [json.dumps(c, separators=(",", ":")) for c in cases]
path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
print(f"{path.name}: {len(cases)} cases by torch {torch.__version__}")
