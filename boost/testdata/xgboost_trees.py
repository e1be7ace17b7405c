"""Writes trees.json: what XGBoost predicts for its training rows. pip install xgboost-cpu==3.2.0 numpy"""
import json
import os

import numpy
import xgboost

rng = numpy.random.default_rng(7)
x = rng.integers(0, 40, (150, 3)).astype(numpy.float32) / 8
y = (numpy.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 2] > 2) + 0.1 * rng.standard_normal(150)).astype(numpy.float32)
missing = rng.random((150, 3)) < 0.2  # of the cases that have them
y_missing = ((y + missing[:, 0] - missing[:, 2]) * 0.5).astype(numpy.float32)
out = {"x": [round(float(v), 4) for v in x.ravel()], "y": [float(v) for v in y], "cases": []}
out |= {"missing": missing.ravel().tolist(), "ymissing": [float(v) for v in y_missing]}
for kind in ("squared", "gaps", "logistic"):
    gaps = kind == "gaps"
    rows = numpy.where(missing, numpy.nan, x) if gaps else x
    targets = {"squared": y, "gaps": y_missing, "logistic": (y > 0.7).astype(numpy.float32)}[kind]
    for case in [
        {"Depth": 3, "L2": 1.0, "MinWeight": 1.0, "MinGain": 0.0, "Leaves": 0},
        {"Depth": 5, "L2": 0.5, "MinWeight": 4.1, "MinGain": 0.3, "Leaves": 0},
        {"Depth": 8, "L2": 1.0, "MinWeight": 1.0, "MinGain": 0.0, "Leaves": 9},
    ]:
        parameters = dict(
            tree_method="hist", max_bin=256, eta=0.3, max_depth=case["Depth"], reg_lambda=case["L2"],
            min_child_weight=case["MinWeight"], gamma=case["MinGain"], max_leaves=case["Leaves"], nthread=1,
            grow_policy="lossguide" if case["Leaves"] else "depthwise", base_score=float(targets.mean()),
            objective="binary:logistic" if kind == "logistic" else "reg:squarederror",
        )
        for rounds in (1, 20):
            model = xgboost.train(parameters, xgboost.DMatrix(rows, targets), rounds)
            predicted = [float(v) for v in model.predict(xgboost.DMatrix(rows), output_margin=True)]
            out["cases"].append({"tree": case, "kind": kind, "rounds": rounds, "predicted": predicted})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "trees.json"), "w") as f:
    json.dump(out, f)
