"""Writes pickles.json: what Python's pickle makes of values in each protocol, in hexadecimal, beside a text that
describes the value. Run it with any Python 3.8 or newer: python3 pickles.py > pickles.json"""
import json
import pickle


def describe(v):
    if v is None:
        return "nil"
    if isinstance(v, (bool, int)):
        return str(v).lower()
    if isinstance(v, float):
        return "float " + v.hex() if v == v else "float nan"
    if isinstance(v, str):
        return "str " + v.encode().hex()
    if isinstance(v, (bytes, bytearray)):
        return "bytes " + v.hex()
    if isinstance(v, tuple):
        return "(" + ", ".join(map(describe, v)) + ")"
    if isinstance(v, (list, set, frozenset)):
        return "[" + ", ".join(map(describe, v)) + "]"
    if isinstance(v, dict):
        return "{" + ", ".join(describe(k) + ": " + describe(w) for k, w in v.items()) + "}"
    raise TypeError(v)


shared = [1, "twice"]
values = [
    None, True, False, 0, 255, 65535, -1, 2**31 - 1, -(2**31), 2**40, -(2**40), 2**63, -(2**63), 2**100, -(2**100), 1 << 2100,
    1.5, -0.0, 1e300, float("inf"), "", "a'b\"\n\\\té€𝄞", "x" * 300, b"", b"\x00\xff", b"y" * 300, (), (1,), (1, 2), (1, 2, 3),
    (1, 2, 3, 4), [], [1, "x"], list(range(1100)), {}, {"a": 1, 2: "b", (3, 4): None}, {"n": {"m": [()]}}, {7}, frozenset([2]),
    (shared, shared), bytearray(b"ba"),
]
rows = [[describe(v), p, pickle.dumps(v, p).hex()] for v in values for p in range(6)]
print("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]")
