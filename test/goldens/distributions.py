"""Writes distributions.json: log-densities, moments, entropies, cumulative distributions and quantiles in float64
(SciPy), at arguments rounded to float32, which is what the library sees; and Bernoulli draws (JAX).

    pip install scipy jax && python test/goldens/distributions.py
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from scipy import special, stats

f32 = lambda xs: [float(np.float32(x)) for x in xs]
finite = lambda xs: [x if np.isfinite(x) else str(x).replace("inf", "Infinity") for x in map(float, xs)]
probabilities = f32([0, 1e-30, 1e-12, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1])


def continuous(family, params, frozen, xs):
    xs = f32(xs)
    return {
        "family": family,
        "params": params,
        "at": finite(xs),
        "logProb": finite(frozen.logpdf(xs)),
        "mean": float(frozen.mean()),
        "variance": float(frozen.var()),
        "entropy": float(frozen.entropy()),
        "cdf": finite(frozen.cdf(xs)),
        "icdfAt": probabilities,
        "icdf": finite(frozen.ppf(probabilities)),
    }


def single(**params):
    return {k: float(np.float32(v)) for k, v in params.items()}


outside = [-1, 0, np.inf]
cases = []
for loc, scale in [(0, 1), (-1.5, 0.3), (100, 7), (0.1, 1e-3)]:
    p = single(loc=loc, scale=scale)
    xs = p["loc"] + p["scale"] * np.array([-30, -8, -3, -1, -0.1, 0, 0.5, 2, 6, 20])
    cases.append(continuous("Normal", p, stats.norm(p["loc"], p["scale"]), xs))
for loc, scale in [(0, 1), (-1.5, 0.3), (3, 2)]:
    p = single(loc=loc, scale=scale)
    xs = np.exp(p["loc"] + p["scale"] * np.array([-8, -3, -1, -0.1, 0, 0.5, 2, 6]))
    xs = np.concatenate([xs, outside])
    cases.append(continuous("LogNormal", p, stats.lognorm(p["scale"], scale=np.exp(p["loc"])), xs))
for scale in [1, 0.02, 50]:
    p = single(scale=scale)
    xs = np.concatenate([p["scale"] * np.array([1e-3, 0.1, 0.5, 1, 2, 5, 12]), outside])
    case = continuous("HalfNormal", p, stats.halfnorm(scale=p["scale"]), xs)
    # The support is the positive numbers: zero itself has no density here.
    case["logProb"][-len(outside) :] = ["-Infinity"] * len(outside)
    # SciPy's own quantile goes through (1 + p) / 2, which has no digit of a small p.
    case["icdf"] = finite(p["scale"] * np.sqrt(2) * special.erfinv(probabilities))
    cases.append(case)
for low, high in [(0, 1), (-3, 0.5), (100, 101)]:
    p = single(low=low, high=high)
    width = p["high"] - p["low"]
    xs = np.array([p["low"], p["low"] + 0.25 * width, p["low"] + 0.9 * width, p["high"], p["low"] - 1, p["high"] + 1])
    cases.append(continuous("Uniform", p, stats.uniform(p["low"], width), xs))


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


for logit in f32([-30, -5, -0.5, 0, 1, 12, 40]):
    p = special.expit(logit)
    entropy = -(p * log_sigmoid(logit) + special.expit(-logit) * log_sigmoid(-logit))
    cases.append(
        {
            "family": "Bernoulli",
            "params": {"logits": logit},
            "at": [0, 1],
            "logProb": [float(log_sigmoid(-logit)), float(log_sigmoid(logit))],
            "mean": float(p),
            "variance": float(p * special.expit(-logit)),
            "entropy": float(entropy),
        }
    )
for prob in f32([0, 1e-6, 0.2, 0.5, 0.999, 1]):
    frozen = stats.bernoulli(prob)
    cases.append(
        {
            "family": "Bernoulli",
            "params": {"probs": prob},
            "at": [0, 1],
            "logProb": finite(frozen.logpmf([0, 1])),
            "mean": float(frozen.mean()),
            "variance": float(frozen.var()),
            "entropy": float(frozen.entropy()),
        }
    )
for params in [
    {"probs": f32([0.2, 0.3, 0.5])},
    {"probs": f32([0, 1, 0])},
    {"probs": f32([0.25, 0, 0.75])},
    {"logits": f32([0, 0, 0, 0])},
    {"logits": f32([-20, 3, 80, 79])},
    {"logits": f32([1000, 999, -1000])},
]:
    if "probs" in params:
        p = np.array(params["probs"])
        with np.errstate(divide="ignore"):
            log_p = np.log(p)
    else:
        log_p = special.log_softmax(np.array(params["logits"]))
        p = np.exp(log_p)
    entropy = float(np.sum(special.entr(p)))
    for family in ["Categorical", "OneHotCategorical"]:
        case = {"family": family, "params": params, "logProb": finite(log_p), "entropy": entropy}
        if family == "OneHotCategorical":
            case["mean"] = finite(p)
            case["variance"] = finite(p * (1 - p))
        cases.append(case)

key = jax.random.key(7)
draws = {
    "seed": 7,
    "probs": f32([0.1, 0.5, 0.93]),
    "bernoulli": np.array(
        jax.random.bernoulli(key, jnp.array([0.1, 0.5, 0.93], jnp.float32), (20, 3)), int
    ).tolist(),
}
golden = {"scipy": scipy.__version__, "jax": jax.__version__, "cases": cases, "draws": draws}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
