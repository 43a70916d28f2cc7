/**
 * Draws of gammas and of what is made of them, and the derivatives of draws in their parameters by implicit
 * reparameterization: at a constant probability, dx/da = −(∂F/∂a)/p (M. Figurnov, S. Mohamed and A. Mnih, "Implicit
 * reparameterization gradients", NeurIPS 2018).
 *
 * Each element has its own stream of random numbers, so that a vector's gammas can be drawn again, in float64, when
 * their derivatives are asked for, and nothing need be kept. Logarithms of gammas are drawn: at a shape of 1e-6 the
 * gamma itself is 0 to float64 nearly always, and the shares of several have no digit.
 */
import * as tf from "@tensorflow/tfjs-core"
import { gammaSlope } from "../../special/scalar/gammaSlope.ts"
import { digamma } from "../../special/scalar/polygamma.ts"
import { drawGamma, drawLogGamma } from "../counts/samplers.ts"
import { type KeyAttrs, type Stream, streamOf } from "../counts/stream.ts"
import type { LoopKernel } from "../loop.ts"

/** Whether the draw is of a gamma, or of its inverse: rate divided by a Gamma(a, 1). */
export interface GammaAttrs extends KeyAttrs {
  readonly inverse: boolean
}

/** Inputs the shape and the rate, of one shape; a draw is a normal float32, never 0 or infinite. */
export const gammaDraw: LoopKernel<GammaAttrs> = {
  name: "GuidepostGammaDraw",
  inputs: ["a", "rate"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [a, rate] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const random = streamOf(attrs)
    const sign = attrs.inverse ? -1 : 1
    for (let i = 0; i < out.length; i++) {
      random.moveTo(i)
      if (a[i]! >= 1) {
        const standard = drawGamma(random, a[i]!)
        out[i] = within(attrs.inverse ? rate[i]! / standard : standard / rate[i]!)
      } else out[i] = within(Math.exp(sign * (drawLogGamma(random, a[i]!) - Math.log(rate[i]!))))
    }
  },
}

/**
 * Inputs a shape, a rate, a draw x and what flows back into it: what flows back into the shape. The product is one of
 * float64s, where dx/da is finite: of a zero it is zero.
 */
export const gammaPath: LoopKernel<GammaAttrs> = {
  name: "GuidepostGammaPath",
  inputs: ["a", "rate", "x", "dy"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [a, rate, x, dy] = inputs as [Float32Array, Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) {
      const standard = attrs.inverse ? rate[i]! / x[i]! : rate[i]! * x[i]!
      const slope = (x[i]! / standard) * gammaSlope(a[i]!, standard)
      out[i] = dy[i]! * (attrs.inverse ? -slope : slope)
    }
  },
}

export const gammaDrawGradient: tf.GradConfig = {
  kernelName: gammaDraw.name,
  inputsToSave: ["a", "rate"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [a, rate, x] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const path = () =>
      tf.engine().runKernel(gammaPath.name, { a, rate, x, dy: dy as tf.Tensor }, attrs) as tf.Tensor
    // x/rate may overflow where what flows back is 0.
    const alongRate = () => tf.div(tf.mul(dy as tf.Tensor, x), rate)
    return {
      a: path,
      rate: () => (attrs.inverse ? alongRate() : tf.neg(alongRate())),
    }
  },
}

/** Input concentrations `[..., K]`: the shares of K gammas, none exactly 0. */
export const dirichletDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostDirichletDraw",
  inputs: ["a"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const out = outputs[0]!
    forEachRow(inputs[0]!, shapes[0]!.at(-1)!, attrs, (x, _, start) => {
      for (let i = 0; i < x.length; i++) out[start + i] = within(x[i]!)
    })
  },
}

/** Inputs concentrations and what flows back into the shares: what flows back into the concentrations. */
export const dirichletPath: LoopKernel<KeyAttrs> = {
  name: "GuidepostDirichletPath",
  inputs: ["a", "dy"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const [a, dy] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    forEachRow(a, shapes[0]!.at(-1)!, attrs, (x, log, start) => {
      // dxᵢ/dlog gⱼ = xᵢ (δᵢⱼ − xⱼ).
      let mean = 0
      for (let i = 0; i < x.length; i++) mean += x[i]! * dy[start + i]!
      for (let i = 0; i < x.length; i++) {
        out[start + i] = x[i]! * (dy[start + i]! - mean) * logGammaSlope(a[start + i]!, log[i]!)
      }
    })
  },
}

export const dirichletDrawGradient: tf.GradConfig = {
  kernelName: dirichletDraw.name,
  inputsToSave: ["a"],
  gradFunc: (dy, [a], attrs) => ({
    a: () => tf.engine().runKernel(dirichletPath.name, { a: a!, dy: dy as tf.Tensor }, attrs) as tf.Tensor,
  }),
}

/** Input degrees of freedom ν: n / √(g/(ν/2)), of a standard normal n and a Gamma(ν/2, 1) g; finite. */
export const studentDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostStudentTDraw",
  inputs: ["df"],
  outputs: ([df]) => [df!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const df = inputs[0]!
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) out[i] = studentOf(random, i, df[i]!).t
  },
}

/** Inputs degrees of freedom ν and what flows back into t: what flows back into ν. It is 0 where t is at its bound. */
export const studentPath: LoopKernel<KeyAttrs> = {
  name: "GuidepostStudentTPath",
  inputs: ["df", "dy"],
  outputs: ([df]) => [df!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [df, dy] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) {
      const { t, log } = studentOf(random, i, df[i]!)
      const slope = 0.5 / df[i]! - 0.25 * logGammaSlope(0.5 * df[i]!, log)
      out[i] = Math.abs(t) < LARGEST ? dy[i]! * t * slope : 0
    }
  },
}

export const studentDrawGradient: tf.GradConfig = {
  kernelName: studentDraw.name,
  inputsToSave: ["df"],
  gradFunc: (dy, [df], attrs) => ({
    df: () => tf.engine().runKernel(studentPath.name, { df: df!, dy: dy as tf.Tensor }, attrs) as tf.Tensor,
  }),
}

/** The t of element i, and the logarithm of its gamma. */
const studentOf = (random: Stream, i: number, df: number) => {
  random.moveTo(i)
  const normal = random.normal()
  const log = drawLogGamma(random, 0.5 * df)
  const t = normal * Math.exp(0.5 * (Math.log(0.5 * df) - log))
  return { t: Math.max(-LARGEST, Math.min(LARGEST, t)), log }
}

/** For each row of concentrations the shares x of its gammas, and the logarithms of these. */
const forEachRow = (
  a: Float32Array,
  k: number,
  key: KeyAttrs,
  use: (x: Float64Array, log: Float64Array, start: number) => void,
): void => {
  const random = streamOf(key)
  const [x, log] = [new Float64Array(k), new Float64Array(k)]
  for (let start = 0; start < a.length; start += k) {
    random.moveTo(start / k)
    let most = Number.NEGATIVE_INFINITY
    for (let i = 0; i < k; i++) {
      log[i] = drawLogGamma(random, a[start + i]!)
      most = Math.max(most, log[i]!)
    }
    let total = 0
    for (let i = 0; i < k; i++) {
      x[i] = Math.exp(log[i]! - most)
      total += x[i]!
    }
    for (let i = 0; i < k; i++) x[i] = x[i]! / total
    use(x, log, start)
  }
}

/** d log x/da at constant probability, by log x. Where x is next to nothing, P(a, x) is xᵃ/Γ(a + 1). */
const logGammaSlope = (a: number, log: number): number =>
  log > -600 ? gammaSlope(a, Math.exp(log)) / Math.exp(log) : (digamma(a + 1) - log) / a

/** A positive and finite float32. NaN stays. */
const within = (x: number): number => Math.max(SMALLEST, Math.min(LARGEST, x))

const SMALLEST = 2 ** -126
const LARGEST = (2 - 2 ** -23) * 2 ** 127
