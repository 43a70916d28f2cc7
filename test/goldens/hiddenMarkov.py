"""Writes hiddenMarkov.json: EM (Baum-Welch) of a hidden Markov model with Normal emissions, in float64.

    pip install numpy && python test/goldens/hiddenMarkov.py

Sequences of different lengths, one of them with a gap; scaled forward-backward, one sequence at a time.
"""

import json
import pathlib

import numpy as np

STATES, STEPS, ITERATIONS = 3, 100, 15
rng = np.random.default_rng(7)

transition = np.array([[0.9, 0.07, 0.03], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])
loc, scale = np.array([-2.0, 0.5, 3.0]), np.array([0.7, 1.0, 0.6])
lengths = [100, 60, 7, 1]

sequences, masks = [], []
for length in lengths:
    z = rng.integers(STATES)
    x, mask = np.zeros(STEPS), np.zeros(STEPS)
    for t in range(length):
        z = rng.choice(STATES, p=transition[z]) if t else z
        x[t] = rng.normal(loc[z], scale[z])
        mask[t] = 1
    sequences.append(np.round(x, 3).astype(np.float32).astype(float))
    masks.append(mask)
x, mask = np.array(sequences), np.array(masks)
mask[1, 20:25] = 0

start = {
    "initial": np.array([0.5, 0.25, 0.25]),
    "transition": np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.125, 0.25, 0.625]]),
    "loc": np.array([-1.0, 0.0, 1.0]),
    "scale": np.array([1.0, 1.5, 1.0]),
}


def forward_backward(p, x, mask):
    """log p(x), γ [T, K] and ξ [T - 1, K, K] of one sequence, which ends with its last observation."""
    length = int(np.nonzero(mask)[0].max()) + 1
    density = np.exp(-0.5 * ((x[:length, None] - p["loc"]) / p["scale"]) ** 2) / (p["scale"] * np.sqrt(2 * np.pi))
    density = np.where(mask[:length, None] == 1, density, 1.0)
    alpha, norm = np.zeros((length, STATES)), np.zeros(length)
    beta = np.ones((length, STATES))
    for t in range(length):
        ahead = alpha[t - 1] @ p["transition"] if t else p["initial"]
        alpha[t] = ahead * density[t]
        norm[t] = alpha[t].sum()
        alpha[t] /= norm[t]
    for t in reversed(range(length - 1)):
        beta[t] = p["transition"] @ (density[t + 1] * beta[t + 1]) / norm[t + 1]
    xi = [
        alpha[t][:, None] * p["transition"] * (density[t + 1] * beta[t + 1])[None] / norm[t + 1]
        for t in range(length - 1)
    ]
    return np.log(norm).sum(), alpha * beta, np.array(xi).reshape(-1, STATES, STATES)


def iterate(p):
    total, first, pairs = 0.0, np.zeros(STATES), np.zeros((STATES, STATES))
    weights, values, states = [], [], []
    for row, present in zip(x, mask):
        evidence, gamma, xi = forward_backward(p, row, present)
        total += evidence
        first += gamma[0]
        pairs += xi.sum(0)
        states.append(gamma)
        seen = np.nonzero(present)[0]
        weights.append(gamma[seen])
        values.append(row[seen])
    w, v = np.concatenate(weights), np.concatenate(values)
    mean = (w * v[:, None]).sum(0) / w.sum(0)
    variance = (w * (v[:, None] - mean) ** 2).sum(0) / w.sum(0)
    better = {
        "initial": first / first.sum(),
        "transition": pairs / pairs.sum(1, keepdims=True),
        "loc": mean,
        "scale": np.sqrt(variance),
    }
    return total, states, better


params, history = start, []
for i in range(ITERATIONS):
    evidence, states, params_next = iterate(params)
    if i == 0:
        smoothed = states
    history.append(evidence)
    params = params_next

listed = lambda tree: {name: value.tolist() for name, value in tree.items()}
golden = {
    "x": x.tolist(),
    "mask": mask.astype(int).tolist(),
    "start": listed(start),
    "smoothed": [np.round(gamma, 9).tolist() for gamma in smoothed],
    "history": history,
    "params": listed(params),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
