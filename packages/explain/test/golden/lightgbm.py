"""Writes lightgbm.json: small LightGBM models, their own margins and contributions, and shap's where shap routes as LightGBM does.

    pip install -r requirements.txt && python lightgbm.py
"""
import json
import pathlib
import sys

import numpy as np

sys.path.pop(0)  # this file bears the name of the library
import lightgbm
import shap

SEED = 20010101
rng = np.random.default_rng(SEED)
SMALL = dict(verbosity=-1, num_threads=1, seed=1, deterministic=True, min_data_in_leaf=5)


def numbers(array):
    return json.loads(json.dumps(np.asarray(array, dtype=float).tolist()).replace("NaN", "null").replace("-Infinity", "-1e999").replace("Infinity", "1e999"))


def features(rows, nan=0.0, zero=0.0):
    x = np.round(rng.normal(size=(rows, 6)), 3)
    x[rng.random(x.shape) < zero] = 0.0
    x[rng.random(x.shape) < nan] = np.nan
    return x


def target(x):
    z = np.nan_to_num(x, nan=0.7)
    return z[:, 0] + z[:, 1] * z[:, 2] - (z[:, 3] > 0.3) * 1.5 + rng.normal(size=len(x)) * 0.2


def entry(name, params, x, y, rounds=12, categorical=(), with_dump=False, with_shap=True):
    data = lightgbm.Dataset(x, y, categorical_feature=list(categorical) or "auto", free_raw_data=False)
    booster = lightgbm.train({**SMALL, **params}, data, rounds)
    rows = x[:40].copy()
    rows[:6, 0] = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-30]
    if len(categorical):
        rows[6:13, categorical[0]] = [np.nan, -1, 1000, 3.7, -0.5, 1e12, 2]
    # Both neighbours of each of the first trees' thresholds.
    for tree in booster.trees_to_dataframe().query("decision_type == '<='").head(6).itertuples():
        column, cut = booster.feature_name().index(tree.split_feature), float(tree.threshold)
        for value in (cut, np.nextafter(cut, -np.inf), np.nextafter(cut, np.inf)):
            row = x[40].copy()
            row[column] = value
            rows = np.vstack([rows, row])
    out = {
        "name": name,
        "text": booster.model_to_string(importance_type="split").split("\nfeature_importances:")[0] + "\n",
        "rows": numbers(rows),
        "margin": numbers(booster.predict(rows, raw_score=True)),
        "prediction": numbers(booster.predict(rows)),
        "contributions": numbers(booster.predict(rows, pred_contrib=True)),
    }
    if with_dump:
        out["dump"] = booster.dump_model()
        for unused in ("feature_importances", "pandas_categorical", "monotone_constraints"):
            out["dump"].pop(unused, None)
    if with_shap:
        # shap sends every NaN to the default child: rows without NaN only.
        clean = [at for at in range(len(rows)) if not np.isnan(rows[at]).any()]
        explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(rows[clean]))
        out["shap"] = {"rows": clean, "values": numbers(values)}
    return out


x = features(600)
xn = features(600, nan=0.15, zero=0.1)
xc = features(600)
xc[:, 4] = rng.integers(0, 40, 600)
xc[:, 5] = rng.integers(0, 5, 600)
yc = target(xc) + np.isin(xc[:, 4], [3, 8, 33, 35]) * 2.0
xt = features(600)
xt[:, 0] = 1.6e9 + np.arange(600) * 61.0
models = [
    entry("regression", dict(objective="regression", num_leaves=8), x, target(x), with_dump=True),
    entry("nan", dict(objective="regression", num_leaves=8), xn, target(xn), with_dump=True),
    entry("zero-as-missing", dict(objective="regression", num_leaves=8, zero_as_missing=True), xn, target(xn), with_shap=False),
    entry("no-missing", dict(objective="regression", num_leaves=8, use_missing=False), xn, target(xn), with_shap=False),
    entry("categorical", dict(objective="regression", num_leaves=8, min_data_per_group=5, cat_smooth=1), xc, yc, categorical=[4, 5], with_dump=True, with_shap=False),
    entry("binary", dict(objective="binary", num_leaves=10, sigmoid=1.5), x, (target(x) > 0).astype(int)),
    entry("multiclass", dict(objective="multiclass", num_class=3, num_leaves=5), x, np.digitize(target(x), [-1, 0.5]), rounds=5, with_shap=False),
    entry("poisson", dict(objective="poisson", num_leaves=6), x, rng.poisson(np.exp(np.clip(target(x), -3, 2))).astype(float)),
    entry("random-forest", dict(objective="regression", boosting="rf", bagging_freq=1, bagging_fraction=0.7, num_leaves=8), x, target(x)),
    entry("dart-deep", dict(objective="regression", boosting="dart", num_leaves=24, min_data_in_leaf=2), x, target(x), rounds=8),
    entry("unix-seconds", dict(objective="regression", num_leaves=8), xt, target(features(600)) + (xt[:, 0] > 1.6e9 + 18_000), with_shap=False),
    entry("constant", dict(objective="regression", num_leaves=8), x, np.full(600, 2.5), rounds=2, with_shap=False),
]
meta = {"generator": "lightgbm.py", "seed": SEED, "versions": {"lightgbm": lightgbm.__version__, "shap": shap.__version__, "numpy": np.__version__}}
pathlib.Path(__file__).with_name("lightgbm.json").write_text(json.dumps({"meta": meta, "models": models}, separators=(",", ":")).replace("Infinity", "1e999") + "\n")
