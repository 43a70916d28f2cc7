/**
 * The Monte Carlo E-step: draws of the latent sites from a Markov chain that leaves the posterior at the present
 * parameters as it is (G. C. G. Wei and M. A. Tanner, "A Monte Carlo implementation of the EM algorithm", 1990). The
 * chain goes on from where the iteration before left it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { canEnumerate } from "../../effects/handlers/enumerate.ts"
import { replayed } from "../../effects/handlers/replay.ts"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import { total } from "../../effects/logDensity.ts"
import * as Key from "../../tensor/Key.ts"
import type { Kernel, KernelInfo, KernelState } from "../mcmc/Kernel.ts"
import { latents } from "../programs.ts"
import type { ParamTree } from "../svi.ts"
import { type Belief, type EStep, type Model, supportsOf } from "./steps.ts"

/** How many transitions an E-step takes. */
export interface DrawnOptions {
  /** Draws that count: a whole number from 1 up. Default 10. */
  readonly draws?: number
  /** Transitions before those, which do not; default 1. */
  readonly warmup?: number
}

/** A belief that is a list of draws. */
export interface Drawn extends Belief {
  /** Of each latent site, `[draws, ...plates, ...event]`. */
  readonly draws: Readonly<Record<string, tf.Tensor>>
}

/** The E-step of Monte Carlo EM. */
export const drawn = <B, S extends KernelState>(
  kernel: Kernel<S>,
  { draws = 10, warmup = 1 }: DrawnOptions = {},
): EStep<B, S, Drawn> => ({
  name: `draws by ${kernel.name}`,
  measures: "logJoint",
  isMonotone: false,
  init: (key, model, params) => kernel.init(key, (options) => model(params, options)),
  expect: (key, model, params, first) => {
    let state = first
    const values: Array<KernelState["values"]> = []
    const seen: Array<KernelInfo["metrics"]> = []
    for (let i = 0; i < warmup + draws; i++) {
      const [next, info] = kernel.step(Key.foldIn(key, i), (options) => model(params, options), state)
      state = next
      if (i < warmup) continue
      values.push(state.values)
      seen.push(info.metrics)
    }
    const scored = at(model, params, values[0]!)
    const sites = [...latents(scored).values()].filter(({ distribution }) => canEnumerate(distribution))
    const expected = (other: ParamTree) =>
      tf.div(tf.addN(values.map((draw) => total(at(model, other, draw)))), draws)
    return {
      belief: {
        joint: {},
        probabilities: Object.fromEntries(sites.map((site) => [site.name, frequencies(site, values)])),
        supports: supportsOf(scored),
        expected,
        get draws() {
          return Object.fromEntries(
            Object.keys(state.values).map((name) => [name, tf.stack(values.map((draw) => draw[name]!))]),
          )
        },
      },
      state,
      value: expected(params),
      metrics: Object.fromEntries(
        Object.keys(seen[0]!).map((name) => [
          name,
          tf.div(tf.addN(seen.map((metrics) => metrics[name]!)), draws),
        ]),
      ),
    }
  },
})

const at = (model: Model, params: ParamTree, values: KernelState["values"]) =>
  model(params, { handlers: [replayed(new Map(Object.entries(values)))] })

/** The share of the draws that has each of a site's values, `[...plates, K]`. */
const frequencies = (
  { name, distribution, plates }: Settled<SampleSite>,
  draws: ReadonlyArray<KernelState["values"]>,
): tf.Tensor => {
  const { eventShape } = distribution
  const list = (distribution as unknown as { enumerate: () => tf.Tensor }).enumerate()
  const k = list.shape[0]!
  const one = tf.reshape(list, [k, ...eventShape])
  const members = plates.toSorted((a, b) => a.dim - b.dim).map(({ extent }) => extent)
  const events = eventShape.map((_, i) => i - eventShape.length)
  const each = draws.map((draw) => {
    const value = tf.reshape(draw[name]!, [...members, 1, ...eventShape])
    const same = tf.equal(value, one)
    return tf.cast(events.length === 0 ? same : tf.all(same, events), "float32")
  })
  return tf.div(tf.addN(each), draws.length)
}
