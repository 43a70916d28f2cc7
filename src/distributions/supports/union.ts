/**
 * The union of supports of one kind: what a mixture of distributions on them lies in. The ends, where the supports
 * have ends of their own, are the outermost; an end that is a tensor is not known to the host.
 */
import * as tf from "@tensorflow/tfjs-core"
import { shapeOf, toTensor, type Value } from "../Distribution.ts"
import type { Bounded, Support } from "../Support.ts"

/** The numbers that lie in any of the supports. */
export const unionOf = (supports: ReadonlyArray<Support>): Support => {
  const first = supports[0]!
  if (supports.every((support) => support === first)) return first
  const isTested = supports.every(({ inside }) => inside !== undefined)
  return {
    ...first,
    ...ends(supports),
    describe: [...new Set(supports.map(({ describe }) => describe))].join(", or "),
    contains: (cell) => supports.some((support) => support.contains(cell)),
    ...(isTested && { inside: (x: tf.Tensor) => any(supports.map((support) => support.inside!(x))) }),
  }
}

/** The union of a support's cells along the last dimension of its batch, where it has ends that differ by cell. */
export const unionAlong = (support: Support): Support => {
  const { inside, cellRank, eventRank, member } = support
  return {
    ...support,
    ...ends([support]),
    ...(inside && {
      inside: (x: tf.Tensor) => tf.any(inside(tf.expandDims(x, x.rank - eventRank)), x.rank - eventRank),
    }),
    member: (n) => firstOf(member(n), cellRank),
  }
}

const any = (conditions: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  conditions.reduce((a, b) => tf.logicalOr(a, b))

const ends = (supports: ReadonlyArray<Support & Partial<Bounded>>): Partial<Bounded> => ({
  ...(supports[0]!.lower !== undefined && {
    lower: Math.min(...supports.map(({ lower }) => outermost(lower!, Math.min, -Infinity))),
  }),
  ...(supports[0]!.upper !== undefined && {
    upper: Math.max(...supports.map(({ upper }) => outermost(upper!, Math.max, Infinity))),
  }),
})

const outermost = (end: Value, pick: (...xs: Array<number>) => number, unknown: number): number =>
  end instanceof tf.Tensor
    ? unknown
    : pick(...([end as ReadonlyArray<number>].flat(Infinity) as Array<number>))

/** The first along the dimension before the last `cellRank`, where there is one. */
const firstOf = (value: Value, cellRank: number): Value => {
  const axis = shapeOf(value).length - cellRank - 1
  return axis < 0 ? value : tf.unstack(toTensor(value), axis)[0]!
}
