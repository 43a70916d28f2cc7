/**
 * Robust regression: a line through points of which every seventh is far off. Each point has a deviation of its own,
 * a latent with a long tail, so that a point far from the line gets little weight.
 *
 *   slope, intercept ~ N(0, 10²),   spreadₙ ~ LogNormal(−1, 1),   yₙ ~ N(intercept + slope · xₙ, spreadₙ²)
 *
 * The guide draws the line, and then each spread by how far the point is from it. Posterior means and deviations are
 * compared with sums over grids, in which the spreads are integrated out one by one; and with least squares.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
// biome-ignore format: a list to skip over
import {
  Backend, fitSVI, Key, LogNormal, Normal, Optimizer, observe, param, plate, Schedule, Support, sample, type
  Tensor,
} from "guidepost"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const size = 30
const x = Key.uniformValues(Key.key(1), [size], -2, 2)
const y = Key.normalValues(Key.key(2), [size]).map((e, n) => 1 + 2 * x[n]! + 0.3 * e - (n % 7 === 3 ? 8 : 0))

type Points = { readonly x: Tensor; readonly y: Tensor }
const points = plate("points", { size })

const model = Effect.fnUntraced(function* (data: Points) {
  const slope = yield* sample("slope", Normal({ loc: 0, scale: 10 }))
  const intercept = yield* sample("intercept", Normal({ loc: 0, scale: 10 }))
  const spread = yield* points(sample("spread", LogNormal({ loc: -1, scale: 1 })))
  const line = tf.add(intercept, tf.mul(slope, data.x))
  yield* points(observe("y", Normal({ loc: line, scale: spread }), data.y))
})

const guide = Effect.fnUntraced(function* (data: Points) {
  const loc = tf.unstack(yield* param("loc", [0, 0]))
  const scale = tf.unstack(yield* param("scale", [0.1, 0.1, 1], { support: Support.positive }))
  const slope = yield* sample("slope", Normal({ loc: loc[0]!, scale: scale[0]! }))
  const intercept = yield* sample("intercept", Normal({ loc: loc[1]!, scale: scale[1]! }))
  const distance = tf.sub(data.y, tf.add(intercept, tf.mul(slope, data.x)))
  const [base, gain] = tf.unstack(yield* param("spread", [-1, 0]))
  const log = tf.add(base!, tf.mul(gain!, tf.log(tf.add(tf.square(distance), 0.01))))
  yield* points(sample("spread", LogNormal({ loc: log, scale: scale[2]! })))
})

/** Posterior mean and deviation of slope and intercept: the density of a residual by one sum, the line by two. */
const exact = () => {
  const logs = Array.from({ length: 51 }, (_, i) => -6 + i / 5)
  const weights = logs.map((log) => Math.exp(-0.5 * (log + 1) ** 2 - log))
  const density = (residual: number) =>
    logs.reduce((sum, log, i) => sum + weights[i]! * Math.exp(-0.5 * (residual / Math.exp(log)) ** 2), 0)
  const sums = [0, 0, 0, 0, 0]
  for (let slope = 1.6; slope < 2.5; slope += 0.02) {
    for (let intercept = 0.4; intercept < 1.3; intercept += 0.02) {
      const prior = (-0.5 * (slope ** 2 + intercept ** 2)) / 100
      const log = y.reduce((sum, y, n) => sum + Math.log(density(y - intercept - slope * x[n]!)), prior)
      const terms = [1, slope, intercept, slope ** 2, intercept ** 2]
      for (const [i, term] of terms.entries()) sums[i]! += term * Math.exp(log)
    }
  }
  const [slope, intercept, slope2, intercept2] = sums.slice(1).map((sum) => sum / sums[0]!)
  return [slope!, intercept!, Math.sqrt(slope2! - slope! ** 2), Math.sqrt(intercept2! - intercept! ** 2)]
}

const program = Effect.gen(function* () {
  const data = { x: tf.tensor1d(x), y: tf.tensor1d(y) }
  const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 1000 }))
  const fit = yield* fitSVI(model, guide, data, { steps: 1000, optimizer })
  const found = [...fit.params.loc.dataSync(), ...fit.params.scale.dataSync()]
  const truth = exact()

  for (const [i, name] of ["slope", "intercept", "deviation of slope", "of intercept"].entries()) {
    console.log(`${name.padEnd(18)} ${found[i]!.toFixed(3)}   exact ${truth[i]!.toFixed(3)}`)
    const close = Math.abs(found[i]! - truth[i]!) <= 0.01
    if (!close) yield* new WrongAnswer({ message: `${name} is ${found[i]}, not ${truth[i]}` })
  }
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
