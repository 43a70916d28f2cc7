/**
 * Conditional independence, and subsampling with the right scale.
 *
 * A plate declares that the sites inside are `size` independent members along one batch dimension. When only some
 * of the members are present (a minibatch), each log-density inside counts `size / extent` times, so that its
 * expectation over minibatches is that of the whole.
 *
 * ```ts
 * const model = Effect.fnUntraced(function* (x: tf.Tensor) {
 *   const z = yield* sample("z", Normal.standard([2]))     // drawn once for each row of x
 *   ...
 * }, plate("images", { size: 60_000 }))                    // the extent is the number of rows of x
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { PlateError } from "./errors.ts"
import { Interpreter, type PlateFrame } from "./Interpreter.ts"

/** How large a plate is, and where it lies. */
export interface PlateOptions {
  /** How many members there are in all: an integer, at least 1. */
  readonly size: number
  /** How many of them are present; at most `size`. See {@link plate} for the default. */
  readonly subsample?: number
  /** The batch dimension, counted from the right: −1, −2, … The default is the first free one, from −1 leftwards. */
  readonly dim?: number
}

/**
 * Runs the body inside a plate. How many members are present is `subsample`; failing that, where `plate` closes an
 * `Effect.fnUntraced`, the length of the first axis of the function's first tensor argument; failing that, `size`.
 * Fails with `PlateError` where the numbers cannot be.
 */
export const plate =
  (name: string, options: PlateOptions) =>
  <A, E, R>(body: Effect.Effect<A, E, R>, ...args: ReadonlyArray<unknown>): Effect.Effect<A, E, R> =>
    Interpreter.use((interpretation) => {
      const frame = frameOf(name, options, interpretation.plates, args)
      if (frame instanceof PlateError) return Effect.fail(frame) as never
      return Effect.provideService(body, Interpreter, {
        ...interpretation,
        plates: [...interpretation.plates, frame],
      })
    }) as Effect.Effect<A, E, R>

/** The frame of a plate all of whose members are present, at the first free dimension. Throws as {@link plate} fails. */
export const enclosed = (name: string, size: number, enclosing: ReadonlyArray<PlateFrame>): PlateFrame => {
  const frame = frameOf(name, { size }, enclosing, [])
  if (frame instanceof PlateError) throw frame
  return frame
}

const frameOf = (
  name: string,
  options: PlateOptions,
  enclosing: ReadonlyArray<PlateFrame>,
  args: ReadonlyArray<unknown>,
): PlateFrame | PlateError => {
  const { size } = options
  const refuse = (expected: string, found: string) => new PlateError({ plate: name, expected, found })
  if (!Number.isInteger(size) || size < 1) return refuse("a size that is a whole number from 1 up", `${size}`)
  const extent = options.subsample ?? firstAxis(args) ?? size
  if (!Number.isInteger(extent) || extent < 1 || extent > size) {
    return refuse(`from 1 to ${size} members present (its size)`, `${extent}`)
  }
  const taken = new Map(enclosing.map((frame) => [frame.dim, frame.name]))
  const dim = options.dim ?? firstFree(taken)
  if (!Number.isInteger(dim) || dim >= 0)
    return refuse("a dimension counted from the right: −1, −2, …", `${dim}`)
  const rival = taken.get(dim)
  if (rival !== undefined) return refuse(`a dimension of its own`, `${dim}, which plate "${rival}" has`)
  if (enclosing.some((frame) => frame.name === name)) {
    return refuse("a name of its own", `itself inside another plate "${name}"`)
  }
  return { name, size, extent, dim }
}

const firstFree = (taken: ReadonlyMap<number, string>): number => {
  let dim = -1
  while (taken.has(dim)) dim--
  return dim
}

/** The length of the first axis of the first tensor among the arguments of a program, or of lists or records of them. */
const firstAxis = (args: ReadonlyArray<unknown>): number | undefined => {
  for (const arg of args) {
    if (arg instanceof tf.Tensor) {
      if (arg.rank > 0) return arg.shape[0]
    } else if (isRecord(arg)) {
      const found = firstAxis(Object.values(arg))
      if (found !== undefined) return found
    }
  }
  return undefined
}

// Not into instances of classes: a service or a network may hold tensors that are no data, and may hold itself.
const isRecord = (u: unknown): u is object => {
  if (typeof u !== "object" || u === null) return false
  const prototype = Object.getPrototypeOf(u)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}
