/**
 * EM for a model that knows its own posterior: linear-Gaussian ones, and what else is conjugate. Such a model says what
 * its posterior is and which parameters are best under it; here that becomes an E-step and an M-step of the alternation.
 *
 * ```ts
 * const factors = FactorAnalysis.make({ inputs: 5, latent: 2, size: 200 })
 * yield* alternate(factors.model, x, conjugate(factors), {})
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { ParamTree } from "../svi.ts"
import { type Belief, type EStep, type MStep, supportsOf } from "./steps.ts"

/** A model's posterior `Q` in closed form, and its parameters `P`; totals count the plates' scales. */
export interface Conjugate<B, Q, P> {
  readonly posterior: (params: P, batch: B) => Q
  /** log p(x; θ), a scalar. */
  readonly evidence: (params: P, batch: B) => tf.Tensor
  /** E[log p(x, z; θ)] under a posterior, a scalar. */
  readonly expected: (params: P, posterior: Q, batch: B) => tf.Tensor
  /** The parameters that maximize {@link expected}. */
  readonly maximize: (posterior: Q, batch: B) => P
}

/** The two halves of EM; either goes with other halves too, such as an M-step by gradient. */
export const conjugate = <B, Q, P extends ParamTree>(
  model: Conjugate<B, Q, P>,
): { readonly eStep: EStep<B, {}>; readonly mStep: MStep<B, {}> } => ({
  eStep: {
    name: "closed form",
    measures: "bound",
    isMonotone: true,
    init: () => ({}),
    expect: (key, program, params, _, batch) => {
      const posterior = model.posterior(params as P, batch)
      const belief: Knowing<Q> = {
        posterior,
        joint: {},
        probabilities: {},
        // Only an M-step by gradient asks, and the program must run to tell.
        get supports() {
          return supportsOf(program(params, { key }))
        },
        expected: (other) => model.expected(other as P, posterior, batch),
      }
      return { belief, state: {}, value: model.evidence(params as P, batch) }
    },
  },
  mStep: {
    name: "closed form",
    isMonotone: true,
    init: () => ({}),
    maximize: (_, params, state, belief, batch) => {
      const posterior = knows<Q>(belief) ? belief.posterior : model.posterior(params as P, batch)
      return { params: { ...params, ...model.maximize(posterior, batch) }, state }
    },
  },
})

/** A belief that holds the whole posterior. */
interface Knowing<Q> extends Belief {
  readonly posterior: Q
}

const knows = <Q>(belief: Belief): belief is Knowing<Q> => "posterior" in belief
