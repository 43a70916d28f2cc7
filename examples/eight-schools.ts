/**
 * Eight schools (Rubin 1981; Gelman et al., Bayesian Data Analysis, §5.5): how much did coaching help in each, when
 * each estimate is poor, and how much the schools differ is unknown as well?
 *
 *   mu ~ N(0, 10²),   tau ~ HalfNormal(10),   zⱼ ~ N(0, 1),   θⱼ = mu + tau · zⱼ,   yⱼ ~ N(θⱼ, σⱼ²)
 *
 * Drawing z in place of θ ("non-centered") unties a school from mu and tau. The guide knows by algebra what zⱼ is
 * given those two, a normal; it learns mu and tau. The answer is compared with sums over a grid of mu and tau.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
// biome-ignore format: a list to skip over
import {
  Backend, deterministic, fitSVI, HalfNormal, Key, Normal, Optimizer, observe, param, plate, predictive,
  Schedule, Support, sample, type Tensor, Transform, Transformed,
} from "guidepost"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const y = [28, 8, -3, 7, -1, 1, 18, 12]
const sigma = [15, 10, 16, 11, 9, 11, 10, 18]
const schools = plate("schools", { size: 8 })

const model = Effect.fnUntraced(function* (effects: Tensor) {
  const mu = yield* sample("mu", Normal({ loc: 0, scale: 10 }))
  const tau = yield* sample("tau", HalfNormal({ scale: 10 }))
  const z = yield* schools(sample("z", Normal({ loc: 0, scale: 1 })))
  const theta = yield* deterministic("theta", tf.add(mu, tf.mul(tau, z)))
  yield* schools(observe("y", Normal({ loc: theta, scale: sigma }), effects))
})

const guide = Effect.fnUntraced(function* (effects: Tensor) {
  const [muScale, tauScale] = tf.unstack(yield* param("scales", [1, 1], { support: Support.positive }))
  const mu = yield* sample("mu", Normal({ loc: yield* param("mu", 0), scale: muScale! }))
  const real = Normal({ loc: yield* param("tau", 0), scale: tauScale! })
  const tau = yield* sample("tau", Transformed(real, Transform.softplus))
  const precision = tf.add(1, tf.square(tf.div(tau, sigma)))
  const loc = tf.div(tf.mul(tau, tf.div(tf.sub(effects, mu), tf.square(sigma))), precision)
  yield* schools(sample("z", Normal({ loc, scale: tf.rsqrt(precision) })))
})

const logPdf = (x: number, mean: number, variance: number) =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(2 * Math.PI * variance))

/** log p(y) and the posterior means of mu, tau and every θ. Given mu and tau, θ can be integrated out by algebra. */
const exact = () => {
  let evidence = 0
  const means = new Array<number>(10).fill(0)
  for (let mu = -39.75; mu < 50; mu += 0.5) {
    for (let tau = 0.05; tau < 60; tau += 0.1) {
      const prior = logPdf(mu, 0, 100) + logPdf(tau, 0, 100) + Math.LN2
      const density = y.reduce((sum, effect, j) => sum + logPdf(effect, mu, sigma[j]! ** 2 + tau ** 2), prior)
      const weight = Math.exp(density) * 0.5 * 0.1
      const theta = y.map((effect, j) => mu + ((effect - mu) * tau ** 2) / (tau ** 2 + sigma[j]! ** 2))
      evidence += weight
      for (const [i, value] of [mu, tau, ...theta].entries()) means[i]! += weight * value
    }
  }
  return [Math.log(evidence), ...means.map((sum) => sum / evidence)]
}

const program = Effect.gen(function* () {
  const data = tf.tensor1d(y)
  const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 1000 }))
  const fit = yield* fitSVI(model, guide, data, { steps: 1000, optimizer })
  // The ELBO of one step is an estimate from one draw: average those of the last 500.
  const elbo = fit.history.slice(-500).reduce((sum, { metrics }) => sum + metrics.elbo! / 500, 0)
  const draws = yield* predictive(model, data, { guide, params: fit.params, samples: 2000, key: Key.key(1) })
  const mean = (site: keyof typeof draws) => tf.mean(draws[site], 0).dataSync()
  const found = [elbo, ...mean("mu"), ...mean("tau"), ...mean("theta")]

  const truth = exact()
  for (const [i, name] of ["log p(y)", "mu", "tau", ..."ABCDEFGH"].entries()) {
    console.log(`${name.padEnd(9)} ${found[i]!.toFixed(2).padStart(6)}   exact ${truth[i]!.toFixed(2)}`)
    const close = Math.abs(found[i]! - truth[i]!) <= (i === 0 ? 0.2 : 0.5)
    if (!close) yield* new WrongAnswer({ message: `${name} is ${found[i]}, not ${truth[i]}` })
  }
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
