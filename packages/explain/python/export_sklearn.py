"""Exports a fitted scikit-learn estimator as the JSON that @weir/explain reads.

    from export_sklearn import export
    json.dump(export(estimator), open("model.json", "w"))

or of a pickle or joblib file that you trust, since reading one runs what is in it:

    python export_sklearn.py ESTIMATOR.joblib model.json

Read: decision trees, random forests, extra trees, gradient boosting, histogram gradient boosting without categorical features
(format weir.sklearn-trees/1); linear, ridge, lasso and logistic regression (format weir.sklearn-linear/1), also behind a StandardScaler in a Pipeline. ../README.md documents the formats.
Pinned for the committed vectors: scikit-learn 1.9.1; the private fields it reads are the same since 1.3.
"""
import json
import sys

import numpy as np
import sklearn


def export(estimator):
    name = type(estimator).__name__
    if name == "Pipeline":
        return _pipeline(estimator)
    head = {
        "estimator": name,
        "sklearn": sklearn.__version__,
        "features": int(estimator.n_features_in_),
        "feature_names": [str(each) for each in getattr(estimator, "feature_names_in_", [])] or None,
    }
    if hasattr(estimator, "coef_"):
        return {"format": "weir.sklearn-linear/1", **head, **_linear(estimator)}
    head["format"] = "weir.sklearn-trees/1"
    if name.startswith("HistGradientBoosting"):
        return {**head, **_histogram(estimator)}
    if name.startswith("GradientBoosting"):
        return {**head, **_boosting(estimator)}
    if name.startswith(("RandomForest", "ExtraTrees")):
        return {**head, **_forest(estimator, [each.tree_ for each in estimator.estimators_])}
    if name.startswith(("DecisionTree", "ExtraTree")):
        return {**head, **_forest(estimator, [estimator.tree_])}
    raise ValueError(f"{name} is not exported; {_cure(name)}")


def _cure(name):
    """Libraries with a file of their own that is read as it is, and what to do with the rest."""
    if name.startswith("LGBM"):
        return "write it with estimator.booster_.save_model('model.txt'), which is read as it is"
    if name.startswith("XGB"):
        return "write it with estimator.save_model('model.json'), which is read as it is"
    return "trees, forests, gradient boosting and linear models are; put other models behind a server, which the explanation sampler asks"


def _pipeline(pipeline):
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    names = [type(step).__name__ for step in steps]
    if names[:-1] == [] and steps:
        return export(steps[-1])
    if names[:-1] != ["StandardScaler"] or not hasattr(steps[-1], "coef_"):
        raise ValueError(f"a Pipeline of {', '.join(names)} is not exported; a StandardScaler and a linear model are, other steps have to be left out of the data")
    scaler, model = steps
    m = scaler.n_features_in_
    centre = scaler.mean_ if scaler.with_mean else np.zeros(m)
    scale = scaler.scale_ if scaler.with_std else np.ones(m)
    names_in = [str(each) for each in getattr(scaler, "feature_names_in_", [])] or None
    inputs = {"centre": centre.tolist(), "scale": scale.tolist(), "clip": 1.7976931348623157e308}
    return {**export(model), "feature_names": names_in, "inputs": inputs}


def _finite(thresholds):
    """A threshold of +inf splits missing values from all others; JSON has no word for it."""
    return [min(float(each), 1.7976931348623157e308) for each in thresholds]


def _classes(estimator):
    return [each.item() if hasattr(each, "item") else each for each in getattr(estimator, "classes_", [])] or None


def _linear(estimator):
    weights, intercepts = np.atleast_2d(estimator.coef_), np.atleast_1d(estimator.intercept_)
    if len(intercepts) == 1 and len(weights) > 1:
        intercepts = np.repeat(intercepts, len(weights))
    link = "identity" if not hasattr(estimator, "classes_") else "logistic" if len(weights) == 1 else "softmax"
    return {"classes": _classes(estimator), "link": link, "weights": weights.tolist(), "intercepts": intercepts.tolist()}


def _tree(tree, output, values):
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return {
        "output": output,
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "feature": tree.feature.tolist(),
        "threshold": _finite(tree.threshold),
        "missing_left": np.asarray(missing).astype(int).tolist(),
        "values": values.tolist(),
        "cover": tree.weighted_n_node_samples.tolist(),
    }


def _forest(estimator, trees):
    """Leaves hold class shares or targets; the forest is their mean, so each leaf is divided by the number of trees."""
    values = [tree.value[:, 0, :] if hasattr(estimator, "classes_") else tree.value[:, :, 0] for tree in trees]
    if hasattr(estimator, "classes_"):
        values = [each / each.sum(axis=1, keepdims=True) for each in values]
    outputs = values[0].shape[1]
    return {
        "classes": _classes(estimator),
        "outputs": outputs,
        "base": [0.0] * outputs,
        "link": "identity",
        "precision": "float32",
        "trees": [_tree(tree, -1, each / len(trees)) for tree, each in zip(trees, values)],
    }


def _boosting(estimator):
    outputs = estimator.estimators_.shape[1]
    base = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))[0]
    return {
        "classes": _classes(estimator),
        "outputs": outputs,
        "base": base.tolist(),
        "link": "identity" if not hasattr(estimator, "classes_") else "logistic" if outputs == 1 else "softmax",
        "precision": "float32",
        "trees": [
            _tree(each.tree_, k, each.tree_.value[:, 0, :] * estimator.learning_rate)
            for stage in estimator.estimators_
            for k, each in enumerate(stage)
        ],
    }


def _histogram(estimator):
    if estimator.is_categorical_ is not None and np.any(estimator.is_categorical_):
        raise ValueError("categorical features of histogram gradient boosting are not exported; encode them as numbers first")
    trees = []
    for stage in estimator._predictors:
        for k, predictor in enumerate(stage):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            trees.append({
                "output": k,
                "left": np.where(leaf, -1, nodes["left"].astype(int)).tolist(),
                "right": np.where(leaf, -1, nodes["right"].astype(int)).tolist(),
                "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
                "threshold": _finite(nodes["num_threshold"]),
                "missing_left": nodes["missing_go_to_left"].astype(int).tolist(),
                "values": nodes["value"].reshape(-1, 1).tolist(),
                "cover": nodes["count"].astype(float).tolist(),
            })
    base = np.asarray(estimator._baseline_prediction, dtype=float).ravel()
    loss = getattr(estimator, "loss", "log_loss")
    classifier = hasattr(estimator, "classes_")
    link = ("logistic" if len(base) == 1 else "softmax") if classifier else "exponential" if loss in ("poisson", "gamma") else "identity"
    return {"classes": _classes(estimator), "outputs": len(base), "base": base.tolist(), "link": link, "precision": "float64", "trees": trees}


if __name__ == "__main__":
    import joblib

    if len(sys.argv) != 3:
        sys.exit("usage: export_sklearn.py ESTIMATOR.joblib MODEL.json")
    try:
        exported = export(joblib.load(sys.argv[1]))
    except (OSError, ValueError) as error:
        sys.exit(f"export_sklearn.py: {sys.argv[1]}: {error}")
    with open(sys.argv[2], "w") as file:
        json.dump(exported, file)
