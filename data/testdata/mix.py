"""Writes mix.json: what torchvision's MixUp and CutMix make of batches, given the numbers that they draw.
Run beside this file: pip install torch torchvision && python3 mix.py"""
import json
from unittest import mock

import torch
from torchvision.transforms import v2

CLASSES, N, H, W, C = 4, 3, 5, 7, 2
labels = torch.tensor([2, 0, 3])
images = torch.arange(N * H * W * C).reshape(N, H, W, C).mul(0.37).sin()
cases, boxes = [], []


def short(x):
    """Digits that tell float32 apart."""
    return [float(f"{v:.9g}") for v in x.flatten().tolist()]


def case(transform, **params):
    x = images.permute(0, 3, 1, 2).contiguous()
    y = transform.transform(x, {"labels": labels, "batch_size": N, **params}).permute(0, 2, 3, 1)
    t = transform.transform(labels, {"labels": labels, "batch_size": N, **params})
    cases.append({"lambda": params.get("lam", params.get("lam_adjusted")), "box": params.get("box"), "x": short(y), "t": short(t)})


for lam in (0.0, 0.25, 0.7, 1.0):
    case(v2.MixUp(num_classes=CLASSES), lam=lam)
for lam in (0.0, 0.01, 0.3, 0.77, 1.0):
    for h, w in ((H, W), (32, 32), (9, 30)):
        for y, x in ((0, 0), (h // 2, w // 3), (h - 1, w - 1)):
            mix = v2.CutMix(num_classes=CLASSES)
            with mock.patch("torch.randint", side_effect=[torch.tensor([x]), torch.tensor([y])]):
                mix._dist = mock.Mock(sample=lambda _: lam)
                params = mix.make_params([torch.zeros(1, C, h, w)])
            boxes.append([lam, h, w, y, x, *params["box"], params["lam_adjusted"]])
            if (h, w) == (H, W):
                case(mix, **params)
with open("mix.json", "w") as f:
    json.dump({"images": short(images), "cases": cases, "boxes": boxes}, f)
    f.write("\n")
