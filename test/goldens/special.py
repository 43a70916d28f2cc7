"""Writes special.json: erf, erfc and erfinv to 50 digits (mpmath), rounded once to float64.

    pip install mpmath && python test/goldens/special.py
"""

import json
import pathlib

import mpmath as mp

mp.mp.dps = 50
small = [1e-300, 1e-20, 1e-8, 1e-3, 0.1, 0.3, 0.46, 0.46875, 0.47, 0.5]
grid = [i / 7 for i in range(1, 42)]
erf_at = small + grid + [6.5, 27.0]
erfc_at = [-v for v in erf_at] + erf_at + [7.3, 10.1, 13.7, 20.3, 25.9, 26.4]
erfinv_at = (
    small
    + [i / 64 for i in range(1, 64)]
    + [0.849, 0.85, 0.851]
    + [1 - 2.0**-k for k in range(2, 54)]
    + [1 - 3 * 2.0**-k for k in range(4, 53)]
)

def erfinv(x):
    # From the complement: mpmath's own starts from 1 - x in working precision, which is exact here.
    return mp.erfinv(mp.mpf(x))

table = lambda f, points: [[x, float(f(mp.mpf(x)))] for x in points]
golden = {
    "erf": table(mp.erf, erf_at),
    "erfc": table(mp.erfc, erfc_at),
    "erfinv": table(erfinv, erfinv_at),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
