#!/usr/bin/env python3
"""Compares the nets of package resnet with torchvision's and timm's of the same names.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm safetensors
    venv/bin/python bench/parity/models.py              # all that both have; a quarter of an hour on two cores
    venv/bin/python bench/parity/models.py resnet50 resnetv2_50

For each net weights and statistics are drawn at random here and saved as a .pth file; resnet.Load reads it and knows
the net by itself. Printed are the largest relative differences from PyTorch in float64: of logits and of the state
behind each stage in evaluation, of logits in training, and of gradients of the cross-entropy of four images, the median
over all parameters. Beside that stands the median of PyTorch's own gradients in float32: where rounding decides whether a
ReLU passes, none of both is near. VGG nets, whose dropout draws, have the gradients of evaluation.
Exits with status 1 if a net is not read, if logits or features are off by more than 1e-4, or gradients by more than
1e-3 and twice what PyTorch's are.
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


def gradients(net, x):
    F.cross_entropy(net(x), torch.tensor(LABELS)).backward()
    return {k: p.grad for k, p in net.named_parameters()}


def expected(net, name):
    vgg = name.startswith("vgg")
    side = 224 if vgg else SIDE
    x = torch.randn(IMAGES, 3, side, side, dtype=torch.float32)
    single = gradients(copy.deepcopy(net).train(not vgg), x)
    net = net.double()
    out, stages = {"x": x}, []
    if not vgg:
        modules = net.stages if hasattr(net, "stages") else [net.layer1, net.layer2, net.layer3, net.layer4]
        hooks = [m.register_forward_hook(lambda _, __, y: stages.append(y)) for m in modules]
    net.eval()
    with torch.no_grad():
        out["eval"] = net(x.double())
    for i, y in enumerate(stages):
        out[f"stage{i}"] = y
    net.train(not vgg)
    with torch.no_grad():
        out["train"] = net(x.double())
    double = gradients(net, x.double())
    own = statistics.median(((single[k] - g).norm() / g.norm()).item() for k, g in double.items())
    for key, b in net.named_buffers():  # so that the gradients are a net's state dict
        out["grad." + key] = b
    for key, g in double.items():
        out["grad." + key] = g
    return {k: v.float().contiguous() for k, v in out.items()}, own


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        binary = folder / "models"
        subprocess.run(["go", "build", "-o", binary, "./bench/parity/models"], cwd=ROOT, check=True)
        print(f"{'net':20} {'PyTorch f32':>11} {'gradients':>9} {'training':>9} {'logits':>9} {'features':>9}")
        failed = 0
        for name in sys.argv[1:] or names():
            net = make(name)
            torch.save(net.state_dict(), folder / "net.pth")
            tensors, own = expected(net, name)
            save_file(tensors, folder / "expected.safetensors")
            print(f"{name:20} {own:11.1e} ", end="", flush=True)
            command = [binary, folder / "net.pth", folder / "expected.safetensors", str(max(1e-3, 2 * own))]
            failed += subprocess.run(command, check=False).returncode != 0
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
