"""Writes torchvision.json: what torchvision's ResNets compute, and what their parameters are called.

Run by hand:  python torchvision_reference.py
The Go tests read only the JSON. As in reference.py, which this script borrows from, both sides draw the weights from a
hash, and everything runs in float64. Vectors are stored as their Euclidean norm and their product with a given vector.
"""
import json
import os

import torch
import torch.nn.functional as F
import torchvision

from reference import figures, uniform, value

IMAGES, SIDE = 2, 96
LABELS = [1, 7]
CLASSES = 10


def two(name, x):
    along = torch.from_numpy(uniform("along " + name, x.numel()).reshape(x.shape))
    return {"Name": name, "Norm": figures(x.norm())[0], "Along": figures((x * along).sum())[0]}


def study(make):
    state = {n: t for n, t in make().state_dict().items() if not n.endswith("num_batches_tracked")}
    out = {"Names": list(state), "Shapes": [list(t.shape) for t in state.values()]}
    net = make(num_classes=CLASSES).double()
    for name, t in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            t.copy_(value(name, tuple(t.shape)))
    shape = (IMAGES, 3, SIDE, SIDE)
    x = torch.from_numpy(4 * uniform("images", IMAGES * 3 * SIDE * SIDE).astype("float32").reshape(shape)).double()
    out |= {"Images": IMAGES, "Side": SIDE, "Classes": CLASSES, "Labels": LABELS}
    net.eval()
    out["Eval"] = figures(net(x))
    net.train()
    logits = net(x)
    loss = F.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    out["Train"], out["Loss"] = figures(logits), figures(loss)[0]
    out["Grads"] = [two(n, p.grad) for n, p in net.named_parameters()]
    out["Running"] = [two(n, t) for n, t in net.state_dict().items() if "running" in n]
    return out


def dump(v, depth=0):
    """JSON with one line for each name and its numbers."""
    if depth == 2 and isinstance(v, list) and v and isinstance(v[0], (dict, list)):
        return "[\n" + ",\n".join("   " + json.dumps(e) for e in v) + "\n  ]"
    if depth < 2:
        return "{\n" + ",\n".join(f"{' ' * (depth + 1)}{json.dumps(k)}: {dump(e, depth + 1)}" for k, e in v.items()) + "\n" + " " * depth + "}"
    return json.dumps(v)


if __name__ == "__main__":
    names = "resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2"
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torchvision.json")
    with open(path, "w") as f:
        f.write(dump({n: study(getattr(torchvision.models, n)) for n in names}) + "\n")
