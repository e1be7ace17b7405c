"""ONNX Runtime and OpenVINO, on graphs of one op and on the nets of nets.py."""
import io
import os
import tempfile
import warnings

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from case import Unsupported, from_image


class Peer:
    def __init__(self, name, threads):
        self.engine = {"onnxruntime": OnnxRuntime, "openvino": OpenVINO}[name](threads)
        self.version = self.engine.version

    def prepare(self, case):
        if case.op == "conv forward":
            x = case.image("x")
            call, y = self.engine.load(conv(case), x, [case["n"], case["k"], *(out(case, s) for s in "hw")])
            return call, lambda: {"y": from_image(y)}
        if case.op == "infer":
            x = case.image("x")
            call, y = self.engine.load(net(case, x), x, [case["n"], case["classes"]])
            return call, lambda: {"logits": y}
        if case.op == "int8":
            x = case.image("x")
            call, y = self.engine.load(quantized(net(case, x), x), x, [case["n"], case["classes"]])
            return call, lambda: {"logits": y}
        raise Unsupported


def out(case, side):
    return (case[side] - 1) // case["stride"] + 1


def conv(case):
    """A model of one convolution, weights inside."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[case["stride"]] * 2, pads=[case["pad"]] * 4,
                            group=case["groups"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [case["n"], case["c"], case["h"], case["w"]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "conv", [x], [y], [numpy_helper.from_array(case.filters("w"), "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def net(case, x):
    """The net of the case as PyTorch exports it for inference."""
    import torch

    import nets
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(nets.load(case).eval(), (torch.from_numpy(x),), file, input_names=["x"], output_names=["y"],
                          opset_version=17, dynamo=False)
    return file.getvalue()


def quantized(model, x):
    """The model with what quantises and dequantises in it, as ONNX Runtime's own tool makes it for x: weights int8 by output
    channel, activations uint8, from the smallest to the largest number."""
    from onnxruntime import quantization as q

    class Once(q.CalibrationDataReader):
        def __init__(self):
            self.left = [{"x": x}]

        def get_next(self):
            return self.left.pop() if self.left else None

    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("float.onnx", "shapes.onnx", "int8.onnx")]
        with open(paths[0], "wb") as f:
            f.write(model)
        q.shape_inference.quant_pre_process(paths[0], paths[1])
        q.quantize_static(paths[1], paths[2], Once(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                          activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8)
        with open(paths[2], "rb") as f:
            return f.read()


class OnnxRuntime:
    def __init__(self, threads):
        import onnxruntime
        self.ort, self.version = onnxruntime, onnxruntime.__version__
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads, self.options.inter_op_num_threads = threads, 1

    def load(self, model, x, shape):
        session = self.ort.InferenceSession(model, self.options, providers=["CPUExecutionProvider"])
        y = np.empty(shape, np.float32)
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

        def call(keep=(x, y)):
            session.run_with_iobinding(binding)

        return call, y


class OpenVINO:
    def __init__(self, threads):
        os.environ["CI"] = "true"  # else it starts a process that reports its use
        import openvino
        self.ov, self.version = openvino, openvino.__version__
        self.core = openvino.Core()
        # Left to itself it would compute in bfloat16 where the processor can.
        self.config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                       "INFERENCE_PRECISION_HINT": "f32"}

    def load(self, model, x, shape):
        graph = self.core.read_model(model)
        graph.reshape({"x": list(x.shape)})
        request = self.core.compile_model(graph, "CPU", self.config).create_infer_request()
        y = np.empty(shape, np.float32)
        request.set_input_tensor(self.ov.Tensor(x, shared_memory=True))
        request.set_output_tensor(self.ov.Tensor(y, shared_memory=True))

        def call(keep=(x, y)):
            request.infer()

        return call, y
