/**
 * A mixture of K distributions of one family, the cells along the last dimension of one distribution's batch:
 * log p(x) = log Σₖ wₖ pₖ(x).
 *
 * ```ts
 * const d = MixtureSameFamily(Categorical({ probs: [0.3, 0.7] }), Normal({ loc: [-1, 2], scale: [0.5, 1] }))
 * d.logProb(x)              // x: [...sample], batch []
 * d.responsibilities(x)     // [...sample, 2]
 * MixtureSameFamily(weights, Normal({ loc: tf.zeros([3, 20]), scale: 1 }).toEvent(1))   // events [20], of 3 classes
 * ```
 *
 * Draws are differentiable where the components' are and have a `cdf`; see `MixtureLike.ts`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, type Shape } from "../tensor/Shape.ts"
import type { Categorical } from "./Categorical.ts"
import type { Distribution } from "./Distribution.ts"
import { type FromComponents, MixtureFamily, withMethods } from "./MixtureLike.ts"
import { unionAlong } from "./supports/union.ts"
import { classCount } from "./weights.ts"

/** A mixture; see the head of `MixtureSameFamily.ts`. It has a mean, a variance, a cdf where `D` does. */
export type MixtureSameFamily<D extends Distribution> = MixtureSameFamilyDistribution<D> & FromComponents<D>

/**
 * Makes the mixture with the weights of `mixing`, of batch shape `[...batch]`, and `components`, of batch shape
 * `[...batch, K]`; the batches broadcast. A last dimension other than K is a problem.
 */
export const MixtureSameFamily = <D extends Distribution>(
  mixing: Categorical,
  components: D,
): MixtureSameFamily<D> => {
  const made = new MixtureSameFamilyDistribution(mixing, components)
  return withMethods(made, [made.components])
}

/** See {@link MixtureSameFamily}. */
export class MixtureSameFamilyDistribution<D extends Distribution> extends MixtureFamily<
  "MixtureSameFamily",
  D
> {
  readonly components: D

  constructor(mixing: Categorical, components: D) {
    const classes = classCount(mixing.weights)
    const fits = components.batchShape.at(-1) === classes
    super({
      family: "MixtureSameFamily",
      mixing,
      parts: { components },
      support: unionAlong(components.support),
      componentBatch: components.batchShape.slice(0, -1),
      misfit: fits ? undefined : miscounted(components, classes),
    })
    const full = [...this.batchShape, classes]
    const widened = equals(components.batchShape, full) || this.problem !== undefined
    this.components = widened ? components : components.expand(full)
  }

  protected each(of: (d: D, i: number) => tf.Tensor): tf.Tensor {
    return of(this.components, 0)
  }

  protected facing(value: tf.Tensor): tf.Tensor {
    return tf.expandDims(value, value.rank - this.eventShape.length)
  }

  override expand(batchShape: Shape): this {
    if (this.problem !== undefined || !equals(broadcast(this.batchShape, batchShape) ?? [], batchShape)) {
      return super.expand(batchShape)
    }
    const components = this.components.expand([...batchShape, classCount(this.mixing.weights)])
    return MixtureSameFamily(this.mixing, components) as unknown as this
  }
}

const miscounted = (components: Distribution, classes: number): ShapeMismatch =>
  new ShapeMismatch({
    where: `MixtureSameFamily(mixing, components)`,
    expected: `components whose last batch dimension is the mixing's ${classes} classes`,
    found: `batch shape ${format(components.batchShape)}`,
  })
