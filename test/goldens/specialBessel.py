"""Writes specialBessel.json: the modified Bessel functions of any order, and what the von Mises–Fisher distribution makes
of them, at float32 arguments, in 120 digits (mpmath); in the format of specialFunctions.json.

    pip install mpmath numpy && python test/goldens/specialBessel.py
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 120
exactly = lambda x: float(np.float32(x))
shortest = lambda x: float(str(np.float32(x)))

# Dimensions 2, 3, 4, 5, 10, 65 and 1000, and orders that are not half of a whole number.
orders = [0, 0.5, 1, 1.5, 4, 31.5, 499, 0.3, 77.7]
# fmt: off
sizes = [1e-30, 1e-10, 1e-6, 1e-3, 0.1, 0.7, 1, 3, 12.5, 29.99, 30.01, 45, 57.1, 80, 141.2, 141.7, 200, 299.5, 300.5, 777,
         1e3, 1e4, 1e5, 1e6, 1e9, 1e15, 1e30]
# fmt: on


def quotient(n, x):
    if x > 1e12:
        return asymptotic(n + 1, x) / asymptotic(n, x)
    return mp.besseli(n + 1, x) / mp.besseli(n, x)


def asymptotic(n, x):
    """e^-x √(2πx) I_n(x) by Hankel's expansion (DLMF 10.40.1)."""
    total, term = mp.mpf(1), mp.mpf(1)
    for k in range(1, 30):
        term *= ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * x)
        total += term
    return total


def log_ive(n, x):
    if x > 1e12:
        return mp.log(asymptotic(n, x)) - mp.log(2 * mp.pi * x) / 2
    return mp.log(mp.besseli(n, x)) - x


def log_mean_exp(n, x):
    return log_ive(n, x) + n * mp.log(2 / x) + mp.loggamma(n + 1)


def slope(n, x):
    a = quotient(n, x)
    return 1 - a * a - (2 * n + 1) * a / x


functions = {
    "logIve": log_ive,
    "logIveSlope": lambda n, x: quotient(n, x) + n / x - 1,
    "logMeanExp": log_mean_exp,
    "besselQuotient": quotient,
    "besselQuotientRest": lambda n, x: quotient(n, x) - 1,
    "besselQuotientSlope": slope,
    "besselShare": lambda n, x: quotient(n, x) / x,
    "besselShareSlope": lambda n, x: (slope(n, x) - quotient(n, x) / x) / x,
    "sphereEntropy": lambda n, x: log_mean_exp(n, x) - x * (quotient(n, x) - 1),
    "sphereEntropySlope": lambda n, x: -x * slope(n, x),
}


def concentration(n, rest):
    """The x at which the quotient is 1 − rest, by Newton's method on its logarithm's scale."""
    r = 1 - rest
    x = r * (2 * n + 2 - r * r) / (1 - r * r)
    for _ in range(60):
        step = (quotient(n, x) - r) / slope(n, x)
        x = max(x - step, x / 2)
        if abs(step) < mp.mpf(10) ** -40 * x:
            return x
    raise ArithmeticError(f"no root: {n} {rest}")


golden = {}
for name, f in functions.items():
    rows = []
    for n in map(exactly, orders):
        for x in map(exactly, sizes):
            value = float(f(mp.mpf(n), mp.mpf(x)))
            if value == 0 or 1e-44 < abs(value) < 3.4e38:
                rows.append([shortest(n), shortest(x), float(f"{value:.10g}")])
    golden[name] = rows
rests = [1e-12, 1e-6, 1e-3, 0.02, 0.3, 0.5, 0.75, 0.97, 0.999, 1 - 2.0**-24]
roots = [(n, r, concentration(mp.mpf(n), mp.mpf(r))) for n in map(exactly, orders) for r in map(exactly, rests)]
golden["sphereConcentration"] = [[shortest(n), shortest(r), float(f"{float(x):.10g}")] for n, r, x in roots]
golden["sphereConcentrationSlope"] = [
    [shortest(n), shortest(r), float(f"{float(-1 / slope(mp.mpf(n), x)):.10g}")] for n, r, x in roots
]

pathlib.Path(__file__).with_suffix(".json").write_text(
    "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "\n}\n"
)
