"""Writes the backend tests of the Python package onnx, of the kinds node, simple, pytorch-operator and
pytorch-converted, into an archive that backend_test.go runs:

    python backend.py all.zip              # everything
    python backend.py backend.zip small    # what is committed: the smallest cases of each operator

An entry is KIND/NAME/model.onnx, and beside it input_0.pb, output_0.pb and so on, each a TensorProto.
"""
import collections
import glob
import os
import sys
import zipfile

import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import load_model_tests

OPERATORS = """Conv MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization LRN Pad Resize Upsample Gemm
MatMul Softmax LogSoftmax ReduceMean ReduceSum ReduceMax ReduceMin Add Sub Mul Div Max Min Sum Pow Clip PRelu LeakyRelu
Elu Selu HardSigmoid HardSwish Mish Swish Softplus Reciprocal Relu Sigmoid Tanh Exp Log Sqrt Neg Abs Identity Dropout
Flatten Reshape Squeeze Unsqueeze Transpose Concat Split Slice Gather Expand Tile Shape Size Cast CastLike Constant
ConstantOfShape Range""".split()
PER_OPERATOR, LARGE = 5, 8000  # of the small selection: cases, and bytes of one that is not the only one


def tensors(kind, values):
    for i, v in enumerate(values):
        if not isinstance(v, onnx.TensorProto):
            if isinstance(v, (list, dict)) or v is None:
                raise TypeError
            v = numpy_helper.from_array(v)
        yield f"{kind}_{i}.pb", v.SerializeToString()


def cases():
    for c in collect_testcases(None):
        try:
            inputs, outputs = c.data_sets[0]
            yield "node", c.name, c.model.SerializeToString(), [*tensors("input", inputs), *tensors("output", outputs)]
        except (TypeError, AttributeError, IndexError):
            continue  # sequences, optionals
    for kind in ["simple", "pytorch-operator", "pytorch-converted"]:
        for c in load_model_tests(kind=kind):
            files = sorted(glob.glob(os.path.join(c.model_dir, "test_data_set_0", "*.pb")))
            model = open(os.path.join(c.model_dir, "model.onnx"), "rb").read()
            yield kind, c.name, model, [(os.path.basename(f), open(f, "rb").read()) for f in files]


def main():
    small = len(sys.argv) > 2
    taken = collections.Counter()
    with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as out:
        every = sorted(cases(), key=lambda c: (sum(len(b) for _, b in c[3]), c[1])) if small else cases()
        for kind, name, model, files in every:
            ops = {n.op_type for n in onnx.load_from_string(model).graph.node}
            size = len(model) + sum(len(b) for _, b in files)
            if small and (not ops <= set(OPERATORS) or all(taken[o] >= (PER_OPERATOR if size < LARGE else 1) for o in ops)):
                continue
            taken.update(ops)
            for entry, data in [("model.onnx", model), *files]:
                info = zipfile.ZipInfo(f"{kind}/{name}/{entry}")  # of a fixed date: the archive depends on its files alone
                info.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(info, data)


if __name__ == "__main__":
    main()
