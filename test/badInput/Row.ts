/**
 * One row of the table of bad input: a public function, what it is given, and the refusal that must come back.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

/** How a refusal comes back: as a failure of an Effect, thrown by a synchronous function, or kept as `problem`. */
export type How = "fails" | "throws" | "carries"

export interface Row {
  /** The public functions concerned, by their public names. */
  readonly of: ReadonlyArray<string>
  readonly given: string
  readonly how: How
  /** An Effect for `fails`; for the others a call of the function itself. */
  readonly run: () => unknown
  readonly tag: string
  /** What the message must contain: what was asked, what was found, where. */
  readonly says: ReadonlyArray<string>
}

const row =
  (how: How) =>
  (of: string, given: string, run: () => unknown, tag: string, ...says: ReadonlyArray<string>): Row => ({
    of: of.split(" "),
    given,
    how,
    run,
    tag,
    says,
  })

/** The Effect that `run` makes fails with the typed error. `of` may name several functions, with spaces between. */
export const fails = row("fails")

/** The synchronous function throws the tagged error, as it is documented to. */
export const throws = row("throws")

/** What is made is made, and carries the tagged error as its `problem`. */
export const carries = row("carries")

const made: Array<tf.Tensor> = []

/** A tensor that a row needs and does not mean to leak: disposed of when the row is over. */
export const own = <T extends tf.Tensor>(tensor: T): T => {
  made.push(tensor)
  return tensor
}

/** Disposes of what rows own. */
export const disown = (): void => {
  for (const tensor of made.splice(0)) if (!tensor.isDisposed) tensor.dispose()
}

/** Something that the types forbid, as a caller in plain JavaScript may give it. */
export const untyped = (value: unknown): never => value as never

/** A name that the compiler cannot see. */
export const named = (name: string): string => name

/** A program that throws. */
export const throwing = (message: string): Effect.Effect<never> =>
  Effect.sync(() => {
    throw new Error(message)
  })
