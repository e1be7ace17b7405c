"""Shows PyTorch the file written.pth, which weights.SaveTorch has written: python written.py

TestSaveTorch says what is in it and that SaveTorch still writes these bytes."""

import math
import pathlib

import torch

state = torch.load(pathlib.Path(__file__).parent / "written.pth", weights_only=True)
want = {
    "conv.weight": torch.tensor([[1, -2], [math.inf, 2.0**-149], [5, 6]]),
    "fc.bias": torch.tensor([7.0]),
    "größe": torch.arange(1.0, 9).reshape(2, 1, 4),
    "none": torch.zeros(0, 3),
    "scalar": torch.tensor(8.0),
}
assert list(state) == sorted(want), list(state)
for name, tensor in want.items():
    assert torch.equal(state[name], tensor) and state[name].is_contiguous(), (name, state[name])
print("PyTorch", torch.__version__, "reads", ", ".join(state))
