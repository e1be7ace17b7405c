"""Writes interactions.json: XGBoost's interaction values for the models and the first rows of xgboost.json, null where it has
none for such a model. pip install xgboost-cpu==3.2.0 numpy"""
import base64
import json
import os

import numpy
import xgboost

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "xgboost.json")) as f:
    reference = json.load(f)
x = numpy.array([numpy.nan if v is None else v for v in reference["x"]], numpy.float32).reshape(-1, reference["columns"])[:4]
rows = xgboost.DMatrix(x, feature_types=["q", "q", "c", "q"], enable_categorical=True)
out = []
for case in reference["cases"]:
    model = xgboost.Booster(model_file=bytearray(base64.b64decode(case["ubj"])))
    try:
        values = model.predict(rows, pred_interactions=True, validate_features=False)
        out.append([float(v) for v in numpy.asarray(values, numpy.float32).ravel()])
    except xgboost.core.XGBoostError:
        out.append(None)
with open(os.path.join(here, "interactions.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
