/**
 * The base of every family with parameters. It owns shapes, problems, memory, expansion and what happens outside
 * the support, so that a family writes only mathematics: `draw`, `score` and the moments it has.
 *
 * ```ts
 * class ExponentialDistribution extends PathwiseFamily<"Exponential", "positive"> {
 *   readonly rate: Value
 *   constructor({ rate }: ExponentialParams) {
 *     super({ family: "Exponential", support: positive, params: { rate: { value: rate, constraint: positive } } })
 *     this.rate = rate
 *   }
 *   protected draw(key: Key.Key, full: Shape) { ... }
 *   protected score(value: tf.Tensor) { ... }
 * }
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { broadcast, equals, expandRight, format, type Shape } from "../tensor/Shape.ts"
import { detach, where } from "../tensor/stable.ts"
import {
  broadcastTo,
  type Distribution,
  float,
  type Gradient,
  type Parameter,
  scoredShape,
  toTensor,
} from "./Distribution.ts"
import type { InvalidParameter } from "./errors.ts"
import { type Independent, independent } from "./Independent.ts"
import { commonBatch, parameterProblem } from "./parameters.ts"
import type { Support } from "./Support.ts"

/** What a family tells its base. */
export interface Definition<F extends string, S extends string, G extends Gradient> {
  readonly family: F
  readonly support: Support<S>
  readonly gradient: G
  readonly params: Readonly<Record<string, Parameter>>
  /** The shape of one event; its rank is the support's. */
  readonly eventShape?: Shape
  /** The trailing dimensions that some parameters must have, by name: `{ scaleTril: [n, n] }`. */
  readonly eventSizes?: Readonly<Record<string, Shape>>
  /** Whether `score` is right outside the support too, so that nothing is masked. Default false. */
  readonly scoresAnything?: boolean
}

/** A distribution with parameters. Moments go through {@link Family.batched}. */
export abstract class Family<F extends string, S extends string, G extends Gradient>
  implements Distribution<S, G>
{
  readonly family: F
  readonly support: Support<S>
  readonly gradient: G
  readonly params: Readonly<Record<string, Parameter>>
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly problem: InvalidParameter | ShapeMismatch | undefined
  private readonly scoresAnything: boolean

  constructor(definition: Definition<F, S, G>) {
    const { params, eventShape = [], family } = definition
    this.scoresAnything = definition.scoresAnything ?? false
    this.family = family
    this.support = definition.support
    this.gradient = definition.gradient
    this.params = params
    this.eventShape = eventShape
    this.batchShape = commonBatch(params) ?? []
    this.problem = parameterProblem(family, params, definition.eventSizes)
  }

  /** Draws at the full shape `[...shape, ...batch, ...event]`. */
  protected abstract draw(key: Key, full: Shape): tf.Tensor
  /**
   * The log-density of members of the support, of a shape that broadcasts to `[...sample, ...batch]`. What it gives
   * elsewhere is replaced by −∞, unless the family is said to score anything.
   */
  protected abstract score(value: tf.Tensor): tf.Tensor

  /** Draws of shape `[...shape, ...batch, ...event]`, through which no gradient flows. */
  sample(key: Key, shape: Shape = []): tf.Tensor {
    return this.checked(() => detach(() => this.draw(key, this.full(shape))))
  }

  /**
   * Log-density of values `[...sample, ...batch, ...event]`, of shape `[...sample, ...batch]`; −∞, with a gradient
   * of zero, outside the support. Throws `ShapeMismatch` (see {@link scoredShape}).
   */
  logProb(value: tf.Tensor): tf.Tensor {
    return this.checked(() => {
      const batch = scoredShape(this, value, "logProb")
      const { inside, member } = this.support
      const x = float(value)
      if (inside === undefined || this.scoresAnything) return broadcastTo(this.score(x), batch)
      const within = () => inside(x)
      const cell = this.support.eventRank
      const other = toTensor(member(this.eventShape.at(-1) ?? 1))
      const safe = where(() => expandRight(within(), cell), x, other)
      return broadcastTo(where(within, this.score(safe), -Infinity), batch)
    })
  }

  /** The same distribution over a larger batch, each cell independent. */
  expand(batchShape: Shape): this {
    const fits = equals(broadcast(this.batchShape, batchShape) ?? [Number.NaN], batchShape)
    const problem =
      this.problem ??
      (fits
        ? undefined
        : new ShapeMismatch({
            where: `${this.family}.expand`,
            expected: `a batch shape that ${format(this.batchShape)} stretches to`,
            found: format(batchShape),
          }))
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, { batchShape, problem })
  }

  /** The last `n` batch dimensions become part of the event: one density for all of them together. */
  toEvent(n = 1): Independent<this> {
    return independent(this, n)
  }

  /** `[...shape, ...batch, ...event]`. */
  protected full(shape: Shape): Shape {
    return [...shape, ...this.batchShape, ...this.eventShape]
  }

  /** Runs tensor code that yields one result, freeing the rest; throws this distribution's problem, if it has one. */
  protected checked(body: () => tf.Tensor): tf.Tensor {
    if (this.problem !== undefined) throw this.problem
    return tf.tidy(body)
  }

  /** A moment: computed at the parameters' own shape, given at `[...batch, ...event]`. */
  protected batched(body: () => tf.Tensor, eventShape: Shape = this.eventShape): tf.Tensor {
    return this.checked(() => fresh(body(), [...this.batchShape, ...eventShape]))
  }

  /** A function of a number and the parameters: shape `[...sample, ...batch]`. */
  protected pointwise(value: tf.Tensor, method: string, body: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
    return this.checked(() => {
      const batch = scoredShape(this, value, method)
      return fresh(body(float(value)), batch)
    })
  }
}

/** The base of families whose draws are differentiable: a draw is a smooth function of parameters and noise. */
export abstract class PathwiseFamily<F extends string, S extends string> extends Family<F, S, "pathwise"> {
  constructor(definition: Omit<Definition<F, S, "pathwise">, "gradient">) {
    super({ ...definition, gradient: "pathwise" })
  }

  /** Draws of shape `[...shape, ...batch, ...event]`, differentiable in the parameters. */
  rsample(key: Key, shape: Shape = []): tf.Tensor {
    return this.checked(() => this.draw(key, this.full(shape)))
  }
}

/** At `shape`, and never a parameter's own tensor, which a caller must be free to dispose of. */
const fresh = (x: tf.Tensor, shape: Shape): tf.Tensor =>
  equals(x.shape, shape) ? tf.clone(x) : broadcastTo(x, shape)
