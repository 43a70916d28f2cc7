/**
 * The squared distance (x − loc)ᵀΣ⁻¹(x − loc) of vectors x [...batch, n] from loc [...batch, n], Σ given by a matrix m
 * (see precision.ts), the batch shapes broadcast; and Σ⁻¹(x − loc), which its gradient is made of. The difference, too,
 * is in float64: Σ⁻¹ may magnify its rounding. Differentiable to any order.
 *
 * With b = x − loc, y = Σ⁻¹b, and for a factor z = L⁻¹b, for a low rank z = Wᵀy, the gradient is 2y in x, and
 *
 *   in Σ −yyᵀ,   in Σ⁻¹ bbᵀ,   in L −2yzᵀ,   in W −2yzᵀ and in d −y²
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../../Shape.ts"
import { overPanels } from "../lanes/panels.ts"
import type { LoopCall, LoopKernel } from "../loop.ts"
import { batchOf, call, members, type Runs, runsOf, sumTo } from "./batches.ts"
import { gather, outerSum, type Part } from "./outerSum.ts"
import {
  asideOf,
  type Given,
  loadWhitening,
  lowRankPrecision,
  type Precision,
  precisionOf,
} from "./precision.ts"

export interface DistanceAttrs {
  readonly given: Given
}

/** Inputs x, loc, m; output (x − loc)ᵀΣ⁻¹(x − loc), [...batch]. */
export const squaredDistance: LoopKernel<DistanceAttrs> = {
  name: "GuidepostSquaredDistance",
  inputs: ["x", "loc", "m"],
  outputs: (infos) => [[...commonBatch(infos.map(({ shape }) => shape))]],
  run: (loop) => {
    const { given } = loop.attrs
    const runs = runsOf(batchesOf(loop.shapes))
    if (runs.inner >= 4 && (given === "factor" || given === "covariance")) return byFours(loop, given, runs)
    overVectors(loop, given, (precision, b, v) => {
      loop.outputs[0]![v] = precision.quadratic(b)
    })
  },
}

/** Where many vectors meet one location and matrix after the other, as observations meet a mixture's components. */
const byFours = (
  { inputs, outputs, shapes }: LoopCall<unknown>,
  given: "factor" | "covariance",
  runs: Runs,
): void => {
  const [x, loc, m] = inputs as [Float32Array, Float32Array, Float32Array]
  const out = outputs[0]!
  const n = shapes[2]!.at(-1)!
  const [, ofLoc, ofM] = runs.operands as [unknown, Int32Array, Int32Array]
  const factors = new Float64Array(m.length)
  for (let at = 0; at < m.length; at += n * n) loadWhitening(given, m, at, n, factors)
  // A factor, a location, and what is left of four rows.
  const room = n * n + n + 4 * n
  overPanels(
    x,
    n,
    runs,
    room,
    ({ numbers, whitened, x: rows, room: l, out: found }, run, first, count, fours) => {
      const center = l + n * n
      const [p, q] = [ofM[run]! * n * n, ofLoc[run]! * n]
      numbers.set(factors.subarray(p, p + n * n), l)
      numbers.set(loc.subarray(q, q + n), center)
      whitened(rows, fours, n, center, l, center + n, found)
      for (let r = 0, to = run * runs.inner + first; r < count; r++) out[to + r] = numbers[found + r]!
    },
  )
}

/**
 * Inputs x, loc, m; output y = Σ⁻¹(x − loc), [...batch, n], and a second one z: for a factor L⁻¹(x − loc), [...batch, n],
 * for a low rank WᵀΣ⁻¹(x − loc), [...batch, r], for others none.
 */
export const precisionTimes: LoopKernel<DistanceAttrs> = {
  name: "GuidepostPrecisionTimes",
  inputs: ["x", "loc", "m"],
  outputs: (infos, { given }) => {
    const [n, columns] = infos[2]!.shape.slice(-2) as [number, number]
    const [batch, aside] = [commonBatch(infos.map(({ shape }) => shape)), asideOf(given, n, columns)]
    return aside === 0
      ? [[...batch, n]]
      : [
          [...batch, n],
          [...batch, aside],
        ]
  },
  run: (loop) => {
    const [n, columns] = loop.shapes[2]!.slice(-2) as [number, number]
    const [y, z] = [new Float64Array(n), new Float64Array(asideOf(loop.attrs.given, n, columns))]
    overVectors(loop, loop.attrs.given, (precision, b, v) => {
      precision.solve(b, y, z)
      loop.outputs[0]!.set(y, v * n)
      loop.outputs[1]?.set(z, v * z.length)
    })
  },
}

/** Input m = [W | d], [...batch, n, r + 1]; output ½ log det (WWᵀ + D), [...batch]. */
export const lowRankHalfLogDet: LoopKernel<object> = {
  name: "GuidepostLowRankHalfLogDet",
  inputs: ["m"],
  outputs: ([m]) => [m!.shape.slice(0, -2)],
  run: ({ inputs, outputs, shapes }) => {
    const [n, columns] = shapes[0]!.slice(-2) as [number, number]
    const precision = lowRankPrecision(n, columns - 1)
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) {
      precision.load(inputs[0]!, i * n * columns)
      out[i] = precision.halfLogDet()
    }
  },
}

/** Input m = [W | d]; output [Σ⁻¹W | half of Σ⁻¹'s diagonal], of m's shape: the gradient of the above. */
export const lowRankSlopes: LoopKernel<object> = {
  name: "GuidepostLowRankSlopes",
  inputs: ["m"],
  outputs: ([m]) => [m!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [n, columns] = shapes[0]!.slice(-2) as [number, number]
    const precision = lowRankPrecision(n, columns - 1)
    for (let at = 0; at < outputs[0]!.length; at += n * columns) {
      precision.load(inputs[0]!, at)
      precision.slopes(outputs[0]!, at)
    }
  },
}

/**
 * x − loc of each vector in float64, and where it stands in the result, the matrix that it meets loaded: vectors that
 * share a matrix come together. Inputs x, loc, m, and others of a number for each vector, whose number is handed on.
 */
export const overVectors = (
  { inputs, shapes }: LoopCall<unknown>,
  given: Given,
  each: (precision: Precision, b: Float64Array, v: number, number: number) => void,
): void => {
  const [x, loc, m, numbers] = inputs as [Float32Array, Float32Array, Float32Array, Float32Array?]
  const batches = batchesOf(shapes)
  const full = Shape.broadcast(...batches)!
  const [ofX, ofLoc, ofM, ofNumbers] = batches.map((batch) => members(batch, full))
  const [n, columns] = shapes[2]!.slice(-2) as [number, number]
  const precision = precisionOf(given, n, columns)
  const b = new Float64Array(n)
  for (const [member, vectors] of gather(ofM!, Shape.size(batches[2]!)).entries()) {
    if (vectors.length > 0) precision.load(m, member * n * columns)
    for (const v of vectors) {
      const [p, q] = [ofX![v]! * n, ofLoc![v]! * n]
      for (let i = 0; i < n; i++) b[i] = x[p + i]! - loc[q + i]!
      each(precision, b, v, numbers === undefined ? Number.NaN : numbers[ofNumbers![v]!]!)
    }
  }
}

const batchesOf = ([x, loc, m, ...numbers]: ReadonlyArray<Shape.Shape>): ReadonlyArray<Shape.Shape> => [
  batchOf(x!, 1),
  batchOf(loc!, 1),
  batchOf(m!, 2),
  ...numbers,
]

/** The batch shape of inputs x, loc, m, and others of a number for each vector. */
export const commonBatch = (shapes: ReadonlyArray<Shape.Shape>): Shape.Shape =>
  Shape.broadcast(...batchesOf(shapes))!

export const squaredDistanceGradient: tf.GradConfig = {
  kernelName: squaredDistance.name,
  inputsToSave: ["x", "loc", "m"],
  gradFunc: (dys, saved, attrs) => {
    const [x, loc, m] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const dy = tf.expandDims(dys as tf.Tensor, -1)
    const b = () => tf.sub(x, loc)
    const { y, z } = solve({ x, loc, m }, attrs)
    const scaled = tf.mul(tf.mul(dy, y), 2)
    const half = (d: tf.Tensor) => tf.mul(d, 0.5)
    const toMatrix: Record<Given, () => tf.Tensor> = {
      covariance: () => tf.neg(half(outers(scaled, y, m))),
      precision: () => outers(tf.mul(dy, b()), b(), m),
      factor: () => tf.neg(outers(scaled, z!, m, "lower")),
      lowRank: () => tf.neg(beside(outers(scaled, z!, m), half(tf.mul(scaled, y)), m)),
    }
    return {
      x: () => sumTo(scaled, x.shape),
      loc: () => sumTo(tf.neg(scaled), loc.shape),
      m: toMatrix[(attrs as unknown as DistanceAttrs).given],
    }
  },
}

/**
 * For y = Σ⁻¹b and z, and what flows back into both, g and h: what flows back into b is u = Σ⁻¹(g + Wh) for a low rank,
 * Σ⁻¹g + L⁻ᵀh for a factor, and Σ⁻¹g else; then on to the matrix as above, −(uyᵀ + yuᵀ)/2 into Σ, and so on.
 */
export const precisionTimesGradient: tf.GradConfig = {
  kernelName: precisionTimes.name,
  inputsToSave: ["x", "loc", "m"],
  gradFunc: (dys, saved, attrs) => {
    const [x, loc, m] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const { given } = attrs as unknown as DistanceAttrs
    const [toY, h] = [dys].flat() as [tf.Tensor, tf.Tensor?]
    const g = given === "lowRank" ? tf.add(toY, spread(m, h!)) : toY
    const ofG = solve({ x: g, loc: tf.zeros([g.shape.at(-1)!]), m }, attrs)
    const { y, z } = solve({ x, loc, m }, attrs)
    const u = given === "factor" ? tf.add(ofG.y, unwhitened(m, h!)) : ofG.y
    const mean = (p: tf.Tensor, q: tf.Tensor) => tf.mul(tf.add(outers(p, q, m), outers(q, p, m)), 0.5)
    const toMatrix: Record<Given, () => tf.Tensor> = {
      covariance: () => tf.neg(mean(u, y)),
      precision: () => mean(g, tf.sub(x, loc)),
      factor: () => tf.neg(tf.add(outers(u, z!, m, "lower"), outers(y, ofG.z!, m, "lower"))),
      lowRank: () => {
        const inW = tf.add(outers(u, z!, m), outers(y, tf.sub(ofG.z!, h!), m))
        return tf.neg(beside(inW, tf.mul(u, y), m))
      },
    }
    return {
      x: () => sumTo(u, x.shape),
      loc: () => sumTo(tf.neg(u), loc.shape),
      m: toMatrix[given],
    }
  },
}

export const lowRankHalfLogDetGradient: tf.GradConfig = {
  kernelName: lowRankHalfLogDet.name,
  inputsToSave: ["m"],
  gradFunc: (dy, [m]) => ({
    m: () => {
      const nested = tf.engine().state.gradientDepth > 0
      const slopes = nested ? composedSlopes(m!) : call(lowRankSlopes.name, { m: m! })
      return tf.mul(tf.expandDims(tf.expandDims(dy as tf.Tensor, -1), -1), slopes)
    },
  }),
}

/** As {@link lowRankSlopes}, of tensors, for a gradient that is itself differentiated. */
const composedSlopes = (m: tf.Tensor): tf.Tensor => {
  const [w, d] = tf.split(m, [m.shape.at(-1)! - 1, 1], -1) as [tf.Tensor, tf.Tensor]
  const axes = [...w.shape.keys()]
  const columns = tf.transpose(w, [w.rank - 1, ...axes.slice(0, -1)])
  const loc = tf.zeros([w.shape.at(-2)!])
  const { y } = solve({ x: columns, loc, m }, { given: "lowRank" })
  const inW = tf.transpose(y, [...axes.slice(1), 0])
  const inD = tf.mul(tf.div(tf.sub(1, tf.sum(tf.mul(w, inW), -1, true)), d), 0.5)
  return tf.concat([inW, inD], -1)
}

/** The outputs of {@link precisionTimes}. */
export const solve = (
  inputs: tf.NamedTensorMap,
  attrs: object,
): { readonly y: tf.Tensor; readonly z: tf.Tensor | undefined } => {
  const outputs = tf.engine().runKernel(precisionTimes.name, inputs, attrs as tf.NamedAttrMap)
  const [y, z] = [outputs].flat() as [tf.Tensor, tf.Tensor?]
  return { y, z }
}

/** Wx of m = [W | d]. */
const spread = (m: tf.Tensor, x: tf.Tensor): tf.Tensor => {
  const [w] = tf.split(m, [m.shape.at(-1)! - 1, 1], -1) as [tf.Tensor, tf.Tensor]
  return call("GuidepostMatvec", { a: w, x }, { transpose: false })
}

/** L⁻ᵀh. */
const unwhitened = (l: tf.Tensor, h: tf.Tensor): tf.Tensor => {
  const column = tf.expandDims(h, -1)
  return tf.squeeze(
    call("GuidepostTriangularSolve", { l, b: column }, { lower: true, transpose: true }),
    [-1],
  )
}

/** Σ abᵀ over what was broadcast, for the gradient in m. */
const outers = (a: tf.Tensor, b: tf.Tensor, m: tf.Tensor, part: Part = "full"): tf.Tensor => {
  const columns = { a: tf.expandDims(a, -1), b: tf.expandDims(b, -1) }
  return call(outerSum.name, columns, { batch: batchOf(m.shape, 2), part })
}

/** [W | d] of a W, and of d's that are summed to the batch of m. */
const beside = (w: tf.Tensor, d: tf.Tensor, m: tf.Tensor): tf.Tensor =>
  tf.concat([w, tf.expandDims(sumTo(d, m.shape.slice(0, -1)), -1)], -1)
