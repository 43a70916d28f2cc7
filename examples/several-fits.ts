/**
 * Several fits at once, each with a line of progress of its own: the same small model from three seeds, under three learning
 * rates. Fits take turns: each yields between steps. The best bound wins.
 */
import { NodeServices } from "@effect/platform-node"
import { Console, Data, Effect } from "effect"
import {
  Backend,
  fitSVI,
  Key,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  Support,
  sample,
} from "guidepost"
import { Progress } from "./lib/Progress.ts"

class WrongAnswer extends Data.TaggedError("WrongAnswer")<{ readonly message: string }> {}

const heights = [172, 168, 181, 177, 165, 174, 179, 170]
const steps = 1_500

const model = Effect.fnUntraced(function* (heights: ReadonlyArray<number>) {
  const mean = yield* sample("mean", Normal({ loc: 170, scale: 20 }))
  yield* plate("people", { size: heights.length })(
    observe("height", Normal({ loc: mean, scale: 6 }), heights),
  )
})

const guide = Effect.fnUntraced(function* () {
  const scale = yield* param("scale", 5, { support: Support.positive })
  yield* sample("mean", Normal({ loc: yield* param("loc", 160), scale }))
})

const fitOne = Effect.fnUntraced(function* (rate: number, seed: number) {
  const task = yield* (yield* Progress).task(`rate ${rate}`)
  const fit = yield* fitSVI(model, guide, heights, {
    steps,
    key: Key.key(seed),
    optimizer: Optimizer.adam(Schedule.cosine(rate, { decaySteps: steps })),
    onStep: ({ step, metrics }) => task.at(step / steps, `ELBO ${metrics.elbo!.toFixed(2)}`),
  })
  yield* task.end
  // One step's bound is one draw's: the mean of the last hundred says more.
  const last = fit.history.slice(-100).map(({ metrics }) => metrics.elbo!)
  const elbo = last.reduce((sum, x) => sum + x, 0) / last.length
  return { rate, elbo, loc: fit.params.loc.dataSync()[0]! }
})

const program = Effect.gen(function* () {
  const fits = yield* Effect.all([fitOne(0.2, 1), fitOne(0.05, 2), fitOne(0.01, 3)], {
    concurrency: "unbounded",
  })
  for (const { rate, elbo, loc } of fits) {
    yield* Console.log(`rate ${rate}  ELBO ${elbo.toFixed(2)}  mean ${loc.toFixed(2)}`)
  }
  const best = fits.reduce((a, b) => (b.elbo > a.elbo ? b : a))
  // Conjugate: the posterior mean is a weighted mean of the prior's and the data's.
  const precision = 1 / 20 ** 2 + heights.length / 6 ** 2
  const exact = (170 / 20 ** 2 + heights.reduce((sum, x) => sum + x, 0) / 6 ** 2) / precision
  yield* Console.log(`best: rate ${best.rate}; exact ${exact.toFixed(2)}`)
  if (!(Math.abs(best.loc - exact) < 0.3)) {
    return yield* new WrongAnswer({
      message: `the mean is ${exact.toFixed(2)}, found ${best.loc.toFixed(2)}`,
    })
  }
})

await Effect.runPromise(
  program.pipe(
    Effect.scoped,
    Effect.provide([Backend.wasm(), Progress.layer]),
    Effect.provide(NodeServices.layer),
  ),
)
