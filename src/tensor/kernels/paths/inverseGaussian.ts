/**
 * The inverse Gaussian distribution of mean μ and concentration λ: density, cumulative distribution, entropy, draws
 * and their derivatives by implicit reparameterization. With z = x/μ, φ = λ/μ, a = √(φ/z)(z − 1) and b = √(φ/z)(z + 1),
 *
 *   F = Φ(a) + e^2φ Φ(−b),   dz/dφ at constant F = z/φ − 2 √(z³/φ) m(b),   m(b) = √(π/2) erfcx(b/√2)
 */
import * as tf from "@tensorflow/tfjs-core"
import { erfc, erfcx } from "../../special/scalar/erf.ts"
import { scaledE1 } from "../../special/scalar/exponentialIntegral.ts"
import { type KeyAttrs, streamOf } from "../counts/stream.ts"
import type { Formula } from "../gamma/formula.ts"
import type { LoopKernel } from "../loop.ts"

/** ½ log(λ/(2πx³)) − λ(x − μ)²/(2μ²x), for x > 0. */
export const inverseGaussianDensity: Formula = {
  name: "GuidepostInverseGaussianLogDensity",
  inputs: ["x", "loc", "concentration"],
  value: (x, loc, concentration) => logDensity(x, loc, concentration),
  partials: [
    (x, loc, concentration) => -1.5 / x + 0.5 * concentration * (1 / x - 1 / loc) * (1 / x + 1 / loc),
    (x, loc, concentration) => ((concentration / loc) * (x / loc - 1)) / loc,
    (x, loc, concentration) => 0.5 / concentration - (0.5 * (x / loc - 1) ** 2) / x,
  ],
}

/** P(X ≤ x), for x > 0. */
export const inverseGaussianCdf: Formula = {
  name: "GuidepostInverseGaussianCdf",
  inputs: ["x", "loc", "concentration"],
  value: (x, loc, concentration) => {
    const { a, b } = ends(x / loc, concentration / loc)
    return 0.5 * (erfc(-a * Math.SQRT1_2) + Math.exp(-0.5 * a * a) * erfcx(b * Math.SQRT1_2))
  },
  partials: [
    (x, loc, concentration) => Math.exp(logDensity(x, loc, concentration)),
    (x, loc, concentration) => -Math.exp(logDensity(x, loc, concentration)) * alongLoc(x, loc, concentration),
    (x, loc, concentration) =>
      -Math.exp(logDensity(x, loc, concentration)) * standardSlope(x / loc, concentration / loc),
  ],
}

/** The entropy ½ log(2πe μ³/λ) − (3/2) e^2φ E₁(2φ); E log(x/μ) is −e^2φ E₁(2φ). */
export const inverseGaussianEntropy: Formula = {
  name: "GuidepostInverseGaussianEntropy",
  inputs: ["loc", "concentration"],
  value: (loc, concentration) =>
    0.5 * (1 + Math.log(2 * Math.PI * (loc / concentration))) +
    Math.log(loc) -
    1.5 * scaledE1(2 * (concentration / loc)),
  partials: [
    (loc, concentration) => (1.5 * share(2 * (concentration / loc))) / loc,
    (loc, concentration) => (1 - 1.5 * share(2 * (concentration / loc))) / concentration,
  ],
}

/** t eᵗ E₁(t), from 0 at 0 to 1 at ∞. */
const share = (t: number): number => (t === 0 ? 0 : t * scaledE1(t))

/**
 * Inputs μ and λ: the smaller root, or the larger, of a quadratic whose coefficient is the square of a normal
 * (J. R. Michael, W. R. Schucany and R. W. Haas, "Generating random variates using transformations with multiple
 * roots", The American Statistician 30 (1976), 88–90). The smaller is one over the larger, which does not cancel.
 */
export const inverseGaussianDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostInverseGaussianDraw",
  inputs: ["loc", "concentration"],
  outputs: ([loc]) => [loc!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [loc, concentration] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) {
      random.moveTo(i)
      const w = (0.5 * random.normal() ** 2 * loc[i]!) / concentration[i]!
      const larger = 1 + w + Math.sqrt(w * (2 + w))
      const z = random.uniform() < larger / (1 + larger) ? 1 / larger : larger
      out[i] = Math.max(2 ** -126, Math.min(LARGEST, loc[i]! * z))
    }
  },
}

/** Which parameter a derivative is in. */
export interface PathAttrs {
  readonly by: "loc" | "concentration"
}

/** Inputs μ, λ, a draw x and what flows back into it: what flows back into μ or λ. */
export const inverseGaussianPath: LoopKernel<PathAttrs> = {
  name: "GuidepostInverseGaussianPath",
  inputs: ["loc", "concentration", "x", "dy"],
  outputs: ([loc]) => [loc!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [loc, concentration, x, dy] = inputs as [Float32Array, Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) {
      const [m, l, at] = [loc[i]!, concentration[i]!, x[i]!]
      out[i] = dy[i]! * (attrs.by === "loc" ? alongLoc(at, m, l) : standardSlope(at / m, l / m))
    }
  },
}

export const inverseGaussianDrawGradient: tf.GradConfig = {
  kernelName: inverseGaussianDraw.name,
  inputsToSave: ["loc", "concentration"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [loc, concentration, x] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const path = (by: string) => () =>
      tf
        .engine()
        .runKernel(
          inverseGaussianPath.name,
          { loc, concentration, x, dy: dy as tf.Tensor },
          { by },
        ) as tf.Tensor
    return { loc: path("loc"), concentration: path("concentration") }
  },
}

const logDensity = (x: number, loc: number, concentration: number): number =>
  0.5 * Math.log(concentration / (2 * Math.PI * x)) -
  Math.log(x) -
  (0.5 * concentration * (x / loc - 1) ** 2) / x

const ends = (z: number, phi: number) => {
  const root = Math.sqrt(phi / z)
  return { a: root * (z - 1), b: root * (z + 1) }
}

/** dz/dφ, which is dx/dλ too. */
const standardSlope = (z: number, phi: number): number => {
  const mills = Math.sqrt(Math.PI / 2) * erfcx(ends(z, phi).b * Math.SQRT1_2)
  return z / phi - 2 * z * Math.sqrt(z / phi) * mills
}

/** dx/dμ = z − φ dz/dφ. */
const alongLoc = (x: number, loc: number, concentration: number): number => {
  const [z, phi] = [x / loc, concentration / loc]
  return z - phi * standardSlope(z, phi)
}

const LARGEST = (2 - 2 ** -23) * 2 ** 127
