/**
 * Where a site stands: its batch shape is that of its plates, and of the enumerated variables that it depends on, to
 * their left; and nothing else.
 *
 * A distribution whose batch is smaller is expanded to the plates, so that each member gets a draw of its own. A
 * batch dimension that no plate declares is refused, and so is a value that is not exactly `[...batch, ...event]`:
 * broadcasting (N) against (N, 1) would score N² pairs and say nothing.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  type Distribution,
  findProblem,
  firstOutside,
  shapeOf,
  toTensor,
  type Value,
} from "../distributions/Distribution.ts"
import { InvalidParameter, OutsideSupport } from "../distributions/errors.ts"
import { MaskedDistribution } from "../distributions/Masked.ts"
import type { Support } from "../distributions/Support.ts"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, type Shape } from "../tensor/Shape.ts"
import type { Axis, PlateFrame, SampleSite, Settled } from "./Interpreter.ts"

/** The batch shape that the enclosing plates give: their extents, 1 at dimensions between them. */
export const frameShape = (plates: ReadonlyArray<PlateFrame>): Shape => {
  const rank = plates.reduce((rank, plate) => Math.max(rank, -plate.dim), 0)
  const shape = new Array<number>(rank).fill(1)
  for (const plate of plates) shape[rank + plate.dim] = plate.extent
  return shape
}

/**
 * The site's distribution, expanded to its plates. Throws what is wrong with it: its parameters (`InvalidParameter`;
 * those that are tensors are read back only if `validate`), or its batch or the site's mask (`ShapeMismatch`).
 */
export const place = (site: SampleSite, validate: boolean): Distribution => {
  const problem = validate ? findProblem(site.distribution) : site.distribution.problem
  if (problem !== undefined) {
    throw problem instanceof InvalidParameter
      ? new InvalidParameter({ ...fields(problem), site: site.name })
      : new ShapeMismatch({ ...fields(problem), where: `site "${site.name}": ${problem.where}` })
  }
  const { distribution } = site
  const frame = frameShape(site.plates)
  checkBatch(`site "${site.name}"`, distribution.batchShape, frame, site)
  checkMask(`site "${site.name}"`, site.mask, frame)
  const batch = broadcast(distribution.batchShape, frame)!
  return equals(distribution.batchShape, batch) ? distribution : distribution.expand(batch)
}

const fields = <T extends object>(error: T): T => ({ ...error })

/**
 * A value that a program is given, as a tensor. Throws `ShapeMismatch` for rows that differ in length: tfjs would make
 * a tensor with too few numbers in it.
 */
export const given = (where: string, value: Value): tf.Tensor => {
  if (isRegular(value)) return toTensor(value)
  throw new ShapeMismatch({ where, expected: "rows of one length", found: "rows that differ in length" })
}

const isRegular = (value: Value): boolean =>
  !Array.isArray(value) ||
  !value.some(Array.isArray) ||
  value.every((row: Value) => equals(shapeOf(row), shapeOf(value[0])) && isRegular(row))

/** Refuses batch dimensions that neither a plate nor an enumerated variable declares, and extents at odds with them. */
export const checkBatch = (
  where: string,
  batch: Shape,
  frame: Shape,
  { plates, axes }: Pick<SampleSite, "plates" | "axes">,
): void => {
  for (let dim = -1; dim >= -batch.length; dim--) {
    const found = batch[batch.length + dim]!
    const expected = frame[frame.length + dim]
    if (found === expected || (found === 1 && expected !== undefined)) continue
    if (expected === undefined && isAlong(axes, dim, found)) continue
    const plate = plates.find((plate) => plate.dim === dim)
    throw new ShapeMismatch({
      where,
      expected:
        plate === undefined
          ? `batch dimension ${dim} to be declared, by a plate (independent members) or toEvent (one event)`
          : `extent ${expected} or 1 at dimension ${dim}, as in plate "${plate.name}"`,
      found: `batch shape ${format(batch)}`,
    })
  }
}

/** Whether an enumerated variable, or none where others have theirs, accounts for a batch dimension. */
const isAlong = (axes: ReadonlyArray<Axis>, dim: number, size: number): boolean =>
  axes.some((axis) => (size === 1 ? axis.dim <= dim : axis.dim === dim && axis.size === size))

/** Refuses a mask that does not stretch to the batch. */
export const checkMask = (where: string, mask: tf.Tensor | undefined, frame: Shape): void => {
  if (mask === undefined || equals(broadcast(mask.shape, frame) ?? [Number.NaN], frame)) return
  throw new ShapeMismatch({
    where,
    expected: `a mask that stretches to the batch shape ${format(frame)}`,
    found: `a mask of shape ${format(mask.shape)}`,
  })
}

/** Refuses a value that is not exactly of the plates' shape and the event's. */
export const checkShape = (site: SampleSite, value: tf.Tensor): void => {
  const { family, eventShape } = site.distribution
  const batch = frameShape(site.plates)
  const expected = [...batch, ...eventShape]
  if (equals(value.shape, expected) || isEnumerated(site, value.shape, batch)) return
  const plates = site.plates.map((plate) => ` by plate "${plate.name}"`).join("")
  throw new ShapeMismatch({
    where: `site "${site.name}" (${family})`,
    expected: `a value of shape ${format(expected)} (batch ${format(batch)}${plates}, event ${format(eventShape)})`,
    found: format(value.shape),
  })
}

/** Whether a value has enumerated variables to the left of its plates; along these it may then be 1. */
const isEnumerated = ({ axes, distribution }: SampleSite, shape: Shape, frame: Shape): boolean => {
  const { eventShape } = distribution
  const batch = shape.slice(0, shape.length - eventShape.length)
  return (
    batch.length > frame.length &&
    equals(shape.slice(batch.length), eventShape) &&
    batch.every((size, i) => {
      const dim = i - batch.length
      const expected = frame[frame.length + dim]
      return expected === undefined ? isAlong(axes, dim, size) : size === expected || size === 1
    })
  )
}

/** Refuses a value of the wrong shape; and one outside the support, which it reads back, if `validate`. */
export const checkValue = (site: Settled<SampleSite>, validate: boolean): void => {
  checkShape(site, site.value)
  if (!validate) return
  const { support, family } = site.distribution
  checkMember(`site "${site.name}" (${family})`, support, withPlaceholders(site))
}

/** Refuses a value outside a set. It reads the value back. */
export const checkMember = (where: string, support: Support, value: tf.Tensor): void => {
  const found = firstOutside(support, value.dataSync(), value.shape)
  if (found !== undefined) throw new OutsideSupport({ where, support: support.describe, ...found })
}

/**
 * The site's value; if it is data under a mask, with the masked cells replaced by a member of the support. What
 * stands there may be anything, NaN too, and would otherwise reach the gradient although `where` drops its
 * log-density.
 */
export const withPlaceholders = (site: Settled<SampleSite>): tf.Tensor => {
  const { distribution, observed, value } = site
  const mask = observed ? maskOf(site) : undefined
  if (mask === undefined) return value
  const { eventShape, support } = distribution
  const batch = value.shape.slice(0, value.rank - eventShape.length)
  const kept = tf.broadcastTo(mask, batch)
  const cells = tf.reshape(kept, [...batch, ...eventShape.map(() => 1)])
  const member = tf.broadcastTo(toTensor(support.member(eventShape.at(-1) ?? 1)), value.shape)
  return tf.where(tf.broadcastTo(cells, value.shape), value, member)
}

/** Where a site's data count: by the mask of a handler, and by that of its distribution. */
const maskOf = ({ distribution, mask }: SampleSite): tf.Tensor | undefined => {
  const own = distribution instanceof MaskedDistribution ? distribution.counts() : undefined
  const outer = mask === undefined ? undefined : tf.cast(mask, "bool")
  return own !== undefined && outer !== undefined ? tf.logicalAnd(own, outer) : (own ?? outer)
}
