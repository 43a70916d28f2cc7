"""Writes specialMatrices.json: the concentrations of LKJ and Wishart distributions by a log-determinant, and their
derivatives, at float32 arguments, by bisection in 80 digits (mpmath); in the format of specialFunctions.json.

    pip install mpmath numpy && python test/goldens/specialMatrices.py
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 80
exactly = lambda x: float(np.float32(x))
shortest = lambda x: float(str(np.float32(x)))

sizes = [1e-30, 1e-12, 1e-7, 1e-5, 3e-4, 0.01, 0.2, 1, 3, 9, 40, 300, 1e4, 1e6, 1e10]


def lkj(d, eta, m=0):
    """-E log det, and its m-th derivative: row k has a squared diagonal of Beta(eta + (d - k)/2, (k - 1)/2)."""
    top = mp.polygamma(m, eta + mp.mpf(d - 1) / 2)
    return sum(top - mp.polygamma(m, eta + mp.mpf(d - k) / 2) for k in range(2, d + 1))


def wishart(n, excess, m=0):
    """log det E W - E log det W, or its first derivative, by how far the concentration is above n - 1."""
    nu = n - 1 + excess
    if m == 1:
        return n / nu - sum(mp.polygamma(1, (excess + n - i) / 2) for i in range(1, n + 1)) / 2
    return n * mp.log(nu / 2) - sum(mp.digamma((excess + n - i) / 2) for i in range(1, n + 1))


def root(f, s):
    """The x at which the falling f is s, by bisection of log x."""
    low, high = mp.mpf(-120), mp.mpf(120)
    for _ in range(110):
        middle = (low + high) / 2
        if f(mp.exp(middle)) > s:
            low = middle
        else:
            high = middle
    return mp.exp(low)


golden = {}
for name, f, smallest in (("lkj", lkj, 2), ("wishart", wishart, 1)):
    values, slopes = [], []
    for d in (smallest, 3, 4, 20, 100):
        for s in map(exactly, sizes):
            x = root(lambda x: f(d, x), mp.mpf(s))
            value, slope = x + (d - 1 if name == "wishart" else 0), 1 / f(d, x, 1)
            at = [float(d), shortest(s)]
            values.append([*at, float(f"{float(value):.10g}")])
            if 1e-37 < abs(slope) < 3e38:
                slopes.append([*at, float(f"{float(slope):.10g}")])
    golden[f"{name}Concentration"] = values
    golden[f"{name}ConcentrationSlope"] = slopes

pathlib.Path(__file__).with_suffix(".json").write_text(
    "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "\n}\n"
)
