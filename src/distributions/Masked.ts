/**
 * A distribution of which only some cells of the batch count: log p(x) where the mask is true, and 0 where it is
 * false, whatever stands there: missing data, padded sequences. Draws are the base's, in every cell.
 *
 * ```ts
 * const d = Masked(Normal({ loc: [0, 1], scale: 1 }), [true, false])
 * d.logProb(tf.tensor([0.5, NaN]))    // [-1.0439, 0]
 * ```
 *
 * What a masked cell holds reaches neither the value nor any gradient. Of an `Independent` the mask is over the batch
 * that is left: an event counts or does not. For a whole program there is the handler `mask`. NumPyro's
 * `MaskedDistribution`; it has no entropy, since where the mask is false −E log p is no entropy of the draws.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { broadcast, equals, expandRight, format, type Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import {
  type Distribution,
  float,
  type HasCdf,
  type HasEnumerate,
  type HasIcdf,
  type HasMean,
  type HasMode,
  type HasVariance,
  type Parameter,
  type Reparameterized,
  scoredShape,
  toTensor,
  type Value,
} from "./Distribution.ts"
import type { InvalidParameter } from "./errors.ts"
import { type Independent, independent } from "./Independent.ts"
import { commonBatch, parameterProblem } from "./parameters.ts"
import { boolean, type Support } from "./Support.ts"

/** Which cells count: true or 1, false or 0. Its shape broadcasts with the base's batch. */
export type Mask = Value | boolean | ReadonlyArray<boolean> | ReadonlyArray<ReadonlyArray<boolean>>

/** `D` with a mask. It can do what `D` can do, but for its entropy. */
export type Masked<D extends Distribution> = MaskedDistribution<D> &
  (D extends Reparameterized ? Pick<Reparameterized, "rsample"> : unknown) &
  (D extends HasMean ? HasMean : unknown) &
  (D extends HasVariance ? HasVariance : unknown) &
  (D extends HasMode ? HasMode : unknown) &
  (D extends HasCdf ? HasCdf : unknown) &
  (D extends HasIcdf ? HasIcdf : unknown) &
  (D extends HasEnumerate ? HasEnumerate : unknown)

/** Masks `base`. */
export const Masked = <D extends Distribution>(base: D, mask: Mask): Masked<D> => {
  const made = new MaskedDistribution(base, mask)
  return Object.assign(made, capabilities(made)) as unknown as Masked<D>
}

/** See {@link Masked}. */
export class MaskedDistribution<D extends Distribution>
  implements Distribution<D["support"]["name"], D["gradient"]>
{
  readonly family = "Masked"
  readonly base: D
  readonly mask: Value
  readonly support: Support<D["support"]["name"]>
  readonly gradient: D["gradient"]
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly params: Readonly<Record<string, Parameter>>
  readonly problem: InvalidParameter | ShapeMismatch | undefined

  constructor(base: D, mask: Mask) {
    const params = { mask: { value: asNumbers(mask) as Value, constraint: boolean } }
    const ownBatch = commonBatch(params)!
    const batch = broadcast(ownBatch, base.batchShape)
    this.base = batch === undefined || equals(batch, base.batchShape) ? base : base.expand(batch)
    this.mask = params.mask.value
    this.support = base.support as Support<D["support"]["name"]>
    this.gradient = base.gradient
    this.batchShape = this.base.batchShape
    this.eventShape = base.eventShape
    this.params = { ...base.params, ...params }
    this.problem =
      this.base.problem ??
      parameterProblem("Masked", params) ??
      (batch === undefined ? misfit(base, ownBatch) : undefined)
  }

  sample(key: Key, shape?: Shape): tf.Tensor {
    // In no tidy of its own: what the base keeps beside its draw would not outlive it.
    return this.delegated(() => this.base.sample(key, shape))
  }

  /** Log-density where the mask is true, 0 elsewhere: `[...sample, ...batch, ...event]` to `[...sample, ...batch]`. */
  logProb(value: tf.Tensor): tf.Tensor {
    return this.delegated(() => {
      if (this.mask === 1) return this.base.logProb(value)
      return tf.tidy(() => {
        scoredShape(this, value, "logProb")
        const member = toTensor(this.support.member(this.eventShape.at(-1) ?? 1))
        // Replaced, not only left out: the base's gradient at a NaN is NaN, and 0 · NaN is too.
        const safe = where(() => expandRight(this.counts(), this.eventShape.length), float(value), member)
        return whereMasked(this, this.base.logProb(safe))
      })
    })
  }

  expand(batchShape: Shape): this {
    return Masked(this.base.expand(batchShape), this.mask) as unknown as this
  }

  /** The last `n` batch dimensions become part of the event. */
  toEvent(n = 1): Independent<this> {
    return independent(this, n)
  }

  /** @internal What the base does, unless there is a problem. */
  delegated(body: () => tf.Tensor): tf.Tensor {
    if (this.problem !== undefined) throw this.problem
    return body()
  }

  /** @internal The mask as a bool tensor. */
  counts(): tf.Tensor {
    return tf.cast(toTensor(this.mask), "bool")
  }
}

/** Whether two masks are the same one, as far as the host can tell: one tensor, or equal numbers. */
export const sameMask = (p: MaskedDistribution<Distribution>, q: MaskedDistribution<Distribution>): boolean =>
  p.mask === q.mask ||
  (!(p.mask instanceof tf.Tensor) &&
    !(q.mask instanceof tf.Tensor) &&
    JSON.stringify(p.mask) === JSON.stringify(q.mask))

/** `x` of batch shape where the mask is true, 0 elsewhere. */
export const whereMasked = (d: MaskedDistribution<Distribution>, x: tf.Tensor): tf.Tensor =>
  where(() => d.counts(), x, 0)

/** What the base has besides the interface. Draws are the base's, and so is all that is said of them. */
const capabilities = (made: MaskedDistribution<Distribution>) => {
  const has = made.base as Partial<
    Reparameterized & HasMean & HasVariance & HasMode & HasCdf & HasIcdf & HasEnumerate
  >
  return {
    ...(has.rsample && {
      rsample: (key: Key, shape?: Shape) => made.delegated(() => has.rsample!(key, shape)),
    }),
    ...(has.mean && { mean: () => made.delegated(() => has.mean!()) }),
    ...(has.variance && { variance: () => made.delegated(() => has.variance!()) }),
    ...(has.mode && { mode: () => made.delegated(() => has.mode!()) }),
    ...(has.cdf && { cdf: (value: tf.Tensor) => made.delegated(() => has.cdf!(value)) }),
    ...(has.icdf && { icdf: (p: tf.Tensor) => made.delegated(() => has.icdf!(p)) }),
    ...(has.enumerate && { enumerate: () => made.delegated(() => has.enumerate!()) }),
  }
}

/** Booleans on the host as the numbers 0 and 1, anything else as it is. */
const asNumbers = (mask: unknown): unknown => {
  if (typeof mask === "boolean") return mask ? 1 : 0
  return Array.isArray(mask) ? mask.map(asNumbers) : mask
}

const misfit = (base: Distribution, mask: Shape): ShapeMismatch =>
  new ShapeMismatch({
    where: `Masked(${base.family})`,
    expected: `a mask that broadcasts with the batch shape ${format(base.batchShape)}`,
    found: `a mask of shape ${format(mask)}`,
  })
