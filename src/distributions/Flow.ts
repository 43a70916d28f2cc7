/**
 * Normalizing flows: the distribution of y = t_n(… t₁(x)) where x has distribution `base`, so that
 * log p(y) = log p_base(x) − Σ log |det ∂tᵢ| (Tabak and Turner, Comm. Pure Appl. Math. 66, 2013; Papamakarios et al.,
 * "Normalizing Flows for Probabilistic Modeling and Inference", JMLR 22, 2021).
 *
 * It is `Transformed` by several maps, of which those of `Transform`'s flows may ask networks; they are made anew in
 * each run of a program, around whatever parameters it has read. A draw remembers the x it came from and the volume on
 * the way, so that scoring it calls no network again and takes no inverse.
 *
 * ```ts
 * const network = yield* bind("flow", made({ inputs: 2, hidden: [32], outputs: { shift: [], logScale: [] } }))
 * yield* sample("z", Flow(Normal.standard([2]), [Transform.inverseAutoregressive({ network })]))
 * Flow(Normal.standard([2]), [Transform.planar({ u, w, b }), Transform.exp])   // on the positive quadrant
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { sumRightmost } from "../tensor/Shape.ts"
import type { Distribution } from "./Distribution.ts"
import type { Support } from "./Support.ts"
import { compose, prefixed, type Transform } from "./Transform.ts"
import { Transformed } from "./Transformed.ts"
import { identity } from "./transforms/scalar.ts"

/** The transforms, each of which maps from the set that the one before maps onto; the first from S. */
export type Chained<S extends string, Ts extends ReadonlyArray<unknown>> = Ts extends readonly []
  ? readonly []
  : Ts extends readonly [Transform<string, infer C>, ...infer Rest]
    ? readonly [Transform<S, C>, ...Chained<C, Rest>]
    : ReadonlyArray<Transform<S, S>>

/** The set that the last of the transforms maps onto; S where there are none, or a list of unknown length. */
export type Codomain<S extends string, Ts extends ReadonlyArray<unknown>> = Ts extends readonly [
  ...ReadonlyArray<unknown>,
  Transform<string, infer C>,
]
  ? C
  : S

/** The distribution of the transforms' image, one after the other. It can draw differentiably if `B` can. */
export type Flow<B extends Distribution, Ts extends ReadonlyArray<unknown>> = Transformed<
  B,
  Codomain<B["support"]["name"], Ts>
>

/**
 * Makes the distribution of `base` through the transforms, in their order. Flows map vectors: the base's events must
 * be vectors of their width (`Normal.standard([d])`, or `toEvent`). Its batch grows to the shape of the transforms' own
 * parameters, but not to that of what networks give, which it must have itself (`expand`). No transforms give the
 * base's own distribution.
 */
export const Flow = <B extends Distribution, const Ts extends ReadonlyArray<Transform>>(
  base: B,
  transforms: Ts & Chained<B["support"]["name"], Ts>,
): Flow<B, Ts> => {
  const [first = unchanged(base.support), ...rest]: ReadonlyArray<Transform> = transforms
  const whole = rest.reduce((inner, outer) => compose(inner, outer), first)
  const params = Object.assign({}, ...transforms.map((transform, i) => prefixed(String(i), transform)))
  return Transformed(base, { ...whole, params } as Transform<
    B["support"]["name"],
    Codomain<B["support"]["name"], Ts>
  >)
}

const unchanged = (support: Support): Transform => {
  const cells = { ...support, eventRank: support.cellRank }
  const logAbsDetJacobian = (x: tf.Tensor) => sumRightmost(tf.zerosLike(x), support.cellRank)
  return { ...identity, domain: cells, codomain: cells, eventRank: support.cellRank, logAbsDetJacobian }
}
