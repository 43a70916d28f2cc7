"""Writes hiddenMarkov.json: EM (Baum-Welch) of a hidden Markov model with Normal emissions, and what it is asked, in float64.

    pip install numpy hmmlearn && python test/goldens/hiddenMarkov.py

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


def filtered(p, x, mask):
    """p(z_t | x_0 .. x_t) [T, K] of one sequence, up to its last observation."""
    length = int(np.nonzero(mask)[0].max()) + 1
    ahead, found = p["initial"], []
    for t in range(length):
        density = np.exp(-0.5 * ((x[t] - p["loc"]) / p["scale"]) ** 2) / p["scale"] if mask[t] else 1.0
        now = ahead * density
        found.append(now / now.sum())
        ahead = found[-1] @ p["transition"]
    return np.array(found)


def best(p, x, mask):
    """The likeliest path and its log-probability, by logarithms; of ties, the least last state."""
    length = int(np.nonzero(mask)[0].max()) + 1
    density = -0.5 * ((x[:length, None] - p["loc"]) / p["scale"]) ** 2 - np.log(p["scale"] * np.sqrt(2 * np.pi))
    density = np.where(mask[:length, None] == 1, density, 0.0)
    weight, back = np.log(p["initial"]) + density[0], []
    for t in range(1, length):
        terms = weight[:, None] + np.log(p["transition"])
        back.append(terms.argmax(0))
        weight = terms.max(0) + density[t]
    path = [int(weight.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return path[::-1], weight.max()


def check_with_hmmlearn(p, sequences, masks, evidences, paths):
    """The same by hmmlearn, where it is installed, on the sequences without gaps."""
    try:
        from hmmlearn.hmm import GaussianHMM
    except ImportError:
        print("no hmmlearn: not compared")
        return
    model = GaussianHMM(n_components=STATES, covariance_type="diag")
    model.startprob_, model.transmat_ = p["initial"], p["transition"]
    model.means_, model.covars_ = p["loc"][:, None], (p["scale"] ** 2)[:, None]
    for row, present, evidence, (path, weight) in zip(sequences, masks, evidences, paths):
        length = int(present.sum())
        if not present[:length].all():
            continue
        values = row[:length, None]
        assert np.isclose(model.score(values), evidence, rtol=1e-10)
        decoded, states = model.decode(values)
        assert np.isclose(decoded, weight, rtol=1e-10) and list(states) == path
        gamma = forward_backward(p, row, present)[1]
        assert np.allclose(model.predict_proba(values), gamma, atol=1e-9)
    print("agrees with hmmlearn")


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

evidences = [forward_backward(start, row, present)[0] for row, present in zip(x, mask)]
paths = [best(start, row, present) for row, present in zip(x, mask)]
check_with_hmmlearn(start, x, mask, evidences, paths)

listed = lambda tree: {name: value.tolist() for name, value in tree.items()}
golden = {
    "x": x.tolist(),
    "mask": mask.astype(int).tolist(),
    "start": listed(start),
    "smoothed": [np.round(gamma, 9).tolist() for gamma in smoothed],
    "evidences": evidences,
    "filtered": [np.round(filtered(start, row, present), 9).tolist() for row, present in zip(x, mask)],
    "paths": [path for path, _ in paths],
    "pathWeights": [weight for _, weight in paths],
    "history": history,
    "params": listed(params),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
