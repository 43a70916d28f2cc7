/**
 * Exact answers: worlds whose posterior and evidence are known, by all methods that apply. Each pair of a world and a
 * method is one test; where the method does not apply the test shows that it is refused, or says why there is nothing
 * to run. Draws that are independent are within 4.5 standard errors (a false alarm once in 150,000 comparisons); what is
 * learned by gradient is within 0.1 standard deviations and 15 % of a variance, and 0.02 nats of evidence.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, type Scope } from "effect"
import {
  alternate,
  autoMultivariateNormal,
  autoNormal,
  Backend,
  Categorical,
  closedForm,
  conjugate,
  type Evidence,
  elbo,
  enumerated,
  FactorAnalysis,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  gibbs,
  gradientSteps,
  iwae,
  Key,
  lbfgs,
  logEvidence,
  metropolis,
  Normal,
  type Objective,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  SiteMismatch,
  Support,
  sample,
  vimco,
} from "../../src/index.ts"
import { onBatch, synchronous } from "../../src/inference/programs.ts"
import { normal, sum } from "../effects/numbers.ts"
import { type Draws, type Gap, type Program, type World, worlds } from "./exactWorlds.ts"
import { ends, expectMoments } from "./mcmc/chains.ts"

/** The methods as they are, with types that say less: worlds are of all kinds. */
type Erased<A> = Effect.Effect<A, never, Backend | Scope.Scope>
const svi = fitSVI as unknown as (
  model: Program,
  guide: Program,
  data: undefined,
  options: object,
) => Erased<{ readonly params: object; readonly posterior: (n: number) => Erased<Draws> }>
const importance = logEvidence as unknown as (
  model: Program,
  guide: Program,
  data: undefined,
  options: object,
) => Erased<Evidence>

const near = 0.02

/** Learned draws, of which there are `[n, copies, …]`. */
const expectLearned = (world: World, draws: Draws): void => {
  for (const { name, of, mean, variance } of world.answers) {
    const { mean: m, variance: v } = tf.moments(of(draws))
    expect(Math.abs(m.dataSync()[0]! - mean) / Math.sqrt(variance), name).toBeLessThan(0.1)
    // An indicator's variance follows from its mean.
    if (!world.isDiscrete) expect(Math.abs(v.dataSync()[0]! / variance - 1), name).toBeLessThan(0.15)
  }
}

const copies = 32
const estimates = { over: "copies", key: Key.key(9) }

/**
 * A fit of some guide: its posterior if asked, and its bound, by 320 draws (60 of one copy). Where the guide's parameters are each copy's
 * own, there is one copy.
 */
const learned = Effect.fnUntraced(function* (
  world: World,
  guide: (n: number) => Program,
  { nats, within }: Gap,
  { n = copies, isExact = true } = {},
) {
  const model = world.model(n)
  const decay = { transitionSteps: world.isDiscrete ? 50 : 100, decayRate: 0.3 }
  const options = {
    // Nothing is drawn of what is enumerated, so that more can be made of each step; of one copy few draws must do.
    objective: world.isDiscrete ? enumerated() : elbo({ stickingTheLanding: n === 1 }),
    optimizer: Optimizer.adam(Schedule.exponential(world.isDiscrete ? 0.3 : 0.1, decay)),
    steps: world.isDiscrete ? 120 : n === 1 ? 250 : 300,
  }
  const fit = yield* svi(model, guide(n), undefined, options)
  const draws = n === 1 ? 60 : 320 / n
  const bounds = yield* Effect.forEach(
    Array.from({ length: draws }, (_, i) => Key.key(i)),
    (key) => importance(model, guide(n), undefined, { ...estimates, key, samples: 1, params: fit.params }),
  )
  const bound = bounds.reduce((total, { mean }) => total + mean / draws, 0)
  const off = Math.abs(world.evidence - bound - nats)
  expect(off, `bound ${bound} of ${world.evidence}`).toBeLessThan(within + near)
  if (isExact) expectLearned(world, yield* fit.posterior(n === 1 ? 1000 : 3200 / n))
})

/** The value of an objective at a guide's first parameters, for one copy. */
const boundOf = (
  world: World,
  guide: (copies: number) => Program,
  objective: Objective<never, string>,
  n = copies,
): number =>
  tf.tidy(() => {
    const pair = synchronous(world.model(n), guide(n), Context.empty() as never)
    const programs = { ...onBatch(pair as never, undefined), sumsOut: objective.sumsOut }
    const { metrics } = objective.estimate(programs, Key.key(3), false)
    return (metrics.bound ?? metrics.elbo!).dataSync()[0]! / n
  })

/** A bound that rises with its draws to the evidence. */
const rises = (world: World, objective: (k: number) => Objective<never>) =>
  Effect.sync(() => {
    const bounds = [1, 8, 150].map((k) => boundOf(world, world.guide, objective(k), 200))
    expect(bounds, "rising").toEqual(bounds.toSorted((a, b) => a - b))
    expect(bounds[0]).toBeLessThan(world.evidence - 0.05)
    expect(Math.abs(bounds[2]! - world.evidence)).toBeLessThan(0.05)
  })

/** Last draws of chains that know nothing of one another. */
const drawn = (world: World, { state }: { readonly state: { readonly values: Draws } }) => {
  for (const { name, of, mean, variance } of world.answers) {
    const values = of(state.values)
    expect(values.size).toBe(chains)
    expectMoments(values.dataSync(), { mean, variance }, name)
  }
}
const chains = 2000

type Cell = (world: World) => Effect.Effect<unknown, never, Backend | Scope.Scope>

/** Why a method is not run in a world: nothing is there that it could be asked. */
class NotAsked {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

/** A method, where sites are continuous and where they are discrete. */
interface Method {
  readonly continuous: Cell | NotAsked
  readonly discrete: Cell | NotAsked
}

const exactly: Gap = { nats: 0, within: 0 }

const refused =
  (run: (world: World) => Effect.Effect<unknown, unknown, Backend | Scope.Scope>): Cell =>
  (world) =>
    Effect.map(Effect.flip(run(world) as Effect.Effect<unknown, Error, Backend | Scope.Scope>), (failure) => {
      expect(failure).toBeInstanceOf(SiteMismatch)
    }) as ReturnType<Cell>

const throwing = (body: (world: World) => unknown) =>
  refused((world) => Effect.try({ try: () => body(world), catch: (error) => error }))

const methods: Readonly<Record<string, Method>> = {
  "fitSVI, a guide of the posterior's family": {
    continuous: (world) => learned(world, world.guide, exactly),
    discrete: (world) => learned(world, world.guide, exactly),
  },
  "fitSVI, autoNormal": {
    continuous: (world) => {
      const { meanField } = world.gap!
      const guide = (n: number) => autoNormal(world.model(n) as never) as unknown as Program
      return learned(world, guide, meanField, { isExact: meanField.nats === 0 })
    },
    discrete: new NotAsked("the enumerated bound leaves nothing continuous to guide"),
  },
  "fitSVI, autoMultivariateNormal": {
    continuous: (world) => {
      const { joint } = world.gap!
      const guide = (n: number) => autoMultivariateNormal(world.model(n) as never) as unknown as Program
      return learned(world, guide, joint, { n: 1, isExact: joint.nats === 0 })
    },
    discrete: new NotAsked("the enumerated bound leaves nothing continuous to guide"),
  },
  "enumerated, no guide": {
    continuous: throwing((world) => boundOf(world, () => () => Effect.void, enumerated())),
    discrete: (world) =>
      Effect.sync(() => {
        expect(Math.abs(boundOf(world, () => () => Effect.void, enumerated()) - world.evidence)).toBeLessThan(
          1e-5,
        )
      }),
  },
  "iwae of 1, 8 and 150 draws": {
    continuous: (world) => rises(world, iwae),
    discrete: throwing((world) => boundOf(world, world.guide, iwae(2))),
  },
  "vimco of 2, 9 and 151 draws": {
    continuous: (world) => rises(world, (k) => vimco(k + 1)),
    discrete: (world) => rises(world, (k) => vimco(k + 1)),
  },
  "importance sampling": {
    continuous: (world) => sampled(world),
    discrete: (world) => sampled(world),
  },
  Metropolis: {
    continuous: (world) => walked(world),
    discrete: (world) => walked(world),
  },
  Gibbs: {
    continuous: throwing((world) => ends(world.model(2)(undefined), gibbs(), 1)),
    discrete: (world) =>
      Effect.sync(() => tf.tidy(() => drawn(world, ends(world.model(chains)(undefined), gibbs(), 20)))),
  },
}

const walked = (world: World) =>
  Effect.sync(() => {
    tf.tidy(() =>
      drawn(
        world,
        ends(world.model(chains)(undefined), metropolis({ adaptation: 50 }), world.isDiscrete ? 60 : 110),
      ),
    )
  })

/** 400 draws a copy: each estimate is low by half its variance, which the copies tell. */
const sampled = Effect.fnUntraced(function* (world: World) {
  const { mean, standardError, values } = yield* importance(world.model(200), world.guide(200), undefined, {
    ...estimates,
    samples: 400,
  })
  const bias = (standardError ** 2 * values.length) / 2
  expect(Math.abs(mean + bias - world.evidence)).toBeLessThan(4.5 * standardError + 2e-5 * Math.abs(mean))
  expect(Math.abs(mean - world.evidence)).toBeLessThan(0.05)
})

layer(Backend.wasm())("exact answers", (it) => {
  for (const [name, world] of Object.entries<World>(worlds)) {
    describe(name, () => {
      for (const [method, { continuous, discrete }] of Object.entries(methods)) {
        const cell = world.isDiscrete ? discrete : continuous
        if (cell instanceof NotAsked) {
          it.effect(`${method}: not asked, since ${cell.why}`, () =>
            Effect.sync(() => expect(cell.why).not.toBe("")),
          )
        } else {
          it.effect(method, () => cell(world))
        }
      }
    })
  }
})

/** Two normals of scale 1 in one plate; θ are their chances and places. */
const groups = (() => {
  const size = 80
  const x = Array.from({ length: size }, (_, n) =>
    Math.fround((n % 4 === 0 ? -1.5 : 1.5) + 2 * Math.sin(n * n)),
  )
  const evidence = (probs: ReadonlyArray<number>, loc: ReadonlyArray<number>) =>
    sum(x.map((v) => Math.log(sum(probs.map((p, k) => p * Math.exp(normal(v, loc[k]!, 1)))))))
  // EM in float64, to its end.
  let [probs, loc] = [
    [0.5, 0.5],
    [-1, 1],
  ]
  for (let i = 0; i < 2000; i++) {
    const shares = x.map((v) => {
      const joint = probs.map((p, k) => p * Math.exp(normal(v, loc[k]!, 1)))
      return joint.map((j) => j / sum(joint))
    })
    const counts = [0, 1].map((k) => sum(shares.map((r) => r[k]!)))
    loc = counts.map((c, k) => sum(shares.map((r, n) => r[k]! * x[n]!)) / c)
    probs = counts.map((c) => c / size)
  }
  const model = Effect.fnUntraced(
    function* (data: tf.Tensor) {
      const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
      const loc = yield* param("loc", [-1, 1])
      const z = yield* sample("z", Categorical({ probs }))
      return yield* observe("x", Normal({ loc: tf.gather(loc, tf.cast(z, "int32")), scale: 1 }), data)
    },
    plate("data", { size }),
  )
  const guide = Effect.fnUntraced(
    function* (_: tf.Tensor) {
      return yield* sample("z", Categorical({ logits: yield* param("logits", () => tf.zeros([size, 2])) }))
    },
    plate("data", { size }),
  )
  const mStep = closedForm<tf.Tensor>(({ probabilities }, data) => {
    const counts = tf.sum(probabilities.z!, 0)
    const total = tf.sum(tf.mul(probabilities.z!, tf.expandDims(data, 1)), 0)
    return { probs: tf.div(counts, size), loc: tf.div(total, counts) }
  })
  return { x: () => tf.tensor1d(x), evidence, best: evidence(probs, loc), model, guide, mStep }
})()

layer(Backend.wasm())("the maximum of a mixture's likelihood", (it) => {
  const { model, guide, mStep, evidence, best } = groups
  const options = { iterations: 60, tolerance: 0 }
  const few = { iterations: 25 }
  const optimizer = Optimizer.adam(0.1)
  type Found = Erased<{ readonly params: { readonly probs: tf.Tensor; readonly loc: tf.Tensor } }>
  // How far below the maximum each may end: by rounding, by gradient, by what a guide or draws leave.
  const rungs: ReadonlyArray<readonly [method: string, within: number, fit: (x: tf.Tensor) => unknown]> = [
    ["fitEM", 1e-3, (x) => fitEM(model, x, { ...options, mStep })],
    ["fitEM, L-BFGS", 1e-3, (x) => fitEM(model, x, { ...options, iterations: 30, mStep: lbfgs() })],
    [
      "fitEM, gradient steps",
      0.01,
      (x) => fitEM(model, x, { ...options, mStep: gradientSteps({ optimizer, steps: 5 }) }),
    ],
    [
      "fitVariationalEM",
      0.02,
      (x) =>
        fitVariationalEM(model, guide, x, { ...options, mStep, optimizer: Optimizer.adam(0.3), steps: 10 }),
    ],
    [
      "fitMonteCarloEM, Gibbs",
      0.3,
      (x) => fitMonteCarloEM(model, x, { ...options, ...few, mStep, draws: 40 }),
    ],
    [
      "fitMonteCarloEM, Metropolis",
      0.3,
      (x) => fitMonteCarloEM(model, x, { ...options, ...few, mStep, draws: 40, kernel: metropolis() }),
    ],
    [
      "fitSVI, enumerated",
      0.02,
      (x) => fitSVI(model, guide, x, { objective: enumerated(), optimizer: Optimizer.adam(0.2), steps: 200 }),
    ],
  ]
  it.effect.each(rungs)("%s", ([, within, run]) =>
    Effect.gen(function* () {
      const { params } = yield* run(groups.x()) as Found
      const found = evidence([...params.probs.dataSync()], [...params.loc.dataSync()])
      expect(best - found).toBeGreaterThan(-1e-4)
      expect(best - found).toBeLessThan(within)
    }),
  )
})

layer(Backend.wasm())("the maximum of probabilistic PCA's likelihood", (it) => {
  const [size, inputs] = [60, 4]
  const factors = FactorAnalysis.make({ inputs, latent: 1, size, noise: "isotropic" })
  const data = () =>
    tf.add(
      tf.matMul(Key.normal(Key.key(1), [size, 1]), tf.tensor2d([[1, -0.7, 0.5, 1.2]])),
      tf.mul(Key.normal(Key.key(2), [size, inputs]), 0.6),
    )
  const covariance = ({ loadings, scale }: FactorAnalysis.FactorParams) =>
    tf.add(tf.matMul(loadings, loadings, false, true), tf.mul(tf.eye(inputs), tf.square(scale)))

  it.effect("closed form, EM and amortized SVI agree", () =>
    Effect.gen(function* () {
      const x = data()
      const best = factors.closedForm(x)
      const top = factors.evidence(best, x).dataSync()[0]!
      const start = { params: factors.initialize(x) }
      const em = yield* alternate(factors.model, x, conjugate(factors), {
        ...start,
        iterations: 300,
        tolerance: 1e-8,
      })
      const amortized = yield* fitSVI(factors.model, factors.guide, x, {
        ...start,
        optimizer: Optimizer.adam(Schedule.exponential(0.05, { transitionSteps: 300, decayRate: 0.3 })),
        steps: 700,
      })
      for (const [params, nats, apart] of [
        [em.params, 1e-2, 0.02],
        [amortized.params, 0.1, 0.1],
      ] as const) {
        expect(Math.abs(top - factors.evidence(params, x).dataSync()[0]!)).toBeLessThan(nats)
        const gap = tf.max(tf.abs(tf.sub(covariance(params), covariance(best)))).dataSync()[0]!
        expect(gap).toBeLessThan(apart)
      }
    }),
  )
})
