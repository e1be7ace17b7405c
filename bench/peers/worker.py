#!/usr/bin/env python3
"""A process that bench/compare measures: worker.py PEER THREADS.

Reads one JSON object a line, answers with one; the Go package bench/worker describes them. Each peer's
module has a function prepare(case) that returns call() and outputs(), or raises Unsupported."""
import gc
import importlib
import json
import os
import sys
import time
import traceback

from case import Case, Unsupported

MODULES = {
    "torch": "peer_torch",
    "torch-channels-last": "peer_torch",
    "torch-compile": "peer_torch",
    "onnxruntime": "peer_onnx",
    "openvino": "peer_onnx",
    "numpy": "peer_numpy",
}


def resident(field):
    try:
        with open("/proc/self/status") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith(field + ":"))
    except OSError:
        return 0


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


class Worker:
    def __init__(self, peer, threads):
        self.peer = importlib.import_module(MODULES[peer]).Peer(peer, threads)
        self.hello = {"name": peer, "version": self.peer.version}
        self.base = resident("VmRSS")
        self.call = None

    def prepare(self, spec):
        self.call = None
        gc.collect()
        case = Case(spec)
        self.call, outputs = self.peer.prepare(case)
        for _ in range(max(case.check, 1)):
            self.call()
        case.save(outputs())
        del case, outputs
        gc.collect()
        reset_peak()
        return {}

    def run(self, calls):
        call = self.call
        cpu, start = time.process_time_ns(), time.perf_counter_ns()
        for _ in range(calls):
            call()
        return {"ns": time.perf_counter_ns() - start, "cpu_ns": time.process_time_ns() - cpu}

    def answer(self, q):
        if q["do"] == "hello":
            return self.hello
        if q["do"] == "prepare":
            return self.prepare(q["case"])
        if q["do"] == "run":
            return self.run(q["calls"])
        if q["do"] == "memory":
            return {"base_bytes": self.base, "peak_bytes": resident("VmHWM")}
        raise ValueError(f"unknown request {q['do']}")


def main():
    # What libraries print must not get between the answers.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    gc.disable()
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except Unsupported:
            reply = {"unsupported": True}
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=replies, flush=True)


main()
