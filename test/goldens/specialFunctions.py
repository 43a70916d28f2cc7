"""Writes specialFunctions.json: each special function and its derivatives at float32 arguments, to high precision.

    pip install mpmath python-flint numpy scipy && python test/goldens/specialFunctions.py

mpmath at 60 digits, and ball arithmetic (Arb, by python-flint) for the incomplete functions, whose precision is raised
until the ball is small; their derivatives in the shapes are central differences with a step of 2^-110 at 512 bits or
more, and, where the shape is large, integrals. Arguments are written as the shortest decimals that float32 reads back.
"""

import json
import pathlib

import mpmath as mp
import numpy as np
from flint import acb, arb, ctx
from scipy import special

mp.mp.dps = 60
LARGEST = 3.4028234e38


def near(x, steps=1):
    """The float32 numbers about x, the nearest first."""
    middle = np.float32(x)
    below = above = middle
    out = [middle]
    for _ in range(steps):
        below = np.nextafter(below, np.float32(-np.inf))
        above = np.nextafter(above, np.float32(np.inf))
        out += [below, above]
    return out


# fmt: off
sizes = [1e-45, 1e-39, 1e-30, 1e-20, 1e-10, 1e-5, 1e-3, 0.01, 0.1, 0.3, 0.46875, 0.5, 0.7, 1, 1.2, 1.5, 2, 2.5, 3, 4,
         5, 6, 7.99, 8, 9.5, 10, 12.3, 13.9, 15.99, 16.01, 20, 30, 49.9, 50.1, 70, 88.5, 100, 103, 1e3, 12345.678, 1e6, 1e10,
         1e19, 1e30, LARGEST]
# fmt: on
signed = [s * v for v in sizes for s in (1, -1)]
fractions = [-0.25, -0.75, -1.5, -2.2, -3.3, -5.5, -10.1, -20.75, -33.3, -100.5, -1000.25, -65536.5, -1e6 + 0.25]
units = [1e-45, 1e-39, 1e-30, 1e-20, 1e-10, 1e-5, 1e-3, 0.02, 0.074, 0.0751, 0.2, 0.4, 0.499, 0.501, 0.7, 0.9251, 0.99]
units += [1 - 2.0**-k for k in (8, 12, 18, 23, 24)]

# Zeros, to both sides, and poles, to both sides.
lgamma_at = [v for z in (1, 2, -2.4570247382208, -2.7476826467274, -3.1435808883499, -4.0392618) for v in near(z, 2)]
poles = [v for z in (-1, -2, -7, -40, -1000) for v in near(z)[1:]]
digamma_at = [v for z in (1.4616321449683623, -0.504083008264455, -1.573498473162390) for v in near(z, 2)]


def i0e(x):
    return mp.exp(-abs(x)) * mp.besseli(0, x)


def i1e(x):
    return mp.exp(-abs(x)) * mp.besseli(1, x)


def ratio(x):
    return i1e(x) / i0e(x)


def phi(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def hazard(x):
    return phi(x) / ndtr(x)


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def erfcx_slope(x):
    return 2 * x * erfcx(x) - 2 / mp.sqrt(mp.pi)


def erfinv(x):
    if abs(x) < 0.5:
        return mp.erfinv(x)
    tail = 1 - abs(x)
    start = mp.sqrt(-mp.log(tail)) if tail < 0.1 else mp.mpf(0.7)
    return mp.sign(x) * mp.findroot(lambda y: mp.log(mp.erfc(y)) - mp.log(tail), start)


def ndtri(p):
    tail = min(p, 1 - p)
    if tail > 0.2:
        return mp.sqrt(2) * mp.erfinv(2 * p - 1)
    start = mp.sqrt(-2 * mp.log(tail))
    return mp.sign(p - 0.5) * mp.findroot(lambda y: mp.log(ndtr(-y)) - mp.log(tail), start)


def polygamma(n):
    return lambda x: mp.polygamma(n, x)


def large_digits(f, digits):
    """f in more digits, for sums of which little is left."""

    def g(x):
        with mp.workdps(digits):
            return f(x)

    return g


gamma_points = sizes + fractions
moderate = [v for v in signed if abs(v) <= 2e4]
pairs = [(a, b) for a in (1e-30, 1e-6, 0.3, 1, 1.5, 7.9, 8.1, 100, 1e4, 1e6, 1e8, 1e20) for b in (1e-30, 1e-6, 0.5, 2.5, 9, 3e3, 1e6)]
pairs += [(a, 1.0) for a in near(1, 2)] + [(0.5, 0.5), (1e-4, 3), (2, 1e38), (1e-38, 1e-38)]

unary = {
    "lgamma": (lambda x: mp.re(mp.loggamma(x)), gamma_points + lgamma_at + poles),
    "digamma": (mp.digamma, gamma_points + digamma_at + poles),
    "trigamma": (polygamma(1), gamma_points + poles),
    "polygamma 2": (polygamma(2), gamma_points + poles),
    "polygamma 3": (polygamma(3), gamma_points + poles),
    "polygamma 10": (polygamma(10), gamma_points),
    "polygamma 100": (polygamma(100), [0.5, 1, 1.9, 3, 10.5, 20, 50, 60, 61, 100, 200, 300, 1000, -2.5]),
    "erf": (mp.erf, signed),
    "erfSlope": (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), moderate),
    "erfc": (mp.erfc, signed + near(10, 2)),
    "erfcx": (erfcx, [v for v in signed if -10 < v]),
    "erfcxSlope": (large_digits(erfcx_slope, 200), [v for v in signed if -10 < v < 1e20]),
    "erfcxCurve": (large_digits(lambda x: 2 * erfcx(x) + 2 * x * erfcx_slope(x), 200), [v for v in signed if -9 < v < 1e20]),
    "erfinv": (erfinv, units + [-v for v in units]),
    "erfinvSlope": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(erfinv(x) ** 2), units + [-v for v in units]),
    "ndtr": (ndtr, signed),
    "normalDensity": (phi, moderate),
    "logNdtr": (lambda x: mp.log(ndtr(x)), [v for v in signed if v > -1e7] + [-37, -38, -0.99999]),
    "normalHazard": (hazard, [v for v in signed if v > -1e7]),
    "normalHazardSlope": (large_digits(lambda x: -hazard(x) * (x + hazard(x)), 200), [v for v in signed if v > -1e7]),
    "ndtri": (ndtri, units),
    "ndtriSlope": (lambda p: 1 / phi(ndtri(p)), units),
    "i0e": (i0e, signed),
    "i1e": (i1e, signed),
    "i0eSlope": (large_digits(lambda x: i1e(x) - mp.sign(x) * i0e(x), 150), signed),
    "i1eSlope": (large_digits(lambda x: i0e(x) - i1e(x) / x - mp.sign(x) * i1e(x), 150), signed + near(1.5450765, 2)),
    "logI0e": (lambda x: mp.log(i0e(x)), signed),
    "besselRatio": (ratio, signed),
    "besselRatioRest": (large_digits(lambda x: ratio(x) - mp.sign(x), 150), signed),
    "besselRatioSlope": (large_digits(lambda x: 1 - ratio(x) / x - ratio(x) ** 2, 250), signed),
    "log1mexp": (lambda x: mp.log(-mp.expm1(-x)), [v for v in sizes if v < 1e6] + near(0.6931472)),
    "log1mexpSlope": (lambda x: 1 / mp.expm1(x), [v for v in sizes if v < 1e6]),
    "expm1": (mp.expm1, moderate),
    "log1p": (mp.log1p, [v for v in signed if v > -1] + [-0.9999999]),
}

binary = {
    "lbeta": (lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b), pairs),
    "lbetaSlope": (lambda a, b: mp.digamma(a) - mp.digamma(a + b), pairs),
    "lbetaCurve": (lambda a, b: mp.polygamma(1, a) - mp.polygamma(1, a + b), pairs),
    "logMinusDigamma": (lambda a, x: mp.log(x) - mp.digamma(a), [(a, a * r) for a in (1e-6, 0.3, 5, 1e3, 1e6) for r in (1e-3, 0.99, 1, 3)]),
}


def certain(f, precision=128, most=6000):
    """The middle of f's ball, at the first precision at which its radius is below 2^-60 of it, or all of it below 1e-80."""
    while precision <= most:
        ctx.prec = precision
        try:
            ball = f()
        except (ValueError, ZeroDivisionError):
            ball = arb("nan")
        if ball.is_finite() and (ball.rel_accuracy_bits() > 60 or abs(ball) < arb(10) ** -80):
            return float(ball.mid())
        precision *= 2
    return None


def slope(f, at):
    def difference():
        step = arb(at) * arb(2) ** -110
        return (f(at + step) - f(at - step)) / (2 * step)

    return certain(difference, 512)


def gamma_log_density(a, x):
    return (arb(a) - 1) * arb(x).log() - arb(x) - arb(a).lgamma()


def gamma_tails(a, x):
    """P, Q, and dP/da by integrals of the density relative to its value at x, where a is large."""
    ctx.prec = 200
    A, X, psi = arb(a), arb(x), arb(a).digamma()
    reach = 45 * a**0.5 + 500
    low, high = (x, x + reach) if x > a else (max(x - reach, 1e-3 * x), x)
    weight = lambda t: ((A - 1) * (t / X).log() - (t - X)).exp()
    tail = acb.integral(lambda t, _: weight(t), acb(low), acb(high)).real
    moment = acb.integral(lambda t, _: weight(t) * (t.log() - psi), acb(low), acb(high)).real
    density = gamma_log_density(a, x).exp()
    tail, moment = tail * density, moment * density
    assert tail.rel_accuracy_bits() > 60 and moment.rel_accuracy_bits() > 60
    return (1 - tail, tail, -moment) if x > a else (tail, 1 - tail, moment)


def gamma_row(a, x):
    density = certain(lambda: gamma_log_density(a, x).exp())
    if a > 2000:
        p, q, shape = map(lambda ball: float(ball.mid()), gamma_tails(a, x))
    else:
        A, X = arb(a), arb(x)
        p = certain(lambda: X.gamma_lower(A, regularized=1))
        q = certain(lambda: X.gamma_upper(A, regularized=1))
        if x < a:
            shape = slope(lambda t: X.gamma_lower(t, regularized=1), A)
        else:
            shape = slope(lambda t: -X.gamma_upper(t, regularized=1), A)
    return {"gammainc": p, "gammaincc": q, "gammaincShape": shape, "gammaDensity": density}


def beta_row(a, b, x):
    A, B, X = arb(a), arb(b), arb(x)
    lower = x < a / (a + b)
    tail = lambda s, t: X.beta_lower(s, t, regularized=1) if lower else -(1 - X).beta_lower(t, s, regularized=1)
    log_density = lambda: (A - 1) * X.log() + (B - 1) * (1 - X).log() - A.lgamma() - B.lgamma() + (A + B).lgamma()
    return {
        "betainc": certain(lambda: X.beta_lower(A, B, regularized=1)),
        "betaincc": certain(lambda: (1 - X).beta_lower(B, A, regularized=1)),
        "betaincA": slope(lambda t: tail(t, B), A),
        "betaincB": slope(lambda t: tail(A, t), B),
        "betaDensity": certain(lambda: log_density().exp()),
    }


def gamma_points_of(a):
    spread = [a + z * a**0.5 for z in (-6, -2, -0.3, 0, 0.3, 2, 6)]
    scaled = [a * r for r in (0.01, 0.1, 0.69, 0.71, 1.29, 1.31, 3, 10)] if a < 2000 else []
    fixed = [1e-30, 1e-6, 0.1, 1, 1.99, 2.01, 10] if a < 100 else []
    return [x for x in spread + scaled + fixed if x > 1e-37]


def beta_points_of(a, b):
    mean = a / (a + b)
    sd = (mean * (b / (a + b)) / (a + b + 1)) ** 0.5
    fixed = [1e-30, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999999] if min(a, b) < 50 and max(a, b) < 1e4 else []
    return [x for x in [mean + z * sd for z in (-6, -2, -0.5, 0, 0.5, 2, 6)] + fixed if 0 < np.float32(x) < 1]


gamma_shapes = [1e-6, 1e-3, 0.1, 0.5, 1, 1.5, 3, 7.9, 8.1, 29.9, 30.1, 100, 1e3, 1e4, 1e6]
# fmt: off
beta_shapes = [(1e-6, 1e-6), (1e-6, 1), (1, 1e-6), (1e-3, 0.5), (0.5, 0.5), (0.5, 1e-3), (1, 1), (2, 3), (0.1, 20), (20, 0.1),
               (7.9, 8.1), (8, 8), (30, 50), (0.5, 100), (100, 0.5), (1e3, 1e3), (1e4, 2e4), (1e6, 1e6), (0.5, 5e7),
               (5e7, 0.5), (1e6, 10), (10, 1e6), (1e6, 1e-3), (50, 1e10),
               (1e9, 3), (2000, 1.5e8)]
# fmt: on


def ball(f):
    """f's ball of 100 bits or more, and no longer than that."""
    precision = 200
    while True:
        ctx.prec = precision
        try:
            value = f()
            if value.is_finite() and value.rel_accuracy_bits() > 100:
                return value.mid()
        except (ValueError, ZeroDivisionError):
            pass
        precision *= 2
        assert precision < 20000


def root(start, tail, density, target):
    """The y with tail(y) = target by Newton's method on the logarithm, which climbs to it (see concaveRoot.ts)."""
    y = arb(start)
    for _ in range(200):
        value = ball(lambda: tail(y))
        step = ((value / target).log() * value / ball(lambda: density(y))).mid()
        ctx.prec = 200
        y = (y - step).mid()
        if abs(step) < arb(2) ** -70 * (1 + abs(y)):
            return y
    raise ArithmeticError("no root")


def gamma_inverse_row(a, p, upper):
    """The quantile of P = p, or of Q = p, and its derivatives."""
    A = arb(a)
    ctx.prec = 200
    target = 1 - arb(p) if upper else arb(p)
    density = lambda x: ball(lambda: gamma_log_density(a, x).exp())
    x = arb(float((special.gammainccinv if upper else special.gammaincinv)(a, p)))
    if a > 50:
        for _ in range(3):
            low, high, shape = gamma_tails(a, x)
            gap = low - target if x < a else (1 - target) - high
            x = (x - gap / density(x)).mid()
        shape = gamma_tails(a, x)[2].mid()
    else:
        # In log x, from (log p + log Γ(a + 1))/a, below the root.
        start = (target.log() + (A + 1).lgamma()) / A
        if start < -200:
            return {}
        y = root(
            start.mid(),
            lambda y: y.exp().gamma_lower(A, regularized=1),
            lambda y: gamma_log_density(a, y.exp()).exp() * y.exp(),
            target,
        )
        x = y.exp().mid()
        shape = slope(lambda t: x.gamma_lower(t, regularized=1), A)
    name = "gammainccinv" if upper else "gammaincinv"
    return {
        name: x,
        f"{name}Slope": (-1 if upper else 1) / density(x),
        f"{name}Shape": -shape / density(x),
    }


def beta_inverse_row(a, b, p):
    """In log x/(1 − x), from (log p + log a + log B)/a, below the root."""
    A, B, P = arb(a), arb(b), arb(p)
    log_beta = lambda s, t: s.lgamma() + t.lgamma() - (s + t).lgamma()
    sigma = lambda u: 1 / (1 + (-u).exp())
    powers = lambda u: (A * sigma(u).log() + B * sigma(-u).log() - log_beta(A, B)).exp()
    ctx.prec = 200
    least = (P.log() + A.log() + log_beta(A, B)) / A
    near = float(special.betaincinv(a, b, p))
    start = max(float(least), float(np.log(near / (1 - near)))) if 0 < near < 1 else float(least)
    # From there on x is 1 in float32, with derivatives of next to nothing.
    end = lambda: sigma(arb(17)).beta_lower(A, B, regularized=1)
    if start < -200 or (not near < 0.9999 and ball(end) < P):
        return {}
    try:
        u = root(start, lambda u: sigma(u).beta_lower(A, B, regularized=1), powers, P)
    except (ArithmeticError, AssertionError):
        print("no root:", a, b, p)
        return {}
    x = ball(lambda: sigma(u))
    density = ball(lambda: powers(u) / sigma(u) / sigma(-u))
    row = beta_row(a, b, x)
    return {
        "betaincinv": x,
        "betaincinvSlope": 1 / density,
        "betaincinvA": -row["betaincA"] / density,
        "betaincinvB": -row["betaincB"] / density,
    }


def write(value):
    """A number of JSON: ten digits are a thousandth of float32's rounding."""
    value = float(value)
    return float(f"{value:.10g}") if np.isfinite(value) else str(value).replace("inf", "Infinity")


def shortest(x):
    return float(str(np.float32(x)))


def exactly(x):
    return float(np.float32(x))


golden = {}
for name, (f, points) in unary.items():
    points = list(dict.fromkeys(float(np.float32(x)) for x in points))
    golden[name] = [[shortest(x), write(f(mp.mpf(x)))] for x in points]
for name, (f, points) in binary.items():
    rows = []
    for point in points:
        a, b = map(exactly, point)
        with mp.workdps(150):
            rows.append([shortest(a), shortest(b), write(f(mp.mpf(a), mp.mpf(b)))])
    golden[name] = rows


def add(args, row):
    for name, value in row.items():
        if value is None:
            print("not certain:", name, *args)
        elif value == 0 or abs(value) > 1e-44:
            golden.setdefault(name, []).append([*map(shortest, args), write(value)])


for shape in map(exactly, gamma_shapes):
    for x in map(exactly, gamma_points_of(shape)):
        add((shape, x), gamma_row(shape, x))
for shapes in beta_shapes:
    a, b = map(exactly, shapes)
    for x in map(exactly, beta_points_of(a, b)):
        add((a, b, x), beta_row(a, b, x))

probabilities = [1e-30, 1e-7, 1e-3, 0.2, 0.499, 0.5, 0.501, 0.9, 0.9999, 1 - 2.0**-24]
for shape in map(exactly, gamma_shapes):
    for p in map(exactly, probabilities):
        add((shape, p), gamma_inverse_row(shape, p, False))
        add((shape, p), gamma_inverse_row(shape, p, True))
for shapes in beta_shapes:
    a, b = map(exactly, shapes)
    if max(a, b) <= 1e6:
        for p in map(exactly, probabilities):
            add((a, b, p), beta_inverse_row(a, b, p))

pathlib.Path(__file__).with_suffix(".json").write_text(
    "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "\n}\n"
)
