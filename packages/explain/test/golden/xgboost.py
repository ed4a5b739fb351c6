"""Writes xgboost-VERSION.json with the installed XGBoost: small models in its JSON format, their margins and contributions.

    pip install xgboost==1.7.6 'numpy<2' && python xgboost.py        # also with 2.1.4 and 3.2.0
"""
import json
import pathlib
import sys
import tempfile

import numpy as np

sys.path.pop(0)  # this file bears the name of the library
import xgboost

SEED = 20010101
rng = np.random.RandomState(SEED)


def numbers(array):
    return json.loads(json.dumps(np.asarray(array, dtype=float).tolist()).replace("NaN", "null").replace("Infinity", "1e999"))


def entry(name, params, x, y, rounds=8, types=None):
    data = xgboost.DMatrix(x, y, feature_types=types, enable_categorical=types is not None)
    booster = xgboost.train({"nthread": 1, "max_depth": 3, "seed": 1, **params}, data, rounds)
    rows = x[:40].copy()
    if types is None:
        # Each threshold and its two neighbours in float32; XGBoost compares with `<`.
        for tree in booster.trees_to_dataframe().query("Feature != 'Leaf'").head(6).itertuples():
            cut = np.float32(tree.Split)
            for value in (cut, np.nextafter(cut, np.float32(-np.inf)), np.nextafter(cut, np.float32(np.inf))):
                row = x[40].copy()
                row[int(tree.Feature[1:])] = value
                rows = np.vstack([rows, row])
    else:
        rows[:4, 4] = [np.nan, 77, 2, 3]
    matrix = xgboost.DMatrix(rows, feature_types=types, enable_categorical=types is not None)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.json"
        booster.save_model(path)
        model = path.read_text()
    return {
        "name": name,
        "model": model,
        "rows": numbers(rows),
        "margin": numbers(booster.predict(matrix, output_margin=True)),
        "prediction": numbers(booster.predict(matrix)),
        "contributions": None if types is not None else numbers(booster.predict(matrix, pred_contribs=True)),
    }


x = np.round(rng.normal(size=(400, 6)), 3)
x[rng.random_sample(x.shape) < 0.1] = np.nan
z = np.nan_to_num(x, nan=0.7)
y = z[:, 0] + z[:, 1] * z[:, 2] - (z[:, 3] > 0.3) * 1.5
xc = x.copy()
xc[:, 4] = rng.randint(0, 12, 400)
yc = y + np.isin(xc[:, 4], [3, 8, 9]) * 2.0
models = [
    entry("squared-error", dict(objective="reg:squarederror", base_score=0.3), x, y),
    entry("logistic", dict(objective="binary:logistic"), x, (y > 0.4).astype(int)),
    entry("softprob", dict(objective="multi:softprob", num_class=3), x, np.digitize(y, [-1, 0.5]), rounds=3),
    entry("poisson", dict(objective="count:poisson"), x, rng.poisson(np.exp(np.clip(y, -3, 2)))),
    entry("dart", dict(booster="dart", objective="reg:squarederror", rate_drop=0.3), x, y),
    entry("parallel-forest", dict(objective="reg:squarederror", num_parallel_tree=3, subsample=0.6), x, y, rounds=3),
    entry("one-hot-categorical", dict(objective="reg:squarederror", tree_method="hist", max_cat_to_onehot=20), xc, yc, types=["q"] * 4 + ["c", "q"]),
    entry("partition-categorical", dict(objective="reg:squarederror", tree_method="hist", max_cat_to_onehot=1), xc, yc, types=["q"] * 4 + ["c", "q"]),
]
meta = {"generator": "xgboost.py", "seed": SEED, "versions": {"xgboost": xgboost.__version__, "numpy": np.__version__}}
version = ".".join(xgboost.__version__.split(".")[:2])
pathlib.Path(__file__).with_name(f"xgboost-{version}.json").write_text(json.dumps({"meta": meta, "models": models}, separators=(",", ":")).replace("Infinity", "1e999") + "\n")
