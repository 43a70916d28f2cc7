/**
 * Kernels of log-masses of single counts: Poisson, binomial, negative binomial; evaluated in float64 by the formulas
 * of saddle.ts and rounded once. A count has no gradient: zero flows back into it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { log1pMinus } from "../../special/scalar/polynomial.ts"
import { where } from "../../stable.ts"
import { elementwiseLoop } from "../elementwise.ts"
import type { LoopKernel } from "../loop.ts"
import { type ChanceBy, chanceBy } from "./chance.ts"
import { binomialLogMass, deviance, digammaStep, poissonLogMass } from "./saddle.ts"

/** Inputs the count x and the rate. */
export const poissonMass: LoopKernel<object> = elementwiseLoop(
  "GuidepostPoissonLogMass",
  ["x", "rate"],
  () => poissonLogMass,
)

export const poissonMassGradient: tf.GradConfig = {
  kernelName: poissonMass.name,
  inputsToSave: ["x", "rate"],
  gradFunc: (dy, saved) => {
    const [x, rate] = saved as [tf.Tensor, tf.Tensor]
    return {
      x: () => tf.zerosLike(x),
      rate: () => tf.mul(dy as tf.Tensor, relativeExcess(x, rate)),
    }
  },
}

/** D(x, m) = x log(x/m) + m − x. */
export const devianceOf: LoopKernel<object> = elementwiseLoop("GuidepostDeviance", ["x", "m"], () => deviance)

export const devianceGradient: tf.GradConfig = {
  kernelName: devianceOf.name,
  inputsToSave: ["x", "m"],
  gradFunc: (dy, saved) => {
    const [x, m] = saved as [tf.Tensor, tf.Tensor]
    const excess = relativeExcess(x, m)
    return {
      x: () => tf.mul(dy as tf.Tensor, tf.log1p(excess)),
      m: () => tf.mul(dy as tf.Tensor, tf.neg(excess)),
    }
  },
}

/** How the chance of a trial is given. */
export interface ChanceAttrs {
  readonly by: ChanceBy
}

/** Inputs the count x, the number of trials n, and the chance of each by `probs` or `logits`. */
export const binomialMass: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostBinomialLogMass",
  ["x", "n", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, n, chance) => binomialLogMass(x, n - x, ofChance(chance, 1))
  },
)

export const binomialMassGradient: tf.GradConfig = {
  kernelName: binomialMass.name,
  inputsToSave: ["x", "n", "chance"],
  gradFunc: (dy, saved, attrs) => {
    const [x, n, chance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    return {
      x: () => tf.zerosLike(x),
      n: () => tf.zerosLike(n),
      chance: () => tf.mul(dy as tf.Tensor, slopeInChance(x, tf.sub(n, x), chance, attrs)),
    }
  },
}

/**
 * Inputs the count x, the concentration c (how many failures end the trials, if a whole number), and the chance of
 * a count by any of its parametrizations.
 */
export const negativeBinomialMass: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostNegativeBinomialLogMass",
  ["x", "c", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, c, chance) => {
      const mass = binomialLogMass(x, c, ofChance(chance, c))
      return x === 0 ? mass : mass - Math.log1p(x / c)
    }
  },
)

/** The derivative in c: ψ(c + x) − ψ(c) + log q, and where c is in q too, by the mean m, (m − x)/(c + m). */
export const negativeBinomialSlope: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostNegativeBinomialSlope",
  ["x", "c", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    if (by === "mean") return (x, c, mean) => digammaStep(c, x) - x / (c + mean) + ofMean(mean / c)
    return (x, c, chance) => digammaStep(c, x) + ofChance(chance, c).logQ
  },
)

/** u/(1 + u) − log(1 + u), of which at small u the first order cancels. */
const ofMean = (u: number): number =>
  u < 0.4 ? -log1pMinus(u) - u * (u / (1 + u)) : 1 / (1 + 1 / u) - Math.log1p(u)

export const negativeBinomialMassGradient: tf.GradConfig = {
  kernelName: negativeBinomialMass.name,
  inputsToSave: ["x", "c", "chance"],
  gradFunc: (dy, saved, attrs) => {
    const [x, c, chance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const slope = () =>
      tf.engine().runKernel(negativeBinomialSlope.name, { x, c, chance }, attrs) as tf.Tensor
    return {
      x: () => tf.zerosLike(x),
      c: () => tf.mul(dy as tf.Tensor, slope()),
      chance: () => tf.mul(dy as tf.Tensor, slopeInChance(x, c, chance, attrs)),
    }
  },
}

/**
 * The derivative of x log p + y log q in the parameter of p; inputs x, y, which is the concentration where that has a
 * part in it, and the chance. At a million counts the two terms cancel to the size of a thousand: in float32 with
 * five wrong digits.
 */
export const chanceSlope: LoopKernel<ChanceAttrs> = elementwiseLoop(
  "GuidepostChanceSlope",
  ["x", "y", "chance"],
  ({ by }) => {
    const ofChance = chanceBy[by]
    return (x, y, chance) => {
      const { p, q } = ofChance(chance, y)
      // A count of zero takes no part, though p or q be zero too.
      if (by === "probs") return (x === 0 ? 0 : x / p) - (y === 0 ? 0 : y / q)
      const slope = x * q - y * p
      return by === "logits" ? slope : (by === "mean" ? slope : -slope) / chance
    }
  },
)

export const chanceSlopeGradient: tf.GradConfig = {
  kernelName: chanceSlope.name,
  inputsToSave: ["x", "y", "chance"],
  gradFunc: (dy, saved, attrs) => {
    const [x, y, chance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const { inY, inChance } = curvature(x, y, chance, attrs.by as ChanceBy)
    return {
      x: () => tf.zerosLike(x),
      y: () => tf.mul(dy as tf.Tensor, inY()),
      chance: () => tf.mul(dy as tf.Tensor, inChance()),
    }
  },
}

const slopeInChance = (x: tf.Tensor, y: tf.Tensor, chance: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor =>
  tf.engine().runKernel(chanceSlope.name, { x, y, chance }, { by: attrs.by! }) as tf.Tensor

/** The derivatives of the slope, as tensor operations: they have gradients in their turn. */
const curvature = (x: tf.Tensor, y: tf.Tensor, chance: tf.Tensor, by: ChanceBy) => {
  const both = tf.add(x, y)
  switch (by) {
    case "probs": {
      const q = tf.sub(1, chance)
      return {
        inY: () => tf.neg(tf.reciprocal(q)),
        inChance: () => tf.neg(tf.add(share(share(x, chance), chance), share(share(y, q), q))),
      }
    }
    case "logits":
      return {
        inY: () => tf.neg(tf.sigmoid(chance)),
        inChance: () => tf.neg(tf.mul(both, tf.mul(tf.sigmoid(chance), tf.sigmoid(tf.neg(chance))))),
      }
    case "rate": {
      const more = tf.add(chance, 1)
      return {
        inY: () => tf.reciprocal(tf.mul(chance, more)),
        inChance: () => tf.sub(tf.div(both, tf.square(more)), tf.div(tf.div(y, chance), chance)),
      }
    }
    case "mean": {
      const total = tf.add(y, chance)
      return {
        inY: () => tf.div(tf.div(tf.sub(x, chance), total), total),
        inChance: () => tf.sub(tf.div(tf.div(both, total), total), tf.div(tf.div(x, chance), chance)),
      }
    }
  }
}

/** x/m − 1, which as it stands loses the digits of an x near m; −1 where x is 0, though m be 0 too. */
const relativeExcess = (x: tf.Tensor, m: tf.Tensor): tf.Tensor => {
  const isNone = () => tf.logicalAnd(tf.equal(x, 0), tf.equal(m, 0))
  return where(isNone, -1, tf.div(tf.sub(x, m), where(isNone, 1, m)))
}

/** count / p; 0 where p is, as is then the count. `tf.divNoNan` has no gradient. */
export const share = (count: tf.Tensor, p: tf.Tensor): tf.Tensor => {
  const isPossible = () => tf.notEqual(p, 0)
  return where(isPossible, tf.div(count, where(isPossible, p, 1)), 0)
}
