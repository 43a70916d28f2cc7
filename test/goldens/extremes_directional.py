"""Writes extremes_directional.json: log-densities of distributions of directions and their derivatives at concentrations
from 1e-6 to 1e6, in 2 to 1000 dimensions, exactly (mpmath), at arguments rounded to float32. For what a case holds see
test/distributions/extremes.test.ts. Vectors count by their direction: rounding has changed their length.

    pip install mpmath numpy && python test/goldens/extremes_directional.py
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 80
random = np.random.default_rng(3)
f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)
short = lambda x: [float(str(np.float32(v))) for v in x]
exact = lambda x: [mp.mpf(float(v)) for v in x]
dot = lambda a, b: mp.fsum(x * y for x, y in zip(a, b))
# What float32 cannot hold as a normal number is not asked for.
held = lambda x: float(f"{float(x):.9g}") if x == 0 or 1.2e-38 < abs(x) < 3.4e38 else None
cases = []


def terms(*parts):
    """A derivative of several numbers as a sum of terms."""
    return {
        "exact": [held(mp.fsum(t)) for t in zip(*parts)],
        "largest": [float(f"{float(max(map(abs, t))):.4g}") for t in zip(*parts)],
    }


def log_mean(n, k):
    """log of the mean of e^{κ(w − 1)} over the sphere, and its derivative, in 2n + 2 dimensions."""
    value = mp.log(mp.besseli(n, k)) + n * mp.log(2 / k) + mp.loggamma(n + 1) - k
    return value, mp.besseli(n + 1, k) / mp.besseli(n, k) - 1


def angle(loc, k, x):
    L, K, X = mp.mpf(loc), mp.mpf(k), mp.mpf(x)
    value, slope = log_mean(mp.mpf(0), K)
    fall = mp.cos(X - L) - 1
    parts = [K * fall, -mp.log(2 * mp.pi), -value]
    turn = K * mp.sin(X - L)
    cases.append(
        {
            "family": "VonMises",
            "params": {"loc": loc, "concentration": k},
            "value": x,
            "logProb": float(mp.fsum(parts)),
            "largest": float(max(map(abs, parts))),
            "gradients": {"value": [held(-turn)], "loc": [held(turn)], "concentration": terms([fall], [-slope])},
        }
    )


def vector(mean, k, x, directions):
    """With the derivatives in directions, or without: in many dimensions they are long."""
    d = len(mean)
    m, K, v = exact(mean), mp.mpf(k), exact(x)
    n = mp.mpf(d) / 2 - 1
    value, slope = log_mean(n, K)
    lengths = mp.sqrt(dot(m, m)), mp.sqrt(dot(v, v))
    a, b = [p / lengths[0] for p in m], [p / lengths[1] for p in v]
    cosine = dot(a, b)
    area = mp.log(2) + mp.mpf(d) / 2 * mp.log(mp.pi) - mp.loggamma(mp.mpf(d) / 2)
    parts = [K * (cosine - 1), -area, -value]
    gradients = {"concentration": terms([cosine - 1], [-slope])}
    if directions:
        gradients["meanDirection"] = [held(K * (q - cosine * p) / lengths[0]) for p, q in zip(a, b)]
        gradients["value"] = [held(K * (p - cosine * q) / lengths[1]) for p, q in zip(a, b)]
    cases.append(
        {
            "family": "VonMisesFisher",
            "params": {"meanDirection": short(mean), "concentration": k},
            "value": short(x),
            "logProb": float(mp.fsum(parts)),
            "largest": float(max(map(abs, parts))),
            "gradients": gradients,
        }
    )


for k in map(float, f32([1e-6, 1e-3, 1, 15.9, 16.1, 1e3, 1e6])):
    for loc in map(float, f32([0, 3, -50])):
        width = min(1, k**-0.5)
        middle = loc - 2 * np.pi * round(loc / (2 * np.pi))
        for x in map(float, f32([middle, middle + 1e-3 * width, middle + 2 * width, -3.14, 1])):
            if abs(x) < 3.1415:
                angle(loc, k, x)

for d in [2, 3, 5, 10, 1000]:
    for k in map(float, f32([1e-6, 1e-2, 1, 29.9, 30.1, 1e3, 1e6] if d < 1000 else [1e-6, 1e3, 1e6])):
        mean = random.standard_normal(d)
        mean = f32(mean / np.linalg.norm(mean))
        across = random.standard_normal(d)
        across -= across @ mean * mean / (mean @ mean)
        across /= np.linalg.norm(across)
        width = min(1.0, ((d - 1) / k) ** 0.5)
        for turn in [0, 1e-3 * width, 1.3 * width, 3] if d < 1000 else [width]:
            vector(mean, k, f32(np.cos(turn) * mean + np.sin(turn) * across), d < 1000)

pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
