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
import { guarded } from "../../effects/run.ts"
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

/** A belief that is a whole posterior, as the model says it. */
export interface Knowing<Q> extends Belief {
  readonly posterior: Q
}

/**
 * The two halves of EM. The E-step goes with other M-steps too, such as one by gradient; the M-step goes with E-steps that
 * know the posterior, and with others it does not compile. What the model's functions throw is a `ProgramThrew` of the fit.
 */
export const conjugate = <B, Q, P extends ParamTree>(
  model: Conjugate<B, Q, P>,
): { readonly eStep: EStep<B, {}, Knowing<Q>>; readonly mStep: MStep<B, {}, Knowing<Q>> } => ({
  eStep: {
    name: "closed form",
    measures: "bound",
    isMonotone: true,
    init: () => ({}),
    expect: (key, program, params, _, batch) => {
      const posterior = guarded("conjugate: posterior", () => model.posterior(params as P, batch))
      const belief = {
        posterior,
        joint: {},
        probabilities: {},
        // Only an M-step by gradient asks, and the program must run to tell.
        get supports() {
          return supportsOf(program(params, { key }))
        },
        expected: (other: ParamTree) =>
          guarded("conjugate: expected", () => model.expected(other as P, posterior, batch)),
      }
      const value = guarded("conjugate: evidence", () => model.evidence(params as P, batch))
      return { belief, state: {}, value }
    },
  },
  mStep: {
    name: "closed form",
    isMonotone: true,
    init: () => ({}),
    maximize: (_, params, state, { posterior }, batch) => ({
      params: { ...params, ...guarded("conjugate: maximize", () => model.maximize(posterior, batch)) },
      state,
    }),
  },
})
