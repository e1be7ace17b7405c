"""Writes reference.json: what PyTorch's optimisers and schedules do on a small problem.

Run by hand with any recent PyTorch:  python reference.py
The Go tests read only the JSON.

The problem: two parameters, a of 3 and b of 2x2, and at step t the gradient
g = p * curvature + cos(t + index), which depends on where the parameter is, so that errors add up.
"""
import json
import os

import torch
from torch.optim import lr_scheduler as schedule

STEPS = 10


def start():
    a = torch.tensor([0.5, -1.25, 2.0])
    b = torch.tensor([[1.0, -0.5], [0.25, 3.0]])
    return [torch.nn.Parameter(a), torch.nn.Parameter(b)]


def gradient(p, t):
    index = torch.arange(p.numel(), dtype=torch.float64).reshape(p.shape)
    return (p.detach().double() * (1 + index / 2) + torch.cos(t + index)).float()


def trajectory(make, rates):
    params = start()
    optimizer = make(params)
    out = []
    for t, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for p in params:
            p.grad = gradient(p, t)
        optimizer.step()
        out.append([x for p in params for x in p.detach().flatten().tolist()])
    return out


OPTIMISERS = {
    "sgd": (dict(), lambda p: torch.optim.SGD(p, lr=1)),
    "sgd-decay": (dict(WeightDecay=0.01), lambda p: torch.optim.SGD(p, lr=1, weight_decay=0.01)),
    "sgd-momentum": (
        dict(Momentum=0.9, WeightDecay=0.01),
        lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, weight_decay=0.01),
    ),
    "sgd-nesterov": (
        dict(Momentum=0.9, WeightDecay=0.01, Nesterov=True),
        lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, weight_decay=0.01, nesterov=True),
    ),
    "adam": (dict(), lambda p: torch.optim.Adam(p, lr=1)),
    "adam-decay": (
        dict(Beta1=0.8, Beta2=0.95, Eps=1e-6, WeightDecay=0.1),
        lambda p: torch.optim.Adam(p, lr=1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    ),
    "adamw": (
        dict(WeightDecay=0.1),
        lambda p: torch.optim.AdamW(p, lr=1, weight_decay=0.1),
    ),
}


def rates(steps, peak, make):
    optimizer = torch.optim.SGD(start(), lr=peak)
    scheduler = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def cosine_with_warmup(optimizer):
    warm = schedule.LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
    fall = schedule.CosineAnnealingLR(optimizer, T_max=15)
    return schedule.SequentialLR(optimizer, [warm, fall], milestones=[5])


SCHEDULES = {
    "constant": rates(20, 0.1, lambda o: schedule.ConstantLR(o, factor=1)),
    "cosine": rates(20, 0.1, lambda o: schedule.CosineAnnealingLR(o, T_max=20)),
    "cosine-warmup": rates(20, 0.1, cosine_with_warmup),
    "steps": rates(20, 0.1, lambda o: schedule.MultiStepLR(o, milestones=[7, 15], gamma=0.1)),
    "onecycle": rates(20, 0.1, lambda o: schedule.OneCycleLR(o, max_lr=0.1, total_steps=20)),
}


def clipped(limit):
    params = start()
    for p in params:
        p.grad = gradient(p, 0)
    norm = torch.nn.utils.clip_grad_norm_(params, limit)
    return {"limit": limit, "norm": float(norm), "grad": [x for p in params for x in p.grad.flatten().tolist()]}


def main():
    step_sizes = [0.05 * (1 + t % 3) for t in range(STEPS)]
    reference = {
        "torch": torch.__version__.split("+")[0],
        "rates": step_sizes,
        "optimisers": [
            {"name": name, "fields": fields, "params": trajectory(make, step_sizes)}
            for name, (fields, make) in OPTIMISERS.items()
        ],
        "schedules": SCHEDULES,
        "clip": [clipped(1.0), clipped(100.0)],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w") as f:
        json.dump(reference, f, indent=1)
        f.write("\n")


main()
