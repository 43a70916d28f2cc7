/**
 * Bayesian linear regression, fitted and compared with its exact posterior.
 *
 *   slope, intercept ~ N(0, 10²),   yₙ ~ N(intercept + slope · xₙ, 0.5²)
 *
 * The posterior is a normal in two dimensions whose coordinates are strongly correlated. The guide draws the slope
 * first and the intercept given the slope, which can be any such normal: so the fit can be exact, and then its ELBO
 * is the log-evidence log p(y) itself.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
// biome-ignore format: a list to skip over
import {
  Backend, fitSVI, Key, Normal, Optimizer, observe, param, plate, Schedule, Support, sample, type Tensor,
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
  const sum = (f: (x: number, y: number) => number) =>
    x.reduce((sum, x, n) => sum + f(x, y[n]!), 0) / noise ** 2
  const [x1, y1, xy] = [sum((x) => x), sum((_, y) => y), sum((x, y) => x * y)]
  const [a, b] = [sum((x) => x ** 2) + prior ** -2, size / noise ** 2 + prior ** -2]
  const determinant = a * b - x1 ** 2 // of the precision, [[a, x1], [x1, b]]
  const slope = (b * xy - x1 * y1) / determinant
  const intercept = (a * y1 - x1 * xy) / determinant
  const misfit = sum((_, y) => y ** 2) - slope * xy - intercept * y1
  const volume = Math.log(determinant * prior ** 4) + size * Math.log(2 * Math.PI * noise ** 2)
  const [slopeScale, interceptScale] = [Math.sqrt(b / determinant), Math.sqrt(a / determinant)]
  return [slope, slopeScale, intercept, interceptScale, -0.5 * (misfit + volume)]
}

const program = Effect.gen(function* () {
  const data = { x: tf.tensor1d(x), y: tf.tensor1d(y) }
  const optimizer = Optimizer.adam(Schedule.cosine(0.2, { decaySteps: 2000 }))
  const fit = yield* fitSVI(model, guide, data, { steps: 2000, optimizer })

  const value = (name: keyof typeof fit.params) => fit.params[name].dataSync()[0]!
  const [slope, slopeScale, tilt] = [value("slopeLoc"), value("slopeScale"), value("tilt")]
  const interceptScale = Math.hypot(value("interceptScale"), tilt * slopeScale)
  // The ELBO of one step is an estimate from one draw: average those of the last 500.
  const elbo = fit.history.slice(-500).reduce((sum, { metrics }) => sum + metrics.elbo! / 500, 0)
  const found = [slope, slopeScale, value("interceptLoc") + tilt * slope, interceptScale, elbo]

  const truth = exact()
  for (const [i, name] of ["slope", "  deviation", "intercept", "  deviation", "log p(y)"].entries()) {
    console.log(`${name.padEnd(12)} ${found[i]!.toFixed(3).padStart(7)}   exact ${truth[i]!.toFixed(3)}`)
    const close = Math.abs(found[i]! - truth[i]!) <= 0.02
    if (!close) yield* new WrongAnswer({ message: `${name.trim()} is ${found[i]}, not ${truth[i]}` })
  }
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
