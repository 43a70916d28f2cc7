"""Writes distributions_discrete.json: log-masses, moments, entropies and cumulative distributions of the families of
counts, and densities of the relaxed ones, in float64 (SciPy; mpmath with 50 digits where SciPy's difference of
log-gammas cancels), at parameters rounded to float32, which is what the library sees; and log-masses with their
derivatives at counts to a million.

    pip install scipy mpmath && python test/goldens/distributions_discrete.py
"""

import itertools
import json
import pathlib

import mpmath
import numpy as np
import scipy
from mpmath import mpf
from scipy import special, stats

mpmath.mp.dps = 50


def f32(x):
    return [f32(y) for y in x] if isinstance(x, (list, tuple, np.ndarray)) else float(np.float32(x))


def finite(xs):
    return [x if np.isfinite(x) else str(x).replace("inf", "Infinity") for x in map(float, xs)]


def lgamma(x):
    return mpmath.loggamma(x)


def choose(n, x):
    return lgamma(mpf(n) + 1) - lgamma(mpf(x) + 1) - lgamma(mpf(n) - x + 1)


def poisson(x, rate):
    return x * mpmath.log(mpf(rate)) - mpf(rate) - lgamma(mpf(x) + 1)


def sigmoid(l):
    return 1 / (1 + mpmath.exp(-mpf(l)))


def xlog(x, y):
    return mpf(0) if x == 0 else (-mpmath.inf if y == 0 else x * mpmath.log(y))


def binomial(x, n, p, q):
    return choose(n, x) + xlog(x, p) + xlog(n - x, q)


def negative_binomial(x, r, p, q):
    r = mpf(r)
    return lgamma(x + r) - lgamma(r) - lgamma(mpf(x) + 1) + xlog(x, p) + r * mpmath.log(q)


def beta_binomial(x, n, a, b):
    a, b = mpf(a), mpf(b)
    lbeta = lambda u, v: lgamma(u) + lgamma(v) - lgamma(u + v)
    return choose(n, x) + lbeta(x + a, n - x + b) - lbeta(a, b)


def betainc(a, b, x):
    return 0 if b <= 0 else 1 if a <= 0 else mpmath.betainc(mpf(a), mpf(b), 0, x, regularized=True)


cases = []


def case(family, params, at, log_prob, **more):
    cases.append({"family": family, "params": params, "at": at, "logProb": finite(log_prob), **more})


counts = [0, 1, 2, 5, 10, 40, 0.5, -1]
inside = lambda x: x >= 0 and x == int(x)
masked = lambda f: [f(int(x)) if inside(x) else -np.inf for x in counts]
moments = lambda frozen: {"mean": float(frozen.mean()), "variance": float(frozen.var())}

for prob in f32([0.3, 0.01, 0.95]):
    frozen = stats.geom(prob, loc=-1)
    case(
        "Geometric",
        {"probs": prob},
        counts,
        masked(lambda x: xlog(x, 1 - mpf(prob)) + mpmath.log(mpf(prob))),
        **moments(frozen),
        entropy=float((special.entr(prob) + special.entr(1 - prob)) / prob),
        cdf=finite(frozen.cdf(counts)),
    )
for logit in f32([-12, 0.5, 9]):
    p, q = sigmoid(logit), sigmoid(-logit)
    case(
        "Geometric",
        {"logits": logit},
        counts,
        masked(lambda x: x * mpmath.log(q) + mpmath.log(p)),
        mean=float(q / p),
        variance=float(q / p**2),
        entropy=float(-(p * mpmath.log(p) + q * mpmath.log(q)) / p),
        cdf=finite([0 if x < 0 else 1 - q ** (int(x) + 1) for x in counts]),
    )
for low, high in [(0, 1), (-3, 12), (1000, 1999)]:
    frozen = stats.randint(low, high + 1)
    at = [low, low + 1, high, low - 1, high + 1, low + 0.5]
    case(
        "DiscreteUniform",
        {"low": low, "high": high},
        at,
        [-np.log(high - low + 1)] * 3 + [-np.inf] * 3,
        **moments(frozen),
        entropy=float(np.log(high - low + 1)),
        cdf=finite(frozen.cdf(at)),
        icdfAt=f32([0.0993, 0.4904, 0.5096, 0.9704]),
        icdf=finite(frozen.ppf(f32([0.0993, 0.4904, 0.5096, 0.9704]))),
    )
for rate in f32([0.2, 7.5, 300]):
    frozen = stats.poisson(rate)
    at = counts + [150, 280, 400]
    case(
        "Poisson",
        {"rate": rate},
        at,
        [poisson(int(x), rate) if inside(x) else -np.inf for x in at],
        **moments(frozen),
        cdf=finite([special.gammaincc(np.floor(x) + 1, rate) if x >= 0 else 0 for x in at]),
    )
for n, prob in [(10, 0.3), (45, 0.02), (200, 0.85)]:
    prob = f32(prob)
    at = counts + [n, n + 1]
    case(
        "Binomial",
        {"totalCount": n, "probs": prob},
        at,
        [binomial(int(x), n, mpf(prob), 1 - mpf(prob)) if inside(x) and x <= n else -np.inf for x in at],
        **moments(stats.binom(n, prob)),
        cdf=finite([betainc(n - x, x + 1, 1 - mpf(prob)) for x in map(np.floor, at)]),
    )
for n, logit in [(10, 0.4), (45, -6), (200, 3)]:
    logit = f32(logit)
    p, q = sigmoid(logit), sigmoid(-logit)
    at = counts + [n, n + 1]
    case(
        "Binomial",
        {"totalCount": n, "logits": logit},
        at,
        [binomial(int(x), n, p, q) if inside(x) and x <= n else -np.inf for x in at],
        mean=float(n * p),
        variance=float(n * p * q),
        cdf=finite([betainc(n - x, x + 1, q) for x in map(np.floor, at)]),
    )
for r, prob in f32([(3, 0.4), (0.5, 0.9), (40, 0.1)]):
    p, q = mpf(prob), 1 - mpf(prob)
    case(
        "NegativeBinomial",
        {"totalCount": r, "probs": prob},
        counts,
        masked(lambda x: negative_binomial(x, r, p, q)),
        mean=float(r * p / q),
        variance=float(r * p / q**2),
        cdf=finite([betainc(r, x + 1, q) for x in map(np.floor, counts)]),
    )
for r, logit in f32([(3, -0.4), (0.5, 3), (40, -8)]):
    p, q = sigmoid(logit), sigmoid(-logit)
    case(
        "NegativeBinomial",
        {"totalCount": r, "logits": logit},
        counts,
        masked(lambda x: negative_binomial(x, r, p, q)),
        mean=float(r * p / q),
        variance=float(r * p / q**2),
        cdf=finite([betainc(r, x + 1, q) for x in map(np.floor, counts)]),
    )
for mean, c in f32([(3, 2), (0.1, 0.05), (25, 1e5)]):
    p, q = mpf(mean) / (mpf(mean) + c), mpf(c) / (mpf(mean) + c)
    case(
        "NegativeBinomial2",
        {"mean": mean, "concentration": c},
        counts,
        masked(lambda x: negative_binomial(x, c, p, q)),
        **{"mean": mean, "variance": float(mean + mpf(mean) ** 2 / c)},
        cdf=finite([betainc(c, x + 1, q) for x in map(np.floor, counts)]),
    )
for c, rate in f32([(2, 0.8), (0.1, 3), (500, 20)]):
    p, q = 1 / (1 + mpf(rate)), mpf(rate) / (1 + mpf(rate))
    case(
        "GammaPoisson",
        {"concentration": c, "rate": rate},
        counts,
        masked(lambda x: negative_binomial(x, c, p, q)),
        mean=float(mpf(c) / rate),
        variance=float(mpf(c) / rate * (1 + 1 / mpf(rate))),
        cdf=finite([betainc(c, x + 1, q) for x in map(np.floor, counts)]),
    )
for n, a, b in [(10, 2, 3), (45, 0.1, 0.3), (200, 70, 9)]:
    a, b = f32([a, b])
    at = counts + [n, n + 1]
    case(
        "BetaBinomial",
        {"totalCount": n, "concentration1": a, "concentration0": b},
        at,
        [beta_binomial(int(x), n, a, b) if inside(x) and x <= n else -np.inf for x in at],
        **moments(stats.betabinom(n, a, b)),
    )


def compositions(n, k):
    return [x for x in itertools.product(range(n, -1, -1), repeat=k) if sum(x) == n]


for weights in [{"probs": f32([0.2, 0.3, 0.5])}, {"probs": f32([1, 0, 0])}, {"logits": f32([-9, 2, 5])}]:
    n = 4
    w = [mpf(x) for x in next(iter(weights.values()))]
    if "logits" in weights:
        total = sum(mpmath.exp(x) for x in w)
        w = [mpmath.exp(x) / total for x in w]
    xs = compositions(n, 3)
    log_prob = [lgamma(n + 1) + sum(xlog(k, p) - lgamma(k + 1) for k, p in zip(x, w)) for x in xs]
    case(
        "Multinomial",
        {"totalCount": n, **weights},
        xs,
        log_prob,
        mean=[float(n * p) for p in w],
        variance=[float(n * p * (1 - p)) for p in w],
    )
for a in f32([[1, 2, 0.5], [0.01, 0.2, 5], [300, 200, 1000]]):
    n = 4
    xs = compositions(n, 3)
    total = sum(map(mpf, a))
    log_prob = [
        lgamma(n + 1)
        + lgamma(total)
        - lgamma(total + n)
        + sum(lgamma(k + mpf(c)) - lgamma(mpf(c)) - lgamma(k + 1) for k, c in zip(x, a))
        for x in xs
    ]
    frozen = stats.dirichlet_multinomial(np.array(a), n)
    case(
        "DirichletMultinomial",
        {"totalCount": n, "concentration": a},
        xs,
        log_prob,
        mean=finite(frozen.mean()),
        variance=finite(frozen.var()),
    )
for eta, cuts in [(0.3, [-1, 0.5, 2]), (40, [-20, 0, 60]), (-2, [0, 1e-3, 30])]:
    eta, cuts = f32(eta), f32(cuts)
    ends = [mpf(0)] + [sigmoid(mpf(c) - mpf(eta)) for c in cuts] + [mpf(1)]
    p = [b - a for a, b in zip(ends, ends[1:])]
    case(
        "OrderedLogistic",
        {"predictor": eta, "cutpoints": cuts},
        [0, 1, 2, 3, 4, -1, 0.5],
        [mpmath.log(x) for x in p] + [-np.inf] * 3,
        entropy=float(-sum(x * mpmath.log(x) for x in p)),
        cdf=finite(ends[1:] + [1, 0, ends[1]]),
    )
for gate, rate in f32([(0.2, 3), (1e-12, 60), (0.99, 0.1)]):
    mix = lambda x: mpmath.log((gate if x == 0 else 0) + (1 - mpf(gate)) * mpmath.exp(poisson(x, rate)))
    case(
        "ZeroInflated",
        {"gate": gate, "rate": rate},
        counts,
        masked(mix),
        mean=(1 - gate) * rate,
        variance=(1 - gate) * rate * (1 + gate * rate),
        cdf=finite(
            [gate + (1 - gate) * special.gammaincc(np.floor(x) + 1, rate) if x >= 0 else 0 for x in counts]
        ),
    )
for temperature, logit in f32([(0.5, 1), (2, -3), (0.1, 0)]):
    at = f32([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])

    def density(y):
        y = mpf(y)
        d = mpf(logit) - mpf(temperature) * mpmath.log(y / (1 - y))
        return mpmath.log(mpf(temperature) * sigmoid(d) * sigmoid(-d) / (y * (1 - y)))

    case("RelaxedBernoulli", {"temperature": temperature, "logits": logit}, at, [density(y) for y in at])
for temperature, logits in [(0.5, [1, 0, -1]), (2, [0, 3, 0]), (0.1, [-1, -1, 0.5])]:
    temperature, logits = f32(temperature), f32(logits)
    at = f32([[0.2, 0.3, 0.5], [1e-6, 0.5, 0.5], [0.98, 0.015, 0.005]])

    def density(y):
        t = mpf(temperature)
        s = [mpmath.exp(mpf(l)) * mpf(x) ** -t for l, x in zip(logits, y)]
        return mpmath.log(2 * t**2) + sum(mpmath.log(a / mpf(x)) for a, x in zip(s, y)) - 3 * mpmath.log(sum(s))

    case(
        "RelaxedOneHotCategorical", {"temperature": temperature, "logits": logits}, at, [density(y) for y in at]
    )

# Large counts and far parameters: the log-mass and its derivatives in the parameters.
extremes = []


def extreme(family, params, x, f, of):
    """f maps the values of the parameters named in `of` to the log-mass."""
    start = [mpf(params[name]) for name in of]
    slopes = [
        float(mpmath.diff(lambda t: f(*start[:i], t, *start[i + 1 :]), start[i])) for i in range(len(of))
    ]
    extremes.append(
        {
            "family": family,
            "params": params,
            "x": x,
            "logProb": float(f(*start)),
            "slopes": {name: slope for name, slope in zip(of, slopes)},
        }
    )


million = 1_000_000
for x, rate in [(million, 1e6), (million, 999_000), (million, 1e-30), (0, 1e-30), (3, 1e30), (16_777_216, 1.7e7)]:
    rate = f32(rate)
    extreme("Poisson", {"rate": rate}, x, lambda r: poisson(x, r), ["rate"])
for x, logit in [(500_000, 0.01), (million, 1e4), (0, 1e4), (17, -1e4), (999_983, 11), (5, -12)]:
    params = {"totalCount": million, "logits": f32(logit)}
    extreme("Binomial", params, x, lambda l: binomial(x, million, sigmoid(l), sigmoid(-l)), ["logits"])
for x, prob in [(500_000, 0.5), (1, 1e-30), (300_000, 0.2999)]:
    params = {"totalCount": million, "probs": f32(prob)}
    extreme("Binomial", params, x, lambda p: binomial(x, million, p, 1 - p), ["probs"])
for x, mean, c in [(million, 1e6, 1e6), (million, 9.9e5, 1e8), (3, 2, 1e8), (3, 2, 1e-6), (0, 1e-20, 1e-3)]:
    params = {"mean": f32(mean), "concentration": f32(c)}
    f = lambda m, k: negative_binomial(x, k, m / (m + k), k / (m + k))
    extreme("NegativeBinomial2", params, x, f, ["mean", "concentration"])
for x, r, logit in [(million, 2, 13), (7, 1e6, -12), (7, 3, 1e4), (7, 3, -1e4)]:
    params = {"totalCount": r, "logits": f32(logit)}
    f = lambda k, l: negative_binomial(x, k, sigmoid(l), sigmoid(-l))
    extreme("NegativeBinomial", params, x, f, ["totalCount", "logits"])
for x, a, b in [(500_000, 1e6, 1e6), (500_000, 3, 2), (0, 1e-6, 1e-6), (700_000, 1e8, 5e7)]:
    params = {"totalCount": million, "concentration1": f32(a), "concentration0": f32(b)}
    f = lambda u, v: beta_binomial(x, million, u, v)
    extreme("BetaBinomial", params, x, f, ["concentration1", "concentration0"])

golden = {"scipy": scipy.__version__, "mpmath": mpmath.__version__, "cases": cases, "extremes": extremes}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
