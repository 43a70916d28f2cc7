/**
 * An amortized guide written by hand: a network reads a row of data and says what the row's latent is.
 *
 * 2,000 pupils answer ten questions, each right with probability σ(sharpnessⱼ · (z − difficultyⱼ)), where z ~ N(0, 1)
 * is the pupil's ability (Birnbaum's two-parameter model, 1968). The posterior of z is of no known family. The guide's
 * network is fitted to these pupils and then asked about others; it is compared with sums over a grid of z.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
// biome-ignore format: a list to skip over
import {
  apply, Backend, Bernoulli, branch, Dataset, dense, fitSVI, Key, Normal, Optimizer, observe, plate,
  Schedule, sample, sequential, substitute, type Tensor, trace,
} from "guidepost"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const [pupils, questions] = [2000, 10]
const difficulty = Key.normalValues(Key.key(1), [questions])
const sharpness = Key.uniformValues(Key.key(2), [questions], 0.5, 2)
const plated = plate("pupils", { size: pupils })

const model = Effect.fnUntraced(function* (answers: Tensor) {
  const z = yield* sample("z", Normal.standard([1]))
  const logits = tf.mul(tf.sub(z, difficulty), sharpness)
  yield* observe("answers", Bernoulli({ logits }).toEvent(1), answers)
}, plated)

const heads = branch({ loc: dense(32, 1), scale: dense(32, 1, { activation: "softplus" }) })
const encoder = sequential(dense(questions, 32, { activation: "softplus" }), heads)
const encode = (answers: Tensor) => apply("encoder", encoder, answers)

const guide = Effect.fnUntraced(function* (answers: Tensor) {
  yield* sample("z", Normal(yield* encode(answers)).toEvent(1))
}, plated)

const chance = (j: number, z: number) => 1 / (1 + Math.exp(-sharpness[j]! * (z - difficulty[j]!)))

/** The answers of `n` pupils of standard normal ability, `[n, questions]`. */
const simulate = (seed: number, n: number) => {
  const ability = Key.normalValues(Key.key(seed), [n])
  const luck = Key.uniformValues(Key.key(seed + 1), [n, questions])
  return luck.map((u, i) => (u < chance(i % questions, ability[Math.floor(i / questions)]!) ? 1 : 0))
}

/** Mean and deviation of the ability of a pupil with these answers. */
const exact = (answers: Float32Array): [number, number] => {
  const sums = [0, 0, 0]
  for (let z = -6; z <= 6; z += 0.05) {
    const likelihood = answers.reduce((p, right, j) => p * (right ? chance(j, z) : 1 - chance(j, z)), 1)
    for (const i of [0, 1, 2]) sums[i]! += z ** i * likelihood * Math.exp(-0.5 * z ** 2)
  }
  const mean = sums[1]! / sums[0]!
  return [mean, Math.sqrt(sums[2]! / sums[0]! - mean ** 2)]
}

const program = Effect.gen(function* () {
  const data = yield* Dataset.fromArray(simulate(3, pupils), [pupils, questions])
  const optimizer = Optimizer.adam(Schedule.cosine(0.03, { decaySteps: 1000 }))
  const { params } = yield* fitSVI(model, guide, data, { batchSize: 100, steps: 1000, optimizer })

  const others = simulate(5, 200)
  const asked = substitute(encode(tf.tensor2d(others, [200, questions])), params)
  const { loc, scale } = (yield* trace(asked, { key: Key.key(7) })).result
  const [means, scales] = [loc.dataSync(), scale.dataSync()]
  let [offMean, offScale] = [0, 0]
  for (let n = 0; n < 200; n++) {
    const answers = others.subarray(n * questions, (n + 1) * questions)
    const [mean, deviation] = exact(answers)
    const line = [means[n]!, scales[n]!, mean, deviation].map((x) => x.toFixed(2).padStart(5))
    if (n < 5) console.log(`${answers.join("")}  ${line[0]} ±${line[1]}   exact ${line[2]} ±${line[3]}`)
    offMean += (means[n]! - mean) ** 2 / 200
    offScale += (scales[n]! - deviation) ** 2 / 200
  }
  const off = [offMean, offScale].map(Math.sqrt)
  console.log(`RMS error over 200 new pupils: mean ${off[0]!.toFixed(3)}, deviation ${off[1]!.toFixed(3)}`)
  const close = off[0]! <= 0.07 && off[1]! <= 0.03
  if (!close) yield* new WrongAnswer({ message: `the network is off by ${off.join(" and ")}` })
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Backend.wasm())))
