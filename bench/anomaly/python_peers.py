"""Peers of `npm run bench -- anomaly` in Python, as requirements.txt: python_peers.py hst | rrcf | iforest

Reads {setting, n, d, n*d doubles} from stdin, writes n scores, higher is odder, and {CPU seconds}, until the input ends. The setting is
hst, rrcf   the number of trees; each event is scored and learnt in turn
iforest     how many of the first events are learnt; the forest is then kept, and the scores are of all n
"""

import math
import struct
import sys
import time


def read(count):
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def hst(trees, rows):
    from river import anomaly, compose, preprocessing

    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=trees, height=8, window_size=250, seed=42)
    )
    scores = []
    for row in rows:
        named = dict(enumerate(row))
        scores.append(model.score_one(named))
        model.learn_one(named)
    return scores


def rrcf(trees, rows):
    """CoDisp as in the package's streaming example: 256 points a tree; columns by their running mean and deviation."""
    import numpy
    from rrcf import RCTree

    numpy.random.seed(42)
    forest = [RCTree() for _ in range(trees)]
    mean = numpy.zeros(len(rows[0]))
    squares = numpy.zeros(len(rows[0]))
    scores = []
    for at, row in enumerate(rows):
        row = numpy.array(row)
        before = row - mean
        mean += before / (at + 1)
        squares += before * (row - mean)
        deviation = numpy.sqrt(squares / (at + 1))
        point = (row - mean) / numpy.where(deviation > 0, deviation, 1)
        total = 0.0
        for tree in forest:
            if len(tree.leaves) >= 256:
                tree.forget_point(at - 256)
            tree.insert_point(point, index=at)
            codisp = tree.codisp(at)
            # A tree of one point has no displacement.
            total += 0.0 if math.isnan(codisp) else codisp
        scores.append(total / trees)
    return scores


def iforest(learnt, rows):
    import numpy
    from sklearn.ensemble import IsolationForest

    table = numpy.array(rows)
    model = IsolationForest(n_estimators=100, max_samples=256, random_state=42, n_jobs=1).fit(table[:learnt])
    return (-model.score_samples(table)).tolist()


score = {"hst": hst, "rrcf": rrcf, "iforest": iforest}[sys.argv[1]]
while True:
    setting, n, d = struct.unpack(">iii", read(12))
    rows = [struct.unpack(f">{d}d", read(8 * d)) for _ in range(n)]
    start = time.process_time()
    scores = score(setting, rows)
    seconds = time.process_time() - start
    sys.stdout.buffer.write(struct.pack(f">{n}d", *scores) + struct.pack(">d", seconds))
    sys.stdout.buffer.flush()
