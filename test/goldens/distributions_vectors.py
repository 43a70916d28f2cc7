"""Writes distributions_vectors.json: log-densities, moments and entropies of families of vectors and matrices in
float64 (SciPy; for LKJ the constant of Lewandowski, Kurowicka and Joe, 2009, equation 16), at arguments rounded to
float32; and events outside the support.

    pip install scipy && python test/goldens/distributions_vectors.py
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import special, stats

f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)
random = np.random.default_rng(0)
widths = [0, 0.1, 1, 3, 10, 30]
cases = []


def add(family, params, events, log_probs, outside=None, **moments):
    cases.append(
        {
            "family": family,
            "params": {k: np.asarray(v).tolist() for k, v in params.items()},
            "at": [f32(x).ravel().tolist() for x in events],
            "logProb": [float(x) for x in log_probs],
            **{k: np.asarray(v).ravel().tolist() for k, v in moments.items()},
            **({} if outside is None else {"outside": [np.asarray(x).ravel().tolist() for x in outside]}),
        }
    )


def triangle(n, spread=1.0):
    l = np.tril(random.normal(size=(n, n)) * spread, -1)
    return f32(l + np.diag(np.exp(random.normal(size=n) * 0.5)))


def around(loc, l, size=1):
    """Events at several distances from the location, in directions of their own."""
    out = []
    for width in widths:
        u = random.normal(size=len(loc))
        out.append(f32(loc + width * l @ (u / np.linalg.norm(u))))
    return out


for n in [1, 2, 3, 8]:
    loc = f32(random.normal(size=n) * 3)
    l = triangle(n)
    events = around(loc, l)
    frozen = stats.multivariate_normal(loc, l @ l.T)
    moments = {"mean": loc, "variance": np.diag(l @ l.T), "entropy": frozen.entropy()}
    add("MultivariateNormal", {"loc": loc, "scaleTril": l}, events, [frozen.logpdf(x) for x in events], **moments)
    covariance = f32(l @ l.T)
    frozen = stats.multivariate_normal(loc, covariance)
    moments = {"mean": loc, "variance": np.diag(covariance), "entropy": frozen.entropy()}
    params = {"loc": loc, "covarianceMatrix": covariance}
    add("MultivariateNormal", params, events, [frozen.logpdf(x) for x in events], **moments)
    precision = f32(np.linalg.inv(l @ l.T))
    precision = f32((precision + precision.T) / 2)
    frozen = stats.multivariate_normal(loc, np.linalg.inv(precision))
    moments = {"mean": loc, "variance": np.diag(np.linalg.inv(precision)), "entropy": frozen.entropy()}
    params = {"loc": loc, "precisionMatrix": precision}
    add("MultivariateNormal", params, events, [frozen.logpdf(x) for x in events], **moments)

# A condition number of 1e5, and scales far apart.
for covariance in [[[1, 0.99999], [0.99999, 1]], [[1e8, 3e-2], [3e-2, 1e-8]]]:
    covariance = f32(covariance)
    loc = f32([0.5, -1])
    l = np.linalg.cholesky(covariance)
    events = around(loc, l)
    z = [np.linalg.solve(l, x - loc) for x in events]
    log_probs = [-0.5 * v @ v - np.log(np.diag(l)).sum() - np.log(2 * np.pi) for v in z]
    moments = {"mean": loc, "variance": np.diag(covariance)}
    add("MultivariateNormal", {"loc": loc, "covarianceMatrix": covariance}, events, log_probs, **moments)

for n, r, scale in [(3, 1, 1), (5, 2, 0.1), (4, 4, 3), (3, 1, 1e-5)]:
    loc = f32(random.normal(size=n))
    w = f32(random.normal(size=(n, r)))
    d = f32(np.exp(random.normal(size=n)) * scale)
    covariance = w @ w.T + np.diag(d)
    l = np.linalg.cholesky(covariance)
    events = around(loc, l)
    z = [np.linalg.solve(l, x - loc) for x in events]
    half = np.log(np.diag(l)).sum() + n / 2 * np.log(2 * np.pi)
    moments = {"mean": loc, "variance": np.diag(covariance), "entropy": half + n / 2}
    params = {"loc": loc, "covFactor": w, "covDiag": d}
    add("LowRankMultivariateNormal", params, events, [-0.5 * v @ v - half for v in z], **moments)

for n, p in [(2, 3), (1, 1), (4, 2)]:
    loc, a, b = f32(random.normal(size=(n, p))), triangle(n), triangle(p)
    frozen = stats.matrix_normal(loc, a @ a.T, b @ b.T)
    events = [f32(loc + width * a @ random.normal(size=(n, p)) @ b.T) for width in widths]
    variance = np.outer(np.diag(a @ a.T), np.diag(b @ b.T))
    moments = {"mean": loc, "variance": variance, "entropy": frozen.entropy()}
    params = {"loc": loc, "scaleTrilRow": a, "scaleTrilColumn": b}
    add("MatrixNormal", params, events, [frozen.logpdf(x) for x in events], **moments)

for n, df in [(1, 3), (2, 0.5), (3, 4), (5, 60), (2, 1e4), (3, 1.5)]:
    loc, l = f32(random.normal(size=n)), triangle(n)
    df = float(np.float32(df))
    frozen = stats.multivariate_t(loc, l @ l.T, df)
    events = [*around(loc, l), f32(loc + 1e4)]
    moments = {"entropy": frozen.entropy()}
    if df > 1:
        moments["mean"] = loc
    if df > 2:
        moments["variance"] = np.diag(l @ l.T) * df / (df - 2)
    params = {"df": df, "loc": loc, "scaleTril": l}
    add("MultivariateStudentT", params, events, [frozen.logpdf(x) for x in events], **moments)

# Each entry of L = VA by the means and variances of A's, which are independent.
def factor_moments(df, v):
    n = len(v)
    chi = [stats.chi(df - i) for i in range(n)]
    mean = v * np.array([c.mean() for c in chi])
    variance = v**2 * np.array([c.var() for c in chi])
    for i in range(n):
        for j in range(i):
            variance[i, j] += np.sum(v[i, j + 1 :] ** 2)
    return mean, variance


for n, df in [(1, 1.5), (2, 2.2), (3, 7), (4, 50), (2, 1e4)]:
    df, v = float(np.float32(df)), triangle(n, 0.5)
    frozen = stats.wishart(df, v @ v.T)
    events, log_probs = [], []
    for width in [1e-3, 0.3, 1, 1, 3]:
        l = f32(width * np.linalg.cholesky(np.atleast_2d(frozen.rvs(random_state=random))))
        diagonal = np.diag(l)
        volume = n * np.log(2) + np.sum((n - np.arange(n)) * np.log(diagonal))
        events.append(l)
        log_probs.append(frozen.logpdf(l @ l.T if n > 1 else float(l[0, 0] ** 2)) + volume)
    # H(L) = H(LLᵀ) − E log |∂LLᵀ/∂L|.
    freedom = df - np.arange(n)
    logs = np.log(np.diag(v)) + (special.digamma(freedom / 2) + np.log(2)) / 2
    entropy = frozen.entropy() - n * np.log(2) - np.sum((n - np.arange(n)) * logs)
    mean, variance = factor_moments(df, v)
    params = {"concentration": df, "scaleTril": v}
    above = np.linalg.cholesky(np.eye(n) + 0.3).T
    add("WishartCholesky", params, events, log_probs, mean=mean, variance=variance, entropy=entropy,
        outside=[-np.eye(n), 0 * np.eye(n), *([above] if n > 1 else [])])

for d, eta in [(2, 1), (2, 0.3), (3, 2), (5, 1), (4, 50)]:
    eta = float(np.float32(eta))
    k = np.arange(1, d)
    b = eta + (d - k - 1) / 2
    constant = np.sum((2 * (eta - 1) + d - k) * (d - k)) * np.log(2) + np.sum((d - k) * special.betaln(b, b))
    events, log_probs = [np.eye(d)], []
    for spread in [0.1, 1, 3]:
        x = random.normal(size=(d, 3 * d)) + spread
        c = np.corrcoef(x)
        events.append(f32(np.linalg.cholesky(c)))
    for l in events:
        # The density of what is above the diagonal of LLᵀ, times the slope of that in what is below that of L.
        diagonal = np.diag(l)
        log_probs.append(
            (eta - 1) * 2 * np.log(diagonal).sum() - constant + np.sum((d - 1 - np.arange(d)) * np.log(diagonal))
        )
    mean, variance = np.eye(d), np.zeros((d, d))
    entropy = constant
    for k in range(1, d):
        # Row k's squares: its last is a beta draw, and the others share what that leaves by symmetry.
        left = stats.beta(eta + (d - 1 - k) / 2, k / 2)
        root = np.exp(special.betaln(eta + (d - k) / 2, k / 2) - special.betaln(eta + (d - 1 - k) / 2, k / 2))
        mean[k, k], variance[k, k] = root, left.mean() - root**2
        variance[k, :k] = (1 - left.mean()) / k
        log_root = (special.digamma(left.args[0]) - special.digamma(sum(left.args))) / 2
        entropy -= (2 * (eta - 1) + d - 1 - k) * log_root
    crooked = np.eye(d)
    crooked[1, 0] = 0.5
    outside = [crooked, -np.eye(d), 2 * np.eye(d)]
    params = {"dimension": d, "concentration": eta}
    add("LKJCholesky", params, events, log_probs, mean=mean, variance=variance, entropy=entropy, outside=outside)

for concentration in [[1, 1], [3, 4, 2.5], [0.2, 1, 7, 40], [1e-2, 1e-2, 3], [200, 1000, 50]]:
    a = f32(concentration)
    frozen = stats.dirichlet(a)
    k = len(a)
    events = [np.full(k, 1 / k), frozen.mean(), *frozen.rvs(3, random_state=random)]
    # Towards each corner; and the border, where only a concentration of one leaves a density.
    for i in range(k):
        corner = np.full(k, 1e-4)
        corner[i] = 1 - 1e-4 * (k - 1)
        events.append(corner)
    events = [np.maximum(f32(x), 1e-30) for x in events]
    log_probs = [special.gammaln(a.sum()) - special.gammaln(a).sum() + special.xlogy(a - 1, x).sum() for x in events]
    outside = [np.full(k, 1.0), np.full(k, -1 / k), np.array([1.5, -0.5] + [0.0] * (k - 2))]
    if (a > 1).any():
        border = np.full(k, 1 / (k - 1))
        border[np.argmax(a)] = 0
        outside.append(f32(border))
    moments = {"mean": frozen.mean(), "variance": frozen.var(), "entropy": frozen.entropy()}
    add("Dirichlet", {"concentration": a}, events, log_probs, **moments, outside=outside)

golden = {"scipy": scipy.__version__, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
