/**
 * Models whose posterior and evidence are known, and those in float64 without the library. Each stands in a plate of
 * copies with the same data: draws from the copies are independent, and the evidence is that of one copy, as many times.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Beta,
  Binomial,
  Categorical,
  Gamma,
  MultivariateNormal,
  markov,
  Normal,
  observe,
  Poisson,
  param,
  plate,
  Support,
  sample,
} from "../../src/index.ts"
import { normal, sum } from "../effects/numbers.ts"
import { mean } from "./gaussian.ts"

export type Program = (_: unknown) => Effect.Effect<unknown, never, unknown>

/** Draws of every latent site, whatever dimensions they have on the left. */
export type Draws = Readonly<Record<string, tf.Tensor>>

export interface World {
  readonly isDiscrete: boolean
  readonly model: (copies: number) => Program
  /** A guide of the posterior's own family, with parameters that all copies share. */
  readonly guide: (copies: number) => Program
  /** log p(x) of one copy. */
  readonly evidence: number
  /** Functions of the latent sites, and their mean and variance under the posterior. */
  readonly answers: ReadonlyArray<{
    readonly name: string
    readonly of: (draws: Draws) => tf.Tensor
    readonly mean: number
    readonly variance: number
  }>
  /**
   * How far below the evidence the best mean-field and multivariate guides are, normal in unconstrained coordinates: known,
   * where the posterior is normal; elsewhere the most that it may be.
   */
  readonly gap?: { readonly meanField: Gap; readonly joint: Gap }
}

/** A gap, to within a tolerance. */
export interface Gap {
  readonly nats: number
  readonly within: number
}

const none: Gap = { nats: 0, within: 0.01 }

const inCopies = (copies: number, program: Effect.Effect<unknown, never, unknown>, dim = -1): Program => {
  const around = plate("copies", { size: copies, dim })
  return () => around(program) as Effect.Effect<unknown, never, unknown>
}
const positive = { support: Support.positive }

/** log Γ of a whole number. */
const logGamma = (n: number): number => (n <= 2 ? 0 : Math.log(n - 1) + logGamma(n - 1))
const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b)
const logSumExp = (terms: ReadonlyArray<number>): number => {
  const most = Math.max(...terms)
  return most + Math.log(sum(terms.map((t) => Math.exp(t - most))))
}
const softmax = (logits: ReadonlyArray<number>) => logits.map((l) => Math.exp(l - logSumExp(logits)))

/** mu ~ N(0, 2²), x_n ~ N(mu, 1.5²). */
const conjugateNormal = (): World => {
  const x = [1.2, -0.4, 2.5]
  const { loc, scale } = mean.posterior(x)
  return {
    isDiscrete: false,
    model: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: mean.prior }))
          const data = tf.tile(tf.tensor2d([x]), [copies, 1])
          yield* plate("rows", { size: 3, dim: -1 })(
            observe("x", Normal({ loc: mu, scale: mean.noise }), data),
          )
        }),
        -2,
      ),
    guide: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          yield* sample(
            "mu",
            Normal({ loc: yield* param("loc", 0), scale: yield* param("scale", 1, positive) }),
          )
        }),
        -2,
      ),
    evidence: mean.evidence(x),
    answers: [{ name: "mu", of: ({ mu }) => mu!, mean: loc, variance: scale ** 2 }],
    gap: { meanField: none, joint: none },
  }
}

/** p ~ Beta(2, 3), 7 of 10. */
const betaBinomial = (): World => ({
  isDiscrete: false,
  model: (copies) =>
    inCopies(
      copies,
      Effect.gen(function* () {
        const p = yield* sample("p", Beta({ concentration1: 2, concentration0: 3 }))
        yield* observe("k", Binomial({ totalCount: 10, probs: p }), tf.fill([copies], 7))
      }),
    ),
  guide: (copies) =>
    inCopies(
      copies,
      Effect.gen(function* () {
        const concentration1 = yield* param("a", 4, positive)
        yield* sample("p", Beta({ concentration1, concentration0: yield* param("b", 4, positive) }))
      }),
    ),
  evidence: logGamma(11) - logGamma(8) - logGamma(4) + logBeta(9, 6) - logBeta(2, 3),
  answers: [{ name: "p", of: ({ p }) => p!, mean: 9 / 15, variance: 54 / (225 * 16) }],
  // The logit of a Beta(9, 6) is near a normal.
  gap: { meanField: { nats: 0.003, within: 0.007 }, joint: { nats: 0.003, within: 0.007 } },
})

/** rate ~ Gamma(3, 2), counts 2, 4 and 1. */
const gammaPoisson = (): World => {
  const counts = [2, 4, 1]
  const total = sum(counts)
  return {
    isDiscrete: false,
    model: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          const rate = yield* sample("rate", Gamma({ concentration: 3, rate: 2 }))
          const data = tf.tile(tf.tensor2d([counts]), [copies, 1])
          yield* plate("rows", { size: 3, dim: -1 })(observe("n", Poisson({ rate }), data))
        }),
        -2,
      ),
    guide: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          const concentration = yield* param("a", 5, positive)
          yield* sample("rate", Gamma({ concentration, rate: yield* param("b", 3, positive) }))
        }),
        -2,
      ),
    evidence:
      3 * Math.log(2) -
      logGamma(3) +
      logGamma(3 + total) -
      (3 + total) * Math.log(2 + 3) -
      sum(counts.map((n) => logGamma(n + 1))),
    answers: [{ name: "rate", of: ({ rate }) => rate!, mean: 10 / 5, variance: 10 / 25 }],
    // The logarithm of a Gamma(10) is near a normal.
    gap: { meanField: { nats: 0.008, within: 0.008 }, joint: { nats: 0.008, within: 0.008 } },
  }
}

/** z ~ N(0, I) in the plane, x ~ N(W z + b, 0.5² I) in three dimensions. */
const linearGaussian = (): World => {
  const w = [
    [1, 0.8],
    [0.4, 1],
    [-0.3, 0.6],
  ] as const
  const [b, x, noise] = [[0.1, -0.2, 0.3], [1.4, 0.9, -0.2], 0.25]
  const residual = x.map((v, i) => v - b[i]!)
  // Λ = I + WᵀW / σ², of which the posterior's covariance is the inverse.
  const gram = (i: 0 | 1, j: 0 | 1) => (i === j ? 1 : 0) + sum(w.map((row) => row[i] * row[j])) / noise
  const [p, q, r] = [gram(0, 0), gram(0, 1), gram(1, 1)]
  const det = p * r - q * q
  const h = ([0, 1] as const).map((i) => sum(w.map((row, d) => row[i] * residual[d]!)) / noise)
  const [u, v] = [(r * h[0]! - q * h[1]!) / det, (p * h[1]! - q * h[0]!) / det]
  // log p(x) = log p(x, z) − log p(z | x) at the posterior's mean.
  const atMean =
    normal(u, 0, 1) +
    normal(v, 0, 1) +
    sum(residual.map((e, d) => normal(e, w[d]![0] * u + w[d]![1] * v, Math.sqrt(noise))))
  const part = (k: number) => (draws: Draws) => tf.gather(draws.z!, k, draws.z!.rank - 1)
  return {
    isDiscrete: false,
    model: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          const z = yield* sample("z", Normal.standard([2]))
          const loc = tf.add(tf.matMul(z, tf.tensor2d(w.map((row) => [...row])), false, true), b)
          const data = tf.tile(tf.tensor2d([x]), [copies, 1])
          yield* observe("x", Normal({ loc, scale: Math.sqrt(noise) }).toEvent(1), data)
        }),
      ),
    guide: (copies) =>
      inCopies(
        copies,
        Effect.gen(function* () {
          const loc = yield* param("loc", [0, 0])
          const scaleTril = yield* param("tril", () => tf.eye(2), { support: Support.lowerCholesky })
          yield* sample("z", MultivariateNormal({ loc, scaleTril }))
        }),
      ),
    evidence: atMean + Math.log(2 * Math.PI) - 0.5 * Math.log(det),
    answers: [
      { name: "z₀", of: part(0), mean: u, variance: r / det },
      { name: "z₁", of: part(1), mean: v, variance: p / det },
      {
        name: "z₀ + z₁",
        of: (draws) => tf.sum(draws.z!, -1),
        mean: u + v,
        variance: (p + r - 2 * q) / det,
      },
    ],
    // The best independent normals have the precision's diagonal: KL = ½ log(Λ₁₁ Λ₂₂ / |Λ|).
    gap: { meanField: { nats: 0.5 * Math.log((p * r) / det), within: 0.01 }, joint: none },
  }
}

const pick = (table: ReadonlyArray<number>, z: tf.Tensor) =>
  tf.gather(tf.tensor1d([...table]), tf.cast(z, "int32"))

/** Indicators' means and variances. */
const chance = (name: string, of: (draws: Draws) => tf.Tensor, p: number) => ({
  name,
  of: (draws: Draws) => tf.cast(of(draws), "float32"),
  mean: p,
  variance: p * (1 - p),
})

/** z_n ~ Categorical(0.2, 0.5, 0.3), x_n ~ N(center_z, 1), for three rows. */
const finiteMixture = (): World => {
  const [weights, centers, x] = [
    [0.2, 0.5, 0.3],
    [0, 2, -1],
    [0.5, -1, 1.3],
  ]
  const joint = x.map((v) => weights.map((w, k) => Math.log(w) + normal(v, centers[k]!, 1)))
  const both = (copies: number, body: Effect.Effect<unknown, never, unknown>) =>
    inCopies(copies, plate("rows", { size: 3, dim: -1 })(body) as Effect.Effect<unknown, never, unknown>, -2)
  return {
    isDiscrete: true,
    model: (copies) =>
      both(
        copies,
        Effect.gen(function* () {
          const z = yield* sample("z", Categorical({ probs: weights }))
          yield* observe(
            "x",
            Normal({ loc: pick(centers, z), scale: 1 }),
            tf.tile(tf.tensor2d([x]), [copies, 1]),
          )
        }),
      ),
    guide: (copies) =>
      both(
        copies,
        Effect.gen(function* () {
          yield* sample("z", Categorical({ logits: yield* param("logits", () => tf.zeros([3, 3])) }))
        }),
      ),
    evidence: sum(joint.map(logSumExp)),
    answers: joint.flatMap((row, n) =>
      softmax(row).map((p, k) =>
        chance(`z_${n} = ${k}`, ({ z }) => tf.equal(tf.gather(z!, n, z!.rank - 1), k), p),
      ),
    ),
  }
}

/** Five steps of a chain of two states, each seen through a normal. */
const hiddenMarkov = (): World => {
  const [initial, x, centers] = [
    [0.6, 0.4],
    [-0.8, 0.3, 1.4, 0.2, -1.1],
    [-1, 1],
  ]
  const transition = [
    [0.8, 0.2],
    [0.3, 0.7],
  ]
  const emitted = x.map((v) => centers.map((c) => normal(v, c, 1)))
  const forward: Array<ReadonlyArray<number>> = []
  const backward: Array<ReadonlyArray<number>> = []
  const states = [0, 1]
  x.forEach((_, t) => {
    forward.push(
      states.map((k) => {
        const before =
          t === 0
            ? Math.log(initial[k]!)
            : logSumExp(states.map((j) => forward[t - 1]![j]! + Math.log(transition[j]![k]!)))
        return before + emitted[t]![k]!
      }),
    )
  })
  for (let t = x.length - 1; t >= 0; t--) {
    const after = backward[0]
    backward.unshift(
      states.map((j) =>
        after === undefined
          ? 0
          : logSumExp(states.map((k) => Math.log(transition[j]![k]!) + emitted[t + 1]![k]! + after[k]!)),
      ),
    )
  }
  const evidence = logSumExp(forward.at(-1)!)
  const first: tf.Tensor | undefined = undefined
  return {
    isDiscrete: true,
    model: (copies) =>
      inCopies(
        copies,
        markov(x, first as tf.Tensor | undefined, (before, v, t) =>
          Effect.gen(function* () {
            const probs =
              before === undefined ? initial : tf.gather(tf.tensor2d(transition), tf.cast(before, "int32"))
            const z = yield* sample(`z/${t}`, Categorical({ probs }))
            yield* observe(`x/${t}`, Normal({ loc: pick(centers, z), scale: 1 }), tf.fill([copies], v))
            return z as tf.Tensor | undefined
          }),
        ),
      ),
    // The posterior of a chain is a chain.
    guide: (copies) =>
      inCopies(
        copies,
        markov(x, first as tf.Tensor | undefined, (before, _, t) =>
          Effect.gen(function* () {
            const logits = yield* param(`logits/${t}`, () => tf.zeros(t === 0 ? [2] : [2, 2]))
            const given = before === undefined ? logits : tf.gather(logits, tf.cast(before, "int32"))
            return (yield* sample(`z/${t}`, Categorical({ logits: given }))) as tf.Tensor | undefined
          }),
        ),
      ),
    evidence,
    answers: x.map((_, t) =>
      chance(
        `z_${t} = 1`,
        (draws) => tf.equal(draws[`z/${t}`]!, 1),
        Math.exp(forward[t]![1]! + backward[t]![1]! - evidence),
      ),
    ),
  }
}

export const worlds = {
  "conjugate normal": conjugateNormal(),
  "beta-binomial": betaBinomial(),
  "gamma-Poisson": gammaPoisson(),
  "linear-Gaussian": linearGaussian(),
  "finite mixture": finiteMixture(),
  "hidden Markov": hiddenMarkov(),
} satisfies Readonly<Record<string, World>>
