/**
 * Encoders that give a covariance: against the exact posterior of each row, where every draw's bound is the evidence, and
 * against the density of a normal, by hand, on every kind of site.
 */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { replayed } from "../../src/effects/handlers/replay.ts"
import { attempt } from "../../src/effects/run.ts"
import {
  amortise,
  autoLowRank,
  autoMultivariateNormal,
  Backend,
  Exponential,
  elbo,
  fitSVI,
  HalfNormal,
  Key,
  logEvidence,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  Support,
  sample,
} from "../../src/index.ts"
import { onBatch, synchronous } from "../../src/inference/programs.ts"
import { expectClose, normal, numbers, sum } from "../effects/numbers.ts"

/** A row's number, and the spread of its noise. */
type Rows = { readonly x: tf.Tensor; readonly noise: tf.Tensor }

const data = { x: [0.3, -1.2, 2.5, 0.8], noise: [0.5, 1, 0.3, 2] }
const tensors = (): Rows => ({ x: tf.tensor1d(data.x), noise: tf.tensor1d(data.noise) })
const weights = [1.5, -0.7] as const

/** z_n ~ N(0, I₂), x_n ~ N(w·z_n, noise_n²). */
const model = Effect.fnUntraced(
  function* ({ x, noise }: Rows) {
    const z = yield* sample("z", Normal.standard([2]))
    yield* observe("x", Normal({ loc: tf.sum(tf.mul(z, [...weights]), -1), scale: noise }), x)
  },
  plate("rows", { size: 4 }),
)

/** The posterior's mean and covariance, by Sherman and Morrison: I − wwᵀ/(noise² + |w|²). */
const posterior = (x: number, noise: number) => {
  const [v, w] = weights
  const total = noise ** 2 + v * v + w * w
  return {
    loc: [(v * x) / total, (w * x) / total],
    covariance: [
      [1 - (v * v) / total, (-v * w) / total],
      [(-v * w) / total, 1 - (w * w) / total],
    ] as const,
    evidence: normal(x, 0, Math.sqrt(total)),
  }
}
const exact = data.x.map((x, n) => posterior(x, data.noise[n]!))
const evidence = sum(exact.map(({ evidence }) => evidence))

/** The exact posterior as a program of the data, by its factor. */
const factors = ({ x, noise }: Rows) => {
  const [v, w] = weights
  const total = tf.add(tf.square(noise), v * v + w * w)
  const loc = tf.mul(tf.expandDims(tf.div(x, total), -1), [v, w])
  const a = tf.sqrt(tf.sub(1, tf.div(v * v, total)))
  const b = tf.div(tf.div(-v * w, total), a)
  const c = tf.sqrt(tf.sub(tf.sub(1, tf.div(w * w, total)), tf.square(b)))
  const scaleTril = tf.stack([tf.stack([a, tf.zerosLike(a)], -1), tf.stack([b, c], -1)], -2)
  return Effect.succeed({ loc, scaleTril })
}

/** The same as a diagonal and a rank of one: the two are correlated by r > 0, and share that much of either variance. */
const lowRank = ({ x, noise }: Rows) => {
  const [v, w] = weights
  const total = tf.add(tf.square(noise), v * v + w * w)
  const loc = tf.mul(tf.expandDims(tf.div(x, total), -1), [v, w])
  const variance = tf.sub(1, tf.div([v * v, w * w], tf.expandDims(total, -1)))
  const r = tf.div(tf.div(-v * w, total), tf.sqrt(tf.prod(variance, -1)))
  const share = tf.expandDims(r, -1)
  const factor = tf.expandDims(tf.sqrt(tf.mul(variance, share)), -1)
  return Effect.succeed({ loc, scale: tf.sqrt(tf.mul(variance, tf.sub(1, share))), factor })
}

/** Encoded guides of one site. */
const guides = [
  ["autoMultivariateNormal", amortise(autoMultivariateNormal(model), { z: factors })],
  ["autoLowRank", amortise(autoLowRank(model), { z: lowRank })],
] as const

/** log N(x; 0, LLᵀ) for the lower-triangular L. */
const gaussian = (x: ReadonlyArray<number>, l: ReadonlyArray<ReadonlyArray<number>>): number => {
  const noise: Array<number> = []
  let log = 0
  x.forEach((x, i) => {
    noise.push((x - sum(noise.map((e, k) => l[i]![k]! * e))) / l[i]![i]!)
    log += normal(noise[i]!, 0, 1) - Math.log(l[i]![i]!)
  })
  return log
}

/** The lower-triangular factor of a positive-definite matrix. */
const factorOf = (a: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> => {
  const l = a.map((row) => row.map(() => 0))
  a.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const rest = row[j]! - sum(l[j]!.slice(0, j).map((x, k) => l[i]![k]! * x))
      l[i]![j] = i === j ? Math.sqrt(rest) : rest / l[j]![j]!
    }
  })
  return l
}

const noise = (name: string, shape: ReadonlyArray<number>): tf.Tensor =>
  tf.tensor(Key.normalValues(Key.foldInName(Key.key(3), name), [...shape]), [...shape])

/** Sites of a row: a positive number, a vector of positive ones, a matrix; and one outside the rows. */
const kinds = Effect.fnUntraced(function* (_: tf.Tensor) {
  yield* sample("mu", Normal({ loc: 0, scale: 1 }))
  yield* plate("rows", { size: 3 })(
    Effect.gen(function* () {
      yield* sample("number", Exponential({ rate: 1 }))
      yield* sample("vector", HalfNormal({ scale: [1, 2] }).toEvent(1))
      yield* sample("matrix", Normal.standard([2, 2]))
    }),
  )
})
const events = { number: [], vector: [2], matrix: [2, 2] } as const
type Site = keyof typeof events
const sites = Object.keys(events) as ReadonlyArray<Site>
const width = (site: Site): number => events[site].reduce((n: number, size) => n * size, 1)

const locOf = (site: Site) => noise(`${site}/loc`, [3, ...events[site]])
const triangles = (site: Site) => {
  const n = width(site)
  const below = tf.linalg.bandPart(noise(`${site}/l`, [3, n, n]), -1, 0)
  return tf.add(below, tf.mul(tf.eye(n), 3))
}
const scaleOf = (site: Site) => tf.exp(noise(`${site}/scale`, [3, ...events[site]]))
const columns = (site: Site) => noise(`${site}/factor`, [3, width(site), 2])

const full = (site: Site) => () => Effect.succeed({ loc: locOf(site), scaleTril: triangles(site) })
const low = (site: Site) => () =>
  Effect.succeed({ loc: locOf(site), scale: scaleOf(site), factor: columns(site) })

/** Guides with an encoder for each site, and the factors of its rows' covariances. */
const encoded: ReadonlyArray<
  readonly [
    name: string,
    guide: (data: tf.Tensor) => Effect.Effect<unknown, never, never>,
    factors: (site: Site) => ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>,
  ]
> = [
  [
    "autoMultivariateNormal",
    amortise(autoMultivariateNormal(kinds), {
      number: full("number"),
      vector: full("vector"),
      matrix: full("matrix"),
    }) as never,
    (site: Site) => triangles(site).arraySync() as Array<Array<Array<number>>>,
  ],
  [
    "autoLowRank",
    amortise(autoLowRank(kinds), {
      number: low("number"),
      vector: low("vector"),
      matrix: low("matrix"),
    }) as never,
    (site: Site) => {
      const scales = tf.reshape(scaleOf(site), [3, width(site)]).arraySync() as Array<Array<number>>
      const factors = columns(site).arraySync() as Array<Array<Array<number>>>
      return factors.map((w, n) =>
        factorOf(
          w.map((a, i) =>
            w.map((b, j) => (i === j ? scales[n]![i]! ** 2 : 0) + sum(a.map((a, k) => a * b[k]!))),
          ),
        ),
      )
    },
  ],
]

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`encoders on ${backend.name}`, (it) => {
    it.effect.each(guides)("%s: every row has its covariance, and every draw the evidence", ([, guide]) =>
      Effect.gen(function* () {
        const programs = synchronous(model, guide, Context.empty() as never)
        for (let seed = 0; seed < 3; seed++) {
          const [found] = yield* attempt(() =>
            tidied(() => {
              const on = onBatch(programs, tensors())
              return numbers(elbo({ kl: "monteCarlo" }).estimate(on, Key.key(seed), false).metrics.elbo!)
            }),
          )
          expectClose(found!, evidence, 1e-5)
        }
        const data = tensors()
        const { values } = yield* logEvidence(model, guide, data, {
          over: "rows",
          samples: 2,
          key: Key.key(5),
        })
        values.forEach((value, n) => {
          expectClose(value, exact[n]!.evidence, 2e-5)
        })
      }),
    )

    it.effect.each(encoded)("%s scores events of any shape, whoever has drawn them", ([, guide, factors]) =>
      attempt(() =>
        tidied(() => {
          const programs = onBatch(synchronous(guide, guide, Context.empty() as never), tf.scalar(0))
          const q = programs.guide({ key: Key.key(1) })
          expect([...q.samples.keys()]).toEqual(["mu", ...sites])
          const copies = new Map([...q.samples].map(([name, { value }]) => [name, tf.clone(value)]))
          const again = programs.guide({ key: Key.key(1), handlers: [replayed(copies)] })
          for (const site of sites) {
            const at = numbers(q.samples.get(site)!.value)
            const u = site === "matrix" ? at : at.map(Math.log)
            const loc = numbers(locOf(site))
            const n = width(site)
            const expected = factors(site).map((l, row) => {
              const own = Array.from({ length: n }, (_, i) => row * n + i)
              const volume = site === "matrix" ? 0 : sum(own.map((i) => u[i]!))
              return (
                gaussian(
                  own.map((i) => u[i]! - loc[i]!),
                  l,
                ) - volume
              )
            })
            for (const { samples } of [q, again]) {
              const { distribution, value } = samples.get(site)!
              expectClose(distribution.logProb(value), expected, 2e-5)
            }
          }
        }),
      ),
    )
  })
}

layer(Backend.cpu())("an encoder of a covariance", (it) => {
  it.effect("is learned from minibatches, and leaves the guide no parameters", () =>
    Effect.gen(function* () {
      const n = 60
      const [v, w] = weights
      const z = Key.normalValues(Key.key(5), [n, 3])
      const x = Array.from({ length: n }, (_, i) => v * z[3 * i]! + w * z[3 * i + 1]! + 0.8 * z[3 * i + 2]!)
      const model = Effect.fnUntraced(
        function* (x: tf.Tensor) {
          const z = yield* sample("z", Normal.standard([2]))
          yield* observe("x", Normal({ loc: tf.sum(tf.mul(z, [...weights]), -1), scale: 0.8 }), x)
        },
        plate("rows", { size: n }),
      )
      const guide = amortise(autoMultivariateNormal(model), {
        z: Effect.fnUntraced(function* (x: tf.Tensor) {
          const slope = yield* param("slope", [0, 0])
          const scaleTril = yield* param("factor", tf.eye(2), { support: Support.lowerCholesky })
          return {
            loc: tf.mul(tf.expandDims(x, -1), slope),
            scaleTril: tf.tile(tf.expandDims(scaleTril, 0), [x.size, 1, 1]),
          }
        }),
      })
      const fit = yield* fitSVI(model, guide, tf.tensor1d(x), {
        epochs: 100,
        batchSize: 20,
        key: Key.key(4),
        objective: elbo({ stickingTheLanding: true }),
        optimizer: Optimizer.adam(Schedule.cosine(0.05, { decaySteps: 300 })),
      })
      expect(Object.keys(fit.params).toSorted()).toEqual(["factor", "slope"])
      const exact = posterior(1, 0.8)
      // Sticking the landing has no variance at the posterior: the fit arrives.
      expectClose(fit.params.slope, exact.loc, 1e-3)
      const l = fit.params.factor
      expectClose(tf.matMul(l, l, false, true), exact.covariance.flat(), 1e-3)
    }),
  )

  it.effect("stands beside sites that keep a covariance of their own", () =>
    Effect.gen(function* () {
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
        yield* plate("rows", { size: 4 })(
          Effect.gen(function* () {
            const z = yield* sample("z", Normal.standard([2]))
            yield* observe("x", Normal({ loc: tf.add(a, tf.sum(z, -1)), scale: 1 }), x)
          }),
          x,
        )
        yield* sample("b", Normal({ loc: a, scale: 1 }))
      })
      const encode = (x: tf.Tensor) =>
        Effect.succeed({
          loc: tf.zeros([x.size, 2]),
          scaleTril: tf.tile(tf.expandDims(tf.eye(2), 0), [x.size, 1, 1]),
        })
      const guide = amortise(autoMultivariateNormal(model), { z: encode })
      const fit = yield* fitSVI(model, guide, tf.tensor1d([1, 2, 3, 4]), { steps: 4, batchSize: 2 })
      expect(Object.keys(fit.params).toSorted()).toEqual(["auto/a/loc", "auto/b/loc", "auto/scaleTril"])
      expect(fit.params["auto/scaleTril"].shape).toEqual([2, 2])
    }),
  )

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      const data = tensors()
      const before = tf.engine().state.numTensors
      for (const [, guide] of guides) {
        yield* Effect.scoped(logEvidence(model, guide, data, { over: "rows", samples: 2, key: Key.key(5) }))
      }
      const wrong = amortise(autoMultivariateNormal(model), {
        z: ({ x }) => Effect.succeed({ loc: x, scaleTril: x }),
      })
      yield* Effect.flip(logEvidence(model, wrong, data, { over: "rows", samples: 2, key: Key.key(5) }))
      expect(tf.engine().state.numTensors).toBe(before)
    }),
  )
})

/** `body` in a tidy, with a result that has no tensor. */
const tidied = <A>(body: () => A): A => tf.tidy(body as () => never)
