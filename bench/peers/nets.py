"""The nets of the suites train and infer, with torchvision's names."""
import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """y = relu(s(x) + bn2(conv2(relu(bn1(conv1(x)))))), s being option A: He et al. 2016a."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.stride, self.grow = stride, cout - cin

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.grow))
        return F.relu(y + x, inplace=True)


class Cifar(nn.Module):
    """ResNet-6n+2 for 32x32 images."""

    def __init__(self, depth):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        cin = 16
        for stage in range(3):
            blocks = []
            for i in range((depth - 2) // 6):
                blocks.append(Block(cin, 16 << stage, 2 if stage > 0 and i == 0 else 1))
                cin = 16 << stage
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.layer3(self.layer2(self.layer1(y)))
        return self.fc(y.mean((2, 3)))


def load(case):
    """The net of a case with the weights of the case."""
    if case["side"] == 32:
        net = Cifar(case["depth"])
    else:
        net = {18: torchvision.models.resnet18, 50: torchvision.models.resnet50}[case["depth"]]()
    state = net.state_dict()
    for name, value in state.items():
        if name in case.inputs:
            w = case.filters(name) if value.ndim == 4 else case.inputs[name]
            value.copy_(torch.from_numpy(w))
        else:
            assert name.endswith("num_batches_tracked"), name
    return net
