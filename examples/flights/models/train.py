"""Trains flight-delay.lightgbm.txt: P(more than 15 minutes late), from the flights of January 2001 and the features of ../src/features.ts.

    npm start                                            # once, so that vega-datasets is installed
    pip install -r requirements.txt && python train.py

Deterministic: one thread, fixed seed, rows in order of departure. It prints how well the model does on February, which it has not seen.
"""
import collections
import math
import pathlib

import lightgbm
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
FLIGHTS = HERE / "../node_modules/vega-datasets/data/flights-3m.parquet"
FEATURES = ["distance", "departureHour", "originTraffic", "originRecentDelay", "networkRecentDelay"]
LATE_MINUTES = 15
SEED = 20010101
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
ORIGIN_WEIGHT, NETWORK_WEIGHT = 0.05, 0.002
GROUND_MINUTES, MILES_PER_MINUTE = 30, 7.5
JANUARY_ENDS_MS = 980_985_600_000
FEBRUARY_ENDS_MS = 983_404_800_000


def hundredth(value):
    """JavaScript's Math.round(value * 100) / 100: halves go up."""
    return math.floor(value * 100 + 0.5) / 100


def flights_until(end_ms):
    file = pq.ParquetFile(FLIGHTS)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        departures = pc.divide(table["date"].cast("int64"), 1000).to_pylist()
        for flight in zip(departures, table["delay"].to_pylist(), table["distance"].to_pylist(), table["origin"].to_pylist()):
            if flight[0] >= end_ms:
                return
            yield flight


def examples(end_ms):
    """Departure, features and delay of each flight: the fold of FeatureBuilder in features.ts, line by line."""
    recent, traffic, traffic_at = collections.defaultdict(float), collections.defaultdict(float), collections.defaultdict(float)
    arrivals = collections.defaultdict(list)
    network, minute = 0.0, None
    for departure, delay, distance, origin in flights_until(end_ms):
        now = departure // MINUTE_MS
        minute = now if minute is None else minute
        while minute < now:
            for landed, late in arrivals.pop(minute, ()):
                recent[landed] += ORIGIN_WEIGHT * (late - recent[landed])
                network += NETWORK_WEIGHT * (late - network)
            minute += 1
        traffic[origin] = traffic[origin] * math.exp((traffic_at[origin] - departure) / HOUR_MS) + 1
        traffic_at[origin] = departure
        arrival = math.ceil(departure / MINUTE_MS + (GROUND_MINUTES + distance / MILES_PER_MINUTE) + max(0, delay))
        arrivals[arrival].append((origin, delay))
        hour = (departure % (24 * HOUR_MS)) / HOUR_MS
        yield departure, (distance, hundredth(hour), hundredth(traffic[origin]), hundredth(recent[origin]), hundredth(network)), delay


def auc(score, label):
    order = np.argsort(score, kind="stable")
    _, inverse, counts = np.unique(score[order], return_inverse=True, return_counts=True)
    ranks = np.empty(len(score))
    ranks[order] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = label.sum()
    return (ranks[label == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(label) - positives))


def main():
    rows = list(examples(FEBRUARY_ENDS_MS))
    departure = np.array([row[0] for row in rows])
    x = np.array([row[1] for row in rows], dtype=np.float64)
    late = (np.array([row[2] for row in rows]) > LATE_MINUTES).astype(int)
    january = departure < JANUARY_ENDS_MS
    parameters = {
        "objective": "binary", "num_leaves": 24, "learning_rate": 0.1, "min_data_in_leaf": 400, "lambda_l2": 1.0,
        "seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
    }
    booster = lightgbm.train(parameters, lightgbm.Dataset(x[january], late[january], feature_name=FEATURES), num_boost_round=80)
    booster.save_model(HERE / "flight-delay.lightgbm.txt")
    for month, chosen in (("January, trained on", january), ("February, not seen", ~january)):
        score = booster.predict(x[chosen], num_threads=1)
        loss = -np.mean(np.log(np.where(late[chosen] == 1, score, 1 - score)))
        print(f"{month}: {chosen.sum()} flights, {late[chosen].mean():.4f} late, AUC {auc(score, late[chosen]):.4f}, log loss {loss:.4f}")
    for at in (0, 1000, 400_000):
        print(f"flight {at}: features {x[at].tolist()}, probability {booster.predict(x[at:at + 1])[0]!r}")


if __name__ == "__main__":
    main()
