"""Writes extremes_discrete.json: log-masses of the discrete families and log-densities of the relaxed ones, with their
derivatives, at logits to ±1e4, probabilities of zero, counts to a million and concentrations from 1e-6 to 1e8, exactly
(mpmath), at arguments rounded to float32.

    pip install mpmath numpy && python test/goldens/extremes_discrete.py

Masses of counts are evaluated in float64: of them the result's own digits are asked for, though large terms cancel.
"""

import json
import pathlib
import re

import mpmath
import numpy as np
from mpmath import mpf

mpmath.mp.dps = 90
log, log1p, exp, lgamma = mpmath.log, mpmath.log1p, mpmath.exp, mpmath.loggamma
million = 1_000_000
infinity = float("inf")


def f32(x):
    return [f32(y) for y in x] if isinstance(x, (list, tuple)) else float(np.float32(x))


def held(x):
    """As a golden: null where float32 overflows, 0 where it underflows."""
    return None if not mpmath.isfinite(x) or abs(x) > 3.4e38 else 0.0 if abs(x) < 1.2e-38 else float(x)


def slope(f, x):
    """f'(x); along log x where x is positive and may be tiny or huge."""
    if x == 0 or x < 0:
        return mpmath.diff(f, x)
    return mpmath.diff(lambda u: f(exp(u)), log(x)) / x


def case(family, params, value, log_prob, gradients, largest=0):
    """Gradients as numbers, one for each number of the parameter; with the terms' sizes where they cancel."""
    impossible = log_prob == -mpmath.inf
    cases.append(
        {
            "family": family,
            "params": f32_all(params),
            "value": value,
            "logProb": "-Infinity" if impossible else float(log_prob),
            "largest": 0 if impossible else float(max(abs(log_prob), largest)),
            "gradients": {
                name: {"exact": [held(x) for x, _ in g], "largest": [float(y) for _, y in g]}
                if isinstance(g[0], tuple)
                else [held(x) for x in g]
                for name, g in gradients.items()
            },
        }
    )


def f32_all(params):
    return {name: f32(x) for name, x in params.items()}


def auto(family, params, moving, value, f, largest=0, largest_slope=0):
    """f maps the parameters to the mass, and its slopes are taken in the moving ones."""
    at = {name: mpf(x) for name, x in f32_all(params).items()}
    slopes = {name: [(slope(lambda t: f(**{**at, name: t}), at[name]), largest_slope)] for name in moving}
    case(family, params, value, f(**at), slopes, largest)


def softplus(x):
    return log1p(exp(-abs(x))) + max(x, mpf(0))


def sigmoid(x):
    return exp(-softplus(-mpf(x)))


def weigh(x, log_p):
    """x log p, and 0 where x is 0."""
    return mpf(0) if x == 0 else x * log_p


def ln(p):
    return log(p) if p > 0 else -mpmath.inf


def choose(n, x):
    return lgamma(n + mpf(1)) - lgamma(x + mpf(1)) - lgamma(n - x + mpf(1))


cases = []

# Trials of one chance. With y = −log p and z = −log(1 − p): Bernoulli −xy − (1 − x)z, and so on.
for logit in [-1e4, -88, -17, 1e-30, 20, 1e4]:
    l = mpf(f32(logit))
    y, z, p, q = softplus(-l), softplus(l), sigmoid(l), sigmoid(-l)
    for x in [0, 1]:
        for family, others in [("Bernoulli", {}), ("RelaxedBernoulliStraightThrough", {"temperature": 0.5})]:
            slopes = {"logits": [(q if x else -p, 1)]}
            case(family, {**others, "logits": logit}, x, -y if x else -z, slopes)
for prob in [0, 1e-30, 0.3, 1 - 2**-24, 1]:
    p = mpf(f32(prob))
    for x in [0, 1]:
        value = ln(p) if x else ln(1 - p)
        exact = (1 / p if p > 0 else mpmath.inf) if x else (-1 / (1 - p) if p < 1 else -mpmath.inf)
        case("Bernoulli", {"probs": prob}, x, value, {"probs": [exact]})

for logit in [-1e4, -30, -10, 0.01, 11, 1e4]:
    l = mpf(f32(logit))
    y, z, p, q = softplus(-l), softplus(l), sigmoid(l), sigmoid(-l)
    for x in [0, 1, 17, million]:
        case("Geometric", {"logits": logit}, x, -y - x * z, {"logits": [(q - x * p, max(q, x * p))]})
for prob in [0, 1e-30, 1e-6, 0.3, 1 - 2**-24, 1]:
    p = mpf(f32(prob))
    for x in [0, 1, million]:
        value = ln(p) + weigh(x, ln(1 - p))
        if value == -mpmath.inf:
            case("Geometric", {"probs": prob}, x, value, {})
            continue
        back = x / (1 - p) if x else mpf(0)
        case("Geometric", {"probs": prob}, x, value, {"probs": [(1 / p - back, max(1 / p, back))]})

for logit in [-1e4, -12, 0.01, 11, 1e4]:
    f = lambda totalCount, logits: (
        choose(million, x) - weigh(x, softplus(-logits)) - weigh(million - x, softplus(logits))
    )
    for x in [0, 5, 17, 500_000, 502_500, 999_983, million]:
        auto("Binomial", {"totalCount": million, "logits": logit}, ["logits"], x, f)
for x, prob in [(500_000, 0.5), (1, 1e-30), (0, 1e-30), (300_000, 0.2999), (999_990, 1 - 2**-20)]:
    f = lambda totalCount, probs: choose(million, x) + weigh(x, log(probs)) + weigh(million - x, log1p(-probs))
    auto("Binomial", {"totalCount": million, "probs": prob}, ["probs"], x, f)
for prob, possible in [(0, 0), (1, million)]:
    for x in [0, 7, million]:
        params = {"totalCount": million, "probs": prob}
        if x == possible:
            case("Binomial", params, x, mpf(0), {"probs": [mpf(-million if x == 0 else million)]})
        else:
            case("Binomial", params, x, -mpmath.inf, {})

# Poissons, and those with gamma-distributed rates.
for rate in [1e-30, 1e-6, 1, 1e3, 1e6, 1.7e7, 1e30]:
    for x in [0, 1, 1000, million, 16_777_216]:
        auto("Poisson", {"rate": rate}, ["rate"], x, lambda rate: x * log(rate) - rate - lgamma(x + mpf(1)))
case("Poisson", {"rate": 0}, 0, mpf(0), {"rate": [mpf(-1)]})
case("Poisson", {"rate": 0}, 2, -mpmath.inf, {})


def multichoose(c, x):
    return lgamma(c + x) - lgamma(c) - lgamma(x + mpf(1))


def by_mean(mean, concentration):
    c = concentration
    return multichoose(c, x) + weigh(x, -log1p(c / mean)) - c * log1p(mean / c)


def by_rate(concentration, rate):
    return multichoose(concentration, x) - weigh(x, log1p(rate)) - concentration * log1p(1 / rate)


def by_logits(totalCount, logits):
    return multichoose(totalCount, x) - weigh(x, softplus(-logits)) - totalCount * softplus(logits)


def by_probs(totalCount, probs):
    return multichoose(totalCount, x) + weigh(x, log(probs)) + totalCount * log1p(-probs)


for c in [1e-6, 0.5, 40, 1e6, 1e8]:
    for x, mean in [(0, 1e-20), (0, 3), (3, 2), (1_003_000, 1e6), (million, 9.9e5), (7, 1e6)]:
        auto("NegativeBinomial2", {"mean": mean, "concentration": c}, ["mean", "concentration"], x, by_mean)
    for x, rate in [(0, 1e-6), (3, 1e-6), (3, 1), (million, 1e-3), (0, 1e8), (5, 1e8), (million, 99.5)]:
        auto("GammaPoisson", {"concentration": c, "rate": rate}, ["concentration", "rate"], x, by_rate)
    for logit in [-1e4, -12, 0.01, 13, 1e4]:
        for x in [0, 7, million]:
            auto("NegativeBinomial", {"totalCount": c, "logits": logit}, ["totalCount", "logits"], x, by_logits)
    for x, prob in [(0, 1e-30), (2, 1e-30), (7, 0.3), (million, 1 - 2**-20)]:
        auto("NegativeBinomial", {"totalCount": c, "probs": prob}, ["totalCount", "probs"], x, by_probs)
case("NegativeBinomial", {"totalCount": 3, "probs": 0}, 0, mpf(0), {"totalCount": [mpf(0)], "probs": [mpf(-3)]})
case("NegativeBinomial", {"totalCount": 3, "probs": 0}, 4, -mpmath.inf, {})


def lbeta(a, b):
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def beta_binomial(totalCount, concentration1, concentration0):
    a, b = concentration1, concentration0
    return choose(million, x) + lbeta(x + a, million - x + b) - lbeta(a, b)


for a, b in [(1e-6, 1e-6), (1e-6, 1e6), (0.5, 3), (3, 2), (1e6, 1e6), (1e6, 1e-6), (1e8, 5e7)]:
    for x in [0, 1, 500_000, 667_000, million]:
        params = {"totalCount": million, "concentration1": a, "concentration0": b}
        # Where all or none succeed and that is as good as certain, terms of 1e6 leave 1e-6.
        certain = (x == 0 and b > 1e9 * a) or (x == million and a > 1e9 * b)
        sizes = (multichoose(mpf(max(a, b)), million), 1e-2) if certain else (0, 0)
        auto("BetaBinomial", params, ["concentration1", "concentration0"], x, beta_binomial, *sizes)

# Classes: the logits less the logarithm of their sum of exponentials.
vectors = [
    [1e4, -1e4, 0],
    [1e4, 1e4 - 1, 9990],
    [-1e4, -1e4, -1e4 + 2],
    [0, -infinity, 3],
    [-infinity, -infinity, 1e4],
    [1e-30, 0, -80],
]
for logits in vectors:
    l = [mpf(x) for x in f32(logits)]
    top = max(l)
    total = top + log(sum(exp(x - top) for x in l))
    p = [exp(x - total) for x in l]
    size = max([abs(x) for x in l if mpmath.isfinite(x)] + [abs(total)])
    for k in range(3):
        unit = [1 if i == k else 0 for i in range(3)]
        slopes = {"logits": [(mpf(u) - s, 1) for u, s in zip(unit, p)]}
        case("Categorical", {"logits": logits}, k, l[k] - total, slopes, size)
        case("OneHotCategorical", {"logits": logits}, unit, l[k] - total, slopes, size)
    for x in [[million, 0, 0], [0, 0, million], [1, 0, 999_999], [200_000, 300_000, 500_000]]:
        n = million
        value = lgamma(n + mpf(1)) + sum(weigh(c, s - total) - lgamma(c + mpf(1)) for c, s in zip(x, l))
        slopes = [(c - n * s, max(c, n * s)) for c, s in zip(x, p)]
        case("Multinomial", {"totalCount": n, "logits": logits}, x, value, {"logits": slopes})
for probs in [[0, 1, 0], [0.25, 0, 0.75], [1e-30, 0.5, 0.5]]:
    p = [mpf(x) for x in f32(probs)]
    for k in range(3):
        unit = [1 if i == k else 0 for i in range(3)]
        slopes = {"probs": [(1 / q if q > 0 else mpmath.inf) if u else mpf(0) for u, q in zip(unit, p)]}
        case("Categorical", {"probs": probs}, k, ln(p[k]), slopes)
        case("OneHotCategorical", {"probs": probs}, unit, ln(p[k]), slopes)
    for x in [[0, million, 0], [250_400, 0, 749_600], [3, 500_000, 499_997]]:
        value = lgamma(million + mpf(1)) + sum(weigh(c, ln(q)) - lgamma(c + mpf(1)) for c, q in zip(x, p))
        if value == -mpmath.inf:
            case("Multinomial", {"totalCount": million, "probs": probs}, x, value, {})
            continue
        slopes = {"probs": [c / q if c else mpf(0) for c, q in zip(x, p)]}
        case("Multinomial", {"totalCount": million, "probs": probs}, x, value, slopes)

for concentration in [[1e-6, 1, 1e6], [1e-6, 1e-6, 1e-6], [1e6, 2e6, 1e6], [1e8, 5e7, 5e7], [0.3, 2, 40]]:
    a = [mpf(x) for x in f32(concentration)]
    for x in [[million, 0, 0], [0, 0, million], [1, 0, 999_999], [251_000, 499_000, 250_000]]:
        n, total = million, sum(a)
        value = sum(multichoose(c, k) for c, k in zip(a, x)) - multichoose(total, n)
        step = lambda c, k: mpmath.digamma(c + k) - mpmath.digamma(c) if k else mpf(0)
        slopes = {"concentration": [step(c, k) - step(total, n) for c, k in zip(a, x)]}
        case("DirichletMultinomial", {"totalCount": n, "concentration": concentration}, x, value, slopes)

for predictor, cuts in [
    (1e4, [-1, 0, 1]),
    (-1e4, [-1, 0, 1]),
    (0, [-1e4, 0, 1e4]),
    (0.3, [-1e4, 1e4]),
    (1e4, [-1e4, 9999, 1e4]),
    (0.5, [0, 1e-6, 1]),
    (-2, [1e-30, 1e-12]),
    (20, [19, 19.5]),
]:
    eta, c = mpf(f32(predictor)), [mpf(x) for x in f32(cuts)]
    for k in range(len(c) + 1):
        upper = c[k] - eta if k < len(c) else None
        lower = c[k - 1] - eta if k > 0 else None
        below = mpf(0) if upper is None else -softplus(-upper)
        above = mpf(0) if lower is None else -softplus(lower)
        inner = upper is not None and lower is not None
        room = log(-mpmath.expm1(lower - upper)) if inner else mpf(0)
        pull = 1 / mpmath.expm1(upper - lower) if inner else mpf(0)
        up = mpf(0) if upper is None else sigmoid(-upper)
        down = mpf(0) if lower is None else sigmoid(lower)
        cut_slopes = [(mpf(0), 1) for _ in c]
        if upper is not None:
            cut_slopes[k] = (up + pull, max(up, pull))
        if lower is not None:
            cut_slopes[k - 1] = (-down - pull, max(down, pull))
        case(
            "OrderedLogistic",
            {"predictor": predictor, "cutpoints": cuts},
            k,
            below + above + room,
            {"predictor": [(down - up, max(down, up))], "cutpoints": cut_slopes},
            max(map(abs, [below, above, room, eta, *c])),
        )

# The relaxed ones, near the corners of their simplex and within it.
for temperature in [1e-2, 0.5, 1, 1e2]:
    for logit in [-1e4, -3, 0, 1e4]:
        for y in [1e-30, 1e-6, 0.3, 0.5, 1 - 2**-24]:
            t, l, v = mpf(f32(temperature)), mpf(f32(logit)), mpf(f32(y))
            x = log(v) - log1p(-v)
            d = l - t * x
            s = sigmoid(-d) - sigmoid(d)
            terms = [log(t), softplus(d), softplus(-d), log(v), log1p(-v), l, t * x]
            case(
                "RelaxedBernoulli",
                {"temperature": temperature, "logits": logit},
                f32(y),
                log(t) - softplus(d) - softplus(-d) - log(v) - log1p(-v),
                {
                    "value": [((-t * s - 1 + 2 * v) / (v * (1 - v)), (t + 1) / (v * (1 - v)))],
                    "logits": [(s, 1)],
                    "temperature": [(1 / t - s * x, max(1 / t, abs(x)))],
                },
                max(map(abs, terms)),
            )
for temperature in [1e-2, 0.5, 1, 1e2]:
    for logits in [[1e4, -1e4, 0], [0, 3, -2], [-1e4, -1e4, -1e4], [1e4, 0, 1e4]]:
        for y in [[1e-30, 1, 1e-20], [1e-6, 0.5, 0.499999], [0.2, 0.3, 0.5], [1 - 2**-20, 2**-21, 2**-21]]:
            t, l, v = mpf(f32(temperature)), [mpf(a) for a in f32(logits)], [mpf(a) for a in f32(y)]
            x = [log(a) for a in v]
            s = [a - t * b for a, b in zip(l, x)]
            top = max(s)
            total = top + log(sum(exp(a - top) for a in s))
            share = [exp(a - total) for a in s]
            params = {"temperature": temperature, "logits": logits}
            terms = [*s, *l, *(t * a for a in x), 3 * total, 2 * log(t), *x]
            case(
                "RelaxedOneHotCategorical",
                params,
                f32(y),
                log(mpf(2)) + 2 * log(t) + sum(s) - 3 * total - sum(x),
                {
                    "value": [((-t * (1 - 3 * p) - 1) / a, (3 * t + 1) / a) for p, a in zip(share, v)],
                    "logits": [(1 - 3 * p, 3) for p in share],
                    "temperature": [
                        (2 / t - sum(x) + 3 * sum(p * a for p, a in zip(share, x)), max(2 / t, 3 * max(map(abs, x))))
                    ],
                },
                max(map(abs, terms)),
            )

text = json.dumps(cases, separators=(",", ":")).replace("},{\"family\"", "},\n{\"family\"")
# JSON has no infinity; a number this large is read as one.
text = re.sub(r'(?<!")-Infinity(?!")', "-1e999", text)
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
