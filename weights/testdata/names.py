"""Writes names.txt: by net and library what state_dict holds, a line for each layer: its name, what it has, and the shape
of its weights. Run beside this file:

    pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.24.0 && python3 names.py
"""
import pathlib

import timm
import torchvision
from transformers import ResNetConfig, ResNetForImageClassification, ResNetModel

kinds = {
    ("weight",): "conv",
    ("weight", "bias"): "linear",
    ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"): "norm",
}


def lines(title, net):
    yield "# " + title
    layers = {}
    for name, t in net.state_dict().items():
        layer, leaf = name.rsplit(".", 1)
        layers.setdefault(layer, []).append((leaf, t))
    for layer, parts in layers.items():
        kind = kinds[tuple(leaf for leaf, _ in parts)]
        yield " ".join([layer, kind, ",".join(map(str, parts[0][1].shape))])


basic = ResNetConfig(layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], num_labels=1000)
deep = ResNetConfig(num_labels=1000)
text = [
    *lines("torchvision resnet18", torchvision.models.resnet18()),
    *lines("timm resnet18", timm.create_model("resnet18")),
    *lines("Hugging Face resnet18", ResNetForImageClassification(basic)),
    *lines("Hugging Face resnet18 without head", ResNetModel(basic)),
    *lines("torchvision resnet50", torchvision.models.resnet50()),
    *lines("timm resnet50", timm.create_model("resnet50")),
    *lines("Hugging Face resnet50", ResNetForImageClassification(deep)),
    *lines("timm resnetv2_50", timm.create_model("resnetv2_50")),
]
(pathlib.Path(__file__).parent / "names.txt").write_text("\n".join(text) + "\n")
