"""Writes lightgbm-pandas.json: a LightGBM model trained on pandas categories, rows as their values, and pred_contrib. Pinned: requirements.txt, pandas 3.1.1."""
import json
import pathlib
import sys

# lightgbm.py beside this file would be taken for the package.
sys.path.pop(0)

import lightgbm
import numpy as np
import pandas as pd

rng = np.random.default_rng(20010101)
n = 400
frame = pd.DataFrame({
    "x": rng.normal(size=n).round(3),
    "sex": pd.Categorical(rng.choice(["F", "M", "X"], n)),
    "y": rng.normal(size=n).round(3),
    "kind": pd.Categorical(rng.choice([10, 20, 30, 40], n)),
    "member": pd.Categorical(rng.choice([True, False], n)),
})
target = frame.x + (frame.sex == "M") * 2.0 + frame.kind.isin([20, 40]) * frame.y + frame.member.astype(bool) * 0.5
settings = dict(objective="regression", num_leaves=8, min_data_per_group=5, cat_smooth=1, max_cat_to_onehot=1, verbosity=-1, num_threads=1, seed=1)
booster = lightgbm.train(settings, lightgbm.Dataset(frame, target), 12)
shown = frame.iloc[:30].copy()
# Values that training never saw, and a missing one.
asked = shown.astype({"sex": object, "kind": object})
asked.loc[0, "sex"], asked.loc[1, "kind"], asked.loc[2, "sex"] = "?", 99, None
for column in ("sex", "kind", "member"):
    asked[column] = pd.Categorical(asked[column], categories=frame[column].cat.categories)
rows = [{"x": a.x, "sex": s, "y": a.y, "kind": k, "member": bool(a.member)} for a, s, k in zip(
    shown.itertuples(), ["?"] + shown.sex.tolist()[1:], shown.kind.tolist())]
rows[1]["kind"], rows[2]["sex"] = 99, None
found = booster.predict(asked, pred_contrib=True)
out = pathlib.Path(__file__).with_name("lightgbm-pandas.json")
out.write_text(json.dumps({
    "versions": {"lightgbm": lightgbm.__version__, "pandas": pd.__version__, "numpy": np.__version__},
    "text": booster.model_to_string(),
    "dump": booster.dump_model(),
    "features": booster.feature_name(),
    "rows": rows,
    "contributions": found.tolist(),
}) + "\n")
