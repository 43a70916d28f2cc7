"""Writes distributions_gamma.json: log-densities, moments, entropies, cumulative distributions, quantiles and modes of the
gamma's relatives in float64 (SciPy), at arguments rounded to float32; and derivatives of gamma quantiles in the shape
(mpmath).

    pip install scipy mpmath && python test/goldens/distributions_gamma.py
"""

import json
import pathlib

import mpmath
import numpy as np
import scipy
from scipy import special, stats

f32 = lambda xs: [float(np.float32(x)) for x in xs]
single = lambda **params: {k: float(np.float32(v)) for k, v in params.items()}
finite = lambda xs: [x if np.isfinite(x) else str(x).replace("inf", "Infinity") for x in map(float, xs)]
tails = [1e-12, 1e-5, 0.01, 0.3, 0.5, 0.8, 0.99, 1 - 1e-7]
probabilities = f32([0, 1e-30, 1e-6, 0.02, 0.3, 0.499, 0.5, 0.501, 0.9, 0.9999, 1 - 2.0**-24, 1])


def case(family, params, frozen, xs, entropy=None, moments=True):
    xs = f32(xs)
    out = {"family": family, "params": params, "at": xs, "logProb": finite(frozen.logpdf(xs))}
    out["cdf"] = finite(frozen.cdf(xs))
    if family in ("Gamma", "Chi2", "InverseGamma", "Beta", "StudentT"):
        out["icdf"] = finite(frozen.ppf(probabilities))
    out["entropy"] = float(frozen.entropy() if entropy is None else entropy)
    if moments:
        out["mean"] = float(frozen.mean())
        out["variance"] = float(frozen.var())
    return out


cases = []
for c, r in [(1, 1), (0.3, 5), (2.5, 0.1), (40, 3), (1e6, 20), (1e-3, 2)]:
    p = single(concentration=c, rate=r)
    frozen = stats.gamma(p["concentration"], scale=1 / p["rate"])
    xs = [x for x in frozen.ppf(tails) if x > 1e-37]
    a = p["concentration"]
    entropy = a + special.gammaln(a) + (1 - a) * special.digamma(a) - np.log(p["rate"])
    if a > 1e5:
        entropy = 0.5 * np.log(2 * np.pi * np.e * a) - 1 / (3 * a) - np.log(p["rate"])
    cases.append(case("Gamma", p, frozen, [*xs, 60 / r, -1, 0], entropy))
    # SciPy has the density of its closed support; ours is open.
    cases[-1]["logProb"][-1] = "-Infinity"
for df in [1, 3.5, 30, 1000]:
    p = single(df=df)
    frozen = stats.chi2(p["df"])
    cases.append(case("Chi2", p, frozen, [*frozen.ppf(tails), -1]))
for c, r in [(3, 1), (2.5, 20), (40, 0.3)]:
    p = single(concentration=c, rate=r)
    frozen = stats.invgamma(p["concentration"], scale=p["rate"])
    a = p["concentration"]
    entropy = a + special.gammaln(a) - (1 + a) * special.digamma(a) + np.log(p["rate"])
    cases.append(case("InverseGamma", p, frozen, [*frozen.ppf(tails), -1, 0], entropy))
for a, b in [(2, 3), (0.5, 0.5), (1, 4), (60, 1.5), (2e5, 3e5), (0.01, 2)]:
    p = single(concentration1=a, concentration0=b)
    a, b = p["concentration1"], p["concentration0"]
    frozen = stats.beta(a, b)
    mp = mpmath.mp
    mp.dps = 40
    A, B = mpmath.mpf(a), mpmath.mpf(b)
    entropy = (
        mpmath.log(mpmath.beta(A, B))
        - (A - 1) * mpmath.digamma(A)
        - (B - 1) * mpmath.digamma(B)
        + (A + B - 2) * mpmath.digamma(A + B)
    )
    xs = [x for x in f32(frozen.ppf(tails)) if 1e-37 < x < 1]
    one = case("Beta", p, frozen, [*xs, 0, 1, -0.1, 1.1], entropy)
    # In 40 digits: SciPy's difference of large terms has lost six of them at large concentrations.
    log_beta = mpmath.log(mpmath.beta(A, B))
    one["logProb"][: len(xs)] = [
        float((A - 1) * mpmath.log(x) + (B - 1) * mpmath.log(1 - mpmath.mpf(x)) - log_beta) for x in xs
    ]
    cases.append(one)
for df, loc, scale in [(5, 0, 1), (2.5, -3, 0.2), (1, 100, 7), (300, 1, 2), (1e6, 0, 1)]:
    p = single(df=df, loc=loc, scale=scale)
    nu = p["df"]
    frozen = stats.t(nu, p["loc"], p["scale"])
    xs = f32(p["loc"] + p["scale"] * np.array([-1e4, -40, -6, -1, -1e-3, 0, 0.5, 3, 8, 1e3]))
    one = case("StudentT", p, frozen, xs, moments=df > 2)
    one["logProb"] = []
    with mpmath.workdps(40):
        for x in xs:
            z = (mpmath.mpf(x) - p["loc"]) / p["scale"]
            log = mpmath.loggamma((mpmath.mpf(nu) + 1) / 2) - mpmath.loggamma(mpmath.mpf(nu) / 2)
            log -= mpmath.log(mpmath.pi * nu) / 2 + mpmath.log(p["scale"])
            one["logProb"].append(float(log - (mpmath.mpf(nu) + 1) / 2 * mpmath.log1p(z * z / nu)))
    cases.append(one)

for loc, c in [(1, 2), (3, 200), (0.5, 0.02)]:
    p = single(loc=loc, concentration=c)
    frozen = stats.invgauss(p["loc"] / p["concentration"], scale=p["concentration"])
    one = case("InverseGaussian", p, frozen, [*frozen.ppf(tails), -1, 0], 0)
    del one["entropy"]
    cases.append(one)
for loc, c in [(0.5, 2), (-1, 0.01), (0, 1e6)]:
    p = single(loc=loc, concentration=c)
    frozen = stats.vonmises(p["concentration"], p["loc"])
    near = [p["loc"] + x / max(1, c) ** 0.5 for x in [-2, -0.5, 0, 0.1, 1, 2.3]]
    one = case("VonMises", p, frozen, [*near, 3.2, -4], moments=False)
    one["logProb"][-2:] = ["-Infinity", "-Infinity"]
    k = mpmath.mpf(p["concentration"])
    with mpmath.workdps(40):
        bessel = [mpmath.besseli(n, k) for n in (0, 1)]
        one["entropy"] = float(mpmath.log(2 * mpmath.pi * bessel[0]) - k * bessel[1] / bessel[0])
        one["logProb"][: len(near)] = [
            float(k * mpmath.cos(mpmath.mpf(x) - p["loc"]) - mpmath.log(2 * mpmath.pi * bessel[0]))
            for x in one["at"][: len(near)]
        ]
    del one["cdf"]
    cases.append(one)
for logits in [1e-5, 0.3, -4, 40, -1e4]:
    p = single(logits=logits)
    xs = f32([0, 1e-6, 1e-3, 0.2, 0.5, 0.9, 1])
    with mpmath.workdps(40):
        n = mpmath.mpf(p["logits"])
        size = mpmath.log(mpmath.expm1(n) / n)
        mean = 1 + 1 / mpmath.expm1(n) - 1 / n
        cases.append(
            {
                "family": "ContinuousBernoulli",
                "params": p,
                "at": xs,
                "logProb": [float(n * x - size) for x in xs],
                "cdf": [float(mpmath.expm1(n * x) / mpmath.expm1(n)) for x in xs],
                "mean": float(mean),
                "variance": float(1 / n**2 - 1 / (4 * mpmath.sinh(n / 2) ** 2)),
                "entropy": float(size - n * mean),
            }
        )

vectors = []
for a in [[1, 2, 3], [0.3, 0.7], [30, 1, 5, 0.1], [2e5, 3e5, 1e5]]:
    a = f32(a)
    frozen = stats.dirichlet(a)
    total = sum(a)
    mean = [x / total for x in a]
    xs = [f32(mean), f32(np.roll(mean, 1)) if max(a) < 1e4 else f32(np.array(mean) * [1.001, 0.999, 1.0010])]
    log_probs = []
    with mpmath.workdps(40):
        for x in xs:
            log = mpmath.loggamma(sum(map(mpmath.mpf, a))) - sum(mpmath.loggamma(v) for v in a)
            log += sum((mpmath.mpf(v) - 1) * mpmath.log(y) for v, y in zip(a, x))
            log_probs.append(float(log))
        A = sum(map(mpmath.mpf, a))
        entropy = sum(mpmath.loggamma(v) for v in a) - mpmath.loggamma(A) + (A - len(a)) * mpmath.digamma(A)
        entropy -= sum((v - 1) * mpmath.digamma(v) for v in a)
    vectors.append(
        {
            "concentration": a,
            "at": xs,
            "logProb": log_probs,
            "entropy": float(entropy),
            "mean": mean,
            "variance": [m * (1 - m) / (total + 1) for m in mean],
        }
    )

# dx/da at constant P(a, x), by a central difference of 40 digits.
paths = []
with mpmath.workdps(40):
    for a, q in [(1e-3, 0.95), (0.3, 0.2), (1, 0.5), (2.5, 0.99), (40, 0.01), (1e4, 0.7)]:
        a = float(np.float32(a))
        x = float(np.float32(special.gammaincinv(a, q)))
        h = mpmath.mpf(a) * mpmath.mpf("1e-10")
        P = lambda s: mpmath.gammainc(s, 0, x, regularized=True)
        slope = (P(a + h) - P(a - h)) / (2 * h)
        density = mpmath.exp((mpmath.mpf(a) - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
        paths.append({"a": a, "x": x, "slope": float(-slope / density)})

# dθ/dκ of von Mises' distribution, by quadrature in 30 digits.
angles = []
with mpmath.workdps(30):
    for k, theta in [(0.01, 2.0), (1, -0.3), (2, 2.5), (50, 0.1), (50, -0.5), (1e4, 0.02)]:
        theta = float(np.float32(theta))
        A = mpmath.besseli(1, k) / mpmath.besseli(0, k)
        width = 1 / mpmath.sqrt(max(1, k))
        cuts = [-mpmath.pi, *sorted(t for t in (theta - 30 * width, theta - 5 * width) if t > -mpmath.pi), theta]
        f = lambda t: (mpmath.cos(t) - A) * mpmath.exp(k * (mpmath.cos(t) - mpmath.cos(theta)))
        if theta > 0:
            cuts = [mpmath.pi, *sorted((t for t in (theta + 30 * width, theta + 5 * width) if t < mpmath.pi), reverse=True), theta]
        angles.append({"k": k, "theta": theta, "slope": float(-mpmath.quad(f, cuts))})

# 1 − (1 − xᵃ)ᵇ, in 40 digits.
for a, b in [(2, 5), (0.5, 0.3), (1, 1), (0.01, 2), (300, 4e4)]:
    p = single(concentration1=a, concentration0=b)
    with mpmath.workdps(40):
        A, B = (mpmath.mpf(v) for v in p.values())
        quantile = lambda u: (-mpmath.expm1(mpmath.log1p(-mpmath.mpf(u)) / B)) ** (1 / A) if u < 1 else mpmath.mpf(1)
        xs = f32([x for x in map(float, map(quantile, tails)) if 1e-37 < np.float32(x) < 1])
        harmonic = mpmath.digamma(B + 1) + mpmath.euler
        moment = lambda n: B * mpmath.beta(1 + n / A, B)
        cases.append(
            {
                "family": "Kumaraswamy",
                "params": p,
                "at": [*xs, -0.5, 1.5],
                "logProb": [
                    *(float(mpmath.log(A * B) + (A - 1) * mpmath.log(x) + (B - 1) * mpmath.log(1 - mpmath.mpf(x) ** A)) for x in xs),
                    "-Infinity",
                    "-Infinity",
                ],
                "cdf": [*(float(1 - (1 - mpmath.mpf(x) ** A) ** B) for x in xs), 0, 1],
                "icdf": finite(map(quantile, probabilities)),
                "mean": float(moment(1)),
                "variance": float(moment(2) - moment(1) ** 2),
                "entropy": float(1 - 1 / B + (1 - 1 / A) * harmonic - mpmath.log(A * B)),
            }
        )
for one in cases:
    if one["family"] == "ContinuousBernoulli":
        with mpmath.workdps(60):
            n = mpmath.mpf(one["params"]["logits"])
            one["icdf"] = [float(mpmath.log1p(mpmath.mpf(u) * mpmath.expm1(n)) / n) if u < 1 else 1 for u in probabilities]

# Modes, those at ends by hand: 0 where the density climbs without bound towards it, or is level.
modes = [
    *(("Gamma", dict(concentration=c, rate=r), max(c - 1, 0) / r) for c, r in [(3, 2), (1, 5), (0.5, 1), (1e6, 1e-3)]),
    *(("InverseGamma", dict(concentration=c, rate=r), r / (c + 1)) for c, r in [(3, 2), (0.5, 1e20), (1e6, 5)]),
    *(("Chi2", dict(df=df), max(df - 2, 0)) for df in [0.5, 2, 3, 1e4]),
    *(("StudentT", dict(df=2, loc=loc, scale=3), loc) for loc in [-1, 0, 50]),
    *(("ContinuousBernoulli", dict(logits=n), float(n > 0)) for n in [-3, 0, 1e-6, 1e4]),
    *(
        ("Beta", dict(concentration1=a, concentration0=b), mode)
        for a, b, mode in [(2, 3, 1 / 3), (61, 1, 1), (1, 1, 0), (1, 2, 0), (1, 0.5, 1), (0.5, 0.5, 0), (0.5, 1, 0), (2, 0.3, 1), (0.3, 2, 0), (1e6, 3e6, (1e6 - 1) / (4e6 - 2))]
    ),
    *(
        ("Kumaraswamy", dict(concentration1=a, concentration0=b), mode)
        for a, b, mode in [(2, 5, (1 / 9) ** 0.5), (3, 1, 1), (1, 1, 0), (1, 2, 0), (1, 0.5, 1), (0.5, 0.5, 0), (0.5, 1, 0), (2, 0.3, 1), (0.3, 2, 0), (300, 4e4, (299 / (300 * 4e4 - 1)) ** (1 / 300))]
    ),
]
modes = [{"family": family, "params": params, "mode": mode} for family, params, mode in modes]

golden = {"probabilities": probabilities, "modes": modes, "angles": angles, "scipy": scipy.__version__, "cases": cases, "vectors": vectors, "paths": paths}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
