"""Writes flows.json: normalizing flows in float64 (NumPy) at arguments and parameters rounded to float32. The forward
maps are written as their papers have them; log-determinants are those of Jacobians by complex steps, not of formulas.

    pip install numpy && python test/goldens/flows.py
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(0)
f32 = lambda x: np.asarray(x, np.float32).astype(np.float64)
draw = lambda *shape, scale=1.0: f32(rng.normal(size=shape) * scale)
softplus = lambda a: np.log1p(np.exp(a))


def log_det(f, x):
    """log |det ∂f/∂x|, one column of the Jacobian for each complex step."""
    h = 1e-30
    columns = [f(x + 1j * h * np.eye(len(x))[i]).imag / h for i in range(len(x))]
    return np.linalg.slogdet(np.stack(columns, 1))[1]


def planar(x, u, w, b):
    u_hat = u + (softplus(w @ u) - 1 - w @ u) * w / (w @ w)
    return x + u_hat * np.tanh(w @ x + b)


def radial(x, x0, alpha, beta):
    a = softplus(alpha)
    b = softplus(beta) - a
    r = np.sqrt(np.sum((x - x0) ** 2))
    return x + b / (a + r) * (x - x0)


def scale(log_scale):
    return np.exp(5 * np.tanh(log_scale / 5))


def coupling(x, split, shift, log_scale):
    kept, rest = x[:split], x[split:]
    return np.concatenate([kept, np.tanh(kept @ shift) + rest * scale(kept @ log_scale)])


def masked_autoregressive(x, shift, log_scale):
    y = np.zeros(len(x), x.dtype)
    for i in range(len(x)):
        y[i] = np.tanh(y @ shift[:, i]) + x[i] * scale(y @ log_scale[:, i])
    return y


def inverse_autoregressive(x, shift, log_scale):
    return np.tanh(x @ shift) + x * scale(x @ log_scale)


def spline(x, widths, heights, derivatives, bound):
    """Durkan et al. (2019), equation 4, with the constants of the authors' implementation."""
    least = 1e-3
    k = len(widths)
    if not -bound <= x.real <= bound:
        return x
    share = lambda v: least + (1 - k * least) * np.exp(v) / np.sum(np.exp(v))
    x_knots = -bound + 2 * bound * np.concatenate([[0], np.cumsum(share(widths))])
    y_knots = -bound + 2 * bound * np.concatenate([[0], np.cumsum(share(heights))])
    d = np.concatenate([[1], least + softplus(derivatives + np.log(np.exp(1 - least) - 1)), [1]])
    i = min(np.searchsorted(x_knots, x.real, side="right") - 1, k - 1)
    w, h = x_knots[i + 1] - x_knots[i], y_knots[i + 1] - y_knots[i]
    s = h / w
    xi = (x - x_knots[i]) / w
    top = h * (s * xi**2 + d[i] * xi * (1 - xi))
    return y_knots[i] + top / (s + (d[i + 1] + d[i] - 2 * s) * xi * (1 - xi))


def cases(name, f, params, points):
    return {
        "name": name,
        "params": {key: np.asarray(value).tolist() for key, value in params.items()},
        "x": points.tolist(),
        "y": [f(x, **params).tolist() for x in points],
        "volume": [float(log_det(lambda x: f(x, **params), x)) for x in points],
    }


points = np.concatenate([draw(6, 3, scale=2), f32([[0, 0, 0], [40, -30, 1e3], [1e-4, 2e-4, -1e-4], [1e4, -1e4, 1e4]])])
strictly = lambda m: np.triu(m, 1)
splines = lambda x, **p: np.array([spline(xi, **p) for xi in x])

golden = [
    cases("planar", planar, {"u": draw(3), "w": draw(3), "b": 0.25}, points),
    # w·u is −6.4: what keeps the map one-to-one is at work.
    cases("planar", planar, {"u": f32([1.5, 2, -3]), "w": f32([-2.5, 0.5, 1.2]), "b": -0.5}, points),
    cases("radial", radial, {"x0": draw(3), "alpha": 0.5, "beta": 3.0}, points),
    cases("radial", radial, {"x0": draw(3), "alpha": 1.0, "beta": -4.0}, points),
    cases("coupling", coupling, {"split": 1, "shift": draw(1, 2), "log_scale": draw(1, 2)}, points),
    cases("coupling", coupling, {"split": 2, "shift": draw(2, 1), "log_scale": draw(2, 1)}, points),
    *(
        cases(f.__name__, f, {"shift": strictly(draw(3, 3)), "log_scale": strictly(draw(3, 3))}, points)
        for f in (masked_autoregressive, inverse_autoregressive)
    ),
    cases(
        "spline",
        splines,
        {"widths": draw(5), "heights": draw(5), "derivatives": draw(4), "bound": 3.0},
        f32(np.linspace(-3.2, 3.2, 14))[:, None],
    ),
    cases(
        "spline",
        splines,
        {"widths": draw(8, scale=2), "heights": draw(8, scale=2), "derivatives": draw(7, scale=2), "bound": 5.0},
        f32(np.linspace(-4.9, 4.9, 29))[:, None],
    ),
]
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
