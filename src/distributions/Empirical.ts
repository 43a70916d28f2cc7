/**
 * The distribution of a list of values, with weights: p(x) = Σᵢ wᵢ [xᵢ = x] / Σᵢ wᵢ, a mass and not a density. It
 * stands for what is known by draws only, such as a posterior from a chain or from importance sampling.
 *
 * ```ts
 * const d = Empirical({ samples: [1, 2, 2, 5] })
 * d.logProb(tf.scalar(2))                                   // log ½
 * Empirical({ samples: draws, logWeights }).mean()          // the weighted mean
 * ```
 *
 * The atoms lie along the first dimension, as `sample(key, [n])` gives them. Equal atoms count together, so that a
 * score compares each value with every atom: n numbers for each of its cells, n² for the mode and the entropy.
 * Draws do not depend on the atoms differentiably; scores are differentiable in the log-weights. Pyro's `Empirical`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawClasses } from "../tensor/classes.ts"
import { ShapeMismatch } from "../tensor/errors.ts"
import type * as Key from "../tensor/Key.ts"
import { broadcast, expandRight, format, type Shape, size } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, type HasEnumerate, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { withEnumerate } from "./enumerable.ts"
import { Family } from "./Family.ts"
import { logWeights, real, type Support } from "./Support.ts"

/** Parameters of {@link Empirical}. */
export interface EmpiricalParams<S extends string> {
  /** The atoms, `[n, ...batch, ...event]`, the event as `support` has it. */
  readonly samples: Value
  /** `[n, ...batch]`: logarithms of weights, which need not be normalized; −∞ for none. Default equal weights. */
  readonly logWeights?: Value
  /** The set the atoms lie in. Default the reals. */
  readonly support?: Support<S>
}

class EmpiricalDistribution<S extends string> extends Family<"Empirical", S, "score"> {
  readonly samples: Value
  readonly logWeights: Value

  constructor({ samples, logWeights: weights, support }: EmpiricalParams<S>) {
    const on = support ?? (real as Support<string> as Support<S>)
    const shape = shapeOf(samples)
    const outer = shape.slice(0, Math.max(shape.length - on.eventRank, 0))
    super({
      family: "Empirical",
      support: on,
      gradient: "score",
      params: {
        samples: { value: samples, constraint: on },
        ...(weights !== undefined && { logWeights: { value: weights, constraint: constraintOf(weights) } }),
      },
      eventShape: shape.slice(outer.length),
      // A value outside equals no atom.
      scoresAnything: true,
    })
    this.samples = samples
    this.logWeights = weights ?? new Array<number>(outer[0] ?? 1).fill(0)
    const ofWeights = shapeOf(this.logWeights)
    Object.assign(this, {
      batchShape: broadcast(outer.slice(1), ofWeights.slice(1)) ?? [],
      problem: this.problem ?? misfit(outer, ofWeights),
    })
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const cells = full.slice(0, full.length - this.eventShape.length)
    const { atoms, logits } = this.table()
    const [n, ...batch] = atoms.shape.slice(0, this.batchShape.length + 1) as [number, ...Array<number>]
    // The classes stand last there, and first here.
    const byCell = tf.transpose(logits, [...batch.map((_, i) => i + 1), 0])
    const drawn = tf.cast(drawClasses(key, { logits: byCell }, cells), "int32")
    const width = size(batch)
    const place = tf.reshape(tf.range(0, width, 1, "int32"), batch)
    const at = tf.add(tf.mul(drawn, tf.scalar(width, "int32")), place)
    const rows = tf.reshape(atoms, [n * width, ...this.eventShape])
    return tf.reshape(tf.gather(rows, tf.reshape(at, [-1])), [...full])
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return this.logMass(value)
  }

  /** The weighted mean of the atoms. */
  mean(): tf.Tensor {
    return this.batched(() => this.averaged((atoms) => atoms))
  }

  /** The atoms' weighted mean squared distance from their mean: no sample variance, it divides by Σw. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const mean = this.averaged((atoms) => atoms)
      return this.averaged((atoms) => tf.square(tf.sub(atoms, mean)))
    })
  }

  /** The heaviest value; the first of several. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const { atoms } = this.table()
      const first = tf.argMax(this.logMass(atoms), 0)
      const isFirst = tf.equal(
        expandRight(tf.range(0, atoms.shape[0]!, 1, "int32"), this.batchShape.length),
        tf.expandDims(first, 0),
      )
      return tf.sum(
        where(() => expandRight(isFirst, this.eventShape.length), atoms, 0),
        0,
      )
    })
  }

  /** −Σ p log p over the different values. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const { atoms, logits } = this.table()
      const surprise = where(() => tf.greater(logits, -Infinity), this.logMass(atoms), 0)
      return tf.neg(tf.sum(tf.mul(tf.exp(logits), surprise), 0))
    }, [])
  }

  /** The atoms `[n, ...batch, ...event]`, and their log-weights `[n, ...batch]`, normalized. */
  private table() {
    const samples = toTensor(this.samples)
    const weights = toTensor(this.logWeights)
    const n = samples.shape[0]!
    const normalized = tf.sub(weights, tf.logSumExp(weights, 0, true))
    return {
      atoms: broadcastTo(aligned(samples, this.batchShape.length + 1 + this.eventShape.length), [
        n,
        ...this.batchShape,
        ...this.eventShape,
      ]),
      logits: broadcastTo(aligned(normalized, this.batchShape.length + 1), [n, ...this.batchShape]),
    }
  }

  /** log Σᵢ wᵢ [xᵢ = value]: `[...sample, ...batch, ...event]` to `[...sample, ...batch]`. */
  private logMass(value: tf.Tensor): tf.Tensor {
    const { atoms, logits } = this.table()
    const e = this.eventShape.length
    const rank = Math.max(value.rank - e, this.batchShape.length)
    const axes = Array.from({ length: e }, (_, i) => i - e)
    const values = tf.reshape(value, [...new Array(1 + rank + e - value.rank).fill(1), ...value.shape])
    const weights = aligned(logits, 1 + rank)
    const equal = tf.equal(values, aligned(atoms, 1 + rank + e))
    const same = e === 0 ? equal : tf.all(equal, axes)
    const matches = () => tf.logicalAnd(same, tf.greater(weights, -Infinity))
    const isAtom = () => tf.any(matches(), 0)
    // Where nothing is equal the sum is over nothing: of ones there, lest the gradient be NaN.
    const counted = () => tf.logicalOr(matches(), tf.logicalNot(tf.expandDims(isAtom(), 0)))
    const terms = where(counted, where(matches, weights, 0), -Infinity)
    return where(isAtom, tf.logSumExp(terms, 0), -Infinity)
  }

  /** Σ w f(x). */
  private averaged(f: (atoms: tf.Tensor) => tf.Tensor): tf.Tensor {
    const { atoms, logits } = this.table()
    return tf.sum(tf.mul(expandRight(tf.exp(logits), this.eventShape.length), f(atoms)), 0)
  }
}

/** A distribution on a list of atoms; see {@link EmpiricalParams}. */
export type Empirical<S extends string = "real"> = EmpiricalDistribution<S>

/** Makes an empirical distribution. Of an array of numbers, `enumerate` lists the different ones, in their order. */
export const Empirical: {
  <const S extends string = "real">(
    params: EmpiricalParams<S> & { readonly samples: ReadonlyArray<number> },
  ): Empirical<S> & HasEnumerate
  <const S extends string = "real">(params: EmpiricalParams<S>): Empirical<S>
} = <S extends string>(params: EmpiricalParams<S>) => {
  const { samples } = params
  const isList = Array.isArray(samples) && typeof samples[0] === "number"
  return withEnumerate(
    new EmpiricalDistribution(params),
    isList ? () => tf.tensor1d(Array.from(new Set(Float32Array.from(samples as Array<number>)))) : undefined,
  )
}

/** `[n, ...rest]` with ones after n, up to `rank` dimensions. */
const aligned = (x: tf.Tensor, rank: number): tf.Tensor => {
  const [n, ...rest] = x.shape as [number, ...Array<number>]
  return x.rank === rank ? x : tf.reshape(x, [n, ...new Array<number>(rank - x.rank).fill(1), ...rest])
}

/** One list of weights is judged as a whole; of several, whose cells do not lie side by side, each number alone. */
const constraintOf = (weights: Value): Support =>
  shapeOf(weights).length === 1
    ? logWeights
    : {
        ...real,
        eventRank: shapeOf(weights).length,
        describe: "a number below infinity (−Infinity for an atom without weight)",
        contains: (cell) => cell[0]! < Infinity,
      }

const misfit = (atoms: Shape, weights: Shape): ShapeMismatch | undefined => {
  if (atoms.length === 0) {
    return new ShapeMismatch({
      where: 'Empirical: parameter "samples"',
      expected: "a first dimension over the atoms",
      found: "a single one",
    })
  }
  const fits = weights[0] === atoms[0] && broadcast(atoms.slice(1), weights.slice(1)) !== undefined
  if (fits) return undefined
  return new ShapeMismatch({
    where: "Empirical",
    expected: `log-weights of shape [${[atoms[0], "...batch"].join(", ")}], one for each atom`,
    found: `atoms ${format(atoms)}, log-weights ${format(weights)}`,
  })
}
