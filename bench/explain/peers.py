"""Peers of `npm run bench -- explain`, one JSON line per answer; each question is a subcommand.

peers.py train FOLDER                       LightGBM models a–f and their rows, as text and float64 files
peers.py kernel FOLDER ROWS                 shap's Kernel SHAP (l1_reg off) on six games
peers.py kernel-rows FOLDER ROWS            shap's Kernel SHAP at 9,600 model rows: 100 background rows sampled for each row, and kmeans(10)
peers.py woodelf FOLDER MODEL BATCH…        WOODELF's seconds for batches of these sizes, background 1,000, and its first values
peers.py fairness FOLDER                    fairlearn's rates per group of FOLDER/fairness.json
peers.py lime FOLDER MODEL ROWS SEEDS CALLS lime's coefficients per row and seed; 5,000 calls are its default
peers.py xgboost FOLDER                     an XGBoost model as FOLDER/xgboost.json, its pred_contribs of the last 500 rows
peers.py trees FOLDER MODEL ROWS BACKGROUND shap's C code and LightGBM pred_contrib, one thread: rows per second and values
"""
import gzip
import json
import os
import pathlib
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
SEED = 20010101
MODELS = {
    "d": dict(rounds=100, max_depth=4, num_leaves=16),
    "a": dict(rounds=100, num_leaves=31),
    "e": dict(rounds=500, max_depth=6, num_leaves=64),
    "b": dict(rounds=500, num_leaves=31),
    "c": dict(rounds=500, max_depth=8, num_leaves=256),
    "f": dict(rounds=100, num_leaves=255, max_depth=-1),
}


def adult():
    """UCI Adult when WEIR_ADULT names adult.data.gz, else rows of the same shape from a generator."""
    path = os.environ.get("WEIR_ADULT")
    if path and pathlib.Path(path).exists():
        opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
        with opened as file:
            table = [line.strip().split(", ") for line in file if line.strip()]
        columns = []
        for j, column in enumerate(zip(*[row[:14] for row in table])):
            if j in (2, 3):  # fnlwgt, and education, which education-num repeats
                continue
            if j in (0, 4, 10, 11, 12):
                columns.append([float(value) for value in column])
            else:
                codes = {value: code for code, value in enumerate(sorted(set(column)))}
                columns.append([float(codes[value]) for value in column])
        return "Adult", np.array(columns).T, np.array([row[14].startswith(">50K") for row in table]).astype(int)
    rng = np.random.default_rng(SEED)
    n = 32_561
    levels = [73, 9, 16, 7, 15, 6, 5, 2, 119, 92, 94, 42]
    x = np.column_stack([np.floor(rng.beta(1.5, 3, n) * each) for each in levels])
    z = 0.06 * x[:, 0] + 0.4 * x[:, 2] - 0.5 * x[:, 3] + 0.03 * x[:, 8] * (x[:, 7] > 0) + 0.04 * x[:, 10] - 3
    return "generated rows of Adult's shape", x, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def train(folder):
    import lightgbm

    name, x, y = adult()
    folder.mkdir(parents=True, exist_ok=True)
    x.astype("<f8").tofile(folder / "rows.f64")
    y.astype("<f8").tofile(folder / "labels.f64")
    for model, parameters in MODELS.items():
        path = folder / f"{model}.txt"
        if path.exists():
            continue
        rounds = parameters.pop("rounds")
        settings = dict(objective="binary", verbosity=-1, num_threads=1, seed=1, deterministic=True, **parameters)
        if model == "f":
            settings.update(min_data_in_leaf=2, min_sum_hessian_in_leaf=0)
        lightgbm.train(settings, lightgbm.Dataset(x, y), rounds).save_model(path)
    print(json.dumps({"data": name, "rows": len(x), "features": x.shape[1], "versions": {"lightgbm": lightgbm.__version__}}))


def median_seconds(run, rounds):
    run()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return sorted(times)[len(times) // 2]


def trees(folder, model, count, background_count):
    import lightgbm
    import shap

    booster = lightgbm.Booster(model_file=folder / f"{model}.txt")
    x = np.fromfile(folder / "rows.f64").reshape(-1, booster.num_feature())
    rows = x[-count:]
    background = x[:background_count]
    path = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    few = rows[: max(10, count // 20)]
    masker = shap.maskers.Independent(background, max_samples=background_count)
    both = shap.TreeExplainer(booster, masker, feature_perturbation="interventional")
    assert both.data.shape[0] == background_count, "shap cut the background"
    path_seconds = median_seconds(lambda: path.shap_values(rows, check_additivity=False), 3) / len(rows)
    contrib_seconds = median_seconds(lambda: booster.predict(rows, pred_contrib=True, num_threads=1), 3) / len(rows)
    both_seconds = median_seconds(lambda: both.shap_values(few, check_additivity=False), 1) / len(few)
    last = lambda values: np.asarray(values[-1] if isinstance(values, list) else values)
    print(json.dumps({
        "path": {"seconds": path_seconds, "values": last(path.shap_values(rows[:20], check_additivity=False)).tolist()},
        "contrib": {"seconds": contrib_seconds, "values": booster.predict(rows[:20], pred_contrib=True).tolist()},
        "interventional": {"seconds": both_seconds, "values": last(both.shap_values(rows[:5], check_additivity=False)).tolist()},
        "versions": {"shap": shap.__version__, "lightgbm": lightgbm.__version__},
    }))


def games(folder):
    """Name, prediction, rows, background rows, and what the other side needs to predict the same."""
    import lightgbm
    from sklearn.svm import SVR

    rng = np.random.default_rng(SEED)
    m, hidden = 12, 16
    network = dict(hidden=rng.normal(size=(hidden, m)) * 0.5, bias=rng.normal(size=hidden), out=rng.normal(size=hidden))
    normal = rng.normal(size=(40_000, m))
    x = np.fromfile(folder / "rows.f64").reshape(-1, m)
    y = np.fromfile(folder / "labels.f64")
    quiet = dict(verbosity=-1, num_threads=1, seed=1, deterministic=True)
    forest = dict(boosting="rf", bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.6, num_leaves=64)

    def trees(name, booster):
        booster.save_model(folder / name)
        # Of a forest the raw score is the sum of its trees, not their mean.
        raw = name != "forest.txt"
        return lambda rows: booster.predict(rows, raw_score=raw, num_threads=1), {"tree": name}

    yield "neural network", lambda z: np.tanh(z @ network["hidden"].T + network["bias"]) @ network["out"], normal, 100, {"network": {k: v.tolist() for k, v in network.items()}}
    rf = lightgbm.train(dict(objective="regression", **forest, **quiet), lightgbm.Dataset(x, y), 100)
    predict, extra = trees("forest.txt", rf)
    yield "random forest", predict, x, 30, extra
    scaled = (x - x.mean(0)) / x.std(0)
    svr = SVR(gamma=0.1).fit(scaled[:400], y[:400])
    yield "support vectors", svr.predict, scaled, 30, {"svm": dict(vectors=svr.support_vectors_.tolist(), weights=svr.dual_coef_[0].tolist(), gamma=0.1, intercept=float(svr.intercept_[0]))}
    predict, extra = trees("boosted.txt", lightgbm.Booster(model_file=folder / "d.txt"))
    yield "boosted trees", predict, x, 30, extra
    weights = rng.normal(size=m)
    yield "linear", lambda z: z @ weights, normal, 100, {"linear": weights.tolist()}
    wide = rng.normal(size=(20_000, 60)) + 1.5 * rng.normal(size=(20_000, 1))
    target = wide[:, :20].sum(1) + 3 * np.sin(wide[:, 20]) * wide[:, 21] + np.maximum(0, wide[:, 22]) * wide[:, 23] * wide[:, 24]
    booster = lightgbm.train(dict(objective="regression", num_leaves=31, **quiet), lightgbm.Dataset(wide, target), 100)
    predict, extra = trees("wide.txt", booster)
    yield "60 correlated columns", predict, wide, 10, extra


def kernel(folder, count):
    import shap

    answers = []
    for name, predict, x, size, extra in games(folder):
        background, rows = x[:size], x[-count:]
        values = {}
        for multiple in (2, 4, 8, 16):
            np.random.seed(1)
            explainer = shap.KernelExplainer(predict, background)
            found = explainer.shap_values(rows, nsamples=multiple * x.shape[1], l1_reg=False, silent=True)
            values[str(multiple)] = np.asarray(found).tolist()
        answers.append({"name": name, "rows": rows.tolist(), "background": background.tolist(), "kernel": values, **extra})
        print(f"#     shap Kernel: {name}", file=sys.stderr, flush=True)
    print(json.dumps({"games": answers, "versions": {"shap": shap.__version__}}))


def kernel_rows(folder, count):
    import lightgbm
    import shap

    booster = lightgbm.Booster(model_file=folder / "d.txt")
    x = np.fromfile(folder / "rows.f64").reshape(-1, booster.num_feature())
    predict = lambda rows: booster.predict(rows, raw_score=True, num_threads=1)
    population, rows = x[:10_000], x[-count:]
    np.random.seed(1)

    def explain(background, size, rows):
        explainer = shap.KernelExplainer(predict, background)
        return np.asarray(explainer.shap_values(rows, nsamples=9_600 // size, l1_reg=False, silent=True)).tolist()

    # A sample for each row: one sample for all is lucky or not, whatever the number of rows.
    sampled = [explain(shap.sample(population, 100, random_state=at), 100, row[None])[0] for at, row in enumerate(rows)]
    print(json.dumps({"sampled": sampled, "kmeans": explain(shap.kmeans(population, 10), 10, rows)}))


def woodelf(folder, model, batches):
    import importlib.metadata

    import lightgbm
    import pandas
    from woodelf import WoodelfExplainer

    booster = lightgbm.Booster(model_file=folder / f"{model}.txt")
    frame = pandas.DataFrame(np.fromfile(folder / "rows.f64").reshape(-1, booster.num_feature()), columns=booster.feature_name())
    explainer = WoodelfExplainer(booster, frame.iloc[:1000], feature_perturbation="interventional")
    answers = {}
    for size in batches:
        batch = frame.iloc[-size:]
        seconds = median_seconds(lambda: explainer.shap_values(batch, verbose=False), 3 if size < 1000 else 1)
        answers[str(size)] = {"seconds": seconds, "values": np.asarray(explainer.shap_values(batch, verbose=False))[:20].tolist()}
    print(json.dumps({"batches": answers, "version": importlib.metadata.version("woodelf-explainer")}))


def fairness(folder):
    import fairlearn
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    events = json.loads((folder / "fairness.json").read_text())
    metrics = {"selection-rate": selection_rate, "true-positive-rate": true_positive_rate, "false-positive-rate": false_positive_rate, "positive-predictive-value": precision_score}
    frame = MetricFrame(metrics=metrics, y_true=events["label"], y_pred=events["selected"], sensitive_features=events["group"])
    print(json.dumps({"rates": {name: frame.by_group[name].to_dict() for name in metrics}, "versions": {"fairlearn": fairlearn.__version__}}))


def lime(folder, model, count, seeds, calls):
    import lightgbm
    from lime.lime_tabular import LimeTabularExplainer

    booster = lightgbm.Booster(model_file=folder / f"{model}.txt")
    x = np.fromfile(folder / "rows.f64").reshape(-1, booster.num_feature())
    predict = lambda rows: booster.predict(rows, num_threads=1)
    coefficients = []
    for at, row in enumerate(x[-count:]):
        each = []
        for seed in range(seeds):
            explainer = LimeTabularExplainer(x[:1000], mode="regression", random_state=seed)
            found = explainer.explain_instance(row, predict, num_features=x.shape[1], num_samples=calls).as_map()[1]
            each.append([value for _, value in sorted(found)])
        coefficients.append(each)
        if (at + 1) % 10 == 0:
            print(f"#     lime: {at + 1} of {count} rows", file=sys.stderr, flush=True)
    print(json.dumps({"coefficients": coefficients}))


def xgboost(folder):
    import xgboost as xgb

    x = np.fromfile(folder / "rows.f64").reshape(-1, 12)
    y = np.fromfile(folder / "labels.f64")
    settings = dict(objective="binary:logistic", max_depth=6, nthread=1, seed=1)
    booster = xgb.train(settings, xgb.DMatrix(x, label=y), 100)
    booster.save_model(folder / "xgboost.json")
    last = xgb.DMatrix(x[-500:])
    print(json.dumps({"contributions": booster.predict(last, pred_contribs=True).tolist(), "version": xgb.__version__}))


if __name__ == "__main__":
    question, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if question == "train":
        train(folder)
    elif question == "kernel":
        kernel(folder, int(sys.argv[3]))
    elif question == "kernel-rows":
        kernel_rows(folder, int(sys.argv[3]))
    elif question == "woodelf":
        woodelf(folder, sys.argv[3], [int(each) for each in sys.argv[4:]])
    elif question == "fairness":
        fairness(folder)
    elif question == "lime":
        lime(folder, sys.argv[3], *(int(each) for each in sys.argv[4:7]))
    elif question == "xgboost":
        xgboost(folder)
    elif question == "trees":
        trees(folder, sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
