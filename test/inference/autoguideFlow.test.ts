/**
 * Flows fitted to a banana whose evidence and moments are known by quadrature: how near their bound comes, and how much
 * nearer than a normal's; and that draws weighed by p/q, whatever the fit has come to, have the exact evidence and moments.
 * Seeds are fixed; a gap's standard error is 0.02 for the flows, 0.04 for the normal.
 */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { substituted } from "../../src/effects/handlers/substitute.ts"
import { total } from "../../src/effects/logDensity.ts"
import { attempt } from "../../src/effects/run.ts"
import {
  autoFlow,
  autoMultivariateNormal,
  Backend,
  elbo,
  fitSVI,
  Key,
  Normal,
  Optimizer,
  observe,
  Schedule,
  sample,
} from "../../src/index.ts"
import { onBatch, pair, synchronous } from "../../src/inference/programs.ts"
import { normal, numbers, sum } from "../effects/numbers.ts"

const [seen, noise] = [0.5, 0.5]

/** b is seen through its difference from a²: the posterior lies along a parabola. */
const banana = Effect.fnUntraced(function* (y: tf.Tensor) {
  const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
  const b = yield* sample("b", Normal({ loc: 0, scale: 2 }))
  yield* observe("y", Normal({ loc: tf.sub(b, tf.square(a)), scale: noise }), y)
})

/**
 * By the trapezoid rule, which for a smooth function that vanishes at the edges is exact to float64: the evidence, E[a²],
 * and the integrals of e^(−2a²) p times 1, a² and b. A guide fitted by the ELBO has too little of the tails, where
 * weights then have no variance to speak of; the window leaves them out.
 */
const exact = (() => {
  const h = 0.05
  let [mass, square] = [0, 0]
  const integrals = [0, 0, 0]
  for (let a = -8; a <= 8; a += h) {
    for (let b = -14; b <= 20; b += h) {
      const cell = h * h * Math.exp(normal(a, 0, 1) + normal(b, 0, 2) + normal(seen, b - a * a, noise))
      mass += cell
      square += cell * a * a
      windowed(a, b).forEach((f, k) => {
        integrals[k]! += cell * f
      })
    }
  }
  return {
    evidence: Math.log(mass),
    square: square / mass,
    integrals: integrals.map((integral) => integral / mass),
  }
})()

function windowed(a: number, b: number): ReadonlyArray<number> {
  return [1, a * a, b].map((f) => f * Math.exp(-2 * a * a))
}

const straight = autoMultivariateNormal(banana, { scale: 0.5 })

/** Fits the guide, and looks at 300 draws of it: the bound's gap, and what weights p/q say. */
const fitted = Effect.fnUntraced(function* (guide: typeof straight) {
  const steps = 300
  const fit = yield* fitSVI(banana, guide, tf.scalar(seen), {
    steps,
    key: Key.key(3),
    objective: elbo({ particles: 4 }),
    optimizer: Optimizer.adam(Schedule.cosine(0.02, { decaySteps: steps })),
  })
  const programs = onBatch(synchronous(banana, guide, Context.empty() as never), tf.scalar(seen), [
    substituted(fit.params),
  ])
  const draws: Array<{ readonly a: number; readonly log: number; readonly at: ReadonlyArray<number> }> = []
  for (let i = 0; i < 300; i++) {
    yield* attempt(() =>
      tf.tidy(() => {
        const [q, p] = pair(programs, Key.foldIn(Key.key(9), i), false)
        const [a, b] = ["a", "b"].map((site) => numbers(q.samples.get(site)!.value)[0]!) as [number, number]
        const log = numbers(tf.sub(total(p), total(q)))[0]! - exact.evidence
        draws.push({ a, log, at: windowed(a, b) })
      }),
    )
  }
  const gap = -sum(draws.map(({ log }) => log)) / draws.length
  const square = sum(draws.map(({ a }) => a * a)) / draws.length
  // E_q[f p / q], which is the integral of f p.
  const integrals = exact.integrals.map((_, k) => {
    const terms = draws.map(({ log, at }) => Math.exp(log) * at[k]!)
    const mean = sum(terms) / terms.length
    return { mean, error: Math.sqrt(sum(terms.map((t) => (t - mean) ** 2))) / terms.length }
  })
  return { gap, square, integrals }
})

layer(Backend.cpu())("on a banana", (it) => {
  it.effect("a normal stays 0.3 nats below the evidence, and has not half of the arms", () =>
    Effect.gen(function* () {
      const { gap, square } = yield* fitted(straight)
      expect(gap).toBeGreaterThan(0.3)
      expect(square).toBeLessThan(0.5 * exact.square)
    }),
  )

  it.effect.each([
    ["inverse autoregressive", { layers: 2 }],
    ["of splines", { kind: "spline", layers: 1 }],
  ] as const)("a flow %s comes within 0.2 nats, and has the exact integrals", ([, options]) =>
    Effect.gen(function* () {
      // It has the same sites, and other parameters, of which nothing is asked here.
      const guide = autoFlow(banana, { scale: 0.5, ...options }) as unknown as typeof straight
      const { gap, square, integrals } = yield* fitted(guide)
      expect(gap).toBeGreaterThan(0)
      expect(gap).toBeLessThan(0.2)
      expect(square).toBeGreaterThan(0.5 * exact.square)
      integrals.forEach(({ mean, error }, k) => {
        expect(error, `of integral ${k}`).toBeLessThan(0.1 * exact.integrals[k]!)
        // A false alarm in 17,000, for each of six.
        expect(Math.abs(mean - exact.integrals[k]!) / error, `integral ${k}: ${mean}`).toBeLessThan(4)
      })
    }),
  )
})
