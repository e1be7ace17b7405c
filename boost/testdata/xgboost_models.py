"""Writes xgboost.json: models of XGBoost, as JSON and as UBJSON in base64, and their margins for rows with missing and
categorical values. With the argument `check` it reads written.json, .ubj and _objectives.jsonl, which the tests of Go wrote with -update, and adds
XGBoost's margins as written_margins.json. pip install xgboost-cpu==3.2.0 numpy"""
import base64
import json
import os
import sys

import numpy
import xgboost

here = os.path.dirname(os.path.abspath(__file__))
rng = numpy.random.default_rng(11)
n = 60
x = rng.normal(size=(n, 4)).astype(numpy.float32)
x[:, 2] = rng.integers(0, 14, n)
x[rng.random((n, 4)) < 0.15] = numpy.nan
signal = numpy.nan_to_num(x[:, 0]) + (numpy.nan_to_num(x[:, 2]) % 3) - numpy.isnan(x[:, 1])
targets = {
    "reg:squarederror": signal, "binary:logistic": signal > 0.7, "multi:softprob": numpy.digitize(signal, [0.2, 1.3]),
    "count:poisson": numpy.maximum(0, signal.round()), "reg:gamma": numpy.exp(signal), "reg:absoluteerror": signal,
    "reg:tweedie": numpy.maximum(0, signal), "two": numpy.stack([signal, -2 * signal], 1),
}
kinds = ["q", "q", "c", "q"]


def matrix(y=None):
    return xgboost.DMatrix(x, y, feature_types=kinds, enable_categorical=True)


def floats(a):
    return [None if v != v else float(v) for v in numpy.asarray(a, numpy.float32).ravel()]


if sys.argv[1:] == ["check"]:
    model = xgboost.Booster(model_file=os.path.join(here, "written.json"))
    margins = model.predict(matrix(), output_margin=True, validate_features=False)
    model = xgboost.Booster(model_file=os.path.join(here, "written.ubj"))
    assert (margins == model.predict(matrix(), output_margin=True, validate_features=False)).all()
    for text in open(os.path.join(here, "written_objectives.jsonl"), "rb"):
        margins_of = xgboost.Booster(model_file=bytearray(text)).predict(matrix(), output_margin=True, validate_features=False)
        margins_of_first = margins_of if b"squarederror" in text else margins_of_first
        numpy.testing.assert_allclose(margins_of, margins_of_first, rtol=1e-6, atol=1e-6, err_msg=str(text))
    with open(os.path.join(here, "written_margins.json"), "w") as f:
        json.dump(floats(margins), f)
    sys.exit()

cases = []
for name, extra in [
    ("reg:squarederror", {}), ("reg:squarederror", {"grow_policy": "lossguide", "max_leaves": 6, "max_depth": 0}),
    ("binary:logistic", {}), ("binary:logistic", {"base_score": 0.2}), ("multi:softprob", {"num_class": 3}),
    ("multi:softprob", {"num_class": 3, "booster": "dart", "rate_drop": 0.5}), ("count:poisson", {}), ("reg:gamma", {}),
    ("reg:tweedie", {}), ("reg:absoluteerror", {}), ("two", {"objective": "reg:squarederror"}),
    ("reg:squarederror", {"num_parallel_tree": 3, "subsample": 0.6}), ("reg:squarederror", {"max_cat_to_onehot": 20}),
]:
    parameters = {"objective": name, "max_depth": 3, "max_cat_to_onehot": 2, "seed": 3, "nthread": 1} | extra
    model = xgboost.train(parameters, matrix(targets[name].astype(numpy.float32)), 2)
    margins = model.predict(matrix(), output_margin=True)
    cases.append({
        "name": f"{name} {extra}", "objective": parameters["objective"], "margins": floats(margins),
        "json": json.loads(model.save_raw("json")), "ubj": base64.b64encode(model.save_raw("ubj")).decode(),
    })
with open(os.path.join(here, "xgboost.json"), "w") as f:
    json.dump({"columns": 4, "x": floats(x), "cases": cases}, f, separators=(",", ":"))
