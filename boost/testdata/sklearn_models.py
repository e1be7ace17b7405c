"""Writes sklearn.json: trees of scikit-learn as sklearn_export.py exports them, and what they say of rows, some of them with
missing values and categories. XGBoost has to say the same of the exported models. pip install scikit-learn==1.9.1
xgboost-cpu==3.2.0 numpy"""
import json
import os

import numpy
import xgboost
from sklearn.ensemble import (ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import sklearn_export

rng = numpy.random.default_rng(13)
n = 60
gaps = rng.normal(size=(n, 4)).astype(numpy.float32)
gaps[:, 2] = rng.choice([0, 3, 4, 7, 11, 60], n)
full = gaps.copy()
gaps[rng.random((n, 4)) < 0.15] = numpy.nan
y = full[:, 0] + full[:, 2] % 3 - numpy.isnan(gaps[:, 1]) + 2
classes = numpy.digitize(y, [2.2, 3.3])
unseen = gaps.copy()
unseen[:3, 2] = [5, 99, -1]


def floats(a):
    return [None if v != v else float(v) for v in numpy.asarray(a).ravel()]


tables, cases = [full, gaps, unseen], []
for rows, test, model, target in [
    (full, full, DecisionTreeRegressor(max_depth=4), y), (gaps, gaps, DecisionTreeRegressor(max_leaf_nodes=6), y),
    (gaps, gaps, DecisionTreeClassifier(max_depth=3), classes), (full, full, DecisionTreeRegressor(max_depth=3), numpy.stack([y, -y], 1)),
    (gaps, gaps, RandomForestRegressor(4, max_depth=3), y), (gaps, gaps, RandomForestClassifier(4, max_depth=3, class_weight="balanced"), classes),
    (full, full, ExtraTreesRegressor(3, max_depth=3), y),
    (full, full, GradientBoostingRegressor(n_estimators=4), y), (full, full, GradientBoostingRegressor(n_estimators=3, loss="quantile", init="zero"), y),
    (full, full, GradientBoostingClassifier(n_estimators=3), classes), (full, full, GradientBoostingClassifier(n_estimators=3), classes > 0),
    (gaps, gaps, HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=3, max_leaf_nodes=6), y),
    (gaps, unseen, HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=3, max_leaf_nodes=6, categorical_features=[2]), y),
    (gaps, unseen, HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=3, max_leaf_nodes=6, categorical_features=[2]), classes),
    (full, unseen, HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=3, max_leaf_nodes=6, categorical_features=[2]), classes > 0),
    (full, full, HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=3, loss="poisson"), y - y.min()),
]:
    model.set_params(random_state=3).fit(rows, target)
    if hasattr(model, "_raw_predict"):
        scores = model._raw_predict(test)  # decision_function, but also of regressors, before the link
    else:
        scores = model.predict_proba(test) if hasattr(model, "classes_") else model.predict(test)
    exported = sklearn_export.model(model)
    text = json.dumps(exported)
    booster = xgboost.Booster(model_file=bytearray(text.encode()))
    theirs = booster.predict(xgboost.DMatrix(test, feature_types=["q", "q", "c", "q"], enable_categorical=True),
                             output_margin=True, validate_features=False)
    numpy.testing.assert_allclose(theirs.ravel(), scores.ravel(), rtol=2e-6, atol=1e-6, err_msg=str(model))
    cases.append({"name": str(model), "rows": [test is t for t in tables].index(True), "scores": floats(scores), "json": exported})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sklearn.json"), "w") as f:
    json.dump({"columns": 4, "tables": [floats(t) for t in tables], "cases": cases}, f, separators=(",", ":"))
