/**
 * Bayesian linear regression, fitted and compared with its exact posterior.
 *
 *   slope, intercept ~ N(0, 10²),   yₙ ~ N(intercept + slope · xₙ, 0.5²)
 *
 * The posterior is a normal in two dimensions whose coordinates are strongly correlated. The guide draws the slope
 * first and the intercept given the slope, which can be any such normal: so the fit can be exact, and then its ELBO
 * is the log-evidence log p(y) itself.
 *
 * node --conditions=guidepost-source examples/linear-regression.ts
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
import {
  Backend,
  fitSVI,
  Key,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  Support,
  sample,
  type Tensor,
} from "guidepost"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const [size, prior, noise] = [40, 10, 0.5]
const x = Key.uniformValues(Key.key(1), [size], 0, 4)
const y = Key.normalValues(Key.key(2), [size]).map((e, n) => 1.5 - 0.8 * x[n]! + noise * e)

const model = Effect.fnUntraced(function* (data: { readonly x: Tensor; readonly y: Tensor }) {
  const slope = yield* sample("slope", Normal({ loc: 0, scale: prior }))
  const intercept = yield* sample("intercept", Normal({ loc: 0, scale: prior }))
  const line = tf.add(intercept, tf.mul(slope, data.x))
  yield* plate("points", { size })(observe("y", Normal({ loc: line, scale: noise }), data.y))
})

const guide = Effect.fnUntraced(function* () {
  const scale = yield* param("slopeScale", 1, { support: Support.positive })
  const slope = yield* sample("slope", Normal({ loc: yield* param("slopeLoc", 0), scale }))
  const loc = tf.add(yield* param("interceptLoc", 0), tf.mul(yield* param("tilt", 0), slope))
  const rest = yield* param("interceptScale", 1, { support: Support.positive })
  yield* sample("intercept", Normal({ loc, scale: rest }))
})

/** Mean and deviation of slope and intercept, and log p(y), by linear algebra (Bishop 2006, §3.3 and §3.5). */
const exact = () => {
  const sum = (f: (n: number) => number) => x.reduce((total, _, n) => total + f(n), 0) / noise ** 2
  const [xx, x1, xy, y1] = [sum((n) => x[n]! ** 2), sum((n) => x[n]!), sum((n) => x[n]! * y[n]!), sum((n) => y[n]!)] // biome-ignore format: one line
  const [a, b] = [xx + prior ** -2, size / noise ** 2 + prior ** -2] // of the precision, [[a, x1], [x1, b]]
  const det = a * b - x1 ** 2
  const [slope, intercept] = [(b * xy - x1 * y1) / det, (a * y1 - x1 * xy) / det]
  const fitted = sum((n) => y[n]! ** 2) - slope * xy - intercept * y1
  const evidence =
    -0.5 * (fitted + Math.log(det) + 4 * Math.log(prior) + size * Math.log(2 * Math.PI * noise ** 2))
  return { slope, slopeSd: Math.sqrt(b / det), intercept, interceptSd: Math.sqrt(a / det), evidence }
}

/** Prints what was found beside the exact number, and fails where they are too far apart. */
const check = (name: string, found: number, exact: number, tolerance: number) => {
  console.log(`${name.padEnd(12)} ${found.toFixed(3).padStart(8)}   exact ${exact.toFixed(3)}`)
  const message = `${name} is ${found}, and should be within ${tolerance} of ${exact}`
  return Math.abs(found - exact) <= tolerance ? Effect.void : Effect.fail(new WrongAnswer({ message }))
}

const program = Effect.gen(function* () {
  const data = { x: tf.tensor1d(x), y: tf.tensor1d(y) }
  const optimizer = Optimizer.adam(Schedule.cosine(0.2, { decaySteps: 2000 }))
  const fit = yield* fitSVI(model, guide, data, { steps: 2000, optimizer })

  const value = (name: keyof typeof fit.params) => fit.params[name].dataSync()[0]!
  const [slope, slopeSd, tilt] = [value("slopeLoc"), value("slopeScale"), value("tilt")]
  const interceptSd = Math.hypot(value("interceptScale"), tilt * slopeSd)
  // The ELBO of one step is an estimate from one draw: average those of the last 500.
  const elbo = fit.history.slice(-500).reduce((sum, { metrics }) => sum + metrics.elbo! / 500, 0)

  const truth = exact()
  yield* check("slope", slope, truth.slope, 0.02)
  yield* check("  deviation", slopeSd, truth.slopeSd, 0.01)
  yield* check("intercept", value("interceptLoc") + tilt * slope, truth.intercept, 0.04)
  yield* check("  deviation", interceptSd, truth.interceptSd, 0.02)
  yield* check("log p(y)", elbo, truth.evidence, 0.2)
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
