/**
 * Draws of the von Mises–Fisher distribution on the sphere in d dimensions: x = cos θ μ + sin θ ξ, with the angle θ of
 * `cone.ts` and ξ anywhere on the sphere across the mean direction μ. And the derivatives of draws:
 *
 * - in the concentration along the great circle through μ and x, dx/dκ = dθ/dκ (cos θ ξ − sin θ μ);
 * - in μ by the rotation that takes μ to μ + dμ and leaves all across the two alone, dx = dμ (μ·x) − μ (dμ·x): it
 *   takes the distribution to that of μ + dμ whichever way x was drawn, and is nowhere singular, as reflections are.
 *
 * Directions are divided by their length, which rounding leaves near 1, and derivatives lie across them.
 */
import * as tf from "@tensorflow/tfjs-core"
import { besselQuotientRest } from "../../special/scalar/besselOrder.ts"
import { type KeyAttrs, type Stream, streamOf } from "../counts/stream.ts"
import type { LoopKernel } from "../loop.ts"
import { coneSlope, drawVersine } from "./cone.ts"

/** Inputs mean directions `[..., d]` and concentrations `[...]`: draws `[..., d]`. */
export const vonMisesFisherDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostVonMisesFisherDraw",
  inputs: ["meanDirection", "concentration"],
  outputs: ([direction]) => [direction!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [directions, concentration] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const d = widthOf(directions, concentration)
    const [random, mean, across] = [streamOf(attrs), new Float64Array(d), new Float64Array(d)]
    for (let i = 0; i < concentration.length; i++) {
      readUnit(directions, i * d, mean)
      const { cosine, sine } = drawAround(random, i, mean, across, concentration[i]!)
      for (let j = 0; j < d; j++) out[i * d + j] = cosine * mean[j]! + sine * across[j]!
    }
  },
}

/** Inputs as above and what flows back into the draws: what flows back into the concentrations. */
export const vonMisesFisherPath: LoopKernel<KeyAttrs> = {
  name: "GuidepostVonMisesFisherPath",
  inputs: ["meanDirection", "concentration", "dy"],
  outputs: ([, concentration]) => [concentration!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [directions, concentration, dy] = inputs as [Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    const d = widthOf(directions, concentration)
    const [random, mean, across] = [streamOf(attrs), new Float64Array(d), new Float64Array(d)]
    // Draws of one concentration mostly come together.
    let [known, rest] = [Number.NaN, Number.NaN]
    for (let i = 0; i < concentration.length; i++) {
      const k = concentration[i]!
      if (k !== known) [known, rest] = [k, -besselQuotientRest(d / 2 - 1, k)]
      readUnit(directions, i * d, mean)
      const { angle, cosine, sine } = drawAround(random, i, mean, across, k)
      let along = 0
      for (let j = 0; j < d; j++) along += dy[i * d + j]! * (cosine * across[j]! - sine * mean[j]!)
      out[i] = along * coneSlope(angle, d, k, rest)
    }
  },
}

/** Inputs mean directions, draws, and what flows back into them: what flows back into the mean directions. */
export const vonMisesFisherTurn: LoopKernel<object> = {
  name: "GuidepostVonMisesFisherTurn",
  inputs: ["meanDirection", "x", "dy"],
  outputs: ([direction]) => [direction!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [directions, x, dy] = inputs as [Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    const d = shapes[0]!.at(-1)!
    const mean = new Float64Array(d)
    for (let start = 0; start < out.length; start += d) {
      const length = readUnit(directions, start, mean)
      let [ofX, ofDy] = [0, 0]
      for (let j = 0; j < d; j++) {
        ofX += mean[j]! * x[start + j]!
        ofDy += mean[j]! * dy[start + j]!
      }
      for (let j = 0; j < d; j++) out[start + j] = (ofX * dy[start + j]! - ofDy * x[start + j]!) / length
    }
  },
}

export const vonMisesFisherDrawGradient: tf.GradConfig = {
  kernelName: vonMisesFisherDraw.name,
  inputsToSave: ["meanDirection", "concentration"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [meanDirection, concentration, x] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const back = dy as tf.Tensor
    const run = (kernel: string, inputs: tf.NamedTensorMap) => () =>
      tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor
    return {
      meanDirection: run(vonMisesFisherTurn.name, { meanDirection, x, dy: back }),
      concentration: run(vonMisesFisherPath.name, { meanDirection, concentration, dy: back }),
    }
  },
}

/** Inputs two directions `[..., d]`: 1 less the cosine between them, ½|a/|a| − b/|b||², `[...]`. */
export const versine: LoopKernel<object> = {
  name: "GuidepostVersine",
  inputs: ["a", "b"],
  outputs: ([a]) => [a!.shape.slice(0, -1)],
  run: ({ inputs, outputs, shapes }) => {
    const [a, b] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const d = shapes[0]!.at(-1)!
    const [u, v] = [new Float64Array(d), new Float64Array(d)]
    for (let i = 0; i < out.length; i++) {
      readUnit(a, i * d, u)
      readUnit(b, i * d, v)
      out[i] = versineOf(u, v)
    }
  },
}

/** Inputs two directions and what flows back into their versine: what flows back into the first. */
export const versinePath: LoopKernel<object> = {
  name: "GuidepostVersinePath",
  inputs: ["a", "b", "dy"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [a, b, dy] = inputs as [Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    const d = shapes[0]!.at(-1)!
    const [u, v] = [new Float64Array(d), new Float64Array(d)]
    for (let i = 0; i < dy.length; i++) {
      const scale = dy[i]! / readUnit(a, i * d, u)
      readUnit(b, i * d, v)
      const less = versineOf(u, v)
      // The part of −v across u, whose parts v and u nearly cancel where they are close.
      for (let j = 0; j < d; j++) out[i * d + j] = scale * (u[j]! - v[j]! - less * u[j]!)
    }
  },
}

export const versineGradient: tf.GradConfig = {
  kernelName: versine.name,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    const toward = (one: tf.Tensor, other: tf.Tensor) => () =>
      tf.engine().runKernel(versinePath.name, { a: one, b: other, dy: dy as tf.Tensor }) as tf.Tensor
    return { a: toward(a, b), b: toward(b, a) }
  },
}

const widthOf = (directions: Float32Array, concentration: Float32Array): number =>
  directions.length / concentration.length

/** Reads a vector and divides it by its length, which it gives. */
const readUnit = (from: Float32Array, start: number, to: Float64Array): number => {
  for (let j = 0; j < to.length; j++) to[j] = from[start + j]!
  return normalize(to)
}

const normalize = (x: Float64Array): number => {
  let square = 0
  for (const part of x) square += part * part
  const length = Math.sqrt(square)
  for (let j = 0; j < x.length; j++) x[j]! /= length
  return length
}

const versineOf = (u: Float64Array, v: Float64Array): number => {
  let square = 0
  for (let j = 0; j < u.length; j++) square += (u[j]! - v[j]!) ** 2
  return 0.5 * square
}

/** The i-th draw's angle from the mean; fills `across` with its unit direction from there. */
const drawAround = (random: Stream, i: number, mean: Float64Array, across: Float64Array, k: number) => {
  random.moveTo(i)
  const t = drawVersine(random, mean.length, k)
  for (let j = 0; j < across.length; j++) across[j] = random.normal()
  // Twice, since the first time may leave a short rest, and rounding along the mean.
  for (let round = 0; round < 2; round++) {
    let dot = 0
    for (let j = 0; j < across.length; j++) dot += across[j]! * mean[j]!
    for (let j = 0; j < across.length; j++) across[j]! -= dot * mean[j]!
    normalize(across)
  }
  return { angle: 2 * Math.asin(Math.sqrt(0.5 * t)), cosine: 1 - t, sine: Math.sqrt(t * (2 - t)) }
}
