/**
 * What objectives do with their options besides estimating: weights and floors of KL terms, what is remembered between
 * steps, bounds one member at a time; and fits by each of them that end where the exact answer is, with no tensor left.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { attempt } from "../../../src/effects/run.ts"
import {
  Backend,
  Categorical,
  elbo,
  fitSVI,
  InvalidArgument,
  iwae,
  Key,
  Normal,
  type Objective,
  Optimizer,
  observe,
  param,
  plate,
  renyi,
  reweightedWakeSleep,
  Schedule,
  sample,
  scoreFunction,
  vimco,
} from "../../../src/index.ts"
import { onBatch, synchronous } from "../../../src/inference/programs.ts"
import { constrained } from "../../../src/inference/svi.ts"
import { expectClose, sum } from "../../effects/numbers.ts"
import { mean } from "../gaussian.ts"
import { gradients } from "./estimates.ts"
import * as worlds from "./worlds.ts"

const x = [0.8, -1.1]
const world = worlds.pathwise(x, 6)
const key = Key.key(7)

/** −log-likelihood + weight · the KL term, at least so many nats a member, by the metrics themselves. */
const climbed = ({ metrics }: ReturnType<typeof gradients>, weight: number, floor: number) =>
  -metrics.logLikelihood! + weight * Math.max(metrics["kl/z"]!, floor)

const tensorsAlive = () => tf.engine().state.numTensors

layer(Backend.cpu())((it) => {
  describe("klWeight", () => {
    it.effect.each([0, 0.3, 1, 2])(
      "%d multiplies the KL terms of what is climbed, not of the metrics",
      (klWeight) =>
        Effect.sync(() => {
          const found = gradients(world, elbo({ klWeight }), key)
          expectClose(found.value, climbed(found, klWeight, 0))
          expect(found.metrics).toEqual(gradients(world, elbo(), key).metrics)
        }),
    )

    it.effect("weighs the gradient", () =>
      Effect.sync(() => {
        const at = (klWeight: number) => gradients(world, elbo({ klWeight }), key).gradient.m![0]!
        expectClose(at(0.25), 0.75 * at(0) + 0.25 * at(1), 1e-5)
        expect(Math.abs(at(0) - at(1))).toBeGreaterThan(0.1)
      }),
    )

    it.effect("may follow a schedule, which a fit tells the steps", () =>
      Effect.gen(function* () {
        const asked: Array<number> = []
        const schedule = (step: number) => asked.push(step) / 10
        const options = {
          objective: elbo({ klWeight: schedule }),
          steps: 4,
          heldOut: { data: tf.tensor1d(x) },
        }
        yield* fitSVI(mean.model(2), mean.guide, tf.tensor1d(x), options)
        expect(asked).toEqual([0, 1, 2, 3])
      }),
    )

    it.effect("of a schedule is refused where it is no weight, and where nobody counts the steps", () =>
      Effect.gen(function* () {
        const refused = (klWeight: number | Schedule.Schedule, progress?: { step: number; memory: {} }) =>
          Effect.flip(
            attempt(() =>
              tf.tidy(() => {
                const programs = synchronous(world.model, world.guide, Context.empty() as never)
                const params = Object.fromEntries(Object.entries(world.at).map(([n, v]) => [n, tf.scalar(v)]))
                const given = onBatch(
                  { model: () => programs.model(undefined, {}), guide: programs.guide },
                  undefined,
                  [constrained(params)],
                )
                return elbo({ klWeight }).estimate(given, key, true, progress).loss
              }),
            ),
          )
        const uncounted = yield* refused(Schedule.constant(1))
        expect(uncounted).toBeInstanceOf(InvalidArgument)
        expect(uncounted.message).toContain("no steps are counted")
        const negative = yield* refused(() => -1, { step: 3, memory: {} })
        expect(negative.message).toContain("elbo: klWeight: expected a finite number, at least 0, found -1")
      }),
    )
  })

  describe("freeBits", () => {
    it.effect("count as a floor for each member of the site's plates", () =>
      Effect.sync(() => {
        const kl = gradients(world, elbo(), key).metrics["kl/z"]! / 6
        for (const freeBits of [0, 0.5 * kl, 2 * kl]) {
          const found = gradients(world, elbo({ freeBits, klWeight: 0.5 }), key)
          expectClose(found.value, climbed(found, 0.5, 6 * freeBits))
        }
      }),
    )

    it.effect("take the KL term's gradient away below the floor, and only there", () =>
      Effect.sync(() => {
        const at = (options: Parameters<typeof elbo>[0]) =>
          gradients(world, elbo(options), key).gradient.s![0]!
        expectClose(at({ freeBits: 100 }), at({ klWeight: 0 }))
        expectClose(at({ freeBits: 1e-3 }), at({}))
        expect(Math.abs(at({}) - at({ klWeight: 0 }))).toBeGreaterThan(0.1)
      }),
    )
  })

  describe("bounds", () => {
    it.effect("are each member's own, by as many draws: a minibatch's is the sum of theirs", () =>
      Effect.sync(() => {
        for (const objective of [iwae(4), renyi(0.5, { particles: 4 }), vimco(4), reweightedWakeSleep(4)]) {
          const both = gradients(world, objective, key)
          // The draws for both rows are those of one key; by themselves the rows would have others.
          const logWeights = Array.from({ length: 4 }, (_, k) => {
            const noises = Key.normalValues(
              Key.foldInName(Key.foldInName(Key.foldIn(key, k), "guide"), "z"),
              [2, 1],
            )
            return world.members.map(({ logJoint, logGuide }, n) => {
              const z = [world.at.m! + 0.3 * x[n]! + Math.exp(world.at.s!) * noises[n]!]
              return logJoint(z, world.at) - logGuide(z, world.at)
            })
          })
          const order = objective.name === "renyi" ? 0.5 : 0
          const bounds = world.members.map(
            (_, n) => Math.log(sum(logWeights.map((w) => Math.exp((1 - order) * w[n]!))) / 4) / (1 - order),
          )
          expectClose(both.metrics.bound!, 3 * sum(bounds), 1e-5)
          expectClose(both.value, -3 * sum(bounds), 1e-5)
          expectClose(both.metrics.elbo!, (3 * sum(logWeights.flat())) / 4, 1e-5)
        }
      }),
    )
  })

  describe("the moving average", () => {
    it.effect("is of the signals so far, each step's less by a tenth, and no baseline at first", () =>
      Effect.sync(() => {
        const coin = worlds.discrete([0.8])
        const programs = synchronous(
          () => coin.model(),
          () => coin.guide(),
          Context.empty() as never,
        )
        const step = (key: Key.Key, memory: Readonly<Record<string, tf.Tensor>>) => {
          const params = Object.fromEntries(Object.entries(coin.at).map(([n, v]) => [n, tf.scalar(v)]))
          const given = onBatch(programs, undefined, [constrained(params)])
          const { memory: next, metrics } = scoreFunction().estimate(given, key, true, { step: 0, memory })
          return { next: next!, signal: metrics.elbo!.dataSync()[0]! }
        }
        tf.tidy(() => {
          const first = step(Key.key(1), {})
          const second = step(Key.key(2), first.next)
          const read = (name: string) => second.next[`z/${name}`]!.dataSync()[0]!
          expectClose(read("sum"), 0.09 * first.signal + 0.1 * second.signal)
          expectClose(read("weight"), 0.19)
        })
      }),
    )
  })

  describe("a fit", () => {
    const probs = [0.2, 0.3, 0.5]
    const centers = [0, 2, -1]
    const posterior = (x: number) => {
      const joint = probs.map((p, k) => p * Math.exp(-0.5 * (x - centers[k]!) ** 2))
      return joint.map((p) => p / sum(joint))
    }
    const model = Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const z = yield* sample("z", Categorical({ probs }))
        yield* observe(
          "x",
          Normal({ loc: tf.gather(tf.tensor1d(centers), tf.cast(z, "int32")), scale: 1 }),
          x,
        )
      },
      plate("rows", { size: 2 }),
    )
    const guide = Effect.fnUntraced(
      function* (_: tf.Tensor) {
        yield* sample("z", Categorical({ logits: yield* param("logits", tf.zeros([2, 3])) }))
      },
      plate("rows", { size: 2 }),
    )

    it.effect.each([
      ["scoreFunction, average", scoreFunction()],
      ["scoreFunction, leave one out", scoreFunction({ particles: 4 })],
      ["vimco(3)", vimco(3)],
      ["reweightedWakeSleep(5)", reweightedWakeSleep(5)],
    ] as const satisfies ReadonlyArray<readonly [string, Objective<"pathwise" | "score">]>)(
      "with a discrete guide ends near the posterior, and leaves no tensor: %s",
      ([name, objective]) =>
        Effect.gen(function* () {
          const data = tf.tensor1d(x)
          const before = tensorsAlive()
          yield* Effect.scoped(
            Effect.gen(function* () {
              const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 200 }))
              const fit = yield* fitSVI(model, guide, data, { objective, steps: 200, optimizer, key })
              const found = tf.tidy(() => tf.softmax(fit.params.logits).arraySync() as Array<Array<number>>)
              // The bounds of many draws leave a guide freedom; that of one is highest at the posterior alone.
              const slack = name.startsWith("score") ? 0.08 : 0.2
              for (const [n, row] of x.map(posterior).entries()) {
                for (const [k, p] of row.entries()) expect(Math.abs(found[n]![k]! - p)).toBeLessThan(slack)
              }
            }),
          )
          expect(tensorsAlive()).toBe(before)
          data.dispose()
        }),
    )

    it.effect.each([
      ["iwae(2)", iwae(2)],
      ["renyi(0.5)", renyi(0.5, { particles: 4 })],
      ["elbo, sticking the landing", elbo({ stickingTheLanding: true })],
    ] as const satisfies ReadonlyArray<readonly [string, Objective<"pathwise">]>)(
      "with a normal guide ends at the posterior and its evidence, and leaves no tensor: %s",
      ([_, objective]) =>
        Effect.gen(function* () {
          const data = tf.tensor1d(x)
          const before = tensorsAlive()
          yield* Effect.scoped(
            Effect.gen(function* () {
              const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 150 }))
              const fit = yield* fitSVI(mean.model(2), mean.guide, data, {
                objective,
                steps: 150,
                optimizer,
                key,
              })
              const exact = mean.posterior(x)
              expect(Math.abs(fit.params.loc.dataSync()[0]! - exact.loc)).toBeLessThan(0.15)
              expect(Math.abs(fit.params.scale.dataSync()[0]! - exact.scale)).toBeLessThan(0.15)
              expect(Math.abs(fit.elbo - mean.evidence(x))).toBeLessThan(0.3)
            }),
          )
          expect(tensorsAlive()).toBe(before)
          data.dispose()
        }),
    )
  })
})
