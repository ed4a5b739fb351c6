"""Half-Space Trees of River on a stream: reads {trees, n, d, n*d doubles} from stdin, writes n scores and {CPU seconds}, until the input ends."""

import struct
import sys
import time

from river import anomaly, compose, preprocessing


def read(count):
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


while True:
    trees, n, d = struct.unpack(">iii", read(12))
    rows = [dict(enumerate(struct.unpack(f">{d}d", read(8 * d)))) for _ in range(n)]
    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=trees, height=8, window_size=250, seed=42)
    )
    scores = []
    start = time.process_time()
    for row in rows:
        scores.append(model.score_one(row))
        model.learn_one(row)
    seconds = time.process_time() - start
    sys.stdout.buffer.write(struct.pack(f">{n}d", *scores) + struct.pack(">d", seconds))
    sys.stdout.buffer.flush()
