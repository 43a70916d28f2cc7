/**
 * The two halves of expectation maximization and all its kin: an E-step that says what is believed of the latent sites
 * at given parameters, and an M-step that raises the parameters under that belief.
 *
 *   bound(q, θ) = E_q[log p(x, z; θ)] − E_q[log q(z)] = log p(x; θ) − KL(q ‖ p(z | x; θ))
 *
 * (R. M. Neal and G. E. Hinton, "A view of the EM algorithm that justifies incremental, sparse, and other variants",
 * 1998.) Which E-step it is makes the method: exact sums give EM, a guide gives variational EM, draws give Monte Carlo
 * EM. Both halves are pure functions, with states of their own for what they carry from one iteration to the next.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { BijectableSupport } from "../../distributions/Transform.ts"
import type { Recording, RunOptions } from "../../effects/run.ts"
import type { Key } from "../../tensor/Key.ts"
import type { Named } from "../../tensor/Named.ts"
import type { ParamTree } from "../svi.ts"

/** What an E-step believes of the latent sites. */
export interface Belief {
  /** Of each discrete site that it knows the distribution of: the probability of each value, `[...plates, K]`. */
  readonly probabilities: Readonly<Record<string, tf.Tensor>>
  /** Of each site that depends on discrete ones: the probability of their values together, its axes named by them. */
  readonly joint: Readonly<Record<string, Named>>
  /** The set of each of the model's parameters. */
  readonly supports: Readonly<Record<string, BijectableSupport>>
  /** E_q[log p(x, z; θ)] at other (constrained) parameters, a scalar: what the M-step raises. */
  readonly expected: (params: ParamTree) => tf.Tensor
}

/** What an E-step finds. */
export interface Expectation<S, Q extends Belief = Belief> {
  readonly belief: Q
  readonly state: S
  /** What the E-step measures at the parameters it was given: a scalar. */
  readonly value: tf.Tensor
  /** What else a person wants to see: scalars by name. */
  readonly metrics?: Readonly<Record<string, tf.Tensor>>
}

/** The sets of a run's parameters. */
export const supportsOf = ({ params }: Recording): Belief["supports"] =>
  Object.fromEntries([...params.values()].map(({ name, support }) => [name, support]))

/** The model on data, run with constrained parameters. */
export type Model = (params: ParamTree, options: RunOptions) => Recording

/** An E-step with a state `S`, of tensors and numbers, that comes to beliefs `Q`. */
export interface EStep<B, S, Q extends Belief = Belief> {
  readonly name: string
  /** The bound (or an estimate of it); or, of draws, whose entropy nobody knows, E_q[log p(x, z)] alone. */
  readonly measures: "bound" | "logJoint"
  /** Whether it attains its bound's maximum over beliefs, so that the bound can only rise from it to the next. */
  readonly isMonotone: boolean
  readonly init: (key: Key, model: Model, params: ParamTree, batch: B) => S
  readonly expect: (key: Key, model: Model, params: ParamTree, state: S, batch: B) => Expectation<S, Q>
}

/**
 * An M-step with a state `S`, of tensors and numbers: better parameters under a belief, constrained. One that reads more of
 * a belief `Q` than every belief has goes with the E-steps that come to such a belief, and with no other.
 */
export interface MStep<B, S, Q extends Belief = Belief> {
  readonly name: string
  /** Whether it never lowers E_q[log p(x, z; θ)]. */
  readonly isMonotone: boolean
  readonly init: (params: ParamTree, supports: Belief["supports"]) => S
  readonly maximize: (
    key: Key,
    params: ParamTree,
    state: S,
    belief: Q,
    batch: B,
  ) => { readonly params: ParamTree; readonly state: S }
}
