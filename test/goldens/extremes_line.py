"""Writes extremes_line.json: log-densities and their derivatives at extreme scales and far out, exactly (mpmath), for
the families of the real line, the positive numbers and intervals, at arguments rounded to float32.

A family is a list of the terms of its log-density. A term's derivatives are central differences with 160 digits.

    pip install mpmath numpy && python test/goldens/extremes_line.py
"""

import json
import pathlib

import mpmath
import numpy as np

mpmath.mp.dps = 160
m = mpmath.mpf
log = mpmath.log
f32 = lambda x: float(np.float32(x))
# What float32 cannot hold as a normal number is not asked for.
held = lambda x: float(x) if x == 0 or 1.2e-38 < abs(x) < 3.4e38 else None
half_log_2pi = log(2 * mpmath.pi) / 2
cases = []


def case(family, params, value, terms, unit, sizes=lambda p, x: [], fixed=(), rounded_once=False):
    """
    `terms(p, x)` sum to log p(x); `unit` is a length on which they vary. `sizes` are numbers besides the terms whose
    rounding cannot be avoided. `fixed` parameters have no derivative. What is rounded once has no largest term.
    """
    params = {k: v if k in fixed else f32(v) for k, v in params.items()}
    value = f32(value)
    exact = {k: m(v) for k, v in params.items()}
    x = m(value)
    all_terms = terms(exact, x)
    total = sum(all_terms)
    largest = abs(total) if rounded_once else max(map(abs, [*all_terms, *sizes(exact, x)]))
    one = {"family": family, "params": params, "value": value, "logProb": float(total), "largest": float(largest)}

    def slope(move, at):
        length = min(abs(at), m(unit)) if at != 0 else m(unit)
        step = m(10) ** -45 * length
        pairs = zip(terms(*move(at + step)), terms(*move(at - step)))
        parts = [(a - b) / (2 * step) for a, b in pairs]
        size = max(map(abs, parts))
        exact_slope = sum(parts)
        # A derivative that vanishes next to its terms, or to 1e-80 of the length's inverse, is 0 but for the difference.
        is_zero = abs(exact_slope) * length < m("1e-80") or abs(exact_slope) < m("1e-60") * size
        known = 0.0 if is_zero else held(exact_slope)
        if rounded_once:
            return [known]
        return {"exact": [known if held(size) is not None else None], "largest": [float(min(size, m("3e38")))]}

    one["gradients"] = {"value": slope(lambda t: (exact, t), x)}
    for name in params:
        if name not in fixed:
            one["gradients"][name] = slope(lambda t: ({**exact, name: t}, x), exact[name])
    cases.append(one)


def outside(family, params, value):
    params = {k: f32(v) for k, v in params.items()}
    cases.append(
        {"family": family, "params": params, "value": f32(value), "logProb": "-Infinity", "largest": 0, "gradients": {}}
    )


scales = [1e-30, 1e-12, 1, 1e12, 1e30]
z_of = lambda p, x: (x - p["loc"]) / p["scale"]
log1pexp = lambda x: mpmath.log1p(mpmath.exp(x))
normal = lambda p, x: [-z_of(p, x) ** 2 / 2, -log(p["scale"]), -half_log_2pi]
laplace = lambda p, x: [-abs(z_of(p, x)), -log(2), -log(p["scale"])]
logistic = lambda p, x: [-abs(z_of(p, x)), -2 * log1pexp(-abs(z_of(p, x))), -log(p["scale"])]
gumbel = lambda p, x: [-z_of(p, x), -mpmath.exp(-z_of(p, x)), -log(p["scale"])]
soft_laplace = lambda p, x: [
    log(2 / mpmath.pi),
    -abs(z_of(p, x)),
    -log1pexp(-2 * abs(z_of(p, x))),
    -log(p["scale"]),
]
cauchy = lambda p, x: [log(p["scale"]), -log(mpmath.pi), -log(p["scale"] ** 2 + (x - p["loc"]) ** 2)]
for scale in scales:
    for z in [-1e4, -30, -1, 1e-3, 2, 1e4]:
        for loc in [0, 5]:
            params, x = {"loc": loc * scale, "scale": scale}, (loc + z) * scale
            case("Normal", params, x, normal, scale)
            case("Laplace", params, x, laplace, scale)
            case("Logistic", params, x, logistic, scale)
            case("SoftLaplace", params, x, soft_laplace, scale)
            asymmetric = {**params, "asymmetry": 1e3 if z > 5 else 0.5}
            case(
                "AsymmetricLaplace",
                asymmetric,
                x,
                lambda p, x: [
                    -abs(x - p["loc"]) / (p["scale"] * p["asymmetry"] if x < p["loc"] else p["scale"] / p["asymmetry"]),
                    -log(p["scale"]),
                    -log(p["asymmetry"] + 1 / p["asymmetry"]),
                ],
                scale,
            )
            if scale < 1e30 or abs(z) < 1e4:
                case("Cauchy", params, x, cauchy, scale)
    for z in [-80, -30, -1, 1e-3, 2, 1e4]:
        # e⁻ᶻ grows by as much as z is rounded.
        sizes = lambda p, x: [z_of(p, x) * mpmath.exp(-z_of(p, x))]
        case("Gumbel", {"loc": 0, "scale": scale}, z * scale, gumbel, scale, sizes)
    for z in [1e-6, 0.3, 1, 30, 1e4]:
        x = z * scale
        half = lambda p, x: [-((x / p["scale"]) ** 2) / 2, -log(p["scale"]), log(2) - half_log_2pi]
        case("HalfNormal", {"scale": scale}, x, half, scale)
        half_cauchy = lambda p, x: [log(2 * p["scale"]), -log(mpmath.pi), -log(p["scale"] ** 2 + x**2)]
        case("HalfCauchy", {"scale": scale}, x, half_cauchy, scale)
        case("Exponential", {"rate": 1 / scale}, x, lambda p, x: [log(p["rate"]), -p["rate"] * x], scale)
        for k in [0.01, 0.7, 1, 8]:
            power = lambda p, x: (x / p["scale"]) ** p["concentration"]

            def weibull(p, x):
                k = p["concentration"]
                return [log(k), -log(p["scale"]), (k - 1) * log(x / p["scale"]), -power(p, x)]

            # A power grows by as much as its exponent is rounded.
            sizes = lambda p, x: [power(p, x) * p["concentration"] * log(x / p["scale"])]
            if z**k < 1e30:
                case("Weibull", {"scale": scale, "concentration": k}, x, weibull, scale, sizes)
        for mean in [1e-3, 1, 1e3]:
            inverse_gaussian = lambda p, x: [
                log(p["concentration"] / (2 * mpmath.pi)) / 2,
                -3 * log(x) / 2,
                -p["concentration"] * (x - p["loc"]) ** 2 / (2 * p["loc"] ** 2 * x),
            ]
            params = {"loc": scale, "concentration": mean * scale}
            case("InverseGaussian", params, x, inverse_gaussian, scale, rounded_once=True)
    pareto = lambda p, x: [log(p["alpha"]), -log(x), -p["alpha"] * log(x / p["scale"])]
    for ratio in [1 + 2**-22, 1.5, 1e6]:
        for alpha in [1e-4, 3, 1e4]:
            x = f32(scale) * ratio
            case("Pareto", {"scale": scale, "alpha": alpha}, x, pareto, scale)
    outside("Pareto", {"scale": scale, "alpha": 3}, f32(scale) * (1 - 2**-23))
    uniform = lambda p, x: [-log(p["high"] - p["low"])]
    for low, high in [(-1, 1), (3, 5), (0, 1)]:
        params = {"low": low * scale, "high": high * scale}
        for share in [0.1, 0.75]:
            case("Uniform", params, (low + share * (high - low)) * scale, uniform, scale)
        outside("Uniform", params, (high + 1e-6 * abs(high)) * scale)
    steps = [0.1, 1, 1e3]
    value = np.float32(np.cumsum(steps) * scale).astype(float).tolist()
    places = [m(0), *map(m, value)]
    s = m(f32(scale))
    gaps = [(b - a) / s for a, b in zip(places, places[1:])]
    squares = sum(g * g for g in gaps)
    terms = [-squares / 2, -3 * log(s), -3 * half_log_2pi]
    slopes = [(gaps[i + 1] if i < 2 else 0) - gaps[i] for i in range(3)]
    cases.append(
        {
            "family": "GaussianRandomWalk",
            "params": {"scale": f32(scale), "numSteps": 3},
            "value": value,
            "logProb": float(sum(terms)),
            "largest": float(max(map(abs, terms))),
            "gradients": {
                "value": {"exact": [held(g / s) for g in slopes], "largest": [float(g / s) for g in gaps]},
                "scale": {"exact": [held((squares - 3) / s)], "largest": [float(max(squares, 3) / s)]},
            },
        }
    )

for low, high in [(1e-30, 1e30), (1e-30, 2e-30), (1e30, 1.001e30), (0.5, 1e30)]:
    log_uniform = lambda p, x: [-log(x), -log(log(p["high"] / p["low"]))]
    for share in [0.01, 0.5, 0.99]:
        # The least of the two lengths is the lower end.
        case("LogUniform", {"low": low, "high": high}, low * (high / low) ** share, log_uniform, low)
    outside("LogUniform", {"low": low, "high": high}, low * (1 - 1e-6))
    outside("LogUniform", {"low": low, "high": high}, high * (1 + 1e-6))

# The logarithm of x is a float32 before loc is taken from it.
log_z = lambda p, t: (t - p["loc"]) / p["scale"]
log_sizes = lambda t: lambda p, x: [t(x) / p["scale"] * log_z(p, t(x)), t(x) / p["scale"]]
log_normal = lambda p, x: [-log_z(p, log(x)) ** 2 / 2, -log(p["scale"]), -half_log_2pi, -log(x)]
for loc, scale, zs in [(0, 1e-30, [0]), (0, 1e-3, [-30, 1, 1e4]), (3, 0.5, [-100, -1, 0.01, 30]), (-60, 1, [-9, 0.1, 90]), (0, 1e30, [1e-29, -1e-29])]:
    for z in zs:
        x = float(mpmath.exp(loc + z * scale))
        case("LogNormal", {"loc": loc, "scale": scale}, x, log_normal, scale, log_sizes(log))
logit = lambda x: log(x / (1 - x))
logit_normal = lambda p, x: [
    -log_z(p, logit(x)) ** 2 / 2,
    -log(p["scale"]),
    -half_log_2pi,
    -log(x),
    -log(1 - x),
]
for loc, scale in [(0, 1), (5, 0.1), (-60, 2), (0, 1e30)]:
    for x in [1e-30, 1e-6, 0.4, 0.75, 1 - 2**-20]:
        case("LogitNormal", {"loc": loc, "scale": scale}, x, logit_normal, scale, log_sizes(logit))


def truncated_normal(p, x):
    low, high = p.get("low", -mpmath.inf), p.get("high", mpmath.inf)
    a, b = (low - p["loc"]) / p["scale"], (high - p["loc"]) / p["scale"]
    if b < 0:
        a, b = -b, -a
    with mpmath.workdps(250):
        mass = (mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2
        return [-z_of(p, x) ** 2 / 2 - log(p["scale"]) - half_log_2pi - log(mass)]


for scale in scales:
    for low, high, at in [
        (-1, 2, [-1 + 2**-20, 0.5, 1.75]),
        (0, None, [1e-6, 1, 30, 1e4]),
        (20, 21, [20.001, 20.5]),
        (1000, None, [1000.001, 1000.01]),
        (None, -1000, [-1000.001, -1000.01]),
        (None, 5, [-1e4, 0]),
        (300, 300.5, [300.25]),
    ]:
        params = {"loc": 0, "scale": scale}
        if low is not None:
            params["low"] = low * scale
        if high is not None:
            params["high"] = high * scale
        for z in at:
            case("TruncatedNormal", params, z * scale, truncated_normal, scale, rounded_once=True)

pathlib.Path(__file__).with_name("extremes_line.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
