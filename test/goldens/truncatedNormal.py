"""Writes truncatedNormal.json: log-densities, cumulative distributions, quantiles, moments and entropies of truncated
normal distributions with 60 digits (mpmath), at arguments rounded to float32; ends from far out in a tail to close by.

    pip install mpmath numpy && python test/goldens/truncatedNormal.py
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 60
f32 = lambda x: float(np.float32(x))
probabilities = [f32(p) for p in [1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 2**-20]]
density = lambda z: mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def tail(z):
    """1 − Φ(z)."""
    return mp.erfc(z / mp.sqrt(2)) / 2


def case(loc, scale, low, high):
    loc, scale, low, high = [mp.mpf(f32(x)) for x in (loc, scale, low, high)]
    # From the side on which the complement has its digits.
    mirrored = (low + high) / 2 < loc if mp.isfinite(low) and mp.isfinite(high) else mp.isfinite(high)
    if mirrored:
        loc, low, high = -loc, -high, -low
    a, b = [(x - loc) / scale for x in (low, high)]
    upper = tail(b) if mp.isfinite(b) else mp.mpf(0)
    mass = tail(a) - upper if mp.isfinite(a) else 1 - upper
    at_a = density(a) / mass if mp.isfinite(a) else mp.mpf(0)
    at_b = density(b) / mass if mp.isfinite(b) else mp.mpf(0)
    spread = (a * at_a if at_a else 0) - (b * at_b if at_b else 0)

    def survival(x):
        return (tail((x - loc) / scale) - upper) / mass

    def quantile(p):
        """By bisection in the survival function, then Newton's method."""
        q = 1 - p
        left = low if mp.isfinite(low) else loc - 60 * scale
        right = high if mp.isfinite(high) else max(low, loc) + 60 * scale
        for _ in range(400):
            middle = (left + right) / 2
            left, right = (middle, right) if survival(middle) > q else (left, middle)
        return (left + right) / 2

    sign = -1 if mirrored else 1
    steps = [mp.mpf(p) for p in (0.03, 0.3, 0.6, 0.97)]
    at = [f32(sign * quantile(p)) for p in steps]
    log_prob, cdf = [], []
    for x in at:
        z = (sign * mp.mpf(x) - loc) / scale
        log_prob.append(float(-z * z / 2 - mp.log(2 * mp.pi) / 2 - mp.log(scale) - mp.log(mass)))
        s = survival(sign * mp.mpf(x))
        cdf.append(float(s if mirrored else 1 - s))
    # The ends themselves, and what lies beyond them.
    for end, beyond, share in [(low, -mp.inf, 0), (high, mp.inf, 1)]:
        if not mp.isfinite(end):
            continue
        z = (end - loc) / scale
        outside = np.nextafter(np.float32(float(sign * end)), np.float32(float(sign * beyond)))
        at += [float(sign * end), float(outside)]
        log_prob += [float(-z * z / 2 - mp.log(2 * mp.pi) / 2 - mp.log(scale) - mp.log(mass)), "-Infinity"]
        cdf += [1 - share if mirrored else share] * 2
    return {
        "params": {
            "loc": float(sign * loc),
            "scale": float(scale),
            **({} if not mp.isfinite(low if not mirrored else high) else {"low": float(low if not mirrored else -high)}),
            **({} if not mp.isfinite(high if not mirrored else low) else {"high": float(high if not mirrored else -low)}),
        },
        "at": at,
        "logProb": log_prob,
        "cdf": cdf,
        "icdf": [float(sign * quantile(1 - mp.mpf(p) if mirrored else mp.mpf(p))) for p in probabilities],
        "mean": float(sign * (loc + scale * (at_a - at_b))),
        "variance": float(scale**2 * (1 + spread - (at_a - at_b) ** 2)),
        "entropy": float(mp.log(scale * mass) + mp.log(2 * mp.pi * mp.e) / 2 + spread / 2),
    }


inf = mp.inf
cases = [
    case(*args)
    for args in [
        (0, 1, -1, 2),
        (0.3, 2, -1, 0.5),
        (0, 1, 0, inf),
        (0, 1, -inf, 0.5),
        (1, 0.5, 2, inf),
        (0, 1, 6, inf),
        (0, 1, 30, inf),
        (0, 1, -inf, -30),
        (0, 1, 1000, inf),
        (0, 1, 40, 41),
        (0, 1, -41, -40),
        (0, 1, 200, 200.001),
        (0, 1, -1e-4, 1e-4),
        (5, 1, 0.99, 1),
        (0, 1, -20, 20),
        (0, 1, -3, 100),
        (100, 7, 90, 95),
        (0, 1e-3, -1, 1e-4),
        (0, 100, -1, 1),
    ]
]
golden = {"probabilities": probabilities, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
