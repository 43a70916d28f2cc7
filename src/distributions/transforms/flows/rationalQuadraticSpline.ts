/**
 * A rising map of numbers made of K pieces between −B and B, each a quotient of two quadratics, and the identity
 * outside (Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows", NeurIPS 2019, §3.1 and appendix A.1; the
 * pieces are Gregory and Delbourgo's, IMA J. Numer. Anal. 2, 1982).
 *
 * In a piece of width w and height h, with slope s = h/w, derivatives d₀ and d₁ at its ends, and ξ in [0, 1]:
 *
 *   y = y₀ + h (s ξ² + d₀ ξ(1 − ξ)) / D,   D = s (ξ² + (1 − ξ)²) + (d₀ + d₁) ξ(1 − ξ)
 *   dy/dx = s² (d₁ ξ² + 2s ξ(1 − ξ) + d₀ (1 − ξ)²) / D²
 *
 * The inverse is the root of a quadratic: with η = (y − y₀)/h and e = d₀(1 − η) − d₁η,
 * ξ = 2sη / (2sη + e + √(e² + 4s²η(1 − η))). All are sums of positive terms, but e + √… where e is negative, which is
 * taken by its conjugate.
 *
 * ```ts
 * rationalQuadraticSpline({ widths: [0, 0, 0], heights: [0, 0, 0], derivatives: [0, 0] })   // x ↦ x
 * coupling({ split, network, elementwise: rationalQuadraticSpline })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { broadcast, type Shape } from "../../../tensor/Shape.ts"
import { detach, where } from "../../../tensor/stable.ts"
import { shapeOf, toTensor, type Value } from "../../Distribution.ts"
import { positive, real, realVector } from "../../Support.ts"
import { elementwise, type Mapped, sliceLast, type Transform } from "../contract.ts"

/** What a network says of each number: any numbers at all, of shapes `[..., K]`, `[..., K]` and `[..., K − 1]`. */
export interface Spline {
  /** The softmax of these, and 1/1000 at least, are the pieces' shares of [−B, B]. */
  readonly widths: Value
  readonly heights: Value
  /** Where pieces meet, the derivative is log(1 + e^v), moved so that it is 1 at zero, and 1/1000 at least. */
  readonly derivatives: Value
  /** B; default 3. */
  readonly bound?: number
}

/** The spline with these parameters, K from 2 to 999; their leading dimensions broadcast with x. */
export const rationalQuadraticSpline = ({
  widths,
  heights,
  derivatives,
  bound = 3,
}: Spline): Transform<"real", "real"> => {
  const raw = [widths, heights, derivatives]
  const [k, kHeights, kDerivatives] = raw.map((value) => shapeOf(value).at(-1) ?? 0) as [
    number,
    number,
    number,
  ]
  const parameters =
    k >= 2 && k * smallest < 1 && kHeights === k && kDerivatives === k - 1
      ? broadcast(...raw.map((value) => shapeOf(value).slice(0, -1)))
      : undefined
  const inside = (x: tf.Tensor) => () => tf.lessEqual(tf.abs(x), bound)
  const pieces = () => ({ x: partition(widths, bound), y: partition(heights, bound), d: slopes(derivatives) })

  const there = (x: tf.Tensor): Mapped => {
    const all = pieces()
    const safe = where(inside(x), x, 0)
    const { x0, w, y0, h, d0, d1 } = pieceOf(all, safe, all.x.starts)
    const s = tf.div(h, w)
    const at = unit(tf.div(tf.sub(safe, x0), w))
    const rise = tf.add(tf.mul(s, at.square), tf.mul(d0, at.product))
    const value = tf.add(y0, tf.mul(h, tf.div(rise, denominator(at, s, d0, d1))))
    return { value: where(inside(x), value, x), volume: where(inside(x), logSlope(at, s, d0, d1), 0) }
  }
  const back = (y: tf.Tensor): Mapped => {
    const all = pieces()
    const safe = where(inside(y), y, 0)
    const { x0, w, y0, h, d0, d1 } = pieceOf(all, safe, all.y.starts)
    const s = tf.div(h, w)
    const xi = inverted(unit(tf.div(tf.sub(safe, y0), h)), s, d0, d1)
    const value = tf.add(x0, tf.mul(w, xi))
    return { value: where(inside(y), value, y), volume: where(inside(y), logSlope(unit(xi), s, d0, d1), 0) }
  }
  return {
    ...elementwise({
      name: "rationalQuadraticSpline",
      domain: real,
      codomain: real,
      forward: (x) => there(x).value,
      inverse: (y) => back(y).value,
      logAbsDetJacobian: (x) => there(x).volume,
    }),
    params: {
      widths: { value: widths, constraint: realVector },
      heights: { value: heights, constraint: realVector },
      derivatives: { value: derivatives, constraint: realVector },
      bound: { value: bound, constraint: positive },
    },
    forwardAndVolume: there,
    inverseAndVolume: back,
    forwardShape: (shape: Shape) => parameters && broadcast(shape, parameters),
  }
}

/** Of a piece's share of [−B, B], and of a derivative. */
const smallest = 1e-3

/** Where each piece starts and how long it is, `[..., K]`. */
interface Partition {
  readonly starts: tf.Tensor
  readonly sizes: tf.Tensor
}

const partition = (raw: Value, bound: number): Partition => {
  const shares = tf.softmax(toTensor(raw))
  const k = shares.shape.at(-1)!
  const sizes = tf.mul(tf.add(tf.mul(shares, 1 - k * smallest), smallest), 2 * bound)
  return { starts: tf.sub(tf.cumsum(sizes, sizes.rank - 1, true), bound), sizes }
}

/** The derivatives at the left and at the right end of each piece: 1 at the outermost, where the identity goes on. */
const slopes = (raw: Value) => {
  const inner = tf.add(tf.softplus(tf.add(toTensor(raw), Math.log(Math.expm1(1 - smallest)))), smallest)
  const outer = tf.ones([...inner.shape.slice(0, -1), 1])
  return { left: tf.concat([outer, inner], -1), right: tf.concat([inner, outer], -1) }
}

/** What there is to know of the piece that each number lies in, the piece being the last that starts at or below it. */
const pieceOf = (
  { x, y, d }: { readonly x: Partition; readonly y: Partition; readonly d: ReturnType<typeof slopes> },
  value: tf.Tensor,
  starts: tf.Tensor,
) => {
  const k = starts.shape.at(-1)!
  const at = tf.expandDims(value, -1)
  const chosen = detach(() => {
    const past = tf.cast(tf.greaterEqual(at, sliceLast(starts, 1, k - 1)), "float32")
    const edge = [...past.shape.slice(0, -1), 1]
    return tf.sub(tf.concat([tf.ones(edge), past], -1), tf.concat([past, tf.zeros(edge)], -1))
  })
  const pick = (of: tf.Tensor) => tf.sum(tf.mul(chosen, of), -1)
  return {
    x0: pick(x.starts),
    w: pick(x.sizes),
    y0: pick(y.starts),
    h: pick(y.sizes),
    d0: pick(d.left),
    d1: pick(d.right),
  }
}

/** A number from 0 to 1, to which rounding at a piece's end is brought back, with the products that the formulas use. */
const unit = (raw: tf.Tensor) => {
  const x = tf.clipByValue(raw, 0, 1)
  const rest = tf.sub(1, x)
  return { x, rest, product: tf.mul(x, rest), square: tf.square(x), restSquare: tf.square(rest) }
}

type Unit = ReturnType<typeof unit>

const denominator = (at: Unit, s: tf.Tensor, d0: tf.Tensor, d1: tf.Tensor): tf.Tensor =>
  tf.add(tf.mul(s, tf.add(at.square, at.restSquare)), tf.mul(tf.add(d0, d1), at.product))

const logSlope = (at: Unit, s: tf.Tensor, d0: tf.Tensor, d1: tf.Tensor): tf.Tensor => {
  const ends = tf.add(tf.mul(d1, at.square), tf.mul(d0, at.restSquare))
  const rise = tf.add(ends, tf.mul(tf.mul(s, 2), at.product))
  return tf.add(tf.log(rise), tf.mul(tf.log(tf.div(s, denominator(at, s, d0, d1))), 2))
}

/** ξ for η. */
const inverted = (at: Unit, s: tf.Tensor, d0: tf.Tensor, d1: tf.Tensor): tf.Tensor => {
  const e = tf.sub(tf.mul(d0, at.rest), tf.mul(d1, at.x))
  const product = tf.mul(tf.mul(tf.square(s), 4), at.product)
  const root = tf.sqrt(tf.add(tf.square(e), product))
  // e + √(e² + p), and where e is negative p / (√(e² + p) − e).
  const sum = tf.add(root, tf.abs(e))
  const below = where(() => tf.less(e, 0), tf.div(product, sum), sum)
  const above = tf.mul(tf.mul(s, 2), at.x)
  return tf.div(above, tf.add(above, below))
}
