"""Gaussian mixtures by scikit-learn, from given first responsibilities: test/goldens/gaussianMixture.json.

    pip install scikit-learn && python test/goldens/gaussianMixture.py

Old Faithful (examples/ladder/faithful.csv: A. Azzalini and A. W. Bowman, "A look at some data on the Old Faithful
geyser", Applied Statistics 39 (1990), as in R's `faithful`) and iris (R. A. Fisher, 1936, as in scikit-learn).
Observations are rounded to float32 first; all else is float64. The first responsibilities are those of nearest of given
rows, so that neither side needs the other's k-means.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
here = Path(__file__).parent
names = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


class From(GaussianMixture):
    """EM from given responsibilities."""

    def _initialize_parameters(self, X, *args, **kwargs):
        self._initialize(X, self.first)


def nearest(x, seeds):
    distance = ((x[:, None, :] - x[seeds][None]) ** 2).sum(-1)
    return np.eye(len(seeds))[distance.argmin(1)]


def scale_of(covariance, m):
    """As the library has it: Cholesky factors, or deviations."""
    if covariance in ("full", "tied"):
        return np.linalg.cholesky(m.covariances_)
    return np.sqrt(m.covariances_)


def case(data, x, seeds, covariance, floor, iterations):
    first = nearest(x, seeds)
    m = From(len(seeds), covariance_type=names[covariance], reg_covar=floor, tol=0, max_iter=iterations)
    m.first = first
    m.fit(x)
    proba = m.predict_proba(x)
    return {
        "data": data,
        "covariance": covariance,
        "seeds": seeds,
        "floor": floor,
        "iterations": iterations,
        "logLikelihood": float(m.score_samples(x).sum()),
        "weights": m.weights_.tolist(),
        "loc": m.means_.tolist(),
        "scale": scale_of(covariance, m).tolist(),
        "aic": m.aic(x),
        "bic": m.bic(x),
        "labels": m.predict(x).tolist(),
        "probabilities": proba[:: len(x) // 10].tolist(),
        "scores": m.score_samples(x)[:: len(x) // 10].tolist(),
    }


faithful = np.loadtxt(here / "../../examples/ladder/faithful.csv", delimiter=",", skiprows=1).astype(np.float32)
iris = load_iris().data.astype(np.float32)
double = {"faithful": faithful.astype(np.float64), "iris": iris.astype(np.float64)}
cases = [
    case(data, double[data], seeds, covariance, floor, iterations)
    for data, seeds in (("faithful", [0, 1]), ("iris", [0, 60, 110]))
    for covariance in names
    for floor, iterations in ((1e-3, 5), (1e-6, 30))
]
# To the maximum, where it is known: -1130.26396 in all.
cases.append(case("faithful", double["faithful"], [0, 1], "full", 0.0, 200))

out = {
    "iris": [[float(f"{v:.9g}") for v in row] for row in iris.tolist()],
    "cases": cases,
}


def rounded(v):
    if isinstance(v, float):
        return float(f"{v:.9g}")
    if isinstance(v, list):
        return [rounded(u) for u in v]
    return {k: rounded(u) for k, u in v.items()} if isinstance(v, dict) else v


(here / "gaussianMixture.json").write_text(json.dumps(rounded(out), separators=(",", ":")) + "\n")
