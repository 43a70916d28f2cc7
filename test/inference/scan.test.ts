/** What inference makes of a scan: its steps are no independent members, and what they refuse. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { replayed } from "../../src/effects/handlers/replay.ts"
import type { Handler } from "../../src/effects/Interpreter.ts"
import { run } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  enumerated,
  iwae,
  Key,
  Normal,
  type Objective,
  observe,
  plate,
  sample,
  scan,
  scoreFunction,
} from "../../src/index.ts"
import { gibbs } from "../../src/inference/mcmc/gibbs.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"

type Program = Effect.Effect<unknown, never, never>

const x = [0.5, -0.8, 1.4]
const at = (table: ReadonlyArray<number>, z: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor1d([...table]), tf.cast(z, "int32"))

/** log p(x, z) of one path, on the host. */
const stay = [0.2, 0.7]
const logJoint = (z: ReadonlyArray<number>): number =>
  z.reduce((sum, state, t) => {
    const p = stay[t === 0 ? 0 : z[t - 1]!]!
    return (
      sum + Math.log(state === 1 ? p : 1 - p) - 0.5 * (x[t]! - 2 * state) ** 2 - 0.5 * Math.log(2 * Math.PI)
    )
  }, 0)
const paths = Array.from({ length: 8 }, (_, code) => [code & 1, (code >> 1) & 1, (code >> 2) & 1])
const logEvidence = Math.log(paths.reduce((sum, z) => sum + Math.exp(logJoint(z)), 0))

const model = (data: tf.Tensor) =>
  scan("time", data, tf.scalar(0), (previous, now) =>
    Effect.gen(function* () {
      const z = yield* sample("z", Bernoulli({ probs: at(stay, previous) }))
      yield* observe("x", Normal({ loc: tf.mul(z, 2), scale: 1 }), now)
      return z
    }),
  )
const logits = [0.3, -0.4, 0.9]
const estimate = (objective: Objective<never, never>, key: Key.Key, l: tf.Tensor, draw: Handler) => {
  const guide = sample("z", Bernoulli({ logits: l })).pipe(plate("time", { size: 3 }))
  const data = tf.tensor(x)
  return objective.estimate(
    {
      model: (options) => run(model(data) as Program, Context.empty(), options),
      guide: (options) =>
        run(guide as Program, Context.empty(), { ...options, handlers: [...(options.handlers ?? []), draw] }),
      sumsOut: objective.sumsOut,
    },
    key,
    true,
  )
}

layer(Backend.wasm())("the steps of a scan", (it) => {
  it.effect("are summed out of the model under an objective, exactly", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const objective = enumerated()
        const { loss } = objective.estimate(
          {
            model: (options) => run(model(tf.tensor(x)) as Program, Context.empty(), options),
            guide: (options) => run(Effect.void as Program, Context.empty(), options),
            sumsOut: objective.sumsOut,
          },
          Key.key(0),
          true,
        )
        expect(loss.dataSync()[0]).toBeCloseTo(-logEvidence, 4)
      }),
    ),
  )

  it.effect("stay together in the signals of the score function: no bias", () =>
    Effect.sync(() => {
      // d/dl_t Σ_z q(z) (log p(x, z) − log q(z)), by all paths.
      const q = (l: ReadonlyArray<number>, z: ReadonlyArray<number>) =>
        z.reduce((product, state, t) => product / (1 + Math.exp(state === 1 ? -l[t]! : l[t]!)), 1)
      const bound = (l: ReadonlyArray<number>) =>
        paths.reduce((sum, z) => sum + q(l, z) * (logJoint(z) - Math.log(q(l, z))), 0)
      const exact = logits.map((_, t) => {
        const moved = (h: number) => bound(logits.map((l, i) => (i === t ? l + h : l)))
        return (moved(1e-4) - moved(-1e-4)) / 2e-4
      })
      // Without noise: the estimate at each draw that the guide can make, by its probability.
      const found = [0, 0, 0]
      for (const z of paths) {
        tf.tidy(() => {
          const draw = replayed(new Map([["z", tf.tensor(z)]]))
          const { gradient } = valueAndGradient({ l: tf.tensor(logits) }, ({ l }) => ({
            value: estimate(scoreFunction({ baseline: "none" }) as never, Key.key(3), l, draw).loss,
            aux: {},
          }))
          for (const [t, g] of gradient.l.dataSync().entries()) found[t]! -= q(logits, z) * g
        })
      }
      for (const [t, slope] of exact.entries()) expect(found[t], `step ${t}`).toBeCloseTo(slope, 4)
    }),
  )

  it.effect("have one importance weight together, not one each", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const walk = (data: tf.Tensor) =>
          scan("time", data, tf.scalar(0), (previous, now) =>
            Effect.gen(function* () {
              const z = yield* sample("z", Normal({ loc: previous, scale: 1 }))
              yield* observe("x", Normal({ loc: z, scale: 1 }), now)
              return z
            }),
          )
        const guide = sample("z", Normal({ loc: tf.zeros([3]), scale: 2 })).pipe(plate("time", { size: 3 }))
        const programs = {
          model: (options: object) => run(walk(tf.tensor(x)) as Program, Context.empty(), options),
          guide: (options: object) => run(guide as Program, Context.empty(), options),
        }
        const key = Key.key(8)
        const draw = (k: number) => {
          const q = programs.guide({ key: Key.foldInName(Key.foldIn(key, k), "guide") })
          const z = [...q.samples.get("z")!.value.dataSync()]
          const normal = (v: number, loc: number, scale: number) =>
            -0.5 * ((v - loc) / scale) ** 2 - Math.log(scale * Math.sqrt(2 * Math.PI))
          return z.reduce(
            (sum, v, t) =>
              sum + normal(v, t === 0 ? 0 : z[t - 1]!, 1) + normal(x[t]!, v, 1) - normal(v, 0, 2),
            0,
          )
        }
        const { metrics } = iwae(2, { gradient: "standard" }).estimate(programs, key, true)
        const logWeights = [draw(0), draw(1)]
        const bound = Math.log(logWeights.reduce((sum, w) => sum + Math.exp(w), 0) / 2)
        expect(metrics.bound!.dataSync()[0]!).toBeCloseTo(bound, 4)
      }),
    ),
  )

  it.effect("are drawn together by Gibbs, from their posterior", () =>
    Effect.sync(() => {
      const counts = paths.map(() => 0)
      const kernel = gibbs()
      const target = (options: object) => run(model(tf.tensor(x)) as Program, Context.empty(), options)
      for (let i = 0; i < 600; i++) {
        tf.tidy(() => {
          const key = Key.foldIn(Key.key(4), i)
          const [state] = kernel.step(key, target, { values: { z: tf.zeros([3]) } })
          const z = state.values.z!.dataSync()
          counts[z[0]! + 2 * z[1]! + 4 * z[2]!]! += 1
        })
      }
      const chi2 = paths.reduce((sum, z, i) => {
        const expected = 600 * Math.exp(logJoint(z) - logEvidence)
        return sum + (counts[i]! - expected) ** 2 / expected
      }, 0)
      // 7 degrees of freedom: a false alarm in 10⁻⁴ of seeds.
      expect(chi2).toBeLessThan(29.9)
    }),
  )
})
