"""Writes the files of folder numpy, and numpy.json, what is in them: by file and array the shape and the elements as
float32, or the type of one that is not converted. Run beside this file:

    pip install numpy && python3 numpy_files.py
"""
import json
import pathlib

import numpy

here = pathlib.Path(__file__).parent
folder = here / "numpy"
folder.mkdir(exist_ok=True)
expected = {}


def listed(a):
    if a.dtype.kind not in "fiub":
        return {"unsupported": a.dtype.str}
    return {"shape": list(a.shape), "data": a.astype(numpy.float32).reshape(-1).tolist()}


def note(name, arrays):
    expected[name] = {key: listed(a) for key, a in arrays.items()}


base = numpy.arange(-6, 6).reshape(2, 3, 2) * 1.5
arrays = {kind: numpy.abs(base).astype(kind) if kind[1] in "ub" else base.astype(kind)
          for kind in ["<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", ">f8", ">f4", ">i2", ">u8"]}
arrays |= {"|b1": base > 0, "columns": numpy.asfortranarray(base, dtype="<f4"), "number": numpy.float32(3), "one": numpy.ones(1, "<f4"),
           "empty": numpy.zeros((2, 0, 3), "<f4"), "empty columns": numpy.zeros((0, 3), ">f4", order="F"),
           "layer1/conv.weight": numpy.ones((1, 2), "<f4"), "complex": base.astype("<c8"), "text": numpy.array(["a", "bcd"])}
arrays = {key: numpy.asarray(a) for key, a in arrays.items()}
numpy.savez(folder / "types.npz", **arrays)
note("types.npz", arrays)
numpy.savez_compressed(folder / "compressed.npz", base, zeros=numpy.zeros(1000, "<f4"))
note("compressed.npz", {"arr_0": base, "zeros": numpy.zeros(1000, "<f4")})
for version in [(1, 0), (2, 0), (3, 0)]:
    name = f"version{version[0]}.npy"
    with open(folder / name, "wb") as f:
        numpy.lib.format.write_array(f, arrays["columns"], version=version)
    note(name, {"arr_0": arrays["columns"]})
numpy.save(folder / "objects.npy", numpy.array([{}, None]), allow_pickle=True)
numpy.save(folder / "records.npy", numpy.zeros(2, [("a", "<f4"), ("b", "<i4")]))
(here / "numpy.json").write_text(json.dumps(expected) + "\n")
