/**
 * Metropolis against exact posteriors: thousands of chains, each a member of a plate, of which the last draws are
 * independent. Each comparison is within 4.5 standard errors: with about 40 of them a false alarm once in 3,500 seeds.
 */
import { readFileSync } from "node:fs"
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Beta,
  Binomial,
  Categorical,
  closedForm,
  Dirichlet,
  type Drawn,
  fitEM,
  fitMonteCarloEM,
  Gamma,
  GaussianMixture,
  gibbs,
  InvalidArgument,
  Key,
  Multinomial,
  mask,
  metropolis,
  Normal,
  observe,
  Poisson,
  param,
  plate,
  SiteMismatch,
  sample,
  scan,
  Uniform,
} from "../../../src/index.ts"
import { normal } from "../../effects/numbers.ts"
import { worlds } from "../exactWorlds.ts"
import { mean as meanWorld } from "../gaussian.ts"
import { ends, expectMoments, expectShares } from "./chains.ts"

type Program = Effect.Effect<unknown, never, unknown>

const chains = 2500
const steps = 90
/** Steps adapt in the first half; what follows leaves the posterior as it is. */
const warm = { adaptation: 50 }

const inChains = (program: Program): Program => plate("chains", { size: chains, dim: -1 })(program) as Program
const at = (table: ReadonlyArray<number>, z: tf.Tensor) =>
  tf.gather(tf.tensor1d([...table]), tf.cast(z, "int32"))
const of = (value: number) => tf.fill([chains], value)

const x = [1.2, -0.4, 2.5]
const rowsOf = () => tf.tile(tf.tensor2d(x, [3, 1]), [1, chains])

/** z ~ Categorical(0.2, 0.5, 0.3), x ~ N(center_z, 1) at 0.7. */
const weights = [0.2, 0.5, 0.3]
const centers = [0, 2, -1]
const classes = (() => {
  const joint = weights.map((w, k) => w * Math.exp(normal(0.7, centers[k]!, 1)))
  const total = joint.reduce((a, b) => a + b)
  return joint.map((j) => j / total)
})()
const mixture = inChains(
  Effect.gen(function* () {
    const z = yield* sample("z", Categorical({ probs: weights }))
    yield* observe("x", Normal({ loc: at(centers, z), scale: 1 }), of(0.7))
  }),
)

const column = (t: tf.Tensor, k: number) => tf.slice(t, [0, k], [chains, 1]).dataSync()

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`metropolis on ${backend}`, (it) => {
    const draws = (program: Program, options = {}) =>
      ends(program, metropolis({ ...warm, ...options }), steps).state.values
    const check = (name: string, body: () => void) =>
      it.effect(name, () => Effect.sync(() => tf.tidy(() => body())))

    describe("has as stationary distribution", () => {
      check("a normal's, over an inner plate", () => {
        const { mu } = draws(
          inChains(
            Effect.gen(function* () {
              const mu = yield* sample("mu", Normal({ loc: 0, scale: meanWorld.prior }))
              yield* plate("rows", { size: 3, dim: -2 })(
                observe("x", Normal({ loc: mu, scale: meanWorld.noise }), rowsOf()),
              )
            }),
          ),
        )
        const { loc, scale } = meanWorld.posterior(x)
        expectMoments(mu!.dataSync(), { mean: loc, variance: scale ** 2 })
      })

      check("a beta's", () => {
        const { p } = draws(
          inChains(
            Effect.gen(function* () {
              const p = yield* sample("p", Beta({ concentration1: 2, concentration0: 3 }))
              yield* observe("k", Binomial({ totalCount: 10, probs: p }), of(7))
            }),
          ),
        )
        expectMoments(p!.dataSync(), { mean: 9 / 15, variance: (9 * 6) / (15 ** 2 * 16) })
      })

      check("a gamma's", () => {
        const { rate } = draws(
          inChains(
            Effect.gen(function* () {
              const rate = yield* sample("rate", Gamma({ concentration: 2, rate: 1 }))
              yield* observe("n", Poisson({ rate }), of(5))
            }),
          ),
        )
        expectMoments(rate!.dataSync(), { mean: 7 / 2, variance: 7 / 4 })
      })

      check("a Dirichlet's, whose numbers move together", () => {
        const { p } = draws(
          inChains(
            Effect.gen(function* () {
              const p = yield* sample("p", Dirichlet({ concentration: [1, 2, 3] }))
              const counts = tf.tile(tf.tensor2d([[4, 0, 2]]), [chains, 1])
              yield* observe("n", Multinomial({ totalCount: 6, probs: p }), counts)
            }),
          ),
        )
        const a = [5, 2, 5]
        a.forEach((a, k) => {
          expectMoments(column(p!, k), { mean: a / 12, variance: (a * (12 - a)) / (144 * 13) }, `${k}`)
        })
      })

      for (const finite of ["uniform", "prior"] as const) {
        check(`a finite mixture's, by ${finite} proposals`, () => {
          expectShares(draws(mixture, { finite }).z!.dataSync(), classes)
        })
      }

      check("counts', of which there is no list", () => {
        const { n } = draws(
          inChains(
            Effect.gen(function* () {
              const n = yield* sample("n", Poisson({ rate: 4 }))
              // Thinned: n − 3 is again Poisson, of mean 4 / 2.
              yield* observe("x", Binomial({ totalCount: n, probs: 0.5 }), of(3))
            }),
          ),
        )
        const share = (k: number) => (2 ** k * Math.exp(-2)) / [1, 1, 2, 6, 24][k]!
        expectShares(tf.sub(n!, 3).dataSync(), [0, 1, 2, 3, 4].map(share))
      })

      check("two sites', discrete and continuous, each given the other", () => {
        const { c, z } = draws(
          inChains(
            Effect.gen(function* () {
              const c = yield* sample("c", Categorical({ probs: [0.7, 0.3] }))
              const z = yield* sample("z", Normal({ loc: at([-1, 1], c), scale: 1 }))
              yield* observe("x", Normal({ loc: z, scale: 0.8 }), of(0.4))
            }),
          ),
        )
        const joint = [0.7, 0.3].map((w, k) => w * Math.exp(normal(0.4, [-1, 1][k]!, Math.hypot(1, 0.8))))
        const q = joint.map((j) => j / (joint[0]! + joint[1]!))
        expectShares(c!.dataSync(), q)
        const precision = 1 + 1 / 0.64
        const locs = [-1, 1].map((m) => (m + 0.4 / 0.64) / precision)
        const mean = q[0]! * locs[0]! + q[1]! * locs[1]!
        const variance = 1 / precision + q[0]! * q[1]! * (locs[0]! - locs[1]!) ** 2
        expectMoments(z!.dataSync(), { mean, variance })
      })

      check("members' that one observation outside their plate ties together", () => {
        // z_n ~ N(0, 1) for three members, s ~ N(Σ z, 0.5²) at 2: each has mean 2 / 3.25, variance 1 − 1 / 3.25.
        const { z } = draws(
          plate("chains", { size: chains, dim: -2 })(
            Effect.gen(function* () {
              const z = yield* plate("rows", { size: 3, dim: -1 })(sample("z", Normal({ loc: 0, scale: 1 })))
              yield* observe("s", Normal({ loc: tf.sum(z, 1, true), scale: 0.5 }), tf.fill([chains, 1], 2))
            }),
          ) as Program,
        )
        for (const k of [0, 1, 2]) {
          expectMoments(column(z!, k), { mean: 2 / 3.25, variance: 1 - 1 / 3.25 }, `member ${k}`)
        }
        expectMoments(tf.sum(z!, 1).dataSync(), { mean: 6 / 3.25, variance: 3 - 9 / 3.25 }, "sum")
      })

      for (const finite of ["uniform", "prior"] as const) {
        check(`a scan's states, each beside its neighbors, by ${finite} proposals`, () => {
          const { answers } = worlds["hidden Markov"]
          const rows = tf.tile(tf.tensor2d([-0.8, 0.3, 1.4, 0.2, -1.1], [5, 1]), [1, chains])
          const { z } = draws(
            inChains(
              scan("time", rows, tf.scalar(-1), (previous, x) =>
                Effect.gen(function* () {
                  // −1 stands for what comes before the first step.
                  const table = tf.tensor2d([0.6, 0.4, 0.8, 0.2, 0.3, 0.7], [3, 2])
                  const z = yield* sample(
                    "z",
                    Categorical({ probs: tf.gather(table, tf.cast(tf.add(previous, 1), "int32")) }),
                  )
                  yield* observe("x", Normal({ loc: at([-1, 1], z), scale: 1 }), x)
                  return z
                }),
              ),
            ),
            { finite },
          )
          answers.forEach(({ mean }, t) => {
            expectShares(tf.slice(z!, [t, 0], [1, chains]).dataSync(), [1 - mean, mean], `step ${t}`)
          })
        })
      }

      check("a scan's states that one observation after it ties together, by prior proposals", () => {
        const [first, table] = [
          [0.6, 0.4],
          [
            [0.8, 0.2],
            [0.3, 0.7],
          ],
        ]
        const paths = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1] as const)
        const joint = paths.map(
          ([a, b, c]) => first[a]! * table[a]![b]! * table[b]![c]! * Math.exp(normal(2.5, a + b + c, 0.6)),
        )
        const total = joint.reduce((a, b) => a + b)
        const { z } = draws(
          inChains(
            Effect.gen(function* () {
              const z = yield* scan("time", tf.zeros([3, 1]), tf.scalar(-1), (previous) =>
                Effect.gen(function* () {
                  const rows = tf.tensor2d([first, ...table])
                  const probs = tf.gather(rows, tf.cast(tf.add(previous, 1), "int32"))
                  return yield* sample("z", Categorical({ probs }))
                }),
              )
              yield* observe("y", Normal({ loc: tf.sum(z, 0), scale: 0.6 }), of(2.5))
            }),
          ),
          { finite: "prior" },
        )
        for (const t of [0, 1, 2]) {
          const p = joint.reduce((sum, j, i) => sum + (paths[i]![t] === 1 ? j / total : 0), 0)
          expectShares(tf.slice(z!, [t, 0], [1, chains]).dataSync(), [1 - p, p], `step ${t}`)
        }
      })

      check("a scan's numbers, a walk in sight", () => {
        // z_t ~ N(0.8 z_{t−1}, 1) from 0, x_t ~ N(z_t, 0.5²): the posterior's precision is tridiagonal.
        const seen = [0.5, -0.3, 1.2]
        const rows = tf.tile(tf.tensor2d(seen, [3, 1]), [1, chains])
        const { z } = draws(
          inChains(
            scan("time", rows, tf.scalar(0), (previous, x) =>
              Effect.gen(function* () {
                const z = yield* sample("z", Normal({ loc: tf.mul(previous, 0.8), scale: 1 }))
                yield* observe("x", Normal({ loc: z, scale: 0.5 }), x)
                return z
              }),
            ),
          ),
        )
        const [inner, last, off] = [1 + 0.64 + 4, 1 + 4, -0.8]
        const h = seen.map((x) => 4 * x)
        // By elimination from the first step on, and back.
        const second = inner - off ** 2 / inner
        const third = last - off ** 2 / second
        const forward = h[1]! - (off * h[0]!) / inner
        const means = [0, 0, (h[2]! - (off * forward) / second) / third]
        means[1] = (forward - off * means[2]!) / second
        means[0] = (h[0]! - off * means[1]!) / inner
        const det = inner * (inner * last - off ** 2) - off ** 2 * last
        const variances = [
          (inner * last - off ** 2) / det,
          (inner * last) / det,
          (inner ** 2 - off ** 2) / det,
        ]
        means.forEach((mean, t) => {
          const draws = tf.slice(z!, [t, 0], [1, chains]).dataSync()
          expectMoments(draws, { mean, variance: variances[t]! }, `step ${t}`)
        })
      })

      check("the prior, where a mask leaves a member out, and the posterior elsewhere", () => {
        const half = tf.less(tf.range(0, chains), chains / 2)
        const { z } = draws(
          inChains(
            mask(
              Effect.gen(function* () {
                const z = yield* sample("z", Normal({ loc: 1, scale: 2 }))
                yield* observe("x", Normal({ loc: z, scale: 1 }), of(0))
              }),
              half,
            ) as Program,
          ),
        )
        const [kept, left] = tf.split(z!, 2) as [tf.Tensor, tf.Tensor]
        expectMoments(kept.dataSync(), { mean: 0.2, variance: 0.8 }, "kept")
        expectMoments(left.dataSync(), { mean: 1, variance: 4 }, "left out")
      })

      check("a density's that is 0 beyond an edge", () => {
        // z ~ Gamma(3, 1) and x ~ U(0, z) at 1: of density z e^−z above 1, and none below, where some chains begin.
        const { z } = draws(
          inChains(
            Effect.gen(function* () {
              const z = yield* sample("z", Gamma({ concentration: 3, rate: 1 }))
              yield* observe("x", Uniform({ low: 0, high: z }), of(1))
            }),
          ),
        )
        expect(Math.min(...z!.dataSync())).toBeGreaterThan(1)
        expectMoments(z!.dataSync(), { mean: 2.5, variance: 1.75 })
      })
    })

    describe("adapts", () => {
      const few = plate("chains", { size: 400 })
      const posterior = (scale: number) =>
        few(
          Effect.gen(function* () {
            const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
            yield* observe("x", Normal({ loc: z, scale }), tf.zeros([400]))
          }),
        ) as Program

      check("its steps to 0.44 of proposals taken, whatever the scale", () => {
        for (const scale of [1, 0.01]) {
          const { metrics, state } = ends(posterior(scale), metropolis({ adaptation: 300 }), 300)
          // The mean over chains; each is still about its goal by a gain of 0.03.
          expect(Math.abs(metrics["acceptance/z"]! - 0.44), `${scale}`).toBeLessThan(0.04)
          expect(state.count).toBe(300)
        }
      })

      check("no more after that, nor at all if not asked to", () => {
        const step = (adaptation: number, steps: number) =>
          ends(posterior(0.1), metropolis({ adaptation, stepSize: 0.3 }), steps).state.stepSizes.z!.dataSync()
        expect(step(0, 5).every((s) => s === Math.fround(0.3))).toBe(true)
        expect(step(4, 4)).not.toEqual(step(4, 3))
        expect(step(4, 9)).toEqual(step(4, 4))
      })

      check("to 0.234 where several numbers move together", () => {
        const program = few(sample("z", Normal({ loc: [0, 0, 0, 0, 0], scale: 1 }).toEvent(1))) as Program
        const { metrics, state } = ends(program, metropolis({ adaptation: 200 }), 200)
        expect(Math.abs(metrics["acceptance/z"]! - 0.234)).toBeLessThan(0.04)
        expect(state.stepSizes.z!.shape).toEqual([400])
      })
    })

    check("makes the same draws of the same key, and others of another", () => {
      const z = (seed: number) => ends(mixture, metropolis(), 3, Key.key(seed)).state.values.z!.dataSync()
      expect(z(1)).toEqual(z(1))
      expect(z(1)).not.toEqual(z(2))
    })
  })
}

layer(Backend.wasm())("Monte Carlo EM by Metropolis", (it) => {
  const faithful = () =>
    tf.tensor2d(
      readFileSync(new URL("../../../examples/ladder/faithful.csv", import.meta.url), "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .map((row) => row.split(",").map(Number)),
    )

  it.effect("comes within 0.3 nats of the maximum on Old Faithful, and reports what it took", () =>
    Effect.gen(function* () {
      const data = faithful()
      const model = GaussianMixture.make({ components: 2, dimensions: 2, size: 272 })
      const mStep = closedForm(model.maximize)
      const params = yield* model.initialize(data, { method: "k-means++", key: Key.key(2) })
      const taken: Array<number> = []
      const fit = yield* fitMonteCarloEM(model.model, data, {
        mStep,
        params,
        kernel: metropolis(),
        draws: 40,
        iterations: 25,
        onIteration: ({ metrics }) =>
          Effect.sync(() => {
            taken.push(metrics["acceptance/z"]!)
          }),
      })
      const there = yield* fitEM(model.model, data, { mStep, params: fit.params, iterations: 1 })
      expect(-1130.26396 - there.history[0]!).toBeLessThan(0.3)
      expect(taken).toHaveLength(25)
      // Half of the proposals are the value that is there; the groups are far apart.
      expect(taken.at(-1)!).toBeGreaterThan(0.49)
      expect(taken.at(-1)!).toBeLessThan(0.6)
    }),
  )

  const size = 200
  const shifted = Effect.fnUntraced(
    function* (x: tf.Tensor) {
      const theta = yield* param("theta", 0)
      const z = yield* sample("z", Normal({ loc: theta, scale: 1 }))
      return yield* observe("x", Normal({ loc: z, scale: 0.7 }), x)
    },
    plate("data", { size }),
  )
  const data = () => Normal({ loc: 1.5, scale: 1.2 }).sample(Key.key(4), [size])
  const byDraws = closedForm(({ draws }: Drawn) => ({ theta: tf.mean(draws.z!) }))

  it.effect("reads the draws of continuous sites in its M-step", () =>
    Effect.gen(function* () {
      const x = data()
      const fit = yield* fitMonteCarloEM(shifted, x, {
        mStep: byDraws,
        kernel: metropolis({ adaptation: 100 }),
        draws: 30,
        iterations: 25,
      })
      // The maximum is the data's mean; 200 members' draws leave an error of about 0.02.
      expect(Math.abs((fit.params.theta.dataSync()[0] as number) - tf.mean(x).dataSync()[0]!)).toBeLessThan(
        0.1,
      )
    }),
  )

  it.effect("leaves as many tensors as it found, also where it fails", () =>
    Effect.gen(function* () {
      const x = data()
      const mStep = closedForm<tf.Tensor>(() => ({}))
      const before = tf.memory().numTensors
      yield* Effect.scoped(fitMonteCarloEM(shifted, x, { mStep, kernel: metropolis(), iterations: 3 }))
      expect(tf.memory().numTensors).toBe(before)
      for (const options of [{ stepSize: 0 }, { stepSize: Number.NaN }, { adaptation: 0.5 }]) {
        const kernel = metropolis(options)
        const failure = yield* Effect.flip(Effect.scoped(fitMonteCarloEM(shifted, x, { mStep, kernel })))
        expect(failure).toBeInstanceOf(InvalidArgument)
        expect(failure.message).toContain(`metropolis: ${Object.keys(options)[0]}`)
        expect(tf.memory().numTensors).toBe(before)
      }
      x.dispose()
    }),
  )

  it.effect("refuses a model whose sites depend on its draws", () =>
    Effect.gen(function* () {
      const changing = Effect.fnUntraced(function* (x: tf.Tensor) {
        const z = yield* sample("z", Normal({ loc: yield* param("theta", 0), scale: 1 }))
        const name = z.dataSync()[0]! > 0 ? "above" : "below"
        return yield* observe(name, Normal({ loc: z, scale: 1 }), x)
      })
      const failure = yield* Effect.flip(
        fitMonteCarloEM(changing, tf.scalar(0.1), { mStep: closedForm(() => ({})), kernel: metropolis() }),
      )
      expect(failure).toBeInstanceOf(SiteMismatch)
      expect(failure.message).toMatch(/depend on its draws.*"z".*"(above|below)"/)
    }),
  )

  it.effect("is Gibbs' alternative, not its equal: Gibbs needs no step", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const { state, metrics } = ends(mixture, gibbs(), 2)
        expectShares(state.values.z!.dataSync(), classes)
        expect(metrics).toEqual({})
      }),
    ),
  )
})
