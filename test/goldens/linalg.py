"""Writes linalg.json: what test/tensor/linalg compares with.

- `illConditioned`: symmetric float32 matrices with their condition number, Cholesky factor, inverse, log-determinant
  and a solution, in 50 digits (mpmath) at the float32 elements, rounded to float64.
- `large`: the last row of the factor and the log-determinant of the 64 × 64 matrix float32(1 / (1 + |i − j|)).
- `batch`: a batch [2, 3] of 4 × 4 matrices at float32-rounded elements, in float64: factors, solutions, inverses and
  log-determinants by NumPy and SciPy; by JAX in float64 the gradient of Σ w·f and the product of the Hessian of that
  with a direction.

    pip install numpy scipy mpmath jax && python test/goldens/linalg.py
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import scipy.linalg

jax.config.update("jax_enable_x64", True)
mp.mp.dps = 50


def rounded(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def lists(x):
    return np.asarray(x, dtype=np.float64).tolist()


def from_mp(m):
    return [[float(m[i, j]) for j in range(m.cols)] for i in range(m.rows)]


def exact(name, a):
    a = rounded(a)
    n = len(a)
    assert (a == a.T).all()
    m = mp.matrix(a.tolist())
    l = mp.cholesky(m)
    inverse = m**-1
    b = mp.matrix([mp.mpf(1) / (i + 1) if i % 2 else -1 for i in range(n)])
    b = mp.matrix(rounded([float(v) for v in b]).tolist())
    return {
        "name": name,
        "condition": float(np.linalg.cond(a)),
        "a": lists(a),
        "factor": from_mp(l),
        "inverse": from_mp(inverse),
        "logDet": float(2 * sum(mp.log(l[i, i]) for i in range(n))),
        "b": [float(v) for v in b],
        "solution": [float(v) for v in mp.lu_solve(m, b)],
    }


def hilbert(n):
    return [[1 / (i + j + 1) for j in range(n)] for i in range(n)]


def squared_exponential(n, ridge):
    return [[np.exp(-((i - j) ** 2) / 18) + ridge * (i == j) for j in range(n)] for i in range(n)]


ill_conditioned = [
    *(exact(f"Hilbert {n}", hilbert(n)) for n in range(2, 7)),
    exact("Hilbert 10 + 1e-6", np.array(hilbert(10)) + 1e-6 * np.eye(10)),
    exact("squared-exponential 12 + 1e-5", squared_exponential(12, 1e-5)),
    exact("tiny Hilbert 4", 1e-30 * np.array(hilbert(4))),
    exact("huge Hilbert 4", 1e30 * np.array(hilbert(4))),
    exact("mixed scales", np.diag([1e-8, 1e8, 1, 1e-4]) + 1e-9 * np.ones((4, 4))),
]

n = 64
large = mp.matrix([[float(np.float32(1 / (1 + abs(i - j)))) for j in range(n)] for i in range(n)])
factor = mp.cholesky(large)

rng = np.random.default_rng(7)
x = rng.normal(size=(2, 3, 4, 4))
a = rounded(x @ np.swapaxes(x, -1, -2) + np.eye(4))
a = rounded((a + np.swapaxes(a, -1, -2)) / 2)
b = rounded(rng.normal(size=(2, 3, 4, 2)))
t = rounded(rng.normal(size=(2, 3, 4, 4)) + 3 * np.eye(4))
w = rounded(rng.normal(size=(2, 3, 4, 4)))
u = rounded(rng.normal(size=(2, 3, 4, 2)))
direction = rounded(rng.normal(size=(2, 3, 4, 4)))


def each(f, *batches):
    flat = [f(*members) for members in zip(*(v.reshape(-1, *v.shape[2:]) for v in batches))]
    return lists(np.array(flat).reshape(2, 3, *np.shape(flat[0])))


def derivatives(f, weights, at, along):
    """The gradient of Σ weights · f, and the Hessian of that times `along`."""
    gradient = jax.grad(lambda z: jnp.sum(weights * f(z)))
    return {"gradient": lists(gradient(at)), "along": lists(jax.jvp(gradient, (at,), (along,))[1])}


def solve(lower, transpose):
    return lambda z: jax.scipy.linalg.solve_triangular(z, b, lower=lower, trans=1 if transpose else 0)


def cholesky_solve(z):
    l = jnp.tril(z)
    return jnp.linalg.solve(l @ jnp.swapaxes(l, -1, -2), b)


def cholesky_inverse(z):
    l = jnp.tril(z)
    return jnp.linalg.inv(l @ jnp.swapaxes(l, -1, -2))


cases = {f"{'lower' if lo else 'upper'}{', transposed' if tr else ''}": (lo, tr) for lo in (True, False) for tr in (False, True)}

batch = {
    "a": lists(a),
    "b": lists(b),
    "t": lists(t),
    "w": lists(w),
    "u": lists(u),
    "direction": lists(direction),
    "cholesky": lists(np.linalg.cholesky(a)),
    "inverse": lists(np.linalg.inv(a)),
    "logDet": lists(np.linalg.slogdet(a)[1]),
    "solution": each(lambda ai, bi: scipy.linalg.cho_solve(scipy.linalg.cho_factor(ai, lower=True), bi), a, b),
    "triangular": {
        name: each(lambda ti, bi: scipy.linalg.solve_triangular(ti, bi, lower=lo, trans=1 if tr else 0), t, b)
        for name, (lo, tr) in cases.items()
    },
    "derivatives": {
        "cholesky": derivatives(jnp.linalg.cholesky, w, a, direction),
        "logDet": derivatives(lambda z: jnp.linalg.slogdet((z + jnp.swapaxes(z, -1, -2)) / 2)[1], 1.0, a, direction),
        "choleskySolve": derivatives(cholesky_solve, u, t, direction),
        "choleskyInverse": derivatives(cholesky_inverse, w, t, direction),
        **{f"triangularSolve {name}": derivatives(solve(*c), u, t, direction) for name, c in cases.items()},
    },
    "packed": lists(a[..., np.tril_indices(4)[0], np.tril_indices(4)[1]]),
    "packedWithoutDiagonal": lists(a[..., np.tril_indices(4, -1)[0], np.tril_indices(4, -1)[1]]),
}

golden = {
    "illConditioned": ill_conditioned,
    "large": {
        "lastRow": [float(factor[n - 1, j]) for j in range(n)],
        "logDet": float(2 * sum(mp.log(factor[i, i]) for i in range(n))),
    },
    "batch": batch,
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
