"""Exact two-sided tails from SciPy: python3 ks_exact.py > ks_exact.json (as packages/drift/test/requirements.txt)."""
import json, sys
from math import gcd
import numpy as np, scipy
from scipy.stats._stats_py import _attempt_exact_2kssamp

cases = []
for m, n in [(1, 1), (1, 5), (4, 4), (5, 7), (10, 10), (12, 18), (30, 1), (40, 60), (50, 50), (97, 101), (200, 150), (500, 400), (1000, 1000)]:
    g = gcd(m, n)
    top = m * n // g
    for step in sorted({1, 2, top // 20, top // 10, top // 5, top // 3, top // 2, top} - {0}):
        ok, _, p = _attempt_exact_2kssamp(m, n, g, step * g / (m * n), "two-sided")
        if ok and p > 1e-290:
            cases.append([m, n, step * g, repr(float(p))])
json.dump({"meta": {"generator": "ks_exact.py", "scipy": scipy.__version__, "numpy": np.__version__}, "cases": cases}, sys.stdout)
