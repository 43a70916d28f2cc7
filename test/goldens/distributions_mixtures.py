"""Writes distributions_mixtures.json: log-densities, class probabilities, cumulative distributions and moments of
mixtures as sums over their components in float64 (SciPy), and log-densities with derivatives at extremes in 60 digits
(mpmath), all at arguments rounded to float32.

    pip install scipy mpmath && python test/goldens/distributions_mixtures.py
"""

import json
import pathlib

import mpmath
import numpy as np
import scipy
from scipy import special, stats

mpmath.mp.dps = 60
f32 = lambda xs: np.float32(xs).astype(float).tolist()
finite = lambda xs: [x if np.isfinite(x) else str(x).replace("inf", "Infinity") for x in map(float, xs)]

frozen = {
    "Normal": lambda loc, scale: stats.norm(loc, scale),
    "Laplace": lambda loc, scale: stats.laplace(loc, scale),
    "StudentT": lambda df, loc, scale: stats.t(df, loc, scale),
    "Gamma": lambda concentration, rate: stats.gamma(concentration, scale=1 / rate),
    "HalfNormal": lambda scale: stats.halfnorm(scale=scale),
    "Poisson": lambda rate: stats.poisson(rate),
}


def case(mixing, components, xs):
    """`components` are (family, parameters); the mixing is by probs or logits."""
    (kind, weights), = mixing.items()
    weights = np.array(f32(weights))
    w = weights / weights.sum() if kind == "probs" else special.softmax(weights)
    components = [(family, {k: f32(v) for k, v in params.items()}) for family, params in components]
    parts = [frozen[family](**params) for family, params in components]
    discrete = components[0][0] == "Poisson"
    xs = f32(xs)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.array([np.log(w[k]) + (d.logpmf(xs) if discrete else d.logpdf(xs)) for k, d in enumerate(parts)])
        terms[w == 0] = -np.inf
        total = special.logsumexp(terms, axis=0)
        shares = np.exp(terms - total)
    means = np.array([d.mean() for d in parts])
    mean = float(w @ means)
    return {
        "mixing": {kind: weights.tolist()},
        "components": [{"family": family, "params": params} for family, params in components],
        "at": xs,
        "logProb": finite(total),
        "cdf": finite(sum(w[k] * d.cdf(xs) for k, d in enumerate(parts))),
        "mean": mean,
        "variance": float(w @ np.array([d.var() for d in parts]) + w @ (means - mean) ** 2),
        # Of a value without density there are none.
        "responsibilities": [shares[:, i].tolist() if np.isfinite(total[i]) else None for i in range(len(xs))],
    }


normal = lambda loc, scale: ("Normal", {"loc": loc, "scale": scale})
gamma = lambda concentration, rate: ("Gamma", {"concentration": concentration, "rate": rate})
poisson = lambda rate: ("Poisson", {"rate": rate})

cases = [
    case({"probs": [0.3, 0.7]}, [normal(-1, 0.5), normal(2, 1)], [-30, -3, -1, 0.4, 2, 7, 60]),
    case({"probs": [0.5, 0, 0.5]}, [normal(-1, 1e-3), normal(0, 1), normal(100, 1e3)], [-1, -0.999, 0, 5e3]),
    case({"logits": [-40, 0, 3]}, [normal(0, 1), normal(0, 2), normal(1, 0.1)], [-4, 0, 0.9, 1.3]),
    case({"logits": [1, 0.5]}, [gamma(0.5, 2), gamma(30, 4)], [-1, 1e-4, 0.3, 4, 7, 20]),
    case({"probs": [0.1, 0.2, 0.7]}, [poisson(0.5), poisson(10), poisson(200)], [0, 3, 10, 60, 190, 400]),
    case(
        {"probs": [0.2, 0.3, 0.5]},
        [normal(0, 1), ("Laplace", {"loc": 1, "scale": 2}), ("StudentT", {"df": 5, "loc": -1, "scale": 0.5})],
        [-500, -6, -1, 0, 0.7, 3, 40],
    ),
    case({"logits": [0, 1.5]}, [("HalfNormal", {"scale": 2}), gamma(3, 1)], [-2, 1e-6, 0.5, 3, 11]),
]

# Normal mixtures by logits, with the derivatives of log p.
extremes = []
for loc, scale, logits, xs in [
    ([0, 0], [1e-15, 1e15], [0, 0], [0, 1e-15, 4e-15, 1.3e-14, 1, 2e15]),
    ([-1, 1], [1, 1], [0, -80], [-1, 0, 1, 13, 39, 41, 200]),
    ([-1, 1], [0.01, 0.01], [0, 0], [-1, -0.3, 0, 1e-4, 50, 1e6]),
    ([0, 1e-20], [1e-20, 1e-20], [-90, 0], [0, 1e-20, 3e-20, -2e-19]),
    ([0, 1e20], [1e20, 3e20], [0, -100], [0, 1e20, 1e22]),
]:
    loc, scale, logits = f32(loc), f32(scale), f32(logits)
    for x in f32(xs):
        m = mpmath.mpf
        L, S, G, X = [m(v) for v in loc], [m(v) for v in scale], [m(v) for v in logits], m(x)
        w = [mpmath.exp(g) for g in G]
        total = mpmath.fsum(w)
        w = [v / total for v in w]
        z = [(X - a) / s for a, s in zip(L, S)]
        parts = [-v * v / 2 - mpmath.log(s) - mpmath.log(2 * mpmath.pi) / 2 for v, s in zip(z, S)]
        density = mpmath.fsum(v * mpmath.exp(q) for v, q in zip(w, parts))
        share = [v * mpmath.exp(q) / density for v, q in zip(w, parts)]
        sizes = [max(v * v / 2, abs(mpmath.log(s)), abs(mpmath.log(a))) for v, s, a in zip(z, S, w)]
        likely = max(range(len(share)), key=lambda k: share[k])
        shared = min(share) > 1e-12
        extremes.append(
            {
                "loc": loc,
                "scale": scale,
                "logits": logits,
                "x": x,
                "logProb": float(mpmath.log(density)),
                "largest": float(sizes[likely]),
                "slopes": {
                    "value": [float(mpmath.fsum(-r * v / s for r, v, s in zip(share, z, S)))],
                    "loc": [float(r * v / s) for r, v, s in zip(share, z, S)],
                    "scale": [float(r * (v * v - 1) / s) for r, v, s in zip(share, z, S)],
                    "logits": [float(r - v) for r, v in zip(share, w)],
                },
                # Shares of several components are as exact as the difference of their log-densities.
                "cancelled": float(max(sizes)) if shared else 0,
            }
        )

out = {"scipy": scipy.__version__, "mpmath": mpmath.__version__, "cases": cases, "extremes": extremes}
pathlib.Path(__file__).with_name("distributions_mixtures.json").write_text(json.dumps(out) + "\n")
