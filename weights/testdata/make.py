"""Writes the fixtures of the tests with the reference implementation: pip install safetensors torch"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

here = pathlib.Path(__file__).parent

# What the writer of this package must reproduce byte for byte.
save_file(
    {
        "conv1.weight": np.arange(2 * 3 * 1 * 2, dtype=np.float32).reshape(2, 3, 1, 2) / 4,
        "scalar": np.array(-1.5, dtype=np.float32),
        "empty": np.zeros((0, 3), dtype=np.float32),
        'né"<\\\n': np.array([np.inf, -np.inf, -0.0, 1e-45], dtype=np.float32),
    },
    here / "float32.safetensors",
    metadata={"format": "pt <&>"},
)

# One tensor of each type that is converted, and the same as float32.
tensors = {
    "f64": torch.tensor([1 / 3, -1e300, 5e-324, 1 + 2**-24], dtype=torch.float64),
    "f16": torch.tensor([1 / 3, 65504, 6e-8, -0.0, float("inf"), 6.1e-5], dtype=torch.float16),
    "bf16": torch.tensor([1 / 3, -3e38, 1e-40, float("-inf")], dtype=torch.bfloat16),
    "i64": torch.tensor([1 << 40, -3], dtype=torch.int64),
    "i32": torch.tensor([-(1 << 31), 16777217], dtype=torch.int32),
    "i16": torch.tensor([-32768, 7], dtype=torch.int16),
    "i8": torch.tensor([-128, 127], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
}
tensors.update({name + " as f32": t.to(torch.float32) for name, t in tensors.items()})
save_torch(tensors, here / "types.safetensors")
