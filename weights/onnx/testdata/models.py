"""Writes models into a folder, and for each NAME.onnx an input NAME.onnx.x.npy and what ONNX Runtime makes of it,
NAME.onnx.y.npy, for TestModels:

    python models.py FOLDER                        # the model tests that the package onnx carries
    python models.py FOLDER resnet18 vgg16_bn ...  # torchvision's, at random, by both exporters of PyTorch

needs onnx, onnxruntime and for torchvision's also torch, torchvision and onnxscript.
"""
import glob
import os
import shutil
import sys

import numpy as np
import onnx
import onnxruntime


def compute(path, x=None):
    session = onnxruntime.InferenceSession(path)
    first = session.get_inputs()[0]
    if x is None:
        x = np.random.RandomState(0).rand(*first.shape).astype(np.float32)
    np.save(path + ".x.npy", x)
    np.save(path + ".y.npy", session.run(None, {first.name: x})[0])


def exported(folder, name):
    import torch
    import torchvision

    torch.manual_seed(0)
    net = torchvision.models.get_model(name, weights=None).eval()
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.8, 1.2)
    x = torch.randn(1, 3, 224, 224)
    for exporter in ["old", "new"]:
        path = os.path.join(folder, f"{name}_{exporter}.onnx")
        torch.onnx.export(net, (x,), path, dynamo=exporter == "new")
        compute(path, x.numpy())


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    for name in names:
        exported(folder, name)
    if not names:
        light = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "*.onnx")
        for path in glob.glob(light):
            compute(shutil.copy(path, folder))


if __name__ == "__main__":
    main()
