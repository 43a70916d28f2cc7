/**
 * What a run with enumerated variables recorded, as tables over these variables and the members of the plates.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution } from "../../distributions/Distribution.ts"
import type { Axis, FactorSite, PlateFrame, SampleSite, Settled } from "../../effects/Interpreter.ts"
import { withPlaceholders } from "../../effects/place.ts"
import type { Recording } from "../../effects/run.ts"
import { broadcast, equals } from "../../tensor/Shape.ts"
import type { Table } from "./eliminate.ts"

/**
 * The table of a sample site's log-density at its value. A masked variable that is summed out keeps its own density, which
 * sums to one and so counts for nothing.
 */
export const siteTable = (site: Settled<SampleSite>, isSummedOut = isVariable(site)): Table => {
  const value = withPlaceholders(site)
  const logProb = reaching(site, value).logProb(value)
  return table(site, isSummedOut ? logProb : masked(logProb, site.mask))
}

const isVariable = ({ name, axes }: Settled<SampleSite>): boolean => axes.some((axis) => axis.name === name)

/** The site's distribution, for each of the values too that its variables have. */
const reaching = ({ distribution, axes }: Settled<SampleSite>, value: tf.Tensor): Distribution => {
  if (axes.length === 0) return distribution
  const batch = value.shape.slice(0, value.rank - distribution.eventShape.length)
  const both = broadcast(batch, distribution.batchShape)!
  return equals(both, distribution.batchShape) ? distribution : distribution.expand(both)
}

/** The table of a factor. */
export const factorTable = (site: FactorSite): Table => table(site, masked(site.logWeight, site.mask))

/** How many times each member of each plate counts. */
export const plateScales = (recording: Recording): ReadonlyMap<string, number> => {
  const sites = [...recording.samples.values(), ...recording.factors.values()]
  return new Map(
    sites.flatMap(({ plates }) => plates.map((plate) => [plate.name, plate.size / plate.extent])),
  )
}

const masked = (term: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor =>
  mask === undefined
    ? term
    : tf.where(tf.broadcastTo(tf.cast(mask, "bool"), term.shape), term, tf.zerosLike(term))

/** A tensor of a site's batch shape, its dimensions named by the variables and plates that they are. */
const table = (
  { name, scale, plates, axes }: Pick<SampleSite, "name" | "scale" | "plates" | "axes">,
  tensor: tf.Tensor,
): Table => {
  const names: Array<string> = []
  const shape: Array<number> = []
  tensor.shape.forEach((size, i) => {
    const axis = nameOf(i - tensor.rank, size, plates, axes)
    if (axis === undefined) return
    names.push(axis)
    shape.push(size)
  })
  return {
    site: name,
    scale,
    tensor: tf.reshape(tensor, shape),
    axes: names,
    plates: plates.map((plate) => plate.name),
  }
}

/** What stands along a dimension; undefined where it is a filler of size 1. */
const nameOf = (
  dim: number,
  size: number,
  plates: ReadonlyArray<PlateFrame>,
  axes: ReadonlyArray<Axis>,
): string | undefined => {
  const plate = plates.find((plate) => plate.dim === dim)
  if (plate !== undefined) return plate.name
  return axes.find((axis) => axis.dim === dim && axis.size === size)?.name
}
