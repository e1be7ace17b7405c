"""Writes reference.json: what PyTorch's layers compute on small inputs.

Run by hand with any recent PyTorch:  python reference.py
The Go tests read only the JSON. Weights and inputs are stored in PyTorch's layout.
"""
import json
import os

import torch
from torch import nn

torch.manual_seed(1)


def rounded(t):
    return {"Shape": list(t.shape), "Data": [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]}


def study(layer, x, train=True):
    """Output, gradients of <output, output>/2, and the state before and after."""
    layer.train(train)
    for p in layer.parameters():
        p.data = torch.tensor(rounded(p)["Data"]).reshape(p.shape)
    before = {k: rounded(v) for k, v in layer.state_dict().items() if v.dim()}
    x = torch.tensor(rounded(x)["Data"]).reshape(x.shape).requires_grad_()
    y = layer(x)
    (y * y / 2).sum().backward()
    return {
        "Before": before,
        "X": rounded(x),
        "Y": rounded(y),
        "DX": rounded(x.grad),
        "Grads": {k: rounded(p.grad) for k, p in layer.named_parameters()},
        "After": {k: rounded(v) for k, v in layer.state_dict().items() if v.dim()},
    }


def lively(bn):
    for t in bn.state_dict().values():
        if t.dim():
            t.uniform_(0.5, 1.5)
    return bn


image = torch.randn(2, 4, 5, 6)
cases = {
    "conv": study(nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False), image),
    "conv-bias-groups": study(nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2), image),
    "linear": study(nn.Linear(7, 3), torch.randn(4, 7)),
    "batchnorm-train": study(lively(nn.BatchNorm2d(4)), image),
    "batchnorm-eval": study(lively(nn.BatchNorm2d(4)), image, train=False),
    "batchnorm-relu-train": study(nn.Sequential(lively(nn.BatchNorm2d(4)), nn.ReLU()), image),
    "batchnorm-relu-eval": study(nn.Sequential(lively(nn.BatchNorm2d(4)), nn.ReLU()), image, train=False),
    "maxpool": study(nn.MaxPool2d(3, 2, 1), image),
    "avgpool": study(nn.AvgPool2d(2, 2), image),
    "globalavgpool": study(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), image),
    "relu": study(nn.ReLU(), image),
    "tanh": study(nn.Tanh(), image),
    "sigmoid": study(nn.Sigmoid(), image),
    "conv-rectangle": study(nn.Conv2d(4, 3, (1, 3), stride=(2, 1), padding=(0, 2), dilation=(1, 2)), image),
    "maxpool-rectangle": study(nn.MaxPool2d((2, 3), (1, 2), (1, 0)), image),
    "avgpool-rectangle": study(nn.AvgPool2d((3, 2), (2, 1)), image),
    "maxpool-ceil": study(nn.MaxPool2d(3, 2, 1, ceil_mode=True), image),
    "avgpool-pixels": study(nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), image),
    "adaptiveavgpool": study(nn.AdaptiveAvgPool2d((3, 7)), image),
    "silu": study(nn.SiLU(), image),
}

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
with open(path, "w") as f:
    lines = [f" {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items()]
    f.write("{\n" + ",\n".join(lines) + "\n}\n")
