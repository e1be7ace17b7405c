"""Checks the files that onnx.Save writes: onnx.checker with inference of shapes, the types and names of what goes in and
out, and ONNX Runtime's logits against ours, for the batch that was computed and for its first image alone.

    mkdir /tmp/saved
    RESIDUUM_ONNX_EXPORT=/tmp/saved go test ./weights/onnx -run Saved
    python weights/onnx/testdata/export.py /tmp/saved          # nets with few blocks and channels, and other ops
    python weights/onnx/testdata/export.py /tmp/saved --whole  # the same nets as large as they are, one after the other

needs onnx, onnxruntime and safetensors, and with --whole also go, 4 GB of memory and 2 GB of /tmp. Prints a table, and
fails where numbers differ by 1e-4 of the largest.
"""
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    first = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert first.dim_param and not first.HasField("dim_value"), "the batch is not free"
    saved = load_file(path + ".safetensors")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    worst = 0
    of_images = model.graph.output[0].type.tensor_type.shape.dim[0].HasField("dim_param")
    for n in (len(saved["x"]), 1) if of_images else (len(saved["x"]),):
        got = session.run(["output"], {"input": saved["x"][:n]})[0]
        want = saved["y"][:n] if of_images else saved["y"]
        assert got.shape == want.shape, got.shape
        worst = max(worst, np.abs(got - want).max() / np.abs(saved["y"]).max())
    return len(model.graph.node), model.opset_import[0].version, worst


def whole(names):
    """Yields the path of a file of each net, which is gone when the next one is asked for."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory() as folder:
        test = os.path.join(folder, "onnx.test")
        subprocess.run(["go", "test", "-c", "-o", test, "."], cwd=package, check=True)
        for name in names:
            path = os.path.join(folder, name + ".onnx")
            env = os.environ | {"RESIDUUM_ONNX_EXPORT": folder, "RESIDUUM_ONNX_NET": name}
            subprocess.run([test, "-test.run=TestTheNetIsSaved"], cwd=package, env=env, stdout=sys.stderr)
            yield path
            for written in glob.glob(glob.escape(path) + "*"):
                os.remove(written)


def main():
    paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.onnx")))
    assert paths, "no files"
    if "--whole" in sys.argv:
        names = [os.path.basename(path)[: -len(".onnx")] for path in paths]
        paths = whole(name for name in names if not name.startswith("ops "))
    print(f"onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}")
    print(f"{'net':32}{'nodes':>6}{'opset':>6}  difference")
    good = bad = 0
    for path in paths:
        name = os.path.basename(path)[: -len(".onnx")]
        try:
            nodes, opset, worst = check(path)
        except Exception as e:  # one bad file does not hide the others
            print(f"{name:32} {type(e).__name__}: {e}", flush=True)
            bad += 1
            continue
        agrees = worst < 1e-4
        good, bad = good + agrees, bad + (not agrees)
        print(f"{name:32}{nodes:6}{opset:6}  {worst:.1e}{'' if agrees else '  TOO MUCH'}", flush=True)
    print(f"{good} of {good + bad} agree")
    sys.exit(bad > 0)


main()
