/**
 * What mixtures share, whether their components are cells of one distribution or distributions of several families:
 * log p(x) = log Σₖ wₖ pₖ(x), with the weights wₖ of a categorical distribution.
 *
 * Draws choose a class and draw from it, which no path differentiates. Where the components are differentiable and
 * have a cumulative distribution F, the mixture has one, and draws are differentiated through it: z with F(z) = u for
 * a fixed u moves by dz/dθ = −(∂F/∂θ)/p(z), in the weights too (Graves, "Stochastic backpropagation through mixture
 * density distributions", 2016; Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018, §4). Where
 * components hardly overlap, what the weights' gradient is made of are rare draws between them; where no draw falls
 * between them at all, as of two uniforms apart, it is missing.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { broadcast, expandRight, format, type Shape } from "../tensor/Shape.ts"
import { detach, isBounded, logSumExp, where } from "../tensor/stable.ts"
import type { Categorical } from "./Categorical.ts"
import {
  broadcastTo,
  type Distribution,
  float,
  type Gradient,
  type HasCdf,
  type HasMean,
  type HasVariance,
  type Reparameterized,
  scoredShape,
  toTensor,
} from "./Distribution.ts"
import { InvalidParameter } from "./errors.ts"
import { Family } from "./Family.ts"
import { logWeights, weightsOf } from "./mixing.ts"
import type { Support } from "./Support.ts"
import { prefixed } from "./Transform.ts"
import { classCount } from "./weights.ts"

/** What a mixture has besides, if all its components have it. */
export type FromComponents<D extends Distribution> = ([D] extends [HasMean] ? HasMean : unknown) &
  ([D] extends [HasMean & HasVariance] ? HasVariance : unknown) &
  ([D] extends [HasCdf] ? HasCdf : unknown) &
  ([D] extends [Reparameterized & HasCdf] ? Pick<Reparameterized, "rsample"> : unknown)

/** Draws are differentiable where the components' are and have a cumulative distribution. */
export type MixedGradient<D extends Distribution> = [D] extends [Reparameterized & HasCdf]
  ? "pathwise"
  : Gradient extends D["gradient"]
    ? Gradient
    : "score"

type Able = Distribution & Partial<Pick<Reparameterized, "rsample"> & HasMean & HasVariance & HasCdf>

/** What a kind of mixture tells its base. */
export interface MixtureDefinition<F extends string, D extends Distribution> {
  readonly family: F
  readonly mixing: Categorical
  /** The distributions that the components are, or are cells of, by the names that messages give them. */
  readonly parts: Readonly<Record<string, D>>
  readonly support: Support
  /** The batch shape of one component. */
  readonly componentBatch: Shape | undefined
  /** What is wrong with how the components fit together. */
  readonly misfit: ShapeMismatch | InvalidParameter | undefined
}

/** See the head of this file. */
export abstract class MixtureFamily<F extends string, D extends Distribution> extends Family<
  F,
  D["support"]["name"],
  MixedGradient<D>
> {
  /** The distribution of the class, over the mixture's batch. */
  readonly mixing: Categorical

  constructor({ family, mixing, parts, support, componentBatch, misfit }: MixtureDefinition<F, D>) {
    const all = Object.entries(parts)
    const batch = componentBatch && broadcast(mixing.batchShape, componentBatch)
    super({
      family,
      support: support as Support<D["support"]["name"]>,
      gradient: (all.every(([, d]) => hasPath(d)) ? "pathwise" : "score") as MixedGradient<D>,
      params: {},
      eventShape: all[0]?.[1].eventShape ?? [],
      // The components have scored what is outside as −∞.
      scoresAnything: true,
    })
    this.mixing = batch === undefined ? mixing : mixing.expand(batch)
    Object.assign(this, {
      params: Object.assign(
        {},
        ...[...all, ["mixing", mixing] as const].map(([name, d]) => prefixed(name, d)),
      ),
      batchShape: batch ?? mixing.batchShape,
      problem:
        all.map(([name, d]) => problemOf(family, name, d)).find((problem) => problem !== undefined) ??
        problemOf(family, "mixing", mixing) ??
        misfit ??
        (batch === undefined ? apart(family, mixing, componentBatch!) : undefined),
    })
  }

  /** `of` each component, along a dimension of their own before the last `rank`: `[...batch, K, ...rank]`. */
  protected abstract each(of: (d: D, i: number) => tf.Tensor, rank: number): tf.Tensor
  /** A value as {@link each}'s functions take it. */
  protected abstract facing(value: tf.Tensor): tf.Tensor

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [classKey, drawKey] = Key.split(key) as [Key.Key, Key.Key]
    const rank = this.eventShape.length
    const shape = full.slice(0, full.length - this.batchShape.length - rank)
    const classes = tf.expandDims(this.mixing.sample(classKey, shape), -1)
    const isDrawn = () => expandRight(tf.equal(classes, tf.range(0, classCount(this.mixing.weights))), rank)
    const draws = this.each((d, i) => d.sample(Key.foldIn(drawKey, i), shape), rank)
    // The others are left out, not multiplied by zero: a draw may be infinite.
    return tf.sum(where(isDrawn, draws, 0), full.length - rank)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return logSumExp(this.terms(value))
  }

  /** log wₖ + log pₖ(x) of values `[...sample, ...batch, ...event]`: `[...sample, ...batch, K]`. */
  componentLogProbs(value: tf.Tensor): tf.Tensor {
    return this.perClass(value, "componentLogProbs", (terms) => terms)
  }

  /**
   * The probability of each class given the value, wₖ pₖ(x) / p(x): `[...sample, ...batch, K]`. Of a value to which no
   * component gives any density, the weights.
   */
  responsibilities(value: tf.Tensor): tf.Tensor {
    return this.perClass(value, "responsibilities", (terms) => {
      const top = tf.max(terms, -1, true)
      // Infinite densities share by their weights, and so do all that are zero.
      const tied = where(() => tf.equal(terms, top), logWeights(this.mixing), -Infinity)
      return tf.softmax(where(() => isBounded(top), terms, tied))
    })
  }

  /** @internal A draw, differentiable through F. */
  path(key: Key.Key, shape: Shape = []): tf.Tensor {
    return this.checked(() => {
      const z = detach(() => this.draw(key, this.full(shape)))
      const below = this.below(z)
      const change = tf.sub(
        below,
        detach(() => below),
      )
      // 1/p(z), of a p(z) that may be too small for a float32.
      const inverse = detach(() => tf.exp(tf.minimum(tf.neg(this.score(z)), 87)))
      return tf.sub(z, tf.mul(change, inverse))
    })
  }

  /** @internal Σ wₖ mₖ. */
  mixedMean(): tf.Tensor {
    return this.batched(() => this.centers().mean)
  }

  /** @internal Σ wₖ (vₖ + (mₖ − m)²), the law of total variance. */
  mixedVariance(): tf.Tensor {
    return this.batched(() => {
      const rank = this.eventShape.length
      const { each, mean } = this.centers()
      const center = tf.expandDims(mean, mean.rank - rank)
      // About an infinite mean there is no distance; the variance there is infinite by itself.
      const away = where(() => isBounded(center), tf.sub(each, center), 0)
      const variances = this.each((d) => able(d).variance!(), rank)
      return this.weighted(tf.add(variances, tf.square(away)), rank)
    })
  }

  /** @internal Σ wₖ Fₖ. */
  mixedCdf(value: tf.Tensor): tf.Tensor {
    // Weights that sum to one in float32 may take it a rounding above.
    return this.pointwise(value, "cdf", (x) => tf.minimum(this.below(x), 1))
  }

  private below(x: tf.Tensor): tf.Tensor {
    const at = this.facing(x)
    return this.weighted(
      this.each((d) => able(d).cdf!(at), 0),
      0,
    )
  }

  private centers() {
    const rank = this.eventShape.length
    const each = this.each((d) => able(d).mean!(), rank)
    return { each, mean: this.weighted(each, rank) }
  }

  /** Σ wₖ xₖ over the classes of `[...batch, K, ...rank]`; a class without weight may have anything. */
  private weighted(x: tf.Tensor, rank: number): tf.Tensor {
    const w = expandRight(weightsOf(this.mixing), rank)
    return tf.sum(
      tf.mul(
        w,
        where(() => tf.greater(w, 0), x, 0),
      ),
      x.rank - rank - 1,
    )
  }

  private terms(value: tf.Tensor): tf.Tensor {
    const at = this.facing(value)
    const weights = logWeights(this.mixing)
    const isPossible = () => tf.greater(weights, -Infinity)
    const scores = this.each((d) => boundedScore(d, at), 0)
    // Not −∞ + log pₖ: a density may be infinite.
    return where(isPossible, tf.add(weights, where(isPossible, scores, 0)), -Infinity)
  }

  private perClass(value: tf.Tensor, method: string, body: (terms: tf.Tensor) => tf.Tensor): tf.Tensor {
    return this.checked(() => {
      const shape = scoredShape(this, value, method)
      return broadcastTo(body(this.terms(float(value))), [...shape, classCount(this.mixing.weights)])
    })
  }
}

/** The mixture with what all of `parts` have. The mixture itself is changed. */
export const withMethods = <F extends string, D extends Distribution, M extends MixtureFamily<F, D>>(
  made: M & MixtureFamily<F, D>,
  parts: ReadonlyArray<D>,
): M & FromComponents<D> => {
  const all = (name: keyof Able): boolean => parts.every((d) => able(d)[name] !== undefined)
  return Object.assign(
    made,
    all("mean") && { mean: () => made.mixedMean() },
    all("mean") && all("variance") && { variance: () => made.mixedVariance() },
    all("cdf") && { cdf: (value: tf.Tensor) => made.mixedCdf(value) },
    made.gradient === "pathwise" && { rsample: (key: Key.Key, shape?: Shape) => made.path(key, shape) },
  ) as unknown as M & FromComponents<D>
}

const able = (d: Distribution): Able => d as Able

const hasPath = (d: Distribution): boolean =>
  d.gradient === "pathwise" && able(d).rsample !== undefined && able(d).cdf !== undefined

/**
 * log p(x), with a gradient of zero where it is infinite: there the slope may be too, and what the sum over the
 * components makes of it is 0 · ∞. Where gradients are taken it is scored twice.
 */
const boundedScore = (d: Distribution, x: tf.Tensor): tf.Tensor => {
  if (tf.engine().state.gradientDepth === 0) return d.logProb(x)
  const scores = detach(() => d.logProb(x))
  const member = toTensor(d.support.member(d.eventShape.at(-1) ?? 1))
  const safe = where(() => expandRight(isBounded(scores), d.eventShape.length), x, member)
  return where(() => isBounded(scores), d.logProb(safe), scores)
}

/** A part's problem, with the part's name. */
const problemOf = (
  family: string,
  name: string,
  { problem }: Distribution,
): InvalidParameter | ShapeMismatch | undefined => {
  if (problem === undefined) return undefined
  return problem instanceof InvalidParameter
    ? new InvalidParameter({ ...problem, family, parameter: `${name}.${problem.parameter}` })
    : new ShapeMismatch({ ...problem, where: `${family}: ${name}: ${problem.where}` })
}

const apart = (family: string, mixing: Categorical, componentBatch: Shape): ShapeMismatch =>
  new ShapeMismatch({
    where: `${family}(mixing, components)`,
    expected: "parameters that broadcast",
    found: `components ${format(componentBatch)}, mixing ${format(mixing.batchShape)}`,
  })
