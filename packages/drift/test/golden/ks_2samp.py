"""Distances from SciPy, one JSON document: ks_2samp.py [SEED [REPEATS]] (numpy and scipy as in ../requirements.txt).

Without arguments it writes the committed subset: ks_2samp.py > ks_2samp.json. With REPEATS it answers for every window of each stream.
"""
import json, sys, warnings
import numpy as np, scipy
from scipy.stats import ks_2samp

warnings.filterwarnings("ignore")
seed, repeats, every = (int(sys.argv[1]) if len(sys.argv) > 1 else 20010101), 1, 7
if len(sys.argv) > 2:
    repeats, every = int(sys.argv[2]), 1
rng = np.random.default_rng(seed)
FAMILIES = {
    "ties": lambda n: rng.integers(0, 6, n).astype(float),
    "binary": lambda n: rng.integers(0, 2, n).astype(float),
    "constant": lambda n: np.full(n, 3.25),
    "signed zero": lambda n: rng.choice([-0.0, 0.0, 1.0, -1.0], n),
    "subnormal": lambda n: rng.integers(-9, 9, n) * 5e-324,
    "cauchy": lambda n: rng.standard_cauchy(n),
    "large reference": lambda n: rng.normal(size=n),
    "window of one": lambda n: rng.normal(size=n),
}
SHAPES = {"large reference": [(6000, 150)], "window of one": [(40, 1)], "cauchy": [(60, 40), (37, 64)]}
cases = []
for _ in range(repeats):
    for family, draw in FAMILIES.items():
        for m, window in SHAPES.get(family, [(50, 40), (33, 70)]):
            reference, stream = draw(m), np.concatenate([draw(window + 20), draw(40) + (0 if family == "constant" else 1)])
            stats = [
                repr(float(ks_2samp(reference, stream[max(0, end - window):end], method="exact").statistic))
                for end in range(every, len(stream) + 1, every)
            ]
            cases.append({"family": family, "window": window, "every": every, "reference": [repr(float(x)) for x in reference],
                          "stream": [repr(float(x)) for x in stream], "statistics": stats})
json.dump({"meta": {"generator": "ks_2samp.py", "numpy": np.__version__, "scipy": scipy.__version__, "python": sys.version.split()[0], "seed": seed}, "cases": cases}, sys.stdout)
