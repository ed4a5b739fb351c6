"""P(arm is best) under Beta posteriors, by SciPy: python3 best_probability.py > best_probability.json (numpy and scipy as in ../../../drift/test/requirements.txt)."""
import json, sys
import numpy as np, scipy
from scipy.integrate import quad
from scipy.stats import beta

CASES = [
    [[0, 0], [0, 0]],
    [[1, 1], [0, 0]],
    [[100, 70], [100, 75]],
    [[10_000, 7_000], [10_000, 7_150]],
    [[1_000_000, 700_000], [20, 17]],
    [[1_000_000, 700_000], [1_000_000, 701_000]],
    [[5_000, 0], [300, 0]],
    [[50_000, 1_500], [8_000, 262]],
    [[3_000, 2_995], [400, 400]],
    [[500, 350], [500, 345], [500, 355], [20, 10]],
    [[9_000, 6_300], [40, 30], [900, 640], [0, 0], [12_345, 8_700.5]],
]

def best(arms):
    laws = [beta(1 + rewards, 1 + outcomes - rewards) for outcomes, rewards in arms]
    spots = sorted({min(1.0, max(0.0, law.mean() + z * law.std())) for law in laws for z in (-40, -12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12, 40)} | {0.0, 1.0})
    out = []
    for i, law in enumerate(laws):
        f = lambda p: law.pdf(p) * np.prod([other.cdf(p) for j, other in enumerate(laws) if j != i])
        out.append(sum(quad(f, a, b, epsabs=1e-14, epsrel=1e-11, limit=200)[0] for a, b in zip(spots, spots[1:])))
    assert abs(sum(out) - 1) < 1e-9, sum(out)
    return out

json.dump({"meta": {"generator": "best_probability.py", "numpy": np.__version__, "scipy": scipy.__version__},
           "cases": [{"arms": arms, "best": [repr(float(p)) for p in best(arms)]} for arms in CASES]}, sys.stdout, indent=1)
