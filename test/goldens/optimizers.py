"""Trajectories of Optax's optimizers, and values of its schedules, in float64.

    pip install jax optax numpy
    python optimizers.py > optimizers.json

The function is Rosenbrock's in `rosenbrock` plus half a weighted sum of squares in `quadratic.w`; the starting
point, the targets and the weights are in the output.
"""
import json

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import optax

STEPS = 20
START = {"rosenbrock": [-0.5, 0.75], "quadratic": {"w": [[1.0, -2.0, 3.0], [0.5, 0.25, -1.5]]}}
TARGET = [[0.0, 1.0, 0.5], [0.5, -1.0, 2.0]]
WEIGHT = [[1.0, 10.0, 0.1], [2.0, 0.5, 4.0]]


def loss(p):
    x, y = p["rosenbrock"]
    w = p["quadratic"]["w"]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2 + 0.5 * jnp.sum(jnp.array(WEIGHT) * (w - jnp.array(TARGET)) ** 2)


def decayed(p):
    return {"rosenbrock": False, "quadratic": {"w": True}}


cosine = optax.cosine_decay_schedule(0.05, 15, alpha=0.1)
optimizers = {
    "sgd": optax.sgd(1e-3),
    "sgdCosine": optax.sgd(optax.cosine_decay_schedule(2e-3, 15, alpha=0.1)),
    "momentum": optax.sgd(1e-3, momentum=0.9),
    "nesterov": optax.sgd(1e-3, momentum=0.8, nesterov=True),
    "adam": optax.adam(0.05),
    "adamOptions": optax.adam(0.05, b1=0.5, b2=0.9, eps=1e-3),
    "adamCosine": optax.adam(cosine),
    "adamW": optax.adamw(0.05, weight_decay=0.1),
    "adamWDefault": optax.adamw(0.05),
    "adamWMask": optax.adamw(cosine, weight_decay=0.2, mask=decayed),
    "rmsprop": optax.rmsprop(0.02),
    "rmspropCentered": optax.rmsprop(0.02, decay=0.8, eps=1e-4, centered=True),
    "rmspropMomentum": optax.rmsprop(0.01, momentum=0.7),
    "rmspropNesterov": optax.rmsprop(0.01, momentum=0.7, nesterov=True),
    "adagrad": optax.adagrad(0.1),
    "adagradOptions": optax.adagrad(0.1, initial_accumulator_value=0.0, eps=1e-3),
    "clipByNorm": optax.chain(optax.clip_by_global_norm(20.0), optax.sgd(2e-3)),
    "clipByValue": optax.chain(optax.clip(5.0), optax.sgd(0.01)),
    "chain": optax.chain(
        optax.clip_by_global_norm(5.0), optax.scale_by_adam(), optax.scale_by_schedule(lambda t: -cosine(t))
    ),
}


def short(values):
    return [float(f"{float(x):.12g}") for x in values]


def trajectory(optimizer):
    params = jax.tree.map(lambda a: jnp.array(a, jnp.float64), START, is_leaf=lambda a: isinstance(a, list))
    state = optimizer.init(params)
    out = []
    for _ in range(STEPS):
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        params = optax.apply_updates(params, updates)
        out.append(short(np.concatenate([params["rosenbrock"], params["quadratic"]["w"].ravel()])))
    return out


schedules = {
    "constant": optax.constant_schedule(0.3),
    "exponential": optax.exponential_decay(0.5, 10, 0.8),
    "exponentialStaircase": optax.exponential_decay(0.5, 4, 0.7, transition_begin=3, staircase=True),
    "exponentialEnd": optax.exponential_decay(0.5, 5, 0.5, end_value=0.2),
    "exponentialGrowth": optax.exponential_decay(0.5, 5, 1.5, transition_begin=2, end_value=0.9),
    "cosine": optax.cosine_decay_schedule(0.4, 20),
    "cosineAlpha": optax.cosine_decay_schedule(0.4, 12, alpha=0.25, exponent=2.0),
    "warmupCosine": optax.warmup_cosine_decay_schedule(0.1, 0.4, 5, 25, end_value=0.04),
    "warmupConstant": optax.warmup_constant_schedule(0.0, 0.4, 8),
    "piecewiseConstant": optax.piecewise_constant_schedule(1.0, {5: 0.5, 12: 0.1}),
    "joined": optax.join_schedules(
        [optax.constant_schedule(0.2), optax.exponential_decay(0.5, 10, 0.8), optax.cosine_decay_schedule(0.1, 10)],
        [4, 15],
    ),
}
STEPS_AT = list(range(0, 31))

print(
    json.dumps(
        {
            "made_with": {"optax": optax.__version__, "jax": jax.__version__},
            "start": START,
            "target": TARGET,
            "weight": WEIGHT,
            "trajectories": {name: trajectory(o) for name, o in optimizers.items()},
            "schedules": {name: short(s(jnp.array(t)) for t in STEPS_AT) for name, s in schedules.items()},
        }
    )
)
