"""Writes factorAnalysis.json: factor analysis and probabilistic PCA, by EM in float64 and by scikit-learn.

    pip install numpy scipy scikit-learn && python test/goldens/factorAnalysis.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn.decomposition import PCA, FactorAnalysis

INPUTS, LATENT, SIZE = 5, 2, 200
rng = np.random.default_rng(4)

loadings = rng.normal(size=(INPUTS, LATENT))
deviation = np.array([0.3, 0.5, 0.4, 0.8, 0.6])
x = np.array([1.0, -2.0, 0.0, 3.0, 0.5]) + rng.normal(size=(SIZE, LATENT)) @ loadings.T
# Three decimals, and then what float32 makes of them.
x = np.round(x + rng.normal(size=x.shape) * deviation, 3).astype(np.float32).astype(float)
start = {
    "loadings": np.round(rng.normal(size=(INPUTS, LATENT)), 2),
    "loc": np.round(rng.normal(size=INPUTS), 2),
}


def log_likelihood(covariance, loc):
    return stats.multivariate_normal(loc, covariance).logpdf(x).sum()


def em(noise, iterations):
    """The textbook's EM on (W, loc) at once: a regression of x on (z, 1)."""
    w, loc = start["loadings"], start["loc"]
    psi = np.ones(INPUTS)
    history = []
    for _ in range(iterations):
        history.append(log_likelihood(w @ w.T + np.diag(psi), loc))
        g = np.linalg.inv(np.eye(LATENT) + w.T @ np.diag(1 / psi) @ w)
        m = (x - loc) @ np.diag(1 / psi) @ w @ g
        if len(history) == 1:
            first = {"mean": m.tolist(), "covariance": g.tolist()}
        z = np.hstack([m, np.ones((SIZE, 1))])
        zz = z.T @ z
        zz[:LATENT, :LATENT] += SIZE * g
        both = x.T @ z @ np.linalg.inv(zz)
        w, loc = both[:, :LATENT], both[:, LATENT]
        psi = np.diag(x.T @ x - both @ z.T @ x) / SIZE
        if noise == "isotropic":
            psi = np.full(INPUTS, psi.mean())
    scale = np.sqrt(psi if noise == "diagonal" else psi[0])
    return {
        "noise": noise,
        "iterations": iterations,
        "history": history,
        "loadings": w.tolist(),
        "loc": loc.tolist(),
        "scale": scale.tolist(),
        "posterior": first,
    }


def sklearn():
    fa = FactorAnalysis(LATENT, tol=1e-12, max_iter=100_000, svd_method="lapack").fit(x)
    pca = PCA(LATENT, svd_solver="full").fit(x)
    # scikit-learn's PCA divides by N − 1, maximum likelihood by N.
    covariance = pca.get_covariance() * (SIZE - 1) / SIZE
    return {
        "factorAnalysis": {
            "covariance": fa.get_covariance().tolist(),
            "variance": fa.noise_variance_.tolist(),
            "logLikelihood": fa.score(x) * SIZE,
        },
        "principal": {
            "covariance": covariance.tolist(),
            "variance": pca.noise_variance_ * (SIZE - 1) / SIZE,
            "components": pca.components_.tolist(),
            "logLikelihood": log_likelihood(covariance, x.mean(0)),
        },
    }


golden = {
    "x": x.tolist(),
    "start": {name: value.tolist() for name, value in start.items()},
    "em": [em(noise, 20) for noise in ("diagonal", "isotropic")],
    "sklearn": sklearn(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
