#!/usr/bin/env python3
"""Compares the nets of package resnet with torchvision's and timm's of the same names, with transformers', and those for
small images with the ones in small.py.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm transformers safetensors onnxscript
    venv/bin/python bench/parity/models.py                 # all: two hours of a core
    venv/bin/python bench/parity/models.py resnet50 vgg16  # these

The largest net, resnext101_32x32d, takes 24 GB of memory and 12 GB of the folder for temporary files, the others a third.

For each net weights and statistics are drawn at random here and saved as a .pth file, as safetensors, and as ONNX by
both exporters of PyTorch. resnet.Load, which knows the net by itself, reads the first two, weights/onnx the others.
Printed are the largest differences from what PyTorch computes in float64, relative to the largest value: of logits, of
those of the ONNX files, of the state behind each stage, and of logits in training, where batch norms take the
statistics of the batch; and of the gradients of the cross-entropy, of all parameters the largest relative difference in
the Euclidean norm. Beside the last two stands how far PyTorch's own float32 is off. Dropout is off. Inputs of ReLUs are
kept away from zero, and those of max pooling from each other, see separate.py.

Exits with status 1 if a file is not read, a gradient is more than 1e-3 off or anything else more than 1e-4.
"""
import argparse
import copy
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import timm
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from timm.models.resnetv2 import PreActBasic, PreActBottleneck
from torch import nn
from transformers import ResNetConfig, ResNetForImageClassification

import separate
import small

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = ["logits", "ONNX", "features", "training", "gradients", "training, PyTorch", "gradients, PyTorch"]
LIMITS = [1e-4, 1e-4, 1e-4, 1e-4, 1e-3]  # of ours
AT_224 = ["resnet18", "resnet50", "resnetv2_50"]  # besides VGG nets


def names():
    out = subprocess.run(["go", "run", "./bench/parity/models"], cwd=ROOT, check=True, capture_output=True, text=True)
    return out.stdout.split() + list(small.VARIANTS) + list(HUGGING_FACE)


class HuggingFace(nn.Module):
    """A net of transformers that gives logits."""

    def __init__(self, **config):
        super().__init__()
        self.model = ResNetForImageClassification(ResNetConfig(num_labels=1000, **config))

    @property
    def stages(self):
        return self.model.resnet.encoder.stages

    def forward(self, x):
        return self.model(x).logits


HUGGING_FACE = {
    "resnet18 of transformers": lambda: HuggingFace(layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2]),
    "resnet50 of transformers": lambda: HuggingFace(),
}


def shape(name):
    if name in small.NETS:
        return 8, 3, 32, 32
    if name.startswith("vgg"):
        return 1, 3, 224, 224
    return (2, 3, 224, 224) if name in AT_224 else (4, 3, 64, 64)


@torch.no_grad()
def make(name):
    if name in small.NETS:
        net = small.NETS[name]()
    elif name in HUGGING_FACE:
        net = HUGGING_FACE[name]()
    elif name in torchvision.models.list_models():
        net = getattr(torchvision.models, name)()
    else:
        net = timm.create_model(name, zero_init_last=False)
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.2)
            nn.init.normal_(m.bias, 0, 0.2)
        elif isinstance(m, nn.Dropout):
            m.p = 0
    before = small.PreActivation, PreActBasic, PreActBottleneck
    blocks = [m for m in net.modules() if isinstance(m, before) or hasattr(m, "conv2") and hasattr(m, "bn2")]
    # Many branches at random that are as large as their skips are chaos, in any precision. With branches of 1 / sqrt(blocks)
    # a net keeps the size of its gradients at any depth (Hayou et al. 2021, "Stable ResNet").
    deep = max(1, len(blocks) / 16) ** -0.5
    for m in blocks:
        if isinstance(m, before):
            getattr(m, "conv3", m.conv2).weight *= 0.3 * deep
        else:
            nn.init.uniform_(getattr(m, "bn3", m.bn2).weight, 0.2 * deep, 0.4 * deep)
    return net.double().train()


def draw_statistics(net):
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.5, 1.5)


def save(net, x, folder, exporters):
    """Writes the files, of float32, and returns their paths."""
    net.eval()
    torch.save(net.state_dict(), folder / "net.pth")
    save_file(net.state_dict(), folder / "net.safetensors")
    for exporter in exporters:
        with warnings.catch_warnings(action="ignore"):
            torch.onnx.export(net, (x,), folder / f"{exporter}.onnx", dynamo=exporter == "new", verbose=False)
    return [folder / name for name in ("net.pth", "net.safetensors", *(f"{e}.onnx" for e in exporters))]


def computed(net, x):
    """What PyTorch computes in the precision of net, by name; gradients and buffers together are named as a state dict."""
    out, stages = {"x": x}, []
    if hasattr(net, "features"):
        modules = [m for m in net.features if isinstance(m, nn.MaxPool2d)]
    else:
        modules = net.stages if hasattr(net, "stages") else [m for n, m in net.named_children() if n[:5] in ("layer", "block")]
    hooks = [m.register_forward_hook(lambda _, __, y: stages.append(y)) for m in modules]
    with torch.no_grad():
        out["eval"] = net.eval()(x)
    for h in hooks:
        h.remove()
    out.update((f"stage{i}", y) for i, y in enumerate(stages))
    parameters = dict(net.named_parameters())
    out.update(("grad." + key, b.clone()) for key, b in net.state_dict().items() if key not in parameters)
    out["train"] = net.train()(x)
    out["labels"] = torch.arange(len(x)) % 10
    F.cross_entropy(out["train"], out["labels"]).backward()
    out.update(("grad." + key, p.grad) for key, p in parameters.items())
    return {k: v.detach().float().contiguous() for k, v in out.items()}


def compare(name, binary, folder, exporters):
    torch.manual_seed(1)
    net = make(name)
    x = separate.images(net, *shape(name))
    draw_statistics(net)
    x = x.float()
    files = save(net.float(), x, folder, exporters)
    save_file(computed(copy.deepcopy(net), x), folder / "single.safetensors")
    save_file(computed(net.double(), x.double()), folder / "double.safetensors")
    del net
    files = [folder / "double.safetensors", folder / "single.safetensors", *files]
    out = subprocess.run([binary, name, *files], check=False, capture_output=True, text=True)
    if out.returncode:
        raise RuntimeError(out.stderr.strip())
    return [float(v) for v in out.stdout.split()]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("names", nargs="*")
    p.add_argument("--exporters", nargs="+", choices=["old", "new"], default=["old", "new"])
    a = p.parse_args()
    torch.set_num_threads(1)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        binary = folder / "models"
        subprocess.run(["go", "build", "-o", binary, "./bench/parity/models"], cwd=ROOT, check=True)
        print("| net | images | " + " | ".join(COLUMNS) + " | seconds | |")
        print("|---|---|" + "---|" * (len(COLUMNS) + 2))
        for name in a.names or names():
            n, _, side, _ = shape(name)
            print(f"| {name} | {n} of {side}x{side} |", end="", flush=True)
            start = time.monotonic()
            try:
                row = compare(name, binary, folder, a.exporters)
                near = all(v <= limit for v, limit in zip(row, LIMITS))
                print("".join(f" {v:.1e} |" for v in row), f"{time.monotonic() - start:.0f} |", "yes |" if near else "**no** |", flush=True)
            except Exception as wrong:
                near = False
                print(f" **no**: {wrong} |".replace("\n", "; "), flush=True)
            failed += not near
    print(f"\n{failed} failed" if failed else "\nall within the limits")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
