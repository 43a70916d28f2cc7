"""Writes distributions_realLine.json: log-densities, moments, entropies, cumulative distributions and quantiles in
float64 (SciPy), at arguments rounded to float32, which is what the library sees; and draws (JAX). What SciPy does not
have, or has with few digits in a tail, is written out here.

    pip install scipy jax && python test/goldens/distributions_realLine.py
"""

import json
import pathlib

import jax
import numpy as np
import scipy
from scipy import special, stats

f32 = lambda xs: [float(np.float32(x)) for x in xs]
finite = lambda xs: [x if np.isfinite(x) else str(x).replace("inf", "Infinity") for x in map(float, xs)]
probabilities = f32([0, 1e-30, 1e-12, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1 - 2**-20, 1])
rounded = lambda **params: {k: float(np.float32(v)) for k, v in params.items()}
cases = []


def case(family, params, at, frozen, leave_out=(), **own):
    """One distribution: `frozen` is SciPy's, and `own` stands for its methods where SciPy will not do."""
    at = f32(at)
    method = lambda name: own.get(name) or getattr(frozen, name)
    with np.errstate(all="ignore"):
        one = {
            "family": family,
            "params": params,
            "at": finite(at),
            "logProb": finite(method("logpdf")(np.array(at))),
            "cdf": finite(method("cdf")(np.array(at))),
            "icdfAt": probabilities,
            "icdf": finite(method("ppf")(np.array(probabilities))),
        }
        for name, method_name in [("mean", "mean"), ("variance", "var"), ("entropy", "entropy")]:
            if name not in leave_out:
                one[name] = finite([method(method_name)()])[0]
    cases.append(one)


def upper_tail(p):
    """The tail's own probability, with the side."""
    return np.minimum(p, 1 - p), np.sign(p - 0.5)


middle = np.array([-3, -1, -0.1, 0, 0.5, 2, 6])
places = [(0, 1), (-1.5, 0.3), (100, 7), (0.1, 1e-3)]
for loc, scale in places:
    p = rounded(loc=loc, scale=scale)
    loc, scale = p["loc"], p["scale"]
    tails = loc + scale * np.concatenate([[-80, -30], middle, [30, 80]])
    far = loc + scale * np.concatenate([[-1e12, -1e4], middle, [1e4, 1e12]])
    case("Laplace", p, tails, stats.laplace(loc, scale))

    def cauchy_ppf(q, loc=loc, scale=scale):
        tail, side = upper_tail(q)
        return loc + scale * np.where(q == 0.5, 0, side / np.tan(np.pi * tail))

    case("Cauchy", p, far, stats.cauchy(loc, scale), ["mean", "variance"], ppf=cauchy_ppf)
    case("Logistic", p, tails, stats.logistic(loc, scale))
    from_below = loc + scale * np.concatenate([[-4.4, -4], middle, [30, 80]])
    case("Gumbel", p, from_below, stats.gumbel_r(loc, scale))
    case("SoftLaplace", p, tails, stats.hypsecant(loc, scale))
for loc, scale, asymmetry in [(0, 1, 1.7), (-1.5, 0.3, 0.4), (100, 7, 1), (0.1, 1e-3, 5)]:
    p = rounded(loc=loc, scale=scale, asymmetry=asymmetry)
    loc, scale, asymmetry = p["loc"], p["scale"], p["asymmetry"]
    xs = loc + scale * np.concatenate([[-80, -30], middle, [30, 80]])
    case("AsymmetricLaplace", p, xs, stats.laplace_asymmetric(asymmetry, loc, scale))
positive = np.array([1e-12, 1e-3, 0.1, 0.5, 1, 2, 5, 12])
outside = [-1, 0, np.inf]
for scale in [1, 0.02, 50]:
    p = rounded(scale=scale)
    scale = p["scale"]

    def half_cauchy_ppf(q, scale=scale):
        return scale * np.where(q < 0.5, np.tan(np.pi / 2 * q), 1 / np.tan(np.pi / 2 * (1 - q)))

    def half_cauchy_logpdf(x, scale=scale):
        return np.where((x > 0) & (x < np.inf), stats.halfcauchy(scale=scale).logpdf(x), -np.inf)

    xs = np.concatenate([scale * positive, [1e4 * scale, 1e12 * scale], outside])
    case(
        "HalfCauchy",
        p,
        xs,
        stats.halfcauchy(scale=scale),
        ["mean", "variance"],
        logpdf=half_cauchy_logpdf,
        ppf=half_cauchy_ppf,
    )
for rate in [1, 50, 0.02]:
    p = rounded(rate=rate)
    frozen = stats.expon(scale=1 / p["rate"])
    # The support is the positive numbers: zero itself has no density here.
    logpdf = lambda x, frozen=frozen: np.where((x == 0) | (x == np.inf), -np.inf, frozen.logpdf(x))
    case("Exponential", p, np.concatenate([positive / p["rate"], [80 / p["rate"]], outside]), frozen, logpdf=logpdf)
for scale, alpha in [(1, 3), (0.01, 0.7), (50, 30)]:
    p = rounded(scale=scale, alpha=alpha)
    scale, alpha = p["scale"], p["alpha"]
    frozen = stats.pareto(alpha, scale=scale)
    xs = scale * np.array([1, 1.001, 1.1, 2, 5, 100, 1e6, 0.99, 0])
    xs = np.concatenate([xs, [-1, np.inf]])
    xs[0] = scale
    ppf = lambda q, scale=scale, alpha=alpha: scale * np.exp(-np.log1p(-q) / alpha)
    if alpha <= 1:
        case("Pareto", p, xs, frozen, ppf=ppf, mean=lambda: np.inf, var=lambda: np.inf)
    else:
        case("Pareto", p, xs, frozen, ppf=ppf)
for scale, concentration in [(1, 1.5), (30, 0.6), (0.02, 8), (2, 40)]:
    p = rounded(scale=scale, concentration=concentration)
    scale, k = p["scale"], p["concentration"]
    frozen = stats.weibull_min(k, scale=scale)
    xs = scale * np.array([1e-6, 0.01, 0.3, 0.8, 1, 1.5, 3]) ** min(1, 3 / k)
    outside_too = np.concatenate([xs, outside])
    logpdf = lambda x, frozen=frozen: np.where((x == 0) | (x == np.inf), -np.inf, frozen.logpdf(x))
    ppf = lambda q, scale=scale, k=k: scale * (-np.log1p(-q)) ** (1 / k)
    mean = scale * special.gamma(1 + 1 / k)
    spread = special.gammaln(1 + 2 / k) - 2 * special.gammaln(1 + 1 / k)
    variance = mean**2 * np.expm1(spread)
    case("Weibull", p, outside_too, frozen, logpdf=logpdf, ppf=ppf, var=lambda: variance)
for a, b in [(2, 3), (0.5, 0.7), (8, 1), (1, 20), (30, 5)]:
    p = rounded(concentration1=a, concentration0=b)
    a, b = p["concentration1"], p["concentration0"]

    def logpdf(x):
        inner = np.clip(x, 0, 1)
        value = np.log(a * b) + special.xlogy(a - 1, inner)
        value = value + (0 if b == 1 else (b - 1) * np.log(-np.expm1(a * np.log(inner))))
        return np.where((x >= 0) & (x <= 1), value, -np.inf)

    moment = lambda r: b * special.beta(1 + r / a, b)
    case(
        "Kumaraswamy",
        p,
        [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999, 0, 1, -0.5, 1.5],
        None,
        logpdf=logpdf,
        cdf=lambda x: -np.expm1(b * np.log(-np.expm1(a * np.log(np.clip(x, 0, 1))))),
        ppf=lambda q: (-np.expm1(np.log1p(-q) / b)) ** (1 / a),
        mean=lambda: moment(1),
        var=lambda: moment(2) - moment(1) ** 2,
        entropy=lambda: 1 - 1 / b + (1 - 1 / a) * (special.digamma(b + 1) + np.euler_gamma) - np.log(a * b),
    )
for low, high in [(1, 3), (1e-4, 10), (100, 101)]:
    p = rounded(low=low, high=high)
    low, high = p["low"], p["high"]
    width = np.log(high / low)
    half = width / 2
    mean = (high - low) / width
    xs = np.concatenate([low * (high / low) ** np.array([0, 0.01, 0.3, 0.8, 1]), [0.5 * low, 2 * high, 0, -1]])
    xs[4] = high
    case(
        "LogUniform",
        p,
        xs,
        stats.loguniform(low, high),
        mean=lambda: mean,
        var=lambda: mean**2 * (half / np.tanh(half) - 1 if half > 0.1 else half**2 / 3 - half**4 / 45),
        entropy=lambda: np.log(low * high) / 2 + np.log(width),
    )
for loc, scale in [(0, 1), (-2, 0.4), (1, 3)]:
    p = rounded(loc=loc, scale=scale)
    normal = stats.norm(p["loc"], p["scale"])

    def logpdf(x):
        inner = np.clip(x, 1e-300, 1 - 1e-16)
        value = normal.logpdf(special.logit(inner)) - np.log(inner) - np.log1p(-inner)
        return np.where((x > 0) & (x < 1), value, -np.inf)

    case(
        "LogitNormal",
        p,
        np.array([1e-20, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999, -0.5, 1.5]),
        None,
        ["mean", "variance", "entropy"],
        logpdf=logpdf,
        cdf=lambda x: normal.cdf(special.logit(np.clip(x, 0, 1))),
        ppf=lambda q: special.expit(normal.ppf(q)),
    )
walks = []
for scale, steps in [(1, 4), (0.03, 2), (50, 3)]:
    scale = float(np.float32(scale))
    covariance = scale**2 * np.minimum.outer(np.arange(1, steps + 1), np.arange(1, steps + 1))
    normal = stats.multivariate_normal(np.zeros(steps), covariance)
    xs = f32(scale * np.random.default_rng(0).normal(size=3 * steps) * 3)
    walks.append(
        {
            "scale": scale,
            "numSteps": steps,
            "at": xs,
            "logProb": finite(normal.logpdf(np.reshape(xs, (3, steps)))),
            "variance": finite(np.diag(covariance)),
            "entropy": float(normal.entropy()),
        }
    )
key = jax.random.key(7)
draws = {
    "Laplace": f32(jax.random.laplace(key, (30,))),
    "Cauchy": f32(jax.random.cauchy(key, (30,))),
    "Logistic": f32(jax.random.logistic(key, (30,))),
    "Gumbel": f32(jax.random.gumbel(key, (30,))),
    "Exponential": f32(jax.random.exponential(key, (30,))),
}
golden = {
    "scipy": scipy.__version__,
    "jax": jax.__version__,
    "cases": cases,
    "walks": walks,
    "draws": {"seed": 7, **draws},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
