"""Writes distributions_directional.json: the von Mises–Fisher distribution and von Mises' in float64 (SciPy) and 60 digits
(mpmath), at arguments rounded to float32: log-densities, moments, entropies, divergences, cumulative distributions and
their derivatives, and how draws move with the concentration.

    pip install scipy mpmath numpy && python test/goldens/distributions_directional.py
"""

import json
import pathlib

import mpmath as mp
import numpy as np
import scipy
from scipy import stats

mp.mp.dps = 60
random = np.random.default_rng(11)
f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)
short = lambda x: [float(str(np.float32(v))) for v in x]
nine = lambda x: [float(f"{float(v):.9g}") for v in x]
exact = lambda x: [mp.mpf(float(v)) for v in np.ravel(x)]
norm = lambda v: mp.sqrt(mp.fsum(x * x for x in v))
unit = lambda v: [x / norm(v) for x in v]
dot = lambda a, b: mp.fsum(x * y for x, y in zip(a, b))


def direction(d):
    v = random.standard_normal(d)
    return f32(v / np.linalg.norm(v))


def near(mean, angle):
    """A unit vector at an angle from another."""
    v = random.standard_normal(len(mean))
    v -= v @ mean * mean / (mean @ mean)
    return f32(np.cos(angle) * mean + np.sin(angle) * v / np.linalg.norm(v))


def ratio(d, k):
    n = mp.mpf(d) / 2 - 1
    return mp.besseli(n + 1, k) / mp.besseli(n, k)


def log_constant(d, k):
    n = mp.mpf(d) / 2 - 1
    return n * mp.log(k) - mp.mpf(d) / 2 * mp.log(2 * mp.pi) - mp.log(mp.besseli(n, k))


def log_prob(mean, k, x):
    """At directions, whose length rounding has changed."""
    return log_constant(len(mean), k) + k * dot(unit(mean), unit(x))


# fmt: off
cases = []
for d, k in [(2, 1e-6), (2, 0.7), (2, 50), (3, 1e-3), (3, 2), (3, 1e6), (4, 25), (5, 1e4), (10, 0.1), (10, 40), (100, 3),
             (100, 1e5), (1000, 1e-6), (1000, 1e6)]:
    # fmt: on
    mean, k = direction(d), float(np.float32(k))
    m, K = exact(mean), mp.mpf(k)
    a = ratio(d, K)
    spread = min(1.0, float(np.sqrt((d - 1) / k)))
    at = [mean, -mean, *(near(mean, spread * z) for z in (0.3, 1, 1.7)[: 3 if d <= 100 else 1])]
    found = [log_prob(m, K, exact(x)) for x in at]
    entropy = -(log_constant(d, K) + K * a)
    # SciPy scores vectors as they are, so that at a large k their rounding shows; in many dimensions it underflows.
    if k < 100 and d <= 100:
        frozen = stats.vonmises_fisher(mean / np.linalg.norm(mean), k)
        scored = [frozen.logpdf(x / np.linalg.norm(x)) for x in at]
        assert np.allclose(scored, np.array(found, float), rtol=1e-9, atol=1e-9), (d, k)
        assert np.isclose(frozen.entropy(), float(entropy), rtol=1e-8, atol=1e-8), (d, k)
    slope = 1 - a * a - (d - 1) * a / K
    square = [v * v for v in unit(m)]
    cases.append(
        {
            "params": {"meanDirection": short(mean), "concentration": k},
            "at": [short(x) for x in at],
            "logProb": [float(v) for v in found],
            "mean": nine(a * v for v in unit(m)),
            "variance": nine(a / K * (1 - s) + slope * s for s in square),
            "entropy": float(entropy),
        }
    )

divergences = []
for d, p, q, angle in [(2, 3, 0.5, 1), (3, 1e-6, 2e-6, 2), (3, 20, 21, 0), (3, 1e6, 1.0001e6, 1e-4), (5, 0.1, 30, 3),
                       (100, 700, 300, 0.2), (300, 1e6, 1, 1), (300, 2000, 2000, 0.01)]:
    mean = direction(d)
    other = near(mean, angle) if angle else mean
    p, q = float(np.float32(p)), float(np.float32(q))
    P, Q = mp.mpf(p), mp.mpf(q)
    cosine = dot(unit(exact(mean)), unit(exact(other)))
    kl = log_constant(d, P) - log_constant(d, Q) + ratio(d, P) * (P - Q * cosine)
    divergences.append(
        {
            "p": {"meanDirection": short(mean), "concentration": p},
            "q": {"meanDirection": short(other), "concentration": q},
            "kl": float(kl),
        }
    )

# How the angle from the mean moves with the concentration at a constant probability.
slopes = []
for d in [2, 3, 4, 10, 100, 1000]:
    for k in [1e-6, 0.01, 1, 20, 1e3, 1e6]:
        K = mp.mpf(k)
        a = ratio(d, K)
        width = mp.sqrt(1 - a * a - (d - 1) * a / K) / mp.sqrt(1 - a * a)
        for z in [-4, -1, -0.1, 0.1, 1, 4]:
            theta = float(mp.acos(a) + z * width)
            if not 1e-9 < theta < 3.14:
                continue
            T = mp.mpf(theta)
            f = lambda t: (mp.cos(t) - a) * (mp.sin(t) / mp.sin(T)) ** (d - 2) * mp.exp(K * (mp.cos(t) - mp.cos(T)))
            inner = mp.cos(T) > a
            ends = (max(mp.mpf(0), T - 20 * width), T) if inner else (T, min(mp.pi, T + 20 * width))
            integral = mp.quad(f, mp.linspace(*ends, 16))
            slopes.append({"d": d, "k": k, "theta": theta, "slope": float(-integral if inner else integral)})


def mass(low, high, k, weight=lambda t: 1):
    """∫ of von Mises' density about 0, between angles that may lie round the end."""
    points = {low, high}
    width = 1 / mp.sqrt(k + 1)
    for turn in (-2, -1, 0, 1, 2):
        points |= {2 * mp.pi * turn + s * width * z for s in (1, -1) for z in (0, 1, 3, 6, 12, 24)}
        points |= {2 * mp.pi * turn + mp.pi}
    inside = sorted(t for t in points if low <= t <= high)
    total = mp.quad(lambda t: weight(t) * mp.exp(k * (mp.cos(t) - 1)), inside)
    return total / (2 * mp.pi * mp.besseli(0, k) * mp.exp(-k))


angles = []
for loc, k in [(0, 1e-6), (0.5, 2), (3, 0.8), (-3.1, 20), (7, 5), (0.3, 300), (-2, 1e6), (3.1415, 1e6)]:
    loc, k = float(np.float32(loc)), float(np.float32(k))
    L, K = mp.mpf(loc), mp.mpf(k)
    width = min(1.0, k**-0.5)
    middle = loc - 2 * np.pi * round(loc / (2 * np.pi))
    xs = [x for x in f32([middle + z * width for z in (-6, -2, -0.5, 0, 0.5, 2, 6)]) if abs(x) < 3.1415]
    xs = sorted({*xs, *f32([-3.14, -1, 2.5, 3.14]).tolist()})
    cdf, in_loc, in_k = [], [], []
    density = lambda t: mp.exp(K * (mp.cos(t - L) - 1)) / (2 * mp.pi * mp.besseli(0, K) * mp.exp(-K))
    a = mp.besseli(1, K) / mp.besseli(0, K)
    for x in xs:
        X = mp.mpf(x)
        cdf.append(float(mass(-mp.pi - L, X - L, K)))
        in_loc.append(float(density(-mp.pi) - density(X)))
        in_k.append(float(mass(-mp.pi - L, X - L, K, lambda t: mp.cos(t) - a)))
    frozen = stats.vonmises(k, loc=loc)
    if k < 1e5:
        # SciPy's starts half a turn before loc, and goes on beyond half a turn after it.
        start = frozen.cdf(-np.pi)
        assert np.allclose(frozen.cdf(xs) - start, cdf, atol=1e-6), (loc, k)
    angles.append(
        {
            "params": {"loc": loc, "concentration": k},
            "at": xs,
            "cdf": cdf,
            "inLoc": in_loc,
            "inConcentration": in_k,
            "circularVariance": float(1 - a),
        }
    )

out = {
    "scipy": scipy.__version__,
    "mpmath": mp.__version__,
    "cases": cases,
    "divergences": divergences,
    "slopes": slopes,
    "angles": angles,
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
