"""NumPy with the OpenBLAS that its wheel brings."""
import numpy as np
from threadpoolctl import threadpool_info

from case import Unsupported


class Peer:
    def __init__(self, name, threads):
        blas = next(i for i in threadpool_info() if i["user_api"] == "blas")
        assert blas["num_threads"] == threads, blas
        self.version = f"numpy {np.__version__}, {blas['internal_api']} {blas['version']} {blas['architecture']}"

    def prepare(self, case):
        a, b = case.inputs.get("a"), case.inputs.get("b")
        if case.op == "gemm":
            a, b = a.T if case["ta"] else a, b.T if case["tb"] else b
            c = np.empty((case["m"], case["n"]), np.float32)
            return lambda: np.matmul(a, b, out=c), lambda: {"c": c}
        x = case.inputs.get("x")
        y = None if x is None else np.empty_like(x)
        if case.op == "relu":
            return lambda: np.maximum(x, 0, out=y), lambda: {"y": y}
        if case.op == "add":
            z = case.inputs["z"]
            return lambda: np.add(x, z, out=y), lambda: {"y": y}
        raise Unsupported
