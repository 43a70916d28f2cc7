/**
 * The unbiasedness table: the average of an objective's gradient against the exact gradient, by enumeration of all
 * values or by quadrature in float64, within 4 standard errors: for each objective, over pathwise and discrete guide
 * sites, with and without plates, sub-sampled, with one and several particles.
 *
 * A cell compares one number for each parameter. Under the normal distribution one comparison gives a false alarm with
 * probability 6e-5, and all of them together, fewer than 600, with less than 4%; the keys are fixed, so that what
 * passes once passes always. 4 standard errors are asserted to be a quarter of the gradient's largest entry at most, so that a
 * cell cannot pass for want of precision.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  elbo,
  enumerated,
  iwae,
  Key,
  mixed,
  type Objective,
  renyi,
  reweightedWakeSleep,
  scoreFunction,
  vimco,
} from "../../../src/index.ts"
import { expectClose } from "../../effects/numbers.ts"
import { gradients, moments, oneByOne } from "./estimates.ts"
import * as worldsOfAllKinds from "./mixedWorlds.ts"
import * as worlds from "./worlds.ts"
import { exactGradient, ofLogWeights, type Target, type World, wakeTarget } from "./worlds.ts"

type Any = Objective<never, string>
type Entry = readonly [name: string, objective: Any, target: Target]

const repeats = 5_000
/** Counts have heavier tails than coins. */
const repeatsOfCounts = 10_000
const alone = 800

const elboTarget = ofLogWeights(1, ([w]) => w!)
const meanExp = (values: ReadonlyArray<number>) =>
  values.reduce((sum, w) => sum + Math.exp(w), 0) / values.length
const boundTarget = (count: number) => ofLogWeights(count, (w) => Math.log(meanExp(w)))
const renyiTarget = (alpha: number, count: number) =>
  ofLogWeights(count, (w) => Math.log(meanExp(w.map((w) => (1 - alpha) * w))) / (1 - alpha))

/** Objectives that differentiate pathwise sites only. */
const pathwiseOnly: ReadonlyArray<Entry> = [
  ["elbo", elbo(), elboTarget],
  ["elbo, 3 particles", elbo({ particles: 3 }), elboTarget],
  ["elbo, Monte Carlo KL", elbo({ kl: "monteCarlo" }), elboTarget],
  ["elbo, sticking the landing", elbo({ stickingTheLanding: true, particles: 2 }), elboTarget],
  ["renyi(0.5)", renyi(0.5, { particles: 2 }), renyiTarget(0.5, 2)],
  ["renyi(2)", renyi(2, { particles: 2 }), renyiTarget(2, 2)],
  ["renyi(1)", renyi(1, { particles: 2 }), elboTarget],
  ["iwae(1)", iwae(1), elboTarget],
  ["iwae(2), dreg", iwae(2), boundTarget(2)],
  ["iwae(2), standard", iwae(2, { gradient: "standard" }), boundTarget(2)],
]

/** Objectives for all sites. */
const anySite: ReadonlyArray<Entry> = [
  ["scoreFunction, no baseline", scoreFunction({ baseline: "none" }), elboTarget],
  ["scoreFunction, average", scoreFunction({ baseline: "average" }), elboTarget],
  ["scoreFunction, leave one out", scoreFunction({ particles: 3 }), elboTarget],
  ["vimco(2)", vimco(2), boundTarget(2)],
  ["reweightedWakeSleep(2)", reweightedWakeSleep(2), wakeTarget(2)],
]

const three: ReadonlyArray<Entry> = [
  ["vimco(3)", vimco(3), boundTarget(3)],
  ["reweightedWakeSleep(1)", reweightedWakeSleep(1), wakeTarget(1)],
  ["reweightedWakeSleep(3)", reweightedWakeSleep(3), wakeTarget(3)],
]

const summed: ReadonlyArray<Entry> = [
  ["enumerated", enumerated(), elboTarget],
  ["mixed", mixed(), elboTarget],
]

/** For sites of every kind. */
const everyKind: ReadonlyArray<Entry> = [
  ["mixed, no baseline", mixed({ baseline: "none" }), elboTarget],
  ["mixed, average", mixed(), elboTarget],
  ["mixed, leave one out", mixed({ particles: 3 }), elboTarget],
]

/** `mixed`, with a site by its score that it would sum over or differentiate along its draws. */
const byScore = (...sites: ReadonlyArray<string>): ReadonlyArray<Entry> => {
  const told = { sites: Object.fromEntries(sites.map((site) => [site, "score function" as const])) }
  return [
    [`mixed, ${sites.join(" and ")} by score`, mixed({ ...told, baseline: "none" }), elboTarget],
    [`mixed, ${sites.join(" and ")} by score, leave one out`, mixed({ ...told, particles: 2 }), elboTarget],
  ]
}

const x = [0.8, -1.1]

const table: ReadonlyArray<readonly [name: string, world: World, objectives: ReadonlyArray<Entry>]> = [
  ["pathwise, no plate", worlds.pathwise([0.8]), [...pathwiseOnly, ...anySite, ...summed]],
  ["pathwise, plate", worlds.pathwise(x, 2), [...pathwiseOnly, ...anySite, ...byScore("z")]],
  ["pathwise, sub-sampled", worlds.pathwise(x, 6), [...pathwiseOnly, ...anySite]],
  ["pathwise, outside a sub-sampled plate", worlds.global(x, 4), [...pathwiseOnly, ...anySite]],
  ["discrete, no plate", worlds.discrete([0.8]), [...anySite, ...three, ...summed]],
  ["discrete, plate", worlds.discrete(x, 2), [...anySite, ...three, ...summed]],
  ["discrete, sub-sampled", worlds.discrete(x, 6), [...anySite, ...three, ...summed, ...byScore("z")]],

  [
    "discrete, outside and inside a sub-sampled plate",
    worlds.coins("global first", x, 4),
    [...anySite, ...summed, ...byScore("z"), ...byScore("c")],
  ],
  [
    "discrete, the guide's local sites first",
    worlds.coins("local first", x, 4),
    [...anySite, ...byScore("z")],
  ],
  ["discrete, the guide in the other order", worlds.turned(0.9), [...anySite, ...summed]],
  ["pathwise given discrete, sub-sampled", worlds.mixed(x, 6), [...anySite, ...summed, ...byScore("c")]],
  ["discrete given pathwise", worlds.pathThenCoin(0.7), [...anySite, ...summed, ...byScore("c")]],
  ...(["c k z", "k c z", "z k c", "c z k", "z c k"] as const).map(
    (order) =>
      [
        `every kind, sub-sampled, drawn in the order ${order}`,
        worldsOfAllKinds.three(order, x, 6),
        order === "c k z" ? everyKind : everyKind.slice(1, 2),
      ] as const,
  ),
  [
    "every kind, with a baseline of the data",
    worldsOfAllKinds.withBaseline(worldsOfAllKinds.three("c k z", x, 6), "k", x),
    everyKind.slice(1, 2),
  ],
  [
    "discrete, sub-sampled, with a baseline of the data",
    worldsOfAllKinds.withBaseline(worlds.discrete(x, 6), "z", x),
    [...anySite.slice(0, 3), ...byScore("z")],
  ],
  [
    "every kind, tied by a model's own site outside a sub-sampled plate",
    worldsOfAllKinds.tied(x, 4),
    everyKind,
  ],
  ["a count between two coins", worldsOfAllKinds.between(1.1, 0.4), [...everyKind, ...anySite.slice(0, 3)]],
  [
    "a count over rows with coins and normals",
    worldsOfAllKinds.overRows(x, 4),
    [...everyKind, ...anySite.slice(0, 3)],
  ],
]

/** What the moving average may remember: any number will do. */
const remembered = () =>
  Object.fromEntries(
    ["z", "c", "a", "b", "k", "g"].flatMap((site) => [
      [`${site}/sum`, tf.scalar(-1.3)],
      [`${site}/weight`, tf.scalar(0.7)],
    ]),
  )

const compare = (found: Readonly<Record<string, ArrayLike<number>>>, world: World, target: Target) => {
  const exact = exactGradient(world, target)
  const size = Math.max(...Object.values(exact).map(Math.abs))
  for (const [name, expected] of Object.entries(exact)) {
    const { mean, error } = moments(found[name]!)
    expect(4 * error, `precision of ∂${name}`).toBeLessThan(0.25 * size)
    // Where nothing is random, what remains is float32.
    expect(Math.abs(mean - expected), `∂${name}: ${mean} ± ${error}, exactly ${expected}`).toBeLessThan(
      4 * error + 2e-5 * Math.max(1, size),
    )
  }
}

layer(Backend.cpu())((it) => {
  for (const [i, [name, world, objectives]] of table.entries()) {
    describe(name, () => {
      it.effect.each(objectives)("%s", ([_, objective, target]) =>
        Effect.sync(() => {
          const memory = remembered()
          const times = "r" in world.at ? repeatsOfCounts : repeats
          const { gradient } = gradients(world, objective, Key.key(i), times, memory)
          tf.dispose(memory)
          compare(gradient, world, target)
        }),
      )
    })
  }

  describe("without a plate of repeats", () => {
    it.effect.each(table)("as in a plate of one: %s", ([_, world, objectives]) =>
      Effect.sync(() => {
        for (const [, objective] of objectives) {
          const bare = gradients(world, objective, Key.key(5))
          const one = gradients(world, objective, Key.key(5), 1)
          for (const parameter of Object.keys(world.at)) {
            expectClose(bare.gradient[parameter]![0]!, one.gradient[parameter]![0]!, 1e-5)
          }
          expectClose(bare.value, one.value, 1e-5)
        }
      }),
    )

    it.effect("the score function is unbiased where every signal has all the terms, too", () =>
      Effect.sync(() => {
        const world = { ...worlds.discrete(x, 2), at: { w: 0.5, a: 1.6, b: -0.8 } }
        const plain = scoreFunction({ raoBlackwellize: false, baseline: "leaveOneOut", particles: 2 })
        compare(oneByOne(world, plain, alone), world, elboTarget)
      }),
    )
  })
})
