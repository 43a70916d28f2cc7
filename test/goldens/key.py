"""Writes key.json: what JAX itself answers for keys and draws, in its default configuration
(32-bit types, jax_threefry_partitionable on). float32 values are stored as their 32-bit patterns, so that the
comparison is of bits.

`exact` repeats one draw of normals and Gumbels from JAX's own uniforms in 30-digit arithmetic, rounded once.

    pip install jax mpmath && python test/goldens/key.py
"""

import json
import pathlib

import jax
import mpmath as mp
import numpy as np

assert jax.config.jax_threefry_partitionable and not jax.config.jax_enable_x64

words = lambda a: np.asarray(a, dtype=np.uint32).ravel().tolist()
patterns = lambda a: np.asarray(a, dtype=np.float32).ravel().view(np.uint32).tolist()
data = lambda key: words(jax.random.key_data(key))

SEEDS = [0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1, -1, -(2**31), 2**32 + 5, 1731000000000, -(2**40) - 3]
SHAPES = [[], [0], [1], [2], [3], [7], [2, 3], [3, 1, 5], [1000]]
RANGES = [(-2.5, 7.3), (1e-3, 2e-3), (5.0, 5.0), (-1.0, 1.0)]
NAMES = ["", "z", "abc", "abcd", "decoder/weights", "σ²", "日本語", "\U0001f600"]


def fold_in_name(key, name):
    raw = name.encode("utf-8")
    key = jax.random.fold_in(key, np.uint32(len(raw)))
    for i in range(0, len(raw), 4):
        key = jax.random.fold_in(key, np.uint32(int.from_bytes(raw[i : i + 4], "little")))
    return key


def draws(seed, shape):
    key = jax.random.key(seed)
    return {
        "seed": seed,
        "shape": shape,
        "bits": words(jax.random.bits(key, tuple(shape), "uint32")),
        "uniform": patterns(jax.random.uniform(key, tuple(shape))),
        "normal": patterns(jax.random.normal(key, tuple(shape))),
        "gumbel": patterns(jax.random.gumbel(key, tuple(shape))),
    }


def exact(seed, n):
    mp.mp.dps = 30
    key = jax.random.key(seed)
    below = np.nextafter(np.float32(-1), np.float32(0))
    tiny = np.finfo(np.float32).tiny
    signed = np.asarray(jax.random.uniform(key, (n,), minval=below, maxval=1.0), np.float64)
    positive = np.asarray(jax.random.uniform(key, (n,), minval=tiny, maxval=1.0), np.float64)
    return {
        "seed": seed,
        "shape": [n],
        "normal": patterns([float(mp.sqrt(2) * mp.erfinv(mp.mpf(u))) for u in signed]),
        "gumbel": patterns([float(-mp.log(-mp.log(mp.mpf(u)))) for u in positive]),
    }


golden = {
    "jax": jax.__version__,
    "key": [{"seed": s, "key": data(jax.random.key(s))} for s in SEEDS],
    "split": [
        {"seed": s, "n": n, "keys": data(jax.random.split(jax.random.key(s), n))}
        for s in [0, 42, -1]
        for n in [1, 2, 3, 5]
    ],
    "foldIn": [
        {"seed": s, "data": d, "key": data(jax.random.fold_in(jax.random.key(s), np.uint32(d)))}
        for s in [0, 42]
        for d in [0, 1, 7, 2**31, 2**32 - 1]
    ],
    "foldInName": [{"name": n, "key": data(fold_in_name(jax.random.key(42), n))} for n in NAMES],
    "draws": [draws(42, s) for s in SHAPES] + [draws(s, [3]) for s in SEEDS],
    "exact": exact(3, 1000),
    "range": [
        {
            "min": lo,
            "max": hi,
            "uniform": patterns(jax.random.uniform(jax.random.key(7), (100,), minval=lo, maxval=hi)),
        }
        for lo, hi in RANGES
    ],
}

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
