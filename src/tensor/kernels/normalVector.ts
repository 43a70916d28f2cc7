/**
 * The log-density of n independent normals together: x, loc and scale [...batch, n], the batch shapes broadcast,
 *
 *   log p = −½ Σᵢ ((xᵢ − locᵢ)/scaleᵢ)² − Σᵢ log scaleᵢ − (n/2) log 2π
 *
 * in float64, rounded once, and without a temporary of [...batch, n]: where N vectors meet K locations, as a mixture's
 * observations meet its components, that would be K times the observations. Vectors that meet the same location and
 * scale are taken in fours. The gradients are made alike; a gradient that is itself differentiated is composed
 * of tensors.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../quotient.ts"
import * as Shape from "../Shape.ts"
import { halfLog2Pi } from "../stable.ts"
import { overPanels } from "./lanes/panels.ts"
import { batchOf, call, runsOf, sumTo } from "./linalg/batches.ts"
import type { LoopKernel } from "./loop.ts"

const inputs = ["x", "loc", "scale"]

/** Output log p, [...batch]. */
export const normalVector: LoopKernel<object> = {
  name: "GuidepostNormalVector",
  inputs,
  outputs: (infos) => [[...Shape.broadcast(...infos.map(({ shape }) => batchOf(shape, 1)))!]],
  run: ({ inputs, outputs, shapes }) => {
    const [x, loc, scale] = inputs as [Float32Array, Float32Array, Float32Array]
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    const runs = runsOf(shapes.map((shape) => batchOf(shape, 1)))
    const { outer, inner, operands } = runs
    const [ofX, ofLoc, ofScale] = operands as [Int32Array, Int32Array, Int32Array]
    const inverse = inverseOf(scale)
    const volumes = volumesOf(scale, Shape.size(batchOf(shapes[2]!, 1)), n)
    if (inner >= 4) {
      overPanels(
        x,
        n,
        runs,
        2 * n,
        ({ numbers, distances, x: rows, room, out: found }, o, first, count, fours) => {
          const [q, s] = [ofLoc[o]!, ofScale[o]!]
          numbers.set(loc.subarray(q * n, (q + 1) * n), room)
          numbers.set(inverse.subarray(s * n, (s + 1) * n), room + n)
          distances(rows, fours, n, room, room + n, found)
          finish(numbers, found, count, volumes[s]!, out, o * inner + first)
        },
      )
      return
    }
    for (let o = 0, v = 0; o < outer; o++) {
      const [q, s] = [ofLoc[o]!, ofScale[o]!]
      for (let i = 0; i < inner; i++, v++) {
        const p = ofX[o]! + i
        out[v] = -0.5 * squares(x, p * n, loc, q * n, inverse, s * n, n) - volumes[s]!
      }
    }
  },
}

const finish = (
  distances: Float64Array,
  from: number,
  count: number,
  volume: number,
  out: Float32Array,
  to: number,
): void => {
  for (let r = 0; r < count; r++) out[to + r] = -0.5 * distances[from + r]! - volume
}

/** Σ ((x − loc)/scale)² of one vector, added up as `distances` does. */
const squares = (
  x: Float32Array,
  p: number,
  loc: Float32Array,
  q: number,
  inverse: Float64Array,
  s: number,
  n: number,
): number => {
  let sum = 0
  for (let i = 0; i < n; i++) {
    const z = (x[p + i]! - loc[q + i]!) * inverse[s + i]!
    sum += z * z
  }
  return sum
}

const inverseOf = (scale: Float32Array): Float64Array => {
  const inverse = new Float64Array(scale.length)
  for (let i = 0; i < inverse.length; i++) inverse[i] = 1 / scale[i]!
  return inverse
}

/** Σ log scale + (n/2) log 2π of each vector of scales: few logarithms, of products; NaN where a scale is negative. */
const volumesOf = (scale: Float32Array, count: number, n: number): Float64Array => {
  const volumes = new Float64Array(count)
  for (let v = 0, at = 0; v < count; v++) {
    let sum = n * halfLog2Pi
    let product = 1
    for (let i = 0; i < n; i++) {
      product *= scale[at++]!
      if (product > 1e-200 && product < 1e200) continue
      sum += Math.log(product)
      product = 1
    }
    volumes[v] = sum + Math.log(product)
  }
  return volumes
}

/** Which input a gradient is in. */
interface SlopeAttrs {
  readonly of: "x" | "loc" | "scale"
}

/**
 * Inputs x, loc, scale, and dy [...batch]; output, with z = (x − loc)/scale, the sums over what was broadcast of
 * −dy z/scale (in x), dy z/scale (in loc) or dy (z² − 1)/scale (in scale).
 */
export const normalVectorSlope: LoopKernel<SlopeAttrs> = {
  name: "GuidepostNormalVectorSlope",
  inputs: [...inputs, "dy"],
  outputs: (infos, { of }) => [[...infos[inputs.indexOf(of)]!.shape]],
  run: ({ inputs: values, outputs, shapes, attrs: { of } }) => {
    const [x, loc, scale, dy] = values as [Float32Array, Float32Array, Float32Array, Float32Array]
    const n = shapes[0]!.at(-1)!
    const { outer, inner, operands } = runsOf(shapes.slice(0, 3).map((shape) => batchOf(shape, 1)))
    const [ofX, ofLoc, ofScale] = operands as [Int32Array, Int32Array, Int32Array]
    const inverse = inverseOf(scale)
    const sums = new Float64Array(outputs[0]!.length)
    for (let o = 0, v = 0; o < outer; o++) {
      const [q, s] = [ofLoc[o]! * n, ofScale[o]! * n]
      for (let i = 0; i < inner; i++, v++) {
        const p = (ofX[o]! + i) * n
        if (of === "scale") addToScale(sums, x, p, loc, q, inverse, s, n, dy[v]!)
        else if (of === "loc") addToPlace(sums, q, x, p, loc, q, inverse, s, n, dy[v]!)
        else addToPlace(sums, p, x, p, loc, q, inverse, s, n, -dy[v]!)
      }
    }
    outputs[0]!.set(sums)
  },
}

/** sums[at] += dy z/scale. */
const addToPlace = (
  sums: Float64Array,
  at: number,
  x: Float32Array,
  p: number,
  loc: Float32Array,
  q: number,
  inverse: Float64Array,
  s: number,
  n: number,
  dy: number,
): void => {
  for (let i = 0; i < n; i++) {
    const factor = inverse[s + i]!
    sums[at + i]! += dy * ((x[p + i]! - loc[q + i]!) * factor * factor)
  }
}

/** sums[s] += dy (z² − 1)/scale. */
const addToScale = (
  sums: Float64Array,
  x: Float32Array,
  p: number,
  loc: Float32Array,
  q: number,
  inverse: Float64Array,
  s: number,
  n: number,
  dy: number,
): void => {
  for (let i = 0; i < n; i++) {
    const factor = inverse[s + i]!
    const z = (x[p + i]! - loc[q + i]!) * factor
    sums[s + i]! += dy * ((z * z - 1) * factor)
  }
}

export const normalVectorGradient: tf.GradConfig = {
  kernelName: normalVector.name,
  inputsToSave: inputs,
  gradFunc: (dys, saved) => {
    const [x, loc, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    if (tf.engine().state.gradientDepth > 0) return composed(x, loc, scale, tf.expandDims(dy, -1))
    const slope = (of: SlopeAttrs["of"]) => () =>
      call(normalVectorSlope.name, { x, loc, scale, dy }, { of } satisfies SlopeAttrs)
    return { x: slope("x"), loc: slope("loc"), scale: slope("scale") }
  },
}

/** The same of tensors. */
const composed = (x: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor, dy: tf.Tensor) => {
  const z = quotient(tf.sub(x, loc), scale)
  const toLoc = () => tf.mul(dy, quotient(z, scale))
  return {
    x: () => sumTo(tf.neg(toLoc()), x.shape),
    loc: () => sumTo(toLoc(), loc.shape),
    scale: () => sumTo(tf.mul(dy, quotient(tf.sub(tf.square(z), 1), scale)), scale.shape),
  }
}
