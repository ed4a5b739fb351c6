"""Writes sklearn.json: exported scikit-learn models, their own predictions, and shap's path-dependent values.

    pip install -r requirements.txt && python sklearn.py
"""
import json
import pathlib
import sys
import warnings

import numpy as np

sys.path.pop(0)  # this file bears the name of the library
sys.path.append(str(pathlib.Path(__file__).parents[2] / "python"))
import shap
import sklearn
import sklearn.ensemble as ensemble
import sklearn.linear_model as linear
import sklearn.tree as trees
from export_sklearn import export
from sklearn.datasets import load_iris

warnings.filterwarnings("ignore")
SEED = 20010101
rng = np.random.default_rng(SEED)
x = np.round(rng.normal(size=(300, 5)), 3)
y = x[:, 0] + x[:, 1] * x[:, 2] - (x[:, 3] > 0.3) * 1.5
xn = np.where(rng.random(x.shape) < 0.1, np.nan, x)
iris, species = load_iris(return_X_y=True)


def numbers(array):
    return json.loads(json.dumps(np.asarray(array, dtype=float).tolist()).replace("NaN", "null"))


def entry(name, estimator, x, y, additive=True):
    estimator.fit(x, y)
    rows = x[:30].copy()
    predict = getattr(estimator, "predict_proba", estimator.predict)
    out = {"name": name, "model": export(estimator), "rows": numbers(rows), "prediction": numbers(predict(rows))}
    if hasattr(estimator, "decision_function"):
        out["margin"] = numbers(estimator.decision_function(rows))
    if additive:
        values = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent").shap_values(rows, check_additivity=False)
        out["shap"] = numbers(values)
    return out


small = dict(random_state=1)
models = [
    entry("decision-tree", trees.DecisionTreeRegressor(max_depth=5, **small), x, y),
    entry("decision-tree-nan", trees.DecisionTreeRegressor(max_depth=5, **small), xn, y, additive=False),
    entry("random-forest", ensemble.RandomForestRegressor(5, max_depth=4, **small), x, y),
    entry("random-forest-classifier", ensemble.RandomForestClassifier(4, max_depth=3, **small), iris, species),
    entry("extra-trees", ensemble.ExtraTreesRegressor(4, max_depth=4, **small), x, y),
    entry("gradient-boosting", ensemble.GradientBoostingRegressor(n_estimators=8, max_depth=3, **small), x, y),
    entry("gradient-boosting-binary", ensemble.GradientBoostingClassifier(n_estimators=8, max_depth=2, **small), x, y > 0),
    entry("gradient-boosting-multiclass", ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, **small), iris, species, additive=False),
    entry("hist-gradient-boosting-nan", ensemble.HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=8, **small), xn, y),
    entry("hist-gradient-boosting-binary", ensemble.HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=8, **small), xn, y > 0),
    entry("linear", linear.LinearRegression(), x, y, additive=False),
    entry("logistic", linear.LogisticRegression(), x, y > 0, additive=False),
    entry("logistic-multiclass", linear.LogisticRegression(), iris, species, additive=False),
]
meta = {"generator": "sklearn.py", "seed": SEED, "versions": {"scikit-learn": sklearn.__version__, "shap": shap.__version__, "numpy": np.__version__}}
pathlib.Path(__file__).with_name("sklearn.json").write_text(json.dumps({"meta": meta, "models": models}, separators=(",", ":")) + "\n")
