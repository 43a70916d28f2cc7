/**
 * A mixture of distributions of any families on one set, by a list of them: log p(x) = log Σₖ wₖ pₖ(x).
 *
 * ```ts
 * const d = Mixture(Categorical({ probs: [0.9, 0.1] }), [Normal({ loc: 0, scale: 1 }), Cauchy({ loc: 0, scale: 5 })])
 * d.logProb(x)              // x: [...sample], batch []
 * d.responsibilities(x)     // [...sample, 2]
 * d.mean                    // does not compile: a Cauchy has none
 * ```
 *
 * For many components of one family `MixtureSameFamily` evaluates all at once. Draws are differentiable where those of
 * all components are and all have a `cdf`; see `MixtureLike.ts`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, type Shape } from "../tensor/Shape.ts"
import type { Categorical } from "./Categorical.ts"
import type { Distribution } from "./Distribution.ts"
import { InvalidParameter } from "./errors.ts"
import { type FromComponents, MixtureFamily, withMethods } from "./MixtureLike.ts"
import { real } from "./Support.ts"
import { unionOf } from "./supports/union.ts"
import { classCount } from "./weights.ts"

/** A mixture; see the head of `Mixture.ts`. It has a mean, a variance, a cdf where all its components do. */
export type Mixture<D extends Distribution> = MixtureDistribution<D> & FromComponents<D>

/** Nothing to ask of the components, or a property that they lack and whose name says what is wrong. */
export type OnOneSupport<D extends Distribution> =
  IsUnion<D["support"]["name"]> extends true
    ? { readonly [K in `the components are on different sets: ${D["support"]["name"]}`]: never }
    : unknown

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never

/**
 * Makes the mixture of `components`, one for each class of `mixing`. Their event shapes must be equal, their batch
 * shapes and the mixing's broadcast. Another number of components than classes is a problem.
 */
export const Mixture = <D extends Distribution>(
  mixing: Categorical,
  components: ReadonlyArray<D> & OnOneSupport<D>,
): Mixture<D> => make(mixing, components)

const make = <D extends Distribution>(mixing: Categorical, components: ReadonlyArray<D>): Mixture<D> => {
  const made = new MixtureDistribution(mixing, components)
  return withMethods(made, made.components)
}

/** See {@link Mixture}. */
export class MixtureDistribution<D extends Distribution> extends MixtureFamily<"Mixture", D> {
  readonly components: ReadonlyArray<D>

  constructor(mixing: Categorical, components: ReadonlyArray<D>) {
    super({
      family: "Mixture",
      mixing,
      parts: Object.fromEntries(components.map((d, i) => [`components[${i}]`, d])),
      support: components.length === 0 ? real : unionOf(components.map(({ support }) => support)),
      componentBatch: broadcast(...components.map(({ batchShape }) => batchShape)),
      misfit: misfit(components, classCount(mixing.weights)),
    })
    const isWrong = this.problem !== undefined
    this.components = components.map((d) =>
      isWrong || equals(d.batchShape, this.batchShape) ? d : d.expand(this.batchShape),
    )
  }

  protected each(of: (d: D, i: number) => tf.Tensor, rank: number): tf.Tensor {
    const all = this.components.map(of)
    return tf.stack(all, all[0]!.rank - rank)
  }

  protected facing(value: tf.Tensor): tf.Tensor {
    return value
  }

  override expand(batchShape: Shape): this {
    if (this.problem !== undefined || !equals(broadcast(this.batchShape, batchShape) ?? [], batchShape)) {
      return super.expand(batchShape)
    }
    const components = this.components.map((d) => d.expand(batchShape))
    return make(this.mixing, components) as unknown as this
  }
}

const misfit = (
  components: ReadonlyArray<Distribution>,
  classes: number,
): ShapeMismatch | InvalidParameter | undefined => {
  if (components.length !== classes) {
    return mismatch(
      `one component for each of the mixing's ${classes} classes`,
      `${components.length} components`,
    )
  }
  const list = (of: (d: Distribution) => string) => components.map((d) => `${d.family} ${of(d)}`).join(", ")
  const [first] = components
  if (components.some(({ support }) => support.name !== first!.support.name)) {
    return new InvalidParameter({
      family: "Mixture",
      parameter: "components",
      constraint: "distributions on one set",
      found: list(({ support }) => `on "${support.name}"`),
      index: [],
    })
  }
  if (components.some(({ eventShape }) => !equals(eventShape, first!.eventShape))) {
    return mismatch(
      "components with one event shape",
      list(({ eventShape }) => format(eventShape)),
    )
  }
  if (broadcast(...components.map(({ batchShape }) => batchShape)) !== undefined) return undefined
  return mismatch(
    "parameters that broadcast",
    list(({ batchShape }) => format(batchShape)),
  )
}

const mismatch = (expected: string, found: string): ShapeMismatch =>
  new ShapeMismatch({ where: "Mixture(mixing, components)", expected, found })
