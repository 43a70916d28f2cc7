/**
 * What is checked of the parameters as a distribution is made: their shapes, and the numbers that are on the host.
 * Tensors are not read; that is `findProblem`'s part.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, type Shape } from "../tensor/Shape.ts"
import { firstOutside, notAbove, type Parameter, shapeOf, type Value } from "./Distribution.ts"
import { InvalidParameter } from "./errors.ts"

type Parameters = Readonly<Record<string, Parameter>>

/** The shape that the parameters' batch dimensions broadcast to, or undefined where they do not. */
export const commonBatch = (params: Parameters): Shape | undefined =>
  broadcast(...Object.values(params).map(batchOf))

/**
 * The first thing wrong with the parameters' shapes, or with a number that is on the host. `eventSizes` are the
 * trailing dimensions that some parameters must have, by name.
 */
export const parameterProblem = (
  family: string,
  params: Parameters,
  eventSizes: Readonly<Record<string, Shape>> = {},
): InvalidParameter | ShapeMismatch | undefined =>
  shapeProblem(family, params) ??
  sizeProblem(family, params, eventSizes) ??
  (commonBatch(params) === undefined ? mismatch(family, params) : hostProblem(family, params))

// A parameter such as a class-probability vector spends its trailing dimensions on one event.
const batchOf = ({ value, constraint }: Parameter): Shape => {
  const shape = shapeOf(value)
  return shape.slice(0, Math.max(shape.length - constraint.eventRank, 0))
}

/** The first thing in a nested array that is no number, in words, and where. */
const strayIn = (
  value: unknown,
): { readonly found: string; readonly index: ReadonlyArray<number> } | undefined => {
  if (typeof value === "number") return undefined
  if (!Array.isArray(value)) return { found: inWords(value), index: [] }
  for (let i = 0; i < value.length; i++) {
    const stray = strayIn(value[i])
    if (stray !== undefined) return { ...stray, index: [i, ...stray.index] }
  }
  return undefined
}

const inWords = (value: unknown): string => {
  if (value === undefined || value === null) return "nothing"
  if (typeof value === "string") return JSON.stringify(value)
  return typeof value === "object" || typeof value === "function" ? "what is no number" : String(value)
}

const shapeProblem = (family: string, params: Parameters): InvalidParameter | ShapeMismatch | undefined => {
  for (const [name, { value, constraint }] of Object.entries(params)) {
    // Callers without types may give anything at all.
    const stray = value instanceof tf.Tensor ? undefined : strayIn(value)
    if (stray !== undefined) {
      return new InvalidParameter({ family, parameter: name, constraint: constraint.describe, ...stray })
    }
    const shape = shapeOf(value)
    const where = `${family}: parameter "${name}"`
    if (shape.length < constraint.eventRank) {
      return new ShapeMismatch({ where, expected: constraint.describe, found: `shape ${format(shape)}` })
    }
    if (shape.includes(0)) {
      return new ShapeMismatch({ where, expected: "no dimension of size 0", found: `shape ${format(shape)}` })
    }
    if (!isRegular(value, shape)) {
      return new ShapeMismatch({ where, expected: "rows of one length", found: "rows that differ in length" })
    }
  }
  return undefined
}

const sizeProblem = (
  family: string,
  params: Parameters,
  eventSizes: Readonly<Record<string, Shape>>,
): ShapeMismatch | undefined => {
  for (const [name, size] of Object.entries(eventSizes)) {
    const shape = shapeOf(params[name]!.value)
    if (equals(shape.slice(shape.length - size.length), size)) continue
    return new ShapeMismatch({
      where: `${family}: parameter "${name}"`,
      expected: `shape [...batch, ${size.join(", ")}]`,
      found: `shape ${format(shape)}`,
    })
  }
  return undefined
}

const isRegular = (value: Value, shape: Shape): boolean =>
  !Array.isArray(value) ||
  value.every((row: Value) => equals(shapeOf(row), shape.slice(1)) && isRegular(row, shape.slice(1)))

const mismatch = (family: string, params: Parameters): ShapeMismatch =>
  new ShapeMismatch({
    where: `${family}(${Object.keys(params).join(", ")})`,
    expected: "parameters that broadcast",
    found: Object.entries(params)
      .map(([name, { value }]) => `${name} ${format(shapeOf(value))}`)
      .join(", "),
  })

const hostProblem = (family: string, params: Parameters): InvalidParameter | undefined => {
  for (const [parameter, { value, constraint, above, orEqual }] of Object.entries(params)) {
    if (value instanceof tf.Tensor) continue
    const found = firstOutside(constraint, flat(value), shapeOf(value))
    if (found !== undefined) {
      return new InvalidParameter({ family, parameter, constraint: constraint.describe, ...found })
    }
    const bound = above === undefined ? undefined : params[above]!.value
    if (typeof value !== "number" || typeof bound !== "number") continue
    if (!(value > bound || (orEqual && value === bound))) {
      return notAbove(family, parameter, { above, orEqual }, String(value - bound), [])
    }
  }
  return undefined
}

/** The numbers as float32 has them: a scale of 1e-300 is zero there, and 1e39 infinite. */
const flat = (value: Exclude<Value, tf.Tensor>): ArrayLike<number> =>
  Float32Array.from(typeof value === "number" ? [value] : (value.flat(Infinity) as ReadonlyArray<number>))
