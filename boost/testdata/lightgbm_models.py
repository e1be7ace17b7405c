"""Writes lightgbm.json: models of LightGBM as text, and their raw scores for rows with missing values, zeros and categories,
also such as training has not seen. pip install lightgbm==4.7.0 numpy"""
import json
import os

import lightgbm
import numpy

rng = numpy.random.default_rng(12)
n = 60
x = rng.normal(size=(n, 4)).astype(numpy.float32)
x[:, 2] = 5 * rng.integers(0, 9, n)
x[rng.random((n, 4)) < 0.15] = numpy.nan
x[:, 1][rng.random(n) < 0.3] = 0
signal = numpy.nan_to_num(x[:, 0]) + (numpy.nan_to_num(x[:, 2]) % 3) - numpy.isnan(x[:, 1]) - 2.0 * (x[:, 1] == 0)
classes = numpy.digitize(signal, [0.2, 1.3])
targets = {"binary": signal > 0.7, "poisson": numpy.maximum(0, signal.round()), "tweedie": numpy.maximum(0, signal), "cross_entropy": 1 / (1 + numpy.exp(-signal))}
seen = x.copy()
x[:8, 2] = [99, 46, -1, 1e7, numpy.nan, 0, 40, 35]  # whole numbers, but for the missing one
x[:8, 1] = [1e-36, -1e-36, 1e-34, -1e-34, 0, -0.0, numpy.nan, 1e30]


def floats(a):
    return [None if v != v else float(v) for v in numpy.asarray(a).ravel()]


cases = []
for objective, extra in [
    ("regression", {}), ("regression", {"zero_as_missing": True}), ("regression", {"use_missing": False}),
    ("regression", {"boosting": "dart", "drop_rate": 0.9, "skip_drop": 0}), ("regression_l1", {"max_depth": 2}), ("huber", {}),
    ("regression", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}), ("regression", {"min_data_in_leaf": 50}),
    ("binary", {"sigmoid": 2.5}), ("multiclass", {"num_class": 3, "zero_as_missing": True}), ("multiclassova", {"num_class": 3}),
    ("multiclass", {"num_class": 3, "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    ("poisson", {}), ("tweedie", {}), ("cross_entropy", {}), ("lambdarank", {}),
]:
    parameters = {"objective": objective, "num_leaves": 6, "min_data_in_leaf": 2, "min_data_per_group": 1, "cat_smooth": 1, "cat_l2": 1,
                  "min_sum_hessian_in_leaf": 0, "max_cat_to_onehot": 2, "verbose": -1, "num_threads": 1, "seed": 3} | extra
    y = targets.get(objective, classes if "class" in objective or objective == "lambdarank" else signal + 2)
    group = [20, 20, 20] if objective == "lambdarank" else None
    data = lightgbm.Dataset(seen, y, group=group, categorical_feature=[2], params=parameters, free_raw_data=False)
    model = lightgbm.train(parameters, data, 3)
    text = model.model_to_string()
    trees = 3 if "rf" in str(extra) else 1  # its raw scores are sums, of which predict makes means before anything else
    cases.append({
        "name": f"{objective} {extra}", "model": text[: text.index("\nfeature_importances")],
        "scores": floats(model.predict(x, raw_score=True) / trees), "shap": floats(model.predict(x[:6], pred_contrib=True) / trees),
    })
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lightgbm.json"), "w") as f:
    json.dump({"columns": 4, "x": floats(x), "cases": cases}, f, separators=(",", ":"))
