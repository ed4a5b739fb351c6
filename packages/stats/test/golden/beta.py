"""Beta law from SciPy: python3 beta.py > beta.json (as packages/drift/test/requirements.txt)."""
import json, sys
import numpy as np, scipy
from scipy.stats import beta

cases = []
for a, b in [(0.4, 3999.6), (4, 3996), (40, 3960), (0.1, 1000), (2, 2), (0.5, 0.5), (10, 3), (400, 999600), (5000, 5000), (1, 1)]:
    law = beta(a, b)
    for share in (1e-6, 0.01, 0.05, 0.5, 0.95, 0.999):
        x = float(law.ppf(share))
        if 1e-250 < x < 1:
            cases.append([a, b, share, repr(x), repr(float(law.cdf(x))), repr(float(law.cdf(min(1, 1.3 * x))))])
json.dump({"meta": {"generator": "beta.py", "scipy": scipy.__version__, "numpy": np.__version__}, "cases": cases}, sys.stdout)
