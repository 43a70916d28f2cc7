/**
 * Kernels of cumulative distributions of counts: Poisson by the incomplete gamma function, binomial and negative
 * binomial by the incomplete beta function; in float64, rounded once. Their derivatives are masses: with p the chance
 * of a count and s its logit, ∂P(X ≤ k)/∂s = −(n − k) p · mass(k) of n trials, and −(c + k) p · mass(k) before c
 * failures (DLMF 8.17.20 and 8.17.21 give the neighbors).
 */
import * as tf from "@tensorflow/tfjs-core"
import { betaincA } from "../../special/scalar/betaSlope.ts"
import { betainc, betaincc } from "../../special/scalar/incompleteBeta.ts"
import { gammaincc } from "../../special/scalar/incompleteGamma.ts"
import { elementwiseLoop } from "../elementwise.ts"
import type { LoopKernel } from "../loop.ts"
import { type ChanceBy, chanceBy } from "./chance.ts"
import { type ChanceAttrs, poissonMass } from "./masses.ts"
import { binomialLogMass, type Chance } from "./saddle.ts"

/** P(X ≤ x) = Q(⌊x⌋ + 1, rate); inputs x and the rate. */
export const poissonCdf: LoopKernel<object> = elementwiseLoop(
  "GuidepostPoissonCdf",
  ["x", "rate"],
  () => (x, rate) => (x < 0 ? 0 : x === Number.POSITIVE_INFINITY ? 1 : gammaincc(Math.floor(x) + 1, rate)),
)

/** The derivative in the rate is minus the mass at ⌊x⌋. */
export const poissonCdfGradient: tf.GradConfig = {
  kernelName: poissonCdf.name,
  inputsToSave: ["x", "rate"],
  gradFunc: (dy, saved) => {
    const [x, rate] = saved as [tf.Tensor, tf.Tensor]
    const mass = () => {
      const count = tf.relu(tf.floor(x))
      const at = tf.exp(tf.engine().runKernel(poissonMass.name, { x: count, rate }) as tf.Tensor)
      return tf.where(tf.less(x, 0), 0, tf.neg(at))
    }
    return { x: () => tf.zerosLike(x), rate: () => tf.mul(dy as tf.Tensor, mass()) }
  },
}

/** Inputs x, the number of trials n, and the chance by `probs` or `logits`: 1 − I_p(k + 1, n − k), k = ⌊x⌋. */
export const binomialCdf: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostBinomialCdf",
  ["x", "n", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, n, chance) => {
      if (x < 0) return 0
      if (x >= n) return 1
      const k = Math.floor(x)
      return tail(ofChance(chance, 1), n - k, k + 1)
    }
  },
)

/** The derivative in the chance. */
export const binomialCdfSlope: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostBinomialCdfSlope",
  ["x", "n", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, n, chance) => {
      if (x < 0 || x >= n) return 0
      const k = Math.floor(x)
      const given = ofChance(chance, 1)
      const mass = (n - k) * Math.exp(binomialLogMass(k, n - k, given))
      return mass === 0 ? 0 : -mass * shareOf(given, chance, by)
    }
  },
)

export const binomialCdfGradient: tf.GradConfig = {
  kernelName: binomialCdf.name,
  inputsToSave: ["x", "n", "chance"],
  gradFunc: (dy, saved, attrs) => {
    const [x, n, chance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const slope = () => tf.engine().runKernel(binomialCdfSlope.name, { x, n, chance }, attrs) as tf.Tensor
    return {
      x: () => tf.zerosLike(x),
      n: () => tf.zerosLike(n),
      chance: () => tf.mul(dy as tf.Tensor, slope()),
    }
  },
}

/** Inputs x, the concentration c, and the chance by any of its parametrizations: I_q(c, k + 1), k = ⌊x⌋. */
export const negativeBinomialCdf: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostNegativeBinomialCdf",
  ["x", "c", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, c, chance) => {
      if (x < 0) return 0
      return x === Number.POSITIVE_INFINITY ? 1 : tail(ofChance(chance, c), c, Math.floor(x) + 1)
    }
  },
)

/** The derivative in c, where `inC`, or in the chance. */
export const negativeBinomialCdfSlope: LoopKernel<ChanceAttrs & { readonly inC: boolean }> = elementwiseLoop(
  "GuidepostNegativeBinomialCdfSlope",
  ["x", "c", "chance"],
  ({ by, inC }) => {
    const ofChance = chanceBy[by]
    return (x, c, chance) => {
      if (!(x >= 0 && x < Number.POSITIVE_INFINITY)) return 0
      const k = Math.floor(x)
      const given = ofChance(chance, c)
      // (c + k) times the mass C(k + c, k) pᵏ qᶜ · c/(k + c).
      const mass = c * Math.exp(binomialLogMass(k, c, given))
      if (!inC) return mass === 0 ? 0 : -mass * shareOf(given, chance, by)
      const own = betaincA(c, k + 1, given.q)
      // By the mean the chance falls as c grows: its logit is log(mean/c).
      return by === "mean" ? own + (mass * given.p) / c : own
    }
  },
)

export const negativeBinomialCdfGradient: tf.GradConfig = {
  kernelName: negativeBinomialCdf.name,
  inputsToSave: ["x", "c", "chance"],
  gradFunc: (dy, saved, attrs) => {
    const [x, c, chance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const slope = (inC: boolean) => () =>
      tf.mul(
        dy as tf.Tensor,
        tf
          .engine()
          .runKernel(negativeBinomialCdfSlope.name, { x, c, chance }, { ...attrs, inC }) as tf.Tensor,
      )
    return { x: () => tf.zerosLike(x), c: slope(true), chance: slope(false) }
  },
}

/** I_q(a, b), from whichever of p and q is the smaller: the other has lost its digits. */
const tail = ({ p, q }: Chance, a: number, b: number): number =>
  q <= 0.5 ? betainc(a, b, q) : betaincc(b, a, p)

/** p · ∂s/∂parameter, s the logit of p. */
const shareOf = ({ p, q }: Chance, parameter: number, by: ChanceBy): number => {
  if (by === "probs") return 1 / q
  if (by === "logits") return p
  return (by === "mean" ? p : -p) / parameter
}
