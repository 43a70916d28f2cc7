/**
 * Robust regression: a line through points of which some are far off, each point with a deviation of its own.
 *
 *   slope, intercept ~ N(0, 10²),   spreadₙ = softplus(uₙ), uₙ ~ N(0, 2²),   yₙ ~ N(intercept + slope · xₙ, spreadₙ²)
 *
 * No family of the library has this spread: it is a normal seen through a transform. A point far from the line gets
 * a large spread, and so little weight. The answer is compared with sums over grids of line and spread.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
import {
  Backend,
  fitSVI,
  Key,LogNormal,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  Support,
  sample,
  Transform,
  Transformed,
  type Tensor,
  type Value,
} from "guidepost"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const size = 30
const x = Key.uniformValues(Key.key(1), [size], -2, 2)
const outliers = [3, 11, 17, 20, 28]
const y = Key.normalValues(Key.key(2), [size]).map((e, n) => 1 + 2 * x[n]! + 0.3 * e - (n % 7 === 3 ? 8 : 0))
const points = plate("points", { size })

/** A deviation: positive, and roughly linear in its real argument where it is large. */
const spreadOf = (loc: Tensor | number, scale: Tensor | number) => LogNormal({loc, scale})

const model = Effect.fnUntraced(function* (data: { readonly x: Tensor; readonly y: Tensor }) {
  const slope = yield* sample("slope", Normal({ loc: 0, scale: 10 }))
  const intercept = yield* sample("intercept", Normal({ loc: 0, scale: 10 }))
  const line = tf.add(intercept, tf.mul(slope, data.x))
  const spread = yield* points(sample("spread", spreadOf(-1, 1)))
  yield* points(observe("y", Normal({ loc: line, scale: spread }), data.y))
})

const guide = Effect.fnUntraced(function* (data: { readonly x: Tensor; readonly y: Tensor }) {
  const positive = { support: Support.positive }
  const slope = yield* sample("slope", Normal({ loc: yield* param("slope", 0), scale: yield* param("slopeScale", 0.1, positive) }))
  const loc = tf.add(yield* param("interceptLoc", 0), tf.mul(yield* param("tilt", 0), slope))
  const intercept = yield* sample("intercept", Normal({ loc, scale: yield* param("interceptScale", 0.1, positive) }))
  const off = tf.sub(data.y, tf.add(intercept, tf.mul(slope, data.x)))
  const [a, b, c] = tf.unstack(yield* param("spread", [-1, 0.1, 1]))
  yield* points(sample("spread", spreadOf(tf.add(a!, tf.mul(b!, tf.log(tf.add(tf.square(off), 0.01)))), tf.softplus(c))))
})

const exact = () => {
  const nodes = Array.from({ length: 121 }, (_, i) => -7 + i / 10)
  const spreads = nodes.map((u) => Math.exp(u))
  const w = nodes.map((u, i) => Math.exp(-0.5 * (u +1) ** 2) / 10 / (2 * Math.PI) / spreads[i]!)
  const like = (r: number) => w.reduce((s, w, k) => s + w * Math.exp(-0.5 * (r / spreads[k]!) ** 2), 0)
  let [z, m, m2, c, c2] = [0, 0, 0, 0, 0]
  for (let slope = 1; slope < 3; slope += 0.02) for (let ic = 0; ic < 2; ic += 0.02) {
    let lp = -0.5 * (slope ** 2 + ic ** 2) / 100 - Math.log(100 * 2 * Math.PI)
    for (let n = 0; n < size; n++) lp += Math.log(like(y[n]! - ic - slope * x[n]!))
    const weight = Math.exp(lp) * 0.0004
    z += weight; m += weight * slope; m2 += weight * slope ** 2; c += weight * ic; c2 += weight * ic ** 2
  }
  return { evidence: Math.log(z), slope: m / z, slopeSd: Math.sqrt(m2 / z - (m / z) ** 2), ic: c / z, icSd: Math.sqrt(c2 / z - (c / z) ** 2) }
}
const program = Effect.gen(function* () {
  const data = { x: tf.tensor1d(x), y: tf.tensor1d(y) }
  const steps = Number(process.argv[2]), lr = Number(process.argv[3])
  const optimizer = Optimizer.adam(Schedule.cosine(lr, { decaySteps: steps }))
  const t0 = performance.now()
  const fit = yield* fitSVI(model, guide, data, { steps, optimizer })
  const t1 = performance.now()
  const elbo = fit.history.slice(-500).reduce((sum, { metrics }) => sum + metrics.elbo! / 500, 0)
  const v = (k: keyof typeof fit.params) => fit.params[k].dataSync()[0]
  console.log(t1-t0, elbo, v("slope"), v("slopeScale"), v("interceptLoc") + v("tilt") * v("slope"))
  const mx = x.reduce((a, b) => a + b) / size, my = y.reduce((a, b) => a + b) / size
  console.log("lsq", x.reduce((s, x, n) => s + (x - mx) * (y[n]! - my), 0) / x.reduce((s, x) => s + (x - mx) ** 2, 0))
  const t2 = performance.now()
  console.log(exact(), performance.now() - t2)

})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
