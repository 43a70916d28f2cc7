"""Writes extremes_gamma.json: log-densities of the gamma's relatives and their derivatives at extreme shapes, scales and
values, exactly (mpmath), at arguments rounded to float32.

Their kernels evaluate in float64, so that no term's rounding is left: `largest` is the result, or 1.

    pip install mpmath numpy scipy && python test/goldens/extremes_gamma.py
"""

import json
import pathlib

import mpmath
import numpy as np
from scipy import stats

mpmath.mp.dps = 60
m = mpmath.mpf
log, psi, lgamma = mpmath.log, mpmath.digamma, mpmath.loggamma
f32 = lambda x: float(np.float32(x))
# The shortest decimal that float32 reads back, and ten digits, a thousandth of float32's rounding.
shortest = lambda x: float(str(np.float32(x)))
digits = lambda x: float(f"{float(x):.10g}")
SMALLEST, LARGEST = 1.2e-38, 3.4e38
# What float32 cannot hold as a normal number is not asked for.
held = lambda x: digits(x) if x == 0 or SMALLEST < abs(x) < LARGEST else None

cases = []


def case(family, params, at, log_prob, **gradients):
    """Gradients as lists of terms; where they cancel by more than 1e8 nothing is asked."""
    golden = {}
    for name, terms in gradients.items():
        total = sum(terms)
        small = max(map(abs, terms)) * m("1e-8") > abs(total)
        golden[name] = [None if small and total != 0 else held(total)]
    cases.append(
        {
            "family": family,
            "params": {k: shortest(v) for k, v in params.items()},
            "value": shortest(at),
            "logProb": digits(log_prob),
            "largest": digits(max(abs(log_prob), 1)),
            "gradients": golden,
        }
    )


shapes = [1e-6, 1e-3, 0.3, 1, 30, 1e6]
rates = [1e-30, 1, 1e30]
tails = [1e-10, 1e-3, 0.5, 0.999]


def quantiles(frozen):
    """In both tails, and one far up."""
    return [*(float(x) for x in frozen.ppf(tails)), float(frozen.isf(1e-10)), 3 * float(frozen.isf(1e-10))]


for a in map(f32, shapes):
    for r in map(f32, rates):
        for x in map(f32, [q / r for q in quantiles(stats.gamma(a)) if SMALLEST * 10 < q / r < LARGEST / 10]):
            A, R, X = m(a), m(r), m(x)
            case(
                "Gamma",
                {"concentration": a, "rate": r},
                x,
                A * log(R) + (A - 1) * log(X) - R * X - lgamma(A),
                value=[(A - 1) / X, -R],
                concentration=[log(R * X), -psi(A)],
                rate=[A / R, -X],
            )
        inverse = [r / q for q in quantiles(stats.gamma(a)) if q > 0]
        for x in map(f32, [q for q in inverse if SMALLEST * 10 < q < LARGEST / 10]):
            A, R, X = m(a), m(r), m(x)
            case(
                "InverseGamma",
                {"concentration": a, "rate": r},
                x,
                A * log(R) - (A + 1) * log(X) - R / X - lgamma(A),
                value=[R / X / X, -(A + 1) / X],
                concentration=[log(R / X), -psi(A)],
                rate=[A / R, -1 / X],
            )

for df in map(f32, [1e-6, 1e-2, 1, 2, 30, 1e4, 1e6]):
    for x in map(f32, [q for q in quantiles(stats.chi2(df)) if q > SMALLEST * 10]):
        A, X = m(df) / 2, m(x)
        case(
            "Chi2",
            {"df": df},
            x,
            (A - 1) * log(X) - A * log(2) - X / 2 - lgamma(A),
            value=[(A - 1) / X, -m("0.5")],
            df=[log(X / 2) / 2, -psi(A) / 2],
        )

above = [1 - 2.0**-24, 1 - 2.0**-20, 0.999]
concentrations = [1e-6, 0.5, 1, 2, 1e6]
for a in map(f32, concentrations):
    for b in map(f32, concentrations):
        near = [q for q in quantiles(stats.beta(a, b)) if 1e-37 < q < 1]
        for x in {f32(q) for q in [1e-30, 2.0**-24, 0.3, *above, *near]}:
            if not 0 < x < 1:
                continue
            A, B, X = m(a), m(b), m(x)
            whole = psi(A + B)
            case(
                "Beta",
                {"concentration1": a, "concentration0": b},
                x,
                (A - 1) * log(X) + (B - 1) * log(1 - X) - log(mpmath.beta(A, B)),
                value=[(A - 1) / X, -(B - 1) / (1 - X)],
                concentration1=[log(X), whole - psi(A)],
                concentration0=[log(1 - X), whole - psi(B)],
            )
            power = X**A
            case(
                "Kumaraswamy",
                {"concentration1": a, "concentration0": b},
                x,
                log(A) + log(B) + (A - 1) * log(X) + (B - 1) * log(1 - power),
                value=[(A - 1) / X, -(B - 1) * A * power / X / (1 - power)],
                concentration1=[1 / A, log(X), -(B - 1) * power * log(X) / (1 - power)],
                concentration0=[1 / B, log(1 - power)],
            )

for df in map(f32, [1e-2, 0.5, 1, 30, 1e4, 1e8]):
    for scale in map(f32, [1e-30, 1e-6, 1, 1e30]):
        for z in [0, 1e-3, -1, 6, -300, 1e6]:
            x = f32(z * scale)
            N, S = m(df), m(scale)
            Z = m(x) / S
            density = lambda n: lgamma((n + 1) / 2) - lgamma(n / 2) - log(mpmath.pi * n) / 2 - (n + 1) / 2 * mpmath.log1p(Z * Z / n)
            pull = (N + 1) * Z / (N + Z * Z)
            case(
                "StudentT",
                {"df": df, "loc": 0, "scale": scale},
                x,
                density(N) - log(S),
                value=[-pull / S],
                loc=[pull / S],
                scale=[Z * pull / S, -1 / S],
                df=[mpmath.diff(density, N)],
            )

for logits in map(f32, [-1e4, -300, -1e-3, 1e-6, 5, 1e4]):
    for x in map(f32, [0, 1e-30, 2.0**-24, 1e-4, 0.4, *above, 1]):
        N, X = m(logits), m(x)
        mean = 1 + 1 / mpmath.expm1(N) - 1 / N
        case(
            "ContinuousBernoulli",
            {"logits": logits},
            x,
            N * X - log(mpmath.expm1(N) / N),
            value=[N],
            logits=[X - mean],
        )

pathlib.Path(__file__).with_name("extremes_gamma.json").write_text(
    "[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n"
)
