"""Writes distributions_discrete.json: log-masses, moments, entropies and cumulative distributions of the families of
counts, and densities of the relaxed ones, in float64 (SciPy; mpmath with 50 digits where SciPy's difference of
log-gammas cancels), at parameters rounded to float32, which is what the library sees. The values are in the middle, in
both tails, at the ends and outside of the support; counts go to a million, where the result is small and its terms are
not.

    pip install scipy mpmath && python test/goldens/distributions_discrete.py
"""

import itertools
import json
import pathlib

import mpmath
import numpy as np
import scipy
from mpmath import mpf
from scipy import stats

mpmath.mp.dps = 50


def f32(x):
    return [f32(y) for y in x] if isinstance(x, (list, tuple, np.ndarray)) else float(np.float32(x))


def finite(xs):
    """Numbers as JSON has them; the others as JavaScript spells them."""
    if isinstance(xs, (list, tuple, np.ndarray)):
        return [finite(x) for x in xs]
    x = float(xs)
    return x if np.isfinite(x) else "NaN" if np.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def lgamma(x):
    return mpmath.loggamma(x)


def choose(n, x):
    return lgamma(mpf(n) + 1) - lgamma(mpf(x) + 1) - lgamma(mpf(n) - x + 1)


def poisson(x, rate):
    return xlog(x, mpf(rate)) - mpf(rate) - lgamma(mpf(x) + 1)


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


nan, inf = float("nan"), float("inf")
cases = []


def case(family, params, at, log_prob, **more):
    cases.append({"family": family, "params": params, "at": finite(at), "logProb": finite(log_prob), **more})


def ends(high):
    """Beyond the support on either side, between its numbers, and no number at all."""
    return [-1, 0.5, -inf, inf, nan] + ([high + 1] if high < inf else [])


def masses(at, mass, high=inf):
    return [mass(int(x)) if 0 <= x <= high and x < inf and x == int(x) else -inf for x in at]


def cumulative(at, mass, high=inf, many=None):
    """The sum of the masses up to x; of very many of them by SciPy."""

    def up_to(x):
        if np.isnan(x) or x < 0 or x >= high or x == inf:
            return x if np.isnan(x) else 0 if x < 0 else 1
        if x > 500:
            return many.cdf(x)
        return sum(mpmath.exp(mass(k)) for k in range(int(x) + 1))

    return finite([up_to(x) for x in at])


def one_chance(prob=None, logit=None):
    """The parameter, p and 1 − p."""
    if logit is None:
        return {"probs": f32(prob)}, mpf(f32(prob)), 1 - mpf(f32(prob))
    return {"logits": f32(logit)}, sigmoid(f32(logit)), sigmoid(-f32(logit))


def entropy(ps):
    return float(-sum(xlog(p, p) for p in ps))


for given in [{"prob": p} for p in [0.3, 0.999, 1e-6, 0, 1]] + [{"logit": l} for l in [-2, 0.4, 12]]:
    params, p, q = one_chance(**given)
    at = [0, 1, -1, 2, 0.5]
    mass = lambda x: xlog(x, p) + xlog(1 - x, q)
    case(
        "Bernoulli",
        params,
        at,
        masses(at, mass, 1),
        mean=float(p),
        variance=float(p * q),
        entropy=entropy([p, q]),
        cdfAt=finite(at + [1.5, inf, -inf, nan]),
        cdf=cumulative(at + [1.5, inf, -inf, nan], mass, 1),
    )
for given in [{"prob": p} for p in [0.3, 0.01, 0.95, 1e-4]] + [{"logit": l} for l in [-12, 0.5, 9]]:
    params, p, q = one_chance(**given)
    at = [0, 1, 2, 5, 10, 40, 1000] + ends(inf)
    mass = lambda x: xlog(x, q) + mpmath.log(p)
    probabilities = f32([0, 1e-6, 0.1003, 0.5107, 0.9004, 0.9996, 1])
    case(
        "Geometric",
        params,
        at,
        masses(at, mass),
        mean=float(q / p),
        variance=float(q / p**2),
        entropy=entropy([p, q]) / float(p),
        cdf=finite([nan if np.isnan(x) else 0 if x < 0 else 1 - q ** (mpmath.floor(x) + 1) for x in at[:-2]] + [1, nan]),
        icdfAt=probabilities,
        icdf=finite(
            [inf if u == 1 else max(0, mpmath.ceil(mpmath.log1p(-mpf(u)) / mpmath.log(q)) - 1) for u in probabilities]
        ),
    )
for low, high in [(0, 1), (-3, 12), (1000, 1999), (7, 7)]:
    frozen = stats.randint(low, high + 1)
    at = [low, high, low - 1, high + 1, low + 0.5, (low + high) // 2, inf, -inf, nan]
    probabilities = f32([0, 0.0993, 0.4904, 0.5096, 0.9704, 1])
    case(
        "DiscreteUniform",
        {"low": low, "high": high},
        at,
        [-np.log(high - low + 1) if low <= x <= high and x == np.floor(x) else -np.inf for x in at],
        mean=(low + high) / 2,
        variance=((high - low + 1) ** 2 - 1) / 12,
        entropy=float(np.log(high - low + 1)),
        cdf=finite(frozen.cdf(at)),
        icdfAt=probabilities,
        # SciPy has the number below the range for a probability of 0.
        icdf=finite(np.maximum(frozen.ppf(probabilities), low)),
    )
for rate in f32([0, 0.2, 7.5, 300, 1e6]):
    spread = int(rate**0.5)
    at = [0, 1, 2, 5, 10, 40] + [int(rate) + z * spread for z in [-5, -1, 0, 1, 5] if rate > 100] + ends(inf)
    mass = lambda x: poisson(x, rate)
    case(
        "Poisson", {"rate": rate}, at, masses(at, mass), mean=rate, variance=rate, cdf=cumulative(at, mass, many=stats.poisson(rate))
    )
trials = [(10, {"prob": 0.3}), (45, {"prob": 0.02}), (200, {"prob": 0.85}), (7, {"prob": 1}), (0, {"prob": 0.4})]
trials += [(10, {"logit": 0.4}), (45, {"logit": -6}), (200, {"logit": 3})]
trials += [(1_000_000, {"prob": 0.3}), (1_000_000, {"logit": -0.8})]
for n, given in trials:
    params, p, q = one_chance(**given)
    middle, spread = int(n * p), int((n * p * q) ** 0.5)
    at = [0, 1, n // 2, n - 1, n] + [middle + z * spread for z in [-5, -1, 0, 1, 5] if n > 100] + ends(n)
    mass = lambda x: binomial(x, n, p, q)
    case(
        "Binomial",
        {"totalCount": n, **params},
        at,
        masses(at, mass, n),
        mean=float(n * p),
        variance=float(n * p * q),
        cdf=cumulative(at, mass, n, stats.binom(n, float(p))),
    )


def negative_binomials(family, params, r, p, q):
    mean, spread = float(r * p / q), float(mpmath.sqrt(r * p) / q)
    at = [0, 1, 2, 5, 10, 40]
    at += [int(mean + z * spread) for z in [-4, -1, 0, 1, 4] if 4 * spread < mean] + ends(inf)
    mass = lambda x: negative_binomial(x, r, p, q)
    case(
        family,
        params,
        at,
        masses(at, mass),
        **{"mean": mean, "variance": float(r * p / q**2)},
        cdf=cumulative(at, mass, many=stats.nbinom(r, float(q))),
    )


for r, prob in f32([(3, 0.4), (0.5, 0.9), (40, 0.1), (1e6, 0.5)]):
    negative_binomials("NegativeBinomial", {"totalCount": r, "probs": prob}, r, mpf(prob), 1 - mpf(prob))
for r, logit in f32([(3, -0.4), (0.5, 3), (40, -8)]):
    negative_binomials("NegativeBinomial", {"totalCount": r, "logits": logit}, r, sigmoid(logit), sigmoid(-logit))
for mean, c in f32([(3, 2), (0.1, 0.05), (25, 1e5), (1e6, 1e4)]):
    p, q = mpf(mean) / (mpf(mean) + c), mpf(c) / (mpf(mean) + c)
    negative_binomials("NegativeBinomial2", {"mean": mean, "concentration": c}, c, p, q)
for c, rate in f32([(2, 0.8), (0.1, 3), (500, 20), (1e6, 1)]):
    p, q = 1 / (1 + mpf(rate)), mpf(rate) / (1 + mpf(rate))
    negative_binomials("GammaPoisson", {"concentration": c, "rate": rate}, c, p, q)
for n, a, b in [(10, 2, 3), (45, 0.1, 0.3), (200, 70, 9), (0, 1, 1), (1_000_000, 3, 2), (1_000_000, 1e6, 3e6)]:
    a, b = f32([a, b])
    at = [0, 1, n // 4, n // 2, n - 1, n] + ends(n)
    mean = n * mpf(a) / (mpf(a) + b)
    case(
        "BetaBinomial",
        {"totalCount": n, "concentration1": a, "concentration0": b},
        at,
        masses(at, lambda x: beta_binomial(x, n, a, b), n),
        mean=float(mean),
        variance=float(mean * b / (mpf(a) + b) * (mpf(a) + b + n) / (mpf(a) + b + 1)),
    )

# Classes, as numbers and as vectors.
for weights in [
    {"probs": [0.2, 0.3, 0.5]},
    {"probs": [0, 1, 0]},
    {"probs": [1e-6, 0.25, 0.74999899]},
    {"logits": [-9, 2, 5]},
    {"logits": [0, 0, 0]},
    {"logits": [30, -30, 29]},
]:
    weights = {name: f32(w) for name, w in weights.items()}
    w = [mpf(x) for x in next(iter(weights.values()))]
    if "logits" in weights:
        total = sum(mpmath.exp(x) for x in w)
        w = [mpmath.exp(x) / total for x in w]
    at = [0, 1, 2] + ends(2)
    log = [mpmath.log(p) if p > 0 else -inf for p in w]
    case(
        "Categorical",
        weights,
        at,
        masses(at, lambda x: log[x], 2),
        entropy=entropy(w),
        cdf=finite([nan if np.isnan(x) else sum(p for k, p in enumerate(w) if k <= x) for x in at]),
    )
    case(
        "OneHotCategorical",
        weights,
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 0], [2, -1, 0], [0.5, 0.5, 0], [nan, 1, 0]],
        log + [-inf] * 5,
        mean=[float(p) for p in w],
        variance=[float(p * (1 - p)) for p in w],
        entropy=entropy(w),
    )


def compositions(n, k):
    return [x for x in itertools.product(range(n, -1, -1), repeat=k) if sum(x) == n]


def none_of(n):
    return [[n, 1, 0], [n + 1, -1, 0], [n - 0.5, 0.5, 0], [nan, n, 0]]


million = 1_000_000
for n, weights in [
    (4, {"probs": [0.2, 0.3, 0.5]}),
    (4, {"probs": [1, 0, 0]}),
    (4, {"logits": [-9, 2, 5]}),
    (million, {"probs": [0.2, 0.3, 0.5]}),
    (million, {"logits": [-9, 2, 1]}),
]:
    weights = {name: f32(w) for name, w in weights.items()}
    w = [mpf(x) for x in next(iter(weights.values()))]
    if "logits" in weights:
        total = sum(mpmath.exp(x) for x in w)
        w = [mpmath.exp(x) / total for x in w]
    large = [[200_000, 300_000, 500_000], [200_400, 299_000, 500_600], [10, 731_000, 268_990], [million, 0, 0]]
    xs = compositions(n, 3) if n < 10 else large
    log_prob = [lgamma(n + mpf(1)) + sum(xlog(k, p) - lgamma(k + mpf(1)) for k, p in zip(x, w)) for x in xs]
    case(
        "Multinomial",
        {"totalCount": n, **weights},
        xs + none_of(n),
        log_prob + [-inf] * 4,
        mean=[float(n * p) for p in w],
        variance=[float(n * p * (1 - p)) for p in w],
    )
for n, a in [
    (4, [1, 2, 0.5]),
    (4, [0.01, 0.2, 5]),
    (4, [300, 200, 1000]),
    (million, [1, 2, 0.5]),
    (million, [2e5, 3e5, 5e5]),
]:
    a = f32(a)
    large = [[200_000, 300_000, 500_000], [200_400, 299_000, 500_600], [10, 731_000, 268_990], [million, 0, 0]]
    xs = compositions(n, 3) if n < 10 else large
    total = sum(map(mpf, a))
    log_prob = [
        lgamma(n + mpf(1))
        + lgamma(total)
        - lgamma(total + n)
        + sum(lgamma(k + mpf(c)) - lgamma(mpf(c)) - lgamma(k + mpf(1)) for k, c in zip(x, a))
        for x in xs
    ]
    share = [mpf(c) / total for c in a]
    case(
        "DirichletMultinomial",
        {"totalCount": n, "concentration": a},
        xs + none_of(n),
        log_prob + [-inf] * 4,
        mean=[float(n * s) for s in share],
        variance=[float(n * s * (1 - s) * (n + total) / (1 + total)) for s in share],
    )
for eta, cuts in [(0.3, [-1, 0.5, 2]), (40, [-20, 0, 60]), (-2, [0, 1e-3, 30])]:
    eta, cuts = f32(eta), f32(cuts)
    below = [mpf(0)] + [sigmoid(mpf(c) - mpf(eta)) for c in cuts] + [mpf(1)]
    p = [b - a for a, b in zip(below, below[1:])]
    at = [0, 1, 2, 3] + ends(3)
    case(
        "OrderedLogistic",
        {"predictor": eta, "cutpoints": cuts},
        at,
        masses(at, lambda x: mpmath.log(p[x]), 3),
        entropy=entropy(p),
        cdf=finite([nan if np.isnan(x) else 0 if x < 0 else below[int(min(x, 3)) + 1] for x in at]),
    )
for gate, rate in f32([(0.2, 3), (1e-12, 60), (0.99, 0.1)]):
    at = [0, 1, 2, 5, 10, 40] + ends(inf)
    mass = lambda x: mpmath.log((gate if x == 0 else 0) + (1 - mpf(gate)) * mpmath.exp(poisson(x, rate)))
    case(
        "ZeroInflated",
        {"gate": gate, "rate": rate},
        at,
        masses(at, mass),
        mean=(1 - gate) * rate,
        variance=(1 - gate) * rate * (1 + gate * rate),
        cdf=cumulative(at, mass),
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

golden = {"scipy": scipy.__version__, "mpmath": mpmath.__version__, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
