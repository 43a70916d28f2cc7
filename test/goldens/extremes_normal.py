"""Writes extremes_normal.json: log-densities of the normal and their derivatives at extreme scales, exactly (mpmath), at
arguments rounded to float32.

    pip install mpmath numpy && python test/goldens/extremes_normal.py
"""

import json
import pathlib

import mpmath
import numpy as np

mpmath.mp.dps = 60
m = mpmath.mpf
f32 = lambda x: float(np.float32(x))
# What float32 cannot hold as a normal number is not asked for.
held = lambda x: float(x) if x == 0 or 1.2e-38 < abs(x) < 3.4e38 else None

cases = []
for scale in [1e-30, 1e-12, 1, 1e12, 1e30]:
    for z in [-30, -1, 0.001, 2, 1e4]:
        s, x = f32(scale), f32(z * scale)
        S, X = m(s), m(x)
        Z = X / S
        terms = [-Z * Z / 2, -mpmath.log(S), -mpmath.log(2 * mpmath.pi) / 2]
        cases.append(
            {
                "family": "Normal",
                "params": {"loc": 0, "scale": s},
                "value": x,
                "logProb": float(sum(terms)),
                "largest": float(max(map(abs, terms))),
                "gradients": {
                    "value": [held(-Z / S)],
                    "loc": [held(Z / S)],
                    "scale": {"exact": [held((Z * Z - 1) / S)], "largest": [float(max(Z * Z, 1) / S)]},
                },
            }
        )

pathlib.Path(__file__).with_name("extremes_normal.json").write_text(json.dumps(cases, indent=1) + "\n")
