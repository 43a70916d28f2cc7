"""Writes examples.json: the exact answers of the programs in examples/, reached in another way than they do: data
from JAX's own random numbers, matrices by NumPy, integrals by SciPy's adaptive quadrature.

    pip install jax scipy && python test/goldens/examples.py
"""

import json
import pathlib

import jax
import numpy as np
from scipy import integrate, stats
from scipy.special import expit, logsumexp


def rounded(value):
    return round(float(value), 6)


def normal(seed, shape):
    return np.asarray(jax.random.normal(jax.random.key(seed), shape), np.float64)


def uniform(seed, shape, low=0.0, high=1.0):
    return np.asarray(jax.random.uniform(jax.random.key(seed), shape, minval=low, maxval=high), np.float64)


def linear_regression():
    x = uniform(1, (40,), 0, 4)
    y = 1.5 - 0.8 * x + 0.5 * normal(2, (40,))
    design = np.stack([x, np.ones(40)], 1)
    covariance = np.linalg.inv(design.T @ design / 0.25 + np.eye(2) / 100)
    mean = covariance @ design.T @ y / 0.25
    evidence = stats.multivariate_normal(np.zeros(40), 0.25 * np.eye(40) + 100 * design @ design.T).logpdf(y)
    deviation = np.sqrt(np.diag(covariance))
    return [mean[0], deviation[0], mean[1], deviation[1], evidence]


def eight_schools():
    y = np.array([28, 8, -3, 7, -1, 1, 18, 12.0])
    sigma = np.array([15, 10, 16, 11, 9, 11, 10, 18.0])

    # Given tau, mu is normal and integrates out; what remains is an integral over tau.
    def given(tau):
        variance = sigma**2 + tau**2
        precision = 1 / 100 + np.sum(1 / variance)
        mu = np.sum(y / variance) / precision
        marginal = stats.multivariate_normal(np.zeros(8), np.diag(variance) + 100).pdf(y)
        theta = mu + (y - mu) * tau**2 / variance
        return marginal * stats.halfnorm(scale=10).pdf(tau) * np.array([1, mu, tau, *theta])

    sums, _ = integrate.quad_vec(given, 0, 100, epsrel=1e-10)
    return [np.log(sums[0]), *(sums[1:] / sums[0])]


def robust_regression():
    x = uniform(1, (30,), -2, 2)
    y = 1 + 2 * x + 0.3 * normal(2, (30,)) - 8 * (np.arange(30) % 7 == 3)
    # Gauss-Hermite in the log of the spread, where the prior is normal; many nodes, as the integrand bends sharply.
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    spread = np.exp(nodes - 1)

    def log_density(slope, intercept):
        residual = y[:, None] - intercept - slope * x[:, None]
        terms = np.log(weights) - 0.5 * np.log(2 * np.pi) - 0.5 * (residual / spread) ** 2 - np.log(spread)
        return np.sum(logsumexp(terms, axis=1)) - 0.5 * (slope**2 + intercept**2) / 100

    peak = log_density(2.06, 0.84)
    moments = lambda slope, intercept: np.exp(log_density(slope, intercept) - peak) * np.array(
        [1, slope, intercept, slope**2, intercept**2]
    )
    inner = lambda slope: integrate.quad_vec(lambda c: moments(slope, c), 0.4, 1.3, epsrel=1e-7)[0]
    sums, _ = integrate.quad_vec(inner, 1.6, 2.5, epsrel=1e-6)
    _, slope, intercept, slope2, intercept2 = sums / sums[0]
    return [slope, intercept, np.sqrt(slope2 - slope**2), np.sqrt(intercept2 - intercept**2)]


def amortized_guide():
    difficulty, sharpness = normal(1, (10,)), uniform(2, (10,), 0.5, 2)
    chance = expit(sharpness * (normal(5, (200,))[:, None] - difficulty))
    answers = uniform(6, (200, 10)) < chance
    rows = []
    for row in answers[:5]:

        def moments(z):
            p = expit(sharpness * (z - difficulty))
            return np.prod(np.where(row, p, 1 - p)) * stats.norm.pdf(z) * np.array([1, z, z**2])

        total, first, second = integrate.quad_vec(moments, -10, 10, epsrel=1e-10)[0]
        ability = [first / total, np.sqrt(second / total - (first / total) ** 2)]
        rows.append({"answers": "".join(str(int(a)) for a in row), "ability": [rounded(m) for m in ability]})
    return rows


def service_and_failure():
    degrees = np.array([18.2, 17.1, 19.4, 18.8])
    covariance = np.diag(np.full(4, 0.8**2)) + 100
    gain = np.full(4, 100) @ np.linalg.inv(covariance)
    return [15 + gain @ (degrees - 15), np.sqrt(100 - gain @ np.full(4, 100))]


answers = {
    "linear-regression": [rounded(v) for v in linear_regression()],
    "eight-schools": [rounded(v) for v in eight_schools()],
    "robust-regression": [rounded(v) for v in robust_regression()],
    "amortized-guide": amortized_guide(),
    "service-and-failure": [rounded(v) for v in service_and_failure()],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(answers) + "\n")
