/**
 * A distribution whose last batch dimensions count as one event: log p(x) is the sum over them.
 *
 * ```ts
 * const d = Normal({ loc: tf.zeros([128, 20]), scale: 1 }).toEvent(1)   // batch [128], event [20]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { format, type Shape, sumRightmost } from "../tensor/Shape.ts"
import {
  type Distribution,
  type Gradient,
  type HasEntropy,
  type HasMean,
  type HasMode,
  type HasSummedLogProb,
  type HasVariance,
  type Parameter,
  type Reparameterized,
  scoredShape,
} from "./Distribution.ts"
import type { InvalidParameter } from "./errors.ts"
import { independent as independentSupport, type Support } from "./Support.ts"

type SupportOf<D> = D extends Distribution<infer S, Gradient> ? S : never
type GradientOf<D> = D extends Distribution<string, infer G> ? G : never

/** `D` with `reinterpreted` batch dimensions moved into the event. It can do what `D` can do. */
export type Independent<D extends Distribution> = IndependentDistribution<D> &
  (D extends Reparameterized ? Pick<Reparameterized, "rsample"> : unknown) &
  (D extends HasMean ? HasMean : unknown) &
  (D extends HasVariance ? HasVariance : unknown) &
  (D extends HasMode ? HasMode : unknown) &
  (D extends HasEntropy ? HasEntropy : unknown)

/** Makes the last `n` batch dimensions of `base` part of the event. `n` larger than the batch rank is a problem. */
export const independent = <D extends Distribution>(base: D, n: number): Independent<D> => {
  const made = new IndependentDistribution(base, n)
  return Object.assign(made, capabilities(base, made)) as unknown as Independent<D>
}

/** {@link independent}, under the name that the field gives the family. */
export const Independent = independent

/** See {@link Independent}. */
export class IndependentDistribution<D extends Distribution>
  implements Distribution<SupportOf<D>, GradientOf<D>>
{
  readonly family = "Independent"
  readonly base: D
  /** How many batch dimensions of `base` are part of the event here. */
  readonly reinterpreted: number
  readonly support: Support<SupportOf<D>>
  readonly gradient: GradientOf<D>
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly params: Readonly<Record<string, Parameter>>
  readonly problem: InvalidParameter | ShapeMismatch | undefined

  constructor(base: D, n: number) {
    const rank = base.batchShape.length
    const valid = Number.isInteger(n) && n >= 0 && n <= rank
    const moved = valid ? n : 0
    this.base = base
    this.reinterpreted = moved
    this.support = independentSupport(base.support as Support<SupportOf<D>>, moved)
    this.gradient = base.gradient as GradientOf<D>
    this.batchShape = base.batchShape.slice(0, rank - moved)
    this.eventShape = [...base.batchShape.slice(rank - moved), ...base.eventShape]
    this.params = base.params
    this.problem =
      base.problem ??
      (valid
        ? undefined
        : new ShapeMismatch({
            where: `${base.family}.toEvent(${n})`,
            expected: `a whole number of batch dimensions, at most ${rank}`,
            found: `batch shape ${format(base.batchShape)}`,
          }))
  }

  sample(key: Key, shape: Shape = []): tf.Tensor {
    if (this.problem !== undefined) throw this.problem
    // In no tidy of its own: what the base keeps beside its draw would not outlive it.
    return this.base.sample(key, shape)
  }

  /** The sum of the base's log-densities: `[...sample, ...batch, ...event]` to `[...sample, ...batch]`. */
  logProb(value: tf.Tensor): tf.Tensor {
    return guarded(this, () => {
      scoredShape(this, value, "logProb")
      const { base, reinterpreted: n } = this
      const has = base as Partial<HasSummedLogProb>
      return n > 0 && has.summedLogProb ? has.summedLogProb(value, n) : sumRightmost(base.logProb(value), n)
    })
  }

  expand(batchShape: Shape): this {
    const kept = this.base.batchShape.slice(this.base.batchShape.length - this.reinterpreted)
    return independent(this.base.expand([...batchShape, ...kept]), this.reinterpreted) as unknown as this
  }

  /** The last `n` batch dimensions become part of the event too. */
  toEvent(n = 1): Independent<D> {
    const fits = n >= 0 && n <= this.batchShape.length
    return independent(this.base, fits ? this.reinterpreted + n : Number.NaN)
  }
}

const guarded = (d: Distribution, body: () => tf.Tensor): tf.Tensor => {
  if (d.problem !== undefined) throw d.problem
  return tf.tidy(body)
}

/** What `base` has besides the interface, lifted to the larger event. */
const capabilities = (base: Distribution, made: Distribution & { readonly reinterpreted: number }) => {
  const has = base as Partial<Reparameterized & HasMean & HasVariance & HasMode & HasEntropy>
  return {
    ...(has.rsample && {
      rsample: (key: Key, shape?: Shape) => {
        if (made.problem !== undefined) throw made.problem
        return has.rsample!(key, shape)
      },
    }),
    ...(has.mean && { mean: () => guarded(made, () => has.mean!()) }),
    ...(has.variance && { variance: () => guarded(made, () => has.variance!()) }),
    ...(has.mode && { mode: () => guarded(made, () => has.mode!()) }),
    ...(has.entropy && {
      entropy: () => guarded(made, () => sumRightmost(has.entropy!(), made.reinterpreted)),
    }),
  }
}
