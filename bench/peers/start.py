#!/usr/bin/env python3
"""A life of a peer, for the suite start of bench/compare: start.py PEER FILE IMAGE ANSWER THREADS loads a net, answers an
image and prints how long that took after the imports, and memory. start.py export BASE writes BASE.onnx and BASE.pth of
BASE.safetensors."""
import json
import sys
import time

import numpy as np


def resident(field):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith(field + ":"))


def onnxruntime(threads):
    import onnxruntime

    def answer(file, x):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0]

    return answer, onnxruntime.__version__


def openvino(threads):
    import os

    os.environ["CI"] = "true"  # else it starts a process that reports its use
    import openvino

    def answer(file, x):
        config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                  "INFERENCE_PRECISION_HINT": "f32"}
        core = openvino.Core()
        request = core.compile_model(core.read_model(file), "CPU", config).create_infer_request()
        return request.infer([x])[0]

    return answer, openvino.__version__


def torch(threads):
    import torch
    import torchvision

    torch.set_num_threads(threads)

    def answer(file, x):
        with torch.inference_mode():
            with torch.device("meta"):
                net = {"18": torchvision.models.resnet18, "50": torchvision.models.resnet50}[file[-6:-4]]()
            net.load_state_dict(torch.load(file, mmap=True, weights_only=True), assign=True)
            return net.eval()(torch.from_numpy(x)).numpy()

    return answer, torch.__version__


def export(base):
    import warnings

    import safetensors.torch
    import torch
    import torchvision

    warnings.simplefilter("ignore")
    net = {"18": torchvision.models.resnet18, "50": torchvision.models.resnet50}[base[-2:]]()
    net.load_state_dict(safetensors.torch.load_file(base + ".safetensors"), strict=False)  # which has no counters
    torch.save(net.state_dict(), base + ".pth")
    torch.onnx.export(net.eval(), (torch.zeros(1, 3, 224, 224),), base + ".onnx", input_names=["x"], output_names=["y"],
                      opset_version=17, dynamo=False)


def main():
    if sys.argv[1] == "export":
        return export(sys.argv[2])
    peer, file, image, path, threads = sys.argv[1:]
    answer, version = {"onnxruntime": onnxruntime, "openvino": openvino, "torch": torch}[peer](int(threads))
    base, start = resident("VmRSS"), time.perf_counter_ns()
    x = np.fromfile(image, np.float32).reshape(1, 224, 224, 3).transpose(0, 3, 1, 2)
    y = answer(file, np.ascontiguousarray(x))
    np.ascontiguousarray(y).tofile(path)
    print(json.dumps({"version": version, "ns": time.perf_counter_ns() - start, "base_bytes": base,
                      "peak_bytes": resident("VmHWM")}), flush=True)


main()
