"""Exports trees of scikit-learn as a model of XGBoost in JSON, which boost.ReadXGBoost and XGBoost itself read:

    import sklearn_export, json
    json.dump(sklearn_export.model(fitted), open("model.json", "w"))

fitted is a GradientBoosting, HistGradientBoosting, RandomForest, ExtraTrees or DecisionTree, a classifier or regressor.
Scores are what boosted models compute before their link (decision_function), the probabilities of classes for the other
classifiers, and predictions for regressors. Categories have to be whole numbers. Needs numpy and scikit-learn 1.3 or
later; tested with 1.9.1."""
import numpy as np


def below(threshold):
    """The float32 that a float32 is below if and only if it is at most the threshold."""
    threshold = np.asarray(threshold, np.float64)
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
        up = np.where(near <= threshold, np.nextafter(near, np.float32(np.inf), dtype=np.float32), near)
    return np.clip(up, np.finfo(np.float32).min, np.finfo(np.float32).max)


def tree(left, right, column, cut, missing_left, value, cover, gain, columns, sets={}):
    """A tree of XGBoost. sets has for a node the categories that go right."""
    leaf = np.asarray(left) < 0
    nodes, floats = len(leaf), lambda a: np.asarray(a, np.float32).tolist()
    parents = np.full(nodes, 2**31 - 1)  # the root has none
    for children in left, right:
        parents[np.asarray(children)[~leaf]] = np.flatnonzero(~leaf)
    segments = np.cumsum([0] + [len(s) for s in sets.values()])
    return {
        "left_children": np.where(leaf, -1, left).tolist(), "right_children": np.where(leaf, -1, right).tolist(),
        "parents": parents.tolist(), "split_indices": np.where(leaf, 0, column).tolist(),
        "split_conditions": floats(np.where(leaf, value, cut)), "default_left": [int(m) for m in missing_left],
        "split_type": [int(i in sets) for i in range(nodes)], "loss_changes": floats(np.where(leaf, 0, gain)),
        "sum_hessian": floats(cover), "base_weights": floats(value), "id": 0, "categories_nodes": list(sets),
        "categories_segments": segments[:-1].tolist(), "categories_sizes": np.diff(segments).tolist(),
        "categories": [int(c) for s in sets.values() for c in sorted(s)],
        "tree_param": {"num_deleted": "0", "num_feature": str(columns), "num_nodes": str(nodes), "size_leaf_vector": "1"},
    }


def plain(t, values, columns):
    """A tree of sklearn.tree."""
    drop = t.weighted_n_node_samples * t.impurity
    gain = np.where(t.children_left < 0, 0, drop - drop[t.children_left] - drop[t.children_right])
    missing = getattr(t, "missing_go_to_left", np.zeros(t.node_count))
    return tree(t.children_left, t.children_right, t.feature, below(t.threshold), missing, values,
                t.weighted_n_node_samples, np.maximum(gain, 0), columns)


def histogram(predictor, columns, names, categories):
    """A tree of HistGradientBoosting, whose columns are named by names and whose codes stand for categories."""
    n, sets = predictor.nodes, {}
    left, right, missing = n["left"].astype(int), n["right"].astype(int), n["missing_go_to_left"].astype(bool)
    left[n["is_leaf"].astype(bool)] = -1
    has = lambda bits, c: int(bits[c // 32]) >> c % 32 & 1
    for i in np.flatnonzero(n["is_categorical"] & (left >= 0)):
        column, bits = n["feature_idx"][i], predictor.raw_left_cat_bitsets[n["bitset_idx"][i]]
        goes_left = {int(c) for code, c in enumerate(categories[column]) if has(bits, code)}
        if missing[i]:  # with what is unknown
            sets[i] = {int(c) for c in categories[column]} - goes_left
        else:
            sets[i], left[i], right[i], missing[i] = goes_left, right[i], left[i], True
    column = [names[f] if inner else 0 for f, inner in zip(n["feature_idx"], left >= 0)]
    return tree(left, right, column, below(n["num_threshold"]), missing, n["value"], n["count"], np.maximum(n["gain"], 0),
                columns, {int(i): s for i, s in sets.items()})


def model(fitted):
    columns = fitted.n_features_in_
    leaf = lambda v: tree([-1], [-1], [0], [0], [1], [v], [0], [0], columns)
    if hasattr(fitted, "_predictors"):
        names, categories = list(range(columns)), {}
        if (known := fitted.is_categorical_) is not None:  # these come first there
            names = np.flatnonzero(known).tolist() + np.flatnonzero(~known).tolist()
            categories = dict(enumerate(fitted._preprocessor.named_transformers_["encoder"].categories_))
            categories = {f: [c for c in all if c == c] for f, all in categories.items()}
        rounds = [[histogram(p, columns, names, categories) for p in stage] for stage in fitted._predictors]
        start = np.ravel(fitted._baseline_prediction)
    elif hasattr(fitted, "init_"):
        rate = fitted.learning_rate
        rounds = [[plain(e.tree_, rate * e.tree_.value[:, 0, 0], columns) for e in stage] for stage in fitted.estimators_]
        start = np.ravel(fitted._raw_predict_init(np.zeros((1, columns), np.float32)))
    else:
        trees = [e.tree_ for e in getattr(fitted, "estimators_", [fitted])]
        values = [t.value.reshape(t.node_count, -1) for t in trees]
        if hasattr(fitted, "classes_"):
            assert fitted.n_outputs_ == 1, "classifiers of several outputs"
            values = [v / v.sum(1, keepdims=True) for v in values]
        rounds = [[plain(t, v / len(trees), columns) for v in all.T] for t, all in zip(trees, values)]
        start = np.zeros(len(rounds[0]))
    rounds = [[leaf(v) for v in start]] + rounds
    k = len(start)
    objective = "reg:squarederror"
    if hasattr(fitted, "classes_") and (hasattr(fitted, "_predictors") or hasattr(fitted, "init_")):
        objective = "binary:logistic" if k == 1 else "multi:softprob"
    flat = [t | {"id": i} for i, t in enumerate(t for stage in rounds for t in stage)]
    return {"version": [2, 0, 0], "learner": {
        "attributes": {}, "feature_names": [], "feature_types": [], 
        "objective": {"name": objective, "softmax_multiclass_param": {"num_class": str(k)}},
        "learner_model_param": {
            "base_score": "5E-1" if objective == "binary:logistic" else "0", "num_feature": str(columns),
            "num_class": str(k if objective == "multi:softprob" else 0),
            "num_target": str(1 if objective == "multi:softprob" else k)},
        "gradient_booster": {"name": "gbtree", "model": {
            "gbtree_model_param": {"num_trees": str(len(flat)), "num_parallel_tree": "1"},
            "iteration_indptr": [k * i for i in range(len(rounds) + 1)], "tree_info": [i % k for i in range(len(flat))],
            "trees": flat}}}}
