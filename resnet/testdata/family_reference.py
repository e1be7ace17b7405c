"""Writes family.json: names, shapes and numbers of parameters of torchvision's and timm's nets, and what small nets of
timm's variants compute.

Run by hand:  python family_reference.py
The Go tests read only the JSON. Weights are those of a hash, as in reference.py.
"""
import hashlib
import json
import os
import re
from functools import partial

import timm
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from timm.layers import BatchNormAct2d, BlurPool2d, SEModule, create_conv2d
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from timm.models.resnetv2 import ResNetV2

from reference import figures, uniform, value
from torchvision_reference import two

TORCHVISION = """resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d
    wide_resnet50_2 wide_resnet101_2 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn""".split()
TIMM = """resnet26 resnet18d resnet26d resnet34d resnet50d resnet101d resnet152d resnet200 resnet200d seresnet18 seresnet50
    seresnet152d seresnext50_32x4d ecaresnet50d ecaresnet101d resnet10t resnet14t resnet26t resnet50t resnet50c
    resnext50d_32x4d resnext101_32x4d resnext101_32x16d seresnet34 seresnet50t seresnet101 seresnet152 seresnext26d_32x4d
    seresnext26t_32x4d seresnext101_32x4d seresnext101_32x8d seresnext101d_32x8d ecaresnet26t ecaresnet50t ecaresnetlight
    ecaresnet269d ecaresnext26t_32x4d resnetv2_18 resnetv2_34 resnetv2_50 resnetv2_101 resnetv2_152 resnetv2_18d
    resnetv2_34d resnetv2_50d resnetv2_50t resnetv2_101d resnetv2_152d ecaresnet200d ecaresnext50t_32x4d resnet101c
    resnet152c resnext101_32x32d seresnet200d seresnet269d seresnext101_64x4d resnetblur18 resnetblur50 resnetblur50d
    resnetblur101d resnetaa34d resnetaa50 resnetaa50d resnetaa101d seresnetaa50d seresnextaa101d_32x8d resnetrs50
    resnetrs101 resnetrs152 resnetrs200 resnetrs270 resnetrs350 resnetrs420""".split()
IMAGES, SIDE, CLASSES, LABELS = 2, 64, 10, [1, 7]


def ours(name):
    """The name that package resnet has for one of timm's resnetv2."""
    name = re.sub(r"^stem\.conv\.", "conv1.", name)
    name = re.sub(r"^stem\.(conv|norm)(\d)\.", lambda m: f"conv1.{3 * int(m[2]) - (3 if m[1] == 'conv' else 2)}.", name)
    name = re.sub(r"^stages\.(\d)\.blocks\.(\d+)\.", lambda m: f"layer{int(m[1]) + 1}.{m[2]}.", name)
    name = re.sub(r"(?<=\d)\.norm(\d)\.", r".bn\1.", name).replace("downsample.conv.", "downsample.0.")
    return re.sub(r"^norm\.", "bn.", re.sub(r"^head\.", "", name))


def state(net):
    return {n: t for n, t in net.state_dict().items() if not n.endswith("num_batches_tracked")}


def shape(name, t):
    return [t.shape[0], t.shape[1]] if name in ("head.fc.weight", "fc.weight") else list(t.shape)


def describe(net):
    s = state(net)
    lines = sorted(" ".join([ours(n)] + [str(d) for d in shape(n, t)]) + "\n" for n, t in s.items())
    count = sum(p.numel() for p in net.parameters())
    return {"Tensors": len(s), "Parameters": count, "Hash": hashlib.sha256("".join(lines).encode()).hexdigest()}


def study(net, side, train=True):
    net = net.double()
    for name, t in state(net).items():
        t.copy_(value(ours(name), tuple(shape(name, t))).reshape(t.shape))
    s = (IMAGES, 3, side, side)
    x = torch.from_numpy(4 * uniform("images", IMAGES * 3 * side * side).astype("float32").reshape(s)).double()
    out = {"Images": IMAGES, "Side": side, "Classes": CLASSES, "Labels": LABELS}
    net.eval()
    out["Eval"] = figures(net(x))
    net.train(train)
    logits = net(x)
    loss = F.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    out["Train"], out["Loss"] = figures(logits), figures(loss)[0]
    out["Grads"] = [two(ours(n), p.grad) for n, p in net.named_parameters()]
    out["Running"] = [two(ours(n), t) for n, t in state(net).items() if train and "running" in n]
    return out


def vgg(norm):
    """torchvision's VGG-11, narrow."""
    layers = [8, "M", 16, "M", 32, 32, "M", 64, 64, "M", 64, 64, "M"]
    net = torchvision.models.vgg.VGG(nn.Sequential(), num_classes=CLASSES, init_weights=False)
    net.features = torchvision.models.vgg.make_layers(layers, batch_norm=norm)
    net.classifier = nn.Sequential(nn.Linear(64 * 49, 12), nn.ReLU(True), nn.Dropout(), nn.Linear(12, 12), nn.ReLU(True),
                                   nn.Dropout(), nn.Linear(12, CLASSES))
    return net


D = dict(stem_width=32, stem_type="deep", avg_down=True)
T = D | dict(stem_type="deep_tiered")
V2 = dict(norm_layer=BatchNormAct2d, conv_layer=create_conv2d)
SMALL = {
    "se": (lambda: ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES, block_args=dict(attn_layer="se")), SIDE, True),
    "eca-d": (lambda: ResNet(Bottleneck, [1, 1, 1, 1], num_classes=CLASSES, block_args=dict(attn_layer="eca"), **D), 72, True),
    "se-t": (lambda: ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES, block_args=dict(attn_layer="se"), **T), SIDE, True),
    "blur": (lambda: ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES, aa_layer=BlurPool2d), SIDE, True),
    "average-d": (lambda: ResNet(Bottleneck, [1, 1, 1, 1], num_classes=CLASSES, aa_layer=nn.AvgPool2d, **D), SIDE, True),
    "rs": (lambda: ResNet(Bottleneck, [1, 1, 1, 1], num_classes=CLASSES, replace_stem_pool=True,
                          block_args=dict(attn_layer=partial(SEModule, rd_ratio=0.25)), **D), SIDE, True),
    "v2-d": (lambda: ResNetV2([1, 1, 1], channels=(256, 512, 1024), num_classes=CLASSES, stem_type="deep", avg_down=True, **V2), SIDE, True),
    "v2-basic": (lambda: ResNetV2([2, 1, 1], channels=(64, 128, 256), num_classes=CLASSES, basic=True, bottle_ratio=1.0, **V2), SIDE, True),
    "v2": (lambda: ResNetV2([1, 1, 1], channels=(256, 512, 1024), num_classes=CLASSES, **V2), SIDE, True),
    "vgg": (lambda: vgg(False), 224, False),
    "vgg-norm": (lambda: vgg(True), 448, False),
}


def main():
    nets = {}
    for name in TORCHVISION:
        with torch.device("meta"):
            net = getattr(torchvision.models, name)()
        nets[name] = describe(net)
    for name in TIMM:
        with torch.device("meta"):
            net = timm.create_model(name)
        nets[name] = describe(net)
    studies = {n: study(make(), side, train) for n, (make, side, train) in SMALL.items()}
    lines = ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in nets.items())
    texts = []
    for n, v in studies.items():
        inner = []
        for k, e in v.items():
            if k in ("Grads", "Running") and e:
                inner.append(f'   "{k}": [\n' + ",\n".join("    " + json.dumps(x) for x in e) + "\n   ]")
            else:
                inner.append(f'   "{k}": {json.dumps(e)}')
        texts.append(f"  {json.dumps(n)}: {{\n" + ",\n".join(inner) + "\n  }")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "family.json")
    with open(path, "w") as f:
        f.write('{\n "Nets": {\n' + lines + '\n },\n "Small": {\n' + ",\n".join(texts) + "\n }\n}\n")


if __name__ == "__main__":
    with torch.device("cpu"):
        main()
