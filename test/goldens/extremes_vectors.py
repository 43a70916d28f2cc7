"""Writes extremes_vectors.json: log-densities of families of vectors and matrices and their derivatives at extreme
parameters and values, exactly (mpmath), at arguments rounded to float32. For what a case holds see
test/distributions/extremes.test.ts.

    pip install mpmath numpy && python test/goldens/extremes_vectors.py
"""

import json
import pathlib

import mpmath
import numpy as np

mpmath.mp.dps = 120
m = mpmath.mpf
log, psi, lgamma = mpmath.log, mpmath.psi, mpmath.loggamma
random = np.random.default_rng(5)
f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)
exact = lambda x: mpmath.matrix(np.atleast_2d(x).tolist())
column = lambda x: mpmath.matrix([m(float(v)) for v in np.ravel(x)])
# What float32 cannot hold as a normal number is not asked for.
held = lambda x: float(x) if x == 0 or 1.2e-38 < abs(x) < 3.4e38 else None
cases = []


def numbers(x):
    return [held(v) for v in (list(x) if isinstance(x, mpmath.matrix) else x)]


def terms(*parts):
    """A derivative as a sum of terms, each a matrix of one shape or a list."""
    lists = [list(p) for p in parts]
    sums = [mpmath.fsum(t) for t in zip(*lists)]
    most = [max(map(abs, t)) for t in zip(*lists)]
    inside = [v is not None and float(b) < 3.4e38 for v, b in zip(numbers(sums), most)]
    return {
        "exact": [v if ok else None for v, ok in zip(numbers(sums), inside)],
        "largest": [float(b) if ok else 0 for b, ok in zip(most, inside)],
    }


def add(family, params, value, log_terms, gradients):
    log_prob = mpmath.fsum(log_terms) if log_terms is not None else None
    cases.append(
        {
            "family": family,
            "params": {k: np.asarray(v).tolist() for k, v in params.items()},
            "value": np.asarray(value).tolist(),
            "logProb": "-Infinity" if log_prob is None else float(log_prob),
            "largest": 0 if log_terms is None else float(max(map(abs, log_terms))),
            "gradients": gradients,
        }
    )


def lower(a):
    return mpmath.matrix([[a[i, j] if j <= i else 0 for j in range(a.cols)] for i in range(a.rows)])


def diagonal(values):
    return mpmath.diag(list(values))


def orthogonal(n):
    return np.linalg.qr(random.normal(size=(n, n)))[0]


def gaussian(sigma, loc, value):
    """The two terms of log p that vary, Σ⁻¹ and Σ⁻¹b."""
    n = len(loc)
    inverse = sigma**-1
    b = column(value) - column(loc)
    y = inverse * b
    half = log(mpmath.det(sigma)) / 2
    return [-(b.T * y)[0] / 2, -half, -m(n) / 2 * log(2 * mpmath.pi)], inverse, b, y


def by_factor(loc, l, value):
    L = lower(exact(l))
    log_terms, inverse, b, y = gaussian(L * L.T, loc, value)
    z = L**-1 * b
    ends = diagonal([-1 / L[i, i] for i in range(L.rows)])
    gradients = {"value": numbers(-y), "loc": numbers(y), "scaleTril": terms(lower(y * z.T), ends)}
    add("MultivariateNormal", {"loc": loc, "scaleTril": l}, value, log_terms, gradients)


def by_covariance(loc, sigma, value):
    S = exact(sigma)
    log_terms, inverse, b, y = gaussian(S, loc, value)
    gradients = {
        "value": numbers(-y),
        "loc": numbers(y),
        "covarianceMatrix": terms(y * y.T / 2, -inverse / 2),
    }
    add("MultivariateNormal", {"loc": loc, "covarianceMatrix": sigma}, value, log_terms, gradients)


def by_precision(loc, precision, value):
    P = exact(precision)
    log_terms, _, b, y = gaussian(P**-1, loc, value)
    gradients = {
        "value": numbers(-y),
        "loc": numbers(y),
        "precisionMatrix": terms(-b * b.T / 2, P**-1 / 2),
    }
    add("MultivariateNormal", {"loc": loc, "precisionMatrix": precision}, value, log_terms, gradients)


# Scales from 1e-12 to 1e12, together and one by one.
unit = np.array([[1, 0, 0], [0.7, 1.3, 0], [-0.4, 0.2, 0.8]])
for scales in [(1e-12,) * 3, (1e12,) * 3, (1e-12, 1, 1e12), (1e12, 1e-12, 1e-3)]:
    l = f32(np.diag(scales) @ unit)
    for width in [0, 1, 30]:
        loc = f32(np.array(scales) * random.normal(size=3))
        value = f32(loc + width * l @ random.normal(size=3))
        by_factor(loc, l, value)
        sigma = f32(l @ l.T)
        by_covariance(loc, sigma, value)
        correlation = unit @ unit.T
        by_precision(loc, f32(np.linalg.inv(correlation) / np.outer(scales, scales)), value)

# Condition number 1e6, in two dimensions and in eight, near the location and not.
for n in [2, 8]:
    for width in [1, 30]:
        q = orthogonal(n)
        sigma = q @ np.diag(np.logspace(0, -6, n)) @ q.T
        l = np.linalg.cholesky(sigma)
        loc = f32(random.normal(size=n))
        value = f32(loc + width * l @ random.normal(size=n))
        symmetric = lambda a: f32((a + a.T) / 2)
        by_factor(loc, f32(l), value)
        by_covariance(loc, symmetric(sigma), value)
        by_precision(loc, symmetric(np.linalg.inv(sigma)), value)

# A diagonal from 1e-20 to 1e20 of the low rank: where x is as near to its span as float32 has it, and where not.
for n, r in [(2, 1), (5, 2), (3, 3)]:
    w = f32(random.normal(size=(n, r)))
    for d in [1e-20, 1e-12, 1e-6, 1, 1e20]:
        for aside in [0, 1]:
            loc = f32(random.normal(size=n) * aside)
            d_own = f32(d * np.exp(random.normal(size=n)))
            value = f32(loc + w @ random.normal(size=r) + aside * np.sqrt(d) * random.normal(size=n))
            W, D = exact(w), diagonal(column(d_own))
            sigma = W * W.T + D
            log_terms, inverse, b, y = gaussian(sigma, loc, value)
            # y is D⁻¹(b − Wz): near the span of W it is small beside a draw's, which are of the size of D^−½.
            small = [float(1 / mpmath.sqrt(v)) if r < n else 0 for v in column(d_own)]
            gradients = {
                "value": {"exact": numbers(-y), "largest": small},
                "loc": {"exact": numbers(y), "largest": small},
                "covFactor": terms(y * (W.T * y).T, -inverse * W),
                # The diagonal of Σ⁻¹ is 1/d less a share of it.
                "covDiag": terms(
                    [v * v / 2 for v in y],
                    [-1 / D[i, i] / 2 for i in range(n)],
                    [(1 / D[i, i] - inverse[i, i]) / 2 for i in range(n)],
                ),
            }
            params = {"loc": loc, "covFactor": w, "covDiag": d_own}
            add("LowRankMultivariateNormal", params, value, log_terms, gradients)

for concentration, value in [
    ([1e-6, 1e-6, 1e-6], [1, 1e-30, 1e-20]),
    ([1e-6, 1, 1e6], [1e-30, 1e-6, 1]),
    ([1e6, 1e6, 1e6], [0.3331, 0.3334, 0.3335]),
    ([1e6, 1e-6], [1, 1e-12]),
    ([0.5, 2, 40, 1e5], [1e-30, 1e-5, 4e-4, 0.99959]),
    ([3, 1, 1], [1, 0, 0]),
    ([1, 1], [1, 0]),
    ([2.5], [1]),
    ([2, 0.5, 3], [0, 0, 1]),
    ([0.5, 1e6, 3], [0, 0, 1]),
    ([1e-6, 1.5], [1, 0]),
]:
    a, x = f32(concentration), f32(value)
    params = {"concentration": a}
    if any(v == 0 and c > 1 for v, c in zip(x, a)):
        zeros = [0.0] * len(a)
        add("Dirichlet", params, x, None, {"value": zeros, "concentration": zeros})
        continue
    A, X = column(a), column(x)
    total = mpmath.fsum(A)
    powers = [(c - 1) * log(v) if c != 1 else m(0) for c, v in zip(A, X)]
    log_terms = [lgamma(total), *[-lgamma(c) for c in A], *powers]
    slopes = terms(
        [log(v) if v > 0 else m("1e60") for v in X], [-psi(0, c) for c in A], [psi(0, total)] * len(a)
    )
    gradients = {"value": numbers([(c - 1) / v if v > 0 else m(0) for c, v in zip(A, X)]), "concentration": slopes}
    add("Dirichlet", params, x, log_terms, gradients)

for df in [1e-2, 0.5, 3, 1e4, 1e8]:
    for scale in [1e-12, 1, 1e12]:
        for n, width in [(1, 0), (2, 0.01), (2, 3), (3, 1e4), (2, 1e22)]:
            df = float(f32(df))
            l = f32(scale * (np.tril(random.normal(size=(n, n)), -1) + np.diag(np.exp(random.normal(size=n) / 2))))
            loc = f32(scale * random.normal(size=n))
            value = f32(loc + width * l @ random.normal(size=n))
            L = lower(exact(l))
            _, _, b, y = gaussian(L * L.T, loc, value)
            z, q, nu = L**-1 * b, (b.T * y)[0], m(df)
            pull = y * ((nu + n) / (nu + q))
            log_terms = [
                -(nu + n) / 2 * log(1 + q / nu),
                lgamma((nu + n) / 2),
                -lgamma(nu / 2),
                -m(n) / 2 * log(nu * mpmath.pi),
                *[-log(L[i, i]) for i in range(n)],
            ]
            # With the two log-gammas as one term: what is left of them is of the size of log ν.
            log_terms = [log_terms[0], log_terms[1] + log_terms[2], *log_terms[3:]]
            slope = [
                [-log(1 + q / nu) / 2],
                [(nu + n) * q / nu / (nu + q) / 2],
                [(psi(0, (nu + n) / 2) - psi(0, nu / 2)) / 2],
                [-n / nu / 2],
            ]
            gradients = {
                "value": numbers(-pull),
                "loc": numbers(pull),
                "scaleTril": terms(lower(pull * z.T), diagonal([-1 / L[i, i] for i in range(n)])),
                "df": terms(*slope),
            }
            add("MultivariateStudentT", {"df": df, "loc": loc, "scaleTril": l}, value, log_terms, gradients)

for scales in [(1e-12, 1e-12), (1e12, 1e12), (1e12, 1e-12), (1e-12, 1e3)]:
    a, b = f32(scales[0] * unit), f32(scales[1] * unit[:2, :2])
    loc = f32(scales[0] * scales[1] * random.normal(size=(3, 2)))
    value = f32(loc + a @ random.normal(size=(3, 2)) @ b.T * 5)
    A, B = lower(exact(a)), lower(exact(b))
    Z = A**-1 * (exact(value) - exact(loc)) * (B**-1).T
    Y = (A**-1).T * Z * B**-1
    ends = lambda l, size: diagonal([-size / l[i, i] for i in range(l.rows)])
    log_terms = [
        -mpmath.fsum([v * v for v in Z]) / 2,
        -2 * mpmath.fsum([log(A[i, i]) for i in range(3)]),
        -3 * mpmath.fsum([log(B[i, i]) for i in range(2)]),
        -3 * log(2 * mpmath.pi),
    ]
    gradients = {
        "value": numbers(-Y),
        "loc": numbers(Y),
        "scaleTrilRow": terms(lower((A**-1).T * Z * Z.T), ends(A, 2)),
        "scaleTrilColumn": terms(lower((B**-1).T * Z.T * Z), ends(B, 3)),
    }
    params = {"loc": loc, "scaleTrilRow": a, "scaleTrilColumn": b}
    add("MatrixNormal", params, value, log_terms, gradients)

for n, nu in [(1, 1e-2), (1, 1e6), (2, 1.01), (3, 2.5), (3, 1e3), (3, 1e6), (8, 1e6)]:
    for scale in [1e-12, 1, 1e12]:
        nu = float(f32(nu))
        v = f32(scale * (np.tril(random.normal(size=(n, n)), -1) + np.diag(np.exp(random.normal(size=n) / 2))))
        roots = np.sqrt(random.chisquare(nu - np.arange(n)))
        a = np.tril(random.normal(size=(n, n)), -1) + np.diag(np.maximum(roots, 1e-6))
        value = f32(v @ a)
        V, X, N = lower(exact(v)), lower(exact(value)), m(nu)
        A = V**-1 * X
        inverse = V**-1
        log_terms = [-mpmath.fsum([e * e for e in A]) / 2, -m(n * (n - 1)) / 4 * log(2 * mpmath.pi)]
        for i in range(n):
            k = N - i
            log_terms += [(k - 1) * log(A[i, i]), -(k / 2 - 1) * log(2), -lgamma(k / 2), -(i + 1) * log(V[i, i])]
        halves = [log(A[i, i]) - log(2) / 2 - psi(0, (N - i) / 2) / 2 for i in range(n)]
        inside = diagonal([(N - i - 1) / X[i, i] for i in range(n)])
        toward = terms(inside, -inverse.T * inverse * X)
        # What is above the diagonal cannot move.
        for i in range(n):
            for j in range(i + 1, n):
                toward["exact"][i * n + j] = None
        gradients = {
            "value": toward,
            "scaleTril": terms(lower(inverse.T * A * A.T), diagonal([-N / V[i, i] for i in range(n)])),
            "concentration": {
                "exact": [float(mpmath.fsum(halves))],
                "largest": [float(max(abs(log(A[i, i])) + abs(psi(0, (N - i) / 2)) for i in range(n)))],
            },
        }
        add("WishartCholesky", {"concentration": nu, "scaleTril": v}, value, log_terms, gradients)

for d in [2, 5, 20]:
    for eta in [1e-2, 1, 50, 1e4]:
        for weak in [1, 1e-3] if d < 20 else [1]:
            eta = float(f32(eta))
            l = np.eye(d)
            for k in range(1, d):
                u = random.normal(size=k)
                # Both ends of the ball: the rest of a row's length as small as 1e-10, the row itself as short as 1e-3.
                rest = 10.0 ** random.uniform(-10, 0) if eta < 1 else np.sqrt(random.beta(eta + (d - k - 1) / 2, k / 2))
                length = np.sqrt(max(1 - rest**2, 0)) if weak == 1 or eta < 1 else weak
                l[k, :k] = u / np.linalg.norm(u) * length
                l[k, k] = rest if weak == 1 or eta < 1 else np.sqrt(1 - weak**2)
            l = f32(l)
            E = m(eta)
            left = [E + m(d - 1 - k) / 2 for k in range(1, d)]
            log_terms, slope = [], []
            for k in range(1, d):
                a, b = left[k - 1], m(k) / 2
                log_terms += [(2 * a - 2) * log(m(float(l[k, k])))]
                log_terms += [lgamma(a + b) - lgamma(a), -b * log(mpmath.pi)]
                slope += [2 * log(m(float(l[k, k]))), psi(0, a + b) - psi(0, a)]
            gradients = {
                "value": numbers(
                    [(2 * left[i - 1] - 2) / m(float(l[i, i])) if i == j and i > 0 else m(0) for i in range(d) for j in range(d)]
                ),
                "concentration": terms(*[[s] for s in slope]),
            }
            add("LKJCholesky", {"dimension": d, "concentration": eta}, l, log_terms, gradients)

text = json.dumps(cases, separators=(",", ":"))
pathlib.Path(__file__).with_name("extremes_vectors.json").write_text(text + "\n")
print(len(cases), "cases", len(text) // 1000, "kB")
