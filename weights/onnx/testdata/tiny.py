"""Writes a tiny ResNet as both exporters of PyTorch write it, and what ONNX Runtime computes with it:

    python tiny.py

needs torch, onnxscript and onnxruntime. A network's maps are flattened at 2x2, so that their order counts.
"""
import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.downsample(x))


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = Block(4, 6, 2)
        self.layer2 = Block(6, 8, 2)
        self.fc = nn.Linear(8 * 4, 5)

    def forward(self, x):
        x = self.layer2(self.layer1(self.maxpool(torch.relu(self.bn1(self.conv1(x))))))
        return self.fc(torch.flatten(x, 1))


def strip(path):
    """Takes out what the exporter writes of where the network's source lies."""
    model = onnx.load(path)
    for part in [*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, model.graph, model]:
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, path)


def main():
    torch.manual_seed(1)
    net = Tiny().eval()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            for t, low, high in [(m.running_mean, -1, 1), (m.running_var, 0.5, 2), (m.weight, 0.5, 2), (m.bias, -1, 1)]:
                nn.init.uniform_(t, low, high)
    x = torch.randn(2, 3, 16, 16)
    torch.onnx.export(net, (x,), "tiny_old.onnx", dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}},
                      keep_initializers_as_inputs=False, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)
    batch = torch.export.Dim("n", min=1, max=1024)
    torch.onnx.export(net, (x,), "tiny_new.onnx", dynamo=True, dynamic_shapes=({0: batch},), external_data=False,
                      verbose=False)
    for name in ["tiny_old", "tiny_new"]:
        strip(name + ".onnx")
        session = onnxruntime.InferenceSession(name + ".onnx")
        y = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        np.savez(name + ".npz", x=x.numpy(), y=y)


if __name__ == "__main__":
    main()
