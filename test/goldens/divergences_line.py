"""Writes divergences_line.json: KL(p ‖ q) of two logistics, soft Laplaces, asymmetric Laplaces, Student's t and
truncated normal distributions, by mpmath's quadrature with 30 digits, at arguments rounded to float32; for some of them
the derivatives in all parameters, by central differences. And entropies of inverse Gaussians.

    pip install mpmath numpy && python test/goldens/divergences_line.py
"""

import json
import pathlib

import mpmath
import numpy as np
from mpmath import mpf

mpmath.mp.dps = 30
f32 = lambda x: float(np.float32(x))
rounded = lambda **params: {k: f32(v) for k, v in params.items()}
log1pexp = lambda x: mpmath.log1p(mpmath.exp(x))


def quad(f, points, low, high):
    inner = sorted({mpf(x) for x in points if low < x < high})
    return mpmath.quad(f, [low, *inner, high])


def around(at, widths):
    return [at + sign * w for w in widths for sign in (1, -1)] + [at]


def smooth(log_density):
    """KL of two members of a location-scale family with exponential tails."""

    def kl(p, q):
        shift, ratio = (p["loc"] - q["loc"]) / q["scale"], p["scale"] / q["scale"]

        def integrand(z):
            own = log_density(z)
            return mpmath.exp(own) * (own - log_density(shift + ratio * z))

        zero = -shift / ratio
        points = around(mpf(0), (5, 20, 60)) + around(zero, [k / ratio for k in (3, 10, 40, 100)])
        return quad(integrand, points, mpf(-150), mpf(150)) - mpmath.log(ratio)

    return kl


logistic = smooth(lambda z: -abs(z) - 2 * log1pexp(-abs(z)))
soft_laplace = smooth(lambda z: mpmath.log(2 / mpmath.pi) - abs(z) - log1pexp(-2 * abs(z)))


def asymmetric_laplace(p, q):
    def sides(d):
        return d["scale"] * d["asymmetry"], d["scale"] / d["asymmetry"]

    (below, above), (other_below, other_above) = sides(p), sides(q)

    def log_density(x, loc, below, above):
        return -(abs(x - loc) / (below if x < loc else above)) - mpmath.log(below + above)

    def integrand(x):
        own = log_density(x, p["loc"], below, above)
        return mpmath.exp(own) * (own - log_density(x, q["loc"], other_below, other_above))

    low, high = p["loc"] - 100 * below, p["loc"] + 100 * above
    inner = [p["loc"] + k * (above if k > 0 else below) for k in (-30, -10, -3, 3, 10, 30)]
    return quad(integrand, [p["loc"], q["loc"], *inner], low, high)


def student(p, q):
    """Over u, where z = √df sinh u; log(1 + y²/df of q) is singular above ±`zero`."""
    n, m = p["df"], q["df"]
    shift, ratio = (p["loc"] - q["loc"]) / q["scale"], p["scale"] / q["scale"]
    root = mpmath.sqrt(n)
    fall = 90 / n
    end = fall + mpmath.log1p(mpmath.sqrt(-mpmath.expm1(-2 * fall)))
    zero = mpmath.asinh(shift / ratio / root)
    near = mpmath.sqrt(m) / (ratio * root * mpmath.cosh(zero))
    width = min(mpf(1), 1 / root)
    points = around(mpf(0), [k * width for k in (1, 3, 8, 20, 60)] + [1, 2, 3, 4, 6, 8, 12, 14, 16, 18])
    points += around(-zero, [near * 10**k for k in range(14)]) + around(mpf(0), range(10, 2000, 10))
    weight = lambda u: mpmath.cosh(u) ** -n
    far = lambda u: (m + 1) / 2 * mpmath.log1p((shift + ratio * root * mpmath.sinh(u)) ** 2 / m)
    mean = quad(lambda u: weight(u) * far(u), points, -end, end) / quad(weight, points, -end, end)
    constant = lambda df: mpmath.log(mpmath.sqrt(df) * mpmath.beta(mpf(1) / 2, df / 2))
    entropy = (n + 1) / 2 * (mpmath.digamma((n + 1) / 2) - mpmath.digamma(n / 2)) + constant(n)
    return mean + constant(m) - mpmath.log(ratio) - entropy


def truncated_normal(p, q):
    """Over the distance from p's peak, with the densities taken out at both peaks."""
    with mpmath.workdps(60):
        low, high = p.get("low", -mpmath.inf), p.get("high", mpmath.inf)
        q_low, q_high = q.get("low", -mpmath.inf), q.get("high", mpmath.inf)
        if low < q_low or high > q_high:
            return mpmath.inf

        def log_mass(d, low, high):
            a, b = (low - d["loc"]) / d["scale"], (high - d["loc"]) / d["scale"]
            if b < 0:
                a, b = -b, -a
            return mpmath.log((mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2)

        def log_density(x, d, mass):
            z = (x - d["loc"]) / d["scale"]
            return -z * z / 2 - mpmath.log(d["scale"] * mpmath.sqrt(2 * mpmath.pi)) - mass

        masses = log_mass(p, low, high), log_mass(q, q_low, q_high)
        peak = min(max(p["loc"], low), high)
        beyond = abs(peak - p["loc"]) / p["scale"]
        reach = p["scale"] * 160 / (beyond + mpmath.sqrt(beyond**2 + 160))

        def integrand(x):
            own = log_density(x, p, masses[0])
            return mpmath.exp(own) * (own - log_density(x, q, masses[1]))

        points = around(peak, [reach * k for k in (0.05, 0.2, 0.5)])
        return quad(integrand, points, max(low, peak - reach), min(high, peak + reach))


cases = []


def case(family, kl, p, q, derivatives=False):
    exact = [{k: mpf(v) for k, v in one.items()} for one in (p, q)]
    one = {"family": family, "p": p, "q": q, "kl": str(float(kl(*exact))).replace("inf", "Infinity")}
    if one["kl"] != "Infinity":
        one["kl"] = float(one["kl"])
    if derivatives:
        one["gradients"] = []
        for i in (0, 1):
            slopes = {}
            for name, v in exact[i].items():
                step = mpf(10) ** -8 * max(abs(v), mpf("1e-3"))
                moved = [[{**d, name: v + s} if j == i else d for j, d in enumerate(exact)] for s in (step, -step)]
                slopes[name] = float((kl(*moved[0]) - kl(*moved[1])) / (2 * step))
            one["gradients"].append(slopes)
    cases.append(one)


q = rounded(loc=0.25, scale=2)
for family, kl in [("Logistic", logistic), ("SoftLaplace", soft_laplace)]:
    for shift in [0, 1e-3, 0.5, -3, 20, -1e4]:
        for ratio in [1e-6, 1e-3, 0.1, 0.5, 0.999, 1, 1.001, 1.1, 2, 10, 1e3, 1e6]:
            p = rounded(loc=q["loc"] + shift * q["scale"], scale=ratio * q["scale"])
            case(family, kl, p, q, abs(shift) in (0.5, 3) and ratio in (0.1, 0.999, 1, 1.1, 10))
for p, q in [
    ((0, 1, 1.7), (0, 1, 1.7)),
    ((0, 1, 1.7), (0.5, 1.3, 0.6)),
    ((0, 1, 0.6), (-0.5, 0.8, 1.1)),
    ((1, 1e-3, 2), (1.01, 1, 0.5)),
    ((1, 1e3, 2), (1.01, 1, 0.5)),
    ((0, 1e-6, 1), (100, 1, 3)),
    ((0, 1e-30, 1), (1e-30, 2e-30, 3)),
    ((0, 1e30, 1), (-1e30, 2e30, 3)),
    ((0, 1, 20), (0.01, 1, 20)),
]:
    names = ("loc", "scale", "asymmetry")
    p, q = [rounded(**dict(zip(names, one))) for one in (p, q)]
    case("AsymmetricLaplace", asymmetric_laplace, p, q, p["scale"] == 1 and p["loc"] != q["loc"])
for n, m in [(4, 4), (0.1, 0.1), (0.1, 1e6), (1e6, 0.1), (1e6, 1e6), (2.5, 7), (30, 1)]:
    for shift, ratio in [(0, 1), (0.3, 0.8), (0, 1e-6), (0, 1e6), (1e4, 1), (-1e4, 1e6), (-30, 2), (1e-3, 1.001)]:
        p, q = rounded(df=n, loc=shift, scale=ratio), rounded(df=m, loc=0, scale=1)
        case("StudentT", student, p, q, n in (4, 2.5, 30) and ratio in (0.8, 2))
inf = None
for p, q in [
    ((0, 1, -1, 2), (0.3, 1.4, -1, 2)),
    ((0, 1, -1, 2), (0.3, 1.4, -1.5, 2.5)),
    ((0, 1, -1, 2), (0.3, 1.4, -0.5, 2)),
    ((0, 1, 30, inf), (0.5, 1.2, 30, inf)),
    ((0, 1, 1000, inf), (10, 1.5, 1000, inf)),
    ((0, 1, 1e6, inf), (10, 1.5, 1e6, inf)),
    ((0, 1, inf, -1000), (0, 2, inf, -1000)),
    ((0, 1, 40, 41), (80, 1, 40, 41)),
    ((0, 1, 40, 41), (80, 3, 39, 42)),
    ((0, 1, -1e-4, 1e-4), (0.5, 1, -1e-4, 1e-4)),
    ((0, 1, 0, inf), (0, 1, 0, inf)),
    ((3, 2, 0, inf), (1, 5, inf, inf)),
    ((0, 1, 1000, inf), (1000, 0.001, inf, inf)),
    ((0, 1, 5, inf), (0, 1, inf, inf)),
]:
    make = lambda one: {k: f32(v) for k, v in zip(("loc", "scale", "low", "high"), one) if v is not None}
    p, q = make(p), make(q)
    inner = all(p.get(end) != q.get(end) for end in ("low", "high") if end in p and end in q)
    case("TruncatedNormal", truncated_normal, p, q, inner and p.get("low", 0) < 100 and q.get("low", -9) < p["low"])
entropies = []
small_and_large = [(1, 1), (2, 0.01), (0.3, 500), (5, 1e-6), (1e-3, 1e6), (1e30, 1e-6), (1e-30, 1e30)]
# At 2λ/μ = 1 a series meets a continued fraction.
for loc, concentration in [*small_and_large, (2, 1), (2, 0.99), (2, 1.01)]:
    p = rounded(loc=loc, concentration=concentration)
    mu, lam = mpf(p["loc"]), mpf(p["concentration"])

    def entropy(mu, lam):
        t = 2 * lam / mu
        far = lambda: sum((-1) ** k * mpmath.factorial(k) / t ** (k + 1) for k in range(9))
        scaled = mpmath.exp(t) * mpmath.e1(t) if t < 1e4 else far()
        return mpmath.log(2 * mpmath.pi * mpmath.e * mu**3 / lam) / 2 - mpf(3) / 2 * scaled

    h = mpf(10) ** -9
    slopes = [
        float((entropy(mu * (1 + h), lam) - entropy(mu * (1 - h), lam)) / (2 * h * mu)),
        float((entropy(mu, lam * (1 + h)) - entropy(mu, lam * (1 - h))) / (2 * h * lam)),
    ]
    entropies.append({"params": p, "entropy": float(entropy(mu, lam)), "gradient": slopes})
golden = {"cases": cases, "inverseGaussian": entropies}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
