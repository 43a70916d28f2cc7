"""Writes distributions_built.json: what censored observations contribute, from mpmath with 400 digits: all tails here are above 1e-390.

log F, log(1 - F) and log(F(b) - F(a)), at arguments rounded to float32, and for some the derivative in each parameter.

    pip install mpmath && python distributions_built.py
"""

import json
import struct
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 400
one, two, pi = mpf(1), mpf(2), mp.pi


def f32(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def phi(z):
    """The standard normal's cumulative distribution."""
    return mp.erfc(-z / mp.sqrt(2)) / 2


def upper_gamma(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def student(t, df):
    tail = mp.betainc(df / 2, one / 2, 0, df / (df + t * t), regularized=True) / 2
    return tail if t < 0 else 1 - tail


# F as a function of x and the parameters.
CDF = {
    "Normal": lambda x, loc, scale: phi((x - loc) / scale),
    "LogNormal": lambda x, loc, scale: phi((mp.log(x) - loc) / scale) if x > 0 else mpf(0),
    "HalfNormal": lambda x, scale: mp.erf(x / scale / mp.sqrt(2)) if x > 0 else mpf(0),
    "Exponential": lambda x, rate: -mp.expm1(-rate * x) if x > 0 else mpf(0),
    "Weibull": lambda x, scale, concentration: -mp.expm1(-((x / scale) ** concentration)) if x > 0 else mpf(0),
    "Gamma": lambda x, concentration, rate: 1 - upper_gamma(concentration, rate * x) if x > 0 else mpf(0),
    "Chi2": lambda x, df: 1 - upper_gamma(df / 2, x / 2) if x > 0 else mpf(0),
    "InverseGamma": lambda x, concentration, rate: upper_gamma(concentration, rate / x) if x > 0 else mpf(0),
    "Beta": lambda x, concentration1, concentration0: mp.betainc(
        concentration1, concentration0, 0, x, regularized=True
    ),
    "Kumaraswamy": lambda x, concentration1, concentration0: 1 - (1 - x**concentration1) ** concentration0,
    "Gumbel": lambda x, loc, scale: mp.exp(-mp.exp(-(x - loc) / scale)),
    "Logistic": lambda x, loc, scale: 1 / (1 + mp.exp(-(x - loc) / scale)),
    "Laplace": lambda x, loc, scale: mp.exp((x - loc) / scale) / 2 if x < loc else 1 - mp.exp((loc - x) / scale) / 2,
    "SoftLaplace": lambda x, loc, scale: 2 / pi * mp.atan(mp.exp((x - loc) / scale)),
    "Cauchy": lambda x, loc, scale: one / 2 + mp.atan((x - loc) / scale) / pi,
    "HalfCauchy": lambda x, scale: 2 / pi * mp.atan(x / scale) if x > 0 else mpf(0),
    "StudentT": lambda x, df, loc, scale: student((x - loc) / scale, df),
    "Uniform": lambda x, low, high: min(max((x - low) / (high - low), mpf(0)), one),
    "LogUniform": lambda x, low, high: min(max(mp.log(x / low) / mp.log(high / low), mpf(0)), one),
    "Pareto": lambda x, scale, alpha: 1 - (scale / x) ** alpha if x > scale else mpf(0),
    "Poisson": lambda x, rate: upper_gamma(mp.floor(x) + 1, rate) if x >= 0 else mpf(0),
    "Geometric": lambda x, probs: 1 - (1 - probs) ** (mp.floor(x) + 1) if x >= 0 else mpf(0),
    # Not among those with tails of their own.
    "InverseGaussian": lambda x, loc, concentration: phi(mp.sqrt(concentration / x) * (x / loc - 1))
    + mp.exp(2 * concentration / loc) * phi(-mp.sqrt(concentration / x) * (x / loc + 1)),
    "Binomial": lambda x, totalCount, probs: mp.fsum(
        mp.binomial(totalCount, k) * probs**k * (1 - probs) ** (totalCount - k) for k in range(int(mp.floor(x)) + 1)
    ),
}

# Parameters, then numbers: far in both tails, in between, and outside the support.
CASES = [
    ("Normal", dict(loc=0, scale=1), [-30, -14.5, -3, -0.1, 0, 0.7, 5, 12, 25]),
    ("Normal", dict(loc=5, scale=1e-3), [4.96, 4.999, 5, 5.004, 5.025]),
    ("LogNormal", dict(loc=0.3, scale=0.5), [-1, 0, 1e-6, 0.2, 1.4, 30, 1e8]),
    ("HalfNormal", dict(scale=2), [-1, 0, 1e-4, 1, 9, 40]),
    ("Exponential", dict(rate=0.3), [-2, 0, 1e-6, 2, 80, 2000]),
    ("Weibull", dict(scale=10, concentration=1.5), [-1, 0, 1e-5, 3, 12, 400]),
    ("Weibull", dict(scale=2, concentration=0.3), [1e-20, 1e-3, 5, 1e6]),
    ("Gamma", dict(concentration=2.5, rate=1.5), [-1, 1e-8, 0.5, 2, 15, 50]),
    ("Gamma", dict(concentration=2000, rate=1), [1500, 2000, 2300]),
    ("Chi2", dict(df=3), [0, 1e-6, 2, 30, 120]),
    ("InverseGamma", dict(concentration=3, rate=2), [-1, 0.03, 0.5, 4, 1e4]),
    ("Beta", dict(concentration1=2, concentration0=5), [1e-6, 0.1, 0.4, 0.9, 0.9999]),
    ("Kumaraswamy", dict(concentration1=2, concentration0=5), [1e-6, 0.1, 0.4, 0.9, 0.9999]),
    ("Gumbel", dict(loc=1, scale=2), [-7, -1, 1, 8, 60, 500]),
    ("Logistic", dict(loc=-1, scale=2), [-300, -20, -1, 5, 70, 900]),
    ("Laplace", dict(loc=0.5, scale=1.5), [-200, -4, 0.5, 3, 20, 400]),
    ("SoftLaplace", dict(loc=0.5, scale=1.5), [-200, -4, 0.5, 3, 20, 400]),
    ("Cauchy", dict(loc=2, scale=0.5), [-1e10, -300, 1, 2, 40, 1e8]),
    ("HalfCauchy", dict(scale=2), [-1, 1e-6, 1, 50, 1e10]),
    ("StudentT", dict(df=3, loc=1, scale=2), [-1e6, -20, 0, 1, 30, 1e6]),
    ("Uniform", dict(low=-1, high=3), [-2, -0.999, 0, 2.9999, 3, 4]),
    ("LogUniform", dict(low=0.5, high=20), [0.2, 0.51, 4, 19.9, 20, 30]),
    ("Pareto", dict(scale=2, alpha=3), [1, 2.01, 5, 1e6]),
    ("Poisson", dict(rate=4), [-1, 0, 3, 3.5, 20, 40]),
    ("Geometric", dict(probs=0.2), [-1, 0, 3, 3.5, 60, 400]),
]

# Intervals: wide and narrow, in the middle and far out, open on one side.
INTERVALS = [
    ("Normal", dict(loc=0, scale=1), [(-1, 2), (-0.25, 0.25), (0.5, 0.501), (12, 12.01), (12, 13), (-31, -30), (5, 1e4)]),
    ("Normal", dict(loc=0, scale=1), [(-40, 40), (-mp.inf, -30), (12, mp.inf), (-mp.inf, mp.inf), (1, 1.0000001)]),
    ("Weibull", dict(scale=10, concentration=1.5), [(-1, 3), (2, 5), (4, mp.inf), (90, 91), (0, 1e-3), (7, 7.001)]),
    ("Gamma", dict(concentration=2.5, rate=1.5), [(0.1, 1), (10, 12), (30, 31), (1e-6, 1e-5)]),
    ("Gumbel", dict(loc=1, scale=2), [(-9, -8), (0, 1), (90, 95)]),
    ("Poisson", dict(rate=4), [(-1, 0), (3, 4), (3, 8), (30, 40), (0.5, 0.9)]),
    ("InverseGaussian", dict(loc=2, concentration=3), [(0.1, 1), (2, 2.5), (3, mp.inf)]),
    ("Binomial", dict(totalCount=10, probs=0.3), [(-1, 0), (2, 5), (4, 10)]),
]

# Where the derivative in each parameter is taken too.
SLOPES = [
    ("Normal", dict(loc=0, scale=1), "right", 12),
    ("Normal", dict(loc=0, scale=1), "left", -30),
    ("Weibull", dict(scale=10, concentration=1.5), "right", 40),
    ("LogNormal", dict(loc=0.3, scale=0.5), "left", 1e-6),
    ("Gumbel", dict(loc=1, scale=2), "right", 60),
    ("Logistic", dict(loc=-1, scale=2), "left", -300),
    ("Gamma", dict(concentration=2.5, rate=1.5), "right", 20),
    ("Exponential", dict(rate=0.3), "right", 2000),
]


def log(p):
    return "-Infinity" if p <= 0 else float(mp.log(p))


def rounded(params):
    return {name: mpf(f32(value)) for name, value in params.items()}


def cdf(family, x, params):
    if x == mp.inf or x == -mp.inf:
        return mpf(x > 0)
    return CDF[family](mpf(f32(x)), **params)


def shown(x):
    return "Infinity" if x == mp.inf else "-Infinity" if x == -mp.inf else f32(x)


def contribution(family, kind, x, params):
    share = cdf(family, x, params)
    return mp.log(share if kind == "left" else 1 - share)


def slopes(family, params, kind, x):
    at = rounded(params)
    gradient = {}
    for name in params:
        move = lambda t: contribution(family, kind, x, {**at, name: t})
        gradient[name] = float(mp.diff(move, at[name], h=mpf(10) ** -40))
    return gradient


result = {
    "oneSided": [
        {
            "family": family,
            "params": {name: float(value) for name, value in rounded(params).items()},
            "x": [f32(x) for x in xs],
            "left": [log(cdf(family, x, rounded(params))) for x in xs],
            "right": [log(1 - cdf(family, x, rounded(params))) for x in xs],
        }
        for family, params, xs in CASES
    ],
    "intervals": [
        {
            "family": family,
            "params": {name: float(value) for name, value in rounded(params).items()},
            "ends": [[shown(a), shown(b)] for a, b in ends],
            "logProb": [
                log(cdf(family, b, rounded(params)) - cdf(family, a, rounded(params))) for a, b in ends
            ],
        }
        for family, params, ends in INTERVALS
    ],
    "slopes": [
        {
            "family": family,
            "params": {name: float(value) for name, value in rounded(params).items()},
            "kind": kind,
            "x": f32(x),
            "gradient": slopes(family, params, kind, x),
        }
        for family, params, kind, x in SLOPES
    ],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
