"""Writes rank.json: what LightGBM and XGBoost make of grades and scores. pip install lightgbm==4.7.0 xgboost-cpu==3.2.0 numpy

Neither library shows its gradients. Here the only column is the number of the row, and a tree of one stage that begins at the
scores has a leaf for each row, of value -g / (h + lambda)."""
import json
import os

import lightgbm
import numpy
import xgboost

rng = numpy.random.default_rng(3)
sizes = [1, 2, 5, 12, 40, 60, 3]
n = sum(sizes)
group = numpy.repeat(numpy.arange(len(sizes)), sizes)
grades = rng.choice(5, n, p=[0.45, 0.25, 0.15, 0.1, 0.05]).astype(numpy.float32)
grades[-3:] = [2, 2, 2]  # a group of one grade
scores = (rng.standard_normal(n) + 0.3 * grades).astype(numpy.float32)
scores[8:20] = numpy.round(2 * scores[8:20]) / 2  # equals
x = numpy.arange(n, dtype=numpy.float32).reshape(-1, 1)
out = {"grades": grades.tolist(), "scores": [float(s) for s in scores], "group": group.tolist(), "steps": [], "metrics": []}


def lightgbm_steps(truncation, l2):
    parameters = dict(objective="regression", learning_rate=1, num_leaves=n + 1, min_data_in_leaf=1, min_sum_hessian_in_leaf=0, max_bin=4 * n,
                      min_data_in_bin=1, verbose=-1, num_threads=1)
    model = lightgbm.train(parameters, lightgbm.Dataset(x, x.ravel(), params=parameters), 1)  # has the leaves, and refit their values
    model.params |= dict(objective="lambdarank", lambdarank_truncation_level=truncation, lambda_l2=l2)
    leaves = model.predict(x, pred_leaf=True).ravel()
    model = model.refit(x, grades, group=sizes, init_score=scores, decay_rate=0)
    return model.predict(x, raw_score=True), leaves


def xgboost_steps(truncation, l2):
    parameters = dict(tree_method="hist", max_bin=4 * n, eta=1, reg_lambda=0, max_depth=0, grow_policy="lossguide", min_child_weight=0, nthread=1)
    model = xgboost.train(parameters, xgboost.DMatrix(x, x.ravel()), 1)  # the same here
    unmoved = xgboost.DMatrix(x)
    leaves = model.predict(unmoved, pred_leaf=True).ravel()
    rows = xgboost.DMatrix(x, grades, qid=group)
    rows.set_base_margin(scores)
    parameters |= dict(objective="rank:ndcg", lambdarank_pair_method="topk", lambdarank_num_pair_per_sample=truncation, reg_lambda=l2,
                       base_score=0, tree_method="exact",
                       process_type="update", updater="refresh", refresh_leaf=True)
    model = xgboost.train(parameters, rows, 1, xgb_model=model)
    return model.predict(unmoved, output_margin=True).astype(float), leaves


for library, steps, curvature in (("LightGBM", lightgbm_steps, 1), ("XGBoost", xgboost_steps, 2)):
    for truncation in (3, 30):
        for l2 in (0, 0.5):
            values, leaves = steps(truncation, l2)
            shared = n - len(set(leaves))
            print(library, truncation, l2, "rows that share a leaf:", shared)
            out["steps"].append({"library": library, "truncation": truncation, "l2": l2, "curvature": curvature,
                                 "steps": [float("%.9g" % v) for v in values]})

relevant = (grades > 0).astype(numpy.float32)
apart = rng.permutation(n).astype(numpy.float32)  # the libraries part equals in other ways
out["apart"] = apart.tolist()
for name, y in (("ndcg", grades), ("map", grades)):
    for at in (1, 3, 10, n):
        label = y if name == "ndcg" else relevant
        metric = f"{name}@{at}"
        rows = xgboost.DMatrix(x, label, qid=group)
        rows.set_base_margin(apart)
        model = xgboost.train(dict(objective="rank:ndcg" if name == "ndcg" else "rank:map", eval_metric=metric, base_score=0, eta=0), rows, 1)
        value = float(model.eval(rows).split(":")[-1])
        out["metrics"].append({"library": "XGBoost", "name": name, "at": at, "value": value})
        parameters = dict(objective="lambdarank", metric=name, eval_at=[at], learning_rate=1e-12, verbose=-1, min_data_in_leaf=1)
        results = {}
        rows = lightgbm.Dataset(x, label, group=sizes, init_score=apart, params=parameters)
        lightgbm.train(parameters, rows, 1, valid_sets=[rows], valid_names=["rows"], callbacks=[lightgbm.record_evaluation(results)])
        out["metrics"].append({"library": "LightGBM", "name": name, "at": at, "value": next(iter(results["rows"].values()))[0]})
        print(out["metrics"][-2:])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rank.json"), "w") as f:
    json.dump(out, f)
