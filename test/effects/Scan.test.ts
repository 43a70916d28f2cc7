/**
 * Scans: their states summed out against brute force and the forward algorithm in float64; their draws, and what they
 * refuse.
 */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { replayed } from "../../src/effects/handlers/replay.ts"
import { total } from "../../src/effects/logDensity.ts"
import { run } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  block,
  Categorical,
  condition,
  factor,
  intervene,
  Key,
  mask,
  Normal,
  observe,
  plate,
  predictive,
  sample,
  scan,
  scope,
  trace,
} from "../../src/index.ts"
import {
  logEvidenceOf,
  runEnumerated,
  structure,
  tablesOf,
} from "../../src/inference/enumeration/evidence.ts"

type Program = Effect.Effect<unknown, never, never>

/** log p with all latent sites summed out. */
const logEvidence = (program: Effect.Effect<unknown, never, unknown>, depth = 0): tf.Tensor => {
  const { recording, axes } = runEnumerated(
    (options) => run(program as Program, Context.empty(), options),
    {},
    () => true,
    { depth },
  )
  return logEvidenceOf(tablesOf(recording), structure([recording], axes))
}
const evidence = (program: Effect.Effect<unknown, never, unknown>, depth = 0): number =>
  tf.tidy(() => logEvidence(program, depth).dataSync()[0]!)

/** log p at values. */
const density = (
  program: Effect.Effect<unknown, never, unknown>,
  values: Record<string, tf.Tensor>,
): number =>
  tf.tidy(() => {
    const handlers = [replayed(new Map(Object.entries(values)))]
    return total(run(program as Program, Context.empty(), { handlers })).dataSync()[0]!
  })

/** The same summed over all values 0 … k − 1 of sites of the given shapes, one assignment after another. */
const bruteForce = (
  program: Effect.Effect<unknown, never, unknown>,
  sites: Readonly<Record<string, { readonly shape: ReadonlyArray<number>; readonly k: number }>>,
): number => {
  const cells = Object.entries(sites).flatMap(([name, { shape, k }]) =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => ({ name, k })),
  )
  const count = cells.reduce((n, { k }) => n * k, 1)
  let sum = 0
  for (let code = 0; code < count; code++) {
    let rest = code
    const chosen: Record<string, Array<number>> = {}
    for (const { name, k } of cells) {
      chosen[name] ??= []
      chosen[name].push(rest % k)
      rest = Math.floor(rest / k)
    }
    const values = Object.fromEntries(
      Object.entries(chosen).map(([name, list]) => [
        name,
        tf.tensor(list, [...sites[name]!.shape], "float32"),
      ]),
    )
    sum += Math.exp(density(program, values))
    tf.dispose(values)
  }
  return Math.log(sum)
}

const at = (table: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>, z: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor(table as tf.TensorLike), tf.cast(z, "int32"))

/** Rows 0 to 2 are the transitions; row 3 is where the chain starts. */
const transition = [
  [0.7, 0.2, 0.1],
  [0.1, 0.6, 0.3],
  [0.25, 0.25, 0.5],
  [0.5, 0.2, 0.3],
]
const loc = [-1, 0.5, 2]

const chain = (x: tf.Tensor, start = 3) =>
  Effect.suspend(() =>
    scan("time", x, tf.scalar(start), (previous, now) =>
      Effect.gen(function* () {
        const z = yield* sample("z", Categorical({ probs: at(transition, previous) }))
        yield* observe("x", Normal({ loc: at(loc, z), scale: 1 }), now)
        return z
      }),
    ),
  )

const agrees = (program: Effect.Effect<unknown, never, unknown>, sites: Parameters<typeof bruteForce>[1]) => {
  const expected = bruteForce(program, sites)
  const before = tf.memory().numTensors
  expect(evidence(program)).toBeCloseTo(expected, 4)
  expect(tf.memory().numTensors).toBe(before)
}

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`scan on ${name}: states summed out`, (it) => {
    it.effect("of one chain, of one step, and of chains in a plate", () =>
      Effect.sync(() => {
        agrees(chain(tf.tensor([0.3, -1.2, 2.2, 0.7])), { z: { shape: [4], k: 3 } })
        agrees(chain(tf.tensor([0.3])), { z: { shape: [1], k: 3 } })
        const x = tf.tensor([
          [0.3, -1.2],
          [2.2, 0.7],
        ])
        agrees(chain(x).pipe(plate("sequences", { size: 2 })), { z: { shape: [2, 2], k: 3 } })
        const minibatch = chain(x).pipe(plate("sequences", { size: 10, subsample: 2 }))
        const all = chain(x).pipe(plate("sequences", { size: 2 }))
        expect(evidence(minibatch)).toBeCloseTo(5 * evidence(all), 4)
        expect(evidence(scope(all, "inner"))).toBeCloseTo(evidence(all), 5)
      }),
    )

    it.effect("of sequences that differ in length, with gaps: what is masked has no influence", () =>
      Effect.sync(() => {
        const program = (x: tf.Tensor, present: tf.Tensor) =>
          Effect.suspend(() =>
            scan("time", { x, present }, tf.scalar(3), (previous, now) =>
              Effect.gen(function* () {
                const z = yield* sample("z", Categorical({ probs: at(transition, previous) }))
                yield* mask(observe("x", Normal({ loc: at(loc, z), scale: 1 }), now.x), now.present)
                return z
              }),
            ).pipe(plate("sequences", { size: 2 })),
          )
        const padded = program(
          tf.tensor([
            [0.3, -1.2],
            [2.2, Number.NaN],
            [1, Number.NaN],
          ]),
          tf.tensor([
            [1, 1],
            [1, 0],
            [1, 0],
          ]),
        )
        const separate = evidence(chain(tf.tensor([0.3, 2.2, 1]))) + evidence(chain(tf.tensor([-1.2])))
        expect(evidence(padded)).toBeCloseTo(separate, 4)
      }),
    )

    it.effect(
      "of several variables, with others local to a step, plates inside, and a global one outside",
      () =>
        Effect.sync(() => {
          const two = Effect.suspend(() => {
            const first = { a: tf.scalar(0), b: tf.scalar(1) }
            return scan("time", tf.tensor([0.5, -0.2, 1.1]), first, (previous, x) =>
              Effect.gen(function* () {
                const a = yield* sample("a", Bernoulli({ probs: at([0.2, 0.7], previous.a) }))
                const b = yield* sample(
                  "b",
                  Bernoulli({ logits: tf.sub(tf.add(tf.mul(previous.b, 1.5), a), 1) }),
                )
                const w = yield* sample("w", Bernoulli({ probs: at([0.4, 0.9], b) }))
                yield* observe("x", Normal({ loc: tf.add(tf.add(a, w), tf.mul(b, -2)), scale: 1 }), x)
                yield* factor("f", tf.mul(tf.mul(previous.a, b), 0.4))
                return { a, b }
              }),
            )
          })
          agrees(two, { a: { shape: [3], k: 2 }, b: { shape: [3], k: 2 }, w: { shape: [3], k: 2 } })
          const outer = Effect.suspend(() =>
            Effect.gen(function* () {
              const g = yield* sample("g", Bernoulli({ probs: 0.3 }))
              const start = yield* sample("start", Bernoulli({ probs: at([0.5, 0.9], g) }))
              yield* scan("time", tf.tensor([0.5, -0.2, 1.1]), start, (previous, x) =>
                Effect.gen(function* () {
                  const z = yield* sample("z", Bernoulli({ probs: at([0.2, 0.7], previous) }))
                  yield* observe("x", Normal({ loc: tf.add(z, g), scale: 1 }), x)
                  return z
                }),
              )
            }),
          )
          agrees(outer, { g: { shape: [], k: 2 }, start: { shape: [], k: 2 }, z: { shape: [3], k: 2 } })
          const inside = Effect.suspend(() =>
            scan("time", tf.tensor([0.5, -0.2]), tf.scalar(0), (previous, x) =>
              Effect.gen(function* () {
                const z = yield* sample("z", Bernoulli({ probs: at([0.2, 0.7], previous) }))
                yield* observe("x", Normal({ loc: z, scale: 1 }), x)
                yield* Effect.suspend(() =>
                  observe(
                    "y",
                    Normal({ loc: tf.mul(z, 2), scale: 1 }),
                    tf.add(tf.reshape(x, [1, -1]), tf.tensor([[1], [-1]])),
                  ),
                ).pipe(plate("features", { size: 2 }))
                return z
              }),
            ),
          )
          agrees(inside, { z: { shape: [2], k: 2 } })
        }),
    )

    it.effect("where the state is data too: an autoregression that switches", () =>
      Effect.sync(() => {
        const x = tf.tensor([0.5, 0.9, -0.2])
        const program = Effect.suspend(() =>
          scan("time", x, { z: tf.scalar(0), x: tf.scalar(0) }, (previous, now) =>
            Effect.gen(function* () {
              const z = yield* sample("z", Bernoulli({ probs: at([0.2, 0.7], previous.z) }))
              const loc = tf.mul(previous.x, tf.sub(1, z))
              return { z, x: yield* observe("x", Normal({ loc, scale: 1 }), now) }
            }),
          ),
        )
        agrees(program, { z: { shape: [3], k: 2 } })
      }),
    )

    it.effect("of 1,000 steps and 10 states: the forward algorithm in float64, with its gradient", () =>
      Effect.sync(() => {
        const [steps, k] = [1000, 10]
        const noise = Key.normalValues(Key.key(5), [k + 1, k])
        const rows = Array.from({ length: k + 1 }, (_, i) => {
          const weights = Array.from({ length: k }, (_, j) => Math.exp(noise[i * k + j]! + (i === j ? 3 : 0)))
          const sum = weights.reduce((a, b) => a + b)
          return weights.map((w) => Math.fround(w / sum))
        })
        const means = Array.from({ length: k }, (_, j) => Math.fround(j * 0.7 - 3))
        const x = Array.from(Key.normalValues(Key.key(6), [steps]), (e, t) =>
          Math.fround(3 * Math.sin(t / 40) + e),
        )
        const program = (loc: tf.Tensor) =>
          Effect.suspend(() =>
            scan("time", tf.tensor(x), tf.scalar(k), (previous, now) =>
              Effect.gen(function* () {
                const z = yield* sample("z", Categorical({ probs: at(rows, previous) }))
                yield* observe("x", Normal({ loc: tf.gather(loc, tf.cast(z, "int32")), scale: 0.8 }), now)
                return z
              }),
            ),
          )
        const scale = Math.fround(0.8)
        const emit = (t: number, j: number) =>
          Math.exp(-0.5 * ((x[t]! - means[j]!) / scale) ** 2) / (scale * Math.sqrt(2 * Math.PI))
        let log = 0
        const alphas: Array<Array<number>> = []
        for (const t of x.keys()) {
          const before = alphas.at(-1)
          const next = means.map(
            (_, j) =>
              emit(t, j) *
              (before === undefined ? rows[k]![j]! : before.reduce((sum, a, i) => sum + a * rows[i]![j]!, 0)),
          )
          const sum = next.reduce((a, b) => a + b)
          log += Math.log(sum)
          alphas.push(next.map((a) => a / sum))
        }
        let beta = means.map(() => 1)
        const slope = means.map(() => 0)
        for (let t = steps - 1; t >= 0; t--) {
          const gamma = alphas[t]!.map((a, j) => a * beta[j]!)
          const sum = gamma.reduce((a, b) => a + b)
          gamma.forEach((g, j) => {
            slope[j]! += ((g / sum) * (x[t]! - means[j]!)) / scale ** 2
          })
          const now = beta
          beta = means.map((_, i) =>
            means.reduce((total, _, j) => total + rows[i]![j]! * emit(t, j) * now[j]!, 0),
          )
          const norm = beta.reduce((a, b) => a + b)
          beta = beta.map((b) => b / norm)
        }
        tf.tidy(() => {
          const { value, grad } = tf.valueAndGrad((loc: tf.Tensor) => logEvidence(program(loc)))(
            tf.tensor(means),
          )
          expect(value.dataSync()[0]! / log).toBeCloseTo(1, 6)
          for (const [j, g] of grad.dataSync().entries()) {
            expect(Math.abs(g - slope[j]!)).toBeLessThan(2e-3 * (1 + Math.abs(slope[j]!)))
          }
        })
      }),
    )
  })

  layer(backend)(`scan on ${name}: draws`, (it) => {
    it.effect("are the chain's, step after step", () =>
      Effect.sync(() => {
        const [n, steps] = [4000, 4]
        const counts = Array.from({ length: 4 }, () => [0, 0, 0])
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const program = chain(tf.zeros([steps, n])).pipe(plate("sequences", { size: n }))
          const { samples, result } = run(program as Program, Context.empty(), { key: Key.key(11) })
          const z = samples.get("z")!.value
          expect(z.shape).toEqual([steps, n])
          expect(result).toBe(z)
          const drawn = z.arraySync() as ReadonlyArray<ReadonlyArray<number>>
          for (const [t, row] of drawn.entries()) {
            for (const [i, state] of row.entries()) counts[t === 0 ? 3 : drawn[t - 1]![i]!]![state]! += 1
          }
        })
        expect(tf.memory().numTensors).toBe(before)
        // Four tests with 2 degrees of freedom: a false alarm in 4 · 10⁻⁵ of seeds.
        counts.forEach((row, i) => {
          const total = row.reduce((a, b) => a + b)
          const chi2 = row.reduce(
            (sum, c, j) => sum + (c - total * transition[i]![j]!) ** 2 / (total * transition[i]![j]!),
            0,
          )
          expect(chi2, `after ${i}`).toBeLessThan(23)
        })
      }),
    )

    it.effect("have the density of the steps, one by one", () =>
      Effect.sync(() => {
        const x = [0.3, -1.2, 2.2]
        const z = [1, 1, 2]
        const expected = z.reduce((sum, state, t) => {
          const p = transition[t === 0 ? 3 : z[t - 1]!]![state]!
          return sum + Math.log(p) - 0.5 * (x[t]! - loc[state]!) ** 2 - 0.5 * Math.log(2 * Math.PI)
        }, 0)
        expect(density(chain(tf.tensor(x)), { z: tf.tensor(z) })).toBeCloseTo(expected, 5)
      }),
    )

    it.effect("go on from what is drawn in place of data, and from what others give", () =>
      Effect.gen(function* () {
        const walk = (x: tf.Tensor) =>
          scan("time", x, tf.scalar(10), (previous, now) =>
            observe("x", Normal({ loc: tf.add(previous, 1), scale: 1e-3 }), now),
          )
        const { x } = yield* predictive(walk, tf.zeros([4]), { samples: 2, key: Key.key(1) })
        expect(x.shape).toEqual([2, 4])
        for (const [t, mean] of [11, 12, 13, 14].entries()) {
          expect(Math.abs(x.dataSync()[t]! - mean)).toBeLessThan(0.02)
        }
        const latent = (x: tf.Tensor) =>
          scan("time", x, tf.scalar(10), (previous, now) =>
            Effect.gen(function* () {
              const z = yield* sample("z", Normal({ loc: tf.add(previous, 1), scale: 1e-3 }))
              yield* observe("x", Normal({ loc: z, scale: 1 }), now)
              return z
            }),
          )
        const data = tf.zeros([3])
        const drawn = yield* trace(latent(data), { key: Key.key(2) })
        expect(Math.abs(drawn.values.z.dataSync()[2]! - 13)).toBeLessThan(0.02)
        const given = yield* trace(condition(latent(data), { z: [1, 2, 3] }), { key: Key.key(2) })
        expect([...given.observed.z.dataSync()]).toEqual([1, 2, 3])
        expect([...given.sites.get("z")!.logProb.dataSync()].map(Math.sign)).toEqual([-1, 1, 1])
        const forced = yield* trace(intervene(latent(data), { z: [1, 2, 3] }), { key: Key.key(2) })
        expect([...forced.deterministic.z.dataSync()]).toEqual([1, 2, 3])
        const hidden = yield* trace(block(latent(data), ["z"]), { key: Key.key(2) })
        expect([...hidden.sites.keys()]).toEqual(["x"])
        expect(Math.abs(hidden.sites.get("x")!.logProb.dataSync()[2]! + 0.5 * 169 + 0.919)).toBeLessThan(0.5)
      }),
    )
  })
}
