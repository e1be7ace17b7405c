"""PyTorch in its three ways: eager on contiguous tensors, eager on channels_last ones, compiled."""
import os
import time

import torch
from torch.nn import functional as F

import nets
from case import Unsupported, from_filters, from_image

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no processes that we would have to stop as well
aten = torch.ops.aten


class Peer:
    def __init__(self, name, threads):
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        self.compiled = name == "torch-compile"
        self.layout = torch.channels_last if name == "torch-channels-last" else torch.contiguous_format
        self.version = torch.__version__

    def image(self, case, name):
        return torch.from_numpy(case.image(name)).contiguous(memory_format=self.layout)

    def filters(self, case, name):
        return torch.from_numpy(case.filters(name)).contiguous(memory_format=self.layout)

    def prepare(self, case):
        if case.op in ("train", "infer"):
            return getattr(self, case.op)(case)
        with torch.no_grad():
            if case.op.startswith("conv ") and not self.compiled:
                return self.conv(case)
            make = OPS.get(case.op)
            channels = "h" in case.args
            if make is None or self.layout == torch.channels_last and not channels:
                raise Unsupported
            return self.choose(*make(self, case))

    def choose(self, variants, outputs):
        """Of several ways to write an op takes the fastest; compiles the first for torch-compile. The
        outputs are made from what the call returns."""
        result = [None]

        def caller(f):
            def call():
                result[0] = f()
            return no_grad(call)

        if self.compiled:
            if len(variants) == 0 or variants[0] is None:
                raise Unsupported
            torch._dynamo.reset()
            call = caller(torch.compile(variants[0], dynamic=False))
            call()
        else:
            calls = [caller(f) for f in variants if f is not None]
            # Only a choice is timed: an optimiser's calls change what it is compared by.
            call = calls[0] if len(calls) == 1 else min(calls, key=duration)
        return call, lambda: outputs(result[0])

    def conv(self, case):
        stride, pad, groups = [case["stride"]] * 2, [case["pad"]] * 2, case["groups"]

        def backward(x, dy, w, mask):
            return lambda: aten.convolution_backward(dy, x, w, None, stride, pad, [1, 1], False, [0, 0], groups, mask)

        if case.op == "conv forward":
            x, w = self.image(case, "x"), self.filters(case, "w")
            return self.choose([lambda: F.conv2d(x, w, None, stride, pad, 1, groups)], lambda y: {"y": from_image(y)})
        dy = self.image(case, "dy")
        if case.op == "conv input-grad":
            w = self.filters(case, "w")
            x = torch.empty(case["n"], case["c"], case["h"], case["w"]).contiguous(memory_format=self.layout)
            return self.choose([backward(x, dy, w, [True, False, False])], lambda r: {"dx": from_image(r[0])})
        x = self.image(case, "x")
        w = torch.empty(case["k"], case["c"] // groups, case["r"], case["r"]).contiguous(memory_format=self.layout)
        return self.choose([backward(x, dy, w, [False, True, False])], lambda r: {"dw": from_filters(r[1])})

    def train(self, case):
        net = nets.load(case).to(memory_format=self.layout)
        x, labels = self.image(case, "x"), torch.from_numpy(case.inputs["labels"]).long()
        sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, fused=True)
        model = self.maybe_compile(net)
        losses = []

        def call():
            sgd.zero_grad()
            loss = F.cross_entropy(model(x), labels)
            loss.backward()
            sgd.step()
            losses.append(loss.item())

        return call, lambda: {"losses": losses}

    def infer(self, case):
        net = nets.load(case).to(memory_format=self.layout).eval()
        x = self.image(case, "x")
        model = self.maybe_compile(net)
        result = [None]

        def call():
            with torch.inference_mode():
                result[0] = model(x)

        return call, lambda: {"logits": result[0]}

    def maybe_compile(self, net):
        if not self.compiled:
            return net
        torch._dynamo.reset()
        return torch.compile(net, dynamic=False)


def no_grad(f):
    def call():
        with torch.no_grad():
            f()
    return call


def duration(call):
    """The shortest of some calls, in seconds."""
    times = []
    call()
    while len(times) < 3 or sum(times) < 0.02:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def tensor(case, name):
    return torch.from_numpy(case.inputs[name])


# Each makes (variants, outputs): ways to write the op, the first one good for compiling or None, and
# how to name what they return. Where an op can write into memory that is there already, one variant does.


def gemm(peer, case):
    a, b = tensor(case, "a"), tensor(case, "b")
    a, b = a.t() if case["ta"] else a, b.t() if case["tb"] else b
    c = torch.empty(case["m"], case["n"])
    return [None, lambda: torch.mm(a, b, out=c)], lambda y: {"c": y}


def either(peer, case, name):
    """An image if the case has images, else the tensor as it is."""
    return peer.image(case, name) if "h" in case.args else tensor(case, name)


def relu(peer, case):
    x = tensor(case, "x")
    y = torch.empty_like(x)
    return [lambda: F.relu(x), lambda: torch.clamp_min(x, 0, out=y)], lambda y: {"y": y}


def relu_grad(peer, case):
    x, g = tensor(case, "x"), tensor(case, "g")
    y = torch.empty_like(x)
    return [lambda: aten.threshold_backward(g, x, 0), lambda: aten.threshold_backward.grad_input(g, x, 0, grad_input=y)], lambda y: {"y": y}


def add(peer, case):
    x, z = tensor(case, "x"), tensor(case, "z")
    y = torch.empty_like(x)
    return [lambda: x + z, lambda: torch.add(x, z, out=y)], lambda y: {"y": y}


def add_relu(peer, case):
    x, z = tensor(case, "x"), tensor(case, "z")
    y = torch.empty_like(x)
    return [lambda: F.relu(x + z), lambda: torch.add(x, z, out=y).relu_()], lambda y: {"y": y}


def softmax(peer, case):
    x = tensor(case, "x")
    y = torch.empty_like(x)
    return [lambda: torch.softmax(x, -1), lambda: torch.softmax(x, -1, out=y)], lambda y: {"y": y}


def log_softmax(peer, case):
    x = tensor(case, "x")
    y = torch.empty_like(x)
    return [lambda: torch.log_softmax(x, -1), lambda: torch.log_softmax(x, -1, out=y)], lambda y: {"y": y}


def optimizer(make):
    def op(peer, case):
        p = torch.nn.Parameter(tensor(case, "p"))
        p.grad = tensor(case, "g")
        step = make([p]).step

        def call():
            step()
            return p.detach()

        return [None, call], lambda y: {"y": y}
    return op


def batch_norm(activation, more=None):
    """Training: statistics of the batch. native_batch_norm also updates running statistics if given;
    here there are none, as on our side."""
    def op(peer, case):
        x, gamma, beta = peer.image(case, "x"), tensor(case, "gamma"), tensor(case, "beta")
        z = peer.image(case, more) if more else None

        def call():
            y = F.batch_norm(x, None, None, gamma, beta, True)
            if z is not None:
                y = y + z
            return F.relu(y) if activation else y

        def in_place():
            y = F.batch_norm(x, None, None, gamma, beta, True)
            if z is not None:
                y += z
            return y.relu_() if activation else y

        return [call, in_place], lambda y: {"y": from_image(y)}
    return op


def batch_norm_eval(peer, case):
    x, gamma, beta = peer.image(case, "x"), tensor(case, "gamma"), tensor(case, "beta")
    mean, variance = tensor(case, "mean"), tensor(case, "variance")
    return [lambda: F.relu(F.batch_norm(x, mean, variance, gamma, beta)),
            lambda: F.batch_norm(x, mean, variance, gamma, beta).relu_()], lambda y: {"y": from_image(y)}


def batch_norm_grad(activation):
    def op(peer, case):
        x, g = peer.image(case, "x"), peer.image(case, "g")
        gamma, beta = tensor(case, "gamma"), tensor(case, "beta")
        y, mean, invstd = aten.native_batch_norm(x, gamma, beta, None, None, True, 0.1, 1e-5)
        y.relu_()

        def call():
            h = aten.threshold_backward(g, y, 0) if activation else g
            return aten.native_batch_norm_backward(h, x, gamma, None, None, mean, invstd, True, 1e-5, [True, True, True])

        return [call], lambda r: {"dx": from_image(r[0]), "dgamma": r[1], "dbeta": r[2]}
    return op


def max_pool(peer, case):
    x = peer.image(case, "x")
    return [lambda: aten.max_pool2d_with_indices(x, [3, 3], [2, 2], [1, 1])[0]], lambda y: {"y": from_image(y)}


def max_pool_grad(peer, case):
    x, g = peer.image(case, "x"), peer.image(case, "g")
    index = aten.max_pool2d_with_indices(x, [3, 3], [2, 2], [1, 1])[1]
    return [lambda: aten.max_pool2d_with_indices_backward(g, x, [3, 3], [2, 2], [1, 1], [1, 1], False, index)], \
        lambda y: {"y": from_image(y)}


def global_avg_pool(peer, case):
    x = peer.image(case, "x")
    return [lambda: F.adaptive_avg_pool2d(x, 1), lambda: x.mean((2, 3))], lambda y: {"y": y}


def global_avg_pool_grad(peer, case):
    g = tensor(case, "g")[:, :, None, None]
    h, w = case["h"], case["w"]
    x = torch.empty(case["n"], case["c"], h, w).contiguous(memory_format=peer.layout)
    y = torch.empty_like(x)
    return [lambda: (g / (h * w)).expand(-1, -1, h, w).contiguous(memory_format=peer.layout),
            lambda: y.copy_((g / (h * w)).expand(-1, -1, h, w)),
            lambda: aten._adaptive_avg_pool2d_backward(g, x)], lambda y: {"y": from_image(y)}


OPS = {
    "gemm": gemm, "relu": relu, "relu-grad": relu_grad, "add": add, "add-relu": add_relu,
    "softmax": softmax, "log-softmax": log_softmax,
    "sgd": optimizer(lambda ps: torch.optim.SGD(ps, lr=1e-6, momentum=0.9, weight_decay=1e-4, nesterov=True, fused=True)),
    "adam": optimizer(lambda ps: torch.optim.Adam(ps, lr=1e-6, fused=True)),
    "batch-norm": batch_norm(False), "batch-norm-relu": batch_norm(True), "batch-norm-add-relu": batch_norm(True, "z"),
    "batch-norm-eval-relu": batch_norm_eval,
    "batch-norm-grad": batch_norm_grad(False), "batch-norm-relu-grad": batch_norm_grad(True),
    "max-pool": max_pool, "max-pool-grad": max_pool_grad,
    "global-avg-pool": global_avg_pool, "global-avg-pool-grad": global_avg_pool_grad,
}
