"""Fisher's test as twice the smaller tail from SciPy, Holm's procedure from statsmodels: python3 shares.py > shares.json
(as packages/drift/test/requirements.txt, and statsmodels 0.15.0)."""
import json, sys
import numpy as np, scipy, statsmodels
from scipy.stats import hypergeom
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261130)
fisher = []
fixed = [(0, 5, 3, 5), (1, 1, 0, 1), (0, 1000, 8, 1000), (0, 20000, 1, 1000), (30, 1000, 3000, 100000), (5, 10, 50, 100),
         (1000, 2000000, 1300, 2000000), (999, 1000, 990, 1000), (500, 1000, 420, 1000), (3, 12, 12, 15)]
drawn = []
for _ in range(60):
    ta, tb = int(10 ** rng.uniform(0, 6)), int(10 ** rng.uniform(0, 6))
    p = rng.uniform(0, 1) ** 3
    drawn.append((int(rng.binomial(ta, p)), ta, int(rng.binomial(tb, min(1, p * rng.uniform(0.8, 1.25)))), tb))
for a, ta, b, tb in fixed + drawn:
    law = hypergeom(ta + tb, a + b, tb)
    p = min(1.0, 2 * min(float(law.cdf(b)), float(law.sf(b - 1))))
    if p > 1e-250:
        fisher.append([a, ta, b, tb, repr(p)])
holm = []
for n in [1, 2, 5, 12, 40]:
    p = rng.uniform(0, 1, n) ** 4
    holm.append([[repr(float(x)) for x in p], [repr(float(x)) for x in multipletests(p, method="holm")[1]]])
meta = {"generator": "shares.py", "scipy": scipy.__version__, "numpy": np.__version__, "statsmodels": statsmodels.__version__}
json.dump({"meta": meta, "fisher": fisher, "holm": holm}, sys.stdout)
