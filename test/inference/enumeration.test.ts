/**
 * Discrete sites summed out, against brute force: every assignment of every member scored on its own and added up. And
 * along a chain, against the forward algorithm in float64.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { replayed } from "../../src/effects/handlers/replay.ts"
import { total } from "../../src/effects/logDensity.ts"
import { run } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  Categorical,
  factor,
  markov,
  mask,
  Normal,
  OneHotCategorical,
  observe,
  plate,
  sample,
  scale,
} from "../../src/index.ts"
import {
  logEvidenceOf,
  runEnumerated,
  structure,
  tablesOf,
} from "../../src/inference/enumeration/evidence.ts"

type Program = Effect.Effect<unknown, never, never>

/** log p with all latent sites summed out. */
const evidence = (program: Effect.Effect<unknown, never, unknown>, depth = 0): number =>
  tf.tidy(() => {
    const { recording, axes } = runEnumerated(
      (options) => run(program as Program, Context.empty(), options),
      {},
      () => true,
      { depth },
    )
    return logEvidenceOf(tablesOf(recording), structure([recording], axes)).dataSync()[0]!
  })

/** A latent site: the shape of its plates, and its values. */
interface Latent {
  readonly members: ReadonlyArray<number>
  readonly values: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>
}

/** The same, one assignment after another. */
const bruteForce = (
  program: Effect.Effect<unknown, never, unknown>,
  latents: Readonly<Record<string, Latent>>,
): number => {
  const cells = Object.entries(latents).flatMap(([name, { members, values }]) =>
    Array.from({ length: members.reduce((a, b) => a * b, 1) }, () => ({ name, k: values.length })),
  )
  const count = cells.reduce((n, { k }) => n * k, 1)
  let sum = 0
  for (let assignment = 0; assignment < count; assignment++) {
    const chosen: Record<string, Array<number | ReadonlyArray<number>>> = {}
    let rest = assignment
    for (const { name, k } of cells) {
      chosen[name] ??= []
      chosen[name].push(latents[name]!.values[rest % k]!)
      rest = Math.floor(rest / k)
    }
    sum += tf.tidy(() => {
      const values = new Map(
        Object.entries(chosen).map(([name, list]) => {
          const flat = tf.tensor(list as tf.TensorLike, undefined, "float32")
          return [name, tf.reshape(flat, [...latents[name]!.members, ...flat.shape.slice(1)])] as const
        }),
      )
      const recording = run(program as Program, Context.empty(), { handlers: [replayed(values)] })
      return Math.exp(total(recording).dataSync()[0]!)
    })
  }
  return Math.log(sum)
}

const at = (table: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>, z: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor(table as tf.TensorLike), tf.cast(z, "int32"))

const x = [0.5, -1, 2.5]
const mixture = (size: number) =>
  Effect.gen(function* () {
    const z = yield* sample("z", Categorical({ probs: [0.2, 0.3, 0.5] }))
    yield* observe("x", Normal({ loc: at([0, 2, -1], z), scale: 1 }), x)
  }).pipe(plate("data", { size, subsample: 3 }))

const agrees = (
  program: Effect.Effect<unknown, never, unknown>,
  latents: Readonly<Record<string, Latent>>,
) => {
  const expected = bruteForce(program, latents)
  const before = tf.memory().numTensors
  expect(evidence(program)).toBeCloseTo(expected, 4)
  expect(tf.memory().numTensors).toBe(before)
}

const classes = [0, 1, 2]
const coin = [0, 1]

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`on ${name}`, (it) => {
    describe("summing out", () => {
      it.effect("a site of each member of a plate", () =>
        Effect.sync(() => agrees(mixture(3), { z: { members: [3], values: classes } })),
      )

      it.effect("counts each member of a minibatch as often as it stands for, outside the sum", () =>
        Effect.sync(() => expect(evidence(mixture(12))).toBeCloseTo(4 * evidence(mixture(3)), 4)),
      )

      it.effect("a global site, and one of each member that depends on it", () =>
        Effect.sync(() => {
          const program = Effect.gen(function* () {
            const g = yield* sample("g", Bernoulli({ probs: 0.3 }))
            yield* Effect.gen(function* () {
              const z = yield* sample("z", Bernoulli({ probs: at([0.2, 0.9], g) }))
              yield* observe("x", Normal({ loc: tf.add(tf.mul(z, 2), g), scale: 1 }), x)
            }).pipe(plate("data", { size: 3 }))
          })
          agrees(program, { g: { members: [], values: coin }, z: { members: [3], values: coin } })
        }),
      )

      it.effect("sites in nested plates, each of which reaches outwards", () =>
        Effect.sync(() => {
          const program = Effect.gen(function* () {
            const a = yield* sample("a", Categorical({ probs: [0.5, 0.2, 0.3] }))
            yield* Effect.gen(function* () {
              const b = yield* sample("b", Bernoulli({ probs: at([0.1, 0.5, 0.8], a) }))
              yield* Effect.gen(function* () {
                const c = yield* sample("c", Bernoulli({ probs: at([0.3, 0.6], b) }))
                const loc = tf.add(tf.add(c, tf.mul(b, 2)), tf.mul(a, -1))
                const data = [
                  [0.1, 1.2],
                  [-1, 2],
                ]
                yield* observe("y", Normal({ loc, scale: 0.7 }), data)
              }).pipe(plate("inner", { size: 2, dim: -2 }))
            }).pipe(plate("outer", { size: 2, dim: -1 }))
          })
          agrees(program, {
            a: { members: [], values: classes },
            b: { members: [2], values: coin },
            c: { members: [2, 2], values: coin },
          })
        }),
      )

      it.effect("two sites of one member that meet in a third; one-hot values; factors; masks; scales", () =>
        Effect.sync(() => {
          const program = Effect.gen(function* () {
            const a = yield* sample("a", OneHotCategorical({ probs: [0.2, 0.5, 0.3] }))
            const b = yield* sample("b", Bernoulli({ logits: 0.4 }))
            const loc = tf.add(tf.sum(tf.mul(a, [1, -1, 0.5]), -1), b)
            yield* observe("x", Normal({ loc, scale: 1 }), x)
            yield* factor("f", tf.mul(b, 0.7))
          }).pipe(plate("data", { size: 3 }))
          const oneHot = [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ]
          const latents = { a: { members: [3], values: oneHot }, b: { members: [3], values: coin } }
          agrees(program, latents)
          const kept = [1, 0, 1]
          const masked = mask(program, kept)
          // A member that is left out counts for nothing, whatever its variables.
          const alone = mask(program, [1, 0, 0])
          const third = mask(program, [0, 0, 1])
          expect(evidence(masked)).toBeCloseTo(evidence(alone) + evidence(third), 4)
          expect(evidence(scale(program, 0.5))).toBeCloseTo(0.5 * evidence(program), 4)
        }),
      )

      it.effect("a chain, in time that grows with its length: the forward algorithm", () =>
        Effect.sync(() => {
          const transition = [
            [0.9, 0.1],
            [0.3, 0.7],
          ]
          const observations = Array.from({ length: 60 }, (_, t) => Math.sin(t))
          const program = Effect.suspend(() =>
            markov(observations, tf.scalar(0) as tf.Tensor, (previous, y, t) =>
              Effect.gen(function* () {
                const z: tf.Tensor = yield* sample(`z/${t}`, Categorical({ probs: at(transition, previous) }))
                yield* observe(`y/${t}`, Normal({ loc: tf.sub(tf.mul(z, 2), 1), scale: 1 }), y)
                return z
              }),
            ),
          )
          let [forward, log] = [[1, 0] as ReadonlyArray<number>, 0]
          for (const y of observations) {
            const next = coin.map((j) => {
              const density = Math.exp(-0.5 * (y - (2 * j - 1)) ** 2) / Math.sqrt(2 * Math.PI)
              return (forward[0]! * transition[0]![j]! + forward[1]! * transition[1]![j]!) * density
            })
            const sum = next[0]! + next[1]!
            log += Math.log(sum)
            forward = next.map((p) => p / sum)
          }
          expect(evidence(program)).toBeCloseTo(log, 3)
        }),
      )

      it.effect("a chain that looks two steps back", () =>
        Effect.sync(() => {
          const observations = [0.3, -0.5, 1.2, 0.1, 2]
          const program = Effect.suspend(() =>
            markov(
              observations,
              [tf.scalar(0), tf.scalar(1)] as readonly [tf.Tensor, tf.Tensor],
              ([before, last], y, t) =>
                Effect.gen(function* () {
                  const logits = tf.sub(tf.add(tf.mul(before, 1.5), last), 1)
                  const z: tf.Tensor = yield* sample(`z/${t}`, Bernoulli({ logits }))
                  yield* observe(`y/${t}`, Normal({ loc: tf.add(z, last), scale: 1 }), y)
                  return [last, z] as const
                }),
              { history: 2 },
            ),
          )
          agrees(
            program,
            Object.fromEntries(observations.map((_, t) => [`z/${t}`, { members: [], values: coin }])),
          )
        }),
      )

      it.effect("refuses what has no exact sum, and says why", () =>
        Effect.sync(() => {
          const refused = (program: Effect.Effect<unknown, never, unknown>) => {
            const before = tf.memory().numTensors
            let message = "accepted"
            try {
              evidence(program)
            } catch (thrown) {
              const { cause } = thrown as {
                readonly cause?: { readonly reasons: ReadonlyArray<{ readonly error: Error }> }
              }
              message = (cause?.reasons[0]?.error ?? (thrown as Error)).message
            }
            expect(tf.memory().numTensors).toBe(before)
            return message
          }
          // A member of one plate meets every member of the other, each with a variable of its own.
          const grid = Effect.gen(function* () {
            const a = yield* sample("a", Bernoulli({ probs: 0.5 })).pipe(plate("rows", { size: 2, dim: -1 }))
            const b = yield* sample("b", Bernoulli({ probs: 0.5 })).pipe(
              plate("columns", { size: 2, dim: -2 }),
            )
            yield* observe("y", Normal({ loc: tf.add(a, b), scale: 1 }), [
              [0, 1],
              [1, 2],
            ]).pipe(plate("rows", { size: 2, dim: -1 }), plate("columns", { size: 2, dim: -2 }))
          })
          expect(refused(grid)).toMatch(/no exact sum: .*"y".*: ("a", "b"|"b", "a")/)
          const apart = Effect.gen(function* () {
            const z = yield* sample("z", Bernoulli({ probs: 0.5 }))
            yield* scale(observe("y", Normal({ loc: z, scale: 1 }), 0.3), 2)
          })
          expect(refused(apart)).toMatch(/must be scaled alike.*"z", "y"/)
          const many = Effect.gen(function* () {
            let sum: tf.Tensor = tf.scalar(0)
            for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
              sum = tf.add(sum, yield* sample(name as string, Bernoulli({ probs: 0.5 })))
            }
            yield* observe("y", Normal({ loc: sum, scale: 1 }), 0.3)
          })
          expect(refused(many)).toMatch(/too many discrete variables.*markov/)
        }),
      )
    })
  })
}
