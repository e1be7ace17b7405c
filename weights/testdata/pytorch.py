"""Writes the files of folder torch, in all the ways of torch.save, and torch.json, what is in them: by file the part
that Load takes, the metadata, and by tensor shape and elements as float32. Run beside this file:

    pip install torch==2.15.0 numpy && python3 pytorch.py
"""
import collections
import io
import json
import pathlib
import zipfile

import numpy
import torch

here = pathlib.Path(__file__).parent
folder = here / "torch"
folder.mkdir(exist_ok=True)
torch.manual_seed(1)
expected = {}


def listed(t):
    t = t.detach().to(torch.float32)
    return {"shape": list(t.shape), "data": t.reshape(-1).tolist()}


def save(name, value, tensors, part="", meta={}, unsupported={}, **options):
    path = folder / (name + ".pt")
    with open(path, "wb") as f:
        torch.save(value, f, **options)
    expected[name] = {"part": part, "meta": meta, "unsupported": unsupported, "tensors": {k: listed(t) for k, t in tensors.items()}}


def everything():
    base = torch.randn(4, 6)
    d = collections.OrderedDict()
    for dtype in ["float64", "float32", "float16", "bfloat16"]:
        d[dtype] = torch.randn(2, 3).to(getattr(torch, dtype))
    for dtype in ["int64", "int32", "int16", "int8", "uint8"]:
        d[dtype] = torch.tensor([[0, 1, 100], [3, 4, 127]]).to(getattr(torch, dtype)) - int(dtype != "uint8")
    d["bool"] = torch.tensor([True, False, True])
    d["scalar"] = torch.tensor(7.5)
    d["number"] = torch.tensor(3)
    d["empty"] = torch.zeros(0, 3)
    d["whole"], d["same"], d["columns"], d["row"] = base, base, base[:, 1:4], base[2]
    d["transposed"], d["expanded"] = base.t(), torch.tensor([1.0, 2.0]).expand(3, 2)
    d["channels_last"] = torch.randn(2, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    d["parameter"] = torch.nn.Parameter(torch.randn(3))
    return d


d = everything()
save("zip", d, d)
save("legacy", d, d, _use_new_zipfile_serialization=False)
for protocol in (3, 4, 5):
    one = {"w": torch.randn(2, 2), "b": torch.nn.Parameter(torch.randn(2))}
    save(f"zip-protocol{protocol}", one, one, pickle_protocol=protocol)

model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))  # its state dict has _metadata
state = model.state_dict()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.randn(2, 1, 4, 4)).sum().backward()
optimizer.step()
for zipped in (True, False):
    save("checkpoint-" + ("zip" if zipped else "legacy"),
         {"epoch": 3, "arch": "tiny", "best": numpy.float64(91.5), "count": numpy.int64(-2), "seen": numpy.bool_(True), "nothing": None,
          "state_dict": {"module." + k: v for k, v in state.items()}, "optimizer": optimizer.state_dict()},
         {"module." + k: v for k, v in state.items()}, "state_dict",
         {"epoch": "3", "arch": "tiny", "best": "91.5", "count": "-2", "seen": "true"}, _use_new_zipfile_serialization=zipped)
save("deep", {"model": {"state_dict": state, "note": "x"}, "epoch": 1}, state, "model.state_dict", {"epoch": "1", "note": "x"})
save("only", {"weights of it": state, "epoch": 1}, state, "weights of it", {"epoch": "1"})
save("two", {"model": {"w": torch.zeros(1)}, "ema": {"w": torch.ones(1)}}, {"w": torch.zeros(1)}, "model")

odd = {"u16": torch.tensor([0, 65535], dtype=torch.uint16), "u32": torch.tensor([2**32 - 1], dtype=torch.uint32),
       "f8": torch.zeros(3, dtype=torch.float8_e4m3fn), "complex": torch.zeros(2, dtype=torch.complex64)}
save("types", odd, {k: odd[k] for k in ("u16", "u32")}, unsupported={"f8": "F8_E4M3", "complex": "C64"})

# Big-endian files are made of little-endian ones, by turning the bytes of each element round.
one = {"w": torch.randn(3), "h": torch.randn(2).half()}
buffer = io.BytesIO()
torch.save(one, buffer)
sizes = {"0": 4, "1": 2}
with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(folder / "big.pt", "w") as target:
    for item in source.infolist():
        content, name = source.read(item), item.filename.split("/")[-1]
        if name == "byteorder":
            content = b"big"
        elif item.filename.split("/")[-2] == "data":
            content = numpy.frombuffer(content, f"u{sizes[name]}").byteswap().tobytes()
        target.writestr(item.filename, content)
expected["big"] = {"part": "", "meta": {}, "unsupported": {}, "tensors": {k: listed(t) for k, t in one.items()}}

(here / "torch.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")
