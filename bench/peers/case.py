"""What to compute, as bench/compare says it."""
import numpy as np


class Unsupported(Exception):
    """The peer does not know how to run the case."""


class Case:
    def __init__(self, spec):
        self.op, self.args, self.check = spec["op"], spec["args"], spec["check"]
        self.inputs = {t["name"]: np.fromfile(t["path"], np.float32).reshape(t["shape"]) for t in spec["inputs"]}
        self.paths = spec["outputs"]

    def __getitem__(self, name):
        """An argument."""
        return self.args[name]

    def image(self, name):
        """An input [N H W C] as [N C H W]."""
        return np.ascontiguousarray(self.inputs[name].transpose(0, 3, 1, 2))

    def filters(self, name):
        """Weights [R S C K] as [K C R S]."""
        return np.ascontiguousarray(self.inputs[name].transpose(3, 2, 0, 1))

    def save(self, outputs):
        for name, path in self.paths.items():
            np.ascontiguousarray(outputs[name], dtype=np.float32).tofile(path)


def from_image(y):
    """[N C H W] as [N H W C]."""
    return np.asarray(y).transpose(0, 2, 3, 1)


def from_filters(w):
    """[K C R S] as [R S C K]."""
    return np.asarray(w).transpose(2, 3, 1, 0)
