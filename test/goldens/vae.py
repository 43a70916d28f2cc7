"""Writes vae.json: the densities of small variational autoencoders at given weights, images and latents, in float64.

    pip install numpy scipy && python test/goldens/vae.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from scipy.special import expit

INPUTS, HIDDEN, LATENT, BATCH = 4, 3, 2, 3
rng = np.random.default_rng(20)


def rounded(*shape, scale=1.0):
    """Numbers of three decimals, so that reading them as float32 hardly matters."""
    return np.round(rng.normal(scale=scale, size=shape), 3)


def layer(inputs, outputs):
    return {"kernel": rounded(inputs, outputs, scale=0.7), "bias": rounded(outputs, scale=0.3)}


def dense(params, x):
    return x @ params["kernel"] + params["bias"]


def bounded_exp(x):
    return np.exp(10 * np.tanh(x / 10))


def heads(params, x, act, mean=lambda x: x):
    h = act(dense(params["0"]["0"], x))
    return mean(dense(params["1"]["loc"], h)), bounded_exp(dense(params["1"]["scale"], h))


def relu(x):
    return np.maximum(x, 0)


x = np.round(rng.uniform(size=(BATCH, INPUTS)), 3)
z = rounded(BATCH, LATENT)
encoder = {
    "0": {"0": layer(INPUTS, HIDDEN)},
    "1": {"loc": layer(HIDDEN, LATENT), "scale": layer(HIDDEN, LATENT)},
}
plain = {"0": layer(LATENT, HIDDEN), "1": layer(HIDDEN, INPUTS)}
headed = {
    "0": {"0": layer(LATENT, HIDDEN)},
    "1": {"loc": layer(HIDDEN, INPUTS), "scale": layer(HIDDEN, INPUTS)},
}
SHARED, FIXED = 0.7, 0.5


def means(act):
    return dense(plain["1"], act(dense(plain["0"], z)))


def gaussian(loc, scale):
    return stats.norm.logpdf(x, loc, scale).sum(-1), loc


def bernoulli():
    p = expit(means(relu))
    return (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(-1), p


def case(name, observations, act, decoder, likelihood, **more):
    loc, scale = heads(encoder, x, relu if act == "relu" else np.tanh)
    log_likelihood, mean = likelihood
    return {
        "name": name,
        "observations": observations,
        "activation": act,
        "params": {"encoder": encoder, "decoder": decoder, **more},
        "logPrior": stats.norm.logpdf(z).sum(-1),
        "logLikelihood": log_likelihood,
        "logGuide": stats.norm.logpdf(z, loc, scale).sum(-1),
        "kl": (0.5 * (scale**2 + loc**2 - 1) - np.log(scale)).sum(-1),
        "mean": mean,
        "loc": loc,
        "scale": scale,
    }


out = {
    "inputs": INPUTS,
    "hidden": HIDDEN,
    "latent": LATENT,
    "x": x,
    "z": z,
    "cases": [
        case("bernoulli", "bernoulli", "relu", plain, bernoulli()),
        case("gaussian", "gaussian", "tanh", headed, gaussian(*heads(headed, z, np.tanh))),
        case(
            "gaussian, sigmoid means",
            "gaussian",
            "tanh",
            headed,
            gaussian(*heads(headed, z, np.tanh, expit)),
        ),
        case(
            "gaussian-shared",
            "gaussian-shared",
            "tanh",
            plain,
            gaussian(means(np.tanh), SHARED),
            scale=SHARED,
        ),
        case("fixed", {"fixed": FIXED}, "relu", plain, gaussian(means(relu), FIXED)),
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(out, default=lambda a: a.tolist(), separators=(",", ":")) + "\n")
