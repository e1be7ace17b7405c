#!/usr/bin/env python3
"""Compares the nets of package resnet with torchvision's and timm's of the same names.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm safetensors
    venv/bin/python bench/parity/models.py              # all that both have; a quarter of an hour on two cores
    venv/bin/python bench/parity/models.py resnet50 resnetv2_50

For each net weights and statistics are drawn at random here and saved as a .pth file; resnet.Load reads it and knows
the net by itself. Four images go through it. Printed are the largest relative differences from PyTorch in float64, of
logits in evaluation, of the state behind each stage, and of logits in training; and those of the gradients of the
cross-entropy, the median over all parameters. Behind each stands what PyTorch's own float32 differs by: where rounding
decides whether a ReLU passes, gradients of neither are near. VGG nets, whose dropout draws, train as in evaluation.

Exits with status 1 if a net is not read, or if a number is more than four times PyTorch's own and more than 1e-5. Four,
because sums by Winograd's algorithm have two to four times the error of direct ones (docs/design.md); and 1e-5, some
eighty roundings of float32, because below that the largest of so few numbers is a matter of luck.
"""
import copy
import pathlib
import statistics
import subprocess
import sys
import tempfile

import timm
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES, SIDE, LABELS = 4, 96, [1, 7, 3, 0]


def names():
    out = subprocess.run(["go", "run", "./bench/parity/models"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in out.stdout.split():
        if name in torchvision.models.list_models() or timm.is_model(name):
            yield name


def make(name):
    torch.manual_seed(1)
    vision = name in torchvision.models.list_models()
    net = getattr(torchvision.models, name)() if vision else timm.create_model(name, zero_init_last=False)
    for key, t in net.state_dict().items():
        if key.endswith("running_mean"):
            t.normal_(0, 0.2)
        elif key.endswith("running_var"):
            t.uniform_(0.5, 1.5)
        elif t.ndim == 1 and key.endswith("weight"):
            t.uniform_(0.5, 1.2)
        elif t.ndim == 1 and key.endswith("bias"):
            t.normal_(0, 0.2)
    return net


def run(net, x, vgg):
    stages, hooks = [], []
    if not vgg:
        modules = net.stages if hasattr(net, "stages") else [net.layer1, net.layer2, net.layer3, net.layer4]
        hooks = [m.register_forward_hook(lambda _, __, y: stages.append(y)) for m in modules]
    with torch.no_grad():
        out = {"eval": net.eval()(x)}
    for h in hooks:
        h.remove()
    for i, y in enumerate(stages):
        out[f"stage{i}"] = y
    y = net.train(not vgg)(x)
    F.cross_entropy(y, torch.tensor(LABELS)).backward()
    out["train"] = y.detach()
    for key, p in net.named_parameters():
        out["grad." + key] = p.grad
    return out


def errors(got, want):
    def largest(key):
        return ((got[key] - want[key]).abs().max() / want[key].abs().max()).item()

    features = [largest(key) for key in want if key.startswith("stage")]
    gradients = [((got[key] - g).norm() / g.norm()).item() for key, g in want.items() if key.startswith("grad.")]
    return [largest("eval"), max(features, default=0), largest("train"), statistics.median(gradients)]


def expected(net, name):
    vgg = name.startswith("vgg")
    side = 224 if vgg else SIDE
    x = torch.randn(IMAGES, 3, side, side, dtype=torch.float32)
    single = run(copy.deepcopy(net), x, vgg)
    out = run(net.double(), x.double(), vgg)
    own = errors(single, out)
    out["x"] = x
    for key, b in net.named_buffers():  # so that the gradients are a net's state dict
        out["grad." + key] = b
    return {k: v.float().contiguous() for k, v in out.items()}, own


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        binary = folder / "models"
        subprocess.run(["go", "build", "-o", binary, "./bench/parity/models"], cwd=ROOT, check=True)
        print(f"{'net':20}" + "".join(f"{what:>10} (PyTorch)" for what in ("logits", "features", "training", "gradients")))
        failed = 0
        for name in sys.argv[1:] or names():
            net = make(name)
            torch.save(net.state_dict(), folder / "net.pth")
            tensors, own = expected(net, name)
            save_file(tensors, folder / "expected.safetensors")
            command = [binary, folder / "net.pth", folder / "expected.safetensors"]
            out = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
            if out.returncode:
                failed += 1
                print(f"{name:20} not read", flush=True)
                continue
            here = [float(v) for v in out.stdout.split()]
            near = all(h <= max(1e-5, 4 * o) for h, o in zip(here, own, strict=True))
            failed += not near
            print(f"{name:20}" + "".join(f"{h:10.1e} ({o:.1e})" for h, o in zip(here, own)) + ("" if near else "  too far"), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
